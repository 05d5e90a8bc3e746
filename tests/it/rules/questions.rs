//! Whose answer it is, and to which question: each tenant of an incident for themselves, the one asked last first; and
//! nobody for a home that they have left.

use nightporter::model::*;

use super::stage::Stage;
use super::{check, lines};

/// Two flats of one riser, one after the other.
const RISER: &str = "05 03:10 leak1 wet\n05 03:11 h2 accept leak\n05 03:20 leak2 wet";

fn play(story: &str) -> Stage {
    let mut stage = Stage::new();
    lines(story).for_each(|line| stage.act(line));
    stage
}

fn of(stage: &Stage, kind: TicketKind) -> &Ticket {
    stage.facts.tickets.values().rfind(|t| t.kind == kind).expect("a ticket")
}

/// Why a human is awaited, by tenant.
fn waiting(stage: &Stage) -> Vec<(&str, &str)> {
    let all = stage.facts.conversations.values();
    let mut all: Vec<_> = all.filter_map(|c| Some((c.tenant_id.as_str(), c.why.as_deref()?))).collect();
    all.sort_unstable();
    all
}

#[test]
fn of_one_incident_each_tenant_answers_for_themselves() {
    let mut stage = play(&format!("{RISER}\n05 03:21 tenant:t2 1\n05 03:22 tenant:t1 no thanks"));
    let then = [
        "05 03:21 answered leak leak1",
        "05 03:21 text tenant:t2 bed_coming",
        "05 03:21 text manager:oak bed_manager",
        "05 03:22 answered leak leak1",
    ];
    assert_eq!(stage.log[stage.log.len() - 4..], then);
    let manager = stage.messages.iter().find(|m| m.template == "bed_manager").expect("told").body.clone();
    assert!(manager.contains("0201") && manager.contains("+8613912345602"), "whose bed: {manager}");
    let coming = stage.messages.iter().find(|m| m.template == "bed_coming").expect("told").body.clone();
    assert!(coming.contains("Wang Fang"), "{coming}");
    let said: Vec<_> = of(&stage, TicketKind::Leak).questions.iter().map(|q| q.answer.as_deref()).collect();
    assert_eq!(said, [Some("no"), Some("need_bed")]);
    stage.act("05 03:25 tenant:t1 I need a bed after all");
    let mut beds: Vec<_> =
        stage.tasks.iter().map(|t| (t.id.as_str(), t.unit_id.as_ref().map(UnitId::as_str))).collect();
    assert_eq!(beds.iter().map(|(_, unit)| *unit).collect::<Vec<_>>(), [Some("oak-2"), Some("oak-1")]);
    beds.dedup_by_key(|(id, _)| *id);
    assert_eq!(beds.len(), 2, "one for each flat");
    assert_eq!(stage.messages.iter().filter(|m| m.template == "bed_manager").count(), 2);
}

#[test]
fn a_neighbours_answer_does_not_end_the_calls() {
    let mut stage = Stage::new();
    stage.change("calls");
    lines("05 03:10 leak1 wet\n05 03:10 leak2 wet\n05 03:10 tenant:t2 1\n05 03:12 wait").for_each(|l| stage.act(l));
    assert!(stage.log.contains(&"05 03:11 call tenant:t1 leak_call".to_owned()), "{:#?}", stage.log);
}

/// A request that was seen to, and the question how it was.
const SERVED: &str = "05 08:00 tenant:t1 空调坏了，帮忙修一下\n05 08:10 h1 accept request\n05 08:20 h1 arrive request\n\
                      05 08:30 h1 done request\n05 10:40 wait";

#[test]
fn the_question_asked_last_is_the_one_answered() {
    let bed = play(&format!("{SERVED}\n05 11:00 leak1 wet\n05 11:01 h1 accept leak\n05 11:02 tenant:t1 1"));
    assert!(bed.log.contains(&"05 10:30 text tenant:t1 survey_tenant".to_owned()), "{:#?}", bed.log);
    assert_eq!(of(&bed, TicketKind::Request).survey.as_ref().expect("asked").score, None, "1 is no mark");
    assert_eq!(of(&bed, TicketKind::Leak).answered(), Some("need_bed"));
    let mark = play(&format!("{SERVED}\n05 11:00 tenant:t1 9\n05 11:01 tenant:t1 1"));
    assert_eq!(of(&mark, TicketKind::Request).survey.as_ref().expect("asked").score, Some(9));
    assert_eq!(waiting(&mark), [("t1", "unknown")], "the second is an answer to nothing");
}

#[test]
fn a_matter_that_is_open_again_does_not_ask_how_it_was() {
    let mended =
        "05 10:00 leak1 wet\n05 10:01 h1 accept leak\n05 10:20 h1 arrive leak\n05 11:00 leak1 dry\n05 14:00 wait";
    let mut stage = play(&format!("{mended}\n05 14:10 leak1 wet\n05 14:11 h1 accept leak\n05 14:12 tenant:t1 1"));
    assert!(stage.log.contains(&"05 13:30 text tenant:t1 survey_tenant".to_owned()), "{:#?}", stage.log);
    assert_eq!(of(&stage, TicketKind::Leak).answered(), Some("need_bed"), "{:#?}", stage.log);
    lines("05 14:30 leak1 dry\n05 15:10 tenant:t1 3").for_each(|line| stage.act(line));
    assert!(!stage.log.iter().any(|l| l.contains("marked")), "nobody asked in this round: {:#?}", stage.log);
}

#[test]
fn the_first_answer_closes_its_question() {
    let asked = "05 08:00 lock1 battery=60\n05 09:00 lock1 battery=20\n05 09:10 lock1 battery=19\n06 10:00 lock1 battery=60\n\
                 06 14:00 lock1 battery=60\n07 09:00 lock1 battery=60\n07 10:00 lock1 battery=60";
    let once = play(&format!("{asked}\n07 12:00 tenant:t1 no\n07 12:05 tenant:t1 1"));
    assert!(once.log.contains(&"07 10:00 text tenant:t1 battery_ask".to_owned()), "{:#?}", once.log);
    assert_eq!(once.log.last().map(String::as_str), Some("07 12:00 answered battery lock1"));
    assert_eq!(waiting(&once), [("t1", "unknown")]);
    let twice = play(&format!("{asked}\n07 12:00 tenant:t1 1\n07 12:05 tenant:t1 1"));
    assert_eq!(twice.log.iter().filter(|l| l.contains("said_done")).count(), 1, "{:#?}", twice.log);
}

#[test]
fn a_1_that_may_be_meant_for_the_valve_books_no_bed() {
    let mut stage = Stage::new();
    stage.change("valve for oak-1");
    let mut playbook = stage.policy.playbook(&"oak".into(), TicketKind::Leak);
    let asks = Some("close_valve".to_owned());
    let step = Step { verb: Verb::ValveClose, template: None, asks, ..playbook.steps[0].clone() };
    playbook.steps.push(step);
    stage.policy.property_playbooks.insert("oak".into(), [(TicketKind::Leak, playbook)].into());
    lines("05 03:10 leak1 wet\n05 03:11 h2 accept leak\n05 03:12 tenant:t1 1").for_each(|line| stage.act(line));
    assert!(stage.log.contains(&"05 03:10 text tenant:t1 valve_ask".to_owned()), "{:#?}", stage.log);
    assert!(stage.tasks.is_empty() && stage.valves.is_empty(), "{:#?}", stage.log);
    assert_eq!(waiting(&stage), [("t1", "unknown")]);
    stage.act("05 03:13 tenant:t1 we need a hotel");
    assert_eq!(stage.tasks.len(), 1, "in words it is clear");
}

const LOW: &str = "04 08:00 lock1 battery=60\n04 09:00 lock1 battery=20\n04 09:10 lock1 battery=19";
const TOLD: &str = "04 09:10 opened battery lock1\n04 09:10 text tenant:t1 battery_tenant";

#[test]
fn who_has_moved_out_moves_nothing_and_a_human_reads_it() {
    for words in ["换好了", "I'm locked out", "please send someone", "water everywhere, come quick!"] {
        let mut stage = Stage::new();
        ["t1 leaves 4", "t9 follows 5"].iter().for_each(|line| stage.change(line));
        lines(&format!("{LOW}\n05 09:00 tenant:t1 {words}")).for_each(|line| stage.act(line));
        assert_eq!(stage.log[..2], lines(TOLD).collect::<Vec<_>>());
        assert!(!stage.log[2..].iter().any(|l| l.contains("lock1") || l.contains("opened")), "{:#?}", stage.log);
        assert_eq!(waiting(&stage).len(), 1, "{words}");
        assert_eq!(
            stage.facts.conversations.values().next().expect("one").ticket_id,
            None,
            "not in the new tenant's matter"
        );
    }
    let then = format!("{TOLD}\n05 09:00 text tenant:t1 about_us");
    check("t1 leaves 4\nt9 follows 5", &format!("{LOW}\n05 09:00 tenant:t1 help\n05 09:01 tenant:t1 STOP"), &then);
    // The last day of a tenancy is one of it.
    let last = format!("{TOLD}\n04 20:00 said_done battery lock1");
    check("t1 leaves 4\nt9 follows 5", &format!("{LOW}\n04 20:00 tenant:t1 换好了"), &last);
}

#[test]
fn who_moved_within_the_house_moves_nothing_of_the_home_they_left() {
    let mut stage = Stage::new();
    stage.change("t1 leaves 4");
    let left = stage.facts.tenants["oak-1"].iter().find(|t| t.id.as_str() == "t1").expect("given").clone();
    let here = Tenant {
        id: "t1b".into(),
        unit_id: "oak-c".into(),
        from: "2026-01-05".parse().expect("a day"),
        to: None,
        ..left
    };
    stage.facts.tenants.insert("oak-c".into(), vec![here]);
    lines(&format!("{LOW}\n05 09:00 tenant:t1 换好了")).for_each(|line| stage.act(line));
    assert_eq!(stage.log, lines(TOLD).collect::<Vec<_>>());
    assert_eq!(waiting(&stage), [("t1b", "done")]);
}
