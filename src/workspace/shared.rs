//! Mode `shared` (DESIGN §7): one directory for all issues, one run at a time. Baton never makes, cleans or removes it.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Ensured, RunContext, WorkspaceError, Workspaces, path};
use crate::model::{Issue, Key, Mode, WorkspaceRecord, WorkspaceState};

impl Workspaces<'_> {
    /// The shared directory, canonical: `workspace.path`, else where WORKFLOW.md lies. It must be there.
    pub(super) fn shared_path(&self) -> Result<PathBuf, WorkspaceError> {
        let configured = self.config.workspace.path.as_deref().unwrap_or(self.base);
        let path = configured.canonicalize().map_err(WorkspaceError::io("enter", configured))?;
        path::exists(&path)?;
        Ok(path)
    }

    pub(super) fn is_shared(&self, path: &Path) -> bool {
        self.config.workspace.mode == Mode::Shared && self.shared_path().is_ok_and(|shared| shared == path)
    }

    pub(super) fn ensure_shared(
        &self,
        issue: &Issue,
        key: &Key,
        run: Option<&RunContext>,
        known: Option<WorkspaceRecord>,
    ) -> Result<Ensured, WorkspaceError> {
        let path = self.shared_path()?;
        let record = match known.filter(|known| known.mode == Mode::Shared && known.path == path) {
            Some(known) => known,
            None => {
                let mut record = self.blank(Mode::Shared, path);
                record.health = self.health(&record);
                WorkspaceRecord { state: WorkspaceState::Ready, ..record }
            }
        };
        self.settle(issue, key, run, record)
    }
}

/// The name of the lease that all issues share; no key begins with a dot.
pub(super) fn lease_name(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!(".shared-{hex}")
}
