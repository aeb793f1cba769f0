//! Lifelines: a lock that lives exactly as long as the processes that hold its open file description (DESIGN §3).
//!
//! It is never unlocked, only closed, by its holder's end at the latest. So a free lifeline is proof of death, at once
//! and without heartbeat or clock.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// What a look at a lifeline found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifeline {
    /// Somebody holds it: the worker lives.
    Held,
    /// Nobody does: it is dead for good.
    Free,
    /// It is missing or unreadable, which proves nothing.
    Unknown,
}

/// Creates `path` (0600) and locks it exclusively; held until the last copy of the open file description is closed.
/// Close-on-exec. Fails where the file already exists.
pub fn create_lifeline(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    // An observer may be looking for an instant; it never stays.
    rustix::io::retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))?;
    Ok(file)
}

/// Asks with a shared non-blocking lock, and gives a holder that is just dying `patience`, for
/// which it blocks the thread.
#[must_use]
pub fn probe_lifeline(path: &Path, patience: Duration) -> Lifeline {
    let Ok(file) = File::open(path) else { return Lifeline::Unknown };
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match rustix::io::retry_on_intr(|| flock(&file, FlockOperation::NonBlockingLockShared)) {
            Ok(()) => return Lifeline::Free,
            Err(Errno::WOULDBLOCK) => {
                let left = patience.saturating_sub(begun.elapsed());
                if left.is_zero() {
                    return Lifeline::Held;
                }
                std::thread::sleep(pause.min(left));
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            Err(_) => return Lifeline::Unknown,
        }
    }
}

/// Whether `file` is the lifeline at `path`, and what holds it. An open file of somebody else's lifeline is not.
#[must_use]
pub fn is_held_by(path: &Path, file: &File) -> bool {
    let is_it = matches!((file.metadata(), std::fs::metadata(path)),
        (Ok(one), Ok(other)) if (one.dev(), one.ino()) == (other.dev(), other.ino()));
    // Locking again what one holds changes nothing.
    is_it
        && probe_lifeline(path, Duration::ZERO) == Lifeline::Held
        && rustix::io::retry_on_intr(|| flock(file, FlockOperation::NonBlockingLockExclusive)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_held_until_every_copy_is_closed() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lifeline");
        assert_eq!(probe_lifeline(&path, Duration::ZERO), Lifeline::Unknown);
        let first = create_lifeline(&path).expect("new");
        assert_eq!(first.metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
        let second = first.try_clone().expect("a copy");
        drop(first);
        assert_eq!(probe_lifeline(&path, Duration::from_millis(5)), Lifeline::Held);
        drop(second);
        // Other tests fork, and hold a copy for the instant until they exec.
        assert_eq!(probe_lifeline(&path, Duration::from_secs(60)), Lifeline::Free);
    }

    #[test]
    fn only_what_locked_it_holds_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lifeline");
        let held = create_lifeline(&path).expect("new");
        let open = |path: &Path| OpenOptions::new().read(true).write(true).open(path).expect("readable");
        assert!(is_held_by(&path, &held) && is_held_by(&path, &held.try_clone().expect("a copy")));
        assert!(!is_held_by(&path, &open(&path)), "somebody else's");
        assert!(!is_held_by(&path, &open(Path::new("/dev/null"))));
        let other = create_lifeline(&directory.path().join("other")).expect("new");
        assert!(!is_held_by(&path, &other));
        drop(held);
        assert_eq!(probe_lifeline(&path, Duration::from_secs(60)), Lifeline::Free);
        assert!(!is_held_by(&path, &open(&path)), "nobody's");
    }

    #[test]
    fn an_old_lifeline_is_never_taken_for_a_new_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lifeline");
        drop(create_lifeline(&path).expect("new"));
        assert_eq!(create_lifeline(&path).expect_err("there is one").kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_dying_holder_is_waited_for_and_observers_do_not_see_each_other() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lifeline");
        let held = create_lifeline(&path).expect("new");
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let observers: Vec<_> = (0..4)
            .map(|_| {
                let (path, sender) = (path.clone(), sender.clone());
                std::thread::spawn(move || {
                    assert_eq!(probe_lifeline(&path, Duration::ZERO), Lifeline::Held);
                    sender.send(()).expect("the test listens");
                    probe_lifeline(&path, Duration::from_secs(60))
                })
            })
            .collect();
        for _ in 0..4 {
            receiver.recv().expect("an observer");
        }
        drop(held);
        for observer in observers {
            assert_eq!(observer.join().expect("no panic"), Lifeline::Free);
        }
    }
}
