//! Requests that came with a key: what is kept first counts, for thirty days.

use nightporter::model::Timestamp;
use nightporter::model::time::DAY;
use nightporter::store::KeptRequest;

use super::Engine;

pub async fn a_request_is_kept_once_and_answered_once(db: &Engine) {
    let kept = |request: &str, answer: Option<&str>| KeptRequest {
        request: request.to_owned(),
        plan: "[]".to_owned(),
        answer: answer.map(str::to_owned),
    };
    let found = async || db.read(async |tx| tx.kept_request("键").await).await;
    assert_eq!(found().await, None);
    for request in ["a", "b"] {
        db.write(async |tx| tx.keep_request("键", &kept(request, None), Timestamp(1)).await).await;
    }
    assert_eq!(found().await, Some(kept("a", None)), "the first counts");
    for answer in ["x", "y"] {
        db.write(async |tx| tx.answer_request("键", answer).await).await;
    }
    assert_eq!(found().await, Some(kept("a", Some("x"))));
    db.write(async |tx| tx.answer_request("another", "x").await).await;
    assert_eq!(db.read(async |tx| tx.kept_request("another").await).await, None);
}

pub async fn requests_are_forgotten_after_thirty_days_some_at_once(db: &Engine) {
    let keep = async |key: &str, at: Timestamp| {
        let kept = KeptRequest { request: String::new(), plan: String::new(), answer: None };
        db.write(async |tx| tx.keep_request(key, &kept, at).await).await;
    };
    let is_kept = async |key: &str| db.read(async |tx| tx.kept_request(key).await).await.is_some();
    let first = Timestamp(7 * DAY);
    for n in 0..102 {
        keep(&format!("old-{n:03}"), first).await;
    }
    keep("one", first + 30 * DAY).await;
    assert!(is_kept("old-000").await && is_kept("old-101").await, "a key counts for thirty days");
    keep("two", first + 30 * DAY + 1).await;
    assert!(!is_kept("old-000").await && !is_kept("old-099").await && is_kept("old-100").await, "a hundred at once");
    keep("three", first + 30 * DAY + 1).await;
    assert!(!is_kept("old-100").await && !is_kept("old-101").await);
    assert!(is_kept("one").await && is_kept("two").await && is_kept("three").await);
}
