//! The messages of `tests/fixtures/payloads`, read once for every test that needs real ones. Judges nothing.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// One line of the fixtures.
pub struct Line {
    /// `<format>-<number>`.
    pub id: String,
    /// The message's topic.
    pub topic: String,
    /// The message's bytes.
    pub payload: Vec<u8>,
    /// The whole line: what is expected stands in it.
    pub json: Value,
}

/// All lines, file by file; read once.
pub fn lines() -> &'static [Line] {
    static LINES: LazyLock<Vec<Line>> = LazyLock::new(read);
    &LINES
}

fn read() -> Vec<Line> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/payloads");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the fixtures are there").map(|f| f.expect("entry").path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "jsonl"));
    files.sort();
    let text: String = files.iter().map(|f| fs::read_to_string(f).expect("UTF-8")).collect();
    text.split('\n').filter(|l| !l.is_empty()).map(line).collect()
}

fn line(text: &str) -> Line {
    let json: Value = serde_json::from_str(text).expect("a fixture is JSON");
    let field = |name: &str| json[name].as_str().map(str::to_owned);
    let payload = field("payload").map(String::into_bytes);
    let binary = || STANDARD.decode(field("payload_b64").expect("one of both")).expect("base64");
    Line {
        id: field("id").expect("id"),
        topic: field("topic").expect("topic"),
        payload: payload.unwrap_or_else(binary),
        json,
    }
}
