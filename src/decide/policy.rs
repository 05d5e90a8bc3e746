//! What an operator has decided beforehand: thresholds, rewards, quiet hours and playbooks, as data. Pure.
//!
//! The configuration file is read straight into these types (`[battery]`, `[rewards]`, `[playbook.*]`, …).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::time::MINUTE;
use crate::model::{
    Audience, CarrierRoutes, E164, Locale, Playbook, PropertyId, Severity, Since, Span, Step, TicketKind, Tone, Until,
    Verb,
};

/// `[battery]`: when a battery counts as low, and what proves its replacement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BatteryPolicy {
    /// Low at the second reading at or below this, 0–100 %, where nothing better is known.
    pub low_percent: f64,
    /// How many readings a fresh level must hold to be proven.
    pub proof_readings: u32,
    /// How long a fresh level must hold to be proven.
    pub proof_hold: Span,
}

impl Default for BatteryPolicy {
    fn default() -> Self {
        Self { low_percent: 20.0, proof_readings: 4, proof_hold: span("12h") }
    }
}

/// `[rewards]`: what a tenant is credited for a replacement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RewardPolicy {
    /// ISO 4217 code.
    pub currency: String,
    /// Seen replaced within `in_time` after the carrier took the first message, minor units.
    pub in_time_minor: i64,
    /// See `in_time_minor`.
    pub in_time: Span,
    /// Seen replaced later, but before the battery died, minor units.
    pub late_minor: i64,
    /// At most this much per tenant and calendar month of the property, minor units.
    pub monthly_cap_minor: i64,
}

impl Default for RewardPolicy {
    fn default() -> Self {
        Self {
            currency: "CNY".to_owned(),
            in_time_minor: 1000,
            in_time: span("48h"),
            late_minor: 500,
            monthly_cap_minor: 2000,
        }
    }
}

/// `[goodwill]`: what people who work here may credit by themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GoodwillPolicy {
    /// By one agent in one calendar month of the property, minor units.
    pub agent_monthly_minor: i64,
    /// To one tenant in one calendar month, minor units.
    pub tenant_monthly_minor: i64,
}

impl Default for GoodwillPolicy {
    fn default() -> Self {
        Self { agent_monthly_minor: 50_000, tenant_monthly_minor: 10_000 }
    }
}

/// `[quiet_hours]` and `[budget]`: when and how often people may be written to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContactPolicy {
    /// Local hour at which the night begins.
    pub night_from_hour: u32,
    /// Local hour at which it ends.
    pub night_to_hour: u32,
    /// Routine and urgent messages to one person within any 24 hours.
    pub daily_messages_max: u32,
    /// In which tones routine words are said; several are tried against each other.
    pub tones: Vec<Tone>,
    /// Of the calm texts that automation could look after: the share that a human answers, so that both are compared.
    pub people_share: f64,
    /// Whether somebody who said STOP may still be called, never texted, about an emergency: only where the law allows it.
    pub call_after_stop: bool,
}

impl Default for ContactPolicy {
    fn default() -> Self {
        Self {
            night_from_hour: 21,
            night_to_hour: 8,
            daily_messages_max: 4,
            tones: vec![Tone::Plain],
            people_share: 0.0,
            call_after_stop: false,
        }
    }
}

/// `[presence]`: how long a device may be silent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PresencePolicy {
    /// Before its rhythm is known.
    pub unknown_rhythm: Span,
    /// Never less than this, however lively the device.
    pub least: Span,
    /// Never more than this, however lazy the device.
    pub most: Span,
    /// How long after "offline" it counts as silent.
    pub offline_grace: Span,
    /// How long the broker may be away before it is a matter for people.
    pub broker_grace: Span,
}

impl Default for PresencePolicy {
    fn default() -> Self {
        Self {
            unknown_rhythm: span("50h"),
            least: span("1h"),
            most: span("7d"),
            offline_grace: span("15m"),
            broker_grace: span("5m"),
        }
    }
}

/// `[dispatch]`: who is asked for a job, and how long is waited for whoever took it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DispatchPolicy {
    /// Housekeepers that are asked at once.
    pub group: usize,
    /// After an urgent job at night a housekeeper is asked last for this long.
    pub rest_after_night_call: Span,
    /// Who took an emergency is expected within this.
    pub emergency_within: Span,
    /// Who took an urgent job is expected within this.
    pub urgent_within: Span,
    /// Who is late and was asked about it loses the job after this.
    pub no_show_after: Span,
}

impl Default for DispatchPolicy {
    fn default() -> Self {
        Self {
            group: 3,
            rest_after_night_call: span("8h"),
            emergency_within: span("1h"),
            urgent_within: span("4h"),
            no_show_after: span("30m"),
        }
    }
}

impl DispatchPolicy {
    /// How long whoever takes a job may be on the way; without an end where the matter can wait.
    pub fn expected_within(&self, severity: Severity) -> Option<Span> {
        match severity {
            Severity::Emergency => Some(self.emergency_within),
            Severity::Urgent => Some(self.urgent_within),
            Severity::Routine => None,
        }
    }
}

/// `[sla]`: how long each step may take. What can wait has its time in service hours, the rest at any hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlaPolicy {
    /// Local hour at which service hours begin.
    pub from_hour: u32,
    /// Local hour at which they end, up to 24.
    pub to_hour: u32,
    /// Until somebody answers a text that only a human can; then the manager is told. Zero: never.
    pub reply: Span,
    /// Of emergencies.
    pub emergency: SlaLimits,
    /// Of what should not wait.
    pub urgent: SlaLimits,
    /// Of what can wait, in service hours.
    pub routine: SlaLimits,
}

/// How long the steps of a ticket may take; zero: as long as they take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaLimits {
    /// Until somebody takes it, or the tenant is told what to do.
    pub answer: Span,
    /// From then on, until somebody is there.
    pub arrive: Span,
    /// Until it is solved; while the tenant is waited for it stands.
    pub close: Span,
}

impl Default for SlaPolicy {
    fn default() -> Self {
        let limits =
            |answer, arrive, close| SlaLimits { answer: span(answer), arrive: span(arrive), close: span(close) };
        Self {
            from_hour: 8,
            to_hour: 20,
            reply: span("30m"),
            emergency: limits("10m", "1h", "1d"),
            urgent: limits("30m", "4h", "3d"),
            routine: limits("1h", "24h", "60h"),
        }
    }
}

/// `[region.NAME]`: who is told when a property's manager does not act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionHead {
    /// Where texts go.
    pub phone: E164,
    /// Their language.
    #[serde(default)]
    pub locale: Locale,
}

/// `[leak]`: which wet messages are believed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LeakPolicy {
    /// A wet reading older than this opens nothing.
    pub stale_after: Span,
    /// Wet sensors of one riser within this are one incident.
    pub riser_window: Span,
    /// Open and wet for this long: said again, so that a cancelled leak is not mute for ever.
    pub still_wet_after: Span,
    /// In an open ticket, wet for this long: somebody is asked to look at the sensor.
    pub look_after: Span,
    /// A meter whose flow did not stop for this long, and for twice as long as the household ever ran it.
    pub flow_never_stops: Span,
}

impl Default for LeakPolicy {
    fn default() -> Self {
        Self {
            stale_after: span("1h"),
            riser_window: span("30m"),
            still_wet_after: span("12h"),
            look_after: span("1d"),
            flow_never_stops: span("6h"),
        }
    }
}

/// `[sweep]`: when a fleet comes, what it brings along is reported and waits for the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SweepPolicy {
    /// So many devices first heard …
    pub devices_min: u32,
    /// … within this of one another are a fleet that comes.
    pub within: Span,
    /// What is found of them for so long after their first word waits.
    pub hold_for: Span,
}

impl Default for SweepPolicy {
    fn default() -> Self {
        Self { devices_min: 500, within: span("1d"), hold_for: span("4d") }
    }
}

/// Everything that the rules are told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// See [`BatteryPolicy`].
    pub battery: BatteryPolicy,
    /// See [`RewardPolicy`].
    pub rewards: RewardPolicy,
    /// See [`GoodwillPolicy`].
    pub goodwill: GoodwillPolicy,
    /// See [`ContactPolicy`].
    pub contact: ContactPolicy,
    /// See [`PresencePolicy`].
    pub presence: PresencePolicy,
    /// See [`LeakPolicy`].
    pub leak: LeakPolicy,
    /// See [`DispatchPolicy`].
    pub dispatch: DispatchPolicy,
    /// See [`SlaPolicy`].
    pub sla: SlaPolicy,
    /// Which carriers take messages to which numbers.
    pub routes: CarrierRoutes,
    /// See [`RegionHead`]; by the region's name.
    pub regions: BTreeMap<String, RegionHead>,
    /// See [`SweepPolicy`].
    pub sweep: SweepPolicy,
    /// Playbooks for all properties; a kind that is absent has the built-in one.
    pub playbooks: BTreeMap<TicketKind, Playbook>,
    /// Playbooks for one property; they come first.
    pub property_playbooks: BTreeMap<PropertyId, BTreeMap<TicketKind, Playbook>>,
    /// Tones of one property; they come first.
    pub property_tones: BTreeMap<PropertyId, Vec<Tone>>,
}

impl Policy {
    /// The playbook for a kind of ticket at a property: its own, else the operator's, else the built-in one.
    pub fn playbook(&self, property: &PropertyId, kind: TicketKind) -> Playbook {
        let own = self.property_playbooks.get(property).and_then(|p| p.get(&kind));
        own.or_else(|| self.playbooks.get(&kind)).cloned().unwrap_or_else(|| builtin_playbook(kind))
    }
}

/// Dry this long, a leak is over, where no playbook says otherwise.
pub(super) const LEAK_CLEAR_AFTER: Span = Span(30 * MINUTE);

/// The built-in playbook for a kind of ticket.
pub fn builtin_playbook(kind: TicketKind) -> Playbook {
    match kind {
        TicketKind::Battery => battery_playbook(),
        TicketKind::Leak => leak_playbook(),
        TicketKind::Silent => Playbook {
            close_after: Some(span("1d")),
            ..playbook(Severity::Routine, vec![Step { skill: None, ..step("0s", Verb::Offer, Audience::OnDuty) }])
        },
        TicketKind::Tamper => playbook(Severity::Urgent, vec![text("0s", Audience::OnDuty, "tamper_housekeeper")]),
        TicketKind::Request => {
            playbook(Severity::Routine, vec![step("0s", Verb::Offer, Audience::Housekeepers), how_was_it()])
        }
    }
}

fn battery_playbook() -> Playbook {
    let reminder = Step { since: Since::BeforeEnd, ..text("5d", Audience::Tenant, "battery_reminder") };
    let before_end =
        Step { since: Since::BeforeEnd, skill: Some("lock".to_owned()), ..step("2d", Verb::Offer, Audience::OnDuty) };
    let when_dead = Step {
        since: Since::Died,
        template: Some("offer_battery_dead".to_owned()),
        skill: Some("lock".to_owned()),
        severity: Some(Severity::Urgent),
        ..step("0s", Verb::Offer, Audience::OnDuty)
    };
    let first = text("0s", Audience::Tenant, "battery_tenant");
    playbook(Severity::Routine, vec![first, reminder, before_end, when_dead, how_was_it()])
}

fn leak_playbook() -> Playbook {
    let tenant = Step { asks: Some("need_bed".to_owned()), ..text("0s", Audience::Tenant, "leak_tenant") };
    let offer = Step {
        skill: Some("plumbing".to_owned()),
        widen_after: Some(span("2m")),
        ..step("0s", Verb::Offer, Audience::Housekeepers)
    };
    let call = Step { until: Some(Until::Answered), ..step("60s", Verb::Call, Audience::Tenant) };
    let second = Step { until: Some(Until::Accepted), ..text("5m", Audience::Second, "leak_second") };
    let manager = Step { until: Some(Until::Accepted), ..text("10m", Audience::Manager, "leak_manager") };
    Playbook {
        clear_after: Some(LEAK_CLEAR_AFTER),
        close_after: Some(span("1d")),
        ..playbook(Severity::Emergency, vec![tenant, offer, call, second, manager, how_was_it()])
    }
}

/// Asked this long after it is resolved.
fn how_was_it() -> Step {
    step("2h", Verb::Survey, Audience::Tenant)
}

fn playbook(severity: Severity, steps: Vec<Step>) -> Playbook {
    Playbook { severity, clear_after: None, close_after: None, steps }
}

fn step(after: &str, verb: Verb, to: Audience) -> Step {
    Step {
        after: span(after),
        verb,
        to,
        since: Since::Opened,
        template: None,
        asks: None,
        skill: None,
        widen_after: None,
        until: None,
        severity: None,
    }
}

fn text(after: &str, to: Audience, template: &str) -> Step {
    Step { template: Some(template.to_owned()), ..step(after, Verb::Text, to) }
}

/// Built-in spans are written as configuration writes them.
fn span(text: &str) -> Span {
    Span::parse(text).expect("built-in spans are well formed")
}
