//! The defaults as a commented TOML file that reads back to themselves: what `check --print-defaults` prints.

use std::fmt::Write;

use serde::Serialize;

use crate::decide::policy::builtin_playbook;
use crate::model::{Playbook, TicketKind};

/// Every key with its default and its meaning; keys without a default are commented out.
const SECTIONS: &str = include_str!("defaults.toml");

/// A complete configuration with every default, the built-in playbooks included.
pub fn defaults_text() -> String {
    let mut text = SECTIONS.to_owned();
    for kind in TicketKind::ALL {
        write_playbook(&mut text, kind, &builtin_playbook(kind)).expect("writing to a string does not fail");
    }
    text
}

fn write_playbook(text: &mut String, kind: TicketKind, playbook: &Playbook) -> std::fmt::Result {
    writeln!(text, "\n[playbook.{}]", kind.as_str())?;
    writeln!(text, "severity = \"{}\"", playbook.severity.as_str())?;
    for (key, span) in [("clear_after", playbook.clear_after), ("close_after", playbook.close_after)] {
        if let Some(span) = span {
            writeln!(text, "{key} = \"{span}\"")?;
        }
    }
    writeln!(text, "steps = [")?;
    for step in &playbook.steps {
        let mut line = String::new();
        step.serialize(toml::ser::ValueSerializer::new(&mut line)).map_err(|_| std::fmt::Error)?;
        writeln!(text, "  {line},")?;
    }
    writeln!(text, "]")
}
