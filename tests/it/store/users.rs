//! People who sign in, their sessions, and what a scope may be.

use nightporter::config::Secret;
use nightporter::model::Timestamp;
use nightporter::store::{TokenRow, UserRow};

use super::Engine;

fn user(name: &str, created_at: i64) -> UserRow {
    UserRow {
        name: name.to_owned(),
        role: "manager".to_owned(),
        scope: Some("oak".to_owned()),
        password: Secret::new(format!("hash {created_at}")),
        created_at: Timestamp(created_at),
        disabled_at: None,
    }
}

pub async fn a_name_is_one_users_until_they_are_disabled(db: &Engine) {
    let add = async |row: &UserRow| db.write(async |tx| tx.add_user(row).await).await;
    let find = async |name: &str| db.read(async |tx| tx.user(name).await).await;
    assert!(add(&user("李伟", 1)).await && add(&user("anna", 2)).await);
    assert!(!add(&user("anna", 3)).await, "the name is taken");
    assert_eq!(find("anna").await, Some(user("anna", 2)), "and nothing was changed");
    let disable = async || db.write(async |tx| tx.disable_user("anna", Timestamp(4)).await).await;
    assert!(disable().await && !disable().await);
    assert_eq!((find("anna").await, find("nobody").await), (None, None));
    let listed = db.read(async |tx| tx.users().await).await;
    assert_eq!(listed, [UserRow { disabled_at: Some(Timestamp(4)), ..user("anna", 2) }, user("李伟", 1)]);
    let again = UserRow { scope: None, role: "reader".to_owned(), ..user("anna", 5) };
    assert!(add(&again).await, "who was disabled can begin anew");
    assert_eq!(find("anna").await, Some(again));
}

pub async fn sessions_are_of_active_users_and_end(db: &Engine) {
    db.write(async |tx| Ok(tx.add_user(&user("anna", 1)).await? && tx.add_user(&user("bob", 1)).await?)).await;
    let begin = async |hash: &str, who: &str, now: i64| {
        db.write(async |tx| tx.begin_session(hash, who, Timestamp(now), Timestamp(now + 100)).await).await;
    };
    let whose = async |hash: &str, now: i64| {
        db.read(async |tx| tx.session(hash, Timestamp(now)).await).await.map(|user| user.name)
    };
    begin("a1", "anna", 10).await;
    begin("b1", "bob", 10).await;
    begin("x1", "nobody", 10).await;
    assert_eq!((whose("a1", 109).await.as_deref(), whose("a1", 110).await), (Some("anna"), None), "over");
    assert_eq!((whose("x1", 11).await, whose("none", 11).await), (None, None));
    db.write(async |tx| tx.end_session("a1").await).await;
    assert_eq!((whose("a1", 11).await, whose("b1", 11).await.as_deref()), (None, Some("bob")));
    for n in 0..25 {
        begin(&format!("many{n}"), "anna", 20 + n).await;
    }
    let live = async |n: i64| whose(&format!("many{n}"), 50).await.is_some();
    assert_eq!((live(4).await, live(5).await, live(24).await), (false, true, true), "the latest twenty");
    db.write(async |tx| tx.disable_user("anna", Timestamp(60)).await).await;
    assert_eq!((whose("many24", 61).await, whose("b1", 61).await.as_deref()), (None, Some("bob")));
    db.write(async |tx| tx.add_user(&user("anna", 62)).await).await;
    assert_eq!(whose("many24", 63).await, None, "the sessions of before are over for good");
}

pub async fn scopes_and_names_are_known(db: &Engine) {
    let scopes = async |kind: &str| db.read(async |tx| tx.scopes(kind).await).await;
    assert!(scopes("region").await.is_empty());
    db.registered().await;
    assert_eq!(scopes("region").await, ["east", "west"]);
    assert_eq!(scopes("property").await, ["elm", "oak"]);
    assert_eq!(scopes("housekeeper").await, ["h1", "h2"]);
    let token = TokenRow { id: "1".to_owned(), name: "desk".to_owned(), role: "operator".to_owned(), scope: None };
    let live = async || db.read(async |tx| tx.is_live_token("desk").await).await;
    assert!(!live().await);
    db.write(async |tx| tx.create_token(&token, "hash", Timestamp(1)).await).await;
    assert!(live().await);
    db.write(async |tx| tx.revoke_token("desk", Timestamp(2)).await).await;
    assert!(!live().await);
}

pub async fn tokens_of_a_person_end_together(db: &Engine) {
    db.registered().await;
    let token = |id: &str, role: &str, scope: &str| TokenRow {
        id: id.to_owned(),
        name: "page".to_owned(),
        role: role.to_owned(),
        scope: Some(scope.to_owned()),
    };
    for (id, role, scope, at) in [
        ("1", "housekeeper", "h1", 1),
        ("2", "housekeeper", "h1", 2),
        ("3", "housekeeper", "h2", 3),
        ("4", "tenant", "h1", 4),
    ] {
        db.write(async |tx| tx.create_token(&token(id, role, scope), &format!("hash{id}"), Timestamp(at)).await).await;
    }
    let live = async |role: &str, scope: &str| db.read(async |tx| tx.live_token_of(role, scope).await).await;
    let end =
        async |role: &str, scope: &str| db.write(async |tx| tx.end_tokens_of(role, scope, Timestamp(9)).await).await;
    assert_eq!(live("housekeeper", "h1").await, Some(Timestamp(2)));
    assert_eq!((end("housekeeper", "h1").await, end("housekeeper", "h1").await), (2, 0));
    assert_eq!((live("housekeeper", "h1").await, live("housekeeper", "nobody").await), (None, None));
    assert_eq!((live("housekeeper", "h2").await, live("tenant", "h1").await), (Some(Timestamp(3)), Some(Timestamp(4))));
    assert_eq!((end("tenant", "h1").await, end("tenant", "t1").await), (1, 0));
}
