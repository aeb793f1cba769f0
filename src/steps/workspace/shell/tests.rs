//! Holds on a real project.

use std::fs;

use serde_json::json;

use super::*;
use crate::model::{Reason, ReasonCode, RequestKind, Status, Work};
use crate::queue::Override;
use crate::steps::{self, ToLaunch};
use crate::worker::request_stop;
use crate::worker::testing::{Bench, written};

const ONE_SLOT: &str = "agent:\n  max_concurrent_agents: 1";

async fn bench<const N: usize>(front_matter: &str, names: [&str; N]) -> (Bench, [Key; N]) {
    let bench = Bench::new("true", front_matter);
    let keys = names.map(|name| bench.issue(name));
    steps::poll(&bench.project, false).await.expect("a poll");
    (bench, keys)
}

async fn run(bench: &Bench, key: &Key, script: &str) -> Result<u8> {
    let words = ["sh", "-c", script].map(OsString::from);
    let found = Found { key: key.clone(), work: bench.work(key) };
    shell(&bench.project, &found, &words, Some(Duration::ZERO), |_, _| {}).await
}

fn set(bench: &Bench, key: &Key, status: Status) -> Work {
    let work = Work { status, failures: 2, attempts: 3, ..bench.work(key) };
    let done = bench.project.store.transact(bench.project.seams.now(), &bench.by(), |tx| {
        tx.event("test", None, None, json!({}));
        tx.put(&work)
    });
    done.map_err(|error: StoreError| error).expect("set");
    work
}

fn hold(bench: &Bench, key: &Key) -> std::result::Result<queue::Claimed, queue::ClaimError> {
    queue::hold(&bench.project.store, &bench.by(), key, bench.project.seams.now())
}

#[tokio::test]
async fn it_works_in_the_workspace_in_an_agent_s_environment_and_tells_its_exit_status() {
    let (bench, [a]) = bench("agent:\n  env:\n    FOR_AGENTS: given", ["A-1"]).await;
    let script = "echo \"$BATON_ISSUE $FOR_AGENTS ${BATON_RUN-none}\" > said; exit 7";
    assert_eq!(run(&bench, &a, script).await.expect("it ran"), 7);
    let path = bench.work(&a).workspace.expect("a record").path;
    assert_eq!(fs::read_to_string(path.join("said")).expect("said"), "A-1 given none\n");
    assert_eq!(run(&bench, &a, "kill -TERM $$").await.expect("it ran"), 143);
    let missing = [OsString::from("no-such-program")];
    let found = Found { key: a.clone(), work: bench.work(&a) };
    let error = shell(&bench.project, &found, &missing, None, |_, _| {}).await.expect_err("nothing to run");
    assert!(error.message.contains("no-such-program"), "{error}");
    assert_eq!((bench.status(&a), bench.claim_record(&a)), (Status::Idle, None));
}

#[tokio::test]
async fn afterwards_the_issue_is_what_it_was() {
    let (bench, [a]) = bench("", ["A-1"]).await;
    let retrying = Status::Retrying {
        kind: crate::model::RetryKind::Failure,
        attempt: 3,
        due_at: bench.project.seams.now(),
        delay_ms: 10_000,
        error: Some("why".to_owned()),
    };
    let blocked = Status::Blocked { reasons: vec![Reason::new(ReasonCode::Budget, "used up")] };
    for status in [retrying, blocked, Status::Paused, Status::Done, Status::Released] {
        let before = set(&bench, &a, status);
        run(&bench, &a, "true").await.expect("it ran");
        let after = bench.work(&a);
        let expected = Work { last_run: after.last_run, workspace: after.workspace.clone(), ..before };
        assert_eq!(after, expected);
    }
}

#[tokio::test]
async fn nobody_else_gets_what_is_held_and_its_slot_is_free() {
    let (bench, [a, b]) = bench(ONE_SLOT, ["A-1", "B-1"]).await;
    let held = hold(&bench, &a).expect("a hold");
    assert_eq!(hold(&bench, &a).expect_err("it is held").to_string().split(':').next(), Some("A-1 is held"));
    assert!(steps::retry(&bench.project, &a).expect_err("it is held").retryable);
    let poll = steps::poll(&bench.project, false).await.expect("a poll");
    assert_eq!(poll.waiting[0].reasons[0].code, ReasonCode::Held);
    assert_eq!(poll.queue[0].identifier, "B-1");
    let report = steps::status(&bench.project.store, &bench.project.seams).expect("a report");
    assert_eq!((report.held[0].run.clone(), report.counts.held, report.counts.running), (held.run, 1, 0));
    let (key, issue) = poll.eligible[0].clone();
    let claimed = steps::claim(&bench.project, &key, &issue, poll.asked_at, Override::Nothing).expect("a slot");
    let claim = ToLaunch { key, issue, asked_at: poll.asked_at, claimed };
    assert_eq!(claim.key, b);
    let error = hold(&bench, &b).expect_err("a run has it");
    assert_eq!(Error::from(error).code, "already_claimed");
}

#[tokio::test]
async fn a_terminal_issue_does_not_send_a_person_away() {
    let (bench, [a]) = bench("", ["A-1"]).await;
    let _held = hold(&bench, &a).expect("a hold");
    fs::write(bench.path("issues/A-1.md"), "---\ntitle: A-1\nstate: Done\n---\n").expect("an issue");
    let (report, _) = steps::reconcile(&bench.project, false).await.expect("reconciled");
    assert_eq!((report.stopped.len(), bench.status(&a).as_str()), (0, "held"));
}

#[tokio::test]
async fn a_dead_shell_is_settled_as_if_it_had_not_been() {
    let (bench, [a]) = bench("hooks:\n  after_run: touch \"$ROOT/after\"", ["A-1"]).await;
    run(&bench, &a, "true").await.expect("a workspace");
    let before = set(&bench, &a, Status::Paused);
    let held = hold(&bench, &a).expect("a hold");
    let (run, folder) = (held.run.clone(), bench.folder(&held.run));
    drop(held);
    crate::worker::testing::free(&folder.lifeline()).await;
    let settled = recovery::settle(&bench.project, None).await.expect("settled");
    assert_eq!(settled.len(), 1);
    assert_eq!(bench.work(&a), Work { last_run: run.number, ..before });
    assert_eq!(bench.outcome(&run).outcome.as_str(), "interrupted");
    assert_eq!((bench.claim_record(&a), bench.path("after").exists()), (None, false));
    let journal = bench.journal();
    assert!(recovery::settle(&bench.project, None).await.expect("nothing").is_empty());
    assert_eq!(bench.journal(), journal);
}

#[tokio::test]
async fn one_that_is_asked_to_leave_hangs_up() {
    let (bench, [a]) = bench("", ["A-1"]).await;
    let up = bench.path("up");
    let script = format!("echo up > {}; exec sleep 1000", up.display());
    let stop = async {
        written(&up).await;
        request_stop(&bench.project, &a, RequestKind::Stop, "enough").expect("asked")
    };
    let (ended, _) = tokio::join!(run(&bench, &a, &script), stop);
    assert_eq!((ended.expect("it ran"), bench.status(&a)), (129, Status::Idle));
}

#[tokio::test]
async fn a_shared_workspace_is_busy_while_a_person_is_in_it() {
    let (bench, [a, _b]) = bench("workspace:\n  mode: shared", ["A-1", "B-1"]).await;
    let _held = hold(&bench, &a).expect("a hold");
    let poll = steps::poll(&bench.project, false).await.expect("a poll");
    let codes: Vec<_> = poll.waiting.iter().map(|entry| entry.reasons[0].code).collect();
    assert_eq!(codes, [ReasonCode::Held, ReasonCode::WorkspaceBusy]);
}
