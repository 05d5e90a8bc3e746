//! Money: what tenants were credited, what they redeem, and that it all sums to zero.
//!
//! A redemption is one balanced entry under a reference made from its `Idempotency-Key`: asked twice, it is booked once.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Money, NoParams, Time};
use crate::commit::Change;
use crate::model::{Account, Entry, TenantId, Transfer};
use crate::store::{EntryRow, Tx};
use crate::web::AppState;
use crate::web::access::{Caller, Right};
use crate::web::body::Body;
use crate::web::idempotency;
use crate::web::openapi::Routes;
use crate::web::params::{Id, Params};
use crate::web::problem::Problem;

/// Adds the routes of this file.
pub fn routes(routes: Routes) -> Routes {
    routes
        .add::<__path_rewards, _, _>(rewards)
        .add::<__path_redeem, _, _>(redeem)
        .add::<__path_trial_balance, _, _>(trial_balance)
}

/// What a tenant has.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rewards {
    tenant_id: String,
    balance: Money,
    /// Credits and redemptions, the oldest first.
    entries: Vec<RewardEntry>,
}

/// One entry as it changed a tenant's balance.
#[derive(Debug, Serialize, ToSchema)]
pub struct RewardEntry {
    /// Unique in the ledger.
    reference: String,
    at: Time,
    /// `reward_in_time`, `reward_late`, `redemption` …
    reason: String,
    /// Above zero for a credit, below for a redemption.
    amount: Money,
    #[schema(required)]
    device_key: Option<String>,
    #[schema(required)]
    ticket_id: Option<String>,
}

impl From<EntryRow> for RewardEntry {
    fn from(e: EntryRow) -> Self {
        Self {
            reference: e.reference,
            at: e.at.into(),
            reason: e.reason,
            amount: Money { amount_minor: e.amount_minor, currency: e.currency },
            device_key: e.device_key,
            ticket_id: e.ticket_id,
        }
    }
}

/// What a tenant was credited and has redeemed.
#[utoipa::path(get, path = "/api/v1/tenants/{id}/rewards", tag = "money", operation_id = "get_rewards",
    params(("id" = String, Path, description = "Tenant id.")), responses(
    (status = 200, description = "Balance and entries.", body = Rewards),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such tenant in the token's scope.", body = Problem)))]
pub async fn rewards(State(app): State<AppState>, caller: Caller, Id(id): Id, _: Params<NoParams>) -> Answer<Rewards> {
    caller.need(Right::Property)?;
    let mut tx = app.store.read().await?;
    known_tenant(&mut tx, &caller, &id).await?;
    let (balance, entries) = tx.rewards(&id).await?;
    let currency = entries.last().map_or_else(|| app.currency.clone(), |e| e.currency.clone());
    let balance = Money { amount_minor: balance, currency };
    Ok(Json(Rewards { tenant_id: id, balance, entries: entries.into_iter().map(RewardEntry::from).collect() }))
}

async fn known_tenant(tx: &mut Tx, caller: &Caller, id: &str) -> Result<Option<String>, Problem> {
    let property = tx.property_of_tenant(id).await?;
    let known = property.is_some() && caller.sees(property.as_deref());
    if known { Ok(property) } else { Err(Problem::not_found("tenant")) }
}

/// A redemption as it was booked.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Redemption {
    /// Unique in the ledger.
    reference: String,
    tenant_id: String,
    at: Time,
    amount: Money,
}

/// Set a part of a tenant's balance against rent, or pay it out. The same key and body again get the same answer.
#[utoipa::path(post, path = "/api/v1/tenants/{id}/redemptions", tag = "money", operation_id = "redeem",
    params(("id" = String, Path, description = "Tenant id."),
        ("Idempotency-Key" = String, Header, description = "1 to 128 characters, new for each redemption.")),
    request_body = Money, responses(
    (status = 201, description = "Booked, now or before.", body = Redemption),
    (status = 400, description = "No usable Idempotency-Key.", body = Problem),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role.", body = Problem),
    (status = 404, description = "No such tenant in the token's scope.", body = Problem),
    (status = 409, description = "The key was used for another redemption.", body = Problem),
    (status = 413, description = "Too large.", body = Problem),
    (status = 415, description = "Not JSON.", body = Problem),
    (status = 422, description = "The balance does not cover it, or a field is wrong.", body = Problem),
    (status = 503, description = "Not stored; nothing changed.", body = Problem)))]
pub async fn redeem(
    State(app): State<AppState>,
    caller: Caller,
    Id(id): Id,
    _: Params<NoParams>,
    headers: HeaderMap,
    Body(money): Body<Money>,
) -> Result<(StatusCode, Json<Redemption>), Problem> {
    caller.need(Right::Lead)?;
    let reference = reference(&id, idempotency::key(&headers)?);
    sound(&money)?;
    let mut tx = app.store.begin().await?;
    let property_id = known_tenant(&mut tx, &caller, &id).await?;
    tx.lock_tenant(&id).await?;
    if let Some(booked) = tx.entry(&reference).await? {
        return same_again(booked, &money);
    }
    covers(&mut tx, &id, &money).await?;
    let transfer = Transfer {
        reference: reference.clone(),
        at: app.clock.now(),
        reason: "redemption",
        amount_minor: money.amount_minor,
        currency: money.currency.clone(),
        tenant_id: TenantId(id.clone()),
        device_key: None,
        ticket_id: None,
    };
    let at = transfer.at.into();
    let entry = Entry::transfer(transfer, Account::Tenant(TenantId(id.clone())), Account::Redeemed);
    if !tx.add_entry(&entry).await? {
        return Err(Problem::unavailable("the same redemption is being booked at this moment"));
    }
    tx.commit().await?;
    app.door.announce(Change { kind: "reward", id: id.clone(), property_id });
    Ok((StatusCode::CREATED, Json(Redemption { reference, tenant_id: id, at, amount: money })))
}

/// Under what a redemption is booked. The tenant's id cannot run into the key: `a:b` with `c` is not `a` with `b:c`.
fn reference(tenant: &str, key: &str) -> String {
    format!("redemption:{}:{key}", tenant.replace('%', "%25").replace(':', "%3A"))
}

fn sound(money: &Money) -> Result<(), Problem> {
    if money.amount_minor <= 0 {
        return Err(Problem::unprocessable("bad-amount", "a redemption is more than zero")
            .at("field amount_minor")
            .mend("give the amount in minor units, e.g. 1000 for 10.00"));
    }
    if money.currency.len() != 3 || !money.currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Problem::unprocessable("bad-currency", "this is no currency")
            .at("field currency")
            .mend("give its three letters of ISO 4217, e.g. CNY"));
    }
    Ok(())
}

/// The key was used before: for the same, which is answered alike, or for something else.
fn same_again(booked: EntryRow, money: &Money) -> Result<(StatusCode, Json<Redemption>), Problem> {
    let amount = Money { amount_minor: booked.amount_minor, currency: booked.currency };
    if amount != *money {
        return Err(Problem::used_key("this Idempotency-Key was used for another amount"));
    }
    let (reference, tenant_id) = (booked.reference, booked.tenant_id);
    Ok((StatusCode::CREATED, Json(Redemption { reference, tenant_id, at: booked.at.into(), amount })))
}

/// Only the balance of the same currency counts.
async fn covers(tx: &mut Tx, tenant: &str, money: &Money) -> Result<(), Problem> {
    let (_, entries) = tx.rewards(tenant).await?;
    let own = entries.iter().filter(|e| e.currency == money.currency);
    let balance: i64 = own.map(|e| e.amount_minor).sum();
    if balance >= money.amount_minor {
        return Ok(());
    }
    let detail = format!("the balance is {balance} {}, {} were asked for", money.currency, money.amount_minor);
    Err(Problem::unprocessable("not-covered", detail).at("field amount_minor").mend("ask for no more than the balance"))
}

/// The sums of all accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialBalance {
    /// Always zero.
    total_minor: i64,
    /// By name.
    accounts: Vec<AccountSum>,
}

/// The sum of one account in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountSum {
    /// `tenant:ID`, `expense:rewards`, `assets:redeemed`.
    account: String,
    /// Above zero: the account was credited more than debited.
    balance: Money,
}

/// Every account's sum; all together zero, always.
#[utoipa::path(get, path = "/api/v1/ledger/trial-balance", tag = "money", operation_id = "get_trial_balance", responses(
    (status = 200, description = "The sums.", body = TrialBalance),
    (status = 401, description = "No known token.", body = Problem),
    (status = 403, description = "Not with this role or scope.", body = Problem)))]
pub async fn trial_balance(State(app): State<AppState>, caller: Caller, _: Params<NoParams>) -> Answer<TrialBalance> {
    caller.need(Right::Ledger)?;
    let rows = app.store.read().await?.trial_balance().await?;
    let total_minor = rows.iter().map(|r| r.amount_minor).sum();
    let sum = |r: crate::store::BalanceRow| AccountSum {
        account: r.account,
        balance: Money { amount_minor: r.amount_minor, currency: r.currency },
    };
    Ok(Json(TrialBalance { total_minor, accounts: rows.into_iter().map(sum).collect() }))
}
