//! Tools that an adapter offers to the agent (SPEC 10.5). They run in the supervisor, with the adapter's credential; the
//! agent gets their results alone.

use serde::Serialize;
use serde_json::{Value, json};

use super::TrackerError;
use crate::model::Issue;

/// A tool as it is advertised when a session starts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolSpec {
    /// Its name, unique within the adapter.
    pub name: &'static str,
    /// What it does, for the model.
    pub description: &'static str,
    /// JSON schema of its arguments.
    pub input_schema: Value,
}

/// For whom a tool runs.
#[derive(Debug, Clone, Copy)]
pub struct ToolContext<'a> {
    /// The issue that is worked on.
    pub issue: &'a Issue,
    /// The run's id: who is named where the tool writes.
    pub run: &'a str,
}

/// What a tool answers; a failure is an answer too, and the session goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolResult {
    /// It did what it says, with this result.
    Success(Value),
    /// The tracker refused it, with this answer.
    Refused(Value),
    /// It did not.
    Failure {
        /// A stable word.
        code: &'static str,
        /// One sentence for the model.
        message: String,
    },
}

impl ToolResult {
    /// The answer to a name that no tool has.
    #[must_use]
    pub fn unsupported(name: &str) -> Self {
        Self::Failure { code: "unsupported_tool", message: format!("there is no tool `{name}`") }
    }

    /// The answer as JSON: the result or the refusal, or `{"error":{"code","message"}}`.
    #[must_use]
    pub fn output(&self) -> Value {
        match self {
            Self::Success(value) | Self::Refused(value) => value.clone(),
            Self::Failure { code, message } => json!({ "error": { "code": code, "message": message } }),
        }
    }
}

impl From<Result<Value, TrackerError>> for ToolResult {
    fn from(result: Result<Value, TrackerError>) -> Self {
        match result {
            Ok(value) => Self::Success(value),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                Self::Failure { code: error.code(), message: format!("{error}{cause}") }
            }
        }
    }
}
