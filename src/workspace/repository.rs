//! The repository that worktrees belong to, and what is read from it. libgit2 answers where it can; where it can't
//! (reftable, SHA-256, a newer extension, another owner) the git program has the last word.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::WorkspaceError;
use super::git::{self, Git, args, printed_path, printed_text};

/// The lock that lets one Baton at a time add or remove worktrees of a repository; in the git common directory.
const LOCK: &str = "baton-worktree.lock";

/// A git repository, found from a directory in it: its root, a subdirectory, a linked worktree, or the bare repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repository {
    /// Where it was found from: HEAD is the one of this checkout.
    pub(super) base: PathBuf,
    /// What all its worktrees share, canonical.
    pub(super) common_dir: PathBuf,
}

/// A worktree as the repository has it on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registration {
    /// `<common dir>/worktrees/<name>`.
    pub(super) admin: PathBuf,
    /// Whether `git worktree add` was killed before it was through.
    pub(super) half_made: bool,
}

impl Repository {
    /// Finds the repository that `base` lies in.
    pub(super) fn discover(git: &Git, base: &Path) -> Result<Self, WorkspaceError> {
        let common_dir = match git2::Repository::discover(base) {
            Ok(found) => found.commondir().to_owned(),
            Err(_) => {
                let arguments = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
                printed_path(&git.read(base, &arguments)?)
            }
        };
        let common_dir = common_dir.canonicalize().map_err(WorkspaceError::io("resolve", &common_dir))?;
        Ok(Self { base: base.to_owned(), common_dir })
    }

    /// The commit that `revision` names from this checkout; `None` where it names none.
    pub(super) fn commit_of(&self, git: &Git, revision: &str) -> Result<Option<String>, WorkspaceError> {
        let revision = format!("{revision}^{{commit}}");
        if let Ok(found) = git2::Repository::discover(&self.base)
            && let Ok(object) = found.revparse_single(&revision)
        {
            return Ok(Some(object.id().to_string()));
        }
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &revision];
        let output = git.output(&self.base, &arguments)?;
        match output.status.code() {
            Some(0) => Ok(Some(printed_text(&output.stdout))),
            Some(1) => Ok(None),
            _ => Err(git::failure(&output, &self.base, &arguments)),
        }
    }

    /// The newest commit that both have; the first of them where they share nothing.
    pub(super) fn merge_base(&self, git: &Git, one: &str, other: &str) -> Result<String, WorkspaceError> {
        let output = git.output(&self.base, &["merge-base", one, other])?;
        let found = printed_text(&output.stdout);
        Ok(if output.status.success() && !found.is_empty() { found } else { one.to_owned() })
    }

    /// The worktree that is registered for `path` (canonical), whether anything is there or not.
    ///
    /// Read from the repository's own files (gitrepository-layout(5)): git names the entry after the last part of the
    /// path, so that the first look nearly always hits, however many there are.
    pub(super) fn registration(&self, path: &Path) -> Option<Registration> {
        let all = self.common_dir.join("worktrees");
        let likely = all.join(path.file_name()?);
        if is_of(&likely, path) {
            return Some(registration(likely));
        }
        let others = fs::read_dir(&all).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        others.filter(|admin| *admin != likely).find(|admin| is_of(admin, path)).map(registration)
    }

    /// Whether the directory at `path` is the worktree of `registration`: its `.git` leads back there.
    pub(super) fn is_worktree(path: &Path, registration: &Registration) -> bool {
        let Ok(text) = fs::read_to_string(path.join(".git")) else { return false };
        let Some(target) = text.trim_end().strip_prefix("gitdir: ") else { return false };
        let target = path.join(target).canonicalize();
        matches!((target, registration.admin.canonicalize()), (Ok(one), Ok(other)) if one == other)
    }

    /// Cuts the tie of a worktree that was moved into the archive: the entry's name may be given to another one, and git
    /// run in the archive would take that for its own.
    pub(super) fn untie(moved: &Path, registration: &Registration) -> Result<(), WorkspaceError> {
        if Self::is_worktree(moved, registration) {
            let tie = moved.join(".git");
            fs::remove_file(&tie).map_err(WorkspaceError::io("remove", &tie))?;
        }
        Ok(())
    }

    /// Takes the lock for adding and removing worktrees; waits for it off-thread.
    pub(super) async fn lock(&self) -> Result<File, WorkspaceError> {
        let path = self.common_dir.join(LOCK);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(WorkspaceError::io("open", &path))?;
        let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
        locked.map_err(io::Error::other).and_then(|locked| locked).map_err(WorkspaceError::io("lock", &path))
    }

    /// Takes a worktree whose directory is gone, or is about to be made anew, off the record. Nothing else is pruned.
    pub(super) async fn unregister(&self, git: &Git, path: &Path, lock: &File) -> Result<(), WorkspaceError> {
        if self.registration(path).is_some() {
            // Twice: a half-made worktree is locked.
            git.write(&self.base, &args([&"worktree", &"remove", &"--force", &"--force", &path]), lock).await?;
        }
        Ok(())
    }
}

fn registration(admin: PathBuf) -> Registration {
    let half_made = fs::read_to_string(admin.join("locked")).is_ok_and(|reason| reason.trim_end() == "initializing");
    Registration { admin, half_made }
}

fn is_of(admin: &Path, path: &Path) -> bool {
    let Ok(text) = fs::read_to_string(admin.join("gitdir")) else { return false };
    lexically(&admin.join(text.trim_end())).parent() == Some(path)
}

/// Without `.` and `..`: a relative `gitdir` may lead to a directory that is gone.
fn lexically(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => out.push(component),
        }
    }
    out
}
