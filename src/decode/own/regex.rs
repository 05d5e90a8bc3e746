//! Regular expressions in the operator's jq programs, as the jq manual describes them.
//!
//! The engine (regex-bites) needs no more than pattern times text, and both are paid for before it begins: a pattern by
//! the smallest of a few size limits that it fits in, the text again for each match that is looked for.

use regex_bites::{Captures, Regex, RegexBuilder};

use super::meter::{pay, pay_text};
use super::value::{Error, Object, Val};

/// Sizes that a compiled pattern may have, in bytes; the smaller, the cheaper its searches.
const SIZES_BYTES: [usize; 3] = [4 * 1024, 16 * 1024, 64 * 1024];
/// Steps for each 16 bytes of text are the pattern's size divided by this.
const SIZE_PER_STEP_BYTES: usize = 1024;

/// A pattern, and how often it is looked for.
struct Search {
    regex: Regex,
    all: bool,
    skip_empty: bool,
    steps: usize,
}

/// All matches of a text: each a list of `{offset, length, string, name}`, the whole first, then its groups.
pub(super) fn matches(text: &Val, pattern: &Val, flags: &Val) -> Result<Val, Error> {
    let parts = Search::new(pattern, flags)?.parts(text.str()?);
    Ok(parts.into_iter().filter(|part| matches!(part, Val::Arr(_))).collect())
}

/// The same, with the text before, between and behind them.
pub(super) fn split_matches(text: &Val, pattern: &Val, flags: &Val) -> Result<Val, Error> {
    Ok(Search::new(pattern, flags)?.parts(text.str()?).into_iter().collect())
}

impl Search {
    /// A pattern may bring its flags: `["a.c", "i"]`.
    fn new(pattern: &Val, flags: &Val) -> Result<Self, Error> {
        let (pattern, own) = match pattern {
            Val::Arr(pair) => (pair.first().cloned().unwrap_or_default(), pair.get(1).cloned()),
            other => (other.clone(), None),
        };
        let flags = own.unwrap_or_else(|| flags.clone());
        let flags = if let Val::Null = flags { "" } else { flags.str()? };
        let has = |flag: char| flags.contains(flag);
        if let Some(odd) = flags.chars().find(|flag| !"gnimslxp".contains(*flag)) {
            return Err(Error::str(format_args!(
                "\"{odd}\" is no flag of a regular expression; known are g n i s l x p"
            )));
        }
        let pattern = pattern.str()?;
        let mut builder = RegexBuilder::new(pattern);
        builder.case_insensitive(has('i')).swap_greed(has('l')).ignore_whitespace(has('x'));
        builder.multi_line(has('m') || has('p')).dot_matches_new_line(has('s') || has('p'));
        let mut broken = None;
        for size in SIZES_BYTES {
            pay(pattern.len() + size / 64);
            match builder.size_limit(size).build() {
                Ok(regex) => {
                    let steps = size / SIZE_PER_STEP_BYTES;
                    return Ok(Self { regex, all: has('g'), skip_empty: has('n'), steps });
                }
                Err(why) => broken = Some(why),
            }
        }
        let why = broken.map(|why| why.to_string()).unwrap_or_default();
        Err(Error::str(format_args!("no regular expression, or too large a one: {why}")))
    }

    fn pay_for(&self, text: &str) {
        pay((1 + text.len() / 16) * self.steps);
    }

    fn parts(&self, text: &str) -> Vec<Val> {
        let mut parts = Vec::new();
        let (mut end, mut chars) = (0, 0);
        self.pay_for(text);
        for found in self.regex.captures_iter(text) {
            let whole = found.get(0).expect("group 0 is the match itself");
            self.pay_for(&text[whole.start()..]);
            if self.skip_empty && whole.is_empty() {
                continue;
            }
            let between = &text[end..whole.start()];
            chars += between.chars().count();
            parts.push(Val::text(between));
            parts.push(self.groups(&found, text, whole.start(), chars));
            chars += whole.as_str().chars().count();
            end = whole.end();
            if !self.all {
                break;
            }
        }
        parts.push(Val::text(&text[end..]));
        parts
    }

    /// The match and its groups; `chars` stand before the match. A group that took no part is null at -1.
    fn groups(&self, found: &Captures<'_>, text: &str, start: usize, chars: usize) -> Val {
        let groups = found.iter().zip(self.regex.capture_names()).map(|(group, name)| {
            pay(4);
            let (offset, length, string) = match group {
                Some(group) => {
                    pay_text(group.end().abs_diff(start));
                    let before = if group.start() >= start { text[start..group.start()].chars().count() } else { 0 };
                    ((chars + before) as f64, group.as_str().chars().count(), Val::text(group.as_str()))
                }
                None => (-1.0, 0, Val::Null),
            };
            let mut object = Object::from([
                ("offset".into(), Val::Num(offset)),
                ("length".into(), Val::from(length)),
                ("string".into(), string),
            ]);
            object.extend(name.map(|name| ("name".into(), Val::text(name))));
            Val::object(object)
        });
        groups.collect()
    }
}
