//! What may go, by what is on record and in its place.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{is_over, old_runs, over_since, why_kept};
use super::{Candidate, GcOptions, Kept, folders};
use crate::error::Result;
use crate::model::{ArchivedIssue, Disposition, Key, Mode, RunRecord, Timestamp, Work};
use crate::project::Project;
use crate::run_folder::read_json;
use crate::store::{IssueRecord, Kind};

/// Candidates, each with the instant since which it has been over.
type Candidates = Vec<(Option<Timestamp>, Candidate)>;

/// Everything that ended before, and what stays although it did.
pub(super) fn look(project: &Project, before: Timestamp, options: GcOptions) -> Result<(Candidates, Vec<Kept>)> {
    let snapshot = project.store.snapshot(&[Kind::Work, Kind::Issues, Kind::Runs, Kind::Claims])?;
    let all_runs = snapshot.all::<RunRecord>();
    let mut runs: BTreeMap<&Key, Vec<&RunRecord>> = BTreeMap::new();
    for run in &all_runs {
        runs.entry(&run.run.key).or_default().push(run);
    }
    let claimed: BTreeSet<&str> = snapshot.names(Kind::Claims).collect();
    let (mut found, mut kept, mut young) = (Vec::new(), Vec::new(), Vec::new());
    let mut needed: BTreeSet<String> = snapshot.names(Kind::Work).map(str::to_owned).collect();
    for work in snapshot.all::<Work>().into_iter().filter(|work| !claimed.contains(work.key.as_str())) {
        let runs = runs.get(&work.key).map_or(&[][..], Vec::as_slice);
        if !is_over(&work.status) {
            for run in old_runs(runs, options.keep_runs, before) {
                let since = run.outcome.as_ref().map(|outcome| outcome.finished_at);
                found.push((since, Candidate::Run { run: run.run.clone(), identifier: work.identifier.clone() }));
            }
            continue;
        }
        let issue = snapshot.get::<IssueRecord>(work.key.as_str()).ok().flatten().map(|record| record.issue);
        let since = over_since(&work, issue.as_ref(), runs);
        let is_gone = work.workspace.as_ref().is_none_or(|record| record.state.is_gone());
        if is_gone {
            needed.remove(work.key.as_str());
        }
        match since {
            Some(since) if since >= before => {
                if !is_gone && options.max_workspaces.is_some() {
                    young.extend(workspace(project, &work).ok().flatten().map(|candidate| (Some(since), candidate)));
                }
            }
            None => kept.push(stays(&work, "age_unknown", "nothing says since when it has been over")),
            Some(_) if is_gone => {
                found.push((since, Candidate::Issue { key: work.key.clone(), identifier: work.identifier.clone() }));
            }
            Some(_) => match workspace(project, &work) {
                Ok(Some(candidate)) => found.push((since, candidate)),
                Ok(None) => {
                    kept.push(stays(&work, "workspace_there", "its workspace was left in its place on purpose"));
                }
                Err(code) => kept.push(stays(&work, code, "its workspace may hold what exists nowhere else")),
            },
        }
    }
    found.extend(beyond(young, options.max_workspaces.unwrap_or(usize::MAX)));
    found.extend(folders::left(project)?.into_iter().map(|run| (None, Candidate::Folder(run))));
    found.extend(branches(project, &needed, before)?);
    Ok((found, kept))
}

/// The oldest, but for the last `most`.
fn beyond(mut young: Candidates, most: usize) -> Candidates {
    young.sort_by_key(|(since, _)| *since);
    young.truncate(young.len().saturating_sub(most));
    young
}

/// A workspace that may go; `None` where it stays on purpose, `Err` where it is dirty or cannot be told.
fn workspace(project: &Project, work: &Work) -> std::result::Result<Option<Candidate>, &'static str> {
    let Some(record) = &work.workspace else { return Ok(None) };
    if record.mode == Mode::Shared || record.cleanup_result == Some(Disposition::Kept) {
        return Ok(None);
    }
    let by = project.by(None);
    match why_kept(project.workspaces(&by).health(record)) {
        Some(code) => Err(code),
        None => Ok(Some(Candidate::Workspace {
            key: work.key.clone(),
            identifier: work.identifier.clone(),
            path: record.path.clone(),
        })),
    }
}

/// Merged branches of issues that are over, or have left, and have no workspace any more. One of a name that no issue
/// ever had is a person's.
fn branches(project: &Project, needed: &BTreeSet<String>, before: Timestamp) -> Result<Candidates> {
    let by = project.by(None);
    let archive = project.store.layout().archive();
    let mut found = Vec::new();
    for branch in project.workspaces(&by).merged_branches()? {
        if needed.contains(&branch.key) {
            continue;
        }
        let work: Option<Work> = project.store.get(&branch.key).ok().flatten();
        let archived: Option<ArchivedIssue> = read_json(&archive.join(format!("{}.json", branch.key)));
        let since = match (&work, &archived) {
            (Some(work), _) => work.workspace.as_ref().map(|record| record.created_at),
            (None, Some(archived)) => Some(archived.at),
            (None, None) => continue,
        };
        if work.is_none() || since.is_some_and(|since| since < before) {
            found.push((since, Candidate::Branch(branch)));
        }
    }
    Ok(found)
}

fn stays(work: &Work, code: &'static str, message: &str) -> Kept {
    Kept { identifier: work.identifier.clone(), code, message: message.to_owned() }
}
