//! Everything that one script started.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::time::Duration;

use super::proc::{self, Stat, Variables};
use super::rounds::{self, Target};
use super::shell::SCRIPT_MARK;
use super::{RUN_MARK, Unkillable, descendants};
use crate::model::Process;

/// A script's process and everything below it: its descendants, its session, and what carries its mark, which stays
/// with a process that fled from both. A process of another run (a worker that the script launched) does not belong to
/// it. A process that fled and wiped its environment is found by [`super::end_descendants`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub(super) root: Process,
    pub(super) mark: String,
    pub(super) run_mark: Option<String>,
}

impl Tree {
    /// TERM, after `grace` KILL in rounds until nothing of it is left, given up `limit` after the first KILL. Its root is
    /// not reaped here.
    pub async fn end(&self, grace: Duration, limit: Duration) -> Result<(), Unkillable> {
        rounds::end(|| self.alive(), grace, limit).await
    }

    fn alive(&self) -> Vec<Target> {
        if cfg!(not(target_os = "linux")) {
            return descendants::groups([self.root.pid]);
        }
        members(&proc::all(), &self.root, std::process::id(), |pid| self.kinship(pid))
    }

    fn kinship(&self, pid: u32) -> Kinship {
        let Some(variables) = Variables::of(pid) else { return Kinship::Unknown };
        if variables.get(RUN_MARK) != self.run_mark.as_deref().map(OsStr::new) && variables.get(RUN_MARK).is_some() {
            Kinship::Foreign
        } else if variables.get(SCRIPT_MARK) == Some(OsStr::new(&self.mark)) {
            Kinship::Own
        } else {
            Kinship::Unknown
        }
    }
}

/// What a process's environment says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kinship {
    /// It carries the mark.
    Own,
    /// It carries another run's.
    Foreign,
    /// Nothing.
    Unknown,
}

/// Who of `all` belongs to the tree and lives. Nothing that began before the root can, so that most environments need
/// not be read.
fn members(all: &[Stat], root: &Process, me: u32, kinship: impl Fn(u32) -> Kinship) -> Vec<Target> {
    let later: Vec<(&Stat, Kinship)> = all
        .iter()
        .filter(|stat| stat.started >= root.started_ticks && stat.pid != me)
        .map(|stat| (stat, kinship(stat.pid)))
        .filter(|(_, kinship)| *kinship != Kinship::Foreign)
        .collect();
    // While a session has members, its number is nobody else's: a later process with it says that the session is empty.
    let is_reused = all.iter().any(|stat| stat.pid == root.pid && stat.started != root.started_ticks);
    let mut inside: BTreeSet<u32> = later
        .iter()
        .filter(|(stat, kinship)| {
            *kinship == Kinship::Own || (!is_reused && (stat.pid == root.pid || stat.session == root.pid))
        })
        .map(|(stat, _)| stat.pid)
        .collect();
    while later.iter().any(|(stat, _)| inside.contains(&stat.parent) && inside.insert(stat.pid)) {}
    let is_alive = |stat: &Stat| inside.contains(&stat.pid) && !stat.is_zombie();
    later.iter().filter(|(stat, _)| is_alive(stat)).map(|(stat, _)| Target::from(**stat)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(pid: u32, parent: u32, session: u32, started: u64) -> Stat {
        Stat::fake(pid, parent, session, started, b'S')
    }

    fn of(all: &[Stat], kinship: impl Fn(u32) -> Kinship) -> Vec<u32> {
        let root = Process { pid: 10, started_ticks: 100, boot_id: String::new(), pid_namespace: 0 };
        members(all, &root, 1, kinship).into_iter().map(|target| target.pid).collect()
    }

    #[test]
    fn kin_by_descent_session_or_mark_and_nobody_else() {
        let all = [
            stat(1, 0, 1, 5),
            stat(10, 1, 10, 100),
            stat(11, 10, 11, 101),
            stat(12, 11, 12, 102),
            stat(13, 2, 10, 103),
            stat(14, 2, 14, 104),
            stat(15, 2, 15, 105),
            stat(16, 10, 10, 106),
            stat(17, 16, 10, 107),
            stat(18, 2, 18, 99),
            Stat::fake(19, 10, 10, 108, b'Z'),
        ];
        let kinship = |pid| match pid {
            1 | 14 | 18 => Kinship::Own,
            16 => Kinship::Foreign,
            _ => Kinship::Unknown,
        };
        // 1 asks, 15 and 18 are strangers, 16 is another run's, 19 has ended; 17 stayed in the session.
        assert_eq!(of(&all, kinship), [10, 11, 12, 13, 14, 17]);
    }

    #[test]
    fn a_number_used_anew_takes_its_session_out_of_the_tree() {
        let all = [stat(10, 2, 10, 500), stat(11, 10, 10, 501), stat(12, 2, 10, 502), stat(13, 2, 13, 101)];
        assert_eq!(of(&all, |pid| if pid == 13 { Kinship::Own } else { Kinship::Unknown }), [13]);
    }
}
