//! Looking after workspaces: what `list`, `show`, `verify` and `clean` say of them and do with them.

use std::fs;

use serde_json::Value;

use crate::env::{TestEnv, texts, wait_until};

const HOUR_MS: i64 = 3_600_000;

/// A is clean, B holds a file that exists nowhere else, and both have their runs behind them: A's succeeded, B's failed.
fn two_workspaces() -> TestEnv {
    let env = TestEnv::with_git();
    env.workflow("workspace:\n  mode: worktree\nagent:\n  max_attempts: 1\n");
    env.agent_of("B", "head -c 5000 /dev/zero > extra; exit 1");
    for id in ["A", "B"] {
        env.issue(id, "");
    }
    env.baton("worker launch A --wait").ok();
    env.baton("worker launch B --wait").exits(20);
    env
}

fn workspaces(env: &TestEnv, args: &str) -> Value {
    env.baton(format!("workspace {args} --json").as_str()).json()["workspaces"].take()
}

#[test]
fn sizes_and_ages_are_numbers() {
    let env = two_workspaces();
    let listed = workspaces(&env, "list --size --health");
    assert_eq!((texts(&listed, "identifier"), texts(&listed, "health")), (vec!["A", "B"], vec!["clean", "dirty"]));
    let bytes = |row: &Value| row["size_bytes"].as_u64().expect("a number");
    assert!(bytes(&listed[1]) >= bytes(&listed[0]) + 5000, "{listed:#}");
    assert_eq!(listed[1]["size_complete"], true);
    assert!(workspaces(&env, "list")[1].get("size_bytes").is_none(), "nobody asked for it");

    let age = |later: i64| {
        let shown = env.command("workspace show B --json").later(later).run().json();
        shown["age_ms"].as_i64().expect("a number")
    };
    assert!((0..HOUR_MS).contains(&age(0)) && age(2 * HOUR_MS) >= 2 * HOUR_MS);
    assert_eq!(age(-2 * HOUR_MS), 0, "a clock that was put back makes nothing younger than new");
    env.writing_nothing(|| workspaces(&env, "list --size --health"));
}

#[test]
fn verify_tells_what_is_there_records_it_once_and_can_say_no() {
    let env = two_workspaces();
    fs::remove_dir_all(env.workspace("A")).expect("removed");
    fs::create_dir(env.store("workspaces/stray")).expect("a directory");
    let health = |report: &Value| {
        let row = |row: &Value| {
            format!("{} {}", row["identifier"].as_str().unwrap_or("-"), row["health"].as_str().expect("a word"))
        };
        report["workspaces"].as_array().expect("rows").iter().map(row).collect::<Vec<_>>()
    };
    let dry = env.writing_nothing(|| env.baton("workspace verify --all --dry-run --json").json());
    assert_eq!(health(&dry), ["A missing", "B dirty", "- orphaned"]);
    let changed = env.baton("workspace verify --all --json").json();
    assert_eq!((health(&changed), &changed["changed"]), (health(&dry), &dry["changed"]));
    let again = env.writing_nothing(|| env.baton("workspace verify --all --json").json());
    assert_eq!(again["changed"], 0);
    env.baton("workspace verify B --exit-code").exits(3);
    env.baton("workspace ensure A").ok();
    env.baton("workspace verify A --exit-code").ok();
    assert_eq!(env.baton("workspace verify C --json").exits(4).error()["code"], "not_found");
}

#[test]
fn each_policy_decides_what_becomes_of_a_workspace() {
    let env = two_workspaces();
    // Policy, what becomes of the clean one whose run succeeded, and of the other.
    let table = [
        ("keep_always", "kept", "kept"),
        ("remove_on_success", "removed", "kept"),
        ("archive_on_failure", "kept", "archived"),
        ("archive_always", "archived", "archived"),
        ("remove_when_clean_otherwise_archive", "removed", "archived"),
    ];
    let clean = |issue: &str, policy: &str, more: &str| {
        let args = format!("workspace clean {issue} --policy {policy} {more} --json");
        let report = env.baton(args.as_str()).json();
        report["cleaned"][0]["disposition"].as_str().expect("a word").to_owned()
    };
    for (policy, clean_one, other) in table {
        let planned = env.writing_nothing(|| [clean("A", policy, "--dry-run"), clean("B", policy, "--dry-run")]);
        assert_eq!(planned, [clean_one, other], "{policy}");
    }
    for (policy, clean_one, other) in table {
        for (issue, expected) in [("A", clean_one), ("B", other)] {
            let before = fs::exists(env.workspace(issue)).expect("known");
            assert!(before, "{issue} before {policy}");
            assert_eq!(clean(issue, policy, ""), expected, "{policy}");
            assert_eq!(fs::exists(env.workspace(issue)).expect("known"), expected == "kept", "{policy} {issue}");
            if issue == "B" && expected == "archived" {
                let record = env.baton("workspace show B --json").json();
                let archive = record["archived_path"].as_str().expect("a path");
                assert_eq!(fs::read(format!("{archive}/extra")).expect("what was there").len(), 5000);
            }
            env.baton(["workspace", "ensure", issue]).ok();
            if issue == "B" {
                env.bash("head -c 5000 /dev/zero > .baton/workspaces/B/extra").ok();
            }
        }
    }
    env.bash("git rev-parse --verify --quiet baton/A && git rev-parse --verify --quiet baton/B").ok();
    let wrong = env.baton("workspace clean A --policy sometimes").exits(2);
    assert!(wrong.stderr.contains("keep_always"), "{wrong}");
}

#[test]
fn the_configured_policy_counts_at_the_end_and_an_operator_s_word_goes_before_it() {
    let env = TestEnv::new();
    env.workflow("workspace:\n  cleanup: keep_always\n");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    assert_eq!(texts(&env.baton("reconcile --json").json()["cleaned"], "disposition"), ["kept"]);
    env.writing_nothing(|| env.baton("reconcile").ok());
    assert!(fs::exists(env.workspace("A")).expect("known"));
    let cleaned = env.baton("workspace clean --terminal --policy remove_on_success --json").json();
    assert_eq!(texts(&cleaned["cleaned"], "disposition"), ["removed"]);
    assert!(!fs::exists(env.workspace("A")).expect("known"));
}

#[test]
fn a_directory_that_was_there_is_adopted_and_in_other_modes_it_is_a_conflict() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  after_create: echo made > made\n");
    env.issue("A", "");
    env.baton("poll").ok();
    fs::create_dir_all(env.workspace("A")).expect("a directory");
    fs::write(env.workspace("A").join("mine"), "by hand").expect("a file");
    let plan = env.baton("workspace ensure A --dry-run --json").json();
    let made = env.baton("workspace ensure A --json").json();
    assert_eq!((&made["created"], &plan["created"]), (&false.into(), &false.into()));
    assert!(fs::exists(env.workspace("A").join("mine")).expect("known"));
    assert!(!fs::exists(env.workspace("A").join("made")).expect("known"), "after_create is for what Baton makes");
    assert_eq!(env.baton("workspace show A --json").json()["created"], false);

    for mode in ["worktree", "clone"] {
        let env = TestEnv::with_git();
        env.workflow(&format!("workspace:\n  mode: {mode}\n"));
        env.issue("A", "");
        env.baton("poll").ok();
        fs::create_dir_all(env.workspace("A")).expect("a directory");
        fs::write(env.workspace("A").join("mine"), "by hand").expect("a file");
        for more in ["--dry-run", ""] {
            let refused = env.baton(format!("workspace ensure A --json {more}").as_str()).exits(12).error();
            assert_eq!(refused["code"], "workspace_conflict", "{mode} {more}");
            assert!(refused["hints"][0].as_str().expect("a hint").contains("left as it is"), "{refused}");
        }
        assert_eq!(fs::read_to_string(env.workspace("A").join("mine")).expect("still there"), "by hand");
    }
}

#[test]
fn of_two_who_ensure_at_once_the_second_waits_or_is_told_who_has_it() {
    let env = TestEnv::with_git();
    env.workflow(
        "workspace:\n  mode: worktree\nhooks:\n  after_create: |\n    echo made >> $TEST_ROOT/said/made\n    \
         until [ -e $TEST_ROOT/go/create ]; do sleep 0.02; done\n",
    );
    env.issue("A", "");
    env.baton("poll").ok();
    let first = env.start("workspace ensure A");
    wait_until("the hook runs", || env.said("made").exists());
    let refused = env.baton("workspace ensure A --lock-timeout 100ms --json").exits(6).error();
    assert_eq!((&refused["code"], &refused["retryable"]), (&"lease_conflict".into(), &true.into()));
    let message = refused["message"].as_str().expect("text");
    assert!(message.contains(&first.pid().to_string()), "it names who has it: {message}");
    let second = env.start("workspace ensure A --lock-timeout 10m --json");
    env.go_on("create");
    first.wait().ok();
    assert_eq!(second.wait().json()["created"], false);
    assert_eq!(env.said_lines("made"), ["made"]);
}
