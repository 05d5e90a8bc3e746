//! The words to people: Fluent templates, one file per language, filled in here. Pure.

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::links::without_links;
use crate::model::{Locale, Money, TicketKind, Tone};

/// Every template that a playbook may name.
pub const TEMPLATES: &[&str] = &[
    "battery_tenant",
    "battery_tenant_plain",
    "battery_reminder",
    "battery_ask",
    "battery_dead_tenant",
    "survey_tenant",
    "call_back_manager",
    "leak_call",
    "help_coming",
    "bed_coming",
    "battery_thanks",
    "battery_thanks_plain",
    "leak_tenant",
    "leak_second",
    "leak_manager",
    "leak_still_wet",
    "bed_manager",
    "waiting_manager",
    "urgent_manager",
    "tamper_housekeeper",
    "offer_leak",
    "offer_battery",
    "offer_battery_dead",
    "offer_silent",
    "offer_silent_dead",
    "offer_broker",
    "offer_request",
    "job_battery",
    "job_leak",
    "job_silent",
    "job_tamper",
    "job_request",
    "job_given_away",
    "visit_eta",
    "visit_late",
    "visit_changed",
    "visit_failed",
    "late_housekeeper",
    "missed_manager",
    "gauge_manager",
    "nobody_took",
    "overdue_answer",
    "overdue_arrival",
    "overdue_close",
    "valve_ask",
    "leak_below",
];

/// Templates of messages that no playbook may name: answers in a conversation.
pub const OTHER_TEMPLATES: &[&str] = &["about_us", "nights", "human"];

/// What is filled into templates, by name; the fields of [`Details`].
const DETAILS: &[&str] = &[
    "tenant", "phone", "property", "unit", "device", "cells", "todo", "way_in", "reward", "hours", "wish", "since",
    "sender", "helper", "who", "matter", "eta",
];

/// The stable name of a template, if it is one.
pub fn template(name: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|t| **t == name).copied()
}

/// What is filled into a template. Every template may use every one of them.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// How the tenant is addressed.
    pub tenant: String,
    /// The tenant's number, for staff only.
    pub phone: String,
    /// The property's name.
    pub property: String,
    /// The unit's name.
    pub unit: String,
    /// The device's name.
    pub device: String,
    /// Battery type and count: "4 AA alkaline batteries".
    pub cells: String,
    /// What to do about the battery: "put in 4 AA alkaline batteries".
    pub todo: String,
    /// A sentence on how to get through the door of a dead lock; empty for other devices.
    pub way_in: String,
    /// What is or was credited.
    pub reward: String,
    /// How soon a battery must be replaced for the full reward: "48 hours".
    pub hours: String,
    /// What was asked for, in a few of the asker's own words.
    pub wish: String,
    /// Local time of the beginning.
    pub since: String,
    /// Who signs.
    pub sender: String,
    /// The housekeeper who comes, or did not come.
    pub helper: String,
    /// The same one as the one who signs says it: "I" of themselves, else the name.
    pub who: String,
    /// What it is about: "the leak".
    pub matter: String,
    /// Local time at which they are expected.
    pub eta: String,
}

/// All languages, parsed once.
pub struct Words {
    zh_cn: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

impl Words {
    /// Parses the built-in texts.
    pub fn new() -> Self {
        Self {
            zh_cn: bundle(Locale::ZhCn, include_str!("../words/zh-CN.ftl")),
            en: bundle(Locale::En, include_str!("../words/en.ftl")),
        }
    }

    /// A template in a language. The name is one of [`TEMPLATES`] or a helper word of the file.
    pub fn say(&self, locale: Locale, template: &str, details: &Details) -> String {
        self.say_in(locale, template, Tone::Plain, details)
    }

    /// A template in a language and tone; what has no words of this tone is said plainly.
    pub fn say_in(&self, locale: Locale, template: &str, tone: Tone, details: &Details) -> String {
        self.format(locale, &template.replace('_', "-"), tone, &args(details))
    }

    /// Whether a template is said in several tones.
    pub fn has_tones(&self, template: &str) -> bool {
        let id = template.replace('_', "-");
        self.en.get_message(&id).is_some_and(|m| m.attributes().next().is_some())
    }

    /// A template's own words with `${name}` where something is filled in, as carriers approve them; none by that name.
    pub fn outline(&self, locale: Locale, template: &str) -> Option<String> {
        let id = if template == "human" { "signed" } else { template };
        let known = TEMPLATES.contains(&template) || OTHER_TEMPLATES.contains(&template);
        let gap = |name: &str| format!("${{{name}}}");
        let gaps: Vec<(&str, String)> =
            DETAILS.iter().chain(&["text", "from", "to"]).map(|name| (*name, gap(name))).collect();
        let args = gaps.iter().map(|(name, gap)| (*name, gap.as_str())).collect();
        known.then(|| self.format(locale, &id.replace('_', "-"), Tone::Plain, &args))
    }

    /// A phrase that goes into a template. The name is an id of the file.
    pub fn phrase(&self, locale: Locale, id: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        self.format(locale, id, Tone::Plain, &values.iter().map(|(name, value)| (*name, value.clone())).collect())
    }

    /// What a ticket is about, as people call it.
    pub fn matter(&self, locale: Locale, kind: TicketKind, device: &str) -> String {
        self.phrase(locale, "matter", &[("kind", kind.as_str().into()), ("device", device.into())])
    }

    fn format(&self, locale: Locale, id: &str, tone: Tone, args: &FluentArgs<'_>) -> String {
        let bundle = self.bundle(locale);
        let message = bundle.get_message(id).expect("every template stands in every language");
        let toned = message.get_attribute(tone.as_str()).map(|attribute| attribute.value());
        let pattern = toned.or(message.value()).expect("a template has words");
        bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned()
    }

    fn bundle(&self, locale: Locale) -> &FluentBundle<FluentResource> {
        match locale {
            Locale::ZhCn => &self.zh_cn,
            Locale::En => &self.en,
        }
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words")
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::new()
    }
}

fn args(d: &Details) -> FluentArgs<'_> {
    let pairs = [
        ("tenant", &d.tenant),
        ("phone", &d.phone),
        ("property", &d.property),
        ("unit", &d.unit),
        ("device", &d.device),
        ("cells", &d.cells),
        ("todo", &d.todo),
        ("way_in", &d.way_in),
        ("reward", &d.reward),
        ("hours", &d.hours),
        ("wish", &d.wish),
        ("since", &d.since),
        ("sender", &d.sender),
        ("helper", &d.helper),
        ("who", &d.who),
        ("matter", &d.matter),
        ("eta", &d.eta),
    ];
    pairs.into_iter().map(|(name, value)| (name, without_links(value))).collect()
}

fn bundle(locale: Locale, text: &str) -> FluentBundle<FluentResource> {
    let resource = FluentResource::try_new(text.to_owned()).expect("built-in texts parse");
    let id = locale.as_str().parse().expect("built-in locales parse");
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).expect("built-in texts name no message twice");
    bundle
}

/// The longest quotation in a text, in characters.
const QUOTED_CHARS_MAX: usize = 36;

/// A person's own words on one line, without links, cut where they are long.
pub fn short(text: &str) -> String {
    let line = without_links(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTED_CHARS_MAX {
        return line;
    }
    line.chars().take(QUOTED_CHARS_MAX - 3).chain("...".chars()).collect()
}

/// An amount as people read it: `10 yuan` / `10元`, else `10.50 EUR`.
pub fn amount(locale: Locale, money: &Money) -> String {
    let (whole, rest) = (money.amount_minor / 100, money.amount_minor % 100);
    let number = if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:02}") };
    match (money.currency.as_str(), locale) {
        ("CNY", Locale::ZhCn) => format!("{number}元"),
        ("CNY", Locale::En) => format!("{number} yuan"),
        (currency, _) => format!("{number} {currency}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_speaks_every_language_and_fills_every_gap() {
        let words = Words::new();
        let d = Details {
            tenant: "T".into(),
            phone: "+1".into(),
            property: "P".into(),
            unit: "U".into(),
            device: "D".into(),
            cells: "C".into(),
            todo: "D".into(),
            way_in: "W".into(),
            reward: "R".into(),
            hours: "H".into(),
            wish: "W".into(),
            since: "S".into(),
            sender: "N".into(),
            helper: "H".into(),
            who: "I".into(),
            matter: "M".into(),
            eta: "E".into(),
        };
        for locale in [Locale::ZhCn, Locale::En] {
            for name in TEMPLATES.iter().chain(OTHER_TEMPLATES) {
                let outline = words.outline(locale, name).expect("a template");
                assert!(outline.contains("${") && !outline.contains("{$"), "{name}: {outline}");
            }
            for name in TEMPLATES {
                let text = words.say(locale, name, &d);
                assert!(!text.is_empty() && !text.contains('{') && !text.contains('$'), "{name}: {text}");
            }
        }
    }
}
