//! What a text says of a device's battery: which cells, what to do, how to get in when it is dead. Pure.

use super::words::Words;
use crate::catalogue::{self, Chemistry, Shape, Way};
use crate::model::{Device, DeviceKind, Locale};

/// Ways into a dead lock that one text names.
const WAYS_MAX: usize = 2;

/// The words about a battery, in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatteryWords {
    /// "4 AA alkaline batteries".
    pub cells: String,
    /// "put in 4 AA alkaline batteries", or "charge its battery pack".
    pub todo: String,
    /// A sentence; empty when no door depends on the device.
    pub way_in: String,
}

/// The words for a device; general ones where its battery is not known.
pub fn battery_words(words: &Words, locale: Locale, device: Option<&Device>) -> BatteryWords {
    let cells = cells(words, locale, device);
    let is_pack = device.and_then(catalogue::cells_of).is_some_and(|c| c.is_pack());
    let todo = if is_pack { "todo-charge" } else { "todo-replace" };
    let todo = words.phrase(locale, todo, &[("cells", (&*cells).into())]);
    let is_lock = device.is_some_and(|d| d.kind == DeviceKind::Lock);
    let way_in = if is_lock { way_in(words, locale, device) } else { String::new() };
    BatteryWords { cells, todo, way_in }
}

fn cells(words: &Words, locale: Locale, device: Option<&Device>) -> String {
    let general = || words.phrase(locale, "cells-default", &[]);
    let Some(device) = device else { return general() };
    let Some(cells) = catalogue::cells_of(device) else {
        // Words of the operator's own are better than ours.
        return device.cells.clone().unwrap_or_else(general);
    };
    let shape = match cells.size.shape() {
        Shape::Round => "round",
        Shape::Coin => "coin",
        Shape::Block => "block",
        Shape::Thionyl => "thionyl",
        Shape::Pack => "pack",
    };
    let chemistry = chemistry(words, locale, catalogue::chemistry_of(device));
    let args = [
        ("shape", shape.into()),
        ("size", cells.size.as_str().into()),
        ("count", cells.count.into()),
        ("chemistry", (&*chemistry).into()),
    ];
    words.phrase(locale, "cells", &args)
}

/// A word before "battery"; packs and 3.6 V cells speak for themselves.
fn chemistry(words: &Words, locale: Locale, chemistry: Option<Chemistry>) -> String {
    let spoken = chemistry.filter(|c| !matches!(c, Chemistry::LithiumIon | Chemistry::LithiumThionyl));
    spoken.map(|c| words.phrase(locale, &format!("chemistry-{}", c.as_str()), &[])).unwrap_or_default()
}

fn way_in(words: &Words, locale: Locale, device: Option<&Device>) -> String {
    let known = device.and_then(catalogue::of).and_then(|m| m.emergency.as_ref());
    let names: Vec<&str> = known.map_or(vec!["way-unknown"], |e| e.ways.iter().map(|w| name(*w)).collect());
    let ways: Vec<String> = names.iter().take(WAYS_MAX).map(|way| words.phrase(locale, way, &[])).collect();
    let ways = ways.join(&words.phrase(locale, "way-or", &[]));
    words.phrase(locale, "way-in", &[("ways", (&*ways).into())])
}

fn name(way: Way) -> &'static str {
    match way {
        Way::NineVolt => "way-nine_volt",
        Way::UsbC => "way-usb_c",
        Way::MicroUsb => "way-micro_usb",
        Way::Key => "way-key",
    }
}
