//! The processes of one test: each carries `TEST_ROOT` in its environment, wherever it went.

use std::fs;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::TestEnv;

fn pid_of(pid: u32) -> Pid {
    i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a pid")
}

/// Whether a process is there that is no zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')),
        Err(_) if fs::exists("/proc/self").unwrap_or(false) => false,
        Err(_) => test_kill_process(pid_of(pid)).is_ok(),
    }
}

/// Kills a process on the spot.
pub(crate) fn kill(pid: u32) {
    kill_process(pid_of(pid), Signal::KILL).expect("killed");
}

impl TestEnv {
    /// The living processes that were started in this place, by process id, each with its command line.
    pub(crate) fn processes(&self) -> Vec<(u32, String)> {
        let mark = [b"TEST_ROOT=", self.root.as_os_str().as_encoded_bytes()].concat();
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        pids.filter(|pid| *pid != std::process::id() && is_alive(*pid))
            .filter(|pid| {
                fs::read(format!("/proc/{pid}/environ"))
                    .is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|variable| variable == mark))
            })
            .map(|pid| {
                let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                (pid, String::from_utf8_lossy(&words).replace('\0', " "))
            })
            .collect()
    }

    /// Kills every process of this place, each by its id, until none is left.
    pub(super) fn kill_everything(&self) {
        if !cfg!(target_os = "linux") && self.store("FORMAT").exists() {
            self.baton("worker stop --all --timeout 1s");
        }
        for _ in 0..100 {
            let processes = self.processes();
            if processes.is_empty() {
                return;
            }
            for (pid, _) in processes {
                let _ = kill_process(pid_of(pid), Signal::KILL);
            }
        }
    }

    /// Prints the logs of all runs, for a test that failed.
    pub(super) fn print_logs(&self) {
        for entry in walkdir::WalkDir::new(self.store("runs")).sort_by_file_name().into_iter().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if ["supervisor.log", "agent.log", "outcome.json"].contains(&name.as_str()) {
                let text = fs::read_to_string(entry.path()).unwrap_or_default();
                eprintln!("==> {} <==\n{text}", entry.path().display());
            }
        }
        for (pid, command) in self.processes() {
            eprintln!("still there: {pid} {command}");
        }
    }
}
