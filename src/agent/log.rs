//! `agent.log`: what the agent's process writes, as it comes, without secrets.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::store::Redactor;

/// The log is renamed to `agent.log.1` before it grows beyond this, so that the last 32 to 64 MiB are kept.
const LIMIT: u64 = 32 << 20;
/// A line is held back until it is whole, so that no secret is cut in two; but no more of it than this.
const LINE: usize = 64 << 10;

/// The one place that an agent's bytes pass on their way to disk.
#[derive(Debug)]
pub(super) struct AgentLog {
    path: PathBuf,
    file: File,
    size: u64,
    limit: u64,
    redactor: Redactor,
    line: Vec<u8>,
}

impl AgentLog {
    /// Goes on with `path`, or begins it (0600).
    pub(super) fn open(path: &Path, redactor: &Redactor) -> io::Result<Self> {
        Self::open_with(path, LIMIT, redactor)
    }

    fn open_with(path: &Path, limit: u64, redactor: &Redactor) -> io::Result<Self> {
        let file = create(path)?;
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, size, limit, redactor: redactor.clone(), line: Vec::new() })
    }

    /// Appends the lines that are whole.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let held = self.line.len();
        self.line.extend_from_slice(bytes);
        let whole = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => held + end + 1,
            None if self.line.len() >= LINE => self.line.len(),
            None => return Ok(()),
        };
        let rest = self.line.split_off(whole);
        let lines = std::mem::replace(&mut self.line, rest);
        self.append_redacted(&lines)
    }

    /// Appends what has been held back.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.append_redacted(&line)
    }

    /// What holds no secret goes to disk byte for byte, be it text or not.
    fn append_redacted(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        match self.redactor.redact(&text) {
            Cow::Borrowed(_) => self.append(bytes),
            Cow::Owned(clean) => self.append(clean.as_bytes()),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        if self.size > 0 && self.size + length > self.limit {
            self.rotate()?;
        }
        self.file.write_all(bytes)?;
        self.size += length;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let earlier = self.path.with_extension("log.1");
        let lost = if earlier.exists() { "; what came before that is gone" } else { "" };
        std::fs::rename(&self.path, &earlier)?;
        (self.file, self.size) = (create(&self.path)?, 0);
        let name = earlier.file_name().unwrap_or_default().display().to_string();
        let note = format!("[baton] the log grew too long: what came before is in {name}{lost}\n");
        self.file.write_all(note.as_bytes())?;
        self.size += note.len() as u64;
        Ok(())
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_log_is_kept_and_the_loss_is_said() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("agent.log");
        let read = |path: &Path| std::fs::read_to_string(path).expect("a log");
        let open = || AgentLog::open_with(&path, 200, &Redactor::default()).expect("opened");
        open().write(b"first\n").expect("written");
        let mut log = open();
        let mut say = |byte: u8, count: usize| {
            log.write(&vec![byte; count]).and_then(|()| log.flush()).expect("written");
        };
        say(b'x', 194);
        assert!(read(&path).starts_with("first\nxxx"), "it goes on where it was");
        say(b'y', 1);
        assert_eq!(read(&path), "[baton] the log grew too long: what came before is in agent.log.1\ny");
        assert_eq!(read(&path.with_extension("log.1")).len(), 200);
        say(b'z', 300);
        assert!(read(&path).contains("agent.log.1; what came before that is gone\nzzz"));
        assert!(read(&path.with_extension("log.1")).ends_with('y'));
    }

    #[test]
    fn no_secret_is_written_however_it_comes_and_all_else_is_kept_as_it_is() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("agent.log");
        let mut log = AgentLog::open(&path, &Redactor::new(["s3cret-token"])).expect("opened");
        for part in [b"a s3cr" as &[u8], b"et-token b\n\xff", b"\0\r\n", b"s3cret-token"] {
            log.write(part).expect("written");
        }
        assert_eq!(std::fs::read(&path).expect("a log"), b"a [redacted] b\n\xff\0\r\n");
        log.flush().expect("written");
        assert!(std::fs::read(&path).expect("a log").ends_with(b"\n[redacted]"));
        log.write(&[b'x'; LINE]).expect("written");
        assert!(std::fs::read(&path).expect("a log").ends_with(b"xxx"), "a long line is not held back for ever");
    }
}
