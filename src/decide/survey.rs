//! How was it? Asked once after somebody was there, never twice in a week; a low mark is called back, praise is kept. Pure.

use serde_json::json;

use super::conversation::Reply;
use super::desk::{Desk, Praise};
use super::intent::Understood;
use super::people::Person;
use super::plan::{self, Tried};
use super::requests::Wanted;
use super::words;
use crate::model::time::DAY;
use crate::model::*;

/// Nobody is asked twice within this.
const ONCE_IN_MS: Millis = 7 * DAY;
/// An answer counts for this long.
const ANSWERED_WITHIN_MS: Millis = 7 * DAY;
/// Up to this mark somebody calls back: the detractors of NPS.
const CALLED_BACK_MAX: u8 = 6;
/// From this mark on the words are praise: the promoters of NPS.
const PRAISE_MIN: u8 = 9;
/// Words of a mark that are kept, in characters.
const WORDS_CHARS_MAX: usize = 500;

impl Desk<'_> {
    /// The question is due; it is dropped, not moved, when there is a reason not to ask.
    pub(super) fn survey(&mut self, id: &TicketId, n: usize, step: &Step) -> Tried {
        let ticket = self.ticket(id);
        let Some(tenant) = self.tenant_of(ticket).cloned() else { return self.skip("nobody") };
        let person = super::people::person_tenant(&tenant);
        let lately = self.facts.surveyed.get(&person.recipient.as_key()).is_some_and(|at| self.now - *at < ONCE_IN_MS);
        let refused = self.facts.refused.contains(&(person.phone.clone(), Purpose::Survey));
        let reason = match () {
            () if ticket.told_at.is_none() => Some("reached_nobody"),
            () if ticket.kind == TicketKind::Battery && !ticket.visited => Some("nobody_came"),
            () if ticket.survey.is_some() => Some("asked_before"),
            () if lately => Some("asked_lately"),
            () if !tenant.consent.survey || refused => Some("no_consent"),
            () => None,
        };
        if let Some(why) = reason {
            return self.skip(why);
        }
        let tried = self.reach(
            id,
            n,
            step,
            std::slice::from_ref(&person),
            words::template("survey_tenant").expect("a built-in text"),
        );
        if matches!(tried, Tried::Done(StepDone::Sent { .. })) {
            self.note_asked_how(id, &person);
        }
        tried
    }

    fn note_asked_how(&mut self, id: &TicketId, person: &Person) {
        let asked_at = self.now;
        self.facts.surveyed.insert(person.recipient.as_key(), asked_at);
        self.change(id).survey = Some(Survey { asked_at, answered_at: None, score: None, words: None });
        self.changes.surveys.insert(id.clone());
    }

    /// Whether the tenant of a matter may still answer how it was.
    pub(super) fn awaits_mark(&self, ticket: &Ticket) -> bool {
        let open = |s: &Survey| s.score.is_none() && self.now - s.asked_at <= ANSWERED_WITHIN_MS;
        !ticket.status.is_active() && ticket.survey.as_ref().is_some_and(open)
    }

    /// The tenant gave a mark, perhaps with a word. False when nobody asked.
    pub(super) fn marked(&mut self, id: Option<&TicketId>, understood: &Understood, reply: &Reply) -> bool {
        let (Some(id), Some(score)) = (id, understood.score) else { return false };
        if !self.awaits_mark(self.ticket(id)) {
            return false;
        }
        let said: String = reply.body.trim().chars().take(WORDS_CHARS_MAX).collect();
        let now = self.now;
        if let Some(survey) = &mut self.change(id).survey {
            (survey.score, survey.words, survey.answered_at) = (Some(score), Some(said.clone()), Some(now));
        }
        self.changes.surveys.insert(id.clone());
        self.event(id, "marked", "tenant", json!({ "score": score }));
        if score <= CALLED_BACK_MAX {
            self.call_back(id, score, &said);
        }
        if score >= PRAISE_MIN && said.chars().any(|c| c.is_alphabetic()) {
            self.praise(id, &said);
        }
        true
    }

    /// A task for the manager: to call the tenant.
    fn call_back(&mut self, id: &TicketId, score: u8, said: &str) {
        let ticket = self.ticket(id);
        let wanted = Wanted {
            kind: TicketKind::Request,
            property_id: ticket.property_id.clone(),
            unit_id: ticket.unit_id.clone(),
            severity: Some(Severity::Routine),
            text: format!("{score}/10: {said}"),
        };
        let task = self.begin(&wanted, None, "tenant", &format!("call_back/{id}"));
        if self.ticket(&task).plan.is_empty() {
            self.change(&task).plan.push(plan::text_now(Audience::Manager, "call_back_manager", None));
            self.run_plan(&task);
        }
        self.event(id, "call_back", "system", json!({ "ticket_id": task }));
    }

    /// Kind words are for who had the job.
    pub(super) fn praise(&mut self, id: &TicketId, said: &str) {
        let ticket = self.ticket(id);
        let Some(housekeeper_id) = ticket.assignee.clone() else { return };
        let property_id = ticket.property_id.clone();
        self.event(id, "praise", "tenant", json!({ "text": said, "housekeeper_id": housekeeper_id }));
        let (ticket_id, at, words) = (id.clone(), self.now, said.to_owned());
        self.changes.praise.push(Praise { ticket_id, housekeeper_id, property_id, at, words });
    }
}

/// Questions that follow a resolution begin to wait when it comes.
pub(super) fn arm(ticket: &mut Ticket, now: Timestamp) {
    let waits = |p: &&mut PlannedStep| p.step.verb == Verb::Survey && p.done.is_none();
    for planned in ticket.plan.iter_mut().filter(waits) {
        planned.closing = true;
        planned.at = now + planned.step.after.0;
    }
}
