//! A program whose answer is read: its stdout is data, its stderr is words for people.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use super::output::{Output, Tail};
use super::script::{GRACE, KILL_LIMIT};
use super::shell::{Running, Shell};

/// How much a program may take and say.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long it may take.
    pub timeout: Duration,
    /// The largest answer, in bytes.
    pub stdout: usize,
    /// How much of the end of stderr is kept, in bytes.
    pub stderr: usize,
}

/// What a program answered.
#[derive(Debug)]
pub struct Captured {
    /// How it ended.
    pub ended: Ended,
    /// All that it wrote to stdout, up to the bound.
    pub stdout: Vec<u8>,
    /// The end of what it wrote to stderr.
    pub stderr: Tail,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit status.
    Exited(i32),
    /// By a signal.
    Signaled(i32),
    /// Its time was up; it and its whole tree were ended.
    TimedOut,
    /// It wrote more than it may; it and its whole tree were ended.
    TooMuch,
}

/// Runs a program to its end and takes its answer. Does not wait for background children that hold its pipes. Dropped,
/// it leaves the program to [`super::end_descendants`]; where this process is killed, the program is told to end, since
/// nobody is left to read its answer.
pub async fn run_captured(shell: Shell, stdin: Stdio, bounds: Bounds) -> io::Result<Captured> {
    let (mut out, stdout, _) = Output::new()?;
    let (mut err, _, stderr) = Output::new()?;
    let mut running = shell.spawn_tied(stdin, stdout, stderr)?;
    let mut answer = Answer { stdout: Vec::new(), stderr: Tail::new(bounds.stderr), limit: bounds.stdout };

    let mut ended = tokio::select! {
        ended = follow(&mut running, &mut out, &mut err, &mut answer) => ended?,
        () = tokio::time::sleep(bounds.timeout) => Ended::TimedOut,
    };
    match ended {
        Ended::TimedOut | Ended::TooMuch => {
            let tree = running.tree().clone();
            let reaped = tokio::time::timeout(GRACE + KILL_LIMIT, running.wait());
            let _ = tokio::join!(tree.end(GRACE, KILL_LIMIT), reaped);
        }
        Ended::Exited(_) | Ended::Signaled(_) => {
            let mut fits = true;
            out.drain(|bytes| fits = fits && answer.take(bytes));
            if !fits {
                ended = Ended::TooMuch;
            }
        }
    }
    err.drain(|bytes| answer.stderr.push(bytes));
    Ok(Captured { ended, stdout: answer.stdout, stderr: answer.stderr })
}

/// What has been read.
struct Answer {
    stdout: Vec<u8>,
    stderr: Tail,
    limit: usize,
}

impl Answer {
    /// Takes more of it; false where that would be too much.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let fits = self.stdout.len() + bytes.len() <= self.limit;
        if fits {
            self.stdout.extend_from_slice(bytes);
        }
        fits
    }
}

/// Reads until the program itself has ended, or has written too much. Cancel-safe.
async fn follow(running: &mut Running, out: &mut Output, err: &mut Output, answer: &mut Answer) -> io::Result<Ended> {
    loop {
        tokio::select! {
            status = running.wait() => return status.map(ended),
            bytes = out.read() => {
                if !answer.take(bytes) {
                    return Ok(Ended::TooMuch);
                }
            }
            bytes = err.read() => answer.stderr.push(bytes),
        }
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, signal) => Ended::Signaled(signal.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::{block_on, is_gone, read_when_there, shell};

    const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(60), stdout: 1_000_000, stderr: 100 };

    fn run(script: &str, bounds: Bounds) -> (Captured, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        let captured = block_on(run_captured(shell(script, directory.path()), Stdio::null(), bounds));
        (captured.expect("started"), directory)
    }

    #[test]
    fn the_answer_is_whole_and_apart_from_the_words() {
        let script = "head -c 900000 /dev/zero | tr '\\0' x; echo words >&2; echo; cat; exit 7";
        let (captured, _) = run(script, BOUNDS);
        assert_eq!((captured.ended, captured.stdout.len()), (Ended::Exited(7), 900_001));
        assert_eq!(captured.stderr.into_bytes(), b"words\n");
        assert_eq!(run("kill -KILL $$", BOUNDS).0.ended, Ended::Signaled(9));
    }

    #[test]
    fn a_background_child_is_not_waited_for() {
        let (captured, directory) =
            run("(trap '' HUP; echo $BASHPID > pid; exec sleep 600) & until [ -s pid ]; do :; done; echo x", BOUNDS);
        assert_eq!((captured.ended, captured.stdout), (Ended::Exited(0), b"x\n".to_vec()));
        crate::process::testing::kill(read_when_there(&directory.path().join("pid")));
    }

    #[test]
    fn what_takes_too_long_or_writes_too_much_is_ended_with_all_its_children() {
        let short = Bounds { timeout: Duration::from_secs(3), ..BOUNDS };
        for (script, bounds, expected) in [
            ("(setsid bash -c 'echo $$ > pid; sleep 600' &); echo half; sleep 600", short, Ended::TimedOut),
            (
                "trap '' TERM; echo $$ > pid; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
                BOUNDS,
                Ended::TooMuch,
            ),
            ("echo $$ > pid; head -c 1000001 /dev/zero", BOUNDS, Ended::TooMuch),
        ] {
            let (captured, directory) = run(script, bounds);
            assert_eq!(captured.ended, expected, "{script}");
            let pid = read_when_there(&directory.path().join("pid"));
            assert!(!cfg!(target_os = "linux") || is_gone(pid), "{script} left {pid}");
        }
    }
}
