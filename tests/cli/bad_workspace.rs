//! What a workspace cannot be made from: exit 12 with the path, and whatever is there is left as it is.
//!
//! | case | test |
//! |---|---|
//! | an unborn HEAD, no repository | `workspace::without_a_first_commit_there_is_nothing_to_branch_from` |
//! | a detached HEAD | `workspace::a_detached_head_is_a_base_like_any_other` |
//! | a worktree that somebody removed | `workspace::a_worktree_that_somebody_removed_is_made_anew` |
//! | in use by a worker | `workspace::one_that_a_worker_is_in_is_not_touched` |

use std::fs;
use std::os::unix::fs::{chown, symlink};

use crate::env::{TestEnv, is_root, skip};

const SOMEBODY: Option<u32> = Some(12_345);

#[test]
fn what_is_in_the_way_is_named_and_left_alone() {
    let env = TestEnv::new();
    for id in ["FILE", "OUT", "ASIDE", "LOOP", "PIPE", "GOOD"] {
        env.issue(id, "");
    }
    env.baton("workspace ensure GOOD").ok();
    fs::create_dir(env.path("outside")).expect("a directory");
    fs::write(env.path("outside/kept"), "precious").expect("a file");
    fs::write(env.workspace("FILE"), "precious").expect("a file");
    for (name, target) in [("OUT", "../../../outside"), ("ASIDE", "GOOD"), ("LOOP", "LOOP")] {
        symlink(target, env.workspace(name)).expect("a link");
    }
    env.bash("mkfifo .baton/workspaces/PIPE").ok();
    insta::assert_snapshot!(env.baton("workspace ensure FILE"), @"
    ------- stderr -------
    error: <root>/p/.baton/workspaces/FILE is in the way: it is a file, not a directory
    hint: it was left as it is; move it away, or set another `workspace.root`
    [exit status: 12]
    ");
    insta::assert_snapshot!(env.baton("workspace ensure OUT"), @"
    ------- stderr -------
    error: <root>/p/.baton/workspaces/OUT is a symbolic link; a workspace must be a directory of its own
    hint: it was left as it is; move it away, or set another `workspace.root`
    [exit status: 12]
    ");
    for (id, code) in [
        ("FILE", "workspace_in_the_way"),
        ("PIPE", "workspace_in_the_way"),
        ("ASIDE", "workspace_symlink"),
        ("LOOP", "workspace_symlink"),
    ] {
        let error = env.baton(["workspace", "ensure", id, "--json"]).exits(12).error();
        assert_eq!(error["code"], code, "{id}");
        assert!(error["message"].as_str().expect("text").contains(&env.workspace(id).display().to_string()), "{error}");
    }
    // They fail alone, and a closed issue takes none of it away.
    let dispatch = env.baton("dispatch --wait --json").exits(20).any_json();
    assert_eq!(dispatch["launched"][0]["identifier"], "GOOD");
    assert_eq!(dispatch["failed"].as_array().map(Vec::len), Some(5));
    env.set_state("FILE", "Done");
    env.set_state("OUT", "Done");
    env.baton("poll").ok();
    env.baton("reconcile");
    assert_eq!(fs::read_to_string(env.workspace("FILE")).expect("a file"), "precious");
    assert_eq!(fs::read_to_string(env.workspace("OUT").join("kept")).expect("a file"), "precious");
}

#[test]
fn a_directory_of_somebody_else_is_no_workspace() {
    if !is_root() {
        return skip("only root can give a directory to somebody else");
    }
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    fs::create_dir_all(env.workspace("A")).expect("a directory");
    fs::write(env.workspace("A").join("theirs"), "").expect("a file");
    chown(env.workspace("A"), SOMEBODY, None).expect("given away");
    insta::assert_snapshot!(env.baton("workspace ensure A"), @"
    ------- stderr -------
    error: <root>/p/.baton/workspaces/A belongs to user 12345, not to the one who runs Baton
    hint: it was left as it is; move it away, or set another `workspace.root`
    [exit status: 12]
    ");
    env.set_state("A", "Done");
    env.baton("poll").ok();
    env.baton("reconcile");
    assert!(env.workspace("A").join("theirs").exists());
    chown(env.workspace("A"), Some(0), None).expect("taken back");
    chown(env.store("workspaces"), SOMEBODY, None).expect("given away");
    env.set_state("A", "Todo");
    env.baton("poll").ok();
    assert_eq!(env.baton("workspace ensure A --json").exits(12).error()["code"], "workspace_not_ours");
}

#[test]
fn a_root_that_cannot_be_one_is_named() {
    let env = TestEnv::new();
    env.issue("A", "");
    fs::write(env.path("p/file"), "precious").expect("a file");
    symlink("loop", env.path("p/loop")).expect("a link");
    symlink("nowhere", env.path("p/dead")).expect("a link");
    fs::create_dir(env.path("p/theirs")).expect("a directory");
    fs::write(env.path("p/theirs/.baton-store"), "/somewhere/else/.baton\n").expect("a pointer");
    let ensure = |root: &str| {
        env.workflow(&format!("workspace:\n  root: {root}\n"));
        env.baton("workspace ensure A")
    };
    insta::assert_snapshot!(ensure("file"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: <root>/p/file is in the way: it is a file, not a directory
    hint: it was left as it is; move it away, or set another `workspace.root`
    [exit status: 12]
    ");
    insta::assert_snapshot!(ensure("loop"), @"
    ------- stderr -------
    error: could not resolve the workspace root <root>/p/loop
    caused by: Too many levels of symbolic links (os error 40)
    [exit status: 12]
    ");
    insta::assert_snapshot!(ensure("dead"), @"
    ------- stderr -------
    error: could not resolve the workspace root <root>/p/dead
    caused by: No such file or directory (os error 2)
    [exit status: 12]
    ");
    insta::assert_snapshot!(ensure("file/below"), @"
    ------- stderr -------
    error: could not resolve the workspace root <root>/p/file/below
    caused by: Not a directory (os error 20)
    [exit status: 12]
    ");
    insta::assert_snapshot!(ensure("theirs"), @"
    ------- stderr -------
    error: the workspace root <root>/p/theirs belongs to the store /somewhere/else/.baton, not to <root>/p/.baton
    hint: set another `workspace.root`; if that store was moved here, say so in <root>/p/theirs/.baton-store
    [exit status: 5]
    ");
    insta::assert_snapshot!(ensure("/proc/none"), @"
    ------- stderr -------
    error: could not create the workspace root /proc/none
    caused by: No such file or directory (os error 2)
    [exit status: 12]
    ");
    assert_eq!(fs::read_to_string(env.path("p/file")).expect("a file"), "precious");
}

#[test]
fn a_root_above_the_project_captures_neither_it_nor_its_neighbours() {
    let env = TestEnv::new();
    env.workflow("workspace:\n  root: ..\n");
    env.issue("p", "");
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("workspace ensure p"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: <root>/p is not the workspace that belongs there: the project itself lies in it; `workspace.root` must be another directory
    hint: it was left as it is; move it away, or set another `workspace.root`
    [exit status: 12]
    ");
    env.baton("worker launch A --wait").ok();
    assert!(env.path("A").is_dir());
    env.set_state("p", "Done");
    env.baton("poll").ok();
    env.baton("reconcile");
    assert!(env.path("p/WORKFLOW.md").exists() && env.store("FORMAT").exists(), "the project itself was taken away");
    // A project beside it is still one of its own.
    env.bash("mkdir ../q && cp WORKFLOW.md ../q && mkdir ../q/issues").ok();
    let elsewhere = env.command("poll").here(env.path("q")).run().ok();
    assert!(elsewhere.stderr.contains("made the store") && env.path("q/.baton/FORMAT").exists(), "{elsewhere}");
}

#[test]
fn a_root_on_a_read_only_file_system_says_so() {
    let env = TestEnv::new();
    env.workflow("workspace:\n  root: ../ro\n");
    env.issue("A", "");
    fs::create_dir(env.path("ro")).expect("a directory");
    let script = "mount --bind ../ro ../ro && mount -o remount,bind,ro ../ro && exec baton workspace ensure A";
    let Some(done) = env.in_own_mounts(script) else { return };
    insta::assert_snapshot!(done, @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: could not create <root>/ro/.baton-lease
    caused by: Read-only file system (os error 30)
    hint: the file system is mounted read-only; reading still works
    [exit status: 12]
    ");
    env.baton("workspace ensure A").ok();
}

#[test]
fn a_bare_repository_gives_worktrees_once_it_has_a_commit() {
    let env = TestEnv::new();
    env.workflow("workspace:\n  mode: worktree\n");
    env.issue("A", "");
    env.bash("git init -q --bare -b main .git").ok();
    insta::assert_snapshot!(env.baton("workspace ensure A"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: the git repository at <root>/p has no commit yet: make a first commit
    hint: `git commit --allow-empty -m 'first commit'`
    hint: where HEAD names a branch that is not there, `workspace.base` names another
    [exit status: 12]
    ");
    env.bash("git clone -q .git ../clone && cd ../clone && git checkout -q -b other && git commit -q --allow-empty -m first && git push -q origin other").ok();
    // HEAD names a branch that is not there.
    assert_eq!(env.baton("workspace ensure A --json").exits(12).error()["code"], "unborn_head");
    env.workflow("workspace:\n  mode: worktree\n  base: other\n");
    env.baton("workspace ensure A").ok();
    assert_eq!(env.bash("git -C .baton/workspaces/A branch --show-current").ok().line(), "baton/A");
}

#[test]
fn a_base_that_is_no_commit_or_a_branch_in_the_way_is_named() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    env.workflow("workspace:\n  mode: worktree\n  base: nowhere\n");
    insta::assert_snapshot!(env.baton("workspace ensure A"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: workspace.base `nowhere` names no commit in the git repository at <root>/p
    hint: `git branch --all` lists the branches
    [exit status: 12]
    ");
    env.workflow("workspace:\n  mode: worktree\n");
    env.bash("git branch baton").ok();
    insta::assert_snapshot!(env.baton("workspace ensure A"), @"
    ------- stderr -------
    error: git worktree add failed in <root>/p: fatal: cannot lock ref 'refs/heads/baton/A': 'refs/heads/baton' exists; cannot create 'refs/heads/baton/A'
    [exit status: 12]
    ");
    env.bash("git branch -m baton away && git checkout -q -b baton/A").ok();
    insta::assert_snapshot!(env.baton("workspace ensure A"), @"
    ------- stderr -------
    error: git worktree add failed in <root>/p: fatal: 'baton/A' is already used by worktree at '<root>/p'
    [exit status: 12]
    ");
    env.bash("git checkout -q main").ok();
    env.baton("workspace ensure A").ok();
}

#[test]
fn a_directory_that_is_no_worktree_is_left_alone() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    env.baton("poll").ok();
    fs::create_dir_all(env.workspace("A")).expect("a directory");
    fs::write(env.workspace("A").join("mine"), "precious").expect("a file");
    insta::assert_snapshot!(env.baton("workspace ensure A"), @"
    ------- stderr -------
    error: <root>/p/.baton/workspaces/A is not the workspace that belongs there: it is not a worktree of <root>/p/.git
    hint: it was left as it is; move it away, or set another `workspace.root`
    hint: if the repository was moved: `git worktree repair <root>/p/.baton/workspaces/A`
    [exit status: 12]
    ");
    assert_eq!(fs::read_to_string(env.workspace("A").join("mine")).expect("a file"), "precious");
}

#[test]
fn a_repository_that_git_does_not_trust_says_how_to_trust_it() {
    if !is_root() {
        return skip("only root can give a repository to somebody else");
    }
    let env = TestEnv::with_git();
    env.issue("A", "");
    chown(env.path("p/.git"), SOMEBODY, None).expect("given away");
    insta::assert_snapshot!(env.baton("workspace ensure A"), @"
    ------- stderr -------
    made the store <root>/p/.baton
    error: git does not trust the repository at <root>/p: it belongs to another user (safe.directory)
    hint: if you trust it: `git config --global --add safe.directory <root>/p`
    [exit status: 12]
    ");
}

#[test]
fn without_a_remote_nothing_is_lost_in_any_mode() {
    for (mode, kept) in [("worktree", "baton/A"), ("clone", "archive")] {
        let env = TestEnv::with_git();
        env.workflow(&format!("workspace:\n  mode: {mode}\n"));
        env.agent("echo work > work; git add work; git commit -qm work; finish");
        env.issue("A", "");
        env.baton("worker launch A --wait").ok();
        env.baton("reconcile").ok();
        assert!(!env.workspace("A").exists(), "{mode}");
        let found = match kept {
            "archive" => env.bash("git -C .baton/workspaces/.archive/A.* show HEAD:work"),
            branch => env.bash(&format!("git show {branch}:work")),
        };
        assert_eq!(found.ok().stdout, "work\n", "{mode}");
    }
}

#[test]
fn a_submodule_s_commits_survive_their_workspace() {
    let env = TestEnv::with_git();
    env.bash(
        "git init -q -b main ../lib && git -C ../lib commit -q --allow-empty -m lib && \
         git -c protocol.file.allow=always submodule --quiet add ../lib lib && git commit -qm submodule",
    )
    .ok();
    env.agent(
        "git -c protocol.file.allow=always submodule --quiet update --init; cd lib; git checkout -q -b deep; \
         echo deep > deep; git add deep; git commit -qm deep; cd ..; git add lib; git commit -qm lib; finish",
    );
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    env.baton("reconcile").ok();
    assert!(!env.workspace("A").exists());
    let commit = env.bash("git rev-parse baton/A:lib").ok().line();
    let found = env.bash(&format!("git --git-dir \"$(ls -d .git/baton-archive/A.*/modules/lib)\" show {commit}:deep"));
    assert_eq!(found.ok().stdout, "deep\n");
}

#[test]
fn a_submodule_is_a_repository_like_any_other() {
    let env = TestEnv::empty();
    env.make_repository();
    env.bash(
        "git init -q -b main ../lib && git -C ../lib commit -q --allow-empty -m lib && \
         git -c protocol.file.allow=always submodule --quiet add ../lib lib && \
         printf -- '---\\ntracker:\\n  kind: local\\ncommand:\\n  run: bash $TEST_ROOT/agent.sh\\nworkspace:\\n  mode: worktree\\n---\\nWork.\\n' \
         > lib/WORKFLOW.md && mkdir lib/issues && printf -- '---\\nid: A\\ntitle: T\\nstate: Todo\\n---\\n' > lib/issues/A.md",
    )
    .ok();
    let ensured = env.command("workspace ensure A").here(env.path("p/lib")).run().ok();
    assert_eq!(ensured.line(), env.path("p/lib/.baton/workspaces/A").display().to_string());
    assert_eq!(env.bash("git -C lib branch --list baton/A | wc -l").ok().line(), "1");
    assert_eq!(env.bash("git branch --list baton/A | wc -l").ok().line(), "0");
}
