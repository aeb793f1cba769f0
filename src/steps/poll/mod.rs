//! `poll`: tracker → issue manifests, and the order of what may run (SPEC 8.1, 8.2; DESIGN §4).

mod changes;
mod failure;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use super::by_ids::by_ids;
use crate::error::{Error, Result};
use crate::model::{Issue, Status, Work};
use crate::project::Project;
use crate::store::{Kind, Snapshot, StoreError};
use crate::tracker::{Fetched, Problem, TrackerError};

pub use report::{PollReport, QueueEntry, WaitingEntry};
pub(super) use report::{entry, running_states, stand_in};

/// Reads the tracker, commits what changed, and says what may run. Unchanged answers write nothing.
pub async fn poll(project: &Project, dry_run: bool) -> Result<PollReport> {
    let asked_at = project.store.last_seq()?;
    let answer = match ask(project).await {
        Ok(answer) => answer,
        Err(AskError::Store(error)) => return Err(error.into()),
        Err(AskError::Tracker(error)) => {
            if !dry_run {
                failure::remember(project, &error)?;
            }
            return Err(error.into());
        }
    };
    let policy = project.policy();
    let changes = changes::find(&answer, asked_at, &policy);
    let after = if changes.is_empty() || dry_run {
        answer.before
    } else {
        changes::commit(project, &changes, asked_at, &policy)?;
        project.store.snapshot(KINDS)?
    };
    if !dry_run {
        project.store.keep_rows(&after);
        failure::forget(project)?;
        project.store.touch_polled(project.seams.now())?;
    }
    Ok(report::make(project, &answer.fetched, &after, changes.len(), asked_at, &policy))
}

const KINDS: &[Kind] = &[Kind::Issues, Kind::Work, Kind::Claims];

/// What the tracker said, and what the store knew before.
struct Answer {
    /// The issues in active states.
    fetched: Fetched,
    /// Those that we know and that read did not bring; `None` is no longer visible.
    looked_up: BTreeMap<String, Option<Issue>>,
    before: Snapshot,
}

enum AskError {
    Store(StoreError),
    Tracker(TrackerError),
}

impl From<StoreError> for AskError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<TrackerError> for AskError {
    fn from(error: TrackerError) -> Self {
        Self::Tracker(error)
    }
}

impl From<AskError> for Error {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Store(error) => error.into(),
            AskError::Tracker(error) => error.into(),
        }
    }
}

/// One read of the active states, and one by id of the issues that we know and that read did not bring.
async fn ask(project: &Project) -> std::result::Result<Answer, AskError> {
    let active = &project.workflow.config.tracker.active_states;
    let mut fetched = project.tracker.fetch_issues_by_states(active).await?;
    let before = project.store.snapshot(KINDS)?;
    let brought: BTreeSet<&str> = fetched.issues.iter().map(|issue| issue.id.as_str()).collect();
    let works = before.all::<Work>();
    let missing = works.into_iter().filter(|work| is_open(work) && !brought.contains(work.issue_id.as_str()));
    let missing: Vec<String> = missing.map(|work| work.issue_id).collect();
    let found = by_ids(project, &missing).await?;
    let known = missing.into_iter().filter(|id| !found.is_unknown(id));
    let mut looked_up: BTreeMap<String, Option<Issue>> = known.map(|id| (id, None)).collect();
    looked_up.extend(found.issues.into_iter().map(|issue| (issue.id.clone(), Some(issue))));
    for (id, error) in found.unknown {
        // The record itself is among the problems already, where the tracker could name it.
        if !fetched.problems.iter().any(|problem| error.to_string().contains(&problem.source)) {
            fetched.problems.push(Problem { source: id, code: error.code().to_owned(), message: error.to_string() });
        }
    }
    Ok(Answer { fetched, looked_up, before })
}

/// Whether the tracker may have news that matter: not done, not claimed (that is `reconcile`'s), and either ours still
/// or with a workspace that waits for the end (the startup sweep, by id).
fn is_open(work: &Work) -> bool {
    match &work.status {
        Status::Idle | Status::Retrying { .. } | Status::Blocked { .. } | Status::Paused => true,
        Status::Released => work.workspace.as_ref().is_some_and(super::clean::is_present),
        Status::Claimed { .. } | Status::Running { .. } | Status::Held { .. } | Status::Done => false,
    }
}
