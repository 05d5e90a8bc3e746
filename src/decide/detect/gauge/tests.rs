//! What is held against a gauge, and what is not.

use super::*;
use crate::model::time::HOUR;

/// What is held against a gauge after levels so many hours apart; beside each stand voltage and operations.
fn lies(apart: i64, levels: impl IntoIterator<Item = (f64, f64, f64)>) -> Vec<Lie> {
    heard(apart, levels, &[]).evidence.iter().map(|e| e.lie).collect()
}

fn heard(apart: i64, levels: impl IntoIterator<Item = (f64, f64, f64)>, presumed: &[(Lie, OfModel)]) -> Gauge {
    let mut gauge = Gauge::default();
    for (n, (level, millivolts, operations)) in (1_i64..).zip(levels) {
        gauge.hear(
            &Sample {
                at: Timestamp(n * apart * HOUR),
                percent: Some(level),
                millivolts: Some(millivolts),
                operations: Some(operations),
                ..Sample::default()
            },
            presumed,
        );
    }
    gauge
}

fn steady(level: f64, count: usize) -> impl Iterator<Item = (f64, f64, f64)> {
    std::iter::repeat_n((level, 6000.0, 0.0), count)
}

#[test]
fn stuck_at_sixty_with_empty_cells() {
    // zigbee2mqtt #6425: the voltage tells what the gauge does not, or the movements do.
    assert_eq!(lies(24, (0..60).map(|n| (60.0, 6000.0 - f64::from(n) * 15.0, 0.0))), [Lie::Frozen]);
    assert_eq!(lies(24, (0..60).map(|n| (60.0, 6000.0, f64::from(n) * 80.0))), [Lie::Frozen]);
    assert_eq!(lies(24, steady(100.0, 400)), [], "lithium at rest");
    let full = (0..60).map(|n| (100.0, 6800.0 - f64::from(n) * 15.0, 0.0));
    assert_eq!(lies(24, full), [], "more volts than the gauge has room for");
}

#[test]
fn one_zero_does_not_begin_the_thirty_days_anew() {
    let glitches = |n: i32| if n % 9 == 4 { 0.0 } else { 60.0 };
    assert_eq!(lies(24, (0..60).map(|n| (glitches(n), 6000.0 - f64::from(n) * 15.0, 0.0))), [Lie::Frozen]);
    let moved = |n: i32| if n % 20 < 2 { 0.0 } else { 60.0 };
    let twice = lies(24, (0..60).map(|n| (moved(n), 6000.0 - f64::from(n) * 15.0, 0.0)));
    assert!(!twice.contains(&Lie::Frozen), "two are two: {twice:?}");
}

#[test]
fn a_model_known_for_it_needs_no_second_witness_and_is_not_counted_for_it_again() {
    let known = [(Lie::Frozen, OfModel { caught: 4, of: 11 })];
    let fine = || (0..5).map(|n| (65.0 - f64::from(n), 6000.0, 0.0));
    let mut gauge = heard(24, fine().chain(steady(60.0, 40)), &known);
    let told: Vec<_> = gauge.evidence.iter().map(|e| (e.lie, e.of_model)).collect();
    assert_eq!((told, gauge.count()), (vec![(Lie::Frozen, Some(known[0].1))], vec![]));
    assert_eq!(heard(24, steady(60.0, 85), &known).evidence, [], "a step of a coarse gauge may take ten weeks");
    assert!(heard(24, steady(60.0, 95), &known).has(Lie::Frozen));
    assert!(!heard(24, steady(100.0, 300), &known).has(Lie::Frozen), "full is full");
    let falling = fine().chain((0..60).map(|n| (60.0, 6000.0 - f64::from(n) * 15.0, 0.0)));
    let mut gauge = heard(24, falling, &known);
    assert_eq!((gauge.evidence[0].of_model, gauge.count(), gauge.count()), (None, vec![Lie::Frozen], vec![]));
}

#[test]
fn what_is_presumed_counts_only_where_it_may_be_what_is_seen() {
    let of = OfModel { caught: 3, of: 9 };
    let known = |lie: Lie, levels: &[f64]| {
        let gauge = heard(24, levels.iter().map(|level| (*level, 6000.0, 0.0)), &[(lie, of)]);
        gauge.known_for(Timestamp(0)).map(|e| (e.lie, e.of_model))
    };
    let told = |lie: Lie| Some((lie, Some(of)));
    assert_eq!(known(Lie::EmptyAndAlive, &[5.0, 5.0]), told(Lie::EmptyAndAlive));
    assert_eq!(known(Lie::EmptyAndAlive, &[9.0, 8.0, 5.0, 5.0]), None, "it came down to where it is");
    assert_eq!(known(Lie::Scale, &[1.0]), told(Lie::Scale));
    assert_eq!(known(Lie::Cliff, &[80.0, 0.0]), told(Lie::Cliff));
    assert_eq!(known(Lie::Frozen, &[20.0, 19.0]), None, "it moves");
}

#[test]
fn a_step_of_a_coarse_gauge_is_no_frozen_one() {
    let falling = |n: i32| 6000.0 - f64::from(n) * 7.0;
    assert_eq!(lies(24, (0..60).map(|n| (60.0, falling(n), 0.0))), [], "7 % of the volts may be one step");
    let fine = (0..5).map(|n| (65.0 - f64::from(n), 6000.0, 0.0));
    assert_eq!(lies(24, fine.chain((0..60).map(|n| (60.0, falling(n), 0.0)))), [Lie::Frozen], "not of a fine one");
}

#[test]
fn one_percent_for_weeks_with_new_cells() {
    // lock-manager #41, com.switchbot #77.
    assert_eq!(lies(24, steady(1.0, 40)), [Lie::EmptyAndAlive]);
    assert_eq!(lies(24, steady(5.0, 40).chain(steady(90.0, 1))), [], "until the restart");
    assert_eq!(lies(24, steady(4.0, 14)), [], "two weeks are possible");
    let slow = || (0..19).map(|n| (f64::from(95 - 5 * n), 6000.0, 0.0));
    assert_eq!(lies(72, slow().chain(steady(4.0, 20))), [], "two months at the end of a slow descent");
    assert_eq!(lies(72, slow().chain(steady(4.0, 32))), [Lie::EmptyAndAlive], "three are none");
}

#[test]
fn eighty_to_zero_over_night() {
    // airbnk_mqtt #30; one zero between good readings is a glitch (nuki_hub #121).
    let replaced_on = |day: i64, mut gauge: Gauge| {
        gauge.replaced(Timestamp(day * DAY));
        gauge.evidence.iter().map(|e| (e.lie, e.shown)).collect::<Vec<_>>()
    };
    let fallen = || steady(80.0, 20).chain(steady(0.0, 3));
    assert_eq!(replaced_on(9, heard(6, fallen(), &[])), [(Lie::Cliff, 80.0)]);
    assert_eq!(
        replaced_on(6, heard(6, fallen().chain(steady(100.0, 4)), &[])),
        [(Lie::Cliff, 80.0)],
        "by the new cells"
    );
    let back = fallen().chain(steady(78.0, 200));
    assert_eq!(replaced_on(56, heard(6, back, &[])), [], "two zeros running were glitches: it came back, and lasted");
    let glitches = (0..100).map(|n| (if n % 9 == 4 { 0.0 } else { 63.0 }, 6000.0, 0.0));
    assert_eq!(lies(6, glitches), []);
    assert_eq!(lies(24, (0..100).map(|n| (f64::from(100 - n), 6000.0, 0.0))), [], "a slow end");
}

#[test]
fn half_points_and_fractions_are_a_scale_and_126_is_not() {
    assert_eq!(lies(6, steady(174.0, 6)), [Lie::Scale]);
    assert_eq!(lies(6, steady(0.87, 6)), [Lie::Scale]);
    assert_eq!(lies(6, (0..11).map(|n| (if n % 2 == 0 { 1.0 } else { 0.99 }, 6000.0, 0.0))), [Lie::Scale]);
    assert_eq!(lies(6, steady(126.0, 20).chain(steady(255.0, 20))), []);
}

#[test]
fn dead_while_it_showed_75_percent() {
    // home-assistant core #166117.
    let mut gauge = Gauge::default();
    let at = |day: i64| Timestamp(day * DAY);
    let mut hear = |day: i64, level: f64| {
        gauge.hear(&Sample { at: at(day), percent: Some(level), ..Sample::default() }, &[]);
        gauge.evidence.len()
    };
    assert_eq!((1..30).map(|day| hear(day, 75.0)).max(), Some(0));
    assert_eq!(hear(40, 100.0) + hear(41, 100.0), 0, "until the new battery is proven");
    gauge.replaced(at(40));
    assert_eq!(gauge.evidence.iter().map(|e| (e.lie, e.shown)).collect::<Vec<_>>(), [(Lie::DiedHigh, 75.0)]);
    gauge.replaced(at(400));
    assert_eq!(gauge.evidence.len(), 1, "what it once did is kept, and nothing is added");
}
