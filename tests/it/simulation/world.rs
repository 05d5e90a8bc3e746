//! What the world does to the house, as causes: messages decoded, words and moves of people, reports, deaths, STOPs.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use nightporter::commit::{Cause, Committed, Committer, Item};
use nightporter::decide::{Command, Heard, Reply};
use nightporter::decode::{Routes, decode};
use nightporter::model::*;
use nightporter::registry::Registry;
use nightporter::store::{Reject, Report, Store};
use nightporter_simulator::{Message, Publish, StaffAction, Verb};
use sqlx::AssertSqlSafe;

use super::carrier::Taken;
use super::dice::Dice;
use super::month::Later;
use super::watch::Watch;

/// Where a transaction may break.
const TABLES: [&str; 6] =
    ["device_states", "tickets", "ticket_events", "messages", "ledger_entries", "ledger_postings"];

/// What one message of the broker causes, as the ingest makes it.
pub fn causes(publish: &Publish, retained: bool, now: Timestamp, routes: &Routes) -> Vec<Cause> {
    let decoded = match decode(&publish.topic, &publish.payload, routes) {
        Ok(decoded) => decoded,
        Err(e) => {
            let payload = String::from_utf8_lossy(&publish.payload[..publish.payload.len().min(512)]).into_owned();
            let topic = publish.topic.clone();
            return vec![Cause::Rejected(Box::new(Reject {
                at: now,
                topic,
                code: e.code.to_owned(),
                detail: e.detail,
                payload,
            }))];
        }
    };
    let mut hasher = DefaultHasher::new();
    (&publish.topic, &publish.payload).hash(&mut hasher);
    let fingerprint = hasher.finish();
    let heard = |readings| Heard { readings, received_at: now, retained, fingerprint };
    let named = decoded.devices.into_iter().filter_map(|d| d.device_key.map(|key| (key, d.readings)));
    named.map(|(key, readings)| Cause::Heard(key, heard(readings))).collect()
}

/// Sensors that say "wet" in these messages.
pub fn wet_devices(items: &[Item]) -> Vec<DeviceKey> {
    let wet = |cause: &Cause| match cause {
        Cause::Heard(key, heard) if heard.readings.iter().any(|r| r.fact == Fact::Leak(true)) => Some(key.clone()),
        _ => None,
    };
    items.iter().flat_map(|item| item.causes.iter().filter_map(wet)).collect()
}

/// What people and carrier bring; nothing when a housekeeper's move has lost its ticket.
pub fn cause_of(what: Later, watch: &Watch) -> Option<Cause> {
    Some(match what {
        Later::Answer(tried) => Cause::Tried(tried),
        Later::Report(report) => Cause::Report(report),
        Later::Text(reply) => Cause::Inbound(Box::new(reply), "+15005550006".to_owned()),
        Later::Act(action) => {
            let id = watch.ticket_for(&action)?;
            let actor = format!("housekeeper:{}", action.housekeeper_id);
            Cause::Command(id, actor, command(&action))
        }
    })
}

fn command(action: &StaffAction) -> Command {
    match action.verb {
        Verb::Accept => Command::Accept(action.housekeeper_id.as_str().into()),
        Verb::Arrive => Command::Arrive,
        Verb::Resolve => Command::Resolve { note: "done".to_owned() },
    }
}

/// Who wanted to take a job and was told that it is taken.
pub fn too_late(items: &[Item], committed: &Committed) -> u64 {
    let takes = |n: usize| matches!(items[n].causes.first(), Some(Cause::Command(_, _, Command::Accept(_))));
    committed.answers.iter().filter(|(n, answer)| answer.is_err() && takes(*n)).count() as u64
}

/// A text as the people of the building get it.
pub fn to_people(taken: &Taken, about: Option<(TicketKind, String)>) -> Message {
    let (kind, device) = about.unzip();
    Message {
        at: taken.at.to_utc(),
        to: taken.to.as_str().to_owned(),
        body: taken.body.clone(),
        template: kind.map(|k| k.as_str().to_owned()),
        about_device: device,
    }
}

/// What the carrier reports of a text some time later.
pub fn report(taken: &Taken, dice: &mut Dice) -> Report {
    let status = *dice.pick(&[
        MessageStatus::Sent,
        MessageStatus::Delivered,
        MessageStatus::Delivered,
        MessageStatus::Delivered,
        MessageStatus::Undelivered,
    ]);
    // Half of those that come to nothing may be tried again.
    let code = if taken.sid.ends_with(['0', '2', '4', '6', '8']) { 30_003 } else { 30_007 };
    let error_code = (status == MessageStatus::Undelivered).then_some(code);
    let (sid, message_id) = (taken.sid.clone(), Some(MessageId(taken.message.clone())));
    Report { sid, message_id, attempt: None, status, error_code, error: None }
}

/// In one month of three, somebody says STOP, and half of them START some days later.
pub fn stops(dice: &mut Dice, registry: &Registry, start: Timestamp) -> Vec<(Timestamp, Reply)> {
    if !dice.chance(333) || registry.tenants.is_empty() {
        return Vec::new();
    }
    let from = dice.pick(&registry.tenants).phone.clone();
    let at = start + dice.range(time::DAY, 25 * time::DAY);
    let text =
        |body: &str, sid: &str| Reply { from: from.clone(), body: body.to_owned(), sid: sid.to_owned(), about: None };
    let mut said = vec![(at, text("STOP", "STOP"))];
    if dice.chance(500) {
        said.push((at + 5 * time::DAY, text("START", "START")));
    }
    said
}

/// The process dies while it writes: the database refuses one table in the middle of the transaction.
pub async fn die_within(
    store: &Store,
    committer: &Committer,
    items: &[Item],
    dice: &mut Dice,
) -> Result<Option<Committed>, String> {
    let Store::Sqlite { writer, .. } = store else { unreachable!("the simulation runs on SQLite") };
    let table = dice.pick(&TABLES);
    let run = async |statement: String| {
        sqlx::query(AssertSqlSafe(statement)).execute(writer).await.map_err(|e| e.to_string())
    };
    run(format!("CREATE TEMP TRIGGER death BEFORE INSERT ON main.{table} BEGIN SELECT RAISE(ABORT, 'death'); END"))
        .await?;
    let committed = committer.step(items).await.ok();
    run("DROP TRIGGER death".to_owned()).await?;
    Ok(committed)
}

/// Folds a committed batch into the trace.
pub fn trace(trace: &mut u64, committed: &Committed, now: Timestamp) {
    let mut hasher = DefaultHasher::new();
    (*trace, now.0).hash(&mut hasher);
    for change in &committed.changes {
        (change.kind, &change.id).hash(&mut hasher);
    }
    for attempt in &committed.attempts {
        let message = attempt.message();
        (&message.id.0, message.attempts, &message.body).hash(&mut hasher);
    }
    *trace = hasher.finish();
}
