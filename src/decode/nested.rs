//! Base topics that have levels before them: `home/ring/…`, `oak/rtl_433/…`, `iot/homie/…`. Asked only about a topic
//! that no format knows by its name, and only for levels that are a project's own name; whatever has lost its project's name
//! (`garden/leak-1/$state`) needs a pin (docs/FORMATS.md). Never claims what the project could not have written.

use super::{FORMATS, Format, homie, message::strip_level, nuki, rtl_433};

/// A project's own name as a level.
struct Base {
    level: &'static str,
    /// The format that it names.
    format: &'static str,
    /// Whether this can stand below it.
    fits: fn(&str) -> bool,
}

static BASES: &[Base] = &[
    Base { level: "shellies", format: "shelly_gen1", fits: has_levels },
    Base { level: "homie", format: "homie", fits: homie::fits },
    Base { level: "ring", format: "ring_mqtt", fits: is_ring },
    Base { level: "nuki", format: "nuki", fits: nuki::fits },
    Base { level: "rtl_433", format: "rtl_433", fits: rtl_433::fits },
    Base { level: "wyzesense2mqtt", format: "wyzesense", fits: |below| !below.is_empty() },
    Base { level: "drop_connect", format: "drop", fits: has_levels },
    Base { level: "smartthings", format: "smartthings", fits: has_levels },
    Base { level: "tuya", format: "tuya", fits: |below| below.to_ascii_lowercase().contains("/dps") },
];

/// The format of a nested base topic, and the base: as if it were pinned there.
pub(super) fn find(topic: &str) -> Option<(&'static Format, Option<&str>)> {
    let levels = topic.match_indices('/').map(|(at, _)| at + 1);
    levels.filter(|_| !topic.starts_with('$')).find_map(|from| {
        let (level, below) = topic[from..].split_once('/')?;
        let base = BASES.iter().find(|base| base.level == level && (base.fits)(below))?;
        let format = FORMATS.iter().find(|format| format.name == base.format)?;
        Some((format, Some(&topic[..from + level.len()])))
    })
}

fn has_levels(below: &str) -> bool {
    below.contains('/')
}

/// A location of Ring's is a UUID (ring-mqtt, devices/base-ring-device.js).
fn is_ring(below: &str) -> bool {
    let location = below.split('/').next().unwrap_or_default();
    location.len() == 36 && location.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// Whether a level of this name stands in the topic, and not first.
pub(super) fn has_level(topic: &str, name: &str) -> bool {
    topic.match_indices('/').any(|(at, _)| strip_level(&topic[at + 1..], name).is_some())
}
