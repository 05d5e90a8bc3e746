//! Clocks: how long an answer, an arrival and the end of a matter may take. They survive every hand-over, stand while the
//! tenant is waited for, count service hours only where the matter can wait, and raise themselves to the manager. Pure.

use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use serde_json::json;

use super::commands::{Refusal, wrong};
use super::desk::Desk;
use super::people::{self, local, person_manager};
use super::plan::text_now;
use super::policy::SlaPolicy;
use crate::model::*;

/// Days that are looked through for service hours.
const DAYS_MAX: u64 = 400;

/// When time counts at a property.
struct Hours<'a> {
    property: &'a Property,
    /// Local hours, from and to; always when absent.
    service: Option<(u32, u32)>,
}

impl Hours<'_> {
    fn window(&self, date: NaiveDate) -> (Timestamp, Timestamp) {
        let (from, to) = self.service.unwrap_or((0, 24));
        (self.instant(date, from), self.instant(date, to))
    }

    /// A local hour of a day; one that a change of clocks leaves out is the next one.
    fn instant(&self, date: NaiveDate, hour: u32) -> Timestamp {
        let (date, hour) = if hour > 23 { (date + Days::new(1), hour - 24) } else { (date, hour) };
        let naive = |hour: u32| date.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default());
        let zone = self.property.timezone;
        let found = zone.from_local_datetime(&naive(hour)).earliest();
        found
            .or_else(|| zone.from_local_datetime(&naive((hour + 1).min(23))).earliest())
            .map_or_else(|| Timestamp(naive(hour).and_utc().timestamp_millis()), |at| Timestamp(at.timestamp_millis()))
    }

    fn days(&self, from: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let first = local(self.property, from).date_naive();
        (0..DAYS_MAX).map(move |n| self.window(first + Days::new(n)))
    }

    /// Time that counts between two instants.
    fn elapsed(&self, from: Timestamp, to: Timestamp) -> Millis {
        let counted = |(open, close): (Timestamp, Timestamp)| (close.min(to) - open.max(from)).max(0);
        self.days(from).take_while(|(open, _)| *open < to).map(counted).sum()
    }

    /// When so much time has counted.
    fn after(&self, from: Timestamp, mut ms: Millis) -> Timestamp {
        for (open, close) in self.days(from) {
            let open = open.max(from);
            let here = (close - open).max(0);
            if here > 0 && ms <= here {
                return open + ms;
            }
            ms -= here;
        }
        from + ms
    }
}

fn hours<'a>(property: &'a Property, sla: &SlaPolicy, severity: Severity) -> Hours<'a> {
    let service = (severity == Severity::Routine).then_some((sla.from_hour, sla.to_hour));
    Hours { property, service }
}

/// Whether nobody but the tenant can go on: they were asked to wait for, or to change a battery.
fn waits_for_tenant(ticket: &Ticket) -> bool {
    let battery = ticket.kind == TicketKind::Battery && ticket.status == Status::Open && ticket.told_at.is_some();
    ticket.work.waiting_since.is_some() || battery
}

fn is_met(ticket: &Ticket, node: Node) -> bool {
    let told = ticket.kind == TicketKind::Battery && ticket.told_at.is_some() && ticket.status == Status::Open;
    let taken = matches!(ticket.status, Status::Assigned | Status::OnSite);
    !ticket.status.is_active()
        || match node {
            Node::Answer => taken || told,
            Node::Arrival => ticket.status == Status::OnSite,
            Node::Close => false,
        }
}

/// Whether a timer begins: answers anew with every time that the job is free, arrivals with the first who takes it;
/// none while the operator holds the ticket back, or has put it off.
fn begins(ticket: &Ticket, node: Node, now: Timestamp) -> bool {
    let own = || ticket.work.clocks.iter().filter(|c| c.node == node);
    let running = own().any(|c| c.met_at.is_none());
    ticket.status.is_active()
        && !ticket.held
        && ticket.work.starts_at.is_none_or(|at| at <= now)
        && !running
        && match node {
            Node::Answer => own().next().is_none() || ticket.status == Status::Offered,
            Node::Arrival => ticket.status == Status::Assigned,
            Node::Close => own().next().is_none(),
        }
}

impl Desk<'_> {
    /// Brings the clocks of a ticket up to now. Whether one was missed.
    pub(super) fn keep_clocks(&mut self, id: &TicketId) -> bool {
        let ticket = self.ticket(id);
        let (sla, severity) = (&self.policy.sla, ticket.severity);
        let Some(place) = self.place(ticket) else { return false };
        let hours = hours(&place.property, sla, severity);
        let mut clocks = ticket.work.clocks.clone();
        for node in Node::ALL {
            let limit = sla.limit(severity, node);
            if limit.0 > 0 && begins(ticket, node, self.now) {
                clocks.push(SlaClock::new(node, limit));
            }
        }
        let mut missed = Vec::new();
        for timer in clocks.iter_mut().filter(|c| c.met_at.is_none()) {
            if turn(timer, ticket, &hours, self.now) {
                missed.push((timer.node, timer.limit));
            }
        }
        if clocks != ticket.work.clocks {
            let work = &mut self.change(id).work;
            let answered = clocks.iter().find(|c| c.node == Node::Answer && c.met_at.is_some());
            work.answered_ms = work.answered_ms.or(answered.map(|c| c.used_ms));
            work.clocks = clocks;
        }
        missed.iter().for_each(|(node, limit)| self.raise(id, *node, *limit));
        !missed.is_empty()
    }

    /// A missed time is told to the manager; that nobody took it, once, and the next are asked, and so on.
    fn raise(&mut self, id: &TicketId, node: Node, limit: Span) {
        let ticket = self.ticket(id);
        let manager = self.place(ticket).map(|place| person_manager(place).recipient);
        let told = node == Node::Answer && manager.is_some_and(|manager| ticket.was_told(&manager));
        let template = match node {
            Node::Answer => "overdue_answer",
            Node::Arrival => "overdue_arrival",
            Node::Close => "overdue_close",
        };
        let ticket = self.change(id);
        if !ticket.work.missed.contains(&node) {
            ticket.work.missed.push(node);
        }
        let said = ticket.plan.iter().any(|p| p.step.template.as_deref() == Some(template));
        if !told && !said {
            let about = ticket.assignee.clone().filter(|_| node == Node::Arrival);
            ticket.plan.push(PlannedStep { person: about, ..text_now(Audience::Manager, template, None) });
        }
        self.event(id, "overdue", "system", json!({ "step": node, "limit": limit.to_string() }));
        if node == Node::Answer {
            self.ask_the_next(id, limit);
        }
    }

    /// By when a human should have answered a text; never where the operator has set no time.
    pub(super) fn answered_by(&self, property: &PropertyId, severity: Severity) -> Option<Timestamp> {
        let (place, sla) = (self.facts.places.get(property)?, &self.policy.sla);
        let at = hours(&place.property, sla, severity).after(self.now, sla.reply.0);
        let held = severity == Severity::Routine && people::is_night(&place.property, &self.policy.contact, at);
        let at = if held { people::next_morning(&place.property, &self.policy.contact, at) } else { at };
        (sla.reply.0 > 0).then_some(at)
    }

    /// When the next timer runs out, or the first may begin.
    pub(super) fn clock_due(&self, ticket: &Ticket) -> Option<Timestamp> {
        let running = ticket.work.clocks.iter().filter(|c| c.met_at.is_none() && c.missed_at.is_none());
        let begins = ticket.work.starts_at.filter(|at| *at > self.now);
        running.filter_map(|c| c.due_at).chain(begins).min().filter(|_| ticket.status.is_active())
    }

    /// Only the tenant can go on: the clocks stand until they answer, or somebody goes on.
    pub(super) fn wait_for_tenant(&mut self, id: &TicketId, actor: &str, reason: &str) -> Result<(), Refusal> {
        let ticket = self.ticket(id);
        if ticket.work.waiting_since.is_some() {
            return Err(wrong(ticket, ": it waits for the tenant already"));
        }
        let now = self.now;
        self.change(id).work.waiting_since = Some(now);
        self.event(id, "waiting", actor, json!({ "reason": reason }));
        self.run_plan(id);
        Ok(())
    }

    /// The tenant is no longer waited for, says who waited.
    pub(super) fn resume(&mut self, id: &TicketId, actor: &str) -> Result<(), Refusal> {
        let ticket = self.ticket(id);
        if ticket.work.waiting_since.is_none() {
            return Err(wrong(ticket, ": the tenant is not waited for"));
        }
        self.go_on(id, actor);
        Ok(())
    }

    /// The tenant is no longer waited for, if they were.
    pub(super) fn go_on(&mut self, id: &TicketId, actor: &str) {
        if let Some(since) = self.ticket(id).work.waiting_since {
            let waited = self.now - since;
            let work = &mut self.change(id).work;
            work.waiting_since = None;
            if let Some(visit) = &mut work.visit {
                visit.expected_at = visit.expected_at.map(|at| at + waited);
                visit.late_at = visit.late_at.map(|at| at + waited);
            }
            self.event(id, "resumed", actor, json!({}));
            self.run_plan(id);
        }
    }
}

/// Lets a timer run or stand, and says whether it has just been missed.
fn turn(timer: &mut SlaClock, ticket: &Ticket, hours: &Hours<'_>, now: Timestamp) -> bool {
    let missed = timer.missed_at.is_none() && timer.due_at.is_some_and(|due| due <= now);
    if missed {
        timer.missed_at = Some(now);
    }
    let met = is_met(ticket, timer.node);
    let stands = met || (waits_for_tenant(ticket) && timer.node != Node::Answer);
    match timer.since {
        Some(since) if stands => {
            timer.used_ms += hours.elapsed(since, now);
            (timer.since, timer.due_at) = (None, None);
        }
        None if !stands => {
            timer.since = Some(now);
            timer.due_at = Some(hours.after(now, (timer.limit.0 - timer.used_ms).max(0)));
        }
        _ => {}
    }
    timer.met_at = met.then_some(now);
    missed
}

impl SlaPolicy {
    /// How long a step may take; none where it is zero.
    pub fn limit(&self, severity: Severity, node: Node) -> Span {
        let limits = match severity {
            Severity::Emergency => &self.emergency,
            Severity::Urgent => &self.urgent,
            Severity::Routine => &self.routine,
        };
        match node {
            Node::Answer => limits.answer,
            Node::Arrival => limits.arrive,
            Node::Close => limits.close,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::HOUR;

    fn property(zone: &str) -> Property {
        Property {
            id: "p".into(),
            region: String::new(),
            name: String::new(),
            timezone: zone.parse().expect("a zone"),
            locale: Locale::En,
            manager_phone: E164::parse("+14155550100").expect("a number"),
        }
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("an instant")
    }

    #[test]
    fn service_hours_count_and_nights_do_not() {
        let property = property("Asia/Shanghai");
        let hours = Hours { property: &property, service: Some((8, 20)) };
        let (evening, night) = (at("2026-01-05T19:00:00+08:00"), at("2026-01-05T23:00:00+08:00"));
        assert_eq!(hours.after(evening, HOUR), at("2026-01-05T20:00:00+08:00"));
        assert_eq!(hours.after(evening, 2 * HOUR), at("2026-01-06T09:00:00+08:00"));
        assert_eq!(hours.after(night, 0), at("2026-01-06T08:00:00+08:00"));
        assert_eq!(hours.after(night, 24 * HOUR), at("2026-01-07T20:00:00+08:00"));
        assert_eq!(hours.elapsed(evening, at("2026-01-06T09:00:00+08:00")), 2 * HOUR);
        assert_eq!(hours.elapsed(night, at("2026-01-06T07:00:00+08:00")), 0);
        let always = Hours { property: &property, service: None };
        assert_eq!(always.after(night, 5 * HOUR), night + 5 * HOUR);
        assert_eq!(always.elapsed(night, night + 100 * HOUR), 100 * HOUR);
    }

    #[test]
    fn what_counts_until_an_instant_is_what_was_asked_for_also_where_clocks_change() {
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"] {
            let property = property(zone);
            for service in [None, Some((8, 20)), Some((0, 24)), Some((2, 3))] {
                let hours = Hours { property: &property, service };
                for start in
                    ["2026-03-07T20:00:00Z", "2026-03-28T22:30:00Z", "2026-10-24T21:10:00Z", "2026-11-01T04:00:00Z"]
                {
                    for limit in [1, HOUR / 2, 5 * HOUR, 30 * HOUR] {
                        let until = hours.after(at(start), limit);
                        assert_eq!(hours.elapsed(at(start), until), limit, "{zone} {service:?} {start} {limit}");
                    }
                }
            }
        }
    }
}
