//! The coding agent behind a worker (SPEC 10).
//!
//! A [`Backend`] is started once per run, given one turn after the other, and stopped. It is the supervisor's to judge
//! what a turn's end means for the run.

mod command;
mod log;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model::{Issue, Process, SessionRecord, Timestamp, Tokens};
use crate::seams::Environment;
use crate::store::Redactor;
use crate::workflow::Config;
use crate::workflow::config::AgentKind;

use command::CommandAgent;

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
}

/// A session that was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionStarted {
    /// The agent's own id of the conversation; `None` where it has none.
    pub thread_id: Option<String>,
    /// Its process; `None` where it has one per turn.
    pub process: Option<Process>,
}

/// One turn's work.
#[derive(Debug)]
pub struct TurnInput<'a> {
    /// From 1, within the run.
    pub number: u32,
    /// What to say.
    pub prompt: &'a str,
    /// The same as a file, already written.
    pub prompt_file: &'a Path,
    /// The issue as it is now.
    pub issue: &'a Issue,
}

/// A sign of life. Each one ends a silence.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentEvent {
    /// A process was started for the turn.
    Started {
        /// Which, the leader of its session.
        process: Process,
    },
    /// It wrote something.
    Output {
        /// How much.
        bytes: usize,
    },
    /// It said something.
    Message {
        /// What.
        text: String,
    },
    /// What the thread used so far.
    Usage {
        /// Absolute totals.
        tokens: Tokens,
    },
    /// The agent's account of its limits, as it came.
    RateLimits(Value),
    /// Anything else.
    Other {
        /// The backend's word for it.
        kind: String,
        /// As it came.
        data: Value,
    },
}

/// How a turn ended. The error texts are one line, and may hold the agent's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnEnd {
    /// The agent says that it is done.
    Completed {
        /// Its last words.
        message: Option<String>,
    },
    /// The agent says, or shows, that it failed.
    Failed {
        /// What is known of why.
        error: String,
        /// Not to be tried before (a usage limit whose reset the agent reported).
        not_before: Option<Timestamp>,
    },
    /// It took too long.
    TimedOut {
        /// How long, and by which setting.
        error: String,
    },
    /// It was silent for too long.
    Stalled {
        /// How long, and by which setting.
        error: String,
    },
    /// It asks for what only a person can give.
    NeedsInput {
        /// The question.
        question: String,
    },
    /// Its process could not be started.
    StartFailed {
        /// Why.
        error: String,
    },
}

/// What a backend can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// It remembers earlier turns. Without it, every turn gets the full prompt, and from the second on guidance too.
    pub sessions: bool,
}

/// Why an agent cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// This version has no backend for it.
    #[error("agent.kind `{kind}` is not supported")]
    NotSupported {
        /// `agent.kind`.
        kind: &'static str,
    },
    /// Its section is missing.
    #[error("agent.kind is `{kind}`, but there is no `{kind}` section")]
    NotConfigured {
        /// `agent.kind`.
        kind: &'static str,
    },
    /// It has nowhere to work.
    #[error("workspace {} is not a directory", path.display())]
    InvalidWorkspace {
        /// Where it was to be.
        path: PathBuf,
    },
    /// Its log cannot be written.
    #[error("cannot write {}", path.display())]
    Log {
        /// The log.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl AgentError {
    /// A stable word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSupported { .. } => "agent_not_supported",
            Self::NotConfigured { .. } => "agent_not_configured",
            Self::InvalidWorkspace { .. } => "invalid_workspace_cwd",
            Self::Log { .. } => "agent_log_failed",
        }
    }
}

/// An agent of one of the kinds that Baton knows.
#[derive(Debug)]
pub enum Backend {
    /// Any program.
    Command(CommandAgent),
}

impl Backend {
    /// The one that the configuration names.
    pub fn from_config(config: &Config) -> Result<Self, AgentError> {
        let kind = config.agent.kind;
        match kind {
            AgentKind::Command => {
                let section = config.command.clone().ok_or(AgentError::NotConfigured { kind: kind.as_str() })?;
                Ok(Self::Command(CommandAgent::new(section)))
            }
            AgentKind::Codex | AgentKind::Openhands | AgentKind::Acp | AgentKind::Claude => {
                Err(AgentError::NotSupported { kind: kind.as_str() })
            }
        }
    }

    /// What it can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        match self {
            Self::Command(_) => Capabilities { sessions: false },
        }
    }

    /// Opens the session, or takes up the one to be resumed (SPEC 10.2).
    pub async fn start(&mut self, context: SessionContext<'_>) -> Result<SessionStarted, AgentError> {
        match self {
            Self::Command(agent) => agent.start(context),
        }
    }

    /// Works on one turn to its end (SPEC 10.3). Dropped before that, it leaves what runs to [`Backend::stop`].
    pub async fn turn(&mut self, input: TurnInput<'_>, on: &mut dyn FnMut(AgentEvent)) -> TurnEnd {
        match self {
            Self::Command(agent) => agent.turn(input, on).await,
        }
    }

    /// Ends whatever runs of it: TERM, a grace of seconds, then KILL. Nothing to do is success; what cannot be ended is
    /// found by [`crate::process::end_descendants`].
    pub async fn stop(&mut self) {
        match self {
            Self::Command(agent) => agent.stop().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seams::Environment;
    use crate::workflow::Workflow;

    fn config(sections: &str) -> Config {
        let text = format!("---\ntracker:\n  kind: local\n{sections}---\n");
        let loaded =
            Workflow::from_text("/p/WORKFLOW.md".as_ref(), &text, &Environment::default(), &crate::tracker::profile);
        loaded.expect("valid").config
    }

    #[test]
    fn the_configuration_chooses_the_agent() {
        let backend = Backend::from_config(&config("command:\n  run: x\n")).expect("supported");
        assert_eq!(backend.capabilities(), Capabilities { sessions: false });
        for (kind, text) in
            [("codex", "agent.kind `codex` is not supported"), ("claude", "agent.kind `claude` is not supported")]
        {
            let error =
                Backend::from_config(&config(&format!("agent:\n  kind: {kind}\n"))).expect_err("not to be used");
            assert_eq!((error.code(), error.to_string().as_str()), ("agent_not_supported", text));
        }
    }
}
