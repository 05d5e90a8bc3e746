//! Tickets: kept whole, found by what they touch, one active for a device and kind, moves numbered once.

use nightporter::model::*;
use nightporter::store::{Page, StoreError, TicketFilter, TicketScope};

use super::{Engine, ids, ticket};

pub async fn tickets_are_kept_and_found_by_what_they_touch(db: &Engine) {
    let mut leak = ticket("k1", TicketKind::Leak, "leak1", "oak-1", 1);
    leak.devices.push(("leak2".into(), false));
    leak.answer(&"t1".into(), "need_bed", "需要", Timestamp(5));
    leak.status = Status::Resolved { at: Timestamp(9) };
    let battery = ticket("k2", TicketKind::Battery, "lock1", "oak-1", 2);
    let over = Ticket {
        status: Status::Closed { resolved_at: Timestamp(2), at: Timestamp(3) },
        ..ticket("k3", TicketKind::Battery, "lock1", "oak-1", 0)
    };
    db.write(async |tx| tx.save_tickets(&[&leak, &battery, &over]).await).await;
    db.write(async |tx| tx.save_tickets(&[]).await).await;
    let find = async |scope: TicketScope<'_>| {
        db.write(async |tx| tx.load_tickets(&scope).await).await.into_values().collect::<Vec<_>>()
    };
    let scope = TicketScope::default;
    assert_eq!(find(scope()).await, []);
    assert_eq!(
        find(TicketScope { ids: vec!["k1", "k3"], ..scope() }).await,
        [leak.clone(), over.clone()],
        "in any state"
    );
    assert_eq!(
        find(TicketScope { devices: vec!["lock1"], ..scope() }).await,
        std::slice::from_ref(&battery),
        "unless over"
    );
    assert_eq!(find(TicketScope { devices: vec!["leak2"], ..scope() }).await, [leak.clone()], "as a part");
    assert_eq!(find(TicketScope { leaks_of: vec!["oak"], ..scope() }).await, [leak.clone()]);
    let mut properties = db.read(async |tx| tx.properties_of_tickets(&["k1", "k2", "nowhere"]).await).await;
    properties.sort();
    assert_eq!(properties, ["oak"]);
    assert_eq!(db.read(async |tx| tx.ticket("k1").await).await, Some(leak));
    assert_eq!(db.read(async |tx| tx.ticket("nowhere").await).await, None);
}

pub async fn one_active_ticket_for_a_device_and_kind(db: &Engine) {
    let first = ticket("k1", TicketKind::Leak, "leak1", "oak-1", 1);
    db.write(async |tx| tx.save_tickets(&[&first]).await).await;
    let refused = async |second: Ticket| {
        let mut tx = db.begin().await;
        match tx.save_tickets(&[&second]).await {
            Ok(()) => tx.commit().await.is_err(),
            Err(StoreError::Database(_)) => true,
            Err(other) => panic!("{other}"),
        }
    };
    for status in [Status::Open, Status::Offered, Status::Assigned, Status::OnSite] {
        let second = Ticket { status, ..ticket("k2", TicketKind::Leak, "leak1", "oak-1", 2) };
        assert!(refused(second).await, "a second active one");
    }
    assert!(!refused(ticket("k3", TicketKind::Battery, "leak1", "oak-1", 2)).await, "another kind");
    let over = Ticket { status: Status::Resolved { at: Timestamp(5) }, ..first };
    db.write(async |tx| tx.save_tickets(&[&over]).await).await;
    assert!(!refused(ticket("k4", TicketKind::Leak, "leak1", "oak-1", 6)).await, "after the first was resolved");
    let counts = db.read(async |tx| tx.ticket_counts().await).await;
    let expected = [("battery", "open", 1), ("leak", "open", 1), ("leak", "resolved", 1)];
    assert_eq!(counts, expected.map(|(kind, status, n)| (kind.to_owned(), status.to_owned(), n)));
}

pub async fn tickets_are_due_in_order_and_in_parts(db: &Engine) {
    let due = |id: &str, device: &str, unit: &str, at: i64| Ticket {
        due_at: Some(Timestamp(at)),
        ..ticket(id, TicketKind::Battery, device, unit, 1)
    };
    let all = [
        due("z", "d1", "oak-1", 10),
        due("a", "d2", "oak-2", 10),
        due("b", "d3", "oak-1", 10),
        due("c", "d4", "oak-1", 20),
    ];
    db.write(async |tx| tx.save_tickets(&all.iter().collect::<Vec<_>>()).await).await;
    let at = async |now, limit| ids(&db.read(async |tx| tx.due_tickets(Timestamp(now), limit).await).await);
    assert_eq!(at(9, 9).await, Vec::<String>::new());
    assert_eq!(at(10, 9).await, ["b", "z", "a"], "those of one unit together");
    assert_eq!(at(20, 2).await, ["b", "z"]);
    assert_eq!(db.read(async |tx| tx.next_due_at().await).await, Some(Timestamp(10)));
}

pub async fn lists_are_filtered_and_paged(db: &Engine) {
    let kinds = [TicketKind::Battery, TicketKind::Leak, TicketKind::Silent];
    let all: Vec<Ticket> = (0..9)
        .map(|n| {
            let unit = if n % 2 == 0 { "oak-1" } else { "elm-1" };
            // Three of each time, so that the id decides within one.
            ticket(&format!("k{n}"), kinds[n % 3], &format!("d{n}"), unit, (n / 3) as i64)
        })
        .collect();
    db.write(async |tx| tx.save_tickets(&all.iter().collect::<Vec<_>>()).await).await;
    let list = async |filter: &TicketFilter, page: &Page| {
        let rows = db.read(async |tx| tx.list_tickets(filter, page).await).await;
        rows.into_iter().map(|t| (t.opened_at.0, t.id.0)).collect::<Vec<_>>()
    };
    let all_rows = |limit| Page { limit, after: None };
    let (mut seen, mut page) = (Vec::new(), all_rows(2));
    loop {
        let rows = list(&TicketFilter::default(), &page).await;
        let Some(last) = rows.last().cloned() else { break };
        seen.extend(rows);
        page.after = Some(last);
    }
    assert_eq!(
        seen.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(),
        ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8"]
    );
    let some = |text: &str| Some(text.to_owned());
    let cases = [
        (TicketFilter { kind: some("leak"), ..Default::default() }, vec!["k1", "k4", "k7"]),
        (TicketFilter { status: some("closed"), ..Default::default() }, vec![]),
        (TicketFilter { device: some("d5"), ..Default::default() }, vec!["k5"]),
        (TicketFilter { unit: some("elm-1"), kind: some("leak"), ..Default::default() }, vec!["k1", "k7"]),
        (TicketFilter { property: some("oak"), kind: some("leak"), ..Default::default() }, vec!["k4"]),
        (TicketFilter { properties: Some(vec!["elm".into()]), kind: some("silent"), ..Default::default() }, vec!["k5"]),
        (TicketFilter { properties: Some(vec![]), ..Default::default() }, vec![]),
    ];
    for (filter, expected) in cases {
        let rows = list(&filter, &all_rows(9)).await;
        assert_eq!(rows.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

pub async fn moves_are_numbered_once(db: &Engine) {
    let event = |seq, what| TicketEvent {
        ticket_id: "k1".into(),
        seq,
        at: Timestamp(7),
        what,
        actor: "system".to_owned(),
        data: serde_json::json!({ "why": "漏水" }),
    };
    db.write(async |tx| tx.add_events(&[event(1, "step"), event(0, "opened")]).await).await;
    db.write(async |tx| tx.add_events(&[]).await).await;
    let moves = db.read(async |tx| tx.ticket_events("k1").await).await;
    assert_eq!(
        moves.iter().map(|(seq, _, what, _, _)| (*seq, what.as_str())).collect::<Vec<_>>(),
        [(0, "opened"), (1, "step")]
    );
    assert_eq!((moves[0].1, moves[0].3.as_str(), moves[0].4.as_str()), (Timestamp(7), "system", "{\"why\":\"漏水\"}"));
    let mut tx = db.begin().await;
    assert!(tx.add_events(&[event(1, "again")]).await.is_err(), "two writers of one ticket are a mistake");
}
