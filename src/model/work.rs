//! Baton's own part of an issue: status, claim, retry, workspace, counters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Extra, Key, OutcomeKind, Process, Request, RequestKind, RunId, Timestamp, Tokens, WorkspaceRecord};

/// `work/<key>.json`: what Baton knows and decides about an issue. Under 4 KB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// The file-safe name.
    pub key: Key,
    /// The name for people.
    pub identifier: String,
    /// The tracker's opaque id.
    pub issue_id: String,
    /// What is going on with it.
    pub status: Status,
    /// The highest run number ever given out; never goes back.
    pub last_run: u32,
    /// The journal number at which its last run ended, or the tracker last ended it: a snapshot of the tracker that was
    /// asked for before decides nothing any more.
    #[serde(default)]
    pub over_at: u64,
    /// Runs since the issue was last new.
    pub attempts: u32,
    /// Failures in a row.
    pub failures: u32,
    /// Continuations in a row without progress.
    pub idle_continuations: u32,
    /// The digest that the last outcome brought.
    pub progress: Option<String>,
    /// What all its runs used.
    pub tokens: Tokens,
    /// How long its ended runs took, all in all (SPEC 13.5).
    #[serde(default)]
    pub runtime_ms: u64,
    /// How the last run ended.
    pub last_outcome: Option<OutcomeKind>,
    /// The last run's error text.
    pub last_error: Option<String>,
    /// The workspace, as recorded.
    pub workspace: Option<WorkspaceRecord>,
    /// Who has seen that it is blocked; gone with the block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
    /// What a newer Baton wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A person has seen a block, and leaves it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// When.
    pub at: Timestamp,
    /// What the person said.
    pub note: Option<String>,
}

impl Work {
    /// A newcomer.
    #[must_use]
    pub fn new(key: Key, identifier: String, issue_id: String) -> Self {
        Self {
            key,
            identifier,
            issue_id,
            status: Status::Idle,
            last_run: 0,
            over_at: 0,
            attempts: 0,
            failures: 0,
            idle_continuations: 0,
            progress: None,
            tokens: Tokens::default(),
            runtime_ms: 0,
            last_outcome: None,
            last_error: None,
            workspace: None,
            acknowledged: None,
            extra: Extra::new(),
        }
    }

    /// Whether its claim is a person's.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.status, Status::Held { .. })
    }

    /// The same, back in the queue: what `retry` makes of it.
    #[must_use]
    pub fn requeued(&self) -> Self {
        Self { status: Status::Idle, failures: 0, idle_continuations: 0, acknowledged: None, ..self.clone() }
    }

    /// The live claim, if there is one.
    #[must_use]
    pub fn claim(&self) -> Option<&Claim> {
        self.status.claim()
    }
}

/// An issue's status in Baton (SPEC 7.1; not the tracker's state).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Status {
    /// Known, and nothing is going on.
    Idle,
    /// A worker is being started.
    Claimed {
        /// The right to run it.
        claim: Claim,
    },
    /// A worker has it.
    Running {
        /// The right to run it.
        claim: Claim,
    },
    /// A person works in its workspace (`workspace shell`).
    Held {
        /// The right to be there.
        claim: Claim,
        /// What it was, and will be again.
        before: Box<Status>,
    },
    /// Waiting for its next run.
    Retrying {
        /// A continuation after success, or a retry after failure.
        kind: RetryKind,
        /// The `attempt` of the next run (SPEC 12.3).
        attempt: u32,
        /// When it is due.
        due_at: Timestamp,
        /// The delay that led to `due_at`: one that lies further off than this is due now (clocks jump).
        delay_ms: u64,
        /// What went wrong.
        error: Option<String>,
    },
    /// A person, or the named remedy, must clear every reason.
    Blocked {
        /// A set, by code.
        reasons: Vec<Reason>,
    },
    /// An operator put it aside.
    Paused,
    /// Terminal in the tracker.
    Done,
    /// No longer active, routable or visible.
    Released,
}

impl Status {
    /// Every name.
    pub const NAMES: [&str; 9] =
        ["idle", "claimed", "running", "held", "retrying", "blocked", "paused", "done", "released"];

    /// The live claim, if there is one.
    #[must_use]
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Claimed { claim } | Self::Running { claim } | Self::Held { claim, .. } => Some(claim),
            Self::Idle | Self::Retrying { .. } | Self::Blocked { .. } | Self::Paused | Self::Done | Self::Released => {
                None
            }
        }
    }

    /// The name as it is written in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Claimed { .. } => "claimed",
            Self::Running { .. } => "running",
            Self::Held { .. } => "held",
            Self::Retrying { .. } => "retrying",
            Self::Blocked { .. } => "blocked",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Released => "released",
        }
    }
}

/// The right to run an issue now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The run that has it.
    pub run: RunId,
    /// The journal number of the claim event; whoever carries a lower one is refused.
    pub fence: u64,
    /// When it was taken.
    pub at: Timestamp,
}

/// `claims/<key>.json`: one small document per live claim, so that slots are counted without reading the working set,
/// and the place where commands leave requests for the worker. It exists exactly as long as the claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// Whose.
    pub key: Key,
    /// The claim.
    #[serde(flatten)]
    pub claim: Claim,
    /// The command that took it. Until there is a supervisor, only what this one started can come to hold the claim.
    #[serde(default)]
    pub launcher: Option<Process>,
    /// The supervisor, since it took the claim up.
    #[serde(default)]
    pub supervisor: Option<Process>,
    /// What the worker is asked to do.
    pub request: Option<Request>,
}

impl ClaimRecord {
    /// What an operator asked for: unlike reconciliation's requests it decides what comes next, also when it came too
    /// late to interrupt anything.
    #[must_use]
    pub fn operator_request(&self) -> Option<&Request> {
        self.request.as_ref().filter(|request| match request.kind {
            RequestKind::Stop | RequestKind::StopRequeue | RequestKind::Pause => true,
            RequestKind::Stalled
            | RequestKind::IssueTerminal
            | RequestKind::IssueInactive
            | RequestKind::IssueUnroutable
            | RequestKind::IssueInvisible => false,
        })
    }
}

/// Why an issue waits for another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryKind {
    /// The last run succeeded and the issue is still active.
    Continuation,
    /// The last run did not.
    Failure,
}

/// Why an issue may not run, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Reason {
    /// The stable word.
    pub code: ReasonCode,
    /// One sentence.
    pub message: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: ReasonCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The stable words for why an issue may not run, or is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// Its state is not one of the active ones.
    Inactive,
    /// Its state is terminal.
    Terminal,
    /// The adapter says that it is not for us.
    Unroutable,
    /// It lacks a required label.
    MissingLabel,
    /// A blocker is not terminal.
    BlockedByIssue,
    /// A sub-issue is not terminal.
    SubIssues,
    /// A worker is being started for it.
    Claimed,
    /// A worker has it.
    Running,
    /// Somebody works in its workspace by hand.
    Held,
    /// Its retry is not due yet.
    RetryWait,
    /// An operator put it aside.
    Paused,
    /// It is blocked.
    Blocked,
    /// All slots are taken.
    NoSlot,
    /// All slots of its state are taken.
    StateSlots,
    /// The shared workspace is in use.
    WorkspaceBusy,
    /// Its file fell back to an older state.
    TrackerReverted,
    /// Its manifest or run folder is damaged.
    Damaged,
    /// New launches are refused (`drain on`).
    Stopped,
    /// An operator stopped its worker.
    Canceled,
    /// Too many failures in a row.
    AttemptsExhausted,
    /// Too many continuations in a row without progress.
    NoProgress,
    /// It used its budget of tokens.
    Budget,
    /// The agent needs a person.
    NeedsInput,
    /// A process of it could not be ended.
    Unkillable,
    /// A dead worker's process is somewhere out of reach.
    OrphanUnreachable,
    /// The configuration asks for a person before it is started again.
    OperatorGated,
    /// The workspace has changed under it.
    WorkspaceDrifted,
}
