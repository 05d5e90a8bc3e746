//! The phrases that people write (`phrases.txt`), read once and sorted from the longest to the shortest. Pure.

use std::sync::LazyLock;

use super::Intent;

/// What a phrase means, and how sure that is.
pub type Meaning = (&'static str, Intent, u8);

/// Every phrase, the longest first.
pub static PHRASES: LazyLock<Vec<Meaning>> = LazyLock::new(|| read(include_str!("phrases.txt")).0);
/// What has no meaning of its own.
pub static FILLER: LazyLock<Vec<&'static str>> = LazyLock::new(|| read(include_str!("phrases.txt")).1);

fn read(file: &'static str) -> (Vec<Meaning>, Vec<&'static str>) {
    let (mut phrases, mut filler) = (Vec::new(), Vec::new());
    let mut under: Option<(Intent, u8)> = None;
    for line in file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            under = heading(head);
            continue;
        }
        let all = line.split(',').map(str::trim).filter(|phrase| !phrase.is_empty());
        match under {
            Some((intent, weight)) => phrases.extend(all.map(|phrase| (phrase, intent, weight))),
            None => filler.extend(all),
        }
    }
    phrases.sort_by_key(|(phrase, ..)| std::cmp::Reverse(phrase.chars().count()));
    (phrases, filler)
}

/// `[meaning sureness]`; nothing for `[filler]`.
fn heading(head: &str) -> Option<(Intent, u8)> {
    let (word, weight) = head.split_once(' ')?;
    let intent = Intent::parse(word).expect("phrases.txt names meanings that exist");
    Some((intent, weight.parse().expect("phrases.txt gives a number from 0 to 100")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_but_a_mark_has_phrases_and_no_phrase_two_meanings() {
        let without = [Intent::Score, Intent::Unknown];
        for intent in Intent::ALL.into_iter().filter(|i| !without.contains(i)) {
            assert!(PHRASES.iter().any(|(_, of, _)| *of == intent), "{intent:?}");
        }
        for (n, (phrase, intent, weight)) in PHRASES.iter().enumerate() {
            assert!(*weight <= 100 && !phrase.is_empty());
            let twice = PHRASES[..n].iter().find(|(other, of, _)| other == phrase && of != intent);
            assert!(twice.is_none(), "{phrase}: {intent:?} and {twice:?}");
        }
        assert!(FILLER.len() > 100);
    }
}
