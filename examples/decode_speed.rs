//! How many messages a second each format decodes on one core: `cargo run --release --example decode_speed [FORMAT]`.
//! Takes the messages of `tests/fixtures/payloads` below 4 KiB that are not meant to fail. Measures nothing but
//! `decode`, allocation and release of its answer included.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use nightporter::decode::{Routes, decode};

#[path = "../tests/support/corpus.rs"]
mod corpus;

const PAYLOAD_BYTES_MAX: usize = 4096;
const RUN: Duration = Duration::from_secs(1);

fn main() {
    let only = std::env::args().nth(1);
    let mut formats: BTreeMap<&str, Vec<&corpus::Line>> = BTreeMap::new();
    for line in corpus::lines() {
        let format = line.id.rsplit_once('-').map_or("", |(format, _)| format);
        let wanted = only.as_deref().is_none_or(|only| only == format);
        if wanted && line.payload.len() < PAYLOAD_BYTES_MAX && line.json.get("expected").is_some() {
            formats.entry(format).or_default().push(line);
        }
    }
    println!("{:<20} {:>10} {:>12} {:>10}", "format", "bytes/msg", "messages/s", "ns/msg");
    for (format, lines) in formats {
        let bytes = lines.iter().map(|l| l.payload.len()).sum::<usize>() / lines.len();
        let a_second = measure(&lines);
        println!("{format:<20} {bytes:>10} {a_second:>12.0} {:>10.0}", 1e9 / a_second);
    }
}

/// Messages a second over at least [`RUN`], after a tenth of it to warm up.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real clock")]
fn measure(lines: &[&corpus::Line]) -> f64 {
    let routes = Routes::default();
    let mut total = 0;
    let mut start = Instant::now();
    let mut warm = false;
    loop {
        for line in lines {
            black_box(decode(black_box(&line.topic), black_box(&line.payload), &routes).is_ok());
        }
        total += lines.len();
        let elapsed = start.elapsed();
        if !warm && elapsed > RUN / 10 {
            (warm, total, start) = (true, 0, Instant::now());
        } else if elapsed > RUN {
            return total as f64 / elapsed.as_secs_f64();
        }
    }
}
