//! A file of lines to which one process appends: each whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file.
#[derive(Debug)]
pub(super) struct Lines {
    file: File,
    length: u64,
}

impl Lines {
    /// A new one, readable by its owner alone.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        file.set_len(0)?;
        Ok(Self { file, length: 0 })
    }

    /// Appends a line by one write; one that cannot be written (a full disk) leaves no trace.
    pub(super) fn append(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += u64::try_from(line.len()).unwrap_or(0);
        Ok(())
    }

    /// Flushes what was appended.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
