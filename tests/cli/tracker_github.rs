//! `tracker.kind: github`, against a server on loopback.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, wait_until};
use crate::fakes::github::{Github, TOKEN, user};
use crate::fakes::{Fake, Reply, identifiers, reasons, successes, tool_call};

#[test]
fn an_issue_is_worked_on_and_closed() {
    let fake = Github::start();
    fake.change(|github| {
        github.add(42, &[" Bug ", "bug", "Platform"]);
        github.set(42, "assignees", json!([user("octocat")]));
    });
    let env = fake.project("", "  handoff_state: closed\n");
    env.agent("echo work > work");
    let shown = env.baton("issue show GH-42 --json").json();
    insta::assert_json_snapshot!(shown, @r#"
    {
      "key": "GH-42",
      "id": "42",
      "identifier": "GH-42",
      "title": "Issue 42",
      "description": "Body 42",
      "priority": null,
      "state": "open",
      "branch_name": null,
      "url": "https://github.example/o/r/issues/42",
      "assignee_id": "octocat",
      "labels": [
        "bug",
        "platform"
      ],
      "blocked_by": [],
      "parent": null,
      "sub_issues": [],
      "dispatchable": true,
      "native_ref": {
        "number": 42,
        "repo": "o/r",
        "node_id": "I_42"
      },
      "created_at": "<time>",
      "updated_at": "<time>",
      "comments": []
    }
    "#);
    env.baton("run --until-idle").ok();
    assert_eq!(env.turns(), ["GH-42 GH-42.1 1 first"]);
    assert_eq!(fake.change(|github| github.state(42).to_owned()), "closed");
    assert_eq!(env.status_word("GH-42"), "done");
}

#[test]
fn every_page_is_read_and_a_second_poll_writes_nothing() {
    let fake = Github::start();
    fake.change(|github| (1..=250).for_each(|number| github.add(number, &[])));
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!((&poll["fetched"], &poll["changed"]), (&json!(250), &json!(250)));
    assert_eq!(poll["traffic"]["requests"], 3);
    assert_eq!(fake.take_lines(), ["GET /repos/o/r/issues"; 3]);
    let poll = env.writing_nothing(|| env.baton("poll --json").json());
    assert_eq!((&poll["fetched"], &poll["changed"]), (&json!(250), &json!(0)));
}

#[test]
fn a_poll_of_another_process_is_not_told_again_what_has_not_changed() {
    let fake = Github::start();
    fake.change(|github| {
        (1..=250).for_each(|number| github.add(number, &[]));
        github.remaining = Some(1000);
    });
    let env = fake.project("", "");
    let poll = || {
        let poll = env.baton("poll --json").json();
        let traffic = &poll["traffic"];
        let count = |name: &str| traffic[name].as_u64().expect("a number");
        (
            poll["fetched"].as_u64().expect("a number"),
            poll["changed"].as_u64().expect("a number"),
            count("requests"),
            count("not_modified"),
        )
    };
    env.baton("poll --dry-run").ok();
    assert!(!env.store("answers").exists());
    assert_eq!(poll(), (250, 250, 3, 0));
    let left = |fake: &Fake<Github>| fake.change(|github| github.remaining);
    let before = left(&fake);
    assert_eq!(env.writing_nothing(poll), (250, 0, 3, 3));
    assert_eq!(left(&fake), before, "it cost nothing");
    fake.change(|github| github.set(150, "title", json!("Another title")));
    assert_eq!(poll(), (250, 1, 3, 2));
    assert_eq!(poll(), (250, 0, 3, 3));
    // Whoever cannot read it asks for all of it.
    fs::write(env.store("answers"), "nonsense").expect("written");
    assert_eq!(poll(), (250, 0, 3, 0));
    assert_eq!(poll(), (250, 0, 3, 3));
    // What is in it is no more than what the tracker still says.
    fake.change(|github| github.delete(250));
    assert_eq!(poll().0, 249);
    env.bash("grep -q '[0-9]' .baton/answers && ! grep -q ghp_ .baton/answers").ok();
}

#[test]
fn a_pull_request_is_no_issue() {
    let fake = Github::start();
    fake.change(|github| {
        github.add(1, &[]);
        github.add(2, &[]);
        github.set(
            2,
            "pull_request",
            json!({ "url": "https://x/2", "html_url": null, "diff_url": null, "patch_url": null }),
        );
    });
    let env = fake.project("", "");
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["GH-1"]);
    env.baton("issue show GH-2").exits(4);
}

#[test]
fn what_has_not_changed_is_not_transferred_again() {
    let fake = Github::start();
    fake.change(|github| {
        github.remaining = Some(100);
        github.add(1, &[]);
        github.add(2, &[]);
        github.block(2, &[1]);
    });
    let env = fake.project("", "");
    env.agent("hold");
    let run = env.start("run");
    env.agent_holds("GH-1");
    fake.take_calls();
    wait_until("a list was asked for by its tag", || {
        fake.take_calls()
            .iter()
            .any(|call| call.line() == "GET /repos/o/r/issues" && call.header("if-none-match").is_some())
    });
    run.kill();
    let poll = env.baton("poll --json").json();
    let quota = &poll["traffic"]["quota"];
    assert_eq!((&quota["limit"], quota["remaining"].as_u64() < Some(100)), (&json!(5000), true), "{poll}");
}

#[test]
fn blockers_and_parts_hold_an_issue_back() {
    let fake = Github::start();
    fake.change(|github| {
        (1..=3).for_each(|number| github.add(number, &[]));
        github.block(2, &[1]);
        github.parts(3, &[1]);
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["GH-1"]);
    assert_eq!((reasons(&poll, "GH-2"), reasons(&poll, "GH-3")), (vec!["blocked_by_issue"], vec!["sub_issues"]));
    assert_eq!(fake.take_lines(), ["GET /repos/o/r/issues", "POST /graphql"]);
    // A refresh by id tells the very same.
    let listed = env.baton("issue list --json").json();
    for issue in listed["issues"].as_array().expect("a list") {
        let mut shown = env.baton(["issue", "show", issue["id"].as_str().expect("an id"), "--json"]).json();
        shown.as_object_mut().expect("an object").remove("comments");
        assert_eq!(&shown, issue);
    }
    fake.change(|github| github.set(1, "state", json!("closed")));
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["GH-2", "GH-3"]);
}

#[test]
fn a_blocker_beyond_the_first_page_counts() {
    let fake = Github::start();
    fake.change(|github| {
        (1..=62).for_each(|number| github.add(number, &[]));
        (1..=60).for_each(|number| github.set(number, "state", json!("closed")));
        github.block(62, &(1..=61).collect::<Vec<_>>());
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!((identifiers(&poll), reasons(&poll, "GH-62")), (vec!["GH-61"], vec!["blocked_by_issue"]));
}

#[test]
fn a_server_without_dependencies_is_asked_without_them() {
    let fake = Github::start();
    fake.change(|github| {
        github.has_no_dependencies = true;
        github.add(1, &[]);
        github.add(2, &[]);
        github.parts(2, &[1]);
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!((identifiers(&poll), reasons(&poll, "GH-2")), (vec!["GH-1"], vec!["sub_issues"]));
    env.baton("issue show GH-1").ok();
}

#[test]
fn a_server_without_dependencies_is_asked_without_them_however_many_questions_there_are() {
    let fake = Github::start();
    fake.change(|github| {
        github.has_no_dependencies = true;
        (1..=120).for_each(|number| github.add(number, &[]));
        (1..=60).for_each(|number| github.parts(number, &[number + 60]));
    });
    let poll = fake.project("", "").baton("poll --json").json();
    assert_eq!(
        (&poll["fetched"], reasons(&poll, "GH-1"), reasons(&poll, "GH-60")),
        (&json!(120), vec!["sub_issues"], vec!["sub_issues"])
    );
}

#[test]
fn a_blocker_that_the_token_may_not_see_holds_its_issue_back() {
    let fake = Github::start();
    fake.change(|github| {
        github.add(1, &[]);
        github.add(2, &[]);
        github.block(2, &[1]);
    });
    let none = json!({ "nodes": [], "pageInfo": { "hasNextPage": false } });
    let hidden = json!({ "nodes": [null], "pageInfo": { "hasNextPage": false } });
    let two = json!({ "number": 2, "blockedBy": hidden, "subIssues": none });
    fake.script("POST /graphql", Reply::json(200, &json!({ "data": { "repository": { "i2": two } } })));
    let poll = fake.project("", "").baton("poll --json").json();
    assert_eq!((identifiers(&poll), reasons(&poll, "GH-2")), (vec!["GH-1"], vec!["blocked_by_issue"]));
}

#[test]
fn a_number_that_graphql_does_not_take_is_no_issue() {
    let fake = Github::start();
    fake.project("", "").baton("issue show GH-3000000000").exits(4);
    assert_eq!(fake.take_lines(), [""; 0], "it would fail all that are asked for with it");
}

#[test]
fn labels_can_be_the_states() {
    let fake = Github::start();
    fake.change(|github| {
        github.add(1, &["Todo", "bug"]);
        github.add(2, &["todo", "done"]);
        github.add(3, &["bug"]);
        github.add(4, &["todo"]);
        github.set(4, "state", json!("closed"));
    });
    let states =
        "  active_states: [Todo, In Progress]\n  terminal_states: [Done, closed]\n  handoff_state: In Review\n";
    let env = fake.project("    state_from: label\n    priority_labels: [urgent, bug]\n", states);
    env.agent("true");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["GH-1"]);
    assert_eq!(poll["queue"][0]["priority"], 2);
    env.baton("run --until-idle").ok();
    assert_eq!(fake.change(|github| github.labels(1).join(" ")), "bug In Review");
    assert_eq!(env.status_word("GH-1"), "released");
    env.baton("issue edit GH-1 --state closed").ok();
    assert_eq!(fake.change(|github| github.state(1).to_owned()), "closed");
    env.baton("issue edit GH-1 --state Todo").ok();
    assert_eq!(
        fake.change(|github| (github.state(1).to_owned(), github.labels(1).join(" "))),
        ("open".into(), "bug Todo".into())
    );
}

#[test]
fn a_field_of_a_project_can_be_the_state() {
    let fake = Github::start();
    fake.change(|github| {
        github.options = vec!["Todo", "In Review"];
        (1..=4).for_each(|number| github.add(number, &[]));
        github.status(1, "Todo");
        github.status(2, "");
        github.status(3, "Todo");
        github.block(3, &[2]);
    });
    let states = "  active_states: [Todo]\n  terminal_states: [closed]\n  handoff_state: In Review\n";
    let env = fake.project("    state_from: project\n    project: 7\n", states);
    env.agent("true");
    let poll = env.baton("poll --json").json();
    assert_eq!((identifiers(&poll), reasons(&poll, "GH-3")), (vec!["GH-1"], vec!["blocked_by_issue"]));
    assert_eq!(env.baton("issue show GH-2 --json").json()["state"], "No Status");
    env.baton("issue show GH-4").exits(4);
    env.baton("run --until-idle").ok();
    assert_eq!(fake.change(|github| github.status_of(1).map(str::to_owned)).as_deref(), Some("In Review"));
    let error = env.baton("issue edit GH-2 --state Nowhere --json").exits(5).error();
    assert_eq!(error["message"], "the project's field `Status` has no option `Nowhere`");
}

#[test]
fn the_credential_is_nowhere_to_be_seen() {
    let fake = Github::start();
    fake.change(|github| github.add(1, &[]));
    let env = TestEnv::new();
    env.workflow(&format!(
        "tracker:\n  kind: github\n  handoff_state: closed\n  provider:\n    repo: o/r\n    token: $MY_TOKEN\n    api_url: {}\n",
        fake.url()
    ));
    env.agent("env > $TEST_ROOT/said/env; echo \"my token is ${MY_TOKEN-gone} ${GITHUB_TOKEN-gone}\"");
    let with = |command| env.command(command).env("MY_TOKEN", TOKEN).env("GITHUB_TOKEN", "another-token");
    with("run --until-idle").run().ok();
    let seen = env.said_lines("env").join("\n");
    assert!(seen.contains("BATON_ISSUE=GH-1") && !seen.contains(TOKEN) && !seen.contains("another-token"), "{seen}");
    fake.script("GET /repos", Reply::json(403, &json!({ "message": format!("{TOKEN} may not") })));
    let refused = with("poll --json").run().exits(11);
    assert!(refused.stderr.contains("may not") && !refused.stderr.contains(TOKEN), "{refused}");
    let found = env.bash(&format!("grep -rl {TOKEN} .baton || true")).ok();
    assert_eq!(found.stdout, "", "the store holds it");
    let error = env.baton("poll --json").exits(10).error();
    assert_eq!(
        (&error["code"], true),
        (&json!("missing_tracker_secret"), error["message"].to_string().contains("MY_TOKEN"))
    );
    let error = with("poll --json").env("MY_TOKEN", "a-wrong-token").run().exits(11).error();
    assert_eq!(error["message"], "GET /repos/o/r/issues: status 401: Bad credentials");
}

#[test]
fn a_wrong_configuration_names_its_key() {
    let fake = Github::start();
    let env = TestEnv::new();
    for (provider, more, key) in [
        ("    repo: nothing\n", "", "tracker.provider.repo"),
        ("    api_url: http://example.com\n", "", "tracker.provider.api_url"),
        ("    state_from: mood\n", "", "tracker.provider.state_from"),
        ("    state_from: project\n", "", "tracker.provider.project"),
        ("    timeout_ms: 0\n", "", "tracker.provider.timeout_ms"),
        ("    priority_labels: urgent\n", "", "tracker.provider.priority_labels"),
        ("    tool_scope: world\n", "", "tracker.provider.tool_scope"),
        ("", "  active_states: [Todo]\n", "tracker.active_states"),
        ("", "  terminal_states: [Done]\n", "tracker.terminal_states"),
        ("", "  handoff_state: In Review\n", "tracker.handoff_state"),
        ("    state_from: label\n", "  terminal_states: [Done]\n", "tracker.terminal_states"),
    ] {
        env.workflow(&fake.front_matter(provider, more));
        let error = env.baton("poll --json").exits(10).error();
        assert_eq!(error["code"], "invalid_tracker_config", "{key}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(key)), "{key}: {error}");
    }
    assert_eq!(fake.take_lines(), [""; 0]);
}

#[test]
fn the_agents_tool_has_the_credential_and_the_agent_has_not() {
    let fake = Github::start();
    fake.expect_foreign("GET /repos/o/r/nothing");
    fake.change(|github| github.add(1, &[]));
    let env = TestEnv::new();
    env.fake_codex(&fake.front_matter("", ""));
    let call = |method: &str, path: &str, body: Value| {
        let arguments = json!({ "method": method, "path": path, "params": null, "body": body });
        tool_call("github_api", arguments)
    };
    env.codex_turns(
        "GH-1",
        &json!([[
            call("POST", "/repos/o/r/issues/1/comments", json!({ "body": "I am on it." })),
            call("GET", "/repos/o/r/issues/1/comments", json!(null)),
            call("GET", "/user", json!(null)),
            call("GET", "/repos/o/r/../s/issues", json!(null)),
            call("GET", "/repos/o/r/nothing", json!(null)),
            call("PATCH", "/repos/o/r/issues/1", json!({ "state": "closed" })),
        ]]),
    );
    env.baton("worker launch GH-1 --wait").ok();
    let answers = env.codex_answers("GH-1");
    assert_eq!(successes(&answers), [true, true, false, false, false, true]);
    let text = |n: usize| answers[n]["contentItems"][0]["text"].as_str().expect("a text").replace([' ', '\n'], "");
    assert!(text(1).contains("\"status\":200") && text(1).contains("Iamonit."), "{}", text(1));
    assert!(text(2).contains("out_of_scope") && text(3).contains("invalid_arguments"), "{answers:#?}");
    assert!(text(4).contains("\"status\":404") && text(4).contains("NotFound"), "{}", text(4));
    assert!(fake.take_lines().iter().all(|line| !line.contains("user") && !line.contains("/s/")));
    assert_eq!(env.status_word("GH-1"), "done");
}
