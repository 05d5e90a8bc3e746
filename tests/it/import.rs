//! The registry's CSV files: what a good folder says, and what each bad row is told.

use std::path::Path;

use nightporter::model::Location;
use nightporter::model::{Consent, DeviceKind, Locale};
use nightporter::registry::Registry;

/// A sound folder: the smallest that uses every file.
const FILES: [(&str, &str); 5] = [
    (
        "properties.csv",
        "id,region,name,timezone,locale,manager_phone,country\noak,east,Oak Court,Asia/Shanghai,zh-CN,+8613900000000,CN\n",
    ),
    ("units.csv", "id,property_id,name,floor,stack\n12a,oak,12A,12,A\n11a,oak,11A,11,A\n"),
    ("tenants.csv", "id,unit_id,name,phone,locale,from,to\nt1,12a,Li Wei,139 1234 5678,zh-CN,2025-03-01,\n"),
    (
        "devices.csv",
        "key,unit_id,kind,name,model,valve_for,chemistry,cells,gateway\nlock1,12a,lock,Front door,,,alkaline,4 AA,hub\nvalve1,12a,valve,Main,,12a,,,\nhub,11a,gateway,Hub,,,,,\n",
    ),
    (
        "housekeepers.csv",
        "id,name,phone,locale,properties,skills,shift\nh1,Wang,+8613911111111,zh-CN,oak,lock;plumbing,Mon-Fri 08:00-20:00\n",
    ),
];

fn folder(change: impl Fn(&str, &str) -> Option<Vec<u8>>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in FILES {
        if let Some(bytes) = change(name, text) {
            std::fs::write(dir.path().join(name), bytes).expect("written");
        }
    }
    dir
}

fn read(dir: &Path) -> Result<Registry, Vec<String>> {
    Registry::read(dir).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// With `from` replaced by `to` in one file, exactly these mistakes are told.
fn refused(file: &str, from: &str, to: &str, expected: &[&str]) {
    let dir = folder(|name, text| {
        assert!(name != file || text.contains(from), "{file} holds {from}");
        Some(if name == file { text.replace(from, to) } else { text.to_owned() }.into_bytes())
    });
    let told = read(dir.path()).expect_err("refused");
    assert_eq!(told, expected, "{file}: {from} → {to}");
}

#[test]
fn a_good_folder_is_read() {
    let dir = folder(|_, text| Some(text.as_bytes().to_vec()));
    let registry = read(dir.path()).expect("sound");
    assert_eq!(registry.to_string(), "1 properties, 2 units, 1 tenants, 3 devices, 1 housekeepers");
    assert_eq!(registry.properties[0].country.as_deref(), Some("CN"));
    assert_eq!(registry.properties[0].property.timezone, chrono_tz::Asia::Shanghai);
    assert_eq!(registry.units[1].unit.floor, Some(11));
    let tenant = &registry.tenants[0];
    assert_eq!((tenant.phone.as_str(), tenant.locale, tenant.to), ("+8613912345678", Locale::ZhCn, None));
    assert_eq!(tenant.consent, Consent::ALL);
    let lock = &registry.devices[0];
    assert_eq!((lock.kind, lock.property_id.as_str(), lock.cells.as_deref()), (DeviceKind::Lock, "oak", Some("4 AA")));
    assert_eq!(lock.gateway.as_ref().map(ToString::to_string).as_deref(), Some("hub"));
    assert_eq!(registry.housekeepers[0].housekeeper.skills, ["lock", "plumbing"]);
    assert_eq!(registry.housekeepers[0].shift, "Mon-Fri 08:00-20:00");
}

#[test]
fn people_may_be_absent_and_files_come_as_spreadsheets_save_them() {
    let dir = folder(|name, text| match name {
        "tenants.csv" | "housekeepers.csv" => None,
        _ => Some(format!("\u{feff}{}\r\n,,,,\r\n", text.replace('\n', "\r\n")).into_bytes()),
    });
    // The blank row of the spreadsheet has fewer cells than the header, and is no mistake.
    let registry = read(dir.path()).expect("sound");
    assert_eq!(registry.to_string(), "1 properties, 2 units, 0 tenants, 3 devices, 0 housekeepers");
}

#[test]
fn places_are_read_from_latitude_and_longitude() {
    let dir = folder(|name, text| {
        let text = text.replace("manager_phone,country\n", "manager_phone,lat,lon\n").replace(",CN\n", ",31.2,121.5\n");
        Some(if name == "tenants.csv" { text.replace("139 1234 5678", "+8613912345678") } else { text }.into_bytes())
    });
    let registry = read(dir.path()).expect("sound");
    assert_eq!(registry.properties[0].location, Some(Location { lat: 31.2, lon: 121.5 }));
}

#[test]
fn each_bad_cell_is_told_with_file_line_column_and_reason() {
    let (p, u, t, d, h) = ("properties.csv", "units.csv", "tenants.csv", "devices.csv", "housekeepers.csv");
    let cases: &[(&str, &str, &str, &[&str])] = &[
        (
            p,
            "Asia/Shanghai",
            "Asia/Shanghia",
            &[r#"properties.csv:2: timezone: "Asia/Shanghia" is no IANA time zone; did you mean "Asia/Shanghai"?"#],
        ),
        (
            p,
            "Asia/Shanghai",
            "Asia/Beijing",
            &[
                r#"properties.csv:2: timezone: "Asia/Beijing" is no IANA time zone; expected a name of its list, e.g. "Asia/Shanghai" for all of China or "Europe/Berlin""#,
            ],
        ),
        (p, "zh-CN", "zh", &[r#"properties.csv:2: locale: unknown locale "zh"; did you mean "zh-CN"?"#]),
        (p, ",CN", ",ZZ", &[r#"properties.csv:2: country: "ZZ" is no ISO 3166 code, e.g. CN"#]),
        (
            p,
            "+8613900000000",
            "+86",
            &["properties.csv:2: manager_phone: no phone number: + and 7 to 15 digits expected"],
        ),
        (p, "oak,east", "oak,", &["properties.csv:2: region: is empty"]),
        (p, ",CN\n", "\n", &["properties.csv:2: has 6 cells, the header has 7"]),
        (
            p,
            "manager_phone,country",
            "manager_fone,country",
            &[
                r#"properties.csv:1: manager_fone: unknown column; did you mean "manager_phone"?"#,
                "properties.csv:1: manager_phone: the column is missing",
            ],
        ),
        (u, "12a,oak", "12a,elm", &[r#"units.csv:2: property_id: no property "elm" in properties.csv"#]),
        (
            u,
            "12A,12,A",
            "12A,G,A",
            &[r#"units.csv:2: floor: "G" is no floor; a whole number expected, e.g. 3, 0 or -1"#],
        ),
        (
            u,
            "11a,oak,11A",
            "12a,oak,11A",
            &[
                r#"units.csv:3: id: "12a" stands on line 2 already"#,
                r#"devices.csv:4: unit_id: no unit "11a" in units.csv"#,
            ],
        ),
        (t, "t1,12a", "t1,13a", &[r#"tenants.csv:2: unit_id: no unit "13a" in units.csv"#]),
        (
            t,
            "139 1234 5678",
            "139 1234",
            &["tenants.csv:2: phone: no valid phone number of CN; write it in E.164 (+ and country code)"],
        ),
        (
            t,
            "2025-03-01,",
            "01.03.2025,",
            &[r#"tenants.csv:2: from: "01.03.2025" is no date; expected e.g. 2026-01-31"#],
        ),
        (t, "2025-03-01,", "2025-03-01,2025-02-28", &["tenants.csv:2: to: is before from"]),
        (
            t,
            "2025-03-01,",
            "2025-02-29,",
            &[r#"tenants.csv:2: from: "2025-02-29" is no date; expected e.g. 2026-01-31"#],
        ),
        (
            t,
            "to\nt1,12a,Li Wei,139 1234 5678,zh-CN,2025-03-01,",
            "to,consent\nt1,12a,Li Wei,139 1234 5678,zh-CN,2025-03-01,,safty",
            &[r#"tenants.csv:2: consent: unknown purpose "safty"; did you mean "safety"?"#],
        ),
        (
            t,
            "Li Wei",
            "\"Li\nWei\"",
            &["tenants.csv:2: name: holds a line break or control character; is a quote missing?"],
        ),
        (d, "12a,lock", "12a,lok", &[r#"devices.csv:2: kind: unknown kind "lok"; did you mean "lock"?"#]),
        (d, "Main,,12a", "Main,,99z", &[r#"devices.csv:3: valve_for: no unit or device "99z""#]),
        (d, "Front door,,,", "Front door,,12a,", &["devices.csv:2: valve_for: belongs to a valve; this is a lock"]),
        (d, "4 AA,hub", "4 AA,hob", &[r#"devices.csv:2: gateway: no device "hob" in devices.csv"#]),
        (d, "4 AA,hub", "4 AA,valve1", &[r#"devices.csv:2: gateway: "valve1" is a valve, no gateway"#]),
        (d, "valve1,12a", "lock1,12a", &[r#"devices.csv:3: key: "lock1" stands on line 2 already"#]),
        (
            h,
            "lock;plumbing",
            "lock;plumbng",
            &[r#"housekeepers.csv:2: skills: unknown skill "plumbng"; did you mean "plumbing"?"#],
        ),
        (h, ",oak,", ",oak;elm,", &[r#"housekeepers.csv:2: properties: no property "elm" in properties.csv"#]),
        (
            h,
            "Mon-Fri 08:00-20:00",
            "8-20",
            &[r#"housekeepers.csv:2: shift: "8-20" is no shift; expected e.g. "08:00-20:00" or "Mon-Fri 08:00-20:00""#],
        ),
    ];
    for (file, from, to, expected) in cases {
        refused(file, from, to, expected);
    }
}

#[test]
fn of_two_who_rent_a_unit_it_is_told_who_counts() {
    let lease = |from: &str, to: &str| format!("t2,12a,Wang Fang,139 1234 5679,zh-CN,{from},{to}\n");
    let first = "t1,12a,Li Wei,139 1234 5678,zh-CN,2025-03-01,";
    let remarks = |rows: &str| {
        let dir = folder(|_, text| Some(text.replace(&format!("{first}\n"), rows).into_bytes()));
        let registry = read(dir.path()).expect("both may live there");
        assert_eq!(registry.tenants.len(), 2);
        registry.remarks.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let told = |line: u8, other: &str| {
        let counts = "only whoever's lease began last is written to and paid";
        [format!("tenants.csv:{line}: from: the unit is let by line {other}; {counts}")]
    };
    let open = told(3, "2 then (2025-03-01 without an end)");
    assert_eq!(remarks(&format!("{first}\n{}", lease("2026-01-01", ""))), open);
    let until = told(3, "2 then (2025-03-01 to 2026-01-02)");
    assert_eq!(remarks(&format!("{first}2026-01-02\n{}", lease("2026-01-01", ""))), until);
    let earlier = told(2, "3 then (2024-01-01 to 2025-03-02)");
    assert_eq!(remarks(&format!("{first}\n{}", lease("2024-01-01", "2025-03-02"))), earlier);
    let hand_over = format!("{first}2026-01-01\n{}", lease("2026-01-01", ""));
    assert_eq!(remarks(&hand_over), [""; 0], "one moves out, the next one in");
}

#[test]
fn a_key_that_no_device_can_have_is_refused() {
    for (key, reason) in [
        ("", "is empty"),
        ("lock+/#", "holds + or #, which MQTT keeps for topic filters"),
        ("$broker/x", "begins with $, which brokers keep for themselves"),
        ("../../x", "has a level that is only dots, which no device has in its name"),
        ("lock\u{7}1", "holds a line break or control character; is a quote missing?"),
        ("<lock1>", "holds < > or a control character, which no device has in its name"),
    ] {
        refused("devices.csv", "lock1,12a", &format!("{key},12a"), &[&format!("devices.csv:2: key: {reason}")]);
    }
}

#[test]
fn a_battery_that_cannot_be_is_no_battery() {
    for (written, reason) in [
        (
            "plutonium",
            "known are alkaline, lithium_iron, lithium_manganese, lithium_thionyl, lithium_ion, nimh; or leave it empty",
        ),
        ("alcaline", "did you mean \"alkaline\"?; or leave it empty"),
    ] {
        let told = format!("devices.csv:2: chemistry: unknown chemistry \"{written}\"; {reason}");
        refused("devices.csv", "alkaline,4 AA", &format!("{written},4 AA"), &[&told]);
    }
    for count in ["-4", "0", "4.5", "1e3", "13", "-4 AA"] {
        let told = format!("devices.csv:2: cells: \"{count}\" is no number of cells; 1 to 12, and which, e.g. 4 AA");
        refused("devices.csv", "alkaline,4 AA", &format!("alkaline,{count}"), &[&told]);
    }
    for fine in [
        "Li-SOCl2,ER14505",
        "Lithium,1 CR2450",
        "CR123A,2",
        "nimh,12 x C",
        "LiPo,3.7 V pack",
        ",18650",
        ",two big ones",
    ] {
        let dir = folder(|_, text| Some(text.replace("alkaline,4 AA", fine).into_bytes()));
        assert!(read(dir.path()).is_ok(), "{fine}: {:?}", read(dir.path()));
    }
}

#[test]
fn a_file_whose_name_differs_by_case_is_not_passed_over() {
    for (name, found) in [("tenants.csv", "Tenants.CSV"), ("units.csv", "UNITS.csv")] {
        let dir = folder(|_, text| Some(text.as_bytes().to_vec()));
        std::fs::rename(dir.path().join(name), dir.path().join(found)).expect("renamed");
        let told = read(dir.path()).expect_err("refused");
        assert_eq!(told, [format!("{name}: is missing; found {found}, rename it to {name}")]);
    }
}

#[test]
fn every_bad_row_of_every_file_is_told_in_order() {
    let dir = folder(|_, text| Some(text.replace("zh-CN", "fr").replace("lock1,12a", "lock1,13a").into_bytes()));
    let told = read(dir.path()).expect_err("refused");
    let places: Vec<_> = told.iter().map(|line| line.rsplit_once(": ").map_or("", |(place, _)| place)).collect();
    let expected =
        ["properties.csv:2: locale", "tenants.csv:2: locale", "devices.csv:2: unit_id", "housekeepers.csv:2: locale"];
    assert_eq!(places, expected);
}

#[test]
fn a_wrong_header_hides_no_other_mistake() {
    let dir = folder(|name, text| {
        let text = match name {
            "properties.csv" => {
                text.replace("manager_phone,country", "manger_phone,country").replace("Asia/Shanghai", "Mars")
            }
            "units.csv" => {
                text.replace("id,property_id,name,floor", "id,property_id,name,level").replace("11a,oak", "11a,elm")
            }
            "tenants.csv" => format!("{text}t2,99z,,12,en,2025-13-01,\nt3,12a,Ann,call me,en,2025-03-01,\n"),
            "housekeepers.csv" => text.replace("id,name", "key,name").replace("+8613911111111", "+86"),
            _ => text.replace("lock1,12a,lock", "lock1,12a,lok"),
        };
        Some(text.into_bytes())
    });
    let told = read(dir.path()).expect_err("refused");
    let expected = [
        r#"properties.csv:1: manger_phone: unknown column; did you mean "manager_phone"?"#,
        "properties.csv:1: manager_phone: the column is missing",
        r#"properties.csv:2: timezone: "Mars" is no IANA time zone;"#,
        "units.csv:1: level: unknown column;",
        "units.csv:1: floor: the column is missing",
        r#"units.csv:3: property_id: no property "elm" in properties.csv"#,
        r#"tenants.csv:3: unit_id: no unit "99z" in units.csv"#,
        "tenants.csv:3: name: is empty",
        "tenants.csv:3: phone: no phone number;",
        r#"tenants.csv:3: from: "2025-13-01" is no date;"#,
        "tenants.csv:4: phone: no valid phone number of CN;",
        r#"devices.csv:2: kind: unknown kind "lok";"#,
        "housekeepers.csv:1: key: unknown column;",
        "housekeepers.csv:1: id: the column is missing",
        "housekeepers.csv:2: phone: no phone number: + and 7 to 15 digits expected",
    ];
    let fits = told.len() == expected.len() && told.iter().zip(expected).all(|(said, begin)| said.starts_with(begin));
    assert!(fits, "{}", told.join("\n"));
}

#[test]
fn what_may_stand_in_a_column_that_is_misspelt_is_not_missed_in_every_row() {
    let told = |file: &'static str, from: &'static str, to: &'static str| {
        let dir =
            folder(|name, text| Some(if name == file { text.replace(from, to) } else { text.to_owned() }.into_bytes()));
        read(dir.path()).expect_err("refused")
    };
    let country = told("properties.csv", "manager_phone,country", "manager_phone,contry");
    assert_eq!(
        country,
        [r#"properties.csv:1: contry: unknown column; did you mean "country"?"#],
        "numbers are not blamed"
    );
    let key = told("units.csv", "id,property_id", "unit,property_id");
    assert!(key.iter().all(|line| line.starts_with("units.csv:1: ")), "units by other names are not missed: {key:?}");
}

#[test]
fn national_numbers_need_the_country_of_the_property() {
    let dir = folder(|_, text| Some(text.replace("CN\n", "\n").into_bytes()));
    let told = read(dir.path()).expect_err("refused");
    assert_eq!(told, ["tenants.csv:2: phone: not in E.164 (+ and country code); or give the property's country"]);
}

#[test]
fn what_is_no_csv_in_utf_8_is_told() {
    let cases: [(&str, Option<&[u8]>, &str); 6] = [
        ("units.csv", None, "units.csv: is missing"),
        ("units.csv", Some(b""), "units.csv:1: is empty; a header is expected"),
        ("units.csv", Some(b"id;property_id;name;floor\n1;2;3;4\n"), "units.csv:1: columns are separated by commas"),
        ("units.csv", Some(b"\xff\xfei\0d\0\n\0"), "units.csv:1: is UTF-16; save it as CSV in UTF-8"),
        ("units.csv", Some(b"PK\x03\x04\x14\x00"), "units.csv:1: is a spreadsheet; save it as CSV in UTF-8"),
        (
            "units.csv",
            Some(b"id,property_id,name,floor\n12a,oak,\xc4\xe3,1\n11a,oak,a,1\n"),
            "units.csv:2: name: is not UTF-8; save the file as CSV in UTF-8",
        ),
    ];
    for (file, bytes, expected) in cases {
        let dir =
            folder(|name, text| if name == file { bytes.map(<[u8]>::to_vec) } else { Some(text.as_bytes().to_vec()) });
        let told = read(dir.path()).expect_err("refused");
        assert_eq!(told.iter().find(|l| l.starts_with("units")).map(String::as_str), Some(expected));
    }
    let told = read(Path::new("/nowhere")).expect_err("no folder");
    assert_eq!(told, ["properties.csv: /nowhere is no folder"]);
}

#[test]
fn mistakes_repeat_no_name_and_no_number() {
    let dir = folder(|_, text| {
        Some(text.replace("139 1234 5678", "139 1234 567x").replace("Li Wei", "\u{1}Li Wei").into_bytes())
    });
    let told = read(dir.path()).expect_err("refused").join("\n");
    assert!(!told.contains("139") && !told.contains("Li Wei"), "{told}");
}
