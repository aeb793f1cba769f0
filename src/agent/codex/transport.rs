//! The app-server's process: three pipes, and the time until it ends (SPEC 10.1, 10.3).
//!
//! Nothing here waits for one pipe alone: while we write, the other side may be writing too, and must be read. So there
//! is one thing to wait for, [`Transport::pump`], which moves whatever can be moved. It may be dropped at any time:
//! neither half a line that came nor half a line that goes is lost.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::Receiver;
use tokio::process::ChildStdin;
use tokio::time::{Instant, sleep_until, timeout};

use super::lines::{LONGEST, Line, Lines};
use crate::agent::ended::Ended;
use crate::model::Process;
use crate::process::{Running, Shell, Tail};

/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// A line of stderr is for people: one that is longer is left out.
const LONGEST_OF_STDERR: usize = 64 << 10;
/// What is kept in mind of stderr, in bytes, for the last words.
const TAIL: usize = 4096;
/// Characters of the last words in a message.
const LAST_LINE: usize = 400;
/// How long a process that has ended is still heard: what it started may hold its pipes for ever.
const ECHO: Duration = Duration::from_millis(500);
/// How long it has after its stdin was closed.
const LEAVE: Duration = Duration::from_secs(3);
/// How long it has between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);
/// How long its tree is then tried to be ended.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// The process, and what is under way to and from it.
#[derive(Debug)]
pub(super) struct Transport {
    running: Running,
    stdin: Option<ChildStdin>,
    stdout: Pipe,
    stderr: Pipe,
    /// What it said and nobody took yet.
    pub(super) lines: Lines,
    /// What is to be said to it.
    pub(super) outbox: Outbox,
    grumbling: Lines,
    last_words: Tail,
    ended: Option<(ExitStatus, Instant)>,
}

/// What moved.
#[derive(Debug)]
pub(super) enum Moved {
    /// So many bytes of the protocol came.
    Came(usize),
    /// Something else did: the outbox went on, or stderr was heard.
    Other,
    /// The process has ended, and all that it said has come. In words, with what it said last.
    Ended {
        /// Whether the shell did not find the program.
        not_found: bool,
        /// How it ended.
        how: String,
    },
}

impl Transport {
    /// Starts it.
    pub(super) fn start(shell: &Shell) -> io::Result<Self> {
        let (stdout, to_stdout) = Pipe::new()?;
        let (stderr, to_stderr) = Pipe::new()?;
        let mut running = shell.spawn(Stdio::piped(), to_stdout, to_stderr)?;
        Ok(Self {
            stdin: running.take_stdin(),
            running,
            stdout,
            stderr,
            lines: Lines::new(LONGEST),
            outbox: Outbox::default(),
            grumbling: Lines::new(LONGEST_OF_STDERR),
            last_words: Tail::new(TAIL),
            ended: None,
        })
    }

    /// Who it is.
    pub(super) fn process(&self) -> &Process {
        self.running.process()
    }

    /// Waits until something moves. `said` gets each line of stderr.
    pub(super) async fn pump(&mut self, said: &mut dyn FnMut(&str)) -> Moved {
        if let Some((status, until)) = self.ended {
            if !self.stdout.is_open && !self.stderr.is_open {
                return self.over(status);
            }
            tokio::select! {
                bytes = self.stdout.read(&mut self.lines) => return Moved::Came(bytes),
                _ = self.stderr.read(&mut self.grumbling) => {}
                () = sleep_until(until) => return self.over(status),
            }
        } else {
            // Without an order: whatever is always ready must not keep the others waiting.
            tokio::select! {
                bytes = self.stdout.read(&mut self.lines) => return Moved::Came(bytes),
                _ = self.stderr.read(&mut self.grumbling) => {}
                () = self.outbox.write(&mut self.stdin) => {}
                status = self.running.wait() => match status {
                    Ok(status) => self.ended = Some((status, Instant::now() + ECHO)),
                    Err(error) => return Moved::Ended { not_found: false, how: format!("was lost: {error}") },
                },
            }
        }
        while let Some(line) = self.grumbling.next() {
            let Line::Whole(line) = line else { continue };
            self.last_words.push(line);
            self.last_words.push(b"\n");
            said(&String::from_utf8_lossy(line));
        }
        Moved::Other
    }

    fn over(&self, status: ExitStatus) -> Moved {
        let ended = Ended(status);
        let said = self.last_words.last_line(LAST_LINE).map_or_else(String::new, |line| format!(": {line}"));
        Moved::Ended { not_found: ended.was_not_found(), how: format!("{ended}{said}") }
    }

    /// Ends it: its stdin is closed, then TERM, then KILL, then its whole tree. What it says meanwhile is heard, so that
    /// it cannot hang on a full pipe.
    pub(super) async fn close(&mut self, said: &mut dyn FnMut(&str)) {
        self.stdin = None;
        let leaving = async {
            while !matches!(self.pump(said).await, Moved::Ended { .. }) {
                while self.lines.next().is_some() {}
            }
        };
        // One that does not leave by itself is made to.
        let _ = timeout(LEAVE, leaving).await;
        let tree = self.running.tree().clone();
        let ended = async {
            // What cannot be ended is the supervisor's to report.
            let _ = tree.end(GRACE, KILL_LIMIT).await;
        };
        tokio::pin!(ended);
        let mut is_over = false;
        loop {
            tokio::select! {
                () = &mut ended => break,
                moved = self.pump(said), if !is_over => {
                    is_over = matches!(moved, Moved::Ended { .. });
                    while self.lines.next().is_some() {}
                }
            }
        }
        // Reaped, unless it could not be ended.
        let _ = timeout(Duration::from_secs(1), self.running.wait()).await;
    }
}

/// The reading end of a pipe.
#[derive(Debug)]
struct Pipe {
    receiver: Receiver,
    is_open: bool,
}

impl Pipe {
    /// A pipe, and its writing end for a child. Within a tokio runtime.
    fn new() -> io::Result<(Self, Stdio)> {
        let (reader, writer) = io::pipe()?;
        let receiver = Receiver::from_owned_fd(OwnedFd::from(reader))?;
        Ok((Self { receiver, is_open: true }, writer.into()))
    }

    /// Appends the next bytes to `lines`; how many. Once nobody can write any more it waits for ever. Cancel-safe.
    async fn read(&mut self, lines: &mut Lines) -> usize {
        while self.is_open {
            let room = lines.room();
            room.reserve(CHUNK);
            match self.receiver.read_buf(room).await {
                Ok(0) | Err(_) => self.is_open = false,
                Ok(bytes) => return bytes,
            }
        }
        std::future::pending().await
    }
}

/// Lines that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    written: usize,
}

impl Outbox {
    /// Adds a message.
    pub(super) fn send(&mut self, message: &Value) {
        self.bytes.extend_from_slice(message.to_string().as_bytes());
        self.bytes.push(b'\n');
    }

    /// Whether everything is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Writes some of it; waits for ever where there is nothing to write, or nobody who reads. Cancel-safe.
    async fn write(&mut self, stdin: &mut Option<ChildStdin>) {
        match stdin {
            Some(pipe) if !self.bytes.is_empty() => {
                let Ok(count) = pipe.write(&self.bytes[self.written..]).await else {
                    // That the other side is gone is learnt by waiting for its process.
                    *stdin = None;
                    return;
                };
                self.written += count;
                if self.written == self.bytes.len() {
                    self.bytes.clear();
                    self.written = 0;
                }
            }
            Some(_) | None => std::future::pending().await,
        }
    }
}
