//! Every answer of Twilio, and every way of getting none, has its outcome; and a request is what Twilio wants.

use std::time::Duration;

use nightporter::deliver::carrier::{
    Action, Carrier, CarrierError, Limits, Lookup, Outgoing, SendOutcome, Sender, Twilio, TwilioAccount, codes,
};
use nightporter::model::{E164, Locale, MessageStatus, Millis, Timestamp};
use serde_json::json;
use tokio::net::TcpListener;

use crate::fake_carrier::{AUTH_TOKEN, FakeCarrier, Fault, GOOD_SENDER, Shows};

const NUMBER: &str = "+8613800138000";
const TEXT: &str = "漏水了 🚰 Are you at home? 1+1=2 & more";

pub fn number() -> E164 {
    E164::parse(NUMBER).expect("a number")
}

pub fn client(account: TwilioAccount) -> Twilio {
    Twilio::new(account).expect("a sound account")
}

pub async fn send(twilio: &Twilio, attempt: &str) -> SendOutcome {
    twilio
        .send(Outgoing {
            attempt,
            to: &number(),
            body: TEXT,
            template: "leak_tenant",
            locale: Locale::En,
            valid_for_s: 300,
        })
        .await
}

async fn outcome_of(fault: Fault) -> SendOutcome {
    let fake = FakeCarrier::start().await;
    fake.next(fault);
    let mut account = fake.account();
    account.limits.total = Duration::from_millis(300);
    let outcome = send(&client(account), "a1").await;
    assert_eq!(fake.received().len(), 1, "one call is one request: {outcome:?}");
    outcome
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: impl ToString) -> Fault {
    let headers = headers.iter().map(|&(name, value)| (name, value.to_owned())).collect();
    Fault { accepts: false, shows: Shows::Answer(status, headers, body.to_string()) }
}

#[tokio::test]
async fn a_refusal_comes_with_what_to_do() {
    use Action::*;
    let table = [
        (400, 21211, FlagNumber),
        (400, 21614, FlagNumber),
        (400, 21610, OptedOut),
        (403, 21408, OtherChannel),
        (400, 21612, OtherChannel),
        (400, 21617, PageOperator),
        (400, 14107, OtherChannel),
        (400, 99_999, codes::UNKNOWN_CODE),
        (409, 30034, PageOperator),
    ];
    for (status, code, action) in table {
        let outcome = outcome_of(Fault::error(status, code)).await;
        let SendOutcome::Refused { code: given, action: taken, .. } = outcome else {
            unreachable!("{status} {code}: {outcome:?}")
        };
        assert_eq!((given, taken), (Some(code), action));
    }
    for body in ["", "<html>", "{}", "[]", "{\"code\":\"x\"}", "{\"code\":-1}"] {
        let outcome = outcome_of(answer(400, &[], body)).await;
        let expected = codes::UNKNOWN_CODE;
        assert!(
            matches!(outcome, SendOutcome::Refused { code: None, action, .. } if action == expected),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_fault_of_the_account_is_told_from_a_fault_of_the_message() {
    for (status, code) in
        [(401, 20003), (403, 20003), (404, 20404), (400, 21606), (400, 21212), (400, 21659), (403, 30002)]
    {
        let outcome = outcome_of(Fault::error(status, code)).await;
        assert!(matches!(outcome, SendOutcome::AccountFault { code: given, .. } if given == Some(code)), "{outcome:?}");
    }
    let wordless = outcome_of(answer(401, &[], "")).await;
    assert!(matches!(wordless, SendOutcome::AccountFault { code: None, .. }), "{wordless:?}");
    let elsewhere = outcome_of(answer(307, &[("Location", "http://127.0.0.1:9/")], "")).await;
    assert!(matches!(elsewhere, SendOutcome::AccountFault { .. }), "{elsewhere:?}");
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let today = "Sun, 22 Nov 2026 10:00:00 GMT";
    let date = |later| [("Date", today), ("Retry-After", later)];
    let table: [(Fault, Millis); 9] = [
        (Fault::too_many(None), 1_000),
        (Fault::too_many(Some("7")), 7_000),
        (Fault::too_many(Some(" 0.25 ")), 250),
        (Fault::too_many(Some("0")), 0),
        (Fault::too_many(Some("-5")), 0),
        (Fault::too_many(Some("soon")), 1_000),
        (Fault::too_many(Some("inf")), 1_000),
        (Fault::too_many(Some("99999999")), 3_600_000),
        (answer(429, &date("Sun, 22 Nov 2026 10:00:30 GMT"), ""), 30_000),
    ];
    for (fault, expected) in table {
        let outcome = outcome_of(fault.clone()).await;
        assert!(matches!(outcome, SendOutcome::Later { after, .. } if after == expected), "{fault:?}: {outcome:?}");
    }
    let by_code = outcome_of(Fault::error(400, 20429)).await;
    assert_eq!(by_code, SendOutcome::Later { after: 1_000, code: Some(20429) });
}

#[tokio::test]
async fn what_may_have_been_taken_is_ambiguous() {
    let faults = [
        answer(408, &[], ""),
        Fault::error(500, 20500),
        Fault::error(500, 20500).accepting(),
        Fault::error(503, 20503),
        answer(502, &[], "<html>Bad gateway"),
        answer(504, &[], ""),
        Fault::error(400, 20503),
        answer(201, &[], "not JSON"),
        answer(201, &[], json!({"status": "queued"})),
        answer(201, &[], json!({"sid": "", "status": "queued"})),
        answer(202, &[], ""),
        Fault::reset_before(),
        Fault::reset_after(),
        Fault { accepts: true, shows: Shows::Reset(40) },
        Fault { accepts: true, shows: Shows::Reset(400) },
        Fault::hold(Duration::from_secs(20), false),
        Fault::hold(Duration::from_secs(20), true),
    ];
    for fault in faults {
        let outcome = outcome_of(fault.clone()).await;
        assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{fault:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_answer_is_read_with_forgiveness() {
    let sid = "SM00000000000000000000000000000000";
    let table = [
        (json!({"sid": sid, "status": "queued", "num_segments": "2"}), MessageStatus::Accepted, Some(2)),
        (json!({"sid": sid, "status": "sent", "num_segments": 3, "new": {}}), MessageStatus::Sent, Some(3)),
        (json!({"sid": sid, "status": "accepted", "num_segments": "0"}), MessageStatus::Accepted, None),
        (json!({"sid": sid, "status": "teleported"}), MessageStatus::Accepted, None),
        (json!({"sid": sid}), MessageStatus::Accepted, None),
        (json!({"sid": sid, "status": "failed", "num_segments": null}), MessageStatus::Failed, None),
    ];
    for (body, status, segments) in table {
        let outcome = outcome_of(answer(201, &[], &body)).await;
        assert_eq!(outcome, SendOutcome::Accepted { sid: sid.to_owned(), status, segments }, "{body}");
    }
}

#[tokio::test]
async fn what_never_left_is_not_sent() {
    let fake = FakeCarrier::start().await;
    let closed = { TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound") };
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent_address = silent.local_addr().expect("bound");
    let urls = [
        format!("http://{closed}"),
        format!("https://{closed}"),
        "http://nowhere.invalid".to_owned(),
        fake.url().replace("http:", "https:"),
        format!("https://{silent_address}"),
    ];
    for api_url in urls {
        let limits = Limits { connect: Duration::from_millis(500), total: Duration::from_secs(30) };
        let outcome = send(&client(TwilioAccount { api_url: api_url.clone(), limits, ..fake.account() }), "a1").await;
        assert!(matches!(outcome, SendOutcome::NotSent { .. }), "{api_url}: {outcome:?}");
    }
    assert!(fake.received().is_empty());
}

#[tokio::test]
async fn a_request_is_the_form_that_twilio_wants() {
    let fake = FakeCarrier::start().await;
    let good = send(&client(fake.account()), "a&1=漏").await;
    assert!(matches!(good, SendOutcome::Accepted { .. }), "{good:?}");
    let service = Sender::Service("MGbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".to_owned());
    let quiet = TwilioAccount { sender: service, public_url: None, ..fake.account() };
    let good = client(quiet)
        .send(Outgoing {
            attempt: "a2",
            to: &number(),
            body: "x",
            template: "leak_tenant",
            locale: Locale::En,
            valid_for_s: 999_999,
        })
        .await;
    assert!(matches!(good, SendOutcome::Accepted { status: MessageStatus::Accepted, segments: None, .. }), "{good:?}");
    let [first, second] = fake.received().try_into().expect("two requests");
    let form = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let callback = "https://care.example.com/webhooks/twilio/status?a=a%261%3D%E6%BC%8F";
    let pairs = [
        ("To", NUMBER),
        ("From", GOOD_SENDER),
        ("Body", TEXT),
        ("ValidityPeriod", "300"),
        ("StatusCallback", callback),
    ];
    assert_eq!(first.form, form(&pairs));
    let pairs = [
        ("To", NUMBER),
        ("MessagingServiceSid", "MGbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
        ("Body", "x"),
        ("ValidityPeriod", "36000"),
    ];
    assert_eq!(second.form, form(&pairs));
    assert_eq!(fake.taken().iter().map(|message| message.validity_s).collect::<Vec<_>>(), [300, 36_000]);
    assert_eq!(first.headers["content-type"], "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn connections_are_kept_and_replaced() {
    let fake = FakeCarrier::start().await;
    let twilio = client(fake.account());
    twilio.ping().await.expect("there");
    for attempt in 0..20 {
        send(&twilio, &attempt.to_string()).await;
    }
    assert!(fake.received().iter().all(|request| request.connection == 1));
    fake.next(Fault::reset_after());
    assert!(matches!(send(&twilio, "cut").await, SendOutcome::Ambiguous { .. }));
    assert!(matches!(send(&twilio, "next").await, SendOutcome::Accepted { .. }));
    assert_eq!(fake.received().last().expect("requests").connection, 2);
    assert_eq!(fake.taken().len(), 22);
}

#[tokio::test]
async fn the_numbers_of_the_test_credentials_fail_as_documented() {
    let fake = FakeCarrier::start().await;
    let codes = [("1", 21211), ("2", 21612), ("3", 21408), ("4", 21610), ("9", 21614)];
    for (last, expected) in codes {
        let to = E164::parse(&format!("+1500555000{last}")).expect("a number");
        let outcome = client(fake.account())
            .send(Outgoing {
                attempt: "a",
                to: &to,
                body: "x",
                template: "leak_tenant",
                locale: Locale::En,
                valid_for_s: 9,
            })
            .await;
        assert!(matches!(outcome, SendOutcome::Refused { code, .. } if code == Some(expected)), "{outcome:?}");
    }
    for (last, expected) in [("1", 21212), ("7", 21606)] {
        let sender = Sender::From(format!("+1500555000{last}"));
        let outcome = send(&client(TwilioAccount { sender, ..fake.account() }), "a").await;
        assert!(matches!(outcome, SendOutcome::AccountFault { code, .. } if code == Some(expected)), "{outcome:?}");
    }
}

#[tokio::test]
async fn no_secret_number_or_text_in_what_can_be_logged() {
    let fake = FakeCarrier::start().await;
    let quoting = json!({"code": 21_999, "message": format!("{NUMBER} {TEXT} {AUTH_TOKEN}"), "status": 400});
    let mut account = fake.account();
    account.limits.total = Duration::from_millis(200);
    let twilio = client(account.clone());
    let mut said = vec![format!("{account:?} {twilio:?}")];
    let hold = Fault::hold(Duration::from_secs(9), false);
    for fault in [answer(400, &[], &quoting), answer(401, &[], &quoting), hold, Fault::reset_before()] {
        fake.next(fault.clone());
        fake.next_question(fault);
        said.push(format!("{:?}", send(&twilio, "a").await));
        let asked = twilio.find(Lookup { attempt: "m.1", to: &number(), body: TEXT, since: Timestamp(0) }).await;
        let error: CarrierError = asked.expect_err("a fault");
        said.push(format!("{error:?} {error}"));
    }
    let away = client(TwilioAccount { api_url: "http://nowhere.invalid".to_owned(), ..account });
    let asked = away.find(Lookup { attempt: "m.1", to: &number(), body: TEXT, since: Timestamp(0) }).await;
    said.push(format!("{:?} {:?}", send(&away, "a").await, asked));
    for word in [AUTH_TOKEN, NUMBER, &NUMBER[1..], "13800138000", TEXT, "漏水"] {
        assert!(said.iter().all(|line| !line.contains(word)), "{word}: {said:#?}");
    }
}

#[tokio::test]
async fn an_account_that_cannot_work_is_refused_at_once() {
    let fake = FakeCarrier::start().await;
    let good = fake.account();
    let bad = [
        TwilioAccount { account_sid: String::new(), ..good.clone() },
        TwilioAccount { account_sid: "AC/../x".to_owned(), ..good.clone() },
        TwilioAccount { api_url: "api.twilio.com".to_owned(), ..good.clone() },
        TwilioAccount { api_url: "ftp://api.twilio.com".to_owned(), ..good.clone() },
        TwilioAccount { public_url: Some("care".to_owned()), ..good.clone() },
    ];
    for account in bad {
        assert!(Twilio::new(account.clone()).is_err(), "{account:?}");
    }
    let mut below = good;
    below.api_url = format!("{}/", below.api_url);
    below.public_url = Some("https://care.example.com/night/".to_owned());
    send(&client(below), "a").await;
    assert_eq!(fake.taken()[0].callback, "https://care.example.com/night/webhooks/twilio/status?a=a");
}
