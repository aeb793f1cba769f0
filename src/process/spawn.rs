//! The one place that forks. Between fork and exec a child may call nothing but system calls, which the compiler cannot
//! check; besides, only `pages` has `unsafe` code.
//!
//! Every child leads a session of its own and inherits nothing but its standard three descriptors and, where it has
//! one, its second lifeline.
#![expect(unsafe_code, reason = "`pre_exec` and the descriptors in it: nothing but system calls, nothing is allocated")]

use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

use crate::seams::Environment;

/// Where a second lifeline lies in the child: above what scripts use by hand (`exec 3>…`).
const LIFELINE_FD: RawFd = 100;

/// How long a second lifeline is tried for: an observer holds it for microseconds.
const LIFELINE_TRIES: u32 = 100;

/// Prepares a child in `cwd` with exactly `env`, in a new session, with every descriptor but the standard three closed.
/// `lifeline` is created where it is missing, locked and left open in the child alone: no moment passes in which the
/// child runs and the lifeline is free, and no other child can inherit it.
pub(super) fn isolate(command: &mut Command, cwd: &Path, env: &Environment, lifeline: Option<&Path>) -> io::Result<()> {
    command.current_dir(cwd).env_clear().envs(env.iter());
    let lifeline = lifeline.map(|path| CString::new(path.as_os_str().as_bytes())).transpose()?;
    let child = move || {
        rustix::process::setsid()?;
        close_on_exec();
        lifeline.as_deref().map_or(Ok(()), hold_lifeline)
    };
    // SAFETY: the closure makes system calls only. It allocates nothing, takes no lock, and owns all that it reads.
    unsafe { command.pre_exec(child) };
    Ok(())
}

/// Has the child told to end (SIGTERM) as soon as the thread that starts it is gone, whatever ended that. What it started
/// itself is told nothing. Elsewhere than on Linux no kernel does so.
pub(super) fn end_with_parent(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        let parent = rustix::process::getpid();
        let child = move || {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))?;
            // It may have gone before that.
            if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(Errno::SRCH.into()) }
        };
        // SAFETY: as above.
        unsafe { command.pre_exec(child) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

/// Descriptors are closed by exec and not here, because one of them tells the parent whether exec succeeded.
fn close_on_exec() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: changes a flag of descriptors; no memory is touched.
        let done = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
        if done == 0 {
            return;
        }
    }
    for number in 3..1024 {
        // SAFETY: borrowed for one call, in a process with one thread; a number that is not open fails with EBADF.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        let _ = fcntl_setfd(descriptor, FdFlags::CLOEXEC);
    }
}

fn hold_lifeline(path: &CStr) -> io::Result<()> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
    let file = rustix::io::retry_on_intr(|| rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR))?;
    let mut tries = 0;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(Errno::WOULDBLOCK) if tries < LIFELINE_TRIES => pause(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        tries += 1;
    }
    let kept = fcntl_dupfd_cloexec(&file, LIFELINE_FD).or_else(|_| fcntl_dupfd_cloexec(&file, 3))?;
    fcntl_setfd(&kept, FdFlags::empty())?;
    let _ = kept.into_raw_fd();
    Ok(())
}

fn pause() {
    let millisecond = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
    // SAFETY: `millisecond` lives across the call, and a null second argument is allowed.
    unsafe { libc::nanosleep(&raw const millisecond, std::ptr::null_mut()) };
}

/// The children that this process started and waits for itself; nobody else may reap them.
static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// The list of own children. While it is borrowed nothing is spawned.
pub(super) fn own() -> MutexGuard<'static, BTreeSet<u32>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sessions that this process's children were started to lead, ended ones included.
static SESSIONS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Whether a child of this process was started to lead this session: whoever is in it descends from that child, and is
/// why the number cannot be used again.
pub(super) fn began(session: u32) -> bool {
    SESSIONS.lock().unwrap_or_else(PoisonError::into_inner).contains(&session)
}

/// A child of this process, on the list until it has been waited for or given up.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) child: tokio::process::Child,
    pub(super) pid: u32,
}

impl Own {
    /// Starts it; to be called in a tokio runtime.
    pub(super) fn spawn(command: Command) -> io::Result<Self> {
        let mut own = own();
        let child = tokio::process::Command::from(command).spawn()?;
        let pid = child.id().ok_or(io::ErrorKind::NotFound)?;
        own.insert(pid);
        SESSIONS.lock().unwrap_or_else(PoisonError::into_inner).insert(pid);
        Ok(Self { child, pid })
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        own().remove(&self.pid);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;
    use std::time::Duration;

    use super::*;
    use crate::process::{Lifeline, probe_lifeline};

    fn sh(script: &str, env: &Environment, lifeline: Option<&Path>) -> (String, Command) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stdin(Stdio::null()).stderr(Stdio::inherit());
        isolate(&mut command, Path::new("/"), env, lifeline).expect("prepared");
        let output = command.output().expect("started");
        assert!(output.status.success());
        (String::from_utf8(output.stdout).expect("text"), command)
    }

    #[test]
    fn a_child_leads_its_session_and_gets_exactly_its_environment() {
        let env: Environment = [("A", "1"), ("PATH", "/usr/bin:/bin")].into_iter().collect();
        let (out, _) = sh("env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | sort; pwd", &env, None);
        assert_eq!(out, "A=1\nPATH=/usr/bin:/bin\n/\n");
        if cfg!(target_os = "linux") {
            let (out, _) = sh("read -r stat < /proc/$$/stat; echo $$ $stat", &env, None);
            let fields: Vec<&str> = out.split_ascii_whitespace().collect();
            assert_eq!([fields[0], fields[0]], [fields[5], fields[6]], "{out}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn no_descriptor_leaks_into_a_child_but_its_lifeline() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("agent.lifeline");
        let env: Environment = [("PATH", "/usr/bin:/bin")].into_iter().collect();
        let open = std::fs::File::open("/dev/null").expect("readable");
        let leaky = fcntl_dupfd_cloexec(&open, 50).expect("a copy");
        fcntl_setfd(&leaky, FdFlags::empty()).expect("without close-on-exec");
        // The shell opens the directory itself; all that it lists below must have been there before.
        let script = "exec 3>&1; for fd in /proc/$$/fd/*; do echo ${fd##*/}; done";
        let (out, _) = sh(script, &env, None);
        assert!(
            !out.lines().any(|fd| fd == std::os::fd::AsRawFd::as_raw_fd(&leaky).to_string() || fd == "100"),
            "{out}"
        );
        let (out, _) = sh(script, &env, Some(&path));
        assert!(out.lines().any(|fd| fd == "100"), "{out}");
        assert_eq!(probe_lifeline(&path, Duration::from_secs(60)), Lifeline::Free);
    }

    #[test]
    fn a_lifeline_that_lives_on_refuses_a_second_holder() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("agent.lifeline");
        let env = Environment::default();
        let start = || {
            let mut command = Command::new("/bin/cat");
            command.stdin(Stdio::piped());
            isolate(&mut command, Path::new("/"), &env, Some(&path)).expect("prepared");
            command.spawn()
        };
        let mut first = start().expect("started");
        assert_eq!(probe_lifeline(&path, Duration::ZERO), Lifeline::Held);
        assert_eq!(start().expect_err("held").raw_os_error(), Some(Errno::WOULDBLOCK.raw_os_error()));
        drop(first.stdin.take());
        first.wait().expect("ended");
        let mut second = start().expect("free again");
        second.kill().expect("killed");
        second.wait().expect("ended");
    }
}
