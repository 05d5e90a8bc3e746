//! Batteries: low once, fresh by proof only.

use super::{Stage, check};

/// Opening lines of most stories: known to be good, then low twice by day.
const LOW: &str = "
    05 08:00 lock1 battery=60
    05 10:00 lock1 battery=20
    05 11:00 lock1 battery=19";
const OPENED: &str = "
    05 11:00 opened battery lock1
    05 11:00 text tenant:t1 battery_tenant";

#[test]
fn low_at_the_second_reading_at_or_below() {
    check("", "05 10:00 lock1 battery=60\n05 11:00 lock1 battery=20.5\n05 12:00 lock1 battery=20.5", "");
    check("", "05 10:00 lock1 battery=60\n05 11:00 lock1 battery=20", "");
    check("", LOW, OPENED);
}

#[test]
fn flapping_repeats_and_temperature_open_one_ticket() {
    let more = "
        05 12:00 lock1 battery=19
        05 13:00 lock1 battery=24
        05 14:00 lock1 battery=18
        05 15:00 lock1 battery=30
        05 16:00 lock1 battery=19
        05 17:00 lock1 battery=17";
    check("", &format!("{LOW}{more}"), OPENED);
}

#[test]
fn a_reading_well_above_starts_the_count_anew() {
    check(
        "",
        "05 10:00 lock1 battery=60\n05 11:00 lock1 battery=20\n05 12:00 lock1 battery=25\n05 13:00 lock1 battery=20",
        "",
    );
    check(
        "",
        "05 10:00 lock1 battery=60\n05 11:00 lock1 battery=20\n05 12:00 lock1 battery=24\n05 13:00 lock1 battery=20",
        "05 13:00 opened battery lock1\n05 13:00 text tenant:t1 battery_tenant",
    );
}

#[test]
fn a_redelivery_is_not_a_second_reading() {
    check(
        "",
        "05 08:00 lock1 battery=60\n05 10:00 lock1 battery=20\n05 10:00 lock1 battery=20\n05 10:01 lock1 battery=20",
        "",
    );
}

#[test]
fn a_claimed_time_makes_a_late_redelivery_the_same_reading() {
    let late = "
        05 08:00 lock1 battery=60 at=05T08:00
        05 10:00 lock1 battery=20 at=05T10:00
        05 10:30 lock1 battery=20 at=05T10:00";
    check("", late, "");
}

#[test]
fn retained_and_older_readings_count_for_nothing() {
    check("", "05 08:00 lock1 battery=60\n05 10:00 lock1 battery=10 retained\n05 11:00 lock1 battery=11 retained", "");
    let out_of_order = "
        05 08:00 lock1 battery=60 at=05T08:00
        05 12:00 lock1 battery=50 at=05T12:00
        05 12:01 lock1 battery=10 at=05T11:30
        05 12:02 lock1 battery=9 at=05T11:31";
    check("", out_of_order, "");
}

#[test]
fn what_the_broker_kept_is_shown_only_until_something_newer_is_told() {
    let mut stage = Stage::new();
    let mut shown = |line: &str| {
        stage.act(line);
        let battery = &stage.states["lock1"].battery;
        (battery.percent, battery.millivolts)
    };
    assert_eq!(shown("05 08:00 lock1 battery=70 mv=5800 retained"), (Some(70.0), Some(5_800.0)));
    assert_eq!(shown("05 09:00 lock1 battery=60 mv=5600 at=05T09:00"), (Some(60.0), Some(5_600.0)));
    for older in ["battery=70 mv=5800 retained", "battery=71 mv=5900 at=04T09:00 retained", "battery=72 at=05T08:50"] {
        assert_eq!(shown(&format!("05 10:00 lock1 {older}")), (Some(60.0), Some(5_600.0)), "{older}");
    }
    assert_eq!(shown("05 11:00 lock1 battery=59 mv=5500 at=05T10:58 retained"), (Some(59.0), Some(5_500.0)));
}

#[test]
fn glitches_of_0_126_and_255_are_not_believed() {
    let story = "
        05 08:00 lock1 battery=80
        05 09:00 lock1 battery=0
        05 09:10 lock1 battery=126
        05 09:20 lock1 battery=255
        05 10:00 lock1 battery=80
        05 11:00 lock1 battery=0
        05 11:30 lock1 battery=0
        05 12:30 lock1 battery=80";
    check("", story, "");
}

#[test]
fn a_zero_that_lasts_is_true() {
    let story =
        "05 08:00 lock1 battery=80\n05 09:00 lock1 battery=0\n05 10:00 lock1 battery=0\n05 11:00 lock1 battery=0";
    let then = "
        05 11:00 opened battery lock1
        05 11:00 text tenant:t1 battery_tenant";
    check("", story, then);
}

#[test]
fn a_flag_alone_is_a_gauge_of_two_steps() {
    let story = "05 08:00 lock1 fine\n05 10:00 lock1 low\n05 11:00 lock1 low";
    check("", story, OPENED);
    check("", "05 08:00 lock1 battery=70 fine\n05 10:00 lock1 battery=70 low\n05 11:00 lock1 battery=69 low", "");
}

#[test]
fn proven_by_four_readings_over_twelve_hours() {
    let story = "
        06 10:00 lock1 battery=100
        06 14:00 lock1 battery=99
        06 18:00 lock1 battery=100
        06 21:59 lock1 battery=99
        07 08:00 lock1 battery=99";
    let then = "
        07 08:00 resolved battery lock1
        07 08:00 credit t1 1000 reward_in_time
        07 08:00 text tenant:t1 battery_thanks
        08 08:00 closed battery lock1";
    check("", &format!("{LOW}{story}\n08 09:00 wait"), &format!("{OPENED}{then}"));
}

#[test]
fn proven_at_the_second_reading_with_a_power_cycle_or_a_word() {
    let resolved = "
        06 11:00 resolved battery lock1
        06 11:00 credit t1 1000 reward_in_time
        06 11:00 text tenant:t1 battery_thanks";
    let cycle = "
        05 12:00 lock1 battery=18 boots=4
        06 10:00 lock1 battery=100 boots=5
        06 11:00 lock1 battery=100 boots=5";
    check("", &format!("{LOW}{cycle}"), &format!("{OPENED}{resolved}"));
    let word = "
        06 10:30 tenant:t1 Done!
        06 10:40 lock1 battery=100
        06 11:00 lock1 battery=99";
    check("", &format!("{LOW}{word}"), &format!("{OPENED}\n06 10:30 said_done battery lock1{resolved}"));
}

#[test]
fn a_reboot_a_warm_day_a_coarse_step_or_a_word_alone_proves_nothing() {
    for story in [
        "06 10:00 lock1 battery=18 boots=4\n06 11:00 lock1 battery=19 boots=5\n06 12:00 lock1 battery=19 boots=6",
        "06 12:00 lock1 battery=31\n06 13:00 lock1 battery=33\n06 23:00 lock1 battery=34\n07 12:00 lock1 battery=30",
        "06 10:00 lock1 battery=40\n06 14:00 lock1 battery=20\n07 10:00 lock1 battery=40\n07 14:00 lock1 battery=20",
    ] {
        check("", &format!("{LOW}\n{story}"), OPENED);
    }
    check(
        "",
        &format!("{LOW}\n05 12:00 tenant:t1 换好了\n05 13:00 lock1 battery=18\n05 14:00 lock1 battery=18"),
        &format!("{OPENED}\n05 12:00 said_done battery lock1"),
    );
}

#[test]
fn readings_that_waited_and_come_at_one_instant_all_count() {
    let story = "
        05 10:00 lock1 battery=60 boots=1
        05 11:00 lock1 battery=20 boots=1
        05 11:00 lock1 battery=19 boots=1
        06 10:00 lock1 battery=100 boots=2
        06 10:00 lock1 battery=99 boots=2";
    let then = "
        06 10:00 resolved battery lock1
        06 10:00 credit t1 1000 reward_in_time
        06 10:00 text tenant:t1 battery_thanks";
    check("", story, &format!("{OPENED}{then}"));
}

#[test]
fn what_is_unsure_asks_the_tenant_once_and_one_word_decides() {
    let story = "
        06 10:00 lock1 battery=60
        06 14:00 lock1 battery=60
        07 09:00 lock1 battery=60
        07 10:00 lock1 battery=60
        07 12:00 tenant:t1 1
        07 14:00 lock1 battery=60";
    let then = "
        07 10:00 replacement_unsure battery lock1
        07 10:00 text tenant:t1 battery_ask
        07 12:00 said_done battery lock1
        07 14:00 resolved battery lock1
        07 14:00 credit t1 1000 reward_in_time
        07 14:00 text tenant:t1 battery_thanks";
    check("", &format!("{LOW}{story}"), &format!("{OPENED}{then}"));
    // Without the question, "1" is no word about a battery.
    check("", &format!("{LOW}\n05 12:00 tenant:t1 1\n05 13:00 lock1 battery=100\n05 14:00 lock1 battery=100"), OPENED);
}

#[test]
fn a_rise_that_falls_back_is_refuted_and_the_ticket_stays() {
    let story = "
        06 10:00 lock1 battery=100
        06 11:00 lock1 battery=18
        06 12:00 lock1 battery=17
        06 23:00 lock1 battery=16";
    check("", &format!("{LOW}{story}"), &format!("{OPENED}\n06 12:00 replacement_refuted battery lock1"));
}

#[test]
fn one_reminder_five_days_before_the_end_and_an_offer_two_days_before_it() {
    let daily: String = (6..20).map(|d| format!("{d:02} 10:00 lock1 battery=15\n")).collect();
    let then = "
        14 11:00 text tenant:t1 battery_reminder
        17 11:00 text housekeeper:h1 offer_battery";
    check("", &format!("{LOW}\n{daily}"), &format!("{OPENED}{then}"));
}

#[test]
fn what_spoke_again_with_the_old_cells_was_not_dead() {
    let silence = "06 09:00 lock1 offline\n06 10:00 lock1 battery=15\n07 09:00 lock1 battery=100\n";
    let proof: String = (10..23).map(|h| format!("07 {h}:00 lock1 battery=100\n")).collect();
    let mut stage = Stage::new();
    super::lines(&format!("{LOW}\n{silence}{proof}08 12:00 wait")).for_each(|line| stage.act(line));
    let log = stage.log.join("\n");
    assert!(log.contains("died battery lock1") && !log.contains("unpaid") && stage.entries.len() == 1, "{log}");
    // Spoke for the first time with fresh ones: it was dead.
    let story = silence.replace("06 10:00 lock1 battery=15\n", "");
    let mut stage = Stage::new();
    super::lines(&format!("{LOW}\n{story}{proof}08 12:00 wait")).for_each(|line| stage.act(line));
    let log = stage.log.join("\n");
    assert!(log.contains("unpaid died battery lock1") && stage.entries.is_empty(), "{log}");
}

#[test]
fn dead_is_offered_at_once_and_not_paid() {
    let story = "
        06 01:00 lock1 battery=0
        06 01:30 lock1 battery=0
        06 02:00 lock1 battery=0
        06 03:00 h2 accept battery
        06 03:30 h2 arrive battery
        06 03:40 h2 done battery
        06 03:50 lock1 battery=100
        06 04:00 lock1 battery=100";
    let then = "
        06 02:00 died battery lock1
        06 02:00 text housekeeper:h2 offer_battery_dead
        06 03:00 accepted battery lock1
        06 03:30 arrived battery lock1
        06 03:40 said_done battery lock1
        06 04:00 resolved battery lock1
        06 04:00 unpaid died battery lock1
        06 08:00 text tenant:t1 survey_tenant
        06 08:00 text tenant:t1 battery_thanks_plain";
    check("", &format!("{LOW}{story}\n06 09:00 wait"), &format!("{OPENED}{then}"));
}

#[test]
fn a_device_without_a_tenant_or_a_ticket_is_replaced_without_a_word() {
    check(
        "",
        "05 08:00 lock1 battery=50\n05 10:00 lock1 battery=100 boots=1\n05 11:00 lock1 battery=100 boots=2\n06 11:00 lock1 battery=100",
        "",
    );
    check("t1 leaves 4", LOW, "05 11:00 opened battery lock1");
}
