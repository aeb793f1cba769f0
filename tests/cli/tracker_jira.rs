//! `tracker.kind: jira`, against a server on loopback.

use serde_json::{Value, json};

use crate::env::{TestEnv, texts, wait_until};
use crate::fakes::jira::{Jira, TOKEN, id};
use crate::fakes::{Fake, Reply, identifiers, reasons, successes, tool_call};

const HOUR: i64 = 3_600_000;

#[test]
fn an_issue_is_worked_on_and_handed_over() {
    let fake = Jira::start();
    fake.change(|jira| {
        jira.add(7, "To Do");
        jira.set(7, "labels", json!(["Bug", "bug", " platform "]));
        jira.set(7, "assignee", json!({ "accountId": "712020:ann", "displayName": "Ann Ames" }));
        jira.set(7, "priority", json!({ "name": "high" }));
    });
    let env = fake.project("", "  handoff_state: In Review\n");
    env.agent("echo work > work");
    let shown = env.baton("issue show SYM-7 --json").json().to_string().replace(&fake.url(), "https://jira");
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    insta::assert_json_snapshot!(shown, @r#"
    {
      "key": "SYM-7",
      "id": "10007",
      "identifier": "SYM-7",
      "title": "Issue 7",
      "description": "Body 7",
      "priority": 2,
      "state": "To Do",
      "branch_name": null,
      "url": "https://jira/browse/SYM-7",
      "assignee_id": "712020:ann",
      "labels": [
        "bug",
        "platform"
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
    assert_eq!(fake.change(|jira| jira.status(7)), "In Review");
    assert_eq!(env.status_word("SYM-7"), "released");
}

#[test]
fn every_page_is_read_and_a_refresh_is_one_request() {
    for (fake, search, named) in [
        (Jira::start(), "POST /rest/api/3/search/jql", "POST /rest/api/3/issue/bulkfetch"),
        (Jira::start_server(), "POST /rest/api/2/search", "POST /rest/api/2/search"),
    ] {
        let is_server = fake.change(|jira| {
            (1..=120).for_each(|number| jira.add(number, "In Progress"));
            jira.page = Some(50);
            jira.is_server
        });
        let deployment = if is_server { "    deployment: server\n" } else { "" };
        let env = fake.project(deployment, "agent:\n  max_concurrent_agents: 3\n");
        env.agent("hold");
        let poll = env.baton("poll --json").json();
        assert_eq!((&poll["fetched"], fake.take_lines()), (&json!(120), vec![search.to_owned(); 3]));
        assert_eq!(env.writing_nothing(|| env.baton("poll --json").json())["changed"], 0);
        env.baton("dispatch").ok();
        wait_until("three agents hold", || env.turns().len() == 3);
        fake.take_calls();
        env.baton("reconcile").ok();
        assert_eq!(fake.take_lines(), [named], "three workers, one request");
    }
}

#[test]
fn states_are_texts_whatever_they_are_called_and_the_filter_is_jql() {
    let fake = Jira::start();
    fake.change(|jira| {
        jira.add(1, r#"Say "when", \now"#);
        jira.add(2, "To Do");
        jira.set(2, "labels", json!(["agent"]));
        jira.add(3, "Backlog");
    });
    let states = "  active_states: ['say \"when\", \\now', to do]\n";
    assert_eq!(identifiers(&fake.project("", states).baton("poll --json").json()), ["SYM-1", "SYM-2"]);
    let narrowed = fake.project("    query: labels = agent\n", states);
    fake.take_calls();
    assert_eq!(identifiers(&narrowed.baton("poll --json").json()), ["SYM-2"]);
    let asked = fake.take_calls()[0].body["jql"].clone();
    let expected =
        r#"project = "SYM" AND status IN ("say \"when\", \\now", "to do") AND (labels = agent) ORDER BY created ASC"#;
    assert_eq!(asked, expected);
    let error = fake.project("", "  active_states: [Nowhere]\n").baton("poll --json").exits(11).error();
    let message = "POST /rest/api/3/search/jql: status 400: The value 'Nowhere' does not exist for the field 'status'.";
    assert_eq!(error["message"], message);
}

#[test]
fn blockers_and_sub_tasks_hold_an_issue_back() {
    let fake = Jira::start();
    fake.change(|jira| {
        (1..=2).for_each(|number| jira.add(number, "Backlog"));
        (3..=6).for_each(|number| jira.add(number, "To Do"));
        jira.block(3, 1);
        jira.block(3, 2);
        jira.set(5, "parent", json!({ "key": "SYM-4" }));
        jira.block(5, 6);
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["SYM-6"], "what blocks others waits for nobody");
    let why = ["SYM-3", "SYM-4", "SYM-5"].map(|name| reasons(&poll, name).join(" "));
    assert_eq!(why, ["blocked_by_issue blocked_by_issue", "sub_issues", "blocked_by_issue"]);
    assert_eq!(env.baton("issue show SYM-5 --json").json()["parent"]["identifier"], "SYM-4");
    fake.change(|jira| (1..=2).for_each(|number| jira.set(number, "status", json!({ "name": "Done" }))));
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["SYM-3", "SYM-6"]);
}

#[test]
fn one_bad_record_hides_no_other() {
    let fake = Jira::start();
    fake.corrupt(|jira| {
        (1..=3).for_each(|number| jira.add(number, "To Do"));
        jira.set(2, "summary", json!(null));
        jira.set(3, "priority", json!("high"));
        jira.set(3, "created", json!(5));
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["SYM-1", "SYM-3"]);
    let problem =
        json!({ "source": "SYM-2", "code": "malformed_record", "message": "the record has no `fields/summary`" });
    assert_eq!(poll["problems"], json!([problem]));
    env.baton("issue show SYM-2").exits(11);
}

/// Three issues that agents work on.
fn held(fake: &Fake<Jira>, deployment: &str) -> TestEnv {
    fake.change(|jira| (1..=3).for_each(|number| jira.add(number, "In Progress")));
    let env = fake.project(deployment, "");
    env.agent("hold");
    env.baton("dispatch").ok();
    for name in ["SYM-1", "SYM-2", "SYM-3"] {
        env.agent_holds(name);
    }
    env
}

#[test]
fn an_issue_that_is_gone_or_moved_fails_no_other() {
    for (fake, deployment) in [(Jira::start(), ""), (Jira::start_server(), "    deployment: server\n")] {
        let env = held(&fake, deployment);
        fake.change(|jira| {
            jira.delete(1);
            jira.transfer(2);
        });
        let stopped = env.baton("reconcile --json").json();
        assert_eq!(texts(&stopped["stopped"], "identifier"), ["SYM-1", "SYM-2"]);
        assert_eq!(env.status_word("SYM-3"), "running");
        env.baton("issue show SYM-4").exits(4);
    }
}

#[test]
fn what_jira_does_not_show_at_the_moment_is_not_gone() {
    let fake = Jira::start();
    let env = held(&fake, "");
    fake.change(|jira| jira.failing = vec![id(2)]);
    let reconciled = env.baton("reconcile --json").json();
    assert_eq!((&reconciled["unknown"], &reconciled["stopped"]), (&json!(["SYM-2"]), &json!([])));
    fake.change(|jira| jira.knows_nobody = true);
    let error = env.baton("reconcile --json").exits(11).error();
    let message = error["message"].as_str().expect("a text");
    assert!(message.ends_with("bulkfetch: status 401: Jira does not know the credential"), "{message}");
    assert_eq!(env.baton("poll --json").exits(11).error()["code"], "tracker_status");
    assert_eq!(["SYM-1", "SYM-2", "SYM-3"].map(|issue| env.status_word(issue)), ["running"; 3]);
}

#[test]
fn a_credential_that_is_refused_is_said_and_shown_to_nobody() {
    let fake = Jira::start();
    let env = fake.project("    api_token: $MY_TOKEN\n", "");
    let error = env.command("poll --json").env("MY_TOKEN", "wrong-token").run().exits(11).error();
    let message = "POST /rest/api/3/search/jql: status 401: Client must be authenticated to access this resource.";
    assert_eq!(error["message"], message);
    let doctor = |token: &str| env.command("doctor --json").env("MY_TOKEN", token).run();
    let seen = |report: &Value| {
        let check = report["checks"].as_array().and_then(|all| all.iter().find(|check| check["name"] == "tracker"));
        check.map(|check| format!("{}: {}", check["status"], check["message"])).expect("a check")
    };
    let refused = doctor("wrong-token").exits(11);
    assert!(seen(&refused.any_json()).contains("Client must be authenticated"), "{refused}");
    assert_eq!(seen(&doctor(TOKEN).json()), "\"ok\": \"jira: 0 active issues\"");
    fake.script("POST /rest", Reply::json(403, &json!({ "errorMessages": [format!("{TOKEN} may not")] })));
    let refused = env.command("poll --json").env("MY_TOKEN", TOKEN).run().exits(11);
    assert!(refused.stderr.contains("may not") && !refused.stderr.contains(TOKEN), "{refused}");
    let error = env.baton("poll --json").exits(10).error();
    assert_eq!(error["code"], "missing_tracker_secret");
    let fake = Jira::start_server();
    fake.change(|jira| jira.knows_nobody = true);
    let env = fake.project("    deployment: server\n", "");
    assert_eq!(env.baton("poll --json").exits(11).error()["code"], "tracker_status");
}

#[test]
fn a_tracker_that_asks_to_be_left_alone_is_left_alone_by_every_process() {
    let fake = Jira::start();
    fake.change(|jira| jira.add(1, "To Do"));
    let env = fake.project("", "");
    let limited = Reply::text(429, "").header("retry-after", 1800).header("x-ratelimit-reset", "2026-01-01T00:30Z");
    fake.script("POST /rest", limited);
    let error = env.baton("poll --json").exits(11).error();
    assert_eq!((&error["code"], &error["retryable"]), (&json!("tracker_rate_limited"), &json!(true)));
    fake.take_calls();
    env.baton("poll").exits(11);
    env.baton("issue show SYM-1").exits(11);
    assert_eq!(fake.take_lines(), [""; 0]);
    env.command("poll").later(HOUR).run().ok();
}

#[test]
fn an_incomplete_answer_is_none() {
    let fake = Jira::start();
    fake.change(|jira| jira.add(1, "To Do"));
    let env = fake.project("", "");
    env.baton("poll").ok();
    for (body, code) in [
        (json!({ "issues": [], "isLast": false }), "tracker_pagination"),
        (json!({ "issues": [] }), "tracker_response"),
        (json!({ "isLast": true }), "tracker_response"),
        (json!([]), "tracker_response"),
    ] {
        fake.script("POST /rest", Reply::json(200, &body));
        assert_eq!(env.baton("poll --json").exits(11).error()["code"], code, "{body}");
        assert_eq!(env.status_word("SYM-1"), "idle");
    }
    let endless = Reply::json(200, &json!({ "issues": [], "isLast": false, "nextPageToken": "x" }));
    (0..2).for_each(|_| fake.script("POST /rest", endless.clone()));
    assert_eq!(env.baton("poll --json").exits(11).error()["code"], "tracker_pagination");
    let fake = Jira::start_server();
    let env = fake.project("    deployment: server\n", "");
    for (body, code) in [
        (json!({ "issues": [], "startAt": 0, "total": 5 }), "tracker_pagination"),
        (json!({ "issues": [], "startAt": 0 }), "tracker_response"),
    ] {
        fake.script("POST /rest", Reply::json(200, &body));
        assert_eq!(env.baton("poll --json").exits(11).error()["code"], code, "{body}");
    }
}

#[test]
fn issues_are_made_changed_and_commented_on() {
    for (fake, deployment) in [(Jira::start(), ""), (Jira::start_server(), "    deployment: server\n")] {
        let env = fake.project(deployment, "");
        fake.change(|jira| jira.add(1, "To Do"));
        env.baton(["issue", "create", "A title", "--state", "To Do", "--label", "Bug", "--blocked-by", "SYM-1"]).ok();
        for text in ["first", "second", "third"] {
            env.baton(["issue", "comment", "SYM-2", text]).ok();
        }
        env.baton(["issue", "edit", "SYM-2", "--priority", "1", "--add-label", "new", "--remove-label", "bug"]).ok();
        env.baton(["issue", "edit", "SYM-2", "--title", "Another", "--assignee", "ann", "--state", "in progress"]).ok();
        let shown = env.baton("issue show SYM-2 --json").json();
        let told = ["title", "state", "priority", "labels"].map(|name| shown[name].clone());
        assert_eq!(told, [json!("Another"), json!("In Progress"), json!(1), json!(["new"])]);
        let assignee = if deployment.is_empty() { "712020:ann" } else { "ann" };
        assert_eq!(
            (&shown["assignee_id"], texts(&shown["blocked_by"], "identifier")),
            (&json!(assignee), vec!["SYM-1"])
        );
        assert_eq!(texts(&shown["comments"], "body"), ["first", "second", "third"], "all pages, the oldest first");
        env.baton(["issue", "edit", "SYM-2", "--remove-blocked-by", "SYM-1"]).ok();
        assert_eq!(env.baton("issue show SYM-2 --json").json()["blocked_by"], json!([]));
        fake.take_calls();
        env.baton(["issue", "edit", "SYM-2", "--title", "Another", "--state", "In Progress"]).ok();
        let lines = fake.take_lines();
        assert!(
            lines.iter().all(|line| !line.contains("PUT") && !line.contains("transitions")),
            "nothing new: {lines:?}"
        );
        env.baton("issue edit SYM-2 --priority 9").exits(5);
    }
}

#[test]
fn texts_are_markdown_here_and_documents_there() {
    let fake = Jira::start();
    fake.change(|jira| jira.add(1, "To Do"));
    let env = fake.project("", "");
    let text = "# Done\n\nAll of it:\n\n- one\n- two\n\n```sh\nmake\n```";
    env.baton(["issue", "comment", "SYM-1", text]).ok();
    env.baton(["issue", "edit", "SYM-1", "--description", text]).ok();
    let kinds = |document: &Value| texts(&document["content"], "type").join(" ");
    let comment = fake.change(|jira| jira.comments(1).remove(0));
    assert_eq!(kinds(&comment), "heading paragraph bulletList codeBlock");
    let shown = env.baton("issue show SYM-1 --json").json();
    assert_eq!((&shown["description"], &shown["comments"][0]["body"]), (&json!(text), &json!(text)));
}

#[test]
fn a_state_that_no_transition_leads_to_is_refused() {
    let fake = Jira::start();
    fake.change(|jira| {
        jira.add(1, "To Do");
        jira.transitions = vec!["In Progress", "Backlog"];
    });
    let env = fake.project("", "");
    let error = env.baton("issue edit SYM-1 --state Done --json").exits(5).error();
    let message = "no transition leads from `To Do` to `Done`; Jira offers `In Progress`, `Backlog`";
    assert_eq!((&error["code"], &error["message"]), (&json!("invalid_issue"), &json!(message)));
    assert_eq!(fake.change(|jira| jira.status(1)), "To Do");
}

#[test]
fn the_agents_tool_reaches_the_project_and_no_further() {
    let fake = Jira::start();
    fake.change(|jira| {
        jira.add(1, "To Do");
        jira.add(2, "To Do");
        jira.transfer(2);
    });
    let env = TestEnv::new();
    env.fake_codex(&fake.front_matter("", ""));
    let call = |method: &str, path: &str, body: Value| {
        tool_call("jira_rest", json!({ "method": method, "path": path, "query": null, "body": body }))
    };
    env.codex_turns(
        "SYM-1",
        &json!([[
            call("POST", "/rest/api/3/issue/SYM-1/comment", json!({ "body": "I am on it." })),
            call("GET", "/rest/api/3/issue/SYM-1/transitions", json!(null)),
            call("GET", "/rest/api/3/issue/OTHER-2", json!(null)),
            call("GET", "/rest/api/3/issue/10002", json!(null)),
            call("POST", "/rest/api/3/search/jql", json!({ "jql": "project = OTHER" })),
            call("GET", "/rest/api/3/issue/SYM-1/../OTHER-2", json!(null)),
            call("GET", "/rest/api/2/issue/SYM-1", json!(null)),
            call("POST", "/rest/api/3/issue/SYM-1/transitions", json!({ "transition": { "id": "3" } })),
        ]]),
    );
    env.baton("worker launch SYM-1 --wait").ok();
    assert_eq!(successes(&env.codex_answers("SYM-1")), [true, true, false, false, false, false, false, true]);
    let lines = fake.take_lines();
    assert!(lines.iter().all(|line| !line.contains("OTHER") && !line.contains("/api/2/")), "{lines:?}");
    assert_eq!(fake.change(|jira| (jira.status(1), jira.comments(1))), ("Done".into(), vec![json!("I am on it.")]));
    assert_eq!(env.status_word("SYM-1"), "done");
}

#[test]
fn a_wrong_configuration_names_its_key() {
    let fake = Jira::start();
    for (provider, key) in [
        ("    base_url: http://acme.atlassian.net\n", "tracker.provider.base_url"),
        ("    email: \"\"\n", "tracker.provider.email"),
        ("    project_key: A B\n", "tracker.provider.project_key"),
        ("    query: project = X) OR (a = b\n", "tracker.provider.query"),
        ("    query: labels = agent order by rank\n", "tracker.provider.query"),
        ("    deployment: there\n", "tracker.provider.deployment"),
        ("    priorities: High\n", "tracker.provider.priorities"),
        ("    tool_scope: world\n", "tracker.provider.tool_scope"),
    ] {
        let error = fake.project(provider, "").baton("poll --json").exits(10).error();
        assert!(error["message"].as_str().is_some_and(|message| message.contains(key)), "{key}: {error}");
    }
    assert_eq!(fake.take_lines(), [""; 0]);
}

#[test]
fn a_project_that_has_another_key_is_not_empty() {
    let fake = Jira::start();
    let env = fake.project("", "");
    let record = |number: u64, project: &str| {
        let fields = json!({ "summary": "T", "status": { "name": "To Do" }, "project": { "key": project } });
        json!({ "id": id(number).to_string(), "key": format!("{project}-{number}"), "fields": fields })
    };
    let found = |issues: &[Value]| Reply::json(200, &json!({ "issues": issues, "isLast": true }));
    fake.script("POST /rest/api/3/search/jql", found(&[record(1, "NEW"), record(2, "NEW")]));
    let error = env.baton("poll --json").exits(10).error();
    let message = error["message"].as_str().expect("a text");
    assert!(message.starts_with("tracker.provider.project_key: ") && message.contains("`NEW`"), "{message}");
    fake.script("POST /rest/api/3/search/jql", found(&[record(1, "NEW"), record(2, "SYM")]));
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["SYM-2"], "one was moved a moment ago");
}
