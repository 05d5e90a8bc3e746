//! What is filled into the words about a ticket: names, times, the matter. Pure; never decides who hears them, or when.

use super::cells::battery_words;
use super::desk::Desk;
use super::people;
use super::words::{self, Details};
use crate::model::time::HOUR;
use crate::model::*;

/// Whole hours, so that no text promises more time than there is.
fn hours_of(span: Span) -> i64 {
    (span.0 / HOUR).max(1)
}

impl Desk<'_> {
    /// The words of a step: the manager hears of the one whom it is about, whoever has the job by then.
    pub(super) fn details_of_step(&self, id: &TicketId, n: usize, locale: Locale) -> Details {
        let planned = &self.ticket(id).plan[n];
        let about = planned.person.as_ref().filter(|_| planned.step.to == Audience::Manager);
        let details = self.details(id, locale);
        match about {
            Some(person) => Details { helper: self.name_of(self.ticket(id), person), ..details },
            None => details,
        }
    }

    /// What is filled into the words about a ticket.
    pub(super) fn details(&self, id: &TicketId, locale: Locale) -> Details {
        let ticket = self.ticket(id);
        let device = ticket.device_key.as_ref().and_then(|key| self.facts.devices.get(key));
        let tenant = self.tenant_of(ticket);
        let place = self.place(ticket);
        let unit = ticket.unit_id.as_ref().and_then(|unit| self.facts.units.get(unit));
        let word = |word: &str| self.words.say(locale, word, &Details::default());
        let local = |at: Timestamp| {
            place.map_or_else(String::new, |p| people::local(&p.property, at).format("%m-%d %H:%M").to_string())
        };
        let battery = battery_words(self.words, locale, device);
        let device = device.map_or_else(|| word("no_device"), |d| d.name.clone());
        let (sender, helper) = (self.sender(ticket), self.helper(ticket));
        let reward = &self.policy.rewards;
        let amount_minor = ticket.reward_minor.unwrap_or(reward.in_time_minor);
        Details {
            tenant: tenant.map_or_else(|| word("no_tenant"), |t| t.name.clone()),
            phone: tenant.map(|t| t.phone.as_str().to_owned()).unwrap_or_default(),
            property: place.map(|p| p.property.name.clone()).unwrap_or_default(),
            unit: unit.map_or_else(|| word("no_unit"), |u| u.name.clone()),
            matter: self.words.matter(locale, ticket.kind, &device),
            device,
            wish: words::short(ticket.text.as_deref().unwrap_or_default()),
            cells: battery.cells,
            todo: battery.todo,
            way_in: battery.way_in,
            hours: self.words.phrase(locale, "hours", &[("count", hours_of(reward.in_time).into())]),
            reward: words::amount(locale, &Money { amount_minor, currency: reward.currency.clone() }),
            since: local(ticket.since.unwrap_or(ticket.opened_at)),
            who: if sender == helper { word("myself") } else { helper.clone() },
            sender,
            helper,
            eta: ticket.work.visit.as_ref().and_then(|v| v.expected_at).map_or_else(String::new, local),
        }
    }
}
