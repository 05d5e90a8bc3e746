//! Turns the messages of the TOML and serde crates into words for operators: what is wrong and how to mend it.
//!
//! Pure text work; a message that is not recognised is passed on as it is.

/// How alike two words must be (Jaro-Winkler, 0–1) for one to be offered alone instead of the other.
const ALIKE_MIN: f64 = 0.75;

/// What to tell of a message.
pub(super) fn explain(message: &str) -> String {
    let words = backticked(message);
    if message.starts_with("unknown field ") {
        return format!(
            "unknown key; {}",
            suggest(words.first().copied().unwrap_or(""), words.get(1..).unwrap_or(&[]))
        );
    }
    if message.starts_with("unknown variant ") {
        let given = words.first().copied().unwrap_or("");
        return format!("unknown word \"{given}\"; {}", suggest(given, words.get(1..).unwrap_or(&[])));
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("the key \"{}\" is missing", field.trim_matches('`'));
    }
    let typed = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    match typed.and_then(|rest| rest.split_once(", expected ")) {
        Some((found, expected)) => format!("expected {}, found {}", plain_type(expected), found.replace('`', "")),
        None => message.to_owned(),
    }
}

/// `did you mean "connections"?`, or all known words when none is near.
pub(crate) fn suggest(given: &str, known: &[&str]) -> String {
    match nearest(given, known) {
        Some(word) => format!("did you mean \"{word}\"?"),
        None => format!("known are {}", known.join(", ")),
    }
}

/// The known word most like a given one, if it is like it at all.
pub(crate) fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let given = given.to_lowercase();
    let likeness = |word: &&'a str| {
        let word_lower = word.to_lowercase();
        let by_edits = strsim::normalized_damerau_levenshtein(&given, &word_lower);
        // Two letters that changed places in a short word.
        let swapped = strsim::osa_distance(&given, &word_lower) == 1;
        (*word, if swapped { 1.0 } else { strsim::jaro_winkler(&given, &word_lower).max(by_edits) })
    };
    let best = known.iter().map(likeness).max_by(|a, b| a.1.total_cmp(&b.1));
    best.filter(|(_, alike)| *alike >= ALIKE_MIN).map(|(word, _)| word)
}

fn backticked(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

fn plain_type(expected: &str) -> &str {
    match expected {
        "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => "text in quotes",
        "a sequence" => "a list in [ ]",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}
