//! The service as seen through its public API: messages for the people to hear, and the facts for the scoreboard.
//! Reads what the contract names and nothing else.

use super::http;
use chrono::{DateTime, Utc};
use nightporter_simulator::{Kind, Message, Observations, SeenCredit, SeenMessage, SeenTicket};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: usize = 500;
const PAGES_MAX: usize = 10_000;

pub(crate) struct Api {
    base: String,
    token: String,
    /// Ids of messages that the people have heard.
    heard: BTreeSet<String>,
}

impl Api {
    pub(crate) fn new(base: String, token: String) -> Self {
        Self { base, token, heard: BTreeSet::new() }
    }

    /// SMS that went out since the last call, oldest first.
    pub(crate) fn new_messages(&mut self) -> Result<Vec<Message>, String> {
        let rows = self.list("/api/v1/messages")?;
        let unheard = |row: &Value| {
            let went = sent_at(row).is_some() && text(row, "channel").is_none_or(|channel| channel == "sms");
            went && is_outbound(row) && text(row, "id").is_some_and(|id| self.heard.insert(id))
        };
        let fresh: Vec<Value> = rows.into_iter().filter(unheard).collect();
        if fresh.is_empty() {
            return Ok(Vec::new());
        }
        let tickets = self.ticket_devices()?;
        let mut messages: Vec<Message> = fresh.iter().filter_map(|row| message(row, &tickets)).collect();
        messages.sort_by_key(|message| message.at);
        Ok(messages)
    }

    /// All facts about these tenants that the scoreboard asks for.
    pub(crate) fn observations(&self, tenants: &[String]) -> Result<Observations, String> {
        let devices = self.ticket_devices()?;
        let tickets = self.list("/api/v1/tickets")?.iter().filter_map(ticket).collect();
        let outbound = self.list("/api/v1/messages")?;
        let messages =
            outbound.iter().filter(|row| is_outbound(row)).filter_map(|row| seen_message(row, &devices)).collect();
        let mut credits = Vec::new();
        for tenant in tenants {
            let body = self.get(&format!("/api/v1/tenants/{}/rewards", escaped(tenant)))?;
            let entries = body.get("entries").and_then(Value::as_array).cloned().unwrap_or_default();
            credits.extend(entries.iter().filter_map(|entry| credit(tenant, entry, &devices)));
        }
        Ok(Observations { tickets, messages, credits, restarts: Vec::new() })
    }

    fn ticket_devices(&self) -> Result<Tickets, String> {
        let tickets = self.list("/api/v1/tickets")?;
        let about = |row: &Value| (text(row, "kind").and_then(|kind| Kind::parse(&kind)), text(row, "device_key"));
        Ok(tickets.iter().filter_map(|row| Some((text(row, "id")?, about(row)))).collect())
    }

    /// All pages of a list.
    fn list(&self, path: &str) -> Result<Vec<Value>, String> {
        let (mut rows, mut after) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let mut page = self.get(&format!("{path}?limit={PAGE}{after}"))?;
            if let Some(items) = page.get_mut("items").and_then(Value::as_array_mut) {
                rows.append(items);
            }
            match page.get("next") {
                Some(Value::String(next)) => after = format!("&after={}", escaped(next)),
                Some(Value::Number(next)) => after = format!("&after={next}"),
                _ => return Ok(rows),
            }
        }
        Err(format!("{path} has no end"))
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        let body = http::get(&self.base, path, &self.token)?;
        serde_json::from_slice(&body).map_err(|error| format!("{path}: {error}"))
    }
}

/// Kind and device of each ticket.
type Tickets = BTreeMap<String, (Option<Kind>, Option<String>)>;

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn text(row: &Value, name: &str) -> Option<String> {
    row.get(name)?.as_str().map(str::to_owned)
}

fn time(row: &Value, name: &str) -> Option<DateTime<Utc>> {
    row.get(name)?.as_str()?.parse().ok()
}

fn is_outbound(row: &Value) -> bool {
    text(row, "direction").is_none_or(|direction| direction.starts_with("out"))
}

fn sent_at(row: &Value) -> Option<DateTime<Utc>> {
    time(row, "sent_at").or_else(|| time(row, "delivered_at"))
}

fn message(row: &Value, tickets: &Tickets) -> Option<Message> {
    let about = text(row, "ticket_id").and_then(|id| tickets.get(&id).cloned());
    Some(Message {
        at: sent_at(row)?,
        to: text(row, "to")?,
        body: text(row, "body").unwrap_or_default(),
        template: text(row, "template"),
        about_device: about.and_then(|(_, device)| device),
    })
}

fn seen_message(row: &Value, tickets: &Tickets) -> Option<SeenMessage> {
    let about = text(row, "ticket_id").and_then(|id| tickets.get(&id).cloned());
    let (kind, device_key) = about.unwrap_or_default();
    let created_at = time(row, "created_at")?;
    Some(SeenMessage {
        to: text(row, "to")?,
        template: text(row, "template"),
        kind,
        device_key,
        created_at,
        sent_at: sent_at(row),
    })
}

fn ticket(row: &Value) -> Option<SeenTicket> {
    Some(SeenTicket {
        kind: Kind::parse(&text(row, "kind")?)?,
        device_key: text(row, "device_key")?,
        opened_at: time(row, "opened_at")?,
        resolved_at: time(row, "resolved_at"),
        status: text(row, "status")?,
    })
}

fn credit(tenant: &str, entry: &Value, tickets: &Tickets) -> Option<SeenCredit> {
    let amount = entry.get("amount").unwrap_or(entry).get("amount_minor")?.as_i64().filter(|&amount| amount > 0)?;
    let by_ticket = || text(entry, "ticket_id").and_then(|id| tickets.get(&id).cloned()).and_then(|(_, device)| device);
    Some(SeenCredit {
        tenant: tenant.to_owned(),
        device_key: text(entry, "device_key").or_else(by_ticket),
        amount_minor: amount,
        at: time(entry, "at").or_else(|| time(entry, "created_at"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_of_the_contract_are_understood() {
        let tickets = Tickets::from([("t1".to_owned(), (Some(Kind::Leak), Some("d/1".to_owned())))]);
        let row = json!({"id":"m1","direction":"outbound","channel":"sms","to":"+1","body":"x","status":"sent","ticket_id":"t1",
            "template":"leak_tenant","created_at":"2026-01-05T02:30:00Z","sent_at":"2026-01-05T02:30:01Z"});
        let heard = message(&row, &tickets).expect("it was sent");
        assert_eq!((heard.about_device.as_deref(), heard.template.as_deref()), (Some("d/1"), Some("leak_tenant")));
        assert_eq!(seen_message(&row, &tickets).and_then(|m| m.kind), Some(Kind::Leak));
        let row = json!({"id":"t1","kind":"battery","status":"open","device_key":"d","opened_at":"2026-01-05T02:30:00Z","resolved_at":null});
        assert!(ticket(&row).is_some_and(|t| t.resolved_at.is_none() && t.kind == Kind::Battery));
        let entry =
            json!({"amount":{"amount_minor":1000,"currency":"CNY"},"ticket_id":"t1","at":"2026-01-05T02:30:00Z"});
        assert_eq!(credit("t", &entry, &tickets).and_then(|c| c.device_key).as_deref(), Some("d/1"));
        assert_eq!(escaped("oak-0301/厨房"), "oak-0301%2F%E5%8E%A8%E6%88%BF");
    }
}
