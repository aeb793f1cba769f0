//! The writing side: under the lock, roll forward what a killed writer left undone, then commit.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::applied::{self, Applied};
use super::cached::Cached;
use super::error::{At as _, StoreError};
use super::events::By;
use super::fs::{Access, FsFile, Stat};
use super::journal::{End, Go, Position};
use super::layout::Layout;
use super::line::{self, Record};
use super::lock::{Held, Lock};
use super::redo::{Ops, collect};
use super::{Store, format};
use crate::chain::chain;
use crate::model::Timestamp;

/// What a long-lived store keeps between transactions, each part verified before it is used again.
pub(super) struct Writer {
    lock: Lock,
    /// FORMAT, when it was last read.
    format: Option<Stat>,
    files: Files,
}

/// The open files of the writing side.
#[derive(Default)]
pub(super) struct Files {
    segment: Cached,
    applied: Cached,
}

/// The journal's end, under the lock.
pub(super) struct Head {
    pub(super) position: Position,
    /// Up to where every manifest is written.
    redo: Position,
    /// Whether the manifests were compared with the checkpoint in this boot; if not, `applied` stays absent.
    verified: bool,
    /// What the journal says and could not be written to its manifest yet.
    pub(super) pending: Ops,
    segment: Arc<dyn FsFile>,
    applied: Arc<dyn FsFile>,
    /// The directory `journal/`.
    journal: Stat,
}

impl Writer {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { lock: Lock::new(&layout.root, layout.lock()), format: None, files: Files::default() }
    }

    /// Takes the lock and makes sure that it guards the store that was opened.
    pub(super) fn acquire(
        &mut self,
        store: &Store,
        timeout: Option<Duration>,
        by: &By,
        at: Timestamp,
    ) -> Result<(Held<'_>, &mut Files), StoreError> {
        let Self { lock, format, files } = self;
        let held = lock.acquire(&*store.fs, timeout)?;
        let path = store.layout.format();
        let now = store.fs.stat(&path).ok();
        if now.is_none() || now != *format {
            if format::read(&*store.fs, &store.layout)? != store.id {
                return Err(StoreError::damaged(path, "belongs to another store than the one that was opened"));
            }
            *format = now;
        }
        held.note(by, at);
        Ok((held, files))
    }
}

impl Files {
    /// The journal's end, with every manifest up to it written.
    pub(super) fn roll_forward(&mut self, store: &Store) -> Result<Head, StoreError> {
        let journal = store.journal();
        let directory = journal.directory()?;
        let path = store.layout.applied();
        let (hint, state) = self.applied.get(&*store.fs, &path, Access::Overwrite).at("open", &path)?;
        let mut bytes = vec![0; usize::try_from(state.len).unwrap_or(0).min(1024)];
        let read = hint.read_at(&mut bytes, 0).at("read", &path)?;
        let known = applied::decode(&bytes[..read], store.boot_id(), &directory);
        let (known, committed) = (known.map(|applied| applied.position), known.map_or(0, |applied| applied.committed));

        if let Some(position) = known {
            let (segment, len) = self.segment(store, position)?;
            if len == position.offset && !journal.goes_on(position)? {
                let (redo, pending) = (position, Ops::new());
                return Ok(Head {
                    position,
                    redo,
                    verified: true,
                    pending,
                    segment,
                    applied: hint,
                    journal: directory,
                });
            }
        }
        let redo = known.map_or_else(|| journal.last_start(), Ok)?;
        let mut ops = Ops::new();
        let end = journal.replay(redo, &mut |record, position| {
            collect(record, &store.layout.segment(position.segment), &mut ops)?;
            Ok(Go::On)
        })?;
        let position = end.position;
        if position.seq < committed {
            return Err(journal.lost_tail("applied", committed));
        }
        let (segment, _) = self.segment(store, position)?;
        if end.torn > 0 {
            cut(store, &*segment, end)?;
        }
        if known.is_none_or(|known| known.segment != position.segment) {
            // Whoever began the segment may have died before its name was on the disk.
            let path = store.layout.journal();
            store.fs.sync(&path).at("sync", &path)?;
        }
        let mut head =
            Head { position, redo, verified: true, pending: Ops::new(), segment, applied: hint, journal: directory };
        if position == redo {
            return Ok(head);
        }
        // Its writer may have died before its flush; whatever is built on it must not outlive it.
        head.flush(store)?;
        if known.is_none() {
            let (listing, _) = journal.checkpoint(redo.segment)?;
            head.verified = store.verify(&listing, &ops, position.seq)?;
        }
        for (doc, op) in ops {
            match store.redo(&doc, &op, position.seq) {
                Ok(()) => {}
                Err(error @ StoreError::LostTail { .. }) => return Err(error),
                Err(error) => {
                    store.warn(&format!("{doc} is not up to date on disk: {}", chain(&error)));
                    head.pending.insert(doc, op);
                }
            }
        }
        head.write_applied(store);
        Ok(head)
    }

    /// The segment that `position` is in, open for appending, and its length.
    fn segment(&mut self, store: &Store, position: Position) -> Result<(Arc<dyn FsFile>, u64), StoreError> {
        let path = store.layout.segment(position.segment);
        match self.segment.get(&*store.fs, &path, Access::Append) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(StoreError::damaged(path, "the journal's segment is missing"))
            }
            other => other.at("open", &path).map(|(file, stat)| (file, stat.len)),
        }
    }
}

impl Head {
    /// Appends the line and flushes it: the commit. Then the manifests; what fails there is a warning.
    pub(super) fn commit(&mut self, store: &Store, record: &Record<'_>, ops: Ops) -> Result<(), StoreError> {
        let line = line::encode(record)?;
        self.append(store, &line)?;
        self.position.seq = record.seq;
        self.position.offset += line.len() as u64;
        for (doc, op) in ops {
            match store.apply(&doc, &op) {
                Ok(()) => {
                    self.pending.remove(&doc);
                }
                Err(error) => {
                    store.warn(&format!("{doc} is committed, but its manifest is not written: {}", chain(&error)));
                    self.pending.insert(doc, op);
                }
            }
        }
        self.write_applied(store);
        Ok(())
    }

    /// Whether every manifest is known to be what the journal says.
    pub(super) fn is_written(&self) -> bool {
        self.verified && self.pending.is_empty()
    }

    /// One write and one flush, or nothing.
    fn append(&self, store: &Store, line: &[u8]) -> Result<(), StoreError> {
        let path = store.layout.segment(self.position.segment);
        let written = match self.segment.append(line) {
            Ok(n) if n == line.len() => self.segment.datasync().at("sync", &path),
            // One write says how much it took; why it took no more, only the next one says.
            Ok(n) => match self.segment.append(&line[n..]) {
                Err(error) => Err(error).at("append to", &path),
                Ok(_) => {
                    let reason = format!("only {n} of {} bytes were taken", line.len());
                    Err(io::Error::new(io::ErrorKind::WriteZero, reason)).at("append to", &path)
                }
            },
            Err(error) => Err(error).at("append to", &path),
        };
        if written.is_err() {
            self.segment.truncate(self.position.offset).at("undo a failed append to", &path)?;
            // So that it does not come back after a power cut: it failed, and stays failed.
            let _ = self.segment.datasync();
        }
        written
    }

    /// Flushes the journal, for an answer that rests on what is there.
    pub(super) fn flush(&self, store: &Store) -> Result<(), StoreError> {
        self.segment.datasync().at("sync", &store.layout.segment(self.position.segment))
    }

    /// Says up to where the manifests are written.
    pub(super) fn write_applied(&mut self, store: &Store) {
        if !self.verified {
            return;
        }
        if self.pending.is_empty() {
            self.redo = self.position;
        }
        let applied = Applied { position: self.redo, committed: self.position.seq };
        if let Some(bytes) = applied::encode(applied, store.boot_id(), &self.journal)
            && let Err(error) = self.applied.overwrite(&bytes)
        {
            store.warn(&format!("{} is not written: {error}", store.layout.applied().display()));
        }
    }
}

/// Truncates a torn tail and keeps its bytes.
fn cut(store: &Store, segment: &dyn FsFile, end: End) -> Result<(), StoreError> {
    let Position { segment: first, offset, .. } = end.position;
    let path = store.layout.segment(first);
    let mut torn = vec![0; usize::try_from(end.torn).unwrap_or(0)];
    let read = segment.read_at(&mut torn, offset).at("read", &path)?;
    torn.truncate(read);
    let kept = store.keep_damaged(&format!("journal-{first:014}-{offset}"), &torn)?;
    segment.truncate(offset).at("truncate", &path)?;
    store.warn(&format!(
        "{}: a torn transaction of {read} bytes at byte {offset} was never acknowledged and is cut off; its bytes are in {}",
        path.display(),
        kept.display()
    ));
    Ok(())
}
