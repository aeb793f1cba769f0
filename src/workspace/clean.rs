//! Taking a terminal issue's workspace away (SPEC 8.5, 8.6; DESIGN §4): what exists nowhere else goes to the archive,
//! the rest goes. The commit of `cleaning` says which, then one rename takes the directory out of its place; whoever
//! finds `cleaning` on record and nothing there finishes what was begun.

use std::fs;
use std::path::{Path, PathBuf};

use super::repository::Repository;
use super::status::Status;
use super::{Lease, WorkspaceError, Workspaces, aside, changes, path};
use crate::model::{
    CleanupPolicy, Disposition, Health, Issue, Key, Mode, OutcomeKind, Work, WorkspaceRecord, WorkspaceState,
};

/// What becomes of a workspace. Nothing that exists nowhere else is ever removed.
fn disposition(policy: CleanupPolicy, last: Option<OutcomeKind>, health: Health) -> Disposition {
    let safe = match health {
        Health::Clean | Health::Missing => Disposition::Removed,
        Health::Dirty | Health::Drifted | Health::Orphaned | Health::Unknown => Disposition::Archived,
    };
    let succeeded = last == Some(OutcomeKind::Succeeded);
    match policy {
        CleanupPolicy::KeepAlways => Disposition::Kept,
        CleanupPolicy::RemoveOnSuccess if succeeded => safe,
        CleanupPolicy::ArchiveOnFailure if !succeeded => Disposition::Archived,
        CleanupPolicy::RemoveOnSuccess | CleanupPolicy::ArchiveOnFailure => Disposition::Kept,
        CleanupPolicy::ArchiveAlways => Disposition::Archived,
        CleanupPolicy::RemoveWhenCleanOtherwiseArchive => safe,
    }
}

/// What became of a workspace that is not in its place any more.
fn gone(record: &WorkspaceRecord) -> Disposition {
    match record.state {
        WorkspaceState::Archived => Disposition::Archived,
        WorkspaceState::Cleaning => record.cleanup_result.unwrap_or(Disposition::Removed),
        WorkspaceState::Requested
        | WorkspaceState::Provisioning
        | WorkspaceState::Ready
        | WorkspaceState::InUse
        | WorkspaceState::CleanupQueued
        | WorkspaceState::Removed
        | WorkspaceState::Recovering
        | WorkspaceState::Failed => Disposition::Removed,
    }
}

impl Workspaces<'_> {
    /// Removes or archives a workspace by the policy, under the lease: `before_remove`, then commit `cleaning`, rename
    /// aside, delete. Already gone is success. Commits the record; why it could not be cleaned is in the record as well,
    /// and the next call tries again.
    pub async fn clean(
        &self,
        _lease: &Lease,
        issue: &Issue,
        key: &Key,
        policy: CleanupPolicy,
    ) -> Result<Disposition, WorkspaceError> {
        let work: Option<Work> = self.store.get(key.as_str())?;
        let last = work.as_ref().and_then(|work| work.last_outcome);
        let record = work.and_then(|work| work.workspace);
        let ended = self.clean_unrecorded(issue, key, record, last, policy).await;
        if let Err(error) = &ended {
            self.record_failure(issue, key, None, error)?;
        }
        ended
    }

    /// What [`Workspaces::clean`] would do now, as far as that can be told without running `before_remove`.
    pub fn clean_plan(
        &self,
        record: &WorkspaceRecord,
        last: Option<OutcomeKind>,
        policy: CleanupPolicy,
    ) -> Result<Disposition, WorkspaceError> {
        if record.mode == Mode::Shared {
            return Ok(Disposition::Kept);
        }
        self.root_of(&record.path)?;
        if !path::exists(&record.path)? {
            return Ok(gone(record));
        }
        Ok(disposition(policy, last, self.health(record)))
    }

    async fn clean_unrecorded(
        &self,
        issue: &Issue,
        key: &Key,
        record: Option<WorkspaceRecord>,
        last: Option<OutcomeKind>,
        policy: CleanupPolicy,
    ) -> Result<Disposition, WorkspaceError> {
        let on_record = record.is_some();
        let mut record = record.unwrap_or_else(|| self.blank(self.config.workspace.mode, self.path(key)));
        if record.mode == Mode::Shared {
            return Ok(Disposition::Kept);
        }
        let root = self.root_of(&record.path)?;
        if !path::exists(&record.path)? {
            let became = gone(&record);
            if !on_record || record.state.is_gone() {
                return Ok(became);
            }
            return self.finish(issue, key, &root, record, became).await;
        }
        self.require_ours(&record.path)?;
        if disposition(policy, last, Health::Clean) == Disposition::Kept {
            if on_record {
                record.cleanup_result = Some(Disposition::Kept);
                record.failure = None;
                self.commit(issue, key, None, "workspace.kept", &record, None)?;
            }
            return Ok(Disposition::Kept);
        }
        let receipt = if record.state == WorkspaceState::Cleaning {
            None
        } else {
            // Best effort: not even a hook that cannot be run keeps a workspace.
            self.hook("before_remove", issue, key, &record.path, None).await.unwrap_or_else(|error| {
                let (issue_id, issue_identifier) = (&*issue.id, &*issue.identifier);
                tracing::warn!(issue_id, issue_identifier, error = error.text(), "before_remove could not be run");
                None
            })
        };
        let look = self.look(&record);
        record.health = look.health;
        let chosen = disposition(policy, last, record.health);
        let target = match chosen {
            Disposition::Archived => aside::archive(&root, key)?,
            Disposition::Removed | Disposition::Kept => aside::trash(&root, key)?,
        };
        record.state = WorkspaceState::Cleaning;
        record.head = look.status.as_ref().and_then(|status| status.head.clone());
        record.cleanup_result = Some(chosen);
        record.archived_path = (chosen == Disposition::Archived).then(|| target.clone());
        record.failure = None;
        self.commit(issue, key, None, "workspace.cleaning", &record, receipt.as_ref())?;
        if path::exists(&record.path)? {
            if chosen == Disposition::Archived {
                self.save(&record, look.status.as_ref(), &target)?;
            }
            aside::rename(&record.path, &target)?;
        }
        self.finish(issue, key, &root, record, chosen).await
    }

    /// Saves what is to be archived in a form that git can bring back.
    fn save(&self, record: &WorkspaceRecord, status: Option<&Status>, target: &Path) -> Result<(), WorkspaceError> {
        let git = self.git();
        if let Some(status) = status.filter(|_| record.mode == Mode::Worktree) {
            changes::keep_commits(&git, &record.path, status, target)?;
        }
        // The tree itself is kept; the patch makes it handy.
        if let Err(error) = changes::write_patch(&git, &record.path, &patch_of(target)) {
            tracing::warn!(path = %record.path.display(), error = error.text(), "could not write changes.patch");
        }
        Ok(())
    }

    /// What remains once the directory is out of its place.
    async fn finish(
        &self,
        issue: &Issue,
        key: &Key,
        root: &Path,
        mut record: WorkspaceRecord,
        chosen: Disposition,
    ) -> Result<Disposition, WorkspaceError> {
        if record.mode == Mode::Worktree {
            self.unregister(&record).await?;
        }
        if let Some(archived) = &record.archived_path {
            move_patch_in(archived)?;
        }
        for tree in aside::trashed(root, key)? {
            aside::delete(tree).await?;
        }
        let (state, event) = match chosen {
            Disposition::Archived => (WorkspaceState::Archived, "workspace.archived"),
            Disposition::Removed | Disposition::Kept => (WorkspaceState::Removed, "workspace.removed"),
        };
        record.state = state;
        record.health = Health::Missing;
        record.cleanup_result = Some(chosen);
        record.failure = None;
        self.commit(issue, key, None, event, &record, None)?;
        Ok(chosen)
    }

    /// `git worktree add` slows down with every worktree that is registered. The branch stays.
    async fn unregister(&self, record: &WorkspaceRecord) -> Result<(), WorkspaceError> {
        let git = self.git();
        let repository = match Repository::discover(&git, self.base) {
            // Without its repository there is nothing to take it off.
            Err(WorkspaceError::NotARepository(_)) => return Ok(()),
            found => found?,
        };
        let Some(registration) = repository.registration(&record.path) else { return Ok(()) };
        let lock = repository.lock().await?;
        if let Some(archived) = &record.archived_path {
            Repository::untie(archived, &registration)?;
            changes::keep_submodules(&repository, &registration, archived)?;
        }
        repository.unregister(&git, &record.path, &lock).await
    }
}

/// Where the patch waits until the directory has been moved.
fn patch_of(archived: &Path) -> PathBuf {
    let mut name = archived.as_os_str().to_owned();
    name.push(".patch");
    PathBuf::from(name)
}

/// `changes.patch` goes into the archived directory, unless that has a file of this name: then it stays beside it.
fn move_patch_in(archived: &Path) -> Result<(), WorkspaceError> {
    let (from, to) = (patch_of(archived), archived.join("changes.patch"));
    if from.exists() && archived.is_dir() && fs::symlink_metadata(&to).is_err() {
        fs::rename(&from, &to).map_err(WorkspaceError::io("move", &from))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_exists_nowhere_else_is_removed() {
        use CleanupPolicy as P;
        use Disposition::{Archived, Kept, Removed};
        use OutcomeKind::{Failed, Succeeded};
        // (policy, last outcome, of a clean one, of one that is not)
        let table = [
            (P::KeepAlways, Some(Succeeded), Kept, Kept),
            (P::KeepAlways, Some(Failed), Kept, Kept),
            (P::RemoveOnSuccess, Some(Succeeded), Removed, Archived),
            (P::RemoveOnSuccess, Some(Failed), Kept, Kept),
            (P::RemoveOnSuccess, None, Kept, Kept),
            (P::ArchiveOnFailure, Some(Succeeded), Kept, Kept),
            (P::ArchiveOnFailure, Some(Failed), Archived, Archived),
            (P::ArchiveAlways, Some(Succeeded), Archived, Archived),
            (P::ArchiveAlways, None, Archived, Archived),
            (P::RemoveWhenCleanOtherwiseArchive, Some(Failed), Removed, Archived),
            (P::RemoveWhenCleanOtherwiseArchive, None, Removed, Archived),
        ];
        for (policy, last, clean, other) in table {
            assert_eq!(disposition(policy, last, Health::Clean), clean, "{policy:?} {last:?}");
            for health in [Health::Dirty, Health::Unknown, Health::Drifted, Health::Orphaned] {
                assert_eq!(disposition(policy, last, health), other, "{policy:?} {last:?} {health:?}");
            }
        }
    }
}
