//! `baton recover`: workspaces that a crash, or somebody, left in another state than the record says.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, wait_until};
use crate::recover::{only_action, pair, recover_once, waiting};

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
fn a_lease_that_was_left_on_a_workspace_that_is_gone_is_released_as_well() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("workspace ensure A").ok();
    env.baton("workspace clean A").ok();
    assert!(!env.workspace("A").exists());
    let lease = env.store("workspaces/.baton-lease/A");
    fs::write(&lease, "{\"pid\":4194000,\"command\":\"workspace clean\"}\n").expect("edited");
    assert_eq!(only_action(&recover_once(&env, 0)), pair("lease_left", "lease_released"));
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
fn a_shared_workspace_that_is_gone_is_never_made_and_blocks_until_it_is_back() {
    let env = TestEnv::with_git();
    let place = env.path("shared");
    fs::create_dir(&place).expect("mkdir");
    env.workflow(&format!("workspace:\n  mode: shared\n  path: {}\n", place.display()));
    env.agent("exit 1");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    fs::rename(&place, env.path("elsewhere")).expect("moved");
    let report = recover_once(&env, 8);
    assert_eq!(only_action(&report), pair("workspace_missing", "blocked"));
    assert!(report["actions"][0]["message"].as_str().expect("text").contains("the shared workspace"), "{report:#}");
    assert!(!place.exists());
    fs::rename(env.path("elsewhere"), &place).expect("back");
    let report = env.baton("recover --json").ok().any_json();
    assert_eq!(only_action(&report), pair("workspace_back", "unblocked"));
    env.agent("finish");
    env.baton("worker launch A --now --wait").ok();
}

#[test]
fn a_worktree_that_git_was_killed_at_is_made_anew() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    env.baton("poll").ok();
    // git's own checkout is killed half-way, and Baton with it.
    env.bash("git config filter.slow.smudge 'touch $TEST_ROOT/said/checkout; kill -9 $(pgrep -f \"workspace ensure A\") $PPID; sleep 1000'").ok();
    env.bash("echo '* filter=slow' > .git/info/attributes").ok();
    env.baton("workspace ensure A").exits(137);
    assert!(env.said("checkout").exists());
    env.bash("rm .git/info/attributes").ok();
    env.baton("recover").ok();
    let path = env.baton("workspace ensure A").line();
    assert!(std::path::Path::new(&path).join("file").exists());
    assert_eq!(env.bash("git worktree list | wc -l").ok().stdout.trim(), "2");
    env.writing_nothing(|| env.baton("recover").ok());
}
