//! Mode `clone`: a repository of its own, cloned from the one that WORKFLOW.md lies in, on the branch `baton/<key>`.
//! It shares no `.git` with anybody. Its `origin` is the repository's own `origin`, where it has one, so that what the
//! agent pushes goes where a person's would.

use std::fs::File;
use std::path::Path;

use super::git::{Git, args, printed_text};
use super::plan::Found;
use super::repository::Repository;
use super::worktree::{Made, branch, start};
use super::{WorkspaceError, aside};
use crate::model::Key;

/// What is at `path`, where something is: a clone that is on record, or nobody knows what.
pub(super) fn look(path: &Path, on_record: bool) -> Found {
    match (on_record, path.join(".git").exists()) {
        (true, true) => Found::There,
        (true, false) => Found::Foreign("it is no git repository any more".to_owned()),
        (false, _) => Found::Foreign("it was not made by Baton".to_owned()),
    }
}

/// Clones to `staging` and moves it to `path` when it is whole. An existing branch of the repository is where the
/// clone's begins; else it starts at `base` (a revision), or HEAD.
pub(super) async fn make(
    git: &Git,
    repository: &Repository,
    (staging, path): (&Path, &Path),
    key: &Key,
    base: Option<&str>,
    lease: &File,
) -> Result<Made, WorkspaceError> {
    let branch = branch(key);
    let existing = repository.commit_of(git, &format!("refs/heads/{branch}"))?;
    let base_commit = match &existing {
        Some(tip) => super::worktree::fork_point(git, repository, tip, base)?,
        None => start(git, repository, base)?,
    };
    let from = &repository.common_dir;
    git.write(&repository.base, &args([&"clone", &"--quiet", &"--no-checkout", from, &staging]), lease).await?;
    let tip = existing.as_deref().unwrap_or(&base_commit);
    git.write(staging, &args([&"checkout", &"--quiet", &"--no-track", &"-b", &branch, &tip]), lease).await?;
    if let Some(origin) = origin(git, repository)? {
        git.read(staging, &["remote", "set-url", "origin", &origin])?;
    }
    aside::rename(staging, path)?;
    Ok(Made { branch, base_commit })
}

/// The URL of the repository's own `origin`; `None` where it has none, or a path that means nothing from elsewhere.
fn origin(git: &Git, repository: &Repository) -> Result<Option<String>, WorkspaceError> {
    let output = git.output(&repository.base, &["config", "--get", "remote.origin.url"])?;
    let url = printed_text(&output.stdout);
    let is_usable = output.status.success() && (url.contains(':') || url.starts_with('/'));
    Ok(is_usable.then_some(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_record_is_a_clone() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(matches!(look(dir.path(), true), Found::Foreign(_)));
        std::fs::create_dir(dir.path().join(".git")).expect("mkdir");
        assert_eq!(look(dir.path(), true), Found::There);
        assert!(matches!(look(dir.path(), false), Found::Foreign(_)));
    }
}
