//! `tracker.kind: github`: bad records, limits, and a server that fails.

use std::fs;

use serde_json::{Value, json};

use crate::env::texts;
use crate::fakes::github::Github;
use crate::fakes::{Reply, identifiers};

const HOUR: i64 = 3_600_000;

#[test]
fn one_bad_record_hides_no_other() {
    let fake = Github::start();
    fake.corrupt(|github| {
        (1..=3).for_each(|number| github.add(number, &[]));
        github.set(2, "title", json!("  "));
        github.set(3, "labels", json!([7, null, { "name": "ok" }]));
    });
    let env = fake.project("", "");
    let poll = env.baton("poll --json").json();
    assert_eq!(identifiers(&poll), ["GH-1", "GH-3"]);
    assert_eq!(
        poll["problems"],
        json!([
            { "source": "GH-2", "code": "malformed_record", "message": "the record has no `title`" }
        ])
    );
    let error = env.baton("issue show GH-2 --json").exits(11).error();
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!("tracker_response"), &json!("GH-2: the record has no `title`"))
    );
}

#[test]
fn an_issue_that_is_gone_or_moved_fails_no_other() {
    let fake = Github::start();
    fake.change(|github| (1..=3).for_each(|number| github.add(number, &[])));
    let env = fake.project("", "");
    env.agent("hold");
    env.baton("dispatch").ok();
    for issue in ["GH-1", "GH-2", "GH-3"] {
        env.agent_holds(issue);
    }
    fake.change(|github| {
        github.delete(1);
        github.transfer(2);
    });
    let stopped = env.baton("reconcile --json").json();
    let mut names = texts(&stopped["stopped"], "identifier");
    names.sort_unstable();
    assert_eq!((names, &stopped["unknown"]), (vec!["GH-1", "GH-2"], &json!([])));
    assert_eq!(env.status_word("GH-3"), "running");
}

#[test]
fn a_repository_that_is_renamed_loses_no_issue() {
    for states in ["issue", "project"] {
        let fake = Github::start();
        fake.change(|github| {
            (1..=2).for_each(|number| github.add(number, &[]));
            (1..=2).for_each(|number| github.status(number, "Todo"));
            github.block(2, &[1]);
        });
        let (provider, more) = match states {
            "issue" => ("", ""),
            _ => {
                ("    state_from: project\n    project: 7\n", "  active_states: [Todo]\n  terminal_states: [closed]\n")
            }
        };
        let env = fake.project(provider, more);
        env.agent("hold");
        env.baton("dispatch").ok();
        env.agent_holds("GH-1");
        fake.change(|github| github.rename("o/renamed"));
        let before = env.baton("issue show GH-2 --json").json();
        assert_eq!(before["blocked_by"][0]["identifier"], "GH-1", "{states}");
        let stopped = env.baton("reconcile --json").json();
        assert_eq!((&stopped["stopped"], &stopped["unknown"]), (&json!([]), &json!([])), "{states}");
        assert_eq!(env.baton("poll --json").json()["fetched"], 2, "{states}");
        fake.script(
            "POST /repos/o/r/issues/2/comments",
            Reply::json(307, &json!({ "message": "Moved" }))
                .header("location", format!("{}/repositories/1", fake.url())),
        );
        let error = env.baton(["comment", "GH-2", "hello", "--json"]).exits(11).error();
        assert!(error["message"].as_str().expect("a text").contains("moved to http://"), "{error}");
    }
}

#[test]
fn a_tracker_that_asks_to_be_left_alone_is() {
    let fake = Github::start();
    fake.change(|github| github.add(1, &[]));
    let env = fake.project("", "");
    let limited = Reply::json(403, &json!({ "message": "API rate limit exceeded" }))
        .header("x-ratelimit-remaining", 0)
        .header("retry-after", 3600);
    fake.script("GET /repos", limited);
    let error = env.baton("poll --json").exits(11).error();
    assert_eq!((&error["code"], &error["retryable"]), (&json!("tracker_rate_limited"), &json!(true)));
    assert_eq!(fake.take_calls().len(), 1, "asking again at once is no answer to that");
    for command in ["poll --json", "issue show 1 --json"] {
        assert_eq!(env.baton(command).exits(11).error()["code"], "tracker_rate_limited");
    }
    assert_eq!(fake.take_lines(), [""; 0], "no other process asks before the time");
    let failed = &env.baton("status --json").json()["last_poll"]["error"];
    assert_eq!(failed["code"], "tracker_rate_limited");
    let poll = env.command("poll --json").later(HOUR + 60_000).run().json();
    assert_eq!(identifiers(&poll), ["GH-1"]);
}

#[test]
fn a_run_that_meets_a_limit_is_done_again_when_it_is_over_and_not_before() {
    let fake = Github::start();
    fake.change(|github| github.add(1, &[]));
    let env = fake.project("", "  handoff_state: closed\nagent:\n  max_attempts: 1\n");
    env.agent("hold");
    env.baton("dispatch").ok();
    env.agent_holds("GH-1");
    fake.script("POST /graphql", Reply::text(429, "").header("retry-after", 3600));
    env.go_on("GH-1");
    assert_eq!(env.outcome("GH-1.1"), "failed");
    let read =
        |path: &str| -> Value { serde_json::from_slice(&fs::read(env.store(path)).expect("bytes")).expect("JSON") };
    assert_eq!(read("runs/GH-1.1/outcome.json")["code"], "tracker_refresh");
    let work = read("work/GH-1.json");
    let waits = work["data"]["status"]["delay_ms"].as_i64().expect("a delay");
    assert!((HOUR - 60_000..=HOUR).contains(&waits), "{work}");
    assert_eq!(work["data"]["failures"], 0, "it counts for nothing");
    let row = &env.baton("status --json").json()["retrying"][0];
    assert!(row["error"].as_str().is_some_and(|error| error.contains("no request to ")), "{row}");

    // Nobody asks before that, whatever he is told to do; and says when he will.
    fake.take_calls();
    let commands = ["poll --json", "dispatch --json", "dispatch GH-1 --json", "worker launch GH-1 --now --json"];
    for command in commands {
        let error = env.baton(command).exits(11).error();
        let told = (&error["code"], &error["retryable"]);
        assert_eq!(told, (&json!("tracker_rate_limited"), &json!(true)), "{command}: {error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(" before 20")), "{command}: {error}");
    }
    env.baton("run --once").exits(11);
    assert!(env.baton("status").ok().stdout.contains("no request to "));
    assert_eq!(fake.take_lines(), [""; 0]);
    assert_eq!(env.runs_begun(), ["GH-1.1"]);

    env.agent("true");
    env.command("run --until-idle").later(HOUR + 60_000).run().ok();
    assert_eq!((env.status_word("GH-1"), env.runs_begun().len()), ("done".to_owned(), 2));
}

#[test]
fn a_quota_that_is_used_up_is_not_overdrawn() {
    let fake = Github::start();
    fake.change(|github| github.add(1, &[]));
    let env = fake.project("", "");
    let last = Reply::json(200, &json!([])).header("x-ratelimit-remaining", 0).header("x-ratelimit-reset", 1800);
    fake.script("GET /repos", last);
    let poll = env.baton("poll --json").json();
    assert_eq!(poll["traffic"]["quota"]["remaining"], 0);
    assert_eq!(poll["traffic"]["next_poll_at"], poll["traffic"]["quota"]["reset_at"]);
    fake.take_calls();
    env.baton("poll").exits(11);
    assert_eq!(fake.take_lines(), [""; 0]);
}

#[test]
fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
    let fake = Github::start();
    fake.change(|github| github.add(1, &[]));
    let env = fake.project("", "");
    fake.script("GET /repos", Reply::text(502, "<html>bad gateway</html>"));
    assert_eq!(env.baton("poll --json").json()["traffic"]["requests"], 2);
    fake.take_calls();
    fake.script("POST /repos/o/r/issues/1/comments", Reply::text(502, ""));
    env.baton(["issue", "comment", "GH-1", "hello"]).exits(11);
    let posts = fake.take_lines().into_iter().filter(|line| line.starts_with("POST /repos")).count();
    assert_eq!((posts, fake.change(|github| github.comments(1).len())), (1, 0), "a comment is not sent twice");
}

#[test]
fn a_server_that_is_away_stops_nothing() {
    let mut fake = Github::start();
    fake.change(|github| github.add(1, &[]));
    let env = fake.project("", "");
    env.agent("hold");
    env.baton("dispatch").ok();
    env.agent_holds("GH-1");
    fake.stop();
    let error = env.baton("poll --json").exits(11).error();
    assert_eq!((&error["code"], &error["retryable"]), (&json!("tracker_request"), &json!(true)));
    let what = format!("no answer from {} (GET /repos/o/r/issues)", fake.url());
    let refused = "Connection refused (os error 111)";
    assert_eq!((&error["message"], &error["causes"]), (&json!(what), &json!([refused])));
    let status = env.baton("status").ok().stdout;
    assert!(status.contains(&format!(": {what}: {refused}")), "{status}");
    env.baton("reconcile").exits(11);
    assert_eq!(env.status_word("GH-1"), "running");
}

#[test]
fn a_page_instead_of_an_answer_asks_for_the_address() {
    let fake = Github::start();
    let env = fake.project("", "");
    fake.script("GET /repos", Reply::text(200, "\n<html>Please log in"));
    let error = env.baton("poll --json").exits(11).error();
    let says = "a page for people and no JSON; is the address in `tracker.provider` that of the API?";
    assert_eq!(error["message"], format!("GET /repos/o/r/issues: {says}"));
}

#[test]
fn nonsense_is_a_failure_and_not_no_issues() {
    let fake = Github::start();
    fake.change(|github| github.add(1, &[]));
    let env = fake.project("", "");
    env.baton("poll").ok();
    for (reply, code) in [
        (Reply::json(200, &json!({ "message": "hm" })), "tracker_response"),
        (Reply::text(200, "<html>"), "tracker_response"),
        (
            Reply::json(422, &json!({ "message": "Validation Failed", "errors": [{ "message": "bad" }] })),
            "tracker_status",
        ),
        (Reply::json(200, &json!([])).header("link", "<nowhere>; rel=\"next\""), "tracker_pagination"),
        (Reply::json(200, &json!([])).header("link", "<https://example.com/x>; rel=\"next\""), "tracker_response"),
        (Reply::text(302, "").header("location", "https://example.com/x"), "tracker_response"),
    ] {
        fake.script("GET /repos", reply);
        assert_eq!(env.baton("poll --json").exits(11).error()["code"], code);
    }
    assert_eq!(env.status_word("GH-1"), "idle");
}
