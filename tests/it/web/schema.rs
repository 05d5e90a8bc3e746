//! The OpenAPI document: served and printed alike, every path answered, and real answers are what it says.

use nightporter::model::Fact;
use reqwest::Method;
use serde_json::{Map, Value};

use super::house::{House, LOCK, SENSOR, encode};

/// What is wrong with a value, by a schema of the document; nothing when it fits. A field that no schema names is wrong too.
fn misfits(document: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let schema = resolve(document, schema);
    if let Some(options) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
        let fits = |option: &&Value| {
            let mut inner = Vec::new();
            misfits(document, option, value, at, &mut inner);
            inner.is_empty()
        };
        if !options.iter().any(|option| fits(&option)) {
            wrong.push(format!("{at}: {value} fits none of the options"));
        }
        return;
    }
    if let Some(kind) = schema.get("type")
        && !is_of(kind, value)
    {
        return wrong.push(format!("{at}: {value} is no {kind}"));
    }
    if let Some(known) = schema.get("enum").and_then(Value::as_array)
        && !known.contains(value)
    {
        wrong.push(format!("{at}: {value} is not among {known:?}"));
    }
    if schema.get("format").is_some_and(|f| f == "date-time")
        && value.as_str().is_some_and(|t| nightporter::model::Timestamp::parse_rfc3339(t).is_none())
    {
        wrong.push(format!("{at}: {value} is no instant"));
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for (n, value) in values.iter().enumerate() {
            misfits(document, items, value, &format!("{at}/{n}"), wrong);
        }
    }
    if let Some(object) = value.as_object() {
        fields(document, schema, object, at, wrong);
    }
}

fn fields(document: &Value, schema: &Value, object: &Map<String, Value>, at: &str, wrong: &mut Vec<String>) {
    let (mut known, mut required) = (Map::new(), Vec::new());
    collect(document, schema, &mut known, &mut required);
    for name in required {
        if !object.contains_key(&name) {
            wrong.push(format!("{at}: {name} is missing"));
        }
    }
    let rest = schema.get("additionalProperties");
    for (name, value) in object {
        match known.get(name).or(rest.filter(|r| r.is_object())) {
            Some(schema) => misfits(document, schema, value, &format!("{at}/{name}"), wrong),
            None if known.is_empty() => {}
            None => wrong.push(format!("{at}: {name} is not in the document")),
        }
    }
}

/// Properties and required names, also of what a schema is composed of.
fn collect(document: &Value, schema: &Value, known: &mut Map<String, Value>, required: &mut Vec<String>) {
    let schema = resolve(document, schema);
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        collect(document, part, known, required);
    }
    known.extend(schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
    let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    required.extend(names.filter_map(|n| n.as_str().map(str::to_owned)));
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(&reference[1..]).expect("a reference of the document"),
        None => schema,
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some(other) => unreachable!("unknown type {other}"),
        None => kind.as_array().expect("a type or several").iter().any(|k| is_of(k, value)),
    }
}

/// The schema of a JSON answer.
fn schema_of<'a>(document: &'a Value, path: &str, method: &str, status: u16) -> Option<&'a Value> {
    let answer = &document["paths"][path][method]["responses"][status.to_string()];
    assert!(answer.is_object(), "{method} {path} answered {status}, which is not in the document");
    answer["content"].as_object()?.values().next()?.get("schema")
}

#[tokio::test]
async fn real_answers_are_what_the_document_says() {
    let house = House::start().await;
    let leak = house.leak().await;
    house.low_battery("oak/14C/lock").await;
    house.hear(LOCK, Fact::BatteryPercent(90.0)).await;
    house.credit("t-oak", "replacement:1", 1_000).await;
    let document = house.get("", "/openapi.json").await;
    let mut asked = 0;
    let mut wrong = Vec::new();
    for (template, operations) in document["paths"].as_object().expect("paths") {
        let id = if template.contains("tenants") { "t-oak" } else { &leak };
        for key in [LOCK, SENSOR, "oak/14C/lock"] {
            let path = template.replace("{id}", id).replace("{key}", &encode(key));
            for method in operations
                .as_object()
                .expect("operations")
                .keys()
                .filter(|_| !template.ends_with("/events") || template.contains("{id}"))
            {
                let verb = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
                for who in ["ops", ""] {
                    let response = house.ask(who, verb.clone(), &path, None).await;
                    let status = response.status().as_u16();
                    let text = response.text().await.expect("text");
                    assert!(!text.contains("no-such-path") && status != 405, "{method} {path} is not served");
                    asked += 1;
                    let Some(schema) = schema_of(&document, template, method, status) else { continue };
                    if let Ok(value) = serde_json::from_str(&text) {
                        misfits(&document, schema, &value, &format!("{method} {template} {status}"), &mut wrong);
                    }
                }
            }
        }
    }
    assert!(asked > 100 && wrong.is_empty(), "{asked} asked\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_document_is_served_and_printed_alike() {
    let house = House::start().await;
    let mut printed = Vec::new();
    nightporter::cli::openapi::run(&mut printed).expect("printed");
    let printed: Value = serde_json::from_slice(&printed).expect("JSON");
    assert_eq!(house.get("", "/openapi.json").await, printed);
    assert!(printed["openapi"].as_str().expect("a version").starts_with("3."));
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let document = serde_json::json!({ "s": { "type": "object", "required": ["a"], "properties": {
        "a": { "type": ["integer", "null"] }, "b": { "type": "string", "enum": ["x"] } } } });
    for (value, mistakes) in [
        (serde_json::json!({ "a": null, "b": "x" }), 0),
        (serde_json::json!({ "a": "1" }), 1),
        (serde_json::json!({ "b": "y" }), 2),
        (serde_json::json!({ "a": 1, "c": 1 }), 1),
        (serde_json::json!([]), 1),
    ] {
        let mut wrong = Vec::new();
        misfits(&document, &document["s"], &value, "", &mut wrong);
        assert_eq!(wrong.len(), mistakes, "{value}: {wrong:?}");
    }
}

#[test]
fn what_every_route_may_answer_stands_with_every_route() {
    let document = serde_json::to_value(nightporter::web::document()).expect("plain data");
    let (mut missing, mut routes) = (Vec::new(), 0);
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let responses = operation["responses"].as_object().expect("responses");
            routes += 1;
            let common: &[&str] = if path.starts_with("/api/v1/") { &["400", "401", "403", "503"] } else { &[] };
            let absent = common.iter().filter(|status| !responses.contains_key(**status));
            missing.extend(absent.map(|status| format!("{method} {path}: {status}")));
            for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
                let kinds: Vec<_> =
                    response["content"].as_object().into_iter().flatten().map(|(kind, _)| kind).collect();
                let shape = &response["content"]["application/problem+json"]["schema"]["$ref"];
                // What is away is told as a list of parts, not as a problem.
                let is_list = path == "/readyz" && kinds == ["application/json"];
                if !is_list && (kinds != ["application/problem+json"] || shape != "#/components/schemas/Problem") {
                    missing.push(format!("{method} {path}: {status} is {kinds:?}"));
                }
            }
        }
    }
    assert!(routes > 50, "{routes} routes");
    assert!(missing.is_empty(), "{} are wrong: {:#?}", missing.len(), &missing[..missing.len().min(20)]);
}
