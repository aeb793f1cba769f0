//! The tracker's tools for agents that are not given them in their own protocol: offered by a tool server, carried out
//! here.

use std::convert::Infallible;

use serde_json::json;

use super::state::State;
use crate::agent::{AgentEvent, ToolCall, ToolDelivery, ToolKind, Tools};
use crate::chain::chain;
use crate::tool_server::{Desk, McpConfig, Waiting};
use crate::tracker::ToolResult;

impl State<'_> {
    /// Opens the desk, where the agent is one that can come to it. Without one it works on, and has no tools.
    pub(super) fn open_desk(&mut self, delivery: ToolDelivery) -> Option<Desk> {
        let run = self.spec.run.to_string();
        let specs = Tools::new(&*self.project.tracker, &self.issue, &run).specs();
        if delivery == ToolDelivery::Protocol || specs.is_empty() {
            return None;
        }
        let store = &self.project.store.layout().root;
        let config = McpConfig::new(&self.project.exe, store, &self.spec.run);
        match Desk::open(self.folder, &specs).and_then(|desk| config.write(self.folder).map(|()| desk)) {
            Ok(desk) => Some(desk),
            Err(error) => {
                tracing::warn!(%error, "the agent gets no tools: they cannot be served");
                self.event("tools_not_served", json!({ "error": chain(&error) }));
                None
            }
        }
    }
}

/// Carries out what comes to the desk, one call after the other; `may` says whether the run may still do so. Never ends
/// by itself.
pub(super) async fn serve(
    desk: Option<&mut Desk>,
    tools: Tools<'_>,
    may: impl Fn() -> bool,
    tell: impl Fn(AgentEvent),
) -> Infallible {
    let Some(desk) = desk else { return std::future::pending().await };
    loop {
        let waiting = desk.next().await;
        if !tools.has(&waiting.name) {
            tell(AgentEvent::Other { kind: "unsupported_tool_call", data: json!({ "tool": waiting.name }) });
        }
        tell(AgentEvent::ToolStarted(call(&waiting)));
        let result = if may() { tools.execute(&waiting.name, &waiting.arguments).await } else { not_ours() };
        let ok = matches!(result, ToolResult::Success(_));
        let mut call = call(&waiting);
        call.detail["result"] = result.output();
        tell(AgentEvent::ToolFinished { call, ok });
        waiting.answer(&result);
    }
}

fn call(waiting: &Waiting) -> ToolCall {
    let Waiting { name, arguments, id, .. } = waiting;
    ToolCall {
        id: id.clone(),
        kind: ToolKind::Tracker,
        title: format!("{name} {arguments}"),
        detail: json!({ "tool": name, "arguments": arguments }),
    }
}

fn not_ours() -> ToolResult {
    ToolResult::Failure {
        code: "run_over",
        message: "the run's claim was taken over: it may change nothing".to_owned(),
    }
}
