//! The words of time in a text, and the text without them. Pure; never says what a text means.
//!
//! Hours and habits ("at night", "on weekends") are kept apart from days ("on Friday"): these often tell a story.

use super::text::plain;

/// English words of hours and habits.
const TIMES: &[&str] = &[
    "night",
    "nights",
    "nighttime",
    "nightly",
    "overnight",
    "tonight",
    "midnight",
    "late",
    "early",
    "noon",
    "midday",
    "evening",
    "evenings",
    "morning",
    "mornings",
    "weekend",
    "weekends",
    "weekday",
    "weekdays",
    "mondays",
    "tuesdays",
    "wednesdays",
    "thursdays",
    "fridays",
    "saturdays",
    "sundays",
    "bedtime",
    "hours",
    "asleep",
    "sleeping",
    "sleep",
    "often",
];
/// English words of days.
const DAYS: &[&str] =
    &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow"];
/// What goes with a time when it stands before it: "so late", "when I am asleep", "between 10 and 8".
const LEADS: &[&str] = &[
    "at", "in", "on", "by", "to", "and", "from", "after", "before", "past", "until", "till", "between", "around",
    "during", "while", "when", "the", "this", "that", "so", "very", "too", "every", "all", "my", "i", "am", "im", "is",
    "it", "its",
];
/// A number behind one of these is a time of day.
const BEFORE_HOURS: &[&str] =
    &["at", "by", "to", "and", "from", "after", "before", "past", "until", "till", "between", "around"];
const HOURS: &[&str] =
    &["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
/// Chinese words of time, each before those that stand in it.
const TIMES_HAN: &[&str] = &[
    "一大早",
    "大清早",
    "大半夜",
    "大晚上",
    "这么晚",
    "那么晚",
    "太晚",
    "今晚",
    "晚上",
    "夜里",
    "夜间",
    "深夜",
    "半夜",
    "凌晨",
    "清早",
    "早上",
    "中午",
    "午休",
    "傍晚",
    "周末",
    "白天",
    "睡觉",
    "休息",
    "上班",
    "的时候",
    "时间",
    "这个点",
];
/// Chinese words of days.
const DAYS_HAN: &[&str] = &["今天", "明天"];
/// From here on and for good: these say no time.
const FOR_GOOD_HAN: &[&str] = &["从今天开始", "从今天起"];
const HOURS_HAN: &str = "0123456789一二两三四五六七八九十";
/// What may follow the hour.
const BEHIND_HAN: &[&str] = &["钟", "半", "以后", "之后", "过后", "以前", "之前", "后", "前"];

/// The text without its words of time; none where it has none.
pub fn without(body: &str) -> Option<String> {
    cut(body, true)
}

/// Whether it names hours or habits, not only days.
pub fn names_hours(body: &str) -> bool {
    cut(body, false).is_some()
}

fn cut(body: &str, days: bool) -> Option<String> {
    let whole = without_each(FOR_GOOD_HAN, plain(body));
    let rest = without_each(TIMES_HAN, if days { without_each(DAYS_HAN, whole.clone()) } else { whole.clone() });
    let rest = without_words(&without_hours_han(&rest), days);
    (rest != whole).then_some(rest)
}

fn without_each(words: &[&str], text: String) -> String {
    words.iter().fold(text, |rest, word| rest.replace(word, ""))
}

/// Without `10点以后`, however often it stands there.
fn without_hours_han(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some((before, behind)) = rest.split_once('点') {
        let first = before.trim_end_matches(|c| HOURS_HAN.contains(c));
        // 一点 is "a little" more often than one o'clock.
        if matches!(&before[first.len()..], "" | "一") {
            kept.extend([before, "点"]);
            rest = behind;
        } else {
            kept.push_str(first);
            rest = BEHIND_HAN.iter().fold(behind, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        }
    }
    kept + rest
}

/// Without English words of time; the marks behind them stay, so that clauses stay apart.
fn without_words(text: &str, days: bool) -> String {
    let tokens: Vec<&str> = text.split_inclusive(' ').collect();
    let words: Vec<String> = tokens.iter().map(|t| t.chars().filter(|c| c.is_alphanumeric()).collect()).collect();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < tokens.len() {
        let taken = time_words(&words[at..], days);
        match taken {
            0 => kept.push_str(tokens[at]),
            _ => kept.push_str(marks(tokens[at + taken - 1])),
        }
        at += taken.max(1);
    }
    kept
}

/// What stands behind a word.
fn marks(token: &str) -> &str {
    &token[token.trim_end_matches(|c: char| !c.is_alphanumeric()).len()..]
}

/// How many words, from the first on, say when.
fn time_words(words: &[String], days: bool) -> usize {
    let is_lead = |word: &&String| LEADS.contains(&word.as_str());
    let leads = words.iter().take_while(is_lead).count();
    let Some(first) = words.get(leads).map(String::as_str) else { return 0 };
    if TIMES.contains(&first) || (days && DAYS.contains(&first)) || is_clock(first) {
        return leads + 1;
    }
    let is_hour = HOURS.contains(&first) || (!first.is_empty() && first.bytes().all(|b| b.is_ascii_digit()));
    if !is_hour || leads == 0 || !BEFORE_HOURS.contains(&words[leads - 1].as_str()) {
        return 0;
    }
    let half_day = words.get(leads + 1).is_some_and(|word| matches!(word.as_str(), "am" | "pm" | "oclock"));
    leads + 1 + usize::from(half_day)
}

/// `10pm`, `1030am`.
fn is_clock(word: &str) -> bool {
    let hour = word.strip_suffix("pm").or_else(|| word.strip_suffix("am")).unwrap_or_default();
    !hour.is_empty() && hour.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_time_go_and_nothing_else_does() {
        for (body, rest) in [
            ("stop texting me at night", Some("stop texting me ")),
            ("Don't text me so late!", Some("don't text me !")),
            ("do not text me after 10 pm, please", Some("do not text me , please")),
            ("no texts between 22:00 and 8", Some("no texts ")),
            ("晚上10点以后别发短信", Some("别发短信")),
            ("别大半夜发短信", Some("别发短信")),
            ("stop texting me at all", None),
            ("I have 2 locks", None),
            ("差一点漏水", None),
            ("我八点到，九点半走", Some("我到,走")),
            ("快一点，22点后别发了", Some("快一点,别发了")),
            ("从今天起别发短信", None),
        ] {
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(without(body).as_deref().map(words), rest.map(words), "{body}");
        }
    }

    #[test]
    fn a_day_is_no_hour() {
        for body in ["at night", "I moved out on Friday at 10pm", "weekends", "晚上", "今天22点后"] {
            assert!(names_hours(body), "{body}");
        }
        for body in ["I moved out on Friday", "tomorrow", "我今天已经退租了", "no more texts"] {
            assert!(!names_hours(body), "{body}");
        }
    }
}
