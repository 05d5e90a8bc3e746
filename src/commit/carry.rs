//! The outbox at the door: claims, answers of carriers and their reports, each decided on the row and the attempts as they
//! stand, and stored with them in the batch's transaction.

use std::collections::HashSet;

use super::batch::{Batch, Task};
use super::outbox::{self, Answer, Attempt, LEASE_MS, Sender, Tried};
use super::reported::{self, Then};
use super::waits::Held;
use crate::decide::desk::Changes;
use crate::deliver::ATTEMPTS_WAITING_MAX;
use crate::model::time::{DAY, MINUTE};
use crate::model::*;
use crate::store::{DueMessage, Report, StoreError, Tx};

/// How often a number of mainland China may have the same words within a day.
const SAME_WORDS_A_DAY_MAX: i64 = 2;
/// Why a text waits that a number has had twice.
const REPEATED: &str = "networks of mainland China take the same words to one number twice within 24 hours only";
/// Why a message waits when the operator's limit is reached.
const SPENT: &str = "as many messages were sent within 24 hours as sms.daily_max allows";
/// When a message that waits for that reason is looked at again.
const SPENT_AGAIN_MS: Millis = 10 * MINUTE;

impl Batch<'_> {
    fn by<T>(&self, decide: impl FnOnce(&Sender<'_>) -> T) -> T {
        let (clock, brakes) = (&self.house.clock, &self.house.brakes);
        decide(&Sender {
            routes: &self.house.policy.routes,
            owner: &self.house.owner,
            now: self.now,
            real: &|ms| clock.real(ms),
            not_before: &|carrier, severity| brakes.not_before(carrier, severity),
        })
    }

    /// Claims a due message, if the sender has room for it and nobody else was faster.
    pub(super) async fn claim(
        &mut self,
        tx: &mut Tx,
        due: &DueMessage,
        tasks: &mut Vec<Task<'_>>,
    ) -> Result<(), StoreError> {
        let room = self.room(due.severity);
        self.house.health.set_busy_sending(room == 0);
        if room == 0 {
            return Ok(());
        }
        let stopped = !tx.load_stopped(&[due.to.as_str()]).await?.is_empty();
        let held = if due.status == MessageStatus::Queued { self.held(tx, due).await? } else { None };
        let made = if due.attempts > 0 { tx.load_attempts(&due.id).await? } else { Vec::new() };
        let (update, attempt) = self.by(|by| outbox::claim(due, &made, (stopped, held), by));
        if tx.claim_message(&update, due, self.now).await? {
            tasks.extend(reported::outcome(due, update.status, None, self.now).map(Task::Outcome));
            attempt.into_iter().for_each(|attempt| self.begin(attempt));
        }
        Ok(())
    }

    /// Why a message has to wait, if it has.
    async fn held(&mut self, tx: &mut Tx, due: &DueMessage) -> Result<Option<Held>, StoreError> {
        if due.channel == Channel::Sms
            && let Some(until) = self.repeated_until(tx, &due.to, &due.body).await?
        {
            return Ok(Some(Held { until, why: REPEATED }));
        }
        let until = (self.now + self.house.clock.real(SPENT_AGAIN_MS)).min(due.expires_at);
        let spent = self.left_today(tx, due.severity).await? == 0;
        Ok(spent.then_some(Held { until, why: SPENT }))
    }

    /// How many more messages the operator's limit of a day allows.
    async fn left_today(&mut self, tx: &mut Tx, severity: Severity) -> Result<usize, StoreError> {
        if !self.house.brakes.is_rationed() {
            return Ok(usize::MAX);
        }
        if self.sent_lately.is_none() {
            self.sent_lately = Some(tx.attempts_since(self.now - self.house.clock.real(DAY)).await?);
        }
        Ok(self.house.brakes.left_today(self.sent_lately.unwrap_or(0), severity))
    }

    /// Until when a number of mainland China may not have these words again: its networks take them twice a day.
    async fn repeated_until(&mut self, tx: &mut Tx, to: &E164, body: &str) -> Result<Option<Timestamp>, StoreError> {
        if !to.is_mainland_china() {
            return Ok(None);
        }
        tx.begin_attempts(&std::mem::take(&mut self.begun)).await?;
        let day = self.house.clock.real(DAY);
        let said = tx.load_said((to, body), self.now - day, SAME_WORDS_A_DAY_MAX).await?;
        Ok(said.get(SAME_WORDS_A_DAY_MAX as usize - 1).map(|second_last| *second_last + day))
    }

    /// Has an attempt made once this batch is committed, and notes that it begins.
    fn begin(&mut self, attempt: Attempt) {
        if let Attempt::Send(message, carrier) = &attempt {
            let clock = &self.house.clock;
            self.house.brakes.begin(*carrier, self.now, |ms| clock.real(ms));
            self.sent_lately = self.sent_lately.map(|sent| sent + 1);
            self.begun.push((message.id.clone(), MadeAttempt::begin(message.attempts, *carrier, self.now)));
        }
        self.out.attempts.push(attempt);
    }

    /// How many more attempts the sender can take; some places are kept for emergencies.
    fn room(&self, severity: Severity) -> usize {
        let kept = if severity == Severity::Emergency { 0 } else { ATTEMPTS_WAITING_MAX / 2 };
        let free = self.house.attempts.capacity().saturating_sub(self.out.attempts.len() + kept);
        free.min(self.house.brakes.room(self.now, |ms| self.house.clock.real(ms)))
    }

    /// What a carrier answered.
    pub(super) async fn settle(
        &mut self,
        tx: &mut Tx,
        tried: &Tried,
        tasks: &mut Vec<Task<'_>>,
    ) -> Result<(), StoreError> {
        let id = &tried.message.id;
        let Some(present) = tx.lock_message(id).await? else { return Ok(()) };
        let made = tx.load_attempts(id).await?;
        if let Some(attempt) = made.iter().find(|a| a.n == tried.message.attempts) {
            let clock = &self.house.clock;
            self.house.brakes.heard(attempt.carrier, &tried.answer, self.now, |ms| clock.real(ms));
        }
        let known = self.known(tx, tried, &made).await?;
        if let Some(report) = reported::shown_failed(tried, &known) {
            return self.report(tx, &report, tasks).await;
        }
        let settled = self.by(|by| outbox::settle(tried, &made, &known, by));
        let Some((attempt, update)) = settled else { return Ok(()) };
        tx.save_attempt(id, &attempt).await?;
        let Some(mut update) = update else { return Ok(()) };
        update.attempts = update.attempts.max(present.attempts);
        if tx.update_message(&update).await? {
            self.house.metrics.messages.inc(update.status.as_str());
            self.moved.push((id.clone(), present.ticket_id.clone()));
            let heard = reported::outcome(&tried.message, update.status, update.error_code, self.now);
            tasks.extend(heard.map(Task::Outcome));
        }
        Ok(())
    }

    /// Ids in a carrier's list that are not the attempt which is looked for: other messages, and attempts at this one of
    /// which the end is known.
    async fn known(&self, tx: &mut Tx, tried: &Tried, made: &[MadeAttempt]) -> Result<Vec<String>, StoreError> {
        let Answer::Found(Ok(found)) = &tried.answer else { return Ok(Vec::new()) };
        let sids: Vec<String> = found.iter().map(|c| c.sid.clone()).collect();
        let mut known = if sids.is_empty() { Vec::new() } else { tx.known_sids(&sids).await? };
        let over = made.iter().filter(|a| a.outcome.rank() > 0);
        known.extend(over.map(|a| format!("{}.{}", tried.message.id, a.n)));
        Ok(known)
    }

    /// What a carrier reports of a message that it had taken.
    pub(super) async fn report(
        &mut self,
        tx: &mut Tx,
        report: &Report,
        tasks: &mut Vec<Task<'_>>,
    ) -> Result<(), StoreError> {
        let Some(message) = tx.message_of_report(report).await? else { return Ok(()) };
        let (id, made) = (&message.id, tx.load_attempts(&message.id).await?);
        let told = self.by(|by| reported::reported(&message, &made, report, by));
        if let Some(attempt) = &told.attempt {
            tx.save_attempt(id, attempt).await?;
        }
        let error = told.attempt.and_then(|a| a.error);
        match told.then {
            Then::Nothing => {}
            Then::Again(at) => {
                if tx.send_again(id, at, (report.error_code, error.as_deref())).await? {
                    self.moved.push((id.clone(), message.ticket_id.clone()));
                }
            }
            Then::Stands(status) => {
                let report = Report { status, error, ..report.clone() };
                if let Some(message) = tx.save_report(id, &report, self.now).await? {
                    self.house.metrics.messages.inc(status.as_str());
                    self.moved.push((message.id.clone(), message.ticket_id.clone()));
                    let heard = reported::outcome(&message, status, report.error_code, self.now);
                    tasks.extend(heard.map(Task::Outcome));
                }
            }
        }
        Ok(())
    }

    /// New messages that do not go out at once, as their number has had the same words as often as it may or their carrier
    /// is away; by key.
    async fn waiting(&mut self, tx: &mut Tx, messages: &[NewMessage]) -> Result<HashSet<String>, StoreError> {
        let is_away = |m: &&NewMessage| self.by(|by| by.carrier((&m.to, m.channel, m.severity), &[]).1 > Timestamp(0));
        let mut waiting: HashSet<String> = messages.iter().filter(is_away).map(|m| m.key.clone()).collect();
        for (n, m) in messages.iter().enumerate().filter(|(_, m)| m.channel == Channel::Sms) {
            // The same words twice in one batch: the second one goes through the outbox, which counts them.
            let earlier = messages[..n].iter().any(|other| other.to == m.to && other.body == m.body);
            let again = earlier && m.to.is_mainland_china();
            if again || self.repeated_until(tx, &m.to, &m.body).await?.is_some() {
                waiting.insert(m.key.clone());
            }
        }
        Ok(waiting)
    }

    /// What was noted while our clock was ahead of the time goes back with it; what waits is looked at now, but for what may
    /// be on its way to a carrier.
    pub(super) async fn put_clock_back(&mut self, tx: &mut Tx, by: Millis) -> Result<(), StoreError> {
        let lease_ends = self.now + self.house.clock.real(LEASE_MS);
        self.house.brakes.forget();
        self.house.listening.not_after(self.now);
        tx.put_clock_back(self.now, by, lease_ends).await
    }

    /// Fills the outbox. As many messages as the sender can take at once are its own from the start.
    pub(super) async fn send(&mut self, tx: &mut Tx, changes: &mut Changes) -> Result<(), StoreError> {
        if changes.messages.is_empty() {
            return Ok(());
        }
        let known = tx.known_messages(&changes.messages).await?;
        let mut keys = HashSet::new();
        changes.messages.retain(|m| !known.contains(&m.key) && keys.insert(m.key.clone()));
        let waiting = self.waiting(tx, &changes.messages).await?;
        changes.messages.sort_by_key(|m| (waiting.contains(&m.key), std::cmp::Reverse(m.severity)));
        let free = changes.messages.len() - waiting.len();
        let urgent = changes.messages[..free].iter().take_while(|m| m.severity == Severity::Emergency).count();
        let room = self.room(Severity::Routine).min(self.left_today(tx, Severity::Routine).await?);
        let rest = room.min(free).saturating_sub(urgent);
        let room = self.room(Severity::Emergency).min(self.left_today(tx, Severity::Emergency).await?);
        let claimed = urgent.min(room) + rest;
        let clock = &self.house.clock;
        let lease_ends = self.now + clock.real(LEASE_MS);
        tx.add_messages(&changes.messages, claimed, &self.house.owner, self.now, lease_ends).await?;
        let new = changes.messages.iter().take(claimed);
        let claims: Vec<Attempt> = self.by(|by| new.map(|m| outbox::new_claim(m, by)).collect());
        claims.into_iter().for_each(|claim| self.begin(claim));
        Ok(())
    }
}
