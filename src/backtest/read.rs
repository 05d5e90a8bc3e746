//! Histories and device lists from CSV: each bad row is reported with file, line, column and reason, and the others count.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::{History, Row};
use crate::decide::detect::sample::{About, Chemistry, cells_in};
use crate::model::Timestamp;

/// Columns of a history beyond `device_id` and `ts`, as [`Row`] holds them.
const COLUMNS: [&str; 5] = ["percent", "millivolts", "temperature_c", "uptime_s", "operations"];
/// Words that tell as little as an empty cell.
const NOTHING: [&str; 5] = ["", "nan", "null", "na", "none"];
/// Bad rows that are reported one by one; of more, only how many.
const MISTAKES_SHOWN_MAX: usize = 100;

/// What was wrong in the files.
#[derive(Debug, Default)]
pub struct Mistakes {
    /// The first ones: file, line, column and reason.
    pub shown: Vec<String>,
    /// How many there were.
    pub count: usize,
}

impl Mistakes {
    fn add(&mut self, file: &Path, line: u64, column: &str, why: &str) {
        self.count += 1;
        if self.shown.len() < MISTAKES_SHOWN_MAX {
            self.shown.push(format!("{}:{line}: {column}: {why}", file.display()));
        }
    }
}

/// Reads histories into one, with what a device list tells.
#[derive(Debug, Default)]
pub struct Reader {
    /// What was read.
    pub history: History,
    /// What was wrong.
    pub mistakes: Mistakes,
    places: HashMap<String, u32>,
}

impl Reader {
    /// Reads the devices file: `device_id` and any of `model,chem,quant,cells`; other columns are ignored.
    ///
    /// # Errors
    /// When the file cannot be read or has no `device_id`.
    pub fn devices(&mut self, path: &Path) -> Result<(), String> {
        let mut csv = open(path)?;
        let header = header(&mut csv, path)?;
        let id = need(&header, "device_id", path)?;
        let place = |name: &str| header.iter().position(|h| h == name);
        let (model, chem, quant, cells) = (place("model"), place("chem"), place("quant"), place("cells"));
        for record in csv.records() {
            let record = match record {
                Ok(record) => record,
                Err(e) => {
                    self.mistakes.add(path, line(&e), "row", &e.to_string());
                    continue;
                }
            };
            let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).map(str::trim).filter(|c| !c.is_empty());
            let Some(name) = cell(Some(id)) else { continue };
            let about = About {
                model: cell(model).map(str::to_owned),
                chemistry: cell(chem).and_then(Chemistry::parse),
                cells: cell(cells).or(cell(chem)).and_then(cells_in),
                quantum: cell(quant).and_then(|q| q.parse().ok()).filter(|q: &f64| *q > 0.0 && *q <= 100.0),
            };
            let device = self.place(name);
            self.history.devices[device as usize].1 = about;
        }
        Ok(())
    }

    /// Reads a history, gzipped where its name ends in `.gz`.
    ///
    /// # Errors
    /// When the file cannot be read or has no `device_id` or `ts`.
    pub fn readings(&mut self, path: &Path) -> Result<(), String> {
        let mut csv = open(path)?;
        let header = header(&mut csv, path)?;
        let (id, ts) = (need(&header, "device_id", path)?, need(&header, "ts", path)?);
        let places = COLUMNS.map(|name| header.iter().position(|h| h == name));
        let mut record = csv::StringRecord::new();
        loop {
            match csv.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(e) if e.is_io_error() => return Err(format!("{}: {e}", path.display())),
                Err(e) => {
                    self.mistakes.add(path, line(&e), "row", &e.to_string());
                    continue;
                }
            }
            let number = record.position().map_or(0, csv::Position::line);
            match self.row(&record, id, ts, &places) {
                Ok(row) => self.history.rows.push(row),
                Err((column, why)) => self.mistakes.add(path, number, column, &why),
            }
        }
    }

    fn row(
        &mut self,
        record: &csv::StringRecord,
        id: usize,
        ts: usize,
        places: &[Option<usize>; 5],
    ) -> Result<Row, (&'static str, String)> {
        let name =
            record.get(id).map(str::trim).filter(|n| !n.is_empty()).ok_or(("device_id", "is empty".to_owned()))?;
        let when = record.get(ts).map_or("", str::trim);
        let at = Timestamp::parse_rfc3339(when)
            .ok_or_else(|| ("ts", format!("`{when}` is no RFC 3339 time, e.g. 2026-01-05T02:30:00Z")))?;
        let mut values = [f64::NAN; 5];
        for ((value, place), column) in values.iter_mut().zip(places).zip(COLUMNS) {
            let text = place.and_then(|p| record.get(p)).map_or("", str::trim);
            if NOTHING.iter().any(|n| text.eq_ignore_ascii_case(n)) {
                continue;
            }
            let number = text.parse::<f64>().ok().filter(|v| v.is_finite());
            *value = number.ok_or_else(|| (column, format!("`{text}` is no number")))?;
        }
        let [percent, millivolts, temperature, uptime, operations] = values;
        #[expect(clippy::cast_possible_truncation, reason = "seven digits are enough for a gauge")]
        let values = [percent as f32, millivolts as f32, temperature as f32];
        Ok(Row { device: self.place(name), at, values, witnesses: [uptime, operations] })
    }

    fn place(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = u32::try_from(self.history.devices.len()).expect("fewer devices than 2^32 fit into memory");
        self.history.devices.push((name.to_owned(), About::UNKNOWN));
        self.places.insert(name.to_owned(), place);
        place
    }
}

fn open(path: &Path) -> Result<csv::Reader<Box<dyn Read>>, String> {
    let file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let plain: Box<dyn Read> = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz")) {
        Box::new(MultiGzDecoder::new(BufReader::new(file)))
    } else {
        Box::new(BufReader::new(file))
    };
    Ok(csv::ReaderBuilder::new().flexible(true).from_reader(plain))
}

fn header(csv: &mut csv::Reader<Box<dyn Read>>, path: &Path) -> Result<Vec<String>, String> {
    let header = csv.headers().map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(header.iter().map(|h| h.trim().trim_start_matches('\u{feff}').to_ascii_lowercase()).collect())
}

fn need(header: &[String], column: &str, path: &Path) -> Result<usize, String> {
    header.iter().position(|h| h == column).ok_or_else(|| {
        format!(
            "{}:1: no column `{column}`; the header must name device_id and ts, here it is: {}",
            path.display(),
            header.join(",")
        )
    })
}

fn line(e: &csv::Error) -> u64 {
    e.position().map_or(0, csv::Position::line)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn read(text: &str) -> io::Result<Reader> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("h.csv");
        std::fs::write(&path, text)?;
        let mut reader = Reader::default();
        reader.readings(&path).map_err(io::Error::other)?;
        Ok(reader)
    }

    #[test]
    fn bad_rows_are_named_and_the_others_count() {
        let text = "device_id,ts,percent\na,2026-01-05T00:00:00Z,50\n,2026-01-05T00:00:00Z,50\na,yesterday,50\na,2026-01-06T00:00:00Z,x\na,2026-01-07T00:00:00Z,\n";
        let reader = read(text).expect("readable");
        assert_eq!(reader.history.rows.len(), 2);
        assert_eq!(reader.mistakes.count, 3);
        let told = reader.mistakes.shown.join("\n");
        for part in ["h.csv:3: device_id", "h.csv:4: ts: `yesterday`", "h.csv:5: percent: `x`"] {
            assert!(told.contains(part), "{part} in {told}");
        }
    }

    #[test]
    fn a_file_without_the_columns_is_refused() {
        assert!(read("id,when\n1,2\n").is_err());
    }
}
