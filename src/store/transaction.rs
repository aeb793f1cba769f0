//! A transaction: reads of the state under the lock, and writes that become visible at the commit.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use serde_json::value::RawValue;

use super::Store;
use super::document::{DocId, Document, Kind};
use super::error::StoreError;
use super::events::{By, Fence};
use super::heal::is_missed;
use super::line::{Record, RecordedEvent};
use super::manifest;
use super::redo::{Op, Ops};
use super::snapshot::parse;
use super::writer::Head;
use crate::model::{ClaimRecord, RunId, Timestamp};

/// An open transaction: reads are of the state under the lock, writes become visible at the commit.
pub struct Transaction<'s> {
    store: &'s Store,
    head: Head,
    /// Documents as they are on disk, as far as they were asked for.
    base: BTreeMap<DocId, Option<Box<RawValue>>>,
    /// What is on disk of the kinds that were listed: what is not there need not be looked for.
    listed: BTreeMap<Kind, BTreeSet<String>>,
    /// What will be put (`Some`) and deleted (`None`).
    writes: BTreeMap<DocId, Option<Box<RawValue>>>,
    events: Vec<Pending>,
    flush: bool,
}

struct Pending {
    seq: u64,
    kind: String,
    issue: Option<String>,
    run: Option<RunId>,
    data: Box<RawValue>,
}

impl<'s> Transaction<'s> {
    pub(super) fn new(store: &'s Store, head: Head) -> Self {
        let (base, listed, writes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { store, head, base, listed, writes, events: Vec::new(), flush: false }
    }

    /// The number of the last event before this transaction.
    #[must_use]
    pub fn as_of(&self) -> u64 {
        self.head.position.seq
    }

    /// One document as it is now (with this transaction's own puts). `document_damaged` where it cannot be read.
    pub fn get<D: Document>(&mut self, name: &str) -> Result<Option<D>, StoreError> {
        let (store, doc) = (self.store, DocId::new(D::KIND, name));
        if !doc.is_safe() {
            return Ok(None);
        }
        let data = match self.writes.get(&doc) {
            Some(write) => write.as_deref(),
            None => self.base(&doc)?,
        };
        match data {
            Some(data) => parse(&store.layout, &doc, data).map(Some),
            None => Ok(None),
        }
    }

    /// The names of a kind, sorted (`claims` is what this is for).
    pub fn names(&mut self, kind: Kind) -> Result<Vec<String>, StoreError> {
        let mut names: BTreeSet<String> = self.store.names_on_disk(kind)?.into_iter().collect();
        if kind == Kind::Runs {
            // A run's folder is there before its manifest, and an aborted launch leaves one without.
            names.retain(|name| {
                self.store.fs.stat(&self.store.layout.manifest(&DocId::new(kind, name.as_str()))).is_ok()
            });
        }
        self.listed.insert(kind, names.clone());
        for (doc, there) in self
            .head
            .pending
            .iter()
            .map(|(doc, op)| (doc, op.data.is_some()))
            .chain(self.writes.iter().map(|(doc, data)| (doc, data.is_some())))
            .filter(|(doc, _)| doc.kind == kind)
        {
            if there {
                names.insert(doc.name.clone());
            } else {
                names.remove(&doc.name);
            }
        }
        Ok(names.into_iter().collect())
    }

    /// Replaces a document. One that equals what is there is not written. `document_damaged` where what is there cannot
    /// be read: it is not replaced silently, and the transaction can go on without it.
    pub fn put<D: Document>(&mut self, doc: &D) -> Result<(), StoreError> {
        let (id, data, value) = self.encode(doc)?;
        if self.base(&id)?.is_some_and(|there| same(there, &data, &value)) {
            self.writes.remove(&id);
        } else {
            self.writes.insert(id, Some(data));
        }
        Ok(())
    }

    /// Writes a document that cannot be there yet, without looking.
    pub fn put_new<D: Document>(&mut self, doc: &D) -> Result<(), StoreError> {
        let (id, data, _) = self.encode(doc)?;
        self.writes.insert(id, Some(data));
        Ok(())
    }

    fn encode<D: Document>(&self, doc: &D) -> Result<(DocId, Box<RawValue>, Value), StoreError> {
        let id = DocId::of(doc);
        if !id.is_safe() {
            return Err(StoreError::BadName { doc: id });
        }
        let unwritable = |reason: String| StoreError::Unwritable { doc: id.clone(), reason };
        let mut value = serde_json::to_value(doc).map_err(|error| unwritable(error.to_string()))?;
        if self.store.redactor.redact_value(&mut value) {
            // A secret inside a key or a state would leave a document that nobody can read.
            let reads_back = D::deserialize(&value).is_ok_and(|clean| clean.name() == id.name);
            if !reads_back {
                return Err(unwritable(
                    "a value that the configuration names as secret is part of its structure".into(),
                ));
            }
        }
        let data = serde_json::value::to_raw_value(&value).map_err(|error| unwritable(error.to_string()))?;
        Ok((id, data, value))
    }

    /// Deletes a document; one that is not there is not missed, and of a damaged one the bytes are kept.
    pub fn delete(&mut self, doc: DocId) {
        if !doc.is_safe() {
            return;
        }
        if matches!(self.base(&doc), Ok(None)) {
            self.writes.remove(&doc);
        } else {
            self.writes.insert(doc, None);
        }
    }

    /// Logs an event and returns its number (a claim's is its fence).
    pub fn event(&mut self, kind: &str, issue: Option<&str>, run: Option<&RunId>, mut data: Value) -> u64 {
        let seq = self.head.position.seq + 1 + self.events.len() as u64;
        let redactor = &self.store.redactor;
        redactor.redact_value(&mut data);
        self.events.push(Pending {
            seq,
            kind: kind.to_owned(),
            issue: issue.map(|issue| redactor.redact(issue).into_owned()),
            run: run.cloned(),
            data: raw(&data),
        });
        seq
    }

    /// Makes sure that the answer rests on what is on the disk, also if this transaction writes nothing: for answers
    /// that are replayed, whose first giver may have died before its flush.
    pub fn flush_before_answer(&mut self) {
        self.flush = true;
    }

    /// Refuses who writes for a run whose claim is not the live one.
    pub(super) fn check_fence(&mut self, fence: &Fence) -> Result<(), StoreError> {
        if fence.seq > self.as_of() {
            return Err(self.store.journal().lost_tail(format!("the fence of {}", fence.run), fence.seq));
        }
        let claim = self.get::<ClaimRecord>(fence.run.key.as_str())?.map(|record| record.claim);
        let current = claim.map(|claim| Fence { run: claim.run, seq: claim.fence });
        if current.as_ref() == Some(fence) {
            Ok(())
        } else {
            Err(StoreError::StaleFence { run: fence.run.clone(), current })
        }
    }

    /// Writes it all, or nothing. The journal's new end, where something was written.
    pub(super) fn commit(mut self, at: Timestamp, by: &By) -> Result<Option<Head>, StoreError> {
        let Some(last) = self.events.last().map(|event| event.seq) else {
            return match self.writes.pop_first() {
                Some((doc, _)) => Err(StoreError::ChangeWithoutEvent { doc }),
                None if self.flush => self.head.flush(self.store).map(|()| None),
                None => Ok(None),
            };
        };
        let gone: Vec<DocId> =
            self.writes.iter().filter(|(_, data)| data.is_none()).map(|(doc, _)| doc.clone()).collect();
        for doc in gone {
            match self.base(&doc) {
                Err(damage @ StoreError::DamagedDocument { .. }) => drop(self.store.keep_manifest(&doc, &damage)?),
                other => drop(other?),
            }
        }
        let events = self.events.iter().map(|event| RecordedEvent {
            seq: event.seq,
            kind: Cow::Borrowed(&event.kind),
            issue: event.issue.as_deref().map(Cow::Borrowed),
            run: event.run.as_ref().map(Cow::Borrowed),
            data: &event.data,
        });
        let mut record = Record::new(at, by.clone(), events.collect());
        for (doc, data) in &self.writes {
            match data {
                Some(data) => {
                    record.put.insert(Cow::Owned(doc.to_string()), data);
                }
                None => record.del.push(Cow::Owned(doc.to_string())),
            }
        }
        let ops: Ops =
            self.writes.iter().map(|(doc, data)| (doc.clone(), Op { seq: last, data: data.clone() })).collect();
        self.head.commit(self.store, &record, ops)?;
        Ok(Some(self.head))
    }

    /// The document as the last transaction left it.
    fn base(&mut self, doc: &DocId) -> Result<Option<&RawValue>, StoreError> {
        let not_listed = self.listed.get(&doc.kind).is_some_and(|names| !names.contains(&doc.name));
        let there = match self.base.entry(doc.clone()) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(free) => {
                let data = match self.head.pending.get(doc) {
                    Some(op) => op.data.clone(),
                    None if !is_missed(doc.kind) && not_listed => None,
                    None => match manifest::read(&*self.store.fs, &self.store.layout, doc) {
                        Ok(Some(there)) if there.seq > self.head.position.seq => {
                            return Err(self.store.journal().lost_tail(doc.to_string(), there.seq));
                        }
                        Ok(Some(there)) => Some(there.data),
                        Ok(None) if !is_missed(doc.kind) => None,
                        Ok(None) => self.head.heal(self.store, doc, None)?,
                        Err(damage) => self.head.heal(self.store, doc, Some(damage))?,
                    },
                };
                free.insert(data)
            }
        };
        Ok(there.as_deref())
    }
}

/// Whether a document would not change: the same bytes, or the same fields in another order.
fn same(there: &RawValue, new: &RawValue, value: &Value) -> bool {
    there.get() == new.get() || serde_json::from_str::<Value>(there.get()).is_ok_and(|there| there == *value)
}

fn raw(value: &Value) -> Box<RawValue> {
    // A `Value` always has a text.
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
