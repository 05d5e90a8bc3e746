//! Marks, praise and goodwill.

use nightporter::decide::desk::{Given, Praise};
use nightporter::model::*;
use nightporter::store::{Page, PraiseFilter};

use super::{Engine, message};

pub async fn questions_and_marks_are_kept_and_who_was_asked_is_known(db: &Engine) {
    let asked = |key: &str, at| NewMessage { template: "survey_tenant", ..message(key, Severity::Routine, at) };
    db.write(async |tx| tx.add_messages(&[asked("a", 5), asked("b", 9)], 0, "me", Timestamp(9), Timestamp(9)).await)
        .await;
    let who = ["tenant:t1".to_owned(), "tenant:t2".to_owned()];
    let lately =
        async |since| db.read(async |tx| tx.load_last_sent("survey_tenant", &who, Timestamp(since)).await).await;
    assert_eq!(lately(4).await.into_iter().collect::<Vec<_>>(), [("tenant:t1".to_owned(), Timestamp(9))]);
    assert!(lately(9).await.is_empty());
    assert!(
        db.read(async |tx| tx.load_last_sent("about_us", &who, Timestamp(4)).await).await.is_empty(),
        "other words"
    );
    let mut survey = Survey { asked_at: Timestamp(5), answered_at: None, score: None, words: None };
    let id = TicketId::from("k1");
    db.write(async |tx| tx.save_survey(&id, &survey).await).await;
    (survey.score, survey.answered_at, survey.words) = (Some(9), Some(Timestamp(7)), Some("9 谢谢".to_owned()));
    db.write(async |tx| tx.save_survey(&id, &survey).await).await;
}

pub async fn praise_is_shown_to_whom_it_is_for(db: &Engine) {
    let praise = |housekeeper: &str, property: &str, at| Praise {
        ticket_id: format!("k{at}").into(),
        housekeeper_id: housekeeper.into(),
        property_id: property.into(),
        at: Timestamp(at),
        words: "很好".to_owned(),
    };
    let all = [praise("h1", "oak", 1), praise("h2", "oak", 2), praise("h1", "elm", 3)];
    for one in all.iter().chain(&all) {
        db.write(async |tx| tx.add_praise(one).await).await;
    }
    let list = async |housekeeper: Option<&str>, properties: Option<&str>| {
        let filter = PraiseFilter {
            housekeeper: housekeeper.map(str::to_owned),
            properties: properties.map(|p| vec![p.to_owned()]),
        };
        db.read(async |tx| tx.list_praise(&filter, &Page { limit: 9, after: None }).await).await
    };
    assert_eq!(list(None, None).await, all);
    assert_eq!(list(Some("h1"), None).await, [all[0].clone(), all[2].clone()]);
    assert_eq!(list(Some("h1"), Some("oak")).await, [all[0].clone()]);
}

pub async fn goodwill_is_found_by_who_gave_and_who_got(db: &Engine) {
    let given = |reference: &str, actor: &str, tenant: &str, at| Given {
        reference: reference.to_owned(),
        actor: actor.to_owned(),
        tenant_id: tenant.into(),
        at: Timestamp(at),
        amount_minor: 5,
        reason: "漏水".to_owned(),
    };
    let all = [given("a", "user:ann", "t1", 5), given("b", "user:bob", "t1", 6), given("c", "user:bob", "t2", 7)];
    for one in &all {
        db.write(async |tx| tx.add_given(one).await).await;
    }
    let load = async |actor: &str, tenant: &str, since| {
        let found = db.write(async |tx| tx.load_given(&[actor], &[tenant], &["c"], Timestamp(since)).await).await;
        let mut found: Vec<String> = found.into_iter().map(|g| g.reference).collect();
        found.sort();
        found
    };
    assert_eq!(load("user:ann", "t1", 0).await, ["a", "b", "c"]);
    assert_eq!(load("user:bob", "t9", 6).await, ["c"]);
    assert_eq!(load("user:new", "t9", 99).await, ["c"], "what is asked for by name is found whatever its age");
}

pub async fn a_call_leads_to_its_ticket_and_a_text_does_not(db: &Engine) {
    let call = NewMessage { channel: Channel::Voice, ..message("call", Severity::Emergency, 1) };
    let text = message("text", Severity::Emergency, 1);
    let all = [call.clone(), text.clone()];
    db.write(async |tx| tx.add_messages(&all, 0, "me", Timestamp(5), Timestamp(9)).await).await;
    assert_eq!(
        db.read(async |tx| tx.ticket_of_call(call.id().as_str()).await).await,
        Some(("k1".into(), Recipient::Tenant("t1".to_owned())))
    );
    assert_eq!(db.read(async |tx| tx.ticket_of_call(text.id().as_str()).await).await, None);
    assert_eq!(db.read(async |tx| tx.ticket_of_call("m_none").await).await, None);
    let keys = [text.key.clone(), "none".to_owned()];
    let bodies = db.read(async |tx| tx.load_bodies(&keys).await).await;
    assert_eq!(bodies, [(text.key.clone(), text.body.clone())].into());
}
