//! What a person means by a text: rules with a confidence, no learning. Pure.
//!
//! Phrases ([`phrases`]) are looked for from the longest to the shortest, each taking its place, so that "not done yet"
//! hides "done". Of what is found the most urgent meaning counts. What was asked last gives a bare "1" or "yes" its meaning.
//! It never guesses: what stays below [`SURE`] is for a human.

mod consent;
mod phrases;
mod text;
mod times;
mod water;

pub use consent::{Keyword, keyword, wants_fewer};
use phrases::{FILLER, PHRASES};
use text::Text;
pub use water::{Water, is_water, water};

/// From this confidence on a meaning is acted upon.
pub const SURE: u8 = 60;
/// A calm text (done, later, thanks) of which the better part was not read is worth this much less.
const MUCH_UNREAD: u8 = 30;
/// A meaning that is so much surer counts before a more urgent one.
const OUTWEIGHS: u8 = 20;
/// For each letter that stays unread so many must have been read …
const READ_FOR_EACH_UNREAD: usize = 3;
/// … but for the first few.
const UNREAD_LETTERS_FREE: usize = 4;

/// What a person wants to say. In the order of urgency: of two meanings in one text the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Intent {
    /// We have the wrong person.
    WrongNumber,
    /// They stand before a door that does not open.
    LockedOut,
    /// They need a place for the night.
    NeedBed,
    /// They are not content.
    Complaint,
    /// They cannot do it by themselves.
    NeedHelp,
    /// They will do it, or come, later.
    Later,
    /// It is done, or it works again.
    Done,
    /// A mark from 0 to 10.
    Score,
    /// They want to know something.
    Question,
    /// No.
    No,
    /// Yes.
    Yes,
    /// Thank you, or praise.
    Thanks,
    /// Nothing that we know.
    Unknown,
}

impl Intent {
    /// Every intent.
    pub const ALL: [Self; 13] = [
        Self::WrongNumber,
        Self::LockedOut,
        Self::NeedBed,
        Self::Complaint,
        Self::NeedHelp,
        Self::Later,
        Self::Done,
        Self::Score,
        Self::Question,
        Self::No,
        Self::Yes,
        Self::Thanks,
        Self::Unknown,
    ];

    /// The word in database and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongNumber => "wrong_number",
            Self::LockedOut => "locked_out",
            Self::NeedBed => "need_bed",
            Self::Complaint => "complaint",
            Self::NeedHelp => "need_help",
            Self::Later => "later",
            Self::Done => "done",
            Self::Score => "score",
            Self::Question => "question",
            Self::No => "no",
            Self::Yes => "yes",
            Self::Thanks => "thanks",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|i| i.as_str() == word)
    }
}

/// What the person was asked last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    #[default]
    Nothing,
    /// Whether they need a bed.
    Bed,
    /// Whether they replaced the battery.
    Replaced,
    /// How it was, from 0 to 10.
    Score,
}

/// What was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Understood {
    /// The meaning.
    pub intent: Intent,
    /// How sure, 0–100.
    pub confidence: u8,
    /// The mark, of a score.
    pub score: Option<u8>,
}

impl Understood {
    /// Whether it may be acted upon without a human.
    pub fn is_sure(&self) -> bool {
        self.intent != Intent::Unknown && self.confidence >= SURE
    }
}

/// What a text means, given what was asked last. Who wants fewer texts is answered by a human, unless more is said that
/// cannot wait.
pub fn understand(body: &str, asked: Asked) -> Understood {
    let understood = read(body, asked);
    let presses =
        [Intent::WrongNumber, Intent::LockedOut, Intent::NeedBed, Intent::NeedHelp].contains(&understood.intent);
    if presses || !wants_fewer(body) {
        return understood;
    }
    Understood { confidence: understood.confidence.min(SURE - 1), ..understood }
}

fn read(body: &str, asked: Asked) -> Understood {
    let mut text = Text::new(body);
    let score = mark(&text);
    if let (Asked::Score, Some(score)) = (asked, score) {
        return Understood { intent: Intent::Score, confidence: 95, score: Some(score) };
    }
    if let Some(bare) = bare(&text.whole(), asked) {
        return Understood { intent: bare, confidence: 95, score: None };
    }
    let all = text.left();
    let mut found: Vec<(Intent, u8)> = Vec::new();
    for (phrase, intent, weight) in PHRASES.iter() {
        if text.take(phrase) {
            found.push((*intent, *weight));
        }
    }
    if text.asks {
        found.push((Intent::Question, 75));
    }
    FILLER.iter().for_each(|word| while text.take(word) {});
    let unread = text.left();
    let is_read = unread.saturating_sub(UNREAD_LETTERS_FREE) * READ_FOR_EACH_UNREAD <= all - unread;
    judge(&found, is_read)
}

/// Of what was found the most urgent that is sure, else the likeliest.
fn judge(found: &[(Intent, u8)], is_read: bool) -> Understood {
    let asks = found.iter().any(|(intent, _)| *intent == Intent::Question);
    let weight = |intent: Intent| {
        let best = found.iter().filter(|(i, _)| *i == intent).map(|(_, w)| *w).max().unwrap_or(0);
        let calm = matches!(intent, Intent::Done | Intent::Later | Intent::No | Intent::Yes | Intent::Thanks);
        // "Is it done?" is a question, and so is "tomorrow?".
        let best = if asks && calm { best.min(SURE - 1) } else { best };
        if calm && !is_read { best.saturating_sub(MUCH_UNREAD) } else { best }
    };
    let outweighed = |i: Intent| Intent::ALL.into_iter().any(|other| weight(other) >= weight(i) + OUTWEIGHS);
    let sure = Intent::ALL.into_iter().find(|i| weight(*i) >= SURE && !outweighed(*i));
    let likeliest = || Intent::ALL.into_iter().rev().max_by_key(|i| weight(*i)).unwrap_or(Intent::Unknown);
    let intent = sure.unwrap_or_else(likeliest);
    let confidence = weight(intent);
    let intent = if confidence == 0 { Intent::Unknown } else { intent };
    Understood { intent, confidence, score: None }
}

/// A text of one word, by what was asked.
fn bare(whole: &str, asked: Asked) -> Option<Intent> {
    const YES: [&str; 21] = [
        "1",
        "yes",
        "y",
        "yes please",
        "yep",
        "yeah",
        "sure",
        "ok",
        "please",
        "需要",
        "要",
        "是",
        "是的",
        "好",
        "好的",
        "对",
        "嗯",
        "要的",
        "需要的",
        "可以",
        "恩",
    ];
    const NO: [&str; 13] =
        ["0", "2", "no", "n", "nope", "no thanks", "不", "不用", "不需要", "不要", "没有", "不是", "否"];
    let (yes, no) = match asked {
        Asked::Bed => (Intent::NeedBed, Intent::No),
        Asked::Replaced => (Intent::Done, Intent::No),
        Asked::Nothing | Asked::Score => return None,
    };
    if YES.contains(&whole) {
        return Some(yes);
    }
    NO.contains(&whole).then_some(no)
}

/// A mark from 0 to 10 that stands by itself: `9`, `8/10`, `打9分`, `满分`, `ten`.
fn mark(text: &Text) -> Option<u8> {
    const WORDS: [(&str, u8); 14] = [
        ("zero", 0),
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("满分", 10),
        ("十分", 10),
        ("零分", 0),
    ];
    let digits = |word: &str| word.parse::<u8>().ok().filter(|n| *n <= 10 && word.len() <= 2);
    let numbers: Vec<u8> = text.words().filter_map(digits).collect();
    match numbers[..] {
        [mark] | [mark, 10] => return Some(mark),
        [_, ..] => return None,
        [] => {}
    }
    let mut text = text.clone();
    WORDS.iter().find(|(word, _)| text.take(word)).map(|(_, mark)| *mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_phrase_hides_the_short_ones_in_it() {
        let means = |body: &str| understand(body, Asked::Nothing).intent;
        assert_eq!(means("done"), Intent::Done);
        assert_eq!(means("not done yet"), Intent::Later);
        assert_eq!(means("换好了"), Intent::Done);
        assert_eq!(means("还没换好"), Intent::Later);
    }

    #[test]
    fn what_was_asked_gives_one_word_its_meaning() {
        for (asked, expected) in
            [(Asked::Bed, Intent::NeedBed), (Asked::Replaced, Intent::Done), (Asked::Score, Intent::Score)]
        {
            let understood = understand("1", asked);
            assert!(understood.is_sure() && understood.intent == expected, "{asked:?}: {understood:?}");
        }
        assert!(!understand("1", Asked::Nothing).is_sure());
    }

    #[test]
    fn marks_are_read_and_nothing_else_is_one() {
        for (body, mark) in [
            ("9", Some(9)),
            ("10 非常好", Some(10)),
            ("8/10 quick", Some(8)),
            ("我打9分", Some(9)),
            ("满分！", Some(10)),
            ("Ten", Some(10)),
            ("０", Some(0)),
            ("11", None),
            ("between 3 and 5", None),
            ("2026", None),
            ("great", None),
        ] {
            assert_eq!(understand(body, Asked::Score).score, mark, "{body}");
        }
    }

    #[test]
    fn every_text_is_read_to_an_end() {
        for body in ["", " ", "\u{0}", "😀😀", &"要".repeat(5_000), "''''", "？？？", "a".repeat(9_000).as_str()]
        {
            let understood = understand(body, Asked::Nothing);
            assert!(understood.confidence <= 100);
        }
    }
}
