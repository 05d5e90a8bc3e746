//! What is to be seen: the state of the house and what happened lately, gathered for the screen. Draws nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::people::People;
use super::stage::Stage;
use super::story::{Happening, What};
use super::watch::Watch;
use crate::decide::DeviceState;
use crate::decide::people::is_night;
use crate::decide::policy::ContactPolicy;
use crate::model::time::HOUR;
use crate::model::{DeviceKey, Money, Severity, Status, Ticket, TicketKind, Timestamp, UnitId};
use crate::store::{DeviceFilter, DeviceRow, Store, StoreError};

/// Happenings that may still be seen on the largest screen.
const FEED_MAX: usize = 200;
/// Rewards that may still be seen.
const REWARDS_MAX: usize = 50;
/// Batteries that run down next.
const NEXT_MAX: usize = 20;
/// Draws between two looks at all batteries.
const LEVELS_EVERY: u32 = 10;
/// Devices read at once, and in all.
const DEVICES_PAGE: i64 = 500;
/// See [`DEVICES_PAGE`].
const DEVICES_MAX: usize = 5_000;
/// How long a credit is marked in the house, simulated.
const CREDITED_FOR_MS: i64 = 12 * HOUR;

/// A ticket that somebody is looking after.
pub(super) struct Burning {
    /// What it is about.
    pub(super) kind: TicketKind,
    /// Where.
    pub(super) unit: String,
    /// At which device.
    pub(super) device: String,
    /// Since when.
    pub(super) since: Timestamp,
    /// Where it stands.
    pub(super) stands: String,
}

/// A battery that is not low yet.
pub(super) struct Next {
    /// Where.
    pub(super) unit: String,
    /// Whose.
    pub(super) device: String,
    /// Its level.
    pub(super) percent: f64,
}

/// How a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// Nothing is the matter.
    Fine,
    /// A ticket of this kind; `true` when somebody is there.
    Trouble(TicketKind, bool),
    /// The tenant was credited lately.
    Credited,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Messages of devices, committed.
    pub(super) heard: u64,
    /// Transactions.
    pub(super) commits: u64,
    /// Tickets in all.
    pub(super) tickets: usize,
    /// Texts to people.
    pub(super) texts: u64,
    /// Texts of people.
    pub(super) replies: u64,
    /// Rewards, minor units.
    pub(super) reward_minor: i64,
}

/// Everything on the screen.
pub(super) struct Picture {
    /// Who is who.
    pub(super) people: Arc<People>,
    /// Where the page is.
    pub(super) page: String,
    /// Simulated seconds in a second.
    pub(super) speed: f64,
    /// The time in the building.
    pub(super) now: Timestamp,
    /// Whether it is night there.
    pub(super) night: bool,
    /// See [`Counts`].
    pub(super) counts: Counts,
    /// The most urgent first.
    pub(super) burning: Vec<Burning>,
    /// The lowest first.
    pub(super) next: Vec<Next>,
    /// The newest last.
    pub(super) feed: VecDeque<Happening>,
    /// Door, tenant, amount; the newest last.
    pub(super) rewards: VecDeque<(String, String, Money)>,
    /// What rewards are in.
    pub(super) currency: String,
    trouble: HashMap<UnitId, (TicketKind, bool)>,
    credited: HashMap<String, Timestamp>,
    draws: u32,
}

impl Picture {
    /// Nothing has happened yet.
    pub(super) fn new(stage: &Stage, speed: f64) -> Self {
        Self {
            people: stage.people.clone(),
            page: stage.page.clone(),
            speed,
            now: stage.clock.now(),
            night: false,
            counts: Counts::default(),
            burning: Vec::new(),
            next: Vec::new(),
            feed: VecDeque::new(),
            rewards: VecDeque::new(),
            currency: stage.currency.clone(),
            trouble: HashMap::new(),
            credited: HashMap::new(),
            draws: 0,
        }
    }

    /// Takes in what happened.
    pub(super) fn add(&mut self, one: Happening) {
        match &one.what {
            What::Text { .. } => self.counts.texts += 1,
            What::Reply { .. } => self.counts.replies += 1,
            What::Reward { tenant, amount } => {
                self.counts.reward_minor += amount.amount_minor;
                self.credited.insert(one.unit.clone(), one.at);
                push(&mut self.rewards, (one.unit.clone(), tenant.clone(), amount.clone()), REWARDS_MAX);
            }
            What::Move { .. } => {}
        }
        // That a matter is filed away moves nobody.
        if !matches!(&one.what, What::Move { word, .. } if word == "closed") {
            self.say(one);
        }
    }

    /// Into the feed in the order of time: texts and moves come from two sides.
    fn say(&mut self, one: Happening) {
        let place = self.feed.iter().rposition(|other| other.at <= one.at).map_or(0, |last| last + 1);
        self.feed.insert(place, one);
        if self.feed.len() > FEED_MAX {
            self.feed.pop_front();
        }
    }

    /// Brings the rest up to date.
    pub(super) async fn refresh(&mut self, stage: &Stage, watch: &Watch) -> Result<(), StoreError> {
        self.now = stage.clock.now();
        self.night = is_night(&self.people.property, &ContactPolicy::default(), self.now);
        self.counts.heard = stage.service.metrics.acks.get();
        self.counts.commits = stage.service.metrics.commits.get();
        self.counts.tickets = watch.tickets();
        self.look_at_tickets(watch);
        if self.draws.is_multiple_of(LEVELS_EVERY) {
            self.next = next(&stage.store, &self.people).await?;
        }
        self.draws = self.draws.wrapping_add(1);
        Ok(())
    }

    /// How a unit is.
    pub(super) fn health(&self, unit: &UnitId) -> Health {
        if let Some(&(kind, there)) = self.trouble.get(unit) {
            return Health::Trouble(kind, there);
        }
        let lately = |at: &Timestamp| self.now - *at <= CREDITED_FOR_MS;
        if self.credited.get(self.people.unit(unit)).is_some_and(lately) { Health::Credited } else { Health::Fine }
    }

    fn look_at_tickets(&mut self, watch: &Watch) {
        let mut tickets: Vec<&Ticket> = watch.active().collect();
        tickets.sort_by_key(|t| (urgency(t), t.opened_at));
        self.burning = tickets.iter().map(|t| burning(t, &self.people)).collect();
        self.trouble.clear();
        for ticket in tickets {
            let there = ticket.status == Status::OnSite;
            for unit in units(ticket, &self.people) {
                self.trouble.entry(unit).or_insert((ticket.kind, there));
            }
        }
    }
}

fn push<T>(queue: &mut VecDeque<T>, one: T, max: usize) {
    if queue.len() == max {
        queue.pop_front();
    }
    queue.push_back(one);
}

/// Emergencies first, then what is urgent, then what a device is silent about, then batteries.
fn urgency(ticket: &Ticket) -> (std::cmp::Reverse<Severity>, bool) {
    (std::cmp::Reverse(ticket.severity), ticket.kind == TicketKind::Battery)
}

fn burning(ticket: &Ticket, people: &People) -> Burning {
    Burning {
        kind: ticket.kind,
        unit: ticket.unit_id.as_ref().map(|id| people.unit(id).to_owned()).unwrap_or_default(),
        device: ticket.device_key.as_ref().map(|key| people.device_name(key).to_owned()).unwrap_or_default(),
        since: ticket.opened_at,
        stands: stands(ticket, people),
    }
}

fn stands(ticket: &Ticket, people: &People) -> String {
    let who = ticket.assignee.as_ref().map_or("", |id| people.housekeeper(id.as_str()));
    match ticket.status {
        Status::Assigned => format!("{who} is on the way"),
        Status::OnSite => format!("{who} is there"),
        _ if ticket.seen_at.is_some() => "new battery, being proven".to_owned(),
        Status::Offered => "offered".to_owned(),
        _ if ticket.told_at.is_some() => "tenant told".to_owned(),
        _ if ticket.kind == TicketKind::Battery => "until the morning".to_owned(),
        _ => "open".to_owned(),
    }
}

/// Every unit that a ticket touches.
fn units(ticket: &Ticket, people: &People) -> Vec<UnitId> {
    let of = |key: &DeviceKey| people.device(key).map(|d| d.unit_id.clone());
    match ticket.kind {
        TicketKind::Leak => ticket.devices.iter().filter_map(|(key, _)| of(key)).collect(),
        _ => ticket.unit_id.iter().cloned().collect(),
    }
}

/// The batteries that run down next, by what their gauges said last.
async fn next(store: &Store, people: &People) -> Result<Vec<Next>, StoreError> {
    let mut tx = store.read().await?;
    let filter = DeviceFilter { registered: true, ..DeviceFilter::default() };
    let mut all: Vec<Next> = Vec::new();
    let mut after: Option<String> = None;
    let mut read = 0;
    while read < DEVICES_MAX {
        let rows = tx.list_devices(&filter, after.as_deref(), DEVICES_PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.key.0.clone());
        read += rows.len();
        all.extend(rows.iter().filter_map(|row| level(row, people)));
    }
    all.sort_by(|a, b| a.percent.total_cmp(&b.percent));
    all.truncate(NEXT_MAX);
    Ok(all)
}

fn level(row: &DeviceRow, people: &People) -> Option<Next> {
    let device = row.device.as_ref()?;
    let state: DeviceState = serde_json::from_str(row.state.as_ref()?).ok()?;
    let percent = state.battery.percent.filter(|_| !state.battery.is_low())?;
    Some(Next { unit: people.unit(&device.unit_id).to_owned(), device: device.name.clone(), percent })
}
