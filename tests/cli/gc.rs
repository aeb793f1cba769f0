//! `baton gc`: what has been over for long.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, wait_until};

const DAY_MS: i64 = 86_400_000;

/// `baton gc ARGS --json` so many days later, after a dry run that says the same and writes nothing.
fn gc(env: &TestEnv, args: &str, days: i64) -> Value {
    let run = |extra: &str| {
        let command = format!("gc {args} {extra} --json");
        env.command(command.as_str()).later(days * DAY_MS).run().ok().any_json()
    };
    let plan = env.writing_nothing(|| run("--dry-run"));
    let report = run("");
    assert_eq!((&plan["actions"], &plan["kept"], &plan["changed"]), (&report["actions"], &report["kept"], &0.into()));
    assert_eq!(report["changed"], report["actions"].as_array().expect("actions").len());
    report
}

/// What has gone: kinds and names, in order.
fn gone(report: &Value) -> Vec<(String, String)> {
    let word = |one: &Value, name: &str| one[name].as_str().expect(name).to_owned();
    report["actions"].as_array().expect("actions").iter().map(|one| (word(one, "kind"), word(one, "name"))).collect()
}

fn pair(kind: &str, name: &str) -> (String, String) {
    (kind.to_owned(), name.to_owned())
}

/// An issue that was worked on, is done, and whose workspace was cleaned.
fn done(env: &TestEnv, issue: &str) {
    env.agent("finish");
    env.issue(issue, "");
    env.baton(["worker", "launch", issue, "--wait"]).ok();
    env.baton("poll").ok();
    env.baton("reconcile").ok();
    assert_eq!(env.status_word(issue), "done");
}

#[test]
fn an_issue_that_is_over_goes_to_the_archive_and_its_numbers_go_on_when_it_comes_back() {
    let env = TestEnv::with_git();
    done(&env, "A");
    let totals = env.baton("status --json").ok().any_json()["codex_totals"].clone();
    assert!(totals["seconds_running"].as_f64().expect("seconds") > 0.0);
    assert_eq!(gone(&gc(&env, "", 13)), []);
    let report = gc(&env, "", 15);
    // The branch has no commit of its own: everything on it is merged.
    assert_eq!(gone(&report), [pair("branch", "baton/A"), pair("issue", "A")]);
    assert_eq!(env.baton("status A --json").exits(4).error()["code"], "not_found");
    assert!(env.store("archive/A.json").exists() && env.store("archive/runs/A.1/outcome.json").exists());
    assert!(!env.store("runs/A.1").exists());
    assert_eq!(env.baton("status --json").ok().any_json()["codex_totals"], totals, "what was used is still counted");
    env.writing_nothing(|| assert_eq!(env.command("gc --json").later(15 * DAY_MS).run().ok().any_json()["changed"], 0));
    assert_eq!(env.bash("git branch --list 'baton/*' | wc -l").ok().stdout.trim(), "0");

    env.set_state("A", "Todo");
    assert_eq!(env.baton("worker launch A --wait").ok().stdout, "A.2\n", "no run number is given out twice");
    let after =
        env.baton("status --json").ok().any_json()["codex_totals"]["seconds_running"].as_f64().expect("seconds");
    assert!(after > totals["seconds_running"].as_f64().expect("seconds"));
}

#[test]
fn what_is_dirty_live_or_kept_stays() {
    let env = TestEnv::with_git();
    env.agent("hold; finish");
    for issue in ["live", "dirty", "clean"] {
        env.issue(issue, "");
        env.baton(["workspace", "ensure", issue]).ok();
    }
    fs::write(env.workspace("dirty").join("precious"), "").expect("a file");
    env.baton("worker launch live").ok();
    env.agent_holds("live");
    for issue in ["dirty", "clean"] {
        env.set_state(issue, "Backlog");
    }
    env.baton("poll").ok();
    assert_eq!((env.status_word("clean"), env.status_word("dirty")), ("released".to_owned(), "released".to_owned()));
    let report = gc(&env, "", 30);
    assert_eq!(gone(&report), [pair("workspace", &env.workspace("clean").display().to_string())]);
    assert_eq!((&report["kept"][0]["identifier"], &report["kept"][0]["code"]), (&"dirty".into(), &"dirty".into()));
    assert!(env.workspace("dirty").join("precious").exists() && env.workspace("live").exists());
    assert!(!env.workspace("clean").exists());
    assert_eq!(env.bash("git branch --list 'baton/*' | wc -l").ok().stdout.trim(), "3", "the branches stay for now");
    // With its workspace gone, the issue follows, and its merged branch.
    let kinds: Vec<String> = gone(&gc(&env, "", 30)).into_iter().map(|(kind, _)| kind).collect();
    assert!(kinds.contains(&"issue".to_owned()), "{kinds:?}");
    env.go_on("live");
    assert_eq!(env.outcome("live.1"), "succeeded");
}

#[test]
fn a_branch_with_work_of_its_own_stays() {
    let env = TestEnv::with_git();
    env.agent("echo two > file && git commit -qam two && finish");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    env.baton("poll").ok();
    env.baton("reconcile").ok();
    for _ in 0..3 {
        env.command("gc").later(30 * DAY_MS).run().ok();
    }
    assert_eq!(env.bash("git branch --list 'baton/*' | wc -l").ok().stdout.trim(), "1");
    env.bash("git merge -q baton/A").ok();
    env.bash("git branch baton/by-hand").ok();
    assert_eq!(gone(&gc(&env, "", 30)), [pair("branch", "baton/A")]);
    assert_eq!(env.bash("git branch --list 'baton/*'").ok().stdout.trim(), "baton/by-hand", "nobody's branch is left");
}

#[test]
fn old_runs_of_an_issue_that_goes_on_are_deleted_oldest_first() {
    let env = TestEnv::new();
    env.agent("exit 1");
    env.issue("A", "");
    for _ in 0..4 {
        env.baton("worker launch A --wait --now").exits(20);
    }
    assert_eq!(gone(&gc(&env, "--keep-runs 1 --limit 2", 15)), [pair("run", "A.1"), pair("run", "A.2")]);
    assert_eq!(gone(&gc(&env, "--keep-runs 1", 15)), [pair("run", "A.3")]);
    assert!(!env.store("runs/A.1").exists() && env.store("runs/A.4/outcome.json").exists());
    assert_eq!(env.status("A")["runs"].as_array().expect("runs").len(), 1);
    env.agent("finish");
    assert_eq!(env.baton("worker launch A --wait --now").ok().stdout, "A.5\n");
}

#[test]
fn of_workspaces_that_are_too_many_the_oldest_go() {
    let env = TestEnv::with_git();
    for issue in ["A", "B", "C", "D"] {
        env.issue(issue, "");
        env.baton(["workspace", "ensure", issue]).ok();
    }
    fs::write(env.workspace("A").join("precious"), "").expect("a file");
    for issue in ["A", "B", "C"] {
        env.set_state(issue, "Backlog");
    }
    env.baton("poll").ok();
    assert_eq!(gc(&env, "", 0)["actions"], json!([]), "none of them is old");
    let went = gone(&gc(&env, "--max-workspaces 1", 0));
    assert_eq!(went, [pair("workspace", &env.workspace("B").display().to_string())]);
    assert_eq!(
        gone(&gc(&env, "--max-workspaces 0", 0)),
        [pair("workspace", &env.workspace("C").display().to_string())]
    );
    assert!(env.workspace("A").exists() && env.workspace("D").exists(), "what is dirty or goes on stays");
}

#[test]
fn what_an_aborted_launch_left_goes_and_what_holds_something_does_not() {
    let env = TestEnv::new();
    env.baton("issue create One").ok();
    env.baton("poll").ok();
    for folder in ["TASK-1.7", "TASK-1.8", "TASK-1.9"] {
        fs::create_dir_all(env.store(format!("runs/{folder}"))).expect("mkdir");
    }
    fs::write(env.store("runs/TASK-1.8/lifeline"), "").expect("a file");
    fs::write(env.store("runs/TASK-1.9/events.jsonl"), "{}\n").expect("a file");
    assert_eq!(gone(&gc(&env, "", 0)), [pair("run_folder", "TASK-1.7"), pair("run_folder", "TASK-1.8")]);
    assert!(!env.store("runs/TASK-1.7").exists() && !env.store("runs/TASK-1.8").exists());
    assert!(env.store("runs/TASK-1.9/events.jsonl").exists());
}

#[test]
fn one_that_was_killed_is_followed_by_the_next() {
    let env = TestEnv::with_git();
    done(&env, "A");
    // The archive's file is written before the store is asked, whose lock is held: then it is killed.
    let holder = env.hold_lock();
    let killed = env.command("--lock-timeout 10m gc").later(15 * DAY_MS).start();
    wait_until("the archive has it", || env.store("archive/A.json").exists());
    killed.kill();
    holder.kill();
    assert_eq!(env.status_word("A"), "done");
    assert!(gone(&gc(&env, "", 15)).contains(&pair("issue", "A")));
    assert!(env.store("archive/runs/A.1/outcome.json").exists());
    // A folder that did not follow its run into the archive does so now.
    fs::rename(env.store("archive/runs/A.1"), env.store("runs/A.1")).expect("as before the move");
    let report = env.command("gc --json").later(15 * DAY_MS).run().ok().any_json();
    assert!(gone(&report).contains(&pair("run_folder", "A.1")), "{report:#}");
    assert!(env.store("archive/runs/A.1/outcome.json").exists());
}

#[test]
fn sizes_are_in_the_list() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("workspace ensure A").ok();
    fs::write(env.workspace("A").join("file"), [0; 4321]).expect("a file");
    let list = env.baton("workspace list --size --json").ok().any_json();
    assert_eq!(
        (&list["workspaces"][0]["size_bytes"], &list["workspaces"][0]["size_complete"]),
        (&4321.into(), &true.into())
    );
    assert_eq!(gc(&env, "", 30)["actions"], json!([]), "an issue that goes on keeps its workspace");
}

#[test]
fn a_plan_reads_as_one_and_an_age_needs_its_unit() {
    let env = TestEnv::with_git();
    done(&env, "A");
    let plan = env.command("gc --dry-run").later(15 * DAY_MS).run().ok().stdout;
    assert_eq!(plan, "would delete branch baton/A\nwould archive A\n");
    let real = env.command("gc").later(15 * DAY_MS).run().ok().stdout;
    assert_eq!(real, "deleted branch baton/A\narchived A\n");
    for (age, says) in
        [("5", "`5` has no unit of time (try `5d`, or `5h`)"), ("-1", "`-1` is no age (try `14d`, or `12h`)")]
    {
        let refused = env.baton(["gc", "--older-than", age]).exits(2);
        assert!(refused.stderr.contains(says), "{refused}");
    }
}
