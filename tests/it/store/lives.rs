//! Finished batteries: kept by model, the newest only.

use nightporter::decide::forecast::{FinishedLife, LIVES_MAX, Life};
use nightporter::model::*;

use super::Engine;

fn finished(device: &str, model: &str, hours: u16) -> FinishedLife {
    let life = Life { hours, died: true, start: 1000, step: 1, passed: vec![12, 12, 12] };
    FinishedLife { device: device.into(), model: model.to_owned(), life }
}

pub async fn finished_batteries_are_kept_once_and_in_order(db: &Engine) {
    let (one, two) = (finished("锁/a", "X1", 100), finished("b", "X1", 200));
    db.write(async |tx| tx.add_lives(std::slice::from_ref(&two), Timestamp(20)).await).await;
    db.write(async |tx| tx.add_lives(std::slice::from_ref(&one), Timestamp(10)).await).await;
    db.write(async |tx| tx.add_lives(&[finished("b", "X1", 7)], Timestamp(20)).await).await;
    db.write(async |tx| tx.add_lives(&[], Timestamp(30)).await).await;
    assert_eq!(db.read(async |tx| tx.load_lives().await).await, [one, two]);
}

pub async fn of_a_model_the_newest_finished_batteries_are_kept(db: &Engine) {
    db.write(async |tx| tx.add_lives(&[finished("other", "Y", 1)], Timestamp(1)).await).await;
    for n in 0..LIVES_MAX as i64 + 3 {
        db.write(async |tx| tx.add_lives(&[finished("a", "X", 50)], Timestamp(100 + n)).await).await;
    }
    let kept = db.read(async |tx| tx.load_lives().await).await;
    assert_eq!(kept.iter().filter(|life| life.model == "X").count(), LIVES_MAX);
    assert_eq!(kept[0], finished("other", "Y", 1));
}
