//! Where the parts of a store lie on disk.

use std::path::PathBuf;

use super::document::{DocId, Kind};
use crate::model::RunId;

/// Where the parts of a store lie that are not documents (and, inside the store, those that are).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The store's directory, absolute and canonical.
    pub root: PathBuf,
}

impl Layout {
    /// `runs/<run>/`: everything that belongs to one run.
    #[must_use]
    pub fn run(&self, run: &RunId) -> PathBuf {
        self.root.join("runs").join(run.to_string())
    }

    /// `tmp/`: on the same file system as everything else.
    #[must_use]
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// `archive/`: what has left the working set.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.root.join("archive")
    }

    /// `damaged/`: bytes taken out of damaged files, never swept.
    #[must_use]
    pub fn damaged(&self) -> PathBuf {
        self.root.join("damaged")
    }

    /// `workspaces/`: the default workspace root.
    #[must_use]
    pub fn workspaces(&self) -> PathBuf {
        self.root.join("workspaces")
    }

    pub(super) fn format(&self) -> PathBuf {
        self.root.join("FORMAT")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn applied(&self) -> PathBuf {
        self.root.join("applied")
    }

    pub(super) fn polled(&self) -> PathBuf {
        self.root.join("polled")
    }

    pub(super) fn rows(&self) -> PathBuf {
        self.root.join("rows")
    }

    pub(super) fn answers(&self) -> PathBuf {
        self.root.join("answers")
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// The segment whose first event is number `first`.
    pub(super) fn segment(&self, first: u64) -> PathBuf {
        self.root.join(format!("journal/{first:014}.jsonl"))
    }

    /// The directory that holds the manifests of `kind` (for runs: their folders; for the state: the store itself).
    pub(super) fn kind(&self, kind: Kind) -> PathBuf {
        match kind {
            Kind::State => self.root.clone(),
            Kind::Issues | Kind::Work | Kind::Claims | Kind::Runs | Kind::Sessions | Kind::Receipts | Kind::Readers => {
                self.root.join(kind.as_str())
            }
        }
    }

    /// A document's manifest.
    pub(super) fn manifest(&self, doc: &DocId) -> PathBuf {
        let DocId { kind, name } = doc;
        match kind {
            Kind::State => self.root.join("state.json"),
            Kind::Runs => self.root.join(format!("runs/{name}/run.json")),
            Kind::Issues | Kind::Work | Kind::Claims | Kind::Sessions | Kind::Receipts | Kind::Readers => {
                self.root.join(format!("{kind}/{name}.json"))
            }
        }
    }
}
