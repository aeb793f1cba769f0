//! Why an agent cannot be used (SPEC 10.6).

use std::path::PathBuf;

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
    /// Its process cannot be started.
    #[error("cannot start {what}")]
    Spawn {
        /// The setting that names it.
        what: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The shell did not find it.
    #[error("{what} was not found{said}")]
    NotFound {
        /// The setting that names it.
        what: &'static str,
        /// What it said before, after a colon, or nothing.
        said: String,
    },
    /// Its process ended before the session was open.
    #[error("{what} {how}")]
    Exited {
        /// The setting that names it.
        what: &'static str,
        /// With which status, and its last words.
        how: String,
    },
    /// It does not answer.
    #[error("no answer to `{request}` within {setting} ({limit_ms} ms)")]
    ResponseTimeout {
        /// What was asked.
        request: &'static str,
        /// The setting that says how long to wait.
        setting: &'static str,
        /// How long that is.
        limit_ms: u64,
    },
    /// It refused.
    #[error("`{request}` was refused: {message}")]
    Response {
        /// What was asked.
        request: &'static str,
        /// Its own words.
        message: String,
    },
    /// Somebody else has its conversation open.
    #[error("conversation {thread_id} is in use by {}: {message}", named(processes))]
    SessionInUse {
        /// The conversation.
        thread_id: String,
        /// Processes that have its files open, as far as this user may look.
        processes: Vec<u32>,
        /// The agent's own words.
        message: String,
    },
}

fn named(processes: &[u32]) -> String {
    let numbers: Vec<String> = processes.iter().map(u32::to_string).collect();
    if numbers.is_empty() { "another process".to_owned() } else { format!("process {}", numbers.join(", ")) }
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
            Self::Spawn { .. } => "agent_spawn_failed",
            Self::NotFound { .. } => "codex_not_found",
            Self::Exited { .. } => "port_exit",
            Self::ResponseTimeout { .. } => "response_timeout",
            Self::Response { .. } => "response_error",
            Self::SessionInUse { .. } => "session_in_use",
        }
    }
}
