//! What a story is given: the house as it stands before the first line.

use chrono::NaiveDate;
use nightporter::decide::policy::{DispatchPolicy, RegionHead, SlaPolicy};
use nightporter::model::*;

use super::stage::Stage;

impl Stage {
    /// The house as given: `t1 leaves 10`, `t1 follows 11` (a new tenant `t9`), `h2 off`, `no consent reward`, `gateway none`,
    /// `budget 2`, `alone` (nobody on duty ever), `floors 4` (sensors above each other), `sensor sink2 oak-2`,
    /// `fleet lock1` (it came with many others, and was then as it is found now).
    pub fn change(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["t1", "leaves", day] => self.tenant(0, |t| t.to = date(day)),
            ["t9", "follows", day] => {
                let mut new = self.facts.tenants["oak-1"][1].clone();
                new.to = None;
                (new.id, new.from, new.phone) =
                    ("t9".into(), date(day).expect("a day"), E164::parse("+14155550109").expect("a number"));
                self.facts.tenants.get_mut("oak-1").expect("given").push(new);
            }
            ["consent", list] => self.tenant(0, |t| t.consent = Consent::parse(list).expect("purposes")),
            ["budget", n] => self.policy.contact.daily_messages_max = n.parse().expect("a number"),
            ["cap", n] => self.policy.rewards.monthly_cap_minor = n.parse().expect("a number"),
            ["refuses", phone] => self.refuses = E164::parse(phone),
            [who, "works", "day", skill] => self.hire(who, "h1", skill),
            [who, "works", "night", skill] => self.hire(who, "h2", skill),
            [who, "off"] => {
                let place = self.facts.places.get_mut("oak").expect("given");
                place.housekeepers.retain(|h| h.id.as_str() != who);
            }
            [who, "load", n] => self.standing(who).load = n.parse().expect("a number"),
            [who, "at", lat, lon] => {
                let degrees = |text: &str| text.parse().expect("degrees");
                self.standing(who).location = Some(Location { lat: degrees(lat), lon: degrees(lon) });
            }
            [who, "called", day, hour] => {
                let at = self.time(day, hour);
                self.standing(who).night_call_at = Some(at);
            }
            [who, "for", whom, day, hour, until_day, until_hour] => {
                let (starts_at, ends_at) = (self.time(day, hour), self.time(until_day, until_hour));
                let swap = ShiftSwap { id: "s1".into(), from: whom.into(), to: who.into(), starts_at, ends_at };
                self.facts.swaps.push(swap);
            }
            ["region", name] => {
                let phone = E164::parse("+8613900000009").expect("a number");
                self.policy.regions.insert(name.into(), RegionHead { phone, locale: Locale::ZhCn });
            }
            ["visits", "watched"] => self.policy.dispatch = DispatchPolicy::default(),
            ["valve", "for", of] => {
                let device = self.facts.devices["leak1"].clone();
                let key = "valve1".into();
                let valve = Device { key, kind: DeviceKind::Valve, valve_for: Some(of.into()), ..device };
                self.facts.valves.push(valve);
            }
            ["cellar", phone] => {
                let unit = Unit {
                    id: "oak-0".into(),
                    name: "0001".into(),
                    floor: Some(0),
                    ..self.facts.units["oak-1"].clone()
                };
                let tenant = Tenant {
                    id: "t0".into(),
                    unit_id: unit.id.clone(),
                    phone: E164::parse(phone).expect("a number"),
                    ..self.facts.tenants["oak-1"][1].clone()
                };
                self.facts.tenants.insert(unit.id.clone(), vec![tenant]);
                self.facts.units.insert(unit.id.clone(), unit);
            }
            ["floors", n] => {
                for floor in 3..=n.parse().expect("a number") {
                    let (id, name) = (UnitId(format!("oak-{floor}")), format!("0{floor}01"));
                    let unit = Unit { id: id.clone(), name, floor: Some(floor), ..self.facts.units["oak-1"].clone() };
                    self.sensor(&format!("leak{floor}"), id.clone());
                    self.facts.units.insert(id, unit);
                }
            }
            ["sensor", key, unit] => self.sensor(key, UnitId(unit.trim_start_matches('-').to_owned())),
            ["fleet", key] => _ = self.facts.newcomers.insert(key.into()),
            ["clocks", "run"] => self.policy.sla = SlaPolicy::default(),
            ["templates", "only"] => self.policy.routes.provider = CarrierName::Aliyun,
            ["calls"] => self.shows_calls = true,
            ["alone"] => self.facts.places.values_mut().for_each(|p| p.housekeepers.clear()),
            _ => panic!("given what? {line}"),
        }
    }

    fn sensor(&mut self, key: &str, unit_id: UnitId) {
        let sensor = Device { key: key.into(), unit_id, ..self.facts.devices["leak1"].clone() };
        self.facts.devices.insert(key.into(), sensor);
    }

    /// Somebody more at oak, with the shift of another one.
    fn hire(&mut self, who: &str, shift_of: &str, skill: &str) {
        let place = self.facts.places.get_mut("oak").expect("given");
        let like = place.housekeepers.iter().find(|h| h.id.as_str() == shift_of).expect("given").clone();
        let phone = E164::parse(&format!("+861380000800{}", who.trim_start_matches('h'))).expect("a number");
        let skills = vec![skill.into()];
        place.housekeepers.push(Housekeeper { id: who.into(), name: who.into(), phone, skills, ..like });
    }

    fn standing(&mut self, who: &str) -> &mut Standing {
        self.facts.standings.entry(who.into()).or_default()
    }

    fn tenant(&mut self, _: usize, change: impl Fn(&mut Tenant)) {
        let all = self.facts.tenants.get_mut("oak-1").expect("given");
        change(all.iter_mut().find(|t| t.id.as_str() == "t1").expect("given"));
    }
}

fn date(day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2026, 1, day.parse().expect("a day"))
}
