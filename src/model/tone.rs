//! In which voice routine words are said. Plain data.

use serde::{Deserialize, Serialize};

/// A voice. What is urgent is always said plainly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// What happens, by whom, when.
    #[default]
    Plain,
    /// As a good neighbour would say it.
    Warm,
    /// With a wink.
    Playful,
    /// In rhyme.
    Rhyming,
}

impl Tone {
    /// Every tone.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Warm, Self::Playful, Self::Rhyming];

    /// The word in configuration, texts, database and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Warm => "warm",
            Self::Playful => "playful",
            Self::Rhyming => "rhyming",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tone| tone.as_str() == word)
    }
}
