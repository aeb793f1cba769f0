//! What makes a directory a store: FORMAT, its owner and its file system; and how one comes into being.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use uuid::Uuid;

use super::document::Kind;
use super::error::{At as _, StoreError};
use super::fs::Fs;
use super::layout::Layout;

/// The major version of the format that this program reads and writes.
pub(super) const MAJOR: u32 = 1;
const MINOR: u32 = 0;

/// The format that this program reads and writes, as it is told.
pub const VERSION: &str = "1.0";

#[derive(Deserialize)]
struct Format {
    store: String,
    format: Version,
}

#[derive(Deserialize)]
struct Version {
    major: u32,
}

/// Reads FORMAT and returns the store's uuid.
pub(super) fn read(fs: &dyn Fs, layout: &Layout) -> Result<String, StoreError> {
    let file = layout.format();
    let bytes = match fs.read(&file) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(absent(fs, layout));
        }
        other => other.at("read", &file)?,
    };
    let format: Format = serde_json::from_slice(&bytes)
        .map_err(|error| StoreError::damaged(file.clone(), format!("is no format: {error}")))?;
    match format.format.major {
        MAJOR => Ok(format.store),
        major if major > MAJOR => Err(StoreError::Newer { file, major }),
        major => Err(StoreError::Older { file, major }),
    }
}

/// Why there is no FORMAT: no store, a store that lost it, or something else altogether.
fn absent(fs: &dyn Fs, layout: &Layout) -> StoreError {
    if fs.stat(&layout.journal()).is_ok() {
        return StoreError::damaged(layout.format(), "is missing, though there is a journal");
    }
    match fs.list(&layout.root) {
        Ok(names) if !names.is_empty() => StoreError::NotAStore { root: layout.root.clone() },
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            StoreError::NotAStore { root: layout.root.clone() }
        }
        Ok(_) | Err(_) => StoreError::NotFound { root: layout.root.clone() },
    }
}

/// Makes the store aside and renames it into place. `false`: somebody else was faster.
pub(super) fn create(fs: &dyn Fs, root: &Path) -> Result<bool, StoreError> {
    let aside = sibling(root, &format!("{}", Uuid::now_v7()));
    let made = build(fs, &aside).and_then(|()| fs.rename(&aside, root).at("rename the new store to", root));
    let made = match made {
        Ok(()) => true,
        Err(error) => {
            let _ = fs.remove_all(&aside);
            if fs.stat(&root.join("FORMAT")).is_err() {
                // An error of a loser is no error: the winner sweeps what others had begun.
                return match absent(fs, &Layout { root: root.to_owned() }) {
                    StoreError::NotFound { .. } => Err(error),
                    other => Err(other),
                };
            }
            false
        }
    };
    if let Some(parent) = root.parent() {
        fs.sync(parent).at("sync", parent)?;
        if made {
            sweep(fs, root, parent);
        }
    }
    Ok(made)
}

fn sibling(root: &Path, suffix: &str) -> PathBuf {
    let mut name = root.file_name().unwrap_or_default().to_owned();
    name.push(".tmp-");
    name.push(suffix);
    root.with_file_name(name)
}

/// The directories that every store has.
pub(super) fn directories(layout: &Layout) -> Vec<PathBuf> {
    let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::State).map(|kind| layout.kind(kind));
    kinds.chain([layout.journal(), layout.tmp(), layout.archive(), layout.damaged()]).collect()
}

/// FORMAT, as this program writes it.
pub(super) fn text(store: &str) -> String {
    format!("{{\"store\":\"{store}\",\"format\":{{\"major\":{MAJOR},\"minor\":{MINOR}}}}}\n")
}

fn build(fs: &dyn Fs, root: &Path) -> Result<(), StoreError> {
    let layout = Layout { root: root.to_owned() };
    let mkdir = |path: PathBuf| fs.mkdir(&path).at("make", &path);
    let write = |path: PathBuf, text: &str| {
        fs.write(&path, text.as_bytes()).at("write", &path)?;
        fs.sync(&path).at("sync", &path)
    };
    mkdir(root.to_owned())?;
    write(root.join(".gitignore"), "*\n")?;
    directories(&layout).into_iter().try_for_each(mkdir)?;
    write(layout.lock(), "")?;
    write(layout.applied(), "")?;
    write(layout.segment(1), "")?;
    write(layout.format(), &text(&Uuid::now_v7().to_string()))?;
    fs.sync(&layout.journal()).at("sync", &layout.journal())?;
    fs.sync(root).at("sync", root)
}

/// Removes what creators that were killed or too late have left beside the store.
fn sweep(fs: &dyn Fs, root: &Path, parent: &Path) {
    let prefix = sibling(root, "");
    let prefix = prefix.file_name().unwrap_or_default().as_encoded_bytes();
    for name in fs.list(parent).unwrap_or_default() {
        if name.as_encoded_bytes().starts_with(prefix) {
            // What cannot be swept does no harm: it is ignored by git and by the store.
            let _ = fs.remove_all(&parent.join(name));
        }
    }
}

/// Refuses a file system on which locks and renames cannot be relied on.
pub(super) fn check_local(path: &Path, root: &Path) -> Result<(), StoreError> {
    match foreign(path).at("ask for the file system of", path)? {
        None => Ok(()),
        Some(kind) => Err(StoreError::NetworkFs { root: root.to_owned(), kind }),
    }
}

/// The file system's type, if it is not one that is known to be local.
#[cfg(target_os = "linux")]
fn foreign(path: &Path) -> io::Result<Option<String>> {
    // ext2 to ext4, xfs, btrfs, zfs, f2fs, tmpfs, overlay: statfs(2).
    const LOCAL: [u64; 7] = [0xEF53, 0x5846_5342, 0x9123_683E, 0x2FC1_2FC1, 0xF2F5_2010, 0x0102_1994, 0x794C_7630];
    let magic = u64::from(rustix::fs::statfs(path)?.f_type as u32);
    Ok((!LOCAL.contains(&magic)).then(|| format!("{magic:#x}")))
}

/// The file system's type, if it is not one that is known to be local.
#[cfg(target_os = "macos")]
fn foreign(path: &Path) -> io::Result<Option<String>> {
    let statfs = rustix::fs::statfs(path)?;
    let name: Vec<u8> = statfs.f_fstypename.iter().take_while(|c| **c != 0).map(|c| c.cast_unsigned()).collect();
    Ok((name != b"apfs").then(|| String::from_utf8_lossy(&name).into_owned()))
}

/// The file system's type, if it is not one that is known to be local.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn foreign(_path: &Path) -> io::Result<Option<String>> {
    Ok(Some("unknown".to_owned()))
}
