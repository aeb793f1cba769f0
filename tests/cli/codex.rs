//! Codex as the agent: sessions, tools, questions, failures. The app-server is a program of our own that does what each
//! test says; `codex_real.rs` has the real one.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, codes, is_alive, kill, wait_until};

fn done() -> Value {
    json!({ "ask": ["item/tool/call", { "callId": "c", "namespace": null, "tool": "issue_update", "arguments": { "state": "Done", "comment": "It is done." } }] })
}

fn env(turns: &Value) -> TestEnv {
    let env = TestEnv::new();
    env.fake_codex("");
    env.codex_turns("A", turns);
    env.issue("A", "");
    env
}

#[test]
fn a_run_goes_from_the_prompt_to_an_issue_that_a_tool_closed() {
    let env = env(&json!([[
        { "say": "I look around." },
        { "item": { "type": "commandExecution", "id": "c1", "command": "ls", "status": "completed", "exitCode": 0, "aggregatedOutput": "file\n" } },
        { "usage": 1000 },
        { "sh": "pwd > $TEST_ROOT/said/pwd" },
        done(),
        { "usage": 1500 },
        { "say": "Done." },
    ]]));
    let launched = env.baton("worker launch A --wait --json").json();
    assert_eq!((&launched["outcome"], &launched["session_id"]), (&"succeeded".into(), &"thread-A-1-turn-1".into()));
    assert_eq!((env.state("A"), env.status_word("A")), ("Done".to_owned(), "done".to_owned()));
    assert!(fs::read_to_string(env.path("p/issues/A.md")).expect("an issue").contains("It is done."));

    let run = env.run("A.1");
    assert_eq!(run["tokens"], json!({ "input_tokens": 1350, "output_tokens": 150, "total_tokens": 1500 }));
    assert_eq!((&run["turns"], &run["session_id"]), (&1.into(), &"thread-A-1-turn-1".into()));
    assert_eq!(env.codex_prompts("A"), ["Work on A."]);
    let workspace = env.workspace("A");
    assert_eq!(env.said_lines("pwd"), [workspace.to_str().expect("text")]);
    let answers = env.codex_answers("A");
    assert_eq!((answers.len(), &answers[0]["success"]), (1, &true.into()));

    let hello = &env.codex_heard("A", "initialize")[0]["params"];
    assert_eq!((&hello["clientInfo"]["name"], hello["clientInfo"]["version"].is_string()), (&"baton".into(), true));
    let start = &env.codex_heard("A", "thread/start")[0]["params"];
    assert_eq!(start["cwd"], workspace.to_str().expect("text"));
    assert_eq!((&start["approvalPolicy"], &start["sandbox"]), (&"never".into(), &"workspace-write".into()));
    let tools: Vec<&str> =
        start["dynamicTools"].as_array().expect("tools").iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(tools, ["issue_read", "issue_update", "issue_workpad"]);
    assert_eq!(env.codex_heard("A", "thread/name/set")[0]["params"]["name"], "A: Title of A");
    let turn = &env.codex_heard("A", "turn/start")[0]["params"];
    assert_eq!(turn["sandboxPolicy"]["writableRoots"], json!([workspace]));

    assert_eq!(env.baton("worker logs A").ok().stdout, "I look around.\n$ ls\nfile\nDone.\n");
    let calls = env.run_events("A.1", "tool_call_completed");
    assert_eq!(
        (&calls[0]["kind"], &calls[0]["title"], &calls[0]["ok"]),
        (&"command".into(), &"ls".into(), &true.into())
    );
    assert_eq!(env.run_events("A.1", "tool_call_started")[0]["id"], "c1");
}

#[test]
fn turns_of_a_run_go_on_in_one_process_and_later_runs_in_the_same_thread() {
    let env = env(&json!([[{ "usage": 100 }], [{ "usage": 250 }], [{ "usage": 250 }, { "usage": 400 }, done()]]));
    env.fake_codex("agent:\n  max_turns: 2\n");
    env.baton("worker launch A --wait").ok();
    assert_eq!(env.status_word("A"), "retrying");
    env.baton("worker launch A --now --wait").ok();
    assert_eq!(env.status_word("A"), "done");
    let prompts = env.codex_prompts("A");
    assert_eq!((prompts[0].as_str(), prompts[2].as_str()), ("Work on A.", "Work on A."));
    assert!(prompts[1].starts_with("Continue with this issue.") && !prompts[1].contains("Work on A."), "{prompts:#?}");
    assert_eq!(env.codex_heard("A", "initialize").len(), 2, "one process for each run");
    assert_eq!(env.codex_heard("A", "thread/start").len(), 1);
    let resumed = &env.codex_heard("A", "thread/resume")[0]["params"];
    assert_eq!((&resumed["threadId"], &resumed["excludeTurns"]), (&"thread-A-1".into(), &true.into()));
    // Totals are the thread's; a run counts what it added.
    let tokens = |run: &str| env.run(run)["tokens"]["total_tokens"].clone();
    assert_eq!((tokens("A.1"), tokens("A.2")), (250.into(), 150.into()));
    assert_eq!(env.baton("status --json").json()["codex_totals"]["total_tokens"], 400);
}

#[test]
fn a_thread_survives_its_supervisor_and_nothing_is_counted_twice() {
    let env = env(
        &json!([[{ "usage": 300 }, { "sh": "touch $TEST_ROOT/said/there" }, "wait"], [{ "usage": 350 }, { "usage": 500 }, done()]]),
    );
    let launched = env.baton("worker launch A --json").json();
    wait_until("the turn is under way", || env.said("there").exists());
    kill(u32::try_from(launched["pid"].as_u64().expect("a pid")).expect("a pid"));
    wait_until("the dead run is settled", || {
        env.baton("recover");
        env.status_word("A") == "retrying"
    });
    env.baton("worker launch A --now --wait").ok();
    assert_eq!(env.codex_heard("A", "thread/resume").len(), 1);
    let tokens = |run: &str| env.run(run)["tokens"]["total_tokens"].clone();
    assert_eq!(env.run("A.1")["tokens"]["total_tokens"], 300);
    assert_eq!(tokens("A.2"), 200);
    assert_eq!(env.baton("status --json").json()["codex_totals"]["total_tokens"], 500);
}

#[test]
fn a_thread_that_is_gone_is_replaced_and_one_that_is_in_use_is_left_alone() {
    let env = env(
        &json!([[{ "end": { "status": "failed", "error": { "message": "no", "codexErrorInfo": "other" } } }], [done()]]),
    );
    env.baton("worker launch A --wait").exits(20);
    fs::write(env.path("codex/resume"), "thread thread-A-1 already has an active writer (process 7)")
        .expect("a script");
    let refused = env.baton("worker launch A --now --wait").exits(20);
    assert!(
        refused
            .to_string()
            .contains("in use by another process: thread thread-A-1 already has an active writer (process 7)"),
        "{refused}"
    );
    assert_eq!(env.run_events("A.2", "startup_failed")[0]["code"], "session_in_use");
    assert_eq!(env.codex_heard("A", "turn/start").len(), 1, "nothing is started");
    fs::remove_file(env.path("codex/resume")).expect("removed");
    fs::remove_file(env.said("thread-A-1")).expect("there was a thread");
    env.baton("worker launch A --now --wait").ok();
    let replaced = &env.run_events("A.3", "session_replaced")[0];
    assert_eq!(replaced["thread_id"], "thread-A-1");
    assert_eq!(env.run("A.3")["session_id"], "thread-A-2-turn-2");
}

#[test]
fn a_full_context_begins_a_new_thread() {
    let full = json!({ "message": "out of room", "codexErrorInfo": "contextWindowExceeded" });
    let env =
        env(&json!([[{ "usage": 900 }, { "end": { "status": "failed", "error": full } }], [{ "usage": 50 }, done()]]));
    env.baton("worker launch A --wait").exits(20);
    env.baton("worker launch A --now --wait").ok();
    assert_eq!((env.codex_heard("A", "thread/start").len(), env.codex_heard("A", "thread/resume").len()), (2, 0));
    let ended = env.baton("events --issue A").ndjson();
    assert!(ended.iter().any(|event| event["type"] == "session.ended" && event["data"]["thread_id"] == "thread-A-1"));
    assert_eq!(env.run("A.2")["tokens"]["total_tokens"], 50);
}

#[test]
fn what_needs_a_person_blocks_the_issue_with_the_question() {
    let approval = json!({ "itemId": "c", "command": "rm -r /", "reason": "to be sure" });
    let input = json!({ "isBlocking": true, "itemId": "c", "questions": [{ "id": "q", "header": "h", "question": "Which one?" }] });
    for (method, params, answer, question) in [
        (
            "item/commandExecution/requestApproval",
            approval,
            json!({ "decision": "cancel" }),
            "may Codex run rm -r /? It says: to be sure",
        ),
        ("item/tool/requestUserInput", input, json!({ "answers": {} }), "Codex asks: Which one?"),
    ] {
        let env = env(&json!([[{ "ask": [method, params] }, "wait"]]));
        env.baton("worker launch A --wait").exits(22);
        let status = env.status("A");
        assert_eq!(
            (&status["status"], codes(&status["why"])),
            (&"blocked".into(), vec!["blocked", "needs_input"]),
            "{status:#}"
        );
        assert!(status.to_string().contains(question), "{status:#}");
        assert_eq!(env.codex_answers("A")[0], answer);
        assert_eq!(env.run_events("A.1", "turn_input_required")[0]["error"], question);
        assert_eq!(env.codex_heard("A", "turn/interrupt").len(), 1);
    }
}

#[test]
fn unknown_requests_tools_and_lines_hold_nobody_up() {
    let call = |tool: &str, arguments: Value| json!({ "ask": ["item/tool/call", { "callId": "c", "tool": tool, "arguments": arguments }] });
    let env = env(&json!([[
        { "raw": "Warning: this is no JSON" },
        { "raw": "{\"method\":\"new/notification\",\"params\":{\"a\":[1]}}" },
        { "raw": "{\"id\":99,\"result\":{}}" },
        "flood",
        { "stderr": "a word on stderr" },
        { "ask": ["no/such/request", {}] },
        call("no_such_tool", json!({})),
        call("issue_update", json!({ "stat": "Done" })),
        call("issue_read", json!({})),
        done(),
        { "end": {} },
    ]]));
    env.baton("worker launch A --wait").ok();
    let answers = env.codex_answers("A");
    assert_eq!(answers[0]["message"], "this client does not serve `no/such/request`");
    let texts: Vec<&str> =
        answers[1..].iter().filter_map(|answer| answer["contentItems"][0]["text"].as_str()).collect();
    assert!(texts[0].contains("unsupported_tool") && texts[1].contains("invalid_arguments"), "{texts:#?}");
    assert!(texts[2].contains("Title of A"), "{texts:#?}");
    let ok: Vec<bool> = answers[1..].iter().filter_map(|answer| answer["success"].as_bool()).collect();
    assert_eq!(ok, [false, false, true, true]);
    let malformed = env.run_events("A.1", "malformed");
    assert_eq!(malformed[0]["line"], "Warning: this is no JSON");
    assert_eq!(malformed[2]["line"], "longer than 10 MiB");
    assert_eq!(env.run_events("A.1", "unsupported_tool_call")[0]["tool"], "no_such_tool");
    assert!(env.baton("worker logs A").ok().stdout.contains("[codex] a word on stderr"));
}

#[test]
fn a_failed_turn_is_never_a_success() {
    let failed = |info: Value| json!({ "end": { "status": "failed", "error": { "message": "no luck", "codexErrorInfo": info } } });
    for (action, event, code, error) in [
        (failed(json!("other")), "turn_failed", "turn_failed", "no luck (other)"),
        (
            failed(json!({ "httpConnectionFailed": { "httpStatusCode": 401 } })),
            "turn_failed",
            "turn_failed",
            "no luck (httpConnectionFailed 401)",
        ),
        (
            json!({ "end": { "status": "interrupted" } }),
            "turn_cancelled",
            "turn_cancelled",
            "Codex says that the turn was interrupted",
        ),
        (json!({ "exit": 3 }), "turn_ended_with_error", "port_exit", "codex.command ended with exit status 3"),
        (
            json!({ "refuse": "bad policy" }),
            "turn_ended_with_error",
            "response_error",
            "`turn/start` was refused: bad policy",
        ),
    ] {
        let env = env(&json!([[action]]));
        env.baton("worker launch A --wait").exits(20);
        let outcome = env.run("A.1");
        assert_eq!((&outcome["outcome"], &outcome["error"]), (&"failed".into(), &error.into()));
        assert_eq!(env.run_events("A.1", event)[0]["code"], code);
        assert_eq!(env.status_word("A"), "retrying");
        assert_eq!(env.state("A"), "Todo");
    }
}

#[test]
fn a_usage_limit_is_not_tried_again_before_it_is_lifted() {
    let error = json!({ "message": "You've hit your usage limit.", "codexErrorInfo": "usageLimitExceeded" });
    let env = env(&json!([[
        { "limits": { "limitId": "codex", "primary": { "usedPercent": 100, "windowDurationMins": 300, "resetsAt": 4_102_444_800_i64 }, "secondary": null } },
        { "limits": { "limitId": "codex", "primary": null, "secondary": { "usedPercent": 7 } } },
        { "end": { "status": "failed", "error": error } },
    ]]));
    env.baton("worker launch A --wait").exits(20);
    let status = env.status("A");
    assert!(status.to_string().contains("2100-01-01T00:00:00"), "{status:#}");
    let limits = env.run_events("A.1", "rate_limits").pop().expect("limits");
    assert_eq!(env.baton("status --json").json()["rate_limits"], limits);
    assert_eq!((&limits["primary"]["usedPercent"], &limits["secondary"]["usedPercent"]), (&100.into(), &7.into()));
}

#[test]
fn silence_in_each_of_its_forms_has_an_end() {
    for (setting, actions, exit, error) in [
        (
            "turn_timeout_ms: 5000\n  stall_timeout_ms: 0",
            json!(["wait"]),
            21,
            "Codex was silent for codex.turn_timeout_ms (5000 ms)",
        ),
        (
            "stall_timeout_ms: 8000",
            json!([{ "retrying": "Reconnecting... waiting for network" }, { "sh": "sleep 1" }, { "retrying": "Reconnecting... waiting for network" }, "wait"]),
            21,
            "Codex did not get on for codex.stall_timeout_ms (8000 ms): Reconnecting... waiting for network (responseStreamDisconnected)",
        ),
    ] {
        let env = TestEnv::new();
        env.fake_codex("");
        env.workflow(&format!("{}  {setting}\n", crate::env::FAKE_CODEX));
        env.codex_turns("A", &json!([actions]));
        env.issue("A", "");
        env.baton("worker launch A --wait").exits(exit);
        let outcome = env.run("A.1");
        assert_eq!(outcome["error"], error);
        assert_eq!(env.status_word("A"), "retrying");
        assert_eq!(env.codex_heard("A", "turn/interrupt").len(), 1);
    }
}

#[test]
fn a_codex_that_cannot_be_started_says_why() {
    for (command, limit, code, error) in [
        ("no-such-codex app-server", 60_000, "codex_not_found", "codex.command was not found (exit status 127): "),
        ("echo no key >&2; exit 4", 60_000, "port_exit", "codex.command ended with exit status 4: no key"),
        ("sleep 600", 2000, "response_timeout", "no answer to `initialize` within codex.read_timeout_ms (2000 ms)"),
    ] {
        let env = TestEnv::new();
        env.workflow(&format!("codex:\n  command: {command}\n  read_timeout_ms: {limit}\n"));
        env.issue("A", "");
        env.baton("worker launch A --wait").exits(20);
        let failed = env.run("A.1");
        assert_eq!(failed["code"], "agent_start_failed", "{failed:#}");
        assert!(failed["error"].as_str().expect("an error").starts_with(error), "{failed:#}");
        assert_eq!(env.run_events("A.1", "startup_failed")[0]["code"], code);
    }
}

#[test]
fn a_command_is_run_as_it_is_written_and_no_profile_brings_a_secret_back() {
    let env = TestEnv::new();
    env.fake_codex("");
    fs::write(env.path("home/.bash_profile"), "export TRACKER_TOKEN=s3cret-profile\n").expect("a profile");
    env.workflow("tracker:\n  kind: local\n  api_key: $TRACKER_TOKEN\ncodex:\n  command: cd / && FOO=1 \"$TEST_ROOT/bin/codex\" app-server\n  read_timeout_ms: 60000\n");
    env.codex_turns("A", &json!([[{ "sh": "echo $FOO ${TRACKER_TOKEN-none} $PWD > $TEST_ROOT/said/env" }, done()]]));
    env.issue("A", "");
    env.command("worker launch A --wait").env("TRACKER_TOKEN", "s3cret-token").run().ok();
    assert_eq!(env.said_lines("env"), ["1 none /"]);
}

#[test]
fn a_stop_interrupts_the_turn_and_leaves_no_process() {
    let env = env(
        &json!([[{ "sh": "setsid -f bash -c 'trap \"\" TERM; echo $$ > $TEST_ROOT/said/stray; sleep 600; sleep 600' < /dev/null > /dev/null 2>&1; until [ -s $TEST_ROOT/said/stray ]; do sleep 0.02; done; touch $TEST_ROOT/said/there" }, "wait"]]),
    );
    env.baton("worker launch A").ok();
    wait_until("the turn is under way", || env.said("there").exists());
    let stray: u32 = env.said_lines("stray")[0].parse().expect("a pid");
    assert!(is_alive(stray));
    env.baton("worker stop A").ok();
    assert_eq!(env.outcome("A.1"), "canceled");
    assert!(!is_alive(stray));
    assert_eq!(env.codex_heard("A", "turn/interrupt").len(), 1);
}

#[test]
fn a_stream_of_pieces_is_counted_and_logged_and_not_kept_as_events() {
    let env = env(&json!([[{ "deltas": 20_000 }, { "say": "end" }, done()]]));
    env.baton("worker launch A --wait").ok();
    assert_eq!(env.run_events("A.1", "turn_completed")[0]["deltas"], 20_002);
    let events = fs::read_to_string(env.store("runs/A.1/events.jsonl")).expect("events");
    assert!(events.lines().count() < 40, "{events}");
    let log = env.baton("worker logs A").ok().stdout;
    assert_eq!((log.matches("word ").count(), log.ends_with("\nend\n")), (20_000, true));
}

#[test]
fn sessions_in_the_same_project_are_each_issue_s_own() {
    let env = env(&json!([[{ "usage": 10 }, done()]]));
    env.codex_turns("B", &json!([[{ "usage": 20 }, done()]]));
    env.issue("B", "");
    env.baton("dispatch --wait").ok();
    let session = |run: &str| env.run(run)["session_id"].as_str().expect("a session").to_owned();
    assert_eq!((session("A.1"), session("B.1")), ("thread-A-1-turn-1".to_owned(), "thread-B-1-turn-1".to_owned()));
    assert_eq!((env.state("A"), env.state("B")), ("Done".to_owned(), "Done".to_owned()));
}

#[test]
fn the_workers_log_names_the_issue_and_each_turns_session() {
    let env = env(&json!([[{ "say": "One." }], [done()]]));
    env.baton("worker launch A --wait").ok();
    let log = env.baton("worker logs A --supervisor").ok().stdout;
    for (message, session) in [
        ("agent launched", "thread-A-1-turn-1"),
        ("turn ended", "thread-A-1-turn-2"),
        ("run finished", "thread-A-1-turn-2"),
    ] {
        let line =
            log.lines().rev().find(|line| line.contains(message)).unwrap_or_else(|| panic!("no {message}: {log}"));
        for field in ["issue_id=\"A\"", "issue_identifier=\"A\"", &format!("session_id=\"{session}\"")] {
            assert!(line.contains(field), "{field} in {line}");
        }
    }
    assert!(log.contains("outcome=\"turn_completed\"") && log.contains("outcome=\"succeeded\""), "{log}");
}

#[test]
fn a_session_keeps_the_tools_and_the_tracker_that_it_began_with() {
    let env = env(&json!([[{ "sh": "sed -i 's/^  kind: local$/  kind: linear/' $TEST_ROOT/p/WORKFLOW.md" }, done()]]));
    env.baton("worker launch A --wait").ok();
    assert_eq!((env.state("A"), env.codex_answers("A")[0]["success"].clone()), ("Done".to_owned(), true.into()));
    env.baton("poll").exits(10);
}
