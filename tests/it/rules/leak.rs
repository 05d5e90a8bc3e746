//! Water: at once, at any hour, one incident for a riser, over only after it has stayed dry.

use super::check;
use super::stage::Stage;

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
        05 03:14 text housekeeper:h2 job_given_away
        05 03:15 refused not possible while the ticket is assigned: somebody else has it";
    check(
        "",
        &format!("{NIGHT}\n05 03:14 h1 accept leak\n05 03:15 h2 accept leak\n05 05:00 wait"),
        &format!("{OPENED}{later}"),
    );
}

#[test]
fn whose_number_refuses_is_not_waited_for_nor_asked_again() {
    let then = "
        05 03:10 message_failed leak leak1
        05 03:10 text housekeeper:h1 offer_leak
        05 03:20 text manager:oak leak_manager";
    check("refuses +8613800008002", &format!("{NIGHT}\n05 05:00 wait"), &format!("{OPENED}{then}"));
}

#[test]
fn a_tenant_whom_no_text_reaches_is_called_at_once() {
    let then = "
        05 03:10 opened leak leak1
        05 03:10 text tenant:t1 leak_tenant
        05 03:10 message_failed leak leak1
        05 03:10 call tenant:t1 leak_call
        05 03:10 message_failed leak leak1
        05 03:10 text housekeeper:h2 offer_leak";
    check("calls\nrefuses +14155550101", &format!("{NIGHT}\n05 03:10 wait"), then);
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
        05 03:12 text tenant:t1 bed_coming
        05 03:12 text manager:oak bed_manager";
    check("", &format!("{NIGHT}{story}"), &format!("{OPENED}{then}"));
    check(
        "",
        &format!("{NIGHT}\n05 03:11 h2 accept leak\n05 03:12 tenant:t1 no thanks"),
        &format!("{OPENED}\n05 03:11 accepted leak leak1\n05 03:12 answered leak leak1"),
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
        05 12:40 text tenant:t1 survey_tenant
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
fn the_same_word_that_the_broker_kept_hides_no_water_that_is_told_now() {
    // Without a time, and by a clock that is two hours slow.
    for word in ["wet", "wet at=05T01:05"] {
        let story = format!("05 03:09 leak1 {word} retained\n05 03:10 leak1 {word}\n05 03:11 h2 accept leak");
        check("", &story, &format!("{OPENED}\n05 03:11 accepted leak leak1"));
    }
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
fn a_retained_dry_of_tomorrow_hides_no_water() {
    let story = "05 03:00 leak1 dry retained at=06T03:00\n05 03:10 leak1 wet\n05 03:11 h2 accept leak";
    check("", story, &format!("{OPENED}\n05 03:11 accepted leak leak1"));
}

#[test]
fn a_cancelled_leak_is_over_once_it_is_dry_and_the_next_water_is_another() {
    let story =
        "05 10:00 leak1 wet\n05 10:01 h1 cancel leak\n05 10:05 leak1 dry\n05 10:15 leak1 wet\n05 10:16 h1 accept leak";
    let then = "
        05 10:00 opened leak leak1
        05 10:00 text tenant:t1 leak_tenant
        05 10:00 text housekeeper:h1 offer_leak
        05 10:01 cancelled leak leak1
        05 10:15 opened leak leak1
        05 10:15 text tenant:t1 leak_tenant
        05 10:15 text housekeeper:h1 offer_leak
        05 10:16 accepted leak leak1";
    check("", story, then);
    // Cancelled when it was dry already.
    let dried =
        "05 10:00 leak1 wet\n05 10:00 leak1 dry\n05 10:01 h1 cancel leak\n05 10:15 leak1 wet\n05 10:16 h1 accept leak";
    check("", dried, then);
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

#[test]
fn a_nearly_empty_sensor_is_given_two_minutes_to_think_again() {
    let empty = "05 02:00 leak1 dry battery=4\n";
    check("", &format!("{empty}05 03:00 leak1 wet\n05 03:01 leak1 dry\n05 06:00 wait"), "");
    let then = "
        05 03:02 opened leak leak1
        05 03:02 text tenant:t1 leak_tenant
        05 03:02 text housekeeper:h2 offer_leak
        05 03:03 accepted leak leak1";
    check("", &format!("{empty}05 03:00 leak1 wet\n05 03:03 h2 accept leak\n05 06:00 wait"), then);
    // Two probes agree: no doubt.
    let two = then.replace("03:02", "03:00").replace("03:03", "03:01");
    check("", &format!("{empty}05 03:00 leak1 probe=a:wet probe=b:wet\n05 03:01 h2 accept leak"), &two);
}

#[test]
fn a_shower_at_the_same_hour_is_doubted_after_three_days_and_a_leak_at_that_hour_is_not_lost() {
    let shower =
        |day: u32| format!("{day:02} 07:00 leak1 wet\n{day:02} 07:01 h1 cancel leak\n{day:02} 07:01 leak1 dry\n");
    let three: String = [2, 3, 4].into_iter().map(shower).collect();
    let mut stage = super::Stage::new();
    super::lines(&three).for_each(|line| stage.act(line));
    stage.act("05 07:20 leak1 wet");
    stage.act("05 07:21 leak1 dry");
    stage.act("06 07:10 wait");
    assert_eq!(stage.log.iter().filter(|l| l.contains("opened leak")).count(), 3, "{:#?}", stage.log);
    stage.act("06 07:10 leak1 wet");
    stage.act("06 08:00 wait");
    assert!(stage.log.iter().any(|l| l == "06 07:12 opened leak leak1"), "{:#?}", stage.log);
}

#[test]
fn a_sensor_that_never_dries_is_asked_to_be_looked_at_once_and_by_day() {
    let then = "
        05 03:11 accepted leak leak1
        06 03:10 still_wet leak leak1
        06 08:00 text housekeeper:h1 leak_still_wet";
    check("", &format!("{NIGHT}\n05 03:11 h2 accept leak\n06 20:00 wait"), &format!("{OPENED}{then}"));
}

#[test]
fn a_cancelled_leak_that_stays_wet_is_asked_again() {
    let story =
        "05 10:00 leak1 wet\n05 10:01 h1 cancel leak\n05 22:01 h2 accept leak\n05 23:00 leak1 dry\n06 12:00 wait";
    let then = "
        05 10:00 opened leak leak1
        05 10:00 text tenant:t1 leak_tenant
        05 10:00 text housekeeper:h1 offer_leak
        05 10:01 cancelled leak leak1
        05 22:00 opened leak leak1
        05 22:00 text tenant:t1 leak_tenant
        05 22:00 text housekeeper:h2 offer_leak
        05 22:01 accepted leak leak1
        05 23:30 resolved leak leak1
        06 08:00 text tenant:t1 survey_tenant";
    check("", story, then);
}

#[test]
fn the_highest_wet_floor_is_the_likely_source() {
    let mut stage = super::Stage::new();
    for line in ["05 03:10 leak1 wet", "05 03:12 leak2 wet"] {
        stage.act(line);
    }
    let ticket = stage.facts.tickets.values().next().expect("one incident");
    let source = ticket.source.as_ref().expect("a source");
    assert_eq!((source.unit_id.as_str(), source.floor), ("oak-2", Some(2)));
    // The other way round: the one above was first, and stays the source.
    let mut stage = super::Stage::new();
    for line in ["05 03:10 leak2 wet", "05 03:12 leak1 wet"] {
        stage.act(line);
    }
    let ticket = stage.facts.tickets.values().next().expect("one incident");
    assert_eq!(ticket.source.as_ref().map(|s| s.unit_id.as_str()), Some("oak-2"));
}

/// A meter (any device that tells a flow) every half an hour.
fn flow(day: u32, hours: std::ops::Range<u32>, lpm: f64) -> String {
    let half = |n: u32| format!("{day:02} {:02}:{:02} leak1 flow={lpm}\n", n / 2, n % 2 * 30);
    (hours.start * 2..hours.end * 2).map(half).collect()
}

#[test]
fn flow_that_never_stops_is_a_leak_without_a_sensor_until_it_stops() {
    let nights: String = [3, 4]
        .into_iter()
        .map(|d| {
            flow(d, 0..7, 0.0)
                + &flow(d, 7..9, 6.0)
                + &flow(d, 9..20, 0.0)
                + &flow(d, 20..23, 4.0)
                + &flow(d, 23..24, 0.0)
        })
        .collect();
    check("", &nights, "");
    let trickle =
        format!("{nights}{}{}", flow(5, 0..7, 0.3), "05 07:00 leak1 flow=0\n05 07:30 leak1 flow=0\n05 08:30 wait");
    let then = "
        05 06:00 opened leak leak1
        05 06:00 text tenant:t1 leak_tenant
        05 06:00 text manager:oak leak_manager
        05 06:10 text manager:oak leak_manager
        05 07:30 resolved leak leak1";
    let mut stage = super::Stage::new();
    super::lines(&trickle).for_each(|line| stage.act(line));
    let moves: Vec<&String> = stage.log.iter().filter(|l| !l.contains(" text ")).collect();
    let expected: Vec<&str> = super::lines(then).filter(|l| !l.contains(" text ")).collect();
    assert_eq!(moves, expected, "{:#?}", stage.log);
    let ticket = stage.facts.tickets.values().next().expect("one ticket");
    assert_eq!(ticket.severity, nightporter::model::Severity::Urgent, "a trickle");
}

#[test]
fn a_trickle_that_becomes_a_flood_is_told_anew_to_everybody() {
    use nightporter::model::{Severity, Status};
    let dry: String =
        [3, 4].into_iter().map(|d| flow(d, 0..7, 0.0) + &flow(d, 7..9, 6.0) + &flow(d, 9..24, 0.0)).collect();
    let trickle =
        format!("{dry}{}05 06:10 h1 accept leak\n05 06:20 leak1 wet", flow(5, 0..6, 0.3) + &flow(5, 6..7, 0.3));
    let trickle: Vec<&str> = trickle.lines().filter(|l| *l != "05 06:30 leak1 flow=0.3").collect();
    let mut stage = super::Stage::new();
    trickle.iter().for_each(|line| stage.act(line));
    let ticket = stage.facts.tickets.values().next().expect("one ticket");
    assert_eq!((ticket.severity, &ticket.status), (Severity::Emergency, &Status::Assigned), "{:#?}", stage.log);
    let since = stage.log.iter().position(|l| l.ends_with("worsened leak leak1")).expect("told of");
    let told = stage.log[since..].join("\n");
    assert!(told.contains("text tenant:t1 leak_tenant") && told.contains("text housekeeper:h1 offer_leak"), "{told}");
}

#[test]
fn a_counter_that_runs_all_night_is_a_leak_too() {
    let counter: String =
        (0..14).map(|n| format!("05 {:02}:{:02} leak1 litres={}\n", n / 2, n % 2 * 30, 1000 + n * 90)).collect();
    let mut stage = super::Stage::new();
    super::lines(&counter).for_each(|line| stage.act(line));
    assert!(stage.log.iter().any(|l| l.ends_with("opened leak leak1")), "{:#?}", stage.log);
    let ticket = stage.facts.tickets.values().next().expect("one ticket");
    assert_eq!(ticket.severity, nightporter::model::Severity::Emergency, "three litres a minute");
    // A counter that stands still, or began anew, is none.
    let still: String = (0..40)
        .map(|n| format!("05 {:02}:{:02} leak1 litres={}\n", n / 2, n % 2 * 30, if n < 20 { 500 } else { 3 }))
        .collect();
    check("", &still, "");
}

#[test]
fn a_clock_that_was_ahead_and_is_put_right_hides_no_water() {
    for ahead in ["05 10:20", "05 10:00", "25 10:00"] {
        for wet in ["wet", "wet at=05T09:31"] {
            let mut stage = Stage::new();
            let story = format!("05 09:00 leak1 dry\n{ahead} leak1 dry\n05 09:30 restart\n05 09:31 leak1 {wet}");
            story.lines().for_each(|line| stage.act(line));
            let opened = stage.log.iter().any(|line| line == "05 09:31 opened leak leak1");
            assert!(opened, "ahead until {ahead}, {wet}: {:?}", stage.log);
        }
    }
}
