//! `baton status`: what is going on, and what needs a person first.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, codes, texts};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn without_a_store_it_shows_an_empty_state_and_makes_none() {
    let env = TestEnv::new();
    insta::assert_snapshot!(env.baton("status"), @"
    0 running, 0 retrying, 0 blocked, 0 paused, 0 idle, 0 done; never polled
    [exit status: 0]
    ");
    env.baton("status --check").ok();
    insta::assert_snapshot!(env.baton("status A"), @"
    ------- stderr -------
    error: no issue `A`
    hint: `baton status` lists the issues that are known
    [exit status: 4]
    ");
    assert!(!env.store("").exists());
}

/// One issue of every kind.
fn busy() -> TestEnv {
    let env = TestEnv::new();
    env.workflow("agent:\n  max_concurrent_agents: 1\n  max_attempts: 2\n");
    env.agent("hold");
    env.agent_of("FAILS", "exit 1");
    env.agent_of("DONE", "finish");
    for id in ["DONE", "FAILS", "STOPPED", "RUNS", "WAITS"] {
        env.issue(id, "");
    }
    env.baton("worker launch DONE --wait").ok();
    env.baton("worker launch FAILS --wait").exits(20);
    env.baton("worker launch STOPPED").ok();
    env.baton("worker stop STOPPED").ok();
    env.baton("worker launch RUNS").ok();
    env
}

#[test]
fn it_shows_what_needs_a_person_first() {
    let env = busy();
    let shown = env.baton("status").ok().stdout;
    let heads: Vec<&str> = shown.lines().filter_map(|line| line.split("  ").next()).collect();
    let place =
        |head: &str| heads.iter().position(|line| *line == head).unwrap_or_else(|| panic!("no {head}: {shown}"));
    assert!(
        place("BLOCKED") < place("RUNNING")
            && place("RUNNING") < place("RETRYING")
            && place("RETRYING") < place("IDLE")
    );
    let summary = env.baton("status --summary").ok().stdout;
    assert!(summary.starts_with("1 running, 1 retrying, 1 blocked, 0 paused, 1 idle, 1 done; polled "), "{summary}");
    env.baton("status --check").exits(8);
    env.baton("status STOPPED --check").exits(8);
    env.baton("status RUNS --check").ok();
}

#[test]
fn as_json_it_has_the_names_of_the_specification() {
    let env = busy();
    let status = env.baton("status --json").json();
    assert_eq!(
        keys(&status)[..12],
        [
            "as_of",
            "generated_at",
            "counts",
            "running",
            "held",
            "retrying",
            "blocked",
            "paused",
            "idle",
            "codex_totals",
            "rate_limits",
            "last_poll",
        ]
    );
    let counts = json!({ "running": 1, "retrying": 1, "blocked": 1, "paused": 0, "idle": 1, "done": 1 });
    for (name, count) in counts.as_object().expect("counts") {
        assert_eq!(&status["counts"][name], count, "{name}");
    }
    for name in [
        "issue_id",
        "issue_identifier",
        "key",
        "run",
        "status",
        "session_id",
        "turn_count",
        "started_at",
        "last_event",
        "tokens",
    ] {
        assert!(status["running"][0].get(name).is_some(), "running rows lack {name}: {}", status["running"][0]);
    }
    for name in ["issue_id", "issue_identifier", "attempt", "due_at", "error"] {
        assert!(status["retrying"][0].get(name).is_some(), "retrying rows lack {name}");
    }
    assert_eq!(texts(&status["blocked"], "identifier"), ["STOPPED"]);
    assert_eq!(texts(&status["blocked"][0]["reasons"], "code"), ["canceled"]);
}

#[test]
fn one_issue_is_told_with_its_runs_and_what_can_be_done() {
    let env = busy();
    let status = env.status("FAILS");
    assert_eq!(texts(&status["runs"], "outcome"), ["failed"]);
    assert_eq!(texts(&status["why"], "code"), ["retry_wait"]);
    assert_eq!(status["available_actions"], json!(["retry"]));
    assert_eq!(status["last_error"], "command.run ended with exit status 1");
    assert_eq!(env.status("RUNS")["running"]["run"], "RUNS.1");
    assert_eq!(codes(&env.status("WAITS")["why"]), ["no_slot"]);
    assert_eq!(env.status("RUNS")["available_actions"], json!(["stop", "pause"]));
}

#[test]
fn only_what_can_be_launched_is_said_to_be_possible() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "blocked_by: [A]");
    env.baton("poll").ok();
    assert_eq!(env.status("A")["available_actions"], json!(["launch"]));
    assert_eq!(env.status("B")["available_actions"], json!([]));
    env.baton("worker launch B").exits(5);
    env.agent("finish");
    env.baton("worker launch A --wait").ok();
    let done = env.baton("status A").ok().stdout;
    assert!(done.contains("done in Baton, `Done` in the tracker") && !done.contains("waits"), "{done}");
}

#[test]
fn it_reads_without_writing_beside_a_writer_that_hangs() {
    let env = busy();
    let holder = env.hold_lock();
    env.writing_nothing(|| env.baton("status --json").json());
    let busy = env.baton("retry STOPPED --lock-timeout 50ms --json").exits(9).error();
    assert_eq!((&busy["code"], &busy["retryable"]), (&"lock_busy".into(), &true.into()));
    holder.kill();
    env.baton("retry STOPPED").ok();
}

#[test]
fn with_a_broken_workflow_it_still_answers() {
    let env = busy();
    fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: [\n---\n").expect("written");
    assert_eq!(env.baton("status --json").json()["counts"]["blocked"], 1);
    assert_eq!(env.status("RUNS")["status"], "running");
}

#[test]
fn one_issue_is_told_with_the_names_of_the_specification() {
    let env = busy();
    env.command("worker launch FAILS --now --wait").run();
    let status = env.status("FAILS");
    for name in [
        "issue_identifier",
        "issue_id",
        "status",
        "workspace",
        "attempts",
        "running",
        "retry",
        "logs",
        "recent_events",
        "last_error",
    ] {
        assert!(status.get(name).is_some(), "it lacks {name}: {status:#}");
    }
    let attempts = &status["attempts"];
    assert_eq!(
        (&attempts["runs"], &attempts["restart_count"]),
        (&1.into(), &0.into()),
        "the slot is taken: {status:#}"
    );
    let logs = &status["logs"]["codex_session_logs"];
    assert_eq!(texts(logs, "label"), ["latest", "supervisor"]);
    for path in texts(logs, "path") {
        assert!(fs::exists(path).expect("known"), "{path}");
    }
    let recent = &status["recent_events"];
    let events = texts(recent, "event");
    assert_eq!((events[0], events.last()), ("phase", Some(&"outcome")), "{events:?}");
    let failed =
        recent.as_array().expect("events").iter().find(|event| event["event"] == "turn_failed").expect("a failure");
    assert_eq!(failed["message"], "command.run ended with exit status 1");
    let running = env.status("RUNS");
    assert_eq!(
        running["running"]["last_event"],
        running["recent_events"].as_array().expect("events").last().expect("one")["event"]
    );
    assert!(running["running"].get("last_message").is_some());
}

#[test]
fn a_retry_that_is_due_and_has_no_slot_says_so() {
    let env = busy();
    let retrying = |later: i64| env.command("status --json").later(later).run().json()["retrying"][0]["error"].take();
    assert_eq!(retrying(0), "command.run ended with exit status 1", "it is not due yet");
    assert_eq!(retrying(3_600_000), "no available orchestrator slots");
    assert_eq!(codes(&env.command("status FAILS --json").later(3_600_000).run().json()["why"]), ["no_slot"]);
}

#[test]
fn a_live_run_counts_as_running_time_and_ended_ones_too() {
    let env = busy();
    let seconds = |later: i64| {
        let status = env.command("status --json").later(later).run().json();
        status["codex_totals"]["seconds_running"].as_f64().expect("seconds")
    };
    let (now, in_an_hour) = (seconds(0), seconds(3_600_000));
    assert!((3600.0..7200.0).contains(&(in_an_hour - now)), "one run is live: {now}, {in_an_hour}");
    env.baton("worker stop RUNS").ok();
    let ended = seconds(0);
    assert!(ended >= now && (seconds(3_600_000) - ended).abs() < f64::EPSILON, "{now}, {ended}");
}
