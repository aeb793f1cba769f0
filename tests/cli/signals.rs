//! Signals, sessions and what outlives what.

use std::fs;

use rustix::process::Signal;

use crate::env::{TestEnv, is_alive, kill, wait_until};

fn supervisor(env: &TestEnv, run: &str) -> u32 {
    env.run(run)["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("a pid")
}

#[test]
fn a_signal_ends_the_waiting_and_not_the_worker() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    let waiting = env.start("worker launch A --wait");
    let agent = env.agent_holds("A");
    wait_until("the run is in its turn", || env.run("A.1")["phase"] == "streaming_turn");
    let waiter = env.start("worker wait A.1");
    for (one, signal, code) in [(waiting, Signal::INT, 130), (waiter, Signal::TERM, 143)] {
        one.signal(signal);
        one.wait().exits(code);
    }
    assert!(is_alive(agent));
    env.go_on("A");
    assert_eq!(env.outcome("A.1"), "succeeded");
}

#[test]
fn a_worker_outlives_the_session_that_launched_it() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    // A terminal that is closed: its session's leader ends, and everybody in its process group gets SIGHUP.
    env.bash("setsid --wait bash -c 'baton worker launch A -q; trap \"\" HUP; kill -HUP 0'").ok();
    let agent = env.agent_holds("A");
    assert!(is_alive(agent) && is_alive(supervisor(&env, "A.1")));
    env.go_on("A");
    assert_eq!(env.outcome("A.1"), "succeeded");
}

#[test]
fn a_second_signal_in_the_foreground_leaves_everything_to_recover() {
    let env = TestEnv::new();
    env.workflow(
        "hooks:\n  timeout_ms: 50000\n  after_run: |\n    echo after >> $TEST_ROOT/said/after\n    \
         until [ -e $TEST_ROOT/go/after ]; do sleep 0.02; done\n",
    );
    env.agent("hold");
    env.issue("A", "");
    let foreground = env.start("worker launch A --foreground");
    let agent = env.agent_holds("A");
    foreground.signal(Signal::TERM);
    wait_until("after_run hangs", || env.said("after").exists());
    foreground.signal(Signal::TERM);
    foreground.wait().exits(143);
    env.go_on("after");
    assert_eq!(env.baton("recover --json").json()["changed"], 1);
    assert!(!is_alive(agent));
    assert_eq!(env.outcome("A.1"), "interrupted");
    assert_eq!(env.processes(), []);
}

#[test]
fn a_supervisor_that_is_told_to_end_ends_in_order() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  after_run: echo after >> $TEST_ROOT/said/after\n");
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    let pid = supervisor(&env, "A.1");
    env.bash(&format!("kill -TERM {pid}")).ok();
    assert_eq!(env.outcome("A.1"), "interrupted");
    assert!(!is_alive(agent));
    assert_eq!((env.status_word("A"), env.said_lines("after")), ("retrying".to_owned(), vec!["after".to_owned()]));
}

#[test]
fn an_agent_that_ignores_sigterm_is_killed() {
    let env = TestEnv::new();
    env.agent("trap '' TERM; hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    env.baton("worker stop A").ok();
    assert!(!is_alive(agent));
    assert_eq!((env.outcome("A.1").as_str(), env.processes()), ("canceled", Vec::new()));
}

#[test]
fn a_worker_that_does_not_answer_is_killed() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  after_run: echo after >> $TEST_ROOT/said/after\n");
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    let pid = supervisor(&env, "A.1");
    env.bash(&format!("kill -STOP {pid}")).ok();
    env.baton("worker stop A --timeout 200ms").ok();
    assert!(!is_alive(pid) && !is_alive(agent));
    assert_eq!((env.outcome("A.1").as_str(), env.said_lines("after")), ("canceled", vec!["after".to_owned()]));
}

#[test]
fn a_worker_whose_run_folder_is_gone_ends_its_agent() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    fs::remove_dir_all(env.store("runs/A.1")).expect("removed");
    wait_until("the agent is ended", || !is_alive(agent));
    wait_until("nothing is left", || env.processes().is_empty());
}

#[test]
fn an_agent_that_is_killed_is_a_failure_and_not_an_interruption() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    kill(env.agent_holds("A"));
    assert_eq!(env.outcome("A.1"), "failed");
    let error = env.status("A")["last_error"].as_str().expect("an error").to_owned();
    assert!(error.contains("signal 9"), "{error}");
}

#[test]
fn a_silent_agent_is_stalled() {
    let env = TestEnv::new();
    env.workflow("command:\n  run: bash \"$TEST_ROOT/agent.sh\"\n  stall_timeout_ms: 300\n");
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(21);
    assert_eq!(env.outcome("A.1"), "stalled");
    assert_eq!(env.processes(), []);
}
