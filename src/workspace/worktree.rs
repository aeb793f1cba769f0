//! Mode `worktree`: a git worktree of the repository that WORKFLOW.md lies in, on the branch `baton/<key>`.

use std::path::Path;

use super::git::{Git, args};
use super::plan::Found;
use super::repository::Repository;
use super::{WorkspaceError, path};
use crate::model::Key;

/// A worktree that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    /// Its branch.
    pub(super) branch: String,
    /// The commit from which the branch started, in full.
    pub(super) base_commit: String,
}

/// How the conflict with a directory begins that git does not have on record where it is.
pub const NOT_A_WORKTREE: &str = "it is not a worktree of";

/// The branch of a key.
pub(super) fn branch(key: &Key) -> String {
    format!("baton/{key}")
}

/// What is at `path`, seen from the repository.
pub(super) fn look(repository: &Repository, path: &Path) -> Result<Found, WorkspaceError> {
    if !path::exists(path)? {
        return Ok(Found::Nothing);
    }
    let foreign = || Found::Foreign(format!("{NOT_A_WORKTREE} {}", repository.common_dir.display()));
    Ok(match repository.registration(path) {
        Some(registration) if registration.half_made => Found::HalfMade,
        Some(registration) if Repository::is_worktree(path, &registration) => Found::There,
        Some(_) | None => foreign(),
    })
}

/// The same, but what seems half made is looked at again when no git is at work in the repository: one that lost its
/// Baton may still be making it.
pub(super) async fn look_twice(repository: &Repository, path: &Path) -> Result<Found, WorkspaceError> {
    match look(repository, path)? {
        Found::HalfMade => {
            let _lock = repository.lock().await?;
            look(repository, path)
        }
        found @ (Found::Nothing | Found::There | Found::Foreign(_)) => Ok(found),
    }
}

/// Makes the worktree where nothing is. An existing branch is reused; else it starts at `base` (a revision), or HEAD.
/// `known_base` is what the record says of an existing branch.
pub(super) async fn make(
    git: &Git,
    repository: &Repository,
    path: &Path,
    key: &Key,
    base: Option<&str>,
    known_base: Option<&str>,
) -> Result<Made, WorkspaceError> {
    let branch = branch(key);
    let lock = repository.lock().await?;
    repository.unregister(git, path, &lock).await?;
    if let Some(tip) = repository.commit_of(git, &format!("refs/heads/{branch}"))? {
        git.write(&repository.base, &args([&"worktree", &"add", &"--quiet", &path, &branch]), &lock).await?;
        let base_commit = match known_base {
            Some(known) => known.to_owned(),
            None => fork_point(git, repository, &tip, base)?,
        };
        return Ok(Made { branch, base_commit });
    }
    let base_commit = start(git, repository, base)?;
    let arguments =
        args([&"worktree", &"add", &"--quiet", &"--no-track", &"-b", &branch, &path, &base_commit.as_str()]);
    git.write(&repository.base, &arguments, &lock).await?;
    Ok(Made { branch, base_commit })
}

/// Where a branch that is there seems to have started.
pub(super) fn fork_point(
    git: &Git,
    repository: &Repository,
    tip: &str,
    base: Option<&str>,
) -> Result<String, WorkspaceError> {
    match start(git, repository, base) {
        Ok(start) => repository.merge_base(git, tip, &start),
        // An unborn HEAD or a base that is gone does not matter to a branch that is there.
        Err(WorkspaceError::UnbornHead(_) | WorkspaceError::UnknownBase { .. }) => Ok(tip.to_owned()),
        Err(error) => Err(error),
    }
}

/// The commit that a new branch starts at.
pub(super) fn start(git: &Git, repository: &Repository, base: Option<&str>) -> Result<String, WorkspaceError> {
    let found = repository.commit_of(git, base.unwrap_or("HEAD"))?;
    found.ok_or_else(|| match base {
        Some(revision) => {
            WorkspaceError::UnknownBase { revision: revision.to_owned(), repository: repository.base.clone() }
        }
        None => WorkspaceError::UnbornHead(repository.base.clone()),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::workspace::testing::{Scratch, key};

    struct Fixture {
        scratch: Scratch,
        git: Git,
        root: PathBuf,
    }

    impl Fixture {
        fn new() -> Self {
            let scratch = Scratch::with_repository();
            let root = scratch.path("repo/.baton/workspaces");
            fs::create_dir_all(&root).expect("mkdir");
            fs::write(scratch.path("repo/.baton/.gitignore"), "*\n").expect("an ignore file");
            let git = Git::new(scratch.environment(), &root);
            Self { scratch, git, root }
        }

        fn discover(&self, base: &str) -> Result<Repository, WorkspaceError> {
            Repository::discover(&self.git, &self.scratch.path(base))
        }

        async fn make_from(&self, base: &str, name: &str, start: Option<&str>) -> Result<Made, WorkspaceError> {
            let repository = self.discover(base)?;
            make(&self.git, &repository, &self.root.join(name), &key(name), start, None).await
        }

        fn look(&self, name: &str) -> Found {
            look(&self.discover("repo").expect("a repository"), &self.root.join(name)).expect("a look")
        }
    }

    #[tokio::test]
    async fn a_worktree_has_its_own_branch_from_head_and_leaves_the_checkout_clean() {
        let f = Fixture::new();
        let made = f.make_from("repo", "A", None).await.expect("a worktree");
        assert_eq!(made, Made { branch: "baton/A".to_owned(), base_commit: f.scratch.git("repo", "rev-parse HEAD") });
        assert_eq!(f.scratch.git("repo/.baton/workspaces/A", "symbolic-ref HEAD"), "refs/heads/baton/A");
        assert_eq!(f.scratch.git("repo", "status --porcelain"), "");
        assert_eq!(f.look("A"), Found::There);
    }

    #[tokio::test]
    async fn the_repository_is_found_from_a_subdirectory_a_linked_worktree_and_a_bare_repository() {
        let f = Fixture::new();
        fs::create_dir(f.scratch.path("repo/deep")).expect("mkdir");
        f.scratch.git("repo", "worktree add -q ../linked -b mine");
        f.scratch.git(".", "clone -q --bare repo bare.git");
        let common = f.discover("repo").expect("a repository").common_dir;
        for base in ["repo/deep", "linked"] {
            assert_eq!(f.discover(base).expect(base).common_dir, common, "{base}");
        }
        f.make_from("repo/deep", "A", None).await.expect("from a subdirectory");
        f.scratch.git("linked", "commit -q --allow-empty -m more");
        let made = f.make_from("linked", "B", None).await.expect("from a linked worktree");
        assert_eq!(made.base_commit, f.scratch.git("linked", "rev-parse HEAD"), "HEAD of the checkout it lies in");
        f.make_from("bare.git", "C", None).await.expect("from a bare repository");
        assert_eq!(f.scratch.git("bare.git", "rev-parse --verify baton/C"), f.scratch.git("repo", "rev-parse HEAD"));
    }

    #[tokio::test]
    async fn a_detached_head_is_as_good_as_any() {
        let f = Fixture::new();
        f.scratch.git("repo", "checkout -q --detach");
        let made = f.make_from("repo", "A", None).await.expect("a worktree");
        assert_eq!(made.base_commit, f.scratch.git("repo", "rev-parse HEAD"));
    }

    #[tokio::test]
    async fn a_configured_base_is_the_start_and_tracks_nothing() {
        let f = Fixture::new();
        let first = f.scratch.git("repo", "rev-parse HEAD");
        f.scratch.git("repo", "tag v1");
        f.scratch.git("repo", "commit -q --allow-empty -m second");
        f.scratch.git("repo", "update-ref refs/remotes/origin/main HEAD");
        assert_eq!(f.make_from("repo", "A", Some("v1")).await.expect("from a tag").base_commit, first);
        f.make_from("repo", "B", Some("origin/main")).await.expect("from a remote branch");
        assert_eq!(f.scratch.git("repo", "for-each-ref --format=%(upstream) refs/heads/baton"), "");
        let error = f.make_from("repo", "C", Some("nowhere")).await.expect_err("no such revision");
        assert_eq!(error.code(), "unknown_base");
    }

    #[tokio::test]
    async fn a_worktree_that_was_removed_by_hand_comes_back_with_its_branch() {
        let f = Fixture::new();
        f.make_from("repo", "A", None).await.expect("a worktree");
        f.make_from("repo", "B", None).await.expect("another");
        f.scratch.git("repo/.baton/workspaces/A", "commit -q --allow-empty -m work");
        let work = f.scratch.git("repo", "rev-parse baton/A");
        for name in ["A", "B"] {
            fs::remove_dir_all(f.root.join(name)).expect("removed by hand");
        }
        assert_eq!(f.look("A"), Found::Nothing);
        let made = f.make_from("repo", "A", None).await.expect("made again");
        assert_eq!(f.scratch.git("repo/.baton/workspaces/A", "rev-parse HEAD"), work);
        assert_eq!(made.base_commit, f.scratch.git("repo", "rev-parse main"), "where the branch forked off");
        let listed = f.scratch.git("repo", "worktree list --porcelain");
        assert!(listed.contains("workspaces/B"), "only its own entry is renewed: {listed}");
    }

    #[tokio::test]
    async fn what_is_no_worktree_of_this_repository_is_foreign() {
        let f = Fixture::new();
        fs::create_dir(f.root.join("plain")).expect("mkdir");
        f.scratch.git(".", "clone -q repo repo/.baton/workspaces/clone");
        f.make_from("repo", "gone", None).await.expect("a worktree");
        fs::remove_file(f.root.join("gone/.git")).expect("unlinked by hand");
        for name in ["plain", "clone", "gone"] {
            assert!(matches!(f.look(name), Found::Foreign(_)), "{name}");
        }
    }

    #[tokio::test]
    async fn a_killed_git_leaves_a_half_made_worktree_that_can_be_made_anew() {
        let f = Fixture::new();
        f.make_from("repo", "A", None).await.expect("a worktree");
        fs::write(f.scratch.path("repo/.git/worktrees/A/locked"), "initializing").expect("as git leaves it");
        assert_eq!(f.look("A"), Found::HalfMade);
        fs::remove_dir_all(f.root.join("A")).expect("put aside");
        f.make_from("repo", "A", None).await.expect("made anew");
        assert_eq!(f.look("A"), Found::There);
    }

    #[tokio::test]
    async fn a_repository_without_a_commit_asks_for_one() {
        let f = Fixture::new();
        f.scratch.git(".", "init -q unborn");
        let error = f.make_from("unborn", "A", None).await.expect_err("nothing to start from");
        assert_eq!(error.code(), "unborn_head");
        assert!(error.to_string().contains("make a first commit"), "{error}");
        fs::create_dir(f.scratch.path("none")).expect("mkdir");
        assert_eq!(f.discover("none").expect_err("no repository").code(), "not_a_repository");
    }

    #[tokio::test]
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    async fn somebody_else_s_repository_is_not_trusted() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("SKIPPED: only root can give a file to another user");
            return;
        }
        let f = Fixture::new();
        for part in ["repo", "repo/.git"] {
            std::os::unix::fs::chown(f.scratch.path(part), Some(12345), None).expect("given away");
        }
        let error = f.discover("repo").expect_err("another user's");
        assert_eq!(error.code(), "untrusted_repository");
        assert!(error.to_string().contains("safe.directory"), "{error}");
    }

    #[tokio::test]
    async fn repositories_that_libgit2_does_not_read_work_too() {
        let f = Fixture::new();
        for (name, option) in [("reftable", "--ref-format=reftable"), ("sha256", "--object-format=sha256")] {
            f.scratch.git(".", &format!("init -q -b main {option} {name}"));
            f.scratch.git(name, "commit -q --allow-empty -m first");
            let made = f.make_from(name, name, None).await.expect(name);
            assert_eq!(made.base_commit, f.scratch.git(name, "rev-parse HEAD"), "{name}");
            let repository = f.discover(name).expect(name);
            assert_eq!(look(&repository, &f.root.join(name)).expect(name), Found::There, "{name}");
        }
    }

    #[tokio::test]
    async fn the_repository_s_hooks_do_not_run() {
        let f = Fixture::new();
        let hook = f.scratch.path("repo/.git/hooks/post-checkout");
        f.scratch.script(&hook, "#!/bin/sh\ntouch \"$GIT_DIR/ran\"; exit 1\n");
        f.make_from("repo", "A", None).await.expect("no hook in the way");
        assert!(!f.scratch.path("repo/.git/worktrees/A/ran").exists());
    }

    #[tokio::test]
    async fn worktrees_can_be_made_side_by_side() {
        let f = Fixture::new();
        let (a, b, c) = tokio::join!(
            f.make_from("repo", "A", None),
            f.make_from("repo", "B", None),
            f.make_from("repo", "C", None)
        );
        for made in [a, b, c] {
            made.expect("a worktree");
        }
    }
}
