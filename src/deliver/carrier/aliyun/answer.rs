//! Alibaba's answers → what they mean. Pure: no network, no clock. Reads what is there and forgives what is missing.

use chrono::{FixedOffset, NaiveDateTime};
use serde_json::Value;

use super::codes;
use crate::deliver::carrier::{Action, CarrierError, CarrierMessage, SendOutcome};
use crate::model::time::SECOND;
use crate::model::{MessageStatus, Millis, Timestamp};

/// The wait when the carrier says "too many".
const LATER_MS: Millis = SECOND;
/// Beijing, which dates everything; it knows no summer time.
const BEIJING_S: i32 = 8 * 3_600;

/// One whole answer.
pub(super) struct Answer {
    status: u16,
    value: Value,
}

impl Answer {
    pub(super) fn new(status: u16, body: &[u8]) -> Self {
        Self { status, value: serde_json::from_slice(body).unwrap_or_default() }
    }

    /// The answer to a request to send. Whatever is not surely "taken" or "not taken" is ambiguous.
    pub(super) fn into_outcome(self) -> SendOutcome {
        match (self.status, self.code()) {
            (200..=299, "OK") => self.accepted(),
            (429, _) => SendOutcome::Later { after: LATER_MS, code: None },
            (300..=399, _) => SendOutcome::AccountFault { code: None, detail: self.elsewhere() },
            (408 | 500..=599, _) | (_, "") => SendOutcome::Ambiguous { detail: self.status_words() },
            (_, code) if code.starts_with("Throttling") => SendOutcome::Later { after: LATER_MS, code: None },
            (_, code) => self.refused(code),
        }
    }

    /// The answer to a question.
    pub(super) fn into_value(self) -> Result<Value, CarrierError> {
        let action = codes::lookup(self.code(), "").1;
        match (self.status, self.code()) {
            (200..=299, "OK") => Ok(self.value),
            (300..=399, _) => Err(CarrierError::AccountFault { code: None, detail: self.elsewhere() }),
            (408 | 500..=599, _) => Err(CarrierError::Unreachable(self.status_words())),
            (429, _) => Err(CarrierError::Later { after: LATER_MS }),
            (_, "") => Err(CarrierError::Unreadable(self.status_words())),
            (_, code) if code.starts_with("Throttling") => Err(CarrierError::Later { after: LATER_MS }),
            (_, "isv.BUSINESS_LIMIT_CONTROL") => Err(CarrierError::Later { after: LATER_MS }),
            (401 | 403, code) => Err(CarrierError::AccountFault { code: None, detail: self.detail(code) }),
            (_, code) if action == Action::StopQueue => {
                Err(CarrierError::AccountFault { code: None, detail: self.detail(code) })
            }
            (_, code) if action == Action::AskCarrier => Err(CarrierError::Unreachable(self.detail(code))),
            (_, code) => Err(CarrierError::Unreadable(self.detail(code))),
        }
    }

    fn accepted(&self) -> SendOutcome {
        match text(&self.value, "BizId") {
            "" => SendOutcome::Ambiguous { detail: "taken, but without an id".to_owned() },
            id => SendOutcome::Accepted { sid: id.to_owned(), status: MessageStatus::Accepted, segments: None },
        }
    }

    fn refused(&self, code: &str) -> SendOutcome {
        let detail = self.detail(code);
        match codes::lookup(code, text(&self.value, "Message")).1 {
            Action::AskCarrier => SendOutcome::Ambiguous { detail },
            Action::StopQueue => SendOutcome::AccountFault { code: None, detail },
            _ if matches!(self.status, 401 | 403) => SendOutcome::AccountFault { code: None, detail },
            action => SendOutcome::Refused { code: None, detail, action },
        }
    }

    fn code(&self) -> &str {
        text(&self.value, "Code")
    }

    /// The code and our words for it. Alibaba's own words are not repeated: they may quote numbers.
    fn detail(&self, code: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
        let code: String = code.chars().filter(|c| plain(*c)).take(60).collect();
        let meaning = codes::lookup(&code, "").0.unwrap_or("see Alibaba's list of error codes");
        format!("{code}: {meaning}")
    }

    fn status_words(&self) -> String {
        format!("the carrier answered {} without a code", self.status)
    }

    fn elsewhere(&self) -> String {
        format!("the carrier sends us elsewhere (status {}): check api_url", self.status)
    }
}

/// How many entries a page has, and those that are attempts at the message that this is an attempt at.
pub(super) fn details(value: &Value, attempt: &str) -> Result<(usize, Vec<CarrierMessage>), CarrierError> {
    let list = value.get("SmsSendDetailDTOs").and_then(|l| l.get("SmsSendDetailDTO")).and_then(Value::as_array);
    let list = list.ok_or_else(|| CarrierError::Unreadable("no list of messages".to_owned()))?;
    let message = |attempt: &'_ str| attempt.rsplit_once('.').map(|(id, _)| id.to_owned());
    let ours = message(attempt);
    let is_ours = |entry: &&Value| ours.is_some() && message(text(entry, "OutId")) == ours;
    Ok((list.len(), list.iter().filter(is_ours).map(detail).collect()))
}

/// One message of the list, which has no other id than ours.
fn detail(entry: &Value) -> CarrierMessage {
    let status = match entry.get("SendStatus").and_then(Value::as_u64) {
        Some(2) => MessageStatus::Undelivered,
        Some(3) => MessageStatus::Delivered,
        _ => MessageStatus::Accepted,
    };
    let at = beijing(text(entry, "SendDate"));
    let error_code = text(entry, "ErrCode").parse().ok();
    let word = Some(text(entry, "ErrCode")).filter(|word| !word.is_empty() && status == MessageStatus::Undelivered);
    let error = word.map(|word| word.chars().take(60).collect());
    let sid = text(entry, "OutId").to_owned();
    CarrierMessage { sid, status, error_code, error, segments: None, created_at: at, sent_at: at }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn beijing(text: &str) -> Option<Timestamp> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
    let at = local.and_local_timezone(FixedOffset::east_opt(BEIJING_S)?).single()?;
    Some(Timestamp(at.timestamp_millis()))
}
