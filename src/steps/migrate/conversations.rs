//! Which conversation belongs where: those of active issues to the active store, those of terminal ones to the archive
//! (FEATURES O16, O17).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::moving::{Moved, Place, Stores};
use super::opensymphony::{Found, conversation_of, issue_of};
use super::workspaces::directories;
use super::{MigrateOptions, MigrateReport, io};
use crate::error::Result;
use crate::model::Work;
use crate::project::Project;
use crate::store::{IssueRecord, Kind};

/// Conversations of active issues, counted.
#[derive(Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Active {
    /// Moved into the active store, or to be.
    pub moved: u64,
    /// There already.
    pub already_active: u64,
    /// In none of the stores.
    pub missing: u64,
    /// The issue has no workspace.
    pub skipped_without_workspace: u64,
    /// The workspace has no `conversation.json`.
    pub skipped_without_manifest: u64,
    /// It has one that names no conversation.
    pub skipped_invalid_manifest: u64,
}

/// Conversations of terminal issues, counted.
#[derive(Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Legacy {
    /// Moved into the archive, or to be.
    pub moved_to_archived: u64,
    /// There already.
    pub already_archived: u64,
    /// In none of the stores.
    pub missing: u64,
    /// The issue is not terminal: left alone.
    pub skipped_non_terminal: u64,
    /// The workspace has no `conversation.json`.
    pub skipped_without_manifest: u64,
    /// It has one that names no conversation.
    pub skipped_invalid_manifest: u64,
}

/// Which conversation a workspace is of.
enum Named {
    One(Uuid),
    None,
    Invalid,
}

fn conversation_in(workspace: &Path) -> Named {
    match conversation_of(workspace) {
        Found::Nothing => Named::None,
        Found::Invalid => Named::Invalid,
        Found::Manifest(it) => Uuid::parse_str(it.conversation_id.trim()).map_or(Named::Invalid, Named::One),
    }
}

pub(super) fn sort(project: &Project, root: &Path, options: &MigrateOptions, report: &mut MigrateReport) -> Result<()> {
    let root = root.canonicalize().map_err(io("resolve", root))?;
    let stores = Stores::new(&root, &repository_key(project.base()));
    if !options.dry_run {
        stores.prepare().map_err(io("prepare", &root))?;
    }
    let tracker = &project.workflow.config.tracker;
    let snapshot = project.store.snapshot(&[Kind::Work, Kind::Issues])?;
    let mut workspace_of: BTreeMap<String, PathBuf> = snapshot
        .all::<Work>()
        .into_iter()
        .filter_map(|work| Some((work.identifier.clone(), work.workspace.as_ref()?.path.clone())))
        .collect();
    for path in options.from.iter().map(|root| directories(root)).collect::<Result<Vec<_>>>()?.concat() {
        // A plan has not taken them over yet.
        if let (Some(manifest), Ok(path)) = (issue_of(&path).ok(), path.canonicalize()) {
            workspace_of.entry(manifest.identifier).or_insert(path);
        }
    }
    let states: BTreeMap<String, String> = snapshot
        .all::<IssueRecord>()
        .into_iter()
        .map(|record| (record.issue.identifier.clone(), record.issue.state))
        .collect();
    for (identifier, _) in states.iter().filter(|(_, state)| tracker.is_active(state)) {
        let Some(workspace) = workspace_of.get(identifier).filter(|path| path.is_dir()) else {
            report.active.skipped_without_workspace += 1;
            continue;
        };
        let id = match conversation_in(workspace) {
            Named::One(id) => id,
            Named::None => {
                report.active.skipped_without_manifest += 1;
                continue;
            }
            Named::Invalid => {
                report.active.skipped_invalid_manifest += 1;
                continue;
            }
        };
        match move_one(&stores, id, Place::Active, identifier, options, report)? {
            Moved::ToTarget => report.active.moved += 1,
            Moved::AlreadyInTarget => report.active.already_active += 1,
            Moved::Missing => report.active.missing += 1,
        }
    }
    for (identifier, workspace, state) in all_workspaces(&workspace_of, &states, options)? {
        if !tracker.is_terminal(&state) {
            report.legacy.skipped_non_terminal += 1;
            continue;
        }
        let id = match conversation_in(&workspace) {
            Named::One(id) => id,
            Named::None => {
                report.legacy.skipped_without_manifest += 1;
                continue;
            }
            Named::Invalid => {
                report.legacy.skipped_invalid_manifest += 1;
                continue;
            }
        };
        match move_one(&stores, id, Place::Archived, &identifier, options, report)? {
            Moved::ToTarget => report.legacy.moved_to_archived += 1,
            Moved::AlreadyInTarget => report.legacy.already_archived += 1,
            Moved::Missing => report.legacy.missing += 1,
        }
    }
    Ok(())
}

/// Every workspace with its issue and the issue's state: those of the store, and those of the root that is taken over.
fn all_workspaces(
    workspace_of: &BTreeMap<String, PathBuf>,
    states: &BTreeMap<String, String>,
    options: &MigrateOptions,
) -> Result<Vec<(String, PathBuf, String)>> {
    let mut all: BTreeMap<PathBuf, (String, String)> = BTreeMap::new();
    for (identifier, path) in workspace_of.iter().filter(|(_, path)| path.is_dir()) {
        let last_seen = || issue_of(path).ok().map(|manifest| manifest.current_state);
        let state = states.get(identifier).cloned().or_else(last_seen).unwrap_or_default();
        all.insert(path.clone(), (identifier.clone(), state));
    }
    if let Some(root) = &options.from {
        let root = root.canonicalize().map_err(io("resolve", root))?;
        for path in directories(&root)? {
            if let Some(manifest) = issue_of(&path).ok() {
                let state = states.get(&manifest.identifier).cloned().unwrap_or(manifest.current_state);
                all.entry(path).or_insert((manifest.identifier, state));
            }
        }
    }
    Ok(all.into_iter().map(|(path, (identifier, state))| (identifier, path, state)).collect())
}

fn move_one(
    stores: &Stores,
    id: Uuid,
    target: Place,
    identifier: &str,
    options: &MigrateOptions,
    report: &mut MigrateReport,
) -> Result<Moved> {
    let plan = stores.plan(id, target).map_err(io("compare the copies in", stores.root()))?;
    if let Some((from, place)) = &plan.source {
        let message = format!("the conversation of {identifier}: {} to {}", place.as_str(), target.as_str());
        report.step("move_conversation", from, message);
    }
    for duplicate in &plan.duplicates {
        let message = format!("a less complete copy of the conversation of {identifier} goes to the backup");
        report.step("keep_duplicate", duplicate, message);
        if !report.backups.contains(&stores.backup()) {
            report.backups.push(stores.backup());
        }
    }
    if !options.dry_run {
        stores.carry_out(&plan).map_err(io("sort the conversations of", stores.root()))?;
    }
    Ok(plan.outcome)
}

/// The name of a repository's folder below `repos/`: its directory's name, and the beginning of the SHA-256 of its path.
fn repository_key(repository: &Path) -> String {
    let path = repository.canonicalize().unwrap_or_else(|_| repository.to_owned());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut slug = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(48);
    let slug = slug.trim_matches('-');
    let digest = Sha256::digest(path.to_string_lossy().as_bytes());
    let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{hash}", if slug.is_empty() { "repo" } else { slug })
}
