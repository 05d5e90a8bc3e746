//! Was every credit earned, by the right person, in the right amount, once — and did every one that was owed come?

use super::tickets::asked_from;
use super::{Case, Scoreboard, SeenCredit, SeenMessage};
use crate::calendar;
use crate::truth::{How, Kind, Problem};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// A gateway without mains may hide a swap this long.
const HIDDEN_HOURS_MAX: i64 = 9;
const MONTH_DAYS: i64 = 31;

pub(super) fn judge(case: &Case, board: &mut Scoreboard) {
    let mut paid = BTreeSet::new();
    let mut credits: Vec<&SeenCredit> = case.seen.credits.iter().collect();
    credits.sort_by_key(|credit| credit.at);
    for (turn, credit) in credits.iter().enumerate() {
        match fault_of(case, credit, &credits[..turn], &mut paid) {
            None => board.credits_right += 1,
            Some(fault) => wrong(board, fault, credit.device_key.as_deref().unwrap_or("?"), credit.at),
        }
    }
    for (index, problem) in case.truth.iter().enumerate() {
        if let Some(at) = problem.ended_at.filter(|_| !paid.contains(&index) && is_owed(case, problem, &credits)) {
            wrong(board, "not paid", &problem.device_key, at);
        }
    }
}

fn wrong(board: &mut Scoreboard, fault: &'static str, device_key: &str, at: DateTime<Utc>) {
    *board.credits_wrong.entry(fault).or_default() += 1;
    board.note(&format!("credit {fault}"), Kind::Battery, device_key, at);
}

/// What is wrong with a credit, `None` if it is right; remembers which replacement it paid.
fn fault_of(
    case: &Case,
    credit: &SeenCredit,
    before: &[&SeenCredit],
    paid: &mut BTreeSet<usize>,
) -> Option<&'static str> {
    let Some((index, problem)) = replacement_of(case, credit, paid) else { return Some("unearned") };
    let ended_at = problem.ended_at.unwrap_or(credit.at);
    if !paid.insert(index) {
        return Some("paid twice");
    }
    if problem.how == Some(How::ReplacedByHousekeeper) {
        return Some("for a housekeeper's work");
    }
    if !is_tenant(problem, &credit.tenant) {
        return Some("to the wrong person");
    }
    if problem.died_at.is_some_and(|died| ended_at - died > problem.rhythm * 4 + case.rules.slack) {
        return Some("after the battery died");
    }
    if before.iter().any(|other| same_device(other, problem) && credit.at - other.at < case.rules.once_within) {
        return Some("too soon after another");
    }
    if credit.amount_minor + in_month(before, credit) > case.rules.monthly_cap_minor {
        return Some("beyond the cap");
    }
    let Some(asked_at) = asked_at(case, problem) else { return Some("without a message") };
    (!is_right_amount(case, credit, before, problem, ended_at - asked_at)).then_some("in the wrong amount")
}

/// The replacement that a credit most probably pays: the latest of the device (else of the tenant), unpaid ones first.
fn replacement_of<'a>(case: &Case<'a>, credit: &SeenCredit, paid: &BTreeSet<usize>) -> Option<(usize, &'a Problem)> {
    let fits = |(_, p): &(usize, &Problem)| {
        let replaced = matches!(p.how, Some(How::ReplacedByTenant | How::ReplacedByHousekeeper));
        let whose = match &credit.device_key {
            Some(key) => p.concerns(key),
            None => is_tenant(p, &credit.tenant),
        };
        p.kind == Kind::Battery && replaced && whose && p.ended_at.is_some_and(|at| at <= credit.at + case.rules.slack)
    };
    let candidates = || case.truth.iter().enumerate().filter(fits);
    candidates().rfind(|(index, _)| !paid.contains(index)).or_else(|| candidates().next_back())
}

fn is_tenant(problem: &Problem, who: &str) -> bool {
    [&problem.tenant_id, &problem.tenant_phone].into_iter().flatten().any(|name| name == who)
}

fn same_device(credit: &SeenCredit, problem: &Problem) -> bool {
    credit.device_key.as_ref().is_some_and(|key| problem.concerns(key))
}

/// What the tenant was credited before in the same local month.
fn in_month(before: &[&SeenCredit], credit: &SeenCredit) -> i64 {
    let same =
        |other: &&&SeenCredit| other.tenant == credit.tenant && calendar::month(other.at) == calendar::month(credit.at);
    before.iter().filter(same).map(|other| other.amount_minor).sum()
}

/// The messages that asked the tenant for this replacement.
fn asking<'a>(case: &Case<'a>, problem: &'a Problem) -> impl Iterator<Item = &'a SeenMessage> {
    let known_by = problem.ended_at.map(|at| at + problem.rhythm * 2 + case.rules.slack);
    let from = asked_from(case, problem);
    let asks = move |m: &&SeenMessage| {
        let timely = m.when() >= from && known_by.is_some_and(|by| m.when() <= by);
        Some(&m.to) == problem.tenant_phone.as_ref() && m.asks() && m.may_concern(problem) && timely
    };
    case.seen.messages.iter().filter(asks)
}

/// When the first of them reached the carrier.
fn told_at(case: &Case, problem: &Problem) -> Option<DateTime<Utc>> {
    asking(case, problem).filter_map(|m| m.sent_at).min()
}

/// When the tenant was first asked for this replacement, or was about to be when it happened: of several messages, one that
/// a carrier refused has asked nobody.
fn asked_at(case: &Case, problem: &Problem) -> Option<DateTime<Utc>> {
    told_at(case, problem).or_else(|| asking(case, problem).map(SeenMessage::when).min())
}

/// Full within the time, late after it, either at the border; less only where the cap binds.
fn is_right_amount(
    case: &Case,
    credit: &SeenCredit,
    before: &[&SeenCredit],
    problem: &Problem,
    took: TimeDelta,
) -> bool {
    let rules = case.rules;
    let seen_after = took + problem.rhythm * 3 + TimeDelta::hours(HIDDEN_HOURS_MAX) + rules.slack;
    let full = credit.amount_minor == rules.in_time_minor && took <= rules.in_time + rules.slack;
    let late = credit.amount_minor == rules.late_minor && seen_after >= rules.in_time;
    let month = TimeDelta::days(MONTH_DAYS);
    let recent = |other: &&&SeenCredit| other.tenant == credit.tenant && credit.at - other.at < month;
    let had: i64 = before.iter().filter(recent).map(|other| other.amount_minor).sum();
    let capped = credit.amount_minor > 0 && had + rules.in_time_minor > rules.monthly_cap_minor;
    full || late || capped
}

/// Whether a credit for this replacement must have come by the end of the run.
fn is_owed(case: &Case, problem: &Problem, credits: &[&SeenCredit]) -> bool {
    let (Some(ended_at), Some(evident_at)) = (problem.ended_at, problem.evident_at) else { return false };
    let tenant_did = problem.how == Some(How::ReplacedByTenant) && problem.tenant_id.is_some();
    // By a gauge that lies nobody can prove it.
    let lived = problem.replaced_in_time() && !problem.shown_empty && problem.lie.is_none();
    let plain = tenant_did && lived && !problem.used_cells && evident_at <= ended_at;
    // Who was never reached is owed nothing.
    let asked = told_at(case, problem).is_some_and(|at| at + case.rules.slack < ended_at);
    let proof = case.rules.proof_hold.max(problem.rhythm * case.rules.proof_readings);
    let by = ended_at + proof + problem.rhythm * 4 + TimeDelta::hours(24) + case.rules.slack;
    plain
        && asked
        && by < case.until
        && !is_hindered(case, problem, ended_at, by)
        && !is_barred(case, problem, credits, by)
}

/// A silence, or the next trouble with the cells, that kept the proof from being made.
fn is_hindered(case: &Case, problem: &Problem, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
    case.truth.iter().any(|other| {
        let same = other.concerns(&problem.device_key) && !std::ptr::eq(other, problem);
        same && other.started_at < to && other.ended_at.is_none_or(|at| at > from)
    })
}

/// The cap of the tenant or the pause of the device may keep it from being paid.
fn is_barred(case: &Case, problem: &Problem, credits: &[&SeenCredit], by: DateTime<Utc>) -> bool {
    let month = TimeDelta::days(MONTH_DAYS);
    let recent = |c: &&&SeenCredit| is_tenant(problem, &c.tenant) && by - c.at < month * 2;
    let had: i64 = credits.iter().filter(recent).map(|c| c.amount_minor).sum();
    let capped = had + case.rules.in_time_minor > case.rules.monthly_cap_minor;
    let soon = credits.iter().any(|c| same_device(c, problem) && by - c.at < case.rules.once_within);
    capped || soon
}
