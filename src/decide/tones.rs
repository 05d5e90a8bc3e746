//! In which tone routine words are said, and which tone has lost. Pure.
//!
//! A property that chose several tones tries them: each tenant hears one of them for good, as if by lot. A tone is dropped
//! in a language when fewer do what its texts ask, or fewer are satisfied, than with another one, and that is certain.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::Desk;
use super::people::Person;
use super::policy::Policy;
use super::stats::Share;
use super::trial::{CERTAIN_Z, difference};
use crate::model::*;

/// What came of the matters in which one tone was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heeded {
    /// Of those told: who replied, or put in the battery without a visit.
    pub heeded: Share,
    /// Of those who gave a mark: who gave 7 or more.
    pub satisfied: Share,
}

/// Every tone of a language at one property.
pub type Trials = BTreeMap<(Locale, PropertyId), BTreeMap<Tone, Heeded>>;

/// Why a tone is dropped in a language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// Which tone did better.
    pub to: Tone,
    /// In what: `heeded` or `satisfied`.
    pub measure: &'static str,
    /// By which share of the tenants, 0 to 1; property by property.
    pub difference: f64,
    /// The same in standard errors.
    pub z: f64,
}

/// Tones that have lost, by language.
pub type Lost = BTreeMap<(Locale, Tone), Loss>;

/// The tones that certainly did worse than another and in nothing certainly better than it.
pub fn lost(trials: &Trials) -> Lost {
    let mut lost = Lost::new();
    let heard: BTreeSet<(Locale, Tone)> =
        trials.iter().flat_map(|((locale, _), tones)| tones.keys().map(|tone| (*locale, *tone))).collect();
    for (locale, tone) in &heard {
        let others = heard.iter().filter(|(l, other)| l == locale && other != tone).map(|(_, other)| *other);
        let losses = others.filter_map(|to| {
            let pairs = || {
                let here = trials.iter().filter(|((l, _), _)| l == locale);
                here.filter_map(|(_, tones)| Some((tones.get(tone)?, tones.get(&to)?)))
            };
            let heeded = difference(pairs().map(|(a, b)| (a.heeded, b.heeded)));
            let satisfied = difference(pairs().map(|(a, b)| (a.satisfied, b.satisfied)));
            let all = [("heeded", heeded), ("satisfied", satisfied)];
            let certain = all.into_iter().filter_map(|(measure, d)| d.map(|(difference, z)| (measure, difference, z)));
            let certain: Vec<_> = certain.filter(|(_, _, z)| z.abs() >= CERTAIN_Z).collect();
            let worst = certain.iter().min_by(|a, b| a.2.total_cmp(&b.2))?;
            let loss = Loss { to, measure: worst.0, difference: -worst.1, z: -worst.2 };
            certain.iter().all(|(_, _, z)| *z < 0.0).then_some(loss)
        });
        if let Some(loss) = losses.max_by(|a, b| a.z.total_cmp(&b.z)) {
            lost.insert((*locale, *tone), loss);
        }
    }
    lost
}

/// The tone that a tenant hears: the same for good, as long as it is one of those that are tried.
fn pick(tones: &[Tone], lost: &Lost, locale: Locale, tenant: &str) -> Tone {
    let left: Vec<Tone> = tones.iter().copied().filter(|tone| !lost.contains_key(&(locale, *tone))).collect();
    let left = if left.is_empty() { tones } else { &left };
    left.iter().copied().max_by_key(|tone| digest(format!("{tenant}/{}", tone.as_str()))).unwrap_or_default()
}

impl Policy {
    /// The tones of a property: its own, else the operator's.
    pub fn tones(&self, property: &PropertyId) -> &[Tone] {
        self.property_tones.get(property).unwrap_or(&self.contact.tones)
    }

    /// Whether any property tries several tones.
    pub fn tries_tones(&self) -> bool {
        self.property_tones.values().chain([&self.contact.tones]).any(|tones| tones.len() > 1)
    }
}

impl Desk<'_> {
    /// The template of a step to a person, in their language and, where it is routine, in the tone of the matter.
    pub(super) fn worded(
        &mut self,
        id: &TicketId,
        n: usize,
        severity: Severity,
        to: &Person,
        template: &'static str,
    ) -> String {
        let tone = self.tone(id, severity, to, template);
        self.words.say_in(to.locale, template, tone, &self.details_of_step(id, n, to.locale))
    }

    /// One tone for the whole matter. Carriers that want templates approved know the plain ones.
    fn tone(&mut self, id: &TicketId, severity: Severity, to: &Person, template: &'static str) -> Tone {
        let Recipient::Tenant(tenant) = &to.recipient else { return Tone::Plain };
        let plain = severity != Severity::Routine || self.policy.routes.wants_templates(&to.phone);
        if plain || !self.words.has_tones(template) {
            return Tone::Plain;
        }
        let ticket = self.ticket(id);
        if let Some((locale, tone)) = ticket.tone
            && locale == to.locale
        {
            return tone;
        }
        let tones = self.policy.tones(&ticket.property_id);
        let tone = pick(tones, &self.facts.lost_tones, to.locale, tenant);
        if tones.len() > 1 {
            self.change(id).tone = Some((to.locale, tone));
        }
        tone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heeded(met: u32, of: u32, satisfied: u32) -> Heeded {
        Heeded { heeded: Share { met, of }, satisfied: Share { met: satisfied, of } }
    }

    fn trial(property: &str, plain: Heeded, warm: Heeded) -> ((Locale, PropertyId), BTreeMap<Tone, Heeded>) {
        ((Locale::En, property.into()), [(Tone::Plain, plain), (Tone::Warm, warm)].into())
    }

    #[test]
    fn what_is_certainly_worse_is_dropped_and_says_by_how_much() {
        let trials = [
            trial("oak", heeded(80, 100, 70), heeded(60, 100, 70)),
            trial("elm", heeded(40, 100, 50), heeded(20, 100, 50)),
        ];
        let lost = lost(&trials.into());
        let loss = lost[&(Locale::En, Tone::Warm)];
        assert_eq!((lost.len(), loss.to, loss.measure), (1, Tone::Plain, "heeded"));
        assert!((loss.difference - 0.2).abs() < 1e-9 && loss.z > 4.0, "{loss:?}");
    }

    #[test]
    fn a_property_where_all_goes_better_proves_nothing() {
        // Warm is heard where people answer anyway, plain where they do not; within each property both do equally well.
        let trials = [
            trial("oak", heeded(18, 20, 15), heeded(360, 400, 300)),
            trial("elm", heeded(40, 400, 300), heeded(2, 20, 15)),
        ];
        assert!(lost(&trials.into()).is_empty());
    }

    #[test]
    fn few_answers_and_gains_elsewhere_drop_nothing() {
        let few = [trial("oak", heeded(60, 60, 60), heeded(0, 60, 0))];
        assert!(lost(&few.into()).is_empty(), "sixty of each prove nothing yet");
        let torn = [trial("oak", heeded(300, 400, 100), heeded(200, 400, 200))];
        assert!(lost(&torn.into()).is_empty(), "plain is heeded more, warm is liked more");
    }

    #[test]
    fn a_tenant_keeps_a_tone_and_every_tone_is_heard() {
        let none = Lost::new();
        let by_lot =
            |lost: &Lost| (0..400).map(|n| pick(&Tone::ALL, lost, Locale::En, &format!("t{n}"))).collect::<Vec<_>>();
        let before = by_lot(&none);
        for tone in Tone::ALL {
            let heard = before.iter().filter(|t| **t == tone).count();
            assert!((70..130).contains(&heard), "{tone:?}: {heard} of 400");
        }
        let loss = Loss { to: Tone::Plain, measure: "heeded", difference: 0.2, z: 5.0 };
        let after = by_lot(&[((Locale::En, Tone::Warm), loss)].into());
        let moved = before.iter().zip(&after).filter(|(b, a)| b != a);
        assert!(
            moved.clone().all(|(b, _)| *b == Tone::Warm) && !after.contains(&Tone::Warm),
            "only who heard it changes"
        );
        let all = Tone::ALL.map(|tone| ((Locale::En, tone), loss)).into();
        assert_eq!(by_lot(&all), before, "a property that has nothing else goes on as before");
    }
}
