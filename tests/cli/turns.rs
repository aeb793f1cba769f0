//! What happens between a run's turns and between an issue's runs: continuation, hand-over, limits, retries.

use crate::env::{TestEnv, codes};

const HOUR: i64 = 3_600_000;

#[test]
fn turns_go_on_until_the_issue_is_done() {
    let env = TestEnv::new();
    env.agent("echo $BATON_TURN > progress; [ $BATON_TURN -lt 3 ] || finish");
    env.workflow_with("agent:\n  max_turns: 5\n", "Work on {{ issue.identifier }}{% if attempt %} again{% endif %}.\n");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    assert_eq!(env.turns(), ["A A.1 1 first", "A A.1 2 first", "A A.1 3 first"]);
    insta::assert_snapshot!(env.prompt("A.1", 1), @"Work on A.");
    insta::assert_snapshot!(env.prompt("A.1", 3), @"
    Work on A.

    Continue with this issue. The previous turn ended normally, but the tracker still lists the issue as active.

    - This is turn 3 of at most 5 in this run.
    - The task stands above, and your work so far is in the workspace. Go on from there; do not start over.
    - When the work is done, change the issue's state as the task says. If something that only a person can give is missing, say exactly what.
    ");
}

#[test]
fn max_turns_ends_the_run_and_a_continuation_follows() {
    let env = TestEnv::new();
    env.agent("date +%N > progress; [ -z \"${BATON_ATTEMPT-}\" ] || finish");
    env.workflow_with("agent:\n  max_turns: 2\n", "Attempt {{ attempt | default: 0 }}\n");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    let status = env.status("A");
    assert_eq!((&status["status"], &status["retry"]["kind"]), (&"retrying".into(), &"continuation".into()));
    env.command("worker launch A --wait").later(1_001).run().ok();
    assert_eq!(env.turns(), ["A A.1 1 first", "A A.1 2 first", "A A.2 1 1"]);
    assert_eq!(env.prompt("A.2", 1), "Attempt 1");
}

#[test]
fn a_handoff_state_finishes_work_of_an_agent_that_knows_no_tracker() {
    let env = TestEnv::new();
    env.agent("echo work > work");
    env.workflow("tracker:\n  kind: local\n  handoff_state: Done\n");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    assert_eq!((env.state("A"), env.status_word("A")), ("Done".to_owned(), "done".to_owned()));
    assert_eq!(env.turns(), ["A A.1 1 first"]);
}

#[test]
fn continuations_that_change_nothing_end_in_a_block() {
    let env = TestEnv::new();
    env.agent("true");
    env.workflow("agent:\n  max_idle_continuations: 2\n");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    let status = env.status("A");
    assert_eq!((&status["status"], codes(&status["why"])), (&"blocked".into(), vec!["blocked", "no_progress"]));
    assert_eq!(env.turns().len(), 3);
    insta::assert_snapshot!(env.baton("status A"), @"
    A  Title of A
      blocked in Baton, `Todo` in the tracker
      waits: it is blocked until `baton retry`
      waits: 2 continuations in a row changed nothing
      workspace <root>/p/.baton/workspaces/A
      possible now: retry

    RUN  OUTCOME    TURNS  ERROR
    A.1  succeeded  3
    [exit status: 0]
    ");
    assert_eq!(env.baton("status --check").code(), 8);
}

#[test]
fn failures_in_a_row_end_in_a_block() {
    let env = TestEnv::new();
    env.agent("exit 1");
    env.workflow("agent:\n  max_attempts: 3\n");
    env.issue("A", "");
    for (number, shift) in [(1, 0), (2, HOUR), (3, 2 * HOUR)] {
        let launched = env.command("worker launch A --wait").later(shift).run().exits(20);
        assert_eq!(launched.stdout, format!("A.{number}\n"));
    }
    let status = env.status("A");
    assert_eq!((&status["status"], codes(&status["why"])), (&"blocked".into(), vec!["blocked", "attempts_exhausted"]));
    assert_eq!(env.turns(), ["A A.1 1 first", "A A.2 1 1", "A A.3 1 2"]);
    env.command("worker launch A").later(3 * HOUR).run().exits(5);
    env.command("retry A").later(3 * HOUR).run().ok();
    assert_eq!(env.status("A")["attempts"]["failures"], 0);
}

#[test]
fn a_failure_waits_longer_each_time() {
    let env = TestEnv::new();
    env.agent("exit 1");
    env.workflow("agent:\n  max_retry_backoff_ms: 30000\n");
    env.issue("A", "");
    let mut now = 0;
    for delay in [10_000, 20_000, 30_000, 30_000] {
        env.command("worker launch A --wait").later(now).run().exits(20);
        let early = env.command("worker launch A --json").later(now + delay - 5_000).run().exits(5);
        assert_eq!(early.error()["retryable"], true);
        let status = env.command("status A --json").later(now).run().json();
        let millis = |name: &str| {
            let text = &status["retry"][name];
            chrono::DateTime::parse_from_rfc3339(text.as_str().expect("a time")).expect("a time").timestamp_millis()
        };
        let finished = &status["runs"].as_array().and_then(|runs| runs.last()).expect("a run")["finished_at"];
        let finished = chrono::DateTime::parse_from_rfc3339(finished.as_str().expect("a time")).expect("a time");
        // Reckoned from the commit, which comes a moment after the end.
        let waits = millis("due_at") - finished.timestamp_millis();
        assert!((delay..delay + 5_000).contains(&waits), "{waits} ms instead of {delay}");
        now += delay + 60_000;
    }
}

#[test]
fn a_due_time_that_is_further_off_than_its_delay_is_due_now() {
    let env = TestEnv::new();
    env.agent("exit 1");
    env.issue("A", "");
    env.command("worker launch A --wait").later(24 * HOUR).run().exits(20);
    env.agent("finish");
    env.baton("worker launch A --wait").ok();
}

#[test]
fn launch_now_overrides_a_wait_and_a_block() {
    let env = TestEnv::new();
    env.agent("exit 1");
    env.workflow("agent:\n  max_attempts: 2\n");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    env.baton("worker launch A --wait").exits(5);
    env.baton("worker launch A --wait --now").exits(20);
    env.command("worker launch A --wait").later(HOUR).run().exits(20);
    assert_eq!(env.status_word("A"), "blocked");
    env.agent("finish");
    env.baton("worker launch A --wait --now").ok();
}

#[test]
fn a_prompt_that_does_not_render_fails_its_run_alone() {
    let env = TestEnv::new();
    env.agent("finish");
    let prompt = "{% for label in issue.labels %}{{ label.size }}{% endfor %}{{ issue.priority | divided_by: issue.priority }}\n";
    env.workflow_with("", prompt);
    env.issue("BAD", "priority: 0");
    env.issue("GOOD", "priority: 2");
    insta::assert_snapshot!(env.baton("dispatch"), @r#"
    GOOD.1
    ------- stderr -------
    made the store <root>/p/.baton
    warning: BAD: <root>/p/WORKFLOW.md: invalid argument: cause `Can't divide by zero`, filter `divided_by : issue["priority"]`
    [exit status: 20]
    "#);
    env.wait_for_status("GOOD", "done");
    let run = env.run("BAD");
    assert_eq!((&run["code"], env.status_word("BAD")), (&"prompt_failed".into(), "retrying".to_owned()));
}

#[test]
fn a_prompt_with_an_unknown_variable_fails_before_anything_runs() {
    let env = TestEnv::new();
    env.workflow_with("", "{{ issue.titel }}\n");
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("worker launch A"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: run A.1 could not be launched (prompt_failed): <root>/p/WORKFLOW.md: unknown variable `issue.titel`: there are id, identifier, title, description, priority, state, branch_name, url, assignee_id, labels, blocked_by, parent, sub_issues, dispatchable, native_ref, created_at, updated_at
    hint: `baton worker show A.1` tells more; its retry is scheduled
    [exit status: 20]
    ");
    assert!(env.turns().is_empty());
}

#[test]
fn an_agent_that_is_not_there_says_so() {
    let env = TestEnv::new();
    env.workflow("command:\n  run: no-such-agent --please\n");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    let error = env.run("A.1")["error"].as_str().expect("an error").to_owned();
    assert!(error.contains("was not found"), "{error}");
}
