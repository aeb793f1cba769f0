//! Workspaces of another tool's root: what its manifests say is taken into the store; the directories stay where they are.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{MigrateOptions, MigrateReport, io};
use crate::error::{Error, Exit, Result};
use crate::model::{Health, Issue, Key, Mode, Work, WorkspaceRecord, WorkspaceState};
use crate::project::Project;
use crate::store::{IssueRecord, Kind, StoreError, Transaction};

/// The folder in which OpenSymphony keeps what it knows of a workspace.
const FOLDER: &str = ".opensymphony";

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

/// `.opensymphony/issue.json`, as far as it is used.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct IssueManifest {
    pub(super) issue_id: String,
    pub(super) identifier: String,
    pub(super) title: String,
    pub(super) current_state: String,
    workspace_path: PathBuf,
}

/// `.opensymphony/run.json`, as far as it is used.
#[derive(Debug, Deserialize)]
struct RunManifest {
    status: String,
}

/// What is known of a directory in the root.
enum Found {
    /// Its manifest says whose it is.
    Manifest(IssueManifest),
    /// It has none.
    Nothing,
    /// It has one that says nothing, or something of another directory.
    Invalid,
}

/// The manifest of a workspace; one that was copied from elsewhere is not its own.
fn look(path: &Path) -> Found {
    let Ok(text) = fs::read_to_string(path.join(FOLDER).join("issue.json")) else { return Found::Nothing };
    let Ok(manifest) = serde_json::from_str::<IssueManifest>(&text) else { return Found::Invalid };
    let is_own = manifest.workspace_path.file_name() == path.file_name() && !manifest.identifier.trim().is_empty();
    if is_own { Found::Manifest(manifest) } else { Found::Invalid }
}

/// The issue's manifest in a workspace, if it is its own.
pub(super) fn manifest_of(path: &Path) -> Option<IssueManifest> {
    match look(path) {
        Found::Manifest(manifest) => Some(manifest),
        Found::Nothing | Found::Invalid => None,
    }
}

/// The text of `.opensymphony/conversation.json`.
pub(super) fn conversation_of(path: &Path) -> Option<String> {
    fs::read_to_string(path.join(FOLDER).join("conversation.json")).ok()
}

fn is_in_flight(path: &Path) -> bool {
    let text = fs::read_to_string(path.join(FOLDER).join("run.json")).unwrap_or_default();
    let run = serde_json::from_str::<RunManifest>(&text);
    run.is_ok_and(|run| ["preparing", "prepared", "running"].contains(&run.status.as_str()))
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
        let manifest = match look(&path) {
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
        .filter(|(path, _)| is_in_flight(path))
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

fn take_over(project: &Project, path: &Path, manifest: &IssueManifest) -> Result<()> {
    let now = project.seams.now();
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
            after_create: None,
            created: false,
            created_at: now,
            archived_path: None,
            cleanup_result: None,
            head: None,
            failure: None,
        };
        let data = json!({ "path": path, "state": manifest.current_state });
        tx.event("workspace.imported", Some(&work.identifier), None, data);
        if tx.get::<IssueRecord>(work.key.as_str())?.is_none() {
            tx.put(&IssueRecord { key: work.key.clone(), asked_at: 0, issue: last_seen(manifest) })?;
        }
        tx.put(&Work { workspace: Some(record), ..work })
    })?;
    Ok(())
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
