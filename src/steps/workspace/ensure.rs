//! `workspace ensure`: make an issue's workspace, or find that it is there (SPEC 9.2).

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Result;
use crate::model::{Health, Key, Mode, WorkspaceRecord};
use crate::project::Project;
use crate::steps::{Found, Target, unknown};
use crate::store::IssueRecord;
use crate::workspace::Ensured;

/// The workspace as it is now.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct EnsureReport {
    /// Whose.
    pub identifier: String,
    /// Its key.
    pub key: Key,
    /// Where.
    pub path: PathBuf,
    /// Whether this call made it.
    pub created: bool,
    /// How it was made.
    pub mode: Mode,
    /// Its branch.
    pub branch: Option<String>,
    /// What the branch started from.
    pub base_commit: Option<String>,
    /// What a look at it finds.
    pub health: Health,
    /// Whether nothing was done: `created` says whether it would be made.
    pub dry_run: bool,
}

/// Ensures the workspace under its lease; waits `patience` for somebody who is in it.
pub async fn ensure(project: &Project, found: &Found, patience: Option<Duration>) -> Result<EnsureReport> {
    let by = project.by(None);
    let workspaces = project.workspaces(&by);
    let record: IssueRecord =
        project.store.get(found.key.as_str())?.ok_or_else(|| unknown(&Target::Named(found.key.to_string())))?;
    let lease = workspaces.lease(&found.key, patience)?;
    let ensured = workspaces.ensure(&lease, &record.issue, &found.key, None).await?;
    let health = workspaces.health(&ensured.record);
    Ok(report(found, Ensured { record: WorkspaceRecord { health, ..ensured.record }, ..ensured }, false))
}

/// What that would do, without doing it.
pub async fn ensure_plan(project: &Project, found: &Found) -> Result<EnsureReport> {
    let by = project.by(None);
    Ok(report(found, project.workspaces(&by).ensure_plan(&found.key).await?, true))
}

fn report(found: &Found, ensured: Ensured, dry_run: bool) -> EnsureReport {
    EnsureReport {
        identifier: found.work.identifier.clone(),
        key: found.key.clone(),
        path: ensured.record.path,
        created: ensured.created_now,
        mode: ensured.record.mode,
        branch: ensured.record.branch,
        base_commit: ensured.record.base_commit,
        health: ensured.record.health,
        dry_run,
    }
}
