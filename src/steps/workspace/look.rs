//! `workspace list` and `workspace show`: the records with their issues, and on demand what is really there.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Result;
use crate::model::{Key, Status, Timestamp, Work, WorkspaceRecord};
use crate::project::Project;
use crate::store::{DocId, IssueRecord, Kind, Snapshot, Store};
use crate::workflow::config::TrackerConfig;
use crate::workspace::{Size, size_of};

/// Which kind of state the tracker says that an issue is in (SPEC 11.3): terminal goes before active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StateCategory {
    /// Baton may run it.
    Active,
    /// It is over.
    Terminal,
    /// Neither.
    Other,
}

impl StateCategory {
    /// The category of a tracker state.
    #[must_use]
    pub fn of(state: &str, config: &TrackerConfig) -> Self {
        if config.is_terminal(state) {
            Self::Terminal
        } else if config.is_active(state) {
            Self::Active
        } else {
            Self::Other
        }
    }
}

/// A workspace's record with its issue.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct WorkspaceView {
    /// The issue's identifier.
    pub identifier: String,
    /// Its key.
    pub key: Key,
    /// Its id in the tracker.
    pub issue_id: String,
    /// Its status in Baton.
    #[schemars(extend("enum" = Status::NAMES))]
    pub status: &'static str,
    /// Its state in the tracker, as last seen.
    pub issue_state: Option<String>,
    /// What that state means; absent where no configuration can be read.
    pub state_category: Option<StateCategory>,
    /// Whether a run has the workspace, be its worker alive or dead.
    pub had_in_flight_run: bool,
    /// Milliseconds since it was made or adopted.
    pub age_ms: u64,
    /// How large it is, where that was asked for and something is there.
    #[serde(flatten)]
    pub size: Option<Size>,
    /// The record. Its `health` is that of the last look; where a look was asked for, of this one.
    #[serde(flatten)]
    pub record: WorkspaceRecord,
}

/// What is looked at beyond the records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Ask git and the file system for the health; needs a configuration.
    pub health: bool,
    /// Walk the trees for their sizes.
    pub size: bool,
}

/// Every workspace on record, by key.
pub fn workspaces(store: &Store, project: Option<&Project>, now: Timestamp, look: Look) -> Result<Vec<WorkspaceView>> {
    let snapshot = store.snapshot(&[Kind::Work, Kind::Issues])?;
    let works = snapshot.all::<Work>().into_iter();
    Ok(works.filter_map(|work| view(&snapshot, project, work, now, look)).collect())
}

/// The workspace of one issue.
pub fn workspace_of(
    store: &Store,
    project: Option<&Project>,
    work: Work,
    now: Timestamp,
    look: Look,
) -> Result<WorkspaceView> {
    let identifier = work.identifier.clone();
    let snapshot = store.snapshot_with(&[], &BTreeSet::from([DocId::new(Kind::Issues, work.key.as_str())]))?;
    view(&snapshot, project, work, now, look).ok_or_else(|| super::no_workspace(&identifier))
}

fn view(
    snapshot: &Snapshot,
    project: Option<&Project>,
    mut work: Work,
    now: Timestamp,
    look: Look,
) -> Option<WorkspaceView> {
    let mut record = work.workspace.take()?;
    if let Some(project) = project.filter(|_| look.health) {
        record.health = project.workspaces(&project.by(None)).health(&record);
    }
    let issue = snapshot.get::<IssueRecord>(work.key.as_str()).ok().flatten();
    let issue_state = issue.map(|record| record.issue.state);
    let tracker = project.map(|project| &project.workflow.config.tracker);
    Some(WorkspaceView {
        status: work.status.as_str(),
        state_category: issue_state.as_deref().zip(tracker).map(|(state, config)| StateCategory::of(state, config)),
        had_in_flight_run: has_run(&work.status),
        age_ms: u64::try_from((now - record.created_at).num_milliseconds()).unwrap_or(0),
        size: look.size.then(|| size_of(record.archived_path.as_deref().unwrap_or(&record.path))).flatten(),
        identifier: work.identifier,
        key: work.key,
        issue_id: work.issue_id,
        issue_state,
        record,
    })
}

fn has_run(status: &Status) -> bool {
    match status {
        Status::Claimed { .. } | Status::Running { .. } => true,
        Status::Idle
        | Status::Held { .. }
        | Status::Retrying { .. }
        | Status::Blocked { .. }
        | Status::Paused
        | Status::Done
        | Status::Released => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::testing::policy;

    #[test]
    fn terminal_goes_before_active_and_spelling_does_not_count() {
        let mut config = policy().tracker;
        config.active_states = vec!["Todo".to_owned(), "Done".to_owned()];
        config.terminal_states = vec!["Done".to_owned()];
        for (state, category) in [
            (" TODO ", StateCategory::Active),
            ("done", StateCategory::Terminal),
            ("Review", StateCategory::Other),
            ("", StateCategory::Other),
        ] {
            assert_eq!(StateCategory::of(state, &config), category, "{state:?}");
        }
    }
}
