//! The laptop: what becomes of a project whose machine sleeps, whose file system is a peculiar one, that is moved, and whose
//! checkout is swept (docs/operations.md, "A laptop").

use std::fs;

use rustix::process::Signal;

use crate::env::{TestEnv, skip, texts, wait_until};

const DAY_MS: i64 = 86_400_000;

/// A machine that sleeps stops every process and lets the date go on. Its agent is no more stalled than before.
#[test]
fn an_agent_that_slept_is_not_stalled_and_its_worker_goes_on() {
    let env = TestEnv::new();
    env.workflow("command:\n  run: bash \"$TEST_ROOT/agent.sh\"\n  stall_timeout_ms: 60000\n  timeout_ms: 3600000\n");
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    let supervisor = env.run("A.1")["pid"].as_u64().expect("a pid").to_string();
    env.bash(&format!("kill -STOP {supervisor} {agent}")).ok();
    // A day later by the date, and nothing later by the clock that stands still while the machine sleeps.
    let report = env.command("reconcile --json").later(DAY_MS).run().json();
    assert_eq!((texts(&report["stopped"], "run"), texts(&report["settled"], "run")), (vec![], vec![]));
    assert_eq!(env.command("worker list --json").later(DAY_MS).run().json()["workers"][0]["run"], "A.1");
    env.bash(&format!("kill -CONT {agent} {supervisor}")).ok();
    env.go_on("A");
    assert_eq!(env.outcome("A.1"), "succeeded");
}

#[test]
fn a_retry_whose_time_came_during_the_sleep_is_due_at_once() {
    let env = TestEnv::new();
    env.agent("exit 1");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    assert_eq!(env.baton("dispatch").ok().stdout, "");
    assert_eq!(env.command("dispatch --wait").later(DAY_MS).run().exits(20).stdout, "A.2\n");
}

#[test]
fn a_moved_repository_goes_on_where_it_was() {
    let env = TestEnv::with_git();
    env.agent("echo one > made-in-$BATON_TURN; exit 1");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    let before = env.status("A");
    fs::rename(env.path("p"), env.path("moved")).expect("moved");
    let there = |args: &str| env.command(args).here(env.path("moved"));

    let after = there("status A --json").run().json();
    assert_eq!(
        (&after["status"], &after["attempts"]),
        (&before["status"], &before["attempts"]),
        "nothing is forgotten"
    );
    let workspace = env.path("moved/.baton/workspaces/A").display().to_string();
    // Git notes where a worktree lies, and it is git's own command that puts this right.
    let refused = there("workspace ensure A --json").run().exits(12).error();
    let repair = format!("git worktree repair {workspace}");
    assert!(refused["hints"][1].as_str().expect("a hint").contains(&repair), "{refused}");
    env.script(&repair).here(env.path("moved")).run().ok();
    let ensured = there("workspace ensure A --json").run().json();
    assert_eq!((ensured["path"].as_str(), &ensured["branch"]), (Some(workspace.as_str()), &"baton/A".into()));
    assert!(
        fs::exists(env.path("moved/.baton/workspaces/A/made-in-1")).expect("known"),
        "what lay in it is still there"
    );
    let inside = env.command("status . --json").here(&workspace).run().json();
    assert_eq!(inside["identifier"], "A", "the marker in the root was put right");

    env.agent("git add -A; git commit -qm work; finish");
    there("worker launch A --now --wait").run().ok();
    there("reconcile").run().ok();
    assert_eq!(
        there("status --summary").run().ok().stdout.split(';').next(),
        Some("0 running, 0 retrying, 0 blocked, 0 paused, 0 idle, 1 done")
    );
}

#[test]
fn a_sweep_of_the_checkout_takes_the_memory_and_no_work_with_it() {
    let env = TestEnv::with_git();
    fs::write(env.path("p/.git/info/exclude"), "/WORKFLOW.md\n/issues/\n/.baton/\n").expect("exclude");
    env.agent("hold");
    env.agent_of("B", "echo two > file; git commit -qam two; finish");
    env.issue("A", "");
    env.issue("B", "");
    env.baton("worker launch B --wait").ok();
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    env.bash("cp WORKFLOW.md ../kept && cp -r issues ../issues").ok();
    env.bash("git clean -ffdxq").ok();
    assert!(!env.store("").exists(), "git took the store");
    wait_until("the worker has noticed, and ended its agent", || !crate::env::is_alive(agent));
    assert_eq!(env.bash("git log -1 --format=%s baton/B").ok().stdout, "two\n", "branches are git's own");

    insta::assert_snapshot!(env.baton("status"), @"
    ------- stderr -------
    error: no WORKFLOW.md in <root>/p or above it
    hint: `baton init` writes one for this repository; `--workflow FILE` names another
    [exit status: 10]
    ");
    env.bash("cp ../kept WORKFLOW.md && cp -r ../issues issues").ok();
    env.agent("test \"$(git log -1 --format=%s)\" = first; finish");
    let report = env.baton("dispatch --wait --json").json();
    assert_eq!(texts(&report["launched"], "run"), ["A.1"], "a new store begins at the beginning");
    assert_eq!(env.state("A"), "Done");
}

#[test]
fn what_lies_outside_of_the_checkout_survives_the_sweep() {
    let env = TestEnv::with_git();
    env.workflow("store:\n  path: ../store\nworkspace:\n  mode: worktree\ntracker:\n  kind: local\n  provider:\n    path: ../tasks\n");
    fs::write(env.path("p/.git/info/exclude"), "/WORKFLOW.md\n").expect("exclude");
    fs::create_dir(env.path("tasks")).expect("a directory");
    env.issue_elsewhere("tasks", "A");
    env.agent("hold; finish");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    env.bash("cp WORKFLOW.md ../kept && git clean -ffdxq && cp ../kept WORKFLOW.md").ok();
    assert!(crate::env::is_alive(agent));
    env.go_on("A");
    env.baton("worker wait A.1").ok();
    assert_eq!(env.status_word("A"), "done");
}

/// The same main job on a file system that the store has not met yet; `None` where this machine cannot mount it.
fn on_a_mount(env: &TestEnv, mount: &str) -> Option<()> {
    let script = format!(
        "{mount}\n cd ../disk && cp ../p/WORKFLOW.md . && mkdir issues && \
         git init -q -b main && git commit -q --allow-empty -m first && \
         baton issue create One > /dev/null && baton run --until-idle -q > /dev/null && \
         baton issue create Two --state Backlog > /dev/null && \
         (flock 9; code=0; baton retry TASK-1 --lock-timeout 50ms -qq || code=$?; test $code = 9) 9< .baton/lock && \
         baton status --json | jq .data.counts.done > \"$TEST_ROOT/said/done\" && \
         baton events | jq -r 'select(.type == \"run.finished\").run' > \"$TEST_ROOT/said/finished\""
    );
    let done = env.in_own_mounts(&script)?;
    if done.code() == 77 {
        skip(&format!("this cannot be mounted here: {}", done.stderr.trim()));
        return None;
    }
    done.ok();
    Some(())
}

#[test]
fn an_overlay_is_a_local_file_system() {
    let env = TestEnv::new();
    env.workflow("workspace:\n  mode: worktree\n");
    fs::create_dir(env.path("disk")).expect("a directory");
    // Upper and work directories cannot lie on an overlay themselves, so that they get a tmpfs of their own.
    let mount = "mkdir ../layers && mount -t tmpfs tmpfs ../layers && mkdir ../layers/lower ../layers/upper ../layers/work && \
                 { mount -t overlay -o lowerdir=../layers/lower,upperdir=../layers/upper,workdir=../layers/work overlay ../disk || exit 77; }";
    if on_a_mount(&env, mount).is_some() {
        assert_eq!(
            (env.said_lines("done"), env.said_lines("finished")),
            (vec!["1".to_owned()], vec!["TASK-1.1".to_owned()])
        );
    }
}

/// dm-crypt lies below the file system and shows nothing of itself to those above; a file system that encrypts by
/// itself does so per directory. Neither is made here: an ext4 in a loop device stands for the file system on the crypt.
#[test]
fn a_file_system_on_a_block_device_of_its_own_is_local() {
    let env = TestEnv::new();
    env.workflow("workspace:\n  mode: worktree\n");
    fs::create_dir(env.path("disk")).expect("a directory");
    let mount = "truncate -s 64M ../image && { PATH=$PATH:/usr/sbin mkfs.ext4 -q ../image && mount -o loop ../image ../disk || exit 77; }";
    if on_a_mount(&env, mount).is_some() {
        assert_eq!(
            (env.said_lines("done"), env.said_lines("finished")),
            (vec!["1".to_owned()], vec!["TASK-1.1".to_owned()])
        );
    }
}

#[test]
fn a_worker_that_was_stopped_and_continued_still_hears_that_it_is_to_stop() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let supervisor = env.run("A.1")["pid"].as_u64().expect("a pid");
    env.bash(&format!("kill -STOP {supervisor}")).ok();
    let stop = env.start("worker stop A --timeout 10m --json");
    wait_until("the request is left", || env.baton("events --issue A").ok().stdout.contains("run.stop_requested"));
    env.bash(&format!("kill -CONT {supervisor}")).ok();
    assert_eq!(texts(&stop.wait().json()["stopped"], "outcome"), ["canceled"]);
    let follow = env.start("events --follow");
    follow.signal(Signal::INT);
    follow.wait().exits(130);
}
