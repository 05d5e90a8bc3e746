//! What a battery costs: `cargo run --release --example forecast_speed`. Replays the histories of
//! `tests/fixtures/batteries` through the service's detectors; prints µs an update and bytes a device.

use std::path::Path;
use std::time::Instant;

use nightporter::backtest::read::Reader;
use nightporter::decide::Policy;
use nightporter::decide::detect::sample::{About, Sample};
use nightporter::decide::forecast::{NO_FLEET, Track, Tuning, forecast};

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]
fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/batteries");
    let mut reader = Reader::default();
    reader.devices(&folder.join("devices.csv")).expect("devices");
    reader.readings(&folder.join("readings_synth.csv.gz")).expect("readings");
    let mut history = reader.history;
    let began = Instant::now();
    let events = history.replay(&Policy::default(), true, &|_, _| {}).len();
    let update = began.elapsed().as_secs_f64() * 1e6 / history.rows.len() as f64;
    println!("{} rows, {events} events: {update:.1} µs an update, all detectors", history.rows.len());
    let (about, track) = watched(&history);
    let began = Instant::now();
    let at = track.heard;
    let runs: usize =
        (0..10_000).filter(|_| forecast(&track, &about, &[], &NO_FLEET, at, &Tuning::default()).is_some()).count();
    let each = began.elapsed().as_secs_f64() * 1e6 / runs.max(1) as f64;
    let bytes = serde_json::to_string(&track).expect("plain data").len();
    println!("{each:.1} µs a forecast, once a day and device; {bytes} bytes of JSON a track");
}

/// The track of the first device's first hundred days.
fn watched(history: &nightporter::backtest::History) -> (About, Track) {
    let about = history.devices[history.rows[0].device as usize].1.clone();
    let mut track = Track::default();
    for row in history.rows.iter().filter(|row| row.device == history.rows[0].device).take(400) {
        let [percent, millivolts, _] = row.values.map(f64::from);
        let some = |v: f64| v.is_finite().then_some(v);
        let sample = Sample { at: row.at, percent: some(percent), millivolts: some(millivolts), ..Sample::default() };
        track.hear(&sample, &about);
    }
    (about, track)
}
