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

/// An issue whose retry is scheduled, in a workspace that is a worktree.
fn waiting() -> TestEnv {
    let env = TestEnv::with_git();
    env.agent("echo work > made; exit 1");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    env
}

fn only_action(report: &Value) -> (String, String) {
    let actions = report["actions"].as_array().expect("actions");
    assert_eq!(actions.len(), 1, "{report:#}");
    let word = |name: &str| actions[0][name].as_str().expect(name).to_owned();
    (word("found"), word("action"))
}

/// Recovers, after a dry run that says the same and writes nothing, and before a second one that does nothing.
fn recover_once(env: &TestEnv, exit: i32) -> Value {
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

fn pair(found: &str, action: &str) -> (String, String) {
    (found.to_owned(), action.to_owned())
}

#[test]
fn a_workspace_that_a_scheduled_run_misses_is_made_anew() {
    let env = waiting();
    fs::remove_dir_all(env.workspace("A")).expect("removed");
    let report = recover_once(&env, 0);
    assert_eq!(only_action(&report), pair("workspace_missing", "recreated"));
    assert!(env.workspace("A").join("file").exists());
    assert_eq!(env.status_word("A"), "retrying");
}

#[test]
fn a_workspace_that_nobody_needs_now_is_only_noted() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    env.baton("workspace ensure A").ok();
    fs::remove_dir_all(env.workspace("A")).expect("removed");
    assert_eq!(only_action(&recover_once(&env, 0)), pair("workspace_missing", "noted"));
    assert!(!env.workspace("A").exists());
    assert_eq!(env.status("A")["workspace"]["health"], "missing");
}

#[test]
fn a_workspace_that_drifted_blocks_its_issue_until_it_is_back() {
    let env = waiting();
    let away = env.path("away");
    fs::rename(env.workspace("A"), &away).expect("moved");
    env.bash("git init -q .baton/workspaces/A").ok();
    let report = recover_once(&env, 8);
    assert_eq!(only_action(&report), pair("workspace_drifted", "blocked"));
    assert_eq!(report["operator_required"][0]["available_actions"], json!(["restart", "acknowledge", "retry"]));
    let status = env.status("A");
    assert_eq!((&status["status"], &status["why"][0]["code"]), (&"blocked".into(), &"blocked".into()));
    assert!(env.workspace("A").join(".git").is_dir(), "what is there is left alone");

    // Another issue's completion changes nothing for it.
    env.agent("finish");
    env.issue("B", "");
    env.baton("worker launch B --wait").ok();
    env.baton("recover").ok();
    assert_eq!(env.status_word("A"), "blocked");

    fs::remove_dir_all(env.workspace("A")).expect("removed");
    fs::rename(&away, env.workspace("A")).expect("back");
    let report = env.baton("recover --json").ok().any_json();
    assert!(
        report["actions"].as_array().expect("actions").iter().any(|one| one["found"] == "workspace_back"),
        "{report:#}"
    );
    assert_eq!(env.status_word("A"), "idle");
}

#[test]
fn a_finished_issue_is_never_touched_but_for_its_cleaning() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    env.agent("echo precious > made; finish");
    env.baton("dispatch --wait").ok();
    env.baton("poll").ok();
    assert_eq!(env.status_word("A"), "done");
    let report = recover_once(&env, 0);
    assert_eq!(only_action(&report), pair("workspace_left", "cleaned"));
    assert_eq!(report["actions"][0]["evidence"]["disposition"], "archived");
    assert_eq!(env.status_word("A"), "done");
    let archived = env.store("workspaces/.archive/A.1/made");
    assert_eq!(fs::read_to_string(archived).expect("kept"), "precious\n");
}

#[test]
fn an_after_create_that_was_cut_short_is_done_again_for_the_next_run() {
    let env = TestEnv::with_git();
    env.workflow(
        "workspace:\n  mode: worktree\nhooks:\n  after_create: |\n    echo made >> $TEST_ROOT/said/made\n    \
         [ -e $TEST_ROOT/go/create ] || { kill -9 $PPID; sleep 1000; }\n",
    );
    env.issue("A", "");
    env.baton("worker launch A").exits(20);
    env.go_on("create");
    wait_until("the worker is dead", || env.processes().iter().all(|(_, command)| !command.contains("supervise")));
    let report = env.baton("recover --json").ok().any_json();
    let found = |one: &Value| one["found"] == "workspace_half_made" && one["action"] == "recreated";
    assert!(report["actions"].as_array().expect("actions").iter().any(found), "{report:#}");
    assert!(env.workspace("A").join("file").exists());
    let lines = env.said_lines("made").len();
    env.writing_nothing(|| env.baton("recover").ok());
    assert_eq!(env.said_lines("made").len(), lines, "a second one does nothing");
}

#[test]
fn a_cleaning_that_was_cut_short_is_finished() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    env.baton("workspace ensure A").ok();
    env.set_state("A", "Done");
    env.baton("poll").ok();
    // Killed in before_remove: nothing was decided yet, and the lease's note names a dead process.
    env.workflow("workspace:\n  mode: worktree\nhooks:\n  before_remove: touch $TEST_ROOT/said/removing; until [ -e $TEST_ROOT/go/on ]; do sleep 0.02; done\n");
    let cleaning = env.start("workspace clean A");
    wait_until("the hook runs", || env.said("removing").exists());
    cleaning.kill();
    env.go_on("on");
    wait_until("the hook is gone", || env.processes().is_empty());
    assert_eq!(only_action(&recover_once(&env, 0)), pair("workspace_left", "cleaned"));
    assert!(!env.workspace("A").exists());
    assert_eq!(env.bash("git worktree list | wc -l").ok().stdout.trim(), "1");
}

#[test]
fn a_lease_whose_holder_died_is_released_and_one_that_is_held_is_left_alone() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("workspace ensure A").ok();
    let lease = env.store("workspaces/.baton-lease/A");
    fs::write(&lease, "{\"pid\":4194000,\"command\":\"workspace ensure\"}\n").expect("edited");
    let holder = env
        .script("exec 9< .baton/workspaces/.baton-lease/A && flock 9 && touch $TEST_ROOT/said/held && exec sleep 1000")
        .start();
    wait_until("the lease is held", || env.said("held").exists());
    env.writing_nothing(|| assert_eq!(env.baton("recover --json").ok().any_json()["actions"], json!([])));
    holder.kill();
    let report = recover_once(&env, 0);
    assert_eq!(only_action(&report), pair("lease_left", "lease_released"));
    assert!(report["actions"][0]["evidence"]["holder"].as_str().expect("a holder").contains("process 4194000"));
    assert_eq!(fs::read(&lease).expect("there"), b"");
}

#[test]
fn what_belongs_to_no_issue_is_listed_and_archived_only_when_asked() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    env.baton("workspace ensure A").ok();
    env.bash("git worktree add -q -b side .baton/workspaces/stranger && echo mine > .baton/workspaces/stranger/mine")
        .ok();
    let stranger = env.workspace("stranger");
    let report = env.writing_nothing(|| env.baton("recover --json").ok().any_json());
    assert_eq!((&report["orphans"], &report["actions"]), (&json!([stranger]), &json!([])));
    let plan = env.writing_nothing(|| env.baton("recover --orphans --dry-run --json").ok().any_json());
    assert_eq!(only_action(&plan), pair("workspace_orphaned", "archived"));
    let report = env.baton("recover --orphans --json").ok().any_json();
    assert_eq!((only_action(&report), &report["changed"]), (pair("workspace_orphaned", "archived"), &1.into()));
    let kept = env.store("workspaces/.archive/stranger.1/mine");
    assert_eq!(fs::read_to_string(kept).expect("kept"), "mine\n");
    assert!(!stranger.exists() && env.workspace("A").exists());
    assert_eq!(env.bash("git worktree list | wc -l && git branch --list side | wc -l").ok().stdout, "2\n1\n");
    assert_eq!(env.baton("recover --orphans --json").ok().any_json()["changed"], 0);
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
