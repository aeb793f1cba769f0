//! `baton init`.

use std::fs;

use crate::env::TestEnv;

#[test]
fn it_writes_a_project_that_works_at_once() {
    let env = TestEnv::empty();
    env.make_repository();
    let made =
        env.command(["init", "--agent-command", "echo hello > greeting; git add -A; git commit -qm greeting"]).run();
    insta::assert_snapshot!(made, @r#"
    wrote <root>/p/WORKFLOW.md
    wrote <root>/p/issues/.gitignore
    agent: echo hello > greeting; git add -A; git commit -qm greeting
    next: baton issue create "…", then baton run
    ------- stderr -------
    made the store <root>/p/.baton
    [exit status: 0]
    "#);
    assert_eq!(fs::read_to_string(env.store(".gitignore")).expect("a file"), "*\n");
    assert_eq!(env.baton(["issue", "create", "Greet"]).ok().stdout, "TASK-1\n");
    assert_eq!(env.bash("git status --porcelain").ok().stdout, "?? WORKFLOW.md\n");
    insta::assert_snapshot!(env.baton("run --until-idle"), @"
    DONE    TITLE  BRANCH        TO MERGE IT
    TASK-1  Greet  baton/TASK-1  git merge baton/TASK-1
    ------- stderr -------
         Started TASK-1.1 Greet
        Finished TASK-1.1 succeeded
            Done TASK-1 Greet
         Removed workspace <root>/p/.baton/workspaces/TASK-1
    [exit status: 0]
    ");
    assert_eq!(env.bash("git show baton/TASK-1:greeting").ok().stdout, "hello\n");
}

#[test]
fn it_overwrites_nothing() {
    let env = TestEnv::empty();
    fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: {kind: local}\ncommand: {run: 'true'}\n---\nmine\n")
        .expect("written");
    insta::assert_snapshot!(env.baton("init"), @"
    wrote <root>/p/issues/.gitignore
    kept <root>/p/WORKFLOW.md
    ------- stderr -------
    made the store <root>/p/.baton
    [exit status: 0]
    ");
    assert!(fs::read_to_string(env.path("p/WORKFLOW.md")).expect("a file").ends_with("mine\n"));
    insta::assert_snapshot!(env.baton("init"), @"
    kept <root>/p/WORKFLOW.md
    kept <root>/p/issues/.gitignore
    [exit status: 0]
    ");
}

#[test]
fn a_dry_run_writes_nothing() {
    let env = TestEnv::empty();
    insta::assert_snapshot!(env.command("init --dry-run").env("PATH", env.path("bin")).run(), @r#"
    would write <root>/p/WORKFLOW.md
    would write <root>/p/issues/.gitignore
    agent: none
    next: baton issue create "…", then baton run
    [exit status: 0]
    "#);
    assert_eq!(fs::read_dir(env.path("p")).expect("a directory").count(), 0);
}

#[test]
fn it_makes_the_project_at_the_top_of_the_repository() {
    let env = TestEnv::empty();
    env.make_repository();
    fs::create_dir(env.path("p/deep")).expect("a directory");
    env.command("init").here(env.path("p/deep")).run().ok();
    assert!(env.path("p/WORKFLOW.md").exists() && env.path("p/.baton/FORMAT").exists());
    assert_eq!(fs::read_dir(env.path("p/deep")).expect("a directory").count(), 0);
}
