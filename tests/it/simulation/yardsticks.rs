//! Five yardsticks that nobody publishes, counted over simulated months: false battery alarms, messages, who changes
//! the cells, and how long water runs before somebody is there. Must never judge.

use std::collections::{BTreeMap, HashSet};

use nightporter::model::{Status, Ticket, TicketKind};
use nightporter::store::StoreError;
use nightporter_simulator::{How, Kind, Problem, Scoreboard};

use super::month::{DAYS, Month};

/// What one month adds to them.
#[derive(Clone, Debug, Default)]
pub struct Yardsticks {
    device_days: f64,
    false_batteries: usize,
    messages: usize,
    solved: usize,
    /// Locks whose battery went, and those of them that a tenant served before the door stayed shut.
    locks: usize,
    by_tenant: usize,
    /// Minutes from the opening of a leak's ticket to the first arrival.
    wet_to_site: Vec<i64>,
}

impl Yardsticks {
    /// Counts a month that is over.
    pub async fn of(
        month: &Month,
        tickets: &BTreeMap<String, Ticket>,
        messages: usize,
        board: &Scoreboard,
    ) -> Result<Self, StoreError> {
        let (devices, locks) = registry(month);
        let over = |t: &&Ticket| matches!(t.status, Status::Resolved { .. } | Status::Closed { .. });
        let of_lock = |p: &&Problem| p.kind == Kind::Battery && locks.contains(&p.device_key);
        let truth = month.building.truth().iter().filter(of_lock);
        let went: Vec<&Problem> = truth.filter(|p| p.ended_at.is_some() || p.died_at.is_some()).collect();
        let by_tenant = went.iter().filter(|p| p.replaced_in_time() && p.how == Some(How::ReplacedByTenant)).count();
        let mut wet_to_site = Vec::new();
        let mut tx = month.store.read().await?;
        for ticket in tickets.values().filter(|t| t.kind == TicketKind::Leak) {
            let events = tx.ticket_events(&ticket.id.0).await?;
            let arrived = events.iter().find(|(_, _, what, ..)| what == "arrived").map(|(_, at, ..)| *at);
            wet_to_site.extend(arrived.map(|at| (at - ticket.opened_at) / nightporter::model::time::MINUTE));
        }
        Ok(Self {
            device_days: DAYS as f64 * devices as f64,
            false_batteries: board.of(Kind::Battery).false_tickets,
            messages,
            solved: tickets.values().filter(over).count(),
            locks: went.len(),
            by_tenant,
            wet_to_site,
        })
    }

    /// All months together.
    pub fn sum<'a>(months: impl Iterator<Item = &'a Self>) -> Self {
        months.fold(Self::default(), |mut sum, month| {
            sum.device_days += month.device_days;
            sum.false_batteries += month.false_batteries;
            sum.messages += month.messages;
            sum.solved += month.solved;
            sum.locks += month.locks;
            sum.by_tenant += month.by_tenant;
            sum.wet_to_site.extend(&month.wet_to_site);
            sum.wet_to_site.sort_unstable();
            sum
        })
    }
}

impl std::fmt::Display for Yardsticks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let per = |count: usize, of: f64| count as f64 / of.max(f64::MIN_POSITIVE);
        let wet = |share: usize| self.wet_to_site.get(self.wet_to_site.len() * share / 10).copied().unwrap_or(0);
        write!(
            f,
            "{:.3} false battery alarms a device-year, {:.2} messages a device-month, {:.1} messages a solved problem, \
             {} of {} locks served by the tenant before the door stayed shut, wet to somebody there {} min \
             (nine in ten {} min, {} leaks)",
            per(self.false_batteries, self.device_days / 365.25),
            per(self.messages, self.device_days / 30.44),
            per(self.messages, self.solved as f64),
            self.by_tenant,
            self.locks,
            wet(5),
            wet(9),
            self.wet_to_site.len(),
        )
    }
}

/// How many devices the building has, and which of them are locks.
fn registry(month: &Month) -> (usize, HashSet<String>) {
    let files = month.building.registry();
    let (_, text) = files.iter().find(|(name, _)| name == "devices.csv").expect("a registry");
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let header = csv.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|h| h == name).expect("a column");
    let (key, kind) = (place("key"), place("kind"));
    let rows: Vec<csv::StringRecord> = csv.records().map(|row| row.expect("a row")).collect();
    let locks = rows.iter().filter(|row| &row[kind] == "lock").map(|row| row[key].to_owned());
    (rows.len(), locks.collect())
}
