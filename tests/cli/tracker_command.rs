//! `tracker.kind: command` and `baton-tracker-NAME`: programs as trackers.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::env::{TestEnv, codes, is_alive, texts, wait_until};

/// The example of docs/trackers.md, as a reader saves it.
fn documented() -> &'static str {
    let page = include_str!("../../docs/trackers.md");
    let script = page.split("```bash\n").find(|block| block.contains("tracker.sh:")).expect("the example");
    script.split("```").next().expect("its end")
}

/// A project whose tracker is the documented script, with these lines as its issues.
fn project(provider: &str, more: &str, issues: &str) -> TestEnv {
    let env = TestEnv::new();
    env.workflow(&format!("tracker:\n  kind: command\n  provider:\n    command: ./tracker.sh\n{provider}{more}"));
    fs::write(env.path("p/issues.jsonl"), issues).expect("issues");
    tracker(&env, documented());
    env
}

/// Another script.
fn tracker(env: &TestEnv, script: &str) {
    let path = env.path("p/tracker.sh");
    fs::write(&path, script).expect("a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

const TWO: &str = r#"{"id":"A-1","title":"Say hello","state":"Todo","labels":["Bug"],"description":"In a file."}
{"id":"A-2","title":"After it","state":"Todo","blocked_by":["A-1"]}
"#;

#[test]
fn the_documented_program_is_a_tracker_from_poll_to_done() {
    let env = project("", "  handoff_state: Done\n", TWO);
    env.agent("echo hello > hello");
    let poll = env.baton("poll --json").json();
    assert_eq!((texts(&poll["queue"], "identifier"), &poll["tracker"]), (vec!["A-1"], &json!("command")));
    assert_eq!(codes(&poll["waiting"][0]["reasons"]), ["blocked_by_issue"]);
    assert_eq!(poll["traffic"]["requests"], 1);
    assert_eq!(env.writing_nothing(|| env.baton("poll --json").json())["changed"], 0);
    env.baton("run --until-idle").ok();
    assert_eq!((env.status_word("A-1"), env.status_word("A-2")), ("done".to_owned(), "done".to_owned()));
    assert_eq!(env.turns().len(), 2, "the second one when the first one was done");
    let states = env.bash("jq -r .state issues.jsonl").ok().stdout;
    assert_eq!(states, "Done\nDone\n");
}

#[test]
fn people_and_agents_write_through_it() {
    let env = project("", "", TWO);
    env.baton(["issue", "comment", "A-1", "it's \"quoted\"\nand long"]).ok();
    env.baton("issue edit a-1 --state Closed").ok();
    env.baton("issue edit A-1 --state Closed").ok();
    let shown = env.baton("issue show A-1 --json").json();
    assert_eq!(
        (&shown["state"], texts(&shown["comments"], "body")),
        (&json!("Closed"), vec!["it's \"quoted\"\nand long"])
    );
    assert_eq!(texts(&env.baton("issue list --all --json").json()["issues"], "identifier").len(), 2);
    for command in ["issue edit A-1 --title X", "issue create X"] {
        assert_eq!(env.baton([command, "--json"].join(" ").as_str()).exits(5).error()["code"], "tracker_unsupported");
    }
    env.baton("issue show A-3").exits(4);
}

#[test]
fn a_program_that_knows_two_verbs_is_enough() {
    let env = project("", "", TWO);
    let only = documented().replace("all) jq", "other) jq").replace("comments)", "other)").replace("state)", "other)");
    tracker(&env, &only);
    env.agent("hold");
    assert_eq!(env.baton("issue show A-1 --json").json()["comments"], json!(null));
    assert_eq!(env.baton("issue edit A-1 --state Done --json").exits(5).error()["code"], "tracker_unsupported");
    assert_eq!(env.baton("issue list --all --json").exits(5).error()["code"], "tracker_unsupported");
    env.baton("poll").ok();
    env.baton("dispatch").ok();
    env.agent_holds("A-1");
    fs::write(env.path("p/issues.jsonl"), "").expect("gone");
    assert_eq!(texts(&env.baton("reconcile --json").json()["stopped"], "identifier"), ["A-1"]);
}

#[test]
fn a_program_on_path_is_a_tracker_of_its_own_kind() {
    let env = TestEnv::new();
    env.workflow("tracker:\n  kind: shop\n  provider:\n    project: p\n    token: $SHOP_TOKEN\n    password: literal\n  handoff_state: Done\n");
    let error = env.baton("poll").exits(10).stderr;
    for words in
        ["WORKFLOW.md:7: tracker.kind is \"shop\"", ", command, ", "no program `baton-tracker-shop` is on PATH"]
    {
        assert!(error.contains(words), "{error}");
    }
    fs::write(env.path("p/issues.jsonl"), TWO.lines().next().expect("one")).expect("issues");
    let script = documented().replace("verb=$1\n", "verb=$1\necho \"$BATON_TRACKER_KIND $BATON_TRACKER_PROVIDER $SHOP_TOKEN $PWD\" > \"$TEST_ROOT/said/tracker\"\n");
    env.program_on_path("baton-tracker-shop", &script);
    env.agent("env > $TEST_ROOT/said/agent");
    let poll = env.command("poll --json").env("SHOP_TOKEN", "s3cret").run().json();
    assert_eq!(poll["tracker"], "shop");
    let said = env.said_lines("tracker").concat();
    assert!(
        said.starts_with(
            "shop {\"project\":\"p\",\"token\":\"$SHOP_TOKEN\",\"password\":\"(hidden by baton)\"} s3cret "
        ),
        "{said}"
    );
    assert!(said.ends_with("/p"), "{said}");
    env.command("run --until-idle").env("SHOP_TOKEN", "s3cret").run().ok();
    assert_eq!(env.status_word("A-1"), "done");
    let inherited = env.said_lines("agent").join("\n");
    assert!(inherited.contains("BATON_RUN=A-1.1") && !inherited.contains("s3cret"), "{inherited}");
}

#[test]
fn every_end_of_a_program_has_its_code_and_its_words() {
    let env = project("    timeout_ms: 3000\n    secrets: [SHOP_TOKEN]\n", "", TWO);
    for (script, exit, code, words) in [
        (
            "echo no >&2; echo \"with $SHOP_TOKEN\" >&2; exit 1",
            11,
            "tracker_status",
            "`./tracker.sh states`: status 1: with [redacted]",
        ),
        ("exit 64", 11, "tracker_response", "does not know it"),
        ("exit 65", 11, "tracker_response", "makes no sense"),
        ("exit 69", 11, "tracker_request", "not available"),
        ("kill -KILL $$", 11, "tracker_request", "ended by signal 9"),
        ("exit 78", 10, "invalid_tracker_config", "tracker.provider"),
        ("sleep 600", 11, "tracker_request", "within 3000 ms"),
        ("head -c 40000000 /dev/zero", 11, "tracker_response", "larger than"),
    ] {
        tracker(&env, &format!("#!/usr/bin/env bash\n{script}\n"));
        let error = env.command("poll --json").env("SHOP_TOKEN", "s3cret").run().exits(exit).error();
        let text = error.to_string();
        assert!(error["code"] == code && text.contains(words), "{script}: {text}");
    }
    assert_eq!(env.baton("status --json").json()["last_poll"]["ok"], false);
}

#[test]
fn a_program_does_not_outlive_a_poll_that_is_killed() {
    if !cfg!(target_os = "linux") {
        return crate::env::skip("no kernel but Linux tells a child that its parent is gone");
    }
    let env = project("", "", TWO);
    let pid = || env.said_lines("pid").first().and_then(|pid| pid.parse().ok());
    for script in [
        "echo $$ > $TEST_ROOT/said/pid; exec sleep 600",
        // One that ends what it started.
        "sleep 600 & trap 'kill $(jobs -p); exit 1' TERM; echo $! > $TEST_ROOT/said/pid; wait",
    ] {
        tracker(&env, &format!("#!/usr/bin/env bash\n{script}\n"));
        let poll = env.start("poll");
        wait_until("the program was called", || pid().is_some());
        let program = pid().expect("a number");
        assert!(is_alive(program));
        assert_eq!(poll.kill().code(), 137);
        wait_until("the program is gone", || !is_alive(program));
        fs::remove_file(env.said("pid")).expect("removed");
    }
}

#[test]
fn a_program_that_wants_to_be_left_alone_is() {
    let env = project("", "", TWO);
    tracker(
        &env,
        "#!/bin/sh\necho x >> \"$TEST_ROOT/said/calls\"\necho 'Retry-After: 120' >&2\necho slow >&2\nexit 75\n",
    );
    for _ in 0..2 {
        let error = env.baton("poll --json").exits(11).error();
        assert_eq!((&error["code"], &error["retryable"]), (&json!("tracker_rate_limited"), &json!(true)));
    }
    assert_eq!(env.said_lines("calls").len(), 1);
    tracker(&env, documented());
    env.baton("poll").exits(11);
    env.command("poll").later(130_000).run().ok();
}

#[test]
fn one_bad_line_hides_no_other_and_a_refresh_that_meets_it_fails() {
    let bad = format!(
        "{TWO}{{\"id\":\"A-3\",\"state\":\"Todo\"}}\n{{\"id\":\"A-4\",\"title\":\"T\",\"state\":\"Todo\",\"priority\":\"high\"}}\n"
    );
    let env = project("", "", &bad);
    tracker(&env, &documented().replace("ids) jq", "ids) [[ \"$*\" != *A-4* ]] || echo nonsense; jq"));
    let poll = env.baton("poll --json").json();
    assert_eq!(texts(&poll["queue"], "identifier"), ["A-1", "A-4"]);
    assert_eq!(
        texts(&poll["problems"], "message"),
        ["line 3: the record has no `title`", "line 4: `priority` cannot be used"]
    );
    env.agent("hold");
    env.baton("dispatch").ok();
    env.agent_holds("A-1");
    env.agent_holds("A-4");
    assert_eq!(env.baton("reconcile --json").any_json()["unknown"], json!(["A-4"]));
    assert_eq!((env.status_word("A-1"), env.status_word("A-4")), ("running".to_owned(), "running".to_owned()));
    let error = env.baton("issue show A-4 --json").exits(11).error();
    assert!(error["code"] == "tracker_response" && error.to_string().contains("line 1: no JSON"), "{error}");
}

#[test]
fn what_the_program_started_ends_with_its_time() {
    let env = project("    timeout_ms: 3000\n", "", TWO);
    tracker(
        &env,
        "#!/usr/bin/env bash\nsetsid -f bash -c 'echo $$ > $TEST_ROOT/said/stray; exec sleep 600'\nsleep 600\n",
    );
    env.baton("poll").exits(11);
    let stray: u32 = env.said_lines("stray")[0].parse().expect("a pid");
    assert!(!is_alive(stray));
}

#[test]
fn a_program_that_fails_for_a_while_stops_nobody() {
    let env = project("", "", TWO);
    env.agent("hold");
    env.baton("poll").ok();
    env.baton("dispatch").ok();
    env.agent_holds("A-1");
    tracker(&env, "#!/bin/sh\nexit 69\n");
    env.baton("poll").exits(11);
    env.baton("reconcile").exits(11);
    assert_eq!(env.status_word("A-1"), "running");
    tracker(&env, documented());
    env.baton("poll").ok();
    env.agent_of("A-1", "");
    env.go_on("A-1");
    wait_until("the run has ended", || env.status_word("A-1") != "running");
}

#[test]
fn an_issue_that_is_listed_and_not_shown_by_its_id_is_not_launched_without_end() {
    let env = project("", "", TWO);
    tracker(&env, &documented().replace("ids) jq -c 'select(", "ids) jq -c 'select(false and "));
    env.agent("true");
    env.baton("run --until-idle").ok();
    assert_eq!((env.turns().len(), env.status_word("A-1")), (1, "released".to_owned()));
    let poll = env.baton("poll --json").json();
    assert_eq!((texts(&poll["queue"], "identifier"), codes(&poll["problems"])), (vec![], vec!["listed_only"]));
    tracker(&env, documented());
    assert_eq!(texts(&env.baton("poll --json").json()["queue"], "identifier"), ["A-1"]);
}

#[test]
fn the_documented_program_knows_ids_that_are_numbers() {
    let env = project("", "  handoff_state: Done\n", r#"{"id":7,"title":"Say hello","state":"Todo"}"#);
    env.agent("echo hello > hello");
    env.baton("run --until-idle").ok();
    assert_eq!(env.status_word("7"), "done");
}
