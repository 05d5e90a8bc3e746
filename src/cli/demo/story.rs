//! What happens, as one line each: a ticket's move, a text, a reply, a reward. Words and JSON only; no colours.

use serde_json::{Value, json};

use super::people::{People, Person};
use crate::model::{Money, Ticket, TicketKind, Timestamp};

/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    /// When.
    pub(super) at: Timestamp,
    /// In which unit, as its door says; empty when nowhere.
    pub(super) unit: String,
    /// What the matter is about, where there is one.
    pub(super) kind: Option<TicketKind>,
    /// The ticket, where there is one.
    pub(super) ticket_id: Option<String>,
    /// What.
    pub(super) what: What,
}

/// See [`Happening`].
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A ticket moved.
    Move {
        /// The stable word of the move.
        word: String,
        /// The same for people.
        says: String,
        /// The device that it is about.
        device_key: String,
    },
    /// The service wrote to somebody.
    Text {
        /// To whom.
        to: Person,
        /// In which words.
        body: String,
        /// Which words, by name.
        template: String,
    },
    /// Somebody wrote to the service.
    Reply {
        /// Who.
        from: Person,
        /// In which words.
        body: String,
    },
    /// A tenant was credited.
    Reward {
        /// Whom.
        tenant: String,
        /// How much.
        amount: Money,
    },
}

/// A ticket's move as the store keeps it: sequence, time, what, who, details.
pub(super) type Move = (i64, Timestamp, String, String, String);

impl Happening {
    /// A move of a ticket, unless it only says what a message shows as well.
    pub(super) fn of(
        ticket: &Ticket,
        (_, at, word, actor, data): &Move,
        people: &People,
        currency: &str,
    ) -> Option<Self> {
        let data: Value = serde_json::from_str(data).unwrap_or_default();
        let what = match word.as_str() {
            "step" | "reply" => return None,
            "rewarded" => What::Reward {
                tenant: people.tenant(text(&data, "tenant_id")).to_owned(),
                amount: Money {
                    amount_minor: data["amount_minor"].as_i64().unwrap_or_default(),
                    currency: currency.to_owned(),
                },
            },
            _ => What::Move {
                says: says(word, actor, &data, ticket, people),
                word: word.clone(),
                device_key: ticket.device_key.as_ref().map(|key| key.0.clone()).unwrap_or_default(),
            },
        };
        let unit = ticket.unit_id.as_ref().map(|id| people.unit(id).to_owned()).unwrap_or_default();
        Some(Self { at: *at, unit, kind: Some(ticket.kind), ticket_id: Some(ticket.id.0.clone()), what })
    }

    /// One line for people, without the time.
    pub(super) fn to_line(&self) -> String {
        let head = format!("{:<11} {:<8}", self.unit, self.kind.map_or("", TicketKind::as_str));
        let tail = match &self.what {
            What::Move { says, .. } => says.clone(),
            What::Text { to, body, .. } => format!("text to {} ({}): {}", to.name, to.role.word(), one_line(body)),
            What::Reply { from, body } => format!("reply of {} ({}): {}", from.name, from.role.word(), one_line(body)),
            What::Reward { tenant, amount } => format!("{tenant} is credited {}", money(amount)),
        };
        format!("{head} {tail}")
    }

    /// The same for a program.
    pub(super) fn to_json(&self) -> Value {
        let mut object = match &self.what {
            What::Move { word, says, device_key } => {
                json!({"event": "ticket", "what": word, "says": says, "device_key": device_key})
            }
            What::Text { to, body, template } => {
                json!({"event": "message", "direction": "outbound", "to": to.role.word(), "name": to.name,
                    "template": template, "body": body})
            }
            What::Reply { from, body } => {
                json!({"event": "message", "direction": "inbound", "from": from.role.word(), "name": from.name, "body": body})
            }
            What::Reward { tenant, amount } => json!({"event": "reward", "name": tenant, "amount": amount}),
        };
        object["at"] = json!(self.at.to_rfc3339());
        object["unit"] = json!(self.unit);
        object["kind"] = json!(self.kind.map(TicketKind::as_str));
        object["ticket_id"] = json!(self.ticket_id);
        object
    }
}

/// What the tenant answered to the question of the ticket.
fn answered(data: &Value) -> &'static str {
    match (data["need_bed"].as_bool(), data["inside"].as_bool()) {
        (Some(true), _) => "the tenant needs a place to stay tonight",
        (Some(false), _) => "the tenant needs no other place to stay",
        (None, Some(true)) => "the tenant is inside again",
        (None, _) => "the tenant answered",
    }
}

/// A move in words.
fn says(word: &str, actor: &str, data: &Value, ticket: &Ticket, people: &People) -> String {
    let device = ticket.device_key.as_ref().map_or("", |key| people.device_name(key));
    let who = actor.strip_prefix("housekeeper:").map_or(actor, |id| people.housekeeper(id));
    match word {
        "opened" => match data["percent"].as_f64() {
            Some(percent) => format!("{device} is low: {percent} %"),
            None => format!("{device}: {}", opened(ticket.kind)),
        },
        "accepted" => format!("{} takes the job", people.housekeeper(text(data, "housekeeper_id"))),
        "arrived" => format!("{who} is there"),
        "said_done" => format!("{who} says that it is done"),
        "answered" => answered(data).to_owned(),
        "replacement_seen" => format!("a new battery shows at {device}"),
        "replacement_refuted" => "that was no new battery".to_owned(),
        "replacement_unsure" => format!("{device} may have a new battery: the tenant is asked"),
        "died" => format!("the battery of {device} has died"),
        "still_wet" => format!("{device} does not dry: somebody is asked to look"),
        "joined" => "another sensor is wet".to_owned(),
        "dry" => "one sensor is dry, another still wet".to_owned(),
        "reopened" => format!("{device}: it is back"),
        "resolved" => resolved(ticket.kind, text(data, "proof")).to_owned(),
        "not_rewarded" => format!("no reward ({})", text(data, "why").replace('_', " ")),
        other => other.replace('_', " "),
    }
}

fn opened(kind: TicketKind) -> &'static str {
    match kind {
        TicketKind::Battery => "battery low",
        TicketKind::Leak => "water",
        TicketKind::Silent => "not heard any more",
        TicketKind::Tamper => "case opened",
        TicketKind::Request => "a request",
    }
}

fn resolved(kind: TicketKind, proof: &str) -> &'static str {
    match (kind, proof) {
        (TicketKind::Battery, "battery_replaced") => "the new battery is proven",
        (TicketKind::Leak, "leak_cleared") => "dry for half an hour: resolved",
        (TicketKind::Silent, "back_online") => "heard again: resolved",
        _ => "resolved",
    }
}

fn text<'a>(data: &'a Value, key: &str) -> &'a str {
    data[key].as_str().unwrap_or_default()
}

/// Without line breaks and other control characters.
pub(super) fn one_line(text: &str) -> String {
    text.replace('\n', " / ").chars().filter(|c| !c.is_control()).collect()
}

/// `10.00 CNY`
pub(super) fn money(amount: &Money) -> String {
    format!("{}.{:02} {}", amount.amount_minor / 100, amount.amount_minor % 100, amount.currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_as_it_was_given() {
        assert_eq!(answered(&json!({ "need_bed": true })), "the tenant needs a place to stay tonight");
        assert_eq!(answered(&json!({ "need_bed": false })), "the tenant needs no other place to stay");
        assert_eq!(answered(&json!({ "inside": true })), "the tenant is inside again");
    }
}
