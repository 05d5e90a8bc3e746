//! The style of the source tree, checked as any other promise: what is pure, what is short, what is never written.
//!
//! It reads text and knows no Rust beyond lines and braces: simple enough to be right, strict enough to be noticed.

use std::path::{Path, PathBuf};

/// No file is longer, so that it can be read at one sitting.
const FILE_LINES_MAX: usize = 400;
/// No function of the service is longer.
const FUNCTION_LINES_MAX: usize = 70;
/// A test may hold a table.
const TABLE_LINES_MAX: usize = 110;
/// Where the rules live: these know nothing of the world.
const PURE: [&str; 4] = ["src/model/", "src/decode/", "src/decide/", "src/catalogue/"];
/// What no pure file names.
const WORLD: [&str; 14] = [
    "tokio",
    "sqlx",
    "axum",
    "rumqttc",
    "reqwest",
    "getrandom",
    "SystemTime",
    "Instant",
    "Utc::now",
    "Local::now",
    "clock",
    "rand::",
    "std::fs",
    "std::net",
];

struct Source {
    name: String,
    text: String,
}

fn sources(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        walk(&root.join(folder), &mut |path| {
            let name = path.strip_prefix(root).expect("below the root").display().to_string();
            found.push(Source { name, text: std::fs::read_to_string(path).expect("UTF-8") });
        });
    }
    assert!(found.len() > 10, "the tree has moved");
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn walk(folder: &Path, visit: &mut impl FnMut(&PathBuf)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, visit);
        } else if path.extension().is_some_and(|e| e == "rs") {
            visit(&path);
        }
    }
}

fn everything() -> Vec<Source> {
    sources(&["src", "simulator/src", "simulator/tests", "tests"])
}

/// Fails with one line for each place.
fn none(what: &str, places: Vec<String>) {
    assert!(places.is_empty(), "{what}:\n  {}", places.join("\n  "));
}

/// The code of a line, without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Lines of code that name one of these as a word.
fn naming(sources: &[Source], words: &[&str]) -> Vec<String> {
    let mut places = Vec::new();
    for source in sources {
        for (n, line) in source.text.lines().enumerate() {
            places.extend(
                words.iter().filter(|word| names(code(line), word)).map(|w| format!("{}:{}: {w}", source.name, n + 1)),
            );
        }
    }
    places
}

/// Whether a word stands in a line by itself, and not as a part of a longer one.
fn names(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(part);
        let after = !word.ends_with(':') && line[at + word.len()..].chars().next().is_some_and(part);
        !before && !after
    })
}

#[test]
fn the_core_is_pure() {
    let pure: Vec<Source> =
        sources(&["src"]).into_iter().filter(|s| PURE.iter().any(|p| s.name.starts_with(p))).collect();
    assert!(pure.len() > 30, "the core has moved");
    none("the core names the world", naming(&pure, &WORLD));
}

#[test]
fn only_the_clock_reads_the_time() {
    let mut all: Vec<Source> = sources(&["src"]).into_iter().filter(|s| s.name != "src/clock.rs").collect();
    // The runtime's own instant is for its own timers.
    all.iter_mut().for_each(|s| s.text = s.text.replace("tokio::time::Instant::now", ""));
    none("time is passed in", naming(&all, &["SystemTime::now", "Instant::now", "Utc::now", "Local::now"]));
}

#[test]
fn sql_stands_in_the_store_alone() {
    let elsewhere: Vec<Source> = sources(&["src"]).into_iter().filter(|s| !s.name.starts_with("src/store/")).collect();
    none("SQL outside the store", naming(&elsewhere, &["sqlx::query", "QueryBuilder", "query_scalar"]));
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let all = everything();
    let mute = all.iter().filter(|s| !s.text.starts_with("//!")).map(|s| s.name.clone());
    none("files that do not begin with `//!`", mute.collect());
    let lines = |s: &Source| s.text.lines().count();
    let long = all.iter().filter(|s| lines(s) > FILE_LINES_MAX).map(|s| format!("{}: {} lines", s.name, lines(s)));
    none("files that are too long", long.collect());
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    for source in everything() {
        let longest = if source.name.contains("tests/") { TABLE_LINES_MAX } else { FUNCTION_LINES_MAX };
        let mut open: Option<(usize, usize, String)> = None;
        for (n, line) in source.text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            match &open {
                None if names(code(line), "fn")
                    && !line.trim_start().starts_with("//")
                    && !code(line).trim_end().ends_with([';', '}', ',']) =>
                {
                    open = Some((n, indent, line.trim().to_owned()));
                }
                Some((from, at, head)) if line.trim() == "}" && indent == *at => {
                    let length = n - from + 1;
                    if length > longest {
                        long.push(format!("{}:{}: {length} lines: {head}", source.name, from + 1));
                    }
                    open = None;
                }
                _ => {}
            }
        }
    }
    none("functions that are too long", long);
}

#[test]
fn nothing_is_silenced_or_left_undone() {
    let own = |s: &Source| s.name != "tests/it/purity.rs";
    let all: Vec<Source> = everything().into_iter().filter(own).collect();
    none("left undone", naming(&all, &["todo!", "unimplemented!", "dbg!"]));
    let silenced =
        |s: &Source| s.text.lines().any(|line| code(line).contains("[allow(") || code(line).contains("#[ignore"));
    none(
        "use `expect` with a reason; no test is ignored",
        all.iter().filter(|s| silenced(s)).map(|s| s.name.clone()).collect(),
    );
    let service = sources(&["src"]);
    let unwraps = |s: &Source| {
        let before_tests = s.text.split("#[cfg(test)]").next().unwrap_or_default();
        before_tests.lines().any(|line| code(line).contains(".unwrap()"))
    };
    none("no unwrap in the service", service.iter().filter(|s| unwraps(s)).map(|s| s.name.clone()).collect());
}

#[test]
fn tests_wait_for_conditions_and_never_sleep() {
    // The one place that polls, and those that play a slow or stubborn counterpart.
    let polls = ["tests/support/", "tests/it/purity.rs"];
    let all: Vec<Source> = sources(&["tests", "simulator/tests"])
        .into_iter()
        .filter(|s| !polls.iter().any(|p| s.name.starts_with(p)))
        .collect();
    none("sleeps in tests", naming(&all, &["sleep"]));
}

#[test]
fn logs_name_no_person() {
    let mut places = Vec::new();
    for source in sources(&["src"]) {
        for (n, line) in source.text.lines().enumerate() {
            let logs = ["info!(", "warn!(", "error!(", "debug!(", "trace!("].iter().any(|m| code(line).contains(m));
            let person = ["phone", "body", "token", "payload", ".name"]
                .iter()
                .any(|w| code(line).replace("token.id", "").contains(w));
            if logs && person {
                places.push(format!("{}:{}: {}", source.name, n + 1, line.trim()));
            }
        }
    }
    none("a number, name, token or body in a log line", places);
}
