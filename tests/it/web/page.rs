//! The page for managers in a real Chromium, at phone and desktop width, in light and dark, in both languages.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nightporter::model::Fact;
use reqwest::Method;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::house::{House, token};

/// How long the browser may take for all of it, on a busy machine.
const BROWSER_MAX: Duration = Duration::from_secs(240);

/// Where screenshots go: a folder that the caller names, to look at them, else one that is removed.
pub fn screenshots() -> (std::path::PathBuf, Option<tempfile::TempDir>) {
    if let Some(folder) = std::env::var_os("NIGHTPORTER_SCREENSHOTS") {
        return (folder.into(), None);
    }
    let folder = tempfile::tempdir().expect("a folder");
    (folder.path().to_owned(), Some(folder))
}

fn from_runner(name: &str) -> String {
    let said = std::env::var(name).unwrap_or_default();
    assert!(!said.is_empty(), "{name} is not set: run `tests/run`, or `tests/run -- cargo test …` for a part");
    said
}

#[tokio::test]
async fn managers_see_what_is_open_live() {
    let house = House::start().await;
    house.leak().await;
    house.low_battery("oak/14C/lock").await;
    house.writes("SM0", "+8613800000001", "1").await;
    house.writes("SM1", "+8613800000001", "My cat sits on it, is that bad?").await;
    house.user("anna", "reader", None, "a lamp at night").await;
    let (folder, _kept) = screenshots();
    let said = browse("page.cjs", &[&house.base, &token("eyes"), &token("ops")], &folder, async |line: &str| {
        if line == "ready" {
            house.hear("elm/3A/sink", Fact::Leak(true)).await;
        }
    })
    .await;
    assert_eq!(said, ["ready", "done"]);
    let sent = house.get("ops", "/api/v1/messages").await;
    let by_hand = sent["items"].as_array().expect("a list").iter().filter(|m| m["template"] == "human");
    let by_hand: Vec<_> = by_hand.filter_map(|m| m["body"].as_str()).collect();
    assert!(by_hand.len() == 1 && by_hand[0].starts_with("Not at all. - "), "{by_hand:?}");
}

/// Has a script drive a browser; what it says, line by line, is heard on the way and answered.
pub async fn browse(script: &str, args: &[&str], folder: &Path, heard: impl AsyncFn(&str)) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(script);
    let mut node = Command::new("node")
        .arg(script)
        .args(args)
        .arg(folder)
        .env("NIGHTPORTER_CHROMIUM", from_runner("NIGHTPORTER_CHROMIUM"))
        .env("NIGHTPORTER_NODE_MODULES", from_runner("NIGHTPORTER_NODE_MODULES"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs");
    let mut lines = BufReader::new(node.stdout.take().expect("piped")).lines();
    let driven = async {
        let mut said = Vec::new();
        while let Some(line) = lines.next_line().await.expect("text") {
            heard(&line).await;
            said.push(line);
        }
        said
    };
    let said = tokio::time::timeout(BROWSER_MAX, driven).await.expect("the browser ends");
    let ended = node.wait_with_output().await.expect("node ends");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    said
}

#[tokio::test]
async fn the_page_asks_for_nothing_from_elsewhere_and_frames_nowhere() {
    let house = House::start().await;
    let page = house.ask("", Method::GET, "/", None).await;
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    let html = page.text().await.expect("text");
    assert!(
        html.contains("lang=\"en\"") && !html.contains("{{") && !html.contains("<style") && !html.contains(" style=")
    );
    for file in [
        "style.css",
        "addresses.js",
        "app.js",
        "ask.js",
        "figures.js",
        "letters.js",
        "moves.js",
        "rota.js",
        "valves.js",
        "words.js",
        "phone.css",
        "phone.js",
        "phone-words.js",
        "jobs.js",
        "home.js",
        "icon.svg",
    ] {
        let first = house.ask("", Method::GET, &format!("/page/{file}"), None).await;
        assert_eq!(first.status(), 200, "{file}");
        let tag = first.headers()["etag"].clone();
        let again = house.request(Method::GET, &format!("/page/{file}")).header("if-none-match", tag);
        assert_eq!(again.send().await.expect("an answer").status(), 304, "{file}");
    }
}
