//! Gauges that lie: did anybody find out before the door stayed shut, and what did it cost those who live behind it?

use super::{Case, Scoreboard, SeenMessage};
use crate::lie::Lie;
use crate::truth::{Cause, Kind, Problem};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// After new cells, words about the old ones may still be under way.
const ECHO_HOURS: i64 = 48;

pub(super) fn judge(case: &Case, board: &mut Scoreboard) {
    let lying = |p: &&Problem| p.cause == Cause::LyingGauge;
    let keys: BTreeSet<&str> = case.truth.iter().filter(lying).map(|p| p.device_key.as_str()).collect();
    board.lies.gauges = keys.len();
    for problem in case.truth.iter().filter(|p| p.lie.is_some() && p.cause == Cause::Wear) {
        if let Some(died_at) = problem.died_at {
            board.lies.died += 1;
            board.lies.announced += usize::from(is_announced(case, problem, died_at));
        }
    }
    let of_liar = |key: &str| keys.contains(key);
    let tickets = case.seen.tickets.iter().filter(|t| t.kind == Kind::Battery && of_liar(&t.device_key));
    board.lies.false_alarms = tickets.filter(|t| cells_are_good(case, &t.device_key, t.opened_at)).count();
    for problem in case.truth.iter().filter(lying) {
        judge_texts(case, problem, board);
    }
}

/// Somebody had been told of the battery, or of the gauge, when it was empty.
fn is_announced(case: &Case, problem: &Problem, died_at: DateTime<Utc>) -> bool {
    case.seen.tickets.iter().any(|t| {
        let open = t.opened_at < died_at && t.resolved_at.is_none_or(|at| at >= died_at);
        t.kind == Kind::Battery && problem.concerns(&t.device_key) && open
    })
}

/// No cells of this device are near their end, or were a short while ago.
fn cells_are_good(case: &Case, key: &str, at: DateTime<Utc>) -> bool {
    let from = at - TimeDelta::hours(ECHO_HOURS);
    let worn = |p: &Problem| p.cause == Cause::Wear && p.concerns(key);
    let on = |p: &Problem| p.started_at <= at + case.rules.slack && p.ended_at.is_none_or(|ended| ended >= from);
    !case.truth.iter().any(|p| worn(p) && on(p))
}

/// Who lives there is not asked again and again for cells that are good.
fn judge_texts(case: &Case, problem: &Problem, board: &mut Scoreboard) {
    let phones: BTreeSet<&str> = case.truth.iter().filter_map(|p| p.tenant_phone.as_deref()).collect();
    let until = problem.ended_at.unwrap_or(case.until);
    let asks = |m: &&SeenMessage| {
        let about = m.kind() == Some(Kind::Battery) && m.device_key.as_ref() == Some(&problem.device_key);
        let in_time = m.sent_at.is_some_and(|at| (problem.started_at..until).contains(&at));
        about && in_time && phones.contains(m.to.as_str()) && m.asks()
    };
    let asked = case.seen.messages.iter().filter(asks);
    let needless = asked.filter(|m| cells_are_good(case, &problem.device_key, m.when())).count();
    board.lies.needless_texts += needless;
    let most = if problem.lie == Some(Lie::LowForEver) { case.rules.needless_texts_max } else { 0 };
    if needless > most {
        board.note("tenant nagged", Kind::Battery, &problem.device_key, problem.started_at);
    }
}
