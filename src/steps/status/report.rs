//! The document of `status`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Acknowledgement, Key, Phase, PollError, Reason, RetryKind, RunId, Status, Timestamp, Tokens};
use crate::steps::{QueueEntry, WaitingEntry};

/// `GET /api/v1/state` of SPEC 13.7, and more.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct StatusReport {
    /// The journal number that this is the state of.
    pub as_of: u64,
    /// When it was read.
    pub generated_at: Timestamp,
    /// How many of each.
    pub counts: Counts,
    /// Issues with a live claim.
    pub running: Vec<RunningRow>,
    /// Issues in whose workspace a person works.
    pub held: Vec<HeldRow>,
    /// Issues that wait for their next run.
    pub retrying: Vec<RetryRow>,
    /// Issues that a person must look at.
    pub blocked: Vec<BlockedRow>,
    /// Issues that were put aside.
    pub paused: Vec<IssueRow>,
    /// Issues that are known, active, and not under way.
    pub idle: Vec<IssueRow>,
    /// Sums over all runs.
    pub codex_totals: Totals,
    /// What an agent last said of its subscription's limits.
    pub rate_limits: Option<serde_json::Value>,
    /// How the last look at the tracker went.
    pub last_poll: LastPoll,
    /// Manifests that cannot be read; the issues behind them are left alone.
    pub damaged: Vec<Damaged>,
    /// What could be launched now, in dispatch order, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<Vec<QueueEntry>>,
    /// Why the others are not, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Vec<WaitingEntry>>,
}

/// How many issues are in each status.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Counts {
    /// With a live run.
    pub running: usize,
    /// With a person in the workspace.
    pub held: usize,
    /// Waiting for their next run.
    pub retrying: usize,
    /// Blocked.
    pub blocked: usize,
    /// Paused.
    pub paused: usize,
    /// Idle.
    pub idle: usize,
    /// Terminal.
    pub done: usize,
    /// No longer ours.
    pub released: usize,
    /// Unreadable.
    pub damaged: usize,
}

/// What every row says.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct IssueRow {
    /// The tracker's id.
    pub issue_id: String,
    /// The identifier, by SPEC 13.7's name.
    pub issue_identifier: String,
    /// Where a person reads it.
    pub issue_url: Option<String>,
    /// The identifier.
    pub identifier: String,
    /// The key.
    pub key: Key,
    /// Baton's status.
    #[schemars(extend("enum" = Status::NAMES))]
    pub status: &'static str,
    /// The tracker's state.
    pub state: String,
    /// The title.
    pub title: String,
}

/// An issue with a live claim.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct RunningRow {
    /// The issue.
    #[serde(flatten)]
    pub issue: IssueRow,
    /// Its run.
    pub run: RunId,
    /// Where the run is.
    pub phase: Option<Phase>,
    /// The supervisor.
    pub pid: Option<u32>,
    /// The agent's session.
    pub session_id: Option<String>,
    /// Turns started.
    pub turn_count: u32,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// Its last event.
    pub last_event: Option<String>,
    /// When that was.
    pub last_event_at: Option<Timestamp>,
    /// What was said last.
    pub last_message: Option<String>,
    /// What it used so far.
    pub tokens: Tokens,
}

/// An issue in whose workspace a person works.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct HeldRow {
    /// The issue.
    #[serde(flatten)]
    pub issue: IssueRow,
    /// The hold's own run.
    pub run: RunId,
    /// The command that holds it.
    pub pid: Option<u32>,
    /// Since when.
    pub started_at: Timestamp,
}

/// An issue that waits for its next run.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct RetryRow {
    /// The issue.
    #[serde(flatten)]
    pub issue: IssueRow,
    /// A continuation or a retry.
    pub kind: RetryKind,
    /// The next run's `attempt`.
    pub attempt: u32,
    /// When it is due.
    pub due_at: Timestamp,
    /// What went wrong.
    pub error: Option<String>,
}

/// An issue that a person must look at.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct BlockedRow {
    /// The issue.
    #[serde(flatten)]
    pub issue: IssueRow,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Who has seen it, and leaves it so for now.
    pub acknowledged: Option<Acknowledgement>,
}

/// Sums over all runs (SPEC 13.5).
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize)]
pub struct Totals {
    /// Tokens.
    #[serde(flatten)]
    pub tokens: Tokens,
    /// Seconds that runs took, live ones included.
    pub seconds_running: f64,
}

impl Totals {
    #[expect(clippy::cast_precision_loss, reason = "seconds for people")]
    pub(super) fn add_runtime(&mut self, runtime_ms: u64) {
        self.seconds_running += runtime_ms as f64 / 1000.0;
    }
}

/// How the last look at the tracker went.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct LastPoll {
    /// The last good one.
    pub at: Option<Timestamp>,
    /// Whether the last one was good; `None` before the first.
    pub ok: Option<bool>,
    /// Why not.
    pub error: Option<PollError>,
}

/// A manifest that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Damaged {
    /// `work/ABC-1`.
    pub document: String,
    /// What is wrong with it.
    pub message: String,
}
