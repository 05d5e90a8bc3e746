//! The store's conformance suite: every statement, on SQLite and on PostgreSQL, by the same tests.
//!
//! A test is an `async fn(&Engine)` listed in [`on_both`]. `every_statement_is_tested` fails when a method of `Tx` is not.

mod board;
mod care;
mod clock;
mod conversations;
mod door;
mod field;
mod ledger;
mod lives;
mod outbox;
mod people;
mod phones;
mod registry;
mod requests;
mod rota;
mod states;
mod sweep;
mod tasks;
mod tickets;
mod users;

use nightporter::model::*;
use nightporter::store::{Store, StoreError, Tx};

use crate::house::{REGISTRY, registry as read_registry};
use crate::services;

/// A fresh, migrated database of one test.
pub struct Engine {
    /// The database.
    pub store: Store,
    _place: Place,
}

/// What is cleaned up behind it.
enum Place {
    Folder(#[expect(dead_code, reason = "removed when dropped")] tempfile::TempDir),
    Server(#[expect(dead_code, reason = "removed when dropped")] services::Database),
}

impl Engine {
    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/np.db", folder.path().display());
        Self::at(&url, Place::Folder(folder)).await
    }

    async fn postgres() -> Self {
        let database = services::postgres_database();
        let url = database.url.clone();
        Self::at(&url, Place::Server(database)).await
    }

    async fn at(url: &str, place: Place) -> Self {
        let store = Store::open(url).await.expect("opens");
        store.migrate().await.expect("migrates");
        store.migrate().await.expect("migrating twice changes nothing");
        Self { store, _place: place }
    }

    /// With the registry of [`REGISTRY`].
    async fn registered(&self) -> &Self {
        self.store.import(&read_registry(&REGISTRY)).await.expect("imports");
        self
    }

    async fn begin(&self) -> Tx {
        self.store.begin().await.expect("begins")
    }

    /// One writing transaction, committed.
    async fn write<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>) -> T {
        let mut tx = self.begin().await;
        let out = work(&mut tx).await.expect("the statements run");
        tx.commit().await.expect("commits");
        out
    }

    /// One reading transaction.
    async fn read<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>) -> T {
        let mut tx = self.store.read().await.expect("begins");
        work(&mut tx).await.expect("the statements run")
    }
}

/// Runs each test on a fresh database of each engine.
macro_rules! on_both {
    ($($module:ident :: $test:ident),+ $(,)?) => {
        mod on_sqlite { $(
            #[tokio::test]
            async fn $test() {
                super::$module::$test(&super::Engine::sqlite().await).await;
            }
        )+ }
        mod on_postgres { $(
            #[tokio::test]
            async fn $test() {
                super::$module::$test(&super::Engine::postgres().await).await;
            }
        )+ }
    };
}

on_both! {
    board::the_page_finds_names_counts_and_messages_within_its_scope,
    care::questions_and_marks_are_kept_and_who_was_asked_is_known,
    care::praise_is_shown_to_whom_it_is_for,
    care::goodwill_is_found_by_who_gave_and_who_got,
    care::a_call_leads_to_its_ticket_and_a_text_does_not,
    conversations::a_number_leads_home_and_to_the_locks_there,
    conversations::conversations_are_kept_listed_and_paged,
    conversations::who_looked_after_a_text_is_counted_with_what_came_of_it,
    conversations::every_stop_is_proven_and_counts_for_its_purpose,
    phones::jobs_are_found_with_their_places,
    phones::a_home_is_found_with_its_matters,
    phones::photos_are_shown_for_a_year_and_then_deleted,
    phones::photos_come_back_as_they_were,
    requests::a_request_is_kept_once_and_answered_once,
    requests::requests_are_forgotten_after_thirty_days_some_at_once,
    registry::an_import_is_read_back,
    registry::who_spoke_before_being_registered_is_looked_at,
    registry::an_import_replaces_what_it_names_and_leaves_the_rest,
    registry::what_is_not_committed_never_was,
    registry::scopes_of_people_follow_the_registry,
    rota::loads_night_calls_and_swaps_are_counted,
    rota::what_lost_is_counted_once_an_hour_where_several_tones_are_tried,
    rota::tones_are_counted_by_language_and_property,
    rota::tickets_of_a_period_are_counted_with_what_is_around_them,
    tasks::valves_are_kept_as_they_are_wanted,
    tasks::tasks_are_listed_until_done,
    rota::swaps_hold_until_they_end_or_are_taken_back,
    rota::of_many_who_take_a_job_at_one_instant_exactly_one_has_it,
    field::what_is_known_beside_the_registry_is_kept_and_never_overrules_it,
    field::strangers_are_forgotten_with_all_they_said_and_registered_ones_never,
    field::the_quarantine_has_one_row_for_a_device_and_reason_and_a_limit,
    lives::finished_batteries_are_kept_once_and_in_order,
    lives::of_a_model_the_newest_finished_batteries_are_kept,
    lives::gauges_that_were_caught_are_counted_by_model_of_those_that_have_spoken,
    sweep::who_came_with_whom_is_counted_up_to_a_limit,
    sweep::what_waits_is_found_within_its_scope_and_stands_on_no_board,
    clock::what_waits_is_sent_now_and_what_may_be_on_its_way_keeps_its_lease,
    clock::devices_tickets_and_conversations_do_not_wait_for_the_time_to_catch_up,
    states::states_are_kept_and_replaced,
    states::first_states_leave_what_is_there,
    states::more_rows_than_one_statement_takes,
    states::devices_are_due_in_order_and_in_parts,
    states::strangers_are_counted_and_listed,
    states::devices_behind_a_gateway,
    states::states_of_a_unit,
    tickets::tickets_are_kept_and_found_by_what_they_touch,
    tickets::one_active_ticket_for_a_device_and_kind,
    tickets::tickets_are_due_in_order_and_in_parts,
    tickets::lists_are_filtered_and_paged,
    tickets::moves_are_numbered_once,
    outbox::an_intent_becomes_one_message,
    outbox::emergencies_are_due_first_and_in_parts,
    outbox::a_claim_holds_only_for_what_was_read,
    outbox::two_claimers_never_claim_the_same,
    outbox::a_status_never_goes_down,
    outbox::reports_find_their_message,
    outbox::attempts_are_kept_beside_their_message,
    outbox::what_a_carrier_gave_up_waits_for_its_next_attempt_and_what_arrived_never,
    outbox::texts_without_an_end_are_found_by_when_they_were_sent,
    outbox::leases_of_the_dead_become_unknown,
    outbox::lists_of_messages_are_filtered_and_paged,
    people::stop_and_start_are_kept,
    people::a_text_from_a_person_is_taken_once,
    people::budgets_count_what_was_sent_lately,
    people::tokens_live_until_they_are_revoked,
    people::rejects_are_kept_up_to_a_limit,
    users::a_name_is_one_users_until_they_are_disabled,
    users::sessions_are_of_active_users_and_end,
    users::scopes_and_names_are_known,
    users::tokens_of_a_person_end_together,
    ledger::an_entry_is_booked_once_and_balances,
    ledger::accounts_and_entries_are_read_back,
    ledger::rewards_are_found_by_tenant_and_device,
    door::a_commit_is_tried_again_while_the_database_is_away,
    door::a_poisoned_cause_is_set_aside_alone,
    door::first_words_of_a_device_through_two_doors_are_both_kept,
    door::who_stays_silent_when_its_gateway_is_back_is_looked_at_again,
    door::a_batch_that_fails_leaves_nothing,
}

/// A ticket with nothing done yet.
pub fn ticket(id: &str, kind: TicketKind, device: &str, unit: &str, opened_at: i64) -> Ticket {
    Ticket {
        id: id.into(),
        kind,
        severity: Severity::Routine,
        property_id: if unit.starts_with("elm") { "elm" } else { "oak" }.into(),
        unit_id: Some(unit.into()),
        tenant_id: Some("t1".into()),
        device_key: Some(device.into()),
        devices: vec![(device.into(), true)],
        status: Status::Open,
        assignee: None,
        opened_at: Timestamp(opened_at),
        due_at: None,
        plan: Vec::new(),
        since: None,
        held: false,
        told_at: None,
        seen_at: None,
        died: false,
        visited: false,
        reward_minor: None,
        questions: Vec::new(),
        source: None,
        wet_at: None,
        survey: None,
        photos: Vec::new(),
        tone: None,
        replied: false,
        sender: None,
        text: None,
        round: 0,
        work: Work::default(),
        changed_at: Timestamp::default(),
        events: 0,
    }
}

/// A text to the tenant `t1`, made and valid at small times.
fn message(key: &str, severity: Severity, created_at: i64) -> NewMessage {
    NewMessage {
        key: key.to_owned(),
        recipient: Recipient::Tenant("t1".to_owned()),
        to: phone("+14155550101"),
        channel: Channel::Sms,
        template: "battery_tenant",
        locale: Locale::En,
        body: format!("words of {key}"),
        ticket_id: Some("k1".into()),
        severity,
        created_at: Timestamp(created_at),
        expires_at: Timestamp(created_at + 1_000_000),
    }
}

fn phone(text: &str) -> E164 {
    E164::parse(text).expect("a number")
}

fn ids<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

#[test]
fn every_statement_is_tested() {
    let tx = include_str!("../../../src/store/tx.rs");
    let tests = [
        include_str!("board.rs"),
        include_str!("care.rs"),
        include_str!("clock.rs"),
        include_str!("conversations.rs"),
        include_str!("door.rs"),
        include_str!("field.rs"),
        include_str!("ledger.rs"),
        include_str!("lives.rs"),
        include_str!("outbox.rs"),
        include_str!("people.rs"),
        include_str!("phones.rs"),
        include_str!("registry.rs"),
        include_str!("requests.rs"),
        include_str!("rota.rs"),
        include_str!("states.rs"),
        include_str!("tasks.rs"),
        include_str!("sweep.rs"),
        include_str!("tickets.rs"),
        include_str!("users.rs"),
    ]
    .concat();
    let names = tx.lines().filter_map(|line| line.trim().split_once(" as ")?.1.split_once('('));
    let names: Vec<&str> = names.map(|(name, _)| name.trim()).filter(|n| !n.is_empty() && !n.contains('$')).collect();
    assert!(names.len() > 40, "the list in tx.rs has changed its form");
    let untested: Vec<_> = names.iter().filter(|name| !tests.contains(&format!(".{name}("))).collect();
    assert!(untested.is_empty(), "statements that no test runs: {untested:?}");
}
