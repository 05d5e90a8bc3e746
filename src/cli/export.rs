//! `nightporter export`: tickets, messages, the ledger or devices to stdout, as CSV or JSON, page by page.

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use super::{ConfigArg, Failure, listened};
use crate::model::{Status, Ticket, Timestamp};
use crate::store::{DeviceFilter, DeviceRow, EntryRow, MessageFilter, MessageRow, Page, StoreError, TicketFilter, Tx};

/// Rows that are held at once.
const PAGE_ROWS: i64 = 1_000;

/// Print everything of one kind, oldest first.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  nightporter export tickets --config nightporter.toml --format csv > tickets.csv")]
pub(super) struct Args {
    /// What to print
    what: What,
    #[command(flatten)]
    config: ConfigArg,
    /// How to print it
    #[arg(long)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Tickets,
    Messages,
    Ledger,
    Devices,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A header and one line for each row
    Csv,
    /// One array of objects
    Json,
}

/// One row: a value for each of the columns.
type Row = Vec<Value>;

impl Args {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (_, store) = self.config.open().await?;
        let mut tx = store.read().await?;
        let mut after = After::default();
        let mut out = Printer::new(self.format, self.what.columns(), BufWriter::new(io::stdout().lock()))?;
        loop {
            let rows = self.what.page(&mut tx, &mut after).await?;
            if rows.is_empty() {
                return listened(out.finish());
            }
            let written = rows.iter().try_for_each(|row| out.row(row));
            if written.is_err() {
                return listened(written);
            }
        }
    }
}

/// How far a list has been read.
#[derive(Default)]
struct After {
    page: Option<(i64, String)>,
    key: Option<String>,
    /// Registered devices come first, then those that were only heard.
    heard: bool,
}

impl What {
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Tickets => &[
                "id",
                "kind",
                "status",
                "severity",
                "property_id",
                "unit_id",
                "tenant_id",
                "device_key",
                "assignee",
                "opened_at",
                "due_at",
                "resolved_at",
                "closed_at",
            ],
            Self::Messages => &[
                "id",
                "direction",
                "channel",
                "recipient",
                "to",
                "from",
                "body",
                "status",
                "ticket_id",
                "template",
                "created_at",
                "sent_at",
                "delivered_at",
                "segments",
                "error_code",
            ],
            Self::Ledger => {
                &["reference", "at", "reason", "amount_minor", "currency", "tenant_id", "device_key", "ticket_id"]
            }
            Self::Devices => &[
                "key",
                "registered",
                "property_id",
                "unit_id",
                "kind",
                "name",
                "model",
                "chemistry",
                "cells",
                "gateway",
                "seen_at",
            ],
        }
    }

    async fn page(self, tx: &mut Tx, after: &mut After) -> Result<Vec<Row>, StoreError> {
        let page = Page { limit: PAGE_ROWS, after: after.page.clone() };
        Ok(match self {
            Self::Tickets => {
                let rows = tx.list_tickets(&TicketFilter::default(), &page).await?;
                after.page = rows.last().map(|t| (t.opened_at.0, t.id.to_string()));
                rows.iter().map(ticket).collect()
            }
            Self::Messages => {
                let rows = tx.list_messages(&MessageFilter::default(), &page).await?;
                after.page = rows.last().map(|m| (m.created_at.0, m.id.to_string()));
                rows.iter().map(message).collect()
            }
            Self::Ledger => {
                let rows = tx.list_entries(&page).await?;
                after.page = rows.last().map(|e| (e.at.0, e.reference.clone()));
                rows.iter().map(entry).collect()
            }
            Self::Devices => devices(tx, after).await?,
        })
    }
}

async fn devices(tx: &mut Tx, after: &mut After) -> Result<Vec<Row>, StoreError> {
    let filter = |registered| DeviceFilter { registered, ..DeviceFilter::default() };
    let mut rows = tx.list_devices(&filter(!after.heard), after.key.as_deref(), PAGE_ROWS).await?;
    if rows.is_empty() && !after.heard {
        after.heard = true;
        rows = tx.list_devices(&filter(false), None, PAGE_ROWS).await?;
    }
    after.key = rows.last().map(|d| d.key.to_string());
    Ok(rows.iter().map(device).collect())
}

fn ticket(t: &Ticket) -> Row {
    let (resolved_at, closed_at) = match t.status {
        Status::Resolved { at } => (Some(at), None),
        Status::Closed { resolved_at, at } => (Some(resolved_at), Some(at)),
        Status::Cancelled { at } => (None, Some(at)),
        _ => (None, None),
    };
    vec![
        json!(t.id),
        json!(t.kind),
        json!(t.status.as_str()),
        json!(t.severity),
        json!(t.property_id),
        json!(t.unit_id),
        json!(t.tenant_id),
        json!(t.device_key),
        json!(t.assignee),
        time(Some(t.opened_at)),
        time(t.due_at),
        time(resolved_at),
        time(closed_at),
    ]
}

fn message(m: &MessageRow) -> Row {
    vec![
        json!(m.id),
        json!(m.direction),
        json!(m.channel),
        json!(m.recipient),
        json!(m.to),
        json!(m.from),
        json!(m.body),
        json!(m.status),
        json!(m.ticket_id),
        json!(m.template),
        time(Some(m.created_at)),
        time(m.sent_at),
        time(m.delivered_at),
        json!(m.segments),
        json!(m.error_code),
    ]
}

fn entry(e: &EntryRow) -> Row {
    vec![
        json!(e.reference),
        time(Some(e.at)),
        json!(e.reason),
        json!(e.amount_minor),
        json!(e.currency),
        json!(e.tenant_id),
        json!(e.device_key),
        json!(e.ticket_id),
    ]
}

fn device(row: &DeviceRow) -> Row {
    let d = row.device.as_ref();
    vec![
        json!(row.key),
        json!(d.is_some()),
        json!(d.map(|d| &d.property_id)),
        json!(d.map(|d| &d.unit_id)),
        json!(d.map(|d| d.kind)),
        json!(d.map(|d| &d.name)),
        json!(d.and_then(|d| d.model.as_ref())),
        json!(d.and_then(|d| d.chemistry.as_ref())),
        json!(d.and_then(|d| d.cells.as_ref())),
        json!(d.and_then(|d| d.gateway.as_ref())),
        time(row.seen_at),
    ]
}

fn time(at: Option<Timestamp>) -> Value {
    json!(at.map(Timestamp::to_rfc3339))
}

/// Writes rows in one of the formats.
enum Printer<W: Write> {
    Csv { writer: Box<csv::Writer<W>> },
    Json { writer: W, columns: &'static [&'static str], begun: bool },
}

impl<W: Write> Printer<W> {
    fn new(format: Format, columns: &'static [&'static str], writer: W) -> io::Result<Self> {
        match format {
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(writer);
                writer.write_record(columns)?;
                Ok(Self::Csv { writer: Box::new(writer) })
            }
            Format::Json => Ok(Self::Json { writer, columns, begun: false }),
        }
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        match self {
            Self::Csv { writer } => Ok(writer.write_record(row.iter().map(cell))?),
            Self::Json { writer, columns, begun } => {
                let object: Map<String, Value> = columns.iter().map(|c| (*c).to_owned()).zip(row.clone()).collect();
                writer.write_all(if std::mem::replace(begun, true) { b",\n" } else { b"[\n" })?;
                Ok(serde_json::to_writer(writer, &object)?)
            }
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Csv { mut writer } => writer.flush(),
            Self::Json { mut writer, begun, .. } => {
                writer.write_all(if begun { b"\n]\n" } else { b"[]\n" })?;
                writer.flush()
            }
        }
    }
}

/// A cell of CSV. What a spreadsheet would take for a formula is kept from being one.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if is_formula(text) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_formula(text: &str) -> bool {
    let number = || text[1..].bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.starts_with(['=', '@', '\t', '\r']) || (text.starts_with(['+', '-']) && !number())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(format: Format, rows: &[Row]) -> String {
        let mut bytes = Vec::new();
        let mut out = Printer::new(format, &["a", "b"], &mut bytes).expect("memory does not fail");
        rows.iter().for_each(|row| out.row(row).expect("memory does not fail"));
        out.finish().expect("memory does not fail");
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn both_formats_hold_every_row() {
        let rows = [vec![json!("x"), json!(null)], vec![json!("1,2"), json!(3)]];
        assert_eq!(print(Format::Csv, &rows), "a,b\nx,\n\"1,2\",3\n");
        assert_eq!(print(Format::Json, &rows), "[\n{\"a\":\"x\",\"b\":null},\n{\"a\":\"1,2\",\"b\":3}\n]\n");
        assert_eq!(print(Format::Csv, &[]), "a,b\n");
        assert_eq!(print(Format::Json, &[]), "[]\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("@x", "'@x"),
            ("-1+cmd", "'-1+cmd"),
            ("+8613912345678", "+8613912345678"),
            ("-5", "-5"),
        ] {
            assert_eq!(cell(&json!(text)), expected);
        }
    }
}
