//! Making workspaces.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::*;
use crate::model::{Health, Mode, WorkspaceState};
use crate::workspace::RunContext;

/// Every file below `path` with its content, but for sockets and git's own.
fn contents(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = files.filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().to_owned(), fs::read(entry.path()).expect("a file"))).collect()
}

#[tokio::test]
async fn a_directory_is_made_once_and_the_second_time_not_one_byte_is_written() {
    let bench = Bench::new(json!({"hooks": {"after_create": "echo made >> log"}}));
    let first = bench.ensure("A").await.expect("a workspace");
    assert!(first.created_now);
    assert_eq!(first.hooks.len(), 1);
    assert_eq!((first.record.mode, first.record.state), (Mode::Directory, WorkspaceState::Ready));
    assert_eq!(first.record.path, bench.path("A"));
    let before = contents(&bench.scratch.path("repo"));
    let second = bench.ensure("A").await.expect("the same workspace");
    assert!(!second.created_now && second.hooks.is_empty());
    assert_eq!(second.record, first.record);
    assert_eq!(contents(&bench.scratch.path("repo")), before);
    assert_eq!(fs::read_to_string(bench.path("A/log")).expect("the hook's file"), "made\n");
}

#[tokio::test]
async fn without_a_hook_one_transaction_is_enough() {
    let bench = Bench::new(json!({"workspace": {"mode": "worktree"}}));
    let before = bench.last_seq();
    let made = bench.ensure("A").await.expect("a worktree").record;
    assert_eq!(bench.last_seq(), before + 1);
    bench.ensure("A").await.expect("the same worktree");
    assert_eq!(bench.last_seq(), before + 1);
    assert_eq!((made.branch.as_deref(), made.health), (Some("baton/A"), Health::Clean));
    assert_eq!(made.base_commit.map(|commit| commit.len()), Some(40));
    assert_eq!(bench.scratch.git("repo", "status --porcelain"), "?? WORKFLOW.md");
}

#[tokio::test]
async fn a_directory_that_was_there_is_adopted_without_the_hook() {
    let bench = Bench::new(json!({"hooks": {"after_create": "touch hooked"}}));
    fs::create_dir_all(bench.path("A")).expect("mkdir");
    fs::write(bench.path("A/mine"), "").expect("a file");
    let found = bench.ensure("A").await.expect("adopted");
    assert!(!found.created_now && !found.record.created);
    assert!(bench.path("A/mine").exists() && !bench.path("A/hooked").exists());
}

#[tokio::test]
async fn a_failing_hook_is_fatal_and_the_next_call_makes_it_anew() {
    let mut bench = Bench::new(json!({"hooks": {"after_create": "echo no luck; touch partial; exit 7"}}));
    let error = bench.ensure("A").await.expect_err("the hook failed");
    assert_eq!(error.code(), "hook_failed");
    assert_eq!(error.receipt().and_then(|receipt| receipt.exit_code), Some(7));
    let record = bench.record("A");
    assert_eq!(record.state, WorkspaceState::Failed);
    assert!(record.failure.is_some_and(|text| text.contains("after_create failed with exit status 7")));
    assert_eq!(record.after_create.map(|receipt| receipt.output), Some("no luck\n".to_owned()));

    bench.configure(json!({"hooks": {"after_create": "test ! -e partial"}}));
    let made = bench.ensure("A").await.expect("made anew");
    assert!(made.created_now);
    assert_eq!((made.record.state, made.record.failure), (WorkspaceState::Ready, None));
    assert!(bench.scratch.path("repo/.baton/workspaces/.archive/A.1/partial").exists(), "what was there is kept");
}

#[tokio::test]
async fn a_hook_that_a_crash_interrupted_runs_again_in_a_new_directory() {
    for mode in ["directory", "worktree"] {
        let bench = Bench::new(json!({"workspace": {"mode": mode}, "hooks": {"after_create": "touch hooked"}}));
        bench.ensure("A").await.expect("a workspace");
        bench.change("A", |work| {
            if let Some(record) = &mut work.workspace {
                record.state = WorkspaceState::Provisioning;
                record.after_create = None;
            }
        });
        fs::write(bench.path("A/half"), "").expect("a file");
        let made = bench.ensure("A").await.expect(mode);
        assert!(made.created_now && made.hooks.len() == 1, "{mode}");
        assert!(bench.path("A/hooked").exists() && !bench.path("A/half").exists(), "{mode}");
        let archived = bench.scratch.path("repo/.baton/workspaces/.archive/A.1");
        assert!(archived.join("half").exists() && !archived.join(".git").exists(), "{mode}");
    }
}

#[tokio::test]
async fn a_hook_that_is_configured_later_undoes_nothing() {
    let mut bench = Bench::new(json!({}));
    bench.ensure("A").await.expect("a workspace");
    fs::write(bench.path("A/work"), "").expect("a file");
    bench.configure(json!({"hooks": {"after_create": "exit 1"}}));
    assert!(!bench.ensure("A").await.expect("reused").created_now);
    assert!(bench.path("A/work").exists());
}

#[tokio::test]
async fn a_failure_does_not_unmake_what_was_made() {
    let mut bench = Bench::new(json!({"workspace": {"mode": "worktree"}}));
    bench.ensure("A").await.expect("a worktree");
    let repository = std::mem::replace(&mut bench.base, PathBuf::from("/"));
    assert_eq!(bench.ensure("A").await.expect_err("no repository there").code(), "not_a_repository");
    let record = bench.record("A");
    assert!(record.state == WorkspaceState::Ready && record.failure.is_some());
    bench.base = repository;
    bench.configure(json!({"workspace": {"mode": "worktree"}, "hooks": {"after_create": "exit 1"}}));
    let found = bench.ensure("A").await.expect("still there");
    assert!(!found.created_now && found.record.failure.is_none());
}

#[tokio::test]
async fn a_workspace_that_was_removed_by_hand_is_made_again() {
    for mode in ["directory", "worktree"] {
        let bench = Bench::new(json!({"workspace": {"mode": mode}, "hooks": {"after_create": "touch hooked"}}));
        let first = bench.ensure("A").await.expect(mode).record;
        fs::remove_dir_all(bench.path("A")).expect("removed by hand");
        assert_eq!(bench.workspaces().health(&first), Health::Missing, "{mode}");
        let again = bench.ensure("A").await.expect(mode);
        assert!(again.created_now && again.hooks.len() == 1, "{mode}");
        assert_eq!(again.record.base_commit, first.base_commit, "{mode}");
    }
}

#[tokio::test]
async fn a_git_that_outlived_its_baton_is_waited_for() {
    let bench = Bench::new(json!({"workspace": {"mode": "worktree"}}));
    bench.ensure("A").await.expect("a worktree");
    bench.change("A", |work| work.workspace = None);
    let locked = bench.scratch.path("repo/.git/worktrees/A/locked");
    fs::write(&locked, "initializing").expect("as git leaves it");
    let lock = fs::File::open(bench.scratch.path("repo/.git/baton-worktree.lock")).expect("the lock");
    lock.lock().expect("locked");
    let (found, ()) = tokio::join!(bench.ensure("A"), async {
        fs::remove_file(&locked).expect("git is through");
        drop(lock);
    });
    assert!(!found.expect("adopted").created_now);
    assert!(!bench.path(".archive").exists());
}

#[tokio::test]
async fn reuse_is_not_reset() {
    let bench = Bench::new(json!({"workspace": {"mode": "worktree"}}));
    bench.ensure("A").await.expect("a worktree");
    bench.scratch.git("repo/.baton/workspaces/A", "checkout -q -b elsewhere");
    fs::write(bench.path("A/README"), "changed").expect("a file");
    assert!(!bench.ensure("A").await.expect("reused").created_now);
    assert_eq!(bench.scratch.git("repo/.baton/workspaces/A", "symbolic-ref --short HEAD"), "elsewhere");
    assert_eq!(fs::read_to_string(bench.path("A/README")).expect("a file"), "changed");
}

#[tokio::test]
async fn a_workspace_keeps_the_mode_that_it_was_made_with() {
    let mut bench = Bench::new(json!({"workspace": {"mode": "directory"}}));
    bench.ensure("A").await.expect("a directory");
    bench.configure(json!({"workspace": {"mode": "worktree"}}));
    assert_eq!(bench.ensure("A").await.expect("reused").record.mode, Mode::Directory);
    assert_eq!(bench.ensure("B").await.expect("a worktree").record.mode, Mode::Worktree);
    bench.configure(json!({"workspace": {"mode": "shared"}}));
    for (name, mode) in [("A", Mode::Directory), ("B", Mode::Worktree), ("C", Mode::Shared)] {
        assert_eq!(bench.ensure(name).await.expect(name).record.mode, mode, "{name}");
    }
}

#[tokio::test]
async fn what_is_in_the_way_is_left_alone_and_the_record_says_why() {
    let bench = Bench::new(json!({"workspace": {"mode": "worktree"}}));
    fs::create_dir_all(bench.path("A")).expect("mkdir");
    fs::write(bench.path("A/mine"), "").expect("a file");
    fs::write(bench.path("B"), "").expect("a file");
    std::os::unix::fs::symlink("/tmp", bench.path("C")).expect("a link");
    for (name, code) in [("A", "workspace_conflict"), ("B", "workspace_in_the_way"), ("C", "workspace_symlink")] {
        let error = bench.ensure(name).await.expect_err(name);
        assert_eq!(error.code(), code);
        assert_eq!(bench.record(name).failure, Some(error.to_string()), "{name}");
        let seq = bench.last_seq();
        bench.ensure(name).await.expect_err(name);
        assert_eq!(bench.last_seq(), seq, "the same failure is not written twice");
    }
    assert!(bench.path("A/mine").exists());
}

#[tokio::test]
async fn hooks_get_their_variables_and_no_secret() {
    let script = "env; pwd; echo $((1 + 1)) '{{ issue.title }}'; cat";
    let mut bench = Bench::new(json!({"hooks": {"before_run": script}}));
    bench.config.env.allow = Vec::new();
    bench.ensure("A").await.expect("a workspace");
    let context = RunContext { run: "A.2".parse().expect("a run"), attempt: Some(1) };
    let workspaces = bench.workspaces();
    let receipt = workspaces.hook("before_run", &issue("A"), &key("A"), &bench.path("A"), Some(&context)).await;
    let receipt = receipt.expect("no error").expect("a receipt");
    assert!(receipt.ok, "{receipt:?}");
    let has =
        |line: String| assert!(receipt.output.lines().any(|printed| printed == line), "{line} in {}", receipt.output);
    let store = bench.store.layout().root.display();
    has("BATON_ISSUE=A".to_owned());
    has("BATON_ISSUE_ID=id-A".to_owned());
    has("BATON_RUN=A.2".to_owned());
    has("BATON_ATTEMPT=1".to_owned());
    has(format!("BATON_STORE={store}"));
    has(format!("BATON_RUN_MARK={store}/A.2"));
    has(format!("BATON_WORKSPACE={}", bench.path("A").display()));
    has(format!("BATON_WORKFLOW={}", bench.workflow.display()));
    has("BATON_EXE=/opt/baton/bin/baton".to_owned());
    has(bench.path("A").display().to_string());
    has("2 {{ issue.title }}".to_owned());
    assert!(!receipt.output.contains("TRACKER_TOKEN"), "{}", receipt.output);
    let (env, unset) = workspaces.child_environment(&issue("A"), &key("A"), &bench.path("A"), None);
    assert_eq!((env.get("BATON_RUN"), env.get("TRACKER_TOKEN")), (None, None));
    assert_eq!(unset, ["TRACKER_TOKEN"]);
}

#[tokio::test]
async fn a_hook_that_runs_out_of_time_is_a_receipt() {
    let mut bench = Bench::new(json!({"hooks": {"after_run": "echo started; sleep 1000"}}));
    bench.config.hooks.timeout_ms = 200;
    bench.ensure("A").await.expect("a workspace");
    let workspaces = bench.workspaces();
    let receipt = workspaces.hook("after_run", &issue("A"), &key("A"), &bench.path("A"), None).await;
    let receipt = receipt.expect("no error").expect("a receipt");
    assert!(receipt.timed_out && !receipt.ok && receipt.exit_code.is_none(), "{receipt:?}");
}

#[tokio::test]
async fn a_root_of_another_store_is_refused() {
    let bench = Bench::new(json!({"workspace": {"root": "../shared-root"}}));
    let root = bench.scratch.path("shared-root");
    fs::create_dir(&root).expect("mkdir");
    fs::write(root.join(".baton-store"), "/another/store\n").expect("a marker");
    assert_eq!(bench.ensure("A").await.expect_err("not ours").code(), "wrong_store");
    assert!(!root.join("A").exists());
}

#[tokio::test]
async fn a_root_inside_the_repository_does_not_show_in_its_status() {
    let bench = Bench::new(json!({"workspace": {"root": "workspaces", "mode": "worktree"}}));
    bench.ensure("A").await.expect("a worktree");
    assert_eq!(bench.scratch.git("repo", "status --porcelain"), "?? WORKFLOW.md");
    assert_eq!(bench.scratch.git("repo/workspaces/A", "status --porcelain"), "");
}

#[tokio::test]
async fn agent_env_is_given_to_the_agent_and_not_unset() {
    let mut bench = Bench::new(json!({}));
    bench.seams.env.set("MODEL_KEY", "model-secret");
    bench.config.env.secrets = vec!["MODEL_KEY".to_owned()];
    bench.config.env.deny = vec!["SSH_AUTH_SOCK".to_owned()];
    bench.config.agent.env = [("MODEL_KEY".to_owned(), "model-secret".to_owned())].into_iter().collect();
    let workspaces = bench.workspaces();
    let (mut env, mut unset) = workspaces.child_environment(&issue("A"), &key("A"), &bench.path("A"), None);
    assert_eq!(env.get("MODEL_KEY"), None);
    workspaces.add_agent_env(&mut env, &mut unset);
    assert_eq!(env.get("MODEL_KEY"), Some("model-secret"));
    assert_eq!(unset, ["SSH_AUTH_SOCK", "TRACKER_TOKEN"]);
}

#[tokio::test]
async fn a_second_ensure_waits_for_the_first_and_then_finds_its_workspace() {
    let bench = Bench::new(json!({"workspace": {"mode": "worktree"}, "hooks": {"after_create": "touch hooked"}}));
    let lease = bench.workspaces().lease(&key("A"), None).expect("a lease");
    let error = bench.workspaces().lease(&key("A"), Some(std::time::Duration::ZERO)).expect_err("held");
    assert_eq!(error.code(), "lease_conflict");
    drop(lease);
    assert!(bench.ensure("A").await.expect("made").created_now);
    assert!(!bench.ensure("A").await.expect("found").created_now);
}

#[tokio::test]
async fn the_shared_directory_is_one_for_all_and_one_at_a_time() {
    let mut bench = Bench::new(json!({"workspace": {"mode": "shared"}, "hooks": {"after_create": "touch hooked"}}));
    let one = bench.ensure("A").await.expect("the repository itself");
    assert_eq!((one.record.path.as_path(), one.created_now), (bench.base.as_path(), false));
    assert_eq!(bench.ensure("B").await.expect("the same").record.path, bench.base);
    let seq = bench.last_seq();
    bench.ensure("A").await.expect("again");
    assert_eq!(bench.last_seq(), seq);
    let workspaces = bench.workspaces();
    workspaces.check_cwd(&bench.base, &one.record.path).expect("the right place");
    workspaces.check_cwd(&bench.path("A"), &one.record.path).expect_err("the wrong place");
    let lease = workspaces.lease(&key("A"), None).expect("a lease");
    let error = workspaces.lease(&key("B"), Some(std::time::Duration::ZERO)).expect_err("one run at a time");
    assert_eq!(error.code(), "lease_conflict");
    drop(lease);
    assert_eq!(bench.clean("A").await.expect("kept"), Disposition::Kept);
    assert!(bench.base.join("README").exists() && !bench.base.join("hooked").exists());
    bench.configure(json!({"workspace": {"mode": "shared", "path": "nowhere"}}));
    assert_eq!(bench.ensure("A").await.expect_err("never made").code(), "workspace_io");
    assert!(!bench.base.join("nowhere").exists());
}

#[tokio::test]
async fn git_in_a_plain_workspace_does_not_find_the_repository_around_it() {
    let bench = Bench::new(json!({"hooks": {"after_create": "! git rev-parse --git-dir"}}));
    bench.ensure("A").await.expect("no repository found");
}

#[tokio::test]
async fn a_clone_is_a_repository_of_its_own_with_the_project_s_origin() {
    let bench = Bench::new(json!({"workspace": {"mode": "clone"}}));
    bench.scratch.git("repo", "remote add origin https://example.com/project.git");
    let made = bench.ensure("A").await.expect("a clone");
    assert!(made.created_now);
    let at = "repo/.baton/workspaces/A";
    assert_eq!(bench.scratch.git(at, "symbolic-ref --short HEAD"), "baton/A");
    assert_eq!(made.record.base_commit, Some(bench.scratch.git("repo", "rev-parse HEAD")));
    assert_eq!(bench.scratch.git(at, "remote get-url origin"), "https://example.com/project.git");
    assert_eq!(bench.scratch.git("repo", "branch --list baton/*"), "", "the project's repository is left alone");
    assert_eq!(bench.workspaces().health(&made.record), Health::Clean);
    assert!(!bench.ensure("A").await.expect("the same").created_now);
    bench.scratch.git(at, "commit -q --allow-empty -m work");
    assert_eq!(bench.workspaces().health(&made.record), Health::Dirty, "nobody else has that commit");
    bench.scratch.git("repo", "fetch -q .baton/workspaces/A baton/A:baton/A");
    fs::remove_dir_all(bench.path("A")).expect("removed by hand");
    bench.ensure("A").await.expect("made again");
    assert_eq!(bench.scratch.git(at, "rev-parse HEAD"), bench.scratch.git("repo", "rev-parse baton/A"));
}

#[tokio::test]
async fn a_clone_starts_at_a_base_that_only_the_remote_has_and_is_no_stranger_s_directory() {
    let bench = Bench::new(json!({"workspace": {"mode": "clone", "base": "origin/next"}}));
    bench.scratch.git("repo", "checkout -q -b next");
    bench.scratch.git("repo", "commit -q --allow-empty -m next");
    bench.scratch.git("repo", "update-ref refs/remotes/origin/next HEAD");
    bench.scratch.git("repo", "checkout -q main");
    bench.scratch.git("repo", "branch -q -D next");
    let made = bench.ensure("A").await.expect("a clone").record;
    assert_eq!(made.base_commit, Some(bench.scratch.git("repo", "rev-parse origin/next")));
    fs::create_dir_all(bench.path("B")).expect("mkdir");
    assert_eq!(bench.ensure("B").await.expect_err("a stranger's").code(), "workspace_conflict");
    assert_eq!(bench.clean("A").await.expect("cleaned"), Disposition::Removed, "it holds nothing of its own");
}
