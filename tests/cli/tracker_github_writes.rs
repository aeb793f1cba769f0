//! `tracker.kind: github`: what is written.

use serde_json::json;

use crate::env::texts;
use crate::fakes::github::Github;
use crate::fakes::{Reply, identifiers};

#[test]
fn blockers_and_parents_are_written() {
    let fake = Github::start();
    fake.change(|github| (1..=3).for_each(|number| github.add(number, &[])));
    let env = fake.project("", "");
    let made = env.baton(["issue", "create", "Later", "--blocked-by", "GH-1", "--blocked-by", "2", "--parent", "GH-3"]);
    assert_eq!(made.ok().line(), "GH-4");
    let shown = || {
        let shown = env.baton("issue show GH-4 --json").json();
        let blockers = texts(&shown["blocked_by"], "identifier").join(" ");
        (blockers, shown["parent"]["identifier"].as_str().unwrap_or("none").to_owned())
    };
    let expect = |blockers: &str, parent: &str| assert_eq!(shown(), (blockers.to_owned(), parent.to_owned()));
    expect("GH-1 GH-2", "GH-3");
    env.baton("issue edit GH-4 --remove-blocked-by GH-1 --add-blocked-by GH-3 --parent GH-2").ok();
    expect("GH-2 GH-3", "GH-2");
    fake.take_calls();
    env.baton("issue edit GH-4 --add-blocked-by gh-2 --parent GH-2").ok();
    let is_write = |line: &String| !line.starts_with("GET") && line != "POST /graphql";
    assert_eq!(fake.take_lines().into_iter().filter(is_write).collect::<Vec<_>>(), Vec::<String>::new());
    env.baton("issue edit GH-4 --no-parent").ok();
    expect("GH-2 GH-3", "none");
    // One that is not there fails before anything is made.
    let error = env.baton("issue create Never --blocked-by GH-77 --json").exits(5).error();
    assert_eq!(
        (&error["code"], error["message"].as_str()),
        (&json!("invalid_issue"), Some("there is no issue `GH-77` in o/r"))
    );
    env.baton("issue show GH-5").exits(4);
}

#[test]
fn a_new_issue_is_put_into_the_project_and_into_its_state() {
    let fake = Github::start();
    fake.change(|github| github.options = vec!["Todo", "In Review"]);
    let states = "  active_states: [Todo]\n  terminal_states: [closed]\n";
    let env = fake.project("    state_from: project\n    project: 7\n", states);
    for (state, expected) in [(None, "Todo"), (Some("in review"), "In Review"), (Some("open"), "No Status")] {
        let state = state.map_or_else(|| "--label=x".to_owned(), |state| format!("--state={state}"));
        let made = env.baton(["issue", "create", "New", &state, "--json"]).ok().any_json();
        assert_eq!(made["state"], expected, "{made}");
    }
    assert_eq!(identifiers(&env.baton("poll --json").json()), ["GH-1"]);
    fake.take_calls();
    for (state, code) in [("Nowhere", "invalid_issue"), ("closed", "tracker_unsupported")] {
        assert_eq!(env.baton(["issue", "create", "New", "--state", state, "--json"]).exits(5).error()["code"], code);
    }
    assert!(!fake.take_lines().contains(&"POST /repos/o/r/issues".to_owned()), "nothing is made");
}

#[test]
fn issues_are_made_changed_and_commented_on() {
    let fake = Github::start();
    let env = fake.project("", "");
    env.baton(["issue", "create", "A title", "--label", "bug"]).ok();
    env.baton(["issue", "comment", "GH-1", "hello"]).ok();
    env.baton(["issue", "edit", "GH-1", "--title", "Another", "--add-label", "x", "--remove-label", "bug"]).ok();
    fake.take_calls();
    env.baton(["issue", "edit", "GH-1", "--title", "Another"]).ok();
    assert!(fake.take_lines().iter().all(|line| !line.starts_with("PATCH")), "nothing to change, nothing written");
    let shown = env.baton("issue show GH-1 --json").json();
    assert_eq!((&shown["title"], &shown["labels"]), (&json!("Another"), &json!(["x"])));
    assert_eq!(texts(&shown["comments"], "body"), ["hello"]);
    for command in ["issue edit GH-1 --priority 1 --json", "issue create Urgent --priority 1 --json"] {
        let error = env.baton(command).exits(5).error();
        assert_eq!(error["code"], "tracker_unsupported");
        assert!(error["message"].as_str().is_some_and(|message| message.contains("priority_labels")), "{error}");
    }
}

#[test]
fn a_priority_is_set_by_exchanging_labels_in_the_one_request_that_changes_labels() {
    let fake = Github::start();
    fake.change(|github| github.add(1, &["bug", "high", "Todo"]));
    let states = "  active_states: [Todo, Doing]\n  terminal_states: [closed]\n";
    let env = fake.project("    state_from: label\n    priority_labels: [Urgent, high, low]\n", states);
    let labels = || fake.change(|github| github.labels(1).join(" "));
    let edited = |change: &str| env.baton(format!("issue edit GH-1 {change} --json").as_str());
    fake.take_calls();
    assert_eq!(edited("--priority 1 --state Doing --add-label x --remove-label bug").json()["priority"], 1);
    assert_eq!(labels(), "x Urgent Doing");
    let writes = |line: &String| line.starts_with("PATCH") || line.starts_with("PUT");
    assert_eq!(fake.take_lines().into_iter().filter(writes).count(), 1);
    for change in ["--priority 4", "--priority 0", "--priority 2 --add-label urgent", "--priority 9 --dry-run"] {
        let error = edited(change).exits(5).error();
        assert_eq!(error["code"], "invalid_issue", "{change}");
    }
    assert!(edited("--priority 4").stderr.contains("1 to 3 (Urgent, high, low)"));
    fake.take_calls();
    edited("--priority 1").ok();
    assert_eq!(fake.take_lines().into_iter().filter(writes).count(), 0, "it has that priority");
    assert_eq!(edited("--no-priority").json()["priority"], json!(null));
    assert_eq!(labels(), "doing x");
    env.baton("issue create Soon --priority 3 --label y").ok();
    assert_eq!(fake.change(|github| github.labels(2).join(" ")), "y low Todo");
    // Without the right to set labels GitHub leaves them out without a word.
    let record =
        json!({ "number": 1, "title": "Issue 1", "state": "open", "labels": [{ "name": "x" }, { "name": "doing" }] });
    fake.script("PATCH", Reply::json(200, &record));
    let error = edited("--priority 2").exits(11).error();
    assert_eq!(error["message"], "GH-1 was to have priority 2, and has no priority");
}
