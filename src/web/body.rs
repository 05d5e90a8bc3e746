//! JSON bodies, read strictly against their documented shape: what does not fit is told by field, with what is wanted.
//!
//! The shape is the one of the OpenAPI document, so a client is told what the document says. A value is never repeated
//! in an answer: it may be somebody's number or words.

use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Map, Value};
use utoipa::PartialSchema;

use super::params::{nearest, too_large, unsupported};
use super::problem::Problem;

/// The media type of bodies.
pub const JSON: &str = "application/json";

/// A JSON body as `T`; no body at all is `{}`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + PartialSchema, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(CONTENT_TYPE).map(|kind| is_json(kind.as_bytes()));
        if kind == Some(false) {
            return Err(unsupported(JSON));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => Problem::bad_request("bad-body", "the body did not arrive whole").at("body").mend("send it again"),
        })?;
        match kind {
            Some(_) => read(&bytes).map(Self),
            None if bytes.is_empty() => read(b"{}").map(Self),
            None => Err(unsupported(JSON)),
        }
    }
}

/// `application/json`, also with a character set behind it.
fn is_json(kind: &[u8]) -> bool {
    let kind = kind.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    kind.eq_ignore_ascii_case(JSON.as_bytes())
}

fn read<T: DeserializeOwned + PartialSchema>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| no_json(&e))?;
    let shape = serde_json::to_value(T::schema()).expect("a schema is plain data");
    let Value::Object(fields) = &value else {
        return Err(bad_field(format!("the body is {}; an object is needed", kind_of(&value))).at("body"));
    };
    fits(&shape, fields)?;
    serde_json::from_slice(bytes).map_err(|_| bad_field("a field stands twice".to_owned()).at("body"))
}

fn no_json(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    let detail = match error.classify() {
        Category::Eof => format!("the JSON ends too early, at {place}"),
        _ => format!("this is no JSON: {place}"),
    };
    Problem::bad_request("bad-json", detail).at("body").mend("send one JSON object in UTF-8")
}

/// Whether these are the fields of a shape: none unknown, none missing, each of its type.
fn fits(shape: &Value, fields: &Map<String, Value>) -> Result<(), Problem> {
    let nothing = Map::new();
    let known = shape["properties"].as_object().unwrap_or(&nothing);
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    if let Some(name) = fields.keys().find(|name| !known.contains_key(*name)) {
        let mend = match nearest(name, &names) {
            Some(near) => format!("did you mean \"{near}\"? known: {}", names.join(", ")),
            None if names.is_empty() => "leave it out: there are none here".to_owned(),
            None => format!("known: {}", names.join(", ")),
        };
        return Err(bad_field("there is no such field here".to_owned()).at(format!("field {name}")).mend(mend));
    }
    let required = shape["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(name) = required.iter().filter_map(Value::as_str).find(|name| !fields.contains_key(*name)) {
        return Err(wanted(name, &known[name], "it is missing"));
    }
    for (name, value) in fields {
        let types = types_of(&known[name]);
        if !types.is_empty() && !types.iter().any(|wanted| is_of(wanted, value)) {
            return Err(wanted(name, &known[name], &format!("it is {}", kind_of(value))));
        }
        within(name, &known[name], value)?;
        if has_nul(value) {
            let problem = bad_field("it holds the character U+0000, which no text has".to_owned());
            return Err(problem.at(format!("field {name}")).mend("leave the character out"));
        }
    }
    Ok(())
}

/// Whether a text in it holds U+0000: not every database takes it, so none is asked to.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Whether a number is between the documented bounds; a 32-bit one without an upper bound has that of its format.
fn within(name: &str, shape: &Value, value: &Value) -> Result<(), Problem> {
    let Some(number) = value.as_i64() else { return Ok(()) };
    let format_max = (shape["format"] == "int32").then_some(i64::from(i32::MAX));
    let (least, most) = (shape["minimum"].as_i64(), shape["maximum"].as_i64().or(format_max));
    if least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most) {
        return Ok(());
    }
    let range = match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("{least} or more"),
        (None, most) => format!("{} or less", most.unwrap_or(i64::MAX)),
    };
    Err(wanted(name, shape, "it is out of range").mend(format!("give {range}")))
}

/// The text of a field without blanks around it, of so many characters.
pub fn text_of(field: &str, text: &str, chars: RangeInclusive<usize>) -> Result<String, Problem> {
    let text = text.trim();
    let count = text.chars().count();
    if chars.contains(&count) {
        return Ok(text.to_owned());
    }
    let problem = match count {
        0 => Problem::unprocessable("empty", "there is no text"),
        _ => Problem::unprocessable("too-long", format!("{count} characters are more than {}", chars.end())),
    };
    Err(problem.at(format!("field {field}")).mend(format!("give {} to {} characters", chars.start(), chars.end())))
}

/// A field that is not as the document wants it.
fn wanted(name: &str, shape: &Value, wrong: &str) -> Problem {
    let types: Vec<&str> = types_of(shape).into_iter().filter(|t| *t != "null").map(word_of).collect();
    let detail = format!("{wrong}; {} is needed", types.join(" or "));
    let about = shape["description"].as_str().unwrap_or("/openapi.json has the fields and their types");
    bad_field(detail).at(format!("field {name}")).mend(about)
}

fn bad_field(detail: String) -> Problem {
    Problem::unprocessable("bad-field", detail).mend("/openapi.json has the fields and their types")
}

/// The types that a documented value may have.
pub fn types_of(shape: &Value) -> Vec<&str> {
    match &shape["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A type of JSON as people say it.
pub fn word_of(kind: &str) -> &str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

fn is_of(wanted: &str, value: &Value) -> bool {
    match wanted {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(n) if n.is_i64() => "a whole number",
        Value::Number(_) => "a fraction or too large",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use utoipa::ToSchema;

    use super::*;

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Order {
        /// How many, 1 to 9.
        count: i64,
        /// For whom.
        whom: Option<String>,
        /// So many a day.
        #[schema(minimum = 1)]
        per_day: Option<u32>,
        #[schema(minimum = 1, maximum = 90)]
        minutes: Option<u32>,
    }

    fn told(body: &str) -> (String, String) {
        let problem = read::<Order>(body.as_bytes()).expect_err("it does not fit");
        let text = serde_json::to_value(&problem).expect("plain data");
        let field = |name: &str| text[name].as_str().unwrap_or_default().to_owned();
        (format!("{}: {}", field("where"), field("detail")), field("mend"))
    }

    #[test]
    fn what_does_not_fit_is_told_by_field() {
        for (body, expected, mend) in [
            (r#"{"count":"7"}"#, "field count: it is text; a whole number is needed", "How many, 1 to 9."),
            (r#"{"count":1.5}"#, "field count: it is a fraction or too large; a whole number is needed", "1 to 9"),
            (r#"{"count":99999999999999999999}"#, "field count: it is a fraction or too large;", "1 to 9"),
            (r#"{"count":null}"#, "field count: it is null; a whole number is needed", "1 to 9"),
            (r#"{"whom":"me"}"#, "field count: it is missing; a whole number is needed", "1 to 9"),
            (r#"{"count":1,"whom":[]}"#, "field whom: it is a list; text is needed", "For whom."),
            (r#"{"cuont":1}"#, "field cuont: there is no such field here", "did you mean \"count\"?"),
            (r#"{"count":1,"count":2}"#, "body: a field stands twice", ""),
            (r#"{"count":1,"minutes":-5}"#, "field minutes: it is out of range", "give 1 to 90"),
            (r#"{"count":1,"minutes":91}"#, "field minutes: it is out of range", "give 1 to 90"),
            (r#"{"count":1,"per_day":-1}"#, "field per_day: it is out of range", "give 1 to 2147483647"),
            (r#"{"count":1,"per_day":4294967296}"#, "field per_day: it is out of range", "give 1 to 2147483647"),
            (
                "{\"count\":1,\"whom\":\"a\\u0000b\"}",
                "field whom: it holds the character U+0000",
                "leave the character out",
            ),
            ("[]", "body: the body is a list; an object is needed", ""),
            ("{\"count\":", "body: the JSON ends too early, at line 1, column 9", ""),
            ("{count:1}", "body: this is no JSON: line 1, column 2", "one JSON object"),
        ] {
            let (said, how) = told(body);
            assert!(said.starts_with(expected) && how.contains(mend), "{body}: {said} ({how})");
        }
        let order = read::<Order>(br#"{"count":3,"whom":null}"#).expect("it fits");
        assert_eq!((order.count, order.whom, order.per_day, order.minutes), (3, None, None, None));
    }
}
