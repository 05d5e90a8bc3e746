//! What people write and what humans answer, on its way to the core and back into the store.

use super::batch::{Batch, Task};
use super::{Change, Said};
use crate::decide::desk::Desk;
use crate::decide::{Refusal, Reply};
use crate::model::time::DAY;
use crate::model::*;
use crate::store::{StoreError, Tx};

/// A question is answered within this.
const ASKED_LATELY_MS: Millis = 7 * DAY;

impl Batch<'_> {
    /// A text from a person, with the matters it may be about and the home of who wrote it; once, however often it comes.
    pub(super) async fn inbound<'i>(
        &mut self,
        tx: &mut Tx,
        reply: &'i Reply,
        to: &str,
        tasks: &mut Vec<Task<'i>>,
    ) -> Result<(), StoreError> {
        let (asked_since, today) = (self.now - ASKED_LATELY_MS, self.now.to_utc().date_naive().to_string());
        let mut tickets = tx.tickets_of_phone(reply.from.as_str(), asked_since, &today).await?;
        if let Some(about) = &reply.about {
            // What they named counts before what is newest.
            tickets.retain(|id| id != about);
            tickets.insert(0, about.clone());
        }
        if tx.add_inbound(&reply.from, to, &reply.body, &reply.sid, tickets.first(), self.now).await? {
            let homes = tx.homes_of_phone(reply.from.as_str()).await?;
            let units: Vec<&str> = homes.iter().map(|(_, unit)| unit.as_str()).collect();
            let locks = tx.locks_of_units(&units).await?;
            self.devices.extend(locks.into_iter().map(|lock| (lock.key.clone(), lock)));
            tasks.push(Task::Reply(reply, tickets, homes));
        }
        Ok(())
    }

    /// A human's answer; there must be a conversation.
    pub(super) async fn said<'i>(
        &mut self,
        tx: &mut Tx,
        n: usize,
        id: &ConversationId,
        said: &'i Said,
        tasks: &mut Vec<Task<'i>>,
    ) -> Result<(), StoreError> {
        match tx.conversation(id.as_str()).await? {
            Some(conversation) => tasks.push(Task::Say(n, conversation, said)),
            None => self.out.answers.push((n, Err(Refusal::NoConversation))),
        }
        Ok(())
    }

    /// What was understood, and where each conversation stands.
    pub(super) async fn store_talk(&mut self, tx: &mut Tx, desk: &Desk<'_>) -> Result<(), StoreError> {
        for id in &desk.changes.surveys {
            if let Some(survey) = &desk.facts.tickets[id].survey {
                tx.save_survey(id, survey).await?;
            }
        }
        for praise in &desk.changes.praise {
            tx.add_praise(praise).await?;
        }
        for given in &desk.changes.given {
            tx.add_given(given).await?;
        }
        for understanding in &desk.changes.understood {
            tx.save_understanding(understanding).await?;
        }
        for phone in &desk.changes.answered {
            tx.note_answered(phone.as_str(), self.now).await?;
        }
        for phone in &desk.changes.conversations {
            let conversation = &desk.facts.conversations[phone];
            tx.save_conversation(conversation).await?;
            let property_id = Some(conversation.property_id.0.clone());
            self.out.changes.push(Change { kind: "conversation", id: conversation.id.0.clone(), property_id });
        }
        Ok(())
    }
}
