//! Waiting for flock, which knows no timeout: inside it, because who polls a lock starves behind those who queue.

use std::fs::{File, TryLockError};
use std::io;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;

/// A file with its exclusive lock, until it is dropped.
#[derive(Debug)]
pub struct Locked {
    file: File,
    /// Whether a program has inherited the file: then the lock lasts until that has ended, too.
    lent: AtomicBool,
}

impl Locked {
    fn new(file: File) -> Self {
        Self { file, lent: AtomicBool::new(false) }
    }

    /// The file, for a program that is to hold the lock even when Baton is killed.
    pub fn lend(&self) -> &File {
        self.lent.store(true, Ordering::Relaxed);
        &self.file
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if !*self.lent.get_mut() {
            // Closing would do it too, but not while a child that was just forked still has a copy.
            let _ = self.file.unlock();
        }
    }
}

/// The file with its exclusive lock, or `None` after `patience`; without one it waits as long as it takes. A bounded wait
/// is a thread's, which is left behind when the time is up, and then gives the lock back as soon as it gets it.
pub fn lock_within(file: File, patience: Option<Duration>) -> io::Result<Option<Locked>> {
    match file.try_lock() {
        Ok(()) => return Ok(Some(Locked::new(file))),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let wait = |file: File| -> io::Result<Locked> {
        retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))?;
        Ok(Locked::new(file))
    };
    let Some(patience) = patience else { return wait(file).map(Some) };
    if patience.is_zero() {
        return Ok(None);
    }
    let (give, taker) = mpsc::sync_channel(0);
    thread::Builder::new().name("flock".to_owned()).spawn(move || {
        // What nobody takes any more is dropped here.
        drop(give.send(wait(file)));
    })?;
    taker.recv_timeout(patience).map_or(Ok(None), |locked| locked.map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_and_who_gave_up_gives_it_back() {
        let path = tempfile::NamedTempFile::new().expect("a file").into_temp_path();
        let open = || File::open(&path).expect("opened");
        let held = lock_within(open(), None).expect("a lock").expect("free");
        for patience in [Duration::ZERO, Duration::from_millis(5)] {
            assert!(lock_within(open(), Some(patience)).expect("asked").is_none());
        }
        drop(held);
        let again = lock_within(open(), Some(Duration::from_secs(600))).expect("a lock");
        assert!(again.is_some(), "the thread that was left behind does not keep it");
    }
}
