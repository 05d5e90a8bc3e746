//! What carriers report: it moves the ticket that the message was about. Pure.

use serde_json::json;

use super::desk::{Desk, Wish};
use super::people::{Person, person_tenant};
use super::questions::ASKS_BED;
use super::words::Details;
use crate::model::time::HOUR;
use crate::model::*;

/// What became of a message, as far as its ticket is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which message.
    pub message_id: MessageId,
    /// About which ticket.
    pub ticket_id: TicketId,
    /// For whom.
    pub recipient: Recipient,
    /// By text or by voice.
    pub channel: Channel,
    /// Its new status.
    pub status: MessageStatus,
    /// The carrier's error code, if any.
    pub error_code: Option<i64>,
    /// The number, if the carrier knows that it said STOP.
    pub opted_out: Option<E164>,
    /// When.
    pub at: Timestamp,
}

impl Desk<'_> {
    /// A message was accepted, delivered, refused or expired.
    pub fn outcome(&mut self, o: &Outcome) {
        if !self.facts.tickets.contains_key(&o.ticket_id) {
            return;
        }
        let to_tenant = matches!(o.recipient, Recipient::Tenant(_));
        // What the network could not deliver, the carrier had taken.
        let accepted = !matches!(o.status, MessageStatus::Failed | MessageStatus::Expired);
        if to_tenant && accepted {
            let at = o.at;
            self.change(&o.ticket_id).told_at.get_or_insert(at);
            self.keep_clocks(&o.ticket_id);
        }
        match o.status {
            MessageStatus::Failed | MessageStatus::Undelivered => {
                let data =
                    json!({ "message_id": o.message_id, "to": o.recipient.as_key(), "error_code": o.error_code });
                self.event(&o.ticket_id, "message_failed", "carrier", data);
                if to_tenant && !accepted {
                    self.undo_step(&o.ticket_id, &o.message_id);
                }
                if o.channel == Channel::Sms {
                    self.call_instead(&o.ticket_id, &o.recipient);
                }
                if let Recipient::Housekeeper(id) = &o.recipient {
                    self.not_reached(&o.ticket_id, &HousekeeperId(id.clone()));
                }
                if let Some(phone) = o.opted_out.clone() {
                    let (words, source) = ("(told by the carrier)".to_owned(), o.message_id.0.clone());
                    self.wish(Wish { phone, stop: true, purpose: None, words, source });
                }
            }
            MessageStatus::Expired => {
                self.event(&o.ticket_id, "message_expired", "system", json!({ "message_id": o.message_id }));
                self.retry_step(&o.ticket_id, &o.message_id);
                if o.channel == Channel::Sms {
                    self.call_instead(&o.ticket_id, &o.recipient);
                }
            }
            _ => {}
        }
    }

    /// The words of a matter about one tenant of it: their name, number and home.
    pub(super) fn details_of(&self, id: &TicketId, locale: Locale, tenant: &Tenant) -> Details {
        let unit = self.facts.units.get(&tenant.unit_id).map(|u| u.name.clone()).unwrap_or_default();
        let (name, phone) = (tenant.name.clone(), tenant.phone.as_str().to_owned());
        Details { tenant: name, phone, unit, ..self.details(id, locale) }
    }

    /// Tells somebody about one tenant of the incident, once a round.
    pub(super) fn tell_of(&mut self, id: &TicketId, tenant: &Tenant, to: &Person, template: &'static str) {
        let body = self.words.say(to.locale, template, &self.details_of(id, to.locale, tenant));
        let key = format!("{id}/{}/{template}/{}", self.ticket(id).round, tenant.id);
        let message = NewMessage { key, body, ..self.message_to(id, to, template) };
        self.push(message);
    }

    /// Into the outbox, unless its number said STOP.
    pub(super) fn push(&mut self, message: NewMessage) {
        if !self.facts.stopped.contains(&message.to) {
            self.changes.messages.push(message);
        }
    }

    /// Water reached another apartment of the incident: whoever lives there is told at once, and once a round.
    pub(super) fn tell_neighbour(&mut self, id: &TicketId, device: &Device) {
        let ticket = self.ticket(id);
        if ticket.unit_id.as_ref() == Some(&device.unit_id) {
            return;
        }
        let tenant = self.tenant_on(&device.unit_id, &device.property_id, self.now).cloned();
        let Some(tenant) = tenant.filter(|t| t.consent.safety) else { return };
        let person = person_tenant(&tenant);
        let theirs = Details { device: device.name.clone(), ..self.details_of(id, person.locale, &tenant) };
        let message = NewMessage {
            key: format!("{id}/{}/leak_tenant/{}", self.ticket(id).round, person.recipient.as_key()),
            body: self.words.say(person.locale, "leak_tenant", &theirs),
            ..self.message_to(id, &person, "leak_tenant")
        };
        if self.ticket(id).question(&tenant.id, ASKS_BED).is_none() {
            let now = self.now;
            self.change(id).ask(&tenant.id, ASKS_BED, now);
        }
        self.push(message);
    }

    /// Tells a tenant of this incident, once for each key, where they may be told of danger.
    pub(super) fn tell_tenant(&mut self, id: &TicketId, tenant: &Tenant, template: &'static str, key: String) {
        if !tenant.consent.safety {
            return;
        }
        let person = person_tenant(tenant);
        let body = self.words.say(person.locale, template, &self.details_of(id, person.locale, tenant));
        self.push(NewMessage { key, body, ..self.message_to(id, &person, template) });
    }

    fn message_to(&self, id: &TicketId, person: &Person, template: &'static str) -> NewMessage {
        NewMessage {
            key: format!("{id}/{}/{template}", self.ticket(id).round),
            recipient: person.recipient.clone(),
            to: person.phone.clone(),
            channel: Channel::Sms,
            template,
            locale: person.locale,
            body: self.words.say(person.locale, template, &self.details(id, person.locale)),
            ticket_id: Some(id.clone()),
            severity: Severity::Emergency,
            created_at: self.now,
            expires_at: self.now + 6 * HOUR,
        }
    }
}
