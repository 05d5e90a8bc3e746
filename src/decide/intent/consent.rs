//! STOP, START and HELP in the words that people use, and for which purpose. Pure.
//!
//! A single keyword counts only when it is the whole text; a sentence counts when it can mean nothing else. A text that
//! merely holds such a word ("the water does not stop") is none: who is not written to any more misses the next leak.

use super::text::Text;
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
const STOP_SENTENCES: &[&str] = &[
    "stop texting",
    "stop messaging",
    "stop sending",
    "stop writing",
    "stop these texts",
    "stop these messages",
    "stop the texts",
    "stop the messages",
    "stop all texts",
    "stop all messages",
    "stop contacting",
    "stop spamming",
    "stop bothering",
    "stop sms",
    "dont text me",
    "do not text me",
    "dont message me",
    "do not message me",
    "dont write to me",
    "do not write to me",
    "dont send me any",
    "do not send me any",
    "dont send me",
    "do not send me",
    "dont contact me",
    "do not contact me",
    "never text me",
    "no more texts",
    "no more messages",
    "no more sms",
    "no more text",
    "take me off",
    "remove me from",
    "remove my number",
    "delete my number",
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
    "no quiero mensajes",
    "no quiero mas",
    "deje de enviar",
    "不要再发",
    "别再发",
    "不要给我发",
    "别给我发",
    "不要发短信",
    "别发短信",
    "不要发信息",
    "别发信息",
    "不想收到",
    "不想再收到",
    "不再接收",
    "不要再打扰",
    "别再打扰",
    "别打扰我",
    "停止发送",
    "不接收短信",
    "拒收短信",
    "拒绝接收",
    "取消订阅",
    "退订",
    "拉黑你",
    "撤回同意",
    "撤销同意",
    "删除我的号码",
    "删掉我的号码",
];
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
    if let Some(purpose) = one_purpose(&text) {
        return Some(Keyword::Stop(Some(purpose)));
    }
    let sentence = |phrase: &&&str| text.clone().take(phrase);
    STOP_SENTENCES.iter().find(sentence).map(|_| Keyword::Stop(None))
}

fn one_purpose(text: &Text) -> Option<Purpose> {
    let named = |(_, names): &&(Purpose, &[&str])| names.iter().any(|name| text.clone().take(name));
    let (purpose, names) = PURPOSES.iter().find(named)?;
    let mut rest = text.clone();
    names.iter().for_each(|name| while rest.take(name) {});
    let ends = END_OF_ONE.iter().any(|phrase| rest.take(phrase));
    (ends && rest.left() <= ENDS_ONE_LETTERS_MAX).then_some(*purpose)
}
