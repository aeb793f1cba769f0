//! How a run ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ReplaySafety, Timestamp};

/// The seven ways in which a run can end (SPEC 7.2); written once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// Every turn succeeded.
    Succeeded,
    /// Setup, a hook, the prompt or a turn failed.
    Failed,
    /// A turn or the whole run exceeded its time.
    TimedOut,
    /// The agent was silent for too long.
    Stalled,
    /// Somebody stopped it, or the tracker no longer wants it.
    Canceled,
    /// The agent asked for what only a person can give.
    NeedsInput,
    /// The worker died, or was told to leave at once.
    Interrupted,
}

impl OutcomeKind {
    /// The name as it is written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Stalled => "stalled",
            Self::Canceled => "canceled",
            Self::NeedsInput => "needs_input",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Why, in a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeCode {
    /// The turns ended by themselves.
    Completed,
    /// The workspace could not be prepared, `after_create` included.
    WorkspaceFailed,
    /// `before_run` failed or timed out.
    BeforeRunFailed,
    /// The prompt template did not render.
    PromptFailed,
    /// The agent could not be started.
    AgentStartFailed,
    /// A turn failed.
    TurnFailed,
    /// A turn was silent, or the command ran, for too long.
    TurnTimeout,
    /// No activity for the stall timeout.
    Stalled,
    /// The tracker could not be asked after a turn (SPEC 16.5); counts for no cap.
    TrackerRefresh,
    /// The launch did not report a phase in time.
    LaunchTimeout,
    /// An operator stopped it.
    Operator,
    /// An operator stopped it, to be started again at once.
    OperatorRequeue,
    /// An operator put the issue aside.
    OperatorPause,
    /// Reconciliation: the issue became terminal.
    IssueTerminal,
    /// Reconciliation: the issue is no longer active.
    IssueInactive,
    /// Reconciliation: the issue is no longer routable.
    IssueUnroutable,
    /// Reconciliation: the tracker no longer shows the issue.
    IssueInvisible,
    /// The agent needs a person.
    NeedsInput,
    /// The worker died.
    WorkerDied,
    /// A foreground worker was told to end by a signal.
    Signal,
    /// The machine was started anew under it.
    Reboot,
    /// A process could not be ended.
    Unkillable,
}

/// Token totals, absolute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Their sum, as the agent reports it.
    pub total_tokens: u64,
}

/// A run's end: `runs/<id>/outcome.json`, and the same in the run's manifest.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Outcome {
    /// Which of the seven.
    pub outcome: OutcomeKind,
    /// Why, in a stable word.
    pub code: OutcomeCode,
    /// One sentence for a person.
    pub summary: String,
    /// The error text, where there is one.
    pub error: Option<String>,
    /// Turns that were started.
    pub turns: u32,
    /// What the run used.
    pub tokens: Tokens,
    /// A digest of what would show progress: the normalised issue, and HEAD and `git status` of the workspace (without
    /// git its newest modification time). Equal digests mean that nothing moved.
    pub progress: Option<String>,
    /// Continuations in a row without progress, this run's turns included; `None` where they were not counted.
    #[serde(default)]
    pub idle_continuations: Option<u32>,
    /// What it means to do the step again at which an interrupted run was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_safety: Option<ReplaySafety>,
    /// Not to be retried before (a usage limit whose reset the agent reported).
    pub not_before: Option<Timestamp>,
    /// When the run ended.
    pub finished_at: Timestamp,
}
