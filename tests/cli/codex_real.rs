//! The real Codex as the agent, with a scripted model behind it.

use std::fs;

use serde_json::{Value, json};

use crate::env::{Real, TestEnv, codes, is_alive, kill, wait_until};

fn done() -> Value {
    json!({ "tool": "issue_update", "arguments": { "state": "Done" } })
}

fn tokens(env: &TestEnv, run: &str) -> u64 {
    env.run(run)["tokens"]["total_tokens"].as_u64().expect("tokens")
}

/// Commits on a branch of the project's repository, the newest first.
fn commits(env: &TestEnv, branch: &str) -> Vec<String> {
    let log = env.bash(&format!("git log --format=%s {branch}")).ok().stdout;
    log.lines().map(str::to_owned).collect()
}

#[test]
fn real_codex_edits_and_commits_in_a_worktree_and_in_a_clone_and_closes_the_issue() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    for (issue, mode) in [("A", "worktree"), ("B", "clone")] {
        real.workflow(&format!("workspace:\n  mode: {mode}\n"), "");
        real.model.script(
            &format!("Work on {issue}."),
            &json!([
                { "shell": format!("echo {issue} > file && git commit -qam 'work on {issue}' && git log -1 --format=%s") },
                { "text": "It is committed." },
                done(),
                { "text": "All is done." },
            ]),
        );
        env.issue(issue, "");
        env.baton(["worker", "launch", issue, "--wait"]).ok();
        assert_eq!((env.state(issue), env.status_word(issue)), ("Done".to_owned(), "done".to_owned()));
        let log = env.baton(["worker", "logs", issue]).ok().stdout;
        assert!(log.contains(&format!("\nwork on {issue}\n")) && log.contains("It is committed."), "{log}");
        let calls = env.run_events(&format!("{issue}.1"), "tool_call_completed");
        assert_eq!((&calls[0]["kind"], &calls[0]["ok"]), (&"command".into(), &true.into()), "{calls:#?}");
    }
    assert_eq!(commits(env, "baton/A"), ["work on A", "first"]);
}

#[test]
fn real_codex_keeps_one_thread_over_turns_and_runs_and_every_token_is_counted_once() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    real.workflow("agent:\n  max_turns: 3\n", "");
    real.model.script(
        "Work on A.",
        &json!([
            { "text": "one", "usage": [100, 1] }, { "text": "two", "usage": [200, 2] }, { "text": "three", "usage": [300, 3] },
            { "tool": "issue_update", "arguments": { "state": "Done" }, "usage": [400, 4] }, { "text": "four", "usage": [500, 5] },
        ]),
    );
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    env.baton("worker launch A --now --wait").ok();
    assert_eq!(env.status_word("A"), "done");
    let session = |run: &str| env.run(run)["session_id"].as_str().expect("a session")[..36].to_owned();
    assert_eq!(session("A.1"), session("A.2"));
    assert_eq!((env.run("A.1")["turns"].clone(), tokens(env, "A.1"), tokens(env, "A.2")), (3.into(), 606, 909));
    assert_eq!(env.baton("status --json").json()["codex_totals"]["total_tokens"], 1515);
    let last = real.model.requests().pop().expect("a request").to_string();
    for said in ["one", "two", "three", "Continue with this issue."] {
        assert!(last.contains(said), "the history holds {said:?}");
    }
}

#[test]
fn real_codex_goes_on_with_its_thread_after_the_supervisor_was_killed() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    real.model.script(
        "Work on A.",
        &json!([
            { "shell": "echo before the crash", "usage": [100, 1] }, { "silent": true },
            { "tool": "issue_update", "arguments": { "state": "Done" }, "usage": [200, 2] }, { "text": "bye", "usage": [300, 3] },
        ]),
    );
    env.issue("A", "");
    let launched = env.baton("worker launch A --json").json();
    wait_until("the model is asked twice", || real.model.requests().len() == 2);
    kill(u32::try_from(launched["pid"].as_u64().expect("a pid")).expect("a pid"));
    wait_until("the dead run is settled", || {
        env.baton("recover");
        env.status_word("A") == "retrying"
    });
    env.baton("worker launch A --now --wait").ok();
    assert_eq!(env.status_word("A"), "done");
    assert!(real.model.requests()[2].to_string().contains("before the crash"), "the history goes on");
    let used = env.baton("status --json").json()["codex_totals"]["total_tokens"].clone();
    assert_eq!(used, 101 + 202 + 303);
}

#[test]
fn real_codex_failures_are_failures_and_a_usage_limit_waits_for_its_reset() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    let limit =
        json!({ "error": { "type": "usage_limit_reached", "message": "limit", "resets_at": 4_102_444_800_i64 } });
    let headers = json!({ "x-codex-primary-used-percent": "100", "x-codex-primary-window-minutes": "300", "x-codex-primary-reset-at": "4102444800" });
    for (issue, steps, error) in [
        ("A", json!([{ "error": 400 }]), "(other)"),
        (
            "B",
            json!([{ "text": "half a", "dropped": true }, { "text": "half a", "dropped": true }]),
            "stream disconnected",
        ),
        (
            "C",
            json!([{ "failed": { "code": "context_length_exceeded", "message": "full" } }]),
            "(contextWindowExceeded)",
        ),
        ("D", json!([{ "error": 429, "body": limit, "headers": headers }]), "(usageLimitExceeded)"),
    ] {
        real.model.script(&format!("Work on {issue}."), &steps);
        env.issue(issue, "");
        env.baton(["worker", "launch", issue, "--wait"]).exits(20);
        let outcome = env.run(&format!("{issue}.1"));
        assert!(outcome["error"].as_str().expect("an error").contains(error), "{outcome:#}");
        assert_eq!((env.status_word(issue), env.state(issue)), ("retrying".to_owned(), "Todo".to_owned()));
    }
    let status = env.status("D").to_string();
    assert!(status.contains("2100-01-01T00:00:00"), "{status}");
    let ended = env.baton("events --issue C").ndjson();
    assert!(ended.iter().any(|event| event["type"] == "session.ended"));
}

#[test]
fn real_codex_is_interrupted_and_leaves_no_process() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    real.workflow("", "  thread_sandbox: danger-full-access\n");
    let stray = "setsid -f bash -c 'trap \"\" TERM; echo $$ > $TEST_ROOT/said/stray; sleep 600; sleep 600'; sleep 600";
    real.model.script("Work on A.", &json!([{ "shell": stray }, { "silent": true }, { "silent": true }]));
    env.issue("A", "");
    env.baton("worker launch A").ok();
    wait_until("the command runs", || env.said_lines("stray").len() == 1);
    let stray: u32 = env.said_lines("stray")[0].parse().expect("a pid");
    assert!(is_alive(stray));
    env.baton("worker stop A").ok();
    assert_eq!(env.outcome("A.1"), "canceled");
    assert!(!is_alive(stray));
}

#[test]
fn real_codex_that_asks_blocks_its_issue() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    real.workflow("", "  approval_policy: untrusted\n");
    real.model.script("Work on A.", &json!([{ "shell": "touch asked" }, { "text": "no" }]));
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(22);
    let status = env.status("A");
    assert_eq!(codes(&status["why"]), ["blocked", "needs_input"], "{status:#}");
    assert!(status["last_error"].as_str().expect("an error").contains("touch asked"), "{status:#}");
    assert!(!env.workspace("A").join("asked").exists());
}

#[test]
fn real_codex_has_no_secret_and_is_started_as_it_is_written() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    fs::write(env.path("home/.bash_profile"), "export TRACKER_TOKEN=s3cret-profile\n").expect("a profile");
    let command = "FOO=1 \"$TEST_ROOT/bin/codex\" app-server";
    real.workflow_of("tracker:\n  kind: local\n  api_key: $TRACKER_TOKEN\n", command, "");
    real.model.script("Work on A.", &json!([done(), { "text": "bye" }]));
    env.issue("A", "");
    env.command("worker launch A --wait").env("TRACKER_TOKEN", "s3cret-token").run().ok();
    let given = env.said_lines("codex-environment");
    assert!(given.contains(&"FOO=1".to_owned()) && given.contains(&"BATON_RUN=A.1".to_owned()), "{given:#?}");
    assert!(!given.iter().any(|line| line.contains("s3cret")), "{given:#?}");
    assert_eq!(env.bash("grep -rl s3cret .baton ../codex-home || true").ok().stdout, "");
}

#[test]
fn real_codex_without_a_model_stalls_and_is_tried_again() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    real.workflow("", "  stall_timeout_ms: 12000\n");
    // Nobody listens there: the port was free a moment ago, and belongs to nobody.
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let config = env.path("codex-home/config.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    fs::write(&config, text.replace(&real.model.port().to_string(), &free.to_string())).expect("written");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(21);
    let error = env.run("A.1")["error"].as_str().expect("an error").to_owned();
    assert!(error.starts_with("Codex did not get on for codex.stall_timeout_ms (12000 ms): Reconnecting"), "{error}");
    assert_eq!(env.status_word("A"), "retrying");
    assert!(!env.run_events("A.1", "agent_retrying").is_empty());
}

#[test]
fn real_codex_leaves_a_thread_alone_that_somebody_has_open() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    real.model.script("Work on A.", &json!([{ "error": 400 }]));
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    let thread = env.run("A.1")["session_id"].as_str().expect("a session")[..36].to_owned();
    let hello = json!({ "id": 1, "method": "initialize", "params": { "clientInfo": { "name": "x", "title": "x", "version": "1" } } });
    let resume = json!({ "id": 2, "method": "thread/resume", "params": { "threadId": thread, "excludeTurns": true } });
    let holder = env
        .script(&format!(
            "(echo '{hello}'; echo '{{\"method\":\"initialized\"}}'; echo '{resume}'; exec sleep 600) | $TEST_ROOT/bin/codex app-server > $TEST_ROOT/said/holder"
        ))
        .start();
    wait_until("somebody has the thread", || env.said_lines("holder").iter().any(|line| line.contains("\"id\":2")));
    let refused = env.baton("worker launch A --now --wait").exits(20).to_string();
    assert!(refused.contains(&format!("conversation {thread} is in use by process ")), "{refused}");
    assert_eq!(real.model.requests().len(), 1, "nothing is started");
    drop(holder.kill());
}

#[test]
fn real_codex_works_for_somebody_who_begins() {
    let Some(real) = Real::new() else { return };
    let env = &real.env;
    fs::remove_file(env.path("p/WORKFLOW.md")).expect("removed");
    fs::remove_dir_all(env.path("p/issues")).expect("removed");
    env.baton("init --agent codex").ok();
    // The tests' Codex is not where a login shell looks.
    let workflow = fs::read_to_string(env.path("p/WORKFLOW.md")).expect("a workflow");
    let here = "command: exec \"$TEST_ROOT/bin/codex\" app-server\n  read_timeout_ms: 60000";
    fs::write(env.path("p/WORKFLOW.md"), workflow.replace("command: codex app-server", here)).expect("written");
    env.baton(["issue", "create", "Say hello", "--description", "In a file."]).ok();
    let steps = json!([{ "shell": "echo hello > hello && git add hello && git commit -qm 'say hello'" }, done(), { "text": "Done." }]);
    real.model.script("You are working on TASK-1", &steps);
    env.baton("run --until-idle").ok();
    assert_eq!(
        (env.state("TASK-1"), commits(env, "baton/TASK-1")),
        ("Done".to_owned(), vec!["say hello".to_owned(), "first".to_owned()])
    );
    let log = env.baton("worker logs TASK-1").ok().stdout;
    assert!(log.contains("echo hello > hello") && log.ends_with("Done.\n"), "{log}");
}
