//! `baton doctor`: what works, what does not, and what is damaged where.

use std::fs;

use serde_json::Value;

use crate::env::{TestEnv, texts};

fn check<'v>(report: &'v Value, name: &str) -> &'v Value {
    report["checks"].as_array().expect("checks").iter().find(|check| check["name"] == name).expect("a check")
}

/// A store with some history.
fn lived() -> TestEnv {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "");
    env.baton("run --until-idle").ok();
    env
}

/// The first segment of the journal.
fn segment(env: &TestEnv) -> std::path::PathBuf {
    env.store("journal/00000000000001.jsonl")
}

#[test]
fn it_explains_what_is_there_and_changes_nothing() {
    let env = TestEnv::new();
    let report = env.baton("doctor --json").json();
    assert!(check(&report, "store")["message"].as_str().expect("text").starts_with("none yet"), "{report}");
    assert!(!env.store("").exists());
    env.issue("A", "");
    env.baton("poll").ok();
    let report = env.writing_nothing(|| env.baton("doctor --json").json());
    for name in ["workflow", "store", "shell", "git", "agent", "tracker", "workspaces", "disk"] {
        assert_eq!(check(&report, name)["status"], "ok", "{report}");
    }
    assert_eq!(check(&report, "tracker")["message"], "local: 1 active issue");
    assert!(report["store"].is_null(), "not asked for");
    assert!(env.baton("doctor").ok().stdout.contains("tracker     ok      local: 1 active issue"));
}

#[test]
fn what_does_not_work_is_named_and_decides_the_exit_code() {
    let env = TestEnv::new();
    env.workflow("workspace:\n  mode: worktree\n");
    let done = env.baton("doctor --json").exits(12);
    assert_eq!(check(&done.any_json(), "git")["status"], "failed");
    assert_eq!(done.error()["code"], "not_a_repository");
    fs::remove_dir(env.path("p/issues")).expect("removed");
    env.workflow("");
    assert_eq!(check(&env.baton("doctor --json").exits(11).any_json(), "tracker")["status"], "failed");
    fs::create_dir(env.path("p/issues")).expect("made");
    let good = fs::read_to_string(env.path("p/WORKFLOW.md")).expect("read");
    fs::write(env.path("p/WORKFLOW.md"), format!("{good}\n{{{{ issue.titel }}}}\n")).expect("written");
    let done = env.baton("doctor --json").exits(10);
    assert_eq!(check(&done.any_json(), "workflow")["status"], "failed");
    assert_eq!(done.error()["code"], "template_render_error", "every run would fail by it");
    fs::write(env.path("p/WORKFLOW.md"), "---\ntracker: [\n---\n").expect("written");
    let done = env.baton("doctor --json").exits(10);
    assert_eq!(
        (&check(&done.any_json(), "workflow")["status"], &check(&done.any_json(), "tracker")["status"]),
        (&"failed".into(), &"skipped".into())
    );
}

#[test]
fn a_whole_store_is_counted() {
    let env = lived();
    let report = env.writing_nothing(|| env.baton("doctor --store --json").json());
    let store = &report["store"];
    assert_eq!(
        (&store["findings"], &store["segments"], &store["lifelines"]),
        (&Value::Array(Vec::new()), &1.into(), &0.into())
    );
    let events = env.baton("events --json").ok().ndjson();
    assert_eq!(store["events"], events.len() - 1, "the last line is the cursor");
    assert!(env.baton("doctor --store").ok().stdout.ends_with("no damage\n"));
    // The name of a store is a wish to have it checked too.
    assert!(env.baton("doctor --store .baton --json").json()["store"].is_object());
    assert_eq!(env.baton("poll --json --store").exits(2).error()["message"], "a value is required for `--store <DIR>`");
}

#[test]
fn a_flipped_byte_anywhere_in_the_journal_is_found_with_its_line_and_byte() {
    let env = lived();
    let path = segment(&env);
    let whole = fs::read(&path).expect("a journal");
    let line_at = |at: usize| whole[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    let last_line = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("lines") + 1;
    for at in (0..last_line - 1).step_by(whole.len() / 12) {
        let mut bad = whole.clone();
        bad[at] ^= 0x01;
        fs::write(&path, &bad).expect("written");
        let done = env.baton("doctor --store --json").exits(7);
        let report = done.any_json();
        let found = report["store"]["findings"].as_array().expect("findings");
        let expected = line_at(at);
        assert_eq!(
            (&found[0]["line"], &found[0]["code"]),
            (&expected.into(), &"bad_line".into()),
            "byte {at}: {found:?}"
        );
        let start = whole[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        assert_eq!(found[0]["byte"], start);
        assert!(done.error()["message"].as_str().expect("text").contains(&format!("line {expected} byte {start}")));
    }
    fs::write(&path, whole).expect("written");
    env.baton("doctor --store").ok();
}

#[test]
fn a_torn_tail_is_cut_off_by_repair_and_its_bytes_are_kept() {
    let env = lived();
    let path = segment(&env);
    let whole = fs::read(&path).expect("a journal");
    fs::write(&path, [&whole[..], b"{\"sum\":\"0123"].concat()).expect("written");
    let plan = env.writing_nothing(|| env.baton("doctor --repair --dry-run --json").exits(7).any_json());
    let found = &plan["store"]["findings"][0];
    assert_eq!(
        (&found["code"], &found["repair"], &found["byte"]),
        (&"torn_tail".into(), &"truncate".into(), &whole.len().into())
    );
    let report = env.baton("doctor --repair --json").json();
    assert_eq!(report["store"]["repaired"][0]["done"], "truncated");
    assert_eq!(fs::read(&path).expect("a journal"), whole);
    let kept = fs::read_dir(env.store("damaged")).expect("a directory").flatten().next().expect("a file");
    assert_eq!(fs::read(kept.path()).expect("bytes"), b"{\"sum\":\"0123");
    env.writing_nothing(|| env.baton("doctor --repair").ok());
}

#[test]
fn damaged_manifests_are_put_aside_and_written_again_from_the_journal() {
    let env = lived();
    let path = env.store("work/A.json");
    let whole = fs::read_to_string(&path).expect("a manifest");
    for damage in ["", "scribble", &whole.replacen("\"A\"", "\"Z\"", 1)] {
        fs::write(&path, damage).expect("written");
        let done = env.baton("doctor --store --json").exits(7);
        assert_eq!(done.any_json()["store"]["findings"][0]["document"], "work/A");
        let report = env.baton("doctor --repair --json").json();
        assert_eq!(report["store"]["repaired"][0]["done"], "restored", "{report}");
        assert_eq!(fs::read_to_string(&path).expect("a manifest"), whole);
    }
    let mut kept: Vec<String> = fs::read_dir(env.store("damaged"))
        .expect("a directory")
        .flatten()
        .map(|entry| fs::read_to_string(entry.path()).expect("text"))
        .collect();
    kept.sort();
    let mut expected = vec!["scribble".to_owned(), whole.replacen("\"A\"", "\"Z\"", 1)];
    expected.sort();
    assert_eq!(kept, expected, "an empty file has no bytes to keep");
    fs::remove_file(&path).expect("removed");
    fs::write(env.store("work/X.json"), "mine").expect("written");
    let report = env.baton("doctor --repair --json").json();
    assert_eq!(texts(&report["store"]["repaired"], "done"), ["restored", "removed"]);
    assert!(path.exists() && !env.store("work/X.json").exists());
}

#[test]
fn claims_without_a_worker_and_without_a_lifeline_are_told_apart() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    let report = env.writing_nothing(|| env.baton("doctor --store --json").json());
    assert_eq!((&report["store"]["lifelines"], &report["store"]["dead"]), (&1.into(), &Value::Array(Vec::new())));
    fs::remove_file(env.store("runs/A.1/lifeline")).expect("removed");
    let done = env.baton("doctor --store --json").exits(7);
    assert_eq!(done.any_json()["store"]["findings"][0]["code"], "lifeline_missing");
    env.go_on("A");
    env.outcome("A.1");
    env.baton("doctor --store").ok();
}

#[test]
fn a_store_that_is_written_all_the_while_has_no_damage() {
    let env = TestEnv::new();
    for n in 1..=6 {
        env.issue(&format!("A-{n}"), "");
    }
    let mut run = env.start("run --until-idle");
    while !run.has_ended() {
        if env.store("FORMAT").exists() {
            env.baton("doctor --store").ok();
        }
    }
    env.baton("doctor --store").ok();
}
