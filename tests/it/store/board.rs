//! What the page for managers shows: tickets with the names around them, counts, messages without numbers or words.

use nightporter::model::*;

use super::{Engine, message, ticket};
use crate::house::{REGISTRY, registry};

pub async fn the_page_finds_names_counts_and_messages_within_its_scope(db: &Engine) {
    db.store.import(&registry(&REGISTRY)).await.expect("imports");
    let leak = ticket("k1", TicketKind::Leak, "leak1", "oak-1", 1);
    let over = Ticket {
        status: Status::Cancelled { at: Timestamp(3) },
        ..ticket("k2", TicketKind::Battery, "lock1", "oak-1", 2)
    };
    db.write(async |tx| tx.save_tickets(&[&leak, &over]).await).await;
    let about = NewMessage { ticket_id: Some("k1".into()), ..message("a", Severity::Emergency, 4) };
    let other = NewMessage { ticket_id: None, ..message("b", Severity::Routine, 5) };
    db.write(async |tx| tx.add_messages(&[about, other], 0, "me", Timestamp(5), Timestamp(9)).await).await;
    let mine = [leak.property_id.0.clone()];
    let elsewhere = ["nowhere".to_owned()];
    for (scope, count) in [(None, 1), (Some(&mine[..]), 1), (Some(&elsewhere[..]), 0)] {
        let rows = db.read(async |tx| tx.board_tickets(scope, 10).await).await;
        assert_eq!(rows.len(), count, "of {scope:?}");
        let counts = db.read(async |tx| tx.board_counts(scope).await).await;
        assert_eq!(counts.iter().map(|(_, _, n)| n).sum::<i64>(), count as i64, "of {scope:?}");
    }
    let rows = db.read(async |tx| tx.board_tickets(None, 10).await).await;
    assert_eq!(rows[0].ticket, leak);
    assert_eq!((rows[0].unit_name.as_deref(), rows[0].device_name.as_deref()), (Some("0101"), Some("Kitchen")));
    let messages = db.read(async |tx| tx.board_messages(&["k1", "nowhere"]).await).await;
    assert_eq!(messages.iter().map(|m| m.ticket_id.as_str()).collect::<Vec<_>>(), ["k1"]);
    let many: Vec<_> = (0..2_000).map(|n| message(&format!("many {n}"), Severity::Routine, 10 + n)).collect();
    db.write(async |tx| tx.add_messages(&many, 0, "me", Timestamp(9), Timestamp(9)).await).await;
    let newest = db.read(async |tx| tx.board_messages(&["k1"]).await).await;
    let times: Vec<_> = newest.iter().map(|m| m.created_at.0).collect();
    assert_eq!(times, (10..2_010).collect::<Vec<_>>(), "the newest, in their order");
    let names = db.read(async |tx| tx.housekeeper_names(&["h1", "nowhere"]).await).await;
    assert_eq!(names.keys().collect::<Vec<_>>(), ["h1"]);
    let zones = db.read(async |tx| tx.timezones(None).await).await;
    assert_eq!(zones, ["Asia/Shanghai", "Europe/Berlin"]);
    let devices = async |scope: Option<&[String]>| db.read(async |tx| tx.count_devices(scope).await).await;
    assert_eq!((devices(None).await, devices(Some(&elsewhere)).await), (5, 0));
}
