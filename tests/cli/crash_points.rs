//! Every command killed before each of its operations on files, with the built program and real files: the next command
//! carries on, and everything ends as it should.

use serde_json::{Value, json};

use crate::env::{TestEnv, is_alive, kill, skip, texts, wait_until};

/// Kills `args` before its first operation, its second, and so on, each time in a place of its own, until it is done
/// with none left; `after` looks at what came of it. How many operations there were.
fn killed_everywhere(args: &str, at: &str, prepare: impl Fn() -> TestEnv, after: impl Fn(&TestEnv, &str)) -> u32 {
    if !cfg!(debug_assertions) {
        skip("the program has no crash points");
        return u32::MAX;
    }
    for n in 1.. {
        let env = prepare();
        let done = env.command(args).env("BATON_CRASH_AT", format!("{at}{n}")).run();
        let is_over = if at.is_empty() { done.code() != 137 } else { !env.said_lines("killed").is_empty() };
        assert!(n < 300, "{args} never ends:\n{done}");
        if at.is_empty() && is_over {
            done.ok();
        }
        after(&env, &format!("{args}, killed before operation {n}"));
        if is_over {
            return n - 1;
        }
    }
    unreachable!("there is always a next number")
}

/// A project with one issue, which is tried again soon and as often as it fails.
fn prepared() -> TestEnv {
    let env = TestEnv::new();
    env.workflow("agent:\n  max_attempts: 0\n  max_retry_backoff_ms: 100\nhooks:\n  after_create: echo >> $TEST_ROOT/said/created\n  after_run: echo >> $TEST_ROOT/said/after\n");
    env.issue("A", "");
    env
}

fn polled() -> TestEnv {
    let env = prepared();
    env.baton("poll").ok();
    env
}

/// Every issue is done, nothing runs, and nothing more happens.
fn all_ends_well(env: &TestEnv, what: &str) {
    env.baton("run --until-idle --timeout 50s").ok();
    assert_eq!(env.status_word("A"), "done", "{what}");
    let events = env.baton("events --json").ok().ndjson();
    let ended: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "run.finished").map(|it| &it["run"]).collect();
    let claimed: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "run.claimed").map(|it| &it["run"]).collect();
    assert_eq!(ended, claimed, "{what}: every run that was claimed ended, once");
    let seqs: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "{what}");
    env.writing_nothing(|| assert_eq!(env.baton("recover --json").json()["changed"], 0, "{what}"));
    assert_eq!(env.processes(), [], "{what}");
    env.writing_nothing(|| env.baton("doctor --store").ok());
}

#[test]
fn poll() {
    let operations = killed_everywhere("poll", "", prepared, |env, what| {
        let report = env.baton("poll --json").json();
        assert_eq!(texts(&report["queue"], "identifier"), ["A"], "{what}");
        env.writing_nothing(|| env.baton("poll").ok());
        assert_eq!(env.status_word("A"), "idle", "{what}");
        env.baton("doctor --store").ok();
    });
    assert!(operations > 30, "{operations}: the store's creation, the configuration, the issues");
}

#[test]
fn workspace_ensure() {
    let operations = killed_everywhere("workspace ensure A", "", polled, |env, what| {
        let path = env.baton("workspace ensure A").line();
        assert!(std::path::Path::new(&path).is_dir(), "{what}");
        assert!(!env.said_lines("created").is_empty(), "{what}: after_create ran to its end");
        env.writing_nothing(|| env.baton("workspace ensure A").ok());
        all_ends_well(env, what);
    });
    assert!(operations > 5, "{operations}");
}

#[test]
fn worker_launch() {
    let operations = killed_everywhere("worker launch A", "", polled, |env, what| {
        env.baton("recover").ok();
        all_ends_well(env, what);
        let turns = env.turns().len();
        assert_eq!(turns, env.runs_begun().len(), "{what}: no run had two agents");
    });
    assert!(operations > 5, "{operations}");
}

#[test]
fn reconcile() {
    let stopping = || {
        let env = polled();
        env.agent("hold");
        env.baton("worker launch A").ok();
        env.agent_holds("A");
        env.set_state("A", "Done");
        env
    };
    let operations = killed_everywhere("reconcile", "", stopping, |env, what| {
        env.baton("reconcile").ok();
        wait_until("the worker has ended", || env.status_word("A") == "done");
        env.baton("reconcile").ok();
        assert!(!env.workspace("A").exists(), "{what}");
        all_ends_well(env, what);
    });
    assert!(operations > 3, "{operations}");
}

#[test]
fn recover() {
    let killed = || {
        let env = polled();
        env.agent("hold");
        env.baton("worker launch A").ok();
        env.agent_holds("A");
        let supervisor = env.run("A.1")["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("a pid");
        kill(supervisor);
        wait_until("the supervisor is gone", || !is_alive(supervisor));
        env.agent("finish");
        env
    };
    let operations = killed_everywhere("recover", "", killed, |env, what| {
        env.baton("recover").ok();
        let again = env.writing_nothing(|| env.baton("recover --json").json());
        assert_eq!((&again["changed"], &again["actions"]), (&0.into(), &json!([])), "{what}");
        assert_eq!(env.outcome("A.1"), "interrupted", "{what}");
        all_ends_well(env, what);
    });
    assert!(operations > 5, "{operations}");
}

#[test]
fn gc() {
    // An issue for the archive, with its workspace; old runs of one that goes on; and what an aborted launch left.
    let aged = || {
        let env = polled();
        env.issue("B", "");
        env.agent("[ $BATON_ISSUE = A ] || exit 1");
        env.baton("worker launch A --wait").ok();
        for _ in 0..2 {
            env.baton("worker launch B --wait --now").exits(20);
        }
        env.set_state("A", "Done");
        env.baton("poll").ok();
        std::fs::create_dir(env.store("runs/B.7")).expect("mkdir");
        env
    };
    let collect = |env: &TestEnv| {
        let done = env.command("gc --keep-runs 1 --json").later(30 * 86_400_000).run();
        done.ok().any_json()["changed"].as_u64().expect("a number")
    };
    let operations = killed_everywhere("gc --keep-runs 1 --older-than 0s", "", aged, |env, what| {
        let changed: u64 = std::iter::from_fn(|| Some(collect(env)).filter(|changed| *changed > 0)).take(9).sum();
        assert!(changed < 9, "{what}: it ends");
        env.writing_nothing(|| collect(env));
        assert!(!env.workspace("A").exists() && env.store("archive/A.json").exists(), "{what}");
        assert!(env.store("archive/runs/A.1/outcome.json").exists() && !env.store("runs/A.1").exists(), "{what}");
        assert!(!env.store("runs/B.1").exists() && env.store("runs/B.2/outcome.json").exists(), "{what}");
        assert!(!env.store("runs/B.7").exists(), "{what}");
        assert_eq!(std::fs::read_dir(env.store("tmp")).expect("tmp").count(), 0, "{what}: nothing is left half-way");
        env.baton("doctor --store").ok();
    });
    assert!(operations > 20, "{operations}");
}

/// A supervisor that is killed before each of its operations, one in three of them.
#[test]
fn a_supervisor() {
    if !cfg!(debug_assertions) {
        return skip("the program has no crash points");
    }
    let mut survived = false;
    for n in (1..300).step_by(3) {
        let env = polled();
        let launch = env.command("worker launch A --wait").env("BATON_CRASH_AT", format!("supervise:{n}")).run();
        let what = format!("a supervisor, killed before operation {n}");
        env.baton("recover").ok();
        survived = launch.code() == 0;
        all_ends_well(&env, &what);
        if survived {
            assert!(n > 15, "{n}");
            break;
        }
    }
    assert!(survived, "it never comes to its end");
}

#[test]
fn a_limit_on_open_files_stops_a_step_anywhere_and_tears_nothing() {
    let env = prepared();
    let steps = ["poll", "workspace ensure A", "worker launch A --wait", "reconcile", "recover"];
    for step in steps {
        let mut failures = 0;
        for limit in 4..40 {
            let done = env.bash(&format!("ulimit -n {limit}; exec baton {step}"));
            failures += u32::from(done.code() != 0);
            if env.store("FORMAT").exists() {
                env.baton("doctor --store").ok();
            }
            if done.code() == 0 {
                break;
            }
        }
        assert!(failures > 0, "{step} needs no file");
        env.baton("recover").ok();
    }
    all_ends_well(&env, "with few files");
}
