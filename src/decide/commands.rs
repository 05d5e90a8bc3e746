//! What people want of a ticket: accept, arrive, resolve … A wrong move for the status changes nothing. Pure.

use serde_json::json;

use super::desk::Desk;
use super::goodwill::Goodwill;
use super::hand_over::hand_over;
use crate::model::*;

/// One wish of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A housekeeper takes the job.
    Accept(HousekeeperId),
    /// A housekeeper passes.
    Decline(HousekeeperId),
    /// The housekeeper is there.
    Arrive,
    /// Who has it says in how many minutes they will be there.
    Eta(u32),
    /// It could not be solved, or nobody could be reached there: somebody else must go.
    Fail {
        /// Why.
        reason: String,
    },
    /// The valve is shut.
    CloseValve,
    /// The valve is opened again: the first time for a code, the second time with it.
    OpenValve {
        /// The code of the first step.
        confirm: Option<String>,
    },
    /// Only the tenant can go on.
    Wait {
        /// What they are waited for.
        reason: String,
    },
    /// The tenant is no longer waited for.
    GoOn,
    /// The work is done.
    Resolve {
        /// What was done.
        note: String,
    },
    /// Somebody else has it now.
    Reassign(HousekeeperId),
    /// A remark.
    Note(String),
    /// A photo.
    Photo(Photo),
    /// What waited for the operator's word begins then.
    Release {
        /// Now or later.
        at: Timestamp,
    },
    /// A small credit with a reason.
    Goodwill(Goodwill),
    /// It was none.
    Cancel {
        /// Why.
        reason: String,
    },
}

impl Command {
    /// Whether a housekeeper may wish this of their own job only. To shut a valve is everybody's.
    fn is_for_its_assignee(&self) -> bool {
        use Command::*;
        matches!(self, Arrive | Eta(_) | Fail { .. } | OpenValve { .. } | Wait { .. } | GoOn | Resolve { .. })
    }
}

/// Why a wish was not granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such ticket.
    #[error("no such ticket")]
    NoTicket,
    /// There is no such housekeeper at this property.
    #[error("no such housekeeper at this property")]
    NoHousekeeper,
    /// There is no such property, or no such unit in it.
    #[error("no such unit at this property")]
    NoPlace,
    /// Nobody rents where the matter is.
    #[error("this matter concerns no tenant")]
    NoTenant,
    /// The key was used for another amount, answer or ticket.
    #[error("this key was used for something else")]
    UsedKey,
    /// Credits are in another currency.
    #[error("credits are in {0}")]
    Currency(String),
    /// A budget of the month does not cover it.
    #[error("the month's budget leaves {left_minor} in minor units")]
    OverBudget {
        /// What is left, in minor units.
        left_minor: i64,
    },
    /// There is no such conversation.
    #[error("no such conversation")]
    NoConversation,
    /// The number said STOP.
    #[error("this number has said STOP; call instead")]
    Stopped,
    /// Networks of mainland China drop texts with links.
    #[error("a text to mainland China (+86) may hold no link: its networks would drop it")]
    NoLinks,
    /// A ticket holds no more photos.
    #[error("this ticket has {PHOTOS_MAX} photos already")]
    TooManyPhotos,
    /// No valve shuts off this water.
    #[error("no valve shuts off this unit or its sensors")]
    NoValve,
    /// There is no such device among those that wait for adoption.
    #[error("no such device is held")]
    NotHeld,
    /// The device is in the registry already.
    #[error("the device is registered already")]
    Registered,
    /// No other address of this device has been seen.
    #[error("no other address of this device has been seen")]
    NoSwap,
    /// The ticket's status does not allow it.
    #[error("not possible while the ticket is {status}{hint}")]
    WrongMove {
        /// The status.
        status: &'static str,
        /// What to do instead, with its own separator; or nothing.
        hint: &'static str,
    },
}

impl Desk<'_> {
    /// Grants or refuses a wish of `actor` (`user:…`, `housekeeper:…`).
    pub fn command(&mut self, id: &TicketId, actor: &str, command: &Command) -> Result<(), Refusal> {
        let ticket = self.facts.tickets.get(id).ok_or(Refusal::NoTicket)?;
        match command {
            Command::Note(_) | Command::Photo(_) | Command::Goodwill(_) | Command::OpenValve { .. } => {}
            _ if !ticket.status.is_active() => return Err(wrong(ticket, "")),
            Command::Accept(h) | Command::Reassign(h) | Command::Decline(h) => self.known(ticket, h)?,
            _ => {}
        }
        if command.is_for_its_assignee() {
            its_own(ticket, actor)?;
        }
        match command {
            Command::Accept(housekeeper) => self.accept(id, actor, housekeeper),
            Command::Decline(housekeeper) => self.decline(id, actor, housekeeper),
            Command::Arrive => self.arrive(id, actor),
            Command::Eta(minutes) => self.eta(id, actor, *minutes),
            Command::Fail { reason } => self.fail(id, actor, reason),
            Command::CloseValve => self.close_valve(id, actor),
            Command::OpenValve { confirm } => self.open_valve(id, actor, confirm.as_deref()),
            Command::Wait { reason } => self.wait_for_tenant(id, actor, reason),
            Command::GoOn => self.resume(id, actor),
            Command::Resolve { note } => self.resolve_by_word(id, actor, note),
            Command::Reassign(housekeeper) => {
                self.reassign(id, actor, housekeeper);
                Ok(())
            }
            Command::Goodwill(goodwill) => self.goodwill(id, actor, goodwill),
            Command::Note(text) => {
                self.event(id, "note", actor, json!({ "text": text }));
                Ok(())
            }
            Command::Photo(photo) => self.photo(id, actor, photo),
            Command::Release { at } => {
                self.release(id, actor, *at);
                Ok(())
            }
            Command::Cancel { reason } => self.cancel(id, actor, reason),
        }
    }

    fn known(&self, ticket: &Ticket, housekeeper: &HousekeeperId) -> Result<(), Refusal> {
        let serves = self.place(ticket).is_some_and(|p| p.housekeepers.iter().any(|h| h.id == *housekeeper));
        if serves { Ok(()) } else { Err(Refusal::NoHousekeeper) }
    }

    /// The first to accept has it; the same one may say so twice.
    fn accept(&mut self, id: &TicketId, actor: &str, housekeeper: &HousekeeperId) -> Result<(), Refusal> {
        let ticket = self.ticket(id);
        match ticket.status {
            Status::Open | Status::Offered => self.assign(id, actor, housekeeper, "accepted"),
            _ if ticket.assignee.as_ref() == Some(housekeeper) => {}
            _ => return Err(wrong(ticket, ": somebody else has it")),
        }
        Ok(())
    }

    /// Who was told of a job can pass while nobody has it; who has it can give it back before they are there.
    fn decline(&mut self, id: &TicketId, actor: &str, housekeeper: &HousekeeperId) -> Result<(), Refusal> {
        let ticket = self.ticket(id);
        if ticket.status == Status::Assigned && ticket.assignee.as_ref() == Some(housekeeper) {
            self.hand_back(id, actor);
            return Ok(());
        }
        if !matches!(ticket.status, Status::Open | Status::Offered) {
            return Err(wrong(ticket, ": it is taken; a lead can reassign it"));
        }
        if !ticket.was_told(&Recipient::Housekeeper(housekeeper.0.clone())) {
            return Err(wrong(ticket, ": it was not offered to this housekeeper"));
        }
        if ticket.work.off.contains(housekeeper) {
            return Ok(());
        }
        self.change(id).work.off.push(housekeeper.clone());
        self.event(id, "declined", actor, json!({ "housekeeper_id": housekeeper }));
        self.widen_now(id);
        Ok(())
    }

    /// Another one has it: both are told. To whom it belongs already, nothing is said twice.
    fn reassign(&mut self, id: &TicketId, actor: &str, housekeeper: &HousekeeperId) {
        let ticket = self.ticket(id);
        let taken = matches!(ticket.status, Status::Assigned | Status::OnSite);
        let had = ticket.assignee.clone().filter(|_| taken);
        if had.as_ref() != Some(housekeeper) {
            let now = self.now;
            hand_over(self.change(id), had, housekeeper, now);
            self.assign(id, actor, housekeeper, "reassigned");
        }
    }

    fn assign(&mut self, id: &TicketId, actor: &str, housekeeper: &HousekeeperId, what: &'static str) {
        let ticket = self.change(id);
        ticket.status = Status::Assigned;
        ticket.assignee = Some(housekeeper.clone());
        ticket.work.off.retain(|off| off != housekeeper);
        self.release(id, actor, self.now);
        self.facts.standings.entry(housekeeper.clone()).or_default().load += 1;
        self.expect(id);
        self.tell_others(id);
        self.note_night_call(id, housekeeper);
        self.event(id, what, actor, json!({ "housekeeper_id": housekeeper }));
        self.run_plan(id);
    }

    fn arrive(&mut self, id: &TicketId, actor: &str) -> Result<(), Refusal> {
        let ticket = self.ticket(id);
        match ticket.status {
            Status::Assigned => {}
            Status::OnSite => return Err(wrong(ticket, ": the arrival is noted already")),
            _ => return Err(wrong(ticket, ": accept it first")),
        }
        let now = self.now;
        let ticket = self.change(id);
        ticket.status = Status::OnSite;
        ticket.visited = true;
        ticket.work.arrived_at.get_or_insert(now);
        ticket.work.waiting_since = None;
        self.listen_after_visit(id);
        self.event(id, "arrived", actor, json!({}));
        self.run_plan(id);
        Ok(())
    }

    /// Somebody was there: a device that stays silent even so is no matter of its battery.
    fn listen_after_visit(&mut self, id: &TicketId) {
        let battery = Some(self.ticket(id)).filter(|t| t.kind == TicketKind::Battery);
        let device = battery.and_then(|t| t.device_key.clone());
        self.changes.heard_anew.extend(device.map(|key| (key, self.now)));
    }

    /// A word does not close what telemetry can prove: it is recorded, and the proof awaited.
    fn resolve_by_word(&mut self, id: &TicketId, actor: &str, note: &str) -> Result<(), Refusal> {
        let ticket = self.ticket(id);
        if awaited(ticket).is_some() {
            let key = ticket.device_key.clone();
            self.change(id).visited = true;
            self.changes.words_given.extend(key);
            self.listen_after_visit(id);
            self.event(id, "said_done", actor, json!({ "note": note }));
        } else {
            self.resolve(id, actor, json!({ "note": note }));
        }
        Ok(())
    }

    fn cancel(&mut self, id: &TicketId, actor: &str, reason: &str) -> Result<(), Refusal> {
        let at = self.now;
        let ticket = self.change(id);
        ticket.status = Status::Cancelled { at };
        ticket.due_at = None;
        if ticket.kind == TicketKind::Leak {
            let devices: Vec<_> = ticket.devices.iter().map(|(key, _)| key.clone()).collect();
            self.changes.leaks_cancelled.extend(devices);
        }
        self.keep_clocks(id);
        self.event(id, "cancelled", actor, json!({ "reason": reason }));
        Ok(())
    }
}

/// What telemetry must show before a ticket in work is over, a stable word: `dry` (no sensor of it is wet), `proof` (of a
/// fresh battery), `report` (the device speaks again). Nothing where a person's word is enough.
pub fn awaited(ticket: &Ticket) -> Option<&'static str> {
    match ticket.kind {
        _ if !ticket.status.is_active() => None,
        TicketKind::Battery => Some("proof"),
        TicketKind::Silent => Some("report"),
        TicketKind::Leak => ticket.devices.iter().any(|(_, wet)| *wet).then_some("dry"),
        TicketKind::Tamper | TicketKind::Request => None,
    }
}

/// A housekeeper moves the job that they have; everybody else who may move it at all moves any.
fn its_own(ticket: &Ticket, actor: &str) -> Result<(), Refusal> {
    let Some(me) = actor.strip_prefix("housekeeper:") else { return Ok(()) };
    match &ticket.assignee {
        Some(assignee) if assignee.as_str() == me => Ok(()),
        Some(_) => Err(wrong(ticket, ": somebody else has it; a lead can reassign it")),
        None => Err(wrong(ticket, ": accept it first")),
    }
}

pub(super) fn wrong(ticket: &Ticket, hint: &'static str) -> Refusal {
    Refusal::WrongMove { status: ticket.status.as_str(), hint }
}
