//! Reading without a lock: `applied`, then the manifests, then the journal behind `applied`; the higher number wins.
//!
//! A manifest is written after its line, and the journal is read after the manifests, so that nothing which was seen in
//! a manifest is missing from the journal: the result is exactly the state at the last whole line.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::OnceLock;

use serde_json::value::RawValue;

use super::applied::Applied;
use super::checkpoint::{Index, Listed};
use super::document::{DocId, Document, IssueRecord, Kind, is_safe};
use super::error::{At as _, StoreError};
use super::heal::{is_missed, missing, stale};
use super::journal::{Go, Position};
use super::layout::Layout;
use super::redo::{Ops, collect};
use super::{Store, manifest};
use crate::model::{ClaimRecord, RunRecord, SessionRecord, Work};

/// A state of the store, as of one journal number.
pub struct Snapshot {
    position: Position,
    /// Whether all that it holds was flushed before it was read.
    settled: bool,
    layout: Layout,
    docs: BTreeMap<DocId, Result<Box<RawValue>, String>>,
    damaged: OnceLock<Vec<(DocId, String)>>,
}

impl Snapshot {
    /// The number of the last event that it holds.
    #[must_use]
    pub fn as_of(&self) -> u64 {
        self.position.seq
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// One document, of those that were asked for. `document_damaged`, naming the file, where it cannot be read.
    pub fn get<D: Document>(&self, name: &str) -> Result<Option<D>, StoreError> {
        let doc = DocId::new(D::KIND, name);
        match self.docs.get(&doc) {
            None => Ok(None),
            Some(Ok(data)) => parse(&self.layout, &doc, data).map(Some),
            Some(Err(reason)) => {
                Err(StoreError::DamagedDocument { file: self.layout.manifest(&doc), doc, reason: reason.clone() })
            }
        }
    }

    /// All documents of a kind that could be read, sorted by name.
    #[must_use]
    pub fn all<D: Document>(&self) -> Vec<D> {
        let all = self.docs.iter().filter(|(doc, _)| doc.kind == D::KIND);
        all.filter_map(|(doc, data)| parse(&self.layout, doc, data.as_ref().ok()?).ok()).collect()
    }

    /// The names of a kind, readable or not, sorted.
    pub fn names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.docs.keys().filter(move |doc| doc.kind == kind).map(|doc| doc.name.as_str())
    }

    /// Documents that could not be read, with the reason.
    #[must_use]
    pub fn damaged(&self) -> &[(DocId, String)] {
        self.damaged.get_or_init(|| {
            let reason = |(doc, data): (&DocId, &Result<Box<RawValue>, String>)| {
                let reason = data.as_ref().map_or_else(|reason| Err(reason.clone()), |data| check(doc, data)).err()?;
                Some((doc.clone(), reason))
            };
            self.docs.iter().filter_map(reason).collect()
        })
    }
}

/// A document from its data, with the name that it should have.
pub(super) fn parse<D: Document>(layout: &Layout, doc: &DocId, data: &RawValue) -> Result<D, StoreError> {
    read_as(doc, data).map_err(|reason| StoreError::DamagedDocument {
        doc: doc.clone(),
        file: layout.manifest(doc),
        reason,
    })
}

pub(super) fn read_as<D: Document>(doc: &DocId, data: &RawValue) -> Result<D, String> {
    let parsed: D = serde_json::from_str(data.get()).map_err(|error| format!("is no document of its kind: {error}"))?;
    let name = parsed.name();
    if name == doc.name { Ok(parsed) } else { Err(format!("holds {}/{name}", doc.kind)) }
}

/// What is wrong with a document, as far as the store knows its kind.
pub(super) fn check(doc: &DocId, data: &RawValue) -> Result<(), String> {
    match doc.kind {
        Kind::Issues => read_as::<IssueRecord>(doc, data).map(drop),
        Kind::Work => read_as::<Work>(doc, data).map(drop),
        Kind::Claims => read_as::<ClaimRecord>(doc, data).map(drop),
        Kind::Runs => read_as::<RunRecord>(doc, data).map(drop),
        Kind::Sessions => read_as::<SessionRecord>(doc, data).map(drop),
        Kind::Receipts | Kind::Readers | Kind::State => Ok(()),
    }
}

/// The document's name in a directory entry of its kind.
pub(super) fn name_in(kind: Kind, entry: &str) -> Option<&str> {
    let name = match kind {
        Kind::Runs => entry,
        Kind::State => (entry == "state.json").then_some("state")?,
        Kind::Issues | Kind::Work | Kind::Claims | Kind::Sessions | Kind::Receipts | Kind::Readers => {
            entry.strip_suffix(".json")?
        }
    };
    is_safe(kind, name).then_some(name)
}

/// Which documents a snapshot is of: all of some kinds, and some of others.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) kinds: &'a [Kind],
    pub(super) docs: &'a BTreeSet<DocId>,
}

impl Wanted<'_> {
    fn holds(self, doc: &DocId) -> bool {
        self.kinds.contains(&doc.kind) || self.docs.contains(doc)
    }
}

impl Store {
    /// The names in the directory of a kind, in no order.
    pub(super) fn names_on_disk(&self, kind: Kind) -> Result<Vec<String>, StoreError> {
        let dir = self.layout.kind(kind);
        let names = match self.fs.list(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.at("list", &dir)?,
        };
        Ok(names.iter().filter_map(|name| name_in(kind, name.to_str()?).map(str::to_owned)).collect())
    }

    pub(super) fn read(&self, wanted: Wanted<'_>) -> Result<Snapshot, StoreError> {
        self.unless_rotated(|applied| self.read_after(applied, wanted))
    }

    fn read_after(&self, applied: Option<Applied>, wanted: Wanted<'_>) -> Result<Snapshot, StoreError> {
        let journal = self.journal();
        let mut docs = BTreeMap::new();
        let mut newest: Option<(DocId, u64)> = None;
        let mut add = |doc: DocId| -> Result<(), StoreError> {
            match manifest::read(&*self.fs, &self.layout, &doc) {
                Ok(None) => {}
                Ok(Some(there)) => {
                    if newest.as_ref().is_none_or(|(_, seq)| *seq < there.seq) {
                        newest = Some((doc.clone(), there.seq));
                    }
                    docs.insert(doc, (there.seq, Ok(there.data)));
                }
                Err(StoreError::DamagedDocument { reason, .. }) => {
                    docs.insert(doc, (0, Err(reason)));
                }
                Err(error) => return Err(error),
            }
            Ok(())
        };
        for kind in wanted.kinds {
            let names = self.names_on_disk(*kind)?;
            names.into_iter().map(|name| DocId::new(*kind, name)).try_for_each(&mut add)?;
        }
        let single = wanted.docs.iter().filter(|doc| doc.is_safe() && !wanted.kinds.contains(&doc.kind));
        single.cloned().try_for_each(&mut add)?;
        let mut ops = Ops::new();
        let end = journal.replay(self.read_from(applied)?, &mut |record, position| {
            collect(record, &self.layout.segment(position.segment), &mut ops)?;
            Ok(Go::On)
        })?;
        let as_of = end.position.seq;
        if let Some(applied) = applied.filter(|applied| applied.committed > as_of) {
            return Err(journal.lost_tail("applied", applied.committed));
        }
        if let Some((doc, seq)) = newest.filter(|(_, seq)| *seq > as_of) {
            return Err(journal.lost_tail(doc.to_string(), seq));
        }
        for (doc, reason) in self.unlike_checkpoint(applied, end.position, wanted, &docs)? {
            docs.insert(doc, (0, Err(reason)));
        }
        for (doc, op) in ops.into_iter().filter(|(doc, _)| wanted.holds(doc)) {
            let newer = docs.get(&doc).is_none_or(|(seq, _)| *seq < op.seq);
            match op.data {
                Some(data) if newer => {
                    docs.insert(doc, (op.seq, Ok(data)));
                }
                None if newer => {
                    docs.remove(&doc);
                }
                Some(_) | None => {}
            }
        }
        let docs = docs.into_iter().map(|(doc, (_, data))| (doc, data)).collect();
        let settled = applied.is_some_and(|applied| applied.committed == as_of);
        Ok(Snapshot { position: end.position, settled, layout: self.layout.clone(), docs, damaged: OnceLock::new() })
    }

    /// Manifests that are not what the journal says, with the reason; as far as the journal is to be asked. In a boot
    /// in which nobody has written yet, all are compared with the checkpoint; later, what is not there is looked for.
    fn unlike_checkpoint(
        &self,
        applied: Option<Applied>,
        end: Position,
        wanted: Wanted<'_>,
        docs: &BTreeMap<DocId, (u64, Result<Box<RawValue>, String>)>,
    ) -> Result<Vec<(DocId, String)>, StoreError> {
        let journal = self.journal();
        let is_gone = |doc: &&DocId| is_missed(doc.kind) && doc.is_safe() && !docs.contains_key(doc);
        let suspicious = applied.is_none()
            || self.mentions_any(end, wanted.docs.iter().filter(is_gone))?
            // A short read instead of a long one: what was made since is not looked for here, but by writers.
            || wanted.kinds.iter().any(|kind| is_missed(*kind))
                && journal.checkpoint(end.segment)?.0.keys().any(|doc| wanted.holds(doc) && is_gone(&doc));
        if !suspicious {
            return Ok(Vec::new());
        }
        let index = Index::at_end(journal, end.segment)?;
        let unlike = |(doc, listed): (&DocId, &Listed)| match docs.get(doc) {
            None if applied.is_none() || is_missed(doc.kind) => Some((doc.clone(), missing(*listed))),
            Some((seq, Ok(_))) if applied.is_none() && *seq < listed.seq => Some((doc.clone(), stale(*seq, *listed))),
            Some(_) | None => None,
        };
        let listed = index.listing().iter().filter(|(doc, listed)| wanted.holds(doc) && listed.seq <= end.seq);
        Ok(listed.filter_map(unlike).collect())
    }
}
