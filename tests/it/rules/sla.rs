//! Clocks: missed times raise themselves to the manager; they stand for the tenant and the night, and survive hand-overs.

use nightporter::model::*;

use super::check;
use super::stage::Stage;

const NIGHT: &str = "05 03:00 leak1 dry\n05 03:10 leak1 wet";
const OPENED: &str = "
    05 03:10 opened leak leak1
    05 03:10 text tenant:t1 leak_tenant
    05 03:10 text housekeeper:h2 offer_leak";

#[test]
fn nobody_answers_nobody_comes_nothing_is_solved() {
    let when = "\n05 03:11 h2 accept leak\n05 05:00 wait";
    let then = "
        05 03:11 accepted leak leak1
        05 04:11 overdue leak leak1
        05 04:11 text manager:oak overdue_arrival";
    check("clocks run", &format!("{NIGHT}{when}"), &format!("{OPENED}{then}"));
    let mut stage = Stage::new();
    stage.change("clocks run");
    format!("{NIGHT}{when}\n05 05:01 h2 arrive leak\n06 04:00 wait").lines().for_each(|line| stage.act(line));
    let overdue = |line: &&String| line.contains("overdue_close");
    assert_eq!(stage.log.iter().filter(overdue).collect::<Vec<_>>(), ["06 03:10 text manager:oak overdue_close"]);
}

#[test]
fn that_nobody_took_it_is_said_once_by_playbook_or_clock() {
    let then = "
        05 03:12 text housekeeper:h1 offer_leak
        05 03:20 overdue leak leak1
        05 03:20 text manager:oak leak_manager";
    check("clocks run", &format!("{NIGHT}\n05 03:30 wait"), &format!("{OPENED}{then}"));
    let tamper = "05 03:00 lock1 closed\n05 03:10 lock1 tamper\n05 04:00 wait";
    let then = "
        05 03:10 opened tamper lock1
        05 03:10 text housekeeper:h2 tamper_housekeeper
        05 03:40 overdue tamper lock1
        05 03:40 text manager:oak overdue_answer";
    check("clocks run", tamper, then);
}

#[test]
fn what_nobody_took_in_time_is_offered_to_the_next() {
    let silent = "03 10:00 lock1 online\n03 19:15 lock1 offline\n04 12:00 wait";
    let then = "
        03 19:30 opened silent lock1
        03 19:30 text housekeeper:h1 offer_silent
        04 08:30 overdue silent lock1
        04 08:30 text manager:oak overdue_answer
        04 08:30 text housekeeper:h5 offer_silent
        04 08:40 accepted silent lock1";
    let when = silent.replace("\n04 12:00", "\n04 08:40 h5 accept silent\n04 12:00");
    check("clocks run\nh5 works day locks", &when, then);
    let and_up = "04 20:00 text housekeeper:h2 offer_silent\n05 08:00 text region:east nobody_took";
    let nobody = then.rsplit_once("04 08:40").expect("taken").0.to_owned() + and_up;
    check("clocks run\nh5 works day locks\nregion east", &silent.replace("04 12:00", "06 12:00"), &nobody);
    let refused = "
        03 19:30 opened silent lock1
        03 19:30 text housekeeper:h1 offer_silent
        03 19:30 message_failed silent lock1
        03 19:30 text housekeeper:h5 offer_silent
        04 08:30 overdue silent lock1
        04 08:30 text manager:oak overdue_answer";
    check("clocks run\nh5 works day locks\nrefuses +8613800008001", silent, refused);
}

#[test]
fn what_can_wait_has_its_time_in_service_hours() {
    let silent = "03 10:00 lock1 online\n03 19:15 lock1 offline\n04 12:00 wait";
    let then = "
        03 19:30 opened silent lock1
        03 19:30 text housekeeper:h1 offer_silent
        04 08:30 overdue silent lock1
        04 08:30 text manager:oak overdue_answer";
    check("clocks run", silent, then);
}

#[test]
fn a_battery_in_the_tenants_hands_runs_no_clock() {
    let mut stage = Stage::new();
    stage.change("clocks run");
    let low = "05 08:00 lock1 battery=60\n05 09:00 lock1 battery=20\n05 09:10 lock1 battery=19\n06 12:00 wait";
    low.lines().for_each(|line| stage.act(line));
    let (answer, close) = (clock(&stage, Node::Answer), clock(&stage, Node::Close));
    assert!(answer.met_at.is_some() && answer.used_ms == 0, "told at once: {answer:?}");
    assert!(close.due_at.is_none() && close.met_at.is_none(), "it is the tenant's turn: {close:?}");
}

/// The clock of a step, of the only ticket.
fn clock(stage: &Stage, node: Node) -> SlaClock {
    let ticket = stage.facts.tickets.values().next().expect("a ticket");
    ticket.work.clocks.iter().rfind(|c| c.node == node).expect("a clock").clone()
}

#[test]
fn the_arrival_is_one_clock_through_every_hand_over() {
    let mut stage = Stage::new();
    ["clocks run", "h5 works night plumbing"].iter().for_each(|line| stage.change(line));
    let story = "\n05 03:11 h2 accept leak\n05 03:20 h2 decline leak\n05 03:25 h5 accept leak";
    format!("{NIGHT}{story}").lines().for_each(|line| stage.act(line));
    let arrival = clock(&stage, Node::Arrival);
    assert_eq!((arrival.due_at, arrival.met_at), (Some(stage.time("05", "04:11")), None), "as if h2 still had it");
    stage.act("05 03:40 h5 arrive leak");
    let (arrival, at) = (clock(&stage, Node::Arrival), stage.time("05", "03:40"));
    assert_eq!((arrival.used_ms, arrival.met_at, arrival.missed_at), (29 * time::MINUTE, Some(at), None));
    let answers = stage.facts.tickets.values().flat_map(|t| &t.work.clocks).filter(|c| c.node == Node::Answer);
    assert_eq!(answers.map(|c| c.used_ms).collect::<Vec<_>>(), [time::MINUTE, 5 * time::MINUTE], "free twice");
}

#[test]
fn clocks_stand_while_the_tenant_is_waited_for() {
    let mut stage = Stage::new();
    stage.change("clocks run");
    let story = "\n05 03:11 h2 accept leak\n05 03:31 h2 wait leak";
    format!("{NIGHT}{story}").lines().for_each(|line| stage.act(line));
    assert_eq!((clock(&stage, Node::Arrival).due_at, clock(&stage, Node::Close).due_at), (None, None));
    stage.act("05 09:00 tenant:t1 I am here");
    assert_eq!(clock(&stage, Node::Arrival).due_at, Some(stage.time("05", "09:40")), "20 of 60 minutes are used");
    assert!(!stage.log.iter().any(|line| line.contains("overdue")), "{:?}", stage.log);
    stage.act("05 10:00 wait");
    assert!(stage.log.contains(&"05 09:40 overdue leak leak1".to_owned()), "{:?}", stage.log);
    // Twice is refused, and somebody who is there waits for nobody.
    let more = ["05 10:01 h2 wait leak", "05 10:02 h2 wait leak", "05 10:03 h2 arrive leak"];
    more.iter().for_each(|line| stage.act(line));
    assert!(stage.log.iter().any(|line| line.contains("it waits for the tenant already")), "{:?}", stage.log);
    assert!(clock(&stage, Node::Arrival).missed_at.is_some() && clock(&stage, Node::Close).due_at.is_some());
}

#[test]
fn what_was_missed_stays_missed_in_the_next_round() {
    let mut stage = Stage::new();
    stage.change("clocks run");
    let story = "\n05 03:30 h2 accept leak\n05 03:40 leak1 dry\n05 06:00 leak1 wet\n05 06:01 h2 accept leak";
    format!("{NIGHT}{story}").lines().for_each(|line| stage.act(line));
    let ticket = stage.facts.tickets.values().next().expect("a ticket");
    assert_eq!(ticket.work.missed, [Node::Answer]);
    assert_eq!(ticket.work.answered_ms, Some(20 * time::MINUTE), "the first answer");
    assert_eq!(ticket.work.clocks.iter().filter(|c| c.node == Node::Close && c.met_at.is_none()).count(), 1);
}

#[test]
fn who_waits_for_a_human_is_told_of_once_in_service_hours() {
    let asked = "05 10:00 tenant:t1 My cat sits on the sensor, is that bad?";
    let told = "05 10:30 text manager:oak waiting_manager";
    check("clocks run", &format!("{asked}\n05 10:20 tenant:t1 hello??\n06 12:00 wait"), told);
    check("clocks run", "05 19:50 tenant:t1 is that bad?\n06 12:00 wait", "06 08:20 text manager:oak waiting_manager");
    check("clocks run", "05 22:00 tenant:t1 is that bad?\n06 12:00 wait", "06 08:30 text manager:oak waiting_manager");
    check("", &format!("{asked}\n06 12:00 wait"), "");
    let mut stage = super::Stage::new();
    stage.change("clocks run");
    stage.act(asked);
    let id = stage.facts.conversations.values().next().expect("one").id.clone();
    stage.decide(|desk| desk.leave(&id).expect("put down"));
    stage.act("06 12:00 wait");
    assert!(stage.log.is_empty(), "somebody has seen to it: {:#?}", stage.log);
    stage.act("06 13:00 tenant:t1 is that bad?");
    stage.act("06 14:00 wait");
    assert_eq!(stage.log, ["06 13:30 text manager:oak waiting_manager"], "anew");
}

/// Of a flat where nobody lives, and of the broker, which stands in no flat.
#[test]
fn words_about_a_place_without_tenant_or_flat_have_no_holes() {
    let mut vacant = Stage::new();
    vacant.facts.tenants.clear();
    vacant.change("clocks run");
    format!("{NIGHT}\n05 05:00 wait").lines().for_each(|line| vacant.act(line));
    let mut silent = Stage::new();
    silent.change("clocks run");
    let key = DeviceKey::of_broker("hub:1883");
    silent.facts.devices.insert(key.clone(), Device::broker(key.clone(), "oak".into()));
    silent.act("05 10:00 wait");
    let (since, heard_from) = (silent.now, silent.now);
    silent.decide(|desk| desk.found(&key, &Finding::Silent { since, heard_from, battery_low: false, empty: None }));
    silent.act("05 14:00 wait");
    let nobody = ["none registered", "暂无登记"];
    let house = ["the whole house", "整栋楼"];
    for (stage, telling, says) in [(vacant, "offer_leak", nobody), (silent, "overdue_answer", house)] {
        let told = stage.messages.iter().find(|m| m.template == telling);
        let told = told.unwrap_or_else(|| panic!("{telling}: {:?}", stage.log));
        assert!(says.iter().any(|words| told.body.contains(words)), "{}", told.body);
    }
}
