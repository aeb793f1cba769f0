//! Directory trees as values, so that "writes not one byte" can be asserted.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::TestEnv;
use super::wait_until;

/// Every path below a directory, with inode, time of change and content.
type Tree = BTreeMap<PathBuf, ((u64, i64, i64), Vec<u8>)>;

impl TestEnv {
    /// The store as it lies on disk. Of `polled`, whose time is all that it says, the content alone; of a workspace's
    /// lease, in which a holder notes who it is, nothing.
    fn store_tree(&self) -> Tree {
        tree(&self.store(""))
    }

    /// Waits until the workers whose runs are over have written their last words.
    fn wait_for_last_words(&self) {
        let runs = walkdir::WalkDir::new(self.store("runs")).min_depth(1).max_depth(1).into_iter().flatten();
        for run in runs.filter(|run| run.path().join("outcome.json").exists()) {
            if let Ok(lifeline) = fs::File::open(run.path().join("lifeline")) {
                wait_until("a worker's last words", || lifeline.try_lock_shared().is_ok());
            }
        }
    }

    /// Asserts that `step` leaves every byte and every time in the store as it was.
    #[track_caller]
    pub(crate) fn writing_nothing<T>(&self, step: impl FnOnce() -> T) -> T {
        self.wait_for_last_words();
        let before = self.store_tree();
        let result = step();
        let changed = changes(&before, &self.store_tree());
        assert!(changed.is_empty(), "the store changed at {changed:?}");
        result
    }
}

impl TestEnv {
    /// Asserts that `step` leaves every byte and every time in a directory of the test as it was, but for what a live
    /// worker writes of its own.
    #[track_caller]
    pub(crate) fn leaving_alone<T>(&self, directory: &str, step: impl FnOnce() -> T) -> T {
        let (before, result, after) = (tree(&self.path(directory)), step(), tree(&self.path(directory)));
        let is_alive = |path: &PathBuf| path.ends_with("activity") || path.ends_with("supervisor.log");
        let changed: Vec<PathBuf> = changes(&before, &after).into_iter().filter(|path| !is_alive(path)).collect();
        assert!(changed.is_empty(), "{directory} changed at {changed:?}");
        result
    }
}

/// A directory as it lies on disk.
fn tree(directory: &Path) -> Tree {
    let mut tree = Tree::new();
    for entry in walkdir::WalkDir::new(directory) {
        let entry = entry.expect("an entry");
        let metadata = entry.path().symlink_metadata().expect("metadata");
        let path = entry.path().strip_prefix(directory).expect("a path").to_owned();
        let is_lease = path.components().any(|part| part.as_os_str() == ".baton-lease");
        let content =
            if metadata.is_file() && !is_lease { fs::read(entry.path()).expect("content") } else { Vec::new() };
        let times = if is_lease || path.ends_with("polled") {
            (0, 0, 0)
        } else {
            (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
        };
        tree.insert(path, (times, content));
    }
    tree
}

/// The paths at which two trees differ.
fn changes(before: &Tree, after: &Tree) -> Vec<PathBuf> {
    let all = before.keys().chain(after.keys().filter(|path| !before.contains_key(*path)));
    all.filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
}
