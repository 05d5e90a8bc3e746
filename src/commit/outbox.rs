//! What an attempt to send, or an inquiry, makes of a row of the outbox. Pure: what is known in, the row's next state out.
//!
//! After an answer that leaves the fate of a message open, the carrier is asked until it has had time to show what it
//! took; only then is the message sent again.

use super::waits::{ACCOUNT_WAIT_MS, Held, ask_after, ask_again, backoff, later, shown_after};
use crate::deliver::carrier::{Action, CarrierError, CarrierMessage, SendOutcome};
use crate::model::time::{DAY, SECOND};
use crate::model::*;
use crate::store::{DueMessage, MessageUpdate};

/// A claimed message belongs to its claimer for this long: longer than any request may take.
pub const LEASE_MS: Millis = 20 * SECOND;

/// One thing to do with a carrier, for a message that is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Send it.
    Send(DueMessage, CarrierName),
    /// Ask what became of it.
    Ask(DueMessage, CarrierName),
}

impl Attempt {
    /// The message.
    pub fn message(&self) -> &DueMessage {
        match self {
            Self::Send(message, _) | Self::Ask(message, _) => message,
        }
    }

    /// The carrier.
    pub fn carrier(&self) -> CarrierName {
        match self {
            Self::Send(_, carrier) | Self::Ask(_, carrier) => *carrier,
        }
    }
}

/// Who sends, and when: what is the same for all messages of a batch.
pub struct Sender<'a> {
    /// Which carriers take messages to which numbers.
    pub routes: &'a CarrierRoutes,
    /// This process, in leases.
    pub owner: &'a str,
    /// The time.
    pub now: Timestamp,
    /// A span of the carrier's time in ours: tests and demo live faster.
    pub real: &'a (dyn Fn(Millis) -> Millis + Sync),
    /// From when on a carrier may have a message.
    pub not_before: &'a (dyn Fn(CarrierName, Severity) -> Timestamp + Sync),
}

impl Sender<'_> {
    pub(super) fn after(&self, wait: Millis) -> Timestamp {
        self.now + (self.real)(wait)
    }

    pub(super) fn next(
        &self,
        (to, channel, severity): (&E164, Channel, Severity),
        made: &[MadeAttempt],
    ) -> Option<(CarrierName, Timestamp)> {
        self.routes.next(to, channel, made, |carrier| (self.not_before)(carrier, severity))
    }

    /// The carrier of a message's next attempt, and from when on it may have it. One that all have refused goes by the
    /// first, which says so again.
    pub(super) fn carrier(
        &self,
        message: (&E164, Channel, Severity),
        made: &[MadeAttempt],
    ) -> (CarrierName, Timestamp) {
        self.next(message, made).unwrap_or_else(|| (self.routes.to(message.0)[0], Timestamp(0)))
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

/// The row as claimed: to be sent, to be asked about, too late, to somebody who said STOP meanwhile, or held, as its only
/// carrier is away or for another reason. `made` are the attempts at it so far.
pub fn claim(
    due: &DueMessage,
    made: &[MadeAttempt],
    (stopped, held): (bool, Option<Held>),
    by: &Sender<'_>,
) -> (MessageUpdate, Option<Attempt>) {
    let leased = |status, attempts, tried_at| MessageUpdate {
        next_at: Some(by.after(LEASE_MS)),
        lease_owner: Some(by.owner.to_owned()),
        tried_at,
        attempts,
        ..update(due, status)
    };
    let (carrier, from) = by.carrier((&due.to, due.channel, due.severity), made);
    let held = held.or_else(|| (from > by.now).then(|| Held::away(due, from, by.real)));
    match due.status {
        // Whoever may be called after STOP was decided when the call was made.
        MessageStatus::Queued if stopped && due.channel == Channel::Sms => (update(due, MessageStatus::Failed), None),
        MessageStatus::Queued if due.expires_at <= by.now => (update(due, MessageStatus::Expired), None),
        MessageStatus::Queued if let Some(Held { until, why }) = held => {
            let row = if until <= due.expires_at { queued(due, until) } else { update(due, MessageStatus::Expired) };
            (MessageUpdate { error: Some(why.to_owned()), ..row }, None)
        }
        MessageStatus::Queued => {
            let (attempts, tried_at) = (due.attempts + 1, Some(by.now));
            let claimed = DueMessage { attempts, tried_at, status: MessageStatus::Sending, ..due.clone() };
            (leased(MessageStatus::Sending, attempts, tried_at), Some(Attempt::Send(claimed, carrier)))
        }
        // Its carrier is asked long after it is of use to anybody; then nobody will ever know.
        _ if due.expires_at + DAY <= by.now => {
            let error = Some("what became of it was never found out".to_owned());
            (MessageUpdate { error, ..update(due, MessageStatus::Failed) }, None)
        }
        _ => (leased(MessageStatus::Unknown, due.attempts, due.tried_at), Some(Attempt::Ask(due.clone(), carrier))),
    }
}

/// A message that is claimed from the start.
pub fn new_claim(m: &NewMessage, by: &Sender<'_>) -> Attempt {
    let claimed = DueMessage {
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
        tried_at: Some(by.now),
        expires_at: m.expires_at,
    };
    Attempt::Send(claimed, by.carrier((&m.to, m.channel, m.severity), &[]).0)
}

/// What an answer makes of its attempt, and of the row; nothing where more is known of the attempt already. `made` are
/// the attempts so far, `known` are carrier's ids that belong to others.
pub fn settle(
    tried: &Tried,
    made: &[MadeAttempt],
    known: &[String],
    by: &Sender<'_>,
) -> Option<(MadeAttempt, Option<MessageUpdate>)> {
    let message = &tried.message;
    let mut made = made.to_vec();
    let at = made.iter().position(|a| a.n == message.attempts).unwrap_or_else(|| {
        let (carrier, _) = by.carrier((&message.to, message.channel, message.severity), &made);
        made.push(MadeAttempt::begin(message.attempts, carrier, message.tried_at.unwrap_or(by.now)));
        made.len() - 1
    });
    if made[at].outcome.rank() > 0 {
        return None;
    }
    let update = match &tried.answer {
        Answer::Sent(outcome) => {
            let message = DueMessage { tried_at: Some(tried.at), ..message.clone() };
            sent(&message, outcome, (&mut made, at), by)
        }
        Answer::Found(found) => found_out(message, (found, tried.at), known, (&mut made, at), by),
    };
    let overtaken = at + 1 < made.len();
    let attempt = made.swap_remove(at);
    let update = Some(update).filter(|_| !overtaken || attempt.outcome.rank() > 0);
    Some((attempt, update))
}

fn sent(
    m: &DueMessage,
    answer: &SendOutcome,
    (made, at): (&mut [MadeAttempt], usize),
    by: &Sender<'_>,
) -> MessageUpdate {
    let tries = made.iter().filter(|a| a.carrier == made[at].carrier).count();
    let mine = &mut made[at];
    mine.ended_at = Some(by.now);
    let (outcome, again_at) = match answer {
        SendOutcome::Accepted { sid, status, segments } => {
            return accepted(m, mine, (sid, *status, None, *segments), by.now);
        }
        SendOutcome::Ambiguous { detail } => {
            (mine.outcome, mine.ended_at, mine.error) = (AttemptOutcome::Unknown, None, Some(detail.clone()));
            return MessageUpdate { error: Some(detail.clone()), ..unknown(m, by.after(ask_after(m, SECOND))) };
        }
        SendOutcome::Refused { action: Action::Retry { after, times }, .. } if tries <= *times as usize => {
            (AttemptOutcome::Deferred, Some(by.after(*after)))
        }
        SendOutcome::Refused { .. } => (AttemptOutcome::Refused, None),
        SendOutcome::Later { after, .. } => (AttemptOutcome::Busy, Some(by.after(later(m, *after).max(backoff(m))))),
        SendOutcome::NotSent { .. } => (AttemptOutcome::NotSent, Some(by.after(backoff(m)))),
        SendOutcome::AccountFault { .. } => (AttemptOutcome::AccountFault, Some(by.after(ACCOUNT_WAIT_MS))),
    };
    let (code, detail) = answer.reason();
    (mine.outcome, mine.again_at, mine.error_code, mine.error) = (outcome, again_at, code, Some(detail.clone()));
    // A person's STOP to one carrier is not to be got round by another one.
    let opted_out = matches!(answer, SendOutcome::Refused { action: Action::OptedOut, .. });
    let next = by.next((&m.to, m.channel, m.severity), made).filter(|_| !opted_out);
    let row = next.map_or_else(|| update(m, MessageStatus::Failed), |(_, at)| queued(m, at.max(by.now)));
    MessageUpdate { error_code: code, error: Some(detail), ..row }
}

/// The carrier was asked. What it shows is it, unless that belongs to another message; nothing shown proves nothing at first.
fn found_out(
    m: &DueMessage,
    (found, asked_at): (&Result<Vec<CarrierMessage>, CarrierError>, Timestamp),
    known: &[String],
    (made, at): (&mut [MadeAttempt], usize),
    by: &Sender<'_>,
) -> MessageUpdate {
    let mine = &mut made[at];
    mine.outcome = AttemptOutcome::Unknown;
    let messages = match found {
        Ok(messages) => messages,
        Err(e) => return MessageUpdate { error: Some(e.to_string()), ..unknown(m, by.after(ask_again(m, e))) },
    };
    if let Some(found) = messages.iter().find(|c| !known.contains(&c.sid)) {
        mine.ended_at = Some(by.now);
        return accepted(m, mine, (&found.sid, found.status, found.error_code, found.segments), by.now);
    }
    let shown_by = m.tried_at.unwrap_or(by.now) + (by.real)(shown_after(m));
    if asked_at < shown_by {
        return unknown(m, shown_by);
    }
    (mine.outcome, mine.ended_at, mine.again_at) = (AttemptOutcome::NotTaken, Some(by.now), Some(by.now));
    let next = by.next((&m.to, m.channel, m.severity), made).map_or(by.now, |(_, at)| at.max(by.now));
    queued(m, next)
}

/// The carrier has it: its id, its status, its error code, billed parts.
fn accepted(
    m: &DueMessage,
    mine: &mut MadeAttempt,
    (sid, status, code, segments): (&str, MessageStatus, Option<u32>, Option<u32>),
    now: Timestamp,
) -> MessageUpdate {
    let error_code = code.map(i64::from);
    (mine.outcome, mine.sid, mine.error_code) = (AttemptOutcome::of(status), Some(sid.to_owned()), error_code);
    MessageUpdate {
        sid: mine.sid.clone(),
        error_code,
        segments: segments.map(i64::from),
        sent_at: Some(now),
        delivered_at: (status == MessageStatus::Delivered).then_some(now),
        ..update(m, status)
    }
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

#[cfg(test)]
mod tests {
    use super::super::waits::SHOWN_AFTER_EMERGENCY_MS;
    use super::*;
    use crate::model::time::{HOUR, MINUTE};

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

    fn by<'a>(routes: &'a CarrierRoutes, now: Timestamp) -> Sender<'a> {
        Sender { routes, owner: "me", now, real: &|ms| ms, not_before: &|_, _| Timestamp(0) }
    }

    fn first(carrier: CarrierName) -> MadeAttempt {
        MadeAttempt::begin(1, carrier, TRIED)
    }

    fn settled(answer: Answer, at: Millis, now: Millis) -> MessageUpdate {
        let tried = Tried { message: message(MessageStatus::Unknown), answer, at: TRIED + at };
        let routes = CarrierRoutes::default();
        let settled = settle(&tried, &[first(CarrierName::Console)], &[], &by(&routes, TRIED + now));
        settled.and_then(|(_, update)| update).expect("it changes the row")
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
        let routes = CarrierRoutes::default();
        let (update, attempt) = claim(&message(MessageStatus::Queued), &[], (true, None), &by(&routes, TRIED));
        assert_eq!((update.status, attempt), (MessageStatus::Failed, None));
        let (update, attempt) = claim(&message(MessageStatus::Queued), &[], (false, None), &by(&routes, TRIED));
        assert!(update.status == MessageStatus::Sending && matches!(attempt, Some(Attempt::Send(..))));
    }

    #[test]
    fn what_one_carrier_does_not_take_the_other_has_at_once_and_what_may_be_taken_stays() {
        let all = vec![CarrierName::Aliyun, CarrierName::Twilio];
        let routes = CarrierRoutes { by_code: [("+1".to_owned(), all)].into(), ..CarrierRoutes::default() };
        let after = |answer: SendOutcome| {
            let tried = Tried { message: message(MessageStatus::Sending), answer: Answer::Sent(answer), at: TRIED };
            let settled = settle(&tried, &[first(CarrierName::Aliyun)], &[], &by(&routes, TRIED));
            let (attempt, update) = settled.expect("news");
            let update = update.expect("it changes the row");
            (
                update.status,
                update.next_at,
                routes.next(&message(update.status).to, Channel::Sms, &[attempt], |_| Timestamp(0)),
            )
        };
        let refused = |action| SendOutcome::Refused { code: None, detail: "no".to_owned(), action };
        let (detail, at_twilio) = ("no".to_owned(), Some((CarrierName::Twilio, Timestamp(0))));
        for no in [
            refused(Action::OtherChannel),
            refused(Action::FlagNumber),
            refused(Action::Retry { after: HOUR, times: 3 }),
            SendOutcome::Later { after: MINUTE, code: None },
            SendOutcome::NotSent { detail: detail.clone() },
            SendOutcome::AccountFault { code: None, detail: detail.clone() },
        ] {
            assert_eq!(after(no), (MessageStatus::Queued, Some(TRIED), at_twilio));
        }
        assert_eq!(after(refused(Action::OptedOut)).0, MessageStatus::Failed, "STOP holds for all");
        let (status, _, next) = after(SendOutcome::Ambiguous { detail });
        assert_eq!((status, next.map(|(c, _)| c)), (MessageStatus::Unknown, Some(CarrierName::Aliyun)));
    }
}
