//! Water beside texts and visits: valves, beds, and those who live below.

use nightporter::decide::Command;
use nightporter::model::*;

use super::check;
use super::stage::Stage;

const NIGHT: &str = "05 03:00 leak1 dry\n05 03:10 leak1 wet";
const OPENED: &str = "
    05 03:10 opened leak leak1
    05 03:10 text tenant:t1 leak_tenant
    05 03:10 text housekeeper:h2 offer_leak";

/// A house whose leak playbook has one more step.
fn house(asks: Option<&str>, given: &[&str]) -> Stage {
    let mut stage = Stage::new();
    given.iter().for_each(|line| stage.change(line));
    let mut playbook = stage.policy.playbook(&"oak".into(), TicketKind::Leak);
    let text = playbook.steps[0].clone();
    playbook.steps.push(Step {
        verb: Verb::ValveClose,
        to: Audience::Manager,
        template: None,
        asks: asks.map(str::to_owned),
        ..text
    });
    stage.policy.property_playbooks.insert("oak".into(), [(TicketKind::Leak, playbook)].into());
    stage
}

fn play(stage: &mut Stage, story: &str) {
    story.lines().for_each(|line| stage.act(line));
}

fn ticket(stage: &Stage) -> &Ticket {
    stage.facts.tickets.values().next().expect("a ticket")
}

#[test]
fn the_valve_of_the_unit_is_shut_at_once_where_the_policy_says_so() {
    for of in ["oak-1", "leak1"] {
        let mut stage = house(None, &[&format!("valve for {of}")]);
        play(&mut stage, NIGHT);
        let shut: Vec<_> = stage.valves.iter().map(|v| (v.device_key.as_str(), v.closed, v.actor.as_str())).collect();
        assert_eq!(shut, [("valve1", true, "system")]);
        assert!(stage.log.contains(&"05 03:10 valve_closed leak leak1".to_owned()), "{:?}", stage.log);
    }
    for given in [&["valve for oak-2"][..], &[]] {
        let mut stage = house(None, given);
        play(&mut stage, NIGHT);
        assert!(stage.valves.is_empty(), "another one's valve stays open");
    }
}

#[test]
fn asked_first_it_waits_for_a_person() {
    let mut stage = house(Some("close_valve"), &["valve for oak-1"]);
    play(&mut stage, NIGHT);
    assert!(stage.valves.is_empty());
    assert!(stage.log.contains(&"05 03:10 text manager:oak valve_ask".to_owned()), "{:?}", stage.log);
    play(&mut stage, "05 03:12 h2 shut leak");
    assert_eq!(
        stage.valves.iter().map(|v| (v.closed, v.actor.as_str())).collect::<Vec<_>>(),
        [(true, "housekeeper:h2")]
    );
}

#[test]
fn the_valve_of_an_apartment_that_joins_is_shut_like_the_first() {
    let mut stage = house(None, &["valve for oak-2"]);
    play(&mut stage, NIGHT);
    assert!(stage.valves.is_empty());
    play(&mut stage, "05 03:20 leak2 wet\n05 03:21 leak2 dry\n05 03:22 leak2 wet");
    let shut: Vec<_> = stage.valves.iter().map(|v| (v.device_key.as_str(), v.closed, v.actor.as_str())).collect();
    assert_eq!(shut, [("valve1", true, "system")], "once");
    // Where somebody is asked about the first, they are asked about this one too.
    let mut stage = house(Some("close_valve"), &["valve for oak-2"]);
    play(&mut stage, &format!("{NIGHT}\n05 03:20 leak2 wet"));
    assert!(stage.valves.is_empty());
    assert_eq!(stage.log.last().map(String::as_str), Some("05 03:20 text manager:oak valve_ask"), "{:?}", stage.log);
}

#[test]
fn no_valve_is_opened_through_a_matter_that_is_over_while_water_is_there() {
    let open = |story: &str| {
        let mut stage = house(None, &["valve for oak-1", "sensor sink1 oak-1"]);
        play(&mut stage, &format!("{NIGHT}\n{story}"));
        stage.log.last().cloned().expect("said")
    };
    let wet = |status: &str| format!("refused not possible while the ticket is {status} and water is still there");
    assert!(
        open("05 03:11 h2 accept leak\n05 03:12 h2 cancel leak\n05 03:13 h2 open leak").ends_with(&wet("cancelled"))
    );
    assert!(
        open("05 03:11 h2 accept leak\n05 03:12 h2 cancel leak\n05 03:13 leak1 dry\n05 03:14 h2 open leak")
            .ends_with("valve_opening leak leak1")
    );
    // Another sensor of the apartment, whose matter is another one.
    let mut stage = house(None, &["valve for oak-1", "sensor sink1 oak-1"]);
    play(&mut stage, &format!("{NIGHT}\n05 03:20 leak1 dry\n06 09:00 wait"));
    let id = ticket(&stage).id.clone();
    let mut asked = |line: &str| {
        stage.act(line);
        let mut said = None;
        let command = Command::OpenValve { confirm: None };
        stage.decide(|desk| {
            said = Some(desk.command(&id, "user:lead", &command).map_err(|refusal| refusal.to_string()))
        });
        said.expect("tried")
    };
    assert_eq!(
        asked("06 09:00 sink1 wet"),
        Err("not possible while the ticket is closed and water is still there".to_owned())
    );
    assert_eq!(asked("06 09:10 sink1 dry"), Ok(()));
}

#[test]
fn a_valve_is_opened_in_two_steps_and_never_while_water_is_there() {
    let mut stage = house(None, &["valve for oak-1"]);
    play(&mut stage, &format!("{NIGHT}\n05 03:11 h2 accept leak\n05 03:12 h2 open leak"));
    let wet = "05 03:12 refused not possible while the ticket is assigned and water is still there";
    assert_eq!(stage.log.last().map(String::as_str), Some(wet));
    play(&mut stage, "05 03:20 leak1 dry\n05 04:00 h2 open leak");
    assert!(stage.valves.iter().all(|v| v.closed), "the first step opens nothing");
    let (id, code) = (ticket(&stage).id.clone(), ticket(&stage).work.opening.clone().expect("a code").code);
    let confirm = |stage: &mut Stage, code: &str| {
        let mut done = None;
        let command = Command::OpenValve { confirm: Some(code.to_owned()) };
        stage.decide(|desk| done = Some(desk.command(&id, "user:lead", &command)));
        done.expect("tried").is_ok()
    };
    assert!(!confirm(&mut stage, "000000x"));
    assert!(confirm(&mut stage, &code) && !confirm(&mut stage, &code), "once");
    assert_eq!(stage.valves.last().map(|v| (v.closed, v.actor.as_str())), Some((false, "user:lead")));
    play(&mut stage, "05 05:00 h2 open leak\n05 05:05 wait");
    let code = ticket(&stage).work.opening.clone().expect("a code").code;
    assert!(!confirm(&mut stage, &code), "five minutes later it is too late");
}

#[test]
fn who_needs_a_bed_puts_it_on_the_managers_list_for_the_night() {
    let mut stage = Stage::new();
    play(&mut stage, &format!("{NIGHT}\n05 03:12 tenant:t1 需要\n05 03:13 tenant:t1 yes"));
    let beds: Vec<_> = stage.tasks.iter().map(|t| (t.what.as_str(), t.from.to_string(), t.to.to_string())).collect();
    assert_eq!(beds, [("bed", "2026-01-05".to_owned(), "2026-01-06".to_owned())]);
}

#[test]
fn water_that_comes_down_a_riser_warns_those_below_in_one_incident_with_one_housekeeper() {
    let down =
        "05 03:00 leak2 dry\n05 03:10 leak2 wet\n05 03:11 h2 accept leak\n05 03:20 leak1 wet\n05 03:30 leak1 wet";
    let then = "
        05 03:10 opened leak leak2
        05 03:10 text tenant:t2 leak_tenant
        05 03:10 text housekeeper:h2 offer_leak
        05 03:11 accepted leak leak2
        05 03:20 joined leak leak2
        05 03:20 text tenant:t1 leak_tenant
        05 03:20 text tenant:t0 leak_below";
    check("cellar +14155550100", down, then);
    // The lower sensor is often the first to be heard: the water comes down all the same.
    let up = format!("{NIGHT}\n05 03:11 h2 accept leak\n05 03:20 leak2 wet");
    let then = "
        05 03:11 accepted leak leak1
        05 03:20 joined leak leak1
        05 03:20 text tenant:t2 leak_tenant
        05 03:20 text tenant:t0 leak_below";
    check("cellar +14155550100", &up, &format!("{OPENED}{then}"));
}

/// A tenant's word at night, and what comes of it within the minute.
#[track_caller]
fn at_night(before: &str, words: &str, then: &[&str]) -> Stage {
    let mut stage = Stage::new();
    before.lines().for_each(|line| stage.act(line));
    let n = stage.log.len();
    stage.act(&format!("05 03:15 tenant:t1 {words}"));
    let came: Vec<_> = stage.log[n..].iter().map(|l| l.trim_start_matches("05 03:15 ")).collect();
    assert_eq!(came, then, "{words}");
    stage
}

const FRESH: [&str; 3] = ["opened leak", "text tenant:t1 leak_tenant", "text housekeeper:h2 offer_leak"];

#[test]
fn a_tenants_word_of_water_opens_a_leak_at_any_hour() {
    for words in ["there is water coming through the ceiling", "天花板在滴水", "please hurry, water everywhere"] {
        let stage = at_night("", words, &FRESH);
        let leak = ticket(&stage);
        assert_eq!((leak.severity, leak.text.as_deref()), (Severity::Emergency, Some(words)));
    }
    let low = "05 03:00 lock1 battery=60\n05 03:01 lock1 battery=20\n05 03:02 lock1 battery=19";
    at_night(low, "water is dripping from the lamp", &FRESH);
    let bed = [
        "opened leak",
        "answered leak",
        "text tenant:t1 leak_tenant",
        "text housekeeper:h2 offer_leak",
        "text tenant:t1 bed_coming",
        "text manager:oak bed_manager",
    ];
    at_night("", "the whole flat is flooded, we need a hotel", &bed);
    // The sensor that is wet afterwards is part of it.
    let mut stage = at_night("", "there is water coming through the ceiling", &FRESH);
    stage.act("05 03:16 leak1 wet");
    assert_eq!(stage.facts.tickets.len(), 1);
    at_night("", "the water stopped, all dry now", &[]);
}

#[test]
fn a_tenants_word_of_water_joins_the_leak_that_is_open() {
    let offered = "05 03:10 leak1 wet\n05 03:12 wait";
    at_night(
        offered,
        "more water is coming",
        &["reported leak leak1", "needs_help leak leak1", "text tenant:t1 help_coming"],
    );
    let above = "05 03:10 leak2 wet\n05 03:11 h2 accept leak";
    let mut stage =
        at_night(above, "water comes through the ceiling", &["reported leak leak2", "text tenant:t1 leak_tenant"]);
    stage.act("05 03:16 tenant:t1 1");
    assert_eq!(stage.tasks.len(), 1, "and they were asked whether they need a bed");
    stage.act("05 03:17 leak1 wet");
    let told = stage.messages.iter().filter(|m| m.template == "leak_tenant" && m.to.as_str() == "+14155550101");
    let mut keys: Vec<_> = told.map(|m| &m.key).collect();
    keys.dedup();
    assert_eq!(keys.len(), 1, "the outbox drops the second");
    // A trickle that is a flood by the tenant's word.
    let mut stage = Stage::new();
    stage.act("05 03:10 leak1 wet");
    stage.facts.tickets.values_mut().for_each(|t| t.severity = Severity::Urgent);
    stage.act("05 03:15 tenant:t1 water everywhere!");
    assert!(stage.log.contains(&"05 03:15 worsened leak leak1".to_owned()), "{:#?}", stage.log);
}

#[test]
fn what_may_be_water_is_read_by_the_manager_at_once() {
    let urgent = ["text manager:oak urgent_manager"];
    let stage = at_night("", "is it normal that there is water under the sink?", &urgent);
    let body = &stage.messages.last().expect("sent").body;
    assert!(body.contains("is it normal") && body.contains("+14155550101"), "{body}");
    let taken = "05 03:10 leak1 wet\n05 03:11 h2 accept leak";
    at_night(taken, "will the water damage be paid?", &[]);
    let mut stage = at_night("", "is there water below me?", &urgent);
    stage.act("05 03:16 tenant:t1 can you hear the water?");
    let keys: std::collections::BTreeSet<_> = stage.messages.iter().map(|m| &m.key).collect();
    assert_eq!(keys.len(), 1, "once in a while");
    let mut stage = Stage::new();
    stage.facts.devices.remove("lock1");
    stage.act("05 03:15 tenant:t1 I'm locked out");
    assert_eq!(stage.log, ["05 03:15 text manager:oak urgent_manager"], "no lock is known, and they stand outside");
}

/// By two minutes or by three days: its second word by the clock that it has now is believed, and what follows too.
#[test]
fn a_sensor_whose_own_clock_is_put_back_is_heard() {
    for (wet, still, dry) in [("05T09:58", "05T09:59", "05T10:08"), ("02T10:10", "02T10:11", "02T10:20")] {
        let story = format!(
            "05 09:59 leak1 dry at=05T09:59\n05 10:00 leak1 dry at=05T10:00\n05 10:10 leak1 wet at={wet}\n\
             05 10:11 leak1 wet at={still}\n05 10:12 h1 accept leak\n05 10:20 leak1 dry at={dry}\n05 10:51 wait"
        );
        let then = "
            05 10:11 opened leak leak1
            05 10:11 text tenant:t1 leak_tenant
            05 10:11 text housekeeper:h1 offer_leak
            05 10:12 accepted leak leak1
            05 10:50 resolved leak leak1";
        check("", &story, then);
    }
}

/// What was on its way for long comes in a heap, or not at the pace of a clock: it opens nothing.
#[test]
fn water_of_before_that_comes_late_is_no_clock_that_was_put_back() {
    let now = "05 09:59 leak1 dry at=05T09:59\n05 10:00 leak1 dry at=05T10:00\n";
    let heap = "05 10:01 leak1 wet at=05T09:30\n05 10:01 leak1 wet at=05T09:31\n05 10:01 leak1 wet at=05T09:32";
    let slowly = "05 10:01 leak1 wet at=05T09:30\n05 10:02 leak1 wet at=05T09:40\n05 10:03 leak1 wet at=05T09:50";
    let between = "05 10:01 leak1 wet at=05T09:30\n05 10:01 leak1 dry at=05T10:01\n05 10:02 leak1 wet at=05T09:31";
    for late in [heap, slowly, between] {
        check("", &format!("{now}{late}"), "");
    }
}
