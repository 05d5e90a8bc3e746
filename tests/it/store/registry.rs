//! The registry in the database: what an import brings, replaces and leaves.

use chrono::{NaiveTime, Weekday};
use nightporter::model::*;
use nightporter::store::Table;

use super::{Engine, ids, phone};
use crate::house::registry;

pub async fn an_import_is_read_back(db: &Engine) {
    let summary = db.store.import(&registry(&crate::house::REGISTRY)).await.expect("imports");
    assert_eq!((summary.properties, summary.units, summary.tenants), (2, 4, 4));
    assert_eq!((summary.devices, summary.housekeepers), (5, 2));
    let (places, units, tenants, devices) = db
        .read(async |tx| {
            Ok((
                tx.load_places(&["elm", "oak", "nowhere"]).await?,
                tx.load_units(&["oak-1", "oak-c", "nowhere"]).await?,
                tx.load_tenants(&["oak-1", "elm-1", "nowhere"]).await?,
                tx.load_devices(&["lock1", "hub", "nowhere"]).await?,
            ))
        })
        .await;
    let oak = &places["oak"];
    assert_eq!((oak.property.region.as_str(), oak.property.name.as_str()), ("east", "Oak Court"));
    assert_eq!((oak.property.timezone, oak.property.locale), (chrono_tz::Asia::Shanghai, Locale::ZhCn));
    assert_eq!(oak.property.manager_phone, phone("+8613900000000"));
    assert_eq!(ids(&oak.housekeepers.iter().map(|h| &h.id).collect::<Vec<_>>()), ["h1", "h2"]);
    let night = &oak.housekeepers[1];
    assert_eq!(
        (night.name.as_str(), night.locale, &night.skills[..]),
        ("Sam", Locale::En, &["lock".to_owned(), "plumbing".to_owned()][..])
    );
    assert!(night.shift.covers(Weekday::Mon, NaiveTime::from_hms_opt(3, 0, 0).expect("a time")));
    assert_eq!(places["elm"].housekeepers.len(), 1);
    assert_eq!((units["oak-1"].floor, units["oak-1"].stack.as_deref()), (Some(1), Some("A")));
    assert_eq!(units["oak-c"].stack, None);
    let both = &tenants["oak-1"];
    assert_eq!(ids(&both.iter().map(|t| &t.id).collect::<Vec<_>>()), ["t1", "t-old"], "the latest first");
    assert_eq!(both[1].to.map(|d| d.to_string()).as_deref(), Some("2025-12-31"));
    assert_eq!((both[0].consent, tenants["elm-1"][0].consent.reward), (Consent::ALL, false));
    let lock = &devices["lock1"];
    assert_eq!(
        (lock.kind, lock.cells.as_deref(), lock.chemistry.as_deref()),
        (DeviceKind::Lock, Some("4 AA"), Some("alkaline"))
    );
    assert_eq!((lock.gateway.as_ref().map(DeviceKey::as_str), lock.property_id.as_str()), (Some("hub"), "oak"));
    assert_eq!((devices.len(), places.len(), units.len(), tenants.len()), (2, 2, 2, 2));
}

pub async fn an_import_replaces_what_it_names_and_leaves_the_rest(db: &Engine) {
    db.registered().await;
    let mut files = crate::house::REGISTRY;
    files[2].1 = "id,unit_id,name,phone,locale,from,to\nt1,oak-1,Ann Lee,+14155550199,zh-CN,2026-01-01,2026-06-30\n";
    files[4].1 = "id,name,phone,locale,properties,skills,shift\nh1,Chen,+8613800008001,zh-CN,elm,lock,08:00-20:00\n";
    db.store.import(&registry(&files)).await.expect("imports");
    let (places, tenants) = db
        .read(async |tx| Ok((tx.load_places(&["elm", "oak"]).await?, tx.load_tenants(&["oak-1", "oak-2"]).await?)))
        .await;
    let t1 = tenants["oak-1"].iter().find(|t| t.id.as_str() == "t1").expect("still there");
    assert_eq!((&t1.phone, t1.locale, t1.to.is_some()), (&phone("+14155550199"), Locale::ZhCn, true));
    assert_eq!(tenants["oak-2"].len(), 1, "who is not named stays");
    assert_eq!(
        ids(&places["oak"].housekeepers.iter().map(|h| &h.id).collect::<Vec<_>>()),
        ["h2"],
        "h1 serves elm only"
    );
    assert_eq!(places["elm"].housekeepers[0].skills, ["lock"]);
}

pub async fn what_is_not_committed_never_was(db: &Engine) {
    db.registered().await;
    let rows =
        [vec![Some("oak-9".to_owned()), Some("oak".to_owned()), Some("0901".to_owned()), Some("9".to_owned()), None]];
    let columns = &["id", "property_id", "name", "floor", "stack"];
    let table = Table { name: "units", columns, integers: &["floor"], reals: &[], keys: 1, rows: &rows };
    let mut tx = db.begin().await;
    tx.put(&table).await.expect("stored");
    tx.forget_housekeepers(&["h1", "h2"]).await.expect("forgotten");
    assert_eq!(tx.load_units(&["oak-9"]).await.expect("read")["oak-9"].floor, Some(9), "seen within");
    drop(tx);
    let (units, places) =
        db.read(async |tx| Ok((tx.load_units(&["oak-9"]).await?, tx.load_places(&["oak"]).await?))).await;
    assert!(units.is_empty(), "rolled back");
    assert_eq!(places["oak"].housekeepers.len(), 2, "rolled back");
    db.write(async |tx| tx.put(&table).await).await;
    assert_eq!(db.read(async |tx| tx.load_units(&["oak-9"]).await).await.len(), 1);
}

pub async fn scopes_of_people_follow_the_registry(db: &Engine) {
    db.registered().await;
    let mut tx = db.begin().await;
    let names = tx.property_names().await.expect("read");
    assert_eq!((names.len(), names["oak"].as_str()), (2, "Oak Court"));
    assert_eq!(tx.newest_at().await.expect("read"), None);
    assert_eq!(tx.first_property().await.expect("read"), Some("elm".into()));
    assert_eq!(tx.properties_of_region("east").await.expect("read"), ["oak"]);
    assert_eq!(tx.properties_of_housekeeper("h1").await.expect("read"), ["elm", "oak"]);
    assert_eq!(tx.properties_of_housekeeper("nobody").await.expect("read"), Vec::<String>::new());
    assert_eq!(tx.property_of_tenant("t3").await.expect("read").as_deref(), Some("elm"));
    assert_eq!(tx.property_of_tenant("nobody").await.expect("read"), None);
    assert!(tx.tenant_exists("t1").await.expect("read") && !tx.tenant_exists("nobody").await.expect("read"));
    tx.lock_tenant("t1").await.expect("locked");
    tx.lock_tenant("nobody").await.expect("nothing to lock");
}

pub async fn who_spoke_before_being_registered_is_looked_at(db: &Engine) {
    let spoke = |key: &str| nightporter::store::StateRow {
        key: key.into(),
        seen_at: Timestamp(5),
        due_at: None,
        state: "{}".to_owned(),
    };
    db.write(async |tx| tx.save_states(&[spoke("leak1"), spoke("stranger")]).await).await;
    db.store.import(&registry(&crate::house::REGISTRY)).await.expect("imports");
    let due = db.read(async |tx| tx.due_devices(Timestamp(6), 10).await).await;
    assert_eq!(due, [DeviceKey::from("leak1")]);
    assert_eq!(db.read(async |tx| tx.newest_at().await).await, Some(Timestamp(5)));
    assert_eq!(db.write(async |tx| tx.look_at_registered().await).await, 0, "once");
}
