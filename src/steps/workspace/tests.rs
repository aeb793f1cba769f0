//! The steps on a real project.

use std::fs;
use std::time::Duration;

use super::*;
use crate::model::{CleanupPolicy, Disposition, Health, Key, WorkspaceState};
use crate::project::Project;
use crate::steps::{self, CleanOptions, Target};
use crate::worker::testing::Bench;

const NOW: CleanOptions = CleanOptions { policy: None, patience: Some(Duration::ZERO), dry_run: false };

/// A project whose issues have workspaces.
async fn bench<const N: usize>(names: [&str; N]) -> (Bench, [Key; N]) {
    let bench = Bench::new("true", "");
    let keys = names.map(|name| bench.issue(name));
    steps::poll(&bench.project, false).await.expect("a poll");
    for key in &keys {
        ensure(&bench.project, &found(&bench.project, key), None).await.expect("a workspace");
    }
    (bench, keys)
}

fn found(project: &Project, key: &Key) -> steps::Found {
    steps::find_known(&project.store, &Target::Named(key.to_string())).expect("readable").expect("known")
}

fn healths(report: &VerifyReport) -> Vec<(Option<&str>, Health)> {
    report.workspaces.iter().map(|found| (found.identifier.as_deref(), found.health)).collect()
}

#[tokio::test]
async fn what_changed_is_recorded_once() {
    let (bench, [a, _b]) = bench(["A-1", "B-1"]).await;
    fs::remove_dir_all(&bench.work(&a).workspace.expect("a record").path).expect("removed by hand");
    let before = bench.journal();
    let dry = verify_all(&bench.project, true).expect("a report");
    assert_eq!((dry.changed, bench.journal()), (1, before), "a dry run says it and writes nothing");
    let report = verify_all(&bench.project, false).expect("a report");
    assert_eq!(healths(&report), [(Some("A-1"), Health::Missing), (Some("B-1"), Health::Clean)]);
    assert!(!report.is_clean());
    assert_eq!(bench.work(&a).workspace.expect("a record").health, Health::Missing);
    let after = bench.journal();
    assert_eq!(verify_all(&bench.project, false).expect("a report").changed, 0);
    assert_eq!(bench.journal(), after);
}

#[tokio::test]
async fn only_what_no_issue_could_own_is_orphaned() {
    let (bench, _keys) = bench(["A-1"]).await;
    let damaged = bench.issue("B-1");
    let root = bench.project.store.layout().root.clone();
    for name in ["B-1", "stranger"] {
        fs::create_dir(root.join("workspaces").join(name)).expect("mkdir");
    }
    fs::write(root.join("work").join(format!("{damaged}.json")), "{").expect("damage");
    let report = verify_all(&bench.project, false).expect("a report");
    assert_eq!(healths(&report), [(Some("A-1"), Health::Clean), (None, Health::Orphaned)]);
}

#[tokio::test]
async fn a_person_s_policy_goes_before_the_configured_one() {
    let (bench, [a]) = bench(["A-1"]).await;
    let clean = |policy| steps::clean_issue(&bench.project, &a, CleanOptions { policy: Some(policy), ..NOW });
    let before = bench.journal();
    let dry = CleanOptions { dry_run: true, ..NOW };
    let planned = steps::clean_issue(&bench.project, &a, dry).await.expect("a plan");
    assert_eq!((planned.disposition, bench.journal()), (Some(Disposition::Removed), before));
    let kept = clean(CleanupPolicy::KeepAlways).await.expect("kept");
    assert_eq!((kept.disposition, kept.path.exists()), (Some(Disposition::Kept), true));
    let archived = clean(CleanupPolicy::ArchiveAlways).await.expect("archived");
    assert_eq!(archived.disposition, Some(Disposition::Archived));
    assert!(archived.archived_path.expect("a place").is_dir());
    assert_eq!(bench.work(&a).workspace.expect("a record").state, WorkspaceState::Archived);
    let after = bench.journal();
    clean(CleanupPolicy::KeepAlways).await.expect("gone already");
    assert_eq!(bench.journal(), after);
}

#[tokio::test]
async fn a_workspace_that_somebody_has_is_refused() {
    let (bench, [a, b]) = bench(["A-1", "B-1"]).await;
    let _claimed = bench.claim(&a).await;
    let error = steps::clean_issue(&bench.project, &a, NOW).await.expect_err("a run has it");
    assert_eq!((error.code, error.exit as u8), ("already_claimed", 6));
    let by = bench.by();
    let _lease = bench.project.workspaces(&by).lease(&b, None).expect("a lease");
    let error = steps::clean_issue(&bench.project, &b, NOW).await.expect_err("somebody is in it");
    assert_eq!((error.code, error.exit as u8), ("lease_conflict", 6));
    let nobody = bench.issue("C-1");
    let error = steps::clean_issue(&bench.project, &nobody, NOW).await.expect_err("there is none");
    assert_eq!((error.code, error.exit as u8), ("no_workspace", 4));
}

#[tokio::test]
async fn of_two_who_ensure_at_once_the_second_waits_its_time_and_is_told_who_has_it() {
    let (bench, [a]) = bench(["A-1"]).await;
    let by = bench.by();
    let lease = bench.project.workspaces(&by).lease(&a, None).expect("a lease");
    let issue = found(&bench.project, &a);
    let error = ensure(&bench.project, &issue, Some(Duration::from_millis(20))).await.expect_err("it is held");
    assert_eq!((error.code, error.exit as u8, error.retryable), ("lease_conflict", 6, true));
    assert!(error.message.contains("`test` (process "), "{error}");
    drop(lease);
    assert!(!ensure(&bench.project, &issue, Some(Duration::from_secs(60))).await.expect("free again").created);
}

#[tokio::test]
async fn the_view_says_whose_it_is_and_how_large() {
    let (bench, [a]) = bench(["A-1"]).await;
    let path = bench.work(&a).workspace.expect("a record").path;
    fs::write(path.join("file"), [0; 7]).expect("a file");
    let _claimed = bench.claim(&a).await;
    let (store, now) = (&bench.project.store, bench.project.seams.now());
    let look = Look { health: true, size: true };
    let view = workspaces(store, Some(&bench.project), now, look).expect("a list").remove(0);
    assert_eq!((view.state_category, view.had_in_flight_run), (Some(StateCategory::Active), true));
    assert_eq!(view.size.map(|size| size.bytes), Some(7));
    let view = workspaces(store, None, now, Look::default()).expect("a list").remove(0);
    assert_eq!((view.state_category, view.size), (None, None));
}
