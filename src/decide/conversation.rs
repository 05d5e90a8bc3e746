//! What people write and what is done about it; what is not understood with certainty waits for a human. Pure.
//!
//! A text never opens a door, pays out or changes a number: whose number it comes from can be forged.

use serde_json::json;

use super::automation::is_calm;
use super::desk::{Desk, Understanding, Wish};
use super::intent::{Asked, Intent, Keyword, Understood, Water, keyword, understand, wants_fewer, water};
use super::people::{Person, host, person_tenant};
use super::questions::OpenQuestion;
use super::requests::{Wanted, offer_now};
use crate::model::time::{HOUR, MINUTE};
use crate::model::*;

/// A text that a person sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// From which number.
    pub from: E164,
    /// What it says.
    pub body: String,
    /// The carrier's id of it.
    pub sid: String,
    /// Which matter they said that it is about, where they could say so.
    pub about: Option<TicketId>,
}

/// After this an answer to a person is no longer worth sending.
const ANSWER_VALID_MS: Millis = 6 * HOUR;

/// Who has just been told who we are is not told again within this.
const HELP_AGAIN_AFTER_MS: Millis = 10 * MINUTE;

/// Thanks as long as this say more than thanks.
const PRAISE_CHARS_MIN: usize = 10;

impl Desk<'_> {
    /// A person wrote. `tickets` are those that they may mean, the newest first; those of a home that they have left are not.
    pub fn reply(&mut self, reply: &Reply, tickets: &[TicketId]) {
        let meant = |id: &&TicketId| self.facts.tickets.contains_key(*id) && !self.has_left(&reply.from, id);
        let tickets: Vec<TicketId> = tickets.iter().filter(meant).cloned().collect();
        let question = self.open_question(&reply.from, &tickets);
        let asked = question.as_ref().map(OpenQuestion::asked).unwrap_or_default();
        if self.keep_wish(reply, &tickets, asked) {
            return;
        }
        let understood = understand(&reply.body, asked);
        let answered = question.filter(|q| q.is_answered_by(understood.intent)).map(|q| q.ticket_id);
        let matter = answered.or_else(|| self.matter(understood.intent, &tickets));
        let tenant = self.renter(&reply.from, matter.as_ref());
        let matter = matter.filter(|_| tenant.is_some());
        let Some(tenant) = tenant else { return self.outsider(reply, &understood) };
        let wet = match water(&reply.body, &understood) {
            Water::There => self.water(&tenant, matter.as_ref(), &understood, reply),
            Water::Perhaps | Water::None => None,
        };
        let matter = wet.as_ref().map(|(id, _)| id.clone()).or(matter);
        self.note_reply(reply, &understood, matter.as_ref());
        let settled = match &wet {
            Some((_, settled)) => *settled,
            None => understood.is_sure() && self.act(&tenant, matter.as_ref(), &understood, reply),
        };
        let able = settled && wet.is_none() && is_calm(understood.intent);
        let lot = matter.as_ref().map_or(reply.sid.as_str(), TicketId::as_str);
        let settled = settled && !(able && self.is_for_people(&understood, lot));
        if let Some(noted) = self.changes.understood.iter_mut().rfind(|u| u.sid == reply.sid) {
            (noted.able, noted.by_people) = (able, Some(!settled));
        }
        let urgent = !settled && self.cannot_wait(matter.as_ref(), &understood, reply);
        self.remember(&tenant, matter, (!settled).then_some(understood.intent));
        if urgent {
            self.cry(&tenant, reply);
        } else if !settled && wants_fewer(&reply.body) {
            self.tell_when_we_write(&tenant, &reply.sid);
        }
    }

    /// Who wants no texts at night hears at once what is so already, and how to get none at all; a human answers the rest.
    fn tell_when_we_write(&mut self, tenant: &Tenant, sid: &str) {
        let contact = &self.policy.contact;
        let hour = |hour: u32| format!("{hour}:00");
        let (from, to) = (hour(contact.night_from_hour), hour(contact.night_to_hour));
        let sender = self.signs(&tenant.unit_id);
        let words = [("tenant", &tenant.name), ("from", &from), ("to", &to), ("sender", &sender)];
        let values = words.map(|(name, word)| (name, word.as_str().into()));
        let body = self.words.phrase(tenant.locale, "nights", &values);
        self.send_to(&person_tenant(tenant), "nights", format!("nights/{sid}"), body, None);
    }

    fn note_reply(&mut self, reply: &Reply, understood: &Understood, matter: Option<&TicketId>) {
        let (intent, confidence) = (understood.intent.as_str(), understood.confidence);
        if let Some(id) = matter {
            self.change(id).replied = true;
            self.event(id, "reply", "tenant", json!({ "sid": reply.sid, "intent": intent, "confidence": confidence }));
            self.go_on(id, "tenant");
        }
        let (sid, ticket_id) = (reply.sid.clone(), matter.cloned());
        self.changes.understood.push(Understanding {
            sid,
            ticket_id,
            intent,
            confidence,
            able: false,
            by_people: None,
        });
    }

    /// Somebody who does not rent today wrote: it moves nothing, and a human reads it.
    fn outsider(&mut self, reply: &Reply, understood: &Understood) {
        if understood.is_sure() && understood.intent == Intent::WrongNumber {
            self.wrong_number(reply);
        }
        self.note_reply(reply, understood, None);
        if let Some(tenant) = self.known_by(&reply.from) {
            self.remember(&tenant, None, Some(understood.intent));
            if water(&reply.body, understood) != Water::None {
                self.cry(&tenant, reply);
            }
        }
    }

    /// Whether a human must read it at once: who stands outside, or speaks of water that nobody is on the way to.
    fn cannot_wait(&self, matter: Option<&TicketId>, understood: &Understood, reply: &Reply) -> bool {
        let is_taken = |id: &TicketId| {
            let ticket = self.ticket(id);
            ticket.kind == TicketKind::Leak && matches!(ticket.status, Status::Assigned | Status::OnSite)
        };
        let is_wet = water(&reply.body, understood) != Water::None && !matter.is_some_and(is_taken);
        is_wet || (understood.intent == Intent::LockedOut && understood.is_sure())
    }

    /// STOP, START and HELP come before everything else. HELP in a matter that is open is a call for help.
    fn keep_wish(&mut self, reply: &Reply, tickets: &[TicketId], asked: Asked) -> bool {
        let (stop, purpose) = match keyword(&reply.body) {
            Some(Keyword::Stop(_))
                if asked != Asked::Nothing && understand(&reply.body, asked).intent == Intent::No =>
            {
                return false;
            }
            Some(Keyword::Stop(purpose)) => (true, purpose),
            Some(Keyword::Start) => (false, None),
            Some(Keyword::Help) if !tickets.iter().any(|id| self.ticket(id).status.is_active()) => {
                self.tell_who_we_are(&reply.from, &reply.sid);
                return true;
            }
            Some(Keyword::Help) | None => return false,
        };
        let (words, source) = (reply.body.clone(), reply.sid.clone());
        self.wish(Wish { phone: reply.from.clone(), stop, purpose, words, source });
        true
    }

    /// From now on the number is written to, or not.
    pub(super) fn wish(&mut self, wish: Wish) {
        match (wish.stop, wish.purpose) {
            (true, None) => _ = self.facts.stopped.insert(wish.phone.clone()),
            (true, Some(purpose)) => _ = self.facts.refused.insert((wish.phone.clone(), purpose)),
            (false, _) => {
                self.facts.stopped.remove(&wish.phone);
                self.facts.refused.retain(|(phone, _)| *phone != wish.phone);
            }
        }
        self.changes.wishes.push(wish);
    }

    /// HELP is answered whenever it is asked, budget or not; only what comes at once again (a machine, a second tap) is not.
    fn tell_who_we_are(&mut self, phone: &E164, sid: &str) {
        let Some(tenant) = self.renter(phone, None).or_else(|| self.known_by(phone)) else { return };
        let Some(place) = self.facts.units.get(&tenant.unit_id).and_then(|u| self.facts.places.get(&u.property_id))
        else {
            return;
        };
        let (recipient, now) = (person_tenant(&tenant).recipient.as_key(), self.now);
        if self.facts.helped.get(&recipient).is_some_and(|at| now - *at < HELP_AGAIN_AFTER_MS) {
            return;
        }
        let property = place.property.name.clone();
        self.facts.helped.insert(recipient, now);
        let sender = self.signs(&tenant.unit_id);
        let values = [("property", (&*property).into()), ("sender", (&*sender).into())];
        let body = self.words.phrase(tenant.locale, "about-us", &values);
        self.send_to(&person_tenant(&tenant), "about_us", format!("about_us/{sid}"), body, None);
    }

    /// Which matter is meant: a bed is for a leak, a door for its lock; else the newest that is open, else the newest.
    fn matter(&self, intent: Intent, tickets: &[TicketId]) -> Option<TicketId> {
        let active = |id: &&TicketId| self.ticket(id).status.is_active();
        let fits = |id: &&TicketId| match intent {
            Intent::NeedBed => self.ticket(id).kind == TicketKind::Leak,
            Intent::LockedOut => self.lock_of(id).is_some(),
            _ => true,
        };
        let best = tickets.iter().filter(active).find(fits);
        best.or_else(|| tickets.iter().find(active)).or(tickets.first()).cloned()
    }

    /// Does what a text asks for; false when that is for a human.
    pub(super) fn act(
        &mut self,
        tenant: &Tenant,
        matter: Option<&TicketId>,
        understood: &Understood,
        reply: &Reply,
    ) -> bool {
        let open = matter.filter(|id| self.ticket(id).status.is_active());
        match (understood.intent, open) {
            (Intent::WrongNumber, _) => {
                self.wrong_number(reply);
                false
            }
            (Intent::LockedOut, id) => self.locked_out(tenant, id, reply),
            (Intent::NeedBed, Some(id)) if self.ticket(id).kind == TicketKind::Leak => {
                self.needs_bed(id, tenant);
                true
            }
            (Intent::NeedHelp, id) => self.needs_help(tenant, id, reply),
            (Intent::Later, Some(id)) => {
                self.event(id, "later", "tenant", json!({}));
                true
            }
            (Intent::Done, Some(id)) => {
                self.said_done(id, tenant);
                true
            }
            (Intent::No, Some(id)) => {
                self.said_no(id, tenant);
                true
            }
            (Intent::Score, _) => self.marked(matter, understood, reply),
            (Intent::Thanks, _) => {
                matter.into_iter().for_each(|id| self.thanked(id, &reply.body));
                true
            }
            _ => false,
        }
    }

    /// Whoever has the number now is written to no more.
    fn wrong_number(&mut self, reply: &Reply) {
        let (words, source) = (reply.body.clone(), reply.sid.clone());
        self.wish(Wish { phone: reply.from.clone(), stop: true, purpose: None, words, source });
    }

    /// More than a plain thank-you is praise for who was there.
    fn thanked(&mut self, id: &TicketId, body: &str) {
        self.event(id, "thanks", "tenant", json!({}));
        if self.ticket(id).visited && body.trim().chars().count() >= PRAISE_CHARS_MIN {
            self.praise(id, body.trim());
        }
    }

    /// Somebody is sent: the offer of the matter, now; without a matter a request is opened.
    pub(super) fn needs_help(&mut self, tenant: &Tenant, open: Option<&TicketId>, reply: &Reply) -> bool {
        if open.is_some_and(|id| self.still_outside(id, tenant)) {
            return true;
        }
        let id = match open {
            Some(id) => id.clone(),
            None => match self.open_request(tenant, reply) {
                Some(id) => id,
                None => return false,
            },
        };
        self.event(&id, "needs_help", "tenant", json!({}));
        let ticket = self.ticket(&id);
        if matches!(ticket.status, Status::Assigned | Status::OnSite) {
            // Who has the job may be held up: a human looks.
            return false;
        }
        let now = self.now;
        offer_now(self.change(&id), now);
        self.answer(&id, tenant, "help_coming");
        self.run_plan(&id);
        true
    }

    fn open_request(&mut self, tenant: &Tenant, reply: &Reply) -> Option<TicketId> {
        let property_id = self.facts.units.get(&tenant.unit_id)?.property_id.clone();
        let wanted = Wanted {
            kind: TicketKind::Request,
            property_id,
            unit_id: Some(tenant.unit_id.clone()),
            severity: None,
            text: reply.body.clone(),
        };
        Some(self.open_by_word(&wanted, "tenant", &reply.sid))
    }

    /// A direct answer to who wrote, once a round; not one more than the budget of the day.
    pub(super) fn answer(&mut self, id: &TicketId, tenant: &Tenant, template: &'static str) {
        let person = person_tenant(tenant);
        let key = format!("{id}/{}/{template}/{}", self.ticket(id).round, tenant.id);
        self.named(id);
        let body = self.words.say(person.locale, template, &self.details_of(id, person.locale, tenant));
        self.send_to(&person, template, key, body, Some(id.clone()));
    }

    /// Puts a direct answer into the outbox. Who has just written is awake; STOP and budget hold even so.
    pub(super) fn send_to(
        &mut self,
        person: &Person,
        template: &'static str,
        key: String,
        body: String,
        ticket_id: Option<TicketId>,
    ) {
        let sent = self.facts.contacts.entry(person.recipient.as_key()).or_default();
        let by_hand = template == "human";
        let full = !by_hand && template != "about_us" && *sent >= self.policy.contact.daily_messages_max;
        if full || self.facts.stopped.contains(&person.phone) {
            return;
        }
        *sent += 1;
        self.changes.messages.push(NewMessage {
            key,
            recipient: person.recipient.clone(),
            to: person.phone.clone(),
            channel: Channel::Sms,
            template,
            locale: person.locale,
            body,
            ticket_id,
            severity: if by_hand { Severity::Emergency } else { Severity::Urgent },
            created_at: self.now,
            expires_at: self.now + ANSWER_VALID_MS,
        });
    }

    /// Who signs for a unit where no matter says it.
    pub(super) fn signs(&self, unit: &UnitId) -> String {
        let place = self.facts.units.get(unit).and_then(|u| self.facts.places.get(&u.property_id));
        place.map_or_else(String::new, |place| host(place, &self.facts.swaps, self.now))
    }
}
