//! Alibaba's carrier: what is sent is what was written, every answer has its outcome, and a doubtful message is found.

use std::time::Duration;

use nightporter::clock::Clock;
use nightporter::deliver::carrier::{
    Action, Aliyun, AliyunAccount, Carrier, CarrierError, Lookup, Outgoing, SendOutcome,
};
use nightporter::model::{E164, Locale, MessageStatus, Timestamp};
use serde_json::json;

use crate::fake_aliyun::{FakeAliyun, Fault};
use crate::house::at;

const TEXT: &str = "0101的厨房漏水了。—— 小陈";

fn number() -> E164 {
    E164::parse("+8613800138001").expect("a number")
}

/// Just before midnight in Beijing.
fn clock() -> Clock {
    Clock::manual(at("2026-01-05T23:59:30+08:00"))
}

fn client(account: AliyunAccount, fake: &FakeAliyun) -> Aliyun {
    Aliyun::new(account, fake.clock()).expect("a sound account")
}

async fn send(aliyun: &Aliyun, attempt: &str, to: &E164, body: &str) -> SendOutcome {
    let (template, locale) = ("leak_tenant", Locale::ZhCn);
    aliyun.send(Outgoing { attempt, to, body, template, locale, valid_for_s: 300 }).await
}

async fn outcome_of(fault: Fault) -> SendOutcome {
    let fake = FakeAliyun::start(clock()).await;
    fake.next(fault);
    let outcome = send(&client(fake.account(), &fake), "m_1.1", &number(), TEXT).await;
    assert_eq!(fake.requests(), 1, "one call is one request: {outcome:?}");
    outcome
}

fn said(status: u16, code: &str) -> Fault {
    Fault::Answer(status, json!({ "Code": code, "Message": "13800138001 触发天级流控Permits:10", "RequestId": "R" }))
}

#[tokio::test]
async fn words_go_out_as_variables_of_their_template() {
    let fake = FakeAliyun::start(clock()).await;
    let aliyun = client(fake.account(), &fake);
    let outcome = send(&aliyun, "m_1.1", &number(), TEXT).await;
    let taken = fake.taken().pop().expect("taken");
    let expected = SendOutcome::Accepted { sid: taken.biz_id, status: MessageStatus::Accepted, segments: None };
    assert_eq!(outcome, expected);
    assert_eq!((taken.phone.as_str(), taken.out_id.as_str()), ("13800138001", "m_1.1"));
    assert_eq!(taken.params, json!({ "unit": "0101", "device": "厨房", "sender": "小陈" }));
    assert_eq!(aliyun.ping().await, Ok(()));
}

#[tokio::test]
async fn what_has_no_approved_words_or_goes_abroad_is_refused_here() {
    let fake = FakeAliyun::start(clock()).await;
    let aliyun = client(fake.account(), &fake);
    let abroad = E164::parse("+14155550101").expect("a number");
    let (template, locale) = ("leak_second", Locale::ZhCn);
    let unknown = Outgoing { attempt: "m.1", to: &number(), body: TEXT, template, locale, valid_for_s: 60 };
    let outcomes = [
        (send(&aliyun, "m.1", &number(), "换了别的话").await, "the words are not those"),
        (send(&aliyun, "m.1", &abroad, TEXT).await, "mainland China only"),
        (aliyun.send(unknown).await, "no code for \"leak_second\""),
    ];
    for (outcome, reason) in outcomes {
        let SendOutcome::Refused { detail, action: Action::OtherChannel, .. } = &outcome else {
            panic!("{outcome:?}");
        };
        assert!(detail.contains(reason), "{detail}");
    }
    assert_eq!(fake.requests(), 0);
}

#[tokio::test]
async fn every_answer_has_its_outcome_and_no_number_in_it() {
    let refused = [
        (said(200, "isv.BUSINESS_LIMIT_CONTROL"), Action::OtherChannel),
        (said(200, "isv.MOBILE_NUMBER_ILLEGAL"), Action::FlagNumber),
        (said(200, "isv.SMS_TEMPLATE_ILLEGAL"), Action::PageOperator),
        (said(400, "Brand.New"), nightporter::deliver::carrier::codes::UNKNOWN_CODE),
    ];
    for (fault, expected) in refused {
        let outcome = outcome_of(fault).await;
        assert!(matches!(&outcome, SendOutcome::Refused { action, .. } if *action == expected), "{outcome:?}");
        assert!(!format!("{outcome:?}").contains("1380013"), "{outcome:?}");
    }
    for fault in
        [said(200, "isv.AMOUNT_NOT_ENOUGH"), said(400, "SignatureDoesNotMatch"), said(403, "No.Idea"), said(302, "")]
    {
        let outcome = outcome_of(fault).await;
        assert!(matches!(outcome, SendOutcome::AccountFault { .. }), "{outcome:?}");
    }
    for fault in [said(400, "Throttling.User"), said(429, "")] {
        assert!(matches!(outcome_of(fault).await, SendOutcome::Later { .. }));
    }
    let ok_without_id = Fault::Answer(200, json!({ "Code": "OK" }));
    let silence = Fault::Silence(Duration::from_secs(5));
    for fault in [said(200, "isp.SYSTEM_ERROR"), said(503, "ServiceUnavailable"), said(200, ""), ok_without_id, silence]
    {
        let outcome = outcome_of(fault).await;
        assert!(matches!(outcome, SendOutcome::Ambiguous { .. }), "{outcome:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_not_sent() {
    let fake = FakeAliyun::start(clock()).await;
    let (account, clock) = (fake.account(), fake.clock());
    drop(fake);
    tokio::task::yield_now().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let aliyun = Aliyun::new(AliyunAccount { api_url: format!("http://{free}"), ..account }, clock).expect("sound");
    let outcome = send(&aliyun, "m_1.1", &number(), TEXT).await;
    assert!(matches!(outcome, SendOutcome::NotSent { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_doubtful_message_is_found_by_its_own_id_over_midnight_and_followed_to_its_end() {
    let fake = FakeAliyun::start(clock()).await;
    let aliyun = client(fake.account(), &fake);
    let since = fake.clock().now();
    let lookup = |attempt| Lookup { attempt, to: NUMBER.get_or_init(number), body: TEXT, since };
    fake.next(Fault::LostUnsaid);
    assert!(matches!(send(&aliyun, "m_1.1", &number(), TEXT).await, SendOutcome::Ambiguous { .. }));
    assert_eq!(aliyun.find(lookup("m_1.1")).await, Ok(Vec::new()));
    // Others of the same number and words, more than a page of them, and one whose id begins alike.
    for n in 0..60 {
        send(&aliyun, &format!("m_1{n}.1"), &number(), TEXT).await;
    }
    fake.clock().advance(60_000);
    fake.next(Fault::TakenUnsaid);
    assert!(matches!(send(&aliyun, "m_1.2", &number(), TEXT).await, SendOutcome::Ambiguous { .. }));
    let found = aliyun.find(lookup("m_1.2")).await.expect("an answer");
    assert_eq!(
        found.iter().map(|m| (m.sid.as_str(), m.status)).collect::<Vec<_>>(),
        [("m_1.2", MessageStatus::Accepted)]
    );
    assert_eq!(found[0].created_at, Some(Timestamp(since.0 + 60_000)));
    fake.end(2, "30005");
    let end = aliyun.follow("900000^0", lookup("m_1.2")).await.expect("known");
    assert_eq!((end.sid.as_str(), end.status, end.error_code), ("900000^0", MessageStatus::Undelivered, Some(30_005)));
    fake.end(3, "DELIVERED");
    assert_eq!(aliyun.follow("900000^0", lookup("m_1.2")).await.expect("known").status, MessageStatus::Delivered);
    assert_eq!(aliyun.follow("x", lookup("m_9x.1")).await, Err(CarrierError::NotFound));
}

static NUMBER: std::sync::OnceLock<E164> = std::sync::OnceLock::new();

#[tokio::test]
async fn a_wrong_key_secret_or_clock_is_the_accounts_fault() {
    let fake = FakeAliyun::start(clock()).await;
    let wrong = [
        AliyunAccount { access_key_id: "LTAIother".to_owned(), ..fake.account() },
        AliyunAccount { access_key_secret: "other".to_owned(), ..fake.account() },
    ];
    let late = Clock::manual(Timestamp(fake.clock().now().0 + 3_600_000));
    let clients = wrong.into_iter().map(|account| client(account, &fake));
    for aliyun in clients.chain([Aliyun::new(fake.account(), late).expect("sound")]) {
        assert!(matches!(aliyun.ping().await, Err(CarrierError::AccountFault { .. })));
        let outcome = send(&aliyun, "m_1.1", &number(), TEXT).await;
        assert!(matches!(outcome, SendOutcome::AccountFault { .. }), "{outcome:?}");
        let shown = format!("{aliyun:?} {outcome:?}");
        assert!(!shown.contains("fake-aliyun-secret") && !shown.contains("1380013"), "{shown}");
    }
}
