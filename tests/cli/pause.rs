//! `baton pause` and `baton resume`: a person puts an issue aside, and back.

use serde_json::{Value, json};

use crate::env::{TestEnv, codes, is_alive, kill, wait_until};

/// A at work, by an agent that holds.
fn running() -> (TestEnv, u32) {
    let env = TestEnv::new();
    env.workflow("hooks:\n  after_run: echo after >> $TEST_ROOT/said/after\n");
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    let agent = env.agent_holds("A");
    (env, agent)
}

#[test]
fn a_paused_issue_waits_for_a_person_and_is_resumed_as_it_was() {
    let (env, agent) = running();
    insta::assert_snapshot!(env.baton("pause A"), @"
    ------- stderr -------
    A is paused
    [exit status: 0]
    ");
    assert!(!is_alive(agent) && env.workspace("A").exists());
    assert_eq!((env.outcome("A.1"), env.said_lines("after")), ("canceled".to_owned(), vec!["after".to_owned()]));
    assert_eq!(env.run("A.1")["code"], "operator_pause");
    let status = env.status("A");
    assert_eq!(
        (&status["status"], codes(&status["why"]), &status["available_actions"]),
        (&"paused".into(), vec!["paused"], &json!(["resume", "retry"]))
    );
    env.writing_nothing(|| insta::assert_snapshot!(env.baton("pause A"), @"[exit status: 0]"));

    assert_eq!(env.command("dispatch").later(3_600_000).run().ok().stdout, "");
    env.baton("worker launch A --now").exits(5);
    insta::assert_snapshot!(env.baton("run --until-idle"), @"
    ------- stderr -------
    WAITS  WHY
    A      it is paused until `baton resume`
    [exit status: 0]
    ");
    insta::assert_snapshot!(env.baton("resume A"), @"
    ------- stderr -------
    A is back in the queue
    [exit status: 0]
    ");
    env.go_on("A");
    env.baton("dispatch --wait").ok();
    assert_eq!((env.turns(), env.status_word("A")), (vec!["A A.1 1 first".into(), "A A.2 1 1".into()], "done".into()));
}

#[test]
fn a_turn_of_codex_is_interrupted_and_its_thread_goes_on_afterwards() {
    let env = TestEnv::new();
    env.fake_codex("");
    let done = json!({ "ask": ["item/tool/call", { "callId": "c", "tool": "issue_update", "arguments": { "state": "Done" } }] });
    env.codex_turns("A", &json!([[{ "sh": "touch $TEST_ROOT/said/there" }, "wait"], [done]]));
    env.issue("A", "");
    env.baton("worker launch A").ok();
    wait_until("the turn is under way", || env.said("there").exists());
    env.baton("pause A").ok();
    assert_eq!(env.codex_heard("A", "turn/interrupt").len(), 1);
    env.baton("resume A").ok();
    env.baton("dispatch --wait").ok();
    assert_eq!((env.codex_heard("A", "thread/resume").len(), env.status_word("A")), (1, "done".to_owned()));
}

#[test]
fn both_leave_receipts_in_the_journal() {
    let (env, _) = running();
    let receipts: Vec<Value> =
        ["pause A --reason later --json", "resume A --json"].map(|args| env.baton(args).json()).into();
    let events = env.baton("events --issue A").ok().ndjson();
    for (receipt, event, followup) in
        [(&receipts[0], "run.stop_requested", "issue.paused"), (&receipts[1], "issue.resumed", "run.claimed")]
    {
        let found = events.iter().find(|known| known["type"] == event).unwrap_or_else(|| panic!("no {event}"));
        assert!(receipt["action_id"].is_string());
        assert_eq!(found["data"]["action_id"], receipt["action_id"]);
        assert_eq!((&receipt["status"], &receipt["expected_followup"]), (&"accepted".into(), &json!([followup])));
    }
    assert!(events.iter().any(|event| event["type"] == "issue.paused"));
    assert_eq!(env.run("A.1")["summary"], "later");
}

#[test]
fn only_what_runs_is_paused_and_only_what_is_paused_is_resumed() {
    let (env, agent) = running();
    env.issue("B", "");
    env.baton("poll").ok();
    for (args, exit, code) in [
        ("pause B", 5, "not_running"),
        ("pause Z", 4, "not_found"),
        ("resume A", 5, "not_paused"),
        ("resume B", 5, "not_paused"),
        ("resume Z", 4, "not_found"),
    ] {
        for args in [format!("{args} --json"), format!("{args} --dry-run --json")] {
            let error = env.leaving_alone("p/.baton/journal", || env.baton(args.as_str())).exits(exit).error();
            assert_eq!(error["code"], code, "{args}");
        }
    }
    assert!(is_alive(agent));
}

#[test]
fn the_tracker_goes_before_a_pause_and_a_dead_worker_is_paused_too() {
    let (env, agent) = running();
    kill(u32::try_from(env.run("A.1")["pid"].as_u64().expect("a pid")).expect("a pid"));
    env.baton("pause A").ok();
    assert!(!is_alive(agent));
    assert_eq!((env.outcome("A.1"), env.status_word("A")), ("canceled".to_owned(), "paused".to_owned()));
    env.writing_nothing(|| assert_eq!(env.baton("recover --json").json()["changed"], 0));
    env.set_state("A", "Done");
    env.baton("poll").ok();
    assert_eq!(env.status_word("A"), "done");
    env.baton("resume A").exits(5);
}
