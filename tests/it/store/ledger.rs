//! The ledger: only added to, every entry once, every sum zero.

use nightporter::model::*;
use nightporter::store::Page;

use super::Engine;

fn entry(reference: &str, at: i64, tenant: &str, amount_minor: i64, reason: &'static str) -> Entry {
    let transfer = Transfer {
        reference: reference.to_owned(),
        at: Timestamp(at),
        reason,
        amount_minor,
        currency: "CNY".to_owned(),
        tenant_id: tenant.into(),
        device_key: Some(format!("lock-of-{tenant}").as_str().into()),
        ticket_id: Some("k1".into()),
    };
    let account = Account::Tenant(tenant.into());
    match reason {
        "redemption" => Entry::transfer(transfer, account, Account::Redeemed),
        _ => Entry::transfer(transfer, Account::RewardExpense, account),
    }
}

async fn book(db: &Engine, entry: Entry) -> bool {
    db.write(async |tx| tx.add_entry(&entry).await).await
}

async fn balances(db: &Engine) -> Vec<(String, i64)> {
    let rows = db.read(async |tx| tx.trial_balance().await).await;
    assert_eq!(rows.iter().map(|r| r.amount_minor).sum::<i64>(), 0, "the sum of all accounts is zero");
    assert!(rows.iter().all(|r| r.currency == "CNY"));
    rows.into_iter().map(|r| (r.account, r.amount_minor)).collect()
}

pub async fn an_entry_is_booked_once_and_balances(db: &Engine) {
    assert!(balances(db).await.is_empty());
    assert!(book(db, entry("replacement:k1", 1, "t1", 1_000, "reward_in_time")).await);
    assert!(!book(db, entry("replacement:k1", 2, "t1", 500, "reward_late")).await, "one replacement, one payment");
    assert!(!book(db, entry("replacement:k1", 2, "t2", 500, "reward_late")).await, "whoever asks");
    assert!(book(db, entry("key-1", 3, "t1", 400, "redemption")).await);
    let expected = [("assets:redeemed", 400), ("expense:rewards", -1_000), ("tenant:t1", 600)];
    assert_eq!(balances(db).await, expected.map(|(account, sum)| (account.to_owned(), sum)));
    let mut tx = db.begin().await;
    assert!(tx.add_entry(&entry("key-2", 4, "t1", 600, "redemption")).await.expect("booked"));
    drop(tx);
    assert_eq!(balances(db).await[2].1, 600, "rolled back, both sides");
}

pub async fn accounts_and_entries_are_read_back(db: &Engine) {
    for (n, tenant) in ["t1", "t2", "t1", "t2", "t1"].into_iter().enumerate() {
        book(db, entry(&format!("r{n}"), n as i64 / 2, tenant, 100 * (n as i64 + 1), "reward_late")).await;
    }
    book(db, entry("out", 9, "t1", 250, "redemption")).await;
    let (balance, entries) = db.read(async |tx| tx.rewards("t1").await).await;
    assert_eq!(balance, 100 + 300 + 500 - 250);
    assert_eq!(
        entries.iter().map(|e| (e.reference.as_str(), e.amount_minor)).collect::<Vec<_>>(),
        [("r0", 100), ("r2", 300), ("r4", 500), ("out", -250)]
    );
    assert_eq!(db.read(async |tx| tx.rewards("nobody").await).await, (0, vec![]));
    let one = db.read(async |tx| tx.entry("out").await).await.expect("booked");
    assert_eq!(
        (one.amount_minor, one.reason.as_str(), one.device_key.as_deref()),
        (250, "redemption", Some("lock-of-t1"))
    );
    assert_eq!(db.read(async |tx| tx.entry("nowhere").await).await, None);
    let (mut seen, mut page) = (Vec::new(), Page { limit: 2, after: None });
    loop {
        let rows = db.read(async |tx| tx.list_entries(&page).await).await;
        let Some(last) = rows.last() else { break };
        page.after = Some((last.at.0, last.reference.clone()));
        seen.extend(rows.into_iter().map(|e| e.reference));
    }
    assert_eq!(seen, ["r0", "r1", "r2", "r3", "r4", "out"]);
}

pub async fn rewards_are_found_by_tenant_and_device(db: &Engine) {
    book(db, entry("old", 10, "t1", 1_000, "reward_in_time")).await;
    book(db, entry("a", 11, "t1", 1_000, "reward_in_time")).await;
    book(db, entry("b", 12, "t2", 500, "reward_late")).await;
    book(db, entry("c", 13, "t1", 100, "redemption")).await;
    let paid = async |tenants: &[&str], devices: &[&str]| {
        let mut rows = db.read(async |tx| tx.load_paid(tenants, devices, Timestamp(10)).await).await;
        rows.sort_by_key(|p| p.at);
        rows.into_iter().map(|p| (p.at.0, p.amount_minor)).collect::<Vec<_>>()
    };
    assert_eq!(paid(&["t1"], &[]).await, [(11, 1_000)], "rewards only, lately only");
    assert_eq!(paid(&[], &["lock-of-t2"]).await, [(12, 500)]);
    assert_eq!(paid(&["t1"], &["lock-of-t2"]).await, [(11, 1_000), (12, 500)]);
    assert_eq!(paid(&[], &[]).await, []);
}
