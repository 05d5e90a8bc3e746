//! A job as the page of its housekeeper shows it: whether it waits for their word, what to bring, what they may do next.
//! Pure; it reads a ticket and changes nothing.

use super::cells::{BatteryWords, battery_words};
pub use super::offers::urgency;
use super::words::Words;
use crate::model::*;

/// Whether a job waits for the word of this housekeeper: they were told of it, nobody has it, and they are not off.
pub fn is_offered_to(ticket: &Ticket, housekeeper: &HousekeeperId) -> bool {
    let free = matches!(ticket.status, Status::Open | Status::Offered);
    let told = || ticket.was_told(&Recipient::Housekeeper(housekeeper.0.clone()));
    free && !ticket.work.off.contains(housekeeper) && told()
}

/// Whether it is the job of this housekeeper now.
pub fn is_job_of(ticket: &Ticket, housekeeper: &HousekeeperId) -> bool {
    let taken = matches!(ticket.status, Status::Assigned | Status::OnSite);
    taken && ticket.assignee.as_ref() == Some(housekeeper)
}

/// Whether who goes there is told the tenant's name and number, as the texts about such a job do.
pub fn names_tenant(ticket: &Ticket) -> bool {
    match ticket.kind {
        TicketKind::Battery | TicketKind::Leak | TicketKind::Request => true,
        TicketKind::Silent => ticket.died,
        TicketKind::Tamper => false,
    }
}

/// What to bring where the matter is a battery; how to get in only where it is empty.
pub fn to_bring(words: &Words, locale: Locale, ticket: &Ticket, device: Option<&Device>) -> Option<BatteryWords> {
    let is_battery = ticket.kind == TicketKind::Battery || (ticket.kind == TicketKind::Silent && ticket.died);
    let battery = is_battery.then(|| battery_words(words, locale, device))?;
    let way_in = if ticket.died { battery.way_in.trim().to_owned() } else { String::new() };
    Some(BatteryWords { way_in, ..battery })
}

/// When it is due: when who has it is expected, else the first of its clocks that runs.
pub fn due_at(ticket: &Ticket) -> Option<Timestamp> {
    let expected = ticket.work.visit.as_ref().and_then(|visit| visit.expected_at);
    expected.filter(|_| ticket.status == Status::Assigned).or_else(|| {
        let running = ticket.work.clocks.iter().filter(|c| c.met_at.is_none());
        running.filter_map(|c| c.due_at).min()
    })
}

/// What was said of a job since it was last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// When they will be there.
    pub expected: bool,
    /// That it is done, while the proof is awaited.
    pub done_at: Option<Timestamp>,
}

impl Said {
    /// Reads the moves of a ticket, in order.
    pub fn of<'a>(moves: impl Iterator<Item = (&'a str, Timestamp)>) -> Self {
        moves.fold(Self::default(), |said, (what, at)| match what {
            "accepted" | "reassigned" | "reopened" => Self::default(),
            "expected" => Self { expected: true, ..said },
            "said_done" => Self { done_at: Some(at), ..said },
            _ => said,
        })
    }
}

/// What this housekeeper may do, words of the API, the next one first; nothing with what is not theirs.
pub fn moves(ticket: &Ticket, housekeeper: &HousekeeperId, said: Said) -> &'static [&'static str] {
    match ticket.status {
        _ if is_offered_to(ticket, housekeeper) => &["accept", "decline"],
        _ if !is_job_of(ticket, housekeeper) => &[],
        Status::OnSite if said.done_at.is_some() => &["fail"],
        Status::OnSite => &["resolve", "fail"],
        _ if said.done_at.is_some() => &["fail", "decline"],
        _ if said.expected => &["arrive", "eta", "fail", "decline"],
        _ => &["eta", "arrive", "fail", "decline"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_counts_since_the_job_was_last_taken() {
        let said = |moves: &[&str]| {
            let timed = moves.iter().enumerate().map(|(n, what)| (*what, Timestamp(n as i64)));
            Said::of(timed)
        };
        assert_eq!(said(&["opened", "accepted"]), Said::default());
        assert_eq!(said(&["accepted", "expected", "arrived"]), Said { expected: true, done_at: None });
        assert_eq!(said(&["accepted", "said_done"]), Said { expected: false, done_at: Some(Timestamp(1)) });
        for again in ["accepted", "reassigned", "reopened"] {
            assert_eq!(said(&["accepted", "expected", "said_done", again]), Said::default(), "{again}");
        }
    }
}
