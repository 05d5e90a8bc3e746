//! Playbooks: the timed steps for one kind of ticket, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Severity;
use super::time::{DAY, HOUR, MINUTE, Millis, SECOND};

/// A span of time as configuration writes it: `30s`, `5m`, `48h`, `2d`; also `1h30m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Millis);

impl Span {
    /// Reads the form above. The error says what was found and what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("\"{text}\" is no duration; expected e.g. \"30s\", \"5m\", \"48h\" or \"2d\"");
        let mut rest = text.trim();
        let mut total: Millis = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|&n| n > 0).ok_or_else(bad)?;
            let number: Millis = rest[..digits].parse().map_err(|_| bad())?;
            let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |n| digits + n);
            let unit = match &rest[digits..unit_end] {
                "ms" => 1,
                "s" => SECOND,
                "m" => MINUTE,
                "h" => HOUR,
                "d" => DAY,
                _ => return Err(bad()),
            };
            total = number.checked_mul(unit).and_then(|ms| total.checked_add(ms)).ok_or_else(bad)?;
            rest = &rest[unit_end..];
        }
        if text.trim().is_empty() { Err(bad()) } else { Ok(Self(total)) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms")];
        let (unit, word) =
            units.into_iter().find(|(unit, _)| self.0 % unit == 0 && self.0 != 0).unwrap_or((SECOND, "s"));
        write!(f, "{}{word}", self.0 / unit)
    }
}

impl TryFrom<String> for Span {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Send a text.
    Text,
    /// Call by phone.
    Call,
    /// Offer the job to housekeepers.
    Offer,
    /// Close the valve of the unit.
    ValveClose,
    /// Put a task on somebody's list.
    Task,
    /// Ask how it was.
    Survey,
}

/// Whom a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The tenant of the unit on that day.
    Tenant,
    /// The housekeepers of the property who are on duty and have the skill.
    Housekeepers,
    /// The housekeeper on duty.
    OnDuty,
    /// The next housekeeper after the one on duty.
    Second,
    /// The property's manager.
    Manager,
    /// The region's head.
    Region,
}

/// What makes a step needless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// The person asked has answered.
    Answered,
    /// A housekeeper has the job.
    Accepted,
}

/// Which moment `after` counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// The opening of the ticket.
    #[default]
    Opened,
    /// The predicted end of the battery; `after` is then taken off it.
    BeforeEnd,
    /// The death of the battery.
    Died,
}

/// One timed step of a playbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// How long after the opening (or before the end, see `since`).
    pub after: Span,
    /// What to do.
    #[serde(rename = "do")]
    pub verb: Verb,
    /// For whom.
    pub to: Audience,
    /// Which moment `after` is measured from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub since: Since,
    /// Which words; needed by `text`, and by `offer` where the built-in ones are not wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Which question the text asks, e.g. `need_bed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<String>,
    /// Which skill an offer needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<String>,
    /// After how long without an answer an offer goes to more people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widen_after: Option<Span>,
    /// What makes the step needless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// Overrides the playbook's severity for this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The timed steps for one kind of ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// How much its tickets matter.
    pub severity: Severity,
    /// How long the problem must be gone before the ticket is resolved (leak: dry this long).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_after: Option<Span>,
    /// How long after its resolution a ticket is closed; until then the same problem reopens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_after: Option<Span>,
    /// What happens, in the order of time.
    pub steps: Vec<Step>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_write_what_configuration_holds() {
        for (text, ms) in
            [("0s", 0), ("30s", 30_000), ("5m", 300_000), ("48h", 2 * DAY), ("2d", 2 * DAY), ("1h30m", 90 * MINUTE)]
        {
            assert_eq!(Span::parse(text), Ok(Span(ms)), "{text}");
            assert_eq!(Span::parse(&Span(ms).to_string()), Ok(Span(ms)), "{text} written and read again");
        }
        for bad in ["", "5", "m", "5 minutes", "-3m", "99999999999999999d"] {
            assert!(Span::parse(bad).is_err(), "{bad}");
        }
    }
}
