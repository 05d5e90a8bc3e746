//! What battery detectors are told: one sample of one message, and what is known of the device beforehand.
//!
//! The live service and `backtest` make the same samples, so that both run the same detectors. Must never judge.

use crate::model::{Device, Timestamp};

/// One sample of a battery: what one message (or CSV row) told, timed. Glitches are left in: judging is for detectors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// When it was so, by our clock as well as can be told.
    pub at: Timestamp,
    /// State of charge as told; 0–100 is plausible, locks also send 126 and 255.
    pub percent: Option<f64>,
    /// Battery voltage, mV.
    pub millivolts: Option<f64>,
    /// The device's own "battery is low" flag.
    pub low_flag: Option<bool>,
    /// Ambient temperature, °C.
    pub temperature_c: Option<f64>,
    /// Witness: seconds since the device booted.
    pub uptime_s: Option<f64>,
    /// Witness: how often the device has booted.
    pub boot_count: Option<f64>,
    /// Witness: messages sent since boot or ever.
    pub message_counter: Option<f64>,
    /// Witness: lock movements so far.
    pub operations: Option<f64>,
}

/// What is known of a device's battery before it speaks: registry, catalogue or the devices file of `backtest`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Maker and model, as the operator writes it.
    pub model: Option<String>,
    /// What the cells are made of.
    pub chemistry: Option<Chemistry>,
    /// Cells in series: voltage per cell is the pack's divided by this.
    pub cells: Option<u32>,
    /// Step of the gauge in percentage points; 1 where nothing is known.
    pub quantum: Option<f64>,
}

impl About {
    /// A device of which nothing is known.
    pub const UNKNOWN: Self = Self { model: None, chemistry: None, cells: None, quantum: None };

    /// What the registry tells.
    pub fn of(device: &Device) -> Self {
        let told = [&device.chemistry, &device.cells];
        Self {
            model: device.model.clone(),
            chemistry: told.iter().find_map(|text| text.as_deref().and_then(Chemistry::parse)),
            cells: told.iter().rev().find_map(|text| text.as_deref().and_then(cells_in)),
            quantum: None,
        }
    }
}

/// What a battery's cells are made of. Each family has its own shape of discharge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Chemistry {
    /// Zinc–manganese dioxide, 1.5 V, slopes all the way.
    Alkaline,
    /// Li/MnO₂ (CR2, CR123A, CR2032), 3 V, flat, then a knee.
    LithiumManganese,
    /// Li/FeS₂ (AA, AAA), 1.5 V, flat to about 90 %, then a cliff.
    LithiumIron,
    /// Li-SOCl₂ (ER14505 …), 3.6 V, flat, the end visible days ahead at most.
    LithiumThionyl,
    /// Rechargeable lithium-ion or polymer, 3.7 V.
    LithiumIon,
    /// Nickel–metal hydride, 1.2 V, flat.
    NickelMetalHydride,
}

impl Chemistry {
    /// Every chemistry.
    pub const ALL: [Self; 6] = [
        Self::Alkaline,
        Self::LithiumManganese,
        Self::LithiumIron,
        Self::LithiumThionyl,
        Self::LithiumIon,
        Self::NickelMetalHydride,
    ];

    /// The word used in files: `alkaline`, `limno2`, `lifes2`, `lisocl2`, `liion`, `nimh`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alkaline => "alkaline",
            Self::LithiumManganese => "limno2",
            Self::LithiumIron => "lifes2",
            Self::LithiumThionyl => "lisocl2",
            Self::LithiumIon => "liion",
            Self::NickelMetalHydride => "nimh",
        }
    }

    /// Reads a chemistry as people write it (`Li-ion`, `alkaline x8`, `CR2032`); `None` when it names none that is
    /// known. A bare "lithium" is none: FeS₂ and MnO₂ die differently.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let named = |words: &[&str]| words.iter().any(|w| plain.contains(w));
        if named(&["alkali", "lr6", "lr03", "lr14"]) {
            Some(Self::Alkaline)
        } else if named(&["limno2", "lithiummanganese", "cr2", "cr123", "cr17", "cr24", "cr16", "cr14"]) {
            Some(Self::LithiumManganese)
        } else if named(&["lifes2", "lithiumiron", "fr6", "fr03"]) && !named(&["phosphate"]) {
            Some(Self::LithiumIron)
        } else if named(&["lisocl2", "thionyl", "er14505", "er14250", "er26500", "er34615"]) {
            Some(Self::LithiumThionyl)
        } else if named(&["liion", "lithiumion", "lipo", "lithiumpolymer", "18650"]) {
            Some(Self::LithiumIon)
        } else if named(&["nimh", "nickelmetal"]) {
            Some(Self::NickelMetalHydride)
        } else {
            None
        }
    }
}

/// How many cells are in series, from words such as `4 AA`, `alkaline x8`, `2×CR123A`; `None` when none is told.
pub fn cells_in(text: &str) -> Option<u32> {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty()).collect();
    words.iter().find_map(|word| {
        let lower = word.to_lowercase().replace('×', "x");
        let digits = |s: &str| s.parse::<u32>().ok().filter(|n| (1..=24).contains(n));
        digits(&lower)
            .or_else(|| lower.strip_prefix('x').and_then(digits))
            .or_else(|| lower.split_once('x').and_then(|(count, _)| digits(count)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chemistry_as_people_write_it() {
        for (text, is) in [
            ("alkaline x8", Some(Chemistry::Alkaline)),
            ("Li-ion", Some(Chemistry::LithiumIon)),
            ("limno2", Some(Chemistry::LithiumManganese)),
            ("Li/FeS2", Some(Chemistry::LithiumIron)),
            ("Li-SOCl2", Some(Chemistry::LithiumThionyl)),
            ("2xCR123A", Some(Chemistry::LithiumManganese)),
            ("NiMH", Some(Chemistry::NickelMetalHydride)),
            ("lithium", None),
            ("", None),
        ] {
            assert_eq!(Chemistry::parse(text), is, "{text}");
        }
        assert!(Chemistry::ALL.iter().all(|c| Chemistry::parse(c.as_str()) == Some(*c)));
    }

    #[test]
    fn cells_in_series() {
        for (text, is) in
            [("4 AA", Some(4)), ("alkaline x8", Some(8)), ("2×CR123A", Some(2)), ("CR2032", None), ("4xAA", Some(4))]
        {
            assert_eq!(cells_in(text), is, "{text}");
        }
    }
}
