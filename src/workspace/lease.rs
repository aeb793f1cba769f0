//! The lease: one at a time touches a workspace.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::WorkspaceError;
use super::root::LEASES;
use crate::model::Key;
use crate::process::{Locked, lock_within};

/// The exclusive lock on `<workspace.root>/.baton-lease/<key>`, held while a workspace is touched. The file holds a
/// note on the holder while there is one, and is never deleted.
#[derive(Debug)]
pub struct Lease {
    file: Locked,
    /// The lease of the directory that all issues share, in mode `shared`.
    pub(super) shared: Option<Box<Lease>>,
}

impl Lease {
    /// The locked file, for a program that is to hold the lease even when Baton is killed.
    pub(super) fn lend(&self) -> &File {
        self.file.lend()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // So that taking a lease and giving it back leaves every byte as it was.
        let _ = self.file.set_len(0);
    }
}

/// Who has a lease, as far as can be seen without taking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseSeen {
    /// Nobody.
    Free,
    /// Somebody who lives.
    Held,
    /// Nobody, and yet a note names its holder, who died.
    Left,
}

/// Looks at the lease of `name`, and changes nothing.
pub(super) fn look(root: &Path, name: &str) -> (LeaseSeen, Option<String>) {
    let path = root.join(LEASES).join(name);
    let Ok(file) = File::open(&path) else { return (LeaseSeen::Free, None) };
    if let Err(TryLockError::WouldBlock) = file.try_lock_shared() {
        return (LeaseSeen::Held, note(&path).map(|holder| holder.describe()));
    }
    match file.metadata() {
        Ok(found) if found.len() > 0 => (LeaseSeen::Left, note(&path).map(|holder| holder.describe())),
        Ok(_) | Err(_) => (LeaseSeen::Free, None),
    }
}

/// Who holds a lease, for the message to whoever else wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    pub(super) pid: u32,
    pub(super) command: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) run: Option<String>,
}

impl Holder {
    fn describe(&self) -> String {
        let run = self.run.as_deref().map(|run| format!(", run {run}")).unwrap_or_default();
        format!("`{}` (process {}{run})", self.command, self.pid)
    }
}

/// Takes the lease `name` below a prepared root, for `key`. `patience` limits the wait; `None` waits without limit.
pub(super) fn take(
    root: &Path,
    name: &str,
    key: &Key,
    holder: &Holder,
    patience: Option<Duration>,
) -> Result<Lease, WorkspaceError> {
    let path = root.join(LEASES).join(name);
    loop {
        let file = open(&path)?;
        let Some(file) = lock_within(file, patience).map_err(WorkspaceError::io("lock", &path))? else {
            let holder = note(&path).map(|holder| holder.describe());
            return Err(WorkspaceError::LeaseConflict { key: key.to_string(), holder });
        };
        // Whoever deletes lock files by hand must not end up with two holders.
        if is_at(&file, &path) {
            let lease = Lease { file, shared: None };
            write_note(&lease.file, holder).map_err(WorkspaceError::io("write", &path))?;
            return Ok(lease);
        }
    }
}

fn open(path: &PathBuf) -> Result<File, WorkspaceError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
        .map_err(WorkspaceError::io("open", path))
}

fn is_at(file: &File, path: &Path) -> bool {
    matches!((file.metadata(), fs::symlink_metadata(path)),
        (Ok(one), Ok(other)) if (one.dev(), one.ino()) == (other.dev(), other.ino()))
}

fn write_note(mut file: &File, holder: &Holder) -> io::Result<()> {
    let mut line = serde_json::to_vec(holder)?;
    line.push(b'\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&line)
}

fn note(path: &Path) -> Option<Holder> {
    let mut text = String::new();
    File::open(path).ok()?.take(4096).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn holder(pid: u32) -> Holder {
        Holder { pid, command: "workspace ensure".to_owned(), run: Some("ABC-1.2".to_owned()) }
    }

    fn root() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join(LEASES)).expect("mkdir");
        dir
    }

    fn key() -> Key {
        "ABC-1".parse().expect("a key")
    }

    #[test]
    fn a_second_taker_is_told_who_has_it_and_gets_it_afterwards() {
        let root = root();
        let first = take(root.path(), "ABC-1", &key(), &holder(41), None).expect("a free lease");
        for patience in [Duration::ZERO, Duration::from_millis(20)] {
            let error = take(root.path(), "ABC-1", &key(), &holder(42), Some(patience)).expect_err("it is held");
            assert_eq!(error.code(), "lease_conflict");
            assert_eq!(
                error.to_string(),
                "the workspace of ABC-1 is in use by `workspace ensure` (process 41, run ABC-1.2)"
            );
        }
        drop(first);
        take(root.path(), "ABC-1", &key(), &holder(42), Some(Duration::from_secs(10))).expect("free again");
        let file = root.path().join(LEASES).join("ABC-1");
        assert_eq!(fs::read(file).expect("never deleted"), b"", "the note goes with the holder");
    }

    #[test]
    fn a_waiter_gets_the_lease_when_it_is_given_back() {
        let root = root();
        let first = take(root.path(), "ABC-1", &key(), &holder(41), None).expect("a free lease");
        thread::scope(|scope| {
            let second = scope.spawn(|| take(root.path(), "ABC-1", &key(), &holder(42), Some(Duration::from_secs(60))));
            drop(first);
            second.join().expect("no panic").expect("the lease");
        });
    }

    #[test]
    fn different_issues_do_not_wait_for_each_other() {
        let root = root();
        let _one = take(root.path(), "ABC-1", &key(), &holder(41), None).expect("a lease");
        let other = "ABC-2".parse().expect("a key");
        take(root.path(), "ABC-2", &other, &holder(42), Some(Duration::ZERO)).expect("another issue's lease");
    }

    #[test]
    fn a_lock_file_that_is_a_link_is_not_followed() {
        let root = root();
        std::os::unix::fs::symlink("/dev/null", root.path().join(LEASES).join("ABC-1")).expect("a link");
        assert_eq!(take(root.path(), "ABC-1", &key(), &holder(41), None).expect_err("a link").code(), "workspace_io");
    }
}
