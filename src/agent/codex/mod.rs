//! `codex app-server`: one process for a run, one thread for an issue, spoken to over stdio (SPEC 10).
//!
//! | file | what it is |
//! |---|---|
//! | `session` | from the start of the process to an open thread |
//! | `turn`, `stream` | one turn, from its prompt to its end, and what comes in between |
//! | `transport`, `lines` | the process and its pipes |
//! | `protocol` | requests, replies, notifications |
//! | `items`, `ending`, `usage` | what notifications mean |
//! | `clocks` | how long a turn may be silent |
//! | `approvals`, `sandbox`, `tools` | what Codex may do, and what is done for it |
//!
//! The last three rows are pure but for a look at git and at the clock.

mod approvals;
mod clocks;
mod ending;
mod items;
mod lines;
mod protocol;
#[cfg(test)]
mod samples;
mod sandbox;
mod session;
mod stream;
mod tools;
mod transport;
mod turn;
mod usage;

use serde_json::{Map, Value};

use super::{
    Agent, AgentError, AgentEvent, Capabilities, SessionContext, SessionStarted, ToolDelivery, TurnEnd, TurnInput,
    Working,
};
use crate::workflow::Config;
use crate::workflow::config::{AgentKind, Timeouts};
use session::Session;

/// The agent of `codex`.
pub(super) fn build(config: &Config) -> Result<Box<dyn Agent>, AgentError> {
    let section = config.backends.get(&AgentKind::Codex).map(|codex| codex.section.clone()).unwrap_or_default();
    let settings =
        Settings { command: config.codex_command().to_owned(), section, timeouts: config.timeouts(AgentKind::Codex) };
    Ok(Box::new(CodexAgent { settings, session: None }))
}

/// What the file says of it.
#[derive(Debug)]
struct Settings {
    /// `codex.command`, as written.
    command: String,
    /// The whole section.
    section: Map<String, Value>,
    /// Its times.
    timeouts: Timeouts,
}

/// Codex.
#[derive(Debug)]
struct CodexAgent {
    settings: Settings,
    /// From the start of its process.
    session: Option<Session>,
}

impl Agent for CodexAgent {
    fn capabilities(&self) -> Capabilities {
        Capabilities { sessions: true, tools: ToolDelivery::Protocol }
    }

    fn start<'a>(&'a mut self, context: SessionContext<'a>) -> Working<'a, Result<SessionStarted, AgentError>> {
        Box::pin(async move {
            let session = self.session.insert(Session::begin(&self.settings, &context)?);
            session.open(&self.settings, &context).await
        })
    }

    fn turn<'a>(&'a mut self, input: TurnInput<'a>, on: &'a mut dyn FnMut(AgentEvent)) -> Working<'a, TurnEnd> {
        Box::pin(async move {
            match &mut self.session {
                Some(session) => session.turn(&self.settings.timeouts, input, on).await,
                None => TurnEnd::StartFailed { error: "the agent's session was not started".to_owned() },
            }
        })
    }

    fn stop(&mut self) -> Working<'_, ()> {
        Box::pin(async move {
            if let Some(mut session) = self.session.take() {
                session.close().await;
            }
        })
    }
}
