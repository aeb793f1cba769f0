//! From the journal to the manifests: what its records do to documents, and doing it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use uuid::Uuid;

use super::document::DocId;
use super::error::{At as _, StoreError};
use super::line::Record;
use super::{Store, manifest};
use crate::chain::chain;

/// What the journal says last about a document: its content, or that it is deleted.
#[derive(Debug, Clone)]
pub(super) struct Op {
    pub(super) seq: u64,
    pub(super) data: Option<Box<RawValue>>,
}

/// By document, the newest operation.
pub(super) type Ops = BTreeMap<DocId, Op>;

/// Takes over what a record does to documents.
pub(super) fn collect(record: &Record<'_>, file: &Path, ops: &mut Ops) -> Result<(), StoreError> {
    // Skipping a kind that this program does not know would lose what a newer one wrote.
    let doc = |name: &str| {
        name.parse::<DocId>()
            .map_err(|error| StoreError::damaged(file.to_owned(), format!("event {}: {error}", record.seq)))
    };
    for (name, data) in &record.put {
        ops.insert(doc(name)?, Op { seq: record.seq, data: Some((*data).to_owned()) });
    }
    for name in &record.del {
        ops.insert(doc(name)?, Op { seq: record.seq, data: None });
    }
    Ok(())
}

impl Store {
    /// Brings a manifest to where the journal is, unless it is there already. `end`: the journal's last number.
    pub(super) fn redo(&self, doc: &DocId, op: &Op, end: u64) -> Result<(), StoreError> {
        match manifest::read(&*self.fs, &self.layout, doc) {
            Ok(Some(there)) if there.seq > end => return Err(self.journal().lost_tail(doc.to_string(), there.seq)),
            Ok(Some(there)) if there.seq >= op.seq => return Ok(()),
            Ok(None) if op.data.is_none() => return Ok(()),
            Ok(Some(_) | None) => {}
            Err(damage) => drop(self.keep_manifest(doc, &damage)?),
        }
        self.apply(doc, op)
    }

    /// Writes or removes a manifest.
    pub(super) fn apply(&self, doc: &DocId, op: &Op) -> Result<(), StoreError> {
        let path = self.layout.manifest(doc);
        let Some(data) = &op.data else {
            return match self.fs.remove(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                other => other.at("remove", &path),
            };
        };
        self.replace(&path, &manifest::encode(op.seq, data))
    }

    /// Keeps the bytes of a damaged manifest that is about to be replaced or removed. An empty one has none: that is
    /// how a rename that was not synced comes back after a power cut. `true`: there were some, and a warning says so.
    pub(super) fn keep_manifest(&self, doc: &DocId, damage: &StoreError) -> Result<bool, StoreError> {
        let bytes = self.fs.read(&self.layout.manifest(doc)).unwrap_or_default();
        if !bytes.is_empty() {
            let kept = self.keep_damaged(&format!("{}-{}", doc.kind, doc.name), &bytes)?;
            self.warn(&format!("{}; its bytes are in {}", chain(damage), kept.display()));
        }
        Ok(!bytes.is_empty())
    }

    /// Keeps bytes that are taken out of a damaged file.
    pub(super) fn keep_damaged(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        let path = self.layout.damaged().join(format!("{name}-{}", Uuid::now_v7()));
        self.replace(&path, bytes)?;
        Ok(path)
    }

    /// Replaces a file of the store by way of `tmp/`, making directories that are missing.
    pub(super) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        // Only the holder of the lock comes here, so one name is enough, and a killed writer leaves at most one file.
        let tmp = self.layout.tmp().join("store");
        let write = || self.fs.write(&tmp, bytes).and_then(|()| self.fs.rename(&tmp, path));
        match write() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                for dir in [tmp.parent(), path.parent()].into_iter().flatten() {
                    match self.fs.mkdir(dir) {
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                        other => other.at("make", dir)?,
                    }
                }
                write().at("write", path)
            }
            other => other.at("write", path),
        }
    }
}
