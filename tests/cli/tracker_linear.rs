//! `tracker.kind: linear`, against a server on loopback.

use serde_json::{Value, json};

use crate::env::{TestEnv, texts, wait_until};
use crate::fakes::linear::{KEY, Linear, id, operation};
use crate::fakes::{Fake, Reply, identifiers, reasons, successes, tool_call};

const HOUR: i64 = 3_600_000;

/// The names of the queries since the last look.
fn asked(fake: &Fake<Linear>) -> Vec<String> {
    fake.take_calls().iter().map(operation).collect()
}

#[test]
fn an_issue_is_worked_on_and_handed_over() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        linear.add(1, "Todo");
        linear.label(1, &[" Bug ", "bug"]);
    });
    let env = fake.project("", "  handoff_state: Human Review\n");
    env.agent("echo work > work");
    let shown = env.baton("issue show LIN-1 --json").json();
    insta::assert_json_snapshot!(shown, @r#"
    {
      "key": "LIN-1",
      "id": "<uuid>",
      "identifier": "LIN-1",
      "title": "Issue 1",
      "description": "Body 1",
      "priority": 2,
      "state": "Todo",
      "branch_name": "ann/lin-1",
      "url": "https://linear.example/LIN-1",
      "assignee_id": null,
      "labels": [
        "bug"
      ],
      "blocked_by": [],
      "parent": null,
      "sub_issues": [],
      "dispatchable": true,
      "native_ref": null,
      "created_at": "<time>",
      "updated_at": "<time>",
      "comments": []
    }
    "#);
    env.baton("run --until-idle").ok();
    assert_eq!(fake.change(|linear| linear.state(1)), "Human Review");
    assert_eq!(env.status_word("LIN-1"), "released");
}

#[test]
fn a_poll_is_a_request_a_page_and_a_refresh_one_a_batch() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| (1..=120).for_each(|number| linear.add(number, "In Progress")));
    let env = fake.project("", "agent:\n  max_concurrent_agents: 3\n");
    env.agent("hold");
    let poll = env.baton("poll --json").json();
    assert_eq!((&poll["fetched"], &poll["traffic"]["requests"]), (&json!(120), &json!(3)));
    assert_eq!(asked(&fake), ["BatonIssues"; 3]);
    let poll = env.writing_nothing(|| env.baton("poll --json").json());
    assert_eq!(poll["changed"], 0);
    env.baton("dispatch").ok();
    wait_until("three agents hold", || env.turns().len() == 3);
    fake.take_calls();
    env.baton("reconcile").ok();
    assert_eq!(asked(&fake), ["BatonIssues"], "three workers, one request");
}

#[test]
fn states_are_asked_for_without_case_and_scope_with_the_configured_filter() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        linear.add(1, "todo");
        linear.add(2, "Todo");
        linear.label(2, &["agent"]);
        linear.add(3, "Backlog");
        linear.add(4, "Todo");
        linear.transfer(4);
    });
    assert_eq!(identifiers(&fake.project("", "").baton("poll --json").json()), ["LIN-1", "LIN-2"]);
    let narrowed = fake.project("    query: { labels: { name: { eq: agent } } }\n", "");
    assert_eq!(identifiers(&narrowed.baton("poll --json").json()), ["LIN-2"]);
    narrowed.baton("issue show LIN-1").exits(4);
    narrowed.baton(["issue", "show", &id(4)]).exits(4);
}

#[test]
fn blockers_and_parts_hold_an_issue_back_however_many_there_are() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        linear.add(1, "Backlog");
        (2..=41).for_each(|number| linear.add(number, "Done"));
        (42..=43).for_each(|number| linear.add(number, "Todo"));
        linear.block(42, &(1..=41).collect::<Vec<_>>());
        linear.parts(43, &(1..=41).collect::<Vec<_>>());
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(reasons(&poll, "LIN-42"), ["blocked_by_issue"]);
    assert_eq!(reasons(&poll, "LIN-43"), ["sub_issues"]);
    assert_eq!(asked(&fake), ["BatonIssues", "BatonFurther", "BatonFurther"]);
    fake.change(|linear| linear.move_to(1, "Done"));
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["LIN-42", "LIN-43"]);
}

#[test]
fn me_is_asked_for_once() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        (1..=2).for_each(|number| linear.add(number, "Todo"));
        linear.set(1, "assigneeId", json!("u-me"));
        linear.set(2, "assigneeId", json!("u-other"));
    });
    let env = fake.project("    assignee: me\n", "  handoff_state: Done\n");
    env.agent("true");
    let poll = env.baton("poll --json").json();
    assert_eq!((identifiers(&poll), reasons(&poll, "LIN-2")), (vec!["LIN-1"], vec!["unroutable"]));
    fake.take_calls();
    env.baton("run --until-idle").ok();
    let viewers = asked(&fake).iter().filter(|name| *name == "BatonViewer").count();
    assert!(viewers <= 2, "once in the loop and once in the worker, not {viewers} times");
    assert_eq!(fake.change(|linear| linear.state(1)), "Done");
}

#[test]
fn what_was_archived_is_done_and_what_was_trashed_is_gone() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| (1..=2).for_each(|number| linear.add(number, "Todo")));
    let env = fake.project("", "");
    env.baton("poll").ok();
    fake.change(|linear| {
        linear.move_to(1, "Done");
        linear.archive(1);
        linear.set(2, "trashed", json!(true));
        linear.archive(2);
    });
    env.baton("poll").ok();
    assert_eq!((env.status_word("LIN-1"), env.status_word("LIN-2")), ("done".into(), "released".into()));
}

#[test]
fn one_bad_record_hides_no_other() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        (1..=3).for_each(|number| linear.add(number, "Todo"));
        linear.set(2, "title", json!(" "));
        linear.set(3, "priority", json!(1.5));
        linear.set(3, "createdAt", json!("yesterday"));
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["LIN-1", "LIN-3"]);
    assert_eq!(
        poll["problems"],
        json!([
            { "source": "LIN-2", "code": "malformed_record", "message": "the record has no `title`" }
        ])
    );
    env.baton("issue show LIN-2").exits(11);
}

#[test]
fn an_incomplete_answer_is_none() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| linear.add(1, "Todo"));
    let env = fake.project("", "");
    env.baton("poll").ok();
    let page = |info: Value| json!({ "data": { "issues": { "nodes": [], "pageInfo": info } } });
    let error = json!([{ "message": "Internal error" }]);
    for (reply, code) in [
        (Reply::json(200, &json!({ "data": { "issues": { "nodes": [] } }, "errors": error })), "tracker_response"),
        (Reply::json(200, &json!({ "data": null, "errors": error })), "tracker_response"),
        (Reply::json(200, &json!({ "data": { "issues": { "nodes": [] } } })), "tracker_response"),
        (Reply::json(200, &json!({})), "tracker_response"),
        (Reply::text(200, "<html>"), "tracker_response"),
        (Reply::json(200, &page(json!({ "hasNextPage": true, "endCursor": "" }))), "tracker_pagination"),
        (Reply::json(400, &json!({ "errors": error })), "tracker_status"),
    ] {
        fake.script("POST /graphql", reply);
        assert_eq!(env.baton("poll --json").exits(11).error()["code"], code);
        assert_eq!(env.status_word("LIN-1"), "idle");
    }
    let endless = Reply::json(200, &page(json!({ "hasNextPage": true, "endCursor": "x" })));
    (0..2).for_each(|_| fake.script("POST /graphql", endless.clone()));
    assert_eq!(env.baton("poll --json").exits(11).error()["code"], "tracker_pagination");
}

#[test]
fn a_mutation_that_linear_did_not_carry_out_is_a_failure() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| linear.add(1, "Todo"));
    let env = fake.project("", "");
    fake.change(Linear::freeze);
    for command in ["issue comment LIN-1 text --json", "issue edit LIN-1 --state Done --json"] {
        let error = env.baton(command).exits(11).error();
        assert_eq!(error["message"], "POST /graphql: Linear did not do it", "{command}");
    }
    assert_eq!(env.baton("issue show LIN-1 --json").json()["state"], "Todo");
}

#[test]
fn what_linear_says_to_people_is_repeated() {
    let Some(fake) = Linear::start() else { return };
    let env = fake.project("", "");
    let extensions = json!({ "userPresentableMessage": "first must not be greater than 250." });
    let errors = json!([{ "message": "Argument Validation Error", "extensions": extensions }]);
    for (status, message) in [
        (400, "POST /graphql: status 400: Argument Validation Error; first must not be greater than 250."),
        (200, "POST /graphql: Argument Validation Error: first must not be greater than 250."),
    ] {
        fake.script("POST /graphql", Reply::json(status, &json!({ "data": null, "errors": errors })));
        assert_eq!(env.baton("poll --json").exits(11).error()["message"], message);
    }
}

#[test]
fn linears_own_way_to_say_too_many_is_understood() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| linear.add(1, "Todo"));
    let env = fake.project("", "");
    let error = json!({ "message": "Rate limit exceeded", "extensions": { "code": "RATELIMITED" } });
    let limited = Reply::json(400, &json!({ "errors": [error] }))
        .header("x-ratelimit-requests-remaining", 0)
        .header("x-ratelimit-requests-reset", 3000);
    fake.script("POST /graphql", limited);
    assert_eq!(env.baton("poll --json").exits(11).error()["code"], "tracker_rate_limited");
    fake.take_calls();
    env.baton("poll").exits(11);
    assert_eq!(asked(&fake), [""; 0]);
    env.command("poll").later(HOUR).run().ok();
}

#[test]
fn issues_are_made_changed_and_commented_on() {
    let Some(fake) = Linear::start() else { return };
    let env = fake.project("", "");
    env.baton(["issue", "create", "A title", "--state", "Todo"]).ok();
    env.baton(["issue", "comment", "LIN-1", "first"]).ok();
    env.baton(["issue", "comment", "LIN-1", "second"]).ok();
    env.baton(["issue", "edit", "LIN-1", "--state", "In Progress", "--priority", "1", "--add-label", "new"]).ok();
    env.baton(["issue", "edit", "LIN-1", "--remove-label", "new", "--add-label", "other"]).ok();
    let shown = env.baton("issue show LIN-1 --json").json();
    assert_eq!(
        (&shown["state"], &shown["priority"], &shown["labels"]),
        (&json!("In Progress"), &json!(1), &json!(["other"]))
    );
    assert_eq!(texts(&shown["comments"], "body"), ["first", "second"], "the oldest first");
    let error = env.baton("issue edit LIN-1 --state Nowhere --json").exits(5).error();
    assert_eq!(error["message"], "the team has no state `Nowhere`");
    assert_eq!(fake.change(|linear| linear.comments(1).len()), 2);
}

#[test]
fn a_workflow_of_the_older_form_works() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| linear.add(1, "Todo"));
    let env = TestEnv::new();
    env.workflow(&format!(
        "tracker:\n  kind: linear\n  project_slug: shop-1a2b3c\n  endpoint: {}/graphql\n",
        fake.url()
    ));
    let poll = env.command("poll --json").env("LINEAR_API_KEY", KEY).run().json();
    assert_eq!(identifiers(&poll), ["LIN-1"]);
    let error = env.baton("poll --json").exits(10).error();
    assert_eq!(
        (&error["code"], error["message"].to_string().contains("LINEAR_API_KEY")),
        (&json!("missing_tracker_secret"), true)
    );
    let error = env.command("poll --json").env("LINEAR_API_KEY", "wrong").run().exits(11).error();
    assert_eq!(error["message"], "POST /graphql: status 401: Authentication required");
}

#[test]
fn a_query_of_the_agents_goes_out_with_the_credential() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| linear.add(1, "Todo"));
    let env = TestEnv::new();
    env.fake_codex(&fake.front_matter("", ""));
    let comment = json!({
        "query": "mutation BatonComment($input:CommentCreateInput!){commentCreate(input:$input){success}}",
        "variables": { "input": { "issueId": id(1), "body": "I am on it." } },
    });
    let done = json!({
        "query": "mutation BatonUpdate($id:String!,$input:IssueUpdateInput!){issueUpdate(id:$id,input:$input){success}}",
        "variables": { "id": id(1), "input": { "stateId": "S-Done" } },
    });
    env.codex_turns(
        "LIN-1",
        &json!([[
            tool_call("linear_graphql", json!({ "query": " " })),
            tool_call("linear_graphql", comment),
            tool_call("linear_graphql", done),
        ]]),
    );
    env.baton("worker launch LIN-1 --wait").ok();
    let answers = env.codex_answers("LIN-1");
    assert_eq!(successes(&answers), [false, true, true]);
    assert_eq!(fake.change(|linear| linear.comments(1).join(" ")), "I am on it.");
    assert_eq!(env.status_word("LIN-1"), "done");
}

#[test]
fn in_the_scope_of_the_project_the_tools_are_narrow() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| {
        (1..=3).for_each(|number| linear.add(number, "Todo"));
        linear.transfer(3);
    });
    let env = TestEnv::new();
    env.fake_codex(&fake.front_matter("    tool_scope: project\n", ""));
    env.codex_turns(
        "LIN-1",
        &json!([[
            tool_call("linear_graphql", json!({ "query": "{viewer{id}}" })),
            tool_call("issue_read", json!({ "issue": "LIN-2" })),
            tool_call("issue_read", json!({ "issue": "LIN-3" })),
            tool_call("issue_update", json!({ "issue": "LIN-2", "state": "Done" })),
            tool_call("issue_update", json!({ "state": "Done", "comment": "It is done." })),
        ]]),
    );
    env.baton("worker launch LIN-1 --wait").ok();
    assert_eq!(successes(&env.codex_answers("LIN-1")), [false, true, false, false, true]);
    let states = fake.change(|linear| [1, 2].map(|number| linear.state(number)));
    assert_eq!(
        (states, fake.change(|linear| linear.comments(1).join(" "))),
        (["Done".into(), "Todo".into()], "It is done.".into())
    );
}

#[test]
fn pages_keep_their_order_and_nothing_is_asked_for_nothing() {
    let Some(fake) = Linear::start() else { return };
    let numbers: Vec<u32> = (0..120).map(|n| n * 7 % 120 + 1).collect();
    fake.change(|linear| numbers.iter().for_each(|number| linear.add(*number, "Todo")));
    let env = fake.project("", "");
    env.baton("poll").ok();
    let events = env.baton("events --limit 1000").ok().ndjson();
    let seen = events.iter().filter(|event| event["type"] == "issue.seen");
    let names: Vec<&str> = seen.filter_map(|event| event["issue"].as_str()).collect();
    let newest_first = numbers.iter().rev().map(|number| format!("LIN-{number}"));
    assert_eq!(names, newest_first.collect::<Vec<_>>());
    fake.take_calls();
    env.baton("reconcile").ok();
    assert_eq!(fake.project("", "  active_states: []\n").baton("poll --json").json()["fetched"], 0);
    assert_eq!(asked(&fake), [""; 0]);
}
