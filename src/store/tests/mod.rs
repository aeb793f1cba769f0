//! The store as its users see it.

mod commit;
mod crash;
mod create;
mod damage;
mod disk;
mod feed;
mod kinds;
mod matrix;
mod model;
mod race;
mod recorded;
mod rotation;
mod rows;
mod table;

use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::model::{Key, Work};

/// A directory with a store in it.
struct Fixture {
    dir: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self { dir: tempfile::tempdir().expect("a temporary directory") };
        assert!(Store::open_or_create(&fixture.root(), Options::default()).expect("a store").1, "made now");
        fixture
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join(".baton")
    }

    fn open(&self) -> Store {
        Store::open(&self.root(), Options::default()).expect("the store opens")
    }

    /// A handle that rotates after `segment_bytes`.
    fn open_on(&self, fs: crash::Faulty, segment_bytes: u64) -> Store {
        let options = Options { segment_bytes, ..Options::default() };
        Store::open_on(Arc::new(fs), &self.root(), options).expect("a store")
    }

    /// The first events of the segments.
    fn segments(&self) -> Vec<u64> {
        let names = std::fs::read_dir(self.path("journal")).expect("a journal").flatten();
        let mut segments: Vec<u64> =
            names.map(|name| name.file_name().to_string_lossy()[..14].parse().expect("a number")).collect();
        segments.sort_unstable();
        segments
    }

    fn segment(&self, first: u64) -> PathBuf {
        self.path(&format!("journal/{first:014}.jsonl"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// The content of every file, but for the note that each holder of the lock leaves.
    fn files(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        walkdir::WalkDir::new(self.root())
            .into_iter()
            .map(|entry| entry.expect("an entry"))
            .filter(|entry| entry.file_type().is_file() && entry.file_name() != "lock")
            .map(|entry| (entry.path().display().to_string(), std::fs::read(entry.path()).expect("a file")))
            .collect()
    }

    fn journal(&self) -> PathBuf {
        self.path("journal/00000000000001.jsonl")
    }
}

fn at() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn by() -> By {
    By { command: "test".to_owned(), pid: std::process::id(), fence: None }
}

fn key(text: &str) -> Key {
    text.parse().expect("a key")
}

fn work(name: &str) -> Work {
    Work::new(key(name), name.to_owned(), format!("id-{name}"))
}

/// Puts a document of this name with this counter.
fn put(store: &Store, name: &str, last_run: u32) -> u64 {
    store
        .transact(at(), &by(), |tx| {
            tx.put(&Work { last_run, ..work(name) })?;
            Ok::<_, StoreError>(tx.event("work.changed", Some(name), None, json!({"last_run": last_run})))
        })
        .expect("a transaction")
}

fn last_run(store: &Store, name: &str) -> Option<u32> {
    store.get::<Work>(name).expect("a readable document").map(|work| work.last_run)
}

/// A transaction that does nothing but what every transaction does first.
fn settle(store: &Store) {
    store.transact(at(), &by(), |_| Ok::<_, StoreError>(())).expect("a transaction");
}
