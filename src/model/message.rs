//! Messages to and from people: rows of the outbox, with what became of them.

use serde::{Deserialize, Serialize};

use super::{E164, Locale, MessageId, Severity, TicketId, Timestamp};

/// Who a message is for. The id finds the person again; the number is fixed when the message is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "role", content = "id", rename_all = "snake_case")]
pub enum Recipient {
    /// A tenant, by id.
    Tenant(String),
    /// A housekeeper, by id.
    Housekeeper(String),
    /// The manager of a property, by the property's id.
    Manager(String),
    /// The head of a region, by the region's name.
    Region(String),
}

impl Recipient {
    /// One word for logs, keys and the database: `tenant:42`.
    pub fn as_key(&self) -> String {
        match self {
            Self::Tenant(id) => format!("tenant:{id}"),
            Self::Housekeeper(id) => format!("housekeeper:{id}"),
            Self::Manager(id) => format!("manager:{id}"),
            Self::Region(name) => format!("region:{name}"),
        }
    }

    /// The recipient of such a word.
    pub fn parse(key: &str) -> Option<Self> {
        let (role, id) = key.split_once(':')?;
        let id = id.to_owned();
        match role {
            "tenant" => Some(Self::Tenant(id)),
            "housekeeper" => Some(Self::Housekeeper(id)),
            "manager" => Some(Self::Manager(id)),
            "region" => Some(Self::Region(id)),
            _ => None,
        }
    }
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Text message.
    Sms,
    /// Voice call.
    Voice,
}

impl Channel {
    /// The word in database and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Sms, Self::Voice].into_iter().find(|c| c.as_str() == word)
    }
}

/// What became of a message. Statuses of one attempt only ever move down this list (see [`MessageStatus::rank`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Waits for its turn.
    Queued,
    /// Claimed by a sender; a request may be on its way.
    Sending,
    /// The request's fate is unknown; the carrier is asked before anything is sent again.
    Unknown,
    /// The carrier has it.
    Accepted,
    /// The carrier has passed it on.
    Sent,
    /// It arrived.
    Delivered,
    /// The network gave up.
    Undelivered,
    /// The carrier refused it for good.
    Failed,
    /// Its time passed before it could be sent; it never will be.
    Expired,
    /// It came from a person.
    Received,
}

impl MessageStatus {
    /// Every status.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Sending,
        Self::Unknown,
        Self::Accepted,
        Self::Sent,
        Self::Delivered,
        Self::Undelivered,
        Self::Failed,
        Self::Expired,
        Self::Received,
    ];

    /// The word in database and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Received => "received",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// A carrier's report may only raise the rank: callbacks arrive in any order.
    pub fn rank(self) -> i64 {
        match self {
            Self::Queued | Self::Sending | Self::Unknown => 0,
            Self::Accepted => 1,
            Self::Sent => 2,
            Self::Undelivered | Self::Failed | Self::Expired => 3,
            Self::Delivered => 4,
            Self::Received => 5,
        }
    }
}

/// A message that the core wants sent: becomes a row of the outbox in the transaction that asked for it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Unique: the same intent never becomes two messages.
    pub key: String,
    /// For whom.
    pub recipient: Recipient,
    /// The number, as of now.
    pub to: E164,
    /// How.
    pub channel: Channel,
    /// Which words.
    pub template: &'static str,
    /// In which language.
    pub locale: Locale,
    /// The words themselves.
    pub body: String,
    /// About which matter.
    pub ticket_id: Option<TicketId>,
    /// Quiet hours and budgets bind `routine`, budgets `urgent`.
    pub severity: Severity,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this it must not be sent any more.
    pub expires_at: Timestamp,
}

impl NewMessage {
    /// Parts of an SMS that it takes; a call takes none.
    pub fn segments(&self) -> Option<u32> {
        (self.channel == Channel::Sms).then(|| super::segments(&self.body))
    }

    /// The row's id: made from the key, so that a replay makes the same one.
    pub fn id(&self) -> MessageId {
        MessageId(format!("m_{}", super::ticket::digest(&self.key)))
    }
}

#[cfg(test)]
mod tests {
    use super::Recipient::{self, *};

    #[test]
    fn every_recipient_is_read_back() {
        for one in [Tenant("t:1".into()), Housekeeper("h".into()), Manager("oak".into()), Region("east".into())] {
            // Who adds one adds it above.
            match &one {
                Tenant(_) | Housekeeper(_) | Manager(_) | Region(_) => {}
            }
            assert_eq!(Recipient::parse(&one.as_key()), Some(one));
        }
        assert_eq!(Recipient::parse("nobody:1"), None);
    }
}
