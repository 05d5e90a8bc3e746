//! docs/FORMATS.md is true: each of its examples is run through the program, and answers as printed.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The fenced blocks of a section, each with its language.
fn blocks(section: &str) -> Vec<(&str, &str)> {
    let fenced = section.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').expect("a language, then lines")).collect()
}

fn decode(config: &str, messages: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("np.toml");
    std::fs::write(&file, config).expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_nightporter"))
        .args(["decode", "--config"])
        .arg(&file)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("piped").write_all(messages.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn every_worked_example_answers_as_printed() {
    let text = include_str!("../../docs/FORMATS.md");
    let examples: Vec<&str> = text.split("\n## ").filter(|section| section.starts_with("Example ")).collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let [("toml", config), ("json", messages), ("json", answers)] = blocks(example)[..] else {
            panic!("an example is a configuration, messages and answers: {example}")
        };
        let said = decode(config, messages);
        assert_eq!(lines(&said), lines(answers), "{}\n{said}", example.lines().next().unwrap_or_default());
    }
}

#[test]
fn the_pin_of_the_documentation_is_sound() {
    let text = include_str!("../../docs/FORMATS.md");
    let section = text.split("\n## ").find(|s| s.starts_with("Pin a format")).expect("the section");
    let said = decode(blocks(section)[0].1, r#"{"topic":"flat7/sensor/flood","payload":"true"}"#);
    let expected =
        r#"{"format":"shelly_gen1","devices":[{"device_key":"flat7","readings":[{"kind":"leak","value":true}]}]}"#;
    assert_eq!(lines(&said), lines(expected));
}
