//! `agent.log` as a person reads it: what an agent that speaks a protocol says and does, line by line, as it happens.

use std::io;

use super::log::AgentLog;

/// Where an agent's words are gathered on their way to the log. Nothing is written before [`Transcript::flush`], so that
/// thousands of pieces cost one write.
#[derive(Debug)]
pub(super) struct Transcript {
    log: AgentLog,
    gathered: Vec<u8>,
    /// Whose words the open line holds; `None` at a line's beginning.
    open: Option<String>,
}

impl Transcript {
    pub(super) fn new(log: AgentLog) -> Self {
        Self { log, gathered: Vec::new(), open: None }
    }

    /// A piece of what `source` streams. Pieces of one source are joined; another source begins a new line.
    pub(super) fn piece(&mut self, source: &str, text: &str) {
        if self.open.as_deref() != Some(source) {
            self.end_line();
        }
        if text.is_empty() {
            return;
        }
        self.gathered.extend_from_slice(text.as_bytes());
        if text.ends_with('\n') {
            self.open = None;
        } else if self.open.is_none() {
            self.open = Some(source.to_owned());
        }
    }

    /// Lines of their own.
    pub(super) fn lines(&mut self, text: &str) {
        self.end_line();
        self.gathered.extend_from_slice(text.trim_end_matches('\n').as_bytes());
        self.gathered.push(b'\n');
    }

    /// Ends the open line, if there is one.
    pub(super) fn end_line(&mut self) {
        if self.open.take().is_some() {
            self.gathered.push(b'\n');
        }
    }

    /// Writes what is gathered. The log holds back a line that is not whole.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let written = self.log.write(&self.gathered);
        self.gathered.clear();
        written
    }

    /// Writes everything, the line that is not whole as well.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.end_line();
        self.flush()?;
        self.log.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Redactor;

    #[test]
    fn voices_do_not_interrupt_each_other_in_mid_line_and_secrets_cut_in_two_are_found() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("agent.log");
        let log = AgentLog::open(&path, &Redactor::new(["s3cret-token"])).expect("opened");
        let mut transcript = Transcript::new(log);
        for piece in ["I ", "wrote s3cr", "et-token\nand", ""] {
            transcript.piece("m1", piece);
        }
        transcript.lines("$ ls\n");
        for (source, piece) in [("c1", "a\n"), ("c1", "b"), ("m2", "done"), ("m2", "!")] {
            transcript.piece(source, piece);
            transcript.flush().expect("written");
        }
        transcript.finish().expect("written");
        let text = std::fs::read_to_string(&path).expect("a log");
        assert_eq!(text, "I wrote [redacted]\nand\n$ ls\na\nb\ndone!\n");
    }
}
