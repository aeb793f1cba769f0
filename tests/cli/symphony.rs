//! A team that runs Symphony points Baton at its WORKFLOW.md: Linear is polled, Codex is dispatched, and the issue's end
//! is seen.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, texts, wait_until};
use crate::fakes::linear::{KEY, Linear, id, operation};
use crate::fakes::{successes, tool_call};

/// The file of Symphony's own directory. What is replaced is where the servers are, and how long a busy machine may take.
fn workflow(env: &TestEnv, linear: &str) -> String {
    let text = include_str!("../data/compat/symphony.md");
    let place = format!("project_slug: shop-1a2b3c\n    endpoint: {linear}/graphql");
    let origin = format!("file://{}", env.path("origin").display());
    [
        ("project_slug: \"a-project-0123456789ab\"", place.as_str()),
        ("https://example.com/a/project", origin.as_str()),
        ("codex:\n", "codex:\n  read_timeout_ms: 60000\n"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} in {text}");
        text.replace(from, to)
    })
}

/// A project with that file, an origin to clone, and a `codex` where a login shell finds it.
fn project(linear: &str, turns: &Value) -> TestEnv {
    let env = TestEnv::empty();
    env.bash("git init -q -b main ../origin && cd ../origin && git commit -q --allow-empty -m first").ok();
    env.fake_codex("");
    fs::rename(env.path("bin/codex"), env.path("bin/fake-codex")).expect("renamed");
    let codex =
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$TEST_ROOT/said/arguments\"\nexec \"$TEST_ROOT/bin/fake-codex\"\n";
    env.program_on_path("codex", codex);
    fs::write(env.path("home/.bash_profile"), "PATH=$TEST_ROOT/bin:$PATH\n").expect("a profile");
    env.codex_turns("LIN-1", turns);
    fs::write(env.path("p/WORKFLOW.md"), workflow(&env, linear)).expect("a workflow");
    env
}

/// The agent's own way to move its issue: a mutation by the tracker's tool.
fn moved_to(state: &str) -> Value {
    let query = "mutation BatonUpdate($id:String!,$input:IssueUpdateInput!){issueUpdate(id:$id,input:$input){success}}";
    let variables = json!({ "id": id(1), "input": { "stateId": format!("S-{state}") } });
    tool_call("linear_graphql", json!({ "query": query, "variables": variables }))
}

#[test]
fn its_workflow_polls_linear_dispatches_codex_and_sees_the_issue_through() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| linear.add(1, "Todo"));
    let hold = "echo ${LINEAR_API_KEY-none} > $TEST_ROOT/said/key; pwd > $TEST_ROOT/said/pwd; git log --format=%s > \
                $TEST_ROOT/said/log; touch $TEST_ROOT/said/there; until [ -e $TEST_ROOT/go/LIN-1 ]; do sleep 0.02; done";
    let env = project(
        &fake.url(),
        &json!([[moved_to("In Progress"), { "usage": 100 }, { "sh": hold }], [moved_to("Done"), { "say": "It is done." }]]),
    );
    let run = env.command("run --until-idle").env("LINEAR_API_KEY", KEY).start();
    wait_until("the agent works", || env.said("there").exists());
    let status = env.command("status --json").env("LINEAR_API_KEY", KEY).run().json();
    let row = &status["running"][0];
    assert_eq!(
        (&row["issue_identifier"], &row["issue_url"], &row["session_id"]),
        (&"LIN-1".into(), &"https://linear.example/LIN-1".into(), &"thread-LIN-1-1-turn-1".into())
    );
    env.go_on("LIN-1");
    run.wait().ok();

    assert_eq!(fake.change(|linear| linear.state(1)), "Done");
    assert_eq!(successes(&env.codex_answers("LIN-1")), [true, true]);
    let polls = fake.take_calls().iter().filter(|call| operation(call) == "BatonIssues").count();
    assert!(polls >= 3, "a poll, and a look after each turn: {polls}");
    let prompts = env.codex_prompts("LIN-1");
    assert!(prompts[0].starts_with("You are working on a ticket `LIN-1`"), "{prompts:#?}");
    assert!(prompts[0].contains("URL: https://linear.example/LIN-1") && prompts[0].contains("Body 1"), "{prompts:#?}");
    assert!(prompts[1].contains("turn 2 of at most 20") && !prompts[1].contains("ticket"), "{prompts:#?}");
    let started = &env.codex_heard("LIN-1", "turn/start")[0]["params"];
    assert_eq!(
        (&started["approvalPolicy"], &started["sandboxPolicy"]),
        (&"never".into(), &json!({ "type": "workspaceWrite", "networkAccess": true }))
    );
    let arguments = env.said_lines("arguments");
    assert_eq!((arguments.len(), arguments[3].as_str(), arguments[6].as_str()), (7, "model=\"a-model\"", "app-server"));
    let workspace = env.path("home/code/workspaces/LIN-1");
    assert_eq!(
        (env.said_lines("pwd"), env.said_lines("key")),
        (vec![workspace.display().to_string()], vec!["none".into()])
    );
    assert_eq!(env.said_lines("log"), ["first"], "after_create has cloned");
    assert_eq!(texts(&env.run("LIN-1.1")["hooks"], "hook"), ["after_create"]);
    assert!(!workspace.exists(), "a terminal issue's workspace is cleaned");
}

#[test]
fn its_workflow_without_the_credential_says_which_one_is_missing() {
    let env = project("http://127.0.0.1:1", &json!([]));
    let error = env.baton("run --json").exits(10).error();
    assert_eq!(error["code"], "missing_tracker_secret");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("LINEAR_API_KEY")), "{error}");
}
