//! Hooks that misbehave: the hook is named, its tree is ended, and its run or workspace alone suffers.
//!
//! | case | test |
//! |---|---|
//! | `after_create` fails | `workspace::an_after_create_that_fails_counts_as_not_made_and_is_tried_again` |
//! | `before_run` hangs, its child ignores SIGTERM | `workspace::a_hook_that_hangs_is_ended_with_everything_that_it_started` |
//! | a child in the background holds the hook's output | `workspace::a_child_that_a_hook_leaves_behind_holds_nothing_up` |
//! | one issue's hook fails, another's does not | `dispatch::one_issue_s_failure_is_its_own` |

use serde_json::Value;

use crate::env::TestEnv;

/// The receipt of a run's hook.
fn receipt(env: &TestEnv, run: &str, hook: &str) -> Value {
    let run = env.run(run);
    let hooks = run["hooks"].as_array().expect("receipts");
    hooks.iter().find(|receipt| receipt["hook"] == hook).unwrap_or_else(|| panic!("no {hook}: {run}")).clone()
}

fn with_hook(script: &str) -> TestEnv {
    let env = TestEnv::new();
    env.workflow(&format!("hooks:\n  timeout_ms: 500\n{script}"));
    env.issue("A", "");
    env
}

#[test]
fn one_that_fails_fails_its_run_and_says_its_last_words() {
    let env = with_hook("  before_run: |\n    echo first\n    echo no network >&2\n    exit 3\n");
    insta::assert_snapshot!(env.baton("worker launch A --wait"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: run A.1 could not be launched (before_run_failed): before_run exited with status 3: no network
    hint: `baton worker show A.1` tells more; its retry is scheduled
    [exit status: 20]
    ");
    assert!(env.turns().is_empty());
    assert_eq!(env.status_word("A"), "retrying");
    let receipt = receipt(&env, "A.1", "before_run");
    assert_eq!((&receipt["exit_code"], &receipt["ok"]), (&3.into(), &false.into()));
}

#[test]
fn one_that_is_not_there_or_is_killed_says_so() {
    let env = with_hook("  before_run: no-such-program --please\n");
    insta::assert_snapshot!(env.baton("worker launch A --wait"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: run A.1 could not be launched (before_run_failed): before_run exited with status 127: bash: line 2: no-such-program: command not found
    hint: `baton worker show A.1` tells more; its retry is scheduled
    [exit status: 20]
    ");
    env.workflow("hooks:\n  before_run: kill -KILL $$\n");
    insta::assert_snapshot!(env.baton("worker launch A --now --wait"), @"
    ------- stderr -------
    error: run A.2 could not be launched (before_run_failed): before_run was ended by a signal
    hint: `baton worker show A.2` tells more; its retry is scheduled
    [exit status: 20]
    ");
}

#[test]
fn one_that_floods_its_output_without_end_is_ended_and_its_receipt_stays_small() {
    let env = with_hook("  before_run: yes flood\n");
    let launched = env.baton("worker launch A --wait --json").exits(20);
    assert_eq!(launched.error()["code"], "launch_failed");
    let receipt = receipt(&env, "A.1", "before_run");
    assert_eq!((&receipt["timed_out"], &receipt["ok"]), (&true.into(), &false.into()));
    let output = receipt["output"].as_str().expect("text");
    assert!(output.contains("flood") && output.len() <= 64 * 1024, "{} bytes", output.len());
    assert_eq!(env.processes(), []);
}

#[test]
fn one_that_writes_much_and_no_text_is_heard_to_its_end() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  before_run: head -c 20000000 /dev/zero; printf '\\xff\\033[31mend'\n");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    let receipt = receipt(&env, "A.1", "before_run");
    assert!(receipt["output"].as_str().expect("text").ends_with("end"));
    let manifest = std::fs::metadata(env.store("runs/A.1/run.json")).expect("a manifest").len();
    assert!(manifest < 256 * 1024, "{manifest} bytes");
}

#[test]
fn one_that_ignores_sigterm_is_killed() {
    let env = with_hook("  before_run: |\n    trap '' TERM INT HUP\n    while :; do sleep 0.05; done\n");
    env.baton("worker launch A").exits(20);
    assert_eq!(receipt(&env, "A.1", "before_run")["timed_out"], true);
    assert_eq!(env.processes(), []);
}

#[test]
fn one_that_reads_stdin_finds_it_empty() {
    let env = with_hook("  before_run: |\n    cat > $TEST_ROOT/said/heard\n    read -r line || echo nothing\n");
    env.command("worker launch A --wait").stdin("what the caller's stdin holds\n").run().ok();
    assert_eq!(receipt(&env, "A.1", "before_run")["output"].as_str().map(str::trim), Some("nothing"));
    assert_eq!(std::fs::read(env.said("heard")).expect("a file"), b"");
}

#[test]
fn what_one_leaves_in_a_session_of_its_own_ends_with_the_run() {
    let env = with_hook(
        "  before_run: |\n    setsid sleep 1000 < /dev/null > /dev/null 2>&1 &\n    (setsid setsid sleep 1000 &)\n",
    );
    env.baton("worker launch A --wait").ok();
    assert_eq!(env.processes(), []);
}

#[test]
fn after_run_that_fails_or_hangs_changes_no_outcome() {
    for (script, exit_code, timed_out) in [("exit 3", Value::from(3), false), ("sleep 1000", Value::Null, true)] {
        let env = with_hook(&format!("  after_run: {script}\n"));
        env.baton("worker launch A --wait").ok();
        assert_eq!(env.run("A.1")["outcome"], "succeeded");
        let receipt = receipt(&env, "A.1", "after_run");
        assert_eq!((&receipt["ok"], &receipt["timed_out"]), (&false.into(), &timed_out.into()), "{receipt}");
        if !timed_out {
            assert_eq!(receipt["exit_code"], exit_code);
        }
        assert_eq!(env.processes(), []);
    }
}

#[test]
fn before_remove_that_fails_keeps_no_workspace() {
    let env = with_hook("  before_remove: |\n    echo still mounted >&2\n    exit 4\n");
    env.baton("worker launch A --wait").ok();
    insta::assert_snapshot!(env.baton("reconcile"), @r#"
    A: workspace removed: <root>/p/.baton/workspaces/A
    ------- stderr -------
    warning: hook failed hook="before_remove" issue_id="A" issue_identifier="A" duration_ms=<duration> exit_code=4 timed_out=false
    [exit status: 0]
    "#);
    assert!(!env.workspace("A").exists());
}
