//! A small seeded generator (SplitMix64): the only source of chance in the building.
//! Must never be seeded from a clock or the system; forks keep devices, people and air apart, so that what one does never shifts the dice of another.

use chrono::TimeDelta;

/// One stream of chance. Cloning repeats the stream.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x6E69_6768_7470_6F72))
    }

    /// An independent stream for the thing numbered `label`.
    pub(crate) fn fork(&self, label: u64) -> Self {
        Self(mix(self.0 ^ mix(label.wrapping_add(1))))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A span between two numbers of seconds, to the millisecond.
    pub(crate) fn seconds(&mut self, low: f64, high: f64) -> TimeDelta {
        TimeDelta::milliseconds((self.range(low, high) * 1000.0) as i64)
    }

    pub(crate) fn minutes(&mut self, low: f64, high: f64) -> TimeDelta {
        self.seconds(low * 60.0, high * 60.0)
    }

    pub(crate) fn hours(&mut self, low: f64, high: f64) -> TimeDelta {
        self.seconds(low * 3600.0, high * 3600.0)
    }

    /// Waiting time of something that happens on average every `mean_hours`, at most twenty times that.
    pub(crate) fn waiting(&mut self, mean_hours: f64) -> TimeDelta {
        let share = -(1.0 - self.unit()).ln();
        TimeDelta::milliseconds((share.min(20.0) * mean_hours.min(1e6) * 3_600_000.0) as i64)
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
