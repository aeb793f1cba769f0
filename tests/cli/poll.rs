//! `baton poll`: what may run, in order, and why the rest may not.

use std::fs;

use serde_json::Value;

use crate::env::{TestEnv, codes, texts};

fn codes_of<'p>(poll: &'p Value, identifier: &str) -> Vec<&'p str> {
    let waiting = poll["waiting"].as_array().expect("a list");
    let entry = waiting.iter().find(|entry| entry["identifier"] == identifier);
    codes(&entry.unwrap_or_else(|| panic!("{identifier} does not wait: {poll}"))["reasons"])
}

#[test]
fn the_order_is_priority_then_age_then_name() {
    let env = TestEnv::new();
    env.issue("A-10", "created_at: 2026-01-01T00:00:00Z");
    env.issue("A-9", "created_at: 2026-01-01T00:00:00Z");
    env.issue("B", "priority: 3\ncreated_at: 2020-01-01T00:00:00Z");
    env.issue("C", "priority: 1\ncreated_at: 2026-02-01T00:00:00Z");
    env.issue("D", "priority: 1\ncreated_at: 2026-01-01T00:00:00Z");
    env.issue("E", "state: Backlog");
    env.issue("F", "state: Done");
    insta::assert_snapshot!(env.baton("poll"), @"
    NEXT  STATE  PRIORITY  TITLE
    D     Todo   1         Title of D
    C     Todo   1         Title of C
    B     Todo   3         Title of B
    A-10  Todo             Title of A-10
    A-9   Todo             Title of A-9
    ------- stderr -------
    made the store <root>/p/.baton
    [exit status: 0]
    ");
}

#[test]
fn every_reason_for_waiting_has_its_word() {
    let env = TestEnv::new();
    env.agent("hold");
    env.workflow(
        "tracker:\n  kind: local\n  required_labels: [agent]\n\
         agent:\n  max_concurrent_agents: 2\n  max_concurrent_agents_by_state:\n    In Progress: 1\n",
    );
    let label = "labels: [agent]\n";
    env.issue("RUNS", &format!("{label}state: In Progress\npriority: 1"));
    env.issue("STATE", &format!("{label}state: In Progress\npriority: 1"));
    env.issue("NEXT", &format!("{label}priority: 2"));
    env.issue("SLOT", label);
    env.issue("LABEL", "labels: [other]");
    env.issue("BLOCKED", &format!("{label}blocked_by: [SLOT]"));
    env.issue("PARENT", label);
    env.issue("CHILD", "parent: PARENT\nlabels: [other]");
    env.baton("worker launch RUNS").ok();
    let poll = env.baton("poll --json").json();
    assert_eq!(texts(&poll["queue"], "identifier"), ["NEXT"]);
    for (identifier, expected) in [
        ("RUNS", "running"),
        ("STATE", "state_slots"),
        ("SLOT", "no_slot"),
        ("LABEL", "missing_label"),
        ("BLOCKED", "blocked_by_issue"),
        ("PARENT", "sub_issues"),
    ] {
        assert_eq!(codes_of(&poll, identifier), [expected], "{identifier}");
    }
    insta::assert_snapshot!(env.baton("poll"), @"
    NEXT  STATE  PRIORITY  TITLE
    NEXT  Todo   2         Title of NEXT

    WAITS    WHY
    RUNS     run RUNS.1 has it
    STATE    all 1 slots of state `In Progress` are taken
    BLOCKED  it is blocked by SLOT, which is `Todo`
    CHILD    it lacks the required label `agent`
    LABEL    it lacks the required label `agent`
    PARENT   it waits for its sub-issue CHILD, which is `Todo`
    SLOT     all 2 slots are taken
    [exit status: 0]
    ");
    env.baton("worker stop RUNS").ok();
    assert_eq!(codes_of(&env.baton("poll --json").json(), "RUNS"), ["blocked", "canceled"]);
    env.agent_of("NEXT", "exit 1");
    env.baton("worker launch NEXT --wait").exits(20);
    assert_eq!(codes_of(&env.baton("poll --json").json(), "NEXT"), ["retry_wait"]);
}

#[test]
fn an_unchanged_poll_writes_not_one_byte() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "blocked_by: [A]");
    let first = env.baton("poll --json").json();
    assert_eq!((&first["fetched"], &first["changed"]), (&2.into(), &2.into()));
    let again = env.writing_nothing(|| env.baton("poll --json").json());
    assert_eq!((&again["changed"], &again["queue"]), (&0.into(), &first["queue"]));
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    env.issue("B", "");
    let dry = env.writing_nothing(|| env.baton("poll --dry-run --json").json());
    assert_eq!(dry["queue"], env.baton("poll --json").json()["queue"]);
}

#[test]
fn a_record_that_cannot_be_used_is_a_problem_and_holds_up_nobody() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.put_issue("bad", "---\nid: bad\ntitle: [\n---\n");
    env.put_issue("stateless", "---\nid: stateless\ntitle: No state\n---\n");
    env.put_issue("twin", "---\nid: twins\ntitle: One\nstate: Todo\n---\n");
    env.put_issue("other", "---\nid: twins\ntitle: Two\nstate: Todo\n---\n");
    insta::assert_snapshot!(env.baton("poll"), @"
    NEXT  STATE  PRIORITY  TITLE
    A     Todo             Title of A
    ------- stderr -------
    made the store <root>/p/.baton
    warning: <root>/p/issues/bad.md: line 3: title: invalid type: sequence, expected a string
    warning: <root>/p/issues/other.md: `twins` is also the id of twin.md
    warning: <root>/p/issues/stateless.md: `state` is missing or empty
    warning: <root>/p/issues/twin.md: `twins` is also the id of other.md
    [exit status: 0]
    ");
    let poll = env.baton("poll --json").json();
    assert_eq!(texts(&poll["queue"], "identifier"), ["A"]);
    let mut problems = codes(&poll["problems"]);
    problems.sort_unstable();
    assert_eq!(problems.len(), 4, "{poll}");
}

#[test]
fn exit_code_3_says_that_there_is_nothing_to_launch() {
    let env = TestEnv::new();
    env.baton("poll --exit-code").exits(3);
    env.issue("A", "");
    env.baton("poll --exit-code").exits(0);
    env.set_state("A", "Done");
    env.baton("poll --exit-code").exits(3);
    env.baton("poll").ok();
}

#[test]
fn a_tracker_that_fails_is_never_an_empty_tracker() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    fs::rename(env.path("p/issues"), env.path("p/away")).expect("renamed");
    insta::assert_snapshot!(env.baton("poll"), @"
    ------- stderr -------
    error: cannot read the issue directory <root>/p/issues
    caused by: No such file or directory (os error 2)
    hint: `baton init` makes the directory of issues; `tracker.provider.path` names another
    [exit status: 11]
    ");
    assert_eq!(env.baton("poll --json").exits(11).error()["retryable"], true);
    let status = env.baton("status --json").json();
    assert_eq!((&status["last_poll"]["ok"], texts(&status["idle"], "identifier")), (&false.into(), vec!["A"]));
    assert!(env.baton("status").ok().stdout.contains("the tracker fails since"));
    env.writing_nothing(|| env.baton("poll").exits(11));
    fs::rename(env.path("p/away"), env.path("p/issues")).expect("renamed");
    env.baton("poll").ok();
    assert_eq!(env.baton("status --json").json()["last_poll"]["ok"], true);
}

#[test]
fn an_issue_that_went_away_is_released_and_one_that_is_done_is_done() {
    let env = TestEnv::new();
    for id in ["A", "B", "C"] {
        env.issue(id, "");
    }
    env.baton("poll").ok();
    fs::remove_file(env.path("p/issues/A.md")).expect("removed");
    env.set_state("B", "Closed");
    env.set_state("C", "Backlog");
    env.baton("poll").ok();
    assert_eq!(["A", "B", "C"].map(|id| env.status_word(id)), ["released", "done", "released"]);
    env.issue("A", "");
    env.set_state("C", "Todo");
    let poll = env.baton("poll --json").json();
    assert_eq!(texts(&poll["queue"], "identifier"), ["A", "C"]);
}
