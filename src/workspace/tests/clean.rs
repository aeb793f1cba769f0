//! Taking workspaces away.

use std::fs;

use serde_json::json;

use super::*;
use crate::model::{Health, WorkspaceState};

fn worktree() -> Bench {
    Bench::new(json!({"workspace": {"mode": "worktree", "cleanup": "remove_when_clean_otherwise_archive"}}))
}

fn archive(bench: &Bench, name: &str) -> PathBuf {
    bench.path(".archive").join(name)
}

#[tokio::test]
async fn a_clean_worktree_goes_and_its_branch_stays() {
    let bench = worktree();
    bench.ensure("A").await.expect("a worktree");
    bench.scratch.git("repo/.baton/workspaces/A", "commit -q --allow-empty -m work");
    let head = bench.scratch.git("repo", "rev-parse baton/A");
    assert_eq!(bench.clean("A").await.expect("cleaned"), Disposition::Removed);
    assert!(!bench.path("A").exists());
    assert_eq!(fs::read_dir(bench.path(".trash")).expect("a directory").count(), 0);
    assert_eq!(bench.scratch.git("repo", "worktree list --porcelain").matches("worktree ").count(), 1);
    assert_eq!(bench.scratch.git("repo", "rev-parse baton/A"), head);
    let record = bench.record("A");
    assert_eq!((record.state, record.head), (WorkspaceState::Removed, Some(head)));
    let seq = bench.last_seq();
    assert_eq!(bench.clean("A").await.expect("already gone"), Disposition::Removed);
    assert_eq!(bench.last_seq(), seq);
}

#[tokio::test]
async fn a_dirty_worktree_is_archived_with_its_patch_and_comes_back_from_its_branch() {
    let bench = worktree();
    bench.ensure("A").await.expect("a worktree");
    fs::write(bench.path("A/new"), "new\n").expect("a file");
    assert_eq!(bench.workspaces().health(&bench.record("A")), Health::Dirty);
    assert_eq!(bench.clean("A").await.expect("archived"), Disposition::Archived);
    let place = archive(&bench, "A.1");
    assert_eq!(fs::read_to_string(place.join("new")).expect("kept"), "new\n");
    assert!(fs::read_to_string(place.join("changes.patch")).expect("a patch").contains("+new"));
    assert!(!place.join(".git").exists(), "git there would take the next worktree of this name for its own");
    assert_eq!(bench.record("A").archived_path, Some(place));
    assert_eq!(bench.scratch.git("repo", "worktree list --porcelain").matches("worktree ").count(), 1);
    assert_eq!(bench.clean("A").await.expect("already gone"), Disposition::Archived);
    let again = bench.ensure("A").await.expect("the issue came back");
    assert!(again.created_now);
    assert_eq!(again.record.archived_path, None);
}

#[tokio::test]
async fn commits_on_no_branch_are_dirty_and_survive() {
    let bench = worktree();
    bench.ensure("A").await.expect("a worktree");
    bench.scratch.git("repo/.baton/workspaces/A", "checkout -q --detach");
    bench.scratch.git("repo/.baton/workspaces/A", "commit -q --allow-empty -m loose");
    let loose = bench.scratch.git("repo/.baton/workspaces/A", "rev-parse HEAD");
    assert_eq!(bench.clean("A").await.expect("archived"), Disposition::Archived);
    assert_eq!(bench.scratch.git("repo", "rev-parse refs/baton/archive/A.1"), loose);
}

#[tokio::test]
async fn a_plain_directory_goes_and_a_repository_with_unpushed_work_does_not() {
    let bench = Bench::new(json!({}));
    for name in ["plain", "pushed", "unpushed"] {
        bench.ensure(name).await.expect(name);
    }
    fs::write(bench.path("plain/file"), "").expect("a file");
    for name in ["pushed", "unpushed"] {
        bench.scratch.git(".", &format!("clone -q repo repo/.baton/workspaces/{name}"));
    }
    bench.scratch.git("repo/.baton/workspaces/unpushed", "commit -q --allow-empty -m work");
    for (name, disposition) in
        [("plain", Disposition::Removed), ("pushed", Disposition::Removed), ("unpushed", Disposition::Archived)]
    {
        bench.succeed(name);
        assert_eq!(bench.clean(name).await.expect(name), disposition, "{name}");
        assert!(!bench.path(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn what_the_policy_keeps_is_kept_without_a_hook() {
    let bench =
        Bench::new(json!({"workspace": {"cleanup": "keep_always"}, "hooks": {"before_remove": "touch hooked"}}));
    bench.ensure("A").await.expect("a workspace");
    assert_eq!(bench.clean("A").await.expect("kept"), Disposition::Kept);
    assert!(bench.path("A").exists() && !bench.path("A/hooked").exists());
    let seq = bench.last_seq();
    bench.clean("A").await.expect("kept");
    assert_eq!(bench.last_seq(), seq);
    assert_eq!(bench.record("A").cleanup_result, Some(Disposition::Kept));
    assert_eq!(bench.ensure("A").await.expect("in use again").record.cleanup_result, None);
}

#[tokio::test]
async fn before_remove_is_best_effort() {
    let bench = Bench::new(json!({"hooks": {"before_remove": "touch \"$BATON_STORE/hooked\"; exit 1"}}));
    bench.ensure("A").await.expect("a workspace");
    assert_eq!(bench.clean("A").await.expect("removed"), Disposition::Removed);
    assert!(bench.scratch.path("repo/.baton/hooked").exists());
}

#[tokio::test]
async fn a_crash_after_the_rename_is_finished_by_the_next_call() {
    for (name, chosen, place) in
        [("A", Disposition::Removed, ".trash/A.1"), ("B", Disposition::Archived, ".archive/B.1")]
    {
        let bench = worktree();
        bench.ensure(name).await.expect("a worktree");
        let target = bench.path(place);
        bench.change(name, |work| {
            if let Some(record) = &mut work.workspace {
                record.state = WorkspaceState::Cleaning;
                record.cleanup_result = Some(chosen);
                record.archived_path = (chosen == Disposition::Archived).then(|| target.clone());
            }
        });
        fs::create_dir_all(target.parent().expect("a parent")).expect("mkdir");
        fs::rename(bench.path(name), &target).expect("renamed aside");
        assert_eq!(bench.clean(name).await.expect("finished"), chosen);
        assert_eq!(target.exists(), chosen == Disposition::Archived);
        assert_eq!(bench.scratch.git("repo", "worktree list --porcelain").matches("worktree ").count(), 1);
        let state = bench.record(name).state;
        assert_eq!(
            state,
            if chosen == Disposition::Archived { WorkspaceState::Archived } else { WorkspaceState::Removed }
        );
    }
}

#[tokio::test]
async fn a_crash_before_the_rename_starts_over_without_the_hook() {
    let bench = Bench::new(json!({"hooks": {"before_remove": "touch \"$BATON_STORE/hooked\""}}));
    bench.ensure("A").await.expect("a workspace");
    bench.change("A", |work| {
        if let Some(record) = &mut work.workspace {
            record.state = WorkspaceState::Cleaning;
            record.cleanup_result = Some(Disposition::Removed);
        }
    });
    assert_eq!(bench.clean("A").await.expect("removed"), Disposition::Removed);
    assert!(!bench.path("A").exists() && !bench.scratch.path("repo/.baton/hooked").exists());
}

#[tokio::test]
async fn a_workspace_that_is_gone_or_never_was_is_success() {
    let bench = worktree();
    let seq = bench.last_seq();
    assert_eq!(bench.clean("never").await.expect("nothing"), Disposition::Removed);
    assert_eq!(bench.last_seq(), seq);
    bench.ensure("A").await.expect("a worktree");
    fs::remove_dir_all(bench.path("A")).expect("removed by hand");
    assert_eq!(bench.clean("A").await.expect("gone"), Disposition::Removed);
    assert_eq!(bench.scratch.git("repo", "worktree list --porcelain").matches("worktree ").count(), 1);
}

#[tokio::test]
async fn what_drifted_is_archived_not_removed() {
    let bench = worktree();
    bench.ensure("A").await.expect("a worktree");
    fs::remove_dir_all(bench.path("A")).expect("removed");
    fs::create_dir(bench.path("A")).expect("mkdir");
    fs::write(bench.path("A/mine"), "").expect("a file");
    assert_eq!(bench.workspaces().health(&bench.record("A")), Health::Drifted);
    assert_eq!(bench.clean("A").await.expect("archived"), Disposition::Archived);
    assert!(archive(&bench, "A.1").join("mine").exists());
}

#[tokio::test]
async fn a_failure_is_on_record_and_names_the_path() {
    let bench = Bench::new(json!({}));
    bench.ensure("A").await.expect("a workspace");
    bench.change("A", |work| {
        if let Some(record) = &mut work.workspace {
            record.path = PathBuf::from("/etc");
        }
    });
    let error = bench.clean("A").await.expect_err("not below the root");
    assert_eq!(error.code(), "outside_workspace_root");
    assert!(bench.record("A").failure.is_some_and(|text| text.contains("/etc")));
}

#[tokio::test]
async fn commits_of_a_submodule_survive() {
    let bench = worktree();
    bench.scratch.git(".", "clone -q repo part");
    bench.scratch.git("repo", "-c protocol.file.allow=always submodule add -q ../part part");
    bench.scratch.git("repo", "commit -q -m part");
    bench.ensure("A").await.expect("a worktree");
    let at = "repo/.baton/workspaces/A";
    bench.scratch.git(at, "-c protocol.file.allow=always submodule --quiet update --init");
    bench.scratch.git(&format!("{at}/part"), "commit -q --allow-empty -m work");
    let work = bench.scratch.git(&format!("{at}/part"), "rev-parse HEAD");
    bench.scratch.git(at, "commit -q -a -m part");
    assert_eq!(bench.scratch.git(at, "status --porcelain"), "");
    assert_eq!(bench.clean("A").await.expect("archived"), Disposition::Archived);
    let kept = "repo/.git/baton-archive/A.1/modules/part";
    assert_eq!(bench.scratch.git(kept, &format!("--git-dir=. --work-tree=. cat-file -t {work}")), "commit");
}

#[tokio::test]
async fn a_repository_inside_the_workspace_keeps_it_from_being_removed() {
    let bench = worktree();
    bench.ensure("A").await.expect("a worktree");
    bench.scratch.git("repo/.baton/workspaces/A", "init -q inner");
    fs::write(bench.path("A/inner/file"), "").expect("a file");
    assert_eq!(bench.clean("A").await.expect("archived"), Disposition::Archived);
    assert!(archive(&bench, "A.1").join("inner/file").exists());
}

#[tokio::test]
async fn a_root_that_was_configured_before_is_cleaned_as_well() {
    let mut bench = Bench::new(json!({"hooks": {"before_remove": "touch \"$BATON_STORE/hooked\""}}));
    bench.ensure("A").await.expect("a workspace");
    bench.configure(json!({"workspace": {"root": "../elsewhere"},
        "hooks": {"before_remove": "touch \"$BATON_STORE/hooked\""}}));
    assert_eq!(bench.clean("A").await.expect("removed"), Disposition::Removed);
    assert!(!bench.path("A").exists() && bench.scratch.path("repo/.baton/hooked").exists());
}
