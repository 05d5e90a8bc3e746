//! Finished batteries: kept by model, the newest only; and gauges that were caught lying, counted by model.

use nightporter::decide::forecast::{Caught, FinishedLife, LIVES_MAX, Life};
use nightporter::model::*;
use nightporter::store::StateRow;

use super::Engine;
use crate::house::{REGISTRY, registry};

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

pub async fn gauges_that_were_caught_are_counted_by_model_of_those_that_have_spoken(db: &Engine) {
    let named = REGISTRY.map(|(file, text)| (file, text.replace("Front door,,", "Front door,门锁 D4,")));
    db.store.import(&registry(&named)).await.expect("imports");
    let state = |key: &str, seen_at| StateRow {
        key: key.into(),
        seen_at: Timestamp(seen_at),
        due_at: None,
        state: "{}".into(),
    };
    db.write(async |tx| tx.save_states(&[state("lock1", 5), state("lock3", 0), state("leak1", 7)]).await).await;
    let caught = |device: &str, lie, model: &str| Caught { device: device.into(), model: model.to_owned(), lie };
    let first = [caught("lock1", Lie::Frozen, "门锁 D4"), caught("lock1", Lie::Scale, "门锁 D4")];
    db.write(async |tx| tx.save_caught(&first, Timestamp(100)).await).await;
    let gone = [caught("lock3", Lie::Frozen, "another"), caught("nobody", Lie::Frozen, "门锁 D4")];
    db.write(async |tx| tx.save_caught(&gone, Timestamp(100)).await).await;
    let lies = async |since| db.read(async |tx| tx.load_lies(Timestamp(since)).await).await;
    let of = |lie, caught, of| ("门锁 D4".to_owned(), lie, OfModel { caught, of });
    assert_eq!(lies(0).await, [of(Lie::Frozen, 1, 1), of(Lie::Scale, 1, 1)]);
    db.write(async |tx| tx.save_states(&[state("lock3", 9)]).await).await;
    db.write(async |tx| tx.save_caught(&[caught("lock3", Lie::Frozen, "门锁 D4")], Timestamp(200)).await).await;
    assert_eq!(lies(100).await, [of(Lie::Frozen, 2, 2), of(Lie::Scale, 1, 2)]);
    assert_eq!(lies(150).await, [of(Lie::Frozen, 1, 2)], "the last time counts");
}
