//! Looking at a workspace: is it there, is it still what was made, and does it hold anything that exists nowhere else
//! (DESIGN §4)? And did anything move in it? Looking changes nothing.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::plan::Found;
use super::repository::Repository;
use super::status::{Status, has_unpushed_commits, is_on_no_branch};
use super::{WorkspaceError, Workspaces, path, root, worktree};
use crate::model::{Health, Mode, WorkspaceRecord};

/// Entries looked at for the newest modification: a bound on the time.
const ENTRIES: usize = 50_000;

/// What is where a workspace should be, whatever is in it: what can be told without asking git for a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What was made.
    There,
    /// Nothing.
    Missing,
    /// One whose making git did not finish.
    HalfMade,
    /// Something else.
    Drifted,
    /// It cannot be told, which is no ground for anything.
    Unknown,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) health: Health,
    /// What git says, where it was asked.
    pub(super) status: Option<Status>,
}

impl From<Health> for Look {
    fn from(health: Health) -> Self {
        Self { health, status: None }
    }
}

impl Workspaces<'_> {
    /// Looks, and changes nothing. What cannot be told is `Unknown`, which nobody deletes.
    #[must_use]
    pub fn health(&self, record: &WorkspaceRecord) -> Health {
        self.look(record).health
    }

    /// Whether what was made is in its place; cheap, and changes nothing.
    #[must_use]
    pub fn place(&self, record: &WorkspaceRecord) -> Place {
        match path::exists(&record.path) {
            Ok(true) => {}
            Ok(false) => return Place::Missing,
            Err(WorkspaceError::Symlink(_) | WorkspaceError::InTheWay { .. }) => return Place::Drifted,
            Err(_) => return Place::Unknown,
        }
        match record.mode {
            Mode::Worktree => self.place_of_worktree(&record.path),
            Mode::Clone if !record.path.join(".git").exists() => Place::Drifted,
            Mode::Directory | Mode::Clone | Mode::Shared => Place::There,
        }
    }

    fn place_of_worktree(&self, path: &Path) -> Place {
        let repository = match Repository::discover(&self.git(), self.base) {
            Ok(repository) => repository,
            Err(WorkspaceError::NotARepository(_)) => return Place::Drifted,
            Err(_) => return Place::Unknown,
        };
        match worktree::look(&repository, path) {
            Ok(Found::There) => Place::There,
            Ok(Found::Nothing) => Place::Missing,
            Ok(Found::HalfMade) => Place::HalfMade,
            Ok(Found::Foreign(_)) => Place::Drifted,
            Err(_) => Place::Unknown,
        }
    }

    pub(super) fn look(&self, record: &WorkspaceRecord) -> Look {
        match self.place(record) {
            Place::There => {}
            Place::Missing => return Health::Missing.into(),
            Place::HalfMade | Place::Drifted => return Health::Drifted.into(),
            Place::Unknown => return Health::Unknown.into(),
        }
        let looked = match record.mode {
            Mode::Worktree => self.look_at_worktree(&record.path),
            Mode::Directory | Mode::Clone | Mode::Shared => self.look_at_directory(record),
        };
        looked.unwrap_or_else(|error| {
            tracing::warn!(path = %record.path.display(), error = error.text(), "could not look at the workspace");
            Health::Unknown.into()
        })
    }

    /// What lies in the root and would be a workspace if an issue claimed it, sorted.
    pub fn directories(&self) -> Result<Vec<PathBuf>, WorkspaceError> {
        root::directories(&self.root())
    }

    /// Its branch stays in the repository; only commits that are on none would be lost.
    fn look_at_worktree(&self, path: &Path) -> Result<Look, WorkspaceError> {
        let git = self.git();
        let repository = Repository::discover(&git, self.base)?;
        // A submodule's commits are in the worktree's own part of the repository, and go with it.
        let submodules = repository.registration(path).is_some_and(|found| found.admin.join("modules").exists());
        let status = Status::of(&git, path)?;
        let dirty = submodules || status.is_dirty() || is_on_no_branch(&git, path, &status)?;
        Ok(Look { health: if dirty { Health::Dirty } else { Health::Clean }, status: Some(status) })
    }

    /// A directory that is a repository of its own goes with its commits.
    fn look_at_directory(&self, record: &WorkspaceRecord) -> Result<Look, WorkspaceError> {
        let path = &record.path;
        let Ok(dot_git) = fs::symlink_metadata(path.join(".git")) else { return Ok(Health::Clean.into()) };
        let git = self.git();
        let status = Status::of(&git, path)?;
        let dirty = status.is_dirty()
            || if dot_git.is_dir() {
                has_unpushed_commits(&git, path, &status, record.base_commit.as_deref())?
            } else {
                is_on_no_branch(&git, path, &status)?
            };
        Ok(Look { health: if dirty { Health::Dirty } else { Health::Clean }, status: Some(status) })
    }

    /// A digest of HEAD and `git status`, changed files' modification included (without git: of the newest modification
    /// time): equal means nothing moved. `None` where nothing is there.
    #[must_use]
    pub fn progress(&self, path: &Path) -> Option<String> {
        if !path.is_dir() {
            return None;
        }
        let status = path.join(".git").exists().then(|| Status::of(&self.git(), path).ok()).flatten();
        let mut digest = Sha256::new();
        match status {
            Some(status) => status.digest(path, &mut digest),
            None => digest.update(newest_modification(path)?.to_string()),
        }
        Some(digest.finalize().iter().take(16).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }))
    }
}

/// Nanoseconds since 1970 of the newest modification in the tree.
fn newest_modification(path: &Path) -> Option<i128> {
    let entries = WalkDir::new(path).into_iter().filter_map(Result::ok).take(ENTRIES);
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|found| i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec()))
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_git_the_newest_modification_counts() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("sub")).expect("mkdir");
        let before = newest_modification(dir.path()).expect("a time");
        let file = fs::File::create(dir.path().join("sub/file")).expect("a file");
        let later = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(10_000_000_000);
        file.set_modified(later).expect("a time of its own");
        assert!(newest_modification(dir.path()).expect("a time") > before);
        assert_eq!(newest_modification(&dir.path().join("gone")), None);
    }
}
