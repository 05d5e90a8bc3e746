//! One transaction on either database: every query of `queries`, dispatched to the compilation at hand.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::{Postgres, Sqlite, Transaction};

use super::*;
use crate::decide::desk::{Behind, Given, Paid, Place, Praise, Understanding, Wish};
use crate::decide::forecast::{Caught, FinishedLife};
use crate::decide::stats::Case;
use crate::decide::{automation, tones};
use crate::model::*;

/// A transaction. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// One method per query: its name, the module it stands in, its parameters and result.
macro_rules! queries {
    ($($(#[$doc:meta])* $module:ident :: $query:ident as $name:ident ( $($arg:ident : $type:ty),* ) -> $out:ty;)+) => {
        impl Tx {
            $($(#[$doc])*
            pub async fn $name(&mut self, $($arg: $type),*) -> Result<$out, StoreError> {
                match self {
                    Self::Sqlite(tx) => sqlite::queries::$module::$query(tx, $($arg),*).await,
                    Self::Postgres(tx) => postgres::queries::$module::$query(tx, $($arg),*).await,
                }
            })+
        }
    };
}

queries! {
    /// States of devices, locked.
    facts::states as load_states(keys: &[&str]) -> Vec<StateRow>;
    /// The first property by id.
    facts::first_property as first_property() -> Option<PropertyId>;
    /// The newest time of anything that was stored.
    facts::newest_at as newest_at() -> Option<Timestamp>;
    /// Our clock was ahead of the time: what was noted by it goes back, what waits is looked at.
    clock::put_back as put_clock_back(now: Timestamp, by: Millis, lease_ends: Timestamp) -> ();
    /// States of devices that had none, made where others may make them too, and locked.
    facts::first_states as first_states(keys: &[&str]) -> Vec<StateRow>;
    /// Registered devices.
    facts::devices as load_devices(keys: &[&str]) -> HashMap<DeviceKey, Device>;
    /// Properties and who serves them, locked.
    facts::places as load_places(ids: &[&str]) -> HashMap<PropertyId, Place>;
    /// Properties and who serves them, only to be looked at.
    facts::places_seen as see_places(ids: &[&str]) -> HashMap<PropertyId, Place>;
    /// Units.
    facts::units as load_units(ids: &[&str]) -> HashMap<UnitId, Unit>;
    /// Tenancies by unit.
    facts::tenants as load_tenants(units: &[&str]) -> HashMap<UnitId, Vec<Tenant>>;
    /// Messages sent per recipient since an instant.
    facts::contacts as load_contacts(recipients: &[String], since: Timestamp) -> HashMap<String, u32>;
    /// Numbers that said STOP.
    facts::stopped as load_stopped(phones: &[&str]) -> HashSet<E164>;
    /// Rewards since an instant.
    facts::paid as load_paid(tenants: &[&str], devices: &[&str], since: Timestamp) -> Vec<Paid>;
    /// States of the devices of units.
    facts::unit_states as unit_states(units: &[&str]) -> Vec<(UnitId, StateRow)>;
    /// Devices behind gateways.
    facts::behind as load_behind(gateways: &[&str]) -> HashMap<DeviceKey, Vec<Behind>>;
    /// When people were last sent words of a template.
    care::last_sent as load_last_sent(template: &str, recipients: &[String], since: Timestamp) -> HashMap<String, Timestamp>;
    /// Stores a question and its answer.
    care::survey as save_survey(ticket: &TicketId, survey: &Survey) -> ();
    /// Keeps kind words.
    care::add_praise as add_praise(praise: &Praise) -> ();
    /// A page of kind words.
    care::praise as list_praise(filter: &PraiseFilter, page: &Page) -> Vec<Praise>;
    /// Goodwill by agents, who are locked, and to tenants.
    care::given as load_given(actors: &[&str], tenants: &[&str], references: &[&str], since: Timestamp) -> Vec<Given>;
    /// Notes who gave what.
    care::add_given as add_given(given: &Given) -> ();

    /// Where a number belongs.
    conversations::homes_of_phone as homes_of_phone(phone: &str) -> Vec<(PropertyId, UnitId)>;
    /// Locks of units.
    conversations::locks_of_units as locks_of_units(units: &[&str]) -> Vec<Device>;
    /// Purposes that numbers refuse.
    conversations::refused as load_refused(phones: &[&str]) -> HashSet<(E164, Purpose)>;
    /// The proof of what a number wished.
    conversations::consents as consents(phone: &str) -> Vec<(Timestamp, String, bool, String, String)>;
    /// Notes what a text means.
    conversations::understood as save_understanding(understanding: &Understanding) -> ();
    /// Stores a conversation.
    conversations::save as save_conversation(conversation: &Conversation) -> ();
    /// One conversation.
    conversations::one as conversation(id: &str) -> Option<Conversation>;
    /// Conversations whose manager is to be told.
    conversations::due as due_conversations(now: Timestamp, limit: i64) -> Vec<ConversationId>;
    /// The conversations with numbers.
    conversations::of_phones as load_conversations(phones: &[&str]) -> HashMap<E164, Conversation>;
    /// A page of conversations.
    conversations::list as list_conversations(filter: &ConversationFilter, page: &Page) -> Vec<Conversation>;
    /// What tenant, unit and property of conversations are called.
    conversations::names as names_of_conversations(ids: &[&str]) -> HashMap<String, [Option<String>; 3]>;
    /// A human has answered the texts of a number.
    conversations::answered as note_answered(phone: &str, now: Timestamp) -> ();
    /// The last texts to and from a number.
    conversations::last_texts as last_texts(phone: &str, properties: Option<&[String]>, limit: i64) -> Vec<MessageRow>;

    /// Tickets of a period with what is known around them.
    stats::tone_trials as tone_trials(from: Timestamp, to: Timestamp, properties: Option<&[String]>) -> tones::Trials;
    /// What came of texts that automation could have looked after.
    stats::automation_trials as automation_trials(from: Timestamp, to: Timestamp, properties: Option<&[String]>) -> automation::Trials;
    /// Tickets with what is known around them.
    stats::cases as cases(from: Timestamp, to: Timestamp, properties: Option<&[String]>, limit: i64) -> Vec<Case>;
    /// Valves of properties.
    tasks::valves_of as valves_of(properties: &[&str]) -> Vec<Device>;
    /// Units above and below others.
    tasks::risers as risers(units: &[&str]) -> Vec<(PropertyId, UnitId)>;
    /// Stores what a valve is wanted to be.
    tasks::save_valve as save_valve(wish: &ValveWish) -> ();
    /// What valves are wanted to be.
    tasks::valves as valves(key: Option<&str>) -> Vec<ValveWish>;
    /// Puts a task on a list.
    tasks::add_task as add_task(task: &Task) -> ();
    /// A task is done; false when it was, or is none.
    tasks::task_done as task_done(id: &str, actor: &str, now: Timestamp) -> bool;
    /// A page of tasks.
    tasks::tasks as list_tasks(properties: Option<&[String]>, open: Option<bool>, page: &Page) -> Vec<Task>;
    /// One task.
    tasks::task as task(id: &str) -> Option<Task>;
    /// How the housekeepers of properties stand.
    rota::standings as load_standings(properties: &[&str]) -> HashMap<HousekeeperId, Standing>;
    /// Swaps that are not over.
    rota::swaps as load_swaps(people: &[&str], now: Timestamp) -> Vec<ShiftSwap>;
    /// Counts a call at night.
    rota::night_call as add_night_call(housekeeper: &HousekeeperId, ticket: &TicketId, at: Timestamp) -> ();
    /// Calls at night of each since an instant.
    rota::night_calls as night_calls(people: &[&str], since: Timestamp) -> HashMap<String, i64>;
    /// Has one work another's shift; false when that stands already.
    rota::add_swap as add_swap(swap: &ShiftSwap, actor: &str, now: Timestamp) -> bool;
    /// Takes a swap back; false when there was none.
    rota::cancel_swap as cancel_swap(id: &str, now: Timestamp) -> bool;
    /// One swap that is not over.
    rota::swap as swap(id: &str, now: Timestamp) -> Option<ShiftSwap>;
    /// The properties whose people are listed.
    rota::property_ids as property_ids(properties: Option<&[String]>) -> Vec<String>;
    /// Tickets that a number may mean.
    facts::tickets_of_phone as tickets_of_phone(phone: &str, asked_since: Timestamp, day: &str) -> Vec<TicketId>;

    /// Which properties tickets belong to.
    facts::properties_of_tickets as properties_of_tickets(ids: &[&str]) -> Vec<String>;
    /// How many strangers have spoken.
    facts::count_held as count_held(limit: i64) -> i64;

    /// Stores states.
    write::states as save_states(rows: &[StateRow]) -> ();
    /// Stores tickets.
    write::tickets as save_tickets(tickets: &[&Ticket]) -> ();
    /// Adds moves.
    write::events as add_events(events: &[TicketEvent]) -> ();
    /// Fills the outbox.
    write::messages as add_messages(messages: &[NewMessage], claimed: usize, owner: &str, now: Timestamp, lease_ends: Timestamp) -> ();
    /// Which intents are in the outbox already.
    write::known_messages as known_messages(messages: &[NewMessage]) -> Vec<String>;
    /// Books an entry; false when its reference was booked before.
    write::entry as add_entry(entry: &Entry) -> bool;
    /// Records STOP or START.
    write::wish as save_wish(wish: &Wish, now: Timestamp) -> ();
    /// Records a text from a person; false when it was known.
    write::inbound as add_inbound(from: &E164, to: &str, body: &str, sid: &str, ticket: Option<&TicketId>, now: Timestamp) -> bool;
    /// Adds finished batteries to what is known of their models.
    lives::add as add_lives(lives: &[FinishedLife], at: Timestamp) -> ();
    /// What is known of finished batteries.
    lives::all as load_lives() -> Vec<FinishedLife>;
    /// Gauges were caught lying.
    lives::caught as save_caught(caught: &[Caught], at: Timestamp) -> ();
    /// Of each model and lie, how many of its devices were caught since an instant, of how many.
    lives::lies as load_lies(since: Timestamp) -> Vec<(String, Lie, OfModel)>;
    /// Registered devices were heard.
    sweep::add as add_newcomers(keys: &[DeviceKey], now: Timestamp) -> ();
    /// Which of these were first heard since an instant.
    sweep::since as newcomers(keys: &[&str], from: Timestamp) -> Vec<(DeviceKey, Timestamp)>;
    /// How many were first heard between two instants, up to a limit.
    sweep::count as count_newcomers(from: Timestamp, to: Timestamp, limit: i64) -> i64;
    /// Tickets that wait for the operator's word.
    sweep::held as held_tickets(properties: Option<&[String]>, kind: Option<&str>, limit: i64) -> Vec<Ticket>;
    /// How many of each kind wait.
    sweep::held_counts as held_counts(properties: Option<&[String]>) -> Vec<(String, i64)>;
    /// Registered devices that nobody has heard.
    sweep::never_heard as never_heard(properties: Option<&[String]>, limit: i64) -> Vec<String>;
    /// Registered devices whose gauge is doubted.
    sweep::doubted as doubted_devices(properties: Option<&[String]>, limit: i64) -> Vec<String>;
    /// Models with doubted gauges: devices that have told something, and how many of them are doubted.
    sweep::doubted_models as doubted_models(properties: Option<&[String]>, limit: i64) -> Vec<(String, i64, i64)>;
    /// Keeps unintelligible messages.
    write::rejects as add_rejects(rejects: &[Reject]) -> ();

    /// Messages whose time has come.
    outbox::due_messages as due_messages(now: Timestamp, limit: i64) -> Vec<DueMessage>;
    /// Texts sent between two times that the carrier took and of whose end nothing is known, from one on.
    outbox::unsettled as unsettled_messages(
        between: (Timestamp, Timestamp),
        after: Option<&(Timestamp, MessageId)>,
        limit: i64
    ) -> Vec<Unsettled>;
    /// When the outbox has something to do next.
    outbox::next_message_at as next_message_at() -> Option<Timestamp>;
    /// Leases of the dead become unknown.
    outbox::orphan_leases as orphan_leases(owner: &str, now: Timestamp) -> u64;
    /// Records where a message stands; false when more was known.
    outbox::update_message as update_message(update: &MessageUpdate) -> bool;
    /// Claims a message; false when somebody else was faster.
    outbox::claim_message as claim_message(update: &MessageUpdate, was: &DueMessage, now: Timestamp) -> bool;
    /// Records a carrier's report; `None` when more was known.
    outbox::report as save_report(id: &MessageId, report: &Report, now: Timestamp) -> Option<DueMessage>;
    /// Attempts begin.
    attempts::begin as begin_attempts(begun: &[(MessageId, MadeAttempt)]) -> ();
    /// How many began since then.
    attempts::since as attempts_since(since: Timestamp) -> i64;
    /// What came of one.
    attempts::save as save_attempt(message: &MessageId, attempt: &MadeAttempt) -> ();
    /// The attempts of a message.
    attempts::of as load_attempts(message: &MessageId) -> Vec<MadeAttempt>;
    /// One message as it stands, locked.
    attempts::lock as lock_message(id: &MessageId) -> Option<DueMessage>;
    /// The message that a report is about, locked.
    attempts::of_report as message_of_report(report: &Report) -> Option<DueMessage>;
    /// A message whose carrier gave up waits for its next attempt; false when it has arrived.
    attempts::again as send_again(id: &MessageId, next_at: Timestamp, why: (Option<i64>, Option<&str>)) -> bool;
    /// When carriers last took these words to this number, or may have.
    attempts::said as load_said(text: (&E164, &str), since: Timestamp, limit: i64) -> Vec<Timestamp>;
    /// One message with the property of its ticket.
    attempts::message as message(id: &str) -> Option<(MessageRow, Option<String>)>;
    /// The words of these messages, by key.
    outbox::bodies as load_bodies(keys: &[String]) -> HashMap<String, String>;
    /// The ticket that a call was about, and who was called.
    outbox::ticket_of_call as ticket_of_call(message: &str) -> Option<(TicketId, Recipient)>;
    /// Which carrier's ids are ours already.
    outbox::known_sids as known_sids(sids: &[String]) -> Vec<String>;
    /// Devices that need a look.
    outbox::due_devices as due_devices(now: Timestamp, limit: i64) -> Vec<DeviceKey>;
    /// Tickets that need attention.
    outbox::due_tickets as due_tickets(now: Timestamp, limit: i64) -> Vec<TicketId>;
    /// When a device or ticket is due next.
    outbox::next_due_at as next_due_at() -> Option<Timestamp>;

    /// Forgets which properties housekeepers serve.
    registry::forget_housekeepers as forget_housekeepers(ids: &[&str]) -> ();

    /// What is known of devices beside the registry.
    field::abouts as load_abouts(keys: &[&str]) -> Vec<(DeviceKey, Profile)>;
    /// Stores what is known of devices beside the registry.
    field::save_abouts as save_abouts(rows: &[(&DeviceKey, &Profile)]) -> ();
    /// Strangers that have been silent for long.
    field::quiet_strangers as quiet_strangers(before: Timestamp, limit: i64) -> Vec<DeviceKey>;
    /// Forgets strangers.
    field::forget_strangers as forget_strangers(keys: &[&str]) -> ();
    /// Adds to the quarantine.
    field::quarantine as save_quarantined(rows: &[&Quarantined]) -> ();
    /// A page of the quarantine.
    field::quarantined as list_quarantined(after: Option<(&str, &str)>, limit: i64) -> Vec<Quarantined>;
    /// The address that a device was last refused for.
    field::refused_id as refused_id(key: &str) -> Option<String>;
    /// Forgets what a device was refused for.
    field::release as release_quarantined(key: &str) -> ();

    /// Has a look taken at devices that spoke before they were registered.
    registry::look_at_registered as look_at_registered() -> u64;

    /// Stores a token.
    access::create_token as create_token(token: &TokenRow, hash: &str, now: Timestamp) -> ();
    /// Ends tokens of a name.
    access::revoke_token as revoke_token(name: &str, now: Timestamp) -> u64;
    /// Ends every token of a person or place.
    access::end_tokens_of as end_tokens_of(role: &str, scope: &str, now: Timestamp) -> u64;
    /// Since when a person or place has a live token.
    access::live_token_of as live_token_of(role: &str, scope: &str) -> Option<Timestamp>;
    /// The live token of a hash.
    access::token as token(hash: &str) -> Option<TokenRow>;
    /// Whether a live token has this name.
    access::is_live_token as is_live_token(name: &str) -> bool;
    /// Every id that a scope may be.
    access::scopes as scopes(kind: &str) -> Vec<String>;
    /// Stores a user; false when the name is taken.
    access::add_user as add_user(user: &UserRow) -> bool;
    /// Every user.
    access::users as users() -> Vec<UserRow>;
    /// A user who may sign in.
    access::user as user(name: &str) -> Option<UserRow>;
    /// Disables a user and ends their sessions; false when there is none.
    access::disable_user as disable_user(name: &str, now: Timestamp) -> bool;
    /// Begins a session.
    access::begin_session as begin_session(hash: &str, user: &str, now: Timestamp, until: Timestamp) -> ();
    /// Whose session this is.
    access::session as session(hash: &str, now: Timestamp) -> Option<UserRow>;
    /// Ends a session.
    access::end_session as end_session(hash: &str) -> ();
    /// The properties of a region.
    access::properties_of_region as properties_of_region(region: &str) -> Vec<String>;
    /// The properties that a housekeeper serves.
    access::properties_of_housekeeper as properties_of_housekeeper(id: &str) -> Vec<String>;
    /// The property in which a tenant rents.
    access::property_of_tenant as property_of_tenant(id: &str) -> Option<String>;
    /// Locks a tenant.
    access::lock_tenant as lock_tenant(id: &str) -> ();

    /// Tickets that are not over, with the names around them.
    board::tickets as board_tickets(properties: Option<&[String]>, limit: i64) -> Vec<BoardTicketRow>;
    /// What was sent about tickets.
    board::messages as board_messages(tickets: &[&str]) -> Vec<BoardMessageRow>;
    /// Names of housekeepers.
    board::housekeeper_names as housekeeper_names(ids: &[&str]) -> HashMap<String, String>;
    /// Tickets that are not over, by kind and status.
    board::counts as board_counts(properties: Option<&[String]>) -> Vec<(String, String, i64)>;
    /// The time zones of the properties.
    board::timezones as timezones(properties: Option<&[String]>) -> Vec<String>;
    /// How many devices are watched.
    board::devices as count_devices(properties: Option<&[String]>) -> i64;

    /// Jobs that a housekeeper may have to do with.
    phones::jobs as jobs_of(housekeeper: &str, done_since: Timestamp) -> Vec<JobRow>;
    /// Keeps a photo of a ticket.
    phones::add_photo as add_photo(ticket: &TicketId, n: i64, photo: &Photo, now: Timestamp) -> ();
    /// Where a tenant lives.
    phones::home as home_of(tenant: &str) -> Option<HomeRow>;
    /// What is looked after at a tenant's home.
    phones::matters as matters_of(tenant: &Tenant) -> Vec<Ticket>;
    /// A photo of a ticket.
    phones::photo as photo(ticket: &str, n: i64, now: Timestamp) -> Option<Photo>;

    /// Keeps a request by its key, unless one is kept; forgets old ones.
    requests::keep as keep_request(key: &str, kept: &KeptRequest, now: Timestamp) -> ();
    /// What is kept under a key.
    requests::kept as kept_request(key: &str) -> Option<KeptRequest>;
    /// Notes how a request was answered.
    requests::answered as answer_request(key: &str, answer: &str) -> ();

    /// A page of tickets.
    read::tickets as list_tickets(filter: &TicketFilter, page: &Page) -> Vec<Ticket>;
    /// One ticket.
    read::ticket as ticket(id: &str) -> Option<Ticket>;
    /// A ticket's moves.
    read::events as ticket_events(ticket: &str) -> Vec<(i64, Timestamp, String, String, String)>;
    /// A page of messages.
    read::messages as list_messages(filter: &MessageFilter, page: &Page) -> Vec<MessageRow>;
    /// A page of devices.
    read::devices as list_devices(filter: &DeviceFilter, after: Option<&str>, limit: i64) -> Vec<DeviceRow>;
    /// The names of all properties, by id.
    read::property_names as property_names() -> BTreeMap<String, String>;
    /// One device.
    read::device as device(key: &str) -> Option<DeviceRow>;
    /// A tenant's balance and entries.
    read::rewards as rewards(tenant: &str) -> (i64, Vec<EntryRow>);
    /// The entry of a reference.
    read::entry as entry(reference: &str) -> Option<EntryRow>;
    /// A page of the ledger.
    read::entries as list_entries(page: &Page) -> Vec<EntryRow>;
    /// Sums of accounts.
    read::trial_balance as trial_balance() -> Vec<BalanceRow>;
    /// Whether a tenant is known.
    read::tenant_exists as tenant_exists(id: &str) -> bool;
    /// A page of unintelligible messages with their ids, the newest first.
    read::rejects as list_rejects(page: &Page) -> Vec<(String, Reject)>;
    /// Tickets by kind and status.
    read::ticket_counts as ticket_counts() -> Vec<(String, String, i64)>;
}

impl Tx {
    /// Tickets of a scope.
    pub async fn load_tickets(&mut self, scope: &TicketScope<'_>) -> Result<BTreeMap<TicketId, Ticket>, StoreError> {
        match self {
            Self::Sqlite(tx) => sqlite::queries::facts::tickets(tx, scope).await,
            Self::Postgres(tx) => postgres::queries::facts::tickets(tx, scope).await,
        }
    }

    /// Inserts or replaces rows of the registry.
    pub async fn put(&mut self, table: &Table<'_>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => sqlite::queries::registry::put(tx, table).await,
            Self::Postgres(tx) => postgres::queries::registry::put(tx, table).await,
        }
    }

    /// Makes everything lasting.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
