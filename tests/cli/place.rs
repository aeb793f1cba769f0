//! Which project a command means, and what it may do where it is.

use std::fs;

use crate::env::TestEnv;

#[test]
fn a_project_is_found_from_below_by_flag_and_by_environment() {
    let env = TestEnv::new();
    env.issue("A", "");
    fs::create_dir_all(env.path("p/deep/down")).expect("directories");
    let elsewhere = env.path("tmp");
    let store = env.store("");
    let workflow = env.path("p/WORKFLOW.md");
    env.baton("poll").ok();
    for command in [
        env.command("issue list").here(env.path("p/deep/down")),
        env.command(["-C", env.path("p/deep").to_str().expect("text"), "issue", "list"]).here(&elsewhere),
        env.command(["issue", "list", "--workflow", workflow.to_str().expect("text")]).here(&elsewhere),
        env.command(["issue", "list", "--store", store.to_str().expect("text")]).here(&elsewhere),
        env.command("issue list").here(&elsewhere).env("BATON_STORE", &store),
        env.command("issue list").here(&elsewhere).env("BATON_WORKFLOW", &workflow),
    ] {
        assert!(command.run().ok().stdout.contains("Title of A"));
    }
    env.command("issue list").here(&elsewhere).run().exits(10);
}

#[test]
fn a_copy_of_the_workflow_in_a_workspace_is_no_project() {
    let env = TestEnv::with_git();
    fs::write(env.path("p/.git/info/exclude"), "/issues/\n").expect("exclude");
    env.bash("git add WORKFLOW.md && git commit -qm workflow").ok();
    env.issue("A", "");
    env.baton("workspace ensure A").ok();
    assert!(env.workspace("A").join("WORKFLOW.md").exists());
    let listed = env.command("issue list").here(env.workspace("A")).run().ok();
    assert!(listed.stdout.contains("Title of A"));
    assert!(!env.workspace("A").join(".baton").exists());
}

#[test]
fn a_person_s_own_worktree_uses_the_main_checkout_s_store() {
    let env = TestEnv::with_git();
    fs::write(env.path("p/.git/info/exclude"), "/issues/\n").expect("exclude");
    env.bash("git add WORKFLOW.md && git commit -qm workflow && git worktree add -q ../side").ok();
    env.issue("A", "");
    let listed = env.command("poll").here(env.path("side")).run().ok();
    assert!(listed.stdout.contains("Title of A") && env.store("FORMAT").exists());
    assert!(!env.path("side/.baton").exists());
}

#[test]
fn inside_a_run_only_reading_and_the_tracker_are_allowed() {
    let env = TestEnv::new();
    env.issue("A", "");
    let inside = |args: &str| env.command(args).env("BATON_RUN", "A.1").run();
    insta::assert_snapshot!(inside("poll"), @"
    ------- stderr -------
    error: this is inside run A.1, which may only read, edit issues and comment
    hint: `--allow-nested` allows it
    [exit status: 5]
    ");
    for args in [
        "poll",
        "dispatch",
        "reconcile",
        "recover",
        "run --once",
        "retry A",
        "init",
        "worker launch A",
        "worker stop A",
        "workspace ensure A",
    ] {
        let refused = inside(&format!("{args} --json")).exits(5);
        assert_eq!(refused.error()["code"], "inside_run", "{args}");
    }
    assert!(!env.store("").exists());
    inside("poll --allow-nested").ok();
    for args in [
        "status",
        "status A",
        "issue list",
        "issue edit A --priority 1",
        "comment A hello",
        "events",
        "worker list",
        "config show",
    ] {
        inside(args).ok();
    }
}

#[test]
fn an_agent_can_read_and_write_its_tracker_and_not_steer() {
    let env = TestEnv::new();
    env.agent(
        "baton comment $BATON_ISSUE 'from inside'; baton status . > $TEST_ROOT/said/status; \
         baton dispatch && exit 9; [ $? = 5 ]; finish",
    );
    env.agent_of("A", "baton comment $BATON_ISSUE 'from inside'; baton status . > $TEST_ROOT/said/status; code=0; baton dispatch || code=$?; [ $code = 5 ]; finish");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    assert!(fs::read_to_string(env.path("p/issues/A.md")).expect("text").contains("from inside"));
    assert!(env.said_lines("status")[0].starts_with("A  Title of A"));
}

#[test]
fn an_unknown_subcommand_is_a_program_on_the_search_path() {
    let env = TestEnv::new();
    env.baton("poll").ok();
    insta::assert_snapshot!(env.baton("hello"), @"
    ------- stderr -------
    error: `hello` is no subcommand, and no `baton-hello` is on PATH
    hint: `baton --help` lists the subcommands
    [exit status: 2]
    ");
    let script =
        "#!/bin/sh\necho \"$@\"\necho \"$BATON_EXE\"\necho \"$BATON_STORE\"\necho \"$BATON_WORKFLOW\"\nexit 42\n";
    env.program_on_path("baton-hello", script);
    insta::assert_snapshot!(env.baton("hello --there you"), @"
    --there you
    <baton>
    <root>/p/.baton
    <root>/p/WORKFLOW.md
    [exit status: 42]
    ");
    env.program_on_path("baton-poll", "#!/bin/sh\nexit 9\n");
    env.baton("poll").ok();
    // A relative entry is not trusted.
    env.command("hello").env("PATH", "../bin:/usr/bin:/bin").run().exits(2);
    env.baton("../hello").exits(2);
}
