use std::fs;

use serde_json::json;

use super::*;
use crate::model::{ClaimRecord, OutcomeCode, OutcomeKind, Process, ReasonCode, RequestKind, RunRecord, Status};
use crate::outcome::{End, Tally, classify};
use crate::store::StoreError;
use crate::worker::request_stop;
use crate::worker::testing::{Bench, free, gone, written};

const SLEEPER: &str = "sleep 1000 & echo $! > \"$ROOT/child\"; setsid sleep 1001 & wait";
const AFTER_RUN: &str = "hooks:\n  after_run: echo after >> \"$ROOT/after\"";

/// Lets go of a claim's lifeline. Other tests fork, and hold a copy for the instant until they exec.
async fn abandon(bench: &Bench, lifeline: fs::File, run: &RunId) {
    drop(lifeline);
    free(&bench.folder(run).lifeline()).await;
}

async fn killed(bench: &Bench) -> crate::model::Key {
    let key = bench.issue("A-1");
    let report = bench.launch(&key).await;
    written(&bench.path("child")).await;
    let pid = report.pid.expect("a supervisor").to_string();
    assert!(std::process::Command::new("kill").args(["-KILL", &pid]).status().expect("kill").success());
    free(&bench.folder(&report.run).lifeline()).await;
    key
}

#[tokio::test]
async fn a_killed_worker_is_interrupted_once() {
    let bench = Bench::new(SLEEPER, AFTER_RUN);
    let key = killed(&bench).await;
    let settled = settle(&bench.project, None).await.expect("settled");
    let [one] = settled.as_slice() else { panic!("{settled:?}") };
    assert_eq!((one.found, one.action, one.identifier.as_str()), (Found::LiveTree, Action::RetryScheduled, "A-1"));
    assert_eq!(bench.outcome(&one.run).code, OutcomeCode::WorkerDied);
    assert_eq!((bench.status(&key).as_str(), bench.work(&key).failures), ("retrying", 1));
    assert_eq!(bench.claim_record(&key), None);
    gone(&bench.path("child")).await;
    assert_eq!(written(&bench.path("after")).await, "after\n");

    let before = bench.journal();
    assert_eq!(settle(&bench.project, None).await.expect("nothing"), []);
    assert_eq!(bench.journal(), before);
    assert_eq!(written(&bench.path("after")).await, "after\n");
}

#[tokio::test]
async fn of_two_who_settle_at_once_one_does() {
    let bench = Bench::new(SLEEPER, AFTER_RUN);
    let _key = killed(&bench).await;
    let other = bench.reopened();
    let (one, two) = tokio::join!(settle(&bench.project, None), settle(&other, None));
    assert_eq!(one.expect("settled").len() + two.expect("settled").len(), 1);
    assert_eq!(written(&bench.path("after")).await, "after\n");
}

#[tokio::test]
async fn a_settler_that_died_is_followed_by_the_next() {
    let bench = Bench::new(SLEEPER, AFTER_RUN);
    let key = killed(&bench).await;
    let dead = dead_claims(&bench.project).expect("readable").remove(0);
    let first = take_over::take_over(&bench.project, &dead).expect("taken").expect("ours");
    assert_eq!(settle(&bench.project, None).await.expect("left alone"), [], "somebody is at it");
    assert_eq!(bench.status(&key).as_str(), "running");
    drop(first);
    assert_eq!(settle(&bench.project, None).await.expect("settled").len(), 1);
    assert_eq!(bench.status(&key).as_str(), "retrying");
}

#[tokio::test]
async fn a_live_worker_is_left_alone() {
    let bench = Bench::new(SLEEPER, "");
    let key = bench.issue("A-1");
    bench.launch(&key).await;
    written(&bench.path("child")).await;
    let before = bench.journal();
    assert_eq!(settle(&bench.project, None).await.expect("nothing"), []);
    assert_eq!((bench.journal(), bench.status(&key).as_str()), (before, "running"));
    let limit = std::time::Duration::from_secs(60);
    crate::worker::stop(&bench.project, &key, RequestKind::Stop, "the end", limit).await.expect("stopped");
}

#[tokio::test]
async fn the_outcome_that_a_worker_left_is_the_one_that_counts() {
    let bench = Bench::new("true", AFTER_RUN);
    let key = bench.issue("A-1");
    let (claimed, _, _) = bench.claim(&key).await;
    let run = claimed.run.clone();
    abandon(&bench, claimed.lifeline, &claimed.run).await;
    let outcome = classify(&End::Completed, Tally { turns: 3, ..Tally::default() }, bench.project.seams.now());
    bench.folder(&run).write_outcome(&outcome).expect("left");
    let settled = settle(&bench.project, Some(&key)).await.expect("settled");
    assert_eq!((settled[0].found, settled[0].action), (Found::OutcomeNotCommitted, Action::OutcomeCommitted));
    assert_eq!((bench.outcome(&run), bench.work(&key).failures), (outcome, 0));
}

#[tokio::test]
async fn what_was_asked_of_a_dead_worker_still_counts() {
    let bench = Bench::new("true", "");
    let key = bench.issue("A-1");
    let (claimed, _, _) = bench.claim(&key).await;
    request_stop(&bench.project, &key, RequestKind::Stop, "enough").expect("asked");
    abandon(&bench, claimed.lifeline, &claimed.run).await;
    let settled = settle(&bench.project, None).await.expect("settled");
    assert_eq!(settled[0].found, Found::ClaimWithoutWorker);
    assert_eq!(bench.outcome(&claimed.run).outcome, OutcomeKind::Canceled);
    assert!(matches!(bench.status(&key), Status::Blocked { .. }));
}

#[tokio::test]
async fn a_reboot_is_nobodys_failure() {
    let bench = Bench::new("true", "");
    let key = bench.issue("A-1");
    let (claimed, _, _) = bench.claim(&key).await;
    let supervisor = Process { pid: 1, started_ticks: 1, boot_id: "another".into(), pid_namespace: 0 };
    let put = bench.project.store.transact(bench.project.seams.now(), &bench.by(), |tx| {
        tx.event("run.started", None, Some(&claimed.run), json!({}));
        let record: RunRecord = tx.get(&claimed.run.to_string())?.expect("there");
        tx.put(&RunRecord { supervisor: Some(supervisor), ..record })
    });
    put.map_err(|error: StoreError| error).expect("recorded");
    abandon(&bench, claimed.lifeline, &claimed.run).await;
    settle(&bench.project, None).await.expect("settled");
    assert_eq!(bench.outcome(&claimed.run).code, OutcomeCode::Reboot);
    assert_eq!(bench.work(&key).failures, 0);
}

#[tokio::test]
async fn a_process_that_is_out_of_reach_blocks_the_issue() {
    let bench = Bench::new("true", "");
    let key = bench.issue("A-1");
    let (claimed, _, _) = bench.claim(&key).await;
    // Whoever settles never takes itself for an orphan: so this is a holder that cannot be found.
    let _held = crate::process::create_lifeline(&bench.folder(&claimed.run).agent_lifeline()).expect("held");
    abandon(&bench, claimed.lifeline, &claimed.run).await;
    let settled = settle(&bench.project, None).await.expect("settled");
    assert_eq!(settled[0].action, Action::Blocked);
    let Status::Blocked { reasons } = bench.status(&key) else { panic!("{:?}", bench.status(&key)) };
    assert_eq!(reasons[0].code, ReasonCode::OrphanUnreachable);
    assert_eq!(bench.claim_record(&key), None);
}

#[tokio::test]
async fn doubt_is_alive() {
    let bench = Bench::new("true", "");
    let key = bench.issue("A-1");
    let (claimed, _, _) = bench.claim(&key).await;
    fs::remove_file(bench.folder(&claimed.run).lifeline()).expect("removed");
    drop(claimed.lifeline);
    assert_eq!(dead_claims(&bench.project).expect("readable"), []);
}

fn claimed_by(bench: &Bench, key: &crate::model::Key, launcher: &Process) {
    let put = bench.project.store.transact(bench.project.seams.now(), &bench.by(), |tx| {
        tx.event("test.claim", None, None, json!({}));
        let record: ClaimRecord = tx.get(key.as_str())?.expect("a claim");
        tx.put(&ClaimRecord { launcher: Some(launcher.clone()), ..record })
    });
    put.map_err(|error: StoreError| error).expect("recorded");
}

#[tokio::test]
async fn a_claim_whose_launcher_died_before_there_was_a_worker_is_settled_without_a_lifeline() {
    let mut ended = std::process::Command::new("sleep").arg("600").spawn().expect("started");
    let gone = crate::process::of_pid(ended.id());
    ended.kill().expect("killed");
    ended.wait().expect("ended");
    let here = crate::process::current();
    let rebooted = Process { boot_id: "another".into(), ..here };
    for (launcher, code, failures) in
        [(gone.expect("it lived"), OutcomeCode::WorkerDied, 1), (rebooted, OutcomeCode::Reboot, 0)]
    {
        let bench = Bench::new("true", "");
        let key = bench.issue("A-1");
        let (claimed, _, _) = bench.claim(&key).await;
        fs::remove_dir_all(bench.folder(&claimed.run).path()).expect("as after a power cut");
        drop(claimed.lifeline);
        claimed_by(&bench, &key, &launcher);
        let settled = settle(&bench.project, None).await.expect("settled");
        assert_eq!(settled[0].found, Found::ClaimWithoutWorker);
        assert_eq!((bench.outcome(&claimed.run).code, bench.work(&key).failures), (code, failures));
        assert_eq!(bench.claim_record(&key), None);
    }
}

#[tokio::test]
async fn a_run_whose_folder_vanished_gives_its_claim_back() {
    let bench = Bench::new("echo $$ > \"$ROOT/child\"; sleep 1000", AFTER_RUN);
    let key = bench.issue("A-1");
    let report = bench.launch(&key).await;
    written(&bench.path("child")).await;
    fs::rename(bench.folder(&report.run).path(), bench.path("away")).expect("moved");
    let outcome = crate::worker::wait(&bench.project, &report.run).await.expect("an outcome");
    assert_eq!(outcome.code, OutcomeCode::WorkerDied);
    assert_eq!((bench.status(&key).as_str(), bench.claim_record(&key)), ("retrying", None));
    gone(&bench.path("child")).await;
    assert_eq!(written(&bench.path("after")).await, "after\n");
}

#[tokio::test]
async fn a_stop_goes_before_the_outcome_that_a_worker_left() {
    let bench = Bench::new("true", "");
    let key = bench.issue("A-1");
    let (claimed, _, _) = bench.claim(&key).await;
    let tokens = crate::model::Tokens { total_tokens: 7, ..Default::default() };
    let tally = Tally { turns: 3, tokens, ..Tally::default() };
    let left = classify(&End::Completed, tally, bench.project.seams.now());
    bench.folder(&claimed.run).write_outcome(&left).expect("left");
    request_stop(&bench.project, &key, RequestKind::Stop, "enough").expect("asked");
    abandon(&bench, claimed.lifeline, &claimed.run).await;
    let settled = settle(&bench.project, None).await.expect("settled");
    assert_eq!((settled[0].found, settled[0].action), (Found::OutcomeNotCommitted, Action::Blocked));
    let outcome = bench.outcome(&claimed.run);
    assert_eq!((outcome.code, outcome.turns, outcome.tokens), (OutcomeCode::Operator, 3, tokens));
    assert_eq!(bench.folder(&claimed.run).read_outcome(), Some(outcome));
    let Status::Blocked { reasons } = bench.status(&key) else { panic!("{:?}", bench.status(&key)) };
    assert_eq!(reasons[0].code, ReasonCode::Canceled);
}

#[tokio::test]
async fn a_run_that_cannot_be_settled_costs_no_other() {
    let bench = Bench::new("true", "agent:\n  max_concurrent_agents: 2");
    let (bad, good) = (bench.issue("A-1"), bench.issue("A-2"));
    let mut runs = Vec::new();
    for key in [&bad, &good] {
        let (claimed, _, _) = bench.claim(key).await;
        runs.push(claimed.run.clone());
        abandon(&bench, claimed.lifeline, &claimed.run).await;
    }
    fs::create_dir(bench.folder(&runs[0]).recovery_lifeline()).expect("in the way");
    let settled = settle(&bench.project, None).await.expect("the other one");
    assert_eq!(settled.iter().map(|one| &one.run).collect::<Vec<_>>(), [&runs[1]]);
    assert_eq!((bench.status(&bad).as_str(), bench.status(&good).as_str()), ("claimed", "retrying"));
    assert_eq!(settle(&bench.project, Some(&bad)).await.expect_err("said").code(), "run_folder_io");
}

#[tokio::test]
async fn what_a_later_turn_left_is_found_by_its_session() {
    // It wiped its environment, closed its lifeline and lost its parent.
    let fled = "( (exec 100>&-; exec env -i \"$(type -P sleep)\" 1000) & echo $! > \"$ROOT/child\" )";
    let bench = Bench::new(&format!("[ $BATON_TURN = 1 ] || {{ {fled}; sleep 1000; }}"), "");
    let _key = killed(&bench).await;
    settle(&bench.project, None).await.expect("settled");
    gone(&bench.path("child")).await;
}
