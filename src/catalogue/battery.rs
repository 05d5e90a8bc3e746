//! Cells and what they are made of, as people and catalogues write them. Nothing here knows a model or a language.

use std::fmt;

use serde::Deserialize;

/// No household device takes more cells.
pub const CELLS_MAX: u8 = 12;

/// What cells are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chemistry {
    /// Zinc and manganese dioxide, 1.5 V: what a shop sells as AA.
    Alkaline,
    /// Lithium iron disulfide (Li/FeS2), 1.5 V, not rechargeable: its voltage stays up and then falls.
    LithiumIron,
    /// Lithium manganese dioxide, 3 V: CR2, CR123A and coin cells.
    LithiumManganese,
    /// Lithium thionyl chloride (Li-SOCl2), 3.6 V: ER14505 and its kin; never in place of an AA.
    LithiumThionyl,
    /// Rechargeable, 3.7 V.
    LithiumIon,
    /// Rechargeable, 1.2 V.
    Nimh,
}

impl Chemistry {
    /// Every chemistry.
    pub const ALL: [Self; 6] =
        [Self::Alkaline, Self::LithiumIron, Self::LithiumManganese, Self::LithiumThionyl, Self::LithiumIon, Self::Nimh];

    /// The word of the catalogue and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alkaline => "alkaline",
            Self::LithiumIron => "lithium_iron",
            Self::LithiumManganese => "lithium_manganese",
            Self::LithiumThionyl => "lithium_thionyl",
            Self::LithiumIon => "lithium_ion",
            Self::Nimh => "nimh",
        }
    }

    /// Reads the word of the catalogue, or what people write for it in a registry: `Li-SOCl2`, `lithium-ion`, `NiMH`.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match &*letters(word) {
            "alkaline" => Self::Alkaline,
            "lithiumiron" | "lifes2" => Self::LithiumIron,
            "lithiummanganese" | "limno2" => Self::LithiumManganese,
            "lithiumthionyl" | "lithiumthionylchloride" | "lisocl2" => Self::LithiumThionyl,
            "lithiumion" | "liion" | "lipo" => Self::LithiumIon,
            "nimh" => Self::Nimh,
            _ => return None,
        })
    }
}

/// How a cell looks to the one who buys it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A round cell that stands.
    Round,
    /// A coin.
    Coin,
    /// The 9 V block.
    Block,
    /// A round 3.6 V cell that looks like an AA and is none.
    Thionyl,
    /// A pack that is charged.
    Pack,
}

/// A size of cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the sizes")]
pub enum Size {
    Aa,
    Aaa,
    C,
    D,
    NineVolt,
    Cr2,
    Cr123a,
    Cr1632,
    Cr2032,
    Cr2450,
    Cr2477,
    Er14250,
    Er14505,
    Er17505,
    Er18505,
    Er34615,
    /// A rechargeable pack of the maker's own.
    Pack,
}

/// Every size: its name, what else it is called, its shape.
const SIZES: [(Size, &str, &[&str], Shape); 17] = [
    (Size::Aa, "AA", &["lr6", "fr6", "hr6"], Shape::Round),
    (Size::Aaa, "AAA", &["lr03", "fr03", "hr03"], Shape::Round),
    (Size::C, "C", &["lr14"], Shape::Round),
    (Size::D, "D", &["lr20"], Shape::Round),
    (Size::NineVolt, "9V", &["6lr61", "6f22", "pp3"], Shape::Block),
    (Size::Cr2, "CR2", &["cr15h270"], Shape::Round),
    (Size::Cr123a, "CR123A", &["cr123", "cr17345", "cr17335"], Shape::Round),
    (Size::Cr1632, "CR1632", &[], Shape::Coin),
    (Size::Cr2032, "CR2032", &[], Shape::Coin),
    (Size::Cr2450, "CR2450", &[], Shape::Coin),
    (Size::Cr2477, "CR2477", &[], Shape::Coin),
    (Size::Er14250, "ER14250", &[], Shape::Thionyl),
    (Size::Er14505, "ER14505", &[], Shape::Thionyl),
    (Size::Er17505, "ER17505", &[], Shape::Thionyl),
    (Size::Er18505, "ER18505", &[], Shape::Thionyl),
    (Size::Er34615, "ER34615", &[], Shape::Thionyl),
    (Size::Pack, "battery pack", &["rechargeable", "pack"], Shape::Pack),
];

impl Size {
    /// Every size.
    pub fn all() -> impl Iterator<Item = Self> {
        SIZES.iter().map(|row| row.0)
    }

    fn row(self) -> &'static (Self, &'static str, &'static [&'static str], Shape) {
        SIZES.iter().find(|row| row.0 == self).expect("every size has its row")
    }

    /// Its name as it is printed on the cell.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// How it looks.
    pub fn shape(self) -> Shape {
        self.row().3
    }

    /// What cells of this size are always made of; AA and its like come in several kinds.
    pub fn chemistry(self) -> Option<Chemistry> {
        match self.shape() {
            Shape::Coin => Some(Chemistry::LithiumManganese),
            Shape::Thionyl => Some(Chemistry::LithiumThionyl),
            Shape::Round if matches!(self, Self::Cr2 | Self::Cr123a) => Some(Chemistry::LithiumManganese),
            Shape::Round | Shape::Block | Shape::Pack => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let wanted = letters(text);
        let names = |row: &&(Self, &str, &[&str], Shape)| letters(row.1) == wanted || row.2.contains(&&*wanted);
        SIZES.iter().find(names).map(|row| row.0)
    }
}

/// So many cells of a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// 1 to [`CELLS_MAX`].
    pub count: u8,
    /// Which.
    pub size: Size,
}

impl Cells {
    /// Reads `4 AA`, `4×AA`, `4 x LR6`, `CR2032`, `1 CR2450`, `battery pack`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(size) = Size::parse(text) {
            return Some(Self { count: 1, size });
        }
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let count = text[..digits].parse().ok().filter(|n| (1..=CELLS_MAX).contains(n))?;
        let rest = text[digits..].trim_start().trim_start_matches(['×', 'x', 'X', '*']);
        Size::parse(rest).map(|size| Self { count, size })
    }

    /// Whether it is charged and not replaced.
    pub fn is_pack(self) -> bool {
        self.size == Size::Pack
    }
}

impl fmt::Display for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_pack() {
            write!(f, "{}", self.size.as_str())
        } else {
            write!(f, "{} {}", self.count, self.size.as_str())
        }
    }
}

/// A name without case, blanks and marks.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_as_people_write_them() {
        for (text, count, size) in [
            ("4 AA", 4, Size::Aa),
            ("4×AA", 4, Size::Aa),
            ("8 x LR6", 8, Size::Aa),
            (" 2xAAA ", 2, Size::Aaa),
            ("CR2032", 1, Size::Cr2032),
            ("1 cr 2450", 1, Size::Cr2450),
            ("4 CR123", 4, Size::Cr123a),
            ("9V", 1, Size::NineVolt),
            ("1 9V", 1, Size::NineVolt),
            ("2 ER14505", 2, Size::Er14505),
            ("battery pack", 1, Size::Pack),
            ("Rechargeable", 1, Size::Pack),
        ] {
            assert_eq!(Cells::parse(text), Some(Cells { count, size }), "{text}");
        }
        for text in ["", "4", "AA AA", "0 AA", "40 AA", "999999999999 AA", "four AA", "2 lithium packs", "-1 AA"] {
            assert_eq!(Cells::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for size in Size::all() {
            let cells = Cells { count: 1, size };
            assert_eq!(Cells::parse(&cells.to_string()), Some(cells));
        }
        for chemistry in Chemistry::ALL {
            assert_eq!(Chemistry::parse(chemistry.as_str()), Some(chemistry));
        }
        assert_eq!(Chemistry::parse("Li-SOCl2"), Some(Chemistry::LithiumThionyl));
        assert_eq!(Chemistry::parse("lithium"), None, "which lithium?");
    }
}
