//! Taking an issue, or a run, out of the working set. What is archived is written and flushed before the transaction that
//! takes it out of the store; a run's folder follows it. Whoever is killed in between is followed by the next `gc`.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::json;

use super::decide::{is_over, over_since};
use crate::crash;
use crate::error::{Error, Exit, Result};
use crate::model::{ArchivedIssue, Extra, Key, RunId, RunRecord, SessionRecord, StateRecord, Timestamp, Work};
use crate::project::{Project, STATE};
use crate::run_folder::{Flush, write_json, write_text};
use crate::store::{DocId, IssueRecord, Kind, StoreError};

/// Archives an issue that has been over since before; `false` where it is not any more.
pub(super) fn archive(project: &Project, key: &Key, before: Timestamp) -> Result<bool> {
    let store = &project.store;
    let now = project.seams.now();
    let Some(work) = store.get::<Work>(key.as_str())? else { return Ok(false) };
    let issue = store.get::<IssueRecord>(key.as_str())?.map(|record| record.issue);
    let mut runs = Vec::new();
    for number in 1..=work.last_run {
        runs.extend(store.get::<RunRecord>(&RunId { key: key.clone(), number }.to_string())?);
    }
    let known: Vec<&RunRecord> = runs.iter().collect();
    let gone = work.workspace.as_ref().is_none_or(|record| record.state.is_gone());
    let old = over_since(&work, issue.as_ref(), &known).is_some_and(|since| since < before);
    if !is_over(&work.status) || !gone || !old {
        return Ok(false);
    }
    let session = store.get::<SessionRecord>(key.as_str())?;
    let archived = ArchivedIssue {
        key: key.clone(),
        last_run: work.last_run,
        at: now,
        work,
        issue,
        session,
        runs,
        extra: Extra::new(),
    };
    let directory = store.layout().archive();
    let path = directory.join(format!("{key}.json"));
    store.check_owner()?;
    fs::create_dir_all(directory.join("runs")).map_err(|error| failed(&directory, error))?;
    write_json(&path, &archived, Flush::Yes).map_err(|error| failed(&path, error))?;
    let committed = store.transact(now, &project.by(None), |tx| {
        // Exactly what was archived, or nothing.
        if tx.get::<Work>(key.as_str())?.as_ref() != Some(&archived.work) {
            return Ok(false);
        }
        let mut state: StateRecord = tx.get(STATE)?.unwrap_or_default();
        state.archived.add(&archived.work);
        let data = json!({ "runs": archived.runs.len(), "last_run": archived.last_run });
        tx.event("issue.archived", Some(&archived.work.identifier), None, data);
        tx.put(&state)?;
        for kind in [Kind::Issues, Kind::Work, Kind::Sessions] {
            tx.delete(DocId::new(kind, key.as_str()));
        }
        for run in &archived.runs {
            tx.delete(DocId::new(Kind::Runs, run.run.to_string()));
        }
        Ok::<_, StoreError>(true)
    })?;
    if committed {
        for run in &archived.runs {
            follow(project, &run.run)?;
        }
    }
    Ok(committed)
}

/// Moves the folder of an archived run to the archive.
pub(super) fn follow(project: &Project, run: &RunId) -> Result<()> {
    let from = project.store.layout().run(run);
    let to = project.store.layout().archive().join("runs").join(run.to_string());
    crash::point();
    match fs::rename(&from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&from, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// In the folder of a run that is being deleted: without its manifest, it is on its way out.
pub(super) const DELETED: &str = "deleted";

/// Deletes a run that ended before, of an issue that goes on; its number is not given out again.
pub(super) fn delete_run(project: &Project, run: &RunId, before: Timestamp) -> Result<bool> {
    let name = run.to_string();
    let is_old = |record: &RunRecord| record.outcome.as_ref().is_some_and(|outcome| outcome.finished_at < before);
    if !project.store.get::<RunRecord>(&name)?.is_some_and(|record| is_old(&record)) {
        return Ok(false);
    }
    project.store.check_owner()?;
    let mark = project.store.layout().run(run).join(DELETED);
    write_text(&mark, "", 0o600).map_err(|error| failed(&mark, error))?;
    let deleted = project.store.transact(project.seams.now(), &project.by(None), |tx| {
        let Some(record) = tx.get::<RunRecord>(&name)?.filter(is_old) else { return Ok(false) };
        tx.event("run.deleted", Some(&record.identifier), Some(run), json!({}));
        tx.delete(DocId::new(Kind::Runs, name.as_str()));
        Ok::<_, StoreError>(true)
    })?;
    if deleted {
        delete(project, run)?;
    }
    Ok(deleted)
}

/// Where a folder is on its way out, in tmp/.
const ASIDE: &str = "run-";

/// Deletes the folder of a run: out of its place in one step.
pub(super) fn delete(project: &Project, run: &RunId) -> Result<()> {
    let layout = project.store.layout();
    let (from, aside) = (layout.run(run), layout.tmp().join(format!("{ASIDE}{run}")));
    let moved_aside = || {
        crash::point();
        fs::rename(&from, &aside)
    };
    let removed = |()| {
        crash::point();
        fs::remove_dir_all(&aside)
    };
    match moved_aside().and_then(removed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&from, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What a deletion left that was killed half-way.
pub(super) fn sweep(project: &Project) {
    for entry in fs::read_dir(project.store.layout().tmp()).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(ASIDE) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

pub(super) fn failed(path: &Path, error: io::Error) -> Error {
    Error::new(Exit::Failed, "io", format!("cannot put away {}", path.display())).because(error)
}
