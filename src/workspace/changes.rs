//! Saving what a workspace holds and nothing else does, before it is archived.

use std::fs;
use std::io;
use std::path::Path;

use walkdir::WalkDir;

use super::WorkspaceError;
use super::git::{Git, args, printed_path};
use super::repository::{Registration, Repository};
use super::status::{Status, is_on_no_branch};

/// Writes what is not committed, untracked files included, as a patch against HEAD. Nothing to write leaves no file, and
/// so does a directory that is no repository. The workspace's index and the repository's objects stay as they are.
pub(super) fn write_patch(git: &Git, path: &Path, patch: &Path) -> Result<(), WorkspaceError> {
    if fs::symlink_metadata(path.join(".git")).is_err() {
        return Ok(());
    }
    let absolute = |name| {
        let found = git.read(path, &["rev-parse", "--path-format=absolute", "--git-path", name])?;
        Ok::<_, WorkspaceError>(printed_path(&found))
    };
    let beside = patch.parent().unwrap_or(path);
    let scratch = tempfile::tempdir_in(beside).map_err(WorkspaceError::io("make a directory in", beside))?;
    let (index, known) = (scratch.path().join("index"), absolute("index")?);
    if known.exists() {
        copy_with_time(&known, &index).map_err(WorkspaceError::io("copy", &known))?;
    }
    let git = git.with_scratch(&index, scratch.path(), &absolute("objects")?);
    git.read(path, &["add", "--all"])?;
    let mut output = std::ffi::OsString::from("--output=");
    output.push(patch);
    let plain = [&"diff" as &dyn AsRef<std::ffi::OsStr>, &"--cached", &"--binary", &"--no-renames"];
    let safe = [&"--no-color" as &dyn AsRef<std::ffi::OsStr>, &"--no-ext-diff", &"--no-textconv", &output];
    git.read(path, &[args(plain), args(safe)].concat())?;
    if fs::metadata(patch).is_ok_and(|found| found.len() == 0) {
        fs::remove_file(patch).map_err(WorkspaceError::io("remove", patch))?;
    }
    Ok(())
}

/// Copies an index. Git looks into a file that was changed in the second in which its index was written only because of
/// the index's time.
fn copy_with_time(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    fs::File::options().write(true).open(to)?.set_modified(fs::metadata(from)?.modified()?)
}

/// Commits that are on no branch (a detached HEAD) get a reference in the repository: `refs/baton/archive/<key>.<n>`.
pub(super) fn keep_commits(git: &Git, path: &Path, status: &Status, archived: &Path) -> Result<(), WorkspaceError> {
    if !is_on_no_branch(git, path, status)? {
        return Ok(());
    }
    let name = archived.file_name().unwrap_or_default().to_string_lossy();
    git.read(path, &["update-ref", &format!("refs/baton/archive/{name}"), "HEAD"]).map(drop)
}

/// A worktree's submodules have their commits in its own part of the repository, which goes when it is unregistered:
/// they are kept in `<common dir>/baton-archive/<key>.<n>`.
pub(super) fn keep_submodules(
    repository: &Repository,
    registration: &Registration,
    archived: &Path,
) -> Result<(), WorkspaceError> {
    let modules = registration.admin.join("modules");
    let Some(name) = archived.file_name().filter(|_| modules.exists()) else { return Ok(()) };
    let kept = repository.common_dir.join("baton-archive").join(name);
    fs::create_dir_all(&kept).map_err(WorkspaceError::io("create", &kept))?;
    fs::rename(&modules, kept.join("modules")).map_err(WorkspaceError::io("move", &modules))?;
    for entry in WalkDir::new(&kept).into_iter().filter_map(Result::ok) {
        if entry.file_name() == "config" && entry.path().with_file_name("HEAD").exists() {
            forget_checkout(entry.path());
        }
    }
    Ok(())
}

/// A kept repository whose checkout is gone must not lead git there.
fn forget_checkout(config: &Path) {
    let forgotten = git2::Config::open(config).and_then(|mut opened| opened.remove("core.worktree"));
    if let Err(error) = forgotten
        && error.code() != git2::ErrorCode::NotFound
    {
        tracing::warn!(path = %config.display(), %error, "could not unset core.worktree");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::testing::Scratch;

    #[test]
    fn the_patch_brings_back_every_uncommitted_file_and_leaves_no_trace() {
        let scratch = Scratch::with_repository();
        let git = Git::new(scratch.environment(), &scratch.path("."));
        let (repo, patch) = (scratch.path("repo"), scratch.path("changes.patch"));
        fs::write(repo.join("staged"), "staged\n").expect("a file");
        scratch.git("repo", "add staged");
        fs::write(repo.join("README"), "changed\n").expect("a file");
        fs::write(repo.join("new file"), [0, 159, 146, 150]).expect("a file");
        let before = scratch.git("repo", "status --porcelain=v2");
        let objects = scratch.git("repo", "count-objects -v");
        write_patch(&git, &repo, &patch).expect("a patch");
        assert_eq!(scratch.git("repo", "status --porcelain=v2"), before);
        assert_eq!(scratch.git("repo", "count-objects -v"), objects);
        scratch.git(".", "clone -q repo other");
        scratch.git("other", "apply --binary ../changes.patch");
        for file in ["README", "new file", "staged"] {
            let copy = fs::read(scratch.path("other").join(file)).expect(file);
            assert_eq!(copy, fs::read(repo.join(file)).expect(file), "{file}");
        }
    }

    #[test]
    fn a_change_in_the_second_of_the_checkout_is_not_missed() {
        let scratch = Scratch::with_repository();
        let git = Git::new(scratch.environment(), &scratch.path("."));
        let (repo, patch) = (scratch.path("repo"), scratch.path("changes.patch"));
        fs::write(repo.join("file"), "one\n").expect("a file");
        scratch.git("repo", "add file");
        scratch.git("repo", "commit -q -m one");
        fs::write(repo.join("file"), "two\n").expect("a file of the same size");
        let second = |path: &Path| std::os::unix::fs::MetadataExt::mtime(&fs::metadata(path).expect("metadata"));
        let changed = second(&repo.join("file"));
        let clock = scratch.path("clock");
        while fs::write(&clock, "").is_ok() && second(&clock) == changed {
            std::thread::yield_now();
        }
        write_patch(&git, &repo, &patch).expect("a patch");
        assert!(fs::read_to_string(&patch).expect("a patch").contains("+two"));
    }

    #[test]
    fn nothing_to_save_leaves_no_file() {
        let scratch = Scratch::with_repository();
        let git = Git::new(scratch.environment(), &scratch.path("."));
        let patch = scratch.path("changes.patch");
        fs::create_dir(scratch.path("plain")).expect("mkdir");
        for directory in ["repo", "plain"] {
            write_patch(&git, &scratch.path(directory), &patch).expect(directory);
            assert!(!patch.exists(), "{directory}");
        }
    }

    #[test]
    fn commits_on_no_branch_are_kept_by_a_reference() {
        let scratch = Scratch::with_repository();
        let git = Git::new(scratch.environment(), &scratch.path("."));
        let repo = scratch.path("repo");
        let status = || Status::of(&git, &repo).expect("a status");
        keep_commits(&git, &repo, &status(), Path::new("/archive/A.1")).expect("nothing to keep");
        assert_eq!(scratch.git("repo", "for-each-ref refs/baton"), "");
        scratch.git("repo", "checkout -q --detach");
        scratch.git("repo", "commit -q --allow-empty -m loose");
        keep_commits(&git, &repo, &status(), Path::new("/archive/A.1")).expect("kept");
        let head = scratch.git("repo", "rev-parse HEAD");
        assert_eq!(scratch.git("repo", "rev-parse refs/baton/archive/A.1"), head);
    }
}
