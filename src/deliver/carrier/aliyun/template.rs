//! Approved templates: the words that were written, back into the template's variables. Pure.
//!
//! The carrier takes no words, only a template's code and its variables. What it then sends is exactly what was written,
//! or the words do not fit and nothing is sent.

use serde_json::{Map, Value};

/// Steps of one comparison at most: a text that is full of a template's own words must not cost more.
const STEPS_MAX: u32 = 10_000;

/// A template as the carrier approved it: words with `${variables}` in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The carrier's code, `SMS_…`.
    pub code: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Words(String),
    Variable(String),
}

impl Approved {
    /// Reads the words; a `${` without its `}` stands for itself.
    pub fn new(code: &str, words: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = words;
        while let Some((before, variable, after)) = next_variable(rest) {
            if !before.is_empty() {
                pieces.push(Piece::Words(before.to_owned()));
            }
            pieces.push(Piece::Variable(variable.to_owned()));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Words(rest.to_owned()));
        }
        Self { code: code.to_owned(), pieces }
    }

    /// The variables that make this text of the template; none when it is another text. Where two variables stand side by
    /// side the first takes one character: the words that are sent are the same.
    pub fn variables(&self, text: &str) -> Option<Map<String, Value>> {
        let mut values = Vec::new();
        let mut steps = STEPS_MAX;
        let fits = fit(&self.pieces, text, &mut values, &mut steps);
        let pair = |(name, value): (&str, &str)| (name.to_owned(), Value::from(value));
        fits.then(|| values.into_iter().map(pair).collect())
    }
}

fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("${")?;
    let (variable, after) = rest.split_once('}')?;
    Some((before, variable, after))
}

fn fit<'a>(pieces: &'a [Piece], text: &'a str, values: &mut Vec<(&'a str, &'a str)>, steps: &mut u32) -> bool {
    let Some(left) = steps.checked_sub(1) else { return false };
    *steps = left;
    let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
    let name = match first {
        Piece::Words(words) => return text.strip_prefix(words.as_str()).is_some_and(|t| fit(rest, t, values, steps)),
        Piece::Variable(name) => name,
    };
    if let Some((_, value)) = values.iter().find(|(known, _)| known == name) {
        return text.strip_prefix(value).is_some_and(|text| fit(rest, text, values, steps));
    }
    for end in ends(rest, text) {
        values.push((name, &text[..end]));
        if fit(rest, &text[end..], values, steps) {
            return true;
        }
        values.pop();
    }
    false
}

/// Where a variable may end: before its template's next words, after one character before another variable, else at the end.
fn ends(rest: &[Piece], text: &str) -> Vec<usize> {
    match rest.first() {
        Some(Piece::Words(words)) => text.match_indices(words.as_str()).map(|(at, _)| at).collect(),
        Some(Piece::Variable(_)) => text.char_indices().map(|(at, _)| at).skip(1).collect(),
        None => vec![text.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str, text: &str) -> Option<Value> {
        Approved::new("SMS_1", words).variables(text).map(Value::Object)
    }

    #[test]
    fn words_become_variables_again() {
        let leak = "${unit}的${device}检测到漏水！—— ${sender}";
        let found = read(leak, "0101的厨房的角落检测到漏水！—— 小陈");
        assert_eq!(found, Some(serde_json::json!({ "unit": "0101", "device": "厨房的角落", "sender": "小陈" })));
        assert_eq!(read(leak, "0101的厨房没电了。—— 小陈"), None, "other words");
        assert_eq!(read("${a}，${a}！", "好，好！"), Some(serde_json::json!({ "a": "好" })));
        assert_eq!(read("${a}，${a}！", "好，不！"), None, "one variable has one value");
        assert_eq!(read("${p}${u}漏水", "橡园0101漏水"), Some(serde_json::json!({ "p": "橡", "u": "园0101" })));
        assert_eq!(read("没有变量", "没有变量"), Some(serde_json::json!({})));
        assert_eq!(read("${a}。${b}", "。"), Some(serde_json::json!({ "a": "", "b": "" })));
    }

    #[test]
    fn a_text_full_of_the_templates_words_ends() {
        let many = "${a}-${b}-${c}-${d}-${e}-${f}!";
        assert_eq!(read(many, &"-".repeat(1_500)), None);
    }
}
