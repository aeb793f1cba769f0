//! `baton reconcile`: workers and workspaces that the tracker no longer wants.

use std::fs;

use serde_json::json;

use crate::env::{TestEnv, codes, is_alive, patiently, texts, wait_until};

/// Starts an agent on A that holds.
fn running() -> (TestEnv, u32) {
    let env = TestEnv::with_git();
    env.workflow("workspace:\n  mode: worktree\nhooks:\n  after_run: echo after >> $TEST_ROOT/said/after\n");
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    (env, agent)
}

#[test]
fn an_issue_that_became_terminal_ends_its_worker_and_its_workspace() {
    let (env, agent) = running();
    env.set_state("A", "Cancelled");
    insta::assert_snapshot!(env.baton("reconcile"), @"
    A: stopped run A.1
    A: workspace removed: <root>/p/.baton/workspaces/A
    [exit status: 0]
    ");
    assert!(!is_alive(agent));
    assert_eq!(env.said_lines("after"), ["after"]);
    let run = env.run("A.1");
    assert_eq!((&run["outcome"], &run["code"]), (&"canceled".into(), &"issue_terminal".into()));
    assert_eq!(env.status_word("A"), "done");
    assert!(!env.workspace("A").exists());
    assert_eq!(env.bash("git worktree list | wc -l; git branch --list baton/A").ok().stdout, "1\n  baton/A\n");
    env.writing_nothing(|| assert_eq!(env.baton("reconcile").ok().stdout, ""));
}

#[test]
fn an_issue_in_review_ends_its_worker_and_keeps_its_workspace() {
    let (env, agent) = running();
    env.set_state("A", "Review");
    let report = env.baton("reconcile --json").json();
    assert_eq!(report["stopped"], json!([{ "identifier": "A", "run": "A.1", "reason": "issue_inactive" }]));
    assert_eq!(report["cleaned"], json!([]));
    assert!(!is_alive(agent) && env.workspace("A").exists());
    assert_eq!(env.status_word("A"), "released");
    env.writing_nothing(|| env.baton("reconcile").ok());
    env.set_state("A", "Todo");
    env.agent("finish");
    env.baton("dispatch --wait").ok();
    assert_eq!(env.status_word("A"), "done");
}

#[test]
fn an_issue_that_went_away_ends_its_worker_and_keeps_its_workspace() {
    let (env, agent) = running();
    fs::remove_file(env.path("p/issues/A.md")).expect("removed");
    let report = env.baton("reconcile --json").json();
    assert_eq!(report["stopped"][0]["reason"], "issue_invisible");
    assert!(!is_alive(agent) && env.workspace("A").exists());
    assert_eq!(env.status_word("A"), "released");
}

#[test]
fn an_issue_that_lost_its_label_ends_its_worker() {
    let env = TestEnv::new();
    env.workflow("tracker:\n  kind: local\n  required_labels: [agent]\n");
    env.agent("hold");
    env.issue("A", "labels: [agent]");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    env.baton("issue edit A --remove-label agent").ok();
    assert_eq!(env.baton("reconcile --json").json()["stopped"][0]["reason"], "issue_unroutable");
    assert_eq!(env.status_word("A"), "released");
}

#[test]
fn a_blocker_gates_launches_and_never_a_live_worker() {
    let (env, agent) = running();
    env.issue("B", "");
    env.baton("issue edit A --add-blocked-by B").ok();
    assert_eq!(env.baton("reconcile --json").json()["stopped"], json!([]));
    assert!(is_alive(agent));
}

#[test]
fn a_tracker_that_does_not_answer_ends_nobody() {
    let (env, agent) = running();
    fs::rename(env.path("p/issues"), env.path("p/away")).expect("renamed");
    insta::assert_snapshot!(env.baton("reconcile"), @"
    ------- stderr -------
    error: cannot read the issue directory <root>/p/issues
    caused by: No such file or directory (os error 2)
    hint: `baton init` makes the directory of issues; `tracker.provider.path` names another
    hint: the workers go on
    [exit status: 11]
    ");
    let unknown = env.baton("reconcile --json").exits(11).any_json();
    assert_eq!((&unknown["unknown"], &unknown["stopped"]), (&json!(["A"]), &json!([])));
    assert!(is_alive(agent));
    fs::rename(env.path("p/away"), env.path("p/issues")).expect("renamed");
    assert_eq!(env.baton("reconcile --json").json()["stopped"], json!([]));
}

#[test]
fn what_exists_nowhere_else_is_archived() {
    let env = TestEnv::with_git();
    env.agent("echo committed > committed; git add -A; git commit -qm work; echo two > file; echo new > new; finish");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    let report = env.baton("reconcile --json").json();
    assert_eq!(report["cleaned"][0]["disposition"], "archived");
    let kept = env.baton("workspace show A --json").json();
    let archived = std::path::PathBuf::from(kept["archived_path"].as_str().expect("a path"));
    assert_eq!(fs::read_to_string(archived.join("new")).expect("kept"), "new\n");
    assert!(!env.workspace("A").exists());
    let status = env.baton("status A").ok().stdout;
    assert!(status.contains(&format!("  workspace archived at {}\n", archived.display())), "{status}");
    let patch = walkdir::WalkDir::new(env.store("")).into_iter().flatten();
    let patch = patch.into_iter().find(|entry| entry.file_name().to_string_lossy().ends_with("changes.patch"));
    let patch = patch.expect("a patch").into_path();
    env.bash(&format!("git checkout -q baton/A && git apply {} && cat file new committed", patch.display())).ok();
    assert_eq!(env.bash("cat file new committed").ok().stdout, "two\nnew\ncommitted\n");
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let (env, agent) = running();
    env.baton("reconcile --dry-run --exit-code").exits(0);
    env.set_state("A", "Done");
    let plan = env.writing_nothing(|| env.baton("reconcile --dry-run --exit-code --json").exits(3).any_json());
    assert_eq!(texts(&plan["stopped"], "identifier"), ["A"]);
    assert!(is_alive(agent));
    let done = env.baton("reconcile --json").json();
    assert_eq!(done["stopped"], plan["stopped"]);
    env.baton("reconcile --dry-run --exit-code").exits(0);
}

#[test]
fn the_policy_decides_what_becomes_of_a_workspace() {
    for (policy, exists) in
        [("keep_always", true), ("archive_always", false), ("remove_when_clean_otherwise_archive", false)]
    {
        let env = TestEnv::with_git();
        env.workflow(&format!("workspace:\n  mode: worktree\n  cleanup: {policy}\n"));
        env.issue("A", "");
        env.baton("worker launch A --wait").ok();
        env.baton("reconcile").ok();
        assert_eq!(env.workspace("A").exists(), exists, "{policy}");
        env.writing_nothing(|| env.baton("reconcile").ok());
    }
}

#[test]
fn an_agent_that_ended_its_issue_may_say_its_last_words() {
    let env = TestEnv::new();
    env.agent("finish; hold; echo bye > $TEST_ROOT/said/bye");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let reconcile = env.start("reconcile --json");
    let is_asked = || env.baton("events --issue A").ok().stdout.contains("run.stop_requested");
    wait_until("it is asked to stop", is_asked);
    env.go_on("A");
    assert_eq!(reconcile.wait().json()["stopped"], json!([]));
    assert_eq!((env.outcome("A.1"), env.said_lines("bye")), ("succeeded".to_owned(), vec!["bye".to_owned()]));
    assert_eq!(env.status_word("A"), "done");
}

#[test]
fn what_the_tracker_says_of_a_live_issue_is_taken_up_and_counts() {
    let (env, agent) = running();
    env.workflow("workspace:\n  mode: worktree\nagent:\n  max_concurrent_agents_by_state:\n    In Progress: 1\n");
    env.issue("B", "state: In Progress");
    env.baton(["issue", "edit", "A", "--state", "In Progress", "--title", "Another"]).ok();
    env.baton("reconcile").ok();
    let status = env.status("A");
    assert_eq!((&status["state"], &status["title"]), (&"In Progress".into(), &"Another".into()));
    assert!(env.baton("events --issue A").ok().stdout.contains("issue.changed"));
    // It takes the slot of the state that it is in now.
    assert_eq!(env.baton("dispatch").ok().stdout, "");
    assert_eq!(codes(&env.status("B")["why"]), ["state_slots"]);
    assert!(is_alive(agent));
}

#[test]
fn a_worker_that_is_silent_for_too_long_is_ended_and_its_issue_tried_again() {
    let env = TestEnv::new();
    env.workflow(&format!("command:\n  run: bash \"$TEST_ROOT/agent.sh\"\n  stall_timeout_ms: {STALL_MS}\n"));
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    assert_eq!(env.baton("reconcile --json").json()["stopped"], json!([]));
    silent_since_the_boot(&env, "A.1");
    let stopped = env.baton("reconcile --json").json()["stopped"].take();
    assert_eq!(stopped, json!([{ "identifier": "A", "run": "A.1", "reason": "stalled" }]));
    assert!(!is_alive(agent));
    assert_eq!((env.outcome("A.1"), env.status_word("A")), ("stalled".to_owned(), "retrying".to_owned()));

    // Where the timeout is not positive, nobody stalls.
    env.workflow("");
    env.baton("worker launch A --now").ok();
    wait_until("the agent holds again", || env.turns().len() == 2);
    silent_since_the_boot(&env, "A.2");
    assert_eq!(env.baton("reconcile --json").json()["stopped"], json!([]));
}

/// Longer than a test waits for anything, shorter than any machine is up that has built the tests.
const STALL_MS: u64 = 100_000;

/// Makes the sign of life that a run's supervisor notes an old one.
fn silent_since_the_boot(env: &TestEnv, run: &str) {
    let path = env.store(format!("runs/{run}/activity"));
    let text = patiently("a sign of life", || fs::read_to_string(&path).ok().filter(|text| text.ends_with('}')));
    let mut activity: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    activity["monotonic_ms"] = 0.into();
    fs::write(&path, activity.to_string()).expect("written");
}

#[test]
fn a_retry_goes_by_what_the_tracker_says_when_it_is_due() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  before_run: touch here\n");
    env.agent("exit 1");
    for id in ["DONE", "GONE", "REVIEW", "TODO"] {
        env.issue(id, "");
    }
    env.baton("dispatch --wait").exits(20);
    let words = || ["DONE", "GONE", "REVIEW", "TODO"].map(|id| env.status_word(id));
    assert_eq!(words(), ["retrying"; 4]);
    env.set_state("DONE", "Done");
    fs::remove_file(env.path("p/issues/GONE.md")).expect("removed");
    env.set_state("REVIEW", "Review");
    env.agent("finish");
    env.command("run --once").later(3_600_000).run().ok();
    env.wait_for_status("TODO", "done");
    assert_eq!(words(), ["done", "released", "released", "done"]);
    assert_eq!(env.runs_begun(), ["DONE.1", "GONE.1", "REVIEW.1", "TODO.1", "TODO.2"]);
    let left = ["DONE", "GONE", "REVIEW"].map(|id| env.workspace(id).exists());
    assert_eq!(left, [false, true, true], "only what is terminal is cleaned");
}
