//! `tracker.kind: gitlab`, against a server on loopback.

use serde_json::json;

use crate::env::{texts, wait_until};
use crate::fakes::gitlab::Gitlab;
use crate::fakes::{Call, Reply, identifiers, reasons};

#[test]
fn an_issue_is_worked_on_and_closed() {
    let fake = Gitlab::start();
    fake.change(|gitlab| {
        gitlab.add(7, &[" Bug ", "bug"]);
        gitlab.set(7, "assignees", json!([{ "id": 5, "username": "ann" }]));
    });
    let env = fake.project("    priority_labels: [urgent, bug]\n", "  handoff_state: closed\n");
    env.agent("echo work > work");
    let shown = env.baton("issue show GL-7 --json").json();
    insta::assert_json_snapshot!(shown, @r#"
    {
      "key": "GL-7",
      "id": "7",
      "identifier": "GL-7",
      "title": "Issue 7",
      "description": "Body 7",
      "priority": 2,
      "state": "opened",
      "branch_name": null,
      "url": "https://gitlab.example/group/project/-/issues/7",
      "assignee_id": "5",
      "labels": [
        "bug"
      ],
      "blocked_by": [],
      "parent": null,
      "sub_issues": [],
      "dispatchable": true,
      "native_ref": {
        "iid": 7,
        "project_path": "group/project",
        "id": 9007,
        "project_id": 3,
        "references": {
          "full": "group/project#7"
        }
      },
      "created_at": "<time>",
      "updated_at": "<time>",
      "comments": []
    }
    "#);
    env.baton("run --until-idle").ok();
    assert_eq!(fake.change(|gitlab| gitlab.field(7, "state")), "closed");
    assert_eq!(env.status_word("GL-7"), "done");
}

#[test]
fn every_page_is_read_and_a_refresh_is_one_request() {
    let fake = Gitlab::start();
    fake.change(|gitlab| (1..=150).for_each(|iid| gitlab.add(iid, &[])));
    let env = fake.project("", "agent:\n  max_concurrent_agents: 3\n");
    env.agent("hold");
    let poll = env.baton("poll --json").json();
    assert_eq!((&poll["fetched"], &poll["traffic"]["requests"]), (&json!(150), &json!(4)));
    assert_eq!(poll["traffic"]["quota"], json!({ "limit": 600, "remaining": 599, "reset_at": null }));
    assert_eq!(env.writing_nothing(|| env.baton("poll --json").json())["changed"], 0);
    env.baton("dispatch").ok();
    wait_until("three agents hold", || env.turns().len() == 3);
    fake.take_calls();
    env.baton("reconcile").ok();
    assert_eq!(fake.take_lines(), ["GET /api/v4/projects/group%2Fproject/issues", "POST /api/graphql"]);
}

#[test]
fn blockers_and_children_hold_an_issue_back_however_many_there_are() {
    let fake = Gitlab::start();
    fake.change(|gitlab| {
        (1..=123).for_each(|iid| gitlab.add(iid, &[]));
        (1..=120).for_each(|iid| gitlab.set(iid, "state", json!("closed")));
        gitlab.block(122, &(1..=121).collect::<Vec<_>>());
        gitlab.parts(123, &(1..=121).collect::<Vec<_>>());
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["GL-121"]);
    assert_eq!((reasons(&poll, "GL-122"), reasons(&poll, "GL-123")), (vec!["blocked_by_issue"], vec!["sub_issues"]));
    let child = env.baton("issue show GL-121 --json").json();
    assert_eq!(child["parent"]["identifier"], "GL-123");
    let whole = env.baton("issue show GL-123 --json").json();
    let counts = ["blocked_by", "sub_issues"].map(|name| whole[name].as_array().expect("a list").len());
    assert_eq!(counts, [0, 121], "what is related is no blocker");
}

#[test]
fn a_server_without_relations_is_asked_without_them() {
    let fake = Gitlab::start();
    fake.change(|gitlab| {
        gitlab.has_no_relations = true;
        gitlab.add(1, &[]);
    });
    assert_eq!(identifiers(&fake.project("", "").baton("poll --json").json()), ["GL-1"]);
}

#[test]
fn what_has_not_changed_is_not_transferred_again() {
    let fake = Gitlab::start();
    fake.change(|gitlab| gitlab.add(1, &[]));
    let env = fake.project("", "");
    env.agent("hold");
    let run = env.start("run");
    env.agent_holds("GL-1");
    wait_until("a list was asked for by its tag", || {
        fake.take_calls().iter().any(|call| call.header("if-none-match").is_some())
    });
    run.kill();
}

#[test]
fn the_scope_can_be_narrowed_by_gitlabs_own_parameters() {
    let fake = Gitlab::start();
    fake.change(|gitlab| {
        gitlab.add(1, &["agent"]);
        gitlab.add(2, &[]);
    });
    let env = fake.project("    query: { labels: agent }\n", "");
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["GL-1"]);
    env.baton("issue show GL-2").exits(4);
    assert_eq!(env.baton("issue create Ours --label agent").ok().line(), "GL-3");
    let error = env.baton("issue create Lost --json").exits(11).error();
    assert_eq!(error["message"], "it was made, with the id `4`, and is not what `tracker.provider` selects");
}

#[test]
fn one_bad_record_hides_no_other_and_one_that_is_gone_fails_none() {
    let fake = Gitlab::start();
    fake.change(|gitlab| {
        (1..=3).for_each(|iid| gitlab.add(iid, &[]));
        gitlab.set(2, "title", json!(null));
    });
    let env = fake.project("", "");
    env.agent("hold");
    let poll = env.baton("poll --json").json();
    assert_eq!((identifiers(&poll), texts(&poll["problems"], "source")), (vec!["GL-1", "GL-3"], vec!["GL-2"]));
    env.baton("dispatch").ok();
    env.agent_holds("GL-1");
    env.agent_holds("GL-3");
    fake.change(|gitlab| gitlab.delete(1));
    let stopped = env.baton("reconcile --json").json();
    assert_eq!(texts(&stopped["stopped"], "identifier"), ["GL-1"]);
    assert_eq!(env.status_word("GL-3"), "running");
}

#[test]
fn too_many_requests_are_not_followed_by_more() {
    let fake = Gitlab::start();
    let env = fake.project("", "");
    fake.script("GET", Reply::text(429, "Retry later").header("retry-after", 120));
    assert_eq!(env.baton("poll --json").exits(11).error()["code"], "tracker_rate_limited");
    fake.take_calls();
    env.baton("poll").exits(11);
    assert_eq!(fake.take_lines(), [""; 0]);
    env.command("poll").later(130_000).run().ok();
}

#[test]
fn issues_are_made_changed_and_commented_on() {
    let fake = Gitlab::start();
    let env = fake.project("", "");
    env.baton(["issue", "create", "A title", "--label", "bug"]).ok();
    env.baton(["issue", "comment", "GL-1", "hello"]).ok();
    env.baton(["issue", "edit", "GL-1", "--title", "Another", "--add-label", "x", "--remove-label", "bug"]).ok();
    env.baton(["issue", "edit", "GL-1", "--assignee", "ann", "--state", "closed"]).ok();
    let shown = env.baton("issue show GL-1 --json").json();
    let told = ["title", "labels", "state", "assignee_id"].map(|name| shown[name].clone());
    assert_eq!(told, [json!("Another"), json!(["x"]), json!("closed"), json!("77")]);
    assert_eq!(texts(&shown["comments"], "body"), ["hello"], "what GitLab says itself is no comment");
    env.baton("issue edit GL-1 --state Doing").exits(5);
}

#[test]
fn a_priority_is_set_by_exchanging_labels_and_a_label_is_taken_away_however_it_is_spelled() {
    let fake = Gitlab::start();
    fake.change(|gitlab| gitlab.add(7, &["Bug", "Priority::2"]));
    let env = fake.project("    priority_labels: ['priority::1', 'priority::2']\n", "");
    let labels = || fake.change(|gitlab| gitlab.field(7, "labels"));
    env.baton("issue edit GL-7 --priority 1 --remove-label bug --add-label x").ok();
    assert_eq!(labels(), json!(["x", "priority::1"]));
    env.baton("issue edit GL-7 --no-priority").ok();
    assert_eq!(labels(), json!(["x"]));
    fake.take_calls();
    env.baton("issue edit GL-7 --no-priority").ok();
    assert!(fake.take_lines().iter().all(|line| !line.starts_with("PUT")), "there is none to take away");
    assert_eq!(env.baton(["issue", "create", "Soon", "--priority", "2", "--label", "y"]).ok().line(), "GL-8");
    assert_eq!(env.baton("issue show GL-8 --json").json()["priority"], 2);
    assert_eq!(fake.change(|gitlab| gitlab.field(8, "labels")), json!(["y", "priority::2"]));
}

#[test]
fn blockers_are_written() {
    let fake = Gitlab::start();
    fake.change(|gitlab| (1..=3).for_each(|iid| gitlab.add(iid, &[])));
    let env = fake.project("", "");
    let made = env.baton(["issue", "create", "Later", "--blocked-by", "GL-1", "--blocked-by", "2"]);
    assert_eq!(made.ok().line(), "GL-4");
    let blockers = || {
        let shown = env.baton("issue show GL-4 --json").json();
        texts(&shown["blocked_by"], "identifier").join(" ")
    };
    assert_eq!(blockers(), "GL-1 GL-2");
    env.baton("issue edit GL-4 --remove-blocked-by GL-1 --add-blocked-by group/project#3").ok();
    assert_eq!(blockers(), "GL-2 GL-3");
    fake.take_calls();
    env.baton("issue edit GL-4 --add-blocked-by GL-2 --remove-blocked-by GL-1").ok();
    assert!(
        fake.take_lines().iter().all(|line| line.starts_with("GET") || line.ends_with("graphql")),
        "nothing to write"
    );
    for (change, exit, code) in
        [("--add-blocked-by nonsense", 5, "invalid_issue"), ("--add-blocked-by GL-77", 11, "tracker_status")]
    {
        let command = format!("issue edit GL-4 {change} --json");
        assert_eq!(env.baton(command.as_str()).exits(exit).error()["code"], code, "{change}");
    }
}

#[test]
fn parents_are_written_and_what_gitlab_refuses_is_said_in_its_words() {
    let fake = Gitlab::start();
    fake.change(|gitlab| (1..=3).for_each(|iid| gitlab.add(iid, &[])));
    let env = fake.project("", "");
    let parent = |issue: &str| {
        let shown = env.baton(["issue", "show", issue, "--json"]).json();
        shown["parent"]["identifier"].as_str().unwrap_or("none").to_owned()
    };
    assert_eq!(env.baton("issue create Part --parent GL-1").ok().line(), "GL-4");
    assert_eq!(parent("GL-4"), "GL-1");
    env.baton("issue edit GL-4 --parent 2 --title Other").ok();
    assert_eq!(parent("GL-4"), "GL-2");
    fake.take_calls();
    env.baton("issue edit GL-4 --parent GL-2").ok();
    let is_mutation = |call: &Call| call.body["query"].as_str().is_some_and(|query| query.starts_with("mutation"));
    assert!(!fake.take_calls().iter().any(is_mutation), "it has that parent");

    let error = env.baton("issue edit GL-3 --parent GL-4 --title Never --json").exits(5).error();
    let said = "GitLab refuses the parent: #3 cannot be added: it's not allowed to add this type of parent item";
    assert_eq!((&error["code"], &error["message"]), (&json!("invalid_issue"), &json!(said)));
    assert_eq!(fake.change(|gitlab| gitlab.field(3, "title")), "Issue 3", "and nothing else is changed");
    let error = env.baton("issue create Deep --parent GL-4 --json").exits(5).error();
    assert!(error["message"].as_str().is_some_and(|message| message.starts_with("GL-5 was made; ")), "{error}");
    for (parent, code) in
        [("GL-77", "invalid_issue"), ("elsewhere/project#1", "invalid_issue"), ("nonsense", "invalid_issue")]
    {
        let error = env.baton(["issue", "create", "Never", "--parent", parent, "--json"]).exits(5).error();
        assert_eq!(error["code"], code, "{parent}");
    }
    env.baton("issue show GL-6").exits(4);
    env.baton("issue edit GL-4 --no-parent").ok();
    assert_eq!(parent("GL-4"), "none");

    fake.change(|gitlab| gitlab.has_no_relations = true);
    let error = env.baton("issue edit GL-4 --parent GL-1 --json").exits(5).error();
    assert_eq!(error["code"], "tracker_unsupported");
}

#[test]
fn a_wrong_configuration_names_its_key() {
    let fake = Gitlab::start();
    for (provider, more, key) in [
        ("    query: all\n", "", "tracker.provider.query"),
        ("", "  active_states: [Todo]\n", "tracker.active_states"),
        ("", "  terminal_states: [Done]\n", "tracker.terminal_states"),
        ("", "  handoff_state: Review\n", "tracker.handoff_state"),
    ] {
        let error = fake.project(provider, more).baton("poll --json").exits(10).error();
        assert!(error["message"].as_str().is_some_and(|message| message.contains(key)), "{key}: {error}");
    }
    let error = fake.project("", "").command("poll --json").run().json();
    assert_eq!(error["fetched"], 0);
}
