//! Checking a store: every line of the journal with its sum and number, every checkpoint, every manifest. Writes nothing;
//! [`Store::repair`] puts right what can be put right without a guess.

mod journal;
mod manifests;
mod repair;

use std::collections::BTreeSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::checkpoint::Listing;
use super::document::DocId;
use super::{Store, StoreError};

pub use repair::Repaired;

/// How often a store is looked at again that changed while it was.
const ATTEMPTS: u32 = 20;

/// What is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Finding {
    /// A stable word.
    pub code: &'static str,
    /// In which file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: Option<u64>,
    /// Its first byte, from 0.
    pub byte: Option<u64>,
    /// The one document that it concerns (`work/ABC-1`); `None`: the whole store.
    pub document: Option<String>,
    /// One sentence.
    pub message: String,
    /// What `--repair` does about it.
    pub repair: Option<Repair>,
}

/// What can be done without a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// The journal's torn end is cut off; its bytes are kept in `damaged/`.
    Truncate,
    /// The manifest's bytes are kept in `damaged/`; it is written again from the journal where that has it.
    Quarantine,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Checked {
    /// Segments of the journal.
    pub segments: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Events in those.
    pub events: u64,
    /// Manifests.
    pub manifests: u64,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// The number of the journal's last event.
    pub as_of: u64,
}

/// The journal's end, and what it says is there; `None` where damage hides that.
struct Journalled {
    last: u64,
    listing: Option<Listing>,
    /// What was deleted beyond `applied`: the next writer removes its manifest.
    deleted: BTreeSet<DocId>,
}

impl Checked {
    fn find(&mut self, code: &'static str, file: PathBuf, message: impl Into<String>) -> &mut Finding {
        let message = message.into();
        self.findings.push(Finding { code, file, line: None, byte: None, document: None, message, repair: None });
        // It was pushed just now.
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }
}

impl Store {
    /// Checks everything, without the lock: what seems wrong while somebody writes is looked at again.
    ///
    /// # Errors
    /// What cannot be read at all, and a store that a newer Baton wrote.
    pub fn check(&self) -> Result<Checked, StoreError> {
        let mut attempt = 1;
        loop {
            let checked = self.check_once()?;
            if checked.findings.is_empty() || attempt == ATTEMPTS || !self.is_behind(&checked) {
                return Ok(checked);
            }
            attempt += 1;
        }
    }

    /// Whether somebody has written since.
    fn is_behind(&self, checked: &Checked) -> bool {
        self.applied().is_ok_and(|applied| applied.is_some_and(|applied| applied.committed != checked.as_of))
            || self.last_seq().is_ok_and(|last| last != checked.as_of)
    }

    fn check_once(&self) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        let applied = self.applied()?;
        let journalled = self.check_journal(&mut checked, applied)?;
        checked.as_of = journalled.last;
        self.check_manifests(&mut checked, &journalled, applied)?;
        Ok(checked)
    }
}
