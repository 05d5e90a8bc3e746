//! The end of a month: everything that was left behind is read, and the simulator's own scoreboard judges it.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use chrono::TimeDelta;
use nightporter::model::*;
use nightporter::store::{MessageFilter, MessageRow, Page, StoreError, TicketFilter};
use nightporter_simulator::{
    Cause, Kind, Observations, Problem, Rules, Scoreboard, SeenCredit, SeenMessage, SeenTicket,
};

use super::month::Month;
use super::yardsticks::Yardsticks;

/// Everything, in one page.
const ALL: Page = Page { limit: 100_000, after: None };
/// So long before it is empty a battery that lasts for months must have been found.
const AHEAD_DAYS: i64 = 7;
/// What is over is closed within this.
const CLOSED_WITHIN_DAYS: i64 = 10;
/// How far the playing may lag behind what happens, beside a pause: a death.
const LAG_SECONDS: i64 = 35;

/// Judges a month that is over.
pub async fn judge(month: &mut Month) -> Result<(), String> {
    let (tickets, messages, credits) = left_behind(month).await.map_err(|e| e.to_string())?;
    undone(&messages)?;
    said_once(&tickets, &messages)?;
    let slack = TimeDelta::seconds(LAG_SECONDS) + TimeDelta::milliseconds(month.length.pause_max());
    let rules = match month.length.units {
        None => Rules { slack, ..Rules::default() },
        Some(_) => Rules { slack, battery_ahead: TimeDelta::days(AHEAD_DAYS), ..Rules::default() },
    };
    let seen = Observations {
        tickets: tickets.values().filter_map(seen_ticket).collect(),
        messages: messages.iter().filter_map(|m| seen_message(m, &tickets)).collect(),
        credits,
        restarts: month.deaths.iter().map(|at| at.to_utc()).collect(),
    };
    month.played.credits = seen.credits.len() as u64;
    let mut hasher = DefaultHasher::new();
    (month.played.trace, serde_json::to_string(&tickets).expect("plain data")).hash(&mut hasher);
    messages.iter().for_each(|m| (&m.id.0, &m.status, m.sent_at.map(|t| t.0), &m.body).hash(&mut hasher));
    month.played.trace = hasher.finish();
    let board = Scoreboard::judge_by(&rules, month.building.truth(), &seen, month.until());
    let counted = Yardsticks::of(month, &tickets, seen.messages.len(), &board).await;
    month.played.yardsticks = counted.map_err(|e| e.to_string())?;
    month.played.problems = Kind::ALL.iter().map(|kind| board.of(*kind).happened as u64).sum();
    // Of a year's batteries a share is found late or falsely, which is counted; of a month's crowded ones none may be.
    let counted =
        |note: &String| month.length.units.is_some() && is_about_finding_batteries(note) && !is_about_liar(month, note);
    let excused = |note: &String| is_excused(month, note) || counted(note);
    let open = left_open(month, &tickets);
    let mut told: Vec<String> = Vec::new();
    for note in board.notes.iter().filter(|n| !excused(n)).chain(&open) {
        let moves = moves(month, note, &tickets).await.map_err(|e| e.to_string())?;
        told.push(format!("{note}\n{}\n{moves}", story(month, note, &tickets, &seen)));
    }
    if told.is_empty() {
        Ok(())
    } else {
        Err(format!("the scoreboard of seed {}:\n    {}", month.seed, told.join("\n    ")))
    }
}

/// The moves of the tickets about the device of a note.
async fn moves(month: &Month, note: &str, tickets: &BTreeMap<String, Ticket>) -> Result<String, StoreError> {
    let mine = |t: &&Ticket| t.devices.iter().any(|(key, _)| note.contains(key.as_str()));
    let mut tx = month.store.read().await?;
    let mut lines = Vec::new();
    for ticket in tickets.values().filter(mine) {
        for (seq, at, what, actor, data) in tx.ticket_events(&ticket.id.0).await? {
            lines.push(format!("      {} {seq} {at} {what} {actor} {data}", ticket.kind.as_str()));
        }
    }
    Ok(lines.join("\n"))
}

/// What truly happened to the device of a note, and what was made of it.
fn story(month: &Month, note: &str, tickets: &BTreeMap<String, Ticket>, seen: &Observations) -> String {
    let key = note.split_once(": ").and_then(|(_, rest)| rest.rsplit_once(" at ")).map_or("", |(key, _)| key);
    let all = month.building.truth();
    let gateway = all.iter().find(|p| p.concerns(key)).and_then(|p| p.gateway.as_deref()).unwrap_or(key);
    let its = |p: &&Problem| p.concerns(key) || p.concerns(gateway);
    let truth = all.iter().filter(its).map(|p| format!("      truly {p:?}"));
    let mine = |t: &&Ticket| t.devices.iter().any(|(k, _)| k.as_str() == key || k.as_str() == gateway);
    let made = tickets.values().filter(mine).map(|t| {
        format!(
            "      ticket {} {} {:?} opened {} told {:?} seen {:?} round {} {:?}",
            t.id,
            t.kind.as_str(),
            t.status,
            t.opened_at,
            t.told_at.map(Timestamp::to_rfc3339),
            t.seen_at.map(Timestamp::to_rfc3339),
            t.round,
            t.devices
        )
    });
    let said =
        seen.messages.iter().filter(|m| m.device_key.as_deref() == Some(key)).map(|m| format!("      said {m:?}"));
    let paid =
        seen.credits.iter().filter(|c| c.device_key.as_deref() == Some(key)).map(|c| format!("      paid {c:?}"));
    truth.chain(made).chain(said).chain(paid).collect::<Vec<_>>().join("\n")
}

fn is_about_finding_batteries(note: &str) -> bool {
    ["found late", "missed", "tenant not told", "false ticket"]
        .iter()
        .any(|what| note.starts_with(&format!("battery {what}: ")))
}

/// Whether the gauge of the device of a note lies: what is evident of one must be found.
fn is_about_liar(month: &Month, note: &str) -> bool {
    let lying = |p: &&Problem| p.cause == Cause::LyingGauge;
    month.building.truth().iter().filter(lying).any(|p| note.contains(&format!(": {} at", p.device_key)))
}

/// Every matter is followed to its end: none may be open long after all that was wrong with its device was over.
fn left_open(month: &Month, tickets: &BTreeMap<String, Ticket>) -> Vec<String> {
    let until = month.until() - TimeDelta::days(CLOSED_WITHIN_DAYS);
    let is_left = |ticket: &&Ticket| {
        let about = |p: &&Problem| {
            let kind =
                p.kind.word() == ticket.kind.as_str() || p.kind == Kind::Silent && ticket.kind == TicketKind::Battery;
            kind && ticket.devices.iter().any(|(key, _)| p.concerns(key.as_str()))
        };
        let mut problems = month.building.truth().iter().filter(about).peekable();
        let known = problems.peek().is_some();
        known && problems.all(|p| !p.used_cells && p.ended_at.is_some_and(|at| at < until))
    };
    let note = |t: &Ticket| {
        let key = t.device_key.as_ref().map_or("no device", DeviceKey::as_str);
        format!("{} left open: {key} at {}", t.kind.as_str(), t.opened_at)
    };
    tickets.values().filter(|t| t.status.is_active()).filter(is_left).map(note).collect()
}

/// Who said STOP need not be told.
fn is_excused(month: &Month, note: &str) -> bool {
    let silenced = month.watch.silenced_units();
    note.contains("tenant not told") && silenced.iter().any(|unit| note.contains(unit.as_str()))
}

type Left = (BTreeMap<String, Ticket>, Vec<MessageRow>, Vec<SeenCredit>);

async fn left_behind(month: &Month) -> Result<Left, StoreError> {
    let mut tx = month.store.read().await?;
    let tickets = tx.list_tickets(&TicketFilter::default(), &ALL).await?;
    let messages = tx.list_messages(&MessageFilter::default(), &ALL).await?;
    let credit = |e: nightporter::store::EntryRow| SeenCredit {
        tenant: e.tenant_id,
        device_key: e.device_key,
        amount_minor: e.amount_minor,
        at: e.at.to_utc(),
    };
    let credits = tx.list_entries(&ALL).await?.into_iter().map(credit).collect();
    Ok((tickets.into_iter().map(|t| (t.id.0.clone(), t)).collect(), messages, credits))
}

/// Nothing is left in the outbox.
fn undone(messages: &[MessageRow]) -> Result<(), String> {
    let waits = |m: &&MessageRow| ["queued", "sending", "unknown"].contains(&m.status.as_str());
    messages.iter().find(waits).map_or(Ok(()), |m| Err(format!("{} is left {}", m.id, m.status)))
}

/// The same words about the same matter reach a person once a round, beside what expired and was said again.
fn said_once(tickets: &BTreeMap<String, Ticket>, messages: &[MessageRow]) -> Result<(), String> {
    let mut said: BTreeMap<(&str, &str, &str, &str), u32> = BTreeMap::new();
    for m in messages.iter().filter(|m| m.sent_at.is_some() && m.direction == "outbound") {
        let (Some(ticket), Some(template)) = (&m.ticket_id, &m.template) else { continue };
        // Of each tenant of an incident: the words name whose bed it is.
        let whose = if template == "bed_manager" { m.body.as_str() } else { "" };
        let count = said.entry((ticket, template, &m.recipient, whose)).or_default();
        *count += 1;
        let rounds = tickets.get(ticket).map_or(1, |t| t.round + 1);
        // One offer before the end of a battery, one when it is dead.
        let times = if template.starts_with("offer_battery") { 2 } else { 1 };
        if *count > rounds * times {
            return Err(format!("{ticket}: {template} was said {count} times to {} in {rounds} rounds", m.recipient));
        }
    }
    Ok(())
}

fn seen_ticket(ticket: &Ticket) -> Option<SeenTicket> {
    let resolved_at = match ticket.status {
        Status::Resolved { at } => Some(at),
        Status::Closed { resolved_at, .. } => Some(resolved_at),
        _ => None,
    };
    Some(SeenTicket {
        kind: Kind::parse(ticket.kind.as_str())?,
        device_key: ticket.device_key.as_ref()?.0.clone(),
        opened_at: ticket.opened_at.to_utc(),
        resolved_at: resolved_at.map(Timestamp::to_utc),
        status: ticket.status.as_str().to_owned(),
    })
}

fn seen_message(m: &MessageRow, tickets: &BTreeMap<String, Ticket>) -> Option<SeenMessage> {
    if m.direction != "outbound" {
        return None;
    }
    let ticket = m.ticket_id.as_ref().and_then(|id| tickets.get(id));
    Some(SeenMessage {
        to: m.to.clone(),
        template: m.template.clone(),
        kind: ticket.and_then(|t| Kind::parse(t.kind.as_str())),
        device_key: ticket.and_then(|t| t.device_key.as_ref()).map(|k| k.0.clone()),
        created_at: m.created_at.to_utc(),
        sent_at: m.sent_at.map(Timestamp::to_utc),
    })
}
