//! Formats of the operator's own: what a program sees, what it may put out, and that no program can harm the service.

use std::time::{Duration, Instant};

use nightporter::decode::{Decoded, OwnFormat, Rejection, Routes, decode_at};
use nightporter::model::Timestamp;
use serde_json::{Value, json};

/// 2026-01-05T02:30:00Z.
const RECEIVED: Timestamp = Timestamp(1_767_580_200_000);

fn routes(topic: &str, jq: &str) -> Routes {
    let mut routes = Routes::default();
    routes.teach(OwnFormat::new("acme", topic, jq).expect("a sound format"));
    routes
}

fn read(topic: &str, payload: &[u8], routes: &Routes) -> Result<Decoded, Rejection> {
    decode_at(topic, payload, Some(RECEIVED), routes)
}

/// What a program makes of a payload on `acme/12B/report`, as JSON.
fn said(jq: &str, payload: &str) -> Value {
    match read("acme/12B/report", payload.as_bytes(), &routes("acme/{unit}/report", jq)) {
        Ok(decoded) => {
            let device =
                |d: &nightporter::model::DeviceReadings| json!([d.device_key.as_ref().map(|k| k.as_str()), d.readings]);
            let wrong = decoded.wrong.map(|w| w.detail);
            let devices: Vec<_> = decoded.devices.iter().map(device).collect();
            if wrong.is_some() { json!({"devices": devices, "wrong": wrong}) } else { json!(devices) }
        }
        Err(rejection) => json!(format!("{rejection}")),
    }
}

/// The value of an expression: a temperature of the device `x`.
fn number(expression: &str, payload: &str) -> Value {
    let jq = format!(r#"{{device_key: "x", readings: [{{kind: "temperature_c", value: ({expression})}}]}}"#);
    said(&jq, payload)[0][1][0]["value"].clone()
}

#[test]
fn a_program_sees_topic_levels_names_payload_and_time() {
    let jq = r#"{device_key: "\(.names.unit)/\(.levels[2])/\(.topic)", readings: [
        {kind: "battery_percent", value: (.payload.bat * 25), at: .received_at},
        {kind: "leak", value: .payload.wet, channel: "probe"},
        {kind: "tamper", value: .payload.absent}]}"#;
    let expected = json!([["12B/report/acme/12B/report", [
        {"kind": "battery_percent", "value": 75.0, "at": RECEIVED},
        {"kind": "leak", "value": true, "channel": "probe"}]]]);
    assert_eq!(said(jq, r#"{"bat":3,"wet":true}"#), expected);
    assert_eq!(number(".payload", "21.5"), json!(21.5));
    assert_eq!(number(".payload | split(\",\") | .[1] | tonumber", "a,7,c"), json!(7.0));
    assert_eq!(said("empty", "{}"), json!([]));
    assert_eq!(said("null", "{}"), json!([]));
    assert_eq!(said(r#".payload[] | {device_key: .id}"#, r#"[{"id":"a"},{"id":"b"}]"#), json!([["a", []], ["b", []]]));
    assert_eq!(said(jq, ""), json!([]), "a cleared topic");
    let binary = routes("acme/#", r#"{device_key: "\(.payload) \(.payload_b64)", readings: []}"#);
    let key = read("acme/x", b"\xff\x00", &binary).expect("read").devices[0].device_key.clone();
    assert_eq!(key.expect("a key").0, "null /wA=");
}

#[test]
fn a_pin_wins_and_may_name_a_format_of_ones_own() {
    let mut routes = routes("acme/#", r#"{device_key: .levels[-1], readings: []}"#);
    routes.pin("shellies/#", "acme").expect("known");
    routes.pin("acme/native/#", "native").expect("known");
    let format = |topic| read(topic, b"1", &routes).expect("read").format;
    assert_eq!(format("acme/x"), "acme");
    assert_eq!(format("shellies/x/sensor/flood"), "acme");
    assert_eq!(format("acme/native/nightporter/v1/p/d/status"), "native");
    assert_eq!(format("zigbee2mqtt/x"), "zigbee2mqtt");
}

#[test]
fn jq_calculates_as_its_manual_says() {
    let rows: &[(&str, f64)] = &[
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("-7 % 3", -1.0),
        ("[1,2,3] | add", 6.0),
        ("[3,1,2] | sort | .[0]", 1.0),
        ("[1,[2,[3]]] | flatten | length", 3.0),
        ("{a:1} + {b:2} | keys | length", 2.0),
        ("{a:{b:1}} * {a:{c:2}} | .a | length", 2.0),
        (r#""a,b,c" / "," | length"#, 3.0),
        (r#""ab" * 3 | length"#, 6.0),
        ("[range(0; 10; 3)] | length", 4.0),
        ("[limit(3; repeat(1))] | add", 3.0),
        ("reduce range(5) as $i (0; . + $i)", 10.0),
        ("[.payload.a[] | select(. > 1)] | length", 2.0),
        (".payload.a[1:] | add", 5.0),
        (".payload.a[-1]", 3.0),
        (".payload | .a[0] |= 10 | .a | add", 15.0),
        (".payload | del(.a[0]) | .a | length", 2.0),
        (".payload | to_entries | .[0].value | length", 3.0),
        (".payload.nothing // 4", 4.0),
        (".payload.a.b? // 5", 5.0),
        (r#"try error("x") catch 6"#, 6.0),
        ("if .payload.a == [1,2,3] then 1 else 0 end", 1.0),
        (r#""0a:ff" | hex_bytes | uint - 2800"#, 15.0),
        (r#""fff6" | hex_bytes | int"#, -10.0),
        (r#""Cv8=" | base64_bytes | .[0]"#, 10.0),
        ("181 | bits(4; 3)", 3.0),
        ("if 181 | bit(2) then 1 else 0 end", 1.0),
        (r#""2026-01-05T02:30:00Z" | fromdate - 1767580000"#, 200.0),
        (r#".received_at | fromdate - 1767580000"#, 200.0),
        (r#""[1,{\"a\":2}]" | fromjson | .[1].a"#, 2.0),
        (r#""67 %" | tonumber"#, 67.0),
        ("[1,2] | contains([2]) | if . then 1 else 0 end", 1.0),
        (r#""a-b-c" | indices("-") | .[1]"#, 3.0),
        ("[{k:2},{k:1}] | sort_by(.k) | .[0].k", 1.0),
        ("[{k:2},{k:1}] | max_by(.k) | .k", 2.0),
        ("2 | pow(.; 5) | sqrt * 0 + 1", 1.0),
        ("[nan] | sort | .[0] | if isnan then 1 else 0 end", 1.0),
        (r#"[paths] | length"#, 13.0),
        ("[1,2,3] | map(. * 2) | last", 6.0),
        ("first(range(5;9))", 5.0),
        (r#""\([1,{"a":null,"b":"x\"y"}])" | length"#, 25.0),
    ];
    for (expression, expected) in rows {
        assert_eq!(number(expression, r#"{"a":[1,2,3]}"#), json!(expected), "{expression}");
    }
}

#[test]
fn what_is_no_reading_is_told_with_its_place_and_loses_nothing_else() {
    let one = |reading: &str| said(&format!(r#"{{device_key: "x", readings: [{reading}]}}"#), "{}");
    let rows = [
        (
            r#"{kind: "leek", value: true}"#,
            ".kind: no kind of reading; expected one of battery_percent, battery_millivolts, ",
        ),
        (r#"{value: true}"#, ".kind: expected one of battery_percent, "),
        (r#"{kind: "leak", value: 1}"#, ".value: leak is true or false"),
        (r#"{kind: "leak"}"#, ".value: is missing; leak is true or false"),
        (r#"{kind: "battery_percent", value: 101}"#, ".value: battery_percent is a number from 0 to 100"),
        (r#"{kind: "battery_percent", value: "80"}"#, ".value: battery_percent is a number from 0 to 100"),
        (r#"{kind: "operations", value: -1}"#, ".value: operations is a number, 0 or more"),
        (r#"{kind: "temperature_c", value: nan}"#, ".value: temperature_c is a number from -100 to 250"),
        (r#"{kind: "lock_state", value: "LOCK"}"#, ".value: lock_state is locked, unlocked, "),
        (r#"{kind: "leak", value: true, channel: 1}"#, ".channel: expected a text of 1 to 64 bytes"),
        ("7", ": expected an object {kind, value}"),
    ];
    for (reading, expected) in rows {
        let said = one(reading).to_string();
        let expected = format!("format_output: acme: output 1.readings[0]{expected}");
        assert!(said.trim_start_matches('"').starts_with(&expected), "{reading}: {said}");
    }
    assert_eq!(said("1", "{}"), json!("format_output: acme: output 1: expected an object {device_key, readings}"));
    assert_eq!(
        said(r#"{device_key: ""}"#, "{}"),
        json!(
            "format_output: acme: output 1.device_key: expected a text of 1 to 200 bytes without < > and control characters"
        )
    );
    let wet_and_wrong =
        r#"{device_key: "x", readings: [{kind: "battery_percent", value: 255}, {kind: "leak", value: true}]}"#;
    assert_eq!(
        said(wet_and_wrong, "{}"),
        json!({
        "devices": [["x", [{"kind": "leak", "value": true}]]],
        "wrong": "acme: output 1.readings[0].value: battery_percent is a number from 0 to 100"})
    );
    let undated = said(r#"{device_key: "x", readings: [{kind: "leak", value: true, at: "yesterday"}]}"#, "{}");
    assert_eq!(undated["devices"], json!([["x", [{"kind": "leak", "value": true}]]]), "water without a time is water");
    assert!(undated["wrong"].as_str().is_some_and(|w| w.contains(".at: expected a time")), "{undated}");
    assert_eq!(said("error(\"out of order\")", "{}"), json!("format_failed: acme: out of order"));
    assert_eq!(said(".payload.a.b", r#"{"a":1}"#), json!("format_failed: acme: cannot index 1 with \"b\""));
}

#[test]
fn what_a_program_put_out_before_it_failed_counts() {
    let leak = r#"{device_key: "x", readings: [{kind: "leak", value: true}]}"#;
    let kept = json!([["x", [{"kind": "leak", "value": true}]]]);
    for (rest, why) in [
        ("error(\"out of order\")", "acme: out of order"),
        (".payload.a.b", "acme: cannot index 1 with \"b\""),
        ("def f: f; f", "acme: cut short after 50000 steps"),
        ("def f: 1 + f; f", "acme: cut short"),
        ("7", "acme: output 2: expected an object {device_key, readings}"),
    ] {
        let said = said(&format!("{leak}, ({rest})"), r#"{"a":1}"#);
        assert_eq!(said["devices"], kept, "{rest}");
        assert!(said["wrong"].as_str().is_some_and(|wrong| wrong.starts_with(why)), "{rest}: {said}");
    }
}

/// The jq manual, "Regular expressions".
#[test]
fn regular_expressions() {
    let rows: &[(&str, f64)] = &[
        (r#""bolt: 7" | test("[0-9]") | if . then 1 else 0 end"#, 1.0),
        (r#""bolt" | test("[0-9]") | if . then 1 else 0 end"#, 0.0),
        (r#""LEAK" | test("leak"; "i") | if . then 1 else 0 end"#, 1.0),
        (r#""LEAK" | test(["leak", "i"]) | if . then 1 else 0 end"#, 1.0),
        (r#""a 12 b 34" | [match("[0-9]+"; "g").string] | length"#, 2.0),
        (r#""é 12" | match("[0-9]+").offset"#, 2.0),
        (r#""a12" | match("(?<letter>[a-z])([0-9]+)").captures[1].string | tonumber"#, 12.0),
        (r#""a12" | match("(?<letter>[a-z])([0-9]+)").captures[0].name | length"#, 6.0),
        (r#""a" | match("a(b)?").captures[0].offset"#, -1.0),
        (r#""t=21.5 b=3" | capture("t=(?<t>[0-9.]+)").t | tonumber"#, 21.5),
        (r#""xyz" | [capture("(?<a>q)")] | length"#, 0.0),
        (r#""a1b22c203" | [scan("[0-9]+")] | .[2] | tonumber"#, 203.0),
        (r#""k1=v k2=w" | [scan("k([0-9])=([vw])")] | .[1][0] | tonumber"#, 2.0),
        (r#""a, b,c" | split(", *"; null) | length"#, 3.0),
        (r#""a1b2" | [splits("[0-9]")] | length"#, 3.0),
        (r#""21,5 C" | sub(",";".") | sub(" C$"; "") | tonumber"#, 21.5),
        (r#""1 2 3" | gsub("\\s"; "") | tonumber"#, 123.0),
        (r#""2-1" | sub("(?<a>[0-9])-(?<b>[0-9])"; "\(.b)\(.a)") | tonumber"#, 12.0),
        (r#""aXbX" | gsub("x"; "1"; "i") | [scan("1")] | length"#, 2.0),
        (r#""" | [match(""; "g")] | length"#, 1.0),
        (r#"try ("a" | test("(")) catch 7"#, 7.0),
        (r#"try ("a" | test("a"; "q")) catch 7"#, 7.0),
        (r#"try (5 | test("a")) catch 7"#, 7.0),
        (r#"try ("a" | test("(((a{99}){99}){99})")) catch 7"#, 7.0),
    ];
    for (expression, expected) in rows {
        assert_eq!(number(expression, "{}"), json!(expected), "{expression}");
    }
}

#[test]
fn a_program_loads_no_other() {
    for text in ["import \"x\" as $x; $x", "# mine\n\n  include \"x\"; .", "module {}; ."] {
        let error = OwnFormat::new("acme", "acme/#", text).err().expect(text).to_string();
        assert!(error.contains("programs cannot load others"), "{text}: {error}");
    }
    assert!(OwnFormat::new("acme", "acme/#", ".payload.import | {device_key: \"x\", readings: []}").is_ok());
}

/// Programs that never end, fill the memory, or nest without end.
const HOSTILE: &[&str] = &[
    "def f: f; f",
    r#"("a" * 200000) | [match("(a|aa)*$"; "g")]"#,
    r#"("a" * 200000) | [match(".*[^A-Z]|[A-Z]"; "g")]"#,
    r#"[range(1e9) | tostring | test("(x+x+)+y")]"#,
    r#"[range(1e9) | "a" | test("((a{30}){30})")]"#,
    "def f: 1 + f; f",
    "def f: [f]; f",
    "def f(g): f(g + 1); f(0)",
    "def f(g): f(g | g); f(.)",
    "[range(1e12)]",
    "[range(infinite)] | length",
    "last(range(1e12))",
    "[limit(1e12; repeat(1))]",
    "repeat(1) | empty",
    "[repeat(.)]",
    "last(repeat(1))",
    "[recurse(.)]",
    "[recurse([.])]",
    "until(false; . + {})",
    "[while(true; .)]",
    "reduce range(1e9) as $i (0; [.])",
    "reduce range(60) as $i (\"a\"; . + .)",
    "reduce range(60) as $i ([1]; . + .)",
    "reduce range(60) as $i (1; [., .]) | tojson",
    "reduce range(60) as $i (1; [., .]) | . == (reduce range(60) as $i (1; [., .]))",
    "reduce range(60) as $i (1; {a: ., b: .}) | [..] | length",
    "reduce range(1e5) as $i (1; [.]) | tojson",
    "reduce range(20000) as $i (null; {a: .}) | [paths] | length",
    "\"a\" * 1e18",
    "\"abc\" * 1e9 | length",
    "[range(3e4)] | . - .",
    "[range(3e4)] | [.[] as $x | .[]] | length",
    "[range(5e4) | tostring] | sort | unique | group_by(.) | length",
    "path(last(repeat(.a)))",
    "[limit(1e9; path(repeat(.a)))] | length",
    "foreach repeat(1) as $x (0; . + $x)",
    "label $out | repeat(1) | select(. == 2) | ., break $out",
    "[combinations(9)]",
    "[[range(30)], [range(30)], [range(30)], [range(30)]] | [combinations] | length",
    "def a: b(a); def b(f): f | a; a",
    "[.. |= [.]]",
    "walk([.])",
    "input",
];

#[test]
#[expect(clippy::disallowed_methods, reason = "the promise is about real time")]
fn no_program_runs_for_ever_fills_the_memory_or_breaks_the_stack() {
    for jq in HOSTILE {
        let Ok(format) = OwnFormat::new("acme", "acme/#", jq) else { continue };
        let mut routes = Routes::default();
        routes.teach(format);
        let before = Instant::now();
        let outcome = read("acme/x", br#"{"a":[1,2,3]}"#, &routes);
        let took = before.elapsed();
        assert!(took < Duration::from_secs(10), "{jq}: {took:?}");
        let code = outcome.map_or_else(|e| e.code, |_| "read");
        assert!(matches!(code, "format_limit" | "format_output" | "format_failed"), "{jq}: {code}");
    }
    assert!(OwnFormat::new("acme", "acme/#", "input").is_err());
    let nested = format!("{}1{}", "(".repeat(4_000), ")".repeat(4_000));
    let routes = routes("acme/#", &format!("{{device_key: \"x\"}} | select({nested} == 1)"));
    assert!(matches!(read("acme/x", b"1", &routes).map_err(|e| e.code), Ok(_) | Err("format_limit")));
    assert!(OwnFormat::new("acme", "acme/#", &" ".repeat(9_000)).is_err(), "longer than a program may be");
}

#[test]
fn a_long_list_is_read_to_its_end() {
    let items: Vec<Value> = (0..900).map(|n| json!({"id": format!("m{n}"), "wet": n % 2 == 0})).collect();
    let jq = r#".payload[] | {device_key: .id, readings: [{kind: "leak", value: .wet}]}"#;
    let decoded = read("acme/x", json!(items).to_string().as_bytes(), &routes("acme/#", jq)).expect("read");
    assert_eq!(decoded.devices.len(), 900);
    let more = json!(vec![json!({"id": "m"}); 1_001]).to_string();
    assert_eq!(read("acme/x", more.as_bytes(), &routes("acme/#", jq)).map_err(|e| e.code), Err("format_limit"));
}

#[test]
fn the_same_message_is_read_alike_every_time() {
    let jq = r#"{device_key: "x", readings: [.payload.r[] | {kind: "temperature_c", value: .}]}"#;
    let payload = json!({"r": (0..50).collect::<Vec<_>>()}).to_string();
    let first = said(jq, &payload);
    for _ in 0..20 {
        assert_eq!(said(jq, &payload), first);
    }
}
