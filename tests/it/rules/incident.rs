//! Which water is one incident: a riser's from sensor to sensor, with all its apartments, also where it was thought to be over.

use nightporter::decide::{Command, Wanted};
use nightporter::model::time::MINUTE;
use nightporter::model::*;
use proptest::prelude::*;

use super::stage::Stage;
use super::{check, lines};

const DOWN: &str = "05 03:10 leak1 wet\n05 03:11 h2 accept leak\n05 03:35 leak2 wet";
const JOINED: &str = "
    05 03:10 opened leak leak1
    05 03:10 text tenant:t1 leak_tenant
    05 03:10 text housekeeper:h2 offer_leak
    05 03:11 accepted leak leak1
    05 03:35 joined leak leak1
    05 03:35 text tenant:t2 leak_tenant";

fn play(given: &str, story: &str) -> Stage {
    let mut stage = Stage::new();
    lines(given).for_each(|line| stage.change(line));
    lines(story).for_each(|line| stage.act(line));
    stage
}

fn open(stage: &Stage) -> Vec<&Ticket> {
    stage.facts.tickets.values().filter(|t| t.status.is_active()).collect()
}

fn drips(unit: &str) -> Wanted {
    Wanted {
        kind: TicketKind::Leak,
        property_id: "oak".into(),
        unit_id: Some(unit.into()),
        severity: None,
        text: "The ceiling drips".to_owned(),
    }
}

#[test]
fn the_window_counts_from_the_sensor_that_was_wet_last() {
    check("floors 3", &format!("{DOWN}\n05 04:04 leak3 wet"), &format!("{JOINED}\n05 04:04 joined leak leak1"));
    let late = play("floors 3", &format!("{DOWN}\n05 04:06 leak3 wet"));
    assert_eq!(open(&late).len(), 2, "{:#?}", late.log);
}

#[test]
fn another_sensor_of_an_apartment_that_joined_belongs_to_it_at_any_time() {
    let story = format!("{DOWN}\n05 06:00 sink2 wet");
    check("sensor sink2 oak-2", &story, &format!("{JOINED}\n05 06:00 joined leak leak1"));
}

#[test]
fn of_two_incidents_of_a_riser_the_later_one_is_joined() {
    let stage = play("floors 4", "05 03:10 leak1 wet\n05 04:00 leak2 wet\n05 04:10 leak3 wet\n05 04:20 leak4 wet");
    let parts: Vec<usize> = open(&stage).iter().map(|t| t.devices.len()).collect();
    assert_eq!((parts.iter().sum::<usize>(), parts.contains(&1), parts.len()), (4, true, 2), "{:#?}", stage.log);
}

#[test]
fn what_was_over_and_has_become_part_of_another_incident_is_that_one() {
    let over = "05 03:50 leak1 dry\n05 03:50 leak2 dry\n05 05:00 wait";
    let again = "05 06:00 leak3 wet\n05 06:10 leak2 wet\n05 08:00 leak1 wet";
    let stage = play("floors 3", &format!("{DOWN}\n{over}\n{again}"));
    let [one] = open(&stage)[..] else { panic!("one open incident: {:#?}", stage.log) };
    assert_eq!(one.devices.len(), 3, "{:#?}", stage.log);
    // Nothing else meanwhile: the same ticket again.
    let stage = play("floors 3", &format!("{DOWN}\n{over}\n05 08:00 leak1 wet"));
    assert_eq!((stage.facts.tickets.len(), open(&stage)[0].round), (1, 1), "{:#?}", stage.log);
}

#[test]
fn sensors_that_are_in_no_apartment_have_nothing_in_common() {
    let stage = play("sensor cellar -\nsensor garage -", "05 03:10 cellar wet\n05 03:12 garage wet");
    assert_eq!(open(&stage).len(), 2, "{:#?}", stage.log);
}

#[test]
fn what_a_person_says_of_water_that_sensors_know_is_kept_with_it() {
    let mut stage = play("", DOWN);
    let wanted = drips("oak-2");
    for _ in 0..2 {
        stage.decide(|desk| {
            let id = desk.wanted(&wanted, "user:ops", "key-1").expect("granted");
            assert_eq!(desk.facts.tickets[&id].device_key, Some("leak1".into()));
        });
    }
    assert_eq!(stage.log, lines(JOINED).chain(["05 03:35 reported leak leak1"]).collect::<Vec<_>>());
}

const TOWER: [&str; 6] = ["leak1", "leak2", "leak3", "leak4", "sink2", "sink3"];

/// Something happens in a tower, to one of its sensors: it is wet, dry, somebody cancels, somebody sees water.
fn happens(stage: &mut Stage, what: u8, which: usize) {
    let word = ["wet", "wet", "dry", "dry", "dry", "cancelled", "seen"][usize::from(what)];
    match word {
        "cancelled" => {
            let Some(id) = open(stage).get(which).map(|t| t.id.clone()) else { return };
            let cancel = Command::Cancel { reason: "none".to_owned() };
            stage.decide(|desk| desk.command(&id, "user:ops", &cancel).expect("granted"));
        }
        "seen" => {
            let (unit, key) = (format!("oak-{}", which % 4 + 1), format!("key-{}", stage.now.0));
            stage.decide(|desk| _ = desk.wanted(&drips(&unit), "user:ops", &key).expect("granted"));
        }
        word => {
            let reading = Reading::new(Fact::Leak(word == "wet"));
            let (received_at, fingerprint) = (stage.now, stage.now.0.unsigned_abs());
            let heard =
                nightporter::decide::Heard { readings: vec![reading], received_at, retained: false, fingerprint };
            stage.hear(TOWER[which], &heard);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_apartment_is_ever_part_of_two_open_incidents(
        story in prop::collection::vec((0..7_u8, 0..TOWER.len(), 1..120_i64), 1..50),
    ) {
        let mut stage = play("floors 4\nsensor sink2 oak-2\nsensor sink3 oak-3", "05 03:00 wait");
        for (what, which, minutes) in story {
            stage.pass_until(stage.now + minutes * MINUTE);
            happens(&mut stage, what, which);
            // A sensor that has not been heard for long is a matter of its own.
            let tickets = open(&stage).into_iter().filter(|t| t.kind == TicketKind::Leak).collect::<Vec<_>>();
            let units = |t: &&Ticket| stage.facts.units_of(t).into_iter().cloned().collect::<std::collections::BTreeSet<_>>();
            let all: Vec<UnitId> = tickets.iter().flat_map(units).collect();
            let apart = all.iter().collect::<std::collections::BTreeSet<_>>().len();
            prop_assert_eq!(apart, all.len(), "{:#?}", stage.log);
        }
    }
}
