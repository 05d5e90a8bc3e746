//! Phone numbers as people write them, to E.164. The reasons never repeat the number.

use phonenumber::country::Id as Country;
use phonenumber::{Mode, parse};

use crate::model::E164;

/// The fewest and the most digits that a number has as people write it in some country.
const DIGITS_MIN: usize = 4;
const DIGITS_MAX: usize = 18;

/// What is known of the country that a national number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// This one.
    Country(Country),
    /// The property says none: numbers must be in E.164.
    Unsaid,
    /// The property is in error itself, which is told already.
    InError,
}

/// Reads E.164, or a national number where the country is known. `Ok(None)` when nothing can be said of it.
pub(super) fn read(text: &str, home: Home) -> Result<Option<E164>, String> {
    let text = text.replace(['\u{a0}', '\u{2007}', '\u{202f}'], " ").replace('＋', "+");
    if text.starts_with('+') && !text.contains("(0)") {
        let tidy: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/')).collect();
        return E164::parse(&tidy).map(Some).ok_or_else(|| "no phone number: + and 7 to 15 digits expected".to_owned());
    }
    let country = match home {
        _ if text.starts_with('+') => None,
        Home::Country(country) => Some(country),
        Home::InError if could_be(&text) => return Ok(None),
        Home::InError => return Err("no phone number; write it in E.164 (+ and country code)".to_owned()),
        Home::Unsaid => {
            return Err("not in E.164 (+ and country code); or give the property's country".to_owned());
        }
    };
    national(&text, country).map(Some).ok_or_else(|| match country {
        Some(country) => format!("no valid phone number of {country:?}; write it in E.164 (+ and country code)"),
        None => "no valid phone number".to_owned(),
    })
}

/// Whether it could be a number of some country: digits and what people put between them, a few at least.
fn could_be(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let between = |c: char| c.is_ascii_digit() || " -()./".contains(c);
    (DIGITS_MIN..=DIGITS_MAX).contains(&digits) && text.chars().all(between)
}

fn national(text: &str, country: Option<Country>) -> Option<E164> {
    let number = parse(country, text).ok()?;
    let valid = number.is_valid() && number.extension().is_none();
    valid.then(|| E164::parse(&number.format().mode(Mode::E164).to_string())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, home: Home, expected: Option<&str>) {
        let read = read(text, home).ok().flatten();
        assert_eq!(read.as_ref().map(E164::as_str), expected, "{text} {home:?}");
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let china = Home::Country(Country::CN);
        check("+8613912345678", Home::Unsaid, Some("+8613912345678"));
        check("+86 139-1234-5678", Home::Unsaid, Some("+8613912345678"));
        check("+1 (415) 555.0100", Home::Unsaid, Some("+14155550100"));
        check("+44 (0)20 7946 0958", Home::Unsaid, Some("+442079460958"));
        check("139 1234 5678", china, Some("+8613912345678"));
        check("021-62881234", china, Some("+862162881234"));
        check("0086 139 1234 5678", china, Some("+8613912345678"));
        check("(415) 555-0100", Home::Country(Country::US), Some("+14155550100"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in ["", "+", "+12", "+0123456789", "+1234567890123456", "+86139x2345678", "139", "1.39E+10", "call me"]
        {
            check(bad, Home::Unsaid, None);
            check(bad, Home::Country(Country::CN), None);
        }
        check("13912345678", Home::Unsaid, None);
        check("1391234567", Home::Country(Country::CN), None);
    }

    #[test]
    fn without_a_country_only_what_can_be_none_is_refused() {
        for (text, could_be) in
            [("139 1234 5678", true), ("(021) 6288-1234", true), ("call me", false), ("1.39E+10", false), ("12", false)]
        {
            assert_eq!(read(text, Home::InError).is_ok(), could_be, "{text}");
        }
    }
}
