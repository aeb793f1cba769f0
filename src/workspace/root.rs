//! The workspace root: made once, and bound to one store by its `.baton-store`.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{WorkspaceError, path};

/// The file in a workspace root that names its store.
pub const STORE_MARKER: &str = ".baton-store";
/// Where the leases' locks lie, below the root.
pub const LEASES: &str = ".baton-lease";

/// Makes the root (0700) where it is missing, and binds it to `store`. Answers with its canonical path.
///
/// A root that names another store is refused: two stores that each think the workspaces theirs would run two agents
/// in one. A root inside the store itself moved together with it, so there a stale name is put right.
pub(super) fn prepare(root: &Path, store: &Path) -> Result<PathBuf, WorkspaceError> {
    let root = path::canonical_root(root)?;
    let made = !path::exists(&root)?;
    make_private(&root, "create the workspace root")?;
    path::require_owner(&root, true)?;
    if made && !root.starts_with(store) {
        // A root inside a repository must not show up in its `git status`.
        let ignore = root.join(".gitignore");
        fs::write(&ignore, "*\n").map_err(WorkspaceError::io("write", &ignore))?;
    }
    make_private(&root.join(LEASES), "create")?;
    bind(&root, store)?;
    Ok(root)
}

fn make_private(path: &Path, doing: &'static str) -> Result<(), WorkspaceError> {
    if path::exists(path)? {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(WorkspaceError::io(doing, path))
}

fn bind(root: &Path, store: &Path) -> Result<(), WorkspaceError> {
    let marker = root.join(STORE_MARKER);
    loop {
        match named_store(root)? {
            Some(named) if same(&named, store) => return Ok(()),
            Some(_) if root.starts_with(store) => return write(root, &marker, store, true),
            Some(other) => {
                return Err(WorkspaceError::WrongStore { root: root.to_owned(), other, store: store.to_owned() });
            }
            None => match write(root, &marker, store, false) {
                Err(WorkspaceError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {}
                answer => return answer,
            },
        }
    }
}

/// The store that `<directory>/.baton-store` names; `None` where there is no such file.
pub fn named_store(directory: &Path) -> Result<Option<PathBuf>, WorkspaceError> {
    let marker = directory.join(STORE_MARKER);
    match fs::read(&marker) {
        Ok(bytes) => Ok(Some(PathBuf::from(std::ffi::OsString::from_vec(bytes.trim_ascii_end().to_vec())))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(WorkspaceError::Io { doing: "read", path: marker, source }),
    }
}

/// The directories that lie in a root beside Baton's own, sorted; none where the root is not there.
pub(super) fn directories(root: &Path) -> Result<Vec<PathBuf>, WorkspaceError> {
    let failed = || WorkspaceError::io("read", root);
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed())?,
    };
    let mut directories = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed())?;
        let is_own = entry.file_name().as_bytes().starts_with(b".");
        if !is_own && entry.file_type().map_err(failed())?.is_dir() {
            directories.push(entry.path());
        }
    }
    directories.sort();
    Ok(directories)
}

fn same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn write(root: &Path, marker: &Path, store: &Path, replace: bool) -> Result<(), WorkspaceError> {
    let failed = || WorkspaceError::io("write", marker);
    let mut file = tempfile::NamedTempFile::new_in(root.join(LEASES)).map_err(failed())?;
    file.write_all(store.as_os_str().as_bytes()).map_err(failed())?;
    file.write_all(b"\n").map_err(failed())?;
    let kept = if replace { file.persist(marker) } else { file.persist_noclobber(marker) };
    kept.map(drop).map_err(|error| failed()(error.error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_belongs_to_the_store_that_made_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let (root, ours, theirs) = (dir.path().join("ws"), dir.path().join("ours"), dir.path().join("theirs"));
        let made = prepare(&root, &ours).expect("a new root");
        assert_eq!(named_store(&made).expect("a marker"), Some(ours.clone()));
        assert_eq!(prepare(&root, &ours).expect("the same root"), made);
        let error = prepare(&root, &theirs).expect_err("another store's root");
        assert_eq!(error.code(), "wrong_store");
        assert!(error.to_string().contains("ours"), "{error}");
        assert_eq!(named_store(&made).expect("a marker"), Some(ours));
    }

    #[test]
    fn a_root_inside_its_store_moves_with_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let old = dir.path().canonicalize().expect("canonical").join("old");
        prepare(&old.join("workspaces"), &old).expect("a root");
        let new = old.with_file_name("new");
        fs::rename(&old, &new).expect("moved");
        let root = prepare(&new.join("workspaces"), &new).expect("the moved root");
        assert_eq!(named_store(&root).expect("a marker"), Some(new));
    }

    #[test]
    fn a_root_that_was_there_before_keeps_its_files() {
        let dir = tempfile::tempdir().expect("a directory");
        prepare(dir.path(), Path::new("/store")).expect("a root");
        assert!(!dir.path().join(".gitignore").exists(), "a person's directory must not be hidden from git");
        let made = prepare(&dir.path().join("new"), Path::new("/store")).expect("a root");
        assert!(made.join(".gitignore").exists());
    }
}
