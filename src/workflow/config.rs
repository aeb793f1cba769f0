//! The typed configuration (SPEC 5.3, 6.4; DESIGN §7). Durations are milliseconds, paths absolute, states in the
//! spelling of the file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::secrets::hide;
use crate::model::{CleanupPolicy, Mode, ReplaySafety, normal_state};

/// Everything that WORKFLOW.md configures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Config {
    /// Which work exists.
    pub tracker: TrackerConfig,
    /// How often to look.
    pub polling: PollingConfig,
    /// Where it runs.
    pub workspace: WorkspaceConfig,
    /// Scripts around it.
    pub hooks: HooksConfig,
    /// How many, how long, how often.
    pub agent: AgentConfig,
    /// The `command` agent, where its section is present.
    pub command: Option<CommandConfig>,
    /// What children inherit.
    pub env: EnvConfig,
    /// The store.
    pub store: StoreConfig,
    /// The agents that speak a protocol: their timeouts, and their sections as written.
    pub backends: BTreeMap<AgentKind, BackendConfig>,
    /// What a person decides after a crash.
    pub recovery: RecoveryConfig,
    /// The HTTP server (SPEC 13.7).
    pub server: ServerConfig,
    /// Workers on other machines (SPEC A).
    pub worker: WorkerConfig,
}

impl Config {
    /// The times of an agent of this kind. The `command` agent has no protocol, so nothing to read: its turn ends after
    /// `command.timeout_ms` in total.
    #[must_use]
    pub fn timeouts(&self, kind: AgentKind) -> Timeouts {
        match (self.backends.get(&kind), &self.command) {
            (Some(backend), _) => backend.timeouts,
            (None, Some(command)) => Timeouts {
                turn_timeout_ms: command.timeout_ms,
                stall_timeout_ms: command.stall_timeout_ms,
                ..Timeouts::default()
            },
            (None, None) => Timeouts::default(),
        }
    }

    /// `codex.command`: the shell command that speaks the app-server protocol (SPEC 5.3.6).
    #[must_use]
    pub fn codex_command(&self) -> &str {
        let codex = self.backends.get(&AgentKind::Codex);
        codex.and_then(|codex| codex.section.get("command")).and_then(Value::as_str).unwrap_or(CODEX_COMMAND)
    }
}

/// The default of `codex.command`.
pub(super) const CODEX_COMMAND: &str = "codex app-server";

/// `tracker`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackerConfig {
    /// `tracker.kind`.
    pub kind: String,
    /// `tracker.provider`, as written: the adapter resolves and validates it. Flat aliases are merged in. Literal
    /// secrets are hidden when this is serialised.
    #[serde(serialize_with = "without_secrets")]
    pub provider: Map<String, Value>,
    /// `tracker.required_labels`, trimmed and lower-cased; a blank one matches no issue.
    pub required_labels: Vec<String>,
    /// `tracker.active_states`.
    pub active_states: Vec<String>,
    /// `tracker.terminal_states`.
    pub terminal_states: Vec<String>,
    /// `tracker.handoff_state`.
    pub handoff_state: Option<String>,
}

impl TrackerConfig {
    /// Whether the state is active and not terminal (SPEC 8.2).
    #[must_use]
    pub fn is_active(&self, state: &str) -> bool {
        contains(&self.active_states, state) && !self.is_terminal(state)
    }

    /// Whether the state is terminal.
    #[must_use]
    pub fn is_terminal(&self, state: &str) -> bool {
        contains(&self.terminal_states, state)
    }
}

fn contains(states: &[String], state: &str) -> bool {
    let state = normal_state(state);
    states.iter().any(|known| normal_state(known) == state)
}

/// `polling`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PollingConfig {
    /// `polling.interval_ms`, default 30,000.
    pub interval_ms: u64,
}

/// `workspace`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkspaceConfig {
    /// `workspace.root`, absolute; `None` where the file does not say: `<store>/workspaces` then.
    pub root: Option<PathBuf>,
    /// `workspace.mode`, default `directory`.
    pub mode: Mode,
    /// `workspace.base`: what worktrees and clones start from; default the repository's HEAD.
    pub base: Option<String>,
    /// `workspace.path`: the directory of mode `shared`.
    pub path: Option<PathBuf>,
    /// `workspace.cleanup`.
    pub cleanup: CleanupPolicy,
}

/// `hooks` (SPEC 5.3.4): shell scripts, run by `bash -lc` in the workspace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HooksConfig {
    /// After the workspace was made; failure is fatal to its creation.
    pub after_create: Option<String>,
    /// Before each run; failure is fatal to the run.
    pub before_run: Option<String>,
    /// After each run; failure is noted.
    pub after_run: Option<String>,
    /// Before the workspace goes; failure is noted.
    pub before_remove: Option<String>,
    /// `hooks.timeout_ms`, default 60,000.
    pub timeout_ms: u64,
}

/// The agents that Baton knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentKind {
    /// Any program.
    Command,
    /// `codex app-server`.
    Codex,
    /// OpenHands' agent server.
    Openhands,
    /// An ACP agent.
    Acp,
    /// Claude Code.
    Claude,
}

impl AgentKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Command, Self::Codex, Self::Openhands, Self::Acp, Self::Claude];

    /// The name as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Codex => "codex",
            Self::Openhands => "openhands",
            Self::Acp => "acp",
            Self::Claude => "claude",
        }
    }
}

/// `agent`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentConfig {
    /// `agent.kind`: the backend whose section alone is present, else `codex`.
    pub kind: AgentKind,
    /// `agent.max_concurrent_agents`, default 10.
    pub max_concurrent_agents: u32,
    /// `agent.max_concurrent_agents_by_state`, keys normalised; invalid entries are dropped (SPEC 5.3.5).
    pub max_concurrent_agents_by_state: BTreeMap<String, u32>,
    /// `agent.max_turns`, default 20.
    pub max_turns: u32,
    /// `agent.max_retry_backoff_ms`, default 300,000.
    pub max_retry_backoff_ms: u64,
    /// `agent.max_attempts`, default 10; 0 = no limit.
    pub max_attempts: u32,
    /// `agent.max_idle_continuations`, default 5; 0 = no limit.
    pub max_idle_continuations: u32,
    /// `agent.max_tokens_per_issue`, default 0 = no limit.
    pub max_tokens_per_issue: u64,
    /// `agent.env`: added to the agent's environment. `$NAME` is resolved; where NAME is not set, nothing is added. Only
    /// the names are serialised.
    #[serde(serialize_with = "names_only")]
    pub env: BTreeMap<String, String>,
}

/// `command`: the agent that is any program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandConfig {
    /// `command.run`, as written; run by `bash -lc`.
    pub run: String,
    /// `command.timeout_ms`, in total for a turn, default 3,600,000.
    pub timeout_ms: u64,
    /// `command.stall_timeout_ms`, default 0 = quiet is not stalled.
    pub stall_timeout_ms: u64,
}

/// `env`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct EnvConfig {
    /// Names that hooks and agents do not inherit.
    pub deny: Vec<String>,
    /// Names that they inherit although a secret rule would take them away.
    pub allow: Vec<String>,
    /// Names of environment variables that the file uses as secrets (`$VAR` in a documented secret field); never
    /// inherited, and their values are redacted from everything that is written.
    pub secrets: Vec<String>,
}

/// `store`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoreConfig {
    /// `store.path`, absolute.
    pub path: Option<PathBuf>,
    /// `store.allow_network_fs`, default false.
    pub allow_network_fs: bool,
    /// `store.archive_after`, in milliseconds, default 14 days.
    pub archive_after_ms: u64,
}

/// Times of an agent, with Codex's defaults (SPEC 5.3.6; DESIGN §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timeouts {
    /// The longest silence within a turn, default 3,600,000.
    pub turn_timeout_ms: u64,
    /// The longest wait for an answer of the protocol, default 5,000.
    pub read_timeout_ms: u64,
    /// Silence after which the agent counts as stalled, default 300,000; 0 = never.
    pub stall_timeout_ms: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { turn_timeout_ms: 3_600_000, read_timeout_ms: 5_000, stall_timeout_ms: 300_000 }
    }
}

/// `codex`, `openhands`, `acp` or `claude`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BackendConfig {
    /// Its times.
    pub timeouts: Timeouts,
    /// The section as written; empty where it is not. Literal secrets are hidden when this is serialised.
    #[serde(serialize_with = "without_secrets")]
    pub section: Map<String, Value>,
}

/// `recovery`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RecoveryConfig {
    /// `recovery.block_on`: the replay classes whose interrupted runs wait for a person; default none.
    pub block_on: Vec<ReplaySafety>,
}

/// `server`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerConfig {
    /// `server.port`; `None` = no server, 0 = any free port.
    pub port: Option<u16>,
    /// `server.host`, default `127.0.0.1`.
    pub host: String,
    /// `server.token`, as written: `$NAME` or a literal. Never serialised.
    #[serde(skip)]
    pub token: Option<String>,
}

/// `worker`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WorkerConfig {
    /// `worker.ssh_hosts`; empty = this machine.
    pub ssh_hosts: Vec<String>,
    /// `worker.max_concurrent_agents_per_host`; `None` = no limit of its own.
    pub max_concurrent_agents_per_host: Option<u32>,
}

fn without_secrets<S: Serializer>(map: &Map<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
    hide("", &Value::Object(map.clone())).serialize(serializer)
}

fn names_only<S: Serializer>(env: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(env.keys())
}
