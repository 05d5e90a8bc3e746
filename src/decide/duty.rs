//! The rota as turns: who is on duty from when until when, swaps included. Pure.

use std::collections::BTreeSet;

use chrono::{Days, Duration, TimeZone};

use super::desk::Place;
use super::dispatch::is_on_duty;
use super::people::local;
use crate::model::time::HOUR;
use crate::model::*;

/// Clocks are changed at whole half hours.
const GRID_MS: Millis = HOUR / 2;

/// One housekeeper is on duty at a property without a break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Where.
    pub property_id: PropertyId,
    /// Who.
    pub housekeeper_id: HousekeeperId,
    /// Since when; nothing where it began before the time that was looked at.
    pub from: Option<Timestamp>,
    /// Until when; nothing where it ends after it.
    pub until: Option<Timestamp>,
}

/// The turns at one property between two instants, by their beginning, then by housekeeper.
pub fn turns(place: &Place, swaps: &[ShiftSwap], from: Timestamp, until: Timestamp) -> Vec<Turn> {
    let edges = edges(place, swaps, from, until);
    let mut turns = Vec::new();
    for h in &place.housekeepers {
        let mut begun = None;
        for at in &edges {
            let on = is_on_duty(place, h, swaps, *at);
            match begun {
                None if on => begun = Some(Some(*at).filter(|at| *at > from)),
                Some(since) if !on => {
                    turns.push(turn(place, h, since, Some(*at)));
                    begun = None;
                }
                _ => {}
            }
        }
        turns.extend(begun.map(|since| turn(place, h, since, None)));
    }
    turns.sort_by(|a, b| (a.from, &a.housekeeper_id).cmp(&(b.from, &b.housekeeper_id)));
    turns
}

fn turn(place: &Place, h: &Housekeeper, from: Option<Timestamp>, until: Option<Timestamp>) -> Turn {
    Turn { property_id: place.property.id.clone(), housekeeper_id: h.id.clone(), from, until }
}

/// Every instant at which somebody's duty may change.
fn edges(place: &Place, swaps: &[ShiftSwap], from: Timestamp, until: Timestamp) -> BTreeSet<Timestamp> {
    let minutes: BTreeSet<u32> = place.housekeepers.iter().flat_map(|h| h.shift.edges()).collect();
    let mut edges: BTreeSet<Timestamp> = swaps.iter().flat_map(|s| [s.starts_at, s.ends_at]).collect();
    let first = Timestamp(from.0 - from.0.rem_euclid(GRID_MS));
    edges.extend((0..).map(|n| first + n * GRID_MS).take_while(|at| *at < until));
    let last = local(&place.property, until).date_naive();
    let mut day = local(&place.property, from).date_naive();
    while day <= last {
        for minute in &minutes {
            let time = day.and_time(chrono::NaiveTime::MIN) + Duration::minutes(i64::from(*minute));
            let at = place.property.timezone.from_local_datetime(&time);
            edges.extend([at.earliest(), at.latest()].into_iter().flatten().map(|at| Timestamp(at.timestamp_millis())));
        }
        day = day + Days::new(1);
    }
    edges.insert(from);
    edges.retain(|at| (from..until).contains(at));
    edges
}
