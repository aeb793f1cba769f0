//! How large a workspace is.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use walkdir::WalkDir;

/// Entries that are looked at: a bound on the time.
const ENTRIES: usize = 200_000;

/// The size of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Size {
    /// The files' lengths together, in bytes; links are not followed, and other file systems not entered.
    #[serde(rename = "size_bytes")]
    pub bytes: u64,
    /// Whether everything was counted: a huge tree, or one with unreadable parts, is larger than `bytes` says.
    #[serde(rename = "size_complete")]
    pub complete: bool,
}

/// The size of what is at `path`; `None` where nothing is there.
#[must_use]
pub fn size_of(path: &Path) -> Option<Size> {
    size_within(path, ENTRIES)
}

fn size_within(path: &Path, limit: usize) -> Option<Size> {
    path.symlink_metadata().ok()?;
    let mut size = Size { bytes: 0, complete: true };
    for (count, entry) in WalkDir::new(path).same_file_system(true).into_iter().enumerate() {
        if count >= limit {
            size.complete = false;
            break;
        }
        match entry.and_then(|entry| entry.metadata()) {
            Ok(found) if found.is_file() => size.bytes += found.len(),
            Ok(_) => {}
            Err(_) => size.complete = false,
        }
    }
    Some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_and_links_do_not() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(dir.path().join("sub")).expect("mkdir");
        std::fs::write(dir.path().join("one"), [0; 10]).expect("a file");
        std::fs::write(dir.path().join("sub/two"), [0; 5]).expect("a file");
        std::os::unix::fs::symlink("one", dir.path().join("link")).expect("a link");
        assert_eq!(size_of(dir.path()), Some(Size { bytes: 15, complete: true }));
        assert_eq!(size_of(&dir.path().join("gone")), None);
    }

    #[test]
    fn a_walk_that_is_cut_short_says_so() {
        let dir = tempfile::tempdir().expect("a directory");
        for name in ["one", "two"] {
            std::fs::write(dir.path().join(name), [0; 10]).expect("a file");
        }
        assert_eq!(size_within(dir.path(), 2), Some(Size { bytes: 10, complete: false }));
        assert_eq!(size_within(dir.path(), 3), Some(Size { bytes: 20, complete: true }));
    }
}
