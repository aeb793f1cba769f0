//! Where an issue is worked on (SPEC 9; DESIGN §4, §5, §7): path safety, making, git, hooks, health and cleaning.
//!
//! A workspace is `<workspace.root>/<key>`. Whoever touches one holds its [`Lease`]; what is known of it is the
//! [`WorkspaceRecord`] in `work/<key>`. [`Workspaces::ensure`] makes it or finds it, [`Workspaces::clean`] takes it
//! away when its issue is terminal, [`Workspaces::health`] and [`Workspaces::progress`] look and change nothing.

mod aside;
mod branches;
mod changes;
mod clean;
mod clone;
mod ensure;
mod environment;
mod error;
mod foresee;
mod git;
mod health;
mod hooks;
mod lease;
mod orphan;
mod path;
mod plan;
mod repository;
mod root;
mod shared;
mod size;
mod status;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod worktree;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use branches::MergedBranch;
pub use error::WorkspaceError;
pub use health::Place;
pub use lease::{Lease, LeaseSeen};
pub use root::{LEASES, STORE_MARKER, named_store};
pub use size::{Size, size_of};
pub use worktree::NOT_A_WORKTREE;

use crate::model::{HookReceipt, Key, Mode, RunId, WorkspaceRecord};
use crate::seams::Seams;
use crate::store::{By, Store};
use crate::workflow::Config;

/// What the workspace's functions work with.
#[derive(Clone, Copy)]
pub struct Workspaces<'a> {
    /// The store: the record is in `work/<key>`.
    pub store: &'a Store,
    /// The configuration.
    pub config: &'a Config,
    /// The directory of WORKFLOW.md: the repository of modes `worktree` and `clone` is the one that it lies in.
    pub base: &'a Path,
    /// WORKFLOW.md itself.
    pub workflow_path: &'a Path,
    /// Clock and environment.
    pub seams: &'a Seams,
    /// Credentials' names of the selected tracker, kept from children.
    pub secret_names: &'a [String],
    /// The absolute path of this program.
    pub exe: &'a Path,
    /// Who writes.
    pub by: &'a By,
}

/// What [`Workspaces::ensure`] did.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensured {
    /// The record as it is now.
    pub record: WorkspaceRecord,
    /// Whether this call made it.
    pub created_now: bool,
    /// Receipts of the hooks that this call ran.
    pub hooks: Vec<HookReceipt>,
}

/// For which run, if any, hooks and the agent are started: gives them their `BATON_*` variables and the run mark.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// The run.
    pub run: RunId,
    /// Its `attempt`.
    pub attempt: Option<u32>,
}

/// Between two tries of a lease that somebody else holds.
const LEASE_PAUSE: Duration = Duration::from_millis(100);

impl Workspaces<'_> {
    /// `<workspace.root>` (default `<store>/workspaces`), absolute; canonical where its links can be resolved.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        let root = self.config.workspace.root.clone();
        let root = root.unwrap_or_else(|| self.store.layout().root.join("workspaces"));
        path::canonical_root(&root).unwrap_or(root)
    }

    /// `<workspace.root>/<key>`; in mode `shared` the one directory.
    #[must_use]
    pub fn path(&self, key: &Key) -> PathBuf {
        let own = self.root().join(key.as_str());
        if self.config.workspace.mode == Mode::Shared { self.shared_path().unwrap_or(own) } else { own }
    }

    /// Takes the lease; waits at most `patience`, then fails as a conflict (exit 6) that names the holder where known.
    /// Makes the root, and refuses one that belongs to another store (`wrong_store`). In mode `shared` it covers the
    /// shared directory as well.
    pub fn lease(&self, key: &Key, patience: Option<Duration>) -> Result<Lease, WorkspaceError> {
        self.store.check_owner()?;
        let root = root::prepare(&self.root(), &self.store.layout().root)?;
        let run = self.by.fence.as_ref().map(|fence| fence.run.to_string());
        let holder = lease::Holder { pid: self.by.pid, command: self.by.command.clone(), run };
        let mut lease = lease::take(&root, key.as_str(), key, &holder, patience)?;
        if self.config.workspace.mode == Mode::Shared {
            let name = shared::lease_name(&self.shared_path()?);
            lease.shared = Some(Box::new(lease::take(&root, &name, key, &holder, patience)?));
        }
        Ok(lease)
    }

    /// The same without blocking the thread: a worker that waits must still hear that it is to stop.
    pub async fn lease_within(&self, key: &Key, patience: Duration) -> Result<Lease, WorkspaceError> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            match self.lease(key, Some(Duration::ZERO)) {
                Err(WorkspaceError::LeaseConflict { .. }) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(LEASE_PAUSE).await;
                }
                taken => return taken,
            }
        }
    }

    /// Who has the lease of a workspace, and whom its note names. Changes nothing.
    #[must_use]
    pub fn lease_seen(&self, key: &Key) -> (LeaseSeen, Option<String>) {
        lease::look(&self.root(), key.as_str())
    }

    /// The last check before a launch (SPEC 9.5): `cwd` is that workspace, and the workspace lies directly below the
    /// root, with no link in between.
    pub fn check_cwd(&self, cwd: &Path, workspace: &Path) -> Result<(), WorkspaceError> {
        if self.is_shared(workspace) {
            return path::same_directory(cwd, workspace);
        }
        path::check_cwd(cwd, workspace, &self.root())
    }

    /// The root that the workspace lies in: the configured one, or an earlier one that names this store.
    fn root_of(&self, path: &Path) -> Result<PathBuf, WorkspaceError> {
        let root = self.root();
        let outside = || WorkspaceError::Outside { path: path.to_owned(), root: root.clone() };
        let parent = path.parent().ok_or_else(outside)?;
        let ours = parent == root
            || parent.canonicalize().is_ok_and(|canonical| canonical == parent)
                && named_store(parent)?.is_some_and(|store| store == self.store.layout().root);
        // A root that is gone as a whole holds nothing to be afraid for.
        if ours || !parent.exists() { Ok(parent.to_owned()) } else { Err(outside()) }
    }

    /// What is at a workspace's place must be this user's own, and nothing that Baton itself stands on.
    fn require_ours(&self, path: &Path) -> Result<(), WorkspaceError> {
        path::require_owner(path, false)?;
        let base = self.base.canonicalize().map_err(WorkspaceError::io("resolve", self.base))?;
        if [base.as_path(), &self.store.layout().root].iter().any(|needed| needed.starts_with(path)) {
            let why = "the project itself lies in it; `workspace.root` must be another directory".to_owned();
            return Err(WorkspaceError::Conflict { path: path.to_owned(), why });
        }
        Ok(())
    }

    fn git(&self) -> git::Git {
        git::Git::new(self.git_environment(), &self.root())
    }

    fn hook_configured(&self, name: &str) -> bool {
        hooks::script(&self.config.hooks, name).is_some()
    }
}
