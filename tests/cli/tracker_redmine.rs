//! `tracker.kind: redmine`, against a server on loopback. redmine_real.rs has the real one.

use serde_json::{Value, json};

use crate::env::{TestEnv, texts, wait_until};
use crate::fakes::redmine::{KEY, Redmine};
use crate::fakes::{Fake, Reply, identifiers, reasons, successes, tool_call};

/// The requests for issues since the last look.
fn asked(fake: &Fake<Redmine>) -> usize {
    fake.take_lines().iter().filter(|line| *line == "GET /issues.json").count()
}

#[test]
fn a_redmine_issue_is_worked_on_and_closed() {
    let fake = Redmine::start();
    fake.change(|redmine| {
        redmine.add(7);
        redmine.set(7, "category", json!({ "id": 1, "name": "Agent" }));
        redmine.set(7, "assigned_to", json!({ "id": 5, "name": "Ann Lee" }));
    });
    let env = fake.project("", "  handoff_state: Closed\n  required_labels: [agent, bug]\n");
    env.agent("echo work > work");
    let shown = env.baton("issue show RM-7 --json").json();
    let told = ["description", "priority", "assignee_id", "labels", "native_ref"].map(|name| shown[name].clone());
    let native = json!({ "id": 7, "project_id": 1, "tracker_id": 1 });
    assert_eq!(told, [json!("One\nof 7"), json!(4), json!("5"), json!(["bug", "agent"]), native]);
    assert_eq!(shown["url"], format!("{}/issues/7", fake.url()));
    env.baton("run --until-idle").ok();
    assert_eq!(fake.change(|redmine| redmine.field(7, "/status/name")), "Closed");
    assert_eq!(env.status_word("RM-7"), "done");
}

#[test]
fn every_page_is_read_and_a_page_costs_two_requests() {
    let fake = Redmine::start();
    fake.change(|redmine| {
        (1..=250).for_each(|id| redmine.add(id));
        (1..=20).for_each(|id| redmine.set_status(id, 3));
    });
    let env = fake.project("", "agent:\n  max_concurrent_agents: 3\n");
    env.agent("hold");
    let poll = env.baton("poll --json").json();
    assert_eq!((&poll["fetched"], asked(&fake)), (&json!(230), 6), "what has another status is not transferred");
    assert_eq!(env.writing_nothing(|| env.baton("poll --json").json())["changed"], 0);
    env.baton("dispatch").ok();
    wait_until("three agents hold", || env.turns().len() == 3);
    fake.take_calls();
    env.baton("reconcile").ok();
    assert_eq!(asked(&fake), 2, "three workers, one batch");
}

#[test]
fn an_issue_that_leaves_the_list_between_two_pages_hides_no_other() {
    let fake = Redmine::start();
    fake.change(|redmine| (1..=150).for_each(|id| redmine.add(id)));
    let env = fake.project("", "");
    let first: Vec<Value> =
        (1..=100).map(|id| json!({ "id": id, "subject": "T", "status": { "name": "New" } })).collect();
    fake.script("GET /issues.json", Reply::json(200, &json!({ "issues": first })));
    // By the time of the second page the first issues are closed.
    fake.change(|redmine| (1..=10).for_each(|id| redmine.set_status(id, 5)));
    assert_eq!(env.baton("poll --json").json()["fetched"], 150);
}

#[test]
fn blockers_and_children_of_a_redmine_hold_an_issue_back() {
    let fake = Redmine::start();
    fake.change(|redmine| {
        (1..=4).for_each(|id| redmine.add(id));
        redmine.set_status(1, 5);
        redmine.block(2, 1);
        redmine.block(3, 2);
        // In another project, where Baton looks for no work.
        redmine.add(10);
        redmine.set(10, "project", json!({ "id": 2, "name": "Other" }));
        redmine.block(4, 10);
        redmine.add(20);
        (21..=125).for_each(|id| {
            redmine.add(id);
            redmine.set(id, "parent", json!({ "id": 20 }));
            redmine.set_status(id, if id == 125 { 3 } else { 5 });
        });
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["RM-2"]);
    assert_eq!((reasons(&poll, "RM-3"), reasons(&poll, "RM-4")), (vec!["blocked_by_issue"], vec!["blocked_by_issue"]));
    assert_eq!(reasons(&poll, "RM-20"), ["sub_issues"]);
    assert_eq!(env.baton("issue show RM-20 --json").json()["sub_issues"].as_array().map(Vec::len), Some(105));
    fake.change(|redmine| redmine.delete(10));
    assert_eq!(reasons(&env.baton("poll --json").json(), "RM-4"), ["blocked_by_issue"], "unknown is not over");
}

#[test]
fn a_redmine_s_bad_record_hides_no_other_and_what_is_gone_or_moved_fails_none() {
    let fake = Redmine::start();
    fake.corrupt(|redmine| {
        (1..=4).for_each(|id| redmine.add(id));
        redmine.set(2, "subject", json!(null));
    });
    let env = fake.project("", "");
    env.agent("hold");
    let poll = env.baton("poll --json").json();
    assert_eq!((identifiers(&poll), texts(&poll["problems"], "source")), (vec!["RM-1", "RM-3", "RM-4"], vec!["RM-2"]));
    env.baton("dispatch").ok();
    for issue in ["RM-1", "RM-3", "RM-4"] {
        env.agent_holds(issue);
    }
    fake.change(|redmine| {
        redmine.delete(1);
        redmine.set(3, "project", json!({ "id": 2, "name": "Other" }));
    });
    let stopped = env.baton("reconcile --json").json();
    assert_eq!(texts(&stopped["stopped"], "identifier"), ["RM-1", "RM-3"]);
    assert_eq!(env.status_word("RM-4"), "running");
}

#[test]
fn a_redmine_is_asked_for_what_the_query_says_and_left_alone_when_it_asks() {
    let fake = Redmine::start();
    fake.change(|redmine| {
        (1..=2).for_each(|id| redmine.add(id));
        redmine.set(2, "tracker", json!({ "id": 2, "name": "Feature" }));
    });
    let env = fake.project("    query: { tracker_id: 2 }\n", "");
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["RM-2"]);
    env.baton("issue show RM-1").exits(4);
    fake.script("GET /users", Reply::text(429, "").header("retry-after", 120));
    assert_eq!(env.baton("poll --json").exits(11).error()["code"], "tracker_rate_limited");
    fake.take_calls();
    env.baton("poll").exits(11);
    assert_eq!(fake.take_lines(), [""; 0]);
    env.command("poll").later(130_000).run().ok();
}

#[test]
fn issues_of_a_redmine_are_made_changed_and_commented_on() {
    let fake = Redmine::start();
    fake.change(|redmine| (1..=2).for_each(|id| redmine.add(id)));
    let env = fake.project("", "");
    env.baton(["issue", "create", "A title", "--blocked-by", "RM-1", "--parent", "RM-2", "--state", "In Progress"])
        .ok();
    env.baton(["issue", "comment", "RM-3", "hello"]).ok();
    env.baton("issue edit RM-3 --title Another --priority 2 --assignee 5 --state Resolved").ok();
    let shown = env.baton("issue show RM-3 --json").json();
    let told = ["title", "priority", "assignee_id", "state"].map(|name| shown[name].clone());
    assert_eq!(told, [json!("Another"), json!(2), json!("5"), json!("Resolved")]);
    assert_eq!(
        (&shown["parent"]["identifier"], texts(&shown["blocked_by"], "identifier")),
        (&json!("RM-2"), vec!["RM-1"])
    );
    assert_eq!(texts(&shown["comments"], "body"), ["hello"], "a change without words is no comment");
    for text in ["one", "two"] {
        env.baton(["issue", "workpad", "RM-3", text]).ok();
    }
    let comments = env.baton("issue show RM-3 --json").json()["comments"].clone();
    assert_eq!(texts(&comments, "body"), ["hello", "## Workpad\n\ntwo"]);
    env.baton(["issue", "edit", "RM-3", "--assignee", "ann lee", "--remove-blocked-by", "RM-1"]).ok();
    assert_eq!(env.baton("issue show RM-3 --json").json()["blocked_by"], json!([]));
    for (edit, code) in [
        ("--state Doing", "invalid_issue"),
        ("--add-label x", "tracker_unsupported"),
        ("--priority 9", "invalid_issue"),
        ("--add-blocked-by GH-1", "invalid_issue"),
    ] {
        let error = env.baton(format!("issue edit RM-3 {edit} --json").as_str()).exits(5).error();
        assert_eq!(error["code"], code, "{edit}");
    }
}

#[test]
fn a_redmine_that_does_not_fit_the_configuration_says_what() {
    let fake = Redmine::start();
    let refused = |provider: &str, more: &str, exit: i32| {
        fake.project(provider, more).baton("poll --json").exits(exit).error().to_string()
    };
    let error = refused("    api_key: wrong-key-here\n", "", 11);
    assert!(
        error.contains("status 401") && error.contains("credential") && !error.contains("wrong-key-here"),
        "{error}"
    );
    let error = refused("", "  active_states: [Todo]\n", 10);
    assert!(error.contains("New, In Progress, Resolved, Closed"), "{error}");
    assert!(refused("", "  handoff_state: Review\n", 10).contains("tracker.handoff_state"));
    assert!(refused("    project: a/b\n", "", 10).contains("tracker.provider.project"));
}

#[test]
fn the_agent_of_a_redmine_has_its_tools_and_not_its_key() {
    let fake = Redmine::start();
    let api = |method: &str, path: &str, body: Value| {
        tool_call("redmine_api", json!({ "method": method, "path": path, "body": body }))
    };
    let close = json!({ "issue": { "status_id": 5, "notes": "I am done." } });
    let narrow = [
        api("GET", "/issues/1.json", json!(null)),
        tool_call("issue_update", json!({ "comment": "I am done.", "state": "Closed" })),
    ];
    let wide = [
        tool_call("issue_update", json!({ "state": "Closed" })),
        api("GET", "/issues/../users.json", json!(null)),
        api("GET", "/projects/shop/memberships.json", json!(null)),
        api("PUT", "/issues/2.json", close),
        api("GET", "/users/current.json", json!(null)),
    ];
    let cases: [(&str, u64, &[Value], &[bool]); 2] =
        [("project", 1, &narrow, &[false, true]), ("token", 2, &wide, &[false, false, true, true, true])];
    for (scope, issue, calls, expected) in cases {
        fake.change(|redmine| redmine.add(issue));
        let env = TestEnv::new();
        env.fake_codex(&fake.front_matter(&format!("    tool_scope: {scope}\n"), ""));
        let name = format!("RM-{issue}");
        env.codex_turns(&name, &json!([calls]));
        env.baton(["worker", "launch", &name, "--wait"]).ok();
        let answers = env.codex_answers(&name);
        assert_eq!(successes(&answers), expected, "{scope}");
        assert!(answers.iter().all(|answer| !answer.to_string().contains(KEY)), "{answers:?}");
        let shown = env.baton(["issue", "show", &name, "--json"]).json();
        assert_eq!((&shown["state"], texts(&shown["comments"], "body")), (&json!("Closed"), vec!["I am done."]));
    }
    assert!(fake.take_lines().iter().all(|line| !line.contains("users.json")));
}
