//! The tools of a tracker whose interface cannot be narrowed to a project: read an issue, change the one that is worked
//! on. The same that `local` has.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::tracker::local::tools::{Read, Update};
use crate::tracker::{IssueEdit, ToolContext, ToolResult, Tracker, TrackerError, Writer};

/// Runs one of them.
pub(crate) async fn run_narrow_tool<T: Tracker + Writer>(
    tracker: &T,
    name: &str,
    arguments: &Value,
    context: ToolContext<'_>,
) -> ToolResult {
    match name {
        "issue_read" => match Read::deserialize(arguments) {
            Ok(wanted) => read(tracker, wanted.issue.as_deref().unwrap_or(&context.issue.identifier)).await.into(),
            Err(error) => wrong(&error),
        },
        "issue_update" => match Update::deserialize(arguments) {
            Ok(wanted) => update(tracker, wanted, &context.issue.id).await.into(),
            Err(error) => wrong(&error),
        },
        other => ToolResult::unsupported(other),
    }
}

async fn read<T: Tracker>(tracker: &T, identifier: &str) -> Result<Value, TrackerError> {
    let found = tracker.fetch_issue_by_identifier(identifier).await?;
    let issue = found.ok_or_else(|| TrackerError::IssueNotFound(identifier.to_owned()))?;
    let comments = tracker.fetch_comments(&issue.id).await?;
    Ok(json!({ "issue": issue, "comments": comments }))
}

async fn update<T: Writer>(tracker: &T, wanted: Update, id: &str) -> Result<Value, TrackerError> {
    let edit = IssueEdit {
        state: wanted.state,
        add_labels: wanted.add_labels,
        remove_labels: wanted.remove_labels,
        ..IssueEdit::default()
    };
    if wanted.comment.is_none() && edit == IssueEdit::default() {
        return Err(TrackerError::InvalidIssue("nothing to change: give a state, labels or a comment".to_owned()));
    }
    // The comment first: where it fails, nothing is changed.
    if let Some(comment) = &wanted.comment {
        tracker.comment(id, comment).await?;
    }
    let issue = tracker.edit(id, &edit).await?;
    Ok(json!({ "issue": issue }))
}

fn wrong(error: &serde_json::Error) -> ToolResult {
    ToolResult::Failure { code: "invalid_arguments", message: error.to_string() }
}
