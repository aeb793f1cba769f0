//! What `git status` says of a checkout, and which commits nobody else has.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::WorkspaceError;
use super::git::Git;

/// Changed files whose own state goes into a digest: a bound on the time.
const ENTRIES: usize = 50_000;

/// What `git status` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    /// HEAD's commit; `None` where there is none yet.
    pub(super) head: Option<String>,
    /// Whether HEAD is a commit and no branch.
    pub(super) is_detached: bool,
    /// One line per changed or untracked file, in git's own form.
    entries: Vec<Vec<u8>>,
}

impl Status {
    pub(super) fn of(git: &Git, path: &Path) -> Result<Self, WorkspaceError> {
        let arguments = [
            "status",
            "--porcelain=v2",
            "-z",
            "--branch",
            "--untracked-files=all",
            "--no-renames",
            "--ignore-submodules=none",
        ];
        Ok(Self::parse(&git.read(path, &arguments)?))
    }

    fn parse(printed: &[u8]) -> Self {
        let (headers, entries): (Vec<&[u8]>, Vec<&[u8]>) =
            printed.split(|byte| *byte == 0).filter(|line| !line.is_empty()).partition(|line| line.starts_with(b"# "));
        let head =
            headers.iter().find_map(|line| line.strip_prefix(b"# branch.oid ")).filter(|oid| oid != b"(initial)");
        Self {
            is_detached: headers.contains(&b"# branch.head (detached)".as_slice()),
            head: head.map(|oid| String::from_utf8_lossy(oid).into_owned()),
            entries: entries.into_iter().map(<[u8]>::to_vec).collect(),
        }
    }

    pub(super) fn is_dirty(&self) -> bool {
        !self.entries.is_empty()
    }

    pub(super) fn digest(&self, root: &Path, digest: &mut Sha256) {
        digest.update(self.head.as_deref().unwrap_or("unborn"));
        for entry in &self.entries {
            digest.update([0]);
            digest.update(entry);
        }
        // A file that was changed before and is changed again looks the same to `git status`.
        for entry in self.entries.iter().take(ENTRIES) {
            if let Some(found) = changed_path(entry).and_then(|path| fs::symlink_metadata(root.join(path)).ok()) {
                digest.update(format!("\0{}.{}:{}", found.mtime(), found.mtime_nsec(), found.size()));
            }
        }
    }
}

/// The path in an entry of `git status --porcelain=v2 -z`: after 8 fields if changed, 10 if unmerged, 1 if untracked.
fn changed_path(entry: &[u8]) -> Option<PathBuf> {
    let fields = match entry.first()? {
        b'1' => 8,
        b'u' => 10,
        b'?' => 1,
        _ => return None,
    };
    entry
        .splitn(fields + 1, |byte| *byte == b' ')
        .nth(fields)
        .map(|path| Path::new(std::ffi::OsStr::from_bytes(path)).to_owned())
}

/// Whether HEAD is detached and its commits are on no branch, so that nothing keeps them.
pub(super) fn is_on_no_branch(git: &Git, path: &Path, status: &Status) -> Result<bool, WorkspaceError> {
    if !status.is_detached || status.head.is_none() {
        return Ok(false);
    }
    let arguments = ["rev-list", "--max-count=1", "HEAD", "--not", "--branches", "--remotes", "--tags"];
    Ok(!git.read(path, &arguments)?.is_empty())
}

/// Whether a branch, a stash or HEAD has what no remote has; `known` is the commit that a clone was made from.
pub(super) fn has_unpushed_commits(
    git: &Git,
    path: &Path,
    status: &Status,
    known: Option<&str>,
) -> Result<bool, WorkspaceError> {
    // Git takes a pattern without a wildcard for a folder.
    let mut arguments = vec!["rev-list", "--max-count=1", "--branches", "--glob=refs/stas[h]"];
    arguments.extend(status.head.is_some().then_some("HEAD"));
    arguments.extend(["--not", "--remotes"]);
    arguments.extend(known);
    Ok(!git.read(path, &arguments)?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::testing::Scratch;

    fn status(scratch: &Scratch) -> Status {
        Status::of(&Git::new(scratch.environment(), &scratch.path(".")), &scratch.path("repo")).expect("a status")
    }

    fn digest(scratch: &Scratch) -> Vec<u8> {
        let mut digest = Sha256::new();
        status(scratch).digest(&scratch.path("repo"), &mut digest);
        digest.finalize().to_vec()
    }

    #[test]
    fn whatever_git_reports_is_dirty() {
        let scratch = Scratch::with_repository();
        assert!(!status(&scratch).is_dirty());
        assert_eq!(status(&scratch).head, Some(scratch.git("repo", "rev-parse HEAD")));
        fs::write(scratch.path("repo/new"), "").expect("a file");
        assert!(status(&scratch).is_dirty(), "untracked");
        scratch.git("repo", "add new");
        assert!(status(&scratch).is_dirty(), "staged");
        scratch.git("repo", "commit -q -m new");
        assert!(!status(&scratch).is_dirty(), "committed");
        fs::remove_file(scratch.path("repo/new")).expect("removed");
        assert!(status(&scratch).is_dirty(), "deleted");
    }

    #[test]
    fn a_repository_without_a_commit_has_a_status() {
        let scratch = Scratch::new();
        scratch.git(".", "init -q repo");
        assert_eq!(status(&scratch), Status { head: None, is_detached: false, entries: Vec::new() });
        let git = Git::new(scratch.environment(), &scratch.path("."));
        assert!(!has_unpushed_commits(&git, &scratch.path("repo"), &status(&scratch), None).expect("an answer"));
    }

    #[test]
    fn commits_and_stashes_without_a_remote_are_unpushed() {
        let scratch = Scratch::with_repository();
        let git = Git::new(scratch.environment(), &scratch.path("."));
        let unpushed = |at: &str| {
            let path = scratch.path(at);
            has_unpushed_commits(&git, &path, &Status::of(&git, &path).expect("a status"), None).expect("an answer")
        };
        assert!(unpushed("repo"), "there is no remote");
        scratch.git(".", "clone -q repo copy");
        assert!(!unpushed("copy"));
        fs::write(scratch.path("copy/README"), "changed").expect("a file");
        scratch.git("copy", "stash -q");
        assert!(unpushed("copy"), "a stash");
        scratch.git("copy", "stash drop -q");
        scratch.git("copy", "checkout -q -b side");
        scratch.git("copy", "commit -q --allow-empty -m work");
        scratch.git("copy", "checkout -q main");
        assert!(unpushed("copy"), "on another branch");
        scratch.git("copy", "push -q origin side");
        assert!(!unpushed("copy"));
    }

    #[test]
    fn every_edit_moves_the_digest_and_looking_does_not() {
        let scratch = Scratch::with_repository();
        let mut seen = vec![digest(&scratch)];
        assert_eq!(digest(&scratch), seen[0]);
        let file = scratch.path("repo/with space");
        for text in ["1", "22", "333"] {
            fs::write(&file, text).expect("a file");
            let now = digest(&scratch);
            assert!(!seen.contains(&now), "{text}");
            seen.push(now);
        }
        scratch.git("repo", "add .");
        scratch.git("repo", "commit -q -m work");
        assert!(!seen.contains(&digest(&scratch)), "HEAD moved");
    }

    #[test]
    fn the_path_of_an_entry_is_what_follows_its_fields() {
        for (entry, path) in [
            ("? with space", Some("with space")),
            ("1 .M N... 100644 100644 100644 aa bb with space", Some("with space")),
            ("u UU N... 100644 100644 100644 100644 aa bb cc a b", Some("a b")),
            ("! ignored", None),
            ("", None),
        ] {
            assert_eq!(changed_path(entry.as_bytes()).as_deref(), path.map(Path::new), "{entry}");
        }
    }
}
