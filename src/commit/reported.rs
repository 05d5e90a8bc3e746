//! What a carrier's report makes of a message that it had taken: it stands so, or it is tried once more. Pure.
//!
//! A report counts for the attempt that it is about, and only when it says more than is known of that attempt. What has
//! arrived is never sent again.

use super::outbox::{Answer, Sender, Tried};
use crate::decide::Outcome;
use crate::deliver::carrier::codes::{self, Action, action_for};
use crate::model::*;
use crate::store::{DueMessage, Report};

/// What a report leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// The attempt as it stands now; none where the report says nothing new.
    pub attempt: Option<MadeAttempt>,
    /// What it means for the message.
    pub then: Then,
}

/// What it means for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// It stands so, unless more is known.
    Stands(MessageStatus),
    /// It is sent again, not before then.
    Again(Timestamp),
}

/// A report about a message of which these attempts were made.
pub fn reported(message: &DueMessage, made: &[MadeAttempt], report: &Report, by: &Sender<'_>) -> Reported {
    let Some(at) = meant(made, report) else {
        // Of a message from before attempts were noted.
        let then = if made.is_empty() { Then::Stands(report.status) } else { Then::Nothing };
        return Reported { attempt: None, then };
    };
    if report.status.rank() <= made[at].outcome.rank() {
        return Reported { attempt: None, then: Then::Nothing };
    }
    let mut made = made.to_vec();
    let mine = &mut made[at];
    (mine.outcome, mine.error_code) = (AttemptOutcome::of(report.status), report.error_code);
    (mine.ended_at, mine.again_at) = (Some(by.now), None);
    mine.error = codes::reported(mine.carrier, report.error_code, report.error.as_deref()).1;
    mine.sid.get_or_insert_with(|| report.sid.clone());
    let then = if !is_failure(report.status) {
        Then::Stands(report.status)
    } else if at + 1 < made.len() || message.status.rank() >= report.status.rank() {
        Then::Nothing
    } else {
        gave_up(message, &mut made, report, by)
    };
    Reported { attempt: Some(made.swap_remove(at)), then }
}

/// Of a carrier that was asked, and shows that it took the message and has given up on it since: that is a report like any
/// other. `known` are carrier's ids that belong to others.
pub fn shown_failed(tried: &Tried, known: &[String]) -> Option<Report> {
    let Answer::Found(Ok(messages)) = &tried.answer else { return None };
    let found = messages.iter().find(|c| !known.contains(&c.sid)).filter(|c| is_failure(c.status))?;
    Some(Report {
        sid: found.sid.clone(),
        message_id: Some(tried.message.id.clone()),
        attempt: Some(tried.message.attempts),
        status: found.status,
        error_code: found.error_code.map(i64::from),
        error: found.error.clone(),
    })
}

fn is_failure(status: MessageStatus) -> bool {
    matches!(status, MessageStatus::Undelivered | MessageStatus::Failed)
}

/// The attempt that a report is about: the one with the carrier's id, else the one that it names and that has none yet.
fn meant(made: &[MadeAttempt], report: &Report) -> Option<usize> {
    let by_sid = made.iter().position(|a| a.sid.as_deref() == Some(&report.sid));
    let named = |a: &MadeAttempt| a.sid.is_none() && report.attempt == Some(a.n) && report.message_id.is_some();
    by_sid.or_else(|| made.iter().position(named))
}

/// The carrier has given up on the last attempt: what its error code says is done, by whoever may have the message next.
fn gave_up(message: &DueMessage, made: &mut [MadeAttempt], report: &Report, by: &Sender<'_>) -> Then {
    let stands = Then::Stands(report.status);
    // Whether a call is made again is the playbook's business.
    if message.channel == Channel::Voice {
        return stands;
    }
    let Some(carrier) = made.last().map(|a| a.carrier) else { return stands };
    let tries = made.iter().filter(|a| a.carrier == carrier).count();
    let again_at = match codes::reported(carrier, report.error_code, report.error.as_deref()).0 {
        Action::OptedOut => return stands,
        Action::Stale => return Then::Stands(MessageStatus::Expired),
        Action::Retry { after, times } if tries <= times as usize => Some(by.after(after)),
        _ => None,
    };
    made.last_mut().into_iter().for_each(|last| last.again_at = again_at);
    match by.next((&message.to, message.channel, message.severity), made) {
        Some((_, at)) if at.max(by.now) < message.expires_at => Then::Again(at.max(by.now)),
        _ => stands,
    }
}

/// What a ticket hears of a message that has come to an end or into the carrier's hands.
pub fn outcome(m: &DueMessage, status: MessageStatus, error_code: Option<i64>, at: Timestamp) -> Option<Outcome> {
    let told = !matches!(status, MessageStatus::Queued | MessageStatus::Sending | MessageStatus::Unknown);
    let ticket_id = m.ticket_id.clone().filter(|_| told)?;
    let code = error_code.and_then(|code| u32::try_from(code).ok());
    let opted_out = (code.is_some() && action_for(code) == Action::OptedOut).then(|| m.to.clone());
    let recipient = m.recipient.clone();
    Some(Outcome {
        message_id: m.id.clone(),
        ticket_id,
        recipient,
        channel: m.channel,
        status,
        error_code,
        opted_out,
        at,
    })
}
