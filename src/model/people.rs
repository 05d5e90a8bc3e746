//! Places and people: property → unit → tenancy, and the housekeepers who serve them.

use std::fmt;

use chrono::{NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

use super::{E164, HousekeeperId, PropertyId, TenantId, UnitId};

/// A language that people are written to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Locale {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[default]
    #[serde(rename = "en")]
    En,
}

impl Locale {
    /// The BCP 47 tag.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// Reads the BCP 47 tag of a supported language.
    pub fn parse(tag: &str) -> Option<Self> {
        [Self::ZhCn, Self::En].into_iter().find(|l| l.as_str() == tag)
    }
}

/// A building or complex with one hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its id.
    pub id: PropertyId,
    /// The region it belongs to.
    pub region: String,
    /// What people call it.
    pub name: String,
    /// Its time zone: quiet hours, shifts and dates are local to it.
    pub timezone: chrono_tz::Tz,
    /// Language of its manager.
    pub locale: Locale,
    /// Who is told when nobody else acts.
    pub manager_phone: E164,
}

/// One apartment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// Where it is.
    pub property_id: PropertyId,
    /// What people call it, e.g. "12B".
    pub name: String,
    /// Floor number; absent when the registry does not say.
    pub floor: Option<i32>,
    /// The riser: units of one stack stand above each other.
    pub stack: Option<String>,
}

/// What a text is for; people agree to each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Danger to home or person.
    Safety,
    /// Routine reminders.
    Reminder,
    /// Rewards.
    Reward,
    /// Surveys.
    Survey,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Safety, Self::Reminder, Self::Reward, Self::Survey];

    /// The word of the registry.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Reminder => "reminder",
            Self::Reward => "reward",
            Self::Survey => "survey",
        }
    }

    /// Reads the word of the registry.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == word)
    }
}

/// What a tenant has agreed to be written about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Danger to home or person.
    pub safety: bool,
    /// Routine reminders.
    pub reminder: bool,
    /// Rewards.
    pub reward: bool,
    /// Surveys.
    pub survey: bool,
}

impl Consent {
    /// All purposes, as a lease grants them.
    pub const ALL: Self = Self { safety: true, reminder: true, reward: true, survey: true };

    /// Whether texts for a purpose are agreed to.
    pub fn allows(self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Safety => self.safety,
            Purpose::Reminder => self.reminder,
            Purpose::Reward => self.reward,
            Purpose::Survey => self.survey,
        }
    }

    /// Reads `safety;reminder;reward;survey`; empty means all by lease. The error is the unknown word.
    pub fn parse(list: &str) -> Result<Self, String> {
        if list.trim().is_empty() {
            return Ok(Self::ALL);
        }
        let mut consent = Self { safety: false, reminder: false, reward: false, survey: false };
        for word in list.split(';').map(str::trim).filter(|w| !w.is_empty()) {
            match word {
                "safety" => consent.safety = true,
                "reminder" => consent.reminder = true,
                "reward" => consent.reward = true,
                "survey" => consent.survey = true,
                other => return Err(other.to_owned()),
            }
        }
        Ok(consent)
    }

    /// The list that `parse` reads.
    pub fn to_list(self) -> String {
        let all =
            [("safety", self.safety), ("reminder", self.reminder), ("reward", self.reward), ("survey", self.survey)];
        all.iter().filter(|(_, given)| *given).map(|(word, _)| *word).collect::<Vec<_>>().join(";")
    }
}

/// A person and the period in which they rent a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Their id.
    pub id: TenantId,
    /// What they rent.
    pub unit_id: UnitId,
    /// How they are addressed.
    pub name: String,
    /// Where texts go.
    pub phone: E164,
    /// Their language.
    pub locale: Locale,
    /// First day of the tenancy, local to the property.
    pub from: NaiveDate,
    /// Last day, if it has an end.
    pub to: Option<NaiveDate>,
    /// What they may be written about.
    pub consent: Consent,
}

impl Tenant {
    /// Whether the tenancy covers a local date.
    pub fn rents_on(&self, date: NaiveDate) -> bool {
        self.from <= date && self.to.is_none_or(|to| date <= to)
    }
}

/// The skills a job may ask for.
pub const SKILLS: [&str; 9] =
    ["repair", "plumbing", "lock", "cleaning", "moving", "safety", "credit", "marketing", "other"];

/// Field staff (管家).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Housekeeper {
    /// Their id.
    pub id: HousekeeperId,
    /// How they sign.
    pub name: String,
    /// Where texts go.
    pub phone: E164,
    /// Their language.
    pub locale: Locale,
    /// Which properties they serve.
    pub properties: Vec<PropertyId>,
    /// What they can do: words of [`SKILLS`].
    pub skills: Vec<String>,
    /// When they work.
    pub shift: Shift,
}

/// Working hours, local to the property: `Mon-Fri 08:00-20:00;Sat 10:00-14:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    spans: Vec<ShiftSpan>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ShiftSpan {
    first_day: Weekday,
    last_day: Weekday,
    /// Minutes of the local day, `from` inclusive, `to` exclusive; `to <= from` runs past midnight.
    from: u32,
    to: u32,
}

impl Shift {
    /// Parses the registry's form. The error says what is wrong and what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let spans = text.split(';').map(str::trim).filter(|s| !s.is_empty()).map(ShiftSpan::parse);
        let spans = spans.collect::<Result<Vec<_>, _>>()?;
        if spans.is_empty() {
            return Err("empty; expected e.g. \"08:00-20:00\" or \"Mon-Fri 08:00-20:00\"".to_owned());
        }
        Ok(Self { spans })
    }

    /// Whether a local weekday and time fall into working hours.
    pub fn covers(&self, day: Weekday, time: NaiveTime) -> bool {
        use chrono::Timelike;
        let minute = time.hour() * 60 + time.minute();
        self.spans.iter().any(|s| s.covers(day, minute))
    }

    /// Minutes of the local day at which it may begin or end; 1,440 is the end of the day.
    pub fn edges(&self) -> impl Iterator<Item = u32> + '_ {
        self.spans.iter().flat_map(|s| [s.from, s.to])
    }
}

/// The registry's form, tidied.
impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spans: Vec<String> = self.spans.iter().map(|span| span.to_text()).collect();
        f.write_str(&spans.join(";"))
    }
}

impl ShiftSpan {
    fn to_text(self) -> String {
        let hour = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let hours = format!("{}-{}", hour(self.from), hour(self.to));
        match (self.first_day, self.last_day) {
            (Weekday::Mon, Weekday::Sun) => hours,
            (first, last) if first == last => format!("{first} {hours}"),
            (first, last) => format!("{first}-{last} {hours}"),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("\"{text}\" is no shift; expected e.g. \"08:00-20:00\" or \"Mon-Fri 08:00-20:00\"");
        let (days, hours) = text.rsplit_once(' ').unwrap_or(("Mon-Sun", text));
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (from, to) = hours.split_once('-').ok_or_else(bad)?;
        Ok(Self {
            first_day: first.trim().parse().map_err(|_| bad())?,
            last_day: last.trim().parse().map_err(|_| bad())?,
            from: minute_of_day(from).ok_or_else(bad)?,
            to: minute_of_day(to).ok_or_else(bad)?,
        })
    }

    fn covers(&self, day: Weekday, minute: u32) -> bool {
        if self.from < self.to {
            return self.on(day) && (self.from..self.to).contains(&minute);
        }
        (self.on(day) && minute >= self.from) || (self.on(day.pred()) && minute < self.to)
    }

    fn on(&self, day: Weekday) -> bool {
        let (first, last) = (self.first_day.num_days_from_monday(), self.last_day.num_days_from_monday());
        let day = day.num_days_from_monday();
        if first <= last { (first..=last).contains(&day) } else { day >= first || day <= last }
    }
}

/// `HH:MM` as minutes of the day; 24:00 is the end of it.
fn minute_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let sound = minutes < 60 && hours * 60 + minutes <= 24 * 60;
    sound.then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(shift: &str, day: Weekday, time: &str) -> bool {
        let time = NaiveTime::parse_from_str(time, "%H:%M").expect("time");
        Shift::parse(shift).expect("shift").covers(day, time)
    }

    #[test]
    fn shifts_cover_days_nights_and_weekends() {
        use Weekday::{Fri, Mon, Sat, Sun, Tue};
        let cases = [
            ("08:00-20:00", Mon, "08:00", true),
            ("08:00-20:00", Mon, "20:00", false),
            ("00:00-24:00", Sun, "23:59", true),
            ("20:00-08:00", Tue, "02:30", true),
            ("20:00-08:00", Tue, "12:00", false),
            ("Mon-Fri 08:00-20:00;Sat 10:00-14:00", Sat, "11:00", true),
            ("Mon-Fri 08:00-20:00;Sat 10:00-14:00", Sun, "11:00", false),
            ("Fri 20:00-08:00", Sat, "07:00", true),
            ("Fri 20:00-08:00", Fri, "07:00", false),
            ("Sat-Mon 08:00-20:00", Sun, "09:00", true),
        ];
        for (shift, day, time, expected) in cases {
            assert_eq!(covers(shift, day, time), expected, "{shift} on {day} at {time}");
        }
    }

    #[test]
    fn shifts_are_written_as_they_are_read() {
        for text in ["08:00-20:00", "00:00-24:00", "Mon-Fri 08:00-20:00;Sat 10:00-14:00", "Fri 20:00-08:00"] {
            assert_eq!(Shift::parse(text).expect("shift").to_string(), text);
        }
    }

    #[test]
    fn bad_shifts_say_what_is_expected() {
        for bad in ["", "8-20", "25:00-26:00", "Noday 08:00-20:00", "08:61-09:00"] {
            assert!(Shift::parse(bad).is_err(), "{bad}");
        }
    }
}
