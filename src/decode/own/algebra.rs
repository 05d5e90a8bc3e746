//! How the values of jq programs calculate and compare: as the jq manual says, and always paid for.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use jaq_core::ValR;
use jaq_core::ops::Math;

use super::meter::{pay, pay_text};
use super::value::{Error, Object, Val, own_fields, own_items};

impl Add for Val {
    type Output = ValR<Self>;
    fn add(self, right: Self) -> ValR<Self> {
        match (self, right) {
            (Self::Null, other) | (other, Self::Null) => Ok(other),
            (Self::Num(l), Self::Num(r)) => Ok(Self::Num(l + r)),
            (Self::Str(l), Self::Str(r)) => {
                pay_text(l.len() + r.len());
                Ok(Self::Str([&*l, &*r].concat().into()))
            }
            (Self::Arr(l), Self::Arr(r)) => {
                pay(r.len());
                let mut items = own_items(l);
                items.extend(r.iter().cloned());
                Ok(Self::Arr(Rc::new(items)))
            }
            (Self::Obj(l), Self::Obj(r)) => {
                pay(r.len());
                let mut fields = own_fields(l);
                fields.extend(r.iter().map(|(key, value)| (key.clone(), value.clone())));
                Ok(Self::object(fields))
            }
            (l, r) => Err(Error::math(l, Math::Add, r)),
        }
    }
}

impl Sub for Val {
    type Output = ValR<Self>;
    fn sub(self, right: Self) -> ValR<Self> {
        match (self, right) {
            (Self::Num(l), Self::Num(r)) => Ok(Self::Num(l - r)),
            (Self::Arr(l), Self::Arr(r)) => Ok(l.iter().filter(|item| !r.contains(item)).cloned().collect()),
            (l, r) => Err(Error::math(l, Math::Sub, r)),
        }
    }
}

impl Mul for Val {
    type Output = ValR<Self>;
    fn mul(self, right: Self) -> ValR<Self> {
        match (self, right) {
            (Self::Num(l), Self::Num(r)) => Ok(Self::Num(l * r)),
            (Self::Str(text), Self::Num(n)) | (Self::Num(n), Self::Str(text)) if n > 0.0 => {
                let times = n.ceil() as usize;
                pay_text(text.len().saturating_mul(times));
                Ok(Self::Str(text.repeat(times).into()))
            }
            (Self::Str(_), Self::Num(_)) | (Self::Num(_), Self::Str(_)) => Ok(Self::Null),
            (Self::Obj(l), Self::Obj(r)) => Ok(Self::object(merged(own_fields(l), &r)?)),
            (l, r) => Err(Error::math(l, Math::Mul, r)),
        }
    }
}

/// Objects in objects are merged too.
fn merged(mut left: Object, right: &Object) -> Result<Object, Error> {
    for (key, value) in right {
        pay(1);
        let value = match (left.remove(key), value) {
            (Some(l @ Val::Obj(_)), Val::Obj(_)) => (l * value.clone())?,
            _ => value.clone(),
        };
        left.insert(key.clone(), value);
    }
    Ok(left)
}

impl Div for Val {
    type Output = ValR<Self>;
    fn div(self, right: Self) -> ValR<Self> {
        match (self, right) {
            (Self::Num(l), Self::Num(r)) => Ok(Self::Num(l / r)),
            (Self::Str(text), Self::Str(by)) => {
                pay_text(text.len());
                Ok(match (&*text, &*by) {
                    ("", _) => Self::Arr(Rc::default()),
                    (text, "") => text.chars().map(|c| Self::text(c.to_string())).collect(),
                    (text, by) => text.split(by).map(Self::text).collect(),
                })
            }
            (l, r) => Err(Error::math(l, Math::Div, r)),
        }
    }
}

/// Of whole numbers, with the sign of the left one.
impl Rem for Val {
    type Output = ValR<Self>;
    fn rem(self, right: Self) -> ValR<Self> {
        match (self, right) {
            (Self::Num(l), Self::Num(r)) if r.trunc() != 0.0 => Ok(Self::Num(l.trunc() % r.trunc())),
            (l, r) => Err(Error::math(l, Math::Rem, r)),
        }
    }
}

impl Neg for Val {
    type Output = ValR<Self>;
    fn neg(self) -> ValR<Self> {
        self.num().map(|n| Self::Num(-n))
    }
}

/// null < false < true < numbers < strings < arrays < objects; what is no number stands before all numbers.
impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        pay(1);
        match (self, other) {
            (Self::Bool(l), Self::Bool(r)) => l.cmp(r),
            (Self::Num(l), Self::Num(r)) => l.partial_cmp(r).unwrap_or_else(|| r.is_nan().cmp(&l.is_nan())),
            (Self::Str(l), Self::Str(r)) => {
                pay_text(l.len().min(r.len()));
                l.cmp(r)
            }
            (Self::Arr(l), Self::Arr(r)) => l.cmp(r),
            (Self::Obj(l), Self::Obj(r)) => {
                pay(l.len() + r.len());
                l.keys().cmp(r.keys()).then_with(|| l.values().cmp(r.values()))
            }
            (l, r) => rank(l).cmp(&rank(r)),
        }
    }
}

fn rank(value: &Val) -> u8 {
    match value {
        Val::Null => 0,
        Val::Bool(_) => 1,
        Val::Num(_) => 2,
        Val::Str(_) => 3,
        Val::Arr(_) => 4,
        Val::Obj(_) => 5,
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Val {}

/// Whether `inner` is found in `outer`: a part of a text, each element in some element, each field in its field.
pub(super) fn contains(outer: &Val, inner: &Val) -> bool {
    pay(1);
    match (outer, inner) {
        (Val::Str(outer), Val::Str(inner)) => {
            pay_text(outer.len());
            outer.contains(&**inner)
        }
        (Val::Arr(outer), Val::Arr(inner)) => inner.iter().all(|i| outer.iter().any(|o| contains(o, i))),
        (Val::Obj(outer), Val::Obj(inner)) => {
            inner.iter().all(|(key, i)| outer.get(key).is_some_and(|o| contains(o, i)))
        }
        (outer, inner) => outer == inner,
    }
}
