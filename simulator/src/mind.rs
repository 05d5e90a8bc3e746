//! How people read an SMS: what is it about, and which door does it name? Only by what stands in it.

use crate::Message;
use crate::truth::Kind;

const WORDS: [(Kind, &[&str]); 3] = [
    (Kind::Leak, &["leak", "water", "漏水", "积水", "水浸"]),
    (
        Kind::Silent,
        &["silent", "offline", "not heard", "no signal", "not reporting", "离线", "失联", "无信号", "没有上报"],
    ),
    (Kind::Battery, &["batter", "cells", "电池", "电量"]),
];

/// What the message is about: by its template, else by its words.
pub(crate) fn matter(message: &Message) -> Option<Kind> {
    message.template.as_deref().and_then(kind_of_template).or_else(|| by_words(&message.body))
}

/// The kind that the name of a template says, such as `leak_tenant` or `offer_battery`.
pub(crate) fn kind_of_template(name: &str) -> Option<Kind> {
    name.split(['_', '-', '.']).find_map(Kind::parse)
}

/// Whether the body names this door, as a word of its own and not within a phone number.
pub(crate) fn names_door(body: &str, door: &str) -> bool {
    body.match_indices(door).any(|(at, _)| {
        let before = body[..at].chars().next_back();
        let after = body[at + door.len()..].chars().next();
        ![before, after].into_iter().flatten().any(|c| c.is_ascii_alphanumeric())
    })
}

fn by_words(body: &str) -> Option<Kind> {
    let body = body.to_lowercase();
    let says = |words: &&[&str]| words.iter().any(|word| body.contains(word));
    WORDS.iter().find(|(_, words)| says(words)).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn read(template: Option<&str>, body: &str) -> Option<Kind> {
        let template = template.map(str::to_owned);
        matter(&Message {
            at: DateTime::UNIX_EPOCH,
            to: String::new(),
            body: body.to_owned(),
            template,
            about_device: None,
        })
    }

    #[test]
    fn people_understand_both_languages() {
        for (template, body, want) in [
            (Some("battery_low"), "x", Some(Kind::Battery)),
            (Some("offer_housekeepers"), "Water in 0301", Some(Kind::Leak)),
            (Some("offer_silent"), "Bring batteries", Some(Kind::Silent)),
            (None, "您家门锁电池快没电了", Some(Kind::Battery)),
            (None, "厨房漏水,需要住处吗?", Some(Kind::Leak)),
            (None, "The gateway is offline", Some(Kind::Silent)),
            (None, "Good morning", None),
        ] {
            assert_eq!(read(template, body), want, "{body}");
        }
    }

    #[test]
    fn a_door_is_a_word_of_its_own() {
        assert!(names_door("Leak! Oak Court, 0301 (Kitchen)", "0301") && names_door("请到0301处理", "0301"));
        assert!(!names_door("Tenant: +8613810000301", "0301"));
    }
}
