//! A store that is not there yet, as a reader and a dry run see it: one with an empty journal, which takes no write.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::fs::{Access, Fs, FsFile, Stat};
use super::layout::Layout;

/// The files of an empty store, of which there are none on disk.
pub(super) struct Blank {
    pub(super) layout: Layout,
}

/// The first event of the one segment that an empty journal has.
const FIRST: u64 = 1;

impl Blank {
    fn is_segment(&self, path: &Path) -> bool {
        path == self.layout.segment(FIRST)
    }
}

impl Fs for Blank {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let segment = self.layout.segment(FIRST);
        let names = segment.file_name().filter(|_| dir == self.layout.journal());
        names.map(|name| vec![name.to_owned()]).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        if path != self.layout.journal() && !self.is_segment(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let uid = rustix::process::geteuid().as_raw();
        Ok(Stat { dev: 0, ino: 0, len: 0, uid, modified: SystemTime::UNIX_EPOCH, changed: (0, 0) })
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        match access {
            Access::Read if self.is_segment(path) => Ok(Box::new(Empty)),
            Access::Read => Err(io::ErrorKind::NotFound.into()),
            Access::Append | Access::Overwrite => refused(),
        }
    }

    fn boot_id(&self) -> String {
        String::new()
    }

    fn mkdir(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        refused()
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        refused()
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn remove_all(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn sync(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn sync_all(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn touch(&self, _: &Path, _: SystemTime) -> io::Result<()> {
        refused()
    }
}

/// The journal's one segment.
struct Empty;

impl FsFile for Empty {
    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        Ok(0)
    }

    fn append(&self, _: &[u8]) -> io::Result<usize> {
        refused()
    }

    fn overwrite(&self, _: &[u8]) -> io::Result<()> {
        refused()
    }

    fn truncate(&self, _: u64) -> io::Result<()> {
        refused()
    }

    fn datasync(&self) -> io::Result<()> {
        refused()
    }
}

fn refused<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "the store is not made yet"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::model::{Timestamp, Work};
    use crate::store::{By, Kind, Options, Store, StoreError};

    #[test]
    fn it_reads_as_empty_and_nothing_is_made_on_disk() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join(".baton");
        let store = Store::blank(&root, Options::default()).expect("a store");
        assert_eq!((store.last_seq().expect("a number"), store.first_cursor().expect("a number")), (0, 0));
        assert!(store.events(0, 10).expect("events").is_empty());
        assert!(store.snapshot(&[Kind::Work, Kind::Claims]).expect("a snapshot").all::<Work>().is_empty());
        assert!(store.rows().expect("rows").rows.is_empty());
        assert_eq!(store.polled_at(), None);
        let by = By { command: "test".to_owned(), pid: 1, fence: None };
        let written = store.transact(Timestamp::UNIX_EPOCH, &by, |tx| {
            tx.event("test", None, None, json!({}));
            Ok::<_, StoreError>(())
        });
        assert!(written.is_err());
        assert!(!root.exists());
    }
}
