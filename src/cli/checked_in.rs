//! For tests: what the program makes is checked in beside its source, and equal to what it makes now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Asserts that `files`, by path, are what is checked in; with `UPDATE_GENERATED=1` they are written first.
#[track_caller]
pub(super) fn assert_checked_in(files: &BTreeMap<PathBuf, String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let update = crate::seams::Environment::of_process().get("UPDATE_GENERATED").is_some();
    for (path, text) in files {
        if update {
            std::fs::create_dir_all(root.join(path).parent().expect("a directory")).expect("made");
            std::fs::write(root.join(path), text).expect("written");
        }
        let there = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        assert!(there == *text, "{} is not what is generated; UPDATE_GENERATED=1 writes it", path.display());
    }
}

/// Asserts that a directory holds none but `files`.
#[track_caller]
pub(super) fn assert_no_other(directory: &str, files: &BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).expect("a directory") {
        let path = Path::new(directory).join(entry.expect("an entry").file_name());
        assert!(files.contains_key(&path), "{} is no longer generated: delete it", path.display());
    }
}
