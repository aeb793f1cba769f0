mod trouble;

use std::fs;
use std::time::Duration;

use serde_json::json;

use super::testing::{Bench, gone, written};
use super::*;
use crate::model::{OutcomeCode, OutcomeKind, ReasonCode, RequestKind, Status, Work};
use crate::process::of_pid;
use crate::store::StoreError;

const DONE: &str = "sed -i 's/^state: .*/state: Done/' \"$ROOT/issues/$BATON_ISSUE.md\"";

fn blocked_by(status: &Status) -> Option<ReasonCode> {
    match status {
        Status::Blocked { reasons } => reasons.first().map(|reason| reason.code),
        _ => None,
    }
}

fn failed(report: &LaunchReport) -> Option<(&str, &str)> {
    match &report.result {
        LaunchResult::Launched => None,
        LaunchResult::Failed { code, message } => Some((code, message)),
    }
}

fn kill(pid: u32) {
    let status = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(status.expect("kill").success());
}

#[tokio::test]
async fn a_run_goes_from_its_claim_to_done() {
    let bench = Bench::new(&format!("echo working; cat > prompt.txt; {DONE}"), "");
    let key = bench.issue("A-1");
    let report = bench.launch(&key).await;
    assert_eq!((&report.result, report.attempt), (&LaunchResult::Launched, None));
    let run = report.run;
    let outcome = wait(&bench.project, &run).await.expect("an outcome");
    assert_eq!((outcome.outcome, outcome.turns, exit_of(&outcome)), (OutcomeKind::Succeeded, 1, Exit::Done));
    assert_eq!(bench.status(&key), Status::Done);
    assert_eq!(bench.claim_record(&key), None);
    assert_eq!(bench.issue_record(&key).expect("refreshed").issue.state, "Done");

    let record = bench.record(&run);
    assert_eq!(record.supervisor.map(|process| process.pid), report.pid);
    let workspace = report.workspace.expect("a workspace");
    assert_eq!(fs::read_to_string(format!("{workspace}/prompt.txt")).expect("read"), "Work on A-1.");
    let folder = bench.folder(&run);
    assert_eq!(folder.read_outcome(), Some(outcome));
    assert_eq!(fs::read_to_string(folder.prompt(1)).expect("kept"), "Work on A-1.");
    let kinds: Vec<_> = bench.events(&run).into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "phase").count(), 6, "{kinds:?}");
    assert_eq!(kinds.last().map(String::as_str), Some("outcome"));
    let log = fs::read_to_string(folder.log()).expect("a log");
    assert!(log.contains("issue_identifier=\"A-1\"") && log.contains("outcome=\"succeeded\""), "{log}");
}

#[tokio::test]
async fn a_turn_can_be_run_again_by_hand() {
    let bench =
        Bench::new(&format!("cat > prompt.txt; echo \"$BATON_ISSUE/$BATON_TURN/$BATON_RUN\" > said; {DONE}"), "");
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    wait(&bench.project, &run).await.expect("an outcome");
    let before = bench.journal();
    let workspace = bench.path(".baton/workspaces/A-1");
    fs::remove_file(workspace.join("prompt.txt")).expect("it was there");
    let again = std::process::Command::new("sh").arg(bench.folder(&run).rerun()).env("ROOT", bench.path("")).status();
    assert!(again.expect("sh").success());
    assert_eq!(fs::read_to_string(workspace.join("prompt.txt")).expect("read"), "Work on A-1.");
    assert_eq!(fs::read_to_string(workspace.join("said")).expect("read"), "A-1/1/\n");
    assert_eq!(bench.journal(), before);
}

#[tokio::test]
async fn turns_go_on_while_the_issue_is_active() {
    let bench = Bench::new(&format!("echo x >> turns; [ \"$BATON_TURN\" != 3 ] || {DONE}"), "");
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    let outcome = wait(&bench.project, &run).await.expect("an outcome");
    assert_eq!((outcome.outcome, outcome.turns), (OutcomeKind::Succeeded, 3));
    let second = fs::read_to_string(bench.folder(&run).prompt(2)).expect("kept");
    assert!(second.starts_with("Work on A-1.\n") && second.contains("turn 2 of at most 20"), "{second}");
}

#[tokio::test]
async fn turns_end_at_the_limit_or_when_nothing_moves() {
    for (front_matter, turns, status) in
        [("agent:\n  max_turns: 2", 2, "retrying"), ("agent:\n  max_idle_continuations: 3", 4, "blocked")]
    {
        let bench = Bench::new("true", front_matter);
        let key = bench.issue("A-1");
        let run = bench.launch(&key).await.run;
        let outcome = wait(&bench.project, &run).await.expect("an outcome");
        assert_eq!((outcome.outcome, outcome.turns), (OutcomeKind::Succeeded, turns));
        assert_eq!(bench.status(&key).as_str(), status);
    }
}

#[tokio::test]
async fn work_of_an_agent_that_knows_no_tracker_is_handed_over() {
    let bench = Bench::new("true", "  handoff_state: Done");
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    let outcome = wait(&bench.project, &run).await.expect("an outcome");
    assert_eq!((outcome.outcome, outcome.turns), (OutcomeKind::Succeeded, 1));
    assert_eq!(bench.status(&key), Status::Done);
    assert!(fs::read_to_string(bench.path("issues/A-1.md")).expect("read").contains("state: Done"));
}

#[tokio::test]
async fn a_run_that_fails_before_its_agent_is_a_failed_launch() {
    for (front_matter, code, message) in [
        ("hooks:\n  before_run: echo no disk; exit 3", "before_run_failed", "before_run exited with status 3: no disk"),
        ("hooks:\n  after_create: exit 4", "workspace_failed", "after_create"),
    ] {
        let bench = Bench::new("touch \"$ROOT/ran\"", &format!("{front_matter}\n  after_run: touch \"$ROOT/after\""));
        let key = bench.issue("A-1");
        let report = bench.launch(&key).await;
        let (was, why) = failed(&report).expect("failed");
        assert!(was == code && why.contains(message), "{was}: {why}");
        assert_eq!(bench.status(&key).as_str(), "retrying");
        assert!(!bench.path("ran").exists());
        assert_eq!(
            bench.path("after").exists(),
            code == "before_run_failed",
            "after_run runs where there is a workspace"
        );
    }
}

#[tokio::test]
async fn an_agent_that_fails_is_retried_with_its_words() {
    let bench = Bench::new("echo out of luck; exit 7", "");
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    let outcome = wait(&bench.project, &run).await.expect("an outcome");
    assert_eq!((outcome.code, exit_of(&outcome)), (OutcomeCode::TurnFailed, Exit::WorkerFailed));
    assert!(outcome.error.expect("why").contains("out of luck"));
    assert_eq!(bench.work(&key).failures, 1);
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_ends_its_agent_and_runs_after_run() {
    let script = "sleep 1000 & echo $! > \"$ROOT/child\"; setsid sleep 1001 & wait";
    let bench = Bench::new(script, "hooks:\n  after_run: echo after >> \"$ROOT/after\"");
    let key = bench.issue("A-1");
    assert_eq!(bench.launch(&key).await.result, LaunchResult::Launched);
    written(&bench.path("child")).await;
    let limit = Duration::from_secs(60);
    let outcome = stop(&bench.project, &key, RequestKind::Stop, "enough", limit).await.expect("an outcome");
    assert_eq!((outcome.outcome, outcome.summary.as_str()), (OutcomeKind::Canceled, "enough"));
    assert_eq!(exit_of(&outcome), Exit::WorkerCanceled);
    assert_eq!(blocked_by(&bench.status(&key)), Some(ReasonCode::Canceled));
    gone(&bench.path("child")).await;
    assert_eq!(written(&bench.path("after")).await, "after\n");
    let none = request_stop(&bench.project, &key, RequestKind::Stop, "again").expect_err("nobody is there");
    assert_eq!(none.code(), "no_worker");
    let ended = crate::model::RunId { key, number: 1 };
    let none = stop_run(&bench.project, &ended, RequestKind::Stop, "again", limit).await;
    assert_eq!(none.expect("no failure"), None);
}

#[tokio::test]
async fn a_worker_that_does_not_obey_is_killed_and_its_request_stands() {
    let bench =
        Bench::new("echo $$ > \"$ROOT/child\"; sleep 1000", "hooks:\n  after_run: echo after >> \"$ROOT/after\"");
    let key = bench.issue("A-1");
    let report = bench.launch(&key).await;
    let pid = report.pid.expect("a supervisor");
    written(&bench.path("child")).await;
    let stopped = std::process::Command::new("kill").args(["-STOP", &pid.to_string()]).status();
    assert!(stopped.expect("kill").success());
    let limit = Duration::from_millis(50);
    let outcome = stop(&bench.project, &key, RequestKind::StopRequeue, "again", limit).await.expect("an outcome");
    assert_eq!(outcome.code, OutcomeCode::OperatorRequeue);
    assert_eq!(bench.status(&key).as_str(), "retrying");
    gone(&bench.path("child")).await;
    assert_eq!(written(&bench.path("after")).await, "after\n");
}

#[tokio::test]
async fn a_phase_that_takes_too_long_ends_the_launch() {
    let bench = Bench::new("true", "");
    bench.replace_program("#!/bin/sh\nexec sleep 1000\n");
    let key = bench.issue("A-1");
    let report = bench.launch_within(&key, Duration::from_millis(50)).await;
    assert_eq!(failed(&report).map(|(code, _)| code), Some("launch_timeout"));
    assert_eq!(bench.status(&key).as_str(), "retrying");
    assert!(of_pid(report.pid.expect("it was started")).is_none());
}

#[tokio::test]
async fn a_hook_may_take_longer_than_a_phase() {
    let hook = "hooks:\n  before_run: while [ ! -e \"$ROOT/go\" ]; do sleep 0.01; done";
    let bench = Bench::new(DONE, hook);
    let key = bench.issue("A-1");
    let limit = Duration::from_millis(1_500);
    let launch = bench.launch_within(&key, limit);
    tokio::pin!(launch);
    // Twice the limit of a phase goes by in the hook: that is the behaviour, not a wait for something.
    assert!(tokio::time::timeout(limit * 2, &mut launch).await.is_err());
    fs::write(bench.path("go"), "").expect("a file");
    assert_eq!(launch.await.result, LaunchResult::Launched);
}

#[tokio::test]
async fn a_supervisor_that_dies_or_cannot_start_is_a_failed_launch() {
    for (program, expected, why) in [
        (Some("#!/bin/sh\necho no luck >&2\nexit 1\n"), "worker_died", "the worker never came up: no luck"),
        (None, "agent_start_failed", "cannot start the supervisor"),
    ] {
        let bench = Bench::new("true", "");
        match program {
            Some(text) => bench.replace_program(text),
            None => fs::remove_file(bench.path("baton")).expect("removed"),
        }
        let key = bench.issue("A-1");
        let report = bench.launch(&key).await;
        let (code, message) = failed(&report).expect("failed");
        assert!(code == expected && message.starts_with(why), "{code}: {message}");
        assert_eq!((bench.status(&key).as_str(), bench.work(&key).failures), ("retrying", 1));
    }
}

#[tokio::test]
async fn a_slow_hook_delays_no_other_launch() {
    let hook = "hooks:\n  before_run: '[ $BATON_ISSUE = B-1 ] || while [ ! -e \"$ROOT/go\" ]; do sleep 0.01; done'";
    let bench = Bench::new(DONE, hook);
    let (slow, fast) = (bench.issue("A-1"), bench.issue("B-1"));
    let slow = bench.launch(&slow);
    tokio::pin!(slow);
    let report = tokio::select! {
        _ = &mut slow => panic!("its hook waits"),
        report = bench.launch(&fast) => report,
    };
    assert_eq!(report.result, LaunchResult::Launched);
    fs::write(bench.path("go"), "").expect("a file");
    assert_eq!(slow.await.result, LaunchResult::Launched);
}

#[tokio::test]
async fn a_signal_ends_the_run_in_order() {
    let bench =
        Bench::new("echo $$ > \"$ROOT/child\"; sleep 1000", "hooks:\n  after_run: echo after >> \"$ROOT/after\"");
    let key = bench.issue("A-1");
    let report = bench.launch(&key).await;
    written(&bench.path("child")).await;
    let pid = report.pid.expect("a supervisor").to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    let outcome = wait(&bench.project, &report.run).await.expect("an outcome");
    assert_eq!((outcome.outcome, outcome.code), (OutcomeKind::Interrupted, OutcomeCode::Signal));
    gone(&bench.path("child")).await;
    assert_eq!(written(&bench.path("after")).await, "after\n");
}

#[tokio::test]
async fn whoever_waits_settles_a_worker_that_was_killed() {
    let bench = Bench::new("echo $$ > \"$ROOT/child\"; sleep 1000", "");
    let key = bench.issue("A-1");
    let report = bench.launch(&key).await;
    written(&bench.path("child")).await;
    let (killed, outcome) =
        tokio::join!(async { kill(report.pid.expect("a supervisor")) }, wait(&bench.project, &report.run));
    let () = killed;
    assert_eq!(outcome.expect("an outcome").code, OutcomeCode::WorkerDied);
    assert_eq!(bench.status(&key).as_str(), "retrying");
    gone(&bench.path("child")).await;
}

#[tokio::test]
async fn a_stop_that_comes_while_the_run_ends_still_counts() {
    let hook = "hooks:\n  after_run: echo $$ > \"$ROOT/after\"; while [ ! -e \"$ROOT/go\" ]; do sleep 0.01; done";
    let bench = Bench::new("true", &format!("agent:\n  max_turns: 1\n{hook}"));
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    written(&bench.path("after")).await;
    request_stop(&bench.project, &key, RequestKind::Stop, "enough").expect("asked");
    fs::write(bench.path("go"), "").expect("a file");
    let outcome = wait(&bench.project, &run).await.expect("an outcome");
    assert_eq!(outcome.code, OutcomeCode::Operator);
    assert_eq!(bench.folder(&run).read_outcome(), Some(outcome));
    assert_eq!(blocked_by(&bench.status(&key)), Some(ReasonCode::Canceled));
}

#[tokio::test]
async fn an_issue_that_used_its_budget_gets_no_further_turn() {
    let bench = Bench::new("true", "agent:\n  max_tokens_per_issue: 100");
    let key = bench.issue("A-1");
    let used = bench.project.store.transact(bench.project.seams.now(), &bench.by(), |tx| {
        tx.event("test.tokens", None, None, json!({}));
        let work: Work = tx.get(key.as_str())?.expect("there");
        tx.put(&Work { tokens: crate::model::Tokens { total_tokens: 100, ..work.tokens }, ..work })
    });
    used.map_err(|error: StoreError| error).expect("used");
    let run = bench.launch(&key).await.run;
    let outcome = wait(&bench.project, &run).await.expect("an outcome");
    assert_eq!((outcome.code, outcome.turns), (OutcomeCode::TurnFailed, 1));
    assert_eq!(blocked_by(&bench.status(&key)), Some(ReasonCode::Budget));
}

#[tokio::test]
async fn an_issue_that_the_agent_took_away_is_released() {
    let bench = Bench::new("rm \"$ROOT/issues/$BATON_ISSUE.md\"", "");
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    let outcome = wait(&bench.project, &run).await.expect("an outcome");
    assert_eq!((outcome.outcome, outcome.turns), (OutcomeKind::Succeeded, 1));
    assert_eq!(bench.status(&key), Status::Released);
}

#[tokio::test]
async fn no_secret_is_left_in_the_run_s_folder() {
    let bench = Bench::new("echo \"token https://user:hunter22@host/\"; exit 1", "");
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    let outcome = wait(&bench.project, &run).await.expect("an outcome");
    assert!(outcome.error.expect("why").contains("https://[redacted]@host/"));
    let folder = bench.folder(&run);
    for path in [folder.events(), folder.log(), folder.outcome()] {
        let text = fs::read_to_string(&path).expect("readable");
        assert!(!text.contains("hunter22"), "{}: {text}", path.display());
    }
}
