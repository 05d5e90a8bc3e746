//! Attempts to send a message, and which carrier may have it next. Pure: the next carrier follows from the attempts that
//! were made. It never moves a message whose fate is unknown from one carrier to another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Channel, E164, MessageStatus, Timestamp};

/// Who carries messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CarrierName {
    /// Printed, never sent.
    #[default]
    Console,
    /// Twilio.
    Twilio,
    /// Alibaba Cloud, for numbers of mainland China.
    Aliyun,
}

impl CarrierName {
    /// Every carrier.
    pub const ALL: [Self; 3] = [Self::Console, Self::Twilio, Self::Aliyun];

    /// The word in configuration, database and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Twilio => "twilio",
            Self::Aliyun => "aliyun",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == word)
    }

    fn takes(self, channel: Channel) -> bool {
        channel == Channel::Sms || self != Self::Aliyun
    }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// A request may be on its way.
    Sending,
    /// Nobody knows whether it was taken; the carrier is asked.
    Unknown,
    /// The carrier was asked and does not have it.
    NotTaken,
    /// The request never left.
    NotSent,
    /// The carrier had too much to do.
    Busy,
    /// The carrier's account or its set-up is at fault.
    AccountFault,
    /// The carrier said no for now.
    Deferred,
    /// The carrier said no for good.
    Refused,
    /// The carrier has it.
    Accepted,
    /// The carrier has passed it on.
    Sent,
    /// It arrived.
    Delivered,
    /// The network gave up.
    Undelivered,
    /// The carrier gave up after it had taken it.
    Failed,
}

impl AttemptOutcome {
    /// Every outcome.
    pub const ALL: [Self; 13] = [
        Self::Sending,
        Self::Unknown,
        Self::NotTaken,
        Self::NotSent,
        Self::Busy,
        Self::AccountFault,
        Self::Deferred,
        Self::Refused,
        Self::Accepted,
        Self::Sent,
        Self::Delivered,
        Self::Undelivered,
        Self::Failed,
    ];

    /// The word in database and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::NotTaken => "not_taken",
            Self::NotSent => "not_sent",
            Self::Busy => "busy",
            Self::AccountFault => "account_fault",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == word)
    }

    /// What a carrier's word for a message says of its attempt.
    pub fn of(status: MessageStatus) -> Self {
        Self::parse(status.as_str()).unwrap_or(Self::Accepted)
    }

    /// Whether the carrier may have taken it and nobody knows.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Sending | Self::Unknown)
    }

    /// As [`MessageStatus::rank`]: a report may only raise it. Nothing that the carrier did not take has a rank.
    pub fn rank(self) -> i64 {
        match self {
            Self::Accepted => MessageStatus::Accepted.rank(),
            Self::Sent => MessageStatus::Sent.rank(),
            Self::Undelivered | Self::Failed => MessageStatus::Failed.rank(),
            Self::Delivered => MessageStatus::Delivered.rank(),
            _ => 0,
        }
    }
}

/// One attempt to send one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeAttempt {
    /// Its number, from 1.
    pub n: i64,
    /// By whom.
    pub carrier: CarrierName,
    /// When it began.
    pub began_at: Timestamp,
    /// When its outcome was known.
    pub ended_at: Option<Timestamp>,
    /// Not by this carrier before; absent after an answer that was final.
    pub again_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The carrier's id.
    pub sid: Option<String>,
    /// The carrier's error code, where it is a number.
    pub error_code: Option<i64>,
    /// What went wrong, for a person.
    pub error: Option<String>,
}

impl MadeAttempt {
    /// One that begins.
    pub fn begin(n: i64, carrier: CarrierName, began_at: Timestamp) -> Self {
        let outcome = AttemptOutcome::Sending;
        Self { n, carrier, began_at, ended_at: None, again_at: None, outcome, sid: None, error_code: None, error: None }
    }
}

/// Which carriers take messages to which numbers, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CarrierRoutes {
    /// Where no code fits.
    pub provider: CarrierName,
    /// By country calling code, `+86`; the longest one that a number begins with counts.
    pub by_code: BTreeMap<String, Vec<CarrierName>>,
}

impl CarrierRoutes {
    /// The carriers for a number, the first one first; never none.
    pub fn to(&self, number: &E164) -> &[CarrierName] {
        let fitting = self.by_code.iter().filter(|(code, all)| number.as_str().starts_with(*code) && !all.is_empty());
        let longest = fitting.max_by_key(|(code, _)| code.len());
        longest.map_or(std::slice::from_ref(&self.provider), |(_, all)| all)
    }

    /// Every carrier that a message may go by.
    pub fn all(&self) -> Vec<CarrierName> {
        let mut all: Vec<_> = self.by_code.values().flatten().copied().chain([self.provider]).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether words to this number may have to be those of an approved template.
    pub fn wants_templates(&self, number: &E164) -> bool {
        self.to(number).contains(&CarrierName::Aliyun)
    }

    /// Who may have a message next, and from when on: who may have it soonest, so that one that was not tried has it at
    /// once; among equals the next in order after the last one. Nobody when all have said no for good. As long as an
    /// attempt is open, its carrier and no other. `not_before` knows who is away.
    pub fn next(
        &self,
        to: &E164,
        channel: Channel,
        made: &[MadeAttempt],
        not_before: impl Fn(CarrierName) -> Timestamp,
    ) -> Option<(CarrierName, Timestamp)> {
        if let Some(open) = made.iter().rev().find(|a| a.outcome.is_open()) {
            return Some((open.carrier, open.began_at));
        }
        let route = self.to(to);
        let first = made.last().and_then(|last| route.iter().position(|c| *c == last.carrier)).map_or(0, |at| at + 1);
        let round = route[first..].iter().chain(&route[..first]);
        let able = round.filter(|c| c.takes(channel) || route.len() == 1);
        let ready = |carrier: CarrierName| match made.iter().rev().find(|a| a.carrier == carrier) {
            None => Some(Timestamp(0)),
            Some(last) => last.again_at,
        };
        able.filter_map(|c| Some((*c, ready(*c)?.max(not_before(*c))))).min_by_key(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::CarrierName::{Aliyun, Console, Twilio};
    use super::*;

    fn number(text: &str) -> E164 {
        E164::parse(text).expect("a number")
    }

    fn routes() -> CarrierRoutes {
        let by_code = [("+86", vec![Aliyun, Twilio]), ("+861380", vec![Console])];
        CarrierRoutes { provider: Twilio, by_code: by_code.map(|(code, all)| (code.to_owned(), all)).into() }
    }

    fn made(n: i64, carrier: CarrierName, outcome: AttemptOutcome, again_at: Option<i64>) -> MadeAttempt {
        MadeAttempt { outcome, again_at: again_at.map(Timestamp), ..MadeAttempt::begin(n, carrier, Timestamp(n)) }
    }

    fn next(made: &[MadeAttempt]) -> Option<(CarrierName, i64)> {
        routes().next(&number("+8613900000000"), Channel::Sms, made, |_| Timestamp(0)).map(|(c, at)| (c, at.0))
    }

    #[test]
    fn the_longest_code_counts_and_there_is_always_a_carrier() {
        let routes = routes();
        assert_eq!(routes.to(&number("+8613900000000")), [Aliyun, Twilio]);
        assert_eq!(routes.to(&number("+8613800000000")), [Console]);
        assert_eq!(routes.to(&number("+14155550101")), [Twilio]);
        assert_eq!(routes.all(), [Console, Twilio, Aliyun]);
        assert_eq!(CarrierRoutes::default().to(&number("+14155550101")), [Console]);
        assert!(routes.wants_templates(&number("+8613900000000")) && !routes.wants_templates(&number("+14155550101")));
    }

    #[test]
    fn who_was_not_tried_has_it_at_once_and_who_said_no_for_good_never() {
        use AttemptOutcome::*;
        assert_eq!(next(&[]), Some((Aliyun, 0)));
        let (busy, refused) = (made(1, Aliyun, Busy, Some(90)), made(1, Aliyun, Refused, None));
        assert_eq!(next(std::slice::from_ref(&busy)), Some((Twilio, 0)));
        assert_eq!(next(&[busy.clone(), made(2, Twilio, NotSent, Some(40))]), Some((Twilio, 40)), "the sooner");
        assert_eq!(next(&[busy.clone(), made(2, Twilio, NotSent, Some(90))]), Some((Aliyun, 90)), "in turn");
        assert_eq!(next(&[busy, made(2, Twilio, Refused, None)]), Some((Aliyun, 90)));
        assert_eq!(next(std::slice::from_ref(&refused)), Some((Twilio, 0)));
        assert_eq!(next(&[refused, made(2, Twilio, Refused, None)]), None);
    }

    #[test]
    fn who_is_away_is_passed_over_as_long_as_somebody_else_is_there() {
        let number = number("+8613900000000");
        let away = |c| if c == Aliyun { Timestamp(900) } else { Timestamp(0) };
        let next = |made: &[MadeAttempt]| routes().next(&number, Channel::Sms, made, away);
        assert_eq!(next(&[]), Some((Twilio, Timestamp(0))));
        assert_eq!(next(&[made(1, Twilio, AttemptOutcome::Refused, None)]), Some((Aliyun, Timestamp(900))));
    }

    #[test]
    fn an_open_attempt_keeps_its_carrier() {
        let open = [made(1, Twilio, AttemptOutcome::Unknown, None)];
        assert_eq!(next(&open), Some((Twilio, 1)));
    }

    #[test]
    fn calls_go_by_who_makes_calls() {
        let to = number("+8613900000000");
        assert_eq!(routes().next(&to, Channel::Voice, &[], |_| Timestamp(0)).map(|(c, _)| c), Some(Twilio));
        let alone = CarrierRoutes { provider: Aliyun, ..CarrierRoutes::default() };
        assert_eq!(
            alone.next(&to, Channel::Voice, &[], |_| Timestamp(0)).map(|(c, _)| c),
            Some(Aliyun),
            "it says why not"
        );
    }

    #[test]
    fn every_word_is_read_back() {
        for outcome in AttemptOutcome::ALL {
            assert_eq!(AttemptOutcome::parse(outcome.as_str()), Some(outcome));
        }
        for carrier in CarrierName::ALL {
            assert_eq!(CarrierName::parse(carrier.as_str()), Some(carrier));
        }
        for status in [MessageStatus::Sent, MessageStatus::Delivered, MessageStatus::Undelivered, MessageStatus::Failed]
        {
            assert_eq!(AttemptOutcome::of(status).rank(), status.rank());
        }
    }
}
