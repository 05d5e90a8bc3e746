//! Twilio's answers → what they mean. Pure: no network, no clock. Reads what is there and forgives what is missing.

use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::deliver::carrier::codes::{self, Action};
use crate::deliver::carrier::{CarrierError, CarrierMessage, FIND_SLACK_MS, Lookup, SendOutcome, status_of};
use crate::model::time::{HOUR, SECOND};
use crate::model::{MessageStatus, Millis, Timestamp};

/// The wait when Twilio says "later" but not when.
const LATER_MS: Millis = SECOND;
/// The longest wait that is believed.
const LATER_MS_MAX: Millis = HOUR;
/// Twilio's code for "too many requests".
const TOO_MANY: u32 = 20_429;
/// What a trial account puts before every text.
const TRIAL_PREFIX: &str = "Sent from your Twilio trial account - ";

/// One whole answer.
pub(super) struct Answer {
    status: u16,
    retry_after: Option<Millis>,
    value: Option<Value>,
}

impl Answer {
    pub(super) fn new(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        Self { status, retry_after: retry_after(headers), value: serde_json::from_slice(body).ok() }
    }

    /// The answer to a creation. Whatever is not surely "taken" or "not taken" is ambiguous.
    pub(super) fn into_outcome(self) -> SendOutcome {
        let code = self.code();
        match self.status {
            200..=299 => self.accepted(),
            429 => SendOutcome::Later { after: self.wait(), code },
            400..=499 if self.status != 408 => self.refused(),
            300..=399 => SendOutcome::AccountFault { code, detail: self.elsewhere() },
            status => SendOutcome::Ambiguous { detail: format!("the carrier answered {status}") },
        }
    }

    /// The answer to a question.
    pub(super) fn into_value(self) -> Result<Value, CarrierError> {
        let code = self.code();
        match self.status {
            200..=299 => self.value.ok_or_else(|| CarrierError::Unreadable("not JSON".to_owned())),
            429 => Err(CarrierError::Later { after: self.wait() }),
            404 => Err(CarrierError::NotFound),
            401 | 403 => Err(CarrierError::AccountFault { code, detail: self.detail() }),
            300..=399 => Err(CarrierError::AccountFault { code, detail: self.elsewhere() }),
            408 | 500..=599 => Err(CarrierError::Unreachable(format!("the carrier answered {}", self.status))),
            status => Err(CarrierError::Unreadable(format!("status {status}: {}", self.detail()))),
        }
    }

    fn accepted(&self) -> SendOutcome {
        match self.value.as_ref().and_then(message) {
            Some(CarrierMessage { sid, status, segments, .. }) => SendOutcome::Accepted { sid, status, segments },
            None => SendOutcome::Ambiguous { detail: format!("answer {} without a message in it", self.status) },
        }
    }

    fn refused(&self) -> SendOutcome {
        let (code, detail) = (self.code(), self.detail());
        match codes::action_for(code) {
            Action::AskCarrier => SendOutcome::Ambiguous { detail },
            Action::StopQueue => SendOutcome::AccountFault { code, detail },
            _ if self.status == 401 => SendOutcome::AccountFault { code, detail },
            _ if code == Some(TOO_MANY) => SendOutcome::Later { after: self.wait(), code },
            action => SendOutcome::Refused { code, detail, action },
        }
    }

    fn code(&self) -> Option<u32> {
        number(self.value.as_ref()?.get("code")?)
    }

    /// Our words for a known code, an address for any other. Twilio's own words are not repeated: they quote numbers.
    fn detail(&self) -> String {
        match self.code() {
            None => format!("status {} without an error code", self.status),
            Some(code) => match codes::lookup(code) {
                Some(row) => row.meaning.to_owned(),
                None => format!("see https://www.twilio.com/docs/errors/{code}"),
            },
        }
    }

    fn elsewhere(&self) -> String {
        format!("the carrier sends us elsewhere (status {}): check api_url", self.status)
    }

    fn wait(&self) -> Millis {
        self.retry_after.unwrap_or(LATER_MS)
    }
}

/// One page of the list.
pub(super) struct Page {
    entries: Vec<Value>,
    /// Where it goes on.
    pub(super) next: Option<String>,
}

impl Page {
    pub(super) fn read(value: &Value) -> Result<Self, CarrierError> {
        let entries = value.get("messages").and_then(Value::as_array).cloned();
        let next = value.get("next_page_uri").and_then(Value::as_str).map(str::to_owned);
        let entries = entries.ok_or_else(|| CarrierError::Unreadable("no list of messages".to_owned()))?;
        Ok(Self { entries, next })
    }

    /// The entries that are the text looked for. One without a date is not: it could be any earlier one.
    pub(super) fn matching(&self, lookup: &Lookup<'_>) -> impl Iterator<Item = CarrierMessage> {
        let entries = self.entries.iter().filter(|entry| is_the_text(entry, lookup)).filter_map(message);
        entries.filter(|found| found.created_at >= Some(earliest(lookup)))
    }

    /// The list runs from new to old: nothing looked for can follow.
    pub(super) fn reaches_before(&self, lookup: &Lookup<'_>) -> bool {
        let oldest = self.entries.last().and_then(message).and_then(|found| found.created_at);
        oldest.is_some_and(|oldest| oldest < earliest(lookup))
    }
}

fn earliest(lookup: &Lookup<'_>) -> Timestamp {
    lookup.since - FIND_SLACK_MS
}

fn is_the_text(entry: &Value, lookup: &Lookup<'_>) -> bool {
    let field = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let body = field("body");
    let body = body.strip_prefix(TRIAL_PREFIX).unwrap_or(body);
    field("to") == lookup.to.as_str() && body.trim_end() == lookup.body.trim_end() && field("direction") != "inbound"
}

/// A message resource; `None` without an id. An unknown word for the state means that the carrier has it.
pub(super) fn message(value: &Value) -> Option<CarrierMessage> {
    let date = |name: &str| value.get(name).and_then(Value::as_str).and_then(rfc2822);
    let status = value.get("status").and_then(Value::as_str).and_then(status_of);
    Some(CarrierMessage {
        sid: value.get("sid")?.as_str().filter(|sid| !sid.is_empty())?.to_owned(),
        status: status.unwrap_or(MessageStatus::Accepted),
        error_code: value.get("error_code").and_then(number),
        error: None,
        segments: value.get("num_segments").and_then(number).filter(|&segments| segments > 0),
        created_at: date("date_created"),
        sent_at: date("date_sent"),
    })
}

/// A number, or a number in quotes; Twilio has both.
fn number(value: &Value) -> Option<u32> {
    match value {
        Value::String(digits) => digits.parse().ok(),
        other => other.as_u64()?.try_into().ok(),
    }
}

fn rfc2822(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc2822(text).ok().map(|date| Timestamp(date.timestamp_millis()))
}

/// `Retry-After` in seconds, or as a date, which then counts from the answer's own `Date`.
fn retry_after(headers: &HeaderMap) -> Option<Millis> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let given = text(RETRY_AFTER)?;
    let ms = match given.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => (seconds * 1000.0).ceil() as Millis,
        Ok(_) => return None,
        Err(_) => rfc2822(given)? - rfc2822(text(DATE)?)?,
    };
    Some(ms.clamp(0, LATER_MS_MAX))
}
