//! `<store>/tracker.lock`: one writer at a time, and the highest number that was ever given to an issue.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::{Locked, lock_within};
use crate::tracker::TrackerError;

/// A write takes a few milliseconds; whoever holds the lock for longer is stopped or hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// The right to write issue files, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: Locked,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock; waits for other writers in the order of their arrival, but not for ever.
    pub(super) fn take(store: &Path) -> Result<Self, TrackerError> {
        Self::take_within(store, PATIENCE)
    }

    fn take_within(store: &Path, patience: Duration) -> Result<Self, TrackerError> {
        let path = store.join("tracker.lock");
        let failed = |cause: io::Error| TrackerError::Request {
            what: format!("cannot lock {}", path.display()),
            cause: cause.into(),
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        let Some(file) = lock_within(file, Some(patience)).map_err(failed)? else {
            let path = path.display().to_string();
            return Err(TrackerError::Busy { path, why: "another writer has held this lock for 5 s" });
        };
        Ok(Self { file, path })
    }

    /// A name for a temporary file that no holder of another lock uses, and that the next holder of this one may reuse.
    pub(super) fn temporary_name(&self) -> Result<String, TrackerError> {
        let meta = self.file.metadata().map_err(|error| self.failed("read", error))?;
        Ok(format!(".baton-{:x}-{:x}.tmp", meta.dev(), meta.ino()))
    }

    /// The highest number that was ever given under this prefix, as far as this store knows.
    pub(super) fn highest(&mut self, prefix: &str) -> Result<u64, TrackerError> {
        Ok(highest_of(&self.numbers()?, prefix))
    }

    /// Remembers that number. A number whose file was deleted must not come back: the store still knows its runs.
    pub(super) fn remember(&mut self, prefix: &str, number: u64) -> Result<(), TrackerError> {
        let mut numbers = self.numbers()?;
        numbers.retain(|(known, _)| !known.eq_ignore_ascii_case(prefix));
        numbers.push((prefix.to_owned(), number));
        let text: String = numbers.iter().map(|(prefix, number)| format!("{prefix} {number}\n")).collect();
        let mut file = &*self.file;
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(|error| self.failed("write", error))
    }

    /// Lines that make no sense are skipped: the files themselves are counted as well.
    fn numbers(&mut self) -> Result<Vec<(String, u64)>, TrackerError> {
        let (mut text, mut file) = (String::new(), &*self.file);
        file.rewind().and_then(|()| file.read_to_string(&mut text)).map_err(|error| self.failed("read", error))?;
        Ok(numbers_in(&text))
    }

    fn failed(&self, what: &str, cause: io::Error) -> TrackerError {
        TrackerError::Request { what: format!("cannot {what} {}", self.path.display()), cause: cause.into() }
    }
}

/// The highest number that was ever given under this prefix, without the lock; 0 where there is no store.
pub(super) fn remembered(store: &Path, prefix: &str) -> u64 {
    let text = std::fs::read_to_string(store.join("tracker.lock")).unwrap_or_default();
    highest_of(&numbers_in(&text), prefix)
}

fn highest_of(numbers: &[(String, u64)], prefix: &str) -> u64 {
    numbers.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix)).map_or(0, |(_, number)| *number)
}

fn numbers_in(text: &str) -> Vec<(String, u64)> {
    let line = |line: &str| {
        let (prefix, number) = line.split_once(' ')?;
        Some((prefix.to_owned(), number.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_stays_taken_is_an_error_that_names_it() {
        let store = tempfile::tempdir().expect("a directory");
        let held = Lock::take(store.path()).expect("a lock");
        let error = Lock::take_within(store.path(), Duration::from_millis(1)).expect_err("held");
        assert_eq!((error.code(), error.retryable()), ("tracker_busy", true));
        assert!(error.to_string().contains("tracker.lock"), "{error}");
        drop(held);
        drop(Lock::take(store.path()).expect("free again"));
    }

    #[test]
    fn a_number_is_remembered_per_prefix() {
        let store = tempfile::tempdir().expect("a directory");
        let mut lock = Lock::take(store.path()).expect("a lock");
        assert_eq!(lock.highest("TASK").expect("a number"), 0);
        lock.remember("TASK", 12).expect("written");
        lock.remember("BUG", 3).expect("written");
        lock.remember("TASK", 13).expect("written");
        drop(lock);
        let mut lock = Lock::take(store.path()).expect("a lock");
        assert_eq!(lock.highest("task").expect("a number"), 13);
        assert_eq!(lock.highest("BUG").expect("a number"), 3);
    }
}
