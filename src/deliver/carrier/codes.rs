//! Carrier error codes as data: what each means and what to do. It decides nothing else and sends nothing.
//!
//! Source: Twilio's error dictionary (twilio.com/docs/api/errors). Twilio may change which code a cause gets, so an
//! unknown code is not a surprise: one more try, then another way to the person.

use super::aliyun;
use crate::model::time::{HOUR, MINUTE, SECOND};
use crate::model::{CarrierName, Millis};

/// What to do when a message was refused, or came to nothing after it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The same text again, not before `after`, at most `times` times; then as [`Action::OtherChannel`].
    Retry {
        /// The least wait, in milliseconds.
        after: Millis,
        /// How many more times.
        times: u32,
    },
    /// This text will not arrive this way: call, or turn to the next person.
    OtherChannel,
    /// The number takes no texts: flag it for the operator, and as [`Action::OtherChannel`].
    FlagNumber,
    /// The person said STOP to the carrier: record it, no more texts to this number until they say START.
    OptedOut,
    /// Nobody knows whether it was taken: ask the carrier before anything else.
    AskCarrier,
    /// Its time passed in the carrier's queue: decide again whether it is still wanted.
    Stale,
    /// A mistake of ours or of the set-up that hits this text only: tell the operator, and as [`Action::OtherChannel`].
    PageOperator,
    /// The account or the sender is at fault, no other text would pass: stop the queue and tell the operator.
    StopQueue,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The carrier's number for it.
    pub code: u32,
    /// What it means; shown to operators, free of any person's data.
    pub meaning: &'static str,
    /// What to do.
    pub action: Action,
}

/// For a code that is not in the table: once more, then another way.
pub const UNKNOWN_CODE: Action = Action::Retry { after: 30 * SECOND, times: 1 };

const SOON: Action = Action::Retry { after: SECOND, times: 5 };
const IN_MINUTES: Action = Action::Retry { after: 3 * MINUTE, times: 2 };
const IN_AN_HOUR: Action = Action::Retry { after: HOUR, times: 3 };

const fn row(code: u32, meaning: &'static str, action: Action) -> ErrorCode {
    ErrorCode { code, meaning, action }
}

/// All codes we know, in ascending order.
pub const ERROR_CODES: &[ErrorCode] = &[
    row(11200, "our webhook could not be reached by the carrier", Action::PageOperator),
    row(14107, "too many replies between two numbers within half a minute", Action::OtherChannel),
    row(20003, "account SID or auth token is wrong, or the account is closed", Action::StopQueue),
    row(20005, "the account is not active", Action::StopQueue),
    row(20404, "no such account or address: check account_sid and api_url", Action::StopQueue),
    row(20429, "too many requests at once", SOON),
    row(20500, "the carrier had an internal error", Action::AskCarrier),
    row(20503, "the carrier is not available", Action::AskCarrier),
    row(21211, "the number is not valid", Action::FlagNumber),
    row(21212, "the sender (from) is not valid", Action::StopQueue),
    row(21217, "the number does not look like a phone number", Action::FlagNumber),
    row(21408, "the account may not text this country", Action::OtherChannel),
    row(21602, "the text is empty", Action::PageOperator),
    row(21603, "no sender given: set from or messaging_service_sid", Action::StopQueue),
    row(21604, "no number given", Action::PageOperator),
    row(21606, "the sender (from) is not a number of this account that can text", Action::StopQueue),
    row(21608, "a trial account texts verified numbers only, or its business profile is missing", Action::StopQueue),
    row(21609, "the callback address is not valid: check public_url", Action::StopQueue),
    row(21610, "the person has opted out with STOP", Action::OptedOut),
    row(21611, "the sender's queue is full", IN_MINUTES),
    row(21612, "the carrier has no route from this sender to this number", Action::OtherChannel),
    row(21614, "the number is not a mobile number", Action::FlagNumber),
    row(21617, "the text is longer than 1,600 characters", Action::PageOperator),
    row(21635, "the number is a landline", Action::FlagNumber),
    row(21659, "the sender (from) is not a number of the carrier", Action::StopQueue),
    row(21705, "the messaging service is not valid", Action::StopQueue),
    row(30001, "the queue overflowed after the message was taken", IN_MINUTES),
    row(30002, "the account is suspended", Action::StopQueue),
    row(30003, "the phone is off or out of reach", IN_MINUTES),
    row(30004, "blocked by the person, the network or the carrier", Action::OtherChannel),
    row(30005, "the number is unknown or no longer in use", Action::FlagNumber),
    row(30006, "the number is a landline or its network takes no texts", Action::FlagNumber),
    row(30007, "filtered as unwanted by the network", Action::OtherChannel),
    row(30008, "the network gave no reason", UNKNOWN_CODE),
    row(30022, "over the rate of the registered campaign", IN_MINUTES),
    row(30023, "the network's limit for the day is reached", IN_AN_HOUR),
    row(30032, "the toll-free sender is not verified", Action::PageOperator),
    row(30034, "the sender is not registered for texting to the US (A2P 10DLC)", Action::PageOperator),
    row(30036, "its time passed in the carrier's queue", Action::Stale),
    row(30039, "looks like an answer of a machine to a machine", Action::OtherChannel),
    row(30453, "held back by the carrier's protection against text pumping", Action::PageOperator),
    row(63017, "over the sending rate of the account", IN_MINUTES),
    row(63038, "the account's limit for 24 hours is reached", IN_AN_HOUR),
    row(90007, "the validity period is out of range", Action::PageOperator),
];

/// The table's row for a code.
pub fn lookup(code: u32) -> Option<&'static ErrorCode> {
    ERROR_CODES.binary_search_by_key(&code, |row| row.code).ok().map(|at| &ERROR_CODES[at])
}

/// What to do about a message that was refused, `failed` or `undelivered` with this code.
pub fn action_for(code: Option<u32>) -> Action {
    code.and_then(lookup).map_or(UNKNOWN_CODE, |row| row.action)
}

/// What to do when a carrier reports that a message which it had taken came to nothing, and what its code means. Twilio
/// gives a number, Aliyun a word.
pub fn reported(carrier: CarrierName, code: Option<i64>, word: Option<&str>) -> (Action, Option<String>) {
    if carrier == CarrierName::Aliyun {
        let (meaning, action) = aliyun::codes::lookup_receipt(word.unwrap_or_default());
        return (action, word.map(|word| meaning.map_or_else(|| word.to_owned(), |m| format!("{word}: {m}"))));
    }
    let code = code.and_then(|code| u32::try_from(code).ok());
    (action_for(code), code.and_then(lookup).map(|row| row.meaning.to_owned()).or_else(|| word.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_says_something() {
        assert!(ERROR_CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(ERROR_CODES.iter().all(|row| row.meaning.len() > 10));
        for row in ERROR_CODES {
            assert_eq!(lookup(row.code), Some(row));
        }
    }

    #[test]
    fn an_unknown_code_is_tried_once_more() {
        for code in [None, Some(0), Some(1), Some(21_613), Some(99_999), Some(u32::MAX)] {
            assert_eq!(action_for(code), Action::Retry { after: 30 * SECOND, times: 1 }, "{code:?}");
        }
    }

    #[test]
    fn every_retry_ends_and_waits() {
        for row in ERROR_CODES {
            if let Action::Retry { after, times } = row.action {
                assert!((SECOND..=HOUR).contains(&after) && (1..=5).contains(&times), "{row:?}");
            }
        }
    }
}
