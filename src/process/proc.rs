//! What `/proc` says of processes. Where there is no `/proc`, there are no processes to be seen.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// One process, as its `stat` line shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) session: u32,
    state: u8,
    threads: u32,
    /// Clock ticks since boot.
    pub(super) started: u64,
}

impl Stat {
    /// `Ok(None)`: there is no such process.
    pub(super) fn read(pid: u32) -> io::Result<Option<Self>> {
        match fs::read(format!("/proc/{pid}/stat")) {
            Ok(line) => Self::parse(&line)
                .map(Some)
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/stat"))),
            // A process that ends while it is read fails with ESRCH.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    || error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads `pid (comm) state ppid pgrp session …`. A program chooses its comm, brackets and line ends included, so
    /// that only the last `)` counts.
    fn parse(line: &[u8]) -> Option<Self> {
        let close = line.iter().rposition(|byte| *byte == b')')?;
        let head = std::str::from_utf8(line.get(..line.iter().position(|byte| *byte == b'(')?)?).ok()?;
        let tail: Vec<&str> = std::str::from_utf8(line.get(close + 1..)?).ok()?.split_ascii_whitespace().collect();
        // `tail[0]` is field 3 of proc_pid_stat(5).
        let field = |number: usize| tail.get(number - 3);
        Some(Self {
            pid: head.trim().parse().ok()?,
            state: *field(3)?.as_bytes().first()?,
            parent: field(4)?.parse().ok()?,
            // -1 for what has no session.
            session: field(6)?.parse().unwrap_or(0),
            threads: field(20)?.parse().unwrap_or(0),
            started: field(22)?.parse().ok()?,
        })
    }

    #[cfg(test)]
    pub(super) fn fake(pid: u32, parent: u32, session: u32, started: u64, state: u8) -> Self {
        Self { pid, parent, session, state, threads: 1, started }
    }

    /// Whether it runs no more and only waits to be reaped. A zombie with threads is a process whose first thread left.
    pub(super) fn is_zombie(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x') && self.threads <= 1
    }
}

/// Every process that can be seen, zombies included.
pub(super) fn all() -> Vec<Stat> {
    numbers(Path::new("/proc")).filter_map(|pid| Stat::read(pid).ok().flatten()).collect()
}

/// The children of `pid`, adopted ones included; `None` where the kernel does not list them.
pub(super) fn children(pid: u32) -> Option<Vec<u32>> {
    let tasks = PathBuf::from(format!("/proc/{pid}/task"));
    let mut found = Vec::new();
    let mut listed = false;
    for task in numbers(&tasks) {
        if let Ok(text) = fs::read_to_string(tasks.join(task.to_string()).join("children")) {
            listed = true;
            found.extend(text.split_ascii_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    listed.then_some(found)
}

/// The environment a process was started with; `None` where it is not ours to read.
pub(super) struct Variables(Vec<u8>);

impl Variables {
    pub(super) fn of(pid: u32) -> Option<Self> {
        fs::read(format!("/proc/{pid}/environ")).ok().map(Self)
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.split(|byte| *byte == 0).find_map(|entry| {
            entry.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")).map(OsStr::from_bytes)
        })
    }
}

/// A file, to be found among the open descriptors of processes.
pub(super) struct OpenFile {
    name: Vec<u8>,
    device: u64,
    inode: u64,
}

impl OpenFile {
    pub(super) fn at(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let name = path.file_name()?.as_bytes().to_vec();
        Some(Self { name, device: metadata.dev(), inode: metadata.ino() })
    }

    /// Whether the process has it open. Only descriptors whose link ends in the file's name are looked at, because a
    /// look at one on a network file system can hang.
    pub(super) fn is_open_in(&self, pid: u32) -> bool {
        let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        entries.flatten().any(|entry| {
            fs::read_link(entry.path())
                .is_ok_and(|link| link.file_name().is_some_and(|name| name.as_bytes().starts_with(&self.name)))
                && fs::metadata(entry.path()).is_ok_and(|found| found.dev() == self.device && found.ino() == self.inode)
        })
    }
}

fn numbers(directory: &Path) -> impl Iterator<Item = u32> {
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(comm: &str, state: char, threads: u32) -> String {
        format!("42 ({comm}) {state} 7 42 40 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 {threads} 0 987654 1 2\n")
    }

    #[test]
    fn the_name_of_a_program_cannot_forge_a_stat_line() {
        for comm in ["sleep", "a b", ") Z 1 1 1", "x) R 9 9 9 (y", "((", "\n"] {
            let stat = Stat::parse(line(comm, 'S', 1).as_bytes()).expect("a line");
            assert_eq!((stat.pid, stat.parent, stat.session, stat.started), (42, 7, 40, 987_654), "{comm:?}");
            assert!(!stat.is_zombie(), "{comm:?}");
        }
        let mut binary = line("@", 'S', 1).into_bytes();
        binary[4] = 0xff;
        assert!(Stat::parse(&binary).is_some());
        for bad in ["", "42", "42 (x", "42 (x) S 1"] {
            assert_eq!(Stat::parse(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn a_zombie_with_threads_lives() {
        let state = |state, threads| Stat::parse(line("x", state, threads).as_bytes()).expect("a line").is_zombie();
        assert!(state('Z', 1) && state('Z', 0) && state('X', 0));
        assert!(!state('Z', 2) && !state('T', 1));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_there() {
        let me = std::process::id();
        let stat = Stat::read(me).expect("readable").expect("there");
        assert_eq!((stat.pid, stat.parent), (me, std::os::unix::process::parent_id()));
        assert!(all().iter().any(|other| other.pid == me));
        assert_eq!(Stat::read(u32::MAX).expect("readable"), None);
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let file = OpenFile::at(&manifest).expect("there");
        let open = fs::File::open(&manifest).expect("readable");
        assert!(file.is_open_in(me));
        drop(open);
    }
}
