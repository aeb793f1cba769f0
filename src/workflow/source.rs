//! Reads the file, and notices that it has changed (SPEC 6.2).

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::{At, WorkflowError};

/// The largest WORKFLOW.md that is read, in bytes.
const MAX: u64 = 4 * 1024 * 1024;

/// What tells two versions of a file apart without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// Taken before reading, so that a change while reading is noticed the next time.
    pub stamp: Stamp,
    /// The text.
    pub text: String,
}

/// Reads the file.
pub(super) fn read(path: &Path) -> Result<Source, WorkflowError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => WorkflowError::NotFound { path: path.to_owned() },
        _ => WorkflowError::Unreadable { path: path.to_owned(), source },
    };
    // A FIFO would block on opening.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unreadable(io::Error::other("it is not a regular file")));
    }
    let file = File::open(path).map_err(unreadable)?;
    let stamp = Stamp::of(&file.metadata().map_err(unreadable)?);
    let mut bytes = Vec::new();
    file.take(MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX {
        return Err(unreadable(io::Error::other(format!("it is larger than {MAX} bytes"))));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        WorkflowError::Parse { at: At::new(path, Some(line)), message: "the file is not UTF-8".into() }
    })?;
    Ok(Source { stamp, text })
}
