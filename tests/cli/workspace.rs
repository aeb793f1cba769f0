//! `baton workspace`: where an issue is worked on.

use std::fs;

use serde_json::Value;

use crate::env::{TestEnv, is_alive, texts};

fn record(env: &TestEnv, issue: &str) -> Value {
    env.baton(["workspace", "show", issue, "--json"]).json()
}

#[test]
fn ensure_prints_the_path_alone_and_twice_writes_nothing() {
    let env = TestEnv::with_git();
    env.workflow("workspace:\n  mode: worktree\nhooks:\n  after_create: echo made >> $TEST_ROOT/said/made\n");
    env.issue("A", "");
    let ensured = env.baton("workspace ensure A").ok();
    assert_eq!(ensured.stdout, format!("{}\n", env.workspace("A").display()));
    let again = env.writing_nothing(|| env.baton("workspace ensure A --json").json());
    assert_eq!((&again["created"], &again["health"]), (&false.into(), &"clean".into()));
    assert_eq!((&again["mode"], &again["branch"]), (&"worktree".into(), &"baton/A".into()));
    assert_eq!(again["base_commit"], env.bash("git rev-parse HEAD").ok().stdout.trim());
    assert_eq!(env.said_lines("made"), ["made"]);
    assert_eq!(env.bash("git worktree list | wc -l").ok().stdout.trim(), "2");
}

#[test]
fn a_shell_goes_there_and_a_dot_means_its_issue() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    let script = "ws=$(baton workspace ensure A) && cd \"$ws\" && git branch --show-current && \
                  mkdir deep && cd deep && baton workspace path . && baton status . --json | jq -r .data.identifier";
    let done = env.bash(script).ok();
    assert_eq!(done.stdout, format!("baton/A\n{}\nA\n", env.workspace("A").display()));
    insta::assert_snapshot!(env.baton("status ."), @"
    ------- stderr -------
    error: <root>/p is in no issue's workspace
    hint: `baton status` lists the issues that are known
    [exit status: 4]
    ");
    insta::assert_snapshot!(env.baton("workspace path B"), @"
    ------- stderr -------
    error: no issue `B`
    hint: `baton status` lists the issues that are known
    [exit status: 4]
    ");
}

#[test]
fn a_directory_is_the_default_and_holds_what_after_create_puts_there() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  after_create: echo \"$BATON_ISSUE in $PWD\" > note\n");
    env.issue("A", "");
    let ensured = env.baton("workspace ensure A --json").json();
    assert_eq!((&ensured["created"], &ensured["mode"]), (&true.into(), &"directory".into()));
    let note = fs::read_to_string(env.workspace("A").join("note")).expect("a note");
    assert_eq!(note, format!("A in {}\n", env.workspace("A").display()));
}

#[test]
fn a_worktree_that_somebody_removed_is_made_anew() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    env.baton("workspace ensure A").ok();
    env.bash("cd .baton/workspaces/A && echo two > file && git commit -qam two").ok();
    fs::remove_dir_all(env.workspace("A")).expect("removed");
    let again = env.baton("workspace ensure A --json").json();
    assert_eq!(again["health"], "clean");
    assert_eq!(fs::read_to_string(env.workspace("A").join("file")).expect("a file"), "two\n", "the branch is kept");
}

#[test]
fn a_detached_head_is_a_base_like_any_other() {
    let env = TestEnv::with_git();
    env.bash("git commit -q --allow-empty -m second && git checkout -q --detach HEAD~1").ok();
    env.issue("A", "");
    let ensured = env.baton("workspace ensure A --json").json();
    assert_eq!(ensured["base_commit"], env.bash("git rev-parse main~1").ok().stdout.trim());
    assert_eq!(ensured["branch"], "baton/A");
}

#[test]
fn without_a_first_commit_there_is_nothing_to_branch_from() {
    let env = TestEnv::new();
    env.workflow("workspace:\n  mode: worktree\n");
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("workspace ensure A"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: <root>/p is not in a git repository
    hint: `git init` here, or set `workspace.mode: directory`
    [exit status: 12]
    ");
    env.bash("git init -q -b main").ok();
    insta::assert_snapshot!(env.baton("workspace ensure A"), @"
    ------- stderr -------
    error: the git repository at <root>/p has no commit yet: make a first commit
    hint: `git commit --allow-empty -m 'first commit'`
    hint: where HEAD names a branch that is not there, `workspace.base` names another
    [exit status: 12]
    ");
    assert_eq!(env.baton("workspace ensure A --json").exits(12).error()["code"], "unborn_head");
    env.bash("git commit -q --allow-empty -m first").ok();
    env.baton("workspace ensure A").ok();
}

#[test]
fn an_after_create_that_fails_counts_as_not_made_and_is_tried_again() {
    let env = TestEnv::with_git();
    env.workflow(
        "workspace:\n  mode: worktree\nhooks:\n  after_create: |\n    echo try >> $TEST_ROOT/said/tries\n    \
         echo half > half\n    test -e $TEST_ROOT/go/create || { echo no network >&2; exit 3; }\n",
    );
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("workspace ensure A"), @r#"
    ------- stderr -------
    made the store <root>/p/.baton
    warning: hook failed hook="after_create" issue_id="A" issue_identifier="A" duration_ms=<duration> exit_code=3 timed_out=false
    error: hook after_create failed with exit status 3 in <root>/p/.baton/workspaces/A
    hint: the hook's last words: no network
    [exit status: 12]
    "#);
    assert_ne!(record(&env, "A")["state"], "ready");
    env.go_on("create");
    assert_eq!(env.baton("workspace ensure A --json").json()["created"], true);
    assert_eq!(env.said_lines("tries"), ["try", "try"]);
    env.writing_nothing(|| env.baton("workspace ensure A").ok());
    let record = record(&env, "A");
    assert_eq!((&record["state"], &record["failure"]), (&"ready".into(), &Value::Null));
}

#[test]
fn hooks_run_in_order_and_leave_receipts() {
    let env = TestEnv::new();
    env.agent("echo agent >> $TEST_ROOT/said/order; finish");
    let hook = |name: &str| format!("  {name}: echo {name} >> $TEST_ROOT/said/order; echo says {name}\n");
    let hooks: String = ["after_create", "before_run", "after_run", "before_remove"].map(hook).concat();
    env.workflow(&format!("hooks:\n{hooks}"));
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    env.baton("reconcile").ok();
    assert_eq!(env.said_lines("order"), ["after_create", "before_run", "agent", "after_run", "before_remove"]);
    let log = env.baton("worker logs A --supervisor").ok().stdout;
    for (name, word) in
        ["after_create", "before_run", "after_run"].iter().flat_map(|name| [(name, "started"), (name, "succeeded")])
    {
        let line = format!("hook {word} hook=\"{name}\" issue_id=\"A\" issue_identifier=\"A\"");
        assert!(log.contains(&line), "{line} in {log}");
    }
    let run = env.run("A.1");
    assert_eq!(texts(&run["hooks"], "hook"), ["after_create", "before_run", "after_run"]);
    for receipt in run["hooks"].as_array().expect("receipts") {
        assert_eq!(
            (&receipt["ok"], &receipt["exit_code"], &receipt["timed_out"]),
            (&true.into(), &0.into(), &false.into())
        );
        assert_eq!(
            receipt["output"].as_str().expect("text").trim(),
            format!("says {}", receipt["hook"].as_str().expect("a name"))
        );
    }
}

#[test]
fn a_hook_that_hangs_is_ended_with_everything_that_it_started() {
    let env = TestEnv::new();
    env.workflow(
        "hooks:\n  timeout_ms: 300\n  before_run: |\n    echo begins\n    (echo $BASHPID > $TEST_ROOT/said/child; \
         trap '' TERM; sleep 1000) &\n    sleep 1000\n",
    );
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("worker launch A"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: run A.1 could not be launched (before_run_failed): before_run timed out after <duration>: begins
    hint: `baton worker show A.1` tells more; its retry is scheduled
    [exit status: 20]
    ");
    let receipt = &env.run("A.1")["hooks"][0];
    assert_eq!(
        (&receipt["hook"], &receipt["timed_out"], &receipt["ok"]),
        (&"before_run".into(), &true.into(), &false.into())
    );
    let child = env.said_lines("child")[0].parse().expect("a pid");
    assert!(!is_alive(child), "the hook's child is still there");
    assert_eq!(env.processes(), []);
}

#[test]
fn a_child_that_a_hook_leaves_behind_holds_nothing_up() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  timeout_ms: 60000\n  after_create: |\n    sleep 1000 &\n    echo ready\n");
    env.issue("A", "");
    // The child holds the hook's stdout: had anybody waited for its end, the test's own deadline would have passed.
    env.baton("workspace ensure A").ok();
    let receipt = &record(&env, "A");
    assert_eq!(receipt["state"], "ready");
}

#[test]
fn secrets_are_not_in_a_hook_s_environment() {
    let env = TestEnv::new();
    env.agent("env > $TEST_ROOT/said/agent; finish");
    env.workflow(
        "tracker:\n  kind: local\n  api_key: $TRACKER_TOKEN\nenv:\n  deny: [PRIVATE]\n\
         hooks:\n  before_run: env > $TEST_ROOT/said/hook; echo \"token ${TRACKER_TOKEN-none}\"\n",
    );
    env.issue("A", "");
    let launch = env.command("worker launch A --wait").env("TRACKER_TOKEN", "s3cret-token").env("PRIVATE", "mine");
    launch.env("PLAIN", "yes").run().ok();
    for who in ["hook", "agent"] {
        let lines = env.said_lines(who);
        assert!(!lines.iter().any(|line| line.contains("s3cret-token") || line.starts_with("PRIVATE=")), "{lines:#?}");
        for expected in ["PLAIN=yes", "BATON_ISSUE=A", "BATON_RUN=A.1"] {
            assert!(lines.iter().any(|line| line == expected), "{who} lacks {expected}: {lines:#?}");
        }
    }
}

#[test]
fn two_at_once_make_one_workspace() {
    let env = TestEnv::with_git();
    env.workflow("workspace:\n  mode: worktree\nhooks:\n  after_create: echo made >> $TEST_ROOT/said/made\n");
    env.issue("A", "");
    let both = [env.start("workspace ensure A"), env.start("workspace ensure A")];
    for ensured in both {
        assert_eq!(ensured.wait().ok().stdout, format!("{}\n", env.workspace("A").display()));
    }
    assert_eq!(env.said_lines("made"), ["made"]);
}

#[test]
fn one_that_a_worker_is_in_is_not_touched() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let refused = env.baton("workspace ensure A --lock-timeout 100ms --json").exits(6);
    assert_eq!(refused.error()["code"], "lease_conflict");
}

#[test]
fn names_that_are_no_file_names_get_workspaces_of_their_own() {
    let env = TestEnv::new();
    let names = ["a/b", "a b", "../up", "Ünï", "x.lock", &"long".repeat(60)];
    for (number, name) in names.iter().enumerate() {
        env.put_issue(&number.to_string(), &format!("---\nid: {name:?}\ntitle: T\nstate: Todo\n---\n"));
    }
    let mut paths: Vec<_> = names.map(|name| env.baton(["workspace", "ensure", name]).ok().line()).to_vec();
    let root = env.store("workspaces").canonicalize().expect("a path");
    for path in &paths {
        let path = fs::canonicalize(path).expect("a workspace");
        assert_eq!(path.parent(), Some(root.as_path()), "{}", path.display());
    }
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), names.len());
}

#[test]
fn list_and_show_tell_what_is_recorded() {
    let env = TestEnv::with_git();
    assert_eq!(env.baton("workspace list").ok().stdout, "");
    env.issue("A", "");
    env.baton("workspace ensure A").ok();
    insta::assert_snapshot!(env.baton("workspace list"), @"
    ISSUE  STATE  HEALTH  AGE  BRANCH   PATH
    A      ready  clean   <age>   baton/A  <root>/p/.baton/workspaces/A
    [exit status: 0]
    ");
    insta::assert_snapshot!(env.baton("workspace show A"), @"
    A (idle)
            path  <root>/p/.baton/workspaces/A
            mode  worktree
           state  ready
          health  clean
            size  <size>
             age  <age>
          branch  baton/A
            base  <commit>
    [exit status: 0]
    ");
}
