//! The filters of jq programs that jq itself cannot express: jaq's own, but for what reaches out of the message, and
//! ours beside them. Each pays for what it walks over.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use jaq_core::native::{Filter, Fun, bome, run, unary, v};
use jaq_core::{DataT, RunPtr, ValR, ValXs};

use super::algebra::contains;
use super::meter::{pay, pay_text};
use super::regex;
use super::value::{Error, Val};
use crate::decode::facts::epoch;
use crate::decode::json;
use crate::decode::scalar::Scalar;
use crate::model::Timestamp;

/// Filters of jaq that end the process, or that we meter ourselves.
const NOT_TAKEN: [&str; 2] = ["halt", "range"];

pub(super) fn all<D: for<'a> DataT<V<'a> = Val>>() -> impl Iterator<Item = Fun<D>> {
    let theirs = jaq_core::funs().chain(jaq_std::base_funs());
    theirs.filter(|(name, ..)| !NOT_TAKEN.contains(name)).chain(ours().into_iter().map(run))
}

fn ours<D: for<'a> DataT<V<'a> = Val>>() -> Vec<Filter<RunPtr<D>>> {
    vec![
        ("range", v(3), |mut cv| {
            let (by, to, from) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
            range(&from, &to, &by)
        }),
        ("length", v(0), |cv| bome(length(cv.1))),
        ("matches", v(2), |mut cv| {
            let (flags, pattern) = (cv.0.pop_var(), cv.0.pop_var());
            bome(regex::matches(&cv.1, &pattern, &flags))
        }),
        ("split_matches", v(2), |mut cv| {
            let (flags, pattern) = (cv.0.pop_var(), cv.0.pop_var());
            bome(regex::split_matches(&cv.1, &pattern, &flags))
        }),
        ("has", v(1), |cv| unary(cv, has)),
        ("contains", v(1), |cv| unary(cv, |outer, inner| Ok(Val::Bool(contains(&outer, &inner))))),
        ("indices", v(1), |cv| unary(cv, indices)),
        ("tojson", v(0), |cv| bome(Ok(Val::text(cv.1.to_json())))),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("tonumber", v(0), |cv| bome(to_number(cv.1))),
        ("fromdate", v(0), |cv| bome(from_date(&cv.1))),
        ("todate", v(0), |cv| bome(to_date(&cv.1))),
        ("hex_bytes", v(0), |cv| bome(hex_bytes(&cv.1))),
        ("base64_bytes", v(0), |cv| bome(base64(&cv.1).map(bytes))),
        ("base64_text", v(0), |cv| bome(base64(&cv.1).map(|b| Val::text(String::from_utf8_lossy(&b))))),
        ("sqrt", v(0), |cv| bome(cv.1.num().map(|n| Val::Num(n.sqrt())))),
        ("log", v(0), |cv| bome(cv.1.num().map(|n| Val::Num(n.ln())))),
        ("exp", v(0), |cv| bome(cv.1.num().map(|n| Val::Num(n.exp())))),
        ("power", v(0), |cv| bome(power(&cv.1))),
    ]
}

/// As jaq's, each number paid for.
fn range<'a>(from: &Val, to: &Val, by: &Val) -> ValXs<'a, Val> {
    match (from.num(), to.num(), by.num()) {
        (Ok(from), Ok(to), Ok(by)) => {
            let mut next = from;
            Box::new(std::iter::from_fn(move || {
                pay(1);
                let inside = if by > 0.0 { next < to } else { next > to };
                let now = next;
                next += by;
                (inside && by != 0.0).then_some(Ok(Val::Num(now)))
            }))
        }
        (Err(e), ..) | (_, Err(e), _) | (.., Err(e)) => bome(Err(e)),
    }
}

fn length(value: Val) -> ValR<Val> {
    Ok(Val::from(match &value {
        Val::Null => 0,
        Val::Num(n) => return Ok(Val::Num(n.abs())),
        Val::Str(text) => {
            pay_text(text.len());
            text.chars().count()
        }
        Val::Arr(items) => items.len(),
        Val::Obj(fields) => fields.len(),
        Val::Bool(_) => return Err(Error::str("true and false have no length")),
    }))
}

fn has(value: Val, key: Val) -> ValR<Val> {
    match (&value, &key) {
        (Val::Obj(fields), Val::Str(key)) => Ok(Val::Bool(fields.contains_key(key))),
        (Val::Arr(items), Val::Num(n)) => Ok(Val::Bool((0.0..items.len() as f64).contains(n))),
        _ => Err(Error::index(value, key)),
    }
}

/// Where a part stands in a text, or a value in a list.
fn indices(whole: Val, part: Val) -> ValR<Val> {
    match (&whole, &part) {
        (Val::Str(_), Val::Str(part)) if part.is_empty() => Ok(std::iter::empty().collect()),
        (Val::Str(whole), Val::Str(part)) => {
            pay_text(whole.len());
            let place = |(at, _)| Val::from(whole[..at].chars().inspect(|_| pay(1)).count());
            Ok(whole.match_indices(&**part).map(place).collect())
        }
        (Val::Arr(items), part) => {
            let places = items.iter().enumerate().filter(|(_, item)| *item == part);
            Ok(places.map(|(at, _)| Val::from(at)).collect())
        }
        _ => Err(Error::index(whole, part)),
    }
}

fn from_json(text: &Val) -> ValR<Val> {
    let text = text.str()?;
    // A value needs more room than its two letters of text.
    pay(text.len());
    json::tree(text).map(|tree| Val::input(&tree)).map_err(|e| Error::str(format_args!("not JSON: {}", e.detail)))
}

/// A number, also from text, also with blanks or a percent sign around it.
fn to_number(value: Val) -> ValR<Val> {
    match &value {
        Val::Num(_) => Ok(value),
        Val::Str(text) => {
            pay_text(text.len());
            let number = Scalar::plain(text).number();
            number.map(Val::Num).ok_or_else(|| Error::str("tonumber: the text is no number"))
        }
        _ => Err(Error::typ(value, "number")),
    }
}

/// Seconds since 1970 of an RFC 3339 time with its offset.
fn from_date(text: &Val) -> ValR<Val> {
    let time = Timestamp::parse_rfc3339(text.str()?);
    let wrong = || Error::str("fromdate: expected a time such as 2026-01-05T02:30:00Z, with its offset");
    time.map(|at| Val::Num(at.0 as f64 / 1_000.0)).ok_or_else(wrong)
}

fn to_date(seconds: &Val) -> ValR<Val> {
    let time = epoch(seconds.num()?);
    let wrong = || Error::str("todate: expected seconds (or milliseconds) since 1970, of the years 2000 to 2099");
    time.map(|at| Val::text(at.to_rfc3339())).ok_or_else(wrong)
}

/// `"0a ff"` is `[10, 255]`; blanks, colons and dashes between are left out.
fn hex_bytes(text: &Val) -> ValR<Val> {
    let text = text.str()?;
    pay_text(text.len());
    let digits = text.bytes().filter(|b| !matches!(b, b' ' | b':' | b'-')).map(|b| char::from(b).to_digit(16));
    let digits: Option<Vec<u32>> = digits.collect();
    let digits =
        digits.filter(|d| d.len().is_multiple_of(2)).ok_or_else(|| Error::str("hex_bytes: not pairs of hex digits"))?;
    Ok(digits.chunks_exact(2).map(|pair| Val::from((pair[0] * 16 + pair[1]) as usize)).collect())
}

fn base64(text: &Val) -> Result<Vec<u8>, Error> {
    let text = text.str()?;
    pay_text(text.len());
    let decoded = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text));
    decoded.map_err(|e| Error::str(format_args!("not base64: {e}")))
}

fn bytes(bytes: Vec<u8>) -> Val {
    bytes.into_iter().map(|b| Val::from(usize::from(b))).collect()
}

fn power(pair: &Val) -> ValR<Val> {
    match pair.items()? {
        [x, y] => Ok(Val::Num(x.num()?.powf(y.num()?))),
        _ => Err(Error::typ(pair.clone(), "pair of numbers")),
    }
}
