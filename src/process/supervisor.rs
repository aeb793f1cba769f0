//! How a launcher hands over to a supervisor (DESIGN §5).
//!
//! Three descriptors cross, as the standard three, because these need no agreement on numbers: the lifeline as stdin,
//! the report pipe as stdout, the log as stderr.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::shell::SCRIPT_MARK;
use super::spawn;
use crate::seams::Environment;

/// A supervisor to be started. What it owns is closed here as soon as [`spawn_supervisor`] returns.
#[derive(Debug)]
pub struct SupervisorCommand<'a> {
    /// The program: `/proc/self/exe`, elsewhere its own path.
    pub exe: &'a Path,
    /// Its arguments.
    pub args: &'a [OsString],
    /// A directory that stays, absolute.
    pub cwd: &'a Path,
    /// All of its environment, with the new run's [`super::RUN_MARK`]: a launch from within another run must not
    /// give the new worker that run's mark.
    pub env: &'a Environment,
    /// From [`super::create_lifeline`].
    pub lifeline: File,
    /// The write end of a close-on-exec pipe (`std::io::pipe`); its end of file says that the supervisor closed it or died.
    pub report: OwnedFd,
    /// What it writes on stderr; opened for appending.
    pub log: File,
}

/// Starts a supervisor in a new session, with every other descriptor closed. The child is waited for by nobody: a
/// launcher that stays should `try_wait` for it now and then.
pub fn spawn_supervisor(start: SupervisorCommand<'_>) -> io::Result<Child> {
    let SupervisorCommand { exe, args, cwd, env, lifeline, report, log } = start;
    let mut env = env.clone();
    env.remove(SCRIPT_MARK);
    let mut command = Command::new(exe);
    command.args(args).stdin(Stdio::from(lifeline)).stdout(Stdio::from(report)).stderr(Stdio::from(log));
    spawn::isolate(&mut command, cwd, &env, None)?;
    let _guard = spawn::own();
    command.spawn()
}

/// What a supervisor found in its standard descriptors.
#[derive(Debug)]
pub struct Inherited {
    /// Its lifeline. To be kept until the very end; no child inherits it.
    pub lifeline: File,
    /// Where it reports to. The loss of the reader fails a write with `BrokenPipe`, to be ignored.
    pub report: File,
}

/// Takes both out of stdin and stdout, close-on-exec, so that no child can inherit them: afterwards stdin is `/dev/null`
/// and stdout is stderr. A supervisor's first act.
pub fn take_inherited() -> io::Result<Inherited> {
    let aside = |fd: BorrowedFd<'_>| rustix::io::fcntl_dupfd_cloexec(fd, 3).map(File::from);
    let inherited = Inherited { lifeline: aside(rustix::stdio::stdin())?, report: aside(rustix::stdio::stdout())? };
    rustix::stdio::dup2_stdin(OpenOptions::new().read(true).open("/dev/null")?)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(inherited)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::time::Duration;

    use super::*;
    use crate::process::testing::{is_gone, kill, read_when_there};
    use crate::process::{Lifeline, create_lifeline, probe_lifeline};

    const DIRECTORY: &str = "BATON_TEST_INHERITED";

    /// Starts a supervisor with a lifeline; the reading ends of its report and its log.
    fn start(exe: &Path, args: &[OsString], directory: &Path) -> (Child, io::PipeReader, io::PipeReader) {
        let (reports, report) = io::pipe().expect("a pipe");
        let (logs, log) = io::pipe().expect("a pipe");
        let child = spawn_supervisor(SupervisorCommand {
            exe,
            args,
            cwd: directory,
            env: &[(DIRECTORY, directory.as_os_str()), (SCRIPT_MARK, "outer".as_ref())].into_iter().collect(),
            lifeline: create_lifeline(&directory.join("lifeline")).expect("new"),
            report: report.into(),
            log: OwnedFd::from(log).into(),
        });
        (child.expect("started"), reports, logs)
    }

    fn text(mut pipe: io::PipeReader) -> String {
        let mut text = String::new();
        pipe.read_to_string(&mut text).expect("to its end");
        text
    }

    #[test]
    fn the_launcher_keeps_nothing_of_what_it_hands_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lifeline");
        let script = "echo accepted; echo ${BATON_SCRIPT_MARK-none} >&2; exec >&-; kill -STOP $$";
        let (mut child, reports, logs) = start(Path::new("/bin/sh"), &["-c".into(), script.into()], directory.path());
        // The report ends although the child lives: this process kept no copy of the pipe.
        assert_eq!(text(reports), "accepted\n");
        assert_eq!(probe_lifeline(&path, Duration::ZERO), Lifeline::Held);
        child.kill().expect("killed");
        assert_eq!(probe_lifeline(&path, Duration::from_secs(60)), Lifeline::Free);
        child.wait().expect("reaped");
        assert_eq!(text(logs), "none\n");
    }

    #[test]
    fn no_child_of_a_supervisor_keeps_its_lifeline_or_its_report() {
        let directory = tempfile::tempdir().expect("a directory");
        let program = std::env::current_exe().expect("the test program");
        let args = ["process::supervisor::tests::as_a_supervisor", "--exact", "--ignored", "--nocapture"];
        let (mut child, reports, logs) = start(&program, &args.map(OsString::from), directory.path());
        assert!(text(reports).contains("accepted\n"));
        assert!(child.wait().expect("reaped").success());
        let grandchild = read_when_there(&directory.path().join("pid"));
        let lifeline = probe_lifeline(&directory.path().join("lifeline"), Duration::from_secs(60));
        assert!(!is_gone(grandchild));
        assert_eq!(lifeline, Lifeline::Free);
        kill(grandchild);
        let log = text(logs);
        assert!(log.contains("heard nothing\n"), "{log}");
    }

    /// Changes the standard descriptors of its process, and so needs one of its own.
    #[test]
    #[ignore = "started by the test above"]
    fn as_a_supervisor() {
        let Some(directory) = Environment::of_process().path(DIRECTORY) else { return };
        let mut inherited = take_inherited().expect("handed over");
        let script = "echo heard $(cat)nothing; echo $$ > pid.new; mv pid.new pid; exec sleep 600";
        let mut child = Command::new("/bin/sh").args(["-c", script]).spawn().expect("started");
        read_when_there(&directory.join("pid"));
        assert_eq!(probe_lifeline(&directory.join("lifeline"), Duration::ZERO), Lifeline::Held);
        inherited.report.write_all(b"accepted\n").expect("reported");
        assert_eq!(child.try_wait().expect("asked"), None);
    }
}
