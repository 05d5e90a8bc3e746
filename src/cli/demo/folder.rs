//! A folder of this run alone, gone when the run is over, however it ends. Nothing outside it is ever touched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::complain;

/// A temporary folder; dropped, it is removed with all that is in it.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes a new one, readable by this user alone.
    pub(super) fn new() -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("nightporter-demo-{:016x}", u64::from_ne_bytes(random));
        let path = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.0) {
            complain(format_args!("{}: {e}", self.0.display()));
        }
    }
}
