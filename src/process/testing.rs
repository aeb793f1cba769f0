//! What the tests of processes share.

use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::{Shell, of_pid};
use crate::seams::Environment;

/// Runs a future as the program does: on one thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// An environment with a PATH and an empty home.
pub(crate) fn env(home: &Path) -> Environment {
    let path = Environment::of_process().get_os("PATH").expect("a PATH").to_owned();
    [("PATH", path), ("HOME", home.into())].into_iter().collect()
}

pub(crate) fn shell(script: &str, cwd: &Path) -> Shell {
    Shell { script: script.into(), cwd: cwd.into(), env: env(cwd), unset: vec![], lifeline: None }
}

/// Waits for a condition; fails after a minute.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The number that a script writes into a file.
pub(crate) fn read_when_there(path: &Path) -> u32 {
    let read = || std::fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'));
    wait_until(&path.display().to_string(), || read().is_some());
    read().and_then(|text| text.trim().parse().ok()).expect("a number")
}

pub(crate) fn is_gone(pid: u32) -> bool {
    of_pid(pid).is_none()
}

pub(crate) fn kill(pid: u32) {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
    rustix::process::kill_process(number, Signal::KILL).expect("killed");
    wait_until("its end", || is_gone(pid));
}
