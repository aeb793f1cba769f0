//! Putting right what can be put right without a guess. No byte is thrown away.

use std::sync::PoisonError;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::document::DocId;
use super::super::error::{At as _, StoreError};
use super::super::events::By;
use super::super::heal::{missing, stale};
use super::super::writer::Head;
use super::super::{Store, manifest};
use super::{Finding, Repair};
use crate::model::Timestamp;

/// What was done about a finding.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Repaired {
    /// The document; `None`: the journal's end.
    pub document: Option<String>,
    /// What was done.
    pub done: Done,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// The journal's torn end was cut off.
    Truncated,
    /// The manifest was written again from the journal.
    Restored,
    /// Its bytes are kept, and it stays unusable: no segment that is kept has its content.
    Lost,
    /// Its bytes are kept, and it is gone: the journal knows nothing of it.
    Removed,
}

impl Done {
    /// The word, as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Restored => "restored",
            Self::Lost => "lost",
            Self::Removed => "removed",
        }
    }
}

impl Store {
    /// Carries out the repairs of `findings`, under the lock, as far as they are still needed.
    ///
    /// # Errors
    /// Those of every transaction: damage that nothing is to be built on among them.
    pub fn repair(&self, at: Timestamp, by: &By, findings: &[Finding]) -> Result<Vec<Repaired>, StoreError> {
        self.check_owner()?;
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (_held, files) = writer.acquire(self, self.lock_timeout, by, at)?;
        // This cuts off a torn end, as every writer does.
        let head = files.roll_forward(self)?;
        let mut repaired = Vec::new();
        for finding in findings {
            match (finding.repair, &finding.document) {
                (Some(Repair::Truncate), _) => repaired.push(Repaired { document: None, done: Done::Truncated }),
                (Some(Repair::Quarantine), Some(name)) => {
                    let Ok(doc) = name.parse() else { continue };
                    if let Some(done) = self.put_right(&head, &doc)? {
                        repaired.push(Repaired { document: Some(name.clone()), done });
                    }
                }
                (Some(Repair::Quarantine) | None, _) => {}
            }
        }
        Ok(repaired)
    }

    fn put_right(&self, head: &Head, doc: &DocId) -> Result<Option<Done>, StoreError> {
        let listed = self.listing(head.position, |listing| listing.get(doc).copied())?;
        let damage = match (manifest::read(&*self.fs, &self.layout, doc), listed) {
            (Ok(Some(there)), Some(listed)) if listed.is(&there) => return Ok(None),
            (Ok(None), None) => return Ok(None),
            (Ok(Some(there)), Some(listed)) => self.damaged_document(doc, stale(there.seq, listed)),
            (Ok(Some(_)), None) => self.damaged_document(doc, "is there, and no event wrote it".to_owned()),
            (Ok(None), Some(listed)) => self.damaged_document(doc, missing(listed)),
            (Err(damage), _) => damage,
        };
        let Some(listed) = listed else {
            self.keep_manifest(doc, &damage)?;
            let path = self.layout.manifest(doc);
            self.fs.remove(&path).at("remove", &path)?;
            return Ok(Some(Done::Removed));
        };
        if self.restore(doc, listed, &damage)?.is_some() {
            return Ok(Some(Done::Restored));
        }
        self.lose(doc, listed, &damage)?;
        Ok(Some(Done::Lost))
    }
}
