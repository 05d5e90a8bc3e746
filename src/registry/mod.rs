//! The registry as operators keep it: a folder of CSV files in, places and people out, or every mistake with its place.
//!
//! All or nothing: one bad row and there is no registry. Nothing here touches a database, and no message repeats a
//! person's name or number.

mod csv_file;
mod load;
mod phone;
mod rows;

use std::fmt;
use std::path::Path;

use crate::model::{Device, Housekeeper, Location, Property, Tenant, Unit};

pub use rows::{cells, chemistry};

/// Everything that the five files say; references between them resolve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registry {
    /// `properties.csv`
    pub properties: Vec<PropertyRow>,
    /// `units.csv`
    pub units: Vec<UnitRow>,
    /// `tenants.csv`
    pub tenants: Vec<Tenant>,
    /// `devices.csv`
    pub devices: Vec<Device>,
    /// `housekeepers.csv`
    pub housekeepers: Vec<HousekeeperRow>,
    /// What is taken as it stands, and what is probably meant otherwise.
    pub remarks: Vec<RowError>,
}

/// A property and what the rules do not need of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyRow {
    /// The property.
    pub property: Property,
    /// ISO 3166 code: national phone numbers are read by it.
    pub country: Option<String>,
    /// For people who go there.
    pub address: Option<String>,
    /// Where it stands.
    pub location: Option<Location>,
}

/// A unit and what the rules do not need of it.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitRow {
    /// The unit.
    pub unit: Unit,
    /// How to get in, for who has the job.
    pub entry_note: Option<String>,
}

/// A housekeeper and what the rules do not need of them.
#[derive(Clone, Debug, PartialEq)]
pub struct HousekeeperRow {
    /// The housekeeper.
    pub housekeeper: Housekeeper,
    /// Their shift as it was written; [`crate::model::Shift::parse`] reads it.
    pub shift: String,
    /// Where they start from.
    pub location: Option<Location>,
}

/// How far a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The file's name.
    pub file: &'static str,
    /// How much of it is read, in bytes.
    pub bytes_read: u64,
    /// Its size, in bytes.
    pub bytes: u64,
}

/// One thing that is wrong with a registry, or remarkable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The file's name.
    pub file: &'static str,
    /// The line, from 1; 0 when the whole file is meant.
    pub line: u64,
    /// The column's name; empty when the whole row is meant.
    pub column: String,
    /// What is wrong and what is expected.
    pub reason: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, ": {}", self.column)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl Registry {
    /// Reads the files of a folder (CONTRACT section 6).
    ///
    /// # Errors
    /// Every mistake of every file, in the order of the files and their lines.
    pub fn read(dir: &Path) -> Result<Self, Vec<RowError>> {
        Self::read_with(dir, &|_| ())
    }

    /// As [`Registry::read`]; `progress` is told from time to time how far a file is read.
    ///
    /// # Errors
    /// As [`Registry::read`].
    pub fn read_with(dir: &Path, progress: &dyn Fn(Progress)) -> Result<Self, Vec<RowError>> {
        load::load(dir, progress)
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            ("properties", self.properties.len()),
            ("units", self.units.len()),
            ("tenants", self.tenants.len()),
            ("devices", self.devices.len()),
            ("housekeepers", self.housekeepers.len()),
        ];
        let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        f.write_str(&counts.join(", "))
    }
}
