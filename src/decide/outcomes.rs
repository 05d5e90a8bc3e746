//! What carriers report and people reply: it moves the ticket that the message was about. Pure.

use serde_json::json;

use super::desk::{Desk, Wish};
use super::people::{Person, person_manager, person_tenant};
use super::plan;
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
    /// Its new status.
    pub status: MessageStatus,
    /// The carrier's error code, if any.
    pub error_code: Option<i64>,
    /// The number, if the carrier knows that it said STOP.
    pub opted_out: Option<E164>,
    /// When.
    pub at: Timestamp,
}

/// A text that a person sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// From which number.
    pub from: E164,
    /// What it says.
    pub body: String,
    /// The carrier's id of it.
    pub sid: String,
}

const STOP_WORDS: [&str; 11] =
    ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out", "退订", "td"];
const START_WORDS: [&str; 3] = ["start", "unstop", "恢复订阅"];
const YES_WORDS: [&str; 9] = ["1", "1.", "yes", "y", "需要", "要", "是", "好", "是的"];
const DONE_WORDS: [&str; 8] = ["done", "replaced", "changed", "ok done", "换好了", "已换", "换了", "好了"];

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
        }
        match o.status {
            MessageStatus::Failed | MessageStatus::Undelivered => {
                let data =
                    json!({ "message_id": o.message_id, "to": o.recipient.as_key(), "error_code": o.error_code });
                self.event(&o.ticket_id, "message_failed", "carrier", data);
                if to_tenant && !accepted {
                    self.undo_step(&o.ticket_id, &o.message_id);
                }
                let stop =
                    |phone: &E164| Wish { phone: phone.clone(), stop: true, words: "(told by the carrier)".to_owned() };
                self.changes.wishes.extend(o.opted_out.as_ref().map(stop));
            }
            MessageStatus::Expired => {
                self.event(&o.ticket_id, "message_expired", "system", json!({ "message_id": o.message_id }));
                self.retry_step(&o.ticket_id, &o.message_id);
            }
            _ => {}
        }
    }

    /// A person wrote. `tickets` are those that they may mean, the newest first.
    pub fn reply(&mut self, reply: &Reply, tickets: &[TicketId]) {
        let words = tidy(&reply.body);
        if STOP_WORDS.contains(&words.as_str()) || START_WORDS.contains(&words.as_str()) {
            let stop = STOP_WORDS.contains(&words.as_str());
            if stop {
                self.facts.stopped.insert(reply.from.clone());
            } else {
                self.facts.stopped.remove(&reply.from);
            }
            self.changes.wishes.push(Wish { phone: reply.from.clone(), stop, words: reply.body.clone() });
            return;
        }
        let Some(id) = tickets.iter().find(|id| self.facts.tickets.contains_key(id.as_str())) else { return };
        self.event(id, "reply", "tenant", json!({ "sid": reply.sid }));
        let asked = plan::has_asked(self.ticket(id));
        match self.ticket(id).kind {
            TicketKind::Leak if YES_WORDS.contains(&words.as_str()) => self.needs_bed(id),
            TicketKind::Battery
                if DONE_WORDS.contains(&words.as_str()) || asked && YES_WORDS.contains(&words.as_str()) =>
            {
                let key = self.ticket(id).device_key.clone();
                self.changes.words_given.extend(key);
                self.event(id, "said_done", "tenant", json!({}));
            }
            _ => {}
        }
    }

    /// The manager is told at once, and once.
    fn needs_bed(&mut self, id: &TicketId) {
        if self.ticket(id).answer.is_some() {
            return;
        }
        self.change(id).answer = Some("need_bed".to_owned());
        self.event(id, "answered", "tenant", json!({ "need_bed": true }));
        let Some(manager) = self.place(self.ticket(id)).map(person_manager) else { return };
        let message = self.message_to(id, &manager, "bed_manager");
        self.changes.messages.push(message);
    }

    /// Water reached another apartment of the incident: whoever lives there is told at once, and once a round.
    pub(super) fn tell_neighbour(&mut self, id: &TicketId, device: &Device) {
        let ticket = self.ticket(id);
        if ticket.unit_id.as_ref() == Some(&device.unit_id) {
            return;
        }
        let tenant = self.tenant_on(&device.unit_id, &device.property_id, self.now).cloned();
        let Some(tenant) = tenant.filter(|t| t.consent.safety && !self.facts.stopped.contains(&t.phone)) else {
            return;
        };
        let person = person_tenant(&tenant);
        let unit = self.facts.units.get(&device.unit_id).map(|u| u.name.clone()).unwrap_or_default();
        let theirs = Details {
            tenant: tenant.name,
            phone: person.phone.as_str().to_owned(),
            unit,
            device: device.name.clone(),
            ..self.details(id, person.locale)
        };
        let message = NewMessage {
            key: format!("{id}/{}/leak_tenant/{}", self.ticket(id).round, person.recipient.as_key()),
            body: self.words.say(person.locale, "leak_tenant", &theirs),
            ..self.message_to(id, &person, "leak_tenant")
        };
        self.changes.messages.push(message);
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

/// Lower case, without blanks and marks around it; full-width letters made plain.
fn tidy(body: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    };
    let text: String = body.chars().map(plain).collect();
    text.trim_matches(|c: char| c.is_whitespace() || "!.。！,，~".contains(c)).to_lowercase()
}
