//! What each thing that a crash can leave is called, and what is done about it. Pure: the tables of docs/operations.md.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Mode, ReasonCode, Status, WorkspaceState};
use crate::workspace::{LeaseSeen, Place};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// A worker that died while it had a run, and nothing of it runs any more.
    DeadWorker,
    /// A worker that died, and processes that it started still run.
    LiveTree,
    /// A worker that died between leaving its outcome and committing it.
    OutcomeNotCommitted,
    /// A claim whose worker never came up.
    ClaimWithoutWorker,
    /// A person's hold on a workspace whose shell died.
    DeadHolder,
    /// A workspace that is said to be in use, or whose lease still names its holder, and nobody is in it.
    LeaseLeft,
    /// A workspace that is gone.
    WorkspaceMissing,
    /// A workspace that is not what was made any more.
    WorkspaceDrifted,
    /// A workspace that was not what was made, and is again.
    WorkspaceBack,
    /// A workspace whose making, or whose `after_create`, was cut short.
    WorkspaceHalfMade,
    /// A workspace whose cleaning was cut short.
    CleanupHalfDone,
    /// A workspace of a terminal issue.
    WorkspaceLeft,
    /// A directory among the workspaces that no issue claims.
    WorkspaceOrphaned,
    /// An issue that waits for a person, who decided.
    Blocked,
}

/// What was done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The outcome that the worker left was committed.
    OutcomeCommitted,
    /// An outcome was recorded in its place, and the next run goes on with its conversation.
    ResumeScheduled,
    /// An outcome was recorded in its place, and the next run begins a new conversation in the same workspace.
    RetryScheduled,
    /// An outcome was recorded in its place, and nothing follows by itself.
    Released,
    /// A person must act.
    Blocked,
    /// The workspace is free again.
    LeaseReleased,
    /// The workspace was made anew, for the run that is scheduled.
    Recreated,
    /// It was put on record; whoever needs the workspace makes it.
    Noted,
    /// It was archived or removed, by `workspace.cleanup`.
    Cleaned,
    /// It was moved to the archive.
    Archived,
    /// The reason for the block is gone, and so is the block.
    Unblocked,
    /// A person's decision: the next run goes on with the conversation.
    Resumed,
    /// A person's decision: the next run begins anew.
    Restarted,
    /// A person has seen it; the block stays.
    Acknowledged,
}

/// What is seen of a dead run before anything is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSeen {
    /// Its worker left an outcome.
    pub outcome_left: bool,
    /// Its worker came up.
    pub supervised: bool,
    /// It is a person's hold.
    pub held: bool,
    /// Something that it started still runs.
    pub tree: bool,
}

/// What a dead run is called. An outcome that was left says more than how its worker died.
#[must_use]
pub fn of_run(seen: RunSeen) -> Found {
    match seen {
        RunSeen { held: true, .. } => Found::DeadHolder,
        RunSeen { outcome_left: true, .. } => Found::OutcomeNotCommitted,
        RunSeen { tree: true, .. } => Found::LiveTree,
        RunSeen { supervised: true, .. } => Found::DeadWorker,
        RunSeen { .. } => Found::ClaimWithoutWorker,
    }
}

/// What is done about a dead run: what the one retry function made of its outcome, by its name.
#[must_use]
pub fn action_after(committed_as_left: bool, status: &Status, resumable: bool) -> Action {
    match status {
        // What a run says of itself is no discovery; what could not be ended is.
        Status::Blocked { reasons } if !committed_as_left || reasons.iter().any(|reason| is_discovery(reason.code)) => {
            Action::Blocked
        }
        _ if committed_as_left => Action::OutcomeCommitted,
        Status::Retrying { .. } if resumable => Action::ResumeScheduled,
        Status::Retrying { .. } => Action::RetryScheduled,
        Status::Idle
        | Status::Claimed { .. }
        | Status::Running { .. }
        | Status::Held { .. }
        | Status::Blocked { .. }
        | Status::Paused
        | Status::Done
        | Status::Released => Action::Released,
    }
}

/// Reasons that a recovery finds, and a run does not have.
fn is_discovery(code: ReasonCode) -> bool {
    matches!(code, ReasonCode::Unkillable | ReasonCode::OrphanUnreachable | ReasonCode::OperatorGated)
}

/// What becomes of an issue, as far as its workspace is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A run or a person has it.
    Claimed,
    /// A run is scheduled.
    Scheduled,
    /// Nothing is going on.
    Idle,
    /// It waits for a person.
    Blocked {
        /// Because its workspace drifted, among others.
        for_drift: bool,
    },
    /// An operator put it aside.
    Paused,
    /// It is terminal.
    Done,
    /// It is no longer ours.
    Released,
}

impl Standing {
    /// Of an issue in this status.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        match status {
            Status::Claimed { .. } | Status::Running { .. } | Status::Held { .. } => Self::Claimed,
            Status::Retrying { .. } => Self::Scheduled,
            Status::Idle => Self::Idle,
            Status::Blocked { reasons } => {
                Self::Blocked { for_drift: reasons.iter().any(|reason| reason.code == ReasonCode::WorkspaceDrifted) }
            }
            Status::Paused => Self::Paused,
            Status::Done => Self::Done,
            Status::Released => Self::Released,
        }
    }
}

/// What is seen of a workspace on record before anything is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkspaceSeen {
    /// The record's state.
    pub state: WorkspaceState,
    /// How it was made.
    pub mode: Mode,
    /// What is there.
    pub place: Place,
    /// Who has its lease.
    pub lease: LeaseSeen,
    /// What becomes of its issue.
    pub standing: Standing,
    /// It was left in its place on purpose.
    pub kept: bool,
    /// The record says already that it is missing.
    pub noted: bool,
}

/// What a workspace is called that a crash left, and what is done about it; `None` where all is as it should be, where a
/// live worker or person has it, and where what is there cannot be told.
#[must_use]
pub fn of_workspace(seen: &WorkspaceSeen) -> Option<(Found, Action)> {
    use WorkspaceState as S;
    if seen.standing == Standing::Claimed || seen.lease == LeaseSeen::Held || seen.place == Place::Unknown {
        return None;
    }
    let over = matches!(seen.standing, Standing::Done | Standing::Released);
    match seen.state {
        // What was taken away, or never was, is not brought back (and never cleaned twice).
        S::Requested | S::Archived | S::Removed | S::Failed => left(seen),
        S::Cleaning | S::CleanupQueued if over || seen.place == Place::Missing => {
            Some((Found::CleanupHalfDone, Action::Cleaned))
        }
        S::Provisioning | S::Ready | S::InUse | S::CleanupQueued | S::Cleaning | S::Recovering => match seen.standing {
            Standing::Done if !seen.kept => Some((Found::WorkspaceLeft, Action::Cleaned)),
            Standing::Done | Standing::Released | Standing::Claimed => left(seen),
            Standing::Scheduled | Standing::Idle | Standing::Blocked { .. } | Standing::Paused => wanted(seen),
        },
    }
}

/// A workspace that its issue still needs.
fn wanted(seen: &WorkspaceSeen) -> Option<(Found, Action)> {
    let scheduled = seen.standing == Standing::Scheduled;
    match seen.place {
        Place::Unknown => None,
        Place::Missing if seen.mode == Mode::Shared => blocked(seen, Found::WorkspaceMissing),
        Place::Missing if scheduled => Some((Found::WorkspaceMissing, Action::Recreated)),
        Place::Missing if seen.noted => left(seen),
        Place::Missing => Some((Found::WorkspaceMissing, Action::Noted)),
        Place::HalfMade if scheduled => Some((Found::WorkspaceHalfMade, Action::Recreated)),
        Place::HalfMade => left(seen),
        Place::Drifted => blocked(seen, Found::WorkspaceDrifted),
        Place::There if seen.state == WorkspaceState::Provisioning && scheduled => {
            Some((Found::WorkspaceHalfMade, Action::Recreated))
        }
        Place::There => match seen.standing {
            Standing::Blocked { for_drift: true } => Some((Found::WorkspaceBack, Action::Unblocked)),
            Standing::Claimed
            | Standing::Scheduled
            | Standing::Idle
            | Standing::Blocked { for_drift: false }
            | Standing::Paused
            | Standing::Done
            | Standing::Released => left(seen),
        },
    }
}

/// Only a person may decide. One who put the issue aside, or was told already, is not told again.
fn blocked(seen: &WorkspaceSeen, found: Found) -> Option<(Found, Action)> {
    match seen.standing {
        Standing::Scheduled | Standing::Idle | Standing::Blocked { for_drift: false } => Some((found, Action::Blocked)),
        Standing::Blocked { for_drift: true }
        | Standing::Paused
        | Standing::Claimed
        | Standing::Done
        | Standing::Released => None,
    }
}

/// Nothing is wrong with the workspace; its lease may still say that somebody is in it.
fn left(seen: &WorkspaceSeen) -> Option<(Found, Action)> {
    let left = seen.lease == LeaseSeen::Left || seen.state == WorkspaceState::InUse;
    left.then_some((Found::LeaseLeft, Action::LeaseReleased))
}

#[cfg(test)]
mod tests;
