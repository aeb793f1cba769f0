//! Ending processes in rounds: look, signal, look again, until none is left.
//!
//! A signal goes through a pidfd and only after the start time was seen again behind it, so that a number that was used
//! anew meanwhile is never hit.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::proc::Stat;

/// Processes that could not be ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not end process {}", .0.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))]
pub struct Unkillable(pub Vec<u32>);

/// A process to be ended, told from a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) pid: u32,
    pub(super) started: u64,
}

impl From<Stat> for Target {
    fn from(stat: Stat) -> Self {
        Self { pid: stat.pid, started: stat.started }
    }
}

/// TERM to everyone once, then after `grace` KILL to everyone in each round; given up `limit` after the first KILL.
#[derive(Debug)]
struct Rounds {
    grace: Duration,
    limit: Duration,
    begun: Instant,
    killing: Option<Instant>,
    told: BTreeSet<Target>,
    /// A walk can miss a process whose parent ends under it, so that only two empty ones in a row are believed.
    empty: u8,
    pause: Duration,
}

enum Next {
    Done,
    LookAgain(Duration),
    GiveUp(Unkillable),
}

impl Rounds {
    fn new(grace: Duration, limit: Duration) -> Self {
        let (told, pause) = (BTreeSet::new(), Duration::from_millis(1));
        Self { grace, limit, begun: Instant::now(), killing: None, told, empty: 0, pause }
    }

    fn step(&mut self, alive: &[Target]) -> Next {
        if alive.is_empty() {
            self.empty += 1;
            return if self.empty < 2 { Next::LookAgain(Duration::ZERO) } else { Next::Done };
        }
        self.empty = 0;
        let left = self.grace.saturating_sub(self.begun.elapsed());
        let left = if left.is_zero() {
            let since = *self.killing.get_or_insert_with(Instant::now);
            for target in alive {
                send(*target, Signal::KILL);
            }
            self.limit.checked_sub(since.elapsed())
        } else {
            for target in alive {
                if self.told.insert(*target) {
                    send(*target, Signal::TERM);
                    // A stopped process would not hear it.
                    send(*target, Signal::CONT);
                }
            }
            Some(left)
        };
        let Some(left) = left else {
            return Next::GiveUp(Unkillable(alive.iter().map(|target| target.pid).collect()));
        };
        let pause = self.pause.min(left);
        self.pause = (self.pause * 2).min(Duration::from_millis(100));
        Next::LookAgain(pause)
    }
}

/// Ends what `look` finds, and looks again until it finds nothing.
pub(super) async fn end(
    mut look: impl FnMut() -> Vec<Target>,
    grace: Duration,
    limit: Duration,
) -> Result<(), Unkillable> {
    let mut rounds = Rounds::new(grace, limit);
    loop {
        match rounds.step(&look()) {
            Next::Done => return Ok(()),
            Next::LookAgain(pause) => tokio::time::sleep(pause).await,
            Next::GiveUp(unkillable) => return Err(unkillable),
        }
    }
}

/// The same, without a runtime.
pub(super) fn end_blocking(
    mut look: impl FnMut() -> Vec<Target>,
    grace: Duration,
    limit: Duration,
) -> Result<(), Unkillable> {
    let mut rounds = Rounds::new(grace, limit);
    loop {
        match rounds.step(&look()) {
            Next::Done => return Ok(()),
            Next::LookAgain(pause) => std::thread::sleep(pause),
            Next::GiveUp(unkillable) => return Err(unkillable),
        }
    }
}

/// Signals exactly this process; whether it was there and ours to signal.
#[cfg(target_os = "linux")]
pub(super) fn send(target: Target, signal: Signal) -> bool {
    use rustix::io::Errno;
    use rustix::process::{PidfdFlags, kill_process, pidfd_open, pidfd_send_signal};

    let Some(pid) = i32::try_from(target.pid).ok().and_then(Pid::from_raw) else { return false };
    let is_same = || matches!(Stat::read(target.pid), Ok(Some(stat)) if stat.started == target.started);
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => is_same() && pidfd_send_signal(pidfd, signal).is_ok(),
        Err(Errno::NOSYS) => is_same() && kill_process(pid, signal).is_ok(),
        Err(_) => false,
    }
}

/// Signals the process group that this process leads.
#[cfg(not(target_os = "linux"))]
pub(super) fn send(target: Target, signal: Signal) -> bool {
    let pid = i32::try_from(target.pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::kill_process_group(pid, signal).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Target = Target { pid: u32::MAX, started: 1 };

    #[test]
    fn one_empty_look_is_not_believed() {
        let mut looks = vec![vec![], vec![], vec![NOBODY], vec![], vec![NOBODY]];
        let look = || looks.pop().unwrap_or_default();
        assert_eq!(end_blocking(look, Duration::ZERO, Duration::from_secs(60)), Ok(()));
        assert_eq!(looks, Vec::<Vec<Target>>::new());
    }

    #[test]
    fn what_does_not_end_is_named() {
        let result = end_blocking(|| vec![NOBODY], Duration::from_millis(2), Duration::from_millis(2));
        assert_eq!(result, Err(Unkillable(vec![u32::MAX])));
        assert_eq!(Unkillable(vec![7, 9]).to_string(), "could not end process 7, 9");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_later_process_with_the_same_number_is_not_hit() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        let stat = Stat::read(child.id()).expect("readable").expect("there");
        assert!(!send(Target { pid: stat.pid, started: stat.started - 1 }, Signal::KILL));
        assert_eq!(child.try_wait().expect("asked"), None);
        assert!(send(stat.into(), Signal::KILL));
        child.wait().expect("ended");
        assert!(!send(stat.into(), Signal::KILL));
    }
}
