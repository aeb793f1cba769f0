//! `gc`: what has been over for long leaves the working set, oldest first. Nothing that is live, dirty or cannot be told
//! is touched; what was used is still counted.

mod archive;
mod decide;
mod folders;
mod look;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::clean::{CleanOptions, clean_issue};
use crate::error::{Error, Result};
use crate::model::{CleanupPolicy, Key, RunId, Timestamp};
use crate::project::Project;
use crate::workspace::MergedBranch;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcOptions {
    /// Instead of `store.archive_after`, in milliseconds.
    pub older_than_ms: Option<u64>,
    /// Ended runs of each issue that are kept, however old.
    pub keep_runs: usize,
    /// Workspaces of issues that are over that stay at most, however young they are.
    pub max_workspaces: Option<usize>,
    /// At most so many things at a time.
    pub limit: Option<usize>,
    /// Say what would go, and do nothing.
    pub dry_run: bool,
}

/// What has gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct GcReport {
    /// How many things have gone; 0 for a dry run.
    pub changed: usize,
    /// Each of them, oldest first.
    pub actions: Vec<Collected>,
    /// What is old enough, and stays.
    pub kept: Vec<Kept>,
    /// What was to go and could not; it is tried again next time.
    pub failed: Vec<NotCollected>,
    /// Whether nothing was done, and this is what would be.
    pub dry_run: bool,
}

/// One thing that has gone.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Collected {
    /// What.
    pub kind: CollectedKind,
    /// Its name: an identifier, a run, a path, a branch.
    pub name: String,
    /// Whose.
    pub identifier: Option<String>,
    /// Since when it has been over, where that is known.
    pub over_since: Option<Timestamp>,
}

/// The kinds of things that go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectedKind {
    /// A clean workspace of an issue that is over was removed; its branch stays.
    Workspace,
    /// An issue that is over went to the archive, with its runs.
    Issue,
    /// A run of an issue that goes on was deleted.
    Run,
    /// A folder that an aborted launch left was deleted, or one of an archived run followed it.
    RunFolder,
    /// A branch `baton/*` that is merged was deleted.
    Branch,
}

/// Something that is old enough, and stays.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Kept {
    /// Whose.
    pub identifier: String,
    /// `dirty`, `unverified`, `workspace_there` or `age_unknown`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}

/// Something that was to go and could not.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct NotCollected {
    /// What.
    pub name: String,
    /// A stable word.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// Something that may go.
enum Candidate {
    Workspace { key: Key, identifier: String, path: PathBuf },
    Issue { key: Key, identifier: String },
    Run { run: RunId, identifier: String },
    Folder(RunId),
    Branch(MergedBranch),
}

impl Candidate {
    fn collected(&self, over_since: Option<Timestamp>) -> Collected {
        let (kind, name, identifier) = match self {
            Self::Workspace { identifier, path, .. } => {
                (CollectedKind::Workspace, path.display().to_string(), Some(identifier))
            }
            Self::Issue { identifier, .. } => (CollectedKind::Issue, identifier.clone(), Some(identifier)),
            Self::Run { run, identifier } => (CollectedKind::Run, run.to_string(), Some(identifier)),
            Self::Folder(run) => (CollectedKind::RunFolder, run.to_string(), None),
            Self::Branch(branch) => (CollectedKind::Branch, branch.name.clone(), None),
        };
        Collected { kind, name, identifier: identifier.cloned(), over_since }
    }

    /// Lets it go; `false` where it is not what it was any more.
    async fn collect(&self, project: &Project, before: Timestamp) -> Result<bool> {
        match self {
            Self::Workspace { key, .. } => {
                // Looked at again under its lease; what became dirty meanwhile is archived, never deleted.
                let policy = Some(CleanupPolicy::RemoveWhenCleanOtherwiseArchive);
                let patience = Some(std::time::Duration::ZERO);
                clean_issue(project, key, CleanOptions { policy, patience, dry_run: false }).await.map(|_| true)
            }
            Self::Issue { key, .. } => archive::archive(project, key, before),
            Self::Run { run, .. } => archive::delete_run(project, run, before),
            Self::Folder(run) => folders::collect(project, run),
            Self::Branch(branch) => {
                let by = project.by(None);
                project.workspaces(&by).delete_branch(branch).await?;
                Ok(true)
            }
        }
    }
}

/// Lets go of what has been over for long enough. A second call at the same time finds nothing more.
pub async fn gc(project: &Project, options: GcOptions) -> Result<GcReport> {
    let older_than_ms = options.older_than_ms.unwrap_or(project.workflow.config.store.archive_after_ms);
    let before = decide::before(project.seams.now(), older_than_ms);
    let (mut found, kept) = look::look(project, before, options)?;
    // What has no date is nobody's: it goes first.
    found.sort_by_key(|(since, candidate)| (*since, candidate.collected(None).kind, candidate.collected(None).name));
    found.truncate(options.limit.unwrap_or(usize::MAX));
    if !options.dry_run {
        archive::sweep(project);
    }
    let mut report = GcReport { kept, dry_run: options.dry_run, ..GcReport::default() };
    for (since, candidate) in found {
        let done = if options.dry_run { Ok(true) } else { candidate.collect(project, before).await };
        let collected = candidate.collected(since);
        match done {
            Ok(true) => report.actions.push(collected),
            Ok(false) => {}
            Err(error) => report.failed.push(failure(collected.name, &error)),
        }
    }
    report.changed = if options.dry_run { 0 } else { report.actions.len() };
    Ok(report)
}

fn failure(name: String, error: &Error) -> NotCollected {
    NotCollected { name, code: error.code.to_owned(), message: error.line() }
}
