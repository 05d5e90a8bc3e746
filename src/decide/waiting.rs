//! Who waits for a human: the conversation as it stands, the human's answer, and the manager, who hears at once of what
//! cannot wait and once of what nobody answered in time. Pure.

use super::Refusal;
use super::conversation::Reply;
use super::desk::Desk;
use super::intent::Intent;
use super::links::has_link;
use super::people::{Person, person_manager, person_tenant};
use super::words::{self, Details};
use crate::model::time::{HOUR, MINUTE};
use crate::model::*;

/// After this a word to the manager about who waits is no longer worth sending.
const TOLD_VALID_MS: Millis = 6 * HOUR;
/// The languages in which we sign.
const LOCALES: [Locale; 2] = [Locale::ZhCn, Locale::En];
/// Of one person's urgent texts the manager hears once within this.
const URGENT_AGAIN_MS: Millis = 10 * MINUTE;

impl Desk<'_> {
    /// The conversation as it is now; with a reason, a human is awaited.
    pub(super) fn remember(&mut self, tenant: &Tenant, matter: Option<TicketId>, why: Option<Intent>) {
        let Some(unit) = self.facts.units.get(&tenant.unit_id) else { return };
        let property_id = unit.property_id.clone();
        let named = matter.as_ref().and_then(|id| self.ticket(id).sender.clone());
        let severity = matter.as_ref().map_or(Severity::Routine, |id| self.ticket(id).severity);
        let before = self.facts.conversations.get(&tenant.phone).cloned();
        let sender =
            named.or_else(|| before.as_ref().map(|c| c.sender.clone())).unwrap_or_else(|| self.signs(&tenant.unit_id));
        let waited = before.as_ref().and_then(|c| c.waiting_since.zip(c.why.clone()));
        let due_at = match &waited {
            Some(_) => before.as_ref().and_then(|c| c.due_at),
            None => why.and_then(|_| self.answered_by(&property_id, severity)),
        };
        let waiting = waited.or_else(|| why.map(|why| (self.now, why.as_str().to_owned())));
        let conversation = Conversation {
            id: Conversation::id_of(&tenant.phone),
            phone: tenant.phone.clone(),
            tenant_id: tenant.id.clone(),
            unit_id: tenant.unit_id.clone(),
            property_id,
            ticket_id: matter.or_else(|| before.filter(|_| self.rents(tenant)).and_then(|c| c.ticket_id)),
            sender,
            waiting_since: waiting.as_ref().map(|(since, _)| *since),
            why: waiting.map(|(_, why)| why),
            due_at,
            last_at: self.now,
        };
        self.changes.conversations.insert(tenant.phone.clone());
        self.facts.conversations.insert(tenant.phone.clone(), conversation);
    }

    /// What nobody but a human can answer, and what cannot wait: the manager reads it at once, at any hour.
    pub(super) fn cry(&mut self, tenant: &Tenant, reply: &Reply) {
        let Some(conversation) = self.facts.conversations.get_mut(&tenant.phone) else { return };
        conversation.due_at = None;
        let key = format!("urgent/{}/{}", conversation.id, self.now.0 / URGENT_AGAIN_MS);
        self.tell_who_waits(tenant, "urgent_manager", key, &reply.body);
    }

    /// The time for an answer is up: the manager is told, once.
    pub fn conversation_due(&mut self, phone: &E164) {
        let now = self.now;
        let Some(conversation) = self.facts.conversations.get_mut(phone) else { return };
        let Some(since) = conversation.waiting_since.filter(|_| conversation.due_at.is_some_and(|due| due <= now))
        else {
            return;
        };
        conversation.due_at = None;
        self.changes.conversations.insert(phone.clone());
        let (key, id) = (format!("waiting/{}/{}", conversation.id, since.0), conversation.tenant_id.clone());
        let tenant = self.facts.tenants.values().flatten().find(|t| t.id == id).cloned();
        if let Some(tenant) = tenant {
            self.tell_who_waits(&tenant, "waiting_manager", key, "");
        }
    }

    fn tell_who_waits(&mut self, tenant: &Tenant, template: &'static str, key: String, wish: &str) {
        let Some(unit) = self.facts.units.get(&tenant.unit_id) else { return };
        let Some(place) = self.facts.places.get(&unit.property_id) else { return };
        let manager = person_manager(place);
        let details = Details {
            tenant: tenant.name.clone(),
            phone: tenant.phone.as_str().to_owned(),
            property: place.property.name.clone(),
            unit: unit.name.clone(),
            wish: words::short(wish),
            ..Details::default()
        };
        let body = self.words.say(manager.locale, template, &details);
        self.push(NewMessage {
            key,
            recipient: manager.recipient,
            to: manager.phone,
            channel: Channel::Sms,
            template,
            locale: manager.locale,
            body,
            ticket_id: None,
            severity: Severity::Emergency,
            created_at: self.now,
            expires_at: self.now + TOLD_VALID_MS,
        });
    }

    /// A human answers, under the name that the person knows; `key` is new for each answer: the same words again under it
    /// change nothing, other words are refused.
    pub fn say(&mut self, id: &ConversationId, actor: &str, text: &str, key: &str) -> Result<(), Refusal> {
        let conversation = self.facts.conversations.values().find(|c| c.id == *id).cloned();
        let conversation = conversation.ok_or(Refusal::NoConversation)?;
        let key = Self::said_key(id, key);
        if let Some(said) = self.facts.said.get(&key) {
            // Who signs may be another by now.
            let same = LOCALES.iter().any(|locale| said.starts_with(&self.signed(*locale, text, "")));
            return if same { Ok(()) } else { Err(Refusal::UsedKey) };
        }
        if self.facts.stopped.contains(&conversation.phone) {
            return Err(Refusal::Stopped);
        }
        if conversation.phone.is_mainland_china() && has_link(text) {
            return Err(Refusal::NoLinks);
        }
        let tenant = self.facts.tenants.values().flatten().find(|t| t.id == conversation.tenant_id).cloned();
        let tenant = tenant.ok_or(Refusal::NoConversation)?;
        let person = Person { phone: conversation.phone.clone(), ..person_tenant(&tenant) };
        let body = self.signed(person.locale, text, &conversation.sender);
        let matter = conversation.ticket_id.clone().filter(|id| self.facts.tickets.contains_key(id));
        self.send_to(&person, "human", key.clone(), body.clone(), matter.clone());
        self.facts.said.insert(key, body);
        if let Some(ticket) = &matter {
            self.event(ticket, "said", actor, serde_json::json!({ "text": text }));
        }
        self.put_down(&conversation.phone);
        Ok(())
    }

    /// The key of the message that says it.
    pub fn said_key(id: &ConversationId, key: &str) -> String {
        format!("say/{id}/{key}")
    }

    fn signed(&self, locale: Locale, text: &str, sender: &str) -> String {
        self.words.phrase(locale, "signed", &[("text", text.into()), ("sender", sender.into())])
    }

    /// Nobody needs to answer.
    pub fn leave(&mut self, id: &ConversationId) -> Result<(), Refusal> {
        let phone = self.facts.conversations.values().find(|c| c.id == *id).map(|c| c.phone.clone());
        self.put_down(&phone.ok_or(Refusal::NoConversation)?);
        Ok(())
    }

    fn put_down(&mut self, phone: &E164) {
        if let Some(conversation) = self.facts.conversations.get_mut(phone) {
            (conversation.waiting_since, conversation.why, conversation.due_at) = (None, None, None);
            self.changes.conversations.insert(phone.clone());
            self.changes.answered.insert(phone.clone());
        }
    }
}
