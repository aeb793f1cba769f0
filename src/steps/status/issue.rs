//! Everything that is known of one issue.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::{HeldRow, IssueRow, RetryRow, RunningRow, held_row, retry_row, row, running_row};
use crate::error::Result;
use crate::model::{
    OutcomeKind, Phase, Reason, ReasonCode, RunId, RunRecord, Status, Timestamp, Work, WorkspaceRecord,
};
use crate::queue::{self, Policy};
use crate::seams::Seams;
use crate::store::{IssueRecord, Store};

/// One issue, with everything that is known of it (SPEC 13.7's issue document).
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct IssueStatus {
    /// The issue.
    #[serde(flatten)]
    pub row: IssueRow,
    /// Why it does not run now; empty when it could.
    pub why: Vec<Reason>,
    /// The workspace.
    pub workspace: Option<WorkspaceRecord>,
    /// How often it was tried.
    pub attempts: Attempts,
    /// The live run.
    pub running: Option<RunningRow>,
    /// The person who works in its workspace.
    pub held: Option<HeldRow>,
    /// The scheduled retry.
    pub retry: Option<RetryRow>,
    /// Its runs, oldest first, as far as their folders are there.
    pub runs: Vec<RunRow>,
    /// The last run's error.
    pub last_error: Option<String>,
    /// What an operator can do now.
    pub available_actions: Vec<&'static str>,
    /// Where logs are.
    pub logs: Vec<PathBuf>,
}

/// How often an issue was tried.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Attempts {
    /// Runs since the issue was last new.
    pub runs: u32,
    /// Failures in a row.
    pub failures: u32,
    /// The scheduled attempt.
    pub current_retry_attempt: Option<u32>,
}

/// One run in short.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct RunRow {
    /// Its id.
    pub run: RunId,
    /// The agent's kind; `shell` for a person's hold.
    pub agent: String,
    /// Where it is, or was.
    pub phase: Phase,
    /// How it ended.
    pub outcome: Option<OutcomeKind>,
    /// What went wrong.
    pub error: Option<String>,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Turns.
    pub turns: u32,
}

/// Everything about one issue. `policy` is absent where there is no valid configuration.
pub fn status_of(store: &Store, seams: &Seams, work: &Work, policy: Option<&Policy>) -> Result<IssueStatus> {
    let record: Option<IssueRecord> = store.get(work.key.as_str())?;
    let issue = record.map(|record| record.issue);
    let row = row(work, issue.as_ref());
    let why = match (&issue, policy) {
        (Some(issue), Some(policy)) => queue::reasons(issue, Some(work), policy, seams.now()),
        (None, _) => vec![Reason::new(ReasonCode::Damaged, "the store has no snapshot of the issue")],
        (Some(_), None) => Vec::new(),
    };
    let runs = runs(store, work)?;
    let latest = work.claim().map(|claim| claim.run.clone()).or_else(|| runs.last().map(|run| run.run.clone()));
    Ok(IssueStatus {
        why,
        workspace: work.workspace.clone(),
        attempts: Attempts {
            runs: work.attempts,
            failures: work.failures,
            current_retry_attempt: match &work.status {
                Status::Retrying { attempt, .. } => Some(*attempt),
                Status::Idle
                | Status::Claimed { .. }
                | Status::Running { .. }
                | Status::Held { .. }
                | Status::Blocked { .. }
                | Status::Paused
                | Status::Done
                | Status::Released => None,
            },
        },
        running: work
            .claim()
            .filter(|_| !work.is_held())
            .map(|claim| running_row(store, row.clone(), &claim.run, claim.at)),
        held: held_row(store, row.clone(), &work.status),
        retry: retry_row(row.clone(), &work.status, seams.now()),
        runs,
        last_error: work.last_error.clone(),
        available_actions: actions(&work.status),
        logs: latest
            .map(|run| store.layout().run(&run).join("agent.log"))
            .into_iter()
            .filter(|log| log.exists())
            .collect(),
        row,
    })
}

fn actions(status: &Status) -> Vec<&'static str> {
    match status {
        Status::Claimed { .. } | Status::Running { .. } | Status::Held { .. } => vec!["stop"],
        Status::Retrying { .. } | Status::Blocked { .. } | Status::Paused => vec!["retry"],
        Status::Idle => vec!["launch"],
        Status::Done | Status::Released => Vec::new(),
    }
}

fn runs(store: &Store, work: &Work) -> Result<Vec<RunRow>> {
    let mut rows = Vec::new();
    for number in 1..=work.last_run {
        let run = RunId { key: work.key.clone(), number };
        let Some(record) = store.get::<RunRecord>(&run.to_string())? else { continue };
        rows.push(RunRow {
            run,
            agent: record.agent,
            phase: record.phase,
            outcome: record.outcome.as_ref().map(|outcome| outcome.outcome),
            error: record.outcome.as_ref().and_then(|outcome| outcome.error.clone()),
            started_at: record.started_at,
            finished_at: record.outcome.as_ref().map(|outcome| outcome.finished_at),
            turns: record.turns,
        });
    }
    Ok(rows)
}
