//! What can go wrong when workers are launched, watched and stopped.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::RunId;
use crate::recovery::RecoveryError;
use crate::store::StoreError;
use crate::workflow::WorkflowError;

/// What can go wrong when workers are launched, watched and stopped.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Nobody works on the issue.
    #[error("no worker has {0}")]
    NoWorker(String),
    /// There is no such run.
    #[error("no run {0}")]
    UnknownRun(RunId),
    /// The worker could not be ended in time.
    #[error("the worker of {run} did not end: {reason}")]
    DidNotEnd {
        /// Which.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// A file of the run could not be read or written.
    #[error("cannot {operation} {}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The workflow of the spec cannot be used.
    #[error(transparent)]
    Workflow(#[from] WorkflowError),
    /// The project of the spec cannot be opened.
    #[error(transparent)]
    Project(Box<crate::error::Error>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A dead worker could not be settled.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
}

impl WorkerError {
    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoWorker(_) => "no_worker",
            Self::UnknownRun(_) => "unknown_run",
            Self::DidNotEnd { .. } => "worker_did_not_end",
            Self::Io { .. } => "run_folder_io",
            Self::Workflow(error) => error.code(),
            Self::Project(error) => error.code,
            Self::Store(error) => error.code(),
            Self::Recovery(error) => error.code(),
        }
    }

    pub(super) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { operation, path: path.to_owned(), source }
    }
}
