//! Workspaces of another tool's root: what its manifests say is taken into the store; the directories stay where they are.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::opensymphony::{
    ConversationManifest, Found, IssueManifest, RunManifest, after_create_of, conversation_of, issue_of, run_of,
};
use super::{MigrateOptions, MigrateReport, io};
use crate::error::{Error, Exit, Result};
use crate::model::{
    Extra, Health, Issue, Key, Mode, SessionRecord, Timestamp, Tokens, Work, WorkspaceRecord, WorkspaceState,
};
use crate::project::Project;
use crate::store::{IssueRecord, Kind, StoreError, Transaction};

/// Workspaces, counted.
#[derive(Debug, Default, JsonSchema, Serialize)]
pub struct Workspaces {
    /// Taken over, or to be.
    pub imported: u64,
    /// Taken over before.
    pub already_imported: u64,
    /// Directories whose name is that of no issue that is known.
    pub skipped_without_manifest: u64,
    /// Manifests that cannot be read, or are of another directory.
    pub skipped_invalid_manifest: u64,
    /// Issues that have another workspace already, which is kept.
    pub skipped_conflict: u64,
    /// Of those taken over: the old tool says that a run is going on.
    pub had_in_flight_run: u64,
}

/// The directories of a root, hidden ones and links left out, sorted.
pub(super) fn directories(root: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(root).map_err(io("list", root))? {
        let entry = entry.map_err(io("list", root))?;
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory && !entry.file_name().as_encoded_bytes().starts_with(b".") {
            all.push(entry.path());
        }
    }
    all.sort();
    Ok(all)
}

pub(super) fn import(
    project: &Project,
    root: &Path,
    options: &MigrateOptions,
    report: &mut MigrateReport,
) -> Result<()> {
    let root = root.canonicalize().map_err(io("resolve", root))?;
    let mut to_import = Vec::new();
    let known = project.store.snapshot(&[Kind::Work])?.all::<Work>();
    for path in directories(&root)? {
        let manifest = match issue_of(&path) {
            Found::Manifest(manifest) => manifest,
            Found::Invalid => {
                report.workspaces.skipped_invalid_manifest += 1;
                continue;
            }
            Found::Nothing => match known.iter().find(|work| is_named_for(&path, &work.identifier)) {
                Some(work) => of_known(project, work, &path)?,
                None => {
                    report.workspaces.skipped_without_manifest += 1;
                    continue;
                }
            },
        };
        let work = known.iter().find(|work| work.identifier == manifest.identifier);
        match work.and_then(|work| work.workspace.as_ref()) {
            Some(record) if record.path == path => report.workspaces.already_imported += 1,
            Some(_) => report.workspaces.skipped_conflict += 1,
            None => to_import.push((path, manifest)),
        }
    }
    let in_flight: Vec<&str> = to_import
        .iter()
        .filter(|(path, _)| run_of(path).is_some_and(|run| run.is_in_flight()))
        .map(|(_, manifest)| manifest.identifier.as_str())
        .collect();
    report.workspaces.had_in_flight_run = in_flight.len() as u64;
    if !in_flight.is_empty() && !options.daemon_stopped && !options.dry_run {
        let message = format!("OpenSymphony says that it works on {}", in_flight.join(", "));
        return Err(Error::new(Exit::Conflict, "old_daemon", message)
            .hint(format!("stop the `opensymphony` daemon of {} first", root.display()))
            .hint("if it was killed, and nothing of it runs any more, say so with `--daemon-stopped`"));
    }
    for (path, manifest) in to_import {
        let message = format!("{} ({}), as it is", manifest.identifier, manifest.current_state);
        report.step("import_workspace", &path, message);
        report.workspaces.imported += 1;
        if !options.dry_run {
            take_over(project, &path, &manifest)?;
        }
    }
    Ok(())
}

/// Whether a directory has the name that Symphony gives the workspace of this issue (SPEC 4.2).
fn is_named_for(path: &Path, identifier: &str) -> bool {
    let name: String =
        identifier.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    path.file_name().is_some_and(|there| there == name.as_str())
}

/// What the store says of an issue whose workspace has no manifest.
fn of_known(project: &Project, work: &Work, path: &Path) -> Result<IssueManifest> {
    let issue = project.store.get::<IssueRecord>(work.key.as_str())?.map(|record| record.issue);
    Ok(IssueManifest {
        issue_id: work.issue_id.clone(),
        identifier: work.identifier.clone(),
        title: issue.as_ref().map(|issue| issue.title.clone()).unwrap_or_default(),
        current_state: issue.map(|issue| issue.state).unwrap_or_default(),
        workspace_path: path.to_owned(),
    })
}

/// What the old tool says of its last run and its conversation is taken over with the directory.
fn take_over(project: &Project, path: &Path, manifest: &IssueManifest) -> Result<()> {
    let now = project.seams.now();
    let run = run_of(path);
    let conversation = conversation_of(path).ok();
    project.store.transact(now, &project.by(None), |tx| {
        let work = known(tx, manifest)?;
        if work.workspace.is_some() {
            return Ok(());
        }
        let record = WorkspaceRecord {
            mode: Mode::Directory,
            path: path.to_owned(),
            branch: None,
            base_commit: None,
            state: WorkspaceState::Ready,
            health: Health::Unknown,
            after_create: after_create_of(path),
            created: false,
            created_at: now,
            archived_path: None,
            cleanup_result: None,
            head: None,
            failure: None,
        };
        let last_run = run.as_ref().map(|run| {
            let RunManifest { run_id, attempt, status, status_detail } = run;
            json!({ "id": run_id, "attempt": attempt, "status": status, "detail": status_detail })
        });
        let data = json!({ "path": path, "state": manifest.current_state, "last_run": last_run });
        tx.event("workspace.imported", Some(&work.identifier), None, data);
        if tx.get::<IssueRecord>(work.key.as_str())?.is_none() {
            tx.put(&IssueRecord { key: work.key.clone(), asked_at: 0, issue: last_seen(manifest) })?;
        }
        if let Some(conversation) = &conversation
            && tx.get::<SessionRecord>(work.key.as_str())?.is_none()
        {
            tx.put(&session(&work.key, conversation, now))?;
        }
        let attempts = work.attempts.max(run.as_ref().map_or(0, |run| run.attempt));
        tx.put(&Work { workspace: Some(record), attempts, ..work })
    })?;
    Ok(())
}

/// The conversation, for an agent of the kind that the old tool runs.
fn session(key: &Key, conversation: &ConversationManifest, now: Timestamp) -> SessionRecord {
    SessionRecord {
        key: key.clone(),
        agent: "openhands".to_owned(),
        thread_id: conversation.conversation_id.clone(),
        turns: 0,
        tokens: Tokens::default(),
        run: None,
        version: 1,
        updated_at: now,
        extra: Extra::new(),
    }
}

/// The issue's work, or that of a newcomer.
fn known(tx: &mut Transaction<'_>, manifest: &IssueManifest) -> std::result::Result<Work, StoreError> {
    let keys = tx.names(Kind::Work)?;
    for key in &keys {
        if let Ok(Some(work)) = tx.get::<Work>(key)
            && work.identifier == manifest.identifier
        {
            return Ok(work);
        }
    }
    let key = Key::for_identifier(&manifest.identifier, |text| keys.iter().any(|key| key.eq_ignore_ascii_case(text)));
    Ok(Work::new(key, manifest.identifier.clone(), manifest.issue_id.clone()))
}

/// The issue as the old tool saw it last: the next poll replaces it.
fn last_seen(manifest: &IssueManifest) -> Issue {
    Issue::blank(&manifest.issue_id, &manifest.identifier, &manifest.title, &manifest.current_state)
}
