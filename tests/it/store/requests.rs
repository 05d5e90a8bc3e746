//! Requests that came with a key: what is kept first counts.

use nightporter::model::Timestamp;
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
