//! `baton worker`: the life of one run.

use std::fs;

use rustix::process::Signal;
use serde_json::json;

use crate::env::{TestEnv, codes, is_alive, texts, wait_until};

#[test]
fn launch_prints_the_run_s_id_alone_and_the_worker_outlives_it() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    insta::assert_snapshot!(env.baton("worker launch A -q"), @"
    A.1
    [exit status: 0]
    ");
    let agent = env.agent_holds("A");
    let run = env.run("A.1");
    assert_eq!((&run["alive"], &run["outcome"], &run["phase"]), (&true.into(), &json!(null), &"streaming_turn".into()));
    assert_eq!(run["workspace"], env.workspace("A").to_str().expect("text"));
    let listed = env.baton("worker list --json").json();
    assert_eq!((texts(&listed["workers"], "run"), &listed["workers"][0]["pid"]), (vec!["A.1"], &run["pid"]));
    assert!(is_alive(agent));
    env.go_on("A");
    insta::assert_snapshot!(env.baton("worker wait A.1"), @"
    succeeded
    [exit status: 0]
    ");
    assert_eq!(env.status_word("A"), "done");
    assert_eq!(env.baton("worker list").ok().stdout, "");
    assert_eq!(env.processes(), []);
}

#[test]
fn the_launching_shell_s_pipe_is_not_held_by_the_worker() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("poll").ok();
    // `$( )` and a pipe read to the end of the file: a worker that kept them open would hang both.
    let done = env.bash("run=$(baton worker launch A 2>&1) && baton worker show \"$run\" --json | jq -r .data.alive");
    assert_eq!(done.ok().stdout, "true\n");
}

#[test]
fn wait_exits_with_the_outcome_s_code() {
    let env = TestEnv::new();
    env.workflow("command:\n  run: bash \"$TEST_ROOT/agent.sh\"\n  timeout_ms: 300\n");
    for (issue, script, code, outcome) in [
        ("GOOD", "finish", 0, "succeeded"),
        ("BAD", "echo out of luck; exit 7", 20, "failed"),
        ("SLOW", "hold", 21, "timed_out"),
    ] {
        env.agent_of(issue, script);
        env.issue(issue, "");
        let launched = env.baton(["worker", "launch", issue, "--wait", "--json"]).exits(code).any_json();
        assert_eq!((&launched["outcome"], &launched["run"]), (&outcome.into(), &format!("{issue}.1").into()));
        let waited = env.baton(["worker", "wait", &format!("run:{issue}.1"), "--json"]).exits(code).any_json();
        assert_eq!(waited["outcome"], outcome);
    }
    insta::assert_snapshot!(env.baton("worker wait BAD"), @"
    failed
    ------- stderr -------
    run BAD.1 failed: command.run ended with exit status 7: out of luck
    hint: `baton worker logs BAD.1` shows what its agent said
    [exit status: 20]
    ");
}

#[test]
fn a_stopped_worker_is_canceled_and_waits_for_a_person() {
    let env = TestEnv::new();
    env.agent("hold");
    env.workflow("hooks:\n  after_run: echo after >> $TEST_ROOT/said/after\n");
    env.issue("A", "");
    let waiting = env.start("worker launch A --wait");
    let agent = env.agent_holds("A");
    insta::assert_snapshot!(env.command(["worker", "stop", "A", "--reason", "lunch"]).run(), @"
    ------- stderr -------
    stopped run A.1
    [exit status: 0]
    ");
    assert_eq!(waiting.wait().exits(23).stdout, "A.1\n");
    assert!(!is_alive(agent));
    assert_eq!(env.said_lines("after"), ["after"]);
    let status = env.status("A");
    assert_eq!((&status["status"], codes(&status["why"])), (&"blocked".into(), vec!["blocked", "canceled"]));
    insta::assert_snapshot!(env.baton("worker stop A"), @"[exit status: 0]");
    let refused = env.baton("worker launch A --json").exits(5).error();
    assert_eq!((&refused["code"], &refused["retryable"]), (&"not_eligible".into(), &false.into()));
    env.baton("retry A").ok();
    assert_eq!(env.baton("worker launch A -q").ok().stdout, "A.2\n");
}

#[test]
fn stop_with_requeue_puts_the_issue_back() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    env.baton("worker stop A --requeue").ok();
    assert_eq!(env.outcome("A.1"), "canceled");
    env.agent("finish");
    env.baton("worker launch A --wait").ok();
    assert_eq!(env.status_word("A"), "done");
}

#[test]
fn stop_all_stops_all() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.issue("B", "");
    env.baton("dispatch").ok();
    env.baton("worker stop --all").ok();
    assert_eq!(["A.1", "B.1"].map(|run| env.outcome(run)), ["canceled", "canceled"]);
    assert_eq!(env.processes(), []);
}

#[test]
fn in_the_foreground_a_signal_ends_the_agent_in_order() {
    let env = TestEnv::new();
    env.agent("hold");
    env.workflow("hooks:\n  after_run: echo after >> $TEST_ROOT/said/after\n");
    env.issue("A", "");
    for (run, signal, code) in [("A.1", Signal::TERM, 143), ("A.2", Signal::INT, 130)] {
        let foreground = env.start("worker launch A --foreground --now");
        let agent = env.agent_holds("A");
        foreground.signal(signal);
        let done = foreground.wait().exits(code);
        assert_eq!(done.stdout, format!("{run}\n"));
        assert!(!is_alive(agent));
        assert_eq!(env.outcome(run), "interrupted");
        fs::remove_file(env.said("A.holds")).expect("removed");
    }
    assert_eq!(env.said_lines("after"), ["after", "after"]);
    assert_eq!(env.processes(), []);
}

#[test]
fn in_the_foreground_it_exits_with_the_outcome_s_code() {
    let env = TestEnv::new();
    env.agent_of("BAD", "exit 1");
    env.issue("GOOD", "");
    env.issue("BAD", "");
    insta::assert_snapshot!(env.baton("worker launch GOOD --foreground"), @"
    GOOD.1
    ------- stderr -------
    made the store <root>/p/.baton
    run GOOD.1 in the foreground
    [exit status: 0]
    ");
    env.baton("worker launch BAD --foreground").exits(20);
}

#[test]
fn what_an_agent_leaves_running_is_ended_with_its_run() {
    let env = TestEnv::new();
    env.agent("setsid sleep 1000 & echo $! > $TEST_ROOT/said/child; (setsid sleep 1001 &) ; finish");
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    let child = env.said_lines("child")[0].parse().expect("a pid");
    assert!(!is_alive(child));
    assert_eq!(env.processes(), []);
}

#[test]
fn logs_are_the_agent_s_words() {
    let env = TestEnv::new();
    env.agent("echo to stdout; echo to stderr >&2; hold; echo the end; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let mut follower = env.start("worker logs A --follow");
    wait_until("the follower prints what is there", || follower.stdout().contains("to stderr"));
    assert!(!follower.has_ended());
    env.go_on("A");
    let followed = follower.wait().ok().stdout;
    assert_eq!(followed, "to stdout\nto stderr\nthe end\n");
    assert_eq!(env.baton("worker logs A.1").ok().stdout, followed);
    assert!(env.baton("worker logs A --supervisor").ok().stdout.contains("run finished"));
    let path = env.baton("worker logs A --path").ok().line();
    assert_eq!(fs::read_to_string(path).expect("a log"), followed);
    env.baton("worker logs B").exits(4);
    env.issue("NEW", "");
    env.baton("poll").ok();
    insta::assert_snapshot!(env.baton("worker logs NEW"), @"
    ------- stderr -------
    error: NEW has had no run yet
    hint: `baton status NEW` says what it waits for
    [exit status: 4]
    ");
}

#[test]
fn show_tells_a_run_s_whole_story() {
    let env = TestEnv::new();
    env.agent("exit 3");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    insta::assert_snapshot!(env.baton("worker show A"), @"
    run A.1 of A
           outcome  failed
             error  command.run ended with exit status 3
            worker  <pid> (gone)
           started  <time>
          finished  <time>
             turns  1
         workspace  <root>/p/.baton/workspaces/A
         agent.log  <root>/p/.baton/runs/A.1/agent.log
      events.jsonl  <root>/p/.baton/runs/A.1/events.jsonl
      outcome.json  <root>/p/.baton/runs/A.1/outcome.json
          rerun.sh  <root>/p/.baton/runs/A.1/rerun.sh
         spec.json  <root>/p/.baton/runs/A.1/spec.json
    supervisor.log  <root>/p/.baton/runs/A.1/supervisor.log
    [exit status: 0]
    ");
    let run = env.run("A");
    assert_eq!((&run["outcome"], &run["code"]), (&"failed".into(), &"turn_failed".into()));
    env.baton("worker show A.7").exits(4);
}

#[test]
fn a_rerun_script_repeats_the_last_turn() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    env.set_state("A", "Todo");
    let script = env.run("A.1")["files"]["rerun.sh"].as_str().expect("a path").to_owned();
    fs::remove_file(env.said("turns")).expect("removed");
    env.bash(&format!("bash {script}")).ok();
    assert_eq!(env.turns(), ["A by-hand 1 first"]);
}

#[test]
fn four_issues_with_a_slow_after_create_run_side_by_side() {
    let env = TestEnv::new();
    // Each hook ends only when it has seen all four begin: one after the other would never get past the first.
    env.workflow(
        "hooks:\n  timeout_ms: 50000\n  after_create: |\n    touch $TEST_ROOT/said/begun.$BATON_ISSUE\n    \
         until [ $(ls $TEST_ROOT/said/begun.* | wc -l) = 4 ]; do sleep 0.02; done\n",
    );
    for id in ["A", "B", "C", "D"] {
        env.issue(id, "");
    }
    assert_eq!(env.baton("dispatch --wait").ok().stdout, "A.1\nB.1\nC.1\nD.1\n");
    assert_eq!(env.runs_begun(), ["A.1", "B.1", "C.1", "D.1"]);
}

#[test]
fn a_slow_hook_of_one_issue_delays_no_other() {
    let env = TestEnv::new();
    env.workflow(
        "hooks:\n  timeout_ms: 50000\n  after_create: |\n    \
         [ $BATON_ISSUE != SLOW ] || until [ -e $TEST_ROOT/go/SLOW ]; do sleep 0.02; done\n",
    );
    env.issue("SLOW", "priority: 1");
    env.issue("FAST", "");
    env.baton("poll").ok();
    let dispatch = env.start("dispatch");
    env.wait_for_status("FAST", "done");
    assert_eq!(env.status_word("SLOW"), "running");
    env.go_on("SLOW");
    dispatch.wait().ok();
    env.wait_for_status("SLOW", "done");
}

#[test]
fn a_live_claim_is_respected_and_an_unknown_issue_is_not_found() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    insta::assert_snapshot!(env.baton("worker launch A"), @"
    ------- stderr -------
    error: A is being worked on by run A.1
    hint: `baton worker list` shows the live workers
    [exit status: 6]
    ");
    assert_eq!(env.baton("worker launch A --json").exits(6).error()["code"], "already_claimed");
    insta::assert_snapshot!(env.baton("worker launch B"), @"
    ------- stderr -------
    error: no issue `B`
    hint: `baton status` lists the issues that are known
    [exit status: 4]
    ");
}

#[test]
fn eight_launches_at_once_make_one_run() {
    let env = TestEnv::new();
    env.agent("hold");
    env.issue("A", "");
    env.baton("poll").ok();
    let launches: Vec<_> = (0..8).map(|_| env.start("worker launch A -q")).collect();
    let mut codes: Vec<_> = launches.into_iter().map(|launch| launch.wait().code()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 6, 6, 6, 6, 6, 6, 6]);
    env.agent_holds("A");
    assert_eq!(env.runs_begun(), ["A.1"]);
}

#[test]
fn one_that_is_stopped_while_it_is_prepared_was_canceled() {
    let env = TestEnv::new();
    env.workflow("hooks:\n  before_run: touch $TEST_ROOT/said/before; sleep 1000\n");
    env.issue("A", "");
    let launch = env.start("worker launch A --wait --json");
    wait_until("the hook runs", || env.said("before").exists());
    let stopped = env.baton("worker stop A --reason enough --json").json();
    assert_eq!(texts(&stopped["stopped"], "outcome"), ["canceled"]);
    assert_eq!((&stopped["failed"], &stopped["dry_run"]), (&json!([]), &false.into()));
    let launched = launch.wait().exits(23).any_json();
    assert_eq!((&launched["outcome"], &launched["code"]), (&"canceled".into(), &"operator".into()));
}
