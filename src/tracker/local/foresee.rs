//! What a write would make of an issue, without writing: the same text, which stays in memory.

use std::fs;

use super::change::{self, Change, Comment, Which};
use super::document::Document;
use super::record::Record;
use super::write::{highest, issue_of, read_back};
use super::{Local, lock};
use crate::model::Issue;
use crate::tracker::{NewIssue, TrackerError, Write};

impl Local {
    /// The issue as it would be; fails as the write would. Between this and the write others may write.
    pub(super) fn foresee(&self, write: &Write<'_>) -> Result<Issue, TrackerError> {
        match write {
            Write::Create(new) => self.foresee_file(new),
            Write::Edit { id, edit } => self.foresee_change(id, &Change { edit: Some(edit), comment: None }),
            Write::Comment { id, text } => {
                let comment = Some(Comment { text, which: Which::New { author: self.author() } });
                self.foresee_change(id, &Change { edit: None, comment })
            }
        }
    }

    fn foresee_file(&self, new: &NewIssue) -> Result<Issue, TrackerError> {
        let mut scan = self.scan(|_, _| false)?;
        let prefix = &self.provider.prefix;
        let number = highest(&scan, prefix).max(lock::remembered(&self.store, prefix)).saturating_add(1);
        let id = format!("{prefix}-{number}");
        let text = change::new_file(&id, new, self.provider.first_state.as_deref(), &self.stamp(None), &scan)?;
        scan.put(read_back(&self.provider.directory.join(format!("{id}.md")), &text)?);
        issue_of(&scan, &id)
    }

    fn foresee_change(&self, id: &str, change: &Change<'_>) -> Result<Issue, TrackerError> {
        let mut scan = self.scan(|other, _| other == id)?;
        let path = scan.require(id)?.path.clone();
        let text = fs::read_to_string(&path).map_err(|cause| TrackerError::Request {
            what: format!("cannot read {}", path.display()),
            cause: cause.into(),
        })?;
        let bad = |message: String| TrackerError::InvalidIssue(format!("{}: {message}", path.display()));
        let record = Record::parse(&path, &text, |_, _| true).map_err(|malformed| bad(malformed.message))?;
        let document = Document::cut(&text).map_err(|_| bad("its front matter is not whole".to_owned()))?;
        let now = self.stamp(record.updated_at);
        let after = match change.apply(&document, &record, &now, &scan)? {
            Some(edited) => read_back(&path, &edited)?,
            None => record,
        };
        scan.put(after);
        issue_of(&scan, id)
    }
}
