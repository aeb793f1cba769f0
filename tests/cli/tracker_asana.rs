//! `tracker.kind: asana`, against a server on loopback.

use serde_json::{Value, json};

use crate::env::{TestEnv, texts, wait_until};
use crate::fakes::asana::{Asana, TOKEN};
use crate::fakes::{Fake, Reply, identifiers, reasons, successes, tool_call};

const HOUR: i64 = 3_600_000;
const LIST: &str = "GET /api/1.0/projects/120/tasks";
const BATCH: &str = "POST /api/1.0/batch";

#[test]
fn a_task_is_worked_on_and_completed() {
    let fake = Asana::start();
    fake.change(|asana| {
        asana.add(7, "To do");
        asana.set(7, "tags", json!([{ "gid": "t-1", "name": " Bug " }, { "gid": "t-2", "name": "bug" }]));
        asana.set(7, "assignee", json!({ "gid": "ann-1" }));
    });
    let env = fake.project("    priority_labels: [urgent, bug]\n", "  handoff_state: Done\n");
    env.agent("echo work > work");
    let shown = env.baton("issue show ASANA-7 --json").json();
    insta::assert_json_snapshot!(shown, @r#"
    {
      "key": "ASANA-7",
      "id": "7",
      "identifier": "ASANA-7",
      "title": "Task 7",
      "description": "Notes 7",
      "priority": 2,
      "state": "To do",
      "branch_name": null,
      "url": "https://app.asana.example/0/120/7",
      "assignee_id": "ann-1",
      "labels": [
        "bug"
      ],
      "blocked_by": [],
      "parent": null,
      "sub_issues": [],
      "dispatchable": true,
      "native_ref": {
        "task_gid": "7",
        "project_gid": "120",
        "section_gid": "s-To do"
      },
      "created_at": "<time>",
      "updated_at": "<time>",
      "comments": []
    }
    "#);
    env.baton("run --until-idle").ok();
    let after = fake.change(|asana| (asana.section(7), asana.field(7, "completed")));
    assert_eq!(after, ("Done".into(), json!(true)), "moved, and completed");
    assert_eq!(env.status_word("ASANA-7"), "done");
}

#[test]
fn every_page_is_read_and_a_refresh_is_one_request_for_ten() {
    let fake = Asana::start();
    fake.change(|asana| {
        (1..=230).for_each(|gid| asana.add(gid, "Doing"));
        (131..=230).for_each(|gid| asana.set(gid, "completed", json!(true)));
    });
    let env = fake.project("", "agent:\n  max_concurrent_agents: 12\n");
    env.agent("hold");
    let poll = env.baton("poll --json").json();
    assert_eq!((&poll["fetched"], fake.take_lines()), (&json!(130), vec![LIST.to_owned(); 2]), "not what is completed");
    assert_eq!(env.writing_nothing(|| env.baton("poll --json").json())["changed"], 0);
    env.baton("dispatch").ok();
    wait_until("twelve agents hold", || env.turns().len() == 12);
    fake.take_calls();
    env.baton("reconcile").ok();
    assert_eq!(fake.take_lines(), [BATCH, BATCH], "twelve workers");
}

#[test]
fn sections_are_states_and_what_is_completed_is_terminal() {
    let fake = Asana::start();
    fake.change(|asana| {
        (1..=6).for_each(|gid| asana.add(gid, "to do"));
        asana.set(2, "completed", json!(true));
        asana.add(3, "Review");
        asana.take_out(4);
        asana.set(5, "resource_subtype", json!("section"));
    });
    let env = fake.project("", "");
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["ASANA-1", "ASANA-6"]);
    let all = env.baton("issue list --all --json").json();
    let mut states: Vec<String> = all["issues"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|issue| format!("{} {}", issue["identifier"], issue["state"]))
        .collect();
    states.sort();
    let expected = [(1, "to do"), (2, "Done"), (3, "Review"), (6, "to do")];
    assert_eq!(states, expected.map(|(gid, state)| format!("\"ASANA-{gid}\" \"{state}\"")));
    env.baton("issue show ASANA-4").exits(4);
    fake.change(|asana| asana.set(1, "completed", json!(true)));
    env.baton("poll").ok();
    assert_eq!(env.status_word("ASANA-1"), "done", "ticked off in the middle of a section");
}

#[test]
fn dependencies_and_subtasks_hold_a_task_back_however_many_there_are() {
    let fake = Asana::start();
    fake.change(|asana| {
        (1..=120).for_each(|gid| asana.add(gid, "Done"));
        asana.add(121, "Backlog");
        (122..=125).for_each(|gid| asana.add(gid, "To do"));
        asana.block(122, 1..=121);
        (1..=121).for_each(|gid| asana.set(gid, "parent", json!({ "gid": "123" })));
        asana.block(124, [125]);
        asana.take_out(121);
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["ASANA-125"], "what is outside of the project and not completed counts");
    let why = ["ASANA-122", "ASANA-123", "ASANA-124"].map(|name| reasons(&poll, name)[0]);
    assert_eq!(why, ["blocked_by_issue", "sub_issues", "blocked_by_issue"]);
    let lines = fake.take_lines();
    assert_eq!(lines.iter().filter(|line| *line == BATCH).count(), 1, "one batch for three tasks: {lines:?}");
    fake.change(|asana| [121, 125].map(|gid| asana.set(gid, "completed", json!(true))));
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["ASANA-122", "ASANA-123", "ASANA-124"]);
    assert_eq!(env.baton("issue show ASANA-1 --json").json()["parent"]["identifier"], "ASANA-123");
}

#[test]
fn one_bad_record_hides_no_other() {
    let fake = Asana::start();
    fake.corrupt(|asana| {
        (1..=4).for_each(|gid| asana.add(gid, "To do"));
        asana.set(2, "name", json!(""));
        asana.set(3, "completed", json!(null));
        asana.set(4, "created_at", json!("yesterday"));
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["ASANA-1", "ASANA-4"]);
    let problems = texts(&poll["problems"], "message");
    assert_eq!(problems, ["the record has no `name`", "the record does not say whether it is completed"]);
    env.baton("issue show ASANA-2").exits(11);
}

/// Three tasks that agents work on.
fn held(fake: &Fake<Asana>) -> TestEnv {
    fake.change(|asana| (1..=3).for_each(|gid| asana.add(gid, "Doing")));
    let env = fake.project("", "");
    env.agent("hold");
    env.baton("dispatch").ok();
    for name in ["ASANA-1", "ASANA-2", "ASANA-3"] {
        env.agent_holds(name);
    }
    env
}

#[test]
fn a_task_that_is_gone_or_taken_out_fails_no_other() {
    let fake = Asana::start();
    let env = held(&fake);
    fake.change(|asana| {
        asana.delete(1);
        asana.take_out(2);
    });
    let stopped = env.baton("reconcile --json").json();
    assert_eq!(texts(&stopped["stopped"], "identifier"), ["ASANA-1", "ASANA-2"]);
    assert_eq!(env.status_word("ASANA-3"), "running");
}

#[test]
fn a_part_of_a_batch_that_fails_is_not_gone() {
    let fake = Asana::start();
    let env = held(&fake);
    fake.change(|asana| asana.refusing = [(2, 403)].into());
    let reconciled = env.baton("reconcile --json").json();
    assert_eq!(
        (&reconciled["unknown"], &reconciled["stopped"]),
        (&json!(["ASANA-2"]), &json!([])),
        "nobody may see it"
    );
    fake.change(|asana| asana.refusing = [(2, 500)].into());
    assert_eq!(env.baton("issue show ASANA-2 --json").exits(11).error()["code"], "tracker_status");
    env.baton("reconcile").exits(11);
    fake.change(|asana| asana.refusing = [(2, 429)].into());
    let error = env.baton("issue show ASANA-2 --json").exits(11).error();
    assert_eq!((&error["code"], &error["retryable"]), (&json!("tracker_rate_limited"), &json!(true)));
    fake.take_calls();
    env.baton("poll").exits(11);
    assert_eq!(fake.take_lines(), [""; 0], "the limit of a part is a limit");
    assert_eq!(["ASANA-1", "ASANA-2", "ASANA-3"].map(|issue| env.status_word(issue)), ["running"; 3]);
}

#[test]
fn a_tracker_that_asks_to_be_left_alone_is_and_a_wrong_credential_is_said() {
    let fake = Asana::start();
    let env = fake.project("    api_key: $MY_TOKEN\n", "");
    let with = |token: &str| env.command("poll --json").env("MY_TOKEN", token);
    let error = with("wrong").run().exits(11).error();
    assert_eq!(error["message"], format!("{LIST}: status 401: Not Authorized").replace("/api/1.0", ""));
    fake.script("GET", Reply::text(429, "").header("retry-after", 1800));
    assert_eq!(with(TOKEN).run().exits(11).error()["code"], "tracker_rate_limited");
    fake.take_calls();
    with(TOKEN).run().exits(11);
    assert_eq!(fake.take_lines(), [""; 0]);
    with(TOKEN).later(HOUR).run().ok();
    assert_eq!(env.baton("poll --json").exits(10).error()["code"], "missing_tracker_secret");
}

#[test]
fn an_incomplete_answer_is_none() {
    let fake = Asana::start();
    fake.change(|asana| asana.add(1, "To do"));
    let env = fake.project("", "");
    env.baton("poll").ok();
    for (body, code) in [
        (json!({ "data": [], "next_page": {} }), "tracker_pagination"),
        (json!({ "data": [] }), "tracker_response"),
        (json!({ "next_page": null }), "tracker_response"),
        (json!(5), "tracker_response"),
    ] {
        fake.script("GET", Reply::json(200, &body));
        assert_eq!(env.baton("poll --json").exits(11).error()["code"], code, "{body}");
        assert_eq!(env.status_word("ASANA-1"), "idle");
    }
    for body in [json!({ "data": [] }), json!({ "data": [{ "body": {} }] })] {
        fake.script("POST", Reply::json(200, &body));
        assert_eq!(env.baton("issue show ASANA-1 --json").exits(11).error()["code"], "tracker_response", "{body}");
    }
}

#[test]
fn tasks_are_made_changed_and_commented_on() {
    let fake = Asana::start();
    fake.change(|asana| asana.add(1, "To do"));
    let env = fake.project("", "");
    env.baton(["issue", "create", "A title", "--label", "bug", "--blocked-by", "ASANA-1", "--parent", "1"]).ok();
    assert_eq!(fake.change(|asana| asana.section(2)), "To do", "the first active state");
    env.baton(["issue", "comment", "ASANA-2", "hello"]).ok();
    env.baton(["issue", "edit", "ASANA-2", "--title", "Another", "--add-label", "new", "--remove-label", "Bug"]).ok();
    env.baton(["issue", "edit", "ASANA-2", "--assignee", "ann-1", "--state", "review"]).ok();
    let shown = env.baton("issue show ASANA-2 --json").json();
    let told = ["title", "state", "labels", "assignee_id"].map(|name| shown[name].clone());
    assert_eq!(told, [json!("Another"), json!("Review"), json!(["new"]), json!("ann-1")]);
    assert_eq!((texts(&shown["blocked_by"], "identifier"), &shown["parent"]["id"]), (vec!["ASANA-1"], &json!("1")));
    assert_eq!(texts(&shown["comments"], "body"), ["hello"], "what Asana says itself is no comment");
    env.baton(["issue", "edit", "ASANA-2", "--remove-blocked-by", "ASANA-1", "--state", "Done"]).ok();
    assert_eq!(fake.change(|asana| asana.field(2, "completed")), true);
    env.baton(["issue", "edit", "ASANA-2", "--state", "Doing"]).ok();
    let after = env.baton("issue show ASANA-2 --json").json();
    assert_eq!((&after["blocked_by"], &after["dispatchable"]), (&json!([]), &json!(true)), "work goes on");
    let error = env.baton("issue edit ASANA-2 --state Nowhere --json").exits(5).error();
    assert_eq!(error["message"], "the project has no section `Nowhere`");
    env.baton("issue edit ASANA-2 --priority 1").exits(5);
}

#[test]
fn a_priority_is_set_by_exchanging_tags() {
    let fake = Asana::start();
    let env = fake.project("    priority_labels: [Urgent, high]\n", "");
    env.baton(["issue", "create", "A title", "--priority", "2", "--label", "bug"]).ok();
    let shown = || {
        let shown = env.baton("issue show ASANA-1 --json").json();
        (shown["priority"].clone(), shown["labels"].clone())
    };
    assert_eq!(shown(), (json!(2), json!(["bug", "high"])));
    env.baton("issue edit ASANA-1 --priority 1 --add-label x --remove-label bug").ok();
    assert_eq!(shown(), (json!(1), json!(["x", "urgent"])));
    assert_eq!(env.baton("issue edit ASANA-1 --priority 3 --json").exits(5).error()["code"], "invalid_issue");
    env.baton("issue edit ASANA-1 --no-priority").ok();
    assert_eq!(shown(), (json!(null), json!(["x"])));
}

#[test]
fn a_filter_that_asana_cannot_keep_is_refused() {
    let env = Asana::start().project("    query: { tag: agent }\n", "");
    for command in ["poll --json", "dispatch --json", "run --once --json"] {
        let error = env.baton(command).exits(10).error();
        assert_eq!(error["code"], "invalid_tracker_config", "{command}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(": tracker.provider.query: ")), "{error}");
    }
}

#[test]
fn the_agent_gets_the_whole_interface_or_two_narrow_tools() {
    let fake = Asana::start();
    fake.change(|asana| (1..=2).for_each(|gid| asana.add(gid, "To do")));
    let launch = |scope: &str, calls: &[Value]| {
        let env = TestEnv::new();
        env.fake_codex(&fake.front_matter(scope, ""));
        env.codex_turns("ASANA-1", &json!([calls]));
        env.baton("worker launch ASANA-1 --wait").ok();
        successes(&env.codex_answers("ASANA-1"))
    };
    let call = |method: &str, path: &str, body: Value| {
        tool_call("asana_api", json!({ "method": method, "path": path, "body": body }))
    };
    let done = json!({ "data": { "completed": true } });
    let story = json!({ "data": { "text": "I am on it." } });
    let whole = [
        call("POST", "/tasks/1/stories", story),
        call("GET", "/tasks/../users/me", json!(null)),
        call("PATCH", "/tasks/1", json!(null)),
        call("PUT", "/tasks/1", done.clone()),
    ];
    assert_eq!(launch("", &whole), [true, false, false, true]);
    fake.change(|asana| asana.set(1, "completed", json!(false)));
    let narrow = [
        call("PUT", "/tasks/2", done),
        tool_call("issue_read", json!({ "issue": "ASANA-2" })),
        tool_call("issue_update", json!({ "state": "Done", "comment": "It is done." })),
    ];
    assert_eq!(launch("    tool_scope: project\n", &narrow), [false, true, true]);
    let said = fake.change(|asana| asana.comments(1).join(" "));
    assert_eq!((said, fake.change(|asana| asana.section(2))), ("I am on it. It is done.".into(), "To do".into()));
}
