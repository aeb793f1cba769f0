//! `baton workspace shell`: a person in an issue's workspace, and nobody else.

use rustix::process::Signal;

use crate::env::{Done, TestEnv, codes, texts, wait_until};

fn shell(env: &TestEnv, script: &str) -> Done {
    env.baton(["workspace", "shell", "A", "--", "bash", "-c", script])
}

#[test]
fn it_makes_the_workspace_and_ends_as_its_command_does() {
    let env = TestEnv::with_git();
    env.issue("A", "");
    let done = shell(&env, "pwd; git branch --show-current; echo $BATON_ISSUE ${BATON_RUN-none} $BATON_WORKSPACE").ok();
    let path = env.workspace("A").display().to_string();
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines[..2], [path.as_str(), "baton/A"], "{done}");
    assert!(lines[2].starts_with("A ") && lines[2].ends_with(&path), "{done}");
    shell(&env, "exit 7").exits(7);
    shell(&env, "kill -TERM $$").exits(143);
    assert_eq!(env.baton("workspace shell A -- no-such-program --json").exits(1).code(), 1);
    assert_eq!(env.status_word("A"), "idle");
    assert!(env.status("A")["runs"].as_array().expect("runs").iter().all(|run| run["agent"] == "shell"));
}

#[test]
fn while_it_lives_the_issue_is_held() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "");
    let person = env.start(["workspace", "shell", "A", "--", "bash", "-c", "touch $TEST_ROOT/said/in; sleep 1000"]);
    wait_until("somebody is in it", || env.said("in").exists());
    assert_eq!(env.status_word("A"), "held");
    let poll = env.baton("poll --json").json();
    assert_eq!(texts(&poll["queue"], "identifier"), ["B"], "a person takes no slot");
    assert_eq!(codes(&poll["waiting"][0]["reasons"]), ["held"]);
    for (args, code) in [
        ("worker launch A --json", "held"),
        ("workspace clean A --json", "held"),
        ("retry A --json", "held"),
        ("workspace shell A --json -- true", "held"),
        ("worker launch A --dry-run --json", "held"),
    ] {
        let refused = env.baton(args).exits(6).error();
        assert_eq!((&refused["code"], &refused["retryable"]), (&code.into(), &true.into()), "{args}");
    }
    assert_eq!(env.baton("dispatch").ok().stdout, "B.1\n");
    env.baton("worker wait B.1").ok();
    assert!(env.baton("worker list --json").json()["workers"].as_array().expect("rows").is_empty());
    person.kill();
    let poll = env.baton("poll --json").json();
    assert!(poll["queue"].as_array().expect("rows").is_empty(), "until a step settles it, the dead hold is one");
    env.baton("recover").ok();
    assert_eq!(env.status_word("A"), "idle");
    env.baton("worker launch A --wait").ok();
}

#[test]
fn one_that_a_worker_has_is_refused_and_a_waiting_issue_waits_on_afterwards() {
    let env = TestEnv::new();
    env.agent_of("A", "exit 1");
    env.agent_of("B", "hold; finish");
    env.issue("A", "");
    env.issue("B", "");
    env.baton("worker launch A --wait").exits(20);
    let before = env.status("A")["retry"].clone();
    shell(&env, "true").ok();
    assert_eq!(env.status("A")["retry"]["due_at"], before["due_at"], "a look inside counts for nothing");
    env.baton("worker launch B").ok();
    env.agent_holds("B");
    let refused = env.baton("workspace shell B --json -- true").exits(6).error();
    assert_eq!(refused["code"], "already_claimed");
    env.go_on("B");
    env.outcome("B.1");
}

#[test]
fn a_signal_for_all_ends_the_command_and_the_hold() {
    let env = TestEnv::new();
    env.issue("A", "");
    let person = env.start(["workspace", "shell", "A", "--", "bash", "-c", "touch $TEST_ROOT/said/in; sleep 1000"]);
    wait_until("somebody is in it", || env.said("in").exists());
    person.signal(Signal::TERM);
    let done = person.wait();
    assert_ne!(done.code(), 0, "{done}");
    env.baton("recover").ok();
    assert_eq!(env.status_word("A"), "idle");
}
