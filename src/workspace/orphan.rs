//! Directories among the workspaces that no issue claims: moved to the archive, never deleted.

use std::path::{Path, PathBuf};

use super::repository::Repository;
use super::{WorkspaceError, Workspaces, aside, path};
use crate::model::Key;
use crate::store::{Kind, StoreError};

impl Workspaces<'_> {
    /// Moves a directory that lies directly in the root and that no issue claims to the archive; a worktree is taken off
    /// its repository's record, and its branch stays. `None` where there is nothing any more, or an issue claims it now.
    pub async fn put_away(&self, directory: &Path) -> Result<Option<PathBuf>, WorkspaceError> {
        let root = self.root_of(directory)?;
        let name = directory.file_name().unwrap_or_default().to_string_lossy();
        let key = Key::for_identifier(&name, |_| false);
        // Whoever is about to make or adopt it has this lease.
        let lease = self.lease(&key, Some(std::time::Duration::ZERO))?;
        if !path::exists(directory)? || self.is_claimed(directory, &name)? {
            return Ok(None);
        }
        self.require_ours(directory)?;
        let target = aside::archive(&root, &key)?;
        aside::rename(directory, &target)?;
        let git = self.git();
        if let Ok(repository) = Repository::discover(&git, self.base)
            && let Some(registration) = repository.registration(directory)
        {
            Repository::untie(&target, &registration)?;
            let lock = repository.lock().await?;
            repository.unregister(&git, directory, &lock).await?;
        }
        drop(lease);
        Ok(Some(target))
    }

    fn is_claimed(&self, directory: &Path, name: &str) -> Result<bool, StoreError> {
        let snapshot = self.store.snapshot(&[Kind::Work])?;
        let mut works = snapshot.all::<crate::model::Work>().into_iter().filter_map(|work| work.workspace);
        let named = snapshot.names(Kind::Work).any(|known| known == name);
        Ok(named || works.any(|record| record.path == directory))
    }
}
