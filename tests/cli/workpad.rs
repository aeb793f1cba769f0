//! The workpad of an issue: one comment, in every tracker.

use serde_json::{Value, json};

use crate::env::{TestEnv, texts};
use crate::fakes::Reply;
use crate::fakes::asana::Asana;
use crate::fakes::github::Github;
use crate::fakes::gitlab::Gitlab;
use crate::fakes::jira::Jira;
use crate::fakes::linear::Linear;
use crate::fakes::redmine::Redmine;

/// Keeps the workpad of an issue; what that came to.
fn keep(env: &TestEnv, issue: &str, text: &str) -> Value {
    env.baton(["issue", "workpad", issue, text, "--json"]).json()["kept"].take()
}

fn comments(env: &TestEnv, issue: &str) -> Value {
    env.baton(["issue", "show", issue, "--json"]).json()["comments"].take()
}

/// What holds in every tracker whose comments can be changed.
fn it_is_one_comment(env: &TestEnv, issue: &str) {
    let printed = |env: &TestEnv| env.baton(["issue", "workpad", issue]).ok().stdout;
    assert_eq!(printed(env), "");
    let planned =
        env.baton(["issue", "workpad", issue, "plan", "--dry-run", "--exit-code", "--json"]).exits(3).any_json();
    let identifier = planned["identifier"].clone();
    let expected =
        json!({ "identifier": identifier, "key": planned["key"], "kept": "made", "body": "## Workpad\n\nplan" });
    assert_eq!((planned, identifier), (expected, json!(issue)));
    assert_eq!(comments(env, issue), json!([]));

    assert_eq!(keep(env, issue, "plan"), "made");
    assert_eq!(keep(env, issue, "plan"), "unchanged");
    env.baton(["issue", "workpad", issue, "plan", "--dry-run", "--exit-code"]).ok();
    env.baton(["comment", issue, "said"]).ok();
    assert_eq!(keep(env, issue, "plan\n\n- done"), "changed");
    assert_eq!(printed(env), "## Workpad\n\nplan\n\n- done\n");
    assert_eq!(texts(&comments(env, issue), "body"), ["## Workpad\n\nplan\n\n- done", "said"]);
    env.command(["issue", "workpad", issue, "-"]).stdin("## Workpad\n\nfrom stdin\n").run().ok();
    assert_eq!(texts(&comments(env, issue), "body"), ["## Workpad\n\nfrom stdin", "said"]);
    assert_eq!(env.baton(["issue", "workpad", issue, " ", "--json"]).exits(5).error()["code"], "invalid_issue");
    assert_eq!(env.baton(["issue", "workpad", "NO-1"]).code(), 4);
}

#[test]
fn in_local_files() {
    let env = TestEnv::new();
    env.issue("A", "");
    it_is_one_comment(&env, "A");
    let author = comments(&env, "A")[0]["author"].clone();
    assert_eq!(keep(&env, "A", "more"), "changed");
    assert_eq!(comments(&env, "A")[0]["author"], author, "its heading stays");
}

#[test]
fn on_github() {
    let fake = Github::start();
    fake.change(|github| github.add(7, &[]));
    let env = fake.project("", "");
    it_is_one_comment(&env, "GH-7");
    fake.take_calls();
    assert_eq!(keep(&env, "GH-7", "again"), "changed");
    let lines = fake.take_lines();
    assert_eq!(
        lines.iter().filter(|line| line.starts_with("PATCH")).collect::<Vec<_>>(),
        ["PATCH /repos/o/r/issues/comments/0"]
    );
    assert_eq!(keep(&env, "GH-7", "again"), "unchanged");
    assert!(
        fake.take_lines().iter().all(|line| line.starts_with("GET") || line == "POST /graphql"),
        "nothing is written"
    );
}

#[test]
fn on_gitlab_where_one_that_is_resolved_is_over() {
    let fake = Gitlab::start();
    fake.change(|gitlab| gitlab.add(7, &[]));
    let env = fake.project("", "");
    it_is_one_comment(&env, "GL-7");
    fake.change(|gitlab| gitlab.resolved = vec![0]);
    assert_eq!(env.baton("issue workpad GL-7").ok().stdout, "");
    assert_eq!(keep(&env, "GL-7", "the next plan"), "made");
    assert_eq!(
        texts(&comments(&env, "GL-7"), "body"),
        ["## Workpad\n\nfrom stdin", "said", "## Workpad\n\nthe next plan"]
    );
}

#[test]
fn on_linear_where_agents_keep_their_own() {
    let Some(fake) = Linear::start() else { return };
    fake.change(|linear| linear.add(1, "Todo"));
    let env = fake.project("", "");
    it_is_one_comment(&env, "LIN-1");
    fake.change(|linear| linear.resolve(0));
    env.baton(["comment", "LIN-1", "## Codex Workpad\n\n- [ ] reproduce"]).ok();
    assert_eq!(keep(&env, "LIN-1", "- [x] reproduce"), "changed");
    assert_eq!(env.baton("issue workpad LIN-1").ok().stdout, "## Codex Workpad\n\n- [x] reproduce\n");
    assert_eq!(comments(&env, "LIN-1").as_array().expect("comments").len(), 3);
}

#[test]
fn on_jira_where_it_is_a_document_or_a_text() {
    for (fake, deployment) in [(Jira::start(), ""), (Jira::start_server(), "    deployment: server\n")] {
        fake.change(|jira| jira.add(1, "To Do"));
        let env = fake.project(deployment, "");
        it_is_one_comment(&env, "SYM-1");
        let text = "- [x] reproduce\n  - with two users\n- [ ] fix\n\n1. first\n2. second";
        assert_eq!(keep(&env, "SYM-1", text), "changed");
        assert_eq!(keep(&env, "SYM-1", text), "unchanged", "what is read again is what was written");
    }
}

#[test]
fn on_asana() {
    let fake = Asana::start();
    fake.change(|asana| asana.add(7, "To do"));
    it_is_one_comment(&fake.project("", ""), "ASANA-7");
}

#[test]
fn on_redmine_also_on_one_that_is_older_than_such_changes() {
    let fake = Redmine::start();
    fake.change(|redmine| redmine.add(7));
    let env = fake.project("", "");
    it_is_one_comment(&env, "RM-7");
    fake.script("PUT /journals", Reply::text(404, ""));
    assert_eq!(keep(&env, "RM-7", "the next plan"), "changed");
    let all = ["## Workpad\n\nfrom stdin", "said", "## Workpad\n\nthe next plan"];
    assert_eq!(texts(&comments(&env, "RM-7"), "body"), all);
    fake.script("PUT /journals", Reply::text(500, ""));
    assert_eq!(env.baton(["issue", "workpad", "RM-7", "more", "--json"]).json()["kept"], "changed", "it is sent again");
    fake.script("PUT /journals", Reply::json(422, &json!({ "errors": ["Notes is too long"] })));
    let error = env.baton(["issue", "workpad", "RM-7", "too long", "--json"]).exits(11).error();
    assert_eq!(error["code"], "tracker_status");
    assert_eq!(env.baton("issue workpad RM-7").ok().stdout, "## Workpad\n\nmore\n");
}

#[test]
fn one_that_somebody_else_wrote_is_left_to_them() {
    let fake = Asana::start();
    fake.change(|asana| asana.add(7, "To do"));
    let env = fake.project("", "");
    assert_eq!(keep(&env, "ASANA-7", "theirs"), "made");
    fake.script("PUT /api/1.0/stories/", Reply::json(403, &json!({ "errors": [{ "message": "Forbidden" }] })));
    assert_eq!(keep(&env, "ASANA-7", "ours"), "changed");
    assert_eq!(keep(&env, "ASANA-7", "ours, more"), "changed");
    assert_eq!(texts(&comments(&env, "ASANA-7"), "body"), ["## Workpad\n\ntheirs", "## Workpad\n\nours, more"]);
}

#[test]
fn a_prompt_that_asks_for_it_is_given_it() {
    let env = TestEnv::new();
    env.workflow_with("", "Work on {{ issue.identifier }}.{% if workpad %}\n{{ workpad }}{% endif %}\n");
    env.agent("baton issue workpad \"$BATON_ISSUE\" \"half of it is done in run $BATON_RUN\"; exit 1");
    env.issue("A", "");
    env.baton("worker launch A --wait").exits(20);
    assert_eq!(env.prompt("A.1", 1), "Work on A.");
    env.agent("finish");
    env.baton("worker launch A --now --wait").ok();
    assert_eq!(env.prompt("A.2", 1), "Work on A.\n## Workpad\n\nhalf of it is done in run A.1");
}

#[test]
fn where_comments_cannot_be_changed_the_newest_counts() {
    let env = TestEnv::new();
    env.program_on_path(
        "baton-tracker-notes",
        r#"#!/usr/bin/env bash
        notes=$TEST_ROOT/said/notes
        case $1 in
        states | ids) echo '{"id":"A","title":"Note","state":"Todo"}' ;;
        comments) if [ -e "$notes" ]; then jq -c -s '.[]' "$notes"; fi ;;
        comment) jq -R -s '{body: .}' >> "$notes" ;;
        *) exit 64 ;;
        esac
        "#,
    );
    env.workflow("tracker:\n  kind: notes\n  active_states: [Todo]\n  terminal_states: [Done]\n");
    assert_eq!(keep(&env, "A", "plan"), "made");
    assert_eq!(keep(&env, "A", "plan"), "unchanged");
    assert_eq!(keep(&env, "A", "done"), "changed");
    assert_eq!(env.baton("issue workpad A").ok().stdout, "## Workpad\n\ndone\n");
    assert_eq!(comments(&env, "A").as_array().expect("comments").len(), 2);
}
