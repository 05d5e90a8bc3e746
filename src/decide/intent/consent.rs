//! STOP, START and HELP in the words that people use, and for which purpose. Pure.
//!
//! A single keyword counts only when it is the whole text; a sentence counts when it can mean nothing else, or when it
//! speaks of texts; one that is limited to a time, "not at night", wants fewer texts and is for a human, but the time of
//! a reason ("I moved out on Friday") limits nothing. A text that merely holds such a word ("the water does not stop") is none: who is not written to any more misses the next leak.

use super::text::Text;
use super::times;
use crate::model::Purpose;

/// What somebody wants of our writing to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// No more texts; of one purpose, or any.
    Stop(Option<Purpose>),
    /// Texts again.
    Start,
    /// Who is this, and how do I stop it?
    Help,
}

const STOP: &[&str] = &[
    "stop",
    "stopall",
    "stop all",
    "stop it",
    "stop now",
    "please stop",
    "stop please",
    "unsubscribe",
    "unsubscribe me",
    "please unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "opt out",
    "opt me out",
    "opt out please",
    "remove",
    "remove me",
    "please remove me",
    "leave me alone",
    "stopp",
    "sotp",
    "stpo",
    "unsubscibe",
    "unsuscribe",
    "arret",
    "alto",
    "parar",
    "baja",
    "cancelar",
    "no mas",
    "no mas mensajes",
    "detener",
    "t",
    "td",
    "tdhf",
    "qx",
    "00000",
    "退订",
    "退定",
    "我要退订",
    "请退订",
    "退订谢谢",
    "取消订阅",
    "取消",
    "拒收",
    "停止",
    "停止发送",
    "停止短信",
    "退",
    "别发了",
    "不要发了",
    "不要再发了",
    "别再发了",
    "请勿打扰",
];
/// These mean every text, whatever is said of times beside them.
const STOP_FOR_GOOD: &[&str] = &[
    "opt me out",
    "opt out of",
    "unsubscribe me",
    "unsubscribe from",
    "want to unsubscribe",
    "want to opt out",
    "wish to opt out",
    "lose my number",
    "revoke my consent",
    "withdraw my consent",
    "stop all texts",
    "stop all messages",
    "撤回同意",
    "撤销同意",
    "取消订阅",
    "退订",
];
/// These can mean nothing else, wherever they stand, unless they speak of a time.
const STOP_SENTENCES: &[&str] = &[
    "stop texting",
    "stop messaging",
    "stop these texts",
    "stop these messages",
    "stop the texts",
    "stop the messages",
    "stop spamming",
    "stop sms",
    "no quiero mensajes",
    "no quiero mas",
    "deje de enviar",
    "不要再发了",
    "别再发了",
    "别发了",
    "不要发了",
    "停止发送",
    "拒收短信",
    "拉黑你",
];
/// These mean texts only where nothing follows in the same clause, or texts do: 不要再发 is no STOP in 不要再发生漏水.
const STOP_OPEN: &[&str] = &[
    "stop sending",
    "stop writing",
    "stop contacting",
    "stop bothering",
    "dont text me",
    "do not text me",
    "never text me",
    "dont message me",
    "do not message me",
    "dont write to me",
    "do not write to me",
    "dont send me",
    "do not send me",
    "dont contact me",
    "do not contact me",
    "no more",
    "take me off",
    "remove me from",
    "remove my number",
    "delete my number",
    "不要再发",
    "别再发",
    "不要再给我发",
    "别再给我发",
    "不要给我发",
    "别给我发",
    "不要发",
    "别发",
    "不想收到",
    "不想再收到",
    "不再接收",
    "不接收",
    "拒绝接收",
    "不要再打扰我",
    "别再打扰我",
    "不要打扰我",
    "别打扰我",
    "不要再打扰了",
    "别再打扰了",
    "删除我的号码",
    "删掉我的号码",
];
/// Who says so is short of texts, not tired of them.
const MISSED: &[&str] =
    &["get no more", "got no more", "getting no more", "receive no more", "are no more", "手机不接收"];
/// What may stand between such words and the texts, or behind them: 不要再给我发你们的短信了, "stop sending me these".
const FILL: &[&str] = &[
    "me", "us", "to", "any", "more", "anymore", "all", "these", "those", "this", "the", "your", "such", "so", "many",
    "of", "please", "pls", "again", "ever", "further", "thanks", "thank", "you", "from",
];
const FILL_HAN: &[&str] = &[
    "给", "我们", "我", "你们", "你", "这些", "这种", "这样", "那些", "任何", "什么", "垃圾", "的", "了", "啦", "吧",
    "啊", "谢谢", "好吗", "行吗",
];
const TEXTS: &[&str] = &[
    "text",
    "texts",
    "message",
    "messages",
    "msg",
    "msgs",
    "sms",
    "notifications",
    "alerts",
    "list",
    "lists",
    "stuff",
    "system",
    "records",
    "database",
];
const TEXTS_HAN: &[&str] = &["短信", "信息", "消息", "通知", "广告", "sms"];
const START: &[&str] = &[
    "start",
    "unstop",
    "restart",
    "subscribe",
    "resubscribe",
    "opt in",
    "optin",
    "恢复订阅",
    "恢复",
    "重新订阅",
    "订阅",
    "开始订阅",
    "恢复短信",
    "继续接收",
];
const HELP: &[&str] = &["help", "info", "aide", "ayuda", "帮助", "bz"];

/// Purposes by the words that name them beside a STOP.
const PURPOSES: &[(Purpose, &[&str])] = &[
    (Purpose::Survey, &["survey*", "feedback", "rating*", "问卷", "调查", "回访", "评价", "打分"]),
    (Purpose::Reward, &["reward*", "credit*", "bonus*", "奖励", "积分", "返现"]),
    (Purpose::Reminder, &["reminder*", "reminding", "battery messages", "battery texts", "提醒", "催"]),
];
/// Short words that end one purpose when they stand beside its name.
const END_OF_ONE: &[&str] = &[
    "stop",
    "no more",
    "no",
    "unsubscribe",
    "opt out",
    "cancel",
    "end",
    "dont send",
    "do not send",
    "退订",
    "取消",
    "不要",
    "别发",
    "别",
    "停止",
    "拒收",
];
/// A text that ends one purpose is short: longer ones are for a human.
const ENDS_ONE_LETTERS_MAX: usize = 21;

/// The keyword that a text is, if it is one.
pub fn keyword(body: &str) -> Option<Keyword> {
    let text = Text::new(body);
    let whole = text.whole();
    if text.asks {
        return None;
    }
    if STOP.contains(&&*whole) {
        return Some(Keyword::Stop(None));
    }
    if START.contains(&&*whole) {
        return Some(Keyword::Start);
    }
    if HELP.contains(&&*whole) {
        return Some(Keyword::Help);
    }
    if has(&text, STOP_FOR_GOOD) && one_purpose(&text).is_none() {
        return Some(Keyword::Stop(None));
    }
    let ended = if times::without(body).is_some() { unlimited(body) } else { sentence(body) };
    ended.map(Keyword::Stop)
}

/// What a text that names a time ends all the same: the clause that says so names none, and no other one limits it.
fn unlimited(body: &str) -> Option<Option<Purpose>> {
    let stops = |clause| times::without(clause).is_none() && sentence(clause).is_some();
    let free = clauses(body).any(stops) && !clauses(body).any(is_limit);
    free.then(|| one_purpose(&Text::new(body)))
}

/// Whether a clause may say when a STOP beside it holds: it names hours ("it is so late"), or a day and nothing else.
fn is_limit(clause: &str) -> bool {
    let says_nothing_else = |rest: String| unfilled(&Text::new(&rest).whole()).is_empty();
    times::names_hours(clause) || times::without(clause).is_some_and(says_nothing_else)
}

/// Whether somebody wants fewer texts, not none: "don't text me at night" is a STOP but for its words of time. What they
/// want no switch can do; a human answers.
pub fn wants_fewer(body: &str) -> bool {
    let is_stop = |rest: String| sentence(&rest).is_some();
    times::without(body).is_some_and(is_stop) && !matches!(keyword(body), Some(Keyword::Stop(_)))
}

fn has(text: &Text, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| text.clone().take(phrase))
}

/// What a sentence ends: the texts of one purpose, or all.
fn sentence(body: &str) -> Option<Option<Purpose>> {
    let text = Text::new(body);
    if let Some(purpose) = one_purpose(&text) {
        return Some(Some(purpose));
    }
    let stops = has(&text, STOP_FOR_GOOD) || has(&text, STOP_SENTENCES) || clauses(body).any(ends_all);
    stops.then_some(None)
}

/// The parts of a text between its marks.
fn clauses(body: &str) -> impl Iterator<Item = &str> {
    let is_mark = |c: char| !c.is_alphanumeric() && !matches!(c, ' ' | '\'' | '＇' | '’' | '‘' | '`' | '´');
    body.split(is_mark).filter(|part| !part.trim().is_empty())
}

/// Whether a clause says of all texts, and of nothing else, that they shall end.
fn ends_all(clause: &str) -> bool {
    let mut text = Text::new(clause);
    MISSED.iter().for_each(|phrase| while text.take(phrase) {});
    STOP_OPEN.iter().any(|phrase| text.after(phrase).is_some_and(|rest| are_texts_or_nothing(phrase, unfilled(&rest))))
}

fn are_texts_or_nothing(phrase: &str, rest: &str) -> bool {
    let (first, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    if phrase == "no more" {
        return TEXTS.contains(&first) && unfilled(behind).is_empty();
    }
    rest.is_empty() || TEXTS.contains(&first) || TEXTS_HAN.iter().any(|word| rest.starts_with(word))
}

/// What is left of the words behind a phrase without those that say nothing.
fn unfilled(mut rest: &str) -> &str {
    loop {
        let (first, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        let after = FILL_HAN.iter().find_map(|word| rest.strip_prefix(word));
        match after.or_else(|| FILL.contains(&first).then_some(behind)) {
            Some(behind) => rest = behind,
            None => return rest,
        }
    }
}

fn one_purpose(text: &Text) -> Option<Purpose> {
    let named = |(_, names): &&(Purpose, &[&str])| names.iter().any(|name| text.clone().take(name));
    let (purpose, names) = PURPOSES.iter().find(named)?;
    let mut rest = text.clone();
    names.iter().for_each(|name| while rest.take(name) {});
    let ends = END_OF_ONE.iter().any(|phrase| rest.take(phrase));
    (ends && rest.left() <= ENDS_ONE_LETTERS_MAX).then_some(*purpose)
}
