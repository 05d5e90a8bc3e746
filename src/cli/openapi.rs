//! `nightporter openapi`: prints the OpenAPI document, the same that `/openapi.json` serves. Needs no file and no network.

use std::io::{self, Write};

/// Writes the document to `out`.
///
/// # Errors
/// When `out` cannot be written.
pub fn run(out: &mut impl Write) -> io::Result<()> {
    let text = crate::web::document().to_pretty_json().expect("the document is plain data");
    writeln!(out, "{text}")
}
