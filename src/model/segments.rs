//! How many parts of an SMS a text takes, counted as Twilio counts them (its own calculator is the oracle of a test).
//!
//! GSM-7: 160 septets, or 153 each of several; signs of the extension take two and are never torn apart. One sign beyond
//! GSM-7 makes the whole text UCS-2: 70 UTF-16 units, or 67 each.

/// One part, in bits.
const PART_BITS: usize = 140 * 8;
/// What is left of a part beside the header that puts several together.
const PART_OF_SEVERAL_BITS: usize = PART_BITS - 6 * 8;
/// A routine text takes no more parts than this.
pub const ROUTINE_PARTS_MAX: u32 = 2;

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// Parts of a text; an empty one takes one.
pub fn segments(text: &str) -> u32 {
    let sizes = septets(text).unwrap_or_else(|| text.chars().map(|c| 16 * c.len_utf16()).collect());
    if sizes.iter().sum::<usize>() <= PART_BITS {
        return 1;
    }
    let (mut parts, mut free) = (1, PART_OF_SEVERAL_BITS);
    for size in sizes {
        if size > free {
            (parts, free) = (parts + 1, PART_OF_SEVERAL_BITS);
        }
        free -= size;
    }
    parts
}

/// The bits of each sign in GSM-7, if it can be written in it.
fn septets(text: &str) -> Option<Vec<usize>> {
    let bits = |c: char| if BASIC.contains(c) { Some(7) } else { EXTENDED.contains(c).then_some(14) };
    text.chars().map(bits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_at_their_edges() {
        for (text, expected) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("a".repeat(152) + &"€".repeat(77), 3),
            ("–".to_owned() + &"a".repeat(69), 1),
            ("–".to_owned() + &"a".repeat(70), 2),
            ("水".repeat(70), 1),
            ("水".repeat(134), 2),
            ("水".repeat(135), 3),
            ("😀".repeat(35), 1),
            ("😀".repeat(66), 2),
            ("😀".repeat(67), 3),
        ] {
            assert_eq!(segments(&text), expected, "{text}");
        }
    }
}
