//! Automation against people: what looked after a tenant's text, how quickly, and how content the tenant was. Pure.
//!
//! In a share of the matters, drawn as if by lot, the calm texts that are understood with certainty go to a human all the
//! same, so that like is compared with like. What a text asks for is done either way; who answers is what is tried. Nobody
//! is quicker than automation, so satisfaction alone decides.

use std::collections::BTreeMap;

use super::desk::Desk;
use super::intent::{Intent, Understood};
use super::stats::Share;
use super::trial::{CERTAIN_Z, difference};
use crate::model::time::MINUTE;
use crate::model::*;

/// A text that is answered within this was answered quickly.
pub const QUICK_MS: Millis = 10 * MINUTE;

/// What came of the texts that one side looked after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handled {
    /// Of all texts: those answered within ten minutes. Automation answers at once.
    pub quick: Share,
    /// Of the matters whose tenant gave a mark afterwards: 7 or more.
    pub satisfied: Share,
}

/// Texts that automation could have looked after, by meaning and property: those it did, and those that a human did.
pub type Trials = BTreeMap<(Intent, PropertyId), [Handled; 2]>;

/// How far automation is behind people in satisfaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Behind {
    /// By which share, 0 to 1; property by property.
    pub difference: f64,
    /// The same in standard errors.
    pub z: f64,
}

/// Meanings after which tenants are certainly less satisfied with automation than with people.
pub type Off = BTreeMap<Intent, Behind>;

/// See [`Off`].
pub fn off(trials: &Trials) -> Off {
    let behind = |intent: &Intent| {
        let here = trials.iter().filter(|((of, _), _)| of == intent);
        let (difference, z) = difference(here.map(|(_, [machine, people])| (people.satisfied, machine.satisfied)))?;
        (z >= CERTAIN_Z).then_some(Behind { difference, z })
    };
    Intent::ALL.iter().filter_map(|intent| Some((*intent, behind(intent)?))).collect()
}

/// Meanings that can wait for a human. A locked door, a bed for the night, a wrong number and water never do, and who calls
/// for help is told at once that it comes.
pub(super) fn is_calm(intent: Intent) -> bool {
    use Intent::{Done, Later, No, Score, Thanks, Yes};
    matches!(intent, Later | Done | Score | No | Yes | Thanks)
}

/// Whether the lot falls on a matter: the same for good.
fn is_drawn(matter: &str, share: f64) -> bool {
    let lot = u32::from_str_radix(&digest(matter)[..8], 16).expect("a digest is hexadecimal");
    f64::from(lot) / 2_f64.powi(32) < share
}

impl Desk<'_> {
    /// Whether a human answers a calm text that automation could: it is worse at this, or the lot fell on the matter.
    pub(super) fn is_for_people(&self, understood: &Understood, matter: &str) -> bool {
        let off = self.facts.automation_off.contains_key(&understood.intent);
        off || is_drawn(matter, self.policy.contact.people_share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(machine: (u32, u32), people: (u32, u32), quick: u32) -> [Handled; 2] {
        let handled = |(met, of), quick| Handled { quick: Share { met: quick, of: 200 }, satisfied: Share { met, of } };
        [handled(machine, 200), handled(people, quick)]
    }

    #[test]
    fn what_people_are_certainly_better_at_is_taken_from_automation() {
        let of = |intent, property: &str, sides| ((intent, PropertyId::from(property)), sides);
        let trials = Trials::from([
            of(Intent::Later, "oak", sides((60, 100), (90, 100), 100)),
            of(Intent::Later, "elm", sides((50, 100), (80, 100), 100)),
            of(Intent::Done, "oak", sides((80, 100), (88, 100), 100)),
            of(Intent::Thanks, "oak", sides((10, 50), (50, 50), 100)),
        ]);
        let off = off(&trials);
        assert_eq!(off.keys().collect::<Vec<_>>(), [&Intent::Later], "Done may be chance, Thanks has too few");
        let behind = off[&Intent::Later];
        assert!((behind.difference - 0.3).abs() < 1e-9, "{behind:?}");
    }

    #[test]
    fn the_lot_is_fair_and_stays() {
        let drawn = |share| (0..10_000).filter(|n| is_drawn(&format!("t_{n}"), share)).count();
        assert_eq!((drawn(0.0), drawn(1.0)), (0, 10_000));
        assert!((900..1_100).contains(&drawn(0.1)), "{}", drawn(0.1));
    }
}
