//! Night, budget, consent, STOP; who is meant and what they may do.

use super::check;

#[test]
fn routine_words_wait_for_the_morning_and_are_checked_again() {
    let low = "05 20:00 lock1 battery=60\n05 21:30 lock1 battery=20\n05 22:00 lock1 battery=19";
    check(
        "",
        &format!("{low}\n06 09:00 wait"),
        "05 22:00 opened battery lock1\n06 08:00 text tenant:t1 battery_tenant",
    );
    let solved = "\n05 22:30 lock1 battery=100 boots=1\n05 23:00 lock1 battery=100 boots=2\n06 09:00 wait";
    let then = "
        05 22:00 opened battery lock1
        05 23:00 resolved battery lock1
        05 23:00 unpaid not_told battery lock1
        06 08:00 text tenant:t1 battery_thanks_plain";
    check("", &format!("{low}{solved}"), then);
}

#[test]
fn what_is_held_overnight_for_one_person_becomes_one_message() {
    let story = "
        05 20:00 lock1 battery=60
        05 20:00 leak1 battery=60
        05 22:00 lock1 battery=20
        05 22:10 lock1 battery=19
        05 22:20 leak1 battery=20
        05 22:30 leak1 battery=19
        06 09:00 wait";
    let then = "
        05 22:10 opened battery lock1
        05 22:30 opened battery leak1
        06 08:00 text tenant:t1 battery_tenant merged";
    check("", story, then);
    // A carrier of approved templates takes no two in one.
    let two = format!("{}\n06 08:00 text tenant:t1 battery_tenant", then.replace(" merged", ""));
    check("templates only", story, &two);
}

#[test]
fn the_budget_of_the_day_holds_routine_words_and_never_a_leak() {
    let story = "
        05 08:00 lock1 battery=60
        05 08:00 leak1 battery=60
        05 10:00 lock1 battery=20
        05 10:10 lock1 battery=19
        05 10:20 leak1 battery=20
        05 10:30 leak1 battery=19
        05 11:00 leak1 wet
        05 11:01 h1 accept leak
        06 10:00 wait";
    let then = "
        05 10:10 opened battery lock1
        05 10:10 text tenant:t1 battery_tenant
        05 10:30 opened battery leak1
        05 11:00 opened leak leak1
        05 11:00 text tenant:t1 leak_tenant
        05 11:00 text housekeeper:h1 offer_leak
        05 11:01 accepted leak leak1";
    check(
        "budget 1",
        story,
        &format!("{then}\n07 08:00 text tenant:t1 battery_tenant")
            .replace("\n07 08:00 text tenant:t1 battery_tenant", ""),
    );
}

#[test]
fn stop_is_kept_even_for_water_and_start_ends_it() {
    let story = "
        05 08:00 lock1 battery=60
        05 09:00 lock1 battery=20
        05 09:10 lock1 battery=19
        05 09:20 tenant:t1 ＳＴＯＰ.
        05 10:00 leak1 wet
        05 10:01 h1 accept leak
        05 10:30 tenant:t1 start
        05 11:00 leak1 dry
        05 12:00 leak1 wet
        05 12:01 h1 accept leak";
    let then = "
        05 09:10 opened battery lock1
        05 09:10 text tenant:t1 battery_tenant
        05 10:00 opened leak leak1
        05 10:00 text housekeeper:h1 offer_leak
        05 10:01 accepted leak leak1
        05 11:30 resolved leak leak1
        05 12:00 reopened leak leak1
        05 12:00 text tenant:t1 leak_tenant
        05 12:00 text housekeeper:h1 offer_leak
        05 12:01 accepted leak leak1";
    check("", story, then);
}

#[test]
fn consent_is_asked_by_purpose() {
    let low = "05 08:00 lock1 battery=60\n05 09:00 lock1 battery=20\n05 09:10 lock1 battery=19";
    let wet = "\n05 10:00 leak1 wet\n05 10:01 h1 accept leak";
    let told = "
        05 10:00 opened leak leak1
        05 10:00 text tenant:t1 leak_tenant
        05 10:00 text housekeeper:h1 offer_leak
        05 10:01 accepted leak leak1";
    check("consent safety", &format!("{low}{wet}"), &format!("05 09:10 opened battery lock1{told}"));
    let told = "
        05 09:10 opened battery lock1
        05 09:10 text tenant:t1 battery_tenant_plain
        05 10:00 opened leak leak1
        05 10:00 text housekeeper:h1 offer_leak
        05 10:01 accepted leak leak1";
    check("consent reminder", &format!("{low}{wet}"), told);
}

#[test]
fn tampering_of_last_month_that_the_broker_kept_is_none() {
    let old = "05 03:00 lock1 tamper at=01T03:00 retained\n05 03:01 lock1 tamper retained\n";
    check("", old, "");
    let opened =
        "05 03:10 opened tamper lock1\n05 03:10 text housekeeper:h2 tamper_housekeeper\n05 03:11 accepted tamper lock1";
    check("", &format!("{old}05 03:10 lock1 tamper\n05 03:11 h2 accept tamper"), opened);
    check("", "05 03:10 lock1 tamper at=05T03:05 retained\n05 03:11 h2 accept tamper", opened);
    // Kept from before the device said that it is closed.
    check("", "05 03:00 lock1 closed\n05 03:10 lock1 tamper at=05T02:55 retained", "");
}

#[test]
fn a_tamper_is_told_at_once_and_once() {
    let story = "05 03:00 lock1 closed\n05 03:10 lock1 tamper\n05 03:20 lock1 tamper\n05 03:30 lock1 closed\n05 03:40 lock1 tamper\n05 04:00 h2 accept tamper\n05 04:10 h2 arrive tamper\n05 04:20 h2 done tamper";
    let then = "
        05 03:10 opened tamper lock1
        05 03:10 text housekeeper:h2 tamper_housekeeper
        05 04:00 accepted tamper lock1
        05 04:10 arrived tamper lock1
        05 04:20 resolved tamper lock1
        06 04:20 closed tamper lock1";
    check("", &format!("{story}\n06 05:00 wait"), then);
}

#[test]
fn a_wrong_move_changes_nothing() {
    let story = "05 10:00 lock1 closed\n05 10:10 lock1 tamper\n05 10:11 h1 arrive tamper\n05 10:12 nobody accept tamper\n05 10:13 h1 cancel tamper\n05 10:14 h1 accept tamper\n05 10:15 h1 note tamper";
    let then = "
        05 10:10 opened tamper lock1
        05 10:10 text housekeeper:h1 tamper_housekeeper
        05 10:11 refused not possible while the ticket is open: accept it first
        05 10:12 refused no such housekeeper at this property
        05 10:13 cancelled tamper lock1
        05 10:14 refused not possible while the ticket is cancelled
        05 10:15 note tamper lock1";
    check("", story, then);
}

#[test]
fn a_manager_who_said_stop_is_not_told_of_a_bed_by_text() {
    let story = "05 03:00 leak1 dry\n05 03:10 leak1 wet\n05 03:12 tenant:t1 1";
    let mut stage = super::Stage::new();
    super::lines(story).for_each(|line| stage.act(line));
    assert!(stage.log.iter().any(|l| l.ends_with("text manager:oak bed_manager")), "{:#?}", stage.log);
    let mut stage = super::Stage::new();
    let manager = stage.facts.places[&nightporter::model::PropertyId::from("oak")].property.manager_phone.clone();
    stage.facts.stopped.insert(manager);
    super::lines(story).for_each(|line| stage.act(line));
    assert!(!stage.log.iter().any(|l| l.contains("manager:oak")), "{:#?}", stage.log);
}
