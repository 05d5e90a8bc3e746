//! Jobs with their places, and photos.

use nightporter::model::*;
use nightporter::registry::Registry;

use super::{Engine, message, ticket};
use crate::house::REGISTRY;

pub async fn jobs_are_found_with_their_places(db: &Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in REGISTRY {
        let text = match name {
            "units.csv" => {
                "id,property_id,name,floor,stack,entry_note\noak-1,oak,0101,1,A,Ring twice\noak-2,oak,0201,2,A,\n\
                            oak-c,oak,Corridor,1,,\nelm-1,elm,1A,1,,\n"
            }
            _ => text,
        };
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    db.store.import(&Registry::read(folder.path()).expect("sound files")).await.expect("imported");
    let of = |id: &str, device: &str, unit: &str, status: Status, who: Option<&str>| Ticket {
        status,
        assignee: who.map(HousekeeperId::from),
        ..ticket(id, TicketKind::Battery, device, unit, 1)
    };
    let over = |at: i64| Status::Resolved { at: Timestamp(at) };
    let leak = Ticket { kind: TicketKind::Leak, ..of("k2", "b", "oak-2", Status::Offered, None) };
    let all = [
        of("k1", "a", "oak-1", Status::Open, None),
        leak,
        of("k3", "c", "elm-1", Status::Open, None),
        of("k4", "d", "elm-1", Status::Assigned, Some("h2")),
        of("k5", "e", "oak-1", Status::OnSite, Some("h1")),
        of("k6", "f", "oak-1", over(50), Some("h2")),
        of("k7", "g", "oak-1", over(40), Some("h2")),
        of("k8", "h", "oak-1", over(50), Some("h1")),
        Ticket { held: true, ..of("k9", "i", "oak-1", Status::Open, None) },
    ];
    let resolved = |id: &str, at: i64| TicketEvent {
        ticket_id: id.into(),
        seq: 0,
        at: Timestamp(at),
        what: "resolved",
        actor: "system".to_owned(),
        data: serde_json::json!({}),
    };
    db.write(async |tx| tx.save_tickets(&all.iter().collect::<Vec<_>>()).await).await;
    db.write(async |tx| tx.add_events(&[resolved("k6", 50), resolved("k7", 40), resolved("k8", 50)]).await).await;
    let rows = async |who: &str, since| db.read(async |tx| tx.jobs_of(who, Timestamp(since)).await).await;
    let ids = async |who: &str| rows(who, 45).await.into_iter().map(|row| row.ticket.id.0).collect::<Vec<_>>();
    // h2 works at oak alone, but has a job elsewhere; what is held is nobody's yet.
    assert_eq!(ids("h2").await, ["k4", "k2", "k1", "k6"], "their own, water, the rest by age");
    assert_eq!(ids("h1").await, ["k5", "k2", "k1", "k3", "k8"]);
    assert_eq!(ids("nobody").await, [""; 0]);
    let found = rows("h1", 45).await.swap_remove(0);
    assert_eq!((found.property_name.as_str(), found.timezone.as_str()), ("Oak Court", "Asia/Shanghai"));
    assert_eq!((found.unit_name.as_deref(), found.floor), (Some("0101"), Some(1)));
    assert_eq!(found.entry_note.as_deref(), Some("Ring twice"));
    assert_eq!((found.address, found.location), (None, Some(Location { lat: 31.2, lon: 121.5 })));
}

pub async fn a_home_is_found_with_its_matters(db: &Engine) {
    db.registered().await;
    let home = db.read(async |tx| tx.home_of("t1").await).await.expect("a home");
    assert_eq!((home.tenant.name.as_str(), home.unit_name.as_str()), ("Ann Lee", "0101"));
    assert_eq!((home.property_name.as_str(), home.timezone.name()), ("Oak Court", "Asia/Shanghai"));
    assert_eq!(db.read(async |tx| tx.home_of("nobody").await).await, None);
    let at = |text: &str| Timestamp::parse_rfc3339(text).expect("an instant");
    assert!(!home.is_rented(at("2025-12-31T23:59:59+08:00")) && home.is_rented(at("2026-01-01T00:00:00+08:00")));
    let of = |id: &str, device: &str, unit: &str, at: i64| ticket(id, TicketKind::Battery, device, unit, at);
    let over = Ticket { status: Status::Cancelled { at: Timestamp(9) }, ..of("k5", "e", "oak-1", 5) };
    let all = [
        of("k1", "a", "oak-1", 1),
        of("k2", "b", "oak-1", 2),
        of("k3", "c", "oak-2", 3),
        of("k4", "d", "oak-2", 4),
        over,
    ];
    db.write(async |tx| tx.save_tickets(&all.iter().collect::<Vec<_>>()).await).await;
    let about = NewMessage { ticket_id: Some("k3".into()), ..message("a", Severity::Emergency, 5) };
    db.write(async |tx| tx.add_messages(&[about], 0, "me", Timestamp(9), Timestamp(9)).await).await;
    let matters = db.read(async |tx| tx.matters_of(&home.tenant).await).await;
    let ids: Vec<_> = matters.iter().map(|t| t.id.as_str()).collect();
    assert_eq!(ids, ["k3", "k2", "k1"], "what they were written to about, wherever it began");
    let scopes = db.read(async |tx| tx.scopes("tenant").await).await;
    assert_eq!(scopes, ["t-old", "t1", "t2", "t3"]);
}

pub async fn photos_come_back_as_they_were(db: &Engine) {
    let photo = |rest: &[u8]| Photo::read([b"\xFF\xD8\xFF".as_slice(), rest].concat()).expect("a photo");
    let (first, second) = (photo(&[0, 255, b'\'', 0]), photo(&vec![7; 100_000]));
    let id = TicketId::from("k1");
    db.write(async |tx| tx.add_photo(&id, 0, &first, Timestamp(5)).await).await;
    db.write(async |tx| tx.add_photo(&id, 1, &second, Timestamp(6)).await).await;
    let seen = async |ticket: &str, n| db.read(async |tx| tx.photo(ticket, n, Timestamp(7)).await).await;
    assert_eq!((seen("k1", 0).await, seen("k1", 1).await), (Some(first.clone()), Some(second)));
    assert_eq!((seen("k1", 2).await, seen("k2", 0).await), (None, None));
    let mut tx = db.begin().await;
    assert!(tx.add_photo(&id, 0, &first, Timestamp(7)).await.is_err(), "a number is given once");
}

pub async fn photos_are_shown_for_a_year_and_then_deleted(db: &Engine) {
    const YEAR: i64 = 365 * nightporter::model::time::DAY;
    let photo = Photo::read(b"\xFF\xD8\xFF\xE0".to_vec()).expect("a photo");
    let add = async |ticket: &str, n, at| {
        db.write(async |tx| tx.add_photo(&ticket.into(), n, &photo, Timestamp(at)).await).await;
    };
    let seen = async |n, at| db.read(async |tx| tx.photo("k1", n, Timestamp(at)).await).await.is_some();
    add("k1", 0, 1).await;
    add("k1", 1, 2).await;
    assert_eq!((seen(0, YEAR).await, seen(0, YEAR + 1).await, seen(1, YEAR + 1).await), (true, false, true));
    add("k2", 0, YEAR + 1).await;
    assert_eq!((seen(0, 2).await, seen(1, 2).await), (false, true), "the old one is there no more");
}
