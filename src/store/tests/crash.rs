//! Writers that die at any operation, disks that are full, hints that are lost.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::super::fs::{Access, Fs, FsFile, RealFs, Stat};
use super::*;

/// What happens to operations that change something.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    /// From the nth on nothing is done any more: as if the process had been killed before it.
    Killed,
    /// The nth fails, and nothing else does.
    Once,
    /// The nth, if it is an append, takes half of the bytes.
    Short,
}

/// The real files, with a fault.
pub(super) struct Faulty {
    at: u64,
    fault: Fault,
    pub(super) done: Arc<AtomicU64>,
    boot_id: String,
    /// Whether the file system can be synced as a whole.
    syncs_all: bool,
    /// What was asked of files, in order: the operation and the file's name.
    pub(super) log: Arc<Mutex<Vec<(&'static str, String)>>>,
}

fn faulty(fault: Fault, at: u64) -> (Arc<dyn Fs>, Arc<AtomicU64>) {
    let faulty = Faulty::new(fault, at);
    let done = Arc::clone(&faulty.done);
    (Arc::new(faulty), done)
}

impl Faulty {
    pub(super) fn new(fault: Fault, at: u64) -> Self {
        let boot_id = RealFs.boot_id();
        Self { at, fault, done: Arc::default(), boot_id, syncs_all: true, log: Arc::default() }
    }

    /// Without a fault, and without waiting for the whole machine's disk.
    pub(super) fn none() -> Self {
        Self::new(Fault::Once, u64::MAX)
    }

    pub(super) fn next_boot(self) -> Self {
        Self { boot_id: "the next".to_owned(), ..self }
    }

    pub(super) fn syncing_files(self) -> Self {
        Self { syncs_all: false, ..self }
    }

    fn log(&self, operation: &'static str, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.log.lock().expect("no panic").push((operation, name));
    }

    fn change(&self) -> io::Result<()> {
        let n = self.done.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            Fault::Killed if n >= self.at => Err(io::ErrorKind::StorageFull.into()),
            Fault::Once if n == self.at => Err(io::ErrorKind::StorageFull.into()),
            Fault::Killed | Fault::Once | Fault::Short => Ok(()),
        }
    }
}

impl Fs for Faulty {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        RealFs.read(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        RealFs.list(dir)
    }
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        RealFs.stat(path)
    }
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        let log = Arc::clone(&self.log);
        let faults = Self { done: Arc::clone(&self.done), log, ..Self::new(self.fault, self.at) };
        Ok(Box::new(FaultyFile { file: RealFs.open(path, access)?, faults }))
    }
    fn boot_id(&self) -> String {
        self.boot_id.clone()
    }
    fn mkdir(&self, path: &Path) -> io::Result<()> {
        self.change().and_then(|()| RealFs.mkdir(path))
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.log("write", path);
        self.change().and_then(|()| RealFs.write(path, bytes))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.log("rename", to);
        self.change().and_then(|()| RealFs.rename(from, to))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.log("remove", path);
        self.change().and_then(|()| RealFs.remove(path))
    }
    fn remove_all(&self, dir: &Path) -> io::Result<()> {
        self.change().and_then(|()| RealFs.remove_all(dir))
    }
    fn sync(&self, path: &Path) -> io::Result<()> {
        self.log("sync", path);
        self.change().and_then(|()| RealFs.sync(path))
    }
    fn sync_all(&self, path: &Path) -> io::Result<()> {
        if !self.syncs_all {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.log("sync all", path);
        // The files of a test need not outlive the machine, and a real call waits for all who write beside it.
        self.change()
    }
    fn touch(&self, path: &Path, modified: SystemTime) -> io::Result<()> {
        self.change().and_then(|()| RealFs.touch(path, modified))
    }
}

struct FaultyFile {
    file: Box<dyn FsFile>,
    faults: Faulty,
}

impl FsFile for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let short =
            matches!(self.faults.fault, Fault::Short) && self.faults.done.load(Ordering::Relaxed) == self.faults.at;
        self.faults.change()?;
        self.file.append(if short { &bytes[..bytes.len() / 2] } else { bytes })
    }
    fn overwrite(&self, bytes: &[u8]) -> io::Result<()> {
        self.faults.change().and_then(|()| self.file.overwrite(bytes))
    }
    fn truncate(&self, len: u64) -> io::Result<()> {
        self.faults.change().and_then(|()| self.file.truncate(len))
    }
    fn datasync(&self) -> io::Result<()> {
        self.faults.change().and_then(|()| self.file.datasync())
    }
}

/// Changes one document, makes another, deletes a third.
fn change(store: &Store) -> Result<(), StoreError> {
    store.transact(at(), &by(), |tx| {
        tx.put(&Work { last_run: 2, ..work("ABC-1") })?;
        tx.put(&Work { last_run: 2, ..work("ABC-2") })?;
        tx.delete(DocId::new(Kind::Work, "ABC-3"));
        tx.event("changed", None, None, json!({}));
        Ok(())
    })
}

fn all(store: &Store) -> Vec<(String, u32)> {
    let snapshot = store.snapshot(&[Kind::Work]).expect("a snapshot");
    assert!(snapshot.damaged().is_empty());
    snapshot.all::<Work>().into_iter().map(|work| (work.identifier, work.last_run)).collect()
}

fn before() -> Vec<(String, u32)> {
    vec![("ABC-1".to_owned(), 1), ("ABC-3".to_owned(), 1)]
}

fn after() -> Vec<(String, u32)> {
    vec![("ABC-1".to_owned(), 2), ("ABC-2".to_owned(), 2)]
}

/// A store with two documents, on which a change meets the fault. `None`: it was done before the fault.
fn struck(fault: Fault, at: u64) -> Option<(Fixture, Store, Result<(), StoreError>)> {
    let fixture = Fixture::new();
    let first = fixture.open();
    put(&first, "ABC-1", 1);
    put(&first, "ABC-3", 1);
    let (fs, done) = faulty(fault, at);
    let store = Store::open_on(fs, &fixture.root(), Options::default()).expect("a store");
    let result = change(&store);
    (done.load(Ordering::Relaxed) > at).then_some((fixture, store, result))
}

#[test]
fn a_writer_killed_before_any_operation_leaves_all_or_nothing() {
    let mut acknowledged = 0;
    let mut operations = 0;
    while let Some((fixture, _, result)) = struck(Fault::Killed, operations) {
        operations += 1;
        let reader = fixture.open();
        let seen = all(&reader);
        assert!(seen == before() || seen == after(), "before operation {operations}: {seen:?}");
        let found = reader.check().expect("a check").findings;
        assert_eq!(found, [], "before operation {operations}: what a writer left to do is no damage");
        if result.is_ok() {
            acknowledged += 1;
            assert_eq!(seen, after(), "operation {operations}: an acknowledged transaction is lost");
        }
        let writer = fixture.open();
        settle(&writer);
        assert_eq!(all(&writer), seen, "a writer agrees with the reader before it");
        let files = fixture.files();
        settle(&fixture.open());
        assert_eq!(fixture.files(), files, "rolling forward twice is rolling forward once");
        put(&writer, "ABC-9", 9);
        assert_eq!(fixture.open().events(0, 100).expect("events").len(), if seen == after() { 4 } else { 3 });
    }
    assert_eq!(operations, 8, "append, flush, two manifests by write and rename, one removal, the hint");
    assert_eq!(acknowledged, 6, "from the flush on it is committed");
}

#[test]
fn one_failed_operation_fails_the_transaction_or_is_a_warning() {
    let mut operation = 0;
    while let Some((fixture, store, result)) = struck(Fault::Once, operation) {
        match &result {
            Err(error) => {
                assert_eq!((error.code(), all(&store)), ("io", before()), "operation {operation}");
                assert!(operation < 2, "after the flush the transaction stands");
            }
            Ok(()) => {
                assert_eq!(all(&store), after());
                assert_eq!(store.take_warnings().len(), 1, "operation {operation}");
            }
        }
        settle(&store);
        let healed = std::fs::read_to_string(fixture.path("work/ABC-1.json")).expect("a manifest");
        assert_eq!(healed.contains("\"last_run\":2"), result.is_ok(), "the next writer heals what is committed");
        assert_eq!(all(&fixture.open()), if result.is_ok() { after() } else { before() });
        operation += 1;
    }
    assert_eq!(operation, 8);
}

#[test]
fn a_short_append_is_taken_back() {
    let (fixture, store, result) = struck(Fault::Short, 0).expect("the append is the first operation");
    assert_eq!(result.expect_err("a failure").code(), "io");
    assert_eq!(all(&store), before());
    change(&store).expect("the next one succeeds");
    assert_eq!(all(&fixture.open()), after());
    assert!(store.take_warnings().is_empty(), "nothing was left to cut");
}

#[test]
fn a_creation_killed_before_any_operation_can_be_begun_again() {
    let mut operation = 0;
    loop {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let root = dir.path().join("nested/.baton");
        let (fs, done) = faulty(Fault::Killed, operation);
        let killed = Store::open_or_create_on(fs, &root, Options::default()).is_err();
        let (store, _) = Store::open_or_create(&root, Options::default()).expect("a store");
        assert_eq!(put(&store, "ABC-1", 1), 1);
        let left: Vec<_> = std::fs::read_dir(dir.path().join("nested")).expect("a directory").flatten().collect();
        if done.load(Ordering::Relaxed) <= operation {
            break;
        }
        assert!(killed || left.len() == 1, "operation {operation}: {left:?}");
        operation += 1;
    }
    assert!(operation > 20);
}

#[test]
fn what_a_killed_writer_left_undone_is_redone() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    let manifest = std::fs::read(fixture.path("work/ABC-1.json")).expect("a manifest");
    let applied = std::fs::read(fixture.path("applied")).expect("a hint");
    put(&store, "ABC-1", 2);
    put(&store, "ABC-2", 3);
    // As if the process had been killed right after its appends.
    std::fs::write(fixture.path("work/ABC-1.json"), manifest).expect("written");
    std::fs::remove_file(fixture.path("work/ABC-2.json")).expect("removed");
    std::fs::write(fixture.path("applied"), applied).expect("written");
    let store = fixture.open();
    assert_eq!((last_run(&store, "ABC-1"), last_run(&store, "ABC-2")), (Some(2), Some(3)), "a reader sees it at once");
    assert!(!fixture.path("work/ABC-2.json").exists(), "and writes nothing");
    store.transact(at(), &by(), |_| Ok::<_, StoreError>(())).expect("a transaction");
    assert!(fixture.path("work/ABC-2.json").exists(), "a writer writes it");
    assert_eq!(store.events(0, 10).expect("events").len(), 3);
}

#[test]
fn a_torn_tail_is_cut_and_kept() {
    let fixture = Fixture::new();
    put(&fixture.open(), "ABC-1", 1);
    let whole = std::fs::read(fixture.journal()).expect("a journal");
    let torn = [&whole[..], b"{\"sum\":\"0000"].concat();
    std::fs::write(fixture.journal(), &torn).expect("written");
    let store = fixture.open();
    assert_eq!(last_run(&store, "ABC-1"), Some(1), "a reader passes over it");
    assert_eq!(put(&store, "ABC-1", 2), 2);
    assert_eq!(store.take_warnings().len(), 1);
    assert_eq!(put(&store, "ABC-1", 3), 3);
    assert!(store.take_warnings().is_empty(), "said once");
    let kept: Vec<_> = std::fs::read_dir(fixture.path("damaged")).expect("a directory").flatten().collect();
    assert_eq!(std::fs::read(kept[0].path()).expect("bytes"), b"{\"sum\":\"0000");
    assert_eq!(last_run(&fixture.open(), "ABC-1"), Some(3));
}

#[test]
fn a_tail_torn_at_any_byte_is_no_transaction() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    let whole = std::fs::read(fixture.journal()).expect("a journal");
    let applied = std::fs::read(fixture.path("applied")).expect("a hint");
    put(&store, "ABC-1", 2);
    let more = std::fs::read(fixture.journal()).expect("a journal");
    for len in whole.len()..more.len() {
        std::fs::write(fixture.journal(), &more[..len]).expect("written");
        std::fs::write(fixture.path("applied"), &applied).expect("written");
        std::fs::remove_file(fixture.path("work/ABC-1.json")).expect("removed");
        std::fs::write(fixture.path("applied"), b"").expect("written");
        assert_eq!(last_run(&fixture.open(), "ABC-1"), Some(1), "{len} bytes");
        settle(&fixture.open());
        assert_eq!(std::fs::read(fixture.journal()).expect("a journal"), whole);
        assert!(fixture.path("work/ABC-1.json").exists());
    }
}

#[test]
fn manifests_that_a_power_cut_left_empty_or_old_are_redone_in_the_next_boot() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    let old = std::fs::read(fixture.path("work/ABC-1.json")).expect("a manifest");
    put(&store, "ABC-1", 2);
    put(&store, "ABC-2", 2);
    std::fs::write(fixture.path("work/ABC-1.json"), old).expect("written");
    std::fs::write(fixture.path("work/ABC-2.json"), b"").expect("written");
    assert_eq!(last_run(&fixture.open(), "ABC-1"), Some(1), "this boot trusts what it wrote");
    let store = fixture.open_on(Faulty::none().next_boot(), 1 << 20);
    assert_eq!((last_run(&store, "ABC-1"), last_run(&store, "ABC-2")), (Some(2), Some(2)));
    settle(&store);
    assert!(std::fs::read_to_string(fixture.path("work/ABC-2.json")).expect("a manifest").contains("ABC-2"));
    assert!(store.take_warnings().is_empty(), "an empty file holds nothing that could be kept");
}
