//! Care tickets: a problem being looked after until the tenant is satisfied. A state machine whose moves are events.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    DeviceKey, HousekeeperId, Locale, MessageId, PropertyId, Recipient, Step, TenantId, TicketId, Timestamp, Tone,
    UnitId, Work,
};

/// What a ticket is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketKind {
    /// A battery that runs low.
    Battery,
    /// Water.
    Leak,
    /// A device or gateway that does not speak.
    Silent,
    /// A case that was opened.
    Tamper,
    /// Something a person asked for.
    Request,
}

impl TicketKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Battery, Self::Leak, Self::Silent, Self::Tamper, Self::Request];

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Battery => "battery",
            Self::Leak => "leak",
            Self::Silent => "silent",
            Self::Tamper => "tamper",
            Self::Request => "request",
        }
    }

    /// Reads the word of the contract.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

/// How much it matters: quiet hours and budgets bind `routine`, budgets bind `urgent`, nothing binds `emergency` but STOP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Can wait for the day.
    #[default]
    Routine,
    /// Should not wait.
    Urgent,
    /// Cannot wait.
    Emergency,
}

impl Severity {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Urgent => "urgent",
            Self::Emergency => "emergency",
        }
    }

    /// Reads the word of the contract.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Routine, Self::Urgent, Self::Emergency].into_iter().find(|s| s.as_str() == word)
    }
}

/// Where a ticket stands. Times that belong to a state are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    /// Nobody has it yet.
    Open,
    /// Shown to housekeepers.
    Offered,
    /// A housekeeper has it.
    Assigned,
    /// The housekeeper is there.
    OnSite,
    /// Proven or said to be solved.
    Resolved {
        /// When.
        at: Timestamp,
    },
    /// Over.
    Closed {
        /// When it was resolved.
        resolved_at: Timestamp,
        /// When it was closed.
        at: Timestamp,
    },
    /// It was none.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

impl Status {
    /// The word of the contract.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Offered => "offered",
            Self::Assigned => "assigned",
            Self::OnSite => "on_site",
            Self::Resolved { .. } => "resolved",
            Self::Closed { .. } => "closed",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Every word, for checks of input.
    pub const WORDS: [&'static str; 7] = ["open", "offered", "assigned", "on_site", "resolved", "closed", "cancelled"];

    /// Still being worked on.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Open | Self::Offered | Self::Assigned | Self::OnSite)
    }
}

/// A playbook step as this ticket carries it: copied at the opening, so that a changed configuration changes only new tickets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// What to do.
    pub step: Step,
    /// When it is due; moved when quiet hours or a budget hold it.
    pub at: Timestamp,
    /// What came of it.
    pub done: Option<StepDone>,
    /// Said after the ticket is resolved: thanks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
    /// How often it was tried under a key of its own (an expired message is tried again as a new one).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u32,
    /// Its message was refused or never arrived: nobody was reached by it, and those it was for count as asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// For this housekeeper, whomever the step is for otherwise; of words to the manager, about this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<HousekeeperId>,
}

impl PlannedStep {
    /// Whether it has reached this person.
    pub fn reached(&self, recipient: &Recipient) -> bool {
        matches!(&self.done, Some(StepDone::Sent { to, .. }) if to.contains(&recipient.as_key()))
    }
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum StepDone {
    /// It led to these messages.
    Sent {
        /// When.
        at: Timestamp,
        /// Their ids; one message may carry the words of several tickets.
        messages: Vec<MessageId>,
        /// To whom, as [`crate::model::Recipient::as_key`] writes it.
        to: Vec<String>,
    },
    /// It was not needed or not possible; the reason is a stable word.
    Skipped {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

/// Where water probably comes from: the highest of the wet floors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Which unit.
    pub unit_id: UnitId,
    /// Its floor, where the registry tells.
    pub floor: Option<i32>,
}

/// How was it?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// When the tenant was asked.
    pub asked_at: Timestamp,
    /// When they answered.
    pub answered_at: Option<Timestamp>,
    /// From 0 to 10.
    pub score: Option<u8>,
    /// In which words.
    pub words: Option<String>,
}

/// What a tenant was asked about a ticket. One incident may concern several flats, so that each answers for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who was asked.
    pub tenant_id: TenantId,
    /// What, as the playbook's step says it: `need_bed`, `replaced`, `inside`, `close_valve`.
    pub what: String,
    /// When.
    pub asked_at: Timestamp,
    /// What they said, a stable word: `need_bed`, `no`, `yes`, `inside`; while it is absent the question is open.
    pub answer: Option<String>,
}

/// One problem being looked after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// What it is about.
    pub kind: TicketKind,
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    pub property_id: PropertyId,
    /// In which unit.
    pub unit_id: Option<UnitId>,
    /// Whom it concerns: the tenant of the day it opened.
    pub tenant_id: Option<TenantId>,
    /// The device that told first.
    pub device_key: Option<DeviceKey>,
    /// Every device that is part of the same incident, the first included, with whether it still shows the problem.
    pub devices: Vec<(DeviceKey, bool)>,
    /// Where it stands.
    pub status: Status,
    /// Who has it, or had it last.
    pub assignee: Option<HousekeeperId>,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Since when it is so, where that is not the opening: the last word of what is silent, the return of water.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it needs attention next.
    pub due_at: Option<Timestamp>,
    /// It waits for the operator's word: nobody is written to before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// The steps of its playbook.
    pub plan: Vec<PlannedStep>,
    /// When the carrier first took a message to the tenant: the clock of the reward starts here.
    pub told_at: Option<Timestamp>,
    /// When a replacement was first seen.
    pub seen_at: Option<Timestamp>,
    /// Whether the battery died on the way; of a silence: whether it probably did.
    pub died: bool,
    /// Whether a housekeeper went there: then nothing is paid.
    pub visited: bool,
    /// What was credited, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward_minor: Option<i64>,
    /// What tenants were asked in this round, each of them each thing once; what was asked last stands last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// Where the water probably comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// When water last came to another sensor of it, or back; absent where that is the opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wet_at: Option<Timestamp>,
    /// What was asked for, in the words of who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The question how it was, and the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<Survey>,
    /// In which tone its routine words are said, and in which language, while several tones are tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<(Locale, Tone)>,
    /// Whether its tenant has written since it was opened.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replied: bool,
    /// Who signs every text about it, from the first to the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Digests of its photos, in the order in which they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<String>,
    /// How often it was opened again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u32,
    /// The people's side of it.
    #[serde(default)]
    pub work: Work,
    /// When it was last changed.
    #[serde(default)]
    pub changed_at: Timestamp,
    /// How many events it has; the next event's number.
    pub events: i64,
}

impl Ticket {
    /// A tenant is asked something; asked again, it is open again.
    pub fn ask(&mut self, tenant: &TenantId, what: &str, asked_at: Timestamp) {
        self.questions.retain(|q| q.tenant_id != *tenant || q.what != what);
        let (tenant_id, what) = (tenant.clone(), what.to_owned());
        self.questions.push(Question { tenant_id, what, asked_at, answer: None });
    }

    /// A tenant has answered, whether asked or not.
    pub fn answer(&mut self, tenant: &TenantId, what: &str, answer: &str, at: Timestamp) {
        if self.question(tenant, what).is_none() {
            self.ask(tenant, what, at);
        }
        let own = |q: &&mut Question| q.tenant_id == *tenant && q.what == what;
        self.questions.iter_mut().filter(own).for_each(|q| q.answer = Some(answer.to_owned()));
    }

    /// What a tenant was asked of this.
    pub fn question(&self, tenant: &TenantId, what: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.tenant_id == *tenant && q.what == what)
    }

    /// Whether a tenant was asked this and has yet to answer.
    pub fn is_asked(&self, tenant: &TenantId, what: &str) -> bool {
        self.question(tenant, what).is_some_and(|q| q.answer.is_none())
    }

    /// What the tenant whom it concerns said to what they were asked last.
    pub fn answered(&self) -> Option<&str> {
        let own = |q: &&Question| Some(&q.tenant_id) == self.tenant_id.as_ref();
        self.questions.iter().rfind(own).and_then(|q| q.answer.as_deref())
    }

    /// Whether a step of it has reached this person.
    pub fn was_told(&self, recipient: &Recipient) -> bool {
        self.plan.iter().any(|p| p.reached(recipient))
    }

    /// Whether the tenant did what the texts asked: wrote back, or put in the battery before anybody had to come.
    pub fn is_heeded(&self) -> bool {
        let over = matches!(self.status, Status::Resolved { .. } | Status::Closed { .. });
        self.replied || (self.kind == TicketKind::Battery && over && !self.visited && !self.died)
    }

    /// When water last came to a sensor of it: what else of a riser is wet soon after is the same incident.
    pub fn wet_at(&self) -> Timestamp {
        self.wet_at.unwrap_or(self.opened_at)
    }
}

/// One move of a ticket. The list of them is the audit trail.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketEvent {
    /// Of which ticket.
    pub ticket_id: TicketId,
    /// Its number within the ticket, from 0.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What, a stable word: `opened`, `step`, `resolved`, `reopened`, …
    pub what: &'static str,
    /// Who: `system`, `device`, `tenant:…`, `housekeeper:…`, `user:…`.
    pub actor: String,
    /// Details, a JSON object.
    pub data: serde_json::Value,
}

/// 128 bits of SHA-256 in hexadecimal: ids made from what they name.
pub fn digest(text: impl AsRef<[u8]>) -> String {
    use std::fmt::Write;
    let hash = Sha256::digest(text);
    hash.iter().take(16).fold(String::with_capacity(32), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
