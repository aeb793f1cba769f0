//! What can go wrong with a store.

use std::io;
use std::path::{Path, PathBuf};

use super::document::DocId;
use super::events::Fence;
use crate::model::RunId;

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no store.
    #[error("no store at {}", root.display())]
    NotFound {
        /// Where it was looked for.
        root: PathBuf,
    },
    /// The directory holds other things and no store.
    #[error("{} is there, and is no store", root.display())]
    NotAStore {
        /// The directory.
        root: PathBuf,
    },
    /// Somebody else held the lock for longer than the timeout.
    #[error("the store {} is locked by {holder}", root.display())]
    LockBusy {
        /// The store.
        root: PathBuf,
        /// Whoever left the last note in the lock file.
        holder: String,
    },
    /// Only its owner writes a store.
    #[error("the store {} belongs to user {owner}, and this is user {user}", root.display())]
    WrongOwner {
        /// The store.
        root: PathBuf,
        /// The owner's uid.
        owner: u32,
        /// This process's uid.
        user: u32,
    },
    /// A file of the store is damaged in a way that concerns the whole store.
    #[error("{}{}: {reason}", file.display(), place(*line, *byte))]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: Option<u64>,
        /// The line's first byte, from 0.
        byte: Option<u64>,
        /// What is wrong with it.
        reason: String,
    },
    /// Something names a later point than the journal's end: the journal lost its tail.
    #[error(
        "{ahead} is at event {seq}, but {} ends with line {line}, byte {byte}: the journal lost its tail",
        file.display()
    )]
    LostTail {
        /// What is ahead: `applied`, a document, or a fence.
        ahead: String,
        /// Its number.
        seq: u64,
        /// The journal's last segment.
        file: PathBuf,
        /// Its last line, from 1; 0 where it is empty.
        line: u64,
        /// Its length.
        byte: u64,
    },
    /// A document cannot be read; all others can.
    #[error("{}: {reason}", file.display())]
    DamagedDocument {
        /// The document.
        doc: DocId,
        /// Its manifest.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer Baton wrote it.
    #[error("{} has format {major}, and this program knows {}", file.display(), super::format::MAJOR)]
    Newer {
        /// FORMAT, or the file that holds something unknown.
        file: PathBuf,
        /// Its major version.
        major: u32,
    },
    /// An older Baton wrote it; `migrate-store` brings it up to date.
    #[error("{} has the older format {major}, and this program knows {}", file.display(), super::format::MAJOR)]
    Older {
        /// FORMAT.
        file: PathBuf,
        /// Its major version.
        major: u32,
    },
    /// Locks and renames cannot be relied on there.
    #[error("{} is on a file system that is not known to be local ({kind})", root.display())]
    NetworkFs {
        /// The store.
        root: PathBuf,
        /// The file system's type, as the system says it.
        kind: String,
    },
    /// The claim under which it would be written is no longer the live one.
    #[error("the claim of {run} is no longer the live one ({})", live(current.as_ref()))]
    StaleFence {
        /// The run that wanted to write.
        run: RunId,
        /// The live claim of its issue, if there is one.
        current: Option<Fence>,
    },
    /// A transaction is at most 1 MiB.
    #[error("a transaction of {bytes} bytes is larger than {}", super::line::MAX)]
    TransactionTooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The events after the cursor are no longer kept.
    #[error("events after {after} are no longer kept; the first one is {first}")]
    CursorExpired {
        /// The cursor.
        after: u64,
        /// The first event that is kept.
        first: u64,
    },
    /// A document changed and no event says why. A mistake in the program.
    #[error("{doc} would change without an event")]
    ChangeWithoutEvent {
        /// The first of the documents.
        doc: DocId,
    },
    /// The name cannot be a file's name.
    #[error("`{doc}` cannot be the name of a document")]
    BadName {
        /// The name.
        doc: DocId,
    },
    /// The document would not read back as what it is.
    #[error("{doc} cannot be written: {reason}")]
    Unwritable {
        /// The document.
        doc: DocId,
        /// Why.
        reason: String,
    },
    /// An operation on a file failed.
    #[error("cannot {operation} {}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl StoreError {
    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::NotAStore { .. } => "not_a_store",
            Self::LockBusy { .. } => "lock_busy",
            Self::WrongOwner { .. } => "wrong_owner",
            Self::Damaged { .. } => "store_damaged",
            Self::LostTail { .. } => "journal_lost_tail",
            Self::DamagedDocument { .. } => "document_damaged",
            Self::Newer { .. } => "store_newer",
            Self::Older { .. } => "store_older",
            Self::NetworkFs { .. } => "network_fs",
            Self::StaleFence { .. } => "stale_fence",
            Self::TransactionTooLarge { .. } => "transaction_too_large",
            Self::CursorExpired { .. } => "cursor_expired",
            Self::ChangeWithoutEvent { .. } => "change_without_event",
            Self::BadName { .. } => "bad_name",
            Self::Unwritable { .. } => "unwritable",
            Self::Io { .. } => "io",
        }
    }

    pub(super) fn damaged(file: PathBuf, reason: impl Into<String>) -> Self {
        Self::Damaged { file, line: None, byte: None, reason: reason.into() }
    }
}

fn place(line: Option<u64>, byte: Option<u64>) -> String {
    let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
    let byte = byte.map(|byte| format!(" byte {byte}")).unwrap_or_default();
    format!("{line}{byte}")
}

fn live(current: Option<&Fence>) -> String {
    current.map_or_else(|| "there is none".to_owned(), |fence| format!("that is {}, fence {}", fence.run, fence.seq))
}

/// Says of an input/output error what was tried on which file.
pub(super) trait At<T> {
    fn at(self, operation: &'static str, path: &Path) -> Result<T, StoreError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, operation: &'static str, path: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Io { operation, path: path.to_owned(), source })
    }
}
