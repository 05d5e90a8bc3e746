//! The values of the operator's jq programs: JSON, with numbers as doubles and objects ordered by key. Whatever makes
//! a value or walks over one pays for it (see `meter`). How values calculate and compare stands in `algebra`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::ops::Range;
use std::rc::Rc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::{Exn, ValR, ValX};

use super::meter::{pay, pay_text};

pub(super) type Error = jaq_core::Error<Val>;
pub(super) type Object = BTreeMap<Rc<str>, Val>;

#[derive(Clone, Debug, Default)]
pub(super) enum Val {
    #[default]
    Null,
    Bool(bool),
    Num(f64),
    Str(Rc<str>),
    Arr(Rc<Vec<Val>>),
    Obj(Rc<Object>),
}

impl Val {
    /// A text; paid for.
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        let text = text.into();
        pay_text(text.len());
        Self::Str(text)
    }

    /// An object; its making must have been paid for.
    pub(super) fn object(object: Object) -> Self {
        Self::Obj(Rc::new(object))
    }

    /// The input of a program, which is not paid for: a message's size is limited already.
    pub(super) fn input(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(*b),
            serde_json::Value::Number(n) => n.as_f64().map_or(Self::Null, Self::Num),
            serde_json::Value::String(s) => Self::Str(s.as_str().into()),
            serde_json::Value::Array(items) => Self::Arr(Rc::new(items.iter().map(Self::input).collect())),
            serde_json::Value::Object(fields) => {
                Self::object(fields.iter().map(|(key, value)| (key.as_str().into(), Self::input(value))).collect())
            }
        }
    }

    pub(super) fn as_num(&self) -> Option<f64> {
        if let Self::Num(n) = self { Some(*n) } else { None }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    pub(super) fn num(&self) -> Result<f64, Error> {
        self.as_num().ok_or_else(|| Error::typ(self.clone(), "number"))
    }

    pub(super) fn str(&self) -> Result<&str, Error> {
        self.as_text().ok_or_else(|| Error::typ(self.clone(), "string"))
    }

    pub(super) fn items(&self) -> Result<&[Val], Error> {
        if let Self::Arr(items) = self { Ok(items) } else { Err(Error::typ(self.clone(), "array")) }
    }

    /// The value as JSON text.
    pub(super) fn to_json(&self) -> String {
        self.to_string()
    }
}

/// An array's or object's content to change: moved where nobody else has it, else copied and paid for.
fn own<T: Clone>(shared: Rc<T>, len: usize) -> T {
    Rc::try_unwrap(shared).unwrap_or_else(|shared| {
        pay(len);
        (*shared).clone()
    })
}

pub(super) fn own_items(items: Rc<Vec<Val>>) -> Vec<Val> {
    let len = items.len();
    own(items, len)
}

pub(super) fn own_fields(fields: Rc<Object>) -> Object {
    let len = fields.len();
    own(fields, len)
}

/// Position `index` of `len`, counted from the end when negative.
fn position(index: f64, len: usize) -> Option<usize> {
    let index = if index < 0.0 { index.floor() + len as f64 } else { index.floor() };
    (0.0..len as f64).contains(&index).then_some(index as usize)
}

/// A slice's bounds in a sequence of `len`.
fn bounds(range: Range<Option<&Val>>, len: usize) -> Result<(usize, usize), Error> {
    let bound = |value: Option<&Val>, default: usize| match value {
        None | Some(Val::Null) => Ok(default),
        Some(value) => {
            let n = value.num()?;
            let n = if n < 0.0 { n + len as f64 } else { n };
            Ok(n.clamp(0.0, len as f64) as usize)
        }
    };
    let (from, to) = (bound(range.start, 0)?, bound(range.end, len)?);
    Ok((from, to.max(from)))
}

impl jaq_core::ValT for Val {
    fn from_num(n: &str) -> ValR<Self> {
        n.parse().map(Self::Num).map_err(Error::str)
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(iter: I) -> ValR<Self> {
        let mut object = Object::new();
        for (key, value) in iter {
            pay(1);
            let Self::Str(key) = key else { return Err(Error::typ(key, "string (the key of an object)")) };
            object.insert(key, value);
        }
        Ok(Self::object(object))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Self::Arr(items) => {
                let items = own_items(items).into_iter().enumerate();
                Box::new(items.map(|(i, item)| Ok((Self::Num(i as f64), item))).inspect(|_| pay(1)))
            }
            Self::Obj(fields) => {
                let fields = own_fields(fields).into_iter();
                Box::new(fields.map(|(key, value)| Ok((Self::Str(key), value))).inspect(|_| pay(1)))
            }
            other => box_once(Err(Error::typ(other, "iterable (array or object)"))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        match self {
            Self::Arr(items) => Box::new(own_items(items).into_iter().map(Ok).inspect(|_| pay(1))),
            Self::Obj(fields) => Box::new(own_fields(fields).into_values().map(Ok).inspect(|_| pay(1))),
            other => box_once(Err(Error::typ(other, "iterable (array or object)"))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        match (&self, index) {
            (Self::Null, _) => Ok(Self::Null),
            (Self::Obj(fields), Self::Str(key)) => Ok(fields.get(key).cloned().unwrap_or_default()),
            (Self::Arr(items), Self::Num(n)) => Ok(position(*n, items.len()).map_or(Self::Null, |i| items[i].clone())),
            (Self::Arr(_) | Self::Str(_), Self::Obj(o)) => self.clone().range(o.get("start")..o.get("end")),
            _ => Err(Error::index(self, index.clone())),
        }
    }

    fn range(self, range: Range<Option<&Self>>) -> ValR<Self> {
        match &self {
            Self::Null => Ok(Self::Null),
            Self::Arr(items) => {
                let (from, to) = bounds(range, items.len())?;
                Ok(items[from..to].iter().cloned().collect())
            }
            Self::Str(text) => {
                pay_text(text.len());
                let (from, to) = bounds(range, text.chars().count())?;
                Ok(Self::text(text.chars().skip(from).take(to - from).collect::<String>()))
            }
            _ => Err(Error::typ(self, "array or string (to take a slice)")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match self {
            Self::Arr(items) => own_items(items).into_iter().flat_map(f).collect(),
            Self::Obj(fields) => {
                pay(fields.len());
                let fields = own_fields(fields).into_iter();
                let fields = fields.filter_map(|(key, value)| f(value).next().map(|v| Ok((key, v?))));
                Ok(Self::object(fields.collect::<Result<_, Exn<_>>>()?))
            }
            other => opt.fail(other, |v| Exn::from(Error::typ(v, "iterable (array or object)"))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match (self, index) {
            (Self::Null, Self::Str(_)) => Self::object(Object::new()).map_index(index, opt, f),
            (Self::Obj(fields), Self::Str(key)) => {
                let mut fields = own_fields(fields);
                if let Some(value) = f(fields.remove(key).unwrap_or_default()).next().transpose()? {
                    pay(1);
                    fields.insert(key.clone(), value);
                }
                Ok(Self::object(fields))
            }
            (Self::Arr(items), Self::Num(n)) => {
                let Some(at) = position(*n, items.len()) else {
                    let outside = |_| Exn::from(Error::str(format_args!("index {n} out of bounds")));
                    return opt.fail(Self::Arr(items), outside);
                };
                let mut items = own_items(items);
                match f(std::mem::take(&mut items[at])).next().transpose()? {
                    Some(value) => items[at] = value,
                    None => {
                        pay(items.len());
                        items.remove(at);
                    }
                }
                Ok(Self::Arr(Rc::new(items)))
            }
            (array @ Self::Arr(_), Self::Obj(o)) => array.map_range(o.get("start")..o.get("end"), opt, f),
            (other, index) => opt.fail(other, |v| Exn::from(Error::index(v, index.clone()))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<Option<&Self>>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let Self::Arr(items) = self else { return opt.fail(self, |v| Exn::from(Error::typ(v, "array"))) };
        let (from, to) = bounds(range, items.len()).map_err(Exn::from)?;
        let part = items[from..to].iter().cloned().collect();
        let new = f(part).next().transpose()?.unwrap_or_else(|| Self::Arr(Rc::default()));
        let new = new.items().map_err(Exn::from)?;
        let all = items[..from].iter().chain(new).chain(&items[to..]);
        Ok(all.cloned().collect())
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            text @ Self::Str(_) => text,
            other => Self::text(other.to_json()),
        }
    }
}

impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::Arr(items) => Ok(own_items(items).into_iter().inspect(|_| pay(1)).collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        self.as_isize().is_some()
    }

    fn as_isize(&self) -> Option<isize> {
        self.as_num().filter(|n| n.fract() == 0.0 && n.abs() < 9e15).map(|n| n as isize)
    }

    fn as_f64(&self) -> Option<f64> {
        self.as_num()
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Str(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.as_text().map(str::as_bytes)
    }

    fn as_sub_str(&self, sub: &[u8]) -> Self {
        Self::text(String::from_utf8_lossy(sub))
    }

    fn from_utf8_bytes(b: impl AsRef<[u8]> + Send + 'static) -> Self {
        Self::text(String::from_utf8_lossy(b.as_ref()))
    }
}

impl FromIterator<Self> for Val {
    fn from_iter<T: IntoIterator<Item = Self>>(iter: T) -> Self {
        Self::Arr(Rc::new(iter.into_iter().inspect(|_| pay(1)).collect()))
    }
}

impl From<bool> for Val {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<isize> for Val {
    fn from(n: isize) -> Self {
        Self::Num(n as f64)
    }
}

impl From<usize> for Val {
    fn from(n: usize) -> Self {
        Self::Num(n as f64)
    }
}

impl From<f64> for Val {
    fn from(n: f64) -> Self {
        Self::Num(n)
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Range<Option<Self>>> for Val {
    fn from(range: Range<Option<Self>>) -> Self {
        let bound = |name: &str, value: Option<Self>| value.map(|v| (name.into(), v));
        Self::object([bound("start", range.start), bound("end", range.end)].into_iter().flatten().collect())
    }
}

/// JSON; what JSON has no number for is null.
impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pay(1);
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Num(n) if n.is_finite() => write!(f, "{n}"),
            Self::Num(_) => f.write_str("null"),
            Self::Str(text) => quoted(f, text),
            Self::Arr(items) => {
                f.write_char('[')?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { "," })?;
                }
                f.write_char(']')
            }
            Self::Obj(fields) => {
                f.write_char('{')?;
                for (i, (key, value)) in fields.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { "," })?;
                    quoted(f, key)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    pay_text(text.len());
    f.write_str(&serde_json::Value::from(text).to_string())
}
