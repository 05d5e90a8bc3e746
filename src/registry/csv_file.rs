//! One CSV file: its header checked, its rows handed on cell by cell, every mistake kept with its line and column.
//!
//! Knows nothing of what the columns mean.

use std::fs::File;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::{Progress, RowError};
use crate::config::{nearest, suggest};

/// The longest cell, in bytes.
const CELL_BYTES_MAX: usize = 16 * 1024;

/// The longest id, in bytes.
const ID_BYTES_MAX: usize = crate::model::DEVICE_KEY_BYTES_MAX;

/// Rows between two reports of progress.
const ROWS_PER_LOOK: u64 = 10_000;

/// Where the files are, and who is told how far they are read.
pub(super) struct Folder<'a> {
    pub(super) dir: &'a Path,
    pub(super) progress: &'a dyn Fn(Progress),
}

/// What a file is called and which columns it has.
pub(super) struct Spec {
    pub(super) file: &'static str,
    pub(super) needed: bool,
    pub(super) columns: &'static [&'static str],
    /// Columns that may be absent.
    pub(super) optional: &'static [&'static str],
}

/// Where the columns of a file stand.
struct Columns {
    places: Vec<(&'static str, usize)>,
    /// Columns that are missing, or may be there under a wrong name: told once for the file, not for each row.
    in_error: Vec<&'static str>,
}

/// Reads a file row by row; whether the ids of all of its rows were seen. Mistakes of the header are reported and the
/// rows are read in the columns that are known. A row that has too many or too few cells is reported and then handed on
/// muted, so that its id is known to others.
pub(super) fn read(
    folder: &Folder<'_>,
    spec: &Spec,
    errors: &mut Vec<RowError>,
    mut each: impl FnMut(&mut Row<'_>),
) -> bool {
    let failed = |reason: String, errors: &mut Vec<RowError>| {
        errors.push(RowError { file: spec.file, line: 0, column: String::new(), reason });
        false
    };
    let file = match File::open(folder.dir.join(spec.file)) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => match in_another_case(folder.dir, spec.file) {
            Some(found) => return failed(format!("is missing; found {found}, rename it to {}", spec.file), errors),
            None if !spec.needed => return true,
            None => return failed("is missing".to_owned(), errors),
        },
        Err(e) => return failed(format!("cannot be read: {e}"), errors),
    };
    let bytes = file.metadata().map_or(0, |m| m.len());
    let mut reader = ReaderBuilder::new().flexible(true).buffer_capacity(1 << 16).from_reader(file);
    let header = match reader.byte_headers() {
        Ok(header) => header.clone(),
        Err(e) => return failed(format!("cannot be read: {e}"), errors),
    };
    if let Some(reason) = not_csv(&header) {
        errors.push(RowError { file: spec.file, line: 1, column: String::new(), reason });
        return false;
    }
    let columns = columns(&header, spec, errors);
    let has_ids = columns.places.iter().any(|(name, _)| *name == spec.columns[0]);
    let mut record = ByteRecord::new();
    for number in 0_u64.. {
        if number.is_multiple_of(ROWS_PER_LOOK) {
            (folder.progress)(Progress { file: spec.file, bytes_read: reader.position().byte(), bytes });
        }
        match reader.read_byte_record(&mut record) {
            Ok(true) => hand_on(spec.file, &header, &columns, &record, errors, &mut each),
            Ok(false) => return has_ids,
            Err(e) => return failed(format!("cannot be read: {e}"), errors),
        }
    }
    unreachable!("a file has an end")
}

/// A file whose name differs by case alone.
fn in_another_case(dir: &Path, file: &str) -> Option<String> {
    let names = std::fs::read_dir(dir).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.eq_ignore_ascii_case(file)).min()
}

fn hand_on(
    file: &'static str,
    header: &ByteRecord,
    columns: &Columns,
    record: &ByteRecord,
    errors: &mut Vec<RowError>,
    each: &mut impl FnMut(&mut Row<'_>),
) {
    if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
        return;
    }
    let line = record.position().map_or(0, csv::Position::line);
    let mut row = Row { file, line, columns, record, errors, muted: false };
    if record.len() != header.len() {
        row.report("", format!("has {} cells, the header has {}", record.len(), header.len()));
        row.muted = true;
    }
    each(&mut row);
}

/// Where each known column stands; reports unknown, missing and repeated ones.
fn columns(header: &ByteRecord, spec: &Spec, errors: &mut Vec<RowError>) -> Columns {
    let known: Vec<&'static str> = spec.columns.iter().chain(spec.optional).copied().collect();
    let mut columns = Columns { places: Vec::new(), in_error: Vec::new() };
    let mut report = |column: &str, reason: String| {
        errors.push(RowError { file: spec.file, line: 1, column: column.to_owned(), reason });
    };
    for (place, cell) in header.iter().enumerate() {
        let name = String::from_utf8_lossy(cell.trim_ascii());
        match known.iter().find(|k| **k == name) {
            Some(known) if columns.places.iter().any(|(k, _)| k == known) => report(known, "stands twice".to_owned()),
            Some(known) => columns.places.push((known, place)),
            None => {
                report(&name, format!("unknown column; {}", suggest(&name, &known)));
                columns.in_error.extend(nearest(&name, &known));
            }
        }
    }
    for missing in spec.columns.iter().filter(|c| columns.places.iter().all(|(k, _)| k != *c)) {
        report(missing, "the column is missing".to_owned());
        columns.in_error.push(missing);
    }
    columns.in_error.retain(|column| columns.places.iter().all(|(k, _)| k != column));
    columns
}

/// Tells a spreadsheet's other ways to save.
fn not_csv(header: &ByteRecord) -> Option<String> {
    let first = header.get(0).unwrap_or_default();
    if header.is_empty() || (header.len() == 1 && first.is_empty()) {
        return Some("is empty; a header is expected".to_owned());
    }
    if first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff") {
        return Some("is UTF-16; save it as CSV in UTF-8".to_owned());
    }
    if first.starts_with(b"PK\x03\x04") {
        return Some("is a spreadsheet; save it as CSV in UTF-8".to_owned());
    }
    let other = [";", "\t"].into_iter().find(|s| header.len() == 1 && first.windows(1).any(|b| b == s.as_bytes()));
    other.map(|_| "columns are separated by commas".to_owned())
}

/// One row while it is read: cells by the name of their column.
pub(super) struct Row<'a> {
    file: &'static str,
    pub(super) line: u64,
    columns: &'a Columns,
    record: &'a ByteRecord,
    errors: &'a mut Vec<RowError>,
    /// Its mistakes are told already.
    pub(super) muted: bool,
}

impl<'a> Row<'a> {
    /// Keeps a mistake.
    pub(super) fn report(&mut self, column: &str, reason: impl Into<String>) {
        if self.muted {
            return;
        }
        let (file, line) = (self.file, self.line);
        self.errors.push(RowError { file, line, column: column.to_owned(), reason: reason.into() });
    }

    /// A cell without blanks around it; `Some("")` when it is empty or the column absent, `None` when it is in error.
    pub(super) fn text(&mut self, column: &'static str) -> Option<&'a str> {
        if self.columns.in_error.contains(&column) {
            return None;
        }
        match readable(self.cell(column)) {
            Ok(text) => Some(text),
            Err(reason) => {
                self.report(column, reason);
                None
            }
        }
    }

    /// A cell that was read before: its mistakes are told already.
    pub(super) fn peek(&self, column: &'static str) -> Option<&'a str> {
        readable(self.cell(column)).ok()
    }

    fn cell(&self, column: &'static str) -> &'a [u8] {
        let place = self.columns.places.iter().find(|(name, _)| *name == column).map(|(_, place)| *place);
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    /// A cell that must not be empty.
    pub(super) fn needed(&mut self, column: &'static str) -> Option<&'a str> {
        let text = self.text(column)?;
        if text.is_empty() {
            self.report(column, "is empty");
            return None;
        }
        Some(text)
    }

    /// A cell that may be empty; then `None` inside.
    pub(super) fn maybe(&mut self, column: &'static str) -> Option<Option<String>> {
        self.text(column).map(|text| (!text.is_empty()).then(|| text.to_owned()))
    }

    /// A cell that names something.
    pub(super) fn id(&mut self, column: &'static str) -> Option<&'a str> {
        let id = self.needed(column)?;
        if id.len() > ID_BYTES_MAX {
            self.report(column, format!("is longer than {ID_BYTES_MAX} bytes"));
            return None;
        }
        if column == "key" {
            let key = crate::model::DeviceKey::from(id);
            let odd = (!key.is_sound()).then_some("holds < > or a control character, which no device has in its name");
            if let Some(reason) = odd.or_else(|| key.flaw()) {
                self.report(column, reason);
                return None;
            }
        }
        Some(id)
    }

    /// A cell that must not be empty, read by `parse`; its error is the reason.
    pub(super) fn parse<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.needed(column)?;
        self.keep(column, parse(text))
    }

    /// A cell that may be empty, read by `parse`.
    pub(super) fn parse_maybe<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Some(None);
        }
        self.keep(column, parse(text)).map(Some)
    }

    fn keep<T>(&mut self, column: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|reason| self.report(column, reason)).ok()
    }
}

fn readable(cell: &[u8]) -> Result<&str, String> {
    if cell.len() > CELL_BYTES_MAX {
        return Err(format!("is longer than {CELL_BYTES_MAX} bytes"));
    }
    let text = std::str::from_utf8(cell).map_err(|_| "is not UTF-8; save the file as CSV in UTF-8".to_owned())?;
    if text.trim().chars().any(char::is_control) {
        return Err("holds a line break or control character; is a quote missing?".to_owned());
    }
    Ok(text.trim())
}
