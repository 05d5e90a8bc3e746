//! Who is on duty from when until when.

use nightporter::decide::desk::Place;
use nightporter::decide::duty::turns;
use nightporter::model::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("an instant")
}

fn place(timezone: &str, shifts: &[(&str, &str)]) -> Place {
    let phone = || E164::parse("+8613900000001").expect("a number");
    let property = Property {
        id: "oak".into(),
        region: "north".to_owned(),
        name: "Oak Court".to_owned(),
        timezone: timezone.parse().expect("a zone"),
        locale: Locale::En,
        manager_phone: phone(),
    };
    let housekeeper = |(id, shift): &(&str, &str)| Housekeeper {
        id: (*id).into(),
        name: (*id).to_owned(),
        phone: phone(),
        locale: Locale::En,
        properties: vec!["oak".into()],
        skills: Vec::new(),
        shift: Shift::parse(shift).expect("a shift"),
    };
    Place { property, location: None, housekeepers: shifts.iter().map(housekeeper).collect() }
}

/// `who from until`, a line a turn; `-` for what is out of sight.
fn told(place: &Place, swaps: &[ShiftSwap], from: &str, until: &str) -> String {
    let text = |at: Option<Timestamp>| at.map_or("-".to_owned(), |at| at.to_rfc3339().replace(":00.000Z", ""));
    let turns = turns(place, swaps, at(from), at(until));
    let lines = turns.iter().map(|t| format!("{} {} {}", t.housekeeper_id, text(t.from), text(t.until)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn days_nights_and_swaps_are_turns_without_a_break() {
    let oak = place("Asia/Shanghai", &[("ann", "08:00-20:00"), ("bob", "20:00-08:00")]);
    let (from, until) = ("2026-01-05T01:00:00Z", "2026-01-06T01:00:00Z");
    let plain = "ann - 2026-01-05T12:00\nbob 2026-01-05T12:00 2026-01-06T00:00\nann 2026-01-06T00:00 -";
    assert_eq!(told(&oak, &[], from, until), plain);
    let swap = ShiftSwap {
        id: "s".to_owned(),
        from: "ann".into(),
        to: "bob".into(),
        starts_at: at("2026-01-05T09:07:00Z"),
        ends_at: at("2026-01-05T14:00:00Z"),
    };
    let swapped = "ann - 2026-01-05T09:07\nbob 2026-01-05T09:07 2026-01-06T00:00\nann 2026-01-06T00:00 -";
    assert_eq!(told(&oak, &[swap], from, until), swapped, "one turn, their own and the other's");
}

#[test]
fn a_turn_follows_the_clock_on_the_wall() {
    let oak = place("Europe/Berlin", &[("ann", "22:15-02:45"), ("bob", "00:00-24:00")]);
    let spring = told(&oak, &[], "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z");
    assert_eq!(spring, "bob - -\nann 2026-03-28T21:15 2026-03-29T01:00", "02:45 is skipped with its hour");
    let autumn = told(&oak, &[], "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z");
    let twice = "bob - -\nann 2026-10-24T20:15 2026-10-25T00:45\nann 2026-10-25T01:00 2026-10-25T01:45";
    assert_eq!(autumn, twice, "the hour comes twice, as who is asked is asked");
}
