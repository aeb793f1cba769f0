//! Who a process is, and whether that very one still lives.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use rustix::io::Errno;
use rustix::process::Pid;

use super::proc::Stat;
use crate::model::Process;

/// What is known of whether a process still lives. Doubt is `Unknown`, and counts as alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// It lives.
    Alive,
    /// It is gone, for certain. A zombie is gone.
    Dead,
    /// It cannot be told (another PID namespace, or a process that hides).
    Unknown,
}

/// This process. It is looked up once.
#[must_use]
pub fn current() -> Process {
    static CURRENT: OnceLock<Process> = OnceLock::new();
    let look = || {
        let pid = std::process::id();
        of_pid(pid).unwrap_or_else(|| identified(pid, 0))
    };
    CURRENT.get_or_init(look).clone()
}

/// The process that has this number now, in this PID namespace; `None` where it is gone. Its start time is 0 where the
/// system does not say.
#[must_use]
pub fn of_pid(pid: u32) -> Option<Process> {
    match look(pid) {
        Seen::Started(ticks) => Some(identified(pid, ticks)),
        Seen::Exists | Seen::Hidden => Some(identified(pid, 0)),
        Seen::Gone => None,
    }
}

/// Whether that very process (pid, start time, boot, PID namespace) still lives.
#[must_use]
pub fn liveness(process: &Process) -> Liveness {
    judge(process, here(), || look(process.pid))
}

/// Whether a signal from here could reach it: same boot, same PID namespace. Anything else is out of reach.
pub(super) fn is_in_reach(process: &Process) -> bool {
    let here = here();
    agree(&process.boot_id, &here.boot_id, String::is_empty)
        && agree(&process.pid_namespace, &here.pid_namespace, |inode| *inode == 0)
}

/// A child that was not yet waited for, so that its number is its own even if it has ended.
pub(super) fn of_child(pid: u32) -> Process {
    identified(pid, Stat::read(pid).ok().flatten().map_or(0, |stat| stat.started))
}

pub(super) fn identified(pid: u32, started_ticks: u64) -> Process {
    let Here { boot_id, pid_namespace } = here().clone();
    Process { pid, started_ticks, boot_id, pid_namespace }
}

/// Where this process is.
#[derive(Debug, Clone)]
struct Here {
    boot_id: String,
    pid_namespace: u64,
}

fn here() -> &'static Here {
    static HERE: OnceLock<Here> = OnceLock::new();
    HERE.get_or_init(|| Here {
        boot_id: fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map_or_else(|_| String::new(), |text| text.trim().to_owned()),
        pid_namespace: fs::metadata("/proc/self/ns/pid").map_or(0, |metadata| metadata.ino()),
    })
}

/// What a look at a number found.
#[derive(Debug, Clone, Copy)]
enum Seen {
    /// Nothing, or a zombie.
    Gone,
    /// A process that began then.
    Started(u64),
    /// A process of which the system says no more.
    Exists,
    /// It could not be looked at.
    Hidden,
}

fn look(pid: u32) -> Seen {
    match Stat::read(pid) {
        Ok(Some(stat)) if stat.is_zombie() => Seen::Gone,
        Ok(Some(stat)) => Seen::Started(stat.started),
        // No /proc, or one that hides the processes of others: the kernel itself is asked.
        Ok(None) | Err(_) => {
            let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
            match number.map_or(Err(Errno::SRCH), rustix::process::test_kill_process) {
                Ok(()) | Err(Errno::PERM) => Seen::Exists,
                Err(Errno::SRCH) => Seen::Gone,
                Err(_) => Seen::Hidden,
            }
        }
    }
}

fn judge(process: &Process, here: &Here, look: impl FnOnce() -> Seen) -> Liveness {
    if !agree(&process.boot_id, &here.boot_id, String::is_empty) {
        return Liveness::Dead;
    }
    if !agree(&process.pid_namespace, &here.pid_namespace, |inode| *inode == 0) {
        return Liveness::Unknown;
    }
    match look() {
        Seen::Gone => Liveness::Dead,
        Seen::Started(ticks) if agree(&process.started_ticks, &ticks, |ticks| *ticks == 0) => Liveness::Alive,
        Seen::Started(_) => Liveness::Dead,
        Seen::Exists => Liveness::Alive,
        Seen::Hidden => Liveness::Unknown,
    }
}

/// Whether two facts are the same, or one of them is not known.
fn agree<T: PartialEq>(a: &T, b: &T, unknown: impl Fn(&T) -> bool) -> bool {
    a == b || unknown(a) || unknown(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proof_makes_dead() {
        let here = Here { boot_id: "b".into(), pid_namespace: 7 };
        let recorded = |ticks, boot: &str, namespace| Process {
            pid: 5,
            started_ticks: ticks,
            boot_id: boot.into(),
            pid_namespace: namespace,
        };
        for (process, seen, expected) in [
            (recorded(9, "b", 7), Seen::Started(9), Liveness::Alive),
            (recorded(9, "b", 7), Seen::Started(8), Liveness::Dead),
            (recorded(9, "b", 7), Seen::Gone, Liveness::Dead),
            (recorded(9, "b", 7), Seen::Exists, Liveness::Alive),
            (recorded(9, "b", 7), Seen::Hidden, Liveness::Unknown),
            (recorded(9, "other", 7), Seen::Started(9), Liveness::Dead),
            (recorded(9, "other", 8), Seen::Started(9), Liveness::Dead),
            (recorded(9, "b", 8), Seen::Gone, Liveness::Unknown),
            (recorded(9, "b", 8), Seen::Started(9), Liveness::Unknown),
            (recorded(0, "", 0), Seen::Started(9), Liveness::Alive),
            (recorded(0, "", 0), Seen::Gone, Liveness::Dead),
        ] {
            assert_eq!(judge(&process, &here, || seen), expected, "{process:?} {seen:?}");
        }
    }

    #[test]
    fn a_child_is_alive_until_it_has_ended_and_before_it_is_reaped() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("cat");
        let process = of_pid(child.id()).expect("it lives");
        assert_eq!(liveness(&process), Liveness::Alive);
        assert!(is_in_reach(&process));
        if process.started_ticks > 0 {
            let earlier = Process { started_ticks: process.started_ticks - 1, ..process.clone() };
            assert_eq!(liveness(&earlier), Liveness::Dead);
        }
        drop(child.stdin.take());
        while liveness(&process) == Liveness::Alive && cfg!(target_os = "linux") {
            std::thread::yield_now();
        }
        child.wait().expect("reaped");
        assert_eq!(liveness(&process), Liveness::Dead);
        assert_eq!(liveness(&current()), Liveness::Alive);
    }
}
