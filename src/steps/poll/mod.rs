//! `poll`: tracker → issue manifests, and the order of what may run (SPEC 8.1, 8.2; DESIGN §4).

mod changes;
mod failure;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::by_ids::{Refreshed, by_ids};
use crate::error::{Error, Result};
use crate::model::{ClaimRecord, Issue, Key, RunId, Status};
use crate::project::Project;
use crate::recovery;
use crate::store::{DocId, Kind, Row, RowIssue, RowWorkspace, Rows, Snapshot, StoreError};
use crate::tracker::{Fetched, Problem, TrackerError};
use crate::workflow::config::TrackerConfig;

pub use report::{PollReport, QueueEntry, WaitingEntry};
pub(super) use report::{entry, running_states, stand_in};

/// Reads the tracker, commits what changed, and says what may run. Unchanged answers write nothing.
pub async fn poll(project: &Project, dry_run: bool) -> Result<PollReport> {
    let asked_at = project.store.last_seq()?;
    let before = project.tracker.traffic();
    let mut answer = match ask(project).await {
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
    if !changes.is_empty() && !dry_run {
        changes::commit(project, &changes, asked_at, &policy)?;
        answer.concerned.extend(changes.iter().flat_map(|change| docs_of(&change.key)));
        answer.known = project.store.snapshot_with(&[Kind::Claims], &answer.concerned)?;
        if changes.len() >= LARGE {
            answer.rows = project.store.rows()?;
        }
    }
    if !dry_run {
        project.store.keep_rows(&answer.rows);
        project.tracker.keep_answers();
        failure::forget(project)?;
        project.store.touch_polled(project.seams.now())?;
    }
    let traffic = project.tracker.traffic().since(&before);
    let dead = if dry_run { dead_runs(project, &answer.known) } else { Vec::new() };
    Ok(PollReport { traffic, ..report::make(project, &answer, &dead, changes.len(), asked_at, &policy) })
}

/// The runs whose worker is dead. A step that launches settles them first, so that a plan counts no slot for them.
fn dead_runs(project: &Project, known: &Snapshot) -> Vec<RunId> {
    let claims = known.all::<ClaimRecord>().into_iter();
    let dead = claims.filter(|claim| recovery::is_dead(project, claim, Duration::ZERO).is_some());
    dead.map(|claim| claim.claim.run).collect()
}

/// So many changes make the rows that were read before them of little use.
const LARGE: usize = 500;

/// What the tracker said, and what the store knows about it.
struct Answer {
    /// The issues in active states.
    fetched: Fetched,
    /// Those that we know and that read did not bring; `None` is no longer visible.
    looked_up: BTreeMap<String, Option<Issue>>,
    /// All issues that we know, in short. A thousand that are done cost a line each, and no manifest is read.
    rows: Rows,
    /// The documents of the issues above, and of those that have a claim.
    concerned: BTreeSet<DocId>,
    /// What they hold.
    known: Snapshot,
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
    let tracker = &project.workflow.config.tracker;
    let mut fetched = project.tracker.fetch_issues_by_states(&tracker.active_states).await?;
    let rows = project.store.rows()?;
    let brought: BTreeSet<&str> = fetched.issues.iter().map(|issue| issue.id.as_str()).collect();
    let missing = rows.rows.iter().filter(|row| is_open(row) && !brought.contains(row.issue_id.as_str()));
    let missing: Vec<String> = missing.map(|row| row.issue_id.clone()).collect();
    let back = rows.rows.iter().filter(|row| was_invisible(row, tracker) && brought.contains(row.issue_id.as_str()));
    let back: Vec<String> = back.map(|row| row.issue_id.clone()).collect();
    let found = by_ids(&*project.tracker, &[missing.clone(), back.clone()].concat()).await?;
    let hidden = listed_only(&mut fetched, &back, &found);
    let visible = missing.into_iter().filter(|id| !found.is_unknown(id));
    let mut looked_up: BTreeMap<String, Option<Issue>> = visible.map(|id| (id, None)).collect();
    let found_anew = found.issues.into_iter().filter(|issue| !back.contains(&issue.id));
    looked_up.extend(found_anew.map(|issue| (issue.id.clone(), Some(issue))));
    fetched.problems.extend(hidden);
    let brought: BTreeSet<&str> = fetched.issues.iter().map(|issue| issue.id.as_str()).collect();
    let is_concerned = |row: &&Row| {
        let id = row.issue_id.as_str();
        brought.contains(id) || looked_up.contains_key(id) || row.status.claim().is_some()
    };
    let concerned: BTreeSet<DocId> = rows.rows.iter().filter(is_concerned).flat_map(known_docs).collect();
    let known = project.store.snapshot_with(&[Kind::Claims], &concerned)?;
    for (id, error) in found.unknown {
        // The record itself is among the problems already, where the tracker could name it.
        if !fetched.problems.iter().any(|problem| error.to_string().contains(&problem.source)) {
            fetched.problems.push(Problem { source: id, code: error.code().to_owned(), message: error.to_string() });
        }
    }
    Ok(Answer { fetched, looked_up, rows, concerned, known })
}

/// Whether an issue was released because a read by id did not show it: it was active when it was last seen.
fn was_invisible(row: &Row, tracker: &TrackerConfig) -> bool {
    let was_active = |issue: &RowIssue| tracker.is_active(&issue.state);
    row.status == Status::Released && row.issue.as_ref().is_some_and(was_active)
}

/// Takes out the issues that the tracker lists and, asked for them by id, does not show. A worker asks by id, so that such
/// an issue would be launched and released again without end.
fn listed_only(fetched: &mut Fetched, back: &[String], found: &Refreshed) -> Vec<Problem> {
    let is_shown = |id: &String| found.is_unknown(id) || found.issues.iter().any(|issue| issue.id == *id);
    let is_hidden = |issue: &mut Issue| back.contains(&issue.id) && !is_shown(&issue.id);
    let hidden = fetched.issues.extract_if(.., is_hidden);
    let problem = |issue: Issue| Problem {
        source: issue.identifier,
        code: "listed_only".to_owned(),
        message: format!("the tracker lists it, but shows nothing when it is asked for the id `{}`", issue.id),
    };
    hidden.map(problem).collect()
}

/// The documents of an issue.
fn docs_of(key: &Key) -> [DocId; 2] {
    [Kind::Work, Kind::Issues].map(|kind| DocId::new(kind, key.as_str()))
}

/// Those of them that are there. To ask for one that is not costs a read of the journal.
fn known_docs(row: &Row) -> impl Iterator<Item = DocId> {
    let has_issue = row.issue.is_some();
    docs_of(&row.key).into_iter().filter(move |doc| doc.kind == Kind::Work || has_issue)
}

/// Whether the tracker may have news that matter: not done, not claimed (that is `reconcile`'s), and either ours still
/// or with a workspace that waits for the end (the startup sweep, by id).
fn is_open(row: &Row) -> bool {
    match &row.status {
        Status::Idle | Status::Retrying { .. } | Status::Blocked { .. } | Status::Paused => true,
        Status::Released => row.workspace == Some(RowWorkspace::There),
        Status::Claimed { .. } | Status::Running { .. } | Status::Held { .. } | Status::Done => false,
    }
}
