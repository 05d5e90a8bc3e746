//! What the carrier is asked: has it got this text, what became of it, is it there.

use std::time::Duration;

use axum::Router;
use axum::extract::Form;
use axum::http::{HeaderMap, StatusCode, Uri};
use nightporter::clock::Clock;
use nightporter::deliver::carrier::twilio::PAGES_MAX;
use nightporter::deliver::carrier::{Carrier, CarrierError, Lookup, Outgoing, SendOutcome, Twilio, TwilioAccount};
use nightporter::model::time::SECOND;
use nightporter::model::{Locale, MessageStatus, Timestamp};
use nightporter::web::twilio_signature::{SIGNATURE_HEADER, Secrets, Signed, requested_url, verify};
use serde_json::json;

use crate::carrier_outcomes::{client, number, send};
use crate::fake_carrier::{AUTH_TOKEN, FakeCarrier, Fault, Settings, Shows};
use crate::services::eventually;

const NOON: Timestamp = Timestamp(1_767_585_600_000);

async fn fake_at_noon() -> (FakeCarrier, Clock, Twilio) {
    let clock = Clock::manual(NOON);
    let fake = FakeCarrier::start_with(Settings { clock: clock.clone(), ..Settings::default() }).await;
    let twilio = client(fake.account());
    (fake, clock, twilio)
}

async fn text(twilio: &Twilio, body: &str) -> String {
    let outcome = twilio
        .send(Outgoing {
            attempt: "a",
            to: &number(),
            body,
            template: "leak_tenant",
            locale: Locale::En,
            valid_for_s: 300,
        })
        .await;
    let SendOutcome::Accepted { sid, .. } = outcome else { unreachable!("{outcome:?}") };
    sid
}

async fn find(twilio: &Twilio, body: &str, since: Timestamp) -> Vec<String> {
    let found = twilio.find(Lookup { attempt: "m.1", to: &number(), body, since }).await.expect("an answer");
    found.into_iter().map(|message| message.sid).collect()
}

#[tokio::test]
async fn finds_the_same_text_to_the_same_number_since_then() {
    let (fake, clock, twilio) = fake_at_noon().await;
    let old = text(&twilio, "wet").await;
    clock.advance(90 * SECOND);
    let new = text(&twilio, "wet").await;
    text(&twilio, "wet!").await;
    let other = nightporter::model::E164::parse("+8613800138001").expect("a number");
    twilio
        .send(Outgoing {
            attempt: "b",
            to: &other,
            body: "wet",
            template: "leak_tenant",
            locale: Locale::En,
            valid_for_s: 300,
        })
        .await;
    assert_eq!(find(&twilio, "wet", clock.now()).await, [new.as_str()]);
    assert_eq!(find(&twilio, "wet", NOON + 60 * SECOND).await, [new.as_str(), old.as_str()], "a minute of slack");
    assert_eq!(find(&twilio, "wet", clock.now() + 60 * SECOND).await, [new]);
    assert!(find(&twilio, "dry", NOON).await.is_empty());
    let asked = fake.received().pop().expect("requests");
    assert_eq!(asked.target.split_once('?').expect("a query").1, "To=%2B8613800138000&PageSize=50");
}

#[tokio::test]
async fn a_lost_answer_is_found_once_the_list_shows_it() {
    let fake = FakeCarrier::start().await;
    fake.set(|settings| settings.list_lag = Duration::from_millis(200));
    let twilio = client(fake.account());
    let began = Clock::system().now();
    fake.next(Fault::reset_after());
    let outcome = twilio
        .send(Outgoing {
            attempt: "a",
            to: &number(),
            body: "wet",
            template: "leak_tenant",
            locale: Locale::En,
            valid_for_s: 300,
        })
        .await;
    assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{outcome:?}");
    assert!(find(&twilio, "wet", began).await.is_empty(), "nothing found at once proves nothing");
    eventually(Duration::from_secs(5), "listed", async || {
        find(&twilio, "wet", began).await == [fake.taken()[0].sid.clone()]
    })
    .await;
}

#[tokio::test]
async fn follows_pages_up_to_a_limit_and_not_into_the_past() {
    let (fake, clock, twilio) = fake_at_noon().await;
    let first = text(&twilio, "the first").await;
    for n in 0..60 {
        text(&twilio, &format!("text {n}")).await;
    }
    let lists =
        |fake: &FakeCarrier| fake.received().iter().filter(|request| request.target.contains("PageSize")).count();
    assert_eq!(find(&twilio, "the first", NOON).await, [first]);
    assert_eq!(lists(&fake), 2);
    clock.advance(120 * SECOND);
    assert!(find(&twilio, "the first", clock.now()).await.is_empty());
    assert_eq!(lists(&fake), 3, "the first page ended before the time asked for");
    for n in 0..50 * PAGES_MAX {
        text(&twilio, &format!("more {n}")).await;
    }
    assert!(find(&twilio, "the first", NOON).await.is_empty());
    assert_eq!(lists(&fake), 3 + PAGES_MAX);
}

#[tokio::test]
async fn a_next_page_elsewhere_does_not_get_the_token() {
    let (fake, _, twilio) = fake_at_noon().await;
    let thief = FakeCarrier::start().await;
    let page = json!({"messages": [], "next_page_uri": format!("{}/2010-04-01/x", thief.url())}).to_string();
    fake.next_question(Fault { accepts: false, shows: Shows::Answer(200, Vec::new(), page) });
    let asked = twilio.find(Lookup { attempt: "m.1", to: &number(), body: "wet", since: NOON }).await;
    assert!(matches!(asked, Err(CarrierError::Unreadable(_))), "{asked:?}");
    let away =
        Fault { accepts: false, shows: Shows::Answer(302, vec![("Location", thief.url().to_owned())], String::new()) };
    fake.next_question(away);
    let asked = twilio.ping().await;
    assert!(matches!(asked, Err(CarrierError::AccountFault { .. })), "{asked:?}");
    assert!(thief.received().is_empty());
}

#[tokio::test]
async fn entries_that_are_not_ours_do_not_match() {
    let (fake, _, twilio) = fake_at_noon().await;
    let date = "Mon, 05 Jan 2026 04:00:00 +0000";
    let entry = |sid: &str, change: serde_json::Value| {
        let mut entry = json!({"sid": sid, "to": "+8613800138000", "body": "wet", "status": "sent", "date_created": date, "direction": "outbound-api"});
        entry.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        entry
    };
    let entries = json!([
        entry("SM1", json!({})),
        entry("SM2", json!({"direction": "inbound"})),
        entry("SM3", json!({"date_created": null})),
        entry("SM4", json!({"to": null})),
        entry("SM5", json!({"body": "Sent from your Twilio trial account - wet"})),
        entry("SM6", json!({"body": "wet ", "direction": null})),
        entry("SM7", json!({"body": "Wet"})),
        entry("", json!({})),
        json!(null),
        json!([1]),
    ]);
    let page = json!({"messages": entries}).to_string();
    fake.next_question(Fault { accepts: false, shows: Shows::Answer(200, Vec::new(), page) });
    assert_eq!(find(&twilio, "wet", Timestamp(1_767_585_600_000)).await, ["SM1", "SM5", "SM6"]);
}

#[tokio::test]
async fn fetches_what_became_of_a_message() {
    let (fake, _, twilio) = fake_at_noon().await;
    let sid = text(&twilio, "wet").await;
    fake.report(&sid, "undelivered", Some(30003));
    let message = twilio.fetch(&sid).await.expect("known");
    assert_eq!((message.status, message.error_code), (MessageStatus::Undelivered, Some(30003)));
    assert_eq!((message.created_at, message.sent_at), (Some(NOON), None));
    assert_eq!(twilio.fetch("SM00000000000000000000000000000000").await, Err(CarrierError::NotFound));
    let before = fake.received().len();
    for odd in ["", "../Calls", "SM1?x", "SM1/../.."] {
        assert_eq!(twilio.fetch(odd).await, Err(CarrierError::NotFound), "{odd}");
    }
    assert_eq!(fake.received().len(), before, "an odd id asks nobody");
}

#[tokio::test]
async fn a_ping_says_why_not() {
    let (fake, _, twilio) = fake_at_noon().await;
    assert_eq!(twilio.ping().await, Ok(()));
    let stranger = client(TwilioAccount { auth_token: "wrong".to_owned(), ..fake.account() });
    assert!(matches!(stranger.ping().await, Err(CarrierError::AccountFault { code: Some(20003), .. })));
    assert!(matches!(send(&stranger, "a").await, SendOutcome::AccountFault { code: Some(20003), .. }));
    fake.next_question(Fault::too_many(Some("3")));
    assert_eq!(twilio.ping().await, Err(CarrierError::Later { after: 3_000 }));
    for fault in [Fault::error(500, 20500), Fault::error(503, 20503), Fault::reset_before(), Fault::error(408, 1)] {
        fake.next_question(fault.clone());
        assert!(matches!(twilio.ping().await, Err(CarrierError::Unreachable(_))), "{fault:?}");
    }
    fake.next_question(Fault { accepts: false, shows: Shows::Answer(200, Vec::new(), "<html>".to_owned()) });
    assert!(matches!(twilio.ping().await, Err(CarrierError::Unreadable(_))));
    let account = fake.account();
    drop(fake);
    assert!(matches!(client(account).ping().await, Err(CarrierError::Unreachable(_))));
}

#[tokio::test]
async fn the_same_seed_meets_the_same_faults() {
    let run = async || {
        let rates = vec![(0.2, Fault::error(500, 20500)), (0.2, Fault::too_many(None)), (0.1, Fault::reset_after())];
        let fake = FakeCarrier::start_with(Settings { seed: 7, rates, ..Settings::default() }).await;
        let twilio = client(fake.account());
        for n in 0..100 {
            send(&twilio, &n.to_string()).await;
        }
        fake.received().into_iter().map(|request| request.fault).collect::<Vec<_>>()
    };
    let (first, second) = (run().await, run().await);
    assert_eq!(first, second);
    let faults = first.iter().flatten().count();
    assert!((30..70).contains(&faults), "{faults} of 100");
}

#[tokio::test]
async fn a_script_runs_in_order() {
    let (fake, _, twilio) = fake_at_noon().await;
    fake.next_good(1);
    fake.next(Fault::error(500, 20500).accepting());
    fake.next(Fault::too_many(None));
    let sends =
        [send(&twilio, "1").await, send(&twilio, "2").await, send(&twilio, "3").await, send(&twilio, "4").await];
    assert!(matches!(
        sends,
        [
            SendOutcome::Accepted { .. },
            SendOutcome::Ambiguous { .. },
            SendOutcome::Later { .. },
            SendOutcome::Accepted { .. }
        ]
    ));
    assert_eq!(fake.taken().len(), 3, "the 500 had taken it");
}

#[tokio::test]
async fn the_fake_posts_what_twilio_would() {
    let (fake, _, twilio) = fake_at_noon().await;
    let sid = text(&twilio, "wet").await;
    let callback = fake.report(&sid, "delivered", None).expect("was asked for");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    let check = |uri: Uri, headers: HeaderMap, Form(params): Form<Vec<(String, String)>>| async move {
        let url = requested_url("https://care.example.com", &uri.to_string());
        let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        let signed = Signed { url: &url, params: &params, signature, settings: None };
        let genuine = verify(&Secrets::new([AUTH_TOKEN.to_owned()]), signed);
        if genuine { StatusCode::NO_CONTENT } else { StatusCode::FORBIDDEN }
    };
    tokio::spawn(axum::serve(listener, Router::new().fallback(check)).into_future());
    assert_eq!(callback.post(&base).await, 204);
    let mut forged = callback;
    forged.params.push(("ErrorCode".to_owned(), "30003".to_owned()));
    assert_eq!(forged.post(&base).await, 403);
    assert!(forged.url.ends_with("/webhooks/twilio/status?a=a"));
    assert!(fake.received().is_sorted_by_key(|request| request.at));
}
