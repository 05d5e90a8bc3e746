//! The crate twilio-rs 0.1.1 as an independent reader of what the fake carrier received, and why it does not send:
//! its four defects, each pinned by a test (docs/decisions/0003-twilio-rs.md).
//!
//! Only over plain HTTP on the loopback address: its TLS stack has open advisories.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use nightporter::deliver::carrier::{Carrier, Outgoing, SendOutcome};
use nightporter::model::Locale;
use serde_json::Value;
use twilio_rs::{TwilioAuthentication, TwilioClient};

use crate::carrier_outcomes::{client, number, send};
use crate::fake_carrier::{ACCOUNT_SID, AUTH_TOKEN, FakeCarrier, Fault, GOOD_SENDER};

/// With the credentials encoded by hand, which the crate does not do.
fn reader(fake: &FakeCarrier) -> TwilioClient {
    let basic_auth = STANDARD.encode(format!("{ACCOUNT_SID}:{AUTH_TOKEN}"));
    TwilioClient::new(fake.url(), TwilioAuthentication::BasicAuth { basic_auth })
}

fn bodies(page: &Value) -> Vec<String> {
    let messages = page["messages"].as_array().expect("a list");
    messages.iter().map(|message| message["body"].as_str().expect("text").to_owned()).collect()
}

/// What an error says, with the answer's body, which the crate shows as a list of bytes.
fn words(error: impl std::fmt::Display) -> String {
    let said = error.to_string();
    let bytes = said.split_once("Bytes([").map_or("", |(_, rest)| rest.split(']').next().unwrap_or_default());
    let body: Vec<u8> = bytes.split(", ").filter_map(|byte| byte.parse().ok()).collect();
    format!("{} {}", said.to_lowercase(), String::from_utf8_lossy(&body))
}

#[tokio::test]
async fn reads_back_what_our_client_sent() {
    let fake = FakeCarrier::start().await;
    let twilio = client(fake.account());
    let mut sids = Vec::new();
    for body in ["漏水了 🚰", "1+1=2 & more?", "ünïcode\r\nand lines", "a"] {
        let outcome = twilio
            .send(Outgoing {
                attempt: body,
                to: &number(),
                body,
                template: "leak_tenant",
                locale: Locale::En,
                valid_for_s: 60,
            })
            .await;
        let SendOutcome::Accepted { sid, .. } = outcome else { unreachable!("{outcome:?}") };
        sids.push((sid, body));
    }
    let reader = reader(&fake);
    for (sid, body) in sids {
        let message = reader.fetch_message(ACCOUNT_SID, &sid).await.expect("a message");
        assert_eq!((message.sid.as_deref(), message.body.as_deref()), (Some(sid.as_str()), Some(body)));
        assert_eq!((message.to.as_deref(), message.from.as_deref()), (Some(number().as_str()), Some(GOOD_SENDER)));
        assert_eq!(message.status.as_deref(), Some("queued"));
    }
    let page = reader.list_message(ACCOUNT_SID).to(number().as_str()).page_size(3).await.expect("a page");
    assert_eq!(bodies(&page), ["a", "ünïcode\r\nand lines", "1+1=2 & more?"]);
    let next = reqwest::Url::parse("http://x").expect("sound").join(page["next_page_uri"].as_str().expect("a path"));
    let next = next.expect("a path");
    let token = next.query_pairs().find(|(name, _)| name == "PageToken").expect("a token").1.into_owned();
    let page = reader.list_message(ACCOUNT_SID).to(number().as_str()).page_size(3).page(1).page_token(&token).await;
    assert_eq!(bodies(&page.expect("a page")), ["漏水了 🚰"]);
    let nobody = reader.list_message(ACCOUNT_SID).to("+8613800138001").await.expect("a page");
    assert!(bodies(&nobody).is_empty());
}

#[tokio::test]
async fn keeps_an_error_readable() {
    let fake = FakeCarrier::start().await;
    fake.next_question(Fault::too_many(Some("7")));
    let error = words(reader(&fake).list_message(ACCOUNT_SID).await.expect_err("429"));
    assert!(error.contains("429") && error.contains("retry-after") && error.contains("20429"), "{error}");
}

#[tokio::test]
async fn defect_1_creating_a_message_posts_an_empty_form() {
    let fake = FakeCarrier::start().await;
    let refused = reader(&fake).create_message(ACCOUNT_SID).await;
    assert!(refused.is_err_and(|error| words(error).contains("21604")), "no To, no From, no Body");
    let request = &fake.received()[0];
    assert!(request.form.is_empty());
    assert!(request.headers.get("content-type").is_none());
    assert!(fake.taken().is_empty());
}

#[tokio::test]
async fn defect_2_date_filters_are_misspelt() {
    let fake = FakeCarrier::start().await;
    send(&client(fake.account()), "a").await;
    let since: DateTime<Utc> = "2026-08-20T00:00:00Z".parse().expect("a date");
    let refused = reader(&fake).list_message(ACCOUNT_SID).date_sent_gt(since).await;
    assert!(refused.is_err_and(|error| words(error).contains("20001")), "Twilio would ignore it and list all");
    let asked = fake.received().pop().expect("a request").target;
    let query = asked.split_once('?').expect("a query").1;
    assert!(query.starts_with("DateSent_gt=") && query.contains("UTC"), "instead of DateSent> and ISO 8601: {query}");
}

#[tokio::test]
async fn defect_3_credentials_travel_as_they_are() {
    let fake = FakeCarrier::start().await;
    let basic_auth = format!("{ACCOUNT_SID}:{AUTH_TOKEN}");
    let plain = TwilioClient::new(fake.url(), TwilioAuthentication::BasicAuth { basic_auth });
    assert!(plain.list_message(ACCOUNT_SID).await.is_err_and(|error| words(error).contains("20003")));
    assert_eq!(fake.received()[0].headers["authorization"], format!("Basic {ACCOUNT_SID}:{AUTH_TOKEN}"));
}

#[tokio::test]
async fn defect_4_it_has_no_time_limit() {
    let fake = FakeCarrier::start().await;
    let silence = Fault::hold(Duration::from_secs(3_600), false);
    fake.next_question(silence.clone());
    fake.next(silence);
    let mut account = fake.account();
    account.limits.total = Duration::from_millis(200);
    let (ours, reader) = (client(account), reader(&fake));
    let ten_times_as_long = Duration::from_secs(2);
    let theirs = tokio::time::timeout(ten_times_as_long, reader.list_message(ACCOUNT_SID).send());
    let (outcome, waited) = tokio::join!(send(&ours, "a"), theirs);
    assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{outcome:?}");
    assert!(waited.is_err(), "still waiting");
}
