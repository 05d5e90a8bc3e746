//! What goes into and comes out of the database, where the model has no noun of its own for it.

use crate::config::Secret;
use crate::model::*;

/// A device's state as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StateRow {
    /// Which device.
    pub key: DeviceKey,
    /// When it last spoke.
    pub seen_at: Timestamp,
    /// When it needs a look.
    pub due_at: Option<Timestamp>,
    /// [`crate::decide::DeviceState`] as JSON.
    pub state: String,
}

/// A message that could not be understood, kept for inspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// When it came.
    pub at: Timestamp,
    /// On which topic.
    pub topic: String,
    /// Why, a stable code.
    pub code: String,
    /// Why, for a person.
    pub detail: String,
    /// The beginning of the payload, as text as far as it is text.
    pub payload: String,
}

/// Messages that may not speak for the device they name, of one device and for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// In whose name.
    pub device_key: DeviceKey,
    /// Which rule: `topic`, `property`, `gateway`, `id`.
    pub reason: String,
    /// The property of the device; none when it is not registered.
    pub property_id: Option<PropertyId>,
    /// What does not agree, for a person.
    pub detail: String,
    /// The address that the message gave.
    pub hardware_id: Option<String>,
    /// When it was first so.
    pub first_at: Timestamp,
    /// When it was last so.
    pub last_at: Timestamp,
    /// How many messages.
    pub messages: i64,
    /// Whether one of them told of water.
    pub leak: bool,
    /// Where the last one came.
    pub topic: String,
    /// The beginning of the last one.
    pub payload: String,
}

/// A row of the outbox whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueMessage {
    /// Which.
    pub id: MessageId,
    /// Where it stands.
    pub status: MessageStatus,
    /// For whom.
    pub recipient: Recipient,
    /// To which number.
    pub to: E164,
    /// By text or by voice.
    pub channel: Channel,
    /// In which language.
    pub locale: Locale,
    /// Which words.
    pub template: String,
    /// What.
    pub body: String,
    /// Profile which ticket.
    pub ticket_id: Option<TicketId>,
    /// How much it matters.
    pub severity: Severity,
    /// How often it was tried.
    pub attempts: i64,
    /// When the last try began.
    pub tried_at: Option<Timestamp>,
    /// After this it must not be sent.
    pub expires_at: Timestamp,
}

/// What an attempt, an inquiry or a report changes in a row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageUpdate {
    /// Which.
    pub id: MessageId,
    /// Its new status.
    pub status: MessageStatus,
    /// How often it was tried.
    pub attempts: i64,
    /// When the outbox must look at it again; never when it is done.
    pub next_at: Option<Timestamp>,
    /// Who is at it.
    pub lease_owner: Option<String>,
    /// When the last try began.
    pub tried_at: Option<Timestamp>,
    /// The carrier's id.
    pub sid: Option<String>,
    /// The carrier's code.
    pub error_code: Option<i64>,
    /// What went wrong, for a person.
    pub error: Option<String>,
    /// Parts that the carrier counted.
    pub segments: Option<i64>,
    /// When the carrier took it.
    pub sent_at: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
}

/// A message as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Which.
    pub id: MessageId,
    /// `outbound` or `inbound`.
    pub direction: String,
    /// `sms` or `voice`.
    pub channel: String,
    /// `tenant:…`, `housekeeper:…`, `manager:…`.
    pub recipient: String,
    /// To which number.
    pub to: String,
    /// From which number.
    pub from: String,
    /// What.
    pub body: String,
    /// Where it stands.
    pub status: String,
    /// Profile which ticket.
    pub ticket_id: Option<String>,
    /// Which words.
    pub template: Option<String>,
    /// The carrier's id.
    pub sid: Option<String>,
    /// The carrier's code.
    pub error_code: Option<i64>,
    /// Why it waits or came to nothing, for a person.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the carrier took it.
    pub sent_at: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// Parts that the carrier counted.
    pub segments: Option<i64>,
    /// Of what came in: the word of its meaning.
    pub intent: Option<String>,
    /// How sure that is, 0–100.
    pub confidence: Option<i64>,
}

/// A device as the API shows it: registered, or heard and held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its key.
    pub key: DeviceKey,
    /// The registry's entry; none for one that spoke before it was registered.
    pub device: Option<Device>,
    /// What it told, as JSON of [`crate::decide::DeviceState`].
    pub state: Option<String>,
    /// When it last spoke.
    pub seen_at: Option<Timestamp>,
    /// What is known of it beside the registry, as JSON of [`Profile`].
    pub about: Option<String>,
}

/// A ticket with the names around it, as the page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardTicketRow {
    /// The ticket.
    pub ticket: Ticket,
    /// Its property's name.
    pub property_name: Option<String>,
    /// Its property's time zone.
    pub timezone: Option<String>,
    /// Its unit's name.
    pub unit_name: Option<String>,
    /// Its device's name.
    pub device_name: Option<String>,
    /// What its device told, as JSON of [`crate::decide::DeviceState`].
    pub state: Option<String>,
}

/// A message about a ticket, as the page shows it: no number, no words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardMessageRow {
    /// Profile which ticket.
    pub ticket_id: TicketId,
    /// For whom: `tenant:…`, `housekeeper:…`, `manager:…`.
    pub recipient: String,
    /// `sms` or `voice`.
    pub channel: String,
    /// Which words.
    pub template: Option<String>,
    /// Where it stands.
    pub status: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the carrier took it.
    pub sent_at: Option<Timestamp>,
}

/// A ledger entry as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its unique reference.
    pub reference: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// What it changed for the account asked about; for lists of entries what changed hands.
    pub amount_minor: i64,
    /// Currency.
    pub currency: String,
    /// To or from which tenant.
    pub tenant_id: String,
    /// For which device.
    pub device_key: Option<String>,
    /// In which matter.
    pub ticket_id: Option<String>,
}

/// The sum of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceRow {
    /// Which account.
    pub account: String,
    /// Currency.
    pub currency: String,
    /// Sum of its postings.
    pub amount_minor: i64,
}

/// Which tickets a list asks for; an absent field asks for all.
#[derive(Clone, Debug, Default)]
pub struct TicketFilter {
    /// Kind.
    pub kind: Option<String>,
    /// Status.
    pub status: Option<String>,
    /// Device that is part of it.
    pub device: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// Property.
    pub property: Option<String>,
    /// One of these properties: what the asker may see.
    pub properties: Option<Vec<String>>,
}

/// Which devices a list asks for.
#[derive(Clone, Debug, Default)]
pub struct DeviceFilter {
    /// Those of the registry (true), or those that spoke without being in it (false).
    pub registered: bool,
    /// Unit.
    pub unit: Option<String>,
    /// Property.
    pub property: Option<String>,
    /// One of these properties: what the asker may see.
    pub properties: Option<Vec<String>>,
}

/// Which messages a list asks for.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    /// The number, to or from.
    pub to: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// Status.
    pub status: Option<String>,
    /// Profile a ticket of one of these properties: what the asker may see.
    pub properties: Option<Vec<String>>,
}

/// Which conversations a list asks for.
#[derive(Clone, Debug, Default)]
pub struct ConversationFilter {
    /// Those that wait for a human (true), or those that do not.
    pub waiting: Option<bool>,
    /// Property.
    pub property: Option<String>,
    /// One of these properties: what the asker may see.
    pub properties: Option<Vec<String>>,
}

/// Which kind words a list asks for.
#[derive(Clone, Debug, Default)]
pub struct PraiseFilter {
    /// For this housekeeper.
    pub housekeeper: Option<String>,
    /// At one of these properties: what the asker may see.
    pub properties: Option<Vec<String>>,
}

/// Where a page begins and how long it is. Lists run from the oldest to the newest.
#[derive(Clone, Debug)]
pub struct Page {
    /// How many rows at most.
    pub limit: i64,
    /// The time and id of the last row seen.
    pub after: Option<(i64, String)>,
}

/// A token as the API checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `operator`, `region`, `manager`, `housekeeper` or `reader`.
    pub role: String,
    /// What it is limited to.
    pub scope: Option<String>,
}

/// A person who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The name they sign in with.
    pub name: String,
    /// `operator`, `region`, `manager`, `housekeeper` or `reader`.
    pub role: String,
    /// What they are limited to.
    pub scope: Option<String>,
    /// The hash of their password, in PHC form.
    pub password: Secret,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when; absent while they may sign in.
    pub disabled_at: Option<Timestamp>,
}

/// A request that came with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRequest {
    /// What was asked, or its digest.
    pub request: String,
    /// What is to be done about it, where that was chosen beforehand.
    pub plan: String,
    /// What was answered; absent while it is being done.
    pub answer: Option<String>,
}

/// What an import brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Properties.
    pub properties: usize,
    /// Units.
    pub units: usize,
    /// Tenancies.
    pub tenants: usize,
    /// Devices.
    pub devices: usize,
    /// Housekeepers.
    pub housekeepers: usize,
}
