//! `nightporter demo` from outside: what a pipe and a program get, how it ends, what it leaves behind.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The demo with a temporary folder of its own and a free port.
fn demo(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightporter"));
    command.arg("demo").args(["--listen", "127.0.0.1:0"]).args(args).env("TMPDIR", folder).stdin(Stdio::null());
    command
}

fn left_behind(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("the folder is there").count()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the demo writes UTF-8")
}

#[test]
fn a_run_ends_with_a_scoreboard_on_which_everything_held() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = demo(folder.path(), &["--for", "20s", "--json"]).output().expect("it runs");
    let lines: Vec<Value> = text(&output).lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let board = lines.last().expect("a scoreboard");
    assert!(output.status.success(), "{board}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((&board["event"], &board["expectations_held"]), (&"scoreboard".into(), &true.into()));
    for kind in ["battery", "leak"] {
        assert!(board[kind]["found"].as_u64() >= Some(1), "{kind}: {board}");
    }
    for event in ["begin", "ticket", "message"] {
        assert!(lines.iter().any(|line| line["event"] == event), "no {event}");
    }
    assert_eq!(left_behind(folder.path()), 0);
}

#[test]
fn a_pipe_gets_plain_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = demo(folder.path(), &["--for", "3s", "--units", "8"]).output().expect("it runs");
    let text = text(&output);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("Oak Court"), "{text}");
    assert!(text.contains("problems that happened"), "{text}");
    let control: Vec<char> = text.chars().filter(|c| c.is_control() && *c != '\n').collect();
    assert!(control.is_empty(), "{control:?}");
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = demo(folder.path(), &["--units", "4"]).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut first).expect("it says that it begins");
    assert_eq!(left_behind(folder.path()), 1);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    std::io::copy(&mut out, &mut std::io::sink()).expect("it goes on until it ends");
    assert!(child.wait().expect("it ends").success());
    assert_eq!(left_behind(folder.path()), 0);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child =
        demo(folder.path(), &["--units", "12"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("it says that it begins");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(left_behind(folder.path()), 0);
}

#[test]
fn what_cannot_be_played_is_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    for args in [["--units", "0"], ["--speed", "0"], ["--for", "soon"], ["--speed", "1000000"]] {
        let output = demo(folder.path(), &args).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
    assert_eq!(left_behind(folder.path()), 0);
}
