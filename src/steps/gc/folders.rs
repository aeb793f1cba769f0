//! Folders in `runs/` that no manifest names: aborted launches, and what an archiving that was killed left behind.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::archive::{DELETED, delete, failed, follow};
use crate::crash;
use crate::error::Result;
use crate::model::{ArchivedIssue, RunId, RunRecord};
use crate::project::Project;
use crate::run_folder::read_json;
use crate::store::StoreError;

/// What an unnamed folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unnamed {
    /// A launch that was aborted before its claim: a lifeline, or nothing.
    Aborted,
    /// Of a run that is in the archive.
    Archived,
    /// Of a run that was deleted, by whoever was killed at it.
    Deleted,
    /// Of a run whose manifest is lost: it holds something, and is left to `doctor`.
    Other,
}

/// The unnamed folders that may go.
pub(super) fn left(project: &Project) -> Result<Vec<RunId>> {
    let runs = project.store.layout().root.join("runs");
    let Ok(entries) = fs::read_dir(&runs) else { return Ok(Vec::new()) };
    let mut left = Vec::new();
    for entry in entries.flatten() {
        let Some(run) = entry.file_name().to_str().and_then(|name| name.parse::<RunId>().ok()) else { continue };
        if is_named(project, &run)? {
            continue;
        }
        match judge(project, &run, &entry.path()) {
            Unnamed::Aborted | Unnamed::Archived | Unnamed::Deleted => left.push(run),
            Unnamed::Other => {}
        }
    }
    Ok(left)
}

fn is_named(project: &Project, run: &RunId) -> Result<bool> {
    match project.store.get::<RunRecord>(&run.to_string()) {
        // One that cannot be read is there.
        Err(StoreError::DamagedDocument { .. }) => Ok(true),
        found => Ok(found?.is_some()),
    }
}

fn judge(project: &Project, run: &RunId, folder: &Path) -> Unnamed {
    let inside = fs::read_dir(folder).into_iter().flatten().flatten();
    let names: BTreeSet<String> = inside.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    if names.iter().all(|name| name == "lifeline") {
        return Unnamed::Aborted;
    }
    if names.contains(DELETED) {
        return Unnamed::Deleted;
    }
    let path = project.store.layout().archive().join(format!("{}.json", run.key));
    let archived: Option<ArchivedIssue> = read_json(&path);
    if archived.is_some_and(|archived| archived.runs.iter().any(|record| record.run == *run)) {
        Unnamed::Archived
    } else {
        Unnamed::Other
    }
}

/// Takes an unnamed folder away: under the store's lock, where no launch is half-way.
pub(super) fn collect(project: &Project, run: &RunId) -> Result<bool> {
    let folder = project.store.layout().run(run);
    let unnamed = project.store.transact(project.seams.now(), &project.by(None), |tx| {
        if tx.get::<RunRecord>(&run.to_string())?.is_some() {
            return Ok(None);
        }
        let unnamed = judge(project, run, &folder);
        if unnamed == Unnamed::Aborted {
            crash::point();
            let _ = fs::remove_file(folder.join("lifeline"));
            crash::point();
            let _ = fs::remove_dir(&folder);
        }
        Ok::<_, StoreError>(Some(unnamed))
    })?;
    match unnamed {
        Some(Unnamed::Aborted) if folder.exists() => {
            Err(failed(&folder, std::io::Error::other("the folder could not be removed")))
        }
        Some(Unnamed::Aborted) => Ok(true),
        Some(Unnamed::Archived) => follow(project, run).map(|()| true),
        Some(Unnamed::Deleted) => delete(project, run).map(|()| true),
        Some(Unnamed::Other) | None => Ok(false),
    }
}
