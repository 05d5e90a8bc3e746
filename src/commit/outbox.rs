//! What an attempt to send, or an inquiry, makes of a row of the outbox. Pure: what is known in, the row's next state out.
//!
//! After an answer that leaves the fate of a message open, the carrier is asked until it has had time to show what it
//! took; only then is the message sent again.

use crate::decide::Outcome;
use crate::deliver::carrier::{Action, CarrierError, CarrierMessage, SendOutcome, action_for};
use crate::model::time::{HOUR, MINUTE, SECOND};
use crate::model::*;
use crate::store::{DueMessage, MessageUpdate};

/// A claimed message belongs to its claimer for this long: longer than any request may take.
pub const LEASE_MS: Millis = 20 * SECOND;
/// How long a carrier may take to show an emergency text that it took.
const SHOWN_AFTER_EMERGENCY_MS: Millis = 5 * SECOND;
/// How long a carrier may take to show any other text that it took.
const SHOWN_AFTER_MS: Millis = 30 * SECOND;
/// The longest wait between two attempts of an emergency text.
const BACKOFF_EMERGENCY_MAX_MS: Millis = 15 * SECOND;
/// The longest wait between two attempts of any other text.
const BACKOFF_MAX_MS: Millis = 10 * MINUTE;
/// How long the queue waits after the account was at fault.
const ACCOUNT_WAIT_MS: Millis = 30 * SECOND;

/// One thing to do with the carrier, for a message that is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Send it.
    Send(DueMessage),
    /// Ask what became of it.
    Ask(DueMessage),
}

impl Attempt {
    /// The message.
    pub fn message(&self) -> &DueMessage {
        match self {
            Self::Send(message) | Self::Ask(message) => message,
        }
    }
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// The message as it was claimed.
    pub message: DueMessage,
    /// What the carrier said.
    pub answer: Answer,
    /// To what this is an answer: of a request to send, its end (it may have been taken until then); of a question, its
    /// beginning (what was taken later is not in it). The answer itself may be settled much later.
    pub at: Timestamp,
}

/// What the carrier said.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To a request to send.
    Sent(SendOutcome),
    /// To a question what became of it.
    Found(Result<Vec<CarrierMessage>, CarrierError>),
}

/// The row as claimed: to be sent, to be asked about, too late, or to somebody who said STOP meanwhile.
pub fn claim(
    due: &DueMessage,
    stopped: bool,
    owner: &str,
    now: Timestamp,
    real: impl Fn(Millis) -> Millis,
) -> (MessageUpdate, Option<Attempt>) {
    let leased = |status, attempts, tried_at| MessageUpdate {
        next_at: Some(now + real(LEASE_MS)),
        lease_owner: Some(owner.to_owned()),
        tried_at,
        attempts,
        ..update(due, status)
    };
    match due.status {
        // Whoever may be called after STOP was decided when the call was made.
        MessageStatus::Queued if stopped && due.channel == Channel::Sms => (update(due, MessageStatus::Failed), None),
        MessageStatus::Queued if due.expires_at <= now => (update(due, MessageStatus::Expired), None),
        MessageStatus::Queued => {
            let attempts = due.attempts + 1;
            let claimed = DueMessage { attempts, tried_at: Some(now), status: MessageStatus::Sending, ..due.clone() };
            (leased(MessageStatus::Sending, attempts, Some(now)), Some(Attempt::Send(claimed)))
        }
        _ => (leased(MessageStatus::Unknown, due.attempts, due.tried_at), Some(Attempt::Ask(due.clone()))),
    }
}

/// A message that is claimed from the start.
pub fn new_claim(m: &NewMessage, now: Timestamp) -> DueMessage {
    DueMessage {
        id: m.id(),
        status: MessageStatus::Sending,
        recipient: m.recipient.clone(),
        to: m.to.clone(),
        channel: m.channel,
        locale: m.locale,
        template: m.template.to_owned(),
        body: m.body.clone(),
        ticket_id: m.ticket_id.clone(),
        severity: m.severity,
        attempts: 1,
        tried_at: Some(now),
        expires_at: m.expires_at,
    }
}

/// The row after an answer. `known` are carrier's ids that belong to other messages already.
pub fn settle(tried: &Tried, known: &[String], now: Timestamp, real: impl Fn(Millis) -> Millis) -> MessageUpdate {
    match &tried.answer {
        Answer::Sent(outcome) => {
            let message = DueMessage { tried_at: Some(tried.at), ..tried.message.clone() };
            sent(&message, outcome, now, real)
        }
        Answer::Found(found) => found_out(&tried.message, found, known, (tried.at, now), real),
    }
}

fn sent(m: &DueMessage, outcome: &SendOutcome, now: Timestamp, real: impl Fn(Millis) -> Millis) -> MessageUpdate {
    let again = |wait| queued(m, now + real(wait));
    match outcome {
        SendOutcome::Accepted { sid, status, segments } => accepted(m, sid, *status, None, *segments, now),
        SendOutcome::Refused { code, detail, action: Action::Retry { after, times } }
            if m.attempts <= i64::from(*times) =>
        {
            MessageUpdate { error_code: code.map(i64::from), error: Some(detail.clone()), ..again(*after) }
        }
        SendOutcome::Refused { code, detail, .. } => failed(m, *code, detail),
        SendOutcome::Later { after, code } => MessageUpdate {
            error_code: code.map(i64::from),
            error: Some("carrier busy".into()),
            ..again((*after).max(backoff(m)))
        },
        SendOutcome::NotSent { detail } => MessageUpdate { error: Some(detail.clone()), ..again(backoff(m)) },
        SendOutcome::Ambiguous { detail } => {
            MessageUpdate { error: Some(detail.clone()), ..unknown(m, now + real(ask_after(m, SECOND))) }
        }
        SendOutcome::AccountFault { code, detail } => {
            let error_code = code.map(i64::from);
            MessageUpdate { error_code, error: Some(detail.clone()), ..again(ACCOUNT_WAIT_MS) }
        }
    }
}

/// The carrier was asked. What it shows is it, unless that belongs to another message; nothing shown proves nothing at first.
fn found_out(
    m: &DueMessage,
    found: &Result<Vec<CarrierMessage>, CarrierError>,
    known: &[String],
    (asked_at, now): (Timestamp, Timestamp),
    real: impl Fn(Millis) -> Millis,
) -> MessageUpdate {
    let messages = match found {
        Ok(messages) => messages,
        Err(e) => return MessageUpdate { error: Some(e.to_string()), ..unknown(m, now + real(ask_again(e))) },
    };
    if let Some(mine) = messages.iter().find(|c| !known.contains(&c.sid)) {
        return accepted(m, &mine.sid, mine.status, mine.error_code, mine.segments, now);
    }
    let shown_by = m.tried_at.unwrap_or(now) + real(shown_after(m));
    if asked_at < shown_by {
        return unknown(m, shown_by);
    }
    queued(m, now)
}

fn accepted(
    m: &DueMessage,
    sid: &str,
    status: MessageStatus,
    code: Option<u32>,
    segments: Option<u32>,
    now: Timestamp,
) -> MessageUpdate {
    MessageUpdate {
        sid: Some(sid.to_owned()),
        error_code: code.map(i64::from),
        segments: segments.map(i64::from),
        sent_at: Some(now),
        delivered_at: (status == MessageStatus::Delivered).then_some(now),
        ..update(m, status)
    }
}

fn failed(m: &DueMessage, code: Option<u32>, detail: &str) -> MessageUpdate {
    let error_code = code.map(i64::from);
    MessageUpdate { error_code, error: Some(detail.to_owned()), ..update(m, MessageStatus::Failed) }
}

fn queued(m: &DueMessage, at: Timestamp) -> MessageUpdate {
    MessageUpdate { next_at: Some(at), ..update(m, MessageStatus::Queued) }
}

fn unknown(m: &DueMessage, at: Timestamp) -> MessageUpdate {
    MessageUpdate { next_at: Some(at), ..update(m, MessageStatus::Unknown) }
}

/// The row in a status, with nothing left to do.
fn update(m: &DueMessage, status: MessageStatus) -> MessageUpdate {
    MessageUpdate {
        id: m.id.clone(),
        status,
        attempts: m.attempts,
        next_at: None,
        lease_owner: None,
        tried_at: m.tried_at,
        sid: None,
        error_code: None,
        error: None,
        segments: None,
        sent_at: None,
        delivered_at: None,
    }
}

/// Doubles with each attempt, spread by the message's own id so that a thousand do not come back at once.
fn backoff(m: &DueMessage) -> Millis {
    let doublings = m.attempts.clamp(1, 16) - 1;
    let longest = if m.severity == Severity::Emergency { BACKOFF_EMERGENCY_MAX_MS } else { BACKOFF_MAX_MS };
    let wait = (SECOND << doublings).min(longest);
    let spread = m.id.0.bytes().fold(0_i64, |sum, b| (sum * 31 + i64::from(b)) % 256);
    (wait / 2 + wait / 2 * spread / 256).min(HOUR)
}

fn shown_after(m: &DueMessage) -> Millis {
    if m.severity == Severity::Emergency { SHOWN_AFTER_EMERGENCY_MS } else { SHOWN_AFTER_MS }
}

fn ask_after(m: &DueMessage, soon: Millis) -> Millis {
    soon.min(shown_after(m))
}

fn ask_again(error: &CarrierError) -> Millis {
    match error {
        CarrierError::Later { after } => (*after).max(SECOND),
        CarrierError::AccountFault { .. } => ACCOUNT_WAIT_MS,
        _ => 2 * SECOND,
    }
}

/// What a ticket hears of a message that has come to an end or into the carrier's hands.
pub fn outcome(m: &DueMessage, status: MessageStatus, error_code: Option<i64>, at: Timestamp) -> Option<Outcome> {
    let told = !matches!(status, MessageStatus::Queued | MessageStatus::Sending | MessageStatus::Unknown);
    let ticket_id = m.ticket_id.clone().filter(|_| told)?;
    let code = error_code.and_then(|code| u32::try_from(code).ok());
    let opted_out = (code.is_some() && action_for(code) == Action::OptedOut).then(|| m.to.clone());
    let recipient = m.recipient.clone();
    Some(Outcome { message_id: m.id.clone(), ticket_id, recipient, status, error_code, opted_out, at })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIED: Timestamp = Timestamp(1_000_000);

    fn message(status: MessageStatus) -> DueMessage {
        DueMessage {
            id: MessageId("m".to_owned()),
            status,
            recipient: Recipient::Tenant("t1".to_owned()),
            to: E164::parse("+14155550101").expect("a number"),
            channel: Channel::Sms,
            locale: Locale::En,
            template: "leak_tenant".to_owned(),
            body: "Water!".to_owned(),
            ticket_id: None,
            severity: Severity::Emergency,
            attempts: 1,
            tried_at: Some(TRIED),
            expires_at: TRIED + HOUR,
        }
    }

    fn settled(answer: Answer, at: Millis, now: Millis) -> MessageUpdate {
        let tried = Tried { message: message(MessageStatus::Unknown), answer, at: TRIED + at };
        settle(&tried, &[], TRIED + now, |ms| ms)
    }

    #[test]
    fn a_list_that_was_read_too_early_proves_nothing_however_late_it_is_settled() {
        let nothing = || Answer::Found(Ok(Vec::new()));
        let early = settled(nothing(), SECOND, 20 * SECOND);
        assert_eq!((early.status, early.next_at), (MessageStatus::Unknown, Some(TRIED + SHOWN_AFTER_EMERGENCY_MS)));
        let late = settled(nothing(), SHOWN_AFTER_EMERGENCY_MS, 20 * SECOND);
        assert_eq!(late.status, MessageStatus::Queued, "it had time to be shown: it was not taken");
    }

    #[test]
    fn a_request_may_have_been_taken_until_it_ended() {
        let doubtful = Answer::Sent(SendOutcome::Ambiguous { detail: "no answer".to_owned() });
        let update = settled(doubtful, 9 * SECOND, 12 * SECOND);
        assert_eq!((update.status, update.tried_at), (MessageStatus::Unknown, Some(TRIED + 9 * SECOND)));
    }

    #[test]
    fn who_said_stop_meanwhile_is_sent_nothing_from_the_outbox() {
        let (update, attempt) = claim(&message(MessageStatus::Queued), true, "me", TRIED, |ms| ms);
        assert_eq!((update.status, attempt), (MessageStatus::Failed, None));
        let (update, attempt) = claim(&message(MessageStatus::Queued), false, "me", TRIED, |ms| ms);
        assert!(update.status == MessageStatus::Sending && matches!(attempt, Some(Attempt::Send(_))));
    }
}
