//! Damage is scoped: one issue's is its own.

use std::fs;

use serde_json::Value;

use crate::env::{TestEnv, codes, texts};

/// A, whose manifest of this kind is damaged, beside B.
fn damaged(manifest: &str) -> TestEnv {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "");
    env.baton("poll").ok();
    // Long enough ago that no hint of it is left to be rolled forward.
    let path = env.store(manifest);
    let text = fs::read_to_string(&path).expect("a manifest");
    fs::write(&path, text.replacen("\"A\"", "\"Z\"", 1)).expect("written");
    env
}

#[test]
fn a_damaged_manifest_makes_that_issue_unusable_and_no_other() {
    let env = damaged("work/A.json");
    let status = env.baton("status --json").json();
    assert_eq!(texts(&status["idle"], "identifier"), ["B"]);
    assert!(status["damaged"][0].to_string().contains("work/A"), "{status}");
    env.baton("status --check").exits(8);
    let poll = env.baton("poll --json").json();
    assert_eq!(texts(&poll["queue"], "identifier"), ["B"]);
    let told = format!("{}{}", poll["waiting"], poll["problems"]);
    assert!(told.contains("damaged") && told.contains('A'), "{poll}");
    env.baton("worker launch A --json").exits(7);
    assert_eq!(env.baton("dispatch --wait").ok().stdout, "B.1\n");
    assert!(env.turns().iter().all(|turn| turn.starts_with("B ")));
}

#[test]
fn a_manifest_ahead_of_the_journal_says_that_the_journal_lost_its_end() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    fs::remove_file(env.store("applied")).expect("removed");
    env.bash("sed -i '$ d' .baton/journal/*.jsonl").ok();
    env.baton("poll").exits(7);
}

#[test]
fn a_journal_without_its_format_is_damage_and_not_an_empty_store() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    fs::remove_file(env.store("FORMAT")).expect("removed");
    env.writing_nothing(|| {
        for args in ["status", "poll", "dispatch", "run --once"] {
            env.baton(args).exits(7);
        }
    });
}

#[test]
fn lost_hints_are_rebuilt_from_the_journal() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("worker launch A --wait").ok();
    let before: Value = env.status("A");
    fs::remove_file(env.store("applied")).expect("removed");
    fs::remove_file(env.store("polled")).expect("removed");
    let again = env.status("A");
    assert_eq!((&again["status"], &again["runs"]), (&before["status"], &before["runs"]));
    env.issue("B", "");
    env.baton("dispatch --wait").ok();
    assert_eq!(env.status_word("B"), "done");
}

#[test]
fn a_file_that_git_put_back_waits_for_a_person() {
    let env = TestEnv::new();
    env.issue("A", "updated_at: 2026-01-01T00:00:00Z");
    env.baton("poll").ok();
    let old = fs::read_to_string(env.path("p/issues/A.md")).expect("text");
    env.workflow("tracker:\n  kind: local\n  handoff_state: Done\n");
    env.agent("echo work > work");
    env.baton("worker launch A --wait").ok();
    assert_eq!(env.state("A"), "Done");
    env.put_issue("A", &old);
    env.command("poll").later(10_000).run().ok();
    let why = env.status("A")["why"].clone();
    assert_eq!(codes(&why), ["blocked", "tracker_reverted"], "{why}");
    env.baton("retry A").ok();
    assert_eq!(env.status_word("A"), "idle");
}
