//! The building against the service: its devices publish over real MQTT, its people hear texts, reply and work.
//!
//! Two tasks: one lets time pass in the building and never waits for the service; the other brings what people say and
//! do to the door, one after the other. They know of the service only what a phone or a page would show.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use nightporter_simulator::{Building, Message, Publish, Reply, StaffAction, Verb};
use rumqttc::{AsyncClient, EventLoop, MqttOptions, QoS};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::people::People;
use super::story::{Happening, What};
use crate::cli::Failure;
use crate::clock::Clock;
use crate::commit::Door;
use crate::decide::{Command, Reply as Words};
use crate::model::{E164, HousekeeperId, Status, Ticket};
use crate::store::{MessageFilter, MessageRow, Page, Store, StoreError, TicketFilter};

/// Publishes that wait for the connection.
const PUBLISHES_WAITING_MAX: usize = 10_000;
/// Publishes under way at once.
const IN_FLIGHT_MAX: u16 = 1_000;
/// What a gateway would not even send: the broker takes 256 KiB.
const PAYLOAD_BYTES_MAX: usize = 250_000;
/// Largest packet of the client.
const PACKET_BYTES_MAX: usize = 256 * 1024;
/// Between two attempts to connect.
const RETRY: Duration = Duration::from_millis(200);
/// Deeds that wait for the door.
const DEEDS_WAITING_MAX: usize = 1_024;
/// Messages of one number, and tickets of one device, that are looked through.
const ROWS_MAX: i64 = 1_000;
/// The number that people write to.
const OUR_NUMBER: &str = "console";

/// An SMS on the console.
pub(super) struct Text {
    /// When it was taken.
    pub(super) at: DateTime<Utc>,
    /// The service's id of the attempt.
    pub(super) attempt: String,
    /// To which number.
    pub(super) to: String,
    /// The words.
    pub(super) body: String,
}

/// Everything that plays.
pub(super) struct Cast {
    /// The building.
    pub(super) building: Building,
    /// The time.
    pub(super) clock: Clock,
    /// Where a text's ticket is looked up.
    pub(super) store: Store,
    /// Where people's words and deeds go.
    pub(super) door: Door,
    /// Who is who.
    pub(super) people: Arc<People>,
    /// Where devices connect.
    pub(super) broker: SocketAddr,
    /// What the console took.
    pub(super) texts: mpsc::Receiver<Text>,
}

/// A run under way.
pub(super) struct Playing {
    stop: oneshot::Sender<()>,
    play: JoinHandle<Result<(Building, DateTime<Utc>), Failure>>,
}

impl Playing {
    /// Begins.
    pub(super) fn begin(cast: Cast, said: mpsc::Sender<Happening>) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, play: tokio::spawn(play(cast, said, stopped)) }
    }

    /// Ends it: the building as it is, and until when its truth is told.
    pub(super) async fn end(self) -> Result<(Building, DateTime<Utc>), Failure> {
        // It may have ended by itself.
        let _ = self.stop.send(());
        self.play.await?
    }
}

/// What a person does.
enum Deed {
    Says(Reply),
    Works(StaffAction),
}

async fn play(
    cast: Cast,
    said: mpsc::Sender<Happening>,
    mut stop: oneshot::Receiver<()>,
) -> Result<(Building, DateTime<Utc>), Failure> {
    let Cast { mut building, clock, store, door, people, broker, mut texts } = cast;
    let (client, events) = AsyncClient::new(mqtt_options(broker), PUBLISHES_WAITING_MAX);
    let connection = tokio::spawn(keep_connected(events));
    let (deeds, doing) = mpsc::channel(DEEDS_WAITING_MAX);
    let staff = Staff { store: store.clone(), door, people: people.clone(), said: said.clone() };
    let staff = tokio::spawn(staff.run(doing));
    let until = loop {
        let now = clock.now().to_utc();
        for message in building.step(now) {
            publish(&client, message).await?;
        }
        for deed in building.replies(now).into_iter().map(Deed::Says) {
            deeds.send(deed).await?;
        }
        for deed in building.actions(now).into_iter().map(Deed::Works) {
            deeds.send(deed).await?;
        }
        tokio::select! {
            () = clock.sleep_until(building.next_at().into()) => {}
            Some(text) = texts.recv() => {
                let happening = hear(&mut building, &store, &people, text).await?;
                // Nobody watching is no error.
                let _ = said.send(happening).await;
            }
            _ = &mut stop => break now,
        }
    };
    connection.abort();
    staff.abort();
    Ok((building, until))
}

fn mqtt_options(broker: SocketAddr) -> MqttOptions {
    let mut options = MqttOptions::new("nightporter-demo-building", broker.ip().to_string(), broker.port());
    options.set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX).set_inflight(IN_FLIGHT_MAX);
    options.set_keep_alive(Duration::from_secs(30));
    options
}

async fn keep_connected(mut events: EventLoop) {
    loop {
        if let Err(e) = events.poll().await {
            tracing::warn!(error = %e, "demo.disconnected");
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn publish(client: &AsyncClient, message: Publish) -> Result<(), Failure> {
    if message.payload.len() > PAYLOAD_BYTES_MAX {
        return Ok(());
    }
    let qos = if message.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
    Ok(client.publish(message.topic, qos, message.retain, message.payload).await?)
}

/// Somebody reads a text. As on any phone, they see who wrote and what; which device is meant stands in the words.
async fn hear(building: &mut Building, store: &Store, people: &People, text: Text) -> Result<Happening, StoreError> {
    let row = row_of(store, &text).await?;
    let ticket_id = row.as_ref().and_then(|row| row.ticket_id.clone());
    let template = row.and_then(|row| row.template);
    let ticket = match &ticket_id {
        Some(id) => store.read().await?.ticket(id).await?,
        None => None,
    };
    building.hear(Message {
        at: text.at,
        to: text.to.clone(),
        body: text.body.clone(),
        template: template.clone(),
        about_device: ticket.as_ref().and_then(|t| t.device_key.as_ref()).map(|key| key.0.clone()),
    });
    let unit = ticket.as_ref().and_then(|t| t.unit_id.as_ref()).map(|id| people.unit(id).to_owned());
    Ok(Happening {
        at: text.at.into(),
        unit: unit.unwrap_or_default(),
        kind: ticket.map(|t| t.kind),
        ticket_id,
        what: What::Text { to: people.person(&text.to), body: text.body, template: template.unwrap_or_default() },
    })
}

/// The message that an attempt was made for.
async fn row_of(store: &Store, text: &Text) -> Result<Option<MessageRow>, StoreError> {
    let id = text.attempt.split('.').next().unwrap_or_default();
    let filter = MessageFilter { to: Some(text.to.clone()), ..MessageFilter::default() };
    let rows = store.read().await?.list_messages(&filter, &Page { limit: ROWS_MAX, after: None }).await?;
    Ok(rows.into_iter().rfind(|row| row.id.as_str() == id))
}

/// Brings what people say and do to the door.
struct Staff {
    store: Store,
    door: Door,
    people: Arc<People>,
    said: mpsc::Sender<Happening>,
}

impl Staff {
    async fn run(self, mut doing: mpsc::Receiver<Deed>) {
        let mut turn = 0_u64;
        while let Some(deed) = doing.recv().await {
            turn += 1;
            let done = match deed {
                Deed::Says(reply) => self.says(reply, turn).await,
                Deed::Works(action) => self.works(action).await,
            };
            if let Err(e) = done {
                tracing::warn!(error = %e, "demo.deed");
            }
        }
    }

    async fn says(&self, reply: Reply, turn: u64) -> Result<(), StoreError> {
        let from = self.people.person(&reply.from);
        let unit = from.unit.clone().unwrap_or_default();
        let what = What::Reply { from, body: reply.body.clone() };
        let happening = Happening { at: reply.at.into(), unit, kind: None, ticket_id: None, what };
        // Nobody watching is no error.
        let _ = self.said.send(happening).await;
        let Some(from) = E164::parse(&reply.from) else { return Ok(()) };
        let words = Words { from, body: reply.body, sid: format!("demo-{turn}"), about: None };
        if let Err(e) = self.door.inbound(words, OUR_NUMBER.to_owned()).await {
            tracing::warn!(error = %e, "demo.reply");
        }
        Ok(())
    }

    /// A move on the page; it may come too late, as moves of people do.
    async fn works(&self, action: StaffAction) -> Result<(), StoreError> {
        let Some(ticket) = self.meant(&action).await? else { return Ok(()) };
        let command = match action.verb {
            Verb::Accept => Command::Accept(HousekeeperId(action.housekeeper_id.clone())),
            Verb::Arrive => Command::Arrive,
            Verb::Resolve => Command::Resolve { note: String::new() },
        };
        if let Err(e) = self.door.command(ticket.id, format!("housekeeper:{}", action.housekeeper_id), command).await {
            tracing::info!(error = %e, "demo.refused");
        }
        Ok(())
    }

    /// The ticket of the device that this housekeeper can mean: one that is free, or their own.
    async fn meant(&self, action: &StaffAction) -> Result<Option<Ticket>, StoreError> {
        let filter = TicketFilter { device: Some(action.about_device.clone()), ..TicketFilter::default() };
        let tickets = self.store.read().await?.list_tickets(&filter, &Page { limit: ROWS_MAX, after: None }).await?;
        let own = |t: &Ticket| t.assignee.as_ref().is_some_and(|h| h.as_str() == action.housekeeper_id);
        let fits = |t: &Ticket| match action.verb {
            Verb::Accept => matches!(t.status, Status::Open | Status::Offered),
            Verb::Arrive => own(t) && t.status == Status::Assigned,
            Verb::Resolve => own(t) && t.status.is_active(),
        };
        // The offered one before one that only stands open.
        let rank = |t: &Ticket| (t.status == Status::Offered, t.opened_at);
        Ok(tickets.into_iter().filter(fits).max_by_key(rank))
    }
}
