//! Phone numbers in E.164, and nothing else, once inside.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A phone number in E.164: `+`, then 7 to 15 digits, the first not 0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

impl E164 {
    /// Parses E.164 as it stands; blanks, dashes and brackets are not accepted here (the importer tidies them).
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let sound =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        sound.then(|| Self(text.to_owned()))
    }

    /// The number with its plus sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Mainland China: no links, no two-way SMS, few identical texts a day.
    pub fn is_mainland_china(&self) -> bool {
        self.0.starts_with("+86")
    }
}

/// Masked, so that no log line carries a number: `+86…8000`.
impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…{}", &self.0[..3], &self.0[self.0.len() - 2..])
    }
}

impl TryFrom<String> for E164 {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| "not an E.164 phone number (+ and 7 to 15 digits)".to_owned())
    }
}

impl From<E164> for String {
    fn from(phone: E164) -> Self {
        phone.0
    }
}
