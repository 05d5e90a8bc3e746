//! A house in memory: the core with facts that a committer would load, and a log of what it decides.
//!
//! Devices say `battery=18`, `mv=2900`, `low`, `fine`, `wet`, `dry`, `tamper`, `closed`, `online`, `offline`, `uptime=60`,
//! `boots=3`, `probe=a:wet`, with `retained` or `at=05T09:00`. `tenant:t1 WORDS` is a reply, `h1 accept leak` a move,
//! `restart` a service that was away, `carrier down`, `wait` nothing.

use std::collections::BTreeMap;

use chrono::TimeZone;
use chrono_tz::Tz;
use nightporter::decide::desk::{Behind, Desk, Facts, Paid, Place};
use nightporter::decide::detect::sample::About;
use nightporter::decide::forecast::NO_FLEET;
use nightporter::decide::policy::SlaLimits;
use nightporter::decide::{Command, Context, DeviceState, Heard, Outcome, Policy, Reply, Words};
use nightporter::model::time::{DAY, SECOND};
use nightporter::model::*;

use crate::house::{REGISTRY, registry};

pub struct Stage {
    pub policy: Policy,
    pub facts: Facts,
    pub states: BTreeMap<DeviceKey, DeviceState>,
    pub log: Vec<String>,
    pub messages: Vec<NewMessage>,
    pub entries: Vec<Entry>,
    /// Whether offers are kept, and those that are.
    pub keep_offers: bool,
    pub offers: Vec<serde_json::Value>,
    pub valves: Vec<ValveWish>,
    pub tasks: Vec<Task>,
    pub zone: Tz,
    pub now: Timestamp,
    words: Words,
    listening_since: Timestamp,
    carrier_down: bool,
    pub refuses: Option<E164>,
    /// Calls are told too; they ring in most stories of water and are left out where they are not the matter.
    pub shows_calls: bool,
}

impl Stage {
    pub fn new() -> Self {
        let registry = registry(&REGISTRY);
        let mut facts = Facts::default();
        for row in registry.properties {
            let id = row.property.id.clone();
            let serves = |h: &&nightporter::registry::HousekeeperRow| h.housekeeper.properties.contains(&id);
            let housekeepers = registry.housekeepers.iter().filter(serves).map(|h| h.housekeeper.clone()).collect();
            facts.places.insert(id.clone(), Place { property: row.property, location: row.location, housekeepers });
        }
        facts.units = registry.units.into_iter().map(|u| (u.unit.id.clone(), u.unit)).collect();
        for tenant in registry.tenants {
            facts.tenants.entry(tenant.unit_id.clone()).or_default().push(tenant);
        }
        facts.devices = registry.devices.into_iter().map(|d| (d.key.clone(), d)).collect();
        let mut stage = Self {
            policy: patient(),
            facts,
            states: BTreeMap::new(),
            log: Vec::new(),
            messages: Vec::new(),
            entries: Vec::new(),
            keep_offers: false,
            offers: Vec::new(),
            valves: Vec::new(),
            tasks: Vec::new(),
            zone: chrono_tz::Asia::Shanghai,
            now: Timestamp(0),
            words: Words::new(),
            listening_since: Timestamp(0),
            carrier_down: false,
            refuses: None,
            shows_calls: false,
        };
        stage.now = stage.time("01", "00:00");
        stage.listening_since = stage.now;
        stage
    }

    /// One line of the story.
    pub fn act(&mut self, line: &str) {
        let (day, rest) = line.split_once(' ').expect("DAY");
        let (hour, rest) = rest.trim().split_once(' ').expect("HH:MM");
        let (who, what) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
        if who == "restart" {
            (self.now, self.listening_since) = (self.time(day, hour), self.time(day, hour));
        }
        self.pass_until(self.time(day, hour));
        match who {
            "wait" => {}
            "restart" => {}
            "carrier" => self.carrier_down = what == "down",
            _ if self.facts.devices.contains_key(who) => {
                let heard = self.parse(who, what);
                self.hear(who, &heard);
            }
            "key" => {
                let leak = self.facts.tickets.values().rfind(|t| t.kind == TicketKind::Leak).expect("a leak").clone();
                let key = what.chars().next().expect("a key");
                self.decide(|desk| _ = desk.keyed(&leak.id, &leak.tenant_id.expect("somebody"), key));
            }
            _ if who.starts_with("tenant:") => self.reply(who.trim_start_matches("tenant:"), what),
            _ => self.command(who, what),
        }
    }

    pub fn hear(&mut self, key: &str, heard: &Heard) {
        let ctx = self.context();
        let mut state = self.states.remove(key).unwrap_or_default();
        let findings = state.hear(heard, &ctx);
        self.states.insert(key.into(), state);
        self.found(key, &findings);
    }

    fn context(&self) -> Context<'static> {
        // Leaked once a test: the context borrows it while the stage changes.
        let policy: &'static Policy = Box::leak(Box::new(self.policy.clone()));
        let leak_clear_after = policy.leak_clear_after(&"oak".into());
        Context {
            policy,
            leak_clear_after,
            listening_since: self.listening_since,
            about: &About::UNKNOWN,
            fleet: &NO_FLEET,
            now: self.now,
        }
    }

    /// Devices and tickets that become due on the way are looked at, each at its time.
    pub fn pass_until(&mut self, until: Timestamp) {
        let ctx = self.context();
        loop {
            let devices = self.states.iter().filter_map(|(k, s)| s.due_at(&ctx).map(|at| (at, 0, k.0.clone())));
            let tickets = self.facts.tickets.values().filter_map(|t| t.due_at.map(|at| (at, 1, t.id.0.clone())));
            let waiting = self
                .facts
                .conversations
                .values()
                .filter_map(|c| c.due_at.map(|at| (at, 2, c.phone.as_str().to_owned())));
            let Some((at, kind, id)) = devices.chain(tickets).chain(waiting).min().filter(|(at, ..)| *at <= until)
            else {
                break;
            };
            self.now = self.now.max(at);
            if kind == 2 {
                let phone = E164::parse(&id).expect("a number");
                self.decide(|desk| desk.conversation_due(&phone));
            } else if kind == 0 {
                let ctx = Context { now: self.now, ..ctx };
                let findings = self.states.get_mut(id.as_str()).expect("it was due").pass(&ctx);
                self.found(&id, &findings);
            } else {
                // All that is due comes in one batch, those of one unit together, as the store lists them.
                let now = self.now;
                let due = self.facts.tickets.values().filter(|t| t.due_at.is_some_and(|at| at <= now));
                let mut due: Vec<_> = due.map(|t| (t.due_at, t.unit_id.clone(), t.id.clone())).collect();
                due.sort();
                self.decide(|desk| due.iter().for_each(|(_, _, id)| desk.ticket_due(id)));
            }
        }
        self.now = self.now.max(until);
    }

    fn found(&mut self, key: &str, findings: &[Finding]) {
        if !findings.is_empty() {
            self.decide(|desk| findings.iter().for_each(|f| desk.found(&key.into(), f)));
        }
    }

    /// Several devices in one batch.
    pub fn decide(&mut self, work: impl FnOnce(&mut Desk<'_>)) {
        let mut facts = self.facts.clone();
        let recent = |m: &&NewMessage| m.severity != Severity::Emergency && m.created_at > self.now - DAY;
        facts.contacts.clear();
        for m in self.messages.iter().filter(recent) {
            *facts.contacts.entry(m.recipient.as_key()).or_default() += 1;
        }
        let ctx = self.context();
        let behind =
            facts.devices.values().filter_map(|d| Some((d.gateway.clone()?, self.states.get(&d.key)?, &d.key)));
        for (gateway, state, key) in behind.collect::<Vec<_>>() {
            let one = Behind { key: key.clone(), seen_at: state.seen_at, due_at: state.due_at(&ctx) };
            self.facts.behind.entry(gateway).or_default().retain(|b| b.key != *key);
            self.facts.behind.entry(one_gateway(&self.facts, key)).or_default().push(one);
        }
        facts.said = self.messages.iter().map(|m| (m.key.clone(), m.body.clone())).collect();
        facts.behind = self.facts.behind.clone();
        let gateways =
            self.states.iter().filter(|(key, _)| facts.devices.get(*key).is_some_and(|d| d.gateway.is_none()));
        facts.known_at = gateways.filter_map(|(key, state)| Some((key.clone(), state.known_at(&ctx)?))).collect();
        let wet = self.states.iter().filter(|(_, state)| state.leak.is_wet() || state.flow.open);
        facts.wet = wet.filter_map(|(key, _)| Some(facts.devices.get(key)?.unit_id.clone())).collect();
        let policy = self.policy.clone();
        let mut desk = Desk::new(facts, &policy, &self.words, self.now);
        work(&mut desk);
        let (facts, changes) = (desk.facts, desk.changes);
        self.facts = facts;
        for key in &changes.words_given {
            self.states.entry(key.clone()).or_default().battery.take_word(self.now);
        }
        for key in &changes.leaks_cancelled {
            self.states.entry(key.clone()).or_default().leak.cancelled(self.now);
        }
        for (key, from) in &changes.heard_anew {
            self.states.entry(key.clone()).or_default().listen_anew(*from);
        }
        self.valves.extend(changes.valves.iter().cloned());
        self.tasks.extend(changes.tasks.iter().cloned());
        for event in &changes.events {
            self.log_event(event);
        }
        for entry in changes.entries {
            self.line(format!("credit {} {} {}", entry.tenant_id, entry.amount_minor(), entry.reason));
            self.entries.push(entry);
        }
        for message in changes.messages {
            self.send(message);
        }
    }

    /// A message goes out once, as the store sees to.
    fn send(&mut self, message: NewMessage) {
        if self.messages.iter().any(|sent| sent.key == message.key) {
            return;
        }
        let count = message.body.lines().count();
        let merged = if count > 1 && message.severity == Severity::Routine { " merged" } else { "" };
        let (to, template) = (message.recipient.as_key(), message.template);
        match message.channel {
            Channel::Sms => self.line(format!("text {to} {template}{merged}")),
            Channel::Voice if self.shows_calls => self.line(format!("call {to} {template}")),
            Channel::Voice => {}
        }
        let outcome = message.ticket_id.clone().map(|ticket_id| Outcome {
            message_id: message.id(),
            ticket_id,
            recipient: message.recipient.clone(),
            channel: message.channel,
            status: if self.refuses.as_ref() == Some(&message.to) {
                MessageStatus::Failed
            } else {
                MessageStatus::Accepted
            },
            error_code: None,
            opted_out: None,
            at: self.now,
        });
        self.messages.push(message);
        if let Some(outcome) = outcome.filter(|_| !self.carrier_down) {
            self.decide(|desk| desk.outcome(&outcome));
        }
    }

    fn log_event(&mut self, event: &TicketEvent) {
        if self.keep_offers && event.what == "offered" {
            self.offers.push(event.data.clone());
        }
        let ticket = &self.facts.tickets[&event.ticket_id];
        let what = match event.what {
            "step" | "offered" | "task" | "rewarded" | "replacement_seen" | "reply" => return,
            "not_rewarded" => format!("unpaid {}", event.data["why"].as_str().unwrap_or_default()),
            word => word.to_owned(),
        };
        let key = ticket.device_key.clone().unwrap_or_default();
        self.line(format!("{what} {} {key}", ticket.kind.as_str()).trim_end().to_owned());
    }

    fn line(&mut self, what: String) {
        let local = self.now.to_utc().with_timezone(&self.zone).format("%d %H:%M");
        self.log.push(format!("{local} {what}"));
    }

    fn reply(&mut self, tenant: &str, body: &str) {
        let person = self.facts.tenants.values().flatten().find(|t| t.id.as_str() == tenant).expect("a tenant").clone();
        let mut meant: Vec<(Timestamp, TicketId)> = self
            .messages
            .iter()
            .filter(|m| m.to == person.phone)
            .filter_map(|m| Some((m.created_at, m.ticket_id.clone()?)))
            .filter(|(_, id)| {
                let ticket = &self.facts.tickets[id];
                let over = matches!(ticket.status, Status::Closed { .. } | Status::Cancelled { .. });
                !over || ticket.survey.is_some()
            })
            .collect();
        meant.sort_by(|a, b| b.cmp(a));
        let meant: Vec<TicketId> = meant.into_iter().map(|(_, id)| id).collect();
        let reply = Reply { from: person.phone, body: body.to_owned(), sid: format!("in{}", self.now.0), about: None };
        self.decide(|desk| desk.reply(&reply, &meant));
    }

    fn command(&mut self, who: &str, what: &str) {
        let (verb, kind) = what.split_once(' ').expect("VERB KIND");
        let kind = TicketKind::parse(kind).expect("a kind");
        let id = self.facts.tickets.values().rfind(|t| t.kind == kind).expect("a ticket").id.clone();
        let command = match verb {
            "accept" => Command::Accept(who.into()),
            "decline" => Command::Decline(who.into()),
            "take" => Command::Reassign(who.into()),
            "arrive" => Command::Arrive,
            "eta" => Command::Eta(20),
            "shut" => Command::CloseValve,
            "open" => Command::OpenValve { confirm: None },
            "wait" => Command::Wait { reason: "key".into() },
            "resume" => Command::GoOn,
            "fail" => Command::Fail { reason: "no key".into() },
            "done" => Command::Resolve { note: "done".into() },
            "note" => Command::Note("hm".into()),
            "cancel" => Command::Cancel { reason: "none".into() },
            other => panic!("do what? {other}"),
        };
        let mut refused = None;
        self.decide(|desk| refused = desk.command(&id, &format!("housekeeper:{who}"), &command).err());
        if let Some(refusal) = refused {
            self.line(format!("refused {refusal}"));
        }
    }

    pub fn time(&self, day: &str, hour: &str) -> Timestamp {
        let (h, m) = hour.split_once(':').expect("HH:MM");
        let day: i64 = day.parse().expect("a day");
        let first = self
            .zone
            .with_ymd_and_hms(2026, 1, 1, h.parse().expect("h"), m.parse().expect("m"), 0)
            .earliest()
            .expect("a time");
        Timestamp(first.timestamp_millis() + (day - 1) * DAY)
    }

    fn parse(&self, key: &str, what: &str) -> Heard {
        let mut readings = Vec::new();
        let (mut retained, mut claimed) = (false, None);
        for word in what.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let number = || value.parse::<f64>().expect("a number");
            readings.push(Reading::new(match name {
                "battery" => Fact::BatteryPercent(number()),
                "mv" => Fact::BatteryMillivolts(number()),
                "low" => Fact::BatteryLow(true),
                "fine" => Fact::BatteryLow(false),
                "wet" => Fact::Leak(true),
                "dry" => Fact::Leak(false),
                "tamper" => Fact::Tamper(true),
                "closed" => Fact::Tamper(false),
                "online" => Fact::Online(true),
                "offline" => Fact::Online(false),
                "flow" => Fact::FlowLpm(number()),
                "litres" => Fact::VolumeL(number()),
                "uptime" => Fact::UptimeS(number()),
                "boots" => Fact::BootCount(number()),
                "probe" => {
                    let (channel, wet) = value.split_once(':').expect("probe=NAME:wet");
                    readings.push(Reading { channel: Some(channel.into()), ..Reading::new(Fact::Leak(wet == "wet")) });
                    continue;
                }
                "retained" => {
                    retained = true;
                    continue;
                }
                "at" => {
                    let (day, hour) = value.split_once('T').expect("at=DAYTHH:MM");
                    claimed = Some(self.time(day, hour));
                    continue;
                }
                other => panic!("say what? {other}"),
            }));
        }
        readings.iter_mut().for_each(|r| r.at = claimed);
        let text = digest(format!("{key} {}", what.replace(" retained", "")));
        let fingerprint = u64::from_str_radix(&text[..16], 16).expect("hexadecimal");
        Heard { readings, received_at: self.now, retained, fingerprint }
    }
}

/// Stories that are not about times leave everybody all the time they want; `visits watched` and `clocks run` set the
/// policy's own.
fn patient() -> Policy {
    let mut policy = Policy::default();
    policy.dispatch.emergency_within = Span(30 * DAY);
    policy.dispatch.urgent_within = Span(30 * DAY);
    policy.sla.reply = Span(0);
    let never = || SlaLimits { answer: Span(0), arrive: Span(0), close: Span(0) };
    (policy.sla.emergency, policy.sla.urgent, policy.sla.routine) = (never(), never(), never());
    policy
}

fn one_gateway(facts: &Facts, key: &DeviceKey) -> DeviceKey {
    facts.devices[key].gateway.clone().expect("behind one")
}

/// A reward as a committer would load it.
pub fn paid(stage: &mut Stage, days_ago: i64, amount_minor: i64, device: Option<&str>) {
    let at = stage.now - days_ago * DAY - SECOND;
    stage.facts.paid.push(Paid { tenant_id: "t1".into(), device_key: device.map(Into::into), at, amount_minor });
}
