//! The store's lock: flock on the file `lock`, held for a transaction.
//!
//! It is tried first, and then waited for inside flock, because who polls a lock starves behind those who queue for it.
//! flock knows no timeout, so a bounded wait happens on a thread with an open file description of its own, which hands
//! the locked file over, or lets go of it at once when nobody wants it any more.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::{At as _, StoreError};
use super::events::By;
use super::fs::Fs;
use crate::model::Timestamp;

/// The note's fixed length, so that one write replaces it whole.
const NOTE: usize = 96;

/// How long who waits without limit says nothing of it.
const SILENT: Duration = Duration::from_secs(5);

/// The lock of one open store.
pub(super) struct Lock {
    path: PathBuf,
    root: PathBuf,
    file: Option<LockFile>,
    waiter: Arc<Waiter>,
}

struct LockFile {
    file: File,
    dev: u64,
    ino: u64,
}

/// The lock, held; dropped means unlocked.
pub(super) struct Held<'l>(&'l File);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Closing the file would unlock it too; there is nothing better to do about a failure.
        let _ = self.0.unlock();
    }
}

impl Held<'_> {
    /// Leaves a note for those who wait.
    pub(super) fn note(&self, by: &By, at: Timestamp) {
        let mut note = format!("pid {} (baton {}) since {}", by.pid, by.command, at.format("%FT%TZ")).into_bytes();
        note.resize(NOTE - 1, b' ');
        note.push(b'\n');
        // A lock without a note is still a lock.
        let _ = self.0.write_all_at(&note, 0);
    }
}

impl Lock {
    pub(super) fn new(root: &Path, path: PathBuf) -> Self {
        Self { path, root: root.to_owned(), file: None, waiter: Arc::default() }
    }

    /// Takes the lock; `lock_busy` after `timeout`, `None` waits for ever.
    pub(super) fn acquire(&mut self, fs: &dyn Fs, timeout: Option<Duration>) -> Result<Held<'_>, StoreError> {
        loop {
            let held = match self.file.take() {
                Some(file) => file,
                None => match open(&self.path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Err(StoreError::damaged(
                            self.path.clone(),
                            "the lock file is missing; where no baton runs, an empty file in its place will do",
                        ));
                    }
                    other => other.at("open", &self.path)?,
                },
            };
            let held = self.lock(held, timeout)?;
            let there = fs.stat(&self.path).at("look at", &self.path)?;
            let is_the_path = (there.dev, there.ino) == (held.dev, held.ino);
            if is_the_path {
                return Ok(Held(&self.file.insert(held).file));
            }
            // Somebody put another file there; the one that we hold guards nothing.
        }
    }

    fn lock(&self, lock: LockFile, timeout: Option<Duration>) -> Result<LockFile, StoreError> {
        match lock.file.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error).at("lock", &self.path),
        }
        let Some(timeout) = timeout else {
            if let Some(locked) = self.waiter.wait(&self.path, SILENT) {
                return locked.at("lock", &self.path);
            }
            tracing::warn!(holder = holder(&lock.file), "waiting for the store's lock");
            wait(&lock.file).at("lock", &self.path)?;
            return Ok(lock);
        };
        let waited = if timeout.is_zero() { None } else { self.waiter.wait(&self.path, timeout) };
        match waited {
            Some(locked) => locked.at("lock", &self.path),
            None => Err(StoreError::LockBusy { root: self.root.clone(), holder: holder(&lock.file) }),
        }
    }
}

fn open(path: &Path) -> io::Result<LockFile> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let metadata = file.metadata()?;
    Ok(LockFile { file, dev: metadata.dev(), ino: metadata.ino() })
}

/// Waits inside flock.
fn wait(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Who has the lock: the last note that somebody left, unless the kernel names another process.
fn holder(file: &File) -> String {
    let mut note = [0; NOTE];
    let read = file.read_at(&mut note, 0).unwrap_or(0);
    let note = String::from_utf8_lossy(&note[..read]).trim().to_owned();
    let inode = file.metadata().map_or(0, |metadata| metadata.ino());
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    match holder_among(&locks, inode) {
        Some(pid) if !note.starts_with(&format!("pid {pid} ")) => {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            format!("pid {pid} ({})", if name.is_empty() { "unknown" } else { name.trim() })
        }
        Some(_) | None if note.is_empty() => "another process".to_owned(),
        Some(_) | None => note,
    }
}

/// The process that has the flock of this inode, by a line of `/proc/locks` such as
/// `3: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF`; those who wait have an arrow behind the number.
fn holder_among(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = words[..] else { return None };
        let of: u64 = place.rsplit(':').next()?.parse().ok()?;
        pid.parse().ok().filter(|pid| of == inode && *pid > 0)
    })
}

/// At most one thread that waits for the lock, however often it is given up and wanted again.
#[derive(Default)]
struct Waiter {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
enum Waiting {
    /// No thread waits.
    #[default]
    No,
    /// A thread waits; `wanted` says whether anybody still wants what it will get.
    Yes { wanted: bool },
    /// It has it.
    Over(io::Result<LockFile>),
}

impl Waiter {
    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The locked file, or `None` after `timeout`.
    fn wait(self: &Arc<Self>, path: &Path, timeout: Duration) -> Option<io::Result<LockFile>> {
        let mut state = self.state();
        if matches!(*state, Waiting::No) {
            let (waiter, path) = (Arc::clone(self), path.to_owned());
            let started = std::thread::Builder::new()
                .name("baton-lock".to_owned())
                .stack_size(64 * 1024)
                .spawn(move || waiter.work(&path));
            if let Err(error) = started {
                return Some(Err(error));
            }
        }
        *state = Waiting::Yes { wanted: true };
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, timeout, |state| matches!(state, Waiting::Yes { .. }))
            .unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *state) {
            Waiting::Over(locked) => Some(locked),
            Waiting::Yes { .. } | Waiting::No => {
                *state = Waiting::Yes { wanted: false };
                None
            }
        }
    }

    fn work(&self, path: &Path) {
        let locked = open(path).and_then(|lock| wait(&lock.file).map(|()| lock));
        let mut state = self.state();
        *state = match &*state {
            Waiting::Yes { wanted: true } => Waiting::Over(locked),
            Waiting::Yes { wanted: false } | Waiting::No | Waiting::Over(_) => Waiting::No,
        };
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_who_has_it() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 08:01:77 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 22 00:2d:77 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 33 00:2d:77 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE -1 00:2d:88 0 EOF\n";
        assert_eq!(holder_among(locks, 77), Some(22));
        assert_eq!(holder_among(locks, 88), None, "one of another PID namespace");
        assert_eq!(holder_among(locks, 99), None);
    }
}
