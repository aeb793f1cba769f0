//! What Linear itself makes of Baton's requests: scope and filters, relations over many pages, errors beside data, and an
//! agent's own documents. The fake executes each against Linear's schema.

use serde_json::{Value, json};

use crate::env::{TestEnv, texts, wait_until};
use crate::fakes::linear::{Linear, ME, id, operation, state_id};
use crate::fakes::{identifiers, reasons, successes, tool_call};

#[test]
fn a_poll_brings_the_issues_in_scope_and_no_other() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        for (number, state) in [(1, "Todo"), (2, "In Progress"), (3, "tODO"), (4, "Done"), (5, "Backlog")] {
            linear.add(number, state);
        }
        (6..=8).for_each(|number| linear.add(number, "Todo"));
        linear.transfer(6);
        linear.archive(7);
        linear.set(8, "trashed", json!(true));
    });
    let poll = fake.project("", "").baton("poll --json").json();
    assert_eq!((identifiers(&poll), &poll["fetched"]), (vec!["LIN-1", "LIN-2", "LIN-3"], &json!(3)));
}

#[test]
fn linears_own_filter_narrows_the_scope_as_linear_reads_it() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        (1..=4).for_each(|number| linear.add(number, "Todo"));
        linear.label(1, &["agent", "ui"]);
        linear.label(2, &["agent"]);
        linear.set(1, "assigneeId", json!(ME));
        linear.set(3, "assigneeId", json!("u-other"));
        linear.set(3, "priority", json!(1.0));
        linear.parts(4, &[3]);
    });
    for (filter, expected) in [
        ("{ labels: { name: { eq: agent } } }", &["LIN-1", "LIN-2"][..]),
        ("{ labels: { and: [{ name: { eq: agent } }, { name: { eq: ui } }] } }", &["LIN-1"]),
        ("{ labels: { every: { name: { neq: ui } } } }", &["LIN-3", "LIN-2"]),
        ("{ assignee: { isMe: { eq: true } } }", &["LIN-1"]),
        ("{ assignee: { null: true } }", &["LIN-2"]),
        ("{ or: [{ priority: { lt: 2 } }, { title: { endsWith: '2' } }] }", &["LIN-3", "LIN-2"]),
        ("{ parent: { number: { eq: 4 } } }", &["LIN-3"]),
        ("{ project: { slugId: { eq: other } } }", &[]),
    ] {
        let env = fake.project(&format!("    query: {filter}\n"), "");
        assert_eq!(identifiers(&env.baton("poll --json").json()), expected, "{filter}");
    }
}

#[test]
fn a_filter_that_linear_refuses_is_a_failure_and_not_nothing_to_do() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| linear.add(1, "Todo"));
    let env = fake.project("", "");
    env.baton("poll").ok();
    for (filter, word) in [
        ("{ label: { name: { eq: agent } } }", "label"),
        ("{ labels: { name: { is: agent } } }", "is"),
        ("{ priority: { eq: high } }", "high"),
    ] {
        env.workflow(&fake.front_matter(&format!("    query: {filter}\n"), ""));
        let error = env.baton("poll --json").exits(11).error();
        let message = error["message"].as_str().expect("a message");
        assert_eq!(error["code"], "tracker_status", "{error}");
        assert!(message.starts_with("POST /graphql: status 400: ") && message.contains(word), "{message}");
        assert_eq!(env.status_word("LIN-1"), "idle");
    }
}

#[test]
fn relations_are_read_to_the_last_page() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        linear.add(1, "Backlog");
        linear.add(2, "Todo");
        linear.add(3, "Todo");
        (4..=140).for_each(|number| linear.add(number, "Done"));
        // The oldest is on the last page.
        linear.block(2, &[1]);
        (4..=140).for_each(|number| linear.relate(number, if number % 2 == 0 { "related" } else { "blocks" }, 2));
        linear.parts(3, &(4..=140).chain([1]).collect::<Vec<_>>());
        let names: Vec<String> = (0..130).map(|n| format!("label {n}")).collect();
        linear.label(2, &names.iter().map(String::as_str).collect::<Vec<_>>());
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!((reasons(&poll, "LIN-2"), reasons(&poll, "LIN-3")), (vec!["blocked_by_issue"], vec!["sub_issues"]));
    let asked: Vec<String> = fake.take_calls().iter().map(operation).collect();
    assert_eq!(asked, [&["BatonIssues"][..], &["BatonFurther"; 6]].concat(), "5 or 10 at first, then all, 100 each");
    let shown = env.baton("issue show LIN-2 --json").json();
    let counts = ["labels", "blocked_by"].map(|name| shown[name].as_array().map(Vec::len));
    assert_eq!(counts, [Some(130), Some(1 + 137 / 2)]);
    let parts = env.baton("issue show LIN-3 --json").json()["sub_issues"].as_array().map(Vec::len);
    assert_eq!(parts, Some(138));
}

#[test]
fn what_is_full_is_asked_for_once_more_and_counted_once() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        (1..=14).for_each(|number| linear.add(number, "Todo"));
        linear.parts(1, &[3, 4, 5, 6]);
        linear.parts(2, &[7, 8, 9, 10, 11]);
        linear.block(1, &[12, 13]);
        linear.block(2, &[10, 11, 12, 13, 14]);
        linear.label(1, &["a", "b"]);
        linear.label(2, &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
    });
    let env = fake.project("", "");
    env.baton("poll").ok();
    let asked: Vec<String> = fake.take_calls().iter().map(operation).collect();
    assert_eq!(asked, ["BatonIssues", "BatonFurther", "BatonFurther", "BatonFurther"]);
    for (issue, expected) in [("LIN-1", [4, 2, 2]), ("LIN-2", [5, 5, 10])] {
        let shown = env.baton(["issue", "show", issue, "--json"]).json();
        let counts = ["sub_issues", "blocked_by", "labels"].map(|name| shown[name].as_array().map(Vec::len));
        assert_eq!(counts, expected.map(Some), "{issue}");
    }
}

#[test]
fn a_poll_and_a_refresh_cost_what_the_documentation_says() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| (1..=50).for_each(|number| linear.add(number, "Todo")));
    let env = fake.project("", "agent:\n  max_concurrent_agents: 3\n");
    env.agent("hold");
    let points = || fake.change(|linear| std::mem::take(&mut linear.points));
    env.baton("poll").ok();
    let page = points();
    env.baton("dispatch").ok();
    wait_until("three agents hold", || env.turns().len() == 3);
    points();
    env.baton("reconcile").ok();
    let costs = format!("a page costs {} points, and a refresh of three issues {}", page[0], points()[0]);
    assert_eq!(page.len(), 1);
    assert!(include_str!("../../docs/trackers.md").contains(&costs), "{costs}");
}

#[test]
fn what_is_in_the_trash_holds_nothing_back() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        (1..=4).for_each(|number| linear.add(number, "Todo"));
        linear.block(2, &[1]);
        linear.parts(4, &[3]);
        linear.set(1, "trashed", json!(true));
        linear.set(3, "trashed", json!(true));
    });
    let poll = fake.project("", "").baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["LIN-2", "LIN-4"]);
}

#[test]
fn an_issue_that_linear_fails_to_read_hides_no_other() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| (1..=3).for_each(|number| linear.add(number, "Todo")));
    let env = fake.project("", "");
    env.baton("poll").ok();
    fake.change(|linear| linear.breaks(2, "assignee"));
    let poll = env.baton("poll --json").json();
    assert_eq!(
        poll["problems"],
        json!([{ "source": "LIN-2", "code": "malformed_record", "message": "Internal server error" }])
    );
    assert_eq!(identifiers(&poll), ["LIN-1", "LIN-3"]);
    assert_eq!(env.status_word("LIN-2"), "idle", "it is not gone");
    let error = env.baton("issue show LIN-2 --json").exits(11).error();
    assert_eq!(error["message"], "LIN-2: Internal server error");
    // What is never null takes the whole page with it.
    fake.change(|linear| linear.breaks(3, "title"));
    let error = env.baton("poll --json").exits(11).error();
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("tracker_response"), &json!("POST /graphql: Internal server error"))
    );
    assert_eq!(env.status_word("LIN-1"), "idle");
}

#[test]
fn what_is_written_is_what_linear_then_has() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        linear.add(1, "Todo");
        linear.add(2, "Todo");
        linear.label(1, &["ui"]);
    });
    let env = fake.project("", "");
    env.baton([
        "issue",
        "create",
        "A title",
        "--state",
        "in progress",
        "--priority",
        "3",
        "--label",
        "UI",
        "--label",
        "new",
        "--parent",
        "LIN-1",
        "--blocked-by",
        "LIN-2",
        "--assignee",
        "u-other",
    ])
    .ok();
    let shown = env.baton("issue show LIN-3 --json").json();
    let told = ["title", "state", "priority", "labels", "assignee_id"].map(|name| shown[name].clone());
    assert_eq!(told, [json!("A title"), json!("In Progress"), json!(3), json!(["new", "ui"]), json!("u-other")]);
    assert_eq!(
        (&shown["parent"]["identifier"], texts(&shown["blocked_by"], "identifier")),
        (&json!("LIN-1"), vec!["LIN-2"])
    );
    env.baton("issue edit LIN-3 --remove-blocked-by LIN-2 --no-parent --no-priority --no-assignee").ok();
    let shown = env.baton("issue show LIN-3 --json").json();
    let told = ["blocked_by", "parent", "priority", "assignee_id"].map(|name| shown[name].clone());
    assert_eq!(told, [json!([]), json!(null), json!(null), json!(null)]);
    let refused = env.baton("issue edit LIN-3 --assignee u-nobody --json").exits(11).error();
    assert_eq!(refused["message"], "POST /graphql: Entity not found: User: Could not find referenced User.");
}

/// The answers to an agent's calls: whether each succeeded, and what it was told.
fn told(env: &TestEnv, calls: Vec<Value>) -> Vec<(bool, Value)> {
    let calls = calls.into_iter().map(|arguments| tool_call("linear_graphql", arguments));
    env.codex_turns("LIN-1", &json!([calls.collect::<Vec<_>>()]));
    env.baton("worker launch LIN-1 --wait").ok();
    let answers = env.codex_answers("LIN-1");
    let text = |answer: &Value| answer["contentItems"][0]["text"].as_str().map(str::to_owned).expect("a text");
    let bodies = answers.iter().filter(|answer| answer.get("success").is_some()).map(text);
    let bodies = bodies.map(|text| serde_json::from_str(&text).expect("JSON"));
    successes(&answers).into_iter().zip(bodies).collect()
}

#[test]
fn a_document_of_the_agents_is_executed_whatever_it_holds() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| (1..=2).for_each(|number| linear.add(number, "Todo")));
    let env = TestEnv::new();
    env.fake_codex(&fake.front_matter("", ""));
    let read = "query Two($first: String!, $withState: Boolean!) {
        one: issue(id: $first) { ...Short }
        other: issue(id: \"LIN-2\") { ...Short team { states(filter: { name: { startsWith: \"Do\" } }) { nodes { name } } } }
    }
    fragment Short on Issue { identifier state @include(if: $withState) { name } }";
    let write = "mutation($id: String!, $state: String!) {
        said: commentCreate(input: { issueId: $id, body: \"Done.\" }) { success comment { body user { displayName } } }
        moved: issueUpdate(id: $id, input: { stateId: $state }) { issue { identifier state { name } } }
    }";
    let answers = told(
        &env,
        vec![
            json!({ "query": read, "variables": { "first": id(1), "withState": false } }),
            json!({ "query": write, "variables": { "id": id(1), "state": state_id("Done") } }),
        ],
    );
    let states = json!({ "states": { "nodes": [{ "name": "Done" }] } });
    let said = json!({ "success": true, "comment": { "body": "Done.", "user": { "displayName": "ann" } } });
    let moved = json!({ "issue": { "identifier": "LIN-1", "state": { "name": "Done" } } });
    let expected = [
        json!({ "one": { "identifier": "LIN-1" }, "other": { "identifier": "LIN-2", "team": states } }),
        json!({ "said": said, "moved": moved }),
    ];
    assert_eq!(answers, expected.map(|data| (true, json!({ "data": data }))));
    assert_eq!(env.status_word("LIN-1"), "done");
}

#[test]
fn what_linear_refuses_the_agent_is_told_in_linears_words() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| linear.add(1, "Todo"));
    let env = TestEnv::new();
    env.fake_codex(&fake.front_matter("", "agent:\n  max_turns: 1\n"));
    let answers = told(
        &env,
        vec![
            json!({ "query": "query A { viewer { id } } query B { viewer { id } }" }),
            json!({ "query": "{ viewer { id idd } }" }),
            json!({ "query": "{ viewer { id }" }),
            json!({ "query": "query($id: String!) { issue(id: $id) { id } }" }),
            json!({ "query": "{ viewer { id } issue(id: \"LIN-9\") { id } }" }),
            json!({ "query": "{ issues(first: 251) { nodes { id } } }" }),
            json!({ "query": "{ issues { nodes { comments { nodes { issue { labels { nodes { id } } } } } } } }" }),
        ],
    );
    let words = [
        "multiple operations",
        "idd",
        "expected",
        "missing value for non-null variable",
        "Entity not found: Issue",
        "Argument Validation Error",
        "Query too complex",
    ];
    assert_eq!(answers.len(), words.len());
    for ((succeeded, answer), word) in answers.iter().zip(words) {
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(!succeeded && message.contains(word), "{word}: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["userError"], true, "{answer}");
    }
}
