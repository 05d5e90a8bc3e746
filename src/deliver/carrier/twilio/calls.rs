//! Twilio's Calls API: rings a number, says a text twice and asks for one key. It never decides what the key means.
//!
//! What is said is a person's name and place too: everything that goes into TwiML is escaped, and what XML cannot hold is
//! left out. Since 2023-11-30 Twilio makes no calls to mainland China.

use serde_json::Value;

use super::{Sender, Twilio, answer, below, exchange, reason};
use crate::deliver::carrier::{Action, Calling, CarrierError, CarrierMessage, FIND_SLACK_MS, Lookup, SendOutcome};
use crate::model::Locale;

/// The path of the voice webhook below `public_url`.
pub const VOICE_PATH: &str = "/webhooks/twilio/voice";
/// How long a phone rings, in seconds.
const RINGS_S: u32 = 45;
/// How long a key is waited for, in seconds.
const KEY_S: u32 = 8;
/// Calls read for one question.
const CALLS_MAX: usize = 50;

impl Twilio {
    pub(super) async fn ring(&self, call: Calling<'_>) -> SendOutcome {
        let refused =
            |detail: &str| SendOutcome::Refused { code: None, detail: detail.to_owned(), action: Action::OtherChannel };
        if call.to.is_mainland_china() {
            return refused("Twilio makes no calls to mainland China");
        }
        let Sender::From(from) = &self.account.sender else {
            return refused("a call needs a number: set sms.twilio.from");
        };
        let mut form = vec![
            ("To", call.to.as_str().to_owned()),
            ("From", from.clone()),
            ("Twiml", self.twiml(&call)),
            ("Timeout", RINGS_S.to_string()),
            ("MachineDetection", "Enable".to_owned()),
        ];
        if let Some(url) = self.voice_url(&call, false) {
            form.push(("StatusCallback", url));
            form.push(("StatusCallbackMethod", "POST".to_owned()));
        }
        match exchange(self.http.post(self.calls_url().as_str()).form(&form)).await {
            Ok(answer) => answer.into_outcome(),
            Err(error) if error.is_builder() || error.is_connect() => SendOutcome::NotSent { detail: reason(error) },
            Err(error) => SendOutcome::Ambiguous { detail: reason(error) },
        }
    }

    /// Calls to the number since then: a call has no words to know it by.
    pub(super) async fn search_calls(&self, lookup: Lookup<'_>) -> Result<Vec<CarrierMessage>, CarrierError> {
        let mut url = self.calls_url();
        url.query_pairs_mut().append_pair("To", lookup.to.as_str()).append_pair("PageSize", &CALLS_MAX.to_string());
        let list = self.ask(url).await?;
        let calls = list.get("calls").and_then(Value::as_array);
        let calls = calls.ok_or_else(|| CarrierError::Unreadable("no list of calls".to_owned()))?;
        let earliest = lookup.since - FIND_SLACK_MS;
        let mine = |call: &&Value| call.get("to").and_then(Value::as_str) == Some(lookup.to.as_str());
        let found = calls.iter().filter(mine).filter_map(answer::message);
        Ok(found.filter(|call| call.created_at >= Some(earliest)).collect())
    }

    fn calls_url(&self) -> reqwest::Url {
        let mut url = self.messages.clone();
        let path = url.path().trim_end_matches("/Messages").to_owned();
        url.set_path(&format!("{path}/Calls.json"));
        url
    }

    /// Where Twilio tells what became of the call, or which key was pressed.
    fn voice_url(&self, call: &Calling<'_>, key: bool) -> Option<String> {
        let mut url = below(self.public.as_ref()?, VOICE_PATH);
        url.query_pairs_mut().append_pair("a", call.attempt);
        if key {
            url.query_pairs_mut().append_pair("l", call.locale.as_str());
        }
        Some(url.into())
    }

    fn twiml(&self, call: &Calling<'_>) -> String {
        let say = say(call.locale, call.body);
        match self.voice_url(call, true) {
            Some(url) => format!(
                "<Response><Gather numDigits=\"1\" timeout=\"{KEY_S}\" actionOnEmptyResult=\"true\" method=\"POST\" \
                 action=\"{}\">{say}<Pause length=\"2\"/>{say}</Gather></Response>",
                escaped(&url)
            ),
            None => format!("<Response>{say}<Pause length=\"2\"/>{say}</Response>"),
        }
    }
}

/// A text as TwiML says it.
pub fn say(locale: Locale, text: &str) -> String {
    let language = match locale {
        Locale::ZhCn => "zh-CN",
        Locale::En => "en-US",
    };
    format!("<Say language=\"{language}\">{}</Say>", escaped(text))
}

/// Text that means itself in XML, whatever it holds.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
