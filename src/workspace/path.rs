//! Where a workspace may lie: directly below the root, as a directory of its own, whatever the file system holds
//! (SPEC 9.5, 15.2).

use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use super::WorkspaceError;
use crate::model::Key;

/// The canonical form of a root that may not exist yet: links in the part that exists are resolved, the rest is
/// appended. A loop of links, or a file in the way, is an error that names it.
pub(super) fn canonical_root(root: &Path) -> Result<PathBuf, WorkspaceError> {
    let mut missing = Vec::new();
    let mut existing = root;
    loop {
        match existing.canonicalize() {
            Ok(found) => {
                require_directory(&found)?;
                let mut path = found;
                path.extend(missing.into_iter().rev());
                if path.to_str().is_none() {
                    let source = io::Error::new(io::ErrorKind::InvalidFilename, "it is not UTF-8, as records must be");
                    return Err(WorkspaceError::Io { doing: "use the workspace root", path, source });
                }
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_link(existing) => {
                let (Some(parent), Some(Component::Normal(name))) =
                    (existing.parent(), existing.components().next_back())
                else {
                    return Err(WorkspaceError::Io {
                        doing: "resolve the workspace root",
                        path: root.to_owned(),
                        source: error,
                    });
                };
                missing.push(name);
                existing = parent;
            }
            Err(source) => {
                return Err(WorkspaceError::Io {
                    doing: "resolve the workspace root",
                    path: existing.to_owned(),
                    source,
                });
            }
        }
    }
}

/// `<root>/<key>` below a canonical root, checked: it is a directory, or nothing is there.
pub(super) fn contained(root: &Path, key: &Key) -> Result<PathBuf, WorkspaceError> {
    let path = root.join(key.as_str());
    let direct = path.parent() == Some(root) && matches!(path.components().next_back(), Some(Component::Normal(_)));
    if !direct {
        return Err(WorkspaceError::Outside { path, root: root.to_owned() });
    }
    exists(&path)?;
    Ok(path)
}

/// Whether a directory is there; anything else there, links included, is an error.
pub(super) fn exists(path: &Path) -> Result<bool, WorkspaceError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(WorkspaceError::Symlink(path.to_owned())),
        Ok(found) if found.is_dir() => Ok(true),
        Ok(found) => Err(WorkspaceError::InTheWay { path: path.to_owned(), what: what(found.file_type()) }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(WorkspaceError::Io { doing: "look at", path: path.to_owned(), source }),
    }
}

/// Whether it belongs to the user who runs Baton; of a root, also to the superuser.
pub(super) fn require_owner(path: &Path, or_root: bool) -> Result<(), WorkspaceError> {
    let owner = fs::symlink_metadata(path).map_err(WorkspaceError::io("look at", path))?.uid();
    let ours = owner == rustix::process::geteuid().as_raw() || or_root && owner == 0;
    if ours { Ok(()) } else { Err(WorkspaceError::NotOurs { path: path.to_owned(), owner }) }
}

/// The last check before a launch: `cwd` is, link by link, that workspace, and the workspace is where it belongs.
pub(super) fn check_cwd(cwd: &Path, workspace: &Path, root: &Path) -> Result<(), WorkspaceError> {
    let root = root.canonicalize().map_err(WorkspaceError::io("resolve", root))?;
    if !exists(workspace)? {
        return Err(WorkspaceError::Io {
            doing: "enter",
            path: workspace.to_owned(),
            source: io::ErrorKind::NotFound.into(),
        });
    }
    let actual = workspace.canonicalize().map_err(WorkspaceError::io("resolve", workspace))?;
    if actual.parent() != Some(&root) {
        return Err(WorkspaceError::Outside { path: workspace.to_owned(), root });
    }
    same_directory(cwd, &actual)
}

/// Whether `cwd`, its links resolved, is `workspace`, which is canonical.
pub(super) fn same_directory(cwd: &Path, workspace: &Path) -> Result<(), WorkspaceError> {
    let cwd = cwd.canonicalize().map_err(WorkspaceError::io("resolve", cwd))?;
    if cwd == workspace {
        return Ok(());
    }
    Err(WorkspaceError::Conflict { path: cwd, why: format!("the agent must work in {}", workspace.display()) })
}

fn require_directory(path: &Path) -> Result<(), WorkspaceError> {
    if exists(path)? {
        return Ok(());
    }
    Err(WorkspaceError::Io { doing: "look at", path: path.to_owned(), source: io::ErrorKind::NotFound.into() })
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

fn what(kind: FileType) -> &'static str {
    if kind.is_file() {
        "a file"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_fifo() {
        "a pipe"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn key(text: &str) -> Key {
        text.parse().expect("a key")
    }

    fn root() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().canonicalize().expect("a root");
        (dir, root)
    }

    #[test]
    fn the_path_is_the_key_below_the_root() {
        let (_dir, root) = root();
        assert_eq!(contained(&root, &key("ABC-1")).expect("nothing there"), root.join("ABC-1"));
        fs::create_dir(root.join("ABC-1")).expect("mkdir");
        assert_eq!(contained(&root, &key("ABC-1")).expect("a directory"), root.join("ABC-1"));
    }

    #[test]
    fn no_link_is_followed_out_to_a_sibling_or_round_in_circles() {
        let (_dir, root) = root();
        fs::create_dir(root.join("sibling")).expect("mkdir");
        for (name, target) in [("out", "/tmp"), ("aside", "sibling"), ("dangling", "nowhere"), ("loop", "loop")] {
            symlink(target, root.join(name)).expect("a link");
            let error = contained(&root, &key(name)).expect_err(name);
            assert_eq!(error.code(), "workspace_symlink", "{name}");
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let (_dir, root) = root();
        fs::write(root.join("ABC-1"), "").expect("a file");
        let error = contained(&root, &key("ABC-1")).expect_err("a file is no workspace");
        assert_eq!(error.code(), "workspace_in_the_way");
        assert!(error.to_string().contains("ABC-1 is in the way: it is a file"), "{error}");
    }

    #[test]
    fn a_root_is_resolved_as_far_as_it_exists() {
        let (_dir, root) = root();
        fs::create_dir(root.join("real")).expect("mkdir");
        symlink("real", root.join("link")).expect("a link");
        assert_eq!(canonical_root(&root.join("link/new/deep")).expect("a root"), root.join("real/new/deep"));
    }

    #[test]
    fn a_root_through_a_loop_or_a_file_or_a_dead_link_fails_and_names_it() {
        let (_dir, root) = root();
        symlink("loop", root.join("loop")).expect("a link");
        symlink("nowhere", root.join("dead")).expect("a link");
        fs::write(root.join("file"), "").expect("a file");
        for name in ["loop", "dead", "file", "loop/x", "file/x", "dead/x"] {
            let error = canonical_root(&root.join(name)).expect_err(name);
            assert!(error.to_string().contains(name.split('/').next().unwrap_or(name)), "{name}: {error}");
        }
    }

    #[test]
    fn an_agent_starts_in_its_workspace_and_nowhere_else() {
        let (_dir, root) = root();
        let workspace = root.join("ABC-1");
        fs::create_dir_all(workspace.join("sub")).expect("mkdir");
        fs::create_dir(root.join("ABC-2")).expect("mkdir");
        symlink(&workspace, root.join("link")).expect("a link");
        assert!(check_cwd(&workspace, &workspace, &root).is_ok());
        for cwd in ["ABC-2", "ABC-1/sub", ".", "ABC-3"] {
            assert!(check_cwd(&root.join(cwd), &workspace, &root).is_err(), "{cwd}");
        }
        assert!(check_cwd(&root.join("link"), &root.join("link"), &root).is_err());
        assert!(check_cwd(&workspace.join("sub"), &workspace.join("sub"), &root).is_err());
    }
}
