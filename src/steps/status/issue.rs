//! Everything that is known of one issue.

use std::collections::BTreeSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::recent::{Recent, RecentEvent};
use super::{HeldRow, IssueRow, RetryRow, RunningRow, held_row, retry_row, row, running_row};
use crate::error::Result;
use crate::model::{
    Acknowledgement, Issue, OutcomeKind, Phase, Reason, ReasonCode, RunId, RunRecord, Status, Timestamp, Work,
    WorkspaceRecord,
};
use crate::queue::{self, Policy, Slots};
use crate::seams::Seams;
use crate::steps::poll::running_states;
use crate::store::{DocId, IssueRecord, Kind, Store};

/// One issue, with everything that is known of it (SPEC 13.7's issue document).
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct IssueStatus {
    /// The issue.
    #[serde(flatten)]
    pub row: IssueRow,
    /// Why it does not run now; empty when it could.
    pub why: Vec<Reason>,
    /// Who has seen that it is blocked, and leaves it so for now.
    pub acknowledged: Option<Acknowledgement>,
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
    pub logs: Logs,
    /// What happened last in its last run, oldest first.
    pub recent_events: Vec<RecentEvent>,
}

/// Where logs are (SPEC 13.7's names).
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Logs {
    /// The last run's: what its agent said, and what its supervisor did.
    pub codex_session_logs: Vec<SessionLog>,
}

/// A log.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct SessionLog {
    /// `latest` for the agent's, `supervisor`.
    pub label: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// Always null: it is a file.
    pub url: Option<String>,
}

/// How often an issue was tried.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Attempts {
    /// Runs since the issue was last new.
    pub runs: u32,
    /// Those after the first.
    pub restart_count: u32,
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
        (Some(issue), Some(policy)) => why(store, issue, work, policy, seams.now())?,
        (None, _) => vec![Reason::new(ReasonCode::Damaged, "the store has no snapshot of the issue")],
        (Some(_), None) => Vec::new(),
    };
    let runs = runs(store, work)?;
    let latest = work.claim().map(|claim| claim.run.clone()).or_else(|| runs.last().map(|run| run.run.clone()));
    let recent = latest.as_ref().map(|run| Recent::of(store, run));
    Ok(IssueStatus {
        available_actions: actions(&work.status, &why),
        why,
        acknowledged: work.acknowledged.clone(),
        workspace: work.workspace.clone(),
        attempts: Attempts {
            runs: work.attempts,
            restart_count: work.attempts.saturating_sub(1),
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
            .zip(recent.as_ref())
            .map(|(claim, recent)| running_row(store, row.clone(), &claim.run, claim.at, recent)),
        held: held_row(store, row.clone(), &work.status),
        retry: retry_row(row.clone(), &work.status, seams.now()),
        runs,
        last_error: work.last_error.clone(),
        logs: latest.map(|run| logs(store, &run)).unwrap_or_default(),
        recent_events: recent.map(|recent| recent.shown()).unwrap_or_default(),
        row,
    })
}

/// What a person can do with it, where these reasons keep it from running.
fn actions(status: &Status, why: &[Reason]) -> Vec<&'static str> {
    match status {
        Status::Claimed { .. } | Status::Running { .. } => vec!["stop", "pause"],
        Status::Held { .. } => vec!["stop"],
        Status::Retrying { .. } | Status::Blocked { .. } => vec!["retry"],
        Status::Paused => vec!["resume", "retry"],
        Status::Idle if why.is_empty() => vec!["launch"],
        Status::Idle | Status::Done | Status::Released => Vec::new(),
    }
}

/// Why it does not run now, slots included.
fn why(store: &Store, issue: &Issue, work: &Work, policy: &Policy, now: Timestamp) -> Result<Vec<Reason>> {
    let mut reasons = queue::reasons(issue, Some(work), policy, now);
    if reasons.is_empty() {
        let claims = store.snapshot(&[Kind::Claims])?;
        let of_claim = |name: &str| [Kind::Work, Kind::Issues].map(|kind| DocId::new(kind, name));
        let docs: BTreeSet<DocId> = claims.names(Kind::Claims).flat_map(of_claim).collect();
        let running = running_states(&store.snapshot_with(&[Kind::Claims], &docs)?, policy, &[]);
        reasons.extend(Slots::new(policy, running).take(&issue.state).err());
    }
    Ok(reasons)
}

fn logs(store: &Store, run: &RunId) -> Logs {
    let folder = store.layout().run(run);
    let log = |(label, name)| SessionLog { label, path: folder.join(name), url: None };
    let all = [("latest", "agent.log"), ("supervisor", "supervisor.log")].map(log);
    Logs { codex_session_logs: all.into_iter().filter(|log| log.path.exists()).collect() }
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
