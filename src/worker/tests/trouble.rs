//! When what a worker stands on gives way: its claim, its folder, its store, its tracker.

use std::fs;
use std::time::Duration;

use serde_json::json;

use super::DONE;
use crate::model::{Claim, ClaimRecord, OutcomeCode, OutcomeKind, RequestKind, Status, Work, WorkspaceState};
use crate::process::{Lifeline, probe_lifeline};
use crate::run_folder::RunFolder;
use crate::store::StoreError;
use crate::worker::testing::{Bench, free, gone, written};
use crate::worker::{Spec, stall_timeout_ms, stop, wait};

const SLEEPER: &str = "echo $$ > \"$ROOT/child\"; sleep 1000";

/// Waits until a worker's log says so; the worker lives.
async fn logged(folder: &RunFolder, text: &str) {
    while !fs::read_to_string(folder.log()).is_ok_and(|log| log.contains(text)) {
        assert_eq!(probe_lifeline(&folder.lifeline(), Duration::ZERO), Lifeline::Held, "it left without `{text}`");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_worker_whose_claim_was_taken_over_changes_nothing_and_leaves() {
    let bench = Bench::new("echo $$ > \"$ROOT/child\"; sleep 1000", "hooks:\n  after_run: touch \"$ROOT/after\"");
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    written(&bench.path("child")).await;
    let supervisor = bench.record(&run).supervisor.expect("a supervisor");
    let taken = bench.project.store.transact(bench.project.seams.now(), &bench.by(), |tx| {
        let fence = tx.event("run.taken_over", Some("A-1"), Some(&run), json!({}));
        let claim = Claim { run: run.clone(), fence, at: bench.project.seams.now() };
        let work: Work = tx.get(key.as_str())?.expect("there");
        tx.put(&Work { status: Status::Running { claim: claim.clone() }, ..work })?;
        let record: ClaimRecord = tx.get(key.as_str())?.expect("there");
        tx.put(&ClaimRecord { claim, ..record })
    });
    taken.map_err(|error: StoreError| error).expect("taken over");
    assert!(crate::process::nudge(&supervisor));
    let before = bench.journal();
    free(&bench.folder(&run).lifeline()).await;
    gone(&bench.path("child")).await;
    assert_eq!((bench.journal(), bench.record(&run).outcome), (before, None));
    assert!(!bench.path("after").exists());
}

#[tokio::test]
async fn a_worker_whose_run_folder_vanished_ends_its_agent() {
    let bench = Bench::new("echo $$ > \"$ROOT/child\"; sleep 1000", "");
    let key = bench.issue("A-1");
    let report = bench.launch(&key).await;
    written(&bench.path("child")).await;
    fs::remove_dir_all(bench.folder(&report.run).path()).expect("removed");
    gone(&bench.path("child")).await;
}

#[tokio::test]
async fn a_supervisor_that_waits_for_a_hook_after_the_turns_shows_that_it_answers() {
    let hook = "hooks:\n  after_run: while [ ! -e \"$ROOT/go\" ]; do sleep 0.01; done";
    let bench = Bench::new("true", &format!("agent:\n  max_turns: 1\n{hook}"));
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    let folder = bench.folder(&run);
    logged(&folder, "turn ended").await;
    let shown = || crate::run_folder::read_activity(&folder.activity()).expect("there").monotonic_ms;
    let before = shown();
    while shown() < before + 3_000 {
        assert_eq!(probe_lifeline(&folder.lifeline(), Duration::ZERO), Lifeline::Held);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(bench.project.seams.clock.monotonic_ms() < before + 60_000, "it shows nothing");
    }
    fs::write(bench.path("go"), "").expect("a file");
    wait(&bench.project, &run).await.expect("an outcome");
    assert_eq!(stall_timeout_ms(&bench.project, &run), None, "a command has no limit by itself");
    let mut spec = Spec::read(&bench.path(".baton"), &run).expect("readable");
    spec.front_matter["command"]["stall_timeout_ms"] = json!(1_500);
    spec.write(&folder).expect("written");
    assert_eq!(stall_timeout_ms(&bench.project, &run), Some(1_500));
}

#[tokio::test]
async fn an_outcome_waits_for_a_store_that_cannot_be_written_for_a_while() {
    let store = "cd \"$ROOT/.baton\" && mv applied away && mkdir applied";
    for (script, hooks) in
        [(store.to_owned(), String::new()), (DONE.to_owned(), format!("hooks:\n  after_run: {store}"))]
    {
        let bench = Bench::new(&script, &format!("agent:\n  max_turns: 1\n{hooks}"));
        let key = bench.issue("A-1");
        let run = bench.launch(&key).await.run;
        let folder = bench.folder(&run);
        logged(&folder, "trying again while the claim is held").await;
        fs::remove_dir(bench.path(".baton/applied")).expect("in the way");
        fs::rename(bench.path(".baton/away"), bench.path(".baton/applied")).expect("back");
        let outcome = wait(&bench.project, &run).await.expect("an outcome");
        assert_eq!((outcome.outcome, outcome.turns), (OutcomeKind::Succeeded, 1));
        assert_eq!(bench.work(&key).failures, 0);
    }
}

#[tokio::test]
async fn a_second_signal_leaves_everything_to_recover() {
    let hook = "hooks:\n  after_run: echo $$ >> \"$ROOT/after\"; [ -e \"$ROOT/go\" ] || sleep 1000";
    let bench = Bench::new("echo $$ > \"$ROOT/child\"; sleep 1000", hook);
    let key = bench.issue("A-1");
    let report = bench.launch(&key).await;
    written(&bench.path("child")).await;
    let pid = report.pid.expect("a supervisor").to_string();
    let terminate = || std::process::Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success();
    assert!(terminate());
    written(&bench.path("after")).await;
    assert!(terminate());
    free(&bench.folder(&report.run).lifeline()).await;
    assert_eq!((bench.status(&key).as_str(), bench.record(&report.run).outcome), ("running", None));
    fs::write(bench.path("go"), "").expect("a file");
    let outcome = wait(&bench.project, &report.run).await.expect("an outcome");
    assert_eq!(outcome.code, OutcomeCode::WorkerDied);
    assert_eq!(written(&bench.path("after")).await.lines().count(), 2, "the one that was cut off is made good");
}

#[tokio::test]
async fn a_run_goes_on_when_its_tracker_comes_back() {
    let script = "if [ $BATON_TURN = 1 ]; then mv \"$ROOT/issues\" \"$ROOT/away\"; else DONE; fi".replace("DONE", DONE);
    let bench = Bench::new(&script, "");
    let key = bench.issue("A-1");
    let run = bench.launch(&key).await.run;
    let log = bench.folder(&run).log();
    while !fs::read_to_string(&log).expect("a log").contains("asking again") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fs::rename(bench.path("away"), bench.path("issues")).expect("back");
    let outcome = wait(&bench.project, &run).await.expect("an outcome");
    assert_eq!((outcome.outcome, outcome.turns), (OutcomeKind::Succeeded, 2));
    assert_eq!(bench.status(&key), Status::Done);
}

#[tokio::test]
async fn a_worker_whose_store_got_another_format_leaves_it_alone() {
    let bench = Bench::new(SLEEPER, "hooks:\n  after_run: touch \"$ROOT/after\"");
    let key = bench.issue("A-1");
    let report = bench.launch(&key).await;
    written(&bench.path("child")).await;
    let format = bench.path(".baton/FORMAT");
    let text = fs::read_to_string(&format).expect("readable");
    let newer: String = text.split_whitespace().collect::<String>().replace("\"major\":1", "\"major\":99");
    assert_ne!(newer, text);
    fs::write(&format, newer).expect("changed");
    gone(&bench.path("child")).await;
    free(&bench.folder(&report.run).lifeline()).await;
    fs::write(&format, text).expect("changed back");
    assert_eq!((bench.status(&key).as_str(), bench.record(&report.run).outcome), ("running", None));
    assert!(!bench.path("after").exists());
}

#[tokio::test]
async fn a_stop_is_heard_while_the_workspace_is_somebody_else_s() {
    let bench = Bench::new("true", "");
    let key = bench.issue("A-1");
    let by = bench.by();
    let _lease = bench.project.workspaces(&by).lease(&key, None).expect("a lease");
    let folder = bench.folder(&crate::model::RunId { key: key.clone(), number: 1 });
    let (_, outcome) = tokio::join!(bench.launch(&key), async {
        logged(&folder, "run started").await;
        stop(&bench.project, &key, RequestKind::Stop, "enough", Duration::from_secs(60)).await
    });
    assert_eq!(outcome.expect("an outcome").code, OutcomeCode::Operator);
    let log = fs::read_to_string(folder.log()).expect("a log");
    assert!(log.contains("run is asked to stop"), "{log}");
}

#[tokio::test]
async fn a_workspace_is_in_use_while_an_agent_works_in_it() {
    let bench = Bench::new(SLEEPER, "");
    let key = bench.issue("A-1");
    bench.launch(&key).await;
    let state = || bench.work(&key).workspace.expect("a workspace").state;
    assert_eq!(state(), WorkspaceState::InUse);
    stop(&bench.project, &key, RequestKind::Stop, "enough", Duration::from_secs(60)).await.expect("an outcome");
    assert_eq!(state(), WorkspaceState::Ready);
}
