//! Every text that people get, in every language, as it reads: `docs/TEXTS.md` is made from the words and checked against
//! them. After a change: `NIGHTPORTER_WRITE_TEXTS=1 cargo test --test it texts`, then read both languages aloud.

use std::fmt::Write;
use std::path::Path;

use nightporter::decide::Words;
use nightporter::decide::cells::battery_words;
use nightporter::decide::words::{Details, TEMPLATES};
use nightporter::model::{Device, DeviceKind, Locale, ROUTINE_PARTS_MAX, TicketKind, Tone, segments as parts};

const LOCALES: [Locale; 2] = [Locale::En, Locale::ZhCn];
/// Texts that no playbook names, and whether they are spoken.
const SAID: &[(&str, bool)] = &[
    ("about-us", false),
    ("nights", false),
    ("signed", false),
    ("call-bed", true),
    ("call-fine", true),
    ("call-bye", true),
];

/// What is spoken is not counted in parts of an SMS.
fn is_spoken(template: &str) -> bool {
    template == "leak_call"
}

fn device(kind: DeviceKind, model: &str, cells: &str) -> Device {
    let some = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    Device {
        key: "12B/front".into(),
        unit_id: "12b".into(),
        property_id: "oak".into(),
        kind,
        name: String::new(),
        model: some(model),
        valve_for: None,
        chemistry: None,
        cells: some(cells),
        gateway: None,
    }
}

fn details(words: &Words, locale: Locale, device: &Device) -> Details {
    let battery = battery_words(words, locale, Some(device));
    let pick = |en: &str, zh: &str| if locale == Locale::En { en.to_owned() } else { zh.to_owned() };
    let wet = device.kind == DeviceKind::LeakSensor;
    let name =
        if wet { pick("Kitchen sensor", "厨房水浸传感器") } else { pick("Front door lock", "大门门锁") };
    Details {
        tenant: pick("Ann Lee", "李薇"),
        phone: "+14155550101".to_owned(),
        property: pick("Oak Court", "橡树公寓"),
        unit: pick("1201", "1201"),
        cells: battery.cells,
        todo: battery.todo,
        way_in: battery.way_in,
        reward: pick("10 yuan", "10元"),
        hours: words.phrase(locale, "hours", &[("count", 48.into())]),
        wish: pick("The kitchen window does not close", "厨房的窗户关不上了，麻烦来看看"),
        since: "01-05 18:30".to_owned(),
        sender: pick("Chen", "小陈"),
        helper: pick("Liu", "小刘"),
        who: pick("Liu", "小刘"),
        matter: words.matter(locale, if wet { TicketKind::Leak } else { TicketKind::Battery }, &name),
        eta: "01-05 19:15".to_owned(),
        device: name,
    }
}

/// A lock that takes a 9 V battery: the longest words that a known model leads to.
fn example(template: &str) -> Device {
    if template.contains("leak") || template == "survey_tenant" || template == "bed_manager" {
        device(DeviceKind::LeakSensor, "Aqara SJCGQ11LM", "")
    } else {
        device(DeviceKind::Lock, "Yale YRD256", "4 AA")
    }
}

fn document() -> String {
    let words = Words::new();
    let mut page = String::from(
        "# What people read\n\nEvery text with example values, in both languages, and how many parts of an SMS it takes. Made by \
         `tests/it/texts.rs`; do not edit.\n\n## Texts\n",
    );
    for name in TEMPLATES {
        writeln!(page, "\n### `{name}`\n").expect("a string");
        for locale in LOCALES {
            let text = words.say(locale, name, &details(&words, locale, &example(name)));
            let how = if is_spoken(name) { "spoken".to_owned() } else { format!("{} SMS", parts(&text)) };
            writeln!(page, "- {} ({how}): {text}", locale.as_str()).expect("a string");
        }
        for tone in Tone::ALL.into_iter().skip(1).filter(|_| words.has_tones(name)) {
            for locale in LOCALES {
                let text = words.say_in(locale, name, tone, &details(&words, locale, &example(name)));
                writeln!(page, "- {}, {} ({} SMS): {text}", locale.as_str(), tone.as_str(), parts(&text))
                    .expect("a string");
            }
        }
    }
    for (name, spoken) in SAID {
        writeln!(page, "\n### `{name}`\n").expect("a string");
        for locale in LOCALES {
            let d = details(&words, locale, &example(name));
            let text = if locale == Locale::En { "The plumber comes at nine." } else { "师傅九点到。" };
            let words_in = [
                ("property", &*d.property),
                ("sender", &d.sender),
                ("tenant", &d.tenant),
                ("text", text),
                ("from", "21:00"),
                ("to", "8:00"),
            ];
            let values = words_in.map(|(name, word)| (name, word.into()));
            let said = words.phrase(locale, name, &values);
            let how = if *spoken { "spoken".to_owned() } else { format!("{} SMS", parts(&said)) };
            writeln!(page, "- {} ({how}): {said}", locale.as_str()).expect("a string");
        }
    }
    page.push_str("\n### Where who signs comes themselves, and other matters\n\n");
    for (name, kind) in [
        ("visit_eta", TicketKind::Leak),
        ("visit_late", TicketKind::Leak),
        ("visit_changed", TicketKind::Silent),
        ("visit_failed", TicketKind::Request),
    ] {
        for locale in LOCALES {
            let d = details(&words, locale, &example(name));
            let who = words.phrase(locale, "myself", &[]);
            let matter = words.matter(locale, kind, &d.device);
            let said = words.say(locale, name, &Details { who, matter, ..d });
            writeln!(page, "- {} ({} SMS): {said}", locale.as_str(), parts(&said)).expect("a string");
        }
    }
    page.push_str("\n## Batteries\n\n| model or cells | what to do | dead lock |\n|---|---|---|\n");
    for (kind, model, cells) in [
        (DeviceKind::Lock, "Kwikset 914", ""),
        (DeviceKind::Lock, "Yale YRD256", ""),
        (DeviceKind::Lock, "Danalock V3", ""),
        (DeviceKind::Lock, "Nuki Smart Lock Pro", ""),
        (DeviceKind::Lock, "", "8 AA"),
        (DeviceKind::Lock, "", "1 9V"),
        (DeviceKind::Lock, "", ""),
        (DeviceKind::LeakSensor, "lumi.sensor_wleak.aq1", ""),
        (DeviceKind::LeakSensor, "SmartThings IM6001-WLP01", ""),
        (DeviceKind::LeakSensor, "IKEA E2202", ""),
        (DeviceKind::LeakSensor, "", "2 ER14505"),
        (DeviceKind::LeakSensor, "", "the flat one from the box"),
    ] {
        let device = device(kind, model, cells);
        for locale in LOCALES {
            let said = battery_words(&words, locale, Some(&device));
            let what = if cells.is_empty() { model } else { cells };
            let what = if what.is_empty() { "(nothing known)" } else { what };
            writeln!(page, "| {what} | {} | {} |", said.todo, said.way_in.trim()).expect("a string");
        }
    }
    page
}

#[test]
fn the_page_of_texts_is_what_people_get() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/TEXTS.md");
    if std::env::var_os("NIGHTPORTER_WRITE_TEXTS").is_some() {
        std::fs::write(&path, document()).expect("docs");
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    for (n, (is, should)) in page.lines().zip(document().lines()).enumerate() {
        assert_eq!(is, should, "docs/TEXTS.md:{}: see the head of tests/it/texts.rs", n + 1);
    }
    assert_eq!(page.lines().count(), document().lines().count(), "docs/TEXTS.md: see the head of tests/it/texts.rs");
}

#[test]
fn a_text_costs_two_parts_for_every_model() {
    let words = Words::new();
    let models = nightporter::catalogue::all().iter().map(|m| (m.kind, format!("{} {}", m.maker, m.model)));
    let unknown = [(DeviceKind::Lock, "?".to_owned()), (DeviceKind::LeakSensor, "?".to_owned())];
    for (kind, model) in models.chain(unknown) {
        let device = device(kind, &model, "");
        for locale in LOCALES {
            for (name, tone) in TEMPLATES.iter().flat_map(|name| Tone::ALL.map(|tone| (name, tone))) {
                let text = words.say_in(locale, name, tone, &details(&words, locale, &device));
                let count = parts(&text);
                assert!(is_spoken(name) || count <= ROUTINE_PARTS_MAX, "{model}, {name}: {count} parts: {text}");
            }
        }
    }
}

#[test]
fn what_has_tones_has_all_of_them_in_both_languages() {
    let words = Words::new();
    let toned: Vec<_> = TEMPLATES.iter().filter(|name| words.has_tones(name)).collect();
    assert_eq!(toned.len(), 6, "{toned:?}");
    for (locale, name) in LOCALES.into_iter().flat_map(|locale| toned.iter().map(move |name| (locale, **name))) {
        let say = |tone| words.say_in(locale, name, tone, &details(&words, locale, &example(name)));
        let said: std::collections::BTreeSet<String> = Tone::ALL.map(say).into();
        assert_eq!(said.len(), 4, "{name} in {locale:?}: {said:?}");
    }
}
