//! A tracker's optional writes, and what is written.

use super::{BoxFuture, TrackerError};
use crate::model::{Issue, Mark};

/// A tracker's optional writes. Each returns the issue as it is after the write.
pub trait Writer: Send + Sync {
    /// Makes an issue.
    fn create<'a>(&'a self, new: &'a NewIssue) -> BoxFuture<'a, Result<Issue, TrackerError>>;
    /// Changes it; fields that are `None` stay. An edit that changes nothing writes nothing.
    fn edit<'a>(&'a self, id: &'a str, edit: &'a IssueEdit) -> BoxFuture<'a, Result<Issue, TrackerError>>;
    /// Adds a comment.
    fn comment<'a>(&'a self, id: &'a str, text: &'a str) -> BoxFuture<'a, Result<Issue, TrackerError>>;
    /// Writes over the text of a comment; `false` where it cannot be: it is gone, somebody else's, or this tracker's
    /// comments stay as they were written.
    fn edit_comment<'a>(
        &'a self,
        _id: &'a str,
        _comment: &'a str,
        _text: &'a str,
    ) -> BoxFuture<'a, Result<bool, TrackerError>> {
        Box::pin(async { Ok(false) })
    }

    /// Whether it keeps [`NewIssue::mark`] beside the issue, so that the same request makes no second one, whatever became
    /// of the first.
    fn keeps_marks(&self) -> bool {
        false
    }

    /// The issue as a write would leave it, without writing; fails as the write would. `None` where only the tracker
    /// itself could tell.
    fn foresee<'a>(&'a self, _write: Write<'a>) -> BoxFuture<'a, Result<Option<Issue>, TrackerError>> {
        Box::pin(async { Ok(None) })
    }
}

/// A write that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write<'a> {
    /// [`Writer::create`].
    Create(&'a NewIssue),
    /// [`Writer::edit`].
    Edit {
        /// The issue's id.
        id: &'a str,
        /// What changes.
        edit: &'a IssueEdit,
    },
    /// [`Writer::comment`].
    Comment {
        /// The issue's id.
        id: &'a str,
        /// Markdown.
        text: &'a str,
    },
}

/// An issue to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewIssue {
    /// Title, one line.
    pub title: String,
    /// Body.
    pub description: Option<String>,
    /// State; `None` = the first active one.
    pub state: Option<String>,
    /// Priority.
    pub priority: Option<i64>,
    /// Labels.
    pub labels: Vec<String>,
    /// Identifiers or ids of blockers.
    pub blocked_by: Vec<String>,
    /// Identifier or id of the parent.
    pub parent: Option<String>,
    /// Assignee.
    pub assignee: Option<String>,
    /// The request under an idempotency key. A tracker that can keep it beside the issue makes no second one.
    pub mark: Option<Mark>,
}

/// A change to an issue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssueEdit {
    /// New title.
    pub title: Option<String>,
    /// New body.
    pub description: Option<String>,
    /// New state.
    pub state: Option<String>,
    /// New priority; `Some(None)` clears it.
    pub priority: Option<Option<i64>>,
    /// Labels to add.
    pub add_labels: Vec<String>,
    /// Labels to remove.
    pub remove_labels: Vec<String>,
    /// Blockers to add.
    pub add_blocked_by: Vec<String>,
    /// Blockers to remove.
    pub remove_blocked_by: Vec<String>,
    /// New parent, by identifier or id; `Some(None)` clears it.
    pub parent: Option<Option<String>>,
    /// New assignee; `Some(None)` clears it.
    pub assignee: Option<Option<String>>,
}

/// Fails where a comment would say nothing.
pub(super) fn check_comment(text: &str) -> Result<(), TrackerError> {
    if text.trim().is_empty() {
        return Err(TrackerError::InvalidIssue("a comment is not blank".to_owned()));
    }
    Ok(())
}
