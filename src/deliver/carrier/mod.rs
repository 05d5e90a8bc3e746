//! The carrier: who takes a text to a phone. One trait, three implementors ([`Twilio`], [`Aliyun`], [`Console`]), and one
//! that stands before several ([`Switchboard`]).
//!
//! A carrier says what happened to one request, and never more than it knows: "not sent" only when that is certain,
//! "ambiguous" whenever the other side may have taken it. It never retries, keeps no queue, and writes no log; when to
//! send (again) is the outbox's business. Numbers, words and secrets never appear in an outcome or an error.

use futures_util::future::BoxFuture;

use crate::model::{CarrierName, E164, Locale, MessageStatus, Millis, Timestamp};

pub mod aliyun;
pub mod codes;
pub mod console;
pub mod http;
pub mod switchboard;
pub mod twilio;

pub use aliyun::{Aliyun, AliyunAccount};
pub use codes::{Action, ErrorCode, action_for};
pub use console::Console;
pub use http::Limits;
pub use switchboard::Switchboard;
pub use twilio::{Sender, Twilio, TwilioAccount};

/// How much earlier than our own clock the carrier may date what we sent, in milliseconds.
pub const FIND_SLACK_MS: Millis = 60_000;

/// One text, ready to go.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// Our id of this attempt; goes into the callback's address, so that a report finds us even when the answer is lost.
    pub attempt: &'a str,
    /// For whom.
    pub to: &'a E164,
    /// The words.
    pub body: &'a str,
    /// Which words they are: a carrier that takes none but approved templates knows them by this name.
    pub template: &'a str,
    /// In which language.
    pub locale: Locale,
    /// After so many seconds in the carrier's queue it is stale and must not go out. Carriers bound it (Twilio: 1 to 36,000).
    pub valid_for_s: u32,
}

/// One call, ready to be made.
#[derive(Clone, Copy)]
pub struct Calling<'a> {
    /// Our id of this attempt, as of [`Outgoing`].
    pub attempt: &'a str,
    /// Whom.
    pub to: &'a E164,
    /// What is said, twice.
    pub body: &'a str,
    /// In which language.
    pub locale: Locale,
}

/// What to look for in the carrier's own list.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// Our last attempt at it (see [`Outgoing::attempt`]): the message's id, a dot and a number.
    pub attempt: &'a str,
    /// To whom it went.
    pub to: &'a E164,
    /// The words, exactly.
    pub body: &'a str,
    /// When the attempt began, by our clock.
    pub since: Timestamp,
}

/// What became of one request.
#[derive(Clone, Debug, PartialEq)]
pub enum SendOutcome {
    /// The carrier has it.
    Accepted {
        /// The carrier's id.
        sid: String,
        /// Its state by the carrier's answer.
        status: MessageStatus,
        /// Billed parts, where already known.
        segments: Option<u32>,
    },
    /// The carrier said no to this message; nothing was sent. `action` says what to do instead.
    Refused {
        /// The carrier's error code, when it gave one.
        code: Option<u32>,
        /// What it means, in our words.
        detail: String,
        /// What to do about it.
        action: Action,
    },
    /// Too many at once; nothing was sent, not to be tried earlier than `after`.
    Later {
        /// At least so long, in milliseconds.
        after: Millis,
        /// The carrier's error code, when it gave one.
        code: Option<u32>,
    },
    /// The request never left (name, connection, TLS): safe to repeat.
    NotSent {
        /// Why.
        detail: String,
    },
    /// It may or may not have been taken: ask ([`Carrier::find`]) before sending again.
    Ambiguous {
        /// Why nobody knows.
        detail: String,
    },
    /// The account or its set-up is at fault; nothing was sent and nothing else would be: stop the queue, tell the operator.
    AccountFault {
        /// The carrier's error code, when it gave one.
        code: Option<u32>,
        /// What it means, in our words.
        detail: String,
    },
}

impl SendOutcome {
    /// Why it was not taken: the carrier's code and words for a person.
    pub fn reason(&self) -> (Option<i64>, String) {
        match self {
            Self::Refused { code, detail, .. } | Self::AccountFault { code, detail } => {
                (code.map(i64::from), detail.clone())
            }
            Self::Later { code, .. } => (code.map(i64::from), "carrier busy".to_owned()),
            Self::NotSent { detail } | Self::Ambiguous { detail } => (None, detail.clone()),
            Self::Accepted { .. } => (None, String::new()),
        }
    }
}

/// A message as the carrier knows it; without its number and words, which the asker has.
#[derive(Clone, Debug, PartialEq)]
pub struct CarrierMessage {
    /// The carrier's id.
    pub sid: String,
    /// Its state.
    pub status: MessageStatus,
    /// Why it failed, when it did and the carrier has numbers for it.
    pub error_code: Option<u32>,
    /// Why it failed, in the carrier's own word for it.
    pub error: Option<String>,
    /// Billed parts, where already known.
    pub segments: Option<u32>,
    /// When the carrier took it (Twilio: to the second), by the carrier's clock.
    pub created_at: Option<Timestamp>,
    /// When the carrier sent it, by the carrier's clock.
    pub sent_at: Option<Timestamp>,
}

/// Why a question to the carrier has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CarrierError {
    /// No answer, or one that says the carrier is in trouble: ask again later.
    #[error("carrier unreachable: {0}")]
    Unreachable(String),
    /// Too many questions.
    #[error("carrier asks to wait {after} ms")]
    Later {
        /// At least so long, in milliseconds.
        after: Millis,
    },
    /// The account or its set-up is at fault.
    #[error("carrier account at fault: {detail}")]
    AccountFault {
        /// The carrier's error code, when it gave one.
        code: Option<u32>,
        /// What it means, in our words.
        detail: String,
    },
    /// The carrier knows no such message.
    #[error("carrier knows no such message")]
    NotFound,
    /// An answer that cannot be read.
    #[error("carrier's answer not understood: {0}")]
    Unreadable(String),
}

/// A carrier. Every call ends within the carrier's own time limits.
pub trait Carrier: Send + Sync {
    /// The one of this name, where there are several behind this one; none where there is but one.
    fn named(&self, _: CarrierName) -> Option<&dyn Carrier> {
        None
    }

    /// Hands one text over, once.
    fn send<'a>(&'a self, text: Outgoing<'a>) -> BoxFuture<'a, SendOutcome>;

    /// Everything in the carrier's list that is this text: same number, same words, taken at `since` − [`FIND_SLACK_MS`] or later.
    /// A carrier may show what it took only after a while: nothing found at once proves nothing.
    fn find<'a>(&'a self, lookup: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>>;

    /// Rings a number once, says the words and asks for one key.
    fn call<'a>(&'a self, _call: Calling<'a>) -> BoxFuture<'a, SendOutcome> {
        let detail = "this carrier makes no calls".to_owned();
        Box::pin(std::future::ready(SendOutcome::Refused { code: None, detail, action: Action::OtherChannel }))
    }

    /// As [`Carrier::find`], of calls.
    fn find_call<'a>(&'a self, lookup: Lookup<'a>) -> BoxFuture<'a, Result<Vec<CarrierMessage>, CarrierError>> {
        self.find(lookup)
    }

    /// One message by the carrier's id.
    fn fetch<'a>(&'a self, sid: &'a str) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>>;

    /// What became of a message that it took: by the carrier's id, or as it was sent where the id alone is not enough.
    fn follow<'a>(&'a self, sid: &'a str, _sent: Lookup<'a>) -> BoxFuture<'a, Result<CarrierMessage, CarrierError>> {
        self.fetch(sid)
    }

    /// Is the carrier there, and does it know us? Also warms the connection for the first text.
    fn ping(&self) -> BoxFuture<'_, Result<(), CarrierError>>;
}

/// The carriers behind one, by name; one alone has no name here.
pub fn each(carrier: &dyn Carrier) -> Vec<(Option<CarrierName>, &dyn Carrier)> {
    let named = |name| carrier.named(name).map(|one| (Some(name), one));
    let all: Vec<_> = CarrierName::ALL.into_iter().filter_map(named).collect();
    if all.is_empty() { vec![(None, carrier)] } else { all }
}

/// The carrier's word for a state, as ours; `None` for a word that nobody knew when this was written (leave the message as it is).
/// `sending` is still the carrier's; a partly delivered message counts as sent, because nobody may rely on it.
pub fn status_of(word: &str) -> Option<MessageStatus> {
    Some(match word {
        "accepted" | "scheduled" | "queued" | "sending" | "initiated" | "ringing" => MessageStatus::Accepted,
        "sent" | "partially_delivered" | "in-progress" => MessageStatus::Sent,
        "delivered" | "read" | "completed" => MessageStatus::Delivered,
        "undelivered" | "busy" | "no-answer" => MessageStatus::Undelivered,
        "failed" | "canceled" => MessageStatus::Failed,
        "receiving" | "received" => MessageStatus::Received,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_state_has_one_of_ours() {
        let table = [
            ("queued", "accepted"),
            ("accepted", "accepted"),
            ("scheduled", "accepted"),
            ("sending", "accepted"),
            ("sent", "sent"),
            ("partially_delivered", "sent"),
            ("delivered", "delivered"),
            ("read", "delivered"),
            ("undelivered", "undelivered"),
            ("failed", "failed"),
            ("canceled", "failed"),
            ("receiving", "received"),
            ("received", "received"),
        ];
        for (theirs, ours) in table {
            assert_eq!(status_of(theirs).map(MessageStatus::as_str), Some(ours), "{theirs}");
        }
        assert_eq!(status_of("teleported"), None);
        assert_eq!(status_of("Delivered"), None, "their words are lower case");
    }
}
