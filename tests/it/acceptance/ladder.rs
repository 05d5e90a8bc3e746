//! R16: nobody takes a leak, at any hour: text at once, a call within a minute, a second person within five, the manager
//! within ten.

use nightporter::model::time::{MINUTE, SECOND};
use nightporter::model::{Channel, Recipient, Timestamp};

use super::count;
use crate::rules::Stage;
use crate::simulation::dice::Dice;

/// Seconds from the water to the first message that fits; none in an hour is a day.
fn first(stage: &Stage, wet: Timestamp, fits: impl Fn(&Recipient, Channel) -> bool) -> i64 {
    let fitting = stage.messages.iter().filter(|m| m.created_at >= wet && fits(&m.recipient, m.channel));
    fitting.map(|m| (m.created_at - wet) / SECOND).min().unwrap_or(86_400)
}

#[test]
fn when_nobody_answers_the_ladder_is_climbed_in_time() {
    let leaks = count(200, 10_000);
    let mut dice = Dice::new(16, 161);
    let mut worst = [0; 4];
    for _ in 0..leaks {
        let mut stage = Stage::new();
        let (hour, minute) = (dice.below(23), dice.below(60));
        stage.act(&format!("05 {hour:02}:{minute:02} leak1 dry"));
        stage.act(&format!("06 {hour:02}:{minute:02} leak1 wet"));
        let wet = stage.now;
        // Voicemail, a wrong digit, or nobody at all.
        let presses = dice.below(3);
        for after in 1..=presses {
            let at = wet + after as i64 * 2 * MINUTE;
            stage.pass_until(at);
            let clock = at.to_utc().with_timezone(&stage.zone).format("%d %H:%M").to_string();
            stage.act(&format!("{clock} key {}", dice.pick(&["7", "8", "*", "#"])));
        }
        stage.pass_until(wet + 12 * MINUTE);
        let housekeepers = |m: &Recipient| matches!(m, Recipient::Housekeeper(_));
        let asked = stage.messages.iter().filter(|m| housekeepers(&m.recipient)).map(|m| m.recipient.as_key());
        let one = asked.clone().next().unwrap_or_default();
        let steps = [
            first(&stage, wet, |to, by| matches!(to, Recipient::Tenant(_)) && by == Channel::Sms),
            first(&stage, wet, |to, by| matches!(to, Recipient::Tenant(_)) && by == Channel::Voice),
            first(&stage, wet, |to, _| to.as_key() != one && !matches!(to, Recipient::Tenant(_))),
            first(&stage, wet, |to, _| matches!(to, Recipient::Manager(_))),
        ];
        for (worst, step) in worst.iter_mut().zip(steps) {
            *worst = step.max(*worst);
        }
        let held = steps.iter().zip([0, 60, 300, 600]).all(|(step, most)| *step <= most);
        assert!(held, "{hour:02}:{minute:02}, {presses} presses: {steps:?}\n{}", stage.log.join("\n"));
    }
    println!(
        "R16: {leaks} leaks that nobody takes; at the latest (s): text {}, call {}, second person {}, manager {}",
        worst[0], worst[1], worst[2], worst[3]
    );
}
