//! The tools of a tracker whose interface cannot be narrowed to a project: read an issue, change the one that is worked
//! on. The same that `local` has.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Provider, Remote};
use crate::tracker::local::tools::{Read, Update};
use crate::tracker::{IssueEdit, ToolContext, ToolResult, Tracker, TrackerError, Writer};

impl<P: Provider> Remote<P> {
    /// Runs one of them.
    pub(super) async fn run_narrow_tool(&self, name: &str, arguments: &Value, context: ToolContext<'_>) -> ToolResult {
        match name {
            "issue_read" => match Read::deserialize(arguments) {
                Ok(read) => self.read(read.issue.as_deref().unwrap_or(&context.issue.identifier)).await.into(),
                Err(error) => wrong(&error),
            },
            "issue_update" => match Update::deserialize(arguments) {
                Ok(update) => self.update(update, &context.issue.id).await.into(),
                Err(error) => wrong(&error),
            },
            other => ToolResult::unsupported(other),
        }
    }

    async fn read(&self, identifier: &str) -> Result<Value, TrackerError> {
        let found = self.fetch_issue_by_identifier(identifier).await?;
        let issue = found.ok_or_else(|| TrackerError::IssueNotFound(identifier.to_owned()))?;
        let comments = self.fetch_comments(&issue.id).await?;
        Ok(json!({ "issue": issue, "comments": comments }))
    }

    async fn update(&self, update: Update, id: &str) -> Result<Value, TrackerError> {
        let edit = IssueEdit {
            state: update.state,
            add_labels: update.add_labels,
            remove_labels: update.remove_labels,
            ..IssueEdit::default()
        };
        if update.comment.is_none() && edit == IssueEdit::default() {
            return Err(TrackerError::InvalidIssue("nothing to change: give a state, labels or a comment".to_owned()));
        }
        // The comment first: where it fails, nothing is changed.
        if let Some(comment) = &update.comment {
            Writer::comment(self, id, comment).await?;
        }
        let issue = Writer::edit(self, id, &edit).await?;
        Ok(json!({ "issue": issue }))
    }
}

fn wrong(error: &serde_json::Error) -> ToolResult {
    ToolResult::Failure { code: "invalid_arguments", message: error.to_string() }
}
