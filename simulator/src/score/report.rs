//! The scoreboard for a reader and for a program.

use super::{LieTally, Scoreboard, Tally};
use crate::truth::Kind;
use serde_json::{Map, Value, json};
use std::fmt;

type Column = (&'static str, fn(&Tally) -> usize);

const ROWS: [Column; 9] = [
    ("problems that happened", |t| t.happened),
    ("  found", |t| t.found),
    ("  found late", |t| t.late),
    ("  missed", |t| t.missed),
    ("  too young to judge", |t| t.open),
    ("false tickets", |t| t.false_tickets),
    ("second tickets", |t| t.duplicates),
    ("closed too early", |t| t.closed_early),
    ("tenants not told", |t| t.untold),
];

impl fmt::Display for Scoreboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = Kind::ALL.map(Kind::word);
        writeln!(f, "{:<24}{:>9}{:>9}{:>9}{:>9}", "", heads[0], heads[1], heads[2], "all")?;
        for (name, value) in ROWS {
            let [a, b, c] = Kind::ALL.map(|kind| value(self.of(kind)));
            writeln!(f, "{name:<24}{a:>9}{b:>9}{c:>9}{:>9}", a + b + c)?;
        }
        let [a, b, c] = Kind::ALL.map(|kind| self.of(kind).messages_per_problem());
        writeln!(f, "{:<24}{a:>9.1}{b:>9.1}{c:>9.1}{:>9.1}", "messages per problem", self.messages_per_problem())?;
        writeln!(f, "{:<24}{:>36}", "routine texts at night", self.night_messages)?;
        writeln!(f, "{:<24}{:>36}", "credits right", self.credits_right)?;
        for (name, count) in self.lies.rows().into_iter().filter(|_| self.lies.gauges > 0) {
            writeln!(f, "{name:<36}{count:>24}")?;
        }
        write!(f, "{:<24}{:>36}", "credits wrong", self.credits_wrong.values().sum::<usize>())?;
        for (fault, count) in &self.credits_wrong {
            write!(f, "\n  {fault:<22}{count:>36}")?;
        }
        Ok(())
    }
}

impl LieTally {
    fn rows(&self) -> [(&'static str, usize); 5] {
        [
            ("gauges that lie", self.gauges),
            ("  died", self.died),
            ("  announced before", self.announced),
            ("  tickets about good cells", self.false_alarms),
            ("  needless texts to tenants", self.needless_texts),
        ]
    }

    fn to_json(&self) -> Value {
        json!({
            "gauges": self.gauges, "died": self.died, "announced": self.announced,
            "false_alarms": self.false_alarms, "needless_texts": self.needless_texts,
        })
    }
}

impl Tally {
    /// Messages to people for each problem that happened; 0 when none did.
    pub fn messages_per_problem(&self) -> f64 {
        self.messages as f64 / self.happened.max(1) as f64
    }

    fn to_json(&self) -> Value {
        json!({
            "happened": self.happened, "found": self.found, "late": self.late, "missed": self.missed, "open": self.open,
            "false_tickets": self.false_tickets, "duplicates": self.duplicates, "closed_early": self.closed_early,
            "untold": self.untold, "messages": self.messages, "messages_per_problem": self.messages_per_problem(),
        })
    }
}

impl Scoreboard {
    fn messages_per_problem(&self) -> f64 {
        let messages: usize = self.tallies.iter().map(|t| t.messages).sum();
        let happened: usize = self.tallies.iter().map(|t| t.happened).sum();
        messages as f64 / happened.max(1) as f64
    }

    /// The same as a JSON object: one member a kind, `credits`, `lying_gauges`, `night_messages`, `expectations_held`, `notes`.
    pub fn to_json(&self) -> Value {
        let mut object: Map<String, Value> =
            Kind::ALL.iter().map(|&kind| (kind.word().to_owned(), self.of(kind).to_json())).collect();
        object.insert("credits".to_owned(), json!({"right": self.credits_right, "wrong": self.credits_wrong}));
        object.insert("lying_gauges".to_owned(), self.lies.to_json());
        object.insert("night_messages".to_owned(), json!(self.night_messages));
        object.insert("expectations_held".to_owned(), json!(self.notes.is_empty()));
        object.insert("notes".to_owned(), json!(self.notes));
        Value::Object(object)
    }
}
