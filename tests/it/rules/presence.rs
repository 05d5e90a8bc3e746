//! Silence: by a device's own rhythm, its word, its gateway; never while nobody listens.

use super::stage::Stage;
use super::{check, lines};

/// Two days of a device that reports every `hours` hours.
fn rhythm(key: &str, hours: i64) -> String {
    (0..48 / hours)
        .map(|n| format!("{:02} {:02}:00 {key} battery={}\n", 3 + n * hours / 24, n * hours % 24, 90 - n % 2))
        .collect()
}

#[test]
fn silent_after_three_times_its_own_rhythm_and_back() {
    let story = format!("{}05 00:00 lock1 battery=90\n06 12:00 lock1 battery=90\n07 05:00 wait", rhythm("lock1", 6));
    let then = "
        05 18:00 opened silent lock1
        05 18:00 text housekeeper:h1 offer_silent
        06 12:00 resolved silent lock1";
    check("", &story, then);
}

#[test]
fn a_message_that_was_long_on_its_way_is_no_sign_of_life() {
    let last = "05 00:00 lock1 battery=90 at=05T00:00";
    let late = "05 12:00 lock1 battery=91 at=04T20:00\n05 19:00 lock1 battery=91 at=04T21:00";
    let story = format!("{}{last}\n{late}\n06 12:00 lock1 battery=90 at=06T12:00\n07 05:00 wait", rhythm("lock1", 6));
    let then = "
        05 18:00 opened silent lock1
        05 18:00 text housekeeper:h1 offer_silent
        06 12:00 resolved silent lock1";
    check("", &story, then);
}

#[test]
fn quick_movements_teach_no_rhythm() {
    let quick: String = (0..9).map(|n| format!("03 10:{n:02} lock1 battery={}\n", 90 - n % 2)).collect();
    check("", &format!("{quick}04 10:00 wait"), "");
}

#[test]
fn nobody_is_silent_while_nobody_listens() {
    let away = format!("{}05 00:00 lock1 battery=90\n07 17:00 restart\n", rhythm("lock1", 6));
    check("", &format!("{away}08 01:00 lock1 battery=90\n08 02:00 wait"), "");
    let silent = "\n08 02:00 opened silent lock1\n08 08:00 text housekeeper:h1 offer_silent";
    check("", &format!("{away}08 12:00 wait"), silent);
}

#[test]
fn a_restart_every_day_hides_no_silence() {
    let story = format!("{}05 00:00 lock1 battery=90\n05 10:00 restart\n05 20:00 wait", rhythm("lock1", 6));
    check("", &story, "05 19:00 opened silent lock1\n05 19:00 text housekeeper:h1 offer_silent");
}

#[test]
fn before_its_rhythm_is_known_fifty_hours_are_allowed() {
    check("", "03 10:00 lock1 battery=90\n03 11:00 lock1 battery=89\n05 12:59 wait", "");
    check(
        "",
        "03 10:00 lock1 battery=90\n03 11:00 lock1 battery=89\n05 14:00 wait",
        "05 13:00 opened silent lock1\n05 13:00 text housekeeper:h1 offer_silent",
    );
}

#[test]
fn its_own_word_counts_after_a_little_while() {
    check("", "03 10:00 lock1 online\n03 11:00 lock1 offline\n03 11:10 lock1 online\n03 12:00 wait", "");
    let then = "
        03 11:15 opened silent lock1
        03 11:15 text housekeeper:h1 offer_silent
        03 13:00 resolved silent lock1";
    check("", "03 10:00 lock1 online\n03 11:00 lock1 offline\n03 12:00 wait\n03 13:00 lock1 online", then);
}

/// Its cells were changed a moment ago and not yet proven: who goes there must not bring cells.
#[test]
fn fresh_cells_do_not_explain_a_silence() {
    let story = "03 08:00 lock1 battery=60\n03 09:00 lock1 battery=20\n03 10:00 lock1 battery=19\n03 10:30 lock1 battery=100\n03 11:00 lock1 offline\n03 12:00 wait";
    let then = "
        03 10:00 opened battery lock1
        03 10:00 text tenant:t1 battery_tenant
        03 11:15 opened silent lock1
        03 11:15 text housekeeper:h1 offer_silent";
    check("", story, then);
}

#[test]
fn a_low_battery_explains_a_silence() {
    let story = "03 08:00 lock1 battery=60\n03 09:00 lock1 battery=20\n03 10:00 lock1 battery=19\n03 11:00 lock1 offline\n03 12:00 wait";
    let then = "
        03 10:00 opened battery lock1
        03 10:00 text tenant:t1 battery_tenant
        03 11:15 died battery lock1
        03 11:15 text housekeeper:h1 offer_battery_dead";
    check("", story, then);
}

#[test]
fn a_gateway_is_one_ticket_for_all_behind_it_and_at_any_hour() {
    let mut all = String::new();
    for (day, hour) in [(3, 0), (3, 12), (4, 0), (4, 12), (5, 0), (5, 6), (5, 12), (5, 18), (6, 0), (6, 1)] {
        for key in ["hub", "lock1", "leak1", "leak2"] {
            all += &format!("{day:02} {hour:02}:00 {key} online\n");
        }
    }
    let mut stage = Stage::new();
    lines(&all).for_each(|line| stage.act(line));
    stage.act("09 00:00 wait");
    let opened: Vec<_> = stage.log.iter().filter(|line| line.contains(" opened ")).collect();
    assert_eq!(opened.len(), 1, "{}", stage.log.join("\n"));
    assert!(opened[0].ends_with("opened silent hub"), "{opened:?}");
    stage.act("09 01:00 lock1 online");
    assert!(stage.log.last().expect("lines").ends_with("resolved silent hub"), "{}", stage.log.join("\n"));
}

#[test]
fn who_stands_behind_a_gateway_that_is_back_has_time_to_be_heard() {
    let away = "05 00:00 lock1 battery=90\n05 04:00 hub offline\n05 17:30 hub online\n";
    let gateway = "
        05 04:15 opened silent hub
        05 04:15 text housekeeper:h2 offer_silent
        05 17:30 resolved silent hub";
    let story = format!("{}04 20:00 hub online\n{away}", rhythm("lock1", 6));
    check("", &format!("{story}05 20:00 lock1 battery=90\n06 04:00 wait"), gateway);
    let silent = "\n06 08:30 opened silent lock1\n06 08:30 text housekeeper:h1 offer_silent";
    check("", &format!("{story}06 09:00 wait"), &format!("{gateway}{silent}"));
    // A start of the service a little later takes nothing of that.
    check("", &format!("{story}05 17:40 restart\n06 09:00 wait"), &format!("{gateway}{silent}"));
}

/// The lock's time is over ten minutes before the gateway's: what keeps it quiet is about to be known.
#[test]
fn a_device_behind_a_quiet_gateway_waits_until_that_is_known() {
    let both = |n: i64| {
        let (day, hour) = (3 + n / 4, n % 4 * 6);
        format!("{day:02} {hour:02}:00 lock1 battery={}\n{day:02} {hour:02}:10 hub online\n", 90 - n % 2)
    };
    let story: String = (0..9).map(both).collect();
    let gateway = "
        05 18:10 opened silent hub
        05 18:10 text housekeeper:h1 offer_silent";
    check("", &format!("{story}06 18:00 wait"), gateway);
    let alone = "
        06 09:10 opened silent lock1
        06 09:10 text housekeeper:h1 offer_silent";
    let hub = "05 18:05 hub online\n06 00:05 hub online\n06 06:05 hub online\n";
    check("", &format!("{story}{hub}06 12:00 wait"), alone);
    // Quiet for eleven hours, not long enough for a matter: what was said to it meanwhile is lost.
    let back = "05 11:30 hub online\n05 17:30 hub online\n05 23:30 hub online\n";
    let after = "\n06 02:30 opened silent lock1\n06 08:00 text housekeeper:h1 offer_silent";
    check("", &format!("{story}{back}06 02:00 wait"), "");
    check("", &format!("{story}{back}06 09:00 wait"), after);
}

#[test]
fn silent_after_the_visit_is_no_matter_of_its_battery() {
    let low = "05 00:00 lock1 battery=20\n05 06:00 lock1 battery=19\n";
    let story = format!("{}{low}06 08:30 h1 accept battery\n06 09:00 h1 arrive battery\n", rhythm("lock1", 6));
    let then = "
        05 06:00 opened battery lock1
        05 08:00 text tenant:t1 battery_tenant
        06 00:00 died battery lock1
        06 00:00 text housekeeper:h2 offer_battery_dead
        06 08:30 accepted battery lock1
        06 08:30 text housekeeper:h2 job_given_away
        06 09:00 arrived battery lock1";
    check("", &format!("{story}06 10:00 lock1 battery=100\n07 00:30 wait"), then);
    let silent = "\n07 00:00 opened silent lock1\n07 08:00 text housekeeper:h1 offer_silent";
    check("", &format!("{story}07 09:00 wait"), &format!("{then}{silent}"));
}

#[test]
fn a_sensor_that_speaks_every_25_hours_is_not_silent_after_two() {
    let every = |n: i64| {
        let hours = 25 * n;
        format!("{:02} {:02}:00 leak1 battery={}\n", 3 + hours / 24, hours % 24, 90 - n % 2)
    };
    // Its rhythm is not known yet: two gaps are all there is.
    let young: String = (0..3).map(every).collect();
    check("", &format!("{young}07 20:00 wait"), "");
    let known: String = (0..8).map(every).collect();
    let last = "\n10 07:00 leak1 battery=90";
    check("", &format!("{known}{last}\n13 09:00 wait"), "");
    let then = "\n13 10:00 opened silent leak1\n13 10:00 text housekeeper:h1 offer_silent";
    check("", &format!("{known}{last}\n13 12:00 wait"), then);
}

#[test]
fn silent_with_a_falling_battery_is_probably_dead_and_says_so() {
    let falling = "
        03 08:00 lock1 battery=60
        03 20:00 lock1 battery=50
        04 08:00 lock1 battery=41
        04 20:00 lock1 battery=33
        05 08:00 lock1 battery=27
        05 09:00 lock1 offline
        05 10:00 wait";
    let then = "
        05 09:15 opened silent lock1
        05 09:15 text housekeeper:h1 offer_silent_dead";
    check("", falling, then);
    let good = falling.replace("27", "60").replace("33", "61").replace("41", "60").replace("50", "61");
    check("", &good, &then.replace("_dead", ""));
}

#[test]
fn a_retained_message_neither_ends_a_silence_nor_teaches_a_rhythm() {
    let story =
        format!("{}05 00:00 lock1 battery=90\n06 12:00 lock1 battery=90 retained\n07 05:00 wait", rhythm("lock1", 6));
    check("", &story, "05 18:00 opened silent lock1\n05 18:00 text housekeeper:h1 offer_silent");
}

#[test]
fn a_last_will_that_the_broker_kept_counts_and_the_words_tell_since_when() {
    let then = "\n03 10:15 opened silent hub\n03 10:15 text housekeeper:h1 offer_silent";
    check("", "03 10:00 hub offline retained\n03 11:00 wait", then);
    check("", "03 10:00 hub offline retained\n03 10:05 hub online\n03 11:00 wait", "");
    let mut stage = Stage::new();
    lines(&format!("{}05 00:00 lock1 battery=90\n05 19:00 wait", rhythm("lock1", 6))).for_each(|line| stage.act(line));
    let told = &stage.messages.last().expect("told").body;
    assert!(told.contains("01-05 00:00"), "since its last word, not since the ticket: {told}");
}

#[test]
fn a_last_will_that_its_device_outlived_is_not_believed_again() {
    let back = "03 10:00 lock1 offline\n03 10:05 lock1 battery=90\n03 12:00 lock1 offline retained\n03 13:00 wait";
    check("", back, "");
    check("", &back.replace("battery=90", "battery=90 online"), "");
    // Word of its return, or a new farewell, and a will is a will again.
    let returned = "03 10:00 lock1 offline\n03 10:05 lock1 battery=90\n03 10:06 lock1 online\n";
    let then = "
        03 12:15 opened silent lock1
        03 12:15 text housekeeper:h1 offer_silent";
    check("", &format!("{returned}03 12:00 lock1 offline retained\n03 13:00 wait"), then);
    let gone = "03 10:00 lock1 offline\n03 10:05 lock1 battery=90\n03 12:00 lock1 offline\n03 13:00 wait";
    check("", gone, then);
}
