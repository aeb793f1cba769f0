//! `baton recover`: what a killed worker left behind.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, is_alive, kill, wait_until};

fn pid(value: &Value) -> u32 {
    value.as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("a pid")
}

/// An agent on A that holds, beside a child in a session of its own, and its supervisor killed.
fn killed() -> (TestEnv, [u32; 2]) {
    let env = TestEnv::new();
    env.workflow("hooks:\n  after_run: echo after >> $TEST_ROOT/said/after\n");
    env.agent("setsid sleep 1000 & echo $! > $TEST_ROOT/said/child; hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    let child = env.said_lines("child")[0].parse().expect("a pid");
    let supervisor = pid(&env.run("A.1")["pid"]);
    kill(supervisor);
    wait_until("the supervisor is gone", || !is_alive(supervisor));
    (env, [agent, child])
}

#[test]
fn a_dead_worker_s_run_is_interrupted_and_its_tree_ended() {
    let (env, tree) = killed();
    assert_eq!((&env.run("A.1")["alive"], env.status_word("A")), (&false.into(), "running".to_owned()));
    let plan = env.writing_nothing(|| env.baton("recover --dry-run --json").json());
    let report = env.baton("recover --json").json();
    assert_eq!((&report["changed"], &report["live"]), (&1.into(), &json!([])));
    let action = &report["actions"][0];
    assert_eq!((&action["found"], &action["action"]), (&"dead_worker".into(), &"released".into()));
    assert_eq!((&plan["actions"][0]["found"], &plan["actions"][0]["run"]), (&action["found"], &"A.1".into()));
    for pid in tree {
        assert!(!is_alive(pid), "{pid} is still there");
    }
    assert_eq!(env.processes(), []);
    assert_eq!(env.said_lines("after"), ["after"]);
    let status = env.status("A");
    assert_eq!((&status["status"], &status["retry"]["kind"]), (&"retrying".into(), &"failure".into()));
    assert_eq!(env.outcome("A.1"), "interrupted");
}

#[test]
fn a_second_recover_changes_nothing() {
    let (env, _) = killed();
    insta::assert_snapshot!(env.baton("recover"), @"
    A: run A.1 interrupted (process <pid> ended without an outcome): due again at <time>
    [exit status: 0]
    ");
    env.writing_nothing(|| {
        let again = env.baton("recover --json").json();
        assert_eq!((&again["changed"], &again["live"], &again["actions"]), (&0.into(), &json!([]), &json!([])));
    });
    assert_eq!(env.said_lines("after"), ["after"]);
}

#[test]
fn two_recoveries_at_once_do_it_once() {
    let (env, _) = killed();
    let both: Vec<_> = (0..4).map(|_| env.start("recover --json")).collect();
    let changed: u64 = both.into_iter().map(|one| one.wait().json()["changed"].as_u64().expect("a number")).sum();
    assert_eq!((changed, env.said_lines("after")), (1, vec!["after".to_owned()]));
}

#[test]
fn a_live_worker_is_left_alone() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    let report = env.writing_nothing(|| env.baton("recover --json").json());
    assert_eq!((&report["live"], &report["actions"]), (&json!(["A.1"]), &json!([])));
    assert!(is_alive(agent));
    env.go_on("A");
    assert_eq!(env.outcome("A.1"), "succeeded");
}

#[test]
fn every_step_that_launches_settles_the_dead_first() {
    let (env, tree) = killed();
    env.agent("finish");
    env.command("worker launch A --wait --now").run().ok();
    assert!(tree.iter().all(|pid| !is_alive(*pid)));
    assert_eq!(env.outcome("A.1"), "interrupted");
    assert_eq!((env.status_word("A"), env.said_lines("after").len()), ("done".to_owned(), 2));
}

#[test]
fn an_after_run_that_was_cut_short_is_run_again() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  after_run: |\n    echo after >> $TEST_ROOT/said/after\n    [ -e $TEST_ROOT/go/after ] || kill -9 $PPID\n");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let supervisor = pid(&env.run("A.1")["pid"]);
    wait_until("the supervisor is gone", || !is_alive(supervisor));
    env.go_on("after");
    env.baton("recover").ok();
    assert_eq!(env.outcome("A.1"), "interrupted");
    assert_eq!(env.said_lines("after"), ["after", "after"]);
    env.command("dispatch --wait").later(60_000).run().ok();
    assert_eq!(env.status_word("A"), "done");
}

#[test]
fn an_outcome_that_was_left_and_not_committed_is_committed() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let supervisor = pid(&env.run("A.1")["pid"]);
    // The worker leaves its outcome in the run's folder, then waits for the lock without limit, until it is killed.
    let holder = env.hold_lock();
    env.go_on("A");
    wait_until("the outcome is left", || env.store("runs/A.1/outcome.json").exists());
    kill(supervisor);
    holder.kill();
    let report = env.baton("recover --json").json();
    let action = &report["actions"][0];
    assert_eq!((&action["found"], &action["action"]), (&"outcome_not_committed".into(), &"outcome_committed".into()));
    assert_eq!((env.outcome("A.1"), env.status_word("A")), ("succeeded".to_owned(), "retrying".to_owned()));
    env.baton("poll").ok();
    assert_eq!(env.status_word("A"), "done", "the tracker is asked by the next poll");
}

#[test]
fn a_dead_claim_takes_no_slot() {
    let (env, _) = killed();
    env.workflow("agent:\n  max_concurrent_agents: 1\n");
    env.agent_of("B", "finish");
    env.issue("B", "");
    assert_eq!(env.baton("dispatch --wait").ok().stdout, "B.1\n");
}

#[test]
fn with_a_broken_workflow_it_goes_by_the_last_good_one() {
    let (env, _) = killed();
    fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: [\n---\n").expect("written");
    let done = env.baton("recover --json").ok();
    assert!(done.stderr.contains("the last good configuration"), "{done}");
    assert_eq!((&done.any_json()["changed"], env.said_lines("after")), (&1.into(), vec!["after".to_owned()]));
}
