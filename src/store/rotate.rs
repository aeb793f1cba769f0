//! Rotation: a segment that is long enough is followed by another, so that neither redo nor the disk grows with history.
//!
//! The manifests are brought to the disk first. The new segment begins with a checkpoint that lists them, and comes into
//! its place whole. From then on nothing before it is needed, but for `events` and to heal damage.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::document::{DocId, Kind};
use super::error::{At as _, StoreError};
use super::journal::{Go, Position};
use super::redo::Ops;
use super::writer::Head;
use super::{Store, checkpoint, redo};

/// How many segments are kept, the last one included.
pub(super) const KEPT: usize = 8;

impl Head {
    /// Whether the segment is long enough. One whose checkpoint is long is followed later, so that checkpoints never are
    /// most of what is written. What a manifest lacks is in this segment, so that it waits until all are written.
    pub(super) fn is_full(&self, limit: u64) -> bool {
        let Position { start, offset, .. } = self.position;
        self.is_written() && offset - start >= limit.max(start)
    }

    /// Begins the next segment.
    pub(super) fn rotate(&mut self, store: &Store) -> Result<(), StoreError> {
        let line = store.listing(self.position, checkpoint::encode)??;
        self.sync_manifests(store)?;
        let first = self.position.seq + 1;
        let (tmp, path, journal) =
            (store.layout.tmp().join("segment"), store.layout.segment(first), store.layout.journal());
        store.fs.write(&tmp, &line).at("write", &tmp)?;
        store.fs.sync(&tmp).at("sync", &tmp)?;
        store.fs.rename(&tmp, &path).at("rename the new segment to", &path)?;
        store.fs.sync(&journal).at("sync", &journal)?;
        let start = line.len() as u64;
        self.position = Position { seq: self.position.seq, segment: first, start, offset: start };
        self.write_applied(store);
        remove_old(store)
    }

    /// Brings every manifest to the disk, and every removal.
    fn sync_manifests(&self, store: &Store) -> Result<(), StoreError> {
        let root = &store.layout.root;
        match store.fs.sync_all(root) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            other => return other.at("sync the file system of", root),
        }
        // What an earlier segment changed was synced when this one began.
        let from = Position { offset: self.position.start, seq: self.position.segment - 1, ..self.position };
        let mut touched = Ops::new();
        store.journal().replay(from, &mut |record, position| {
            redo::collect(record, &store.layout.segment(position.segment), &mut touched)?;
            Ok(Go::On)
        })?;
        let mut dirs = BTreeSet::from([store.layout.archive()]);
        for doc in touched.keys() {
            sync(store, &store.layout.manifest(doc))?;
            dirs.extend(dirs_of(store, doc));
        }
        dirs.iter().try_for_each(|dir| sync(store, dir))
    }
}

/// The folders in which a document's coming and going is written.
pub(super) fn dirs_of(store: &Store, doc: &DocId) -> impl Iterator<Item = PathBuf> {
    let folder = (doc.kind == Kind::Runs).then(|| store.layout.manifest(doc).parent().map(Path::to_owned));
    folder.flatten().into_iter().chain([store.layout.kind(doc.kind)])
}

/// fsync of what is there.
pub(super) fn sync(store: &Store, path: &Path) -> Result<(), StoreError> {
    match store.fs.sync(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.at("sync", path),
    }
}

/// Removes the oldest segments. Never two without a sync between them: what comes back after a power cut has no gap.
fn remove_old(store: &Store) -> Result<(), StoreError> {
    let segments = store.journal().segments()?;
    for (n, segment) in segments[..segments.len().saturating_sub(KEPT)].iter().enumerate() {
        let journal = store.layout.journal();
        if n > 0 {
            store.fs.sync(&journal).at("sync", &journal)?;
        }
        let path = store.layout.segment(*segment);
        store.fs.remove(&path).at("remove", &path)?;
    }
    Ok(())
}
