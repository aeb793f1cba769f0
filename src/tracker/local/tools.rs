//! The agent's tools: `issue_read` reads any issue of the directory, `issue_update` changes the one that is worked on.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Local;
use super::change::{Change, Comment, Which};
use super::comments;
use crate::tracker::{IssueEdit, ToolContext, ToolResult, ToolSpec, TrackerError};

/// Arguments of `issue_read`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    /// Identifier; the issue that is worked on by default.
    pub(crate) issue: Option<String>,
}

/// Arguments of `issue_update`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Update {
    /// The new state.
    pub(crate) state: Option<String>,
    /// Labels to add.
    #[serde(default)]
    pub(crate) add_labels: Vec<String>,
    /// Labels to remove.
    #[serde(default)]
    pub(crate) remove_labels: Vec<String>,
    /// A comment to add.
    pub(crate) comment: Option<String>,
}

/// What is advertised.
pub(crate) fn specs() -> Vec<ToolSpec> {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    vec![
        ToolSpec {
            name: "issue_read",
            description: "Reads an issue of this project with its comments: the one being worked on, or another by its identifier.",
            input_schema: json!({
                "type": "object",
                "properties": { "issue": { "type": "string", "description": "Identifier; default: the issue being worked on." } },
                "additionalProperties": false,
            }),
        },
        ToolSpec {
            name: "issue_update",
            description: "Changes the issue being worked on: its state, its labels, a comment. All in one write, or nothing.",
            input_schema: json!({
                "type": "object",
                "properties": {
                    "state": { "type": "string", "description": "The new state, for example Done." },
                    "add_labels": texts,
                    "remove_labels": texts,
                    "comment": { "type": "string", "description": "Markdown, appended to the issue's comments." },
                },
                "minProperties": 1,
                "additionalProperties": false,
            }),
        },
    ]
}

impl Local {
    pub(super) fn execute(&self, name: &str, arguments: &Value, context: ToolContext<'_>) -> ToolResult {
        match name {
            "issue_read" => with(arguments, |read: Read| self.read(read.issue.as_deref().unwrap_or(&context.issue.id))),
            "issue_update" => with(arguments, |update| self.update(update, context)),
            other => ToolResult::unsupported(other),
        }
    }

    fn read(&self, id: &str) -> Result<Value, TrackerError> {
        let scan = self.scan(|other, _| other == id)?;
        let record = scan.require(id)?;
        let comments = comments::section(&record.path)?;
        Ok(json!({ "issue": scan.index().issue(record), "comments": comments }))
    }

    fn update(&self, update: Update, context: ToolContext<'_>) -> Result<Value, TrackerError> {
        let edit = IssueEdit {
            state: update.state,
            add_labels: update.add_labels,
            remove_labels: update.remove_labels,
            ..IssueEdit::default()
        };
        let comment = update.comment.as_deref().map(|text| Comment { text, which: Which::New { author: context.run } });
        if comment.is_none() && edit == IssueEdit::default() {
            return Err(TrackerError::InvalidIssue("nothing to change: give a state, labels or a comment".into()));
        }
        let issue = self.change_file(&context.issue.id, &Change { edit: Some(&edit), comment })?;
        Ok(json!({ "issue": issue }))
    }
}

/// Runs a tool on arguments of its type.
fn with<A: for<'de> Deserialize<'de>>(
    arguments: &Value,
    run: impl FnOnce(A) -> Result<Value, TrackerError>,
) -> ToolResult {
    match A::deserialize(arguments) {
        Ok(arguments) => run(arguments).into(),
        Err(error) => ToolResult::Failure { code: "invalid_arguments", message: error.to_string() },
    }
}
