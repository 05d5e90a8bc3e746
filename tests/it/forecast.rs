//! Battery forecasts and `backtest`: what holds for any history, and what they find in those a clone may carry.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use nightporter::backtest::read::Reader;
use nightporter::backtest::{Event, History, Row};
use nightporter::decide::Policy;
use nightporter::decide::detect::sample::{About, Chemistry, Sample};
use nightporter::decide::forecast::{KNOTS_LEN, NO_FLEET, Track, Tuning, forecast};
use nightporter::model::time::{DAY, HOUR};
use nightporter::model::*;
use proptest::prelude::*;

/// A device's state holds this much of a forecast at most, bytes of JSON.
const TRACK_BYTES_MAX: usize = 2_000;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/batteries").join(name)
}

fn history() -> History {
    let mut reader = Reader::default();
    reader.devices(&fixture("devices.csv")).expect("devices");
    reader.readings(&fixture("readings_real.csv.gz")).expect("readings");
    reader.readings(&fixture("readings_synth.csv.gz")).expect("readings");
    assert_eq!(reader.mistakes.count, 0);
    reader.history
}

fn told(history: &mut History) -> Vec<(String, Timestamp, &'static str, Option<Timestamp>)> {
    let line = |e: &Event<'_>| (e.device_id.to_owned(), e.ts, e.event, e.predicted_empty_at);
    history.replay(&Policy::default(), true, &|_, _| {}).iter().map(line).collect()
}

/// When something truly happened to a device, by kind of event.
fn truth(device: &str, event: &str) -> Vec<(Timestamp, String)> {
    let mut csv = csv::Reader::from_path(fixture("truth.csv")).expect("truth");
    let rows = csv.records().map(|row| row.expect("a row")).filter(|row| &row[0] == device && &row[1] == event);
    rows.map(|row| (Timestamp::parse_rfc3339(&row[2]).expect("a time"), row[3].to_owned())).collect()
}

#[test]
fn deaths_are_foretold_one_to_four_weeks_ahead() {
    let events = told(&mut history());
    let (mut deaths, mut in_time) = (0, 0);
    for device in ["syn038", "syn066", "syn156", "syn230", "exo-viasacra"] {
        for (died, _) in truth(device, "died").iter().filter(|(_, kind)| kind != "counterfactual") {
            let born = truth(device, "replaced").iter().map(|r| r.0).filter(|at| at < died).max();
            let of = |e: &&(String, Timestamp, &str, _)| e.0 == device && e.2 == "warned" && e.1 < *died;
            let first = events.iter().filter(of).find(|e| born.is_none_or(|born| e.1 > born));
            deaths += 1;
            in_time += usize::from(first.is_some_and(|e| (7 * DAY..=30 * DAY).contains(&(*died - e.1))));
        }
    }
    assert_eq!(deaths, 7, "the truth of the fixtures");
    assert!(in_time >= 5, "{in_time} of {deaths}");
}

#[test]
fn a_battery_is_told_of_once() {
    let events = told(&mut history());
    for device in ["syn038", "syn066", "syn156", "syn230", "exo-viasacra", "alog-fourcade"] {
        let mut open = false;
        for (_, at, event, _) in events.iter().filter(|e| e.0 == device) {
            match *event {
                "warned" => assert!(!std::mem::replace(&mut open, true), "{device} twice at {at}"),
                "replaced" => open = false,
                _ => {}
            }
        }
    }
}

#[test]
fn the_order_of_rows_and_rows_told_twice_do_not_matter() {
    let once = told(&mut history());
    let mut shuffled = history();
    let rows = shuffled.rows.clone();
    shuffled.rows.extend(rows);
    shuffled.rows.reverse();
    assert_eq!(told(&mut shuffled), once);
}

#[test]
fn nothing_rests_on_what_comes_later() {
    let all = told(&mut history());
    let cut = Timestamp::parse_rfc3339("2024-03-01T00:00:00Z").expect("a time");
    let mut early = history();
    early.rows.retain(|row| row.at < cut);
    let before = |events: Vec<(String, Timestamp, &'static str, Option<Timestamp>)>| -> Vec<_> {
        let looked = cut - 10 * DAY;
        events.into_iter().filter(|e| e.1 < looked).collect()
    };
    assert_eq!(before(told(&mut early)), before(all));
}

#[test]
fn the_program_reports_bad_rows_and_replays_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("h.csv");
    let mut file = std::fs::File::create(&path).expect("a file");
    writeln!(file, "device_id,ts,percent").expect("written");
    for day in 1..=28 {
        writeln!(file, "a,2026-01-{day:02}T08:00:00Z,{}", if day < 5 { 60 } else { 15 }).expect("written");
    }
    writeln!(file, "a,soon,15").expect("written");
    drop(file);
    let run = |extra: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightporter"));
        command.arg("backtest").args(extra).output().expect("it runs")
    };
    let output = run(&[path.to_str().expect("UTF-8")]);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
    assert!(out.contains(r#""device_id":"a","ts":"2026-01-06T08:00:00.000Z","event":"warned""#), "{out}");
    assert!(err.contains("h.csv:30: ts: `soon`") && err.contains("1 bad row"), "{err}");
    let output = run(&["nowhere.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.csv"));
}

#[test]
fn two_policies_stand_side_by_side() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    // A point a day from 90 %, dead at 1, a week of silence, a fresh one: twice.
    let start = Timestamp::parse_rfc3339("2025-01-01T08:00:00Z").expect("a time");
    let mut csv = "device_id,ts,percent\n".to_owned();
    for life in 0..3 {
        for day in 0..if life < 2 { 90 } else { 20 } {
            let at = start + (life * 97 + day) * DAY;
            csv += &format!("a,{},{}\n", at.to_rfc3339(), 90 - day);
        }
    }
    let history = file("h.csv", &csv);
    let late = file("late.toml", "[battery]\nlow_percent = 20.0\n");
    let early = file("early.toml", "[battery]\nlow_percent = 60.0\n[rewards]\nlate_minor = 300\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightporter"));
    let output = command.arg("backtest").args([&history, Path::new("--config"), &late, Path::new("--against"), &early]);
    let output = output.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<serde_json::Value> =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let figures = |n: usize| {
        ["batteries", "died", "in_time", "too_early", "missed"].map(|name| lines[n][name].as_u64().expect("a count"))
    };
    assert_eq!((lines.len(), figures(0), figures(1)), (2, [3, 2, 2, 0, 0], [3, 2, 0, 2, 0]), "{lines:?}");
    assert!(lines[0]["policy"].as_str().is_some_and(|name| name.ends_with("late.toml")));
    let falsely = |n: usize| lines[n]["false_per_year"].as_f64().expect("a rate");
    assert!(falsely(0) == 0.0 && falsely(1) > 3.0, "{lines:?}");
}

fn any_sample() -> impl Strategy<Value = (i64, Option<f64>, Option<f64>)> {
    let percent = prop_oneof![(0..=100_u32).prop_map(f64::from), Just(126.0), Just(255.0), Just(-1.0), Just(f64::NAN)];
    let volts = prop_oneof![(0..9_000_u32).prop_map(f64::from), Just(f64::INFINITY), Just(-5.0)];
    (0..40 * HOUR, prop::option::of(percent), prop::option::of(volts))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_track_stays_small_and_a_forecast_is_a_time(
        samples in prop::collection::vec(any_sample(), 1..400),
        model in prop::option::of(prop_oneof![Just("lock_alk_q1"), Just("other")]),
    ) {
        let about = About {
            model: model.map(str::to_owned),
            chemistry: Some(Chemistry::Alkaline),
            ..About::UNKNOWN
        };
        let (mut track, mut at) = (Track::default(), Timestamp(1_000));
        for (pause, percent, millivolts) in samples {
            at = at + pause;
            track.hear(&Sample { at, percent, millivolts, ..Sample::default() }, &about);
            prop_assert!(track.passed.len() <= KNOTS_LEN);
            let Some(f) = forecast(&track, &about, &[], &NO_FLEET, at, &Tuning::default()) else { continue };
            prop_assert!((0.0..=1.0).contains(&f.soon), "{f:?}");
            prop_assert!(at <= f.earliest && f.earliest <= f.empty_at && f.empty_at <= f.latest, "{f:?}");
            prop_assert!(f.because.level.is_finite() && f.because.ends_at.is_finite(), "{f:?}");
        }
        let text = serde_json::to_string(&track).expect("plain data");
        prop_assert!(text.len() <= TRACK_BYTES_MAX, "{} bytes: {text}", text.len());
        prop_assert_eq!(serde_json::from_str::<Track>(&text).expect("reads back"), track);
    }
}

#[test]
fn a_row_is_small() {
    assert!(size_of::<Row>() <= 48, "histories are held in memory");
}
