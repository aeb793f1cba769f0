//! The coding agent behind a worker (SPEC 10).
//!
//! An [`Agent`] is started once per run, given one turn after the other, and stopped. It is the supervisor's to judge
//! what a turn's end means for the run. Each backend is a file of its own, and `BACKENDS` is the list of them: a new one
//! is one line here.

mod codex;
mod command;
mod end;
mod ended;
mod error;
mod event;
mod log;
#[cfg(test)]
mod testing;
mod tools;
mod transcript;

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use crate::model::{Issue, Process, SessionRecord};
use crate::seams::Environment;
use crate::store::Redactor;
use crate::workflow::Config;
use crate::workflow::config::AgentKind;

pub use end::{Failure, FailureCode, TurnEnd};
pub use error::AgentError;
pub use event::{AgentEvent, ToolCall, ToolKind};
pub use tools::Tools;

/// A future of an agent's: it stays on the supervisor's one thread.
pub type Working<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A coding agent.
pub trait Agent: fmt::Debug {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;
    /// Opens the session, or takes up the one to be resumed (SPEC 10.2). What it started before it failed is left to
    /// [`Agent::stop`].
    fn start<'a>(&'a mut self, context: SessionContext<'a>) -> Working<'a, Result<SessionStarted, AgentError>>;
    /// Works on one turn to its end (SPEC 10.3). Dropped before that, it leaves what runs to [`Agent::stop`].
    fn turn<'a>(&'a mut self, input: TurnInput<'a>, on: &'a mut dyn FnMut(AgentEvent)) -> Working<'a, TurnEnd>;
    /// Ends whatever runs of it: in its own way first, then TERM, a grace of seconds, then KILL. Nothing to do is
    /// success; what cannot be ended is found by [`crate::process::end_descendants`].
    fn stop(&mut self) -> Working<'_, ()>;
}

/// A kind of agent, as its file offers it: made from the configuration, without starting anything.
type Build = fn(&Config) -> Result<Box<dyn Agent>, AgentError>;

/// Every kind that this build supports.
const BACKENDS: &[(AgentKind, Build)] = &[(AgentKind::Command, command::build), (AgentKind::Codex, codex::build)];

/// The agent that the configuration names.
pub fn from_config(config: &Config) -> Result<Box<dyn Agent>, AgentError> {
    let kind = config.agent.kind;
    let backend = BACKENDS.iter().find(|(known, _)| *known == kind);
    backend.map_or_else(|| Err(AgentError::NotSupported { kind: kind.as_str() }), |(_, build)| build(config))
}

/// Where and for what an agent works.
#[derive(Debug)]
pub struct SessionContext<'a> {
    /// The issue.
    pub issue: &'a Issue,
    /// Its workspace, absolute.
    pub workspace: &'a Path,
    /// The child's complete environment: the run mark and `BATON_*` included, secrets taken out, `agent.env` added.
    pub env: Environment,
    /// Names that a login shell's profile must not bring back.
    pub unset: Vec<String>,
    /// `runs/<id>`, where the agent's log goes.
    pub run_dir: &'a Path,
    /// The second lifeline, `runs/<id>/agent.lifeline`: held by the agent's process alone.
    pub lifeline: PathBuf,
    /// What is taken out of the log.
    pub redactor: &'a Redactor,
    /// The conversation to go on with, where there is one.
    pub resume: Option<&'a SessionRecord>,
    /// The tracker's tools, to be advertised.
    pub tools: Tools<'a>,
}

/// A session that was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionStarted {
    /// The agent's own id of the conversation; `None` where it has none.
    pub thread_id: Option<String>,
    /// Its process; `None` where it has one per turn.
    pub process: Option<Process>,
    /// Why the conversation is a new one although one was to be gone on with.
    pub replaced: Option<String>,
}

/// One turn's work.
#[derive(Debug, Clone, Copy)]
pub struct TurnInput<'a> {
    /// From 1, within the run.
    pub number: u32,
    /// What to say.
    pub prompt: &'a str,
    /// The same as a file, already written.
    pub prompt_file: &'a Path,
    /// The tracker's tools, for the issue as it is now.
    pub tools: Tools<'a>,
}

/// What a backend can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// It remembers earlier turns. Without it, every turn gets the full prompt, and from the second on guidance too.
    pub sessions: bool,
    /// How it is given the tracker's tools.
    pub tools: ToolDelivery,
}

/// How an agent is given the tracker's tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolDelivery {
    /// In its own protocol, by its backend.
    Protocol,
    /// By a tool server that it starts, as `mcp.json` in the run's folder says.
    Server,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::Workflow;

    fn config(sections: &str) -> Config {
        let text = format!("---\ntracker:\n  kind: local\n{sections}---\n");
        let loaded =
            Workflow::from_text("/p/WORKFLOW.md".as_ref(), &text, &Environment::default(), &crate::tracker::profile);
        loaded.expect("valid").config
    }

    #[test]
    fn the_configuration_chooses_the_agent() {
        let (command, codex) = ((false, ToolDelivery::Server), (true, ToolDelivery::Protocol));
        for (sections, (sessions, tools)) in [("command:\n  run: x\n", command), ("codex: {}\n", codex), ("", codex)] {
            let agent = from_config(&config(sections)).expect("supported");
            assert_eq!(agent.capabilities(), Capabilities { sessions, tools }, "{sections}");
        }
        for (kind, text) in
            [("acp", "agent.kind `acp` is not supported"), ("claude", "agent.kind `claude` is not supported")]
        {
            let error = from_config(&config(&format!("agent:\n  kind: {kind}\n"))).expect_err("not to be used");
            assert_eq!((error.code(), error.to_string().as_str()), ("agent_not_supported", text));
        }
    }
}
