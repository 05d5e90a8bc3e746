//! The forecast: every known life is asked how long it lasted from where this battery stands, and answers are weighed
//! by how alike the two are. Only + − × ÷; a weight is a rational bell, never an exponential.

use super::fleet::LIVES_LEAST;
use super::scale::Scale;
use super::{FINE_MAX, Fleet, KNOTS, KNOTS_LEN, Life, Track};
use crate::decide::detect::sample::About;
use crate::model::time::HOUR;
use crate::model::{Because, Forecast, Timestamp};

/// The few numbers of the method. Chosen on a split by device (docs/BATTERY.md); the defaults are what the service uses.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// Hours of descent below which nothing is learned of the pace.
    pub pace_hours: f64,
    /// How much more an own earlier battery counts than a stranger's.
    pub own: f64,
    /// How unlike the time of a descent may be: half weight at this relative difference.
    pub descent: f64,
    /// Knots of the recent descent that are compared.
    pub recent: usize,
    /// How much the whole descent counts besides the recent one.
    pub whole: f64,
    /// How far from the device's own ends another's end may be: half weight at this many knots.
    pub ends: f64,
    /// Least weight by ends.
    pub ends_least: f64,
    /// Weight of a life that ended where this device has already lived on.
    pub outlived: f64,
    /// Weight of a life that had ended above this level.
    pub ended: f64,
    /// How unlike the level of the first days may be, per cent: half weight.
    pub start: f64,
    /// Weight of a life told in coarser steps than this one's.
    pub coarser: f64,
    /// How far an answer is smeared: relative half width.
    pub smear: f64,
    /// Weight of a life of another model of the same chemistry.
    pub stranger: f64,
    /// How much more a life of the fleet counts than one of the factory.
    pub fleet: f64,
    /// Say "low" at this chance to be empty within three weeks.
    pub chance: f64,
    /// … and this one to be empty within ten days: where the day is well known, a little later is surer.
    pub chance_sooner: f64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            pace_hours: 960.0,
            own: 6.0,
            descent: 0.15,
            recent: 5,
            whole: 0.0,
            ends: 6.0,
            ends_least: 0.01,
            outlived: 0.05,
            ended: 0.1,
            start: 80.0,
            coarser: 0.05,
            smear: 0.6,
            stranger: 0.005,
            fleet: 1.0,
            chance: 0.43,
            chance_sooner: 0.18,
        }
    }
}

/// The span within which an end is spoken of, hours: three weeks.
const SOON_HOURS: f64 = 21.0 * 24.0;
/// … and ten days.
const SOONER_HOURS: f64 = 10.0 * 24.0;

/// One life's answer.
struct Answer {
    weight: f64,
    hours: f64,
}

/// Where a battery stands.
struct Stand<'a> {
    track: &'a Track,
    /// The lowest knot passed, and hours since.
    knot: usize,
    here: f64,
    /// How far its level is on the way to the next knot, 0–1; none where the gauge is coarse.
    way: Option<f64>,
    /// The knot at which it began.
    first: usize,
    start: f64,
    /// The steps in which its level is told.
    scale: Scale,
}

/// What the device's own earlier batteries tell of where it stops working.
struct OwnEnds {
    died: Vec<f64>,
    /// The lowest knot at which one of them still worked.
    alive: usize,
}

/// The forecast for a battery, `None` where too little is known: no life of its model, its chemistry or its device.
pub fn forecast(
    track: &Track,
    about: &About,
    own: &[Life],
    fleet: &Fleet,
    at: Timestamp,
    t: &Tuning,
) -> Option<Forecast> {
    let knot = track.passed.len().checked_sub(1)?;
    let hours = track.hours(at);
    let life = track.finish(false)?;
    let stand = Stand {
        track,
        knot,
        here: hours - f64::from(track.passed[knot]),
        way: way(track, knot),
        first: life.first(),
        start: f64::from(track.start()) / 10.0,
        scale: Scale::of(track.fineness),
    };
    let ends = OwnEnds::of(own, &stand);
    let mut answers = Vec::new();
    let mut lives = [0_u16; 3];
    let mut ends_at = (0.0, 0.0);
    let mut ask = |life: &Life, worth: f64, kind: usize| {
        if life.died && worth > 0.0 {
            let answer = stand.ask(life, worth, &ends, t);
            lives[kind] = lives[kind].saturating_add(1);
            ends_at.0 += answer.weight * f64::from(KNOTS[life.lowest()]) / 10.0;
            ends_at.1 += answer.weight;
            answers.push(answer);
        }
    };
    for life in own {
        ask(life, t.own, 0);
    }
    for (life, worth, kind) in fleet.lives(about, t) {
        ask(life, worth, kind);
    }
    if track.is_empty() {
        answers = vec![Answer { weight: ends_at.1, hours: 0.0 }];
    }
    let total = ends_at.1;
    if answers.len() < LIVES_LEAST || total <= 0.0 {
        return None;
    }
    let when = |share: f64| at + ms(quantile(&answers, total, share, t.smear));
    Some(Forecast {
        at,
        empty_at: when(0.5),
        earliest: when(0.1),
        latest: when(0.9),
        soon: chance(&answers, total, SOON_HOURS, t.smear),
        sooner: chance(&answers, total, SOONER_HOURS, t.smear),
        because: Because {
            level: f64::from(track.level().unwrap_or(0)) / 10.0,
            per_day: stand.per_day(),
            days_here: stand.here / 24.0,
            ends_at: ends_at.0 / total,
            lives,
        },
    })
}

/// How far a finely told level is on its way from this knot to the next.
fn way(track: &Track, knot: usize) -> Option<f64> {
    let level = track.level().filter(|_| track.fineness <= FINE_MAX)?;
    let next = KNOTS.get(knot + 1)?;
    Some((f64::from(KNOTS[knot] - level) / f64::from(KNOTS[knot] - next)).clamp(0.0, 1.0))
}

impl OwnEnds {
    fn of(own: &[Life], stand: &Stand<'_>) -> Self {
        let lowest = |life: &Life| stand.scale.see(life).lowest;
        #[expect(clippy::cast_precision_loss, reason = "knots are few")]
        let died = own.iter().filter(|l| l.died).map(|l| lowest(l) as f64).collect();
        Self { died, alive: own.iter().map(lowest).max().unwrap_or(0) }
    }

    /// How well a life's end fits what is known of this device.
    fn fit(&self, lowest: usize, t: &Tuning) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "knots are few")]
        let end = lowest as f64;
        let mut fit = 1.0;
        if !self.died.is_empty() {
            let sum: f64 = self.died.iter().map(|own| bell((end - own) / t.ends)).sum();
            #[expect(clippy::cast_precision_loss, reason = "lives are few")]
            let mean = sum / self.died.len() as f64;
            fit = t.ends_least + mean;
        }
        if lowest + 1 < self.alive { fit * t.outlived } else { fit }
    }
}

impl Stand<'_> {
    /// How long this battery lasts if it goes on as that life did, and how alike they are.
    fn ask(&self, life: &Life, worth: f64, ends: &OwnEnds, t: &Tuning) -> Answer {
        let seen = self.scale.see(life);
        let mut weight = worth * ends.fit(seen.lowest, t) * if self.scale.is_coarser(life) { t.coarser } else { 1.0 };
        weight *= bell((self.start - f64::from(life.start.min(KNOTS[0])) / 10.0) / t.start);
        let Some(theirs) = seen.passed(self.knot) else {
            return Answer { weight: weight * t.ended, hours: 0.0 };
        };
        let from = self.since(t).max(seen.first).min(self.knot);
        let start = self.first.max(seen.first).min(self.knot);
        let mine = self.passed(self.knot) - self.passed(from) + t.whole * (self.passed(self.knot) - self.passed(start));
        let their =
            theirs - seen.passed(from).unwrap_or(theirs) + t.whole * (theirs - seen.passed(start).unwrap_or(theirs));
        weight *= bell((mine - their) / ((mine + their + t.pace_hours) * t.descent));
        let stretch = (mine + t.pace_hours) / (their + t.pace_hours);
        let length = f64::from(life.hours);
        let left = stretch * (length - theirs);
        let after_next = seen.passed(self.knot + 1).map_or(0.0, |next| stretch * (length - next));
        let over = self.here - left;
        if over > 0.0 && after_next <= 0.0 {
            weight *= bell(over / (0.3 * left + 72.0)).max(0.02);
        }
        let to_next = stretch * (seen.passed(self.knot + 1).unwrap_or(length) - theirs);
        Answer { weight, hours: (left - self.gone(to_next)).max(after_next).max(0.0) }
    }

    /// Hours of a life that are gone since the knot, where it takes so many from there to the next: a fine gauge tells as
    /// much by its level as the clock does, and the middle of the two is nearer than either.
    fn gone(&self, to_next: f64) -> f64 {
        self.way.map_or(self.here, |way| f64::midpoint(self.here, way * to_next))
    }

    /// The knot from which the recent descent is counted.
    fn since(&self, t: &Tuning) -> usize {
        self.knot.saturating_sub(t.recent).max(self.first)
    }

    fn passed(&self, knot: usize) -> f64 {
        self.track.passed.get(knot).copied().map_or(0.0, f64::from)
    }

    fn per_day(&self) -> Option<f64> {
        let from = self.knot.saturating_sub(KNOTS_LEN / 3).max(self.first);
        let hours = self.passed(self.knot) - self.passed(from) + self.here;
        let points = f64::from(KNOTS[from] - KNOTS[self.knot]) / 10.0;
        (points > 0.0 && hours > 0.0).then(|| points * 24.0 / hours)
    }
}

/// 1 at 0, ½ at ±1, falling like 1/x².
fn bell(x: f64) -> f64 {
    1.0 / (1.0 + x * x)
}

/// The weighed share of answers within this many hours, each answer smeared to both sides.
fn chance(answers: &[Answer], total: f64, hours: f64, smear: f64) -> f64 {
    let sum: f64 = answers
        .iter()
        .map(|a| {
            let width = a.hours * smear + 12.0;
            a.weight * (0.5 + (hours - a.hours) / (2.0 * width)).clamp(0.0, 1.0)
        })
        .sum();
    sum / total
}

/// The hours within which this share of the answers lies, by bisection.
fn quantile(answers: &[Answer], total: f64, share: f64, smear: f64) -> f64 {
    let longest = answers.iter().fold(24.0_f64, |m, a| m.max(a.hours));
    let (mut low, mut high) = (0.0, longest * (1.0 + smear) + 24.0);
    for _ in 0..16 {
        let middle = (low + high) / 2.0;
        if chance(answers, total, middle, smear) < share { low = middle } else { high = middle }
    }
    high
}

#[expect(clippy::cast_possible_truncation, reason = "hours of a battery")]
fn ms(hours: f64) -> i64 {
    (hours * HOUR as f64) as i64
}
