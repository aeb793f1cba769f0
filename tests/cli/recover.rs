//! `baton recover`: what a killed worker left behind.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, is_alive, kill, texts, wait_until};

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

/// An issue whose retry is scheduled, in a workspace that is a worktree.
pub(crate) fn waiting() -> TestEnv {
    let env = TestEnv::with_git();
    env.agent("echo work > made; exit 1");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    env
}

pub(crate) fn only_action(report: &Value) -> (String, String) {
    let actions = report["actions"].as_array().expect("actions");
    assert_eq!(actions.len(), 1, "{report:#}");
    let word = |name: &str| actions[0][name].as_str().expect(name).to_owned();
    (word("found"), word("action"))
}

/// Recovers, after a dry run that says the same and writes nothing, and before a second one that does nothing.
pub(crate) fn recover_once(env: &TestEnv, exit: i32) -> Value {
    let plan = env.writing_nothing(|| env.baton("recover --dry-run --json").exits(exit).any_json());
    let report = env.baton("recover --json").exits(exit).any_json();
    let pairs = |report: &Value| -> Vec<(Value, Value, Value)> {
        let actions = report["actions"].as_array().expect("actions").iter();
        actions.map(|one| (one["identifier"].clone(), one["found"].clone(), one["action"].clone())).collect()
    };
    assert_eq!(pairs(&plan), pairs(&report));
    env.writing_nothing(|| {
        let again = env.baton("recover --json").ok().any_json();
        assert_eq!((&again["changed"], &again["actions"]), (&0.into(), &json!([])), "{again:#}");
    });
    report
}

pub(crate) fn pair(found: &str, action: &str) -> (String, String) {
    (found.to_owned(), action.to_owned())
}

#[test]
fn a_dead_worker_s_run_is_interrupted_and_its_tree_ended() {
    let (env, tree) = killed();
    assert_eq!((&env.run("A.1")["alive"], env.status_word("A")), (&false.into(), "running".to_owned()));
    let plan = env.writing_nothing(|| env.baton("recover --dry-run --json").json());
    let report = env.baton("recover --json").json();
    assert_eq!((&report["changed"], &report["live"]), (&1.into(), &json!([])));
    let action = &report["actions"][0];
    assert_eq!((&action["found"], &action["action"]), (&"live_tree".into(), &"retry_scheduled".into()));
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
    assert_eq!(env.baton("dispatch --dry-run").ok().stdout.lines().next(), Some("would launch B.1"));
    assert_eq!(texts(&env.baton("run --dry-run --json").json()["dispatch"]["launched"], "run"), ["B.1"]);
    let done = env.baton("dispatch --wait -v").ok();
    assert_eq!(done.stdout, "B.1\n");
    let settled = "run settled run=A.1 issue_id=\"A\" issue_identifier=\"A\" outcome=\"interrupted\"";
    assert!(done.stderr.contains(settled), "{done}");
}

#[test]
fn with_a_broken_workflow_it_goes_by_the_last_good_one() {
    let (env, _) = killed();
    fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: [\n---\n").expect("written");
    let done = env.baton("recover --json").ok();
    assert!(done.stderr.contains("the last good configuration"), "{done}");
    assert_eq!((&done.any_json()["changed"], env.said_lines("after")), (&1.into(), vec!["after".to_owned()]));
}

#[test]
fn a_person_decides_what_recover_may_not() {
    let env = TestEnv::new();
    env.workflow("agent:\n  max_attempts: 1\n");
    env.agent("exit 1");
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("recover A --action acknowledge"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: A is idle, not blocked: there is nothing to decide
    [exit status: 5]
    ");
    env.baton("worker launch A --wait").exits(20);
    assert_eq!(env.status_word("A"), "blocked");
    insta::assert_snapshot!(env.baton("recover A --action resume"), @"
    ------- stderr -------
    error: A has no conversation to go on with
    hint: `baton recover A --action restart` begins anew in the same workspace
    [exit status: 5]
    ");
    env.baton("status --check").exits(8);
    insta::assert_snapshot!(env.baton(["recover", "A", "--action", "acknowledge", "--note", "asked Ann"]), @"
    A: seen; it stays blocked
    [exit status: 0]
    ");
    // Nobody is alarmed again about what was seen.
    env.baton("status --check").ok();
    env.baton("status A --check").ok();
    let report = env.writing_nothing(|| {
        env.baton(["recover", "A", "--action", "acknowledge", "--note", "asked Ann", "--json"]).ok().any_json()
    });
    assert_eq!(
        (&report["changed"], &report["operator_required"][0]["acknowledged"]["note"]),
        (&0.into(), &"asked Ann".into())
    );
    env.writing_nothing(|| env.baton("recover A --action restart --dry-run").ok());
    insta::assert_snapshot!(env.baton("recover A --action restart"), @"
    A: back in the queue; it begins anew
    [exit status: 0]
    ");
    assert_eq!((env.status_word("A"), &env.status("A")["attempts"]["failures"]), ("idle".to_owned(), &0.into()));
    assert_eq!(env.baton("recover --json").ok().any_json()["operator_required"], json!([]));
}

#[test]
fn the_inventory_says_which_run_was_in_flight() {
    let (env, _) = killed();
    let report = env.baton("recover --json").ok().any_json();
    let row = &report["workspaces"][0];
    assert_eq!((&row["identifier"], &row["state_category"]), (&"A".into(), &"active".into()));
    assert_eq!(row["had_in_flight_run"], true);
    let list = env.baton("workspace list --json").ok().any_json();
    assert_eq!(list["workspaces"][0]["had_in_flight_run"], false, "it was settled");
}

#[test]
fn run_begins_with_it() {
    let env = waiting();
    fs::remove_dir_all(env.workspace("A")).expect("removed");
    env.baton("run --once").ok();
    assert!(env.workspace("A").join("file").exists(), "its retry is not due, and yet its workspace is there");
    assert_eq!(env.status_word("A"), "retrying");
}

#[test]
fn a_class_that_block_on_names_waits_for_a_person() {
    let env = TestEnv::new();
    env.workflow("recovery:\n  block_on: [operator_gated]\n");
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let supervisor = pid(&env.run("A.1")["pid"]);
    kill(supervisor);
    wait_until("the supervisor is gone", || !is_alive(supervisor));
    let report = recover_once(&env, 8);
    assert_eq!(only_action(&report), pair("live_tree", "blocked"));
    // What a program does in a turn that says nothing of it, nobody knows.
    let evidence = &report["actions"][0]["evidence"];
    assert_eq!(evidence["checkpoint"]["replay_safety"], "operator_gated");
    assert_eq!(
        (&evidence["checkpoint"]["stage"], &evidence["checkpoint"]["turn"]),
        (&"streaming_turn".into(), &1.into())
    );
    assert_eq!(evidence["resume_disposition"], "operator_intervention_required");
    let blocked = &report["operator_required"][0];
    assert_eq!((&blocked["identifier"], &blocked["reasons"][0]["code"]), (&"A".into(), &"operator_gated".into()));
    assert_eq!(env.status_word("A"), "blocked");
    env.baton("recover A --action restart").ok();
    env.go_on("A");
    env.baton("dispatch --wait").ok();
    assert_eq!(env.outcome("A.2"), "succeeded");
}

#[test]
fn without_it_an_interrupted_run_goes_on_by_itself() {
    let (env, _) = killed();
    let report = recover_once(&env, 0);
    let evidence = &report["actions"][0]["evidence"];
    assert_eq!(evidence["checkpoint"]["boundary"], "streaming_turn");
    assert_eq!(evidence["resume_disposition"], "restart_from_boundary");
}

#[test]
fn a_person_s_shell_that_died_holds_nothing_any_more() {
    let env = TestEnv::new();
    env.issue("A", "");
    let person = env.start(["workspace", "shell", "A", "--", "bash", "-c", "touch $TEST_ROOT/said/in; sleep 1000"]);
    wait_until("somebody is in it", || env.said("in").exists());
    person.kill();
    assert_eq!(only_action(&recover_once(&env, 0)), pair("dead_holder", "released"));
    assert_eq!((env.status_word("A"), env.processes()), ("idle".to_owned(), vec![]));
}

/// Codex in the middle of a turn on A, and its supervisor killed.
fn killed_in_a_conversation(front_matter: &str) -> TestEnv {
    let env = TestEnv::new();
    env.fake_codex(front_matter);
    let done = json!({ "ask": ["item/tool/call",
        { "callId": "c", "namespace": null, "tool": "issue_update", "arguments": { "state": "Done" } }] });
    env.codex_turns("A", &json!([[{ "sh": "touch $TEST_ROOT/said/there" }, "wait"], [done]]));
    env.issue("A", "");
    let launched = env.baton("worker launch A --json").json();
    wait_until("the turn is under way", || env.said("there").exists());
    let supervisor = pid(&launched["pid"]);
    kill(supervisor);
    // Codex ends by itself when nobody is at the other end of its standard input.
    wait_until("nothing of it is left", || env.processes().is_empty());
    env
}

#[test]
fn a_conversation_that_was_interrupted_goes_on() {
    let env = killed_in_a_conversation("");
    assert_eq!(only_action(&recover_once(&env, 0)), pair("dead_worker", "resume_scheduled"));
    assert_eq!(env.status_word("A"), "retrying");
}

#[test]
fn a_person_lets_a_conversation_go_on() {
    let env = killed_in_a_conversation(
        "recovery:\n  block_on: [operator_gated, checkpoint_resumable, pure_readonly, idempotent_write]\n",
    );
    assert_eq!(only_action(&recover_once(&env, 8)), pair("dead_worker", "blocked"));
    env.writing_nothing(|| env.baton("recover A --action resume --dry-run").ok());
    env.baton("recover A --action resume").ok();
    env.baton("dispatch --wait").ok();
    assert_eq!(env.codex_heard("A", "thread/resume").len(), 1, "the same conversation");
}
