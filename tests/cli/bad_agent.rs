//! Agents that misbehave: their run alone fails, with what they said, and nothing of them is left.
//!
//! | case | test |
//! |---|---|
//! | is not there | `turns::an_agent_that_is_not_there_says_so` |
//! | leaves processes behind | `worker::what_an_agent_leaves_running_is_ended_with_its_run` |
//! | says nothing but its exit status | `worker::wait_exits_with_the_outcome_s_code` |

use std::fs;

use crate::env::{TestEnv, is_alive};

fn with_agent(script: &str) -> TestEnv {
    let env = TestEnv::new();
    env.agent(script);
    env.issue("A", "");
    env
}

#[test]
fn one_that_fails_says_its_last_words() {
    let env = with_agent("echo working; echo 'no credit left' >&2; exit 7");
    insta::assert_snapshot!(env.baton("worker launch A --wait"), @"
    A.1
    ------- stderr -------
    made the store <root>/p/.baton
    run A.1 failed: command.run ended with exit status 7: no credit left
    hint: `baton worker logs A.1` shows what its agent said
    [exit status: 20]
    ");
    insta::assert_snapshot!(env.baton("worker wait A"), @"
    failed
    ------- stderr -------
    run A.1 failed: command.run ended with exit status 7: no credit left
    hint: `baton worker logs A.1` shows what its agent said
    [exit status: 20]
    ");
    insta::assert_snapshot!(env.command("dispatch --wait").later(3_600_000).run(), @"
    A.2
    ------- stderr -------
    run A.2 failed: command.run ended with exit status 7: no credit left
    hint: `baton worker logs A.2` shows what its agent said
    [exit status: 20]
    ");
    assert_eq!(env.run("A.1")["error"], "command.run ended with exit status 7: no credit left");
}

#[test]
fn one_that_is_killed_or_cannot_be_executed_says_so() {
    for (run, error) in [
        ("kill -KILL $$", "command.run was ended by signal 9"),
        ("$TEST_ROOT/agent", "command.run is not executable (exit status 126)"),
        ("/no/such/agent", "command.run was not found (exit status 127)"),
    ] {
        let env = TestEnv::new();
        env.workflow(&format!("command:\n  run: {run}\n"));
        env.issue("A", "");
        let launched = env.baton("worker launch A --wait --json").exits(20).any_json();
        let said = launched["error"].as_str().expect("an error");
        assert!(said.starts_with(error), "{said}");
    }
}

#[test]
fn one_that_hangs_and_ignores_signals_is_ended_with_its_tree() {
    let env = TestEnv::new();
    env.workflow("command:\n  run: bash $TEST_ROOT/agent.sh\n  timeout_ms: 400\n");
    env.agent("echo $$ > $TEST_ROOT/said/pid; echo thinking; (trap '' TERM; exec sleep 1000) & sleep 1000");
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("worker launch A --wait"), @"
    A.1
    ------- stderr -------
    made the store <root>/p/.baton
    run A.1 timed_out: command.run did not end within command.timeout_ms (400 ms)
    hint: `baton worker logs A.1` shows what its agent said
    [exit status: 21]
    ");
    assert!(!is_alive(env.said_lines("pid")[0].parse().expect("a pid")));
    assert_eq!(env.processes(), []);
    assert_eq!(env.status_word("A"), "retrying");
}

#[test]
fn one_that_goes_quiet_is_stalled() {
    let env = TestEnv::new();
    env.workflow("command:\n  run: bash $TEST_ROOT/agent.sh\n  stall_timeout_ms: 400\n");
    env.agent("echo thinking; sleep 1000");
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("worker launch A --wait"), @"
    A.1
    ------- stderr -------
    made the store <root>/p/.baton
    run A.1 stalled: command.run was silent for command.stall_timeout_ms (400 ms)
    hint: `baton worker logs A.1` shows what its agent said
    [exit status: 21]
    ");
    assert_eq!(env.processes(), []);
}

#[test]
fn binary_output_and_control_characters_are_kept_and_never_shown_raw_in_messages() {
    let env = with_agent(
        "printf '\\x00\\xff\\xfe\\033[31mred\\033]0;title\\007\\n' | tee /dev/stderr; printf '\\033[2Jgone'; exit 1",
    );
    for done in
        [env.baton("worker launch A --wait").exits(20), env.baton("status A").ok(), env.baton("worker show A").ok()]
    {
        let said = done.stdout.clone() + &done.stderr;
        assert!(!said.contains(['\u{1b}', '\u{7}', '\0']), "{said:?}");
    }
    let log = fs::read(env.store("runs/A.1/agent.log")).expect("a log");
    assert!(log.starts_with(b"\x00\xff\xfe\x1b[31mred"), "{log:?}");
    for line in fs::read_to_string(env.store("runs/A.1/events.jsonl")).expect("text").lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
}

#[test]
fn a_hundred_megabytes_on_one_line_cost_a_bounded_log() {
    let env = with_agent("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo the end; finish");
    env.baton("worker launch A --wait").ok();
    let size = |name: &str| fs::metadata(env.store("runs/A.1").join(name)).map_or(0, |found| found.len());
    let (log, events) = (size("agent.log") + size("agent.log.1"), size("events.jsonl"));
    assert!((1 << 25..=1 << 26).contains(&log) && events < 1 << 20, "{log} and {events} bytes");
    assert!(env.bash("baton worker logs A | tail -n 1").ok().stdout.contains("the end"));
}

#[test]
fn what_forks_away_into_sessions_of_its_own_is_ended() {
    let env = with_agent(
        "setsid sleep 1000 < /dev/null > /dev/null 2>&1 & (setsid bash -c 'trap \"\" TERM HUP; setsid sleep 1000 & sleep 1000' &) ; \
         (env -i setsid sleep 1000 & echo $! > $TEST_ROOT/said/bare); finish",
    );
    env.baton("worker launch A --wait").ok();
    assert_eq!(env.processes(), []);
    assert!(!is_alive(env.said_lines("bare")[0].parse().expect("a pid")), "one with an empty environment is left");
}

#[test]
fn one_that_reads_nothing_of_a_long_prompt_is_not_waited_for() {
    let env = TestEnv::new();
    env.workflow_with(
        "command:\n  run: exec < /dev/null; baton issue edit $BATON_ISSUE --state Done\n",
        &"long ".repeat(100_000),
    );
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
}

#[test]
fn one_that_removes_its_own_workspace_loses_nothing_else() {
    let env = with_agent("cd /; rm -rf \"$BATON_WORKSPACE\"; finish");
    env.baton("worker launch A --wait").ok();
    env.baton("reconcile").ok();
    assert_eq!(env.status_word("A"), "done");
    assert!(env.store("FORMAT").exists() && env.path("p/issues/A.md").exists());
}
