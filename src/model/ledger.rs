//! Double entry: an entry balances, and entries are only ever added.

use serde::{Deserialize, Serialize};

use super::{DeviceKey, TenantId, TicketId, Timestamp};

/// Money in the smallest unit of its currency (fen, cents).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// How much, in minor units.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// Where money stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// What the operator owes a tenant.
    Tenant(TenantId),
    /// What rewards cost the operator.
    RewardExpense,
    /// What goodwill costs the operator.
    GoodwillExpense,
    /// What was paid out or set against rent.
    Redeemed,
}

impl Account {
    /// The account's name in the ledger.
    pub fn name(&self) -> String {
        match self {
            Self::Tenant(id) => format!("tenant:{id}"),
            Self::RewardExpense => "expense:rewards".to_owned(),
            Self::GoodwillExpense => "expense:goodwill".to_owned(),
            Self::Redeemed => "assets:redeemed".to_owned(),
        }
    }
}

/// One side of an entry; positive is a credit to the account, negative a debit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// Minor units.
    pub amount_minor: i64,
}

/// A balanced entry. Its reference is unique: what it pays for is paid once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unique: e.g. `replacement:<device>:<seen at>`; an `Idempotency-Key` for redemptions.
    pub reference: String,
    /// When it was booked.
    pub at: Timestamp,
    /// Why, a stable word: `reward_in_time`, `reward_late`, `redemption`, `goodwill`.
    pub reason: &'static str,
    /// ISO 4217 code.
    pub currency: String,
    /// Whom it concerns.
    pub tenant_id: TenantId,
    /// For which device, if any.
    pub device_key: Option<DeviceKey>,
    /// In which matter, if any.
    pub ticket_id: Option<TicketId>,
    postings: Vec<Posting>,
}

impl Entry {
    /// Moves `amount_minor` (more than zero) from one account to another, so that it balances by construction.
    pub fn transfer(of: Transfer, from: Account, to: Account) -> Self {
        assert!(of.amount_minor > 0, "an entry moves something");
        let postings = vec![
            Posting { account: from, amount_minor: -of.amount_minor },
            Posting { account: to, amount_minor: of.amount_minor },
        ];
        Self {
            reference: of.reference,
            at: of.at,
            reason: of.reason,
            currency: of.currency,
            tenant_id: of.tenant_id,
            device_key: of.device_key,
            ticket_id: of.ticket_id,
            postings,
        }
    }

    /// Its sides; they sum to zero.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// What changed hands, in minor units.
    pub fn amount_minor(&self) -> i64 {
        self.postings.iter().map(|p| p.amount_minor.max(0)).sum()
    }
}

/// What a transfer says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// See [`Entry::reference`].
    pub reference: String,
    /// See [`Entry::at`].
    pub at: Timestamp,
    /// See [`Entry::reason`].
    pub reason: &'static str,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// See [`Entry::tenant_id`].
    pub tenant_id: TenantId,
    /// See [`Entry::device_key`].
    pub device_key: Option<DeviceKey>,
    /// See [`Entry::ticket_id`].
    pub ticket_id: Option<TicketId>,
}
