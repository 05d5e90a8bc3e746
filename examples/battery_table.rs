//! Makes `src/decide/forecast/factory.txt`: `cargo run --release --example battery_table FOLDER > factory.txt`, where FOLDER holds
//! `readings_synth.csv.gz`, `devices.csv` and `truth.csv` (CC0). Prints each model's gauge curve and the lives that truly
//! ended, and last one alkaline curve at four lengths for models that nobody knows.

use std::collections::BTreeMap;
use std::path::Path;

use nightporter::backtest::read::Reader;
use nightporter::backtest::{History, Row};
use nightporter::decide::detect::sample::{About, Sample};
use nightporter::decide::forecast::{KNOTS, Life, Track};
use nightporter::model::Timestamp;
use nightporter::model::time::{DAY, HOUR};

const HEAD: &str = "\
# Typical battery lives and gauge curves. Made by `cargo run --release --example battery_table FOLDER` from synthetic histories (CC0).
# model NAME CHEMISTRY
# curve MILLIVOLTS:PERCENT ...      how the gauge follows the voltage
# life WORTH HOURS START STEP ...   how long it lived, its first level in tenths, its step in per cent (0: told by a voltage),
#                                   and the hours at which each knot of `mod.rs` was first passed";

/// How long an alkaline pack still lasts by what a gauge linear from 1.275 V to 1.625 V a cell shows, as a share of what it
/// lasted from 48 %: quarter, middle and three quarters of fifteen batteries that ended, by when the gauge first showed it.
const ALKALINE: [(f64, [f64; 3]); 25] = [
    (0.0, [0.0, 0.0, 0.0]),
    (4.0, [0.069, 0.073, 0.087]),
    (8.0, [0.113, 0.135, 0.169]),
    (12.0, [0.178, 0.205, 0.213]),
    (16.0, [0.257, 0.287, 0.303]),
    (20.0, [0.36, 0.379, 0.41]),
    (24.0, [0.434, 0.469, 0.484]),
    (28.0, [0.529, 0.558, 0.583]),
    (32.0, [0.694, 0.71, 0.723]),
    (36.0, [0.769, 0.787, 0.794]),
    (40.0, [0.85, 0.861, 0.879]),
    (44.0, [0.919, 0.931, 0.937]),
    (48.0, [1.0, 1.0, 1.0]),
    (52.0, [1.039, 1.05, 1.065]),
    (56.0, [1.105, 1.111, 1.137]),
    (60.0, [1.135, 1.167, 1.212]),
    (64.0, [1.183, 1.229, 1.276]),
    (68.0, [1.207, 1.255, 1.302]),
    (72.0, [1.233, 1.274, 1.328]),
    (76.0, [1.251, 1.29, 1.345]),
    (80.0, [1.275, 1.329, 1.364]),
    (84.0, [1.299, 1.356, 1.422]),
    (88.0, [1.309, 1.356, 1.491]),
    (96.0, [1.349, 1.396, 1.531]),
    (100.0, [1.359, 1.406, 1.541]),
];
/// Days that such a pack lasts from there: seven weeks to more than a year. Stretched by less than a third, each pace meets its like.
const ALKALINE_DAYS: [f64; 7] = [55.0, 80.0, 110.0, 150.0, 200.0, 280.0, 400.0];
/// A track passes a knot later than the gauge does: its level is the mean of a week, whose middle is three days ago.
const LAG_HOURS: f64 = 72.0;
/// Above this a pack is fresh, whatever the mean.
const FRESH: i32 = 960;
/// A life shorter than this tells of a mishap.
const LIFE_HOURS_MIN: u16 = 480;

fn main() {
    let folder = std::env::args().nth(1).expect("usage: battery_table FOLDER");
    let folder = Path::new(&folder);
    let mut reader = Reader::default();
    reader.devices(&folder.join("devices.csv")).expect("devices.csv");
    reader.readings(&folder.join("readings_synth.csv.gz")).expect("readings_synth.csv.gz");
    let mut history = reader.history;
    history.rows.sort_by_key(|row| (row.device, row.at));
    let truth = truth(&folder.join("truth.csv"));
    let mut models: BTreeMap<&str, Vec<Life>> = BTreeMap::new();
    for rows in history.rows.chunk_by(|a, b| a.device == b.device) {
        let (name, about) = &history.devices[rows[0].device as usize];
        let model = about.model.as_deref().expect("every device has a model");
        models.entry(model).or_default().extend(lives(rows, about, truth.get(name).map_or(&[], Vec::as_slice)));
    }
    println!("{HEAD}");
    for (model, lives) in models {
        let about =
            history.devices.iter().find(|(_, a)| a.model.as_deref() == Some(model)).expect("it was there").1.clone();
        println!("model {model} {}", about.chemistry.expect("known").as_str());
        println!("curve {}", curve(&history, model));
        lives.iter().for_each(print);
    }
    println!("model alkaline-pack alkaline");
    let packs = (0..3).flat_map(|quarter| ALKALINE_DAYS.map(|days| alkaline(quarter, days)));
    packs.for_each(|life| print(&life));
}

fn print(life: &Life) {
    let passed: Vec<String> = life.passed.iter().map(ToString::to_string).collect();
    println!("life 1 {} {} {} {}", life.hours, life.start, life.step, passed.join(" "));
}

/// What happened to a device's batteries: time, `died` or `replaced`, kind.
type Truth = Vec<(Timestamp, String, String)>;

fn truth(path: &Path) -> BTreeMap<String, Truth> {
    let mut truth: BTreeMap<String, Truth> = BTreeMap::new();
    for row in csv::Reader::from_path(path).expect("truth.csv").records() {
        let row = row.expect("a row");
        let at = Timestamp::parse_rfc3339(&row[2]).expect("a time");
        truth.entry(row[0].to_owned()).or_default().push((at, row[1].to_owned(), row[3].to_owned()));
    }
    truth.values_mut().for_each(|events| events.sort());
    truth
}

/// The lives of one device that were seen to end.
fn lives(rows: &[Row], about: &About, truth: &[(Timestamp, String, String)]) -> Vec<Life> {
    let mut lives = Vec::new();
    let mut born = Timestamp(0);
    for (at, event, kind) in truth {
        if event == "replaced" {
            born = *at;
        } else if kind == "observed" {
            let mut track = Track::default();
            for row in rows.iter().filter(|row| row.at >= born && row.at <= *at + DAY) {
                track.hear(&sample(row), about);
            }
            let hours = u16::try_from((*at - track.born) / HOUR).unwrap_or(u16::MAX - 1);
            let passed = |life: Life| life.passed.iter().map(|h| (*h).min(hours)).collect();
            let life = track.finish(true).map(|life| Life { hours, passed: passed(life.clone()), ..life });
            lives.extend(life.filter(|life| life.hours > LIFE_HOURS_MIN));
        }
    }
    lives
}

fn sample(row: &Row) -> Sample {
    let some = |v: f32| v.is_finite().then_some(f64::from(v));
    Sample { at: row.at, percent: some(row.values[0]), millivolts: some(row.values[1]), ..Sample::default() }
}

/// Median voltage of each percentage that was shown, thinned to the points that a straight line would miss by most of a point.
fn curve(history: &History, model: &str) -> String {
    let mut shown: BTreeMap<u32, Vec<f32>> = BTreeMap::new();
    let of_model = |row: &&Row| history.devices[row.device as usize].1.model.as_deref() == Some(model);
    for row in history.rows.iter().filter(of_model) {
        let [percent, millivolts, _] = row.values;
        if percent > 0.0 && percent < 100.0 && millivolts.is_finite() {
            shown.entry(percent as u32).or_default().push(millivolts);
        }
    }
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (percent, mut volts) in shown.into_iter().filter(|(_, volts)| volts.len() >= 5) {
        volts.sort_by(f32::total_cmp);
        let millivolts = f64::from(volts[volts.len() / 2]);
        if points.last().is_none_or(|last| millivolts > last.0) {
            points.push((millivolts, f64::from(percent)));
        }
    }
    let kept = thin(&points);
    kept.iter().map(|(mv, percent)| format!("{mv:.0}:{percent:.0}")).collect::<Vec<_>>().join(" ")
}

fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let off = |p: &&(f64, f64)| (p.1 - first.1 - (p.0 - first.0) * (last.1 - first.1) / (last.0 - first.0)).abs();
    let worst = points.iter().enumerate().max_by(|a, b| off(&a.1).total_cmp(&off(&b.1)));
    match worst {
        Some((at, point)) if off(&point) > 0.8 && at > 0 && at + 1 < points.len() => {
            let mut left = thin(&points[..=at]);
            left.pop();
            left.extend(thin(&points[at..]));
            left
        }
        _ => vec![*first, *last],
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "hours of a battery")]
/// A pack of this quarter that lasts so many days from 48 %.
fn alkaline(quarter: usize, days: f64) -> Life {
    let left = |knot: i32| {
        let percent = (f64::from(knot) / 10.0).clamp(0.0, 100.0);
        let pair = ALKALINE.windows(2).find(|w| percent <= w[1].0).expect("up to 100");
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]].map(|(x, y)| (x, y[quarter]));
        (y0 + (percent - x0) * (y1 - y0) / (x1 - x0)) * days * 24.0
    };
    let hours = left(980);
    let lag = |knot: i32| if knot < FRESH { LAG_HOURS } else { 0.0 };
    let passed = |knot: &i32| (hours - left(*knot) + lag(*knot)).clamp(12.0, hours) as u16;
    let passed = KNOTS[..KNOTS.len() - 1].iter().map(passed).collect();
    Life { hours: hours as u16, died: true, start: 980, step: 1, passed }
}
