//! A disk as it is between two flushes: what was asked of it, in order, and every state that a power cut may leave.
//!
//! Directories and files are nodes; a name is an entry of a directory. What changes an entry lasts when the directory was
//! flushed, and what changes content lasts when the file was. Whatever was not flushed may have reached the disk or not,
//! each change by itself: that is more than any real file system does, and all that POSIX promises.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// A directory or a file.
pub(super) type NodeId = usize;

/// The directory in which everything lies.
pub(super) const ROOT: NodeId = 0;

/// A name in a directory.
type Entry = (NodeId, OsString);

/// One change, or one flush.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// A name appears, or comes to name something else.
    Enter(Entry, NodeId),
    /// A name goes.
    Leave(Entry),
    /// A name goes and another appears: one change, for that is what rename promises.
    Move { from: Entry, to: Entry, node: NodeId },
    /// Bytes of a file.
    Write { node: NodeId, at: usize, bytes: Vec<u8> },
    /// A file's length.
    Cut { node: NodeId, len: usize },
    /// fsync or fdatasync.
    Flush(NodeId),
    /// syncfs.
    FlushAll,
}

impl Change {
    /// What must be flushed so that it lasts; `None` for a flush.
    fn lies_in(&self) -> Option<[NodeId; 2]> {
        match self {
            Self::Enter((dir, _), _) | Self::Leave((dir, _)) => Some([*dir; 2]),
            // Either directory brings the move with it, as journaling file systems do.
            Self::Move { from: (from, _), to: (to, _), .. } => Some([*from, *to]),
            Self::Write { node, .. } | Self::Cut { node, .. } => Some([*node; 2]),
            Self::Flush(_) | Self::FlushAll => None,
        }
    }

    fn lasts_by(&self, flush: &Self) -> bool {
        let Some(nodes) = self.lies_in() else { return false };
        match flush {
            Self::Flush(node) => nodes.contains(node),
            Self::FlushAll => true,
            Self::Enter(..) | Self::Leave(_) | Self::Move { .. } | Self::Write { .. } | Self::Cut { .. } => false,
        }
    }
}

/// The changes among `log` that a power cut right behind it may undo.
pub(super) fn unflushed(log: &[Change]) -> Vec<usize> {
    let pending = |at: &usize| log[*at].lies_in().is_some() && !log[*at..].iter().any(|later| log[*at].lasts_by(later));
    (0..log.len()).filter(pending).collect()
}

/// What is on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Disk {
    dirs: BTreeMap<NodeId, BTreeMap<OsString, NodeId>>,
    files: BTreeMap<NodeId, Vec<u8>>,
}

impl Disk {
    /// What lies in a real directory; every file and directory has a number below the second value.
    pub(super) fn of(dir: &Path) -> io::Result<(Self, NodeId)> {
        let (mut disk, mut next) = (Self::default(), ROOT + 1);
        disk.dirs.insert(ROOT, BTreeMap::new());
        disk.take_in(dir, ROOT, &mut next)?;
        Ok((disk, next))
    }

    fn take_in(&mut self, dir: &Path, node: NodeId, next: &mut NodeId) -> io::Result<()> {
        for entry in std::fs::read_dir(dir)? {
            let (entry, child) = (entry?, *next);
            *next += 1;
            self.dirs.entry(node).or_default().insert(entry.file_name(), child);
            if entry.file_type()?.is_dir() {
                self.dirs.insert(child, BTreeMap::new());
                self.take_in(&entry.path(), child, next)?;
            } else {
                self.files.insert(child, std::fs::read(entry.path())?);
            }
        }
        Ok(())
    }

    /// Makes a directory, or an empty file, that has no name yet.
    pub(super) fn make(&mut self, node: NodeId, is_dir: bool) {
        if is_dir {
            self.dirs.insert(node, BTreeMap::new());
        } else {
            self.files.insert(node, Vec::new());
        }
    }

    /// What a path names.
    pub(super) fn find(&self, path: &Path) -> Option<NodeId> {
        path.iter().try_fold(ROOT, |dir, name| self.dirs.get(&dir)?.get(name).copied())
    }

    /// The names in a directory.
    pub(super) fn names(&self, dir: NodeId) -> Vec<(OsString, NodeId)> {
        self.dirs.get(&dir).into_iter().flatten().map(|(name, node)| (name.clone(), *node)).collect()
    }

    pub(super) fn is_dir(&self, node: NodeId) -> bool {
        self.dirs.contains_key(&node)
    }

    pub(super) fn len(&self, node: NodeId) -> usize {
        self.files.get(&node).map_or(0, Vec::len)
    }

    /// Carries out a change, as far as there is what it concerns.
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Enter((dir, name), node) => self.enter(*dir, name, *node),
            Change::Leave((dir, name)) => self.leave(*dir, name),
            Change::Move { from: (from, old), to: (to, new), node } => {
                if self.dirs.get(from).and_then(|dir| dir.get(old)) == Some(node) {
                    self.leave(*from, old);
                }
                self.enter(*to, new, *node);
            }
            Change::Write { node, at, bytes } => {
                let file = self.files.entry(*node).or_default();
                file.resize(file.len().max(at + bytes.len()), 0);
                file[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Change::Cut { node, len } => self.files.entry(*node).or_default().resize(*len, 0),
            Change::Flush(_) | Change::FlushAll => {}
        }
    }

    fn enter(&mut self, dir: NodeId, name: &OsStr, node: NodeId) {
        self.dirs.entry(dir).or_default().insert(name.to_owned(), node);
    }

    fn leave(&mut self, dir: NodeId, name: &OsStr) {
        self.dirs.entry(dir).or_default().remove(name);
    }

    /// Makes it again in an empty directory.
    pub(super) fn write_to(&self, dir: &Path) -> io::Result<()> {
        self.write_node(ROOT, dir)
    }

    fn write_node(&self, node: NodeId, path: &Path) -> io::Result<()> {
        for (name, child) in self.names(node) {
            let path = path.join(name);
            if self.is_dir(child) {
                std::fs::create_dir(&path)?;
                self.write_node(child, &path)?;
            } else {
                std::fs::write(&path, self.files.get(&child).map_or(&[][..], Vec::as_slice))?;
            }
        }
        Ok(())
    }

    /// The same state without what no name leads to, and with numbers that do not tell how it came about.
    pub(super) fn visible(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut all = BTreeMap::new();
        let mut todo = vec![(ROOT, PathBuf::new())];
        while let Some((node, path)) = todo.pop() {
            for (name, child) in self.names(node) {
                let path = path.join(name);
                if self.is_dir(child) {
                    todo.push((child, path.clone()));
                    all.insert(path, None);
                } else {
                    all.insert(path, self.files.get(&child).cloned());
                }
            }
        }
        all
    }
}
