//! The tracker's tools as an agent sees them: bound to one tracker, one issue and one run (SPEC 10.5).

use std::fmt;

use serde_json::Value;

use crate::model::Issue;
use crate::tracker::{ToolContext, ToolResult, ToolSpec, Tracker};

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
        self.tracker.agent_tool_specs()
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
        self.tracker.execute_agent_tool(name, arguments, self.context).await
    }
}

impl fmt::Debug for Tools<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tools").field("tracker", &self.tracker.kind()).field("run", &self.context.run).finish()
    }
}
