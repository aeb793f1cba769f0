//! The workspace's record.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HookReceipt, Timestamp};

/// How a workspace is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A plain directory; hooks fill it (SPEC 9.2).
    Directory,
    /// A git worktree of the repository, on a branch of its own.
    Worktree,
    /// A clone of the repository.
    Clone,
    /// One directory for all, one run at a time.
    Shared,
}

/// The life of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceState {
    /// Wanted; nothing is there.
    Requested,
    /// Being made; `after_create` has not succeeded yet.
    Provisioning,
    /// There, and free.
    Ready,
    /// A run or a person is in it.
    InUse,
    /// To be removed.
    CleanupQueued,
    /// Being removed: its directory may have been renamed aside.
    Cleaning,
    /// Moved to the archive.
    Archived,
    /// Gone.
    Removed,
    /// Being put right after a crash.
    Recovering,
    /// Could not be made.
    Failed,
}

impl WorkspaceState {
    /// Whether it was there and was taken away.
    #[must_use]
    pub fn is_gone(self) -> bool {
        match self {
            Self::Archived | Self::Removed => true,
            Self::Requested
            | Self::Provisioning
            | Self::Ready
            | Self::InUse
            | Self::CleanupQueued
            | Self::Cleaning
            | Self::Recovering
            | Self::Failed => false,
        }
    }
}

/// What a look at the workspace found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Nothing uncommitted or untracked.
    Clean,
    /// Something that exists nowhere else.
    Dirty,
    /// Not there.
    Missing,
    /// There, but no longer what was made (not registered, another repository).
    Drifted,
    /// No issue claims it.
    Orphaned,
    /// Could not be told.
    Unknown,
}

impl Health {
    /// The name as it is written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Dirty => "dirty",
            Self::Missing => "missing",
            Self::Drifted => "drifted",
            Self::Orphaned => "orphaned",
            Self::Unknown => "unknown",
        }
    }
}

/// What becomes of a workspace when its issue is terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CleanupPolicy {
    /// It stays.
    KeepAlways,
    /// It goes after success, else it stays.
    RemoveOnSuccess,
    /// It is archived after failure, else it stays.
    ArchiveOnFailure,
    /// It is archived.
    ArchiveAlways,
    /// A clean one goes, a dirty one is archived.
    RemoveWhenCleanOtherwiseArchive,
}

impl CleanupPolicy {
    /// Every policy.
    pub const ALL: [Self; 5] = [
        Self::KeepAlways,
        Self::RemoveOnSuccess,
        Self::ArchiveOnFailure,
        Self::ArchiveAlways,
        Self::RemoveWhenCleanOtherwiseArchive,
    ];

    /// The name as it is configured.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeepAlways => "keep_always",
            Self::RemoveOnSuccess => "remove_on_success",
            Self::ArchiveOnFailure => "archive_on_failure",
            Self::ArchiveAlways => "archive_always",
            Self::RemoveWhenCleanOtherwiseArchive => "remove_when_clean_otherwise_archive",
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Still there.
    Kept,
    /// Moved to the archive.
    Archived,
    /// Deleted.
    Removed,
}

impl Disposition {
    /// The name as it is written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Archived => "archived",
            Self::Removed => "removed",
        }
    }
}

/// The workspace's part of `work/<key>.json`.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct WorkspaceRecord {
    /// How it was made.
    pub mode: Mode,
    /// Absolute.
    pub path: PathBuf,
    /// Its branch (`worktree`, `clone`).
    pub branch: Option<String>,
    /// The commit from which the branch started, as 40 hex digits.
    pub base_commit: Option<String>,
    /// Where it is in its life.
    pub state: WorkspaceState,
    /// What the last look found.
    pub health: Health,
    /// `after_create`'s receipt; its absence, where the hook is configured and `created` is true, means not created.
    pub after_create: Option<HookReceipt>,
    /// Whether Baton made the directory (an adopted one was there before).
    pub created: bool,
    /// When it was made or adopted.
    pub created_at: Timestamp,
    /// Where the archive keeps it.
    pub archived_path: Option<PathBuf>,
    /// What became of it, at the last cleaning.
    pub cleanup_result: Option<Disposition>,
    /// HEAD at the last cleaning.
    pub head: Option<String>,
    /// Why it could not be made or cleaned.
    pub failure: Option<String>,
}
