//! A worker that slept while its run was taken over changes nothing when it wakes up.

use std::fs;

use crate::env::{TestEnv, is_alive, wait_until};
use rustix::process::Signal;

/// A worker in the foreground, whose agent holds, put to sleep; then its run is taken over and settled. Its lifeline is a
/// new file, as after a restore of the store: nobody holds that, so that the worker counts as dead.
fn taken_over(front_matter: &str) -> (TestEnv, crate::env::Started, Vec<u32>) {
    let env = TestEnv::new();
    env.workflow(front_matter);
    env.agent("hold; echo work > made; finish");
    env.issue("A", "");
    let worker = env.start("worker launch A --foreground --json");
    let agent = env.agent_holds("A");
    wait_until("the agent's first sign is committed", || env.run("A.1")["phase"] == "streaming_turn");
    worker.signal(Signal::STOP);
    let lifeline = env.store("runs/A.1/lifeline");
    fs::remove_file(&lifeline).expect("removed");
    fs::write(&lifeline, "").expect("another one");
    let report = env.baton("recover --json").ok().any_json();
    assert_eq!(report["actions"][0]["run"], "A.1", "{report:#}");
    (env, worker, vec![agent])
}

/// Everything that counts, byte for byte: the journal, the manifests, the run's outcome, the issue, the workspace.
fn everything(env: &TestEnv) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for place in ["p/.baton/journal", "p/.baton/work", "p/.baton/claims", "p/.baton/sessions", "p/issues", "said"] {
        for entry in walkdir::WalkDir::new(env.path(place)).sort_by_file_name().into_iter().flatten() {
            if entry.file_type().is_file() {
                let name = entry.path().display().to_string();
                all.push((name, fs::read(entry.path()).expect("readable")));
            }
        }
    }
    for file in ["run.json", "outcome.json", "after_run.json"] {
        let path = env.store(format!("runs/A.1/{file}"));
        all.push((file.to_owned(), fs::read(path).unwrap_or_default()));
    }
    all.push(("made".to_owned(), fs::read(env.workspace("A").join("made")).unwrap_or_default()));
    all
}

#[test]
fn a_worker_that_wakes_up_after_a_take_over_changes_nothing_and_stops_its_agent() {
    let (env, worker, agents) = taken_over("hooks:\n  after_run: echo after >> $TEST_ROOT/said/after\n");
    assert_eq!(env.status_word("A"), "retrying");
    let before = everything(&env);
    worker.signal(Signal::CONT);
    let done = worker.wait().exits(6);
    assert_eq!(done.error()["code"], "stale_fence", "{done}");
    wait_until("its agent is gone", || agents.iter().all(|pid| !is_alive(*pid)));
    let after = everything(&env);
    let changed: Vec<&String> = after.iter().filter(|file| !before.contains(file)).map(|(name, _)| name).collect();
    assert_eq!(changed, Vec::<&String>::new());
    assert_eq!(after.len(), before.len());
    assert_eq!(env.outcome("A.1"), "interrupted");
}

#[test]
fn one_that_slept_hands_nothing_over_and_its_successor_works_on() {
    let (env, worker, _) = taken_over("tracker:\n  kind: local\n  handoff_state: Review\n");
    // The next run has the issue by the time that the old worker wakes up.
    env.agent("echo second > $TEST_ROOT/said/second; finish");
    let successor = env.start("worker launch A --now --wait --json");
    wait_until("the next run is claimed", || env.store("runs/A.2/run.json").exists());
    worker.signal(Signal::CONT);
    worker.wait().exits(6);
    successor.wait();
    assert_eq!(env.outcome("A.1"), "interrupted");
    assert_eq!(env.state("A"), "Done");
    assert_eq!(env.said_lines("second"), ["second"]);
    assert!(!env.workspace("A").join("made").exists(), "the old agent did nothing more");
}
