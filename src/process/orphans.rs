//! What a killed supervisor left (DESIGN §5, "No orphans").

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::proc::{self, OpenFile, Stat, Variables};
use super::rounds::{self, Target};
use super::{Lifeline, RUN_MARK, Unkillable, identity, probe_lifeline};
use crate::model::Process;

/// How often children that were born meanwhile are looked for before the first KILL.
const STOP_ROUNDS: u32 = 10;

/// What a killed supervisor left: processes that carry `mark`, or belong to a session that one of `leaders` (the
/// recorded agent process) still leads, or hold `lifeline` open. Never this process. One pass over `/proc`.
///
/// A session whose leader has ended proves nothing: its number may be in use again, and what was inside carries the
/// mark or the lifeline.
#[must_use]
pub fn find_orphans(mark: &str, leaders: &[Process], lifeline: Option<&Path>) -> Vec<Process> {
    let me = std::process::id();
    // An open copy of a lifeline keeps it locked: where it is free there is nobody to be looked for.
    let held = lifeline.filter(|path| probe_lifeline(path, Duration::ZERO) == Lifeline::Held).and_then(OpenFile::at);
    let all = proc::all();
    let sessions: BTreeSet<u32> = leaders
        .iter()
        .filter(|leader| identity::is_in_reach(leader))
        .filter(|leader| all.iter().any(|stat| stat.pid == leader.pid && stat.started == leader.started_ticks))
        .map(|leader| leader.pid)
        .collect();
    let is_ours = |stat: &Stat| match Variables::of(stat.pid).as_ref().and_then(|all| all.get(RUN_MARK)) {
        Some(carried) => carried == OsStr::new(mark),
        None => sessions.contains(&stat.session) || held.as_ref().is_some_and(|lifeline| lifeline.is_open_in(stat.pid)),
    };
    all.iter()
        .filter(|stat| stat.pid != me && !stat.is_zombie() && is_ours(stat))
        .map(|stat| identity::identified(stat.pid, stat.started))
        .collect()
}

/// Finds and ends them until two looks in a row find nothing: what forks and leaves its parent between two looks is seen
/// by the next one. Says what was found, and what is left after `limit`. Blocks the thread.
#[must_use]
pub fn end_orphans(
    mark: &str,
    leaders: &[Process],
    lifeline: Option<&Path>,
    limit: Duration,
) -> (Vec<u32>, Option<Unkillable>) {
    let begun = Instant::now();
    let (mut found, mut empty) = (BTreeSet::new(), 0);
    let unkillable = loop {
        let orphans = find_orphans(mark, leaders, lifeline);
        if orphans.is_empty() {
            empty += 1;
            if empty == 2 {
                break None;
            }
            continue;
        }
        empty = 0;
        let pids: Vec<u32> = orphans.iter().map(|process| process.pid).collect();
        found.extend(pids.iter().copied());
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            break Some(Unkillable(pids));
        }
        if let Err(unkillable) = end_processes(&orphans, left) {
            break Some(unkillable);
        }
    };
    (found.into_iter().collect(), unkillable)
}

/// Ends these and their descendants: KILL in rounds until none is left, at most `limit`. What carries the mark of
/// another run is left alone with all below it. Nothing in another PID namespace or of another boot is touched.
/// Blocks the thread.
pub fn end_processes(processes: &[Process], limit: Duration) -> Result<(), Unkillable> {
    let mut targets: BTreeSet<Target> = processes
        .iter()
        .filter(|process| identity::is_in_reach(process))
        .map(|process| Target { pid: process.pid, started: process.started_ticks })
        .collect();
    let mark_of = |pid| Variables::of(pid).and_then(|all| all.get(RUN_MARK).map(OsStr::to_owned));
    let marks: BTreeSet<OsString> = targets.iter().filter_map(|target| mark_of(target.pid)).collect();
    let mut look = || {
        let all = proc::all();
        add_descendants(&mut targets, &all, |pid| mark_of(pid).is_some_and(|mark| !marks.contains(&mark)));
        let alive = all.into_iter().filter(|stat| !stat.is_zombie()).map(Target::from);
        alive.filter(|target| targets.contains(target)).collect::<Vec<_>>()
    };
    // Stopped before they are killed: nobody reaps for us here, so that a child born after the look would be lost with
    // its parent.
    let mut stopped = BTreeSet::new();
    for _ in 0..STOP_ROUNDS {
        let moving: Vec<Target> = look().into_iter().filter(|target| stopped.insert(*target)).collect();
        if moving.is_empty() {
            break;
        }
        for target in moving {
            rounds::send(target, Signal::STOP);
        }
    }
    rounds::end_blocking(look, Duration::ZERO, limit)
}

/// A process stays a target when its parent has ended, which is why they are gathered from round to round.
fn add_descendants(targets: &mut BTreeSet<Target>, all: &[Stat], is_spared: impl Fn(u32) -> bool) {
    let me = std::process::id();
    loop {
        let inside: BTreeSet<u32> =
            all.iter().filter(|stat| targets.contains(&Target::from(**stat))).map(|stat| stat.pid).collect();
        let more: Vec<Target> = all
            .iter()
            .filter(|stat| inside.contains(&stat.parent) && !inside.contains(&stat.pid) && stat.pid != me)
            .filter(|stat| !is_spared(stat.pid))
            .map(|stat| Target::from(*stat))
            .collect();
        if more.is_empty() {
            return;
        }
        targets.extend(more);
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::Stdio;

    use super::*;
    use crate::process::testing::{block_on, is_gone, kill, read_when_there, shell};
    use crate::process::{Liveness, liveness};

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn mark_lifeline_and_session_each_find_what_the_others_miss() {
        let directory = tempfile::tempdir().expect("a directory");
        let lifeline = directory.path().join("agent.lifeline");
        let mark = format!("{}/ABC-1.1", directory.path().display());
        let script = r#"
            setsid -f bash -c 'exec 100>&-; echo $$ > marked; sleep 600 & echo $! > child; wait'
            env -i setsid -f "$(type -P bash)" -c 'echo $$ > holder; exec sleep 600'
            (exec 100>&-; exec env -i "$(type -P bash)" -c 'echo $$ > member; exec sleep 600') &
            BATON_RUN_MARK=other setsid -f bash -c 'exec 100>&-; echo $$ > foreign; exec sleep 600'
            echo $$ > leader
            wait"#;
        let mut start = shell(script, directory.path());
        start.env.set(RUN_MARK, &mark);
        start.lifeline = Some(lifeline.clone());
        block_on(async {
            let mut running = start.spawn(Stdio::null(), Stdio::null(), Stdio::inherit()).expect("started");
            let pid = |name: &str| read_when_there(&directory.path().join(name));
            let [marked, child, holder, member, foreign, leader] =
                ["marked", "child", "holder", "member", "foreign", "leader"].map(pid);
            let find = |mark: &str, leaders: &[Process], lifeline: Option<&Path>| {
                let mut found: Vec<u32> =
                    find_orphans(mark, leaders, lifeline).into_iter().map(|process| process.pid).collect();
                found.sort_unstable();
                found
            };
            let sorted = |mut pids: Vec<u32>| {
                pids.sort_unstable();
                pids
            };
            let process = running.process().clone();
            let earlier = Process { started_ticks: process.started_ticks - 1, ..process.clone() };
            assert_eq!(find(&mark, &[], None), sorted(vec![marked, child, leader]));
            assert_eq!(find("none", std::slice::from_ref(&process), None), [member]);
            assert_eq!(find("none", &[earlier], None), Vec::<u32>::new());
            assert_eq!(find("none", &[], Some(&lifeline)), [holder]);
            assert_eq!(find("none", &[], Some(&directory.path().join("none"))), Vec::<u32>::new());

            let all = find_orphans(&mark, std::slice::from_ref(&process), Some(&lifeline));
            assert_eq!(all.len(), 5);
            let elsewhere: Vec<Process> =
                all.iter().map(|process| Process { pid_namespace: 1, ..process.clone() }).collect();
            end_processes(&elsewhere, LONG).expect("nothing to do");
            assert!(!is_gone(marked), "nothing is signalled across PID namespaces");
            end_processes(&all, LONG).expect("ended");
            running.wait().await.expect("reaped");
            for process in &all {
                assert_eq!(liveness(process), Liveness::Dead, "{process:?}");
            }
            assert_eq!(probe_lifeline(&lifeline, LONG), Lifeline::Free);
            assert_eq!(find(&mark, &[process], Some(&lifeline)), Vec::<u32>::new());
            assert!(!is_gone(foreign), "another run's process lives on");
            kill(foreign);
        });
    }

    #[test]
    fn descendants_go_with_what_is_ended_but_not_the_worker_of_another_run() {
        let directory = tempfile::tempdir().expect("a directory");
        let script = r#"
            env -i setsid "$(type -P bash)" -c 'echo $$ > child; exec sleep 600' &
            BATON_RUN_MARK=other setsid bash -c 'echo $$ > foreign; exec sleep 600' &
            wait"#;
        let mut start = shell(script, directory.path());
        start.env.set(RUN_MARK, "mine");
        block_on(async {
            let mut running = start.spawn(Stdio::null(), Stdio::null(), Stdio::inherit()).expect("started");
            let [child, foreign] = ["child", "foreign"].map(|name| read_when_there(&directory.path().join(name)));
            end_processes(std::slice::from_ref(running.process()), LONG).expect("ended");
            running.wait().await.expect("reaped");
            assert!(is_gone(child));
            assert!(!is_gone(foreign));
            kill(foreign);
        });
    }

    #[test]
    fn one_never_finds_oneself() {
        let directory = tempfile::tempdir().expect("a directory");
        let lifeline = directory.path().join("lifeline");
        let _held = crate::process::create_lifeline(&lifeline).expect("new");
        let found = find_orphans("none", &[], Some(&lifeline));
        assert!(!found.contains(&crate::process::current()), "{found:?}");
    }
}
