//! What the journal says is there: name, number and sum of every manifest, up to a point.
//!
//! The checkpoint at the head of a segment says it for the segment's start, and the transactions behind it say what
//! changed since. It is made from the journal alone, so that a manifest which somebody removed stays listed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use serde_json::value::RawValue;

use super::Store;
use super::document::{DocId, DocIdError};
use super::error::{At as _, StoreError};
use super::journal::{Go, Journal, Position};
use super::line::{self, Checkpoint, Record};
use super::manifest::Manifest;

/// The state of one manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    /// The transaction that wrote it.
    pub(super) seq: u64,
    /// The sum of its data.
    pub(super) sum: u32,
}

impl Listed {
    fn of(seq: u64, data: &RawValue) -> Self {
        Self { seq, sum: crc32fast::hash(data.get().as_bytes()) }
    }

    /// Whether this is the manifest that is meant.
    pub(super) fn is(self, there: &Manifest) -> bool {
        self == Self::of(there.seq, &there.data)
    }
}

/// So many documents are searched for before the index is built.
const SEARCHES: u32 = 8;

/// The state of every manifest, by name.
pub(super) type Listing = BTreeMap<DocId, Listed>;

/// What a checkpoint lists, or what is wrong with it.
pub(super) fn read(checkpoint: &Checkpoint<'_>) -> Result<Listing, String> {
    let entry = |(name, (seq, sum)): (&Cow<'_, str>, &(u64, Cow<'_, str>))| {
        let doc: DocId = name.parse().map_err(|error: DocIdError| error.to_string())?;
        let sum = u32::from_str_radix(sum, 16).map_err(|error| format!("the sum of {doc}: {error}"))?;
        Ok((doc, Listed { seq: *seq, sum }))
    };
    checkpoint.checkpoint.iter().map(entry).collect()
}

/// The checkpoint's line.
pub(super) fn encode(listing: &Listing) -> Result<Vec<u8>, StoreError> {
    let entry = |(doc, listed): (&DocId, &Listed)| {
        (Cow::Owned(doc.to_string()), (listed.seq, Cow::Owned(format!("{:08x}", listed.sum))))
    };
    line::encode_checkpoint(listing.iter().map(entry).collect())
}

/// Names that the last segment does not know, up to a position.
#[derive(Default)]
pub(super) struct Newcomers {
    head: Option<Position>,
    names: BTreeSet<String>,
}

impl Newcomers {
    fn is_known(&mut self, head: Position, name: &str) -> bool {
        if self.head.replace(head) != Some(head) {
            self.names.clear();
        }
        self.names.contains(name)
    }
}

/// What the journal says is there, at a position.
pub(super) struct Index {
    listing: Listing,
    position: Position,
}

impl Index {
    /// At the start of a segment.
    pub(super) fn of_segment(journal: Journal<'_>, segment: u64) -> Result<Self, StoreError> {
        let (listing, position) = journal.checkpoint(segment)?;
        Ok(Self { listing, position })
    }

    /// At the journal's end.
    pub(super) fn at_end(journal: Journal<'_>, segment: u64) -> Result<Self, StoreError> {
        let mut index = Self::of_segment(journal, segment)?;
        index.extend(journal)?;
        Ok(index)
    }

    fn extend(&mut self, journal: Journal<'_>) -> Result<(), StoreError> {
        let Self { listing, position } = self;
        let end = journal.replay(*position, &mut |record, position| {
            take(listing, record)
                .map_err(|error| StoreError::damaged(journal.layout.segment(position.segment), error.to_string()))?;
            Ok(Go::On)
        })?;
        *position = end.position;
        Ok(())
    }

    /// The manifests, by name.
    pub(super) fn listing(&self) -> &Listing {
        &self.listing
    }
}

/// Takes over what a transaction changes.
pub(super) fn take(listing: &mut Listing, record: &Record<'_>) -> Result<(), DocIdError> {
    for (name, data) in &record.put {
        listing.insert(name.parse()?, Listed::of(record.seq, data));
    }
    for name in &record.del {
        listing.remove(&name.parse()?);
    }
    Ok(())
}

impl Store {
    /// Whether the segment may say something of any of these documents of issues. `false`: they are newcomers, all of
    /// them. A search of its text, much cheaper than the index, which is built where more than a few are asked for. An
    /// issue's documents share their name, and one search.
    pub(super) fn mentions_any<'d>(
        &self,
        head: Position,
        docs: impl IntoIterator<Item = &'d DocId>,
    ) -> Result<bool, StoreError> {
        for doc in docs {
            if self.newcomers().is_known(head, &doc.name) {
                continue;
            }
            let kept = self.index.lock().unwrap_or_else(PoisonError::into_inner).is_some();
            if kept || self.searches.fetch_add(1, Ordering::Relaxed) >= SEARCHES {
                return Ok(true);
            }
            let path = self.layout.segment(head.segment);
            let bytes = self.fs.read(&path).at("read", &path)?;
            let name = format!("/{}\"", doc.name);
            if str::from_utf8(&bytes).map_or(true, |text| text.contains(&name)) {
                return Ok(true);
            }
            self.newcomers().names.insert(doc.name.clone());
        }
        Ok(false)
    }

    fn newcomers(&self) -> MutexGuard<'_, Newcomers> {
        self.newcomers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is there at `head`, the journal's end. Only the holder of the lock may ask: what others see there may still
    /// be taken back. It is kept, so that a long-lived process reads every line once.
    pub(super) fn listing<T>(&self, head: Position, ask: impl FnOnce(&Listing) -> T) -> Result<T, StoreError> {
        let mut kept = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.take().filter(|index| index.position.segment == head.segment);
        let mut index = match known {
            Some(index) => index,
            None => Index::of_segment(self.journal(), head.segment)?,
        };
        if index.position != head {
            index.extend(self.journal())?;
        }
        Ok(ask(&kept.insert(index).listing))
    }
}
