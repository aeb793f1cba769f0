//! The seam under the store: every file operation that it makes, so that a test can record, replay and tear them.
//!
//! The operations that change something are `mkdir`, `write`, `rename`, `remove`, `remove_all`, `sync`, `sync_all`, `touch`
//! on paths and `append`, `overwrite`, `truncate`, `datasync` on open files. Outside are the lock, which
//! stores nothing, and two questions at opening: the path's canonical form and the type of its file system.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::SystemTime;

use crate::crash;

/// Which file it is, and whether it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Device.
    pub dev: u64,
    /// Inode.
    pub ino: u64,
    /// Length in bytes.
    pub len: u64,
    /// Owner.
    pub uid: u32,
    /// Last change of the content.
    pub modified: SystemTime,
    /// Last change of the inode, in seconds and nanoseconds.
    pub changed: (i64, i64),
}

/// What an open file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading, and appending at the end.
    Append,
    /// Reading, and overwriting in place; made where it is missing.
    Overwrite,
}

/// The file operations on paths. Directories are made 0700 and files 0600.
pub trait Fs: Send + Sync {
    /// The whole of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The names in a directory, in no order.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;
    /// Identity and size.
    fn stat(&self, path: &Path) -> io::Result<Stat>;
    /// Opens a file.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>>;
    /// Which boot of the machine this is; empty where the system does not say.
    fn boot_id(&self) -> String;
    /// Makes a directory.
    fn mkdir(&self, path: &Path) -> io::Result<()>;
    /// Makes a file with this content, or replaces its content; not synced.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Renames, over what is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory with all that is in it.
    fn remove_all(&self, dir: &Path) -> io::Result<()>;
    /// fsync of a file or a directory.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Writes everything of the file system that `path` is on to the disk. `Unsupported` where there is no such call.
    fn sync_all(&self, path: &Path) -> io::Result<()>;
    /// Sets a file's modification time; makes it, empty, where it is missing.
    fn touch(&self, path: &Path, modified: SystemTime) -> io::Result<()>;
}

/// The operations on an open file.
pub trait FsFile: Send + Sync {
    /// Reads at an offset; fewer bytes than asked for means the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// One write at the end; the number of bytes that it took.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;
    /// One write at the start, which leaves what lies behind it.
    fn overwrite(&self, bytes: &[u8]) -> io::Result<()>;
    /// Cuts it to `len` bytes.
    fn truncate(&self, len: u64) -> io::Result<()>;
    /// fdatasync.
    fn datasync(&self) -> io::Result<()>;
}

/// The real file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFs;

/// Larger than nearly every manifest: one read fetches it, and a short read says that it was all.
const READ: usize = 8 * 1024;

impl Fs for RealFs {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let mut bytes = vec![0; READ];
        let filled = rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut bytes[..]))?;
        bytes.truncate(filled);
        if filled == READ {
            file.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        std::fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        std::fs::metadata(path).map(|metadata| stat_of(&metadata))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn FsFile>> {
        let mut options = OpenOptions::new();
        options.read(true).mode(0o600);
        match access {
            Access::Read => {}
            Access::Append => {
                options.append(true);
            }
            Access::Overwrite => {
                options.write(true).create(true).truncate(false);
            }
        }
        Ok(Box::new(RealFile(options.open(path)?)))
    }

    fn boot_id(&self) -> String {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map(|text| text.trim().to_owned())
            .unwrap_or_default()
    }

    fn mkdir(&self, path: &Path) -> io::Result<()> {
        crash::point();
        DirBuilder::new().mode(0o700).create(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        crash::point();
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        crash::point();
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        crash::point();
        std::fs::remove_file(path)
    }

    fn remove_all(&self, dir: &Path) -> io::Result<()> {
        crash::point();
        std::fs::remove_dir_all(dir)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        crash::point();
        File::open(path)?.sync_all()
    }

    #[cfg(target_os = "linux")]
    fn sync_all(&self, path: &Path) -> io::Result<()> {
        crash::point();
        Ok(rustix::fs::syncfs(File::open(path)?)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn sync_all(&self, _path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn touch(&self, path: &Path, modified: SystemTime) -> io::Result<()> {
        crash::point();
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?.set_modified(modified)
    }
}

struct RealFile(File);

impl FsFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        crash::point();
        (&self.0).write(bytes)
    }

    fn overwrite(&self, bytes: &[u8]) -> io::Result<()> {
        crash::point();
        self.0.write_all_at(bytes, 0)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        crash::point();
        self.0.set_len(len)
    }

    fn datasync(&self) -> io::Result<()> {
        crash::point();
        self.0.sync_data()
    }
}

fn stat_of(metadata: &std::fs::Metadata) -> Stat {
    Stat {
        dev: metadata.dev(),
        ino: metadata.ino(),
        len: metadata.len(),
        uid: metadata.uid(),
        modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }
}
