//! `reconcile`: workers that are dead, stalled, or no longer wanted by the tracker (SPEC 8.5, 16.3).

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::by_ids::by_ids;
use super::{Cleaned, clean_terminal};
use crate::chain::chain;
use crate::error::Result;
use crate::join::join_all;
use crate::model::{ClaimRecord, Issue, Outcome, OutcomeKind, RequestKind, RunId, Work};
use crate::project::Project;
use crate::queue::{self, Policy};
use crate::recovery::{self, Settled};
use crate::run_folder::{self, RunFolder};
use crate::store::{Kind, StoreError};
use crate::tracker::TrackerError;
use crate::worker;

/// How long a worker is given to end in order before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// A supervisor judges stalls itself; beyond the timeout it gets this much to do so.
const STALL_GRACE_MS: u64 = 10_000;

/// What was put right.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize)]
pub struct ReconcileReport {
    /// Workers that were ended.
    pub stopped: Vec<Stopped>,
    /// Workers that could not be ended.
    pub failed: Vec<NotEnded>,
    /// Workspaces of terminal issues.
    pub cleaned: Vec<Cleaned>,
    /// Issues whose state the tracker did not tell; their workers go on.
    pub unknown: Vec<String>,
    /// Dead workers whose claims were settled.
    pub settled: Vec<Settled>,
    /// Why the tracker could not be asked.
    pub tracker_error: Option<String>,
    /// Whether nothing was done, and the lists say what would be.
    pub dry_run: bool,
}

/// A worker that could not be ended.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct NotEnded {
    /// The issue.
    pub identifier: String,
    /// Its run.
    pub run: RunId,
    /// A stable word.
    pub code: String,
    /// Why.
    pub message: String,
}

/// A worker that was ended.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Stopped {
    /// The issue.
    pub identifier: String,
    /// Its run.
    pub run: RunId,
    /// Why.
    pub reason: RequestKind,
}

/// Settles dead workers, ends stalled and unwanted ones, and cleans the workspaces of terminal issues. One that cannot be
/// ended holds up nobody else. Beside the report: how the tracker failed, if it did; all the rest was done.
pub async fn reconcile(project: &Project, dry_run: bool) -> Result<(ReconcileReport, Option<TrackerError>)> {
    let mut report = ReconcileReport { dry_run, ..ReconcileReport::default() };
    report.settled = if dry_run { recovery::plan(project)? } else { recovery::settle(project, None).await? };
    let unwanted = unwanted(project, dry_run).await?;
    report.unknown = unwanted.unknown;
    report.tracker_error = unwanted.failure.as_ref().map(|error| chain(error));
    if dry_run {
        let is_dead = |worker: &&Unwanted| report.settled.iter().any(|settled| settled.run == *worker.run());
        let alive = unwanted.workers.iter().filter(|worker| !is_dead(worker));
        report.stopped = alive.map(Unwanted::stopped).collect();
    } else {
        for ended in join_all(unwanted.workers.iter().map(|worker| end(project, worker))).await {
            match ended {
                Ok(stopped) => report.stopped.extend(stopped),
                Err(failure) => report.failed.push(failure),
            }
        }
    }
    report.cleaned = clean_terminal(project, dry_run).await?;
    Ok((report, unwanted.failure))
}

/// Ends one worker; `None` where its run ended meanwhile.
pub(super) async fn end(project: &Project, worker: &Unwanted) -> std::result::Result<Option<Stopped>, NotEnded> {
    let run = &worker.claim.claim.run;
    let ended = worker::stop_run(project, run, worker.kind, &worker.reason(), STOP_TIMEOUT).await;
    // One that had ended its issue by itself, and only said its last words, was not stopped.
    let is_stopped = |outcome: &Outcome| outcome.outcome != OutcomeKind::Succeeded;
    ended.map(|outcome| outcome.filter(is_stopped).map(|_| worker.stopped())).map_err(|error| NotEnded {
        identifier: worker.identifier.clone(),
        run: run.clone(),
        code: error.code().to_owned(),
        message: error.to_string(),
    })
}

/// The live workers that are not wanted any more.
#[derive(Debug, Default)]
pub(super) struct UnwantedWorkers {
    pub(super) workers: Vec<Unwanted>,
    unknown: Vec<String>,
    failure: Option<TrackerError>,
}

/// A worker that is to be ended.
#[derive(Debug)]
pub(super) struct Unwanted {
    identifier: String,
    claim: ClaimRecord,
    kind: RequestKind,
    state: Option<String>,
}

impl Unwanted {
    /// The run.
    pub(super) fn run(&self) -> &RunId {
        &self.claim.claim.run
    }

    fn stopped(&self) -> Stopped {
        Stopped { identifier: self.identifier.clone(), run: self.run().clone(), reason: self.kind }
    }

    fn reason(&self) -> String {
        let state = self.state.as_deref().unwrap_or("?");
        match self.kind {
            RequestKind::IssueTerminal => format!("its state became `{state}`, which is terminal"),
            RequestKind::IssueInactive => format!("its state became `{state}`, which is not active"),
            RequestKind::IssueUnroutable => "the tracker says that it is no longer to be dispatched here".to_owned(),
            RequestKind::IssueInvisible => "the tracker no longer shows it".to_owned(),
            RequestKind::Stalled => "its agent gives no sign of life".to_owned(),
            RequestKind::Stop | RequestKind::StopRequeue | RequestKind::Pause => "asked for".to_owned(),
        }
    }
}

/// One batch of ids for all live claims. If the tracker does not answer, everybody goes on; so does an issue of which
/// nothing can be learned.
pub(super) async fn unwanted(project: &Project, dry_run: bool) -> Result<UnwantedWorkers> {
    let mut found = UnwantedWorkers::default();
    let mut running = Vec::new();
    for (claim, work) in live(project)? {
        if claim.request.is_none() && has_stalled(project, &claim.claim.run) {
            let (identifier, kind) = (work.identifier, RequestKind::Stalled);
            found.workers.push(Unwanted { identifier, claim, kind, state: None });
        } else {
            running.push((claim, work));
        }
    }
    let ids: Vec<String> = running.iter().map(|(_, work)| work.issue_id.clone()).collect();
    let asked_at = project.store.last_seq()?;
    let refreshed = match by_ids(&*project.tracker, &ids).await {
        Ok(refreshed) => refreshed,
        Err(error) => {
            found.unknown = running.into_iter().map(|(_, work)| work.identifier).collect();
            found.failure = Some(error);
            return Ok(found);
        }
    };
    let policy = project.policy();
    for (claim, work) in running {
        if refreshed.is_unknown(&work.issue_id) {
            found.unknown.push(work.identifier);
            continue;
        }
        let issue = refreshed.issues.iter().find(|issue| issue.id == work.issue_id);
        if let Some(issue) = issue.filter(|_| !dry_run) {
            note(project, &claim, &work, issue, asked_at)?;
        }
        if let Some(kind) = unwanted_kind(issue, &policy) {
            let state = issue.map(|issue| issue.state.clone());
            found.workers.push(Unwanted { identifier: work.identifier, claim, kind, state });
        }
    }
    Ok(found)
}

/// The live claims with their work; a damaged manifest keeps its own worker from being looked at, and no other.
fn live(project: &Project) -> Result<Vec<(ClaimRecord, Work)>> {
    let mut live = Vec::new();
    for claim in project.store.snapshot(&[Kind::Claims])?.all::<ClaimRecord>() {
        match project.store.get::<Work>(claim.key.as_str()) {
            // A person in a workspace is not sent away.
            Ok(work) => live.extend(work.filter(|work| !work.is_held()).map(|work| (claim, work))),
            Err(error @ StoreError::DamagedDocument { .. }) => tracing::warn!(key = %claim.key, %error, "left alone"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(live)
}

/// Whether a run is silent for longer than its own supervisor, by the configuration that it began with, should allow:
/// that one no longer answers.
fn has_stalled(project: &Project, run: &RunId) -> bool {
    let timeout_ms = worker::stall_timeout_ms(project, run).unwrap_or(0);
    let activity = RunFolder::of(project.store.layout(), run).activity();
    timeout_ms > 0
        && run_folder::silence_ms(&activity, project.seams.clock.as_ref())
            .is_some_and(|silence_ms| silence_ms > timeout_ms + STALL_GRACE_MS)
}

/// Why a running issue is no longer wanted. Blockers and sub-issues gate launches, never a live worker.
fn unwanted_kind(issue: Option<&Issue>, policy: &Policy) -> Option<RequestKind> {
    let Some(issue) = issue else { return Some(RequestKind::IssueInvisible) };
    if policy.tracker.is_terminal(&issue.state) {
        Some(RequestKind::IssueTerminal)
    } else if !policy.tracker.is_active(&issue.state) {
        Some(RequestKind::IssueInactive)
    } else if !policy.is_routable(issue) {
        Some(RequestKind::IssueUnroutable)
    } else {
        None
    }
}

/// Keeps the fresh snapshot of a running issue, if it is news.
fn note(project: &Project, claim: &ClaimRecord, work: &Work, issue: &Issue, asked_at: u64) -> Result<()> {
    let known = project.store.get::<crate::store::IssueRecord>(claim.key.as_str())?;
    if known.is_some_and(|known| known.issue == *issue) {
        return Ok(());
    }
    project.store.transact(project.seams.now(), &project.by(None), |tx| {
        if queue::claim::refresh(tx, &claim.key, issue, asked_at)? {
            let data = serde_json::json!({ "state": issue.state, "title": issue.title });
            tx.event("issue.changed", Some(&work.identifier), None, data);
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::testing::{issue, policy};

    #[test]
    fn only_the_tracker_s_word_ends_a_worker() {
        let policy = policy();
        let unroutable = Issue { dispatchable: false, ..issue("A", "Todo") };
        let blocked = Issue {
            blocked_by: vec![crate::model::IssueRef { id: None, identifier: Some("B".into()), state: None }],
            ..issue("A", "Todo")
        };
        for (issue, expected) in [
            (Some(&issue("A", "Todo")), None),
            (Some(&blocked), None),
            (Some(&issue("A", "Done")), Some(RequestKind::IssueTerminal)),
            (Some(&issue("A", "Review")), Some(RequestKind::IssueInactive)),
            (Some(&unroutable), Some(RequestKind::IssueUnroutable)),
            (None, Some(RequestKind::IssueInvisible)),
        ] {
            assert_eq!(unwanted_kind(issue, &policy), expected, "{issue:?}");
        }
    }
}
