//! The real Redmine as the tracker. What else `redmine` does is in tracker_redmine.rs, against a fake.

use serde_json::{Value, json};

use crate::env::{Redmine, codes, texts, wait_until};
use crate::fakes::{identifiers, reasons, successes, tool_call};

/// Rails is slow, and the tests share two processors with it.
const CALM: &str = "polling:\n  interval_ms: 1000\n";

#[test]
fn real_redmine_issues_are_worked_on_in_order_from_new_to_closed() {
    let Some(redmine) = Redmine::shared() else { return };
    let project = redmine.new_project();
    let whole = redmine.new_issue(&project, json!({ "subject": "The whole" }));
    let first = redmine.new_issue(
        &project,
        json!({ "subject": "Say hello", "description": "In a\r\nfile.", "priority_id": 3, "assigned_to_id": 1 }),
    );
    let part = redmine.new_issue(&project, json!({ "subject": "The part", "parent_issue_id": whole }));
    let blocked = json!({ "relation": { "issue_to_id": first, "relation_type": "blocked" } });
    redmine.call("POST", &format!("/issues/{part}/relations.json"), blocked);
    let [whole, first, part] = [whole, first, part].map(|id| (id, format!("RM-{id}")));

    let env = redmine.env(&project, "", &format!("  handoff_state: Closed\n{CALM}"));
    env.agent("echo hello > hello");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), [&*first.1]);
    assert_eq!((reasons(&poll, &part.1), reasons(&poll, &whole.1)), (vec!["blocked_by_issue"], vec!["sub_issues"]));
    assert_eq!(env.writing_nothing(|| env.baton("poll --json").json())["changed"], 0);
    let kept = env.bash(&format!("grep -rl {} .baton || true", redmine.key()));
    assert_eq!(kept.ok().stdout, "", "the key is in no answer that is kept");
    env.baton(["issue", "comment", &first.1, "Be polite."]).ok();
    let shown = env.baton(["issue", "show", &first.1, "--json"]).json();
    let told = ["description", "priority", "assignee_id", "labels", "state"].map(|name| shown[name].clone());
    assert_eq!(told, [json!("In a\nfile."), json!(3), json!("1"), json!(["bug"]), json!("New")]);
    assert_eq!(texts(&shown["comments"], "body"), ["Be polite."]);

    env.baton("run --until-idle").ok();
    assert_eq!([whole.0, first.0, part.0].map(|id| redmine.status(id)), ["Closed", "Closed", "Closed"]);
    let order: Vec<String> =
        env.turns().iter().map(|turn| turn.split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(order, [&*first.1, &*part.1, &*whole.1]);
    assert_eq!(env.status_word(&whole.1), "done");
}

#[test]
fn real_redmine_is_read_to_the_last_page() {
    let Some(redmine) = Redmine::shared() else { return };
    let env = redmine.env("many", "", CALM);
    let poll = env.baton("poll --json").json();
    assert_eq!((&poll["fetched"], &poll["problems"]), (&json!(120), &json!([])));
    // Who we are, which statuses there are, and for each of two pages the issues and their parts.
    assert_eq!(poll["traffic"]["requests"], 6);
    let all = env.baton("issue list --all --json").json();
    assert_eq!(all["issues"].as_array().map(Vec::len), Some(130));
}

#[test]
fn real_redmine_takes_what_is_written() {
    let Some(redmine) = Redmine::shared() else { return };
    let project = redmine.new_project();
    let [one, two] =
        [1, 2].map(|n| format!("RM-{}", redmine.new_issue(&project, json!({ "subject": format!("{n}") }))));
    let env = redmine.env(&project, "", "");
    let made = env.baton([
        "issue",
        "create",
        "New one",
        "--blocked-by",
        &one,
        "--parent",
        &two,
        "--priority",
        "2",
        "--state",
        "In Progress",
        "--json",
    ]);
    let name = made.json()["identifier"].as_str().expect("a name").to_owned();
    let show = || env.baton(["issue", "show", &name, "--json"]).json();
    let shown = show();
    assert_eq!((&shown["priority"], &shown["state"]), (&json!(2), &json!("In Progress")));
    assert_eq!((&shown["parent"]["identifier"], texts(&shown["blocked_by"], "identifier")), (&json!(two), vec![&*one]));
    env.baton([
        "issue",
        "edit",
        &name,
        "--title",
        "Other",
        "--remove-blocked-by",
        &one,
        "--assignee",
        "1",
        "--state",
        "Resolved",
    ])
    .ok();
    for text in ["a plan", "a better plan"] {
        env.baton(["issue", "workpad", &name, text]).ok();
    }
    let shown = show();
    let told = ["title", "blocked_by", "assignee_id", "state"].map(|field| shown[field].clone());
    assert_eq!(told, [json!("Other"), json!([]), json!("1"), json!("Resolved")]);
    assert_eq!(texts(&shown["comments"], "body"), ["## Workpad\n\na better plan"]);
}

#[test]
fn real_redmine_gives_the_agent_its_tool_and_not_the_key() {
    let Some(redmine) = Redmine::shared() else { return };
    let project = redmine.new_project();
    let id = redmine.new_issue(&project, json!({ "subject": "By tool" }));
    let env = redmine.env(&project, "", "");
    let provider = format!(
        "tracker:\n  kind: redmine\n  provider:\n    url: {}\n    project: {project}\n    api_key: $REDMINE_API_KEY\n    tool_scope: token\n",
        redmine.url()
    );
    env.fake_codex(&provider);
    let api = |method: &str, path: String, body: Value| {
        tool_call("redmine_api", json!({ "method": method, "path": path, "body": body }))
    };
    let name = format!("RM-{id}");
    env.codex_turns(
        &name,
        &json!([[
            api("GET", format!("/issues/{id}.json"), json!(null)),
            api("GET", "/issues/0.json".to_owned(), json!(null)),
            api("GET", "/issues/../users.json".to_owned(), json!(null)),
            api("PUT", format!("/issues/{id}.json"), json!({ "issue": { "status_id": 5, "notes": "Done." } })),
        ]]),
    );
    env.command(["worker", "launch", &name, "--wait"]).env("REDMINE_API_KEY", redmine.key()).run().ok();
    assert_eq!(successes(&env.codex_answers(&name)), [true, false, false, true]);
    assert_eq!(redmine.status(id), "Closed");
    let found = env.bash(&format!("grep -rl {} .baton \"$TEST_ROOT/said\" || true", redmine.key()));
    assert_eq!(found.ok().stdout, "");
}

#[test]
fn real_redmine_refuses_a_bad_key_even_for_what_is_public_and_names_what_is_not_there() {
    let Some(redmine) = Redmine::shared() else { return };
    let error = |project: &str, provider: &str, more: &str, exit: i32| {
        redmine.env(project, provider, more).baton("poll --json").exits(exit).error().to_string()
    };
    let env = redmine.env("many", "", "");
    let text = std::fs::read_to_string(env.path("p/WORKFLOW.md")).expect("a workflow");
    std::fs::write(env.path("p/WORKFLOW.md"), text.replace(redmine.key(), "0123456789abcdef")).expect("written");
    let refused = env.baton("poll --json").exits(11).error();
    assert!(refused["code"] == "tracker_status" && refused.to_string().contains("status 401"), "{refused}");
    assert!(!refused.to_string().contains("0123456789abcdef"), "{refused}");
    assert!(error("nothing", "", "", 11).contains("status 404"));
    assert!(
        error("many", "", "  active_states: [Todo]\n", 10)
            .contains("New, In Progress, Resolved, Feedback, Closed, Rejected")
    );
}

#[test]
fn real_redmine_may_stop_and_start_while_work_goes_on() {
    let Some(mut redmine) = Redmine::own() else { return };
    let project = redmine.new_project();
    let id = redmine.new_issue(&project, json!({ "subject": "Through the night" }));
    let name = format!("RM-{id}");
    let env = redmine.env(&project, "", &format!("  handoff_state: Closed\n{CALM}"));
    env.agent("hold");
    let run = env.start("run");
    env.agent_holds(&name);
    let last_poll = || env.baton("status --json").json()["last_poll"].clone();

    redmine.stop();
    wait_until("the loop notices", || last_poll()["ok"] == false);
    let told = last_poll()["error"].to_string();
    assert!(told.contains("/users/current.json") || told.contains("/issues.json"), "{told}");
    assert_eq!(env.baton("poll --json").exits(11).error()["code"], "tracker_request");
    assert_eq!(env.baton("reconcile --json").exits(11).error()["code"], "tracker_request");
    assert_eq!(env.status_word(&name), "running", "no answer is no reason to stop");

    redmine.start();
    wait_until("the loop is heard again", || last_poll()["ok"] == true);
    assert_eq!((env.status_word(&name), env.turns().len()), ("running".to_owned(), 1));
    env.go_on(&name);
    wait_until("the issue is done", || env.status_word(&name) == "done");
    assert_eq!((redmine.status(id), codes(&env.status(&name)["why"])), ("Closed".to_owned(), vec!["terminal"]));
    run.kill();
}
