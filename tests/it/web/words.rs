//! The words of the page: every move that the rules can write has some, in both languages.

use std::collections::BTreeSet;
use std::path::Path;

const WORDS: &str = include_str!("../../../src/web/page/words.js");
/// What notes a move, and which of its arguments is the name.
const CALLS: [(&str, usize); 3] = [("self.event(", 1), ("self.take_off(", 2), ("self.assign(", 3)];
/// Where a name is chosen of two.
const CHOICE: &str = "let what = if ";

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// The names in this text of a source; what is called `what` there comes from a call or choice that is found itself.
fn moves_in(text: &str, found: &mut BTreeSet<String>) {
    for (call, n) in CALLS {
        for arguments in text.split(call).skip(1) {
            let name = arguments.split(',').nth(n).unwrap_or_default();
            let name = name.split(')').next().unwrap_or_default().trim();
            if name != "what" {
                let name = name.trim_matches('"');
                assert!(is_name(name), "{call}{arguments:.80} has no name that can be read");
                found.insert(name.to_owned());
            }
        }
    }
    for choice in text.split(CHOICE).skip(1) {
        let statement = choice.split(';').next().unwrap_or_default();
        found.extend(statement.split('"').skip(1).step_by(2).map(str::to_owned));
    }
}

fn moves(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            moves(&path, found);
        } else {
            moves_in(&std::fs::read_to_string(&path).expect("a text"), found);
        }
    }
}

#[test]
fn every_move_and_recipient_has_words_in_both_languages() {
    let mut found = BTreeSet::new();
    moves(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/decide"), &mut found);
    for known in ["accepted", "valve_opened", "no_show", "rewarded", "late", "praise", "worsened"] {
        assert!(found.contains(known), "{known} was not found: {found:?}");
    }
    let (en, zh) = WORDS.split_once("\"zh-CN\": {").expect("two languages");
    for (language, words) in [("en", en), ("zh-CN", zh)] {
        let within = |name: &str| words.split(name).nth(1).and_then(|rest| rest.split('}').next()).expect("words");
        let (events, people) = (within(" events: {"), within(" to: {"));
        let missing: Vec<_> = found.iter().filter(|name| !events.contains(&format!(" {name}: \""))).collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
        for who in ["tenant", "housekeeper", "manager", "region"] {
            assert!(people.contains(&format!(" {who}: \"")), "{language}: {who}");
        }
    }
}
