//! `baton tool-server`: the tracker's tools for agents that speak the Model Context Protocol.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::env::{TestEnv, is_alive, wait_until};
use crate::fakes::github::{Github, TOKEN};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// What an agent does that starts the server as its configuration says, and speaks with it line by line.
const AGENT: &str = r#"
mapfile -t server < <(jq -r '.mcpServers.baton | .command, .args[]' "$BATON_MCP_CONFIG")
coproc MCP { exec env -u BATON_RUN -u BATON_STORE "${server[@]}"; }
say() { printf '%s\n' "$1" >&"${MCP[1]}"; }
ask() { say "$1"; IFS= read -r answer <&"${MCP[0]}"; printf '%s\n' "$answer" >> "$TEST_ROOT/said/mcp"; }
call() { ask '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'"$1"'","arguments":'"$2"'}}'; }
"#;

impl TestEnv {
    /// An agent that introduces itself to the server, then does this.
    fn mcp_agent(&self, script: &str) {
        self.agent(&format!("{AGENT}\nask '{INITIALIZE}'\nsay '{INITIALIZED}'\n{script}"));
    }

    /// What the server answered it.
    fn heard(&self) -> Vec<Value> {
        self.said_lines("mcp").iter().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

/// What a call was answered with, and whether it was done.
fn called(answer: &Value) -> (bool, Value) {
    let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no answer: {answer}"));
    (answer["result"]["isError"] != true, serde_json::from_str(text).expect("JSON"))
}

#[test]
fn an_agent_that_speaks_it_closes_its_issue() {
    let env = TestEnv::new();
    env.mcp_agent(
        r#"ask '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
        call issue_read '{}'
        call issue_update '{"state":"Done","comment":"It is done."}'"#,
    );
    env.issue("A", "");
    let launched = env.baton("worker launch A --wait --json").json();
    assert_eq!((&launched["outcome"], env.state("A").as_str()), (&json!("succeeded"), "Done"));
    assert_eq!(env.status_word("A"), "done");

    let heard = env.heard();
    let introduced = &heard[0]["result"];
    assert_eq!(introduced["protocolVersion"], "2025-06-18", "as the client asked");
    assert_eq!(
        (&introduced["serverInfo"]["name"], &introduced["capabilities"]),
        (&json!("baton"), &json!({ "tools": {} }))
    );
    let tools = heard[1]["result"]["tools"].as_array().expect("tools");
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, ["issue_read", "issue_update", "issue_workpad"]);
    assert_eq!(tools[1]["inputSchema"]["properties"]["state"]["type"], "string");
    let (ok, read) = called(&heard[2]);
    assert_eq!((ok, &read["issue"]["title"], &read["issue"]["state"]), (true, &json!("Title of A"), &json!("Todo")));
    assert!(called(&heard[3]).0, "{heard:#?}");

    // As with the tools of every other agent, it is written down what was done.
    let finished = env.run_events("A.1", "tool_call_completed");
    let told: Vec<_> =
        finished.iter().map(|call| (&call["id"], &call["kind"], &call["detail"]["tool"], &call["ok"])).collect();
    let expected = [(json!("tool-1"), "issue_read"), (json!("tool-2"), "issue_update")]
        .map(|(id, name)| (id, json!("tracker"), json!(name), json!(true)));
    assert_eq!(told, expected.iter().map(|(id, kind, name, ok)| (id, kind, name, ok)).collect::<Vec<_>>());
    assert_eq!(env.run_events("A.1", "tool_call_started").len(), 2);
    let checkpoints = fs::read_to_string(env.store("runs/A.1/checkpoints.jsonl")).expect("checkpoints");
    let classes: Vec<Value> = checkpoints
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|point| point["boundary"] == "before tool tracker")
        .map(|point| point["replay_safety"].clone())
        .collect();
    assert_eq!(classes, ["pure_readonly", "idempotent_write"]);
    assert!(!env.store("runs/A.1/tools.sock").exists());
}

#[test]
fn what_init_writes_for_claude_starts_the_server() {
    let env = TestEnv::empty();
    env.make_repository();
    let claude = r#"[ "$1 $2 $3 $4" = "--print --permission-mode acceptEdits --mcp-config" ]
        [ "$6 $7" = "--allowedTools mcp__baton" ]
        BATON_MCP_CONFIG=$5"#;
    let work = r#"call issue_update '{"state":"Done","comment":"By a tool."}'"#;
    let script =
        format!("#!/usr/bin/env bash\nset -eu\n{claude}\n{AGENT}\nask '{INITIALIZE}'\nsay '{INITIALIZED}'\n{work}\n");
    env.program_on_path("claude", &script);
    let path = env.path("bin");
    fs::write(env.path("home/.profile"), format!("PATH={}:$PATH\n", path.display())).expect("a profile");
    env.baton("init --agent claude").ok();
    env.baton(["issue", "create", "Greet"]).ok();
    env.baton("worker launch TASK-1 --wait").ok();
    let comments = env.baton("issue show TASK-1 --json").json()["comments"].take();
    assert_eq!((env.state("TASK-1").as_str(), &comments[0]["body"]), ("Done", &json!("By a tool.")));
}

#[test]
fn the_credential_is_neither_with_the_agent_nor_with_the_server() {
    let fake = Github::start();
    fake.change(|github| github.add(7, &[]));
    let env = TestEnv::new();
    env.workflow(&format!("tracker:\n  kind: github\n  provider:\n    repo: o/r\n    api_url: {}\n", fake.url()));
    env.mcp_agent(
        r#"cp /proc/$$/environ "$TEST_ROOT/said/agent"
        cp "/proc/$MCP_PID/environ" "$TEST_ROOT/said/server"
        cp "/proc/$PPID/environ" "$TEST_ROOT/said/supervisor"
        ask '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
        call github_api '{"method":"PATCH","path":"/repos/o/r/issues/7","body":{"state":"closed"}}'
        call github_api '{"method":"GET","path":"/user"}'"#,
    );
    env.command("worker launch GH-7 --wait").env("GITHUB_TOKEN", TOKEN).run().ok();
    assert_eq!(fake.change(|github| github.state(7).to_owned()), "closed");
    assert_eq!(env.status_word("GH-7"), "done");
    let heard = env.heard();
    assert_eq!(heard[1]["result"]["tools"][0]["name"], "github_api");
    assert_eq!((called(&heard[2]).0, &called(&heard[2]).1["status"]), (true, &json!(200)));
    assert_eq!((called(&heard[3]).0, &called(&heard[3]).1["error"]["code"]), (false, &json!("out_of_scope")));
    let holds = |who: &str| {
        let environ = fs::read(env.said(who)).expect("an environment");
        let text = String::from_utf8_lossy(&environ).into_owned();
        assert!(text.contains("TEST_ROOT="), "{who} is read as it is");
        text.contains(TOKEN) || text.contains("GITHUB_TOKEN=")
    };
    assert_eq!(["agent", "server", "supervisor"].map(holds), [false, false, true]);
    let written = env.bash("grep -rl ghp_a-token .baton || true").ok().stdout;
    assert_eq!(written, "", "nor is it anywhere in the store");
}

#[test]
fn nonsense_and_unknown_tools_are_answered_and_cost_nobody_the_session() {
    let env = TestEnv::new();
    env.mcp_agent(
        r#"say 'no json at all'
        call no_such_tool '{}'
        call issue_update '{"status":"Done"}'
        call issue_update '{"state":"a\nb"}'
        ask '{"jsonrpc":"2.0","id":5,"method":"no/such/method"}'
        ask '{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":5}}'
        call issue_update '{"state":"Done"}'"#,
    );
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    assert_eq!(env.state("A"), "Done");
    let heard = env.heard();
    let codes: Vec<Value> = heard[1..4].iter().map(|answer| called(answer).1["error"]["code"].clone()).collect();
    assert_eq!(codes, ["unsupported_tool", "invalid_arguments", "invalid_issue"]);
    assert_eq!((&heard[4]["id"], &heard[4]["error"]["code"]), (&json!(5), &json!(-32601)));
    assert!(heard[5]["error"]["code"].is_i64(), "{}", heard[5]);
    assert!(called(&heard[6]).0);
    assert_eq!(env.run_events("A.1", "unsupported_tool_call")[0]["tool"], "no_such_tool");
}

#[test]
fn an_agent_that_has_its_tools_by_its_own_protocol_is_given_no_server() {
    let env = TestEnv::new();
    env.fake_codex("");
    env.codex_turns("A", &json!([[{ "sh": "echo ${BATON_MCP_CONFIG-none} > $TEST_ROOT/said/config" }]]));
    env.issue("A", "state: Todo");
    env.baton("worker launch A --wait");
    assert_eq!(env.said_lines("config"), ["none"]);
    assert!(!env.store("runs/A.1/mcp.json").exists());
}

#[test]
fn without_a_run_there_is_nothing_to_serve() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    insta::assert_snapshot!(env.baton("tool-server"), @"
    ------- stderr -------
    error: which run is not said: name one, or start it as an agent
    [exit status: 2]
    ");
    insta::assert_snapshot!(env.baton("tool-server run:A.7"), @"
    ------- stderr -------
    error: no run `A.7`
    hint: `baton worker list` shows the live ones
    [exit status: 4]
    ");
    insta::assert_snapshot!(env.baton("tool-server nonsense"), @"
    ------- stderr -------
    error: `nonsense` is no run's id, such as `TASK-1.1`
    [exit status: 2]
    ");
    // One that is over is served, so that whoever asks is told.
    env.baton("worker launch A --wait").ok();
    let mut client = Client::start(&env, "A.1");
    assert_eq!(client.code("issue_read"), "run_over");
    // A client that leaves at once leaves nothing behind.
    env.baton("tool-server A.1").ok();
}

/// A client of a server of its own, outside of the run.
struct Client {
    server: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Client {
    fn start(env: &TestEnv, run: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.arg("--store").arg(env.store("")).args(["tool-server", run]).env_clear();
        command.env("TEST_ROOT", env.path("")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().expect("started");
        let (ask, answers) = (server.stdin.take().expect("a pipe"), server.stdout.take().expect("a pipe"));
        let mut client = Self { server, ask, answers: BufReader::new(answers) };
        client.say(INITIALIZE);
        assert_eq!(client.hear()["result"]["serverInfo"]["name"], "baton");
        client.say(INITIALIZED);
        client
    }

    fn say(&mut self, line: &str) {
        writeln!(self.ask, "{line}").expect("written");
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }

    fn ask(&mut self, name: &str, arguments: &Value) {
        let params = json!({ "name": name, "arguments": arguments });
        self.say(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string());
    }

    fn call(&mut self, name: &str, arguments: &Value) -> (bool, Value) {
        self.ask(name, arguments);
        called(&self.hear())
    }

    /// The stable code of a call that fails.
    fn code(&mut self, name: &str) -> String {
        let (ok, answer) = self.call(name, &json!({}));
        assert!(!ok, "{answer}");
        answer["error"]["code"].as_str().expect("a code").to_owned()
    }

    /// The sockets that the server has open.
    fn sockets(&self) -> usize {
        let entries = fs::read_dir(format!("/proc/{}/fd", self.server.id())).expect("descriptors");
        let links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A run in the foreground whose agent holds.
fn held(env: &TestEnv) -> crate::env::Started {
    env.agent("hold");
    env.issue("A", "");
    let worker = env.start("worker launch A --foreground --json");
    env.agent_holds("A");
    worker
}

#[test]
fn two_clients_are_served_at_once_and_one_that_is_killed_holds_nobody_up() {
    let env = TestEnv::new();
    let worker = held(&env);
    let (mut one, mut two, mut three) =
        (Client::start(&env, "A.1"), Client::start(&env, "A.1"), Client::start(&env, "A.1"));
    // All three wait while the worker sleeps.
    worker.signal(Signal::STOP);
    let before = [&one, &two, &three].map(Client::sockets);
    one.ask("issue_update", &json!({ "add_labels": ["one"] }));
    two.ask("issue_update", &json!({ "add_labels": ["two"] }));
    three.ask("issue_update", &json!({ "add_labels": ["three"] }));
    wait_until("all three have called", || {
        [&one, &two, &three].iter().zip(before).all(|(client, before)| client.sockets() > before)
    });
    drop(three);
    worker.signal(Signal::CONT);
    assert!(called(&one.hear()).0);
    assert!(called(&two.hear()).0);
    let issue = env.baton("issue show A --json").json();
    let labels: BTreeSet<&str> = issue["labels"].as_array().expect("labels").iter().filter_map(Value::as_str).collect();
    assert!(labels.is_superset(&["one", "two"].into()), "{labels:?}");
    env.set_state("A", "Done");
    env.go_on("A");
    worker.wait().ok();
    assert_eq!(one.code("issue_read"), "run_over");
}

#[test]
fn when_the_supervisor_is_killed_calls_fail_and_say_so() {
    let env = TestEnv::new();
    let worker = held(&env);
    let agent = env.agent_holds("A");
    let mut client = Client::start(&env, "A.1");
    assert!(client.call("issue_read", &json!({})).0);
    worker.signal(Signal::STOP);
    let before = client.sockets();
    client.ask("issue_update", &json!({ "state": "Done" }));
    wait_until("it has called", || client.sockets() > before);
    worker.kill();
    let (ok, answer) = called(&client.hear());
    assert_eq!((ok, &answer["error"]["code"]), (false, &json!("answer_lost")), "{answer}");
    assert_eq!(client.code("issue_read"), "run_over");
    env.baton("recover").ok();
    wait_until("its agent is gone", || !is_alive(agent));
    assert_eq!(env.state("A"), "Todo");
    assert_eq!(client.code("issue_read"), "run_over");
}

#[test]
fn a_worker_that_slept_through_a_take_over_carries_out_no_call() {
    let env = TestEnv::new();
    let worker = held(&env);
    let mut client = Client::start(&env, "A.1");
    worker.signal(Signal::STOP);
    let before = client.sockets();
    client.ask("issue_update", &json!({ "state": "Done" }));
    wait_until("it has called", || client.sockets() > before);
    // Its lifeline is a new file, as after a restore of the store: nobody holds that, so that it counts as dead.
    let lifeline = env.store("runs/A.1/lifeline");
    fs::remove_file(&lifeline).and_then(|()| fs::write(&lifeline, "")).expect("another one");
    env.baton("recover").ok();
    worker.signal(Signal::CONT);
    let (ok, answer) = called(&client.hear());
    assert!(!ok, "{answer}");
    worker.wait().exits(6);
    assert_eq!(env.state("A"), "Todo");
}
