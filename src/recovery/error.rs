//! What can go wrong when a dead worker is settled.

use std::io;
use std::path::PathBuf;

use crate::store::StoreError;

/// What can go wrong when a dead worker is settled.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The lifeline of the settling could not be made.
    #[error("cannot lock {}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RecoveryError {
    /// Whether it says nothing of other runs: this one's folder or documents cannot be used, or somebody else settles it.
    pub(super) fn concerns_one_run(&self) -> bool {
        match self {
            Self::Io { .. } => true,
            Self::Store(error) => matches!(
                error,
                StoreError::DamagedDocument { .. }
                    | StoreError::StaleFence { .. }
                    | StoreError::TransactionTooLarge { .. }
                    | StoreError::Unwritable { .. }
            ),
        }
    }

    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "run_folder_io",
            Self::Store(error) => error.code(),
        }
    }
}
