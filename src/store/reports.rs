//! What carriers report of messages, and messages of which they report nothing.

use crate::model::*;

/// A carrier's report about a message, by its own id of it or by our attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The carrier's id.
    pub sid: String,
    /// Our message, if the report says.
    pub message_id: Option<MessageId>,
    /// Which attempt at it, if the report says.
    pub attempt: Option<i64>,
    /// The status reported.
    pub status: MessageStatus,
    /// The carrier's code, where it is a number.
    pub error_code: Option<i64>,
    /// The carrier's code in its own word, or what it means.
    pub error: Option<String>,
}

/// A text that the carrier took, and of whose end nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// Which.
    pub id: MessageId,
    /// The carrier's id.
    pub sid: String,
    /// By which carrier, where that was noted.
    pub carrier: Option<CarrierName>,
    /// How often it was tried.
    pub attempts: i64,
    /// What is known.
    pub status: MessageStatus,
    /// When the carrier had it.
    pub sent_at: Timestamp,
    /// To which number.
    pub to: E164,
    /// What.
    pub body: String,
    /// When the last try began, or its answer was missed.
    pub tried_at: Timestamp,
}
