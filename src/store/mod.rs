//! The store: an append-only journal of transactions, and manifests that are redo-able snapshots of it (DESIGN §3).
//!
//! The interface names no file path: [`Store::snapshot`] reads without a lock exactly the state at the last whole line
//! of the journal; [`Store::transact`] decides and commits under the lock with one flush; [`Store::events`] reads the
//! journal as a feed. Where run folders and workspaces lie is [`Layout`]'s, beside it.
//!
//! `docs/store.md` describes the format and the promises.

mod answers;
mod applied;
mod blank;
mod cached;
mod check;
mod checkpoint;
mod document;
mod error;
mod events;
mod feed;
mod format;
pub mod fs;
mod heal;
mod journal;
mod layout;
mod line;
mod lines;
mod lock;
mod manifest;
mod migrate;
mod open;
pub mod redact;
mod redo;
mod rotate;
mod rows;
mod snapshot;
mod transaction;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

pub use check::{Checked, Finding, Repair, Repaired};
pub use document::{DocId, DocIdError, Document, IssueRecord, Kind};
pub use error::StoreError;
pub use events::{By, Event, Fence};
pub use format::VERSION as FORMAT_VERSION;
pub use layout::Layout;
pub use migrate::Migration;
pub use redact::Redactor;
pub use rows::{Row, RowIssue, RowWorkspace, Rows};
pub use snapshot::Snapshot;
pub use transaction::Transaction;

use crate::chain::chain;
use crate::model::Timestamp;
use checkpoint::{Index, Newcomers};
use error::At as _;
use journal::{Journal, Position};
use snapshot::Wanted;
use writer::Writer;

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// How long a transaction waits for the lock; `None` waits for ever (workers).
    pub lock_timeout: Option<Duration>,
    /// `store.allow_network_fs`.
    pub allow_network_fs: bool,
    /// How long a segment of the journal becomes before the next one begins, in bytes.
    pub segment_bytes: u64,
    /// Values that must never be written (of the environment variables that the configuration names as secrets).
    pub secrets: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lock_timeout: Some(Duration::from_secs(5)),
            allow_network_fs: false,
            segment_bytes: 8 * 1024 * 1024,
            secrets: Vec::new(),
        }
    }
}

/// An open store. It may be used from several threads; their transactions queue for each other.
pub struct Store {
    fs: Arc<dyn fs::Fs>,
    layout: Layout,
    id: String,
    /// The uid to which it belongs.
    owner: u32,
    lock_timeout: Option<Duration>,
    segment_bytes: u64,
    redactor: Redactor,
    boot_id: OnceLock<String>,
    writer: Mutex<Writer>,
    /// What the journal says is there; kept by who holds the lock.
    index: Mutex<Option<Index>>,
    /// How many documents were searched for in the journal's text instead.
    searches: AtomicU32,
    /// What they did not find.
    newcomers: Mutex<Newcomers>,
    /// Where the last call of `events` stopped.
    feed: Mutex<Option<Position>>,
    warnings: Mutex<Vec<String>>,
}

impl Store {
    /// The store's directory; run folders, leases and the like are derived from it by [`Layout`].
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The store's uuid.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How long a transaction waits for the lock; `None` waits for ever.
    #[must_use]
    pub fn lock_timeout(&self) -> Option<Duration> {
        self.lock_timeout
    }

    /// What takes secrets out of everything that the store writes; for logs and run events too.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Whether FORMAT still names the store that was opened; fails as opening it would (`store_newer`, `not_found`).
    pub fn is_unchanged(&self) -> Result<bool, StoreError> {
        Ok(format::read(&*self.fs, &self.layout)? == self.id)
    }

    /// All of `kinds`, at one point of the journal, without a lock. A damaged manifest is in [`Snapshot::damaged`].
    pub fn snapshot(&self, kinds: &[Kind]) -> Result<Snapshot, StoreError> {
        self.snapshot_with(kinds, &BTreeSet::new())
    }

    /// All of `kinds` and these documents beside them, at one point of the journal, without a lock.
    pub fn snapshot_with(&self, kinds: &[Kind], docs: &BTreeSet<DocId>) -> Result<Snapshot, StoreError> {
        self.read(Wanted { kinds, docs })
    }

    /// One document, now, without a lock.
    pub fn get<D: Document>(&self, name: &str) -> Result<Option<D>, StoreError> {
        self.snapshot_with(&[], &BTreeSet::from([DocId::new(D::KIND, name)]))?.get(name)
    }

    /// Decides and commits under the lock. `decide` reads the state as it is now and puts, deletes and logs; an error
    /// from it commits nothing. Nothing put, deleted or logged: nothing is written and nothing is flushed.
    ///
    /// `decide` must not begin another transaction on the same `Store`, and should take milliseconds: nobody else can
    /// write meanwhile.
    pub fn transact<T, E: From<StoreError>>(
        &self,
        at: Timestamp,
        by: &By,
        decide: impl FnOnce(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.check_owner()?;
        // A writer that panicked has left nothing here that is not verified before it is used again.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (_held, files) = writer.acquire(self, self.lock_timeout, by, at)?;
        let head = files.roll_forward(self)?;
        let mut transaction = Transaction::new(self, head);
        if let Some(fence) = &by.fence {
            transaction.check_fence(fence)?;
        }
        let answer = decide(&mut transaction)?;
        let head = transaction.commit(at, by)?;
        if let Some(mut head) = head.filter(|head| head.is_full(self.segment_bytes))
            && let Err(error) = head.rotate(self)
        {
            self.warn(&format!("the next segment of the journal could not be begun: {}", chain(&error)));
        }
        Ok(answer)
    }

    /// Touches `polled`.
    pub fn touch_polled(&self, at: Timestamp) -> Result<(), StoreError> {
        self.check_owner()?;
        let path = self.layout.polled();
        self.fs.touch(&path, SystemTime::from(at)).at("touch", &path)
    }

    /// When the last good poll was.
    #[must_use]
    pub fn polled_at(&self) -> Option<Timestamp> {
        self.fs.stat(&self.layout.polled()).ok().map(|stat| stat.modified.into())
    }

    /// What went wrong without failing a transaction, since this was last asked; also logged.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn warn(&self, warning: &str) {
        let warning = self.redactor.redact(warning).into_owned();
        tracing::warn!("{warning}");
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    fn journal(&self) -> Journal<'_> {
        Journal { fs: &*self.fs, layout: &self.layout }
    }
}
