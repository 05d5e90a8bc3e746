//! Text cut into lines by what it takes on a terminal: a Chinese character is two columns wide. Cuts at spaces where
//! there are any, and between Chinese characters anywhere.

use ratatui::text::Span;

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// The beginning of a text that fits, with `…` where something was left out.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += char_width(c);
        if used + 1 > columns {
            break;
        }
        out.push(c);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// A text cut or filled up with blanks to exactly so many columns.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let blanks = columns.saturating_sub(width(&text));
    text + &" ".repeat(blanks)
}

/// Lines of at most so many columns.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.lines().flat_map(|line| wrap_line(line, columns.max(2))).collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(line) {
        let last = lines.last_mut().expect("there is always a line");
        if width(last) + width(word.trim_end()) <= columns {
            last.push_str(word);
        } else if width(word.trim_end()) <= columns {
            lines.push(word.to_owned());
        } else {
            break_word(&mut lines, word, columns);
        }
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

fn break_word(lines: &mut Vec<String>, word: &str, columns: usize) {
    for c in word.chars() {
        let last = lines.last_mut().expect("there is always a line");
        if width(last) + char_width(c) > columns {
            lines.push(c.to_string());
        } else {
            last.push(c);
        }
    }
}

/// Pieces between which a line may be cut: words with the blanks behind them, and single wide characters with the
/// punctuation behind them.
fn words(line: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let Some(&(next_at, next)) = chars.peek() else { break };
        let after_blank = c == ' ' && next != ' ';
        let beside_wide = (char_width(c) == 2 || char_width(next) == 2) && !clings(next) && !opens(c) && next != ' ';
        if (after_blank || beside_wide) && next_at > at {
            cuts.push(next_at);
        }
    }
    cuts.push(line.len());
    cuts.windows(2).map(|pair| &line[pair[0]..pair[1]]).collect()
}

fn char_width(c: char) -> usize {
    width(c.encode_utf8(&mut [0; 4]))
}

/// Must not begin a line.
fn clings(c: char) -> bool {
    "，。！？：；、）」』”,.!?:;)…".contains(c)
}

/// Must not end a line.
fn opens(c: char) -> bool {
    "（「『“(".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_character_takes_two_columns() {
        for (text, columns, want) in [
            ("Water at Kitchen in 0301!", 12, vec!["Water at", "Kitchen in", "0301!"]),
            ("0301的厨房检测到漏水！", 10, vec!["0301的厨房", "检测到漏", "水！"]),
            ("abcdefgh", 3, vec!["abc", "def", "gh"]),
            ("one\ntwo", 10, vec!["one", "two"]),
            ("", 10, vec![]),
        ] {
            let lines = wrap(text, columns);
            assert_eq!(lines, want, "{text}");
            assert!(lines.iter().all(|line| width(line) <= columns), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_and_what_is_short_is_filled_up() {
        for (text, columns, want) in
            [("王伟", 4, "王伟"), ("王伟伟", 5, "王伟…"), ("王伟伟", 4, "王… "), ("ab", 4, "ab  "), ("abc", 0, "")]
        {
            assert_eq!(fit(text, columns), want, "{text} in {columns}");
        }
    }
}
