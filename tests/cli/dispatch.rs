//! `baton dispatch`: launch what may run until the slots are full.

use std::fs;

use crate::env::{TestEnv, texts};

#[test]
fn it_fills_the_slots_in_order() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.workflow("agent:\n  max_concurrent_agents: 2\n");
    for (id, priority) in [("A", 3), ("B", 1), ("C", 2)] {
        env.issue(id, &format!("priority: {priority}"));
    }
    assert_eq!(env.baton("dispatch").ok().stdout, "B.1\nC.1\n");
    let second = env.baton("dispatch --json").json();
    assert_eq!(second["launched"], serde_json::json!([]));
    let reasons: Vec<_> =
        second["waiting"].as_array().expect("a list").iter().map(|w| &w["reasons"][0]["code"]).collect();
    assert_eq!(reasons, ["running", "running", "no_slot"]);
    env.agent_holds("B");
    env.go_on("B");
    env.wait_for_status("B", "done");
    assert_eq!(env.baton("dispatch").ok().stdout, "A.1\n");
}

#[test]
fn slots_of_a_state_come_on_top() {
    let env = TestEnv::new();
    env.agent("hold");
    env.workflow("agent:\n  max_concurrent_agents: 3\n  max_concurrent_agents_by_state:\n    todo: 1\n");
    env.issue("A", "");
    env.issue("B", "");
    env.issue("C", "state: In Progress");
    env.issue("D", "state: In Progress");
    env.issue("E", "state: In Progress");
    assert_eq!(env.baton("dispatch").ok().stdout, "A.1\nC.1\nD.1\n");
}

#[test]
fn a_blocker_and_the_parts_of_a_whole_go_first() {
    let env = TestEnv::new();
    env.issue("WHOLE", "");
    env.issue("PART", "parent: WHOLE");
    env.issue("AFTER", "blocked_by: [WHOLE]");
    for expected in ["PART.1\n", "WHOLE.1\n", "AFTER.1\n", ""] {
        assert_eq!(env.baton("dispatch --wait").ok().stdout, expected);
    }
}

#[test]
fn limit_and_names_choose() {
    let env = TestEnv::new();
    env.agent("hold");
    for id in ["A", "B", "C", "D"] {
        env.issue(id, "");
    }
    assert_eq!(env.baton("dispatch --limit 1").ok().stdout, "A.1\n");
    assert_eq!(env.baton("dispatch D C").ok().stdout, "C.1\nD.1\n");
    env.baton("dispatch --limit 0").exits(2);
    env.baton("dispatch E").exits(4);
}

#[test]
fn a_dry_run_says_what_would_be_launched_and_writes_nothing() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "blocked_by: [A]");
    env.baton("poll").ok();
    let dry = env.writing_nothing(|| {
        insta::assert_snapshot!(env.baton("dispatch --dry-run"), @"
        would launch A.1
        WAITS  WHY
        B      it is blocked by A, which is `Todo`
        [exit status: 0]
        ");
        env.baton("dispatch --dry-run --json").json()
    });
    assert_eq!(texts(&dry["launched"], "run"), ["A.1"]);
    assert_eq!(texts(&dry["waiting"], "identifier"), ["B"]);
    assert!(env.turns().is_empty());
}

#[test]
fn one_issue_s_failure_is_its_own() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  before_run: '[ $BATON_ISSUE != BAD ]'\n");
    env.issue("BAD", "priority: 1");
    env.issue("GOOD", "");
    let dispatch = env.baton("dispatch --json").exits(20).any_json();
    assert_eq!(texts(&dispatch["launched"], "identifier"), ["GOOD"]);
    assert_eq!(dispatch["failed"][0]["identifier"], "BAD");
    env.wait_for_status("GOOD", "done");
    assert_eq!(env.status_word("BAD"), "retrying");
    assert!(fs::exists(env.workspace("BAD")).expect("known"));
}

#[test]
fn wait_exits_with_the_first_failure_in_order() {
    let env = TestEnv::new();
    env.agent_of("A", "finish");
    env.agent_of("B", "exit 3");
    env.issue("A", "");
    env.issue("B", "");
    env.baton("dispatch --wait").exits(20);
}
