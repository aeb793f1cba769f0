//! A script from start to end: hooks.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use super::output::{Output, Tail};
use super::shell::{Running, Shell};

/// How long a script has between TERM and KILL when its time is up.
pub(super) const GRACE: Duration = Duration::from_secs(2);
/// How long its tree is then tried to be ended.
pub(super) const KILL_LIMIT: Duration = Duration::from_secs(10);

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Exit status; `None` where a signal or the timeout ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether the timeout ended it (and its whole tree).
    pub timed_out: bool,
    /// The last `output_limit` bytes of stdout and stderr, as they came.
    pub output: Vec<u8>,
}

/// Runs a script to its end: stdin closed, output capped, the whole tree ended at the timeout. Does not wait for
/// background children that hold its pipes. Dropped, it leaves the script to [`super::end_descendants`].
pub async fn run_script(shell: Shell, timeout: Duration, output_limit: usize) -> io::Result<Finished> {
    let (mut output, stdout, stderr) = Output::new()?;
    let mut running = shell.spawn(Stdio::null(), stdout, stderr)?;
    let mut tail = Tail::new(output_limit);

    let ended = tokio::select! {
        status = follow(&mut running, &mut output, &mut tail) => Some(status?),
        () = tokio::time::sleep(timeout) => None,
    };
    let timed_out = ended.is_none();
    let status = if let Some(status) = ended {
        Some(status)
    } else {
        let tree = running.tree().clone();
        // Its last words are read, lest it waits for that.
        let (_, status) = tokio::join!(tree.end(GRACE, KILL_LIMIT), async {
            tokio::time::timeout(GRACE + KILL_LIMIT, follow(&mut running, &mut output, &mut tail)).await
        });
        status.ok().transpose()?
    };
    output.drain(|bytes| tail.push(bytes));
    Ok(Finished {
        exit_code: status.filter(|_| !timed_out).and_then(|status| status.code()),
        signal: status.and_then(|status| status.signal()),
        timed_out,
        output: tail.into_bytes(),
    })
}

/// Reads until the script itself has ended. Cancel-safe.
async fn follow(running: &mut Running, output: &mut Output, tail: &mut Tail) -> io::Result<ExitStatus> {
    loop {
        tokio::select! {
            status = running.wait() => return status,
            bytes = output.read() => tail.push(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::{self, block_on, is_gone, read_when_there, shell};

    fn run(script: &str, timeout: Duration, limit: usize) -> Finished {
        let directory = tempfile::tempdir().expect("a directory");
        block_on(run_script(shell(script, directory.path()), timeout, limit)).expect("started")
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn both_streams_come_as_they_were_written_and_the_status_with_them() {
        let finished = run("echo one; echo two >&2; echo three; cat; exit 3", LONG, 100);
        assert_eq!((finished.exit_code, finished.signal, finished.timed_out), (Some(3), None, false));
        assert_eq!(finished.output, b"one\ntwo\nthree\n");
        let finished = run("kill -KILL $$", LONG, 100);
        assert_eq!((finished.exit_code, finished.signal, finished.timed_out), (None, Some(9), false));
    }

    #[test]
    fn of_a_flood_the_end_is_kept_byte_for_byte() {
        let finished = run(r"head -c 100000000 /dev/zero; printf 'a\0\377\nb'", LONG, 4096);
        assert_eq!(finished.exit_code, Some(0));
        assert_eq!(finished.output.len(), 4096);
        assert!(finished.output.ends_with(b"\0\0a\0\xff\nb"));
        assert_eq!(run("echo x", LONG, 0).output, b"");
    }

    #[test]
    fn a_background_child_that_holds_the_pipes_is_not_waited_for() {
        let directory = tempfile::tempdir().expect("a directory");
        let script = "(trap '' HUP; echo $BASHPID > pid; exec sleep 600) & until [ -s pid ]; do :; done; echo done";
        let finished = block_on(run_script(shell(script, directory.path()), LONG, 100)).expect("started");
        assert_eq!((finished.exit_code, finished.output), (Some(0), b"done\n".to_vec()));
        let child = read_when_there(&directory.path().join("pid"));
        assert!(!is_gone(child));
        testing::kill(child);
    }

    /// Long enough for a login shell on a busy machine to have begun.
    const SHORT: Duration = Duration::from_secs(3);

    #[test]
    fn the_timeout_ends_the_whole_tree() {
        let scripts = [
            "echo $$ > pid; sleep 600",
            "trap '' TERM; echo $$ > pid; while :; do sleep 600; done",
            "(trap '' TERM; echo $BASHPID > pid; sleep 600; sleep 600) & sleep 600",
            "setsid -f bash -c 'trap \"\" TERM; echo $$ > pid; sleep 600; sleep 600'; sleep 600",
            "(setsid bash -c 'echo $$ > pid; sleep 600' &) ; trap 'exit 0' TERM; sleep 600 & wait",
            "echo $$ > pid; kill -STOP $$; sleep 600",
        ];
        block_on(async {
            let mut all = tokio::task::JoinSet::new();
            for script in scripts {
                all.spawn(async move {
                    let directory = tempfile::tempdir().expect("a directory");
                    let finished = run_script(shell(script, directory.path()), SHORT, 100).await.expect("started");
                    assert_eq!((finished.timed_out, finished.exit_code), (true, None), "{script}");
                    let pid = read_when_there(&directory.path().join("pid"));
                    assert!(!cfg!(target_os = "linux") || is_gone(pid), "{script} left {pid}");
                });
            }
            while let Some(result) = all.join_next().await {
                result.expect("no panic");
            }
        });
    }

    #[test]
    fn the_last_words_after_the_timeout_are_heard() {
        for script in ["sleep 600 & wait", "kill -STOP $$"] {
            let finished = run(&format!("trap 'echo bye; exit 5' TERM; {script}"), SHORT, 100);
            assert_eq!((finished.timed_out, finished.exit_code), (true, None), "{script}");
            assert_eq!(finished.output, b"bye\n", "{script}");
        }
    }

    #[test]
    fn a_login_profile_brings_no_secret_back() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join(".bash_profile"), "export TOKEN=secret OTHER=kept\n").expect("written");
        let mut shell = shell("echo ${TOKEN-none} $OTHER", directory.path());
        shell.unset = vec!["TOKEN".into()];
        let finished = block_on(run_script(shell, LONG, 100)).expect("started");
        assert_eq!(finished.output, b"none kept\n");
    }

    #[test]
    fn what_is_missing_is_said() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut no_bash = shell("true", directory.path());
        no_bash.env.set("PATH", directory.path());
        let error = block_on(run_script(no_bash, LONG, 100)).expect_err("no bash");
        assert_eq!(error.to_string(), "bash is not on PATH");
        let gone = directory.path().join("gone");
        let error = block_on(run_script(shell("true", &gone), LONG, 100)).expect_err("no directory");
        assert_eq!(error.to_string(), format!("directory {} is not there", gone.display()));
    }
}
