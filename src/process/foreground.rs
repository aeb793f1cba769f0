//! A person's own program: in this session, with this terminal, and waited for.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::seams::Environment;

/// Runs `words` in `cwd` with exactly this environment and these standard descriptors, and waits for its end. What the
/// terminal sends (SIGINT, SIGQUIT) is the child's alone; SIGTERM and SIGHUP are passed on, and when `hang_up` is ready
/// it is told to hang up. Within a tokio runtime.
pub async fn run_foreground(
    words: &[OsString],
    cwd: &Path,
    env: &Environment,
    hang_up: impl Future<Output = ()>,
) -> io::Result<ExitStatus> {
    let Some((program, arguments)) = words.split_first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut quits = signal(SignalKind::quit())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    let mut child = Command::new(program).args(arguments).current_dir(cwd).env_clear().envs(env.iter()).spawn()?;
    let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let send = |signals: &[Signal]| {
        for signal in signals {
            // It is not reaped yet, so that its number is its own.
            let _ = pid.map(|pid| kill_process(pid, *signal));
        }
    };
    tokio::pin!(hang_up);
    let mut asked = false;
    loop {
        tokio::select! {
            status = child.wait() => return status,
            Some(()) = interrupts.recv() => {}
            Some(()) = quits.recv() => {}
            // An interactive shell ignores SIGTERM.
            Some(()) = terminations.recv() => send(&[Signal::TERM, Signal::HUP]),
            Some(()) = hangups.recv() => send(&[Signal::HUP]),
            () = &mut hang_up, if !asked => {
                asked = true;
                send(&[Signal::HUP]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[tokio::test]
    async fn it_runs_there_with_this_environment_and_its_status_is_told() {
        let directory = tempfile::tempdir().expect("a directory");
        let env: Environment = [("PATH", "/usr/bin:/bin"), ("WORD", "said")].into_iter().collect();
        let script = words(&["sh", "-c", "echo \"$WORD\" > file; exit 7"]);
        let ended = run_foreground(&script, directory.path(), &env, std::future::pending()).await.expect("it ran");
        assert_eq!(ended.code(), Some(7));
        assert_eq!(std::fs::read_to_string(directory.path().join("file")).expect("a file"), "said\n");
    }

    #[tokio::test]
    async fn it_hangs_up_when_asked() {
        let env: Environment = [("PATH", "/usr/bin:/bin")].into_iter().collect();
        let script = words(&["sleep", "1000"]);
        let ended = run_foreground(&script, Path::new("/"), &env, std::future::ready(())).await.expect("it ran");
        assert_eq!(ended.signal(), Some(Signal::HUP.as_raw()));
    }

    #[tokio::test]
    async fn what_is_not_there_is_an_error() {
        let env: Environment = [("PATH", "/usr/bin:/bin")].into_iter().collect();
        let script = words(&["no-such-program"]);
        let error = run_foreground(&script, Path::new("/"), &env, std::future::pending()).await.expect_err("nothing");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
