//! One run: its manifest, its phases, and what it is asked to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Claim, Extra, Outcome, RunId, Timestamp, Tokens, Work};

/// Where a run is (SPEC 7.2). The end is an [`Outcome`], not a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Ensuring the workspace, hooks included.
    PreparingWorkspace,
    /// Rendering the template.
    BuildingPrompt,
    /// Starting the agent's process.
    LaunchingAgent,
    /// Opening or resuming its session.
    InitializingSession,
    /// A turn is under way.
    StreamingTurn,
    /// `after_run`, ending the tree, writing the outcome.
    Finishing,
}

impl Phase {
    /// The name as it is written in JSON and reported by a launch.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreparingWorkspace => "preparing_workspace",
            Self::BuildingPrompt => "building_prompt",
            Self::LaunchingAgent => "launching_agent",
            Self::InitializingSession => "initializing_session",
            Self::StreamingTurn => "streaming_turn",
            Self::Finishing => "finishing",
        }
    }
}

/// A process that can be told from every other, also after its number was used again.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Process {
    /// Process id, in `pid_namespace`.
    pub pid: u32,
    /// Start time in clock ticks since boot (field 22 of `/proc/<pid>/stat`); 0 where the system does not say.
    pub started_ticks: u64,
    /// `/proc/sys/kernel/random/boot_id`; empty where the system does not say.
    pub boot_id: String,
    /// The PID namespace's inode; 0 where the system has none.
    pub pid_namespace: u64,
}

/// What a hook did: kept for every hook that ran.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct HookReceipt {
    /// `after_create`, `before_run`, `after_run` or `before_remove`.
    pub hook: String,
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// Exit status; `None` where a signal or the timeout ended it.
    pub exit_code: Option<i32>,
    /// Whether `hooks.timeout_ms` ended it.
    pub timed_out: bool,
    /// Whether it succeeded.
    pub ok: bool,
    /// The last of its output (stdout and stderr as they came), redacted, at most 4 KiB.
    pub output: String,
}

/// What a command asks of a live worker; obeyed by the supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What to do.
    pub kind: RequestKind,
    /// Why, for people.
    pub reason: String,
    /// When it was asked.
    pub at: Timestamp,
}

/// The kinds of [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// An operator stops it; the issue is blocked until it is retried.
    Stop,
    /// An operator stops it, to be started again at once.
    StopRequeue,
    /// An operator stops it and puts the issue aside, until it is resumed.
    Pause,
    /// Reconciliation: the agent is silent for too long.
    Stalled,
    /// Reconciliation: the issue became terminal.
    IssueTerminal,
    /// Reconciliation: the issue is no longer active.
    IssueInactive,
    /// Reconciliation: the issue is no longer routable.
    IssueUnroutable,
    /// Reconciliation: the tracker no longer shows the issue.
    IssueInvisible,
}

/// `runs/<id>/run.json`: what is known of a run.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its id.
    pub run: RunId,
    /// The issue's identifier.
    pub identifier: String,
    /// The issue's tracker id.
    pub issue_id: String,
    /// Runs before this one since the issue was last new; `None` for the first (SPEC 4.1.5).
    pub attempt: Option<u32>,
    /// The claim's fence.
    pub fence: u64,
    /// Where it is, or was when it ended.
    pub phase: Phase,
    /// The agent's kind.
    pub agent: String,
    /// The supervisor.
    pub supervisor: Option<Process>,
    /// The agent's process.
    pub agent_process: Option<Process>,
    /// The workspace's absolute path.
    pub workspace: Option<String>,
    /// `<thread>-<turn>` (SPEC 4.2), for agents that have sessions.
    pub session_id: Option<String>,
    /// Turns started.
    pub turns: u32,
    /// What it used so far.
    pub tokens: Tokens,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// The end, written once.
    pub outcome: Option<Outcome>,
    /// Receipts of the hooks that ran.
    #[serde(default)]
    pub hooks: Vec<HookReceipt>,
    /// What a newer Baton wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

impl RunRecord {
    /// A run that was claimed just now: nothing of it has begun.
    #[must_use]
    pub fn new(work: &Work, claim: &Claim, agent: &str) -> Self {
        Self {
            run: claim.run.clone(),
            identifier: work.identifier.clone(),
            issue_id: work.issue_id.clone(),
            attempt: None,
            fence: claim.fence,
            phase: Phase::PreparingWorkspace,
            agent: agent.to_owned(),
            supervisor: None,
            agent_process: None,
            workspace: None,
            session_id: None,
            turns: 0,
            tokens: Tokens::default(),
            started_at: claim.at,
            outcome: None,
            hooks: Vec::new(),
            extra: Extra::new(),
        }
    }
}
