//! `--dry-run`: the plan that the real run carries out, and not one byte written.

use serde_json::Value;

use crate::env::{TestEnv, texts};

/// A project in which every command has something to do: A to be launched, B blocked, C done with a workspace, D at work.
fn busy() -> TestEnv {
    let env = TestEnv::with_git();
    env.workflow("workspace:\n  mode: worktree\nagent:\n  max_attempts: 1\n");
    env.agent_of("D", "hold");
    env.agent_of("B", "exit 1");
    for id in ["A", "B", "C", "D"] {
        env.issue(id, "");
    }
    env.baton("worker launch C --wait").ok();
    env.bash("git -C \"$(baton workspace path C)\" log -1 --format=%h > /dev/null").ok();
    env.baton("worker launch B --wait").exits(20);
    env.baton("worker launch D").ok();
    env.agent_holds("D");
    env
}

#[test]
fn every_dry_run_says_what_it_would_do_and_writes_nothing() {
    let env = busy();
    for (args, says) in [
        ("poll --dry-run", "A"),
        ("dispatch --dry-run", "would launch A.1"),
        ("dispatch A --dry-run --limit 1", "would launch A.1"),
        ("worker launch A --dry-run", "would launch A.1"),
        ("worker launch B --now --dry-run", "would launch B.2"),
        ("worker stop D --dry-run", "would stop run D.1"),
        ("worker stop --all --dry-run", "would stop run D.1"),
        ("pause D --dry-run", "D would be paused: it was running"),
        ("retry B --dry-run", "B would be back in the queue: it was blocked"),
        ("retry A --dry-run", "A would be left as it is"),
        ("workspace ensure A --dry-run", "would make <root>/p/.baton/workspaces/A"),
        ("workspace ensure D --dry-run", "would use <root>/p/.baton/workspaces/D"),
        ("workspace shell A --dry-run", "would make"),
        ("workspace clean C --dry-run", "C: <root>/p/.baton/workspaces/C would be removed"),
        ("workspace clean --terminal --dry-run", "would be removed"),
        ("workspace verify --all --dry-run", "clean"),
        ("reconcile --dry-run", "C: workspace would be removed"),
        ("recover --dry-run", ""),
        ("run --dry-run", "would launch A.1"),
        ("run --once --dry-run", "C: workspace would be removed"),
        ("issue create New --dry-run", "would be TASK-1  New"),
        ("issue edit A --state Done --dry-run", "state  Done"),
        ("issue comment A Seen --dry-run", "A  Title of A"),
        ("comment A Seen --dry-run", "A  Title of A"),
        ("init --dry-run", "kept <root>/p/WORKFLOW.md"),
        ("demo --dry-run", "would make a repository in a new temporary directory"),
    ] {
        let done = env.leaving_alone("p", || env.baton(args)).ok();
        let shown = done.stdout.replace(&env.path("").display().to_string(), "<root>/");
        assert!(shown.contains(says), "{args} does not say `{says}`: {done}");
        let json = env.leaving_alone("p", || env.baton(format!("{args} --json").as_str())).json();
        assert!(json.is_object(), "{args}");
    }
    env.go_on("D");
    assert_eq!(env.outcome("D.1"), "succeeded");
}

#[test]
fn what_is_not_made_yet_is_not_made_by_a_dry_run_or_a_reader() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    for args in [
        "poll --dry-run",
        "dispatch --dry-run",
        "dispatch A --dry-run",
        "worker launch A --dry-run",
        "worker stop --all --dry-run",
        "retry A --dry-run",
        "workspace ensure A --dry-run",
        "workspace verify --all --dry-run",
        "workspace clean --terminal --dry-run",
        "reconcile --dry-run",
        "recover --dry-run",
        "run --dry-run",
        "issue create New --dry-run",
        "issue edit A --title Other --dry-run",
        "comment A Seen --dry-run",
        "issue list",
        "issue show A",
        "status",
        "events",
        "worker list",
        "workspace list",
    ] {
        let done = env.leaving_alone("p", || env.baton(args)).ok();
        assert!(done.stderr.is_empty(), "{args}: {done}");
        assert!(!env.store("").exists(), "{args} made a store");
    }
}

#[test]
fn the_plan_is_what_the_real_run_carries_out() {
    let env = busy();
    let data = |args: &str| env.baton(args).json();
    let plan = data("run --dry-run --json");
    assert_eq!(texts(&plan["dispatch"]["launched"], "run"), ["A.1"]);
    assert_eq!(texts(&plan["reconcile"]["cleaned"], "identifier"), ["C"]);

    let (plan, made) = (data("workspace ensure A --dry-run --json"), data("workspace ensure A --json"));
    for field in ["identifier", "key", "path", "created", "mode", "branch", "base_commit"] {
        assert_eq!(plan[field], made[field], "{field}");
    }
    assert_eq!((&plan["dry_run"], &made["dry_run"]), (&true.into(), &false.into()));
    let plan = data("workspace ensure A --dry-run --json");
    assert_eq!((&plan["created"], &plan["health"]), (&false.into(), &"clean".into()));

    let (plan, made) = (data("reconcile --dry-run --json"), data("reconcile --json"));
    assert_eq!(plan["cleaned"], made["cleaned"]);

    let (plan, made) = (data("retry B --dry-run --json"), data("retry B --json"));
    for field in ["action", "identifier", "status", "reason", "expected_followup", "replayed"] {
        assert_eq!(plan[field], made[field], "{field}");
    }
    assert!(plan["action_id"].is_null() && made["action_id"].is_string());
    let events = env.baton("events --issue B").ok().ndjson();
    let retried = events.iter().find(|event| event["type"] == "issue.retried").expect("an event");
    assert_eq!(retried["data"]["action_id"], made["action_id"]);

    let (plan, made) = (data("dispatch --dry-run --json"), data("dispatch --json"));
    assert_eq!(texts(&plan["launched"], "run"), texts(&made["launched"], "run"));
    assert_eq!(plan["waiting"], made["waiting"]);
    for run in ["A.1", "B.2"] {
        env.baton(["worker", "wait", run]);
    }

    let (plan, made) = (data("worker stop D --dry-run --json"), data("worker stop D --json"));
    assert_eq!(texts(&plan["stopped"], "run"), texts(&made["stopped"], "run"));
    assert_eq!(texts(&made["stopped"], "outcome"), ["canceled"]);

    let (plan, made) =
        (data("issue create New --label Bug --dry-run --json"), data("issue create New --label Bug --json"));
    assert_eq!((&plan["dry_run"], &made["dry_run"]), (&true.into(), &Value::Null));
    let without_times = |mut issue: Value| {
        for field in ["created_at", "updated_at", "dry_run"] {
            issue[field].take();
        }
        issue
    };
    assert_eq!(without_times(plan), without_times(made));
    let edit = "issue edit A --add-label urgent --priority 1 --json";
    let (plan, made) = (data(&format!("{edit} --dry-run")), data(edit));
    assert_eq!(without_times(plan), without_times(made));
}

#[test]
fn a_dry_run_is_refused_as_the_real_run_is() {
    let env = busy();
    for (args, exit) in [
        ("worker launch D", 6),
        ("worker launch B", 5),
        ("worker launch C", 5),
        ("worker launch Z", 4),
        ("pause A", 5),
        ("resume D", 5),
        ("retry D", 5),
        ("retry C", 5),
        ("workspace clean D", 6),
        ("workspace ensure Z", 4),
        ("issue edit Z --state Done", 4),
        ("issue create A --blocked-by Z", 5),
        ("issue comment Z Seen", 4),
    ] {
        let dry = env.leaving_alone("p", || env.baton(format!("{args} --dry-run --json").as_str())).exits(exit).error();
        let real = env.baton(format!("{args} --json").as_str()).exits(exit).error();
        assert_eq!(dry["code"], real["code"], "{args}");
    }
    env.go_on("D");
    env.outcome("D.1");
}

#[test]
fn with_exit_code_a_dry_run_that_would_change_something_exits_with_3() {
    let env = busy();
    for (args, exit) in [
        ("dispatch", 3),
        ("worker launch A", 3),
        ("worker stop D", 3),
        ("worker stop A", 0),
        ("pause D", 3),
        ("retry B", 3),
        ("retry A", 0),
        ("workspace ensure A", 3),
        ("workspace ensure D", 0),
        ("workspace clean C", 3),
        ("reconcile", 3),
        ("recover", 3),
        ("run", 3),
        ("issue edit A --state Done", 3),
        ("issue edit A --state Todo", 0),
        ("init", 3),
    ] {
        env.baton(format!("{args} --dry-run --exit-code").as_str()).exits(exit);
    }
    env.go_on("D");
    env.outcome("D.1");
}
