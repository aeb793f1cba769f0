//! From an older format to the one that this program writes.
//!
//! Format 0 had manifests alone, each the bare document, and no journal. Its files are copied aside first; the journal is
//! made from that copy, then the manifests, and FORMAT comes last: killed anywhere, the next call begins again from the
//! copy, and until FORMAT says otherwise the store is the old one.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::document::{DocId, Kind};
use super::error::{At as _, StoreError};
use super::events::By;
use super::format;
use super::fs::{Fs, RealFs};
use super::layout::Layout;
use super::line::{self, Record, RecordedEvent};
use super::lock::Lock;
use super::manifest;
use super::snapshot::{check, name_in};
use crate::model::Timestamp;

/// About how many bytes of documents go into one transaction.
const BATCH: usize = line::MAX / 2;

/// The event that says that documents came from an older format.
const MIGRATED: &str = "store.migrated";

/// A store of an older format, and what is in it.
#[derive(Debug)]
pub struct Migration {
    layout: Layout,
    /// Its major version.
    pub from: u32,
    /// Its documents, in the order in which they are journalled.
    documents: Vec<(DocId, Box<RawValue>)>,
}

impl Migration {
    /// What is to be done with the store at `root`. `None`: it has this program's format.
    ///
    /// # Errors
    /// `store_newer`; `not_found`; `document_damaged` for a document that cannot be read, for what it said must not be lost.
    pub fn plan(root: &Path) -> Result<Option<Self>, StoreError> {
        let root = root.canonicalize().map_err(|_| StoreError::NotFound { root: root.to_owned() })?;
        let layout = Layout { root };
        let from = match format::read(&RealFs, &layout) {
            Ok(_) => return Ok(None),
            Err(StoreError::Older { major, .. }) => major,
            Err(error) => return Err(error),
        };
        // A call that was killed has left the copy, and manifests that are the new ones already.
        let copied = Layout { root: backup(&layout, from) };
        let source = if RealFs.stat(&copied.root).is_ok() { &copied } else { &layout };
        let documents = read_all(source)?;
        Ok(Some(Self { layout, from, documents }))
    }

    /// The store's directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.layout.root
    }

    /// How many documents there are.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.documents.len()
    }

    /// Where the old files are kept.
    #[must_use]
    pub fn backup(&self) -> PathBuf {
        backup(&self.layout, self.from)
    }

    /// Does it. A call after one that was killed goes on where that one stopped.
    ///
    /// # Errors
    /// `lock_busy`, and what the files refuse.
    pub fn carry_out(&self, at: Timestamp, by: &By, timeout: Option<Duration>) -> Result<(), StoreError> {
        let (fs, layout) = (&RealFs, &self.layout);
        if fs.stat(&layout.lock()).is_err() {
            fs.write(&layout.lock(), b"").at("write", &layout.lock())?;
        }
        let mut lock = Lock::new(&layout.root, layout.lock());
        let held = lock.acquire(fs, timeout)?;
        held.note(by, at);
        if format::read(fs, layout).is_ok() {
            // Somebody else has done it meanwhile.
            return Ok(());
        }
        for dir in format::directories(layout) {
            make(fs, &dir)?;
        }
        self.copy_aside(fs)?;
        let seqs = self.write_journal(fs, at, by)?;
        for ((doc, data), seq) in self.documents.iter().zip(seqs) {
            write(fs, layout, &layout.manifest(doc), &manifest::encode(seq, data))?;
        }
        write(fs, layout, &layout.applied(), b"")?;
        write(fs, layout, &layout.root.join(".gitignore"), b"*\n")?;
        let format = format::text(&uuid::Uuid::now_v7().to_string());
        write(fs, layout, &layout.format(), format.as_bytes())?;
        fs.sync(&layout.root).at("sync", &layout.root)
    }

    /// The old files, once, whole: the copy comes into its place when all of it is on the disk.
    fn copy_aside(&self, fs: &RealFs) -> Result<(), StoreError> {
        let (layout, copy) = (&self.layout, self.backup());
        if fs.stat(&copy).is_ok() {
            return Ok(());
        }
        let aside = Layout { root: layout.tmp().join("backup") };
        let _ = fs.remove_all(&aside.root);
        for dir in std::iter::once(aside.root.clone()).chain(format::directories(&aside)) {
            make(fs, &dir)?;
        }
        let mut files: Vec<(PathBuf, PathBuf)> =
            self.documents.iter().map(|(doc, _)| (layout.manifest(doc), aside.manifest(doc))).collect();
        files.push((layout.format(), aside.format()));
        for (from, to) in files {
            if let Some(dir) = to.parent() {
                make(fs, dir)?;
            }
            let bytes = fs.read(&from).at("read", &from)?;
            fs.write(&to, &bytes).at("write", &to)?;
            fs.sync(&to).at("sync", &to)?;
        }
        flush_all(fs, &layout.root)?;
        fs.rename(&aside.root, &copy).at("rename the copy to", &copy)?;
        fs.sync(&layout.root).at("sync", &layout.root)
    }

    /// The journal, in one segment that comes into its place whole; the number of each document's transaction.
    fn write_journal(&self, fs: &RealFs, at: Timestamp, by: &By) -> Result<Vec<u64>, StoreError> {
        let (mut text, mut seqs) = (Vec::new(), Vec::new());
        let mut rest = &self.documents[..];
        let mut seq = 0;
        while !rest.is_empty() || seq == 0 {
            let mut size = 0;
            let taken = rest.iter().take_while(|(_, data)| {
                size += data.get().len();
                size == data.get().len() || size < BATCH
            });
            let (batch, left) = rest.split_at(taken.count());
            (rest, seq) = (left, seq + 1);
            let data = raw(&json!({ "from": self.from, "documents": batch.len() }));
            let event = RecordedEvent { seq, kind: MIGRATED.into(), issue: None, run: None, data: &data };
            let mut record = Record::new(at, by.clone(), vec![event]);
            for (doc, data) in batch {
                record.put.insert(Cow::Owned(doc.to_string()), data);
                seqs.push(seq);
            }
            text.extend(line::encode(&record)?);
        }
        write(fs, &self.layout, &self.layout.segment(1), &text)?;
        let journal = self.layout.journal();
        fs.sync(&journal).at("sync", &journal)?;
        Ok(seqs)
    }
}

fn backup(layout: &Layout, from: u32) -> PathBuf {
    layout.root.join(format!("backup-format-{from}"))
}

/// A file of the store, on the disk before it is in its place.
fn write(fs: &RealFs, layout: &Layout, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let tmp = layout.tmp().join("migrated");
    fs.write(&tmp, bytes).at("write", &tmp)?;
    fs.sync(&tmp).at("sync", &tmp)?;
    if let Some(dir) = path.parent() {
        make(fs, dir)?;
    }
    fs.rename(&tmp, path).at("rename to", path)
}

fn make(fs: &RealFs, dir: &Path) -> Result<(), StoreError> {
    if fs.stat(dir).is_ok() {
        return Ok(());
    }
    fs.mkdir(dir).at("make", dir)
}

fn flush_all(fs: &RealFs, path: &Path) -> Result<(), StoreError> {
    match fs.sync_all(path) {
        // There each file was synced, and what a directory loses is made again.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        other => other.at("sync the file system of", path),
    }
}

/// The documents, bare, by kind and name.
fn read_all(layout: &Layout) -> Result<Vec<(DocId, Box<RawValue>)>, StoreError> {
    let mut documents = Vec::new();
    for kind in Kind::ALL {
        let dir = layout.kind(kind);
        let mut entries = match RealFs.list(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.at("list", &dir)?,
        };
        entries.sort();
        for name in entries.iter().filter_map(|entry| name_in(kind, entry.to_str()?)) {
            let doc = DocId::new(kind, name);
            let file = layout.manifest(&doc);
            let bytes = match RealFs.read(&file) {
                // A run's folder without a manifest is an aborted launch.
                Err(error) if error.kind() == io::ErrorKind::NotFound && kind == Kind::Runs => continue,
                other => other.at("read", &file)?,
            };
            let damaged = |reason: String| StoreError::DamagedDocument { doc: doc.clone(), file: file.clone(), reason };
            let mut value: Value =
                serde_json::from_slice(&bytes).map_err(|error| damaged(format!("is no JSON: {error}")))?;
            forget_numbers(kind, &mut value);
            let data = raw(&value);
            check(&doc, &data).map_err(damaged)?;
            documents.push((doc, data));
        }
    }
    Ok(documents)
}

/// Takes out what counted events that there never were: the new journal begins with 1.
fn forget_numbers(kind: Kind, value: &mut Value) {
    let pointers: &[(&str, u64)] = match kind {
        Kind::Issues => &[("/asked_at", 0)],
        Kind::Work => &[("/over_at", 0), ("/status/claim/fence", 1)],
        Kind::Claims | Kind::Runs => &[("/fence", 1)],
        Kind::Sessions | Kind::Receipts | Kind::Readers | Kind::State => &[],
    };
    for (pointer, number) in pointers {
        if let Some(there) = value.pointer_mut(pointer) {
            *there = (*number).into();
        }
    }
}

fn raw(value: &Value) -> Box<RawValue> {
    // A `Value` always has a text.
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
