//! Playbooks as the configuration writes them: changes to the built-in ones, key by key, per kind and per property.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::PropertySection;
use super::explain::suggest;
use super::read::Document;
use crate::decide::policy::builtin_playbook;
use crate::decide::words::TEMPLATES;
use crate::model::{Audience, Playbook, PropertyId, SKILLS, Severity, Since, Span, Step, TicketKind, Verb};

/// The questions that a text may ask.
const QUESTIONS: &[&str] = &["need_bed", "close_valve"];

/// `[playbook.KIND]`: a key that is absent keeps what the playbook below it has; `steps` replaces all steps.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlaybookEdit {
    /// See [`Playbook::severity`].
    pub severity: Option<Severity>,
    /// See [`Playbook::clear_after`].
    pub clear_after: Option<Span>,
    /// See [`Playbook::close_after`].
    pub close_after: Option<Span>,
    /// See [`Playbook::steps`].
    pub steps: Option<Vec<Spanned<Step>>>,
}

impl PlaybookEdit {
    /// The playbook that results from changing `below`.
    fn over(&self, below: Playbook) -> Playbook {
        let own_steps = self.steps.as_ref().map(|steps| steps.iter().map(|s| s.get_ref().clone()).collect());
        Playbook {
            severity: self.severity.unwrap_or(below.severity),
            clear_after: self.clear_after.or(below.clear_after),
            close_after: self.close_after.or(below.close_after),
            steps: own_steps.unwrap_or(below.steps),
        }
    }
}

type Playbooks = BTreeMap<TicketKind, Playbook>;

/// Every playbook as it applies: one for each kind, and those that a property has of its own.
pub(super) fn resolve(
    edits: &BTreeMap<TicketKind, PlaybookEdit>,
    properties: &BTreeMap<PropertyId, PropertySection>,
) -> (Playbooks, BTreeMap<PropertyId, Playbooks>) {
    let for_all = |kind: TicketKind| edits.get(&kind).cloned().unwrap_or_default().over(builtin_playbook(kind));
    let own = |section: &PropertySection| {
        section.playbook.iter().map(|(kind, edit)| (*kind, edit.over(for_all(*kind)))).collect::<Playbooks>()
    };
    let all = TicketKind::ALL.into_iter().map(|kind| (kind, for_all(kind))).collect();
    let properties = properties.iter().filter(|(_, section)| !section.playbook.is_empty());
    (all, properties.map(|(id, section)| (id.clone(), own(section))).collect())
}

/// Reports every step that names what does not exist, or asks what cannot be.
pub(super) fn check(kind: TicketKind, edit: &PlaybookEdit, document: &mut Document<'_>) {
    for step in edit.steps.iter().flatten() {
        for problem in problems(kind, step.get_ref()) {
            document.report_at(step.span(), problem);
        }
    }
}

fn problems(kind: TicketKind, step: &Step) -> Vec<String> {
    let named = [
        unknown("template", step.template.as_deref(), TEMPLATES),
        unknown("skill", step.skill.as_deref(), &SKILLS),
        unknown("question", step.asks.as_deref(), QUESTIONS),
    ];
    let silent = matches!(step.verb, Verb::Text | Verb::Task) && step.template.is_none();
    let no_water = step.verb == Verb::ValveClose && kind != TicketKind::Leak;
    let no_offer = step.verb != Verb::Offer && (step.skill.is_some() || step.widen_after.is_some());
    let odd_offer =
        step.verb == Verb::Offer && !matches!(step.to, Audience::Housekeepers | Audience::OnDuty | Audience::Second);
    let no_battery = step.since != Since::Opened && kind != TicketKind::Battery;
    let rules = [
        (silent, "a step that texts needs a template"),
        (no_water, "valve_close belongs to the leak playbook"),
        (no_offer, "skill and widen_after belong to do = \"offer\""),
        (odd_offer, "an offer is to = \"housekeepers\", \"on_duty\" or \"second\""),
        (no_battery, "since = \"before_end\" and \"died\" belong to the battery playbook"),
    ];
    let broken = rules.into_iter().filter(|(broken, _)| *broken).map(|(_, rule)| rule.to_owned());
    named.into_iter().flatten().chain(broken).collect()
}

fn unknown(what: &str, word: Option<&str>, known: &[&str]) -> Option<String> {
    let word = word.filter(|w| !known.contains(w))?;
    Some(format!("unknown {what} \"{word}\"; {}", suggest(word, known)))
}
