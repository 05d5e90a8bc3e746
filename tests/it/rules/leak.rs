//! Water: at once, at any hour, one incident for a riser, over only after it has stayed dry.

use super::check;

const NIGHT: &str = "05 03:00 leak1 dry\n05 03:10 leak1 wet";
const OPENED: &str = "
    05 03:10 opened leak leak1
    05 03:10 text tenant:t1 leak_tenant
    05 03:10 text housekeeper:h2 offer_leak";

#[test]
fn wet_at_night_reaches_tenant_second_and_manager() {
    let then = "
        05 03:12 text housekeeper:h1 offer_leak
        05 03:20 text manager:oak leak_manager";
    check("", &format!("{NIGHT}\n05 03:15 leak1 wet\n05 05:00 wait"), &format!("{OPENED}{then}"));
}

#[test]
fn who_accepts_ends_the_escalation() {
    check(
        "",
        &format!("{NIGHT}\n05 03:11 h2 accept leak\n05 05:00 wait"),
        &format!("{OPENED}\n05 03:11 accepted leak leak1"),
    );
    let later = "
        05 03:12 text housekeeper:h1 offer_leak
        05 03:14 accepted leak leak1
        05 03:15 refused not possible while the ticket is assigned: somebody else has it";
    check(
        "",
        &format!("{NIGHT}\n05 03:14 h1 accept leak\n05 03:15 h2 accept leak\n05 05:00 wait"),
        &format!("{OPENED}{later}"),
    );
}

#[test]
fn a_number_that_refuses_is_not_asked_again() {
    let then = "
        05 03:10 message_failed leak leak1
        05 03:12 text housekeeper:h1 offer_leak
        05 03:20 text manager:oak leak_manager";
    check("refuses +8613800008002", &format!("{NIGHT}\n05 05:00 wait"), &format!("{OPENED}{then}"));
}

#[test]
fn nobody_on_duty_means_the_manager_at_once() {
    let then = "
        05 03:10 opened leak leak1
        05 03:10 text tenant:t1 leak_tenant
        05 03:10 text manager:oak leak_manager
        05 03:20 text manager:oak leak_manager";
    check("alone", &format!("{NIGHT}\n05 05:00 wait"), then);
}

#[test]
fn the_manager_hears_once_that_a_bed_is_needed() {
    let story = "\n05 03:11 h2 accept leak\n05 03:12 tenant:t1 需要\n05 03:13 tenant:t1 yes";
    let then = "
        05 03:11 accepted leak leak1
        05 03:12 answered leak leak1
        05 03:12 text manager:oak bed_manager";
    check("", &format!("{NIGHT}{story}"), &format!("{OPENED}{then}"));
    check(
        "",
        &format!("{NIGHT}\n05 03:11 h2 accept leak\n05 03:12 tenant:t1 no thanks"),
        &format!("{OPENED}\n05 03:11 accepted leak leak1"),
    );
}

#[test]
fn dry_for_half_an_hour_is_over_and_wet_again_is_the_same_ticket() {
    let story = "
        05 03:11 h2 accept leak
        05 03:20 leak1 dry
        05 03:40 leak1 wet
        05 03:50 leak1 dry
        05 04:30 wait
        05 06:00 leak1 wet";
    let then = "
        05 03:11 accepted leak leak1
        05 04:20 resolved leak leak1
        05 06:00 reopened leak leak1
        05 06:00 text tenant:t1 leak_tenant
        05 06:00 text housekeeper:h2 offer_leak";
    check("", &format!("{NIGHT}{story}"), &format!("{OPENED}{then}"));
}

#[test]
fn wet_dry_and_wet_in_the_same_words_within_a_minute_is_wet() {
    let taken = "\n05 03:11 h2 accept leak\n05 03:20 leak1 wet\n05 03:20 leak1 dry\n05 03:20 leak1 wet";
    let then = "\n05 03:11 accepted leak leak1";
    check("", &format!("{NIGHT}{taken}\n05 05:00 wait"), &format!("{OPENED}{then}"));
    // All three delivered again, in their order: dry is the last word.
    let again = "\n05 03:20 leak1 dry\n05 03:20 leak1 wet\n05 03:20 leak1 dry\n05 05:00 wait";
    check("", &format!("{NIGHT}{taken}{again}"), &format!("{OPENED}{then}\n05 03:50 resolved leak leak1"));
}

#[test]
fn resolved_for_a_day_it_is_closed_and_the_next_water_is_another_ticket() {
    let story =
        "05 10:00 leak1 wet\n05 10:01 h1 accept leak\n05 10:10 leak1 dry\n06 12:00 leak1 wet\n06 12:01 h1 accept leak";
    let then = "
        05 10:00 opened leak leak1
        05 10:00 text tenant:t1 leak_tenant
        05 10:00 text housekeeper:h1 offer_leak
        05 10:01 accepted leak leak1
        05 10:40 resolved leak leak1
        06 10:40 closed leak leak1
        06 12:00 opened leak leak1
        06 12:00 text tenant:t1 leak_tenant
        06 12:00 text housekeeper:h1 offer_leak
        06 12:01 accepted leak leak1";
    check("", story, then);
}

#[test]
fn wet_units_of_one_riser_within_minutes_are_one_incident() {
    let story = "\n05 03:11 h2 accept leak\n05 03:20 leak2 wet\n05 03:30 leak1 dry\n05 05:00 leak2 dry\n05 06:00 wait";
    let then = "
        05 03:11 accepted leak leak1
        05 03:20 joined leak leak1
        05 03:20 text tenant:t2 leak_tenant
        05 04:00 dry leak leak1
        05 05:30 resolved leak leak1";
    check("", &format!("{NIGHT}{story}"), &format!("{OPENED}{then}"));
    let late = "\n05 03:11 h2 accept leak\n05 03:41 leak2 wet\n05 03:42 h2 accept leak";
    let then = "
        05 03:11 accepted leak leak1
        05 03:41 opened leak leak2
        05 03:41 text tenant:t2 leak_tenant
        05 03:41 text housekeeper:h2 offer_leak
        05 03:42 accepted leak leak2";
    check("", &format!("{NIGHT}{late}"), &format!("{OPENED}{then}"));
}

#[test]
fn old_and_retained_water_is_no_water() {
    check("", "05 03:00 leak1 dry at=05T03:00\n05 10:00 leak1 wet retained", "");
    check("", "05 03:00 leak1 dry at=05T03:00\n05 10:00 leak1 wet at=05T04:00", "");
    check("", "05 03:00 leak1 dry at=05T03:00\n05 10:00 leak1 wet at=05T04:00 retained", "");
    check(
        "",
        "05 03:10 leak1 wet at=05T03:05 retained\n05 03:11 h2 accept leak",
        &format!("{OPENED}\n05 03:11 accepted leak leak1"),
    );
    check(
        "",
        "05 03:00 leak1 wet at=05T03:00\n05 03:01 h2 accept leak\n05 03:05 leak1 dry at=05T03:05\n05 03:06 leak1 wet at=05T03:01\n05 04:00 wait",
        "
        05 03:00 opened leak leak1
        05 03:00 text tenant:t1 leak_tenant
        05 03:00 text housekeeper:h2 offer_leak
        05 03:01 accepted leak leak1
        05 03:35 resolved leak leak1",
    );
}

#[test]
fn each_probe_counts() {
    let story = "05 03:10 leak1 probe=a:dry probe=b:wet\n05 03:11 h2 accept leak\n05 03:20 leak1 probe=a:dry\n05 03:30 leak1 probe=b:dry\n05 05:00 wait";
    check("", story, &format!("{OPENED}\n05 03:11 accepted leak leak1\n05 04:00 resolved leak leak1"));
}

#[test]
fn a_word_does_not_dry_a_wet_sensor() {
    let story = "\n05 03:11 h2 accept leak\n05 03:30 h2 arrive leak\n05 03:40 h2 done leak\n05 05:00 wait";
    let then = "\n05 03:11 accepted leak leak1\n05 03:30 arrived leak leak1\n05 03:40 said_done leak leak1";
    check("", &format!("{NIGHT}{story}"), &format!("{OPENED}{then}"));
}

#[test]
fn a_cancelled_leak_that_is_wet_again_is_a_new_ticket() {
    let story =
        "05 10:00 leak1 wet\n05 10:01 h1 cancel leak\n05 10:05 leak1 dry\n05 11:00 leak1 wet\n05 11:01 h1 accept leak";
    let then = "
        05 10:00 opened leak leak1
        05 10:00 text tenant:t1 leak_tenant
        05 10:00 text housekeeper:h1 offer_leak
        05 10:01 cancelled leak leak1
        05 11:00 opened leak leak1
        05 11:00 text tenant:t1 leak_tenant
        05 11:00 text housekeeper:h1 offer_leak
        05 11:01 accepted leak leak1";
    check("", story, then);
}
