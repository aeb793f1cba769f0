//! The store's seam with a recorder on it: real files, and a log of what was asked of them.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::fs::{Access, Fs, FsFile, RealFs, Stat};
use super::disk::{Change, Disk, NodeId, ROOT};
use super::*;

/// The real files below a directory, recorded. Nothing is really flushed: a test's files need not outlive the machine.
#[derive(Clone)]
pub(super) struct Recorded {
    pub(super) boot: Boot,
    /// `None`: not recorded.
    tape: Option<Arc<Mutex<Tape>>>,
}

/// A boot of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Boot(u32);

impl Boot {
    /// The one in which a recording begins.
    pub(super) const FIRST: Self = Self(1);

    /// The one after a power cut.
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Boot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "boot {}", self.0)
    }
}

/// What was recorded.
pub(super) struct Tape {
    base: PathBuf,
    /// The disk when recording began.
    pub(super) start: Disk,
    now: Disk,
    next: NodeId,
    /// The operations of the seam, in order: what and on what.
    pub(super) steps: Vec<String>,
    /// Their changes: the step's number, and the change.
    pub(super) log: Vec<(usize, Change)>,
    /// How many steps had been done when each transaction was acknowledged.
    pub(super) acknowledged: Vec<usize>,
    /// The step that fails.
    fails: Option<usize>,
}

impl Recorded {
    /// What lies in `base` now, and what will happen there.
    pub(super) fn below(base: &Path, boot: Boot) -> Self {
        let base = base.canonicalize().expect("a path");
        let (start, next) = Disk::of(&base).expect("readable");
        let tape = Tape {
            base,
            now: start.clone(),
            start,
            next,
            steps: Vec::new(),
            log: Vec::new(),
            acknowledged: Vec::new(),
            fails: None,
        };
        Self { boot, tape: Some(Arc::new(Mutex::new(tape))) }
    }

    /// The same files, not recorded.
    pub(super) fn not_at_all(boot: Boot) -> Self {
        Self { boot, tape: None }
    }

    /// The same, of which one step fails as a full disk does.
    pub(super) fn failing_at(self, step: usize) -> Self {
        self.tape().fails = Some(step);
        self
    }

    pub(super) fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.as_ref().expect("a recording").lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a transaction was acknowledged.
    pub(super) fn acknowledge(&self) {
        let mut tape = self.tape();
        let steps = tape.steps.len();
        tape.acknowledged.push(steps);
    }

    /// Records a step, then does it.
    fn step(
        &self,
        what: &str,
        path: &Path,
        record: impl FnOnce(&mut Tape, &Path),
        act: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        if self.tape.is_none() {
            return act();
        }
        let mut tape = self.tape();
        let relative = path.strip_prefix(&tape.base).expect("a path below the base").to_owned();
        tape.begin(what, &relative)?;
        act()?;
        record(&mut tape, &relative);
        Ok(())
    }
}

impl Tape {
    fn begin(&mut self, what: &str, path: &Path) -> io::Result<()> {
        let n = self.steps.len();
        self.steps.push(format!("{what} {}", path.display()));
        if self.fails == Some(n) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn add(&mut self, change: Change) {
        self.now.apply(&change);
        self.log.push((self.steps.len() - 1, change));
    }

    fn entry(&self, path: &Path) -> (NodeId, OsString) {
        let dir = self.now.find(path.parent().expect("a directory")).expect("a known directory");
        (dir, path.file_name().expect("a name").to_owned())
    }

    /// The file, made where it is missing.
    fn file(&mut self, path: &Path) -> NodeId {
        self.now.find(path).unwrap_or_else(|| self.make(path, false))
    }

    fn make(&mut self, path: &Path, is_dir: bool) -> NodeId {
        let (node, entry) = (self.next, self.entry(path));
        self.next += 1;
        // It is there from the start, without a name.
        self.start.make(node, is_dir);
        self.now.make(node, is_dir);
        self.add(Change::Enter(entry, node));
        node
    }

    fn remove_tree(&mut self, path: &Path) {
        let Some(node) = self.now.find(path) else { return };
        for (name, child) in self.now.names(node) {
            let below = path.join(name);
            if self.now.is_dir(child) {
                self.remove_tree(&below);
            } else {
                let entry = self.entry(&below);
                self.add(Change::Leave(entry));
            }
        }
        let entry = self.entry(path);
        self.add(Change::Leave(entry));
    }
}

/// The journal's directory is the same one wherever a state is made again.
fn settled_identity(path: &Path, stat: Stat) -> Stat {
    if path.ends_with("journal") { Stat { dev: 1, ino: 1, ..stat } } else { stat }
}

impl Fs for Recorded {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        RealFs.read(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        RealFs.list(dir)
    }
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        RealFs.stat(path).map(|stat| settled_identity(path, stat))
    }
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        let file = RealFs.open(path, access)?;
        let (path, recorded) = (path.to_owned(), self.clone());
        if self.tape.is_none() {
            return Ok(Box::new(RecordedFile { file, node: ROOT, path, recorded }));
        }
        let mut tape = self.tape();
        let relative = path.strip_prefix(&tape.base).expect("a path below the base").to_owned();
        let node = match tape.now.find(&relative) {
            Some(node) => node,
            None => {
                tape.begin("make", &relative)?;
                tape.make(&relative, false)
            }
        };
        drop(tape);
        Ok(Box::new(RecordedFile { file, node, path, recorded }))
    }
    fn boot_id(&self) -> String {
        self.boot.to_string()
    }
    fn mkdir(&self, path: &Path) -> io::Result<()> {
        let record = |tape: &mut Tape, path: &Path| {
            tape.make(path, true);
        };
        self.step("make", path, record, || RealFs.mkdir(path))
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let record = |tape: &mut Tape, path: &Path| {
            let node = tape.file(path);
            tape.add(Change::Cut { node, len: 0 });
            tape.add(Change::Write { node, at: 0, bytes: bytes.to_owned() });
        };
        self.step("write", path, record, || RealFs.write(path, bytes))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let record = |tape: &mut Tape, to: &Path| {
            let from = from.strip_prefix(&tape.base).expect("a path below the base").to_owned();
            let node = tape.now.find(&from).expect("what was renamed");
            let (from, to) = (tape.entry(&from), tape.entry(to));
            tape.add(Change::Move { from, to, node });
        };
        self.step("rename to", to, record, || RealFs.rename(from, to))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        let record = |tape: &mut Tape, path: &Path| {
            let entry = tape.entry(path);
            tape.add(Change::Leave(entry));
        };
        self.step("remove", path, record, || RealFs.remove(path))
    }
    fn remove_all(&self, dir: &Path) -> io::Result<()> {
        self.step("remove", dir, Tape::remove_tree, || RealFs.remove_all(dir))
    }
    fn sync(&self, path: &Path) -> io::Result<()> {
        let record = |tape: &mut Tape, path: &Path| {
            let node = tape.now.find(path).expect("what was flushed");
            tape.add(Change::Flush(node));
        };
        self.step("flush", path, record, || RealFs.stat(path).map(drop))
    }
    fn sync_all(&self, path: &Path) -> io::Result<()> {
        self.step("flush everything below", path, |tape, _| tape.add(Change::FlushAll), || Ok(()))
    }
    fn touch(&self, path: &Path, modified: SystemTime) -> io::Result<()> {
        self.step("touch", path, |tape, path| _ = tape.file(path), || RealFs.touch(path, modified))
    }
}

struct RecordedFile {
    file: Box<dyn FsFile>,
    node: NodeId,
    path: PathBuf,
    recorded: Recorded,
}

impl FsFile for RecordedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let record = |tape: &mut Tape, _: &Path| {
            let (node, at) = (self.node, tape.now.len(self.node));
            tape.add(Change::Write { node, at, bytes: bytes.to_owned() });
        };
        self.recorded.step("append to", &self.path, record, || self.file.append(bytes).map(drop))?;
        Ok(bytes.len())
    }
    fn overwrite(&self, bytes: &[u8]) -> io::Result<()> {
        let record = |tape: &mut Tape, _: &Path| {
            tape.add(Change::Write { node: self.node, at: 0, bytes: bytes.to_owned() });
        };
        self.recorded.step("overwrite", &self.path, record, || self.file.overwrite(bytes))
    }
    fn truncate(&self, len: u64) -> io::Result<()> {
        let record = |tape: &mut Tape, _: &Path| {
            tape.add(Change::Cut { node: self.node, len: usize::try_from(len).expect("short") });
        };
        self.recorded.step("truncate", &self.path, record, || self.file.truncate(len))
    }
    fn datasync(&self) -> io::Result<()> {
        let record = |tape: &mut Tape, _: &Path| tape.add(Change::Flush(self.node));
        self.recorded.step("flush", &self.path, record, || Ok(()))
    }
}
