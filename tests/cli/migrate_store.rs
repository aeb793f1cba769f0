//! `baton migrate-store`: older formats, other tools' workspaces and conversations.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::env::{TestEnv, skip, texts};

/// A store of format 0, as its last writer left it: A is done, D waits, and the worker of E died.
fn format_0() -> TestEnv {
    let env = TestEnv::new();
    env.workflow("agent:\n  max_retry_backoff_ms: 50\n");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format-0");
    env.bash(&format!("cp -r '{}' .baton", data.display())).ok();
    env.issue("A", "state: Done");
    env.issue("D", "state: In Progress");
    env.issue("E", "");
    env
}

/// Everything in a directory, but for what changes by being looked at.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let all = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().flatten();
    all.filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().to_owned(), fs::read(entry.path()).expect("a file")))
        .collect()
}

/// The old store has all that it had, and goes on from there.
fn goes_on(env: &TestEnv, what: &str) {
    env.baton("doctor --store").ok();
    assert_eq!((env.status_word("A"), env.status_word("D")), ("done".to_owned(), "idle".to_owned()), "{what}");
    assert_eq!(env.outcome("A.1"), "succeeded", "{what}");
    assert!(env.store("runs/E.1/agent.log").exists(), "{what}");
    let recovered = env.baton("recover --json").json();
    assert_eq!(
        (&recovered["actions"][0]["run"], env.outcome("E.1")),
        (&"E.1".into(), "interrupted".to_owned()),
        "{what}"
    );
    env.baton("run --until-idle").ok();
    assert_eq!((env.status_word("D"), env.status_word("E")), ("done".to_owned(), "done".to_owned()), "{what}");
    assert_eq!(env.runs_begun(), ["D.1", "E.2"], "{what}: no run number is given twice");
    env.baton("doctor --store").ok();
}

#[test]
fn a_store_of_format_0_is_refused_planned_migrated_and_used() {
    let env = format_0();
    for args in ["status", "poll", "dispatch", "recover"] {
        let error = env.baton(format!("{args} --json").as_str()).exits(7).error();
        assert_eq!(error["code"], "store_older", "{args}");
        assert!(error["hints"][0].as_str().expect("text").contains("migrate-store"), "{args}");
    }
    let before = files(&env.store(""));
    let plan = env.baton("migrate-store --dry-run --json").json();
    assert_eq!((&plan["from"], &plan["to"], &plan["required"]), (&"0.0".into(), &"1.0".into(), &true.into()));
    env.baton("migrate-store --dry-run --exit-code").exits(3);
    assert_eq!(files(&env.store("")), before, "nothing was done");
    let done = env.baton("migrate-store --json").json();
    assert_eq!(done["steps"], plan["steps"]);
    let backup = env.store("backup-format-0");
    assert_eq!(done["backups"], json!([backup]));
    for (path, bytes) in &before {
        let copy = backup.join(path.strip_prefix(env.store("")).expect("a path"));
        assert!(
            fs::read(&copy).ok().as_ref() == Some(bytes) || path.ends_with("agent.log") || path.ends_with("lifeline"),
            "{}",
            copy.display()
        );
    }
    let again = env.writing_nothing(|| env.baton("migrate-store --json").json());
    assert_eq!((&again["from"], &again["required"], &again["steps"]), (&"1.0".into(), &false.into(), &json!([])));
    goes_on(&env, "at once");
}

#[test]
fn a_migration_killed_before_any_operation_is_begun_again() {
    if !cfg!(debug_assertions) {
        return skip("the program has no crash points");
    }
    for n in 1..400 {
        let env = format_0();
        let killed = env.command("migrate-store").env("BATON_CRASH_AT", n.to_string()).run().code() == 137;
        if killed {
            // Until FORMAT says otherwise it is the old store, and afterwards the new one.
            let code = env.baton("status").code();
            assert!(code == 7 || code == 0, "operation {n}: {code}");
        }
        env.baton("migrate-store").ok();
        if n % 40 == 1 || !killed {
            goes_on(&env, &format!("operation {n}"));
        } else {
            env.baton("doctor --store").ok();
            assert_eq!(texts(&env.baton("status --json").json()["running"], "identifier"), ["E"], "operation {n}");
        }
        if !killed {
            assert!(n > 60, "{n}");
            return;
        }
    }
    panic!("it never comes to its end");
}

#[test]
fn what_is_newer_or_cannot_be_read_is_left_alone() {
    let env = format_0();
    fs::write(env.store("work/D.json"), "scribble").expect("written");
    let before = files(&env.store(""));
    let error = env.baton("migrate-store --json").exits(7).error();
    assert_eq!(error["code"], "document_damaged");
    assert!(error["message"].as_str().expect("text").contains("work/D.json"), "{error}");
    fs::write(env.store("work/D.json"), &before.iter().find(|(path, _)| path.ends_with("work/D.json")).expect("D").1)
        .expect("written");
    fs::write(env.store("FORMAT"), r#"{"store":"x","format":{"major":2,"minor":0}}"#).expect("written");
    assert_eq!(env.baton("migrate-store --json").exits(7).error()["code"], "store_newer");
    assert!(!env.store("journal").exists());
}

#[test]
fn while_a_run_is_live_nothing_is_migrated() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    fs::create_dir(env.path("old")).expect("made");
    let error = env.baton("migrate-store --from ../old --json").exits(6).error();
    assert_eq!((&error["code"], &error["retryable"]), (&"live_run".into(), &true.into()));
    env.go_on("A");
    env.outcome("A.1");
    env.baton("migrate-store --from ../old").ok();
}

/// A workspace as OpenSymphony leaves it. `run`: what its run.json says.
fn workspace(root: &Path, key: &str, identifier: &str, state: &str, run: &str) -> PathBuf {
    let path = root.join(key);
    fs::create_dir_all(path.join(".opensymphony")).expect("made");
    fs::write(path.join("work"), "mine").expect("written");
    let issue = json!({
        "issue_id": identifier, "identifier": identifier, "title": format!("Title of {identifier}"),
        "current_state": state, "sanitized_workspace_key": key, "workspace_path": path,
        "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z",
    });
    fs::write(path.join(".opensymphony/issue.json"), issue.to_string()).expect("written");
    fs::write(path.join(".opensymphony/run.json"), json!({ "status": run }).to_string()).expect("written");
    path
}

fn conversation(workspace: &Path, id: &str) {
    let text = json!({ "conversation_id": id, "reuse_policy": "per_issue" }).to_string();
    fs::write(workspace.join(".opensymphony/conversation.json"), text).expect("written");
}

#[test]
fn workspaces_of_another_root_are_taken_over_where_they_are() {
    let env = TestEnv::new();
    let old = env.path("old");
    workspace(&old, "A", "A", "Todo", "succeeded");
    workspace(&old, "T_1", "T/1", "Todo", "failed");
    let run = json!({ "run_id": "r-7", "attempt": 2, "status": "failed", "status_detail": "it broke", "hooks": [] });
    fs::write(old.join("A/.opensymphony/run.json"), run.to_string()).expect("written");
    let receipt = json!({
        "kind": "after_create", "command": "make", "cwd": old, "best_effort": false, "status": "succeeded",
        "started_at": "2026-01-02T03:04:05Z", "finished_at": "2026-01-02T03:04:06Z", "duration_ms": 1000,
        "exit_code": 0, "stdout": "made\n",
    });
    fs::write(old.join("A/.opensymphony.after_create.json"), receipt.to_string()).expect("written");
    conversation(&old.join("A"), IDS[0]);
    fs::create_dir_all(old.join("B")).expect("made");
    fs::create_dir_all(old.join("nobody")).expect("made");
    fs::create_dir_all(old.join(".hidden")).expect("made");
    let foreign = workspace(&old, "copy", "Z", "Todo", "failed");
    fs::rename(foreign, old.join("moved")).expect("renamed");
    env.workflow(&format!("workspace:\n  root: {}\n", old.display()));
    env.issue("A", "");
    env.issue("B", "");
    env.baton("poll").ok();
    let plan = env.writing_nothing(|| env.baton("migrate-store --from ../old --dry-run --json").json());
    let done = env.baton("migrate-store --from ../old --json").json();
    assert_eq!((&done["steps"], &done["workspaces"]), (&plan["steps"], &plan["workspaces"]));
    let counts = &done["workspaces"];
    assert_eq!(
        (&counts["imported"], &counts["skipped_without_manifest"], &counts["skipped_invalid_manifest"]),
        (&3.into(), &1.into(), &1.into())
    );
    let again = env.writing_nothing(|| env.baton("migrate-store --from ../old --json").json());
    assert_eq!(
        (&again["workspaces"]["imported"], &again["workspaces"]["already_imported"], &again["steps"]),
        (&0.into(), &3.into(), &json!([]))
    );
    let taken = env.status("A");
    assert_eq!((&taken["attempts"]["restart_count"], &taken["workspace"]["path"]), (&1.into(), &json!(old.join("A"))));
    let events = env.baton("events --json").ok().ndjson();
    let imported = events.iter().find(|it| it["type"] == "workspace.imported" && it["issue"] == "A").expect("an event");
    assert_eq!(
        (&imported["data"]["last_run"]["id"], &imported["data"]["last_run"]["detail"]),
        (&"r-7".into(), &"it broke".into())
    );
    let session: Value =
        serde_json::from_str(&fs::read_to_string(env.store("sessions/A.json")).expect("a session")).expect("JSON");
    assert_eq!((&session["data"]["agent"], &session["data"]["thread_id"]), (&"openhands".into(), &IDS[0].into()));
    assert_eq!(env.baton("workspace ensure A").line(), old.join("A").display().to_string());
    assert_eq!(fs::read_to_string(old.join("A/work")).expect("text"), "mine");
    assert_eq!(
        env.baton(["workspace", "path", "T/1"]).line(),
        old.join("T_1").display().to_string(),
        "its path is kept by record"
    );
    env.baton("doctor --store").ok();
}

#[test]
fn an_old_daemon_that_may_be_running_is_named() {
    let env = TestEnv::new();
    workspace(&env.path("old"), "A", "A", "Todo", "running");
    let plan = env.baton("migrate-store --from ../old --dry-run --json").json();
    assert_eq!(plan["workspaces"]["had_in_flight_run"], 1);
    let error = env.baton("migrate-store --from ../old --json").exits(6).error();
    assert_eq!(error["code"], "old_daemon");
    assert!(error["hints"][0].as_str().expect("text").starts_with("stop the `opensymphony` daemon of "), "{error}");
    let done = env.baton("migrate-store --from ../old --daemon-stopped --json").json();
    assert_eq!(done["workspaces"]["imported"], 1);
}

const IDS: [&str; 5] = [
    "dd258bb7-cc1b-415c-9892-e19af34a2e61",
    "dd258bb7-cc1b-415c-9892-e19af34a2e62",
    "dd258bb7-cc1b-415c-9892-e19af34a2e63",
    "dd258bb7-cc1b-415c-9892-e19af34a2e64",
    "dd258bb7-cc1b-415c-9892-e19af34a2e65",
];

fn compact(id: &str) -> String {
    id.replace('-', "")
}

/// Issues in every state, their workspaces, and a flat directory of conversations.
fn conversations() -> TestEnv {
    let env = TestEnv::new();
    let (old, flat) = (env.path("old"), env.path("conversations"));
    env.workflow(&format!("workspace:\n  root: {}\n", old.display()));
    for (name, state) in [
        ("A1", "Todo"),
        ("A2", "Todo"),
        ("A3", "Todo"),
        ("A4", "Todo"),
        ("D1", "Done"),
        ("D2", "Done"),
        ("B1", "Backlog"),
    ] {
        workspace(&old, name, name, state, "succeeded");
        env.issue(name, &format!("state: {state}"));
    }
    env.issue("A5", "");
    for (name, id) in [("A1", IDS[0]), ("A2", IDS[1]), ("D1", IDS[2]), ("D2", IDS[3]), ("B1", IDS[4])] {
        conversation(&old.join(name), id);
    }
    fs::write(old.join("A3/.opensymphony/conversation.json"), "{").expect("written");
    for (name, text) in [(compact(IDS[0]), "of A1"), (IDS[2].to_owned(), "of D1"), (compact(IDS[4]), "of B1")] {
        fs::create_dir_all(flat.join(&name)).expect("made");
        fs::write(flat.join(name).join("log"), text).expect("written");
    }
    env.baton("poll").ok();
    env
}

const MIGRATE: &str = "migrate-store --from ../old --conversations ../conversations";

/// The one repository's folder.
fn sorted(env: &TestEnv) -> PathBuf {
    let repositories = fs::read_dir(env.path("conversations/repos")).expect("a directory").flatten();
    let all: Vec<PathBuf> = repositories.map(|entry| entry.path()).collect();
    assert_eq!(all.len(), 1);
    all[0].clone()
}

fn are_sorted(env: &TestEnv, what: &str) {
    let repository = sorted(env);
    let text = |path: PathBuf| fs::read_to_string(path.join("log")).unwrap_or_default();
    assert_eq!(text(repository.join("active").join(compact(IDS[0]))), "of A1", "{what}");
    assert_eq!(text(repository.join("archived").join(compact(IDS[2]))), "of D1", "{what}");
    assert_eq!(text(env.path("conversations").join(compact(IDS[4]))), "of B1", "{what}: neither active nor terminal");
    let count = |name: &str| fs::read_dir(repository.join(name)).expect("a directory").count();
    assert_eq!((count("active"), count("archived")), (1, 1), "{what}");
}

#[test]
fn conversations_go_where_their_issues_are() {
    let env = conversations();
    let plan = env.writing_nothing(|| env.baton(format!("{MIGRATE} --dry-run --json").as_str()).json());
    assert!(!env.path("conversations/repos").exists());
    // What a plan cannot know is which workspaces the import before it brings.
    assert_eq!(plan["workspaces"]["imported"], 7);
    let done = env.baton(format!("{MIGRATE} --json").as_str()).json();
    let expected: [(&str, Value); 2] = [
        (
            "active",
            json!({"moved": 1, "already_active": 0, "missing": 1, "skipped_without_workspace": 1, "skipped_without_manifest": 1, "skipped_invalid_manifest": 1}),
        ),
        (
            "legacy",
            json!({"moved_to_archived": 1, "already_archived": 0, "missing": 1, "skipped_non_terminal": 5, "skipped_without_manifest": 0, "skipped_invalid_manifest": 0}),
        ),
    ];
    for (name, counts) in &expected {
        assert_eq!(done[name], *counts, "{name}");
        assert_eq!(plan[name], *counts, "{name}, planned");
    }
    are_sorted(&env, "at once");
    let before = files(&env.path("conversations"));
    let again = env.writing_nothing(|| env.baton(format!("{MIGRATE} --json").as_str()).json());
    assert_eq!(
        (&again["active"]["moved"], &again["active"]["already_active"], &again["legacy"]["already_archived"]),
        (&0.into(), &1.into(), &1.into())
    );
    assert_eq!((&again["steps"], files(&env.path("conversations"))), (&json!([]), before));
}

#[test]
fn conversations_killed_on_their_way_arrive() {
    if !cfg!(debug_assertions) {
        return skip("the program has no crash points");
    }
    for n in 1..200 {
        let env = conversations();
        let killed = env.command(MIGRATE).env("BATON_CRASH_AT", n.to_string()).run().code() == 137;
        env.baton(MIGRATE).ok();
        are_sorted(&env, &format!("operation {n}"));
        if !killed {
            assert!(n > 10, "{n}");
            return;
        }
    }
    panic!("it never comes to its end");
}
