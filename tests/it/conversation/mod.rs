//! What people write, and what is understood of it: a corpus by hand with a table of confusions, and the words of STOP.
//!
//! `corpus.txt` is what the phrases were made with; `unseen.txt` was written afterwards and never used to mend them, so
//! that its figure tells how strangers' texts fare. What matters most: nobody acts on what was not meant.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use nightporter::decide::intent::{Asked, Intent, Keyword, keyword, understand};
use nightporter::model::Purpose;

const CORPUS: &str = include_str!("corpus.txt");
const UNSEEN: &str = include_str!("unseen.txt");
/// The word for what nobody may act upon.
const HUMAN: &str = "human";

struct Text {
    asked: Asked,
    expected: &'static str,
    body: &'static str,
}

fn read(corpus: &'static str) -> Vec<Text> {
    let lines = corpus.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let text = |line: &'static str| {
        let parts: Vec<&str> = line.splitn(3, " | ").collect();
        let [asked, expected, body] = parts[..] else { panic!("ASKED | MEANING | TEXT: {line}") };
        assert!(expected == HUMAN || Intent::parse(expected).is_some(), "{line}");
        let asked = match asked {
            "-" => Asked::Nothing,
            "bed" => Asked::Bed,
            "replaced" => Asked::Replaced,
            "score" => Asked::Score,
            other => panic!("asked what? {other}"),
        };
        Text { asked, expected, body }
    };
    lines.map(text).collect()
}

/// What somebody would do about a text: its meaning when that is sure and no question, else a human looks.
fn deed(text: &Text) -> &'static str {
    let understood = understand(text.body, text.asked);
    if understood.is_sure() { understood.intent.as_str() } else { HUMAN }
}

/// A question and a complaint go to a human anyway.
fn is_for_a_human(word: &str) -> bool {
    matches!(word, HUMAN | "question" | "complaint")
}

/// Right, left to a human, wrong; prints who is taken for whom.
fn score(name: &str, texts: &[Text]) -> (usize, usize, usize) {
    let (mut right, mut human, mut wrong) = (0, 0, 0);
    let mut table: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut out = String::new();
    for text in texts {
        let did = deed(text);
        *table.entry((text.expected, did)).or_default() += 1;
        let same = did == text.expected || (is_for_a_human(did) && is_for_a_human(text.expected));
        match same {
            true => right += 1,
            false if is_for_a_human(did) => human += 1,
            false => {
                wrong += 1;
                writeln!(out, "  {} taken for {did}: {}", text.expected, text.body).expect("a string");
            }
        }
    }
    let words: BTreeSet<&str> = table.keys().flat_map(|(a, b)| [*a, *b]).collect();
    write!(out, "{:>14}", "meant \\ did").expect("a string");
    words.iter().for_each(|w| write!(out, "{:>6}", &w[..w.len().min(5)]).expect("a string"));
    for meant in &words {
        write!(out, "\n{meant:>14}").expect("a string");
        words.iter().for_each(|did| write!(out, "{:>6}", table.get(&(*meant, *did)).unwrap_or(&0)).expect("a string"));
    }
    println!(
        "{name}: {} texts, {right} right, {human} left to a human, {wrong} acted wrongly upon\n{out}\n",
        texts.len()
    );
    (right, human, wrong)
}

#[test]
fn the_corpus_is_understood() {
    let texts = read(CORPUS);
    let (right, _, wrong) = score("corpus", &texts);
    assert!(texts.len() >= 450, "{} texts", texts.len());
    assert!(right * 100 >= texts.len() * 98 && wrong * 100 <= texts.len(), "{right} right, {wrong} wrong");
}

#[test]
fn of_unseen_texts_few_are_taken_wrongly() {
    let texts = read(UNSEEN);
    let (right, _, wrong) = score("unseen", &texts);
    assert!(right * 100 >= texts.len() * 50 && wrong * 100 <= texts.len() * 13, "{right} right, {wrong} wrong");
}

/// Each in many coats: case, blanks, marks, full width.
fn coats(word: &str) -> Vec<String> {
    let wide: String = word
        .chars()
        .map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).expect("full width") } else { c })
        .collect();
    let title = word[..1].to_uppercase() + &word[1..];
    let mut all = vec![
        word.to_owned(),
        word.to_uppercase(),
        format!(" {word} "),
        format!("{word}."),
        format!("{word}!!"),
        format!("\"{word}\""),
    ];
    all.extend([format!("{word}。"), format!("\n{word}\n"), wide, format!("{word} 🙏")]);
    all.extend(word.is_ascii().then_some(title));
    all
}

#[test]
fn stop_is_heard_in_every_coat_and_in_any_reasonable_words() {
    let words = [
        "stop",
        "stopall",
        "stop all",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "opt out",
        "optout",
        "please stop",
        "stop texting me",
        "don't text me anymore",
        "do not contact me again",
        "no more messages please",
        "take me off your list",
        "remove my number",
        "i want to unsubscribe",
        "leave me alone",
        "stop sending me these messages",
        "parar",
        "baja",
        "no mas mensajes",
        "td",
        "t",
        "退订",
        "取消订阅",
        "别再发短信了",
        "不要再给我发信息了，不想收到",
        "拒收",
        "请不要再发了",
        "我要退订",
        "不想再收到你们的短信",
    ];
    let all: Vec<String> = words
        .iter()
        .flat_map(|w| if w.is_ascii() { coats(w) } else { vec![(*w).to_owned(), format!("{w}！"), format!(" {w}")] })
        .collect();
    assert!(all.len() >= 250, "{}", all.len());
    for body in all {
        assert_eq!(keyword(&body), Some(Keyword::Stop(None)), "{body}");
    }
    for (body, purpose) in [
        ("stop surveys", Purpose::Survey),
        ("No more surveys please", Purpose::Survey),
        ("别发问卷了", Purpose::Survey),
        ("退订提醒", Purpose::Reminder),
        ("stop reminders", Purpose::Reminder),
        ("退订奖励", Purpose::Reward),
    ] {
        assert_eq!(keyword(body), Some(Keyword::Stop(Some(purpose))), "{body}");
    }
    for (body, expected) in
        [("START", Keyword::Start), ("恢复订阅", Keyword::Start), ("help", Keyword::Help), ("帮助", Keyword::Help)]
    {
        assert_eq!(keyword(body), Some(expected), "{body}");
    }
}

#[test]
fn what_people_write_about_their_home_is_no_stop() {
    let business = read(CORPUS).into_iter().chain(read(UNSEEN));
    let mut n = 0;
    for text in business {
        n += 1;
        assert!(!matches!(keyword(text.body), Some(Keyword::Stop(_) | Keyword::Start)), "{}", text.body);
    }
    let more = [
        "the water won't stop",
        "stop the water please",
        "It doesn't stop beeping",
        "when does it end?",
        "please cancel the visit tomorrow",
        "can you cancel my appointment",
        "at the end of the hall",
        "I quit my job",
        "stopped leaking",
        "水停不下来",
        "取消明天的上门",
        "停电了",
        "stop?",
        "怎么退订？",
    ];
    for body in more {
        assert_eq!(keyword(body), None, "{body}");
    }
    assert!(n + more.len() >= 300);
}
