//! Five yardsticks that nobody publishes, counted over simulated months: false battery alarms, messages, who changes
//! the cells, and how long water runs before somebody is there. Must never judge.

use std::collections::{BTreeMap, HashSet};

use nightporter::model::{Status, Ticket, TicketKind};
use nightporter::store::StoreError;
use nightporter_simulator::{Cause, How, Kind, LieTally, Problem, Scoreboard, Tally};

use super::month::Month;

/// What one month adds to them.
#[derive(Clone, Debug, Default)]
pub struct Yardsticks {
    device_days: f64,
    batteries: Tally,
    messages: usize,
    solved: usize,
    /// Locks whose battery went, and those of them that a tenant served before the door stayed shut.
    locks: usize,
    by_tenant: usize,
    /// Seconds from the opening of a leak's ticket until somebody took it, and until somebody was there.
    wet_to_accepted: Vec<i64>,
    wet_to_site: Vec<i64>,
    /// Housekeepers who pressed for a job that was taken, and were told so.
    too_late: u64,
    /// Gauges that lie.
    lies: LieTally,
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
        let of_lock =
            |p: &&Problem| p.kind == Kind::Battery && p.cause != Cause::LyingGauge && locks.contains(&p.device_key);
        let truth = month.building.truth().iter().filter(of_lock);
        let went: Vec<&Problem> = truth.filter(|p| p.ended_at.is_some() || p.died_at.is_some()).collect();
        let by_tenant = went.iter().filter(|p| p.replaced_in_time() && p.how == Some(How::ReplacedByTenant)).count();
        let (mut wet_to_accepted, mut wet_to_site) = (Vec::new(), Vec::new());
        let mut tx = month.store.read().await?;
        for ticket in tickets.values().filter(|t| t.kind == TicketKind::Leak) {
            let events = tx.ticket_events(&ticket.id.0).await?;
            let after = |first: &str| {
                let at = events.iter().find(|(_, _, what, ..)| what == first).map(|(_, at, ..)| *at);
                at.map(|at| (at - ticket.opened_at) / nightporter::model::time::SECOND)
            };
            wet_to_accepted.extend(after("accepted"));
            wet_to_site.extend(after("arrived"));
        }
        Ok(Self {
            device_days: month.length.days as f64 * devices as f64,
            batteries: board.of(Kind::Battery).clone(),
            messages,
            solved: tickets.values().filter(over).count(),
            locks: went.len(),
            by_tenant,
            wet_to_accepted,
            wet_to_site,
            too_late: month.played.too_late,
            lies: board.lies.clone(),
        })
    }

    /// False battery tickets in a year, for each device.
    pub fn false_batteries(&self) -> f64 {
        self.batteries.false_tickets as f64 / (self.device_days / 365.25).max(f64::MIN_POSITIVE)
    }

    /// The share of batteries found in time, of those that had to be.
    pub fn batteries_in_time(&self) -> f64 {
        let judged = self.batteries.found + self.batteries.late + self.batteries.missed;
        if judged == 0 { 1.0 } else { self.batteries.found as f64 / judged as f64 }
    }

    /// All months together.
    pub fn sum<'a>(months: impl Iterator<Item = &'a Self>) -> Self {
        months.fold(Self::default(), |mut sum, month| {
            sum.device_days += month.device_days;
            sum.batteries.happened += month.batteries.happened;
            sum.batteries.found += month.batteries.found;
            sum.batteries.late += month.batteries.late;
            sum.batteries.missed += month.batteries.missed;
            sum.batteries.false_tickets += month.batteries.false_tickets;
            sum.messages += month.messages;
            sum.solved += month.solved;
            sum.locks += month.locks;
            sum.by_tenant += month.by_tenant;
            sum.too_late += month.too_late;
            sum.lies.gauges += month.lies.gauges;
            sum.lies.died += month.lies.died;
            sum.lies.announced += month.lies.announced;
            sum.lies.false_alarms += month.lies.false_alarms;
            sum.lies.needless_texts += month.lies.needless_texts;
            sum.wet_to_accepted.extend(&month.wet_to_accepted);
            sum.wet_to_accepted.sort_unstable();
            sum.wet_to_site.extend(&month.wet_to_site);
            sum.wet_to_site.sort_unstable();
            sum
        })
    }
}

impl std::fmt::Display for Yardsticks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let per = |count: usize, of: f64| count as f64 / of.max(f64::MIN_POSITIVE);
        let minutes = |of: &[i64], share: usize| of.get(of.len() * share / 100).copied().unwrap_or(0) as f64 / 60.0;
        write!(
            f,
            "batteries: {} found in time of {} ({} late, {} missed), {:.3} false alarms a device-year; {:.2} messages a device-month, {:.1} messages a solved problem ({} \
             solved), {} of {} locks served by the tenant before the door stayed shut; {} leaks: wet to accepted p50 {:.1} min, \
             p95 {:.1}, wet to somebody there p50 {:.0} min, p95 {:.0}; {} second takers told so, none accepted; {} lying gauges: {} of {} deaths announced, {} tickets about good \
             cells, {} needless texts",
            self.batteries.found,
            self.batteries.happened,
            self.batteries.late,
            self.batteries.missed,
            self.false_batteries(),
            per(self.messages, self.device_days / 30.44),
            per(self.messages, self.solved as f64),
            self.solved,
            self.by_tenant,
            self.locks,
            self.wet_to_accepted.len(),
            minutes(&self.wet_to_accepted, 50),
            minutes(&self.wet_to_accepted, 95),
            minutes(&self.wet_to_site, 50),
            minutes(&self.wet_to_site, 95),
            self.too_late,
            self.lies.gauges,
            self.lies.announced,
            self.lies.died,
            self.lies.false_alarms,
            self.lies.needless_texts,
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
