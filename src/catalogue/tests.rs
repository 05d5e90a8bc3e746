//! Every row is sound, and every way a system may write a model's name leads to it.

use std::collections::HashSet;

use super::*;

fn names(text: &str, model: &str) {
    let found = lookup(text).map(|m| m.model.as_str());
    assert_eq!(found, Some(model), "{text}");
}

#[test]
fn every_fact_is_plausible_and_has_its_source() {
    let url = |source: &String| source.starts_with("https://") || source.starts_with("http://");
    for model in all() {
        let name = format!("{} {}", model.maker, model.model);
        let mut sources = vec![];
        sources.extend(model.battery.as_ref().map(|b| &b.sources));
        sources.extend(model.gauge.as_ref().map(|g| &g.sources));
        sources.extend(model.change.as_ref().map(|c| &c.sources));
        sources.extend(model.emergency.as_ref().map(|e| &e.sources));
        assert!(sources.iter().all(|s| !s.is_empty() && s.iter().all(url)), "{name}: a fact without its source");
        if let Some(b) = &model.battery {
            assert!((1..=8).contains(&b.cells.count), "{name}: {}", b.cells);
            let fixed = b.cells.size.chemistry();
            assert!(fixed.is_none() || fixed == b.chemistry, "{name}: {} of {:?}", b.cells, b.chemistry);
        }
        match model.gauge() {
            Some(Reading::Percent { step }) => assert!([0.5, 1.0].contains(&step), "{name}"),
            Some(Reading::Voltage { empty_mv, full_mv }) => {
                assert!((1_000..full_mv).contains(&empty_mv) && full_mv <= 9_000, "{name}");
            }
            Some(Reading::Flag) | None => {}
        }
        assert!(model.emergency.is_none() || model.kind == DeviceKind::Lock, "{name}: only a lock shuts people out");
        assert!(model.emergency.as_ref().is_none_or(|e| !e.ways.is_empty()), "{name}");
    }
    let mute = |m: &&Model| m.source.is_some() && m.gauge.is_none() && m.battery.is_none();
    assert_eq!(all().iter().filter(mute).count(), 9, "listed without a gauge: on mains, or silent about the battery");
    let locks = all().iter().filter(|m| m.kind == DeviceKind::Lock && m.battery.is_some()).count();
    let sensors = all().iter().filter(|m| m.kind == DeviceKind::LeakSensor && m.battery.is_some()).count();
    assert!(
        all().len() > 200 && locks > 70 && sensors > 45,
        "{} models, {locks} locks, {sensors} sensors",
        all().len()
    );
}

#[test]
fn a_model_stands_once_and_is_found_by_its_full_name() {
    let mut seen = HashSet::new();
    for model in all() {
        let full = format!("{} {}", model.maker, model.model);
        assert!(seen.insert(letters(&full)), "{full} stands twice");
        names(&full, &model.model);
    }
}

/// Every lock and leak sensor of Zigbee2MQTT's list: those without a battery too.
#[test]
fn whatever_zigbee2mqtt_lists_is_found() {
    for (maker, model) in [
        ("Bacchus", "Water_Station"),
        ("CTM Lyng", "AX_Valve_Controller"),
        ("Ensystec", "Ensystec-Leak-Protect-Zigbee"),
        ("FrankEver", "FK-BV05"),
        ("IKEA", "E1842"),
        ("Sinopé", "RM3500ZB"),
        ("Sprut.device", "Neptun.Smart"),
        ("Tuya", "SNTZ009"),
        ("Tuya", "TS0601_water_sensor"),
    ] {
        names(&format!("{maker} {model}"), model);
    }
    names("FK-BV05", "FK-BV05");
}

#[test]
fn names_are_understood_as_systems_write_them() {
    for text in ["SJCGQ11LM", "sjcgq11lm", "Aqara SJCGQ11LM", "Xiaomi SJCGQ11LM", "lumi.sensor_wleak.aq1"] {
        names(text, "SJCGQ11LM");
    }
    names("Aqara Water leak sensor T1 (SJCGQ12LM)", "SJCGQ12LM");
    names("lumi.lock.acn02", "ZNMS12LM");
    names("LUMI lumi.lock.acn03", "ZNMS13LM");
    names("Danalock V3-BTZB/V3-BTZBE", "V3-BTZB/V3-BTZBE");
    names("V3-BTZBE", "V3-BTZB/V3-BTZBE");
    names("HS3WL", "HS1WL/HS3WL");
    names("Yale YRD256 TSDB", "YRD256HA20BP");
    names("yale yrd256", "YRD256HA20BP");
    names("YRD226/246 TSDB", "YRD226/246 TSDB");
    names("YDF40", "YDF40");
    names("Allegion BE469ZP", "BE469");
    names("Schlage BE469 Connect smart deadbolt", "BE469");
    names("Kwikset 914", "914");
    names("IKEA of Sweden BADRING Water Leakage Sensor", "E2202");
    names("Nuki Smart Lock 3.0 Pro", "Smart Lock Pro");
    names("Nuki Smart Lock 3.0", "Smart Lock");
    // Battery Notes' library, and LoRaWAN profiles.
    names("August Home Inc. ASL-03", "ASL-03");
    names("IKEA KLIPPBOK water leak sensor", "KLIPPBOK water leak sensor");
    names("Tedee Tedee GO", "Tedee GO");
    names("Milesight EM300-ZLD", "EM300-ZLD");
    names("tbwl100", "TBWL100");
}

#[test]
fn a_name_of_two_models_or_of_none_leads_nowhere() {
    for text in ["", " ", "?", "914", "Smart Lock Pro", "TS0601", "water", "Lock", "front door", "AA", "4711"] {
        assert_eq!(lookup(text).map(|m| &m.model), None, "{text}");
    }
    assert_eq!(lookup(&"SJCGQ11LM ".repeat(50)).map(|m| &m.model), None, "prose is no name");
}

fn device(model: &str, chemistry: Option<&str>, cells: Option<&str>) -> Device {
    let text = |t: Option<&str>| t.map(str::to_owned);
    Device {
        key: "12B/front".into(),
        unit_id: "12b".into(),
        property_id: "oak".into(),
        kind: DeviceKind::Lock,
        name: "Front door".into(),
        model: Some(model.to_owned()),
        valve_for: None,
        chemistry: text(chemistry),
        cells: text(cells),
        gateway: None,
    }
}

#[test]
fn the_registry_comes_first() {
    let four = Cells { count: 4, size: Size::Aa };
    let known = device("Kwikset 914", None, None);
    assert_eq!((cells_of(&known), chemistry_of(&known)), (Some(four), Some(Chemistry::Alkaline)));
    let own = device("Kwikset 914", Some("NiMH"), Some("2 CR123A"));
    let two = Cells { count: 2, size: Size::Cr123a };
    assert_eq!((cells_of(&own), chemistry_of(&own)), (Some(two), Some(Chemistry::Nimh)));
    let own = device("Kwikset 914", None, Some("2 CR123A"));
    assert_eq!(chemistry_of(&own), Some(Chemistry::LithiumManganese), "of the cells that are in it");
    let strange = device("Kwikset 914", Some("lithium"), Some("a power brick"));
    assert_eq!(
        (cells_of(&strange), chemistry_of(&strange)),
        (None, None),
        "a word we cannot read is no leave to guess"
    );
    let sensor = Device { kind: DeviceKind::LeakSensor, ..device("Kwikset 914", None, None) };
    assert_eq!(cells_of(&sensor), None, "a lock's model does not fit a leak sensor");
}
