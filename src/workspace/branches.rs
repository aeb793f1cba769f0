//! The branches that Baton made, once nothing on them is anywhere else no more: `baton/<key>`, merged.

use super::git::{args, printed_text};
use super::repository::Repository;
use super::{WorkspaceError, Workspaces, worktree};

/// Where they are.
const PREFIX: &str = "refs/heads/baton/";

/// A branch of Baton's whose commits are all in what it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedBranch {
    /// `baton/<key>`.
    pub name: String,
    /// Its issue's key, as the name says.
    pub key: String,
    tip: String,
}

impl Workspaces<'_> {
    /// The branches `baton/*` that are merged into `workspace.base`, or HEAD, and that no worktree has checked out. None
    /// where there is no repository, or no commit to be merged into.
    pub fn merged_branches(&self) -> Result<Vec<MergedBranch>, WorkspaceError> {
        let git = self.git();
        let repository = match Repository::discover(&git, self.base) {
            Err(WorkspaceError::NotARepository(_)) => return Ok(Vec::new()),
            found => found?,
        };
        let into = match worktree::start(&git, &repository, self.config.workspace.base.as_deref()) {
            Err(WorkspaceError::UnbornHead(_) | WorkspaceError::UnknownBase { .. }) => return Ok(Vec::new()),
            found => found?,
        };
        let format = "--format=%(refname)%00%(objectname)%00%(worktreepath)";
        let merged = format!("--merged={into}");
        let listed = git.read(&repository.base, &["for-each-ref", format, &merged, PREFIX])?;
        let branch = |line: &str| {
            let mut parts = line.split('\0');
            let (name, tip, checked_out) = (parts.next()?, parts.next()?, parts.next()?);
            let key = name.strip_prefix(PREFIX)?.to_owned();
            let name = name.strip_prefix("refs/heads/")?.to_owned();
            checked_out.is_empty().then(|| MergedBranch { name, key, tip: tip.to_owned() })
        };
        Ok(printed_text(&listed).lines().filter_map(branch).collect())
    }

    /// Deletes a merged branch, unless it has moved since it was looked at.
    pub async fn delete_branch(&self, branch: &MergedBranch) -> Result<(), WorkspaceError> {
        let git = self.git();
        let repository = Repository::discover(&git, self.base)?;
        let lock = repository.lock().await?;
        let reference = format!("refs/heads/{}", branch.name);
        let arguments = args([&"update-ref", &"-d", &reference.as_str(), &branch.tip.as_str()]);
        git.write(&repository.base, &arguments, &lock).await.map(drop)
    }
}
