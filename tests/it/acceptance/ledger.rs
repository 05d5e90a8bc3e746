//! R24: credits, goodwill and redemptions by the thousand, many of them again and some at the same instant, against a model
//! in Python that knows nothing but the list of what was wanted.

use std::collections::BTreeMap;

use nightporter::model::time::SECOND;
use nightporter::model::*;
use nightporter::store::Store;
use serde_json::{Value, json};

use super::count;
use super::mill::NOON;
use crate::simulation::dice::Dice;

const TENANTS: [&str; 3] = ["t1", "t2", "t3"];

struct Wanted {
    reference: String,
    from: Account,
    to: Account,
    tenant: &'static str,
    amount_minor: i64,
}

fn wanted(dice: &mut Dice, n: usize) -> Wanted {
    let tenant = *dice.pick(&TENANTS);
    let account = Account::Tenant(TenantId::from(tenant));
    let (from, to, what) = match dice.below(4) {
        0 => (Account::GoodwillExpense, account, "goodwill"),
        1 => (account, Account::Redeemed, "redemption"),
        _ => (Account::RewardExpense, account, "replacement"),
    };
    // One in three has been wanted before, perhaps with another amount: a reference is paid once, as it came first.
    let number = if dice.chance(333) { dice.below(n as u64 + 1) as usize } else { n };
    let amount_minor = if dice.chance(5) { 1_000_000_000_000 } else { dice.range(1, 2_000) };
    Wanted { reference: format!("{what}:{number}"), from, to, tenant, amount_minor }
}

fn entry(wanted: &Wanted, n: usize) -> Entry {
    let of = Transfer {
        reference: wanted.reference.clone(),
        at: NOON + n as i64 * SECOND,
        reason: "redemption",
        amount_minor: wanted.amount_minor,
        currency: "CNY".to_owned(),
        tenant_id: TenantId::from(wanted.tenant),
        device_key: None,
        ticket_id: None,
    };
    Entry::transfer(of, wanted.from.clone(), wanted.to.clone())
}

#[tokio::test]
async fn the_books_are_those_of_the_model() {
    let moves = count(3_000, 50_000);
    let store = Store::open("sqlite::memory:").await.expect("opens");
    store.migrate().await.expect("a schema");
    store.import(&crate::house::registry(&crate::house::REGISTRY)).await.expect("a registry");
    let mut dice = Dice::new(24, 241);
    let all: Vec<Wanted> = (0..moves).map(|n| wanted(&mut dice, n)).collect();
    let (mut booked, mut n) = (0, 0);
    while n < moves {
        let until = (n + 1 + dice.below(200) as usize).min(moves);
        let mut tx = store.begin().await.expect("begins");
        let mut fresh = 0;
        for (n, wanted) in (n..until).zip(&all[n..until]) {
            fresh += usize::from(tx.add_entry(&entry(wanted, n)).await.expect("booked or known"));
        }
        // A process that dies before the commit has booked nothing, and does it again.
        if dice.chance(900) {
            tx.commit().await.expect("committed");
            (booked, n) = (booked + fresh, until);
        }
    }
    let mut tx = store.read().await.expect("reads");
    let rows = tx.trial_balance().await.expect("balances");
    assert_eq!(rows.iter().map(|row| row.amount_minor).sum::<i64>(), 0, "every entry balances");
    let ours: BTreeMap<String, i64> = rows.into_iter().map(|row| (row.account, row.amount_minor)).collect();
    let asked = all.iter().map(|w| json!([w.reference, w.from.name(), w.to.name(), w.amount_minor]));
    let model = crate::oracles::ask("python3", "ledger.py", &[], &Value::from(asked.collect::<Vec<_>>()));
    let mut theirs = BTreeMap::new();
    for (wanted, after) in all.iter().zip(&model) {
        theirs.insert(wanted.from.name(), after[1].as_i64().expect("a balance"));
        theirs.insert(wanted.to.name(), after[2].as_i64().expect("a balance"));
    }
    assert_eq!((Some(booked as u64), ours), (model.last().and_then(|last| last[0].as_u64()), theirs));
    println!("R24: {moves} moves, {booked} entries: as the model has it, sum 0");
}
