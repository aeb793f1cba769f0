//! What goes wrong with workspaces.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::HookReceipt;
use crate::store::StoreError;

/// What goes wrong with workspaces. Every message names the path or the key.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The path is not `<workspace.root>/<key>` (SPEC 9.5).
    #[error("{} is outside the workspace root {}", path.display(), root.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// A workspace is a directory of its own, never a link to one.
    #[error("{} is a symbolic link; a workspace must be a directory of its own", .0.display())]
    Symlink(PathBuf),
    /// Something that is no directory is where one should be.
    #[error("{} is in the way: it is {what}, not a directory", path.display())]
    InTheWay {
        /// The path.
        path: PathBuf,
        /// `a file`, `a socket`, …
        what: &'static str,
    },
    /// Somebody else put it there, and could change it under the agent.
    #[error("{} belongs to user {owner}, not to the one who runs Baton", path.display())]
    NotOurs {
        /// The path.
        path: PathBuf,
        /// Its owner's uid.
        owner: u32,
    },
    /// The system refused.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// A verb (`create`, `rename`, …).
        doing: &'static str,
        /// The path.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The root's `.baton-store` names another store.
    #[error("the workspace root {} belongs to the store {}, not to {}", root.display(), other.display(), store.display())]
    WrongStore {
        /// The root.
        root: PathBuf,
        /// The store that it names.
        other: PathBuf,
        /// The store at hand.
        store: PathBuf,
    },
    /// Somebody else holds the lease.
    #[error("the workspace of {key} is in use{}", holder.as_deref().map(|who| format!(" by {who}")).unwrap_or_default())]
    LeaseConflict {
        /// The key.
        key: String,
        /// Who, as far as the lease's note says.
        holder: Option<String>,
    },
    /// What is there is not this workspace, and is left alone.
    #[error("{} is not the workspace that belongs there: {why}", path.display())]
    Conflict {
        /// The path.
        path: PathBuf,
        /// A sentence.
        why: String,
    },
    /// A hook whose success is needed failed or ran out of time.
    #[error("hook {} {} in {}", receipt.hook, how_it_failed(receipt), path.display())]
    HookFailed {
        /// The workspace.
        path: PathBuf,
        /// What it did.
        receipt: Box<HookReceipt>,
    },
    /// Modes `worktree` and `clone` need a repository.
    #[error("{} is not in a git repository", .0.display())]
    NotARepository(PathBuf),
    /// The repository has no commit to start from.
    #[error("the git repository at {} has no commit yet: make a first commit", .0.display())]
    UnbornHead(PathBuf),
    /// `workspace.base` names nothing.
    #[error("workspace.base `{revision}` names no commit in the git repository at {}", repository.display())]
    UnknownBase {
        /// As configured.
        revision: String,
        /// Where it was looked for.
        repository: PathBuf,
    },
    /// Git refuses repositories of other users.
    #[error("git does not trust the repository at {}: it belongs to another user (safe.directory)", .0.display())]
    UntrustedRepository(PathBuf),
    /// The `git` program could not be started.
    #[error("could not start git")]
    NoGit(#[source] io::Error),
    /// The `git` program failed.
    #[error("git {command} failed in {}: {detail}", at.display())]
    Git {
        /// Its subcommand.
        command: String,
        /// Where.
        at: PathBuf,
        /// The end of what it said.
        detail: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WorkspaceError {
    /// The stable word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Outside { .. } => "outside_workspace_root",
            Self::Symlink(_) => "workspace_symlink",
            Self::InTheWay { .. } => "workspace_in_the_way",
            Self::NotOurs { .. } => "workspace_not_ours",
            Self::Io { .. } => "workspace_io",
            Self::WrongStore { .. } => "wrong_store",
            Self::LeaseConflict { .. } => "lease_conflict",
            Self::Conflict { .. } => "workspace_conflict",
            Self::HookFailed { .. } => "hook_failed",
            Self::NotARepository(_) => "not_a_repository",
            Self::UnbornHead(_) => "unborn_head",
            Self::UnknownBase { .. } => "unknown_base",
            Self::UntrustedRepository(_) => "untrusted_repository",
            Self::NoGit(_) => "no_git",
            Self::Git { .. } => "git_failed",
            Self::Store(error) => error.code(),
        }
    }

    /// The receipt of the hook that failed, for the run's manifest.
    #[must_use]
    pub fn receipt(&self) -> Option<&HookReceipt> {
        if let Self::HookFailed { receipt, .. } = self { Some(receipt) } else { None }
    }

    /// For `map_err`: the system refused to do that to this path.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// The message with its causes, on one line.
    pub(super) fn text(&self) -> String {
        crate::chain::chain(self)
    }
}

fn how_it_failed(receipt: &HookReceipt) -> String {
    match (receipt.timed_out, receipt.exit_code) {
        (true, _) => format!("ran out of time after {} ms", receipt.duration_ms),
        (false, Some(code)) => format!("failed with exit status {code}"),
        (false, None) => "did not end by itself".to_owned(),
    }
}
