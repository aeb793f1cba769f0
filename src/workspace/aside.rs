//! Putting workspaces aside: `<root>/.archive/<key>.<n>` keeps them, `<root>/.trash/<key>.<n>` is on its way out. Both
//! are one rename away from where the workspace lay, so that a crash leaves it whole in one place or the other.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::WorkspaceError;
use crate::model::Key;

const ARCHIVE: &str = ".archive";
const TRASH: &str = ".trash";

/// The next free place in the archive.
pub(super) fn archive(root: &Path, key: &Key) -> Result<PathBuf, WorkspaceError> {
    next_free(&root.join(ARCHIVE), key)
}

/// The next free place in the trash.
pub(super) fn trash(root: &Path, key: &Key) -> Result<PathBuf, WorkspaceError> {
    next_free(&root.join(TRASH), key)
}

/// Everything of this key that is in the trash.
pub(super) fn trashed(root: &Path, key: &Key) -> Result<Vec<PathBuf>, WorkspaceError> {
    let trash = root.join(TRASH);
    let entries = match fs::read_dir(&trash) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(WorkspaceError::Io { doing: "read", path: trash, source }),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(WorkspaceError::io("read", &trash)));
    paths.filter(|path| path.as_ref().map_or(true, |path| is_of(path, key))).collect()
}

fn is_of(path: &Path, key: &Key) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.rsplit_once('.'));
    name.is_some_and(|(of, number)| of == key.as_str() && number.parse::<u32>().is_ok())
}

fn next_free(directory: &Path, key: &Key) -> Result<PathBuf, WorkspaceError> {
    fs::create_dir_all(directory).map_err(WorkspaceError::io("create", directory))?;
    let mut number = 1_u32;
    loop {
        let path = directory.join(format!("{key}.{number}"));
        match fs::symlink_metadata(&path) {
            Ok(_) => number += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(source) => return Err(WorkspaceError::Io { doing: "look at", path, source }),
        }
    }
}

/// Moves a directory within the root. Nothing may be at `to`.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    crate::crash::point();
    fs::rename(from, to).map_err(WorkspaceError::io("move aside", from))
}

/// Deletes a tree off-thread. Directories that their owner may not write (module caches) are made writable first.
pub(super) async fn delete(path: PathBuf) -> Result<(), WorkspaceError> {
    let tree = path.clone();
    let deleted = tokio::task::spawn_blocking(move || delete_tree(&tree)).await;
    deleted.map_err(io::Error::other).and_then(|done| done).map_err(WorkspaceError::io("delete", &path))
}

fn delete_tree(path: &Path) -> io::Result<()> {
    crate::crash::point();
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_writable(path)?;
            fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn make_writable(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        text.parse().expect("a key")
    }

    #[test]
    fn places_are_numbered_and_never_used_twice() {
        let root = tempfile::tempdir().expect("a directory");
        for number in 1..4 {
            let place = archive(root.path(), &key("A")).expect("a place");
            assert_eq!(place, root.path().join(format!(".archive/A.{number}")));
            fs::create_dir(place).expect("mkdir");
        }
    }

    #[test]
    fn an_issue_s_trash_is_its_own() {
        let root = tempfile::tempdir().expect("a directory");
        assert!(trashed(root.path(), &key("A")).expect("no trash yet").is_empty());
        for name in ["A.1", "A.2", "A.2.1", "AB.1", "A.x"] {
            fs::create_dir_all(root.path().join(".trash").join(name)).expect("mkdir");
        }
        let mut mine = trashed(root.path(), &key("A")).expect("trash");
        mine.sort();
        assert_eq!(mine, ["A.1", "A.2"].map(|name| root.path().join(".trash").join(name)));
    }

    #[test]
    fn a_tree_goes_whatever_its_permissions_and_its_links_are_not_followed() {
        let root = tempfile::tempdir().expect("a directory");
        let (tree, outside) = (root.path().join("tree"), root.path().join("outside"));
        fs::create_dir_all(tree.join("a/b")).expect("mkdir");
        fs::create_dir(&outside).expect("mkdir");
        fs::write(tree.join("a/b/file"), "").expect("a file");
        std::os::unix::fs::symlink(&outside, tree.join("a/link")).expect("a link");
        for (directory, mode) in [("a/b", 0o000), ("a", 0o500)] {
            fs::set_permissions(tree.join(directory), Permissions::from_mode(mode)).expect("chmod");
        }
        delete_tree(&tree).expect("deleted");
        assert!(!tree.exists() && outside.exists());
        delete_tree(&tree).expect("already gone");
    }
}
