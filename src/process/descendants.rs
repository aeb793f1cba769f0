//! Everything below this process. A supervisor is the reaper of its orphaned descendants, so that none can flee.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, WaitOptions, test_kill_process_group, waitpid};

use super::proc::{self, Stat, Variables};
use super::rounds::{self, Target};
use super::{RUN_MARK, Unkillable, spawn};

/// Makes this process the reaper of its orphaned descendants (Linux; elsewhere `Unsupported`). To be called before
/// anything is started: the children that are there already (`exec` left them, or PID 1 took them in) are not its own,
/// and are spared from now on, with all below them.
#[cfg(target_os = "linux")]
pub fn become_subreaper() -> io::Result<()> {
    strangers();
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// Makes this process the reaper of its orphaned descendants (Linux; elsewhere `Unsupported`).
#[cfg(not(target_os = "linux"))]
pub fn become_subreaper() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The children that were there before anything was started.
fn strangers() -> &'static BTreeSet<Target> {
    static STRANGERS: OnceLock<BTreeSet<Target>> = OnceLock::new();
    STRANGERS.get_or_init(|| {
        let children = proc::children(std::process::id()).unwrap_or_default();
        let own = spawn::own();
        children
            .into_iter()
            .filter(|pid| !own.contains(pid))
            .filter_map(|pid| Stat::read(pid).ok().flatten())
            .map(Target::from)
            .collect()
    })
}

/// Ends every descendant of this process that is its own and does not carry another run's mark: TERM, after `grace` KILL in rounds
/// until none is left, given up `limit` after the first KILL. Own children stay for their waiters to reap, adopted
/// ones are reaped here.
pub async fn end_descendants(mark: &str, grace: Duration, limit: Duration) -> Result<(), Unkillable> {
    let look = || {
        reap_adopted();
        alive(mark)
    };
    let result = rounds::end(look, grace, limit).await;
    reap_adopted();
    result
}

/// Reaps adopted children that have ended, each by its number. A supervisor that lives for hours calls it now and then.
pub fn reap_adopted() {
    let me = std::process::id();
    let Some(children) = proc::children(me) else { return };
    let zombies: Vec<Stat> = children
        .into_iter()
        .filter_map(|pid| Stat::read(pid).ok().flatten())
        .filter(|stat| stat.is_zombie() && stat.parent == me)
        .collect();
    if zombies.is_empty() {
        return;
    }
    let session = Stat::read(me).ok().flatten().map(|stat| stat.session);
    // What was started here leads a session and is on the list, or stayed in this session: its waiter reaps it.
    let own = spawn::own();
    let strangers = strangers();
    for zombie in zombies.iter().filter(|zombie| {
        !own.contains(&zombie.pid) && Some(zombie.session) != session && !strangers.contains(&Target::from(**zombie))
    }) {
        if let Some(pid) = i32::try_from(zombie.pid).ok().and_then(Pid::from_raw) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

fn alive(mark: &str) -> Vec<Target> {
    if cfg!(not(target_os = "linux")) {
        let own: Vec<u32> = spawn::own().iter().copied().collect();
        return groups(own);
    }
    let me = std::process::id();
    let strangers = strangers();
    // Where nobody else's children are below this process, whatever it adopted was started by what it started.
    let adopts_strangers = me == 1 || !strangers.is_empty();
    let is_spared = |stat: &Stat| {
        let variables = Variables::of(stat.pid);
        match variables.as_ref().and_then(|all| all.get(RUN_MARK)) {
            Some(carried) => carried != OsStr::new(mark),
            None if stat.parent != me => false,
            None => strangers.contains(&Target::from(*stat)) || (adopts_strangers && !spawn::began(stat.session)),
        }
    };
    below(me, is_spared).into_iter().map(Target::from).collect()
}

/// Those of the process groups that have a member: a tree, where there is no `/proc`.
pub(super) fn groups(leaders: impl IntoIterator<Item = u32>) -> Vec<Target> {
    let lives = |pid: &u32| {
        let group = i32::try_from(*pid).ok().and_then(Pid::from_raw);
        group.is_some_and(|group| test_kill_process_group(group).is_ok())
    };
    leaders.into_iter().filter(lives).map(|pid| Target { pid, started: 0 }).collect()
}

/// The descendants of `root` that live, without those that are spared and what is below them.
fn below(root: u32, is_spared: impl Fn(&Stat) -> bool) -> Vec<Stat> {
    let children = Children::now(root);
    let (mut found, mut seen, mut open) = (Vec::new(), BTreeSet::from([root]), vec![root]);
    while let Some(parent) = open.pop() {
        for pid in children.of(parent) {
            let Ok(Some(stat)) = Stat::read(pid) else { continue };
            if seen.insert(pid) && !is_spared(&stat) {
                open.push(pid);
                if !stat.is_zombie() {
                    found.push(stat);
                }
            }
        }
    }
    found
}

/// Who is whose child: asked of the kernel one by one, or read off all processes where it keeps no such list.
enum Children {
    Listed,
    Table(BTreeMap<u32, Vec<u32>>),
}

impl Children {
    fn now(root: u32) -> Self {
        if proc::children(root).is_some() { Self::Listed } else { Self::from_all() }
    }

    fn from_all() -> Self {
        let mut table: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for stat in proc::all() {
            table.entry(stat.parent).or_default().push(stat.pid);
        }
        Self::Table(table)
    }

    fn of(&self, parent: u32) -> Vec<u32> {
        match self {
            Self::Listed => proc::children(parent).unwrap_or_default(),
            Self::Table(table) => table.get(&parent).cloned().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    use super::*;
    use crate::process::testing::{block_on, env, is_gone, kill, read_when_there, shell, wait_until};
    use crate::seams::Environment;

    const DIRECTORY: &str = "BATON_TEST_SUPERVISOR";
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_supervisor_ends_all_that_is_its_own_and_nothing_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let program = std::env::current_exe().expect("the test program");
        let status = Command::new(program)
            .args(["process::descendants::tests::as_a_supervisor", "--exact", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::null())
            .status()
            .expect("started");
        assert!(status.success());
        assert!(directory.path().join("passed").exists());
    }

    #[test]
    fn what_was_there_before_is_spared_with_all_that_it_starts() {
        let directory = tempfile::tempdir().expect("a directory");
        let program = std::env::current_exe().expect("the test program");
        let script = r#"
            cd "$BATON_TEST_SUPERVISOR"
            bash -c 'echo $$ > stranger; sleep 600 & echo $! > child; read < go; setsid sleep 600 & echo $! > orphan' &
            exec "$0" process::descendants::tests::beside_strangers --exact --ignored --nocapture"#;
        let made = Command::new("mkfifo").arg(directory.path().join("go")).status().expect("mkfifo");
        assert!(made.success());
        let status = Command::new("bash")
            .args([OsStr::new("-c"), script.as_ref(), program.as_os_str()])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::null())
            .status()
            .expect("started");
        assert!(status.success());
        assert!(directory.path().join("passed").exists());
    }

    /// Has children that it did not start.
    #[test]
    #[ignore = "started by the test above"]
    fn beside_strangers() {
        let Some(directory) = Environment::of_process().path(DIRECTORY) else { return };
        become_subreaper().expect("a reaper");
        block_on(async {
            let pid = |name: &str| read_when_there(&directory.join(name));
            let (stranger, child) = (pid("stranger"), pid("child"));
            let script = r#"
                (exec env -i "$(type -P bash)" -c 'echo $$ > fled; exec sleep 600') &
                setsid -f bash -c 'echo $$ > marked; exec sleep 600'
                sleep 600"#;
            let mut start = shell(script, &directory);
            start.env.set(RUN_MARK, "mine");
            let mut running = start.spawn(Stdio::null(), Stdio::null(), Stdio::inherit()).expect("started");
            let (fled, marked) = (pid("fled"), pid("marked"));
            // The stranger ends, and this process adopts what it leaves.
            std::fs::write(directory.join("go"), "now\n").expect("told");
            let orphan = pid("orphan");
            wait_until("its end", || is_gone(stranger));
            end_descendants("mine", Duration::ZERO, LONG).await.expect("ended");
            running.wait().await.expect("reaped");
            assert!(is_gone(fled) && is_gone(marked), "{fled}, {marked}");
            assert!(!is_gone(child) && !is_gone(orphan), "{child}, {orphan}");
            kill(child);
            kill(orphan);
        });
        std::fs::write(directory.join("passed"), "").expect("written");
    }

    /// Ends every child of its process, and so needs one of its own.
    #[test]
    #[ignore = "started by the test above"]
    fn as_a_supervisor() {
        let Some(directory) = Environment::of_process().path(DIRECTORY) else { return };
        become_subreaper().expect("a reaper");
        block_on(supervise(&directory));
        std::fs::write(directory.join("passed"), "").expect("written");
    }

    async fn supervise(directory: &Path) {
        let script = r#"
            setsid -f bash -c 'trap "" TERM; echo $$ > stubborn; sleep 600; sleep 600'
            env -i setsid -f "$(type -P bash)" -c 'exec 100>&-; echo $$ > wiped; read -t 600 < <(:); sleep 600'
            BATON_RUN_MARK=other setsid -f bash -c 'env -i "$(type -P sleep)" 600 & echo $! > below; echo $$ > foreign; wait'
            setsid -f bash -c 'echo $$ > brief'
            echo $$ > main
            sleep 600"#;
        let mut start = shell(script, directory);
        start.env = env(directory);
        start.env.set(RUN_MARK, "mine");
        let mut running = start.spawn(Stdio::null(), Stdio::null(), Stdio::inherit()).expect("started");
        let pid = |name: &str| read_when_there(&PathBuf::from(directory).join(name));
        let (stubborn, wiped, main) = (pid("stubborn"), pid("wiped"), pid("main"));
        let (foreign, below, brief) = (pid("foreign"), pid("below"), pid("brief"));
        wait_until("its end", || is_gone(brief));

        let me = std::process::id();
        reap_adopted();
        assert!(Stat::read(brief).expect("readable").is_none(), "an adopted zombie is reaped");

        end_descendants("mine", Duration::from_millis(50), LONG).await.expect("ended");
        for gone in [stubborn, wiped, main] {
            assert!(is_gone(gone), "{gone} of {stubborn}, {wiped}, {main}");
        }
        assert!(!is_gone(foreign) && !is_gone(below), "another run's worker lives on");
        // Its own child was left for its waiter, everything adopted is reaped.
        assert_eq!(running.wait().await.expect("not reaped by others").signal(), Some(15));
        assert_eq!(proc::children(me), Some(vec![foreign]));

        kill(foreign);
        kill(below);
        reap_adopted();
        assert_eq!(proc::children(me), Some(vec![]));
    }

    #[test]
    fn a_kernel_without_lists_of_children_is_read_as_a_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        block_on(async {
            let start = shell("sleep 600 & echo $! > child; wait", directory.path());
            let mut running = start.spawn(Stdio::null(), Stdio::null(), Stdio::null()).expect("started");
            let (child, root) = (read_when_there(&directory.path().join("child")), running.process().pid);
            assert_eq!(Children::from_all().of(root), [child]);
            assert_eq!(Children::Listed.of(root), [child]);
            running.tree().end(Duration::ZERO, LONG).await.expect("ended");
            running.wait().await.expect("reaped");
        });
    }
}
