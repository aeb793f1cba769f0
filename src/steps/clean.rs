//! Taking workspaces away: those of terminal issues by themselves (SPEC 8.5, 8.6; DESIGN §4), any other where a person
//! asks for it. Decided from records.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::workspace::no_workspace;
use crate::error::{Error, Result};
use crate::model::{CleanupPolicy, Disposition, Key, Status, Work, WorkspaceRecord};
use crate::project::Project;
use crate::queue::ClaimError;
use crate::recovery;
use crate::store::{IssueRecord, RowWorkspace};

/// What became of one workspace.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Cleaned {
    /// Whose.
    pub identifier: String,
    /// Where it was.
    pub path: PathBuf,
    /// What became of it; `None` where it failed.
    pub disposition: Option<Disposition>,
    /// Where the archive keeps it.
    pub archived_path: Option<PathBuf>,
    /// Why it failed; it is tried again next time.
    pub error: Option<String>,
}

/// How workspaces are cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanOptions {
    /// Instead of `workspace.cleanup`; one that was kept by that is looked at again.
    pub policy: Option<CleanupPolicy>,
    /// How long somebody who is in it is waited for.
    pub patience: Option<Duration>,
    /// Say what would become of it, and do nothing.
    pub dry_run: bool,
}

/// Cleans the workspaces of issues that are done, one after the other. One that is in use is left for the next time;
/// a failure is told and holds up nobody else.
pub async fn clean_terminal(project: &Project, dry_run: bool) -> Result<Vec<Cleaned>> {
    let options = CleanOptions { policy: None, patience: Some(Duration::ZERO), dry_run };
    let all = clean_all(project, options).await?;
    let in_use = |error: &Error| error.code == "lease_conflict";
    Ok(all.into_iter().filter(|(_, error)| !error.as_ref().is_some_and(in_use)).map(|(cleaned, _)| cleaned).collect())
}

/// The same by a person's options, with each failure.
pub async fn clean_all(project: &Project, options: CleanOptions) -> Result<Vec<(Cleaned, Option<Error>)>> {
    let still = |work: &Work| {
        let workspace = work.workspace.as_ref().map(RowWorkspace::of);
        is_to_clean(&work.status, workspace, options.policy)
    };
    let rows = project.store.rows()?.rows.into_iter();
    let mut all = Vec::new();
    for row in rows.filter(|row| is_to_clean(&row.status, row.workspace, options.policy)) {
        match clean_one(project, &row.key, options, still).await {
            Ok(cleaned) => all.extend(cleaned.map(|cleaned| (cleaned, None))),
            Err(error) => {
                tracing::debug!(issue_identifier = %row.identifier, %error, "workspace not cleaned");
                let Some(path) = path_of(project, &row.key) else { continue };
                let (identifier, text) = (row.identifier, Some(error.to_string()));
                let failed = Cleaned { identifier, path, disposition: None, archived_path: None, error: text };
                all.push((failed, Some(error)));
            }
        }
    }
    Ok(all)
}

/// Cleans the workspace of one issue, whatever its status; not one that a run has.
pub async fn clean_issue(project: &Project, key: &Key, options: CleanOptions) -> Result<Cleaned> {
    if !options.dry_run {
        recovery::settle(project, Some(key)).await?;
    }
    let cleaned = clean_one(project, key, options, |work| work.workspace.is_some()).await?;
    cleaned.ok_or_else(|| no_workspace(key.as_str()))
}

/// One that was left there on purpose is looked at again where a person names a policy.
fn is_to_clean(status: &Status, workspace: Option<RowWorkspace>, policy: Option<CleanupPolicy>) -> bool {
    *status == Status::Done
        && match workspace {
            Some(RowWorkspace::There) => true,
            Some(RowWorkspace::Kept) => policy.is_some(),
            Some(RowWorkspace::Gone) | None => false,
        }
}

/// Where it is, by the record; `None` where that cannot be read, which `status` tells.
fn path_of(project: &Project, key: &Key) -> Option<PathBuf> {
    project.store.get::<Work>(key.as_str()).ok()??.workspace.map(|record| record.path)
}

/// Decides on the record as it is under the lease; `None` where it is not `wanted` any more.
async fn clean_one(
    project: &Project,
    key: &Key,
    options: CleanOptions,
    wanted: impl Fn(&Work) -> bool,
) -> Result<Option<Cleaned>> {
    let by = project.by(None);
    let workspaces = project.workspaces(&by);
    let current = || -> Result<Option<(Work, WorkspaceRecord)>> {
        let Some(mut work) = project.store.get::<Work>(key.as_str())?.filter(&wanted) else { return Ok(None) };
        ClaimError::unless_free(&work)?;
        Ok(work.workspace.take().map(|record| (work, record)))
    };
    let policy = options.policy.unwrap_or(project.workflow.config.workspace.cleanup);
    let Some((work, record)) = current()? else { return Ok(None) };
    let cleaned = |work: Work, record: WorkspaceRecord, disposition| Cleaned {
        identifier: work.identifier,
        path: record.path,
        disposition: Some(disposition),
        archived_path: record.archived_path,
        error: None,
    };
    if options.dry_run {
        let planned = workspaces.clean_plan(&record, work.last_outcome, policy)?;
        return Ok(Some(cleaned(work, record, planned)));
    }
    let lease = workspaces.lease(key, options.patience)?;
    let Some((work, record)) = current()? else { return Ok(None) };
    let Some(known) = project.store.get::<IssueRecord>(key.as_str())? else { return Ok(None) };
    let disposition = workspaces.clean(&lease, &known.issue, key, policy).await?;
    let record = project.store.get::<Work>(key.as_str())?.and_then(|work| work.workspace).unwrap_or(record);
    Ok(Some(cleaned(work, record, disposition)))
}
