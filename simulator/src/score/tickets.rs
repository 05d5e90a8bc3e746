//! Were the problems found, the tickets true, the people told, the nights quiet?

use super::{Case, Scoreboard, SeenTicket};
use crate::calendar;
use crate::truth::{Cause, Kind, Problem};
use chrono::{DateTime, TimeDelta, Utc};

/// After a swap an old reading may still be under way.
const BATTERY_ECHO_HOURS: i64 = 3;
/// Sensors that one leak wets within this make one ticket.
const ONE_INCIDENT_MINUTES: i64 = 10;

pub(super) fn judge(case: &Case, board: &mut Scoreboard) {
    for problem in case.truth {
        judge_problem(case, problem, board);
    }
    for ticket in &case.seen.tickets {
        judge_ticket(case, ticket, board);
    }
    judge_messages(case, board);
}

fn judge_problem(case: &Case, problem: &Problem, board: &mut Scoreboard) {
    let Some(evident_at) = problem.evident_at.filter(|&at| at <= case.until) else { return };
    let due = due(case, problem, evident_at);
    let found_at = found_at(case, problem);
    let over = problem.ended_at.is_some_and(|at| at <= due);
    let tally = board.tally(problem.kind);
    tally.happened += 1;
    match found_at {
        Some(at) if at <= due => tally.found += 1,
        Some(_) => {
            tally.late += 1;
            board.note("found late", problem.kind, &problem.device_key, evident_at);
        }
        None if over || case.until <= due => tally.open += 1,
        None => {
            tally.missed += 1;
            board.note("missed", problem.kind, &problem.device_key, evident_at);
        }
    }
    if found_at.is_some() && !told(case, problem, evident_at) {
        board.tally(problem.kind).untold += 1;
        board.note("tenant not told", problem.kind, &problem.device_key, evident_at);
    }
}

/// Until when a ticket for an evident problem is not late. A silence counts from the last message that arrived. One that is
/// due while its gateway's ticket stands is part of that one; it has five sixths of its time anew when its gateway is back
/// (from a silence that came to a ticket or not), and half of it when the service was started again.
fn due(case: &Case, problem: &Problem, evident_at: DateTime<Utc>) -> DateTime<Utc> {
    if problem.kind != Kind::Silent {
        return case.rules.found_by(problem, evident_at);
    }
    let seemed = problem.last_sign_at.map(|at| at + problem.rhythm * 3);
    let due = case.rules.found_by(problem, seemed.map_or(evident_at, |at| at.max(evident_at)));
    let time = case.rules.silent_after(problem);
    let gateway = problem.gateway.as_ref().unwrap_or(&problem.device_key);
    let of_gateway = case.seen.tickets.iter().filter(|t| t.kind == Kind::Silent && t.device_key == *gateway);
    let returns = of_gateway.filter_map(|t| Some((t.opened_at, t.resolved_at?, time * 5 / 6)));
    let of_its_gateway = |p: &&Problem| p.kind == Kind::Silent && problem.gateway.as_ref() == Some(&p.device_key);
    let pauses = case.truth.iter().filter(of_its_gateway);
    let pauses = pauses.filter_map(|p| Some((p.started_at, p.ended_at? + p.rhythm, time * 5 / 6)));
    let restarts = case.seen.restarts.iter().map(|at| (*at, *at, time / 2));
    let mut anew: Vec<_> = returns.chain(pauses).chain(restarts).collect();
    anew.sort();
    let slack = case.rules.silent_within + case.rules.slack;
    anew.into_iter()
        .filter(|(_, at, _)| *at >= problem.started_at)
        .fold(due, |due, (from, at, time)| if from <= due { due.max(at + time + slack) } else { due })
}

/// When the first ticket stood that serves this problem. A silence while the battery is low may be taken for its death.
fn found_at(case: &Case, problem: &Problem) -> Option<DateTime<Utc>> {
    let lasts = |p: &Problem| p.started_at <= problem.started_at && p.ended_at.is_none_or(|at| at > problem.started_at);
    let of_battery = |p: &Problem| p.kind == Kind::Battery && p.concerns(&problem.device_key) && lasts(p);
    let low = problem.kind == Kind::Silent && case.truth.iter().any(of_battery);
    let serves = |t: &&SeenTicket| {
        let kind = t.kind == problem.kind || (t.kind == Kind::Battery && (low || problem.cause == Cause::DeadBattery));
        let still = t.resolved_at.is_none_or(|at| at >= problem.started_at);
        kind && problem.concerns(&t.device_key) && still && t.opened_at <= last_moment(case, problem)
    };
    case.seen.tickets.iter().filter(serves).map(|t| t.opened_at.max(problem.started_at)).min()
}

/// Until when a new ticket for this problem is no mistake.
fn last_moment(case: &Case, problem: &Problem) -> DateTime<Utc> {
    let Some(ended_at) = problem.ended_at else { return DateTime::<Utc>::MAX_UTC };
    let echo = match problem.kind {
        Kind::Battery => TimeDelta::hours(BATTERY_ECHO_HOURS),
        Kind::Leak => case.rules.leak_within,
        Kind::Silent => case.rules.silent_within,
    };
    ended_at.max(problem.last_sign_at.unwrap_or(ended_at)) + echo + case.rules.slack
}

fn told(case: &Case, problem: &Problem, evident_at: DateTime<Utc>) -> bool {
    let within = match problem.kind {
        // Where the gauge lies, somebody comes in place of words.
        Kind::Battery if problem.lie.is_some() => return true,
        Kind::Battery => case.rules.battery_told_within,
        Kind::Leak => case.rules.leak_told_within,
        Kind::Silent => return true,
    };
    let found_by = case.rules.found_by(problem, evident_at) - case.rules.slack;
    let by =
        if problem.kind == Kind::Battery { found_by.max(evident_at) } else { evident_at } + within + case.rules.slack;
    let (Some(phone), moves) = problem.to_tell() else { return true };
    let too_young = case.until <= by || problem.ended_at.is_some_and(|at| at <= by);
    if too_young || moves {
        return true;
    }
    let reaches = |m: &super::SeenMessage| m.to == phone && m.may_concern(problem);
    let from = asked_from(case, problem);
    let timely = |m: &super::SeenMessage| m.when() >= from && m.when() <= by;
    case.seen.messages.iter().any(|m| reaches(m) && timely(m))
}

/// From when words to the tenant count for this problem: where a ticket for the same device was still open as it began
/// (an earlier problem that ended unseen, or a moment ago), from its opening, since nobody is told the same twice.
pub(super) fn asked_from(case: &Case, problem: &Problem) -> DateTime<Utc> {
    let open = |t: &&SeenTicket| {
        let over = t.resolved_at.is_some_and(|at| at < problem.started_at);
        t.kind == problem.kind && problem.concerns(&t.device_key) && !over && t.opened_at < problem.started_at
    };
    let opened = case.seen.tickets.iter().filter(open).map(|t| t.opened_at).min();
    opened.map_or(problem.started_at, |at| at.min(problem.started_at)) - case.rules.slack
}

fn judge_ticket(case: &Case, ticket: &SeenTicket, board: &mut Scoreboard) {
    let mine = |p: &&Problem| p.kind == ticket.kind && p.concerns(&ticket.device_key);
    let fits =
        |p: &&Problem| ticket.opened_at >= p.started_at - case.rules.slack && ticket.opened_at <= last_moment(case, p);
    let Some(problem) = case.truth.iter().filter(mine).find(fits) else {
        board.tally(ticket.kind).false_tickets += 1;
        board.note("false ticket", ticket.kind, &ticket.device_key, ticket.opened_at);
        return;
    };
    if is_duplicate(case, ticket, problem) {
        board.tally(ticket.kind).duplicates += 1;
        board.note("second ticket", ticket.kind, &ticket.device_key, ticket.opened_at);
    }
    if closed_early(case, ticket, problem) {
        board.tally(ticket.kind).closed_early += 1;
        board.note("closed too early", ticket.kind, &ticket.device_key, ticket.opened_at);
    }
}

/// Whether another ticket, opened before this one, was still open for the same problem.
fn is_duplicate(case: &Case, ticket: &SeenTicket, problem: &Problem) -> bool {
    let soon = TimeDelta::minutes(ONE_INCIDENT_MINUTES);
    let position = |t: &SeenTicket| case.seen.tickets.iter().position(|other| std::ptr::eq(other, t));
    let earlier = |t: &SeenTicket| (t.opened_at, position(t)) < (ticket.opened_at, position(ticket));
    let still_open = |t: &SeenTicket| t.resolved_at.is_none_or(|at| at > ticket.opened_at) && t.status != "cancelled";
    let same = |t: &SeenTicket| {
        let one_device = t.device_key == ticket.device_key;
        t.kind == ticket.kind
            && (one_device || problem.concerns(&t.device_key) && ticket.opened_at - t.opened_at <= soon)
    };
    case.seen.tickets.iter().any(|t| same(t) && earlier(t) && still_open(t))
}

/// A silence may seem over (a message that was long under way), and a gauge lies on, so that neither counts.
fn closed_early(case: &Case, ticket: &SeenTicket, problem: &Problem) -> bool {
    let ended_at = problem.ended_at.unwrap_or(case.until);
    let before = ticket.resolved_at.is_some_and(|at| at + case.rules.slack < ended_at);
    let passes = problem.kind == Kind::Silent || problem.cause == Cause::LyingGauge;
    !passes && ticket.status != "cancelled" && before
}

fn judge_messages(case: &Case, board: &mut Scoreboard) {
    for message in &case.seen.messages {
        let Some(kind) = message.kind() else { continue };
        board.tally(kind).messages += 1;
        let to_tenant = case.truth.iter().any(|p| p.tenant_phone.as_ref() == Some(&message.to));
        let quiet = |at: DateTime<Utc>| !calendar::is_day(at) && !calendar::is_day(at - case.rules.slack);
        if kind != Kind::Leak && to_tenant && message.sent_at.is_some_and(quiet) {
            board.night_messages += 1;
            board.note("message at night", kind, message.device_key.as_deref().unwrap_or("?"), message.when());
        }
    }
}
