//! The people and the rooms of the building, drawn once from the seed. Holds what does not change during a run.
//! Knows nothing of messages or events.

use crate::rng::Rng;
use crate::{Options, calendar};
use chrono::{DateTime, Days, NaiveDate, Utc};

pub(crate) const UNITS_PER_FLOOR: usize = 4;
/// Apartments that four housekeepers look after.
const UNITS_PER_TEAM: usize = 50;

const SURNAMES: [(&str, &str); 10] = [
    ("王", "Wang"),
    ("李", "Li"),
    ("张", "Zhang"),
    ("刘", "Liu"),
    ("陈", "Chen"),
    ("杨", "Yang"),
    ("赵", "Zhao"),
    ("黄", "Huang"),
    ("周", "Zhou"),
    ("吴", "Wu"),
];
const GIVEN: [(&str, &str); 10] = [
    ("伟", "Emma"),
    ("芳", "Liam"),
    ("娜", "Olivia"),
    ("敏", "Noah"),
    ("静", "Ava"),
    ("丽", "Mia"),
    ("强", "Ethan"),
    ("磊", "Lucas"),
    ("洋", "Grace"),
    ("艳", "Oscar"),
];

/// What a tenant does about a battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Within a day or so of the first text.
    InTime,
    /// After several days.
    Late,
    /// Not at all; some say that they did.
    Never,
    /// Looks after the devices without being asked.
    Unasked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locale {
    Chinese,
    English,
}

impl Locale {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) unit: usize,
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) locale: Locale,
    pub(crate) from: NaiveDate,
    pub(crate) to: Option<NaiveDate>,
    pub(crate) habit: Habit,
}

/// An apartment, or the corridor of a floor (where the gateway hangs and nobody lives).
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) id: String,
    /// Door number, such as `0301`.
    pub(crate) name: String,
    pub(crate) floor: usize,
    /// Riser; empty for a corridor.
    pub(crate) stack: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Housekeeper {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) locale: Locale,
    pub(crate) skills: &'static str,
    /// Local hours of duty; the night spans midnight.
    pub(crate) night: bool,
}

impl Housekeeper {
    pub(crate) fn on_duty(&self, at: DateTime<Utc>) -> bool {
        (8.0..20.0).contains(&calendar::hour(at)) != self.night
    }

    pub(crate) fn shift(&self) -> &'static str {
        if self.night { "00:00-08:00;20:00-24:00" } else { "08:00-20:00" }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) property_id: String,
    pub(crate) apartments: Vec<Unit>,
    pub(crate) corridors: Vec<Unit>,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) housekeepers: Vec<Housekeeper>,
    pub(crate) manager_phone: String,
}

impl Site {
    pub(crate) fn draw(options: &Options, rng: &mut Rng) -> Self {
        let property_id = options.property_id.clone();
        let apartments: Vec<Unit> = (0..options.units).map(|n| apartment(&property_id, n)).collect();
        let floors = options.units.div_ceil(UNITS_PER_FLOOR);
        let corridors = (0..floors).map(|n| corridor(&property_id, n)).collect();
        let tenants = (0..options.units).flat_map(|unit| tenants_of(options, unit, rng)).collect();
        let housekeepers =
            (0..4 * options.units.div_ceil(UNITS_PER_TEAM)).map(|n| housekeeper(&property_id, n)).collect();
        Self { apartments, corridors, tenants, housekeepers, manager_phone: "+8613800009001".to_owned(), property_id }
    }

    /// Who rents the apartment on the local date of `at`; nobody between two tenancies.
    pub(crate) fn tenant_on(&self, unit: usize, at: DateTime<Utc>) -> Option<usize> {
        let day = calendar::date(at);
        let lives = |t: &Tenant| t.unit == unit && t.from <= day && t.to.is_none_or(|to| day <= to);
        self.tenants.iter().position(lives)
    }

    pub(crate) fn changes_tenants(&self, unit: usize) -> bool {
        self.tenants.iter().filter(|t| t.unit == unit).count() > 1
    }
}

fn apartment(property: &str, n: usize) -> Unit {
    let (floor, place) = (n / UNITS_PER_FLOOR + 1, n % UNITS_PER_FLOOR + 1);
    let name = format!("{floor:02}{place:02}");
    Unit { id: format!("{property}-{name}"), name, floor, stack: format!("S{place}") }
}

fn corridor(property: &str, n: usize) -> Unit {
    let floor = n + 1;
    Unit { id: format!("{property}-corridor-{floor}"), name: format!("Corridor {floor}"), floor, stack: String::new() }
}

fn housekeeper(property: &str, n: usize) -> Housekeeper {
    let name = ["陈师傅", "Sam Porter", "林管家", "Ada Night"][n % 4];
    let locale = if n.is_multiple_of(2) { Locale::Chinese } else { Locale::English };
    let skills = [
        "repair;plumbing;lock",
        "repair;plumbing;lock;cleaning",
        "repair;plumbing;lock;safety",
        "repair;plumbing;lock",
    ][n % 4];
    let phone = format!("+8613800008{n:03}");
    Housekeeper { id: format!("{property}-hk{n}"), name: name.to_owned(), phone, locale, skills, night: n % 4 >= 2 }
}

fn tenants_of(options: &Options, unit: usize, rng: &mut Rng) -> Vec<Tenant> {
    let today = calendar::date(options.start);
    let mut first = tenant(options, unit, 0, rng);
    first.from = today - Days::new(200 + rng.below(400) as u64);
    if !(options.moves && unit % 8 == 5) {
        return vec![first];
    }
    let leaves = today + Days::new(10 + rng.below(8) as u64);
    first.to = Some(leaves);
    let mut second = tenant(options, unit, 1, rng);
    second.from = leaves + Days::new(4);
    vec![first, second]
}

fn tenant(options: &Options, unit: usize, turn: usize, rng: &mut Rng) -> Tenant {
    let (surname, given) = (rng.pick(&SURNAMES), rng.pick(&GIVEN));
    let locale = if rng.chance(0.6) { Locale::Chinese } else { Locale::English };
    let number = unit * 2 + turn;
    let (name, phone) = match locale {
        Locale::Chinese => (format!("{}{}", surname.0, given.0), format!("+861381{number:07}")),
        Locale::English => (format!("{} {}", given.1, surname.1), format!("+1415555{number:04}")),
    };
    let id = format!("{}-t{unit:03}{}", options.property_id, ["a", "b"][turn]);
    Tenant { id, unit, name, phone, locale, from: NaiveDate::MIN, to: None, habit: habit(rng.unit()) }
}

fn habit(share: f64) -> Habit {
    match share {
        s if s < 0.55 => Habit::InTime,
        s if s < 0.75 => Habit::Late,
        s if s < 0.90 => Habit::Never,
        _ => Habit::Unasked,
    }
}
