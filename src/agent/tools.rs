//! The tools as an agent sees them: bound to one tracker, one issue and one run (SPEC 10.5). Each tracker has its own;
//! the workpad is kept alike in all.

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::Issue;
use crate::tracker::{ToolContext, ToolResult, ToolSpec, Tracker, TrackerError, workpad};

/// The tool that keeps the workpad.
const WORKPAD: &str = "issue_workpad";

/// Arguments of `issue_workpad`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workpad {
    /// What it shall hold; without it, it is read.
    text: Option<String>,
}

/// The tools of the tracker that the run's configuration names. They run here, in the supervisor, with the tracker's
/// credential; the agent sees names, schemas and results.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    tracker: &'a dyn Tracker,
    context: ToolContext<'a>,
}

impl<'a> Tools<'a> {
    /// For work on `issue` in `run`.
    #[must_use]
    pub fn new(tracker: &'a dyn Tracker, issue: &'a Issue, run: &'a str) -> Self {
        Self { tracker, context: ToolContext { issue, run } }
    }

    /// What is advertised.
    #[must_use]
    pub fn specs(self) -> Vec<ToolSpec> {
        let mut specs = self.tracker.agent_tool_specs();
        if self.tracker.writer().is_some() {
            specs.push(workpad_spec());
        }
        specs
    }

    /// Whether there is a tool of this name.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        self.specs().iter().any(|spec| spec.name == name)
    }

    /// Runs one. Every failure is an answer for the agent.
    pub async fn execute(self, name: &str, arguments: &Value) -> ToolResult {
        if !self.has(name) {
            return ToolResult::unsupported(name);
        }
        if name != WORKPAD {
            return self.tracker.execute_agent_tool(name, arguments, self.context).await;
        }
        match Workpad::deserialize(arguments) {
            Ok(Workpad { text }) => self.workpad(text.as_deref()).await.into(),
            Err(error) => ToolResult::Failure { code: "invalid_arguments", message: error.to_string() },
        }
    }

    async fn workpad(self, text: Option<&str>) -> Result<Value, TrackerError> {
        let id = &self.context.issue.id;
        let Some(text) = text else {
            let found = workpad::read(self.tracker, id).await?;
            return Ok(json!({ "workpad": found.map(|comment| comment.body) }));
        };
        let plan = workpad::keep(self.tracker, id, text).await?;
        Ok(json!({ "workpad": plan.body, "kept": plan.kept }))
    }
}

fn workpad_spec() -> ToolSpec {
    ToolSpec {
        name: WORKPAD,
        description: "The workpad of the issue being worked on: one comment for the plan, what is done and what was found. With `text` it is written over as a whole, without it is read.",
        input_schema: json!({
            "type": "object",
            "properties": { "text": { "type": "string", "description": "Markdown: all that the workpad shall hold." } },
            "additionalProperties": false,
        }),
    }
}

impl fmt::Debug for Tools<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tools").field("tracker", &self.tracker.kind()).field("run", &self.context.run).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::testing::{issue, tracker};

    #[tokio::test]
    async fn the_workpad_is_one_comment_that_is_written_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let (tracker, issue) = (tracker(directory.path()), issue());
        let tools = Tools::new(&*tracker, &issue, "ABC-1.1");
        assert!(tools.has(WORKPAD));
        let call = async |arguments: Value| tools.execute(WORKPAD, &arguments).await.output();
        assert_eq!(call(json!({})).await, json!({ "workpad": null }));
        for (text, kept) in [("plan", "made"), ("plan", "unchanged"), ("plan, done", "changed")] {
            let body = format!("## Workpad\n\n{text}");
            assert_eq!(call(json!({ "text": text })).await, json!({ "workpad": body, "kept": kept }));
            assert_eq!(call(json!({})).await, json!({ "workpad": body }));
        }
        let comments = tracker.fetch_comments("ABC-1").await.expect("read").expect("comments");
        assert_eq!(comments.len(), 1, "{comments:?}");
        assert_eq!(call(json!({ "text": " " })).await["error"]["code"], "invalid_issue");
        assert_eq!(call(json!({ "txt": "x" })).await["error"]["code"], "invalid_arguments");
    }
}
