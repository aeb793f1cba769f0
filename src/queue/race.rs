//! Eight processes that all want all of two hundred issues: each issue is claimed once.

use std::process::{Command, Stdio};

use serde_json::json;

use super::{Asked, Override, Policy, take};
use crate::model::{Issue, Key, RunId, Timestamp, Work};
use crate::store::{By, Kind, Options, Store};

const PROCESSES: u32 = 8;
const ISSUES: u32 = 200;
const ROOT: &str = "BATON_TEST_STORE";

fn at() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn by() -> By {
    By { command: "test".to_owned(), pid: std::process::id(), fence: None }
}

fn issue(n: u32) -> (Key, Issue) {
    let name = format!("ABC-{n}");
    let issue = json!({
        "id": format!("id-{name}"), "identifier": name, "title": "a title", "state": "Todo", "labels": [],
        "blocked_by": [], "dispatchable": true,
    });
    (name.parse().expect("a key"), serde_json::from_value(issue).expect("an issue"))
}

fn policy() -> Policy {
    Policy { max_concurrent: u32::MAX, ..super::testing::policy() }
}

/// Not a test of its own: what the processes of the test below run.
#[test]
#[ignore = "run by the test below"]
#[expect(clippy::disallowed_methods, reason = "this process is a test's child and is told so")]
fn child() {
    let root = std::env::var_os(ROOT).expect("the parent names the store");
    let store = Store::open(root.as_ref(), Options { lock_timeout: None, ..Options::default() }).expect("a store");
    // All begin at the same end, so that they meet at each issue.
    for n in 0..ISSUES {
        let (key, issue) = issue(n);
        let asked =
            Asked { key: &key, issue: &issue, asked_at: u64::MAX, agent: "command", overriding: Override::Nothing };
        // Whether it was there first, the store knows.
        let _ = take(&store, &by(), &asked, &policy(), at());
    }
}

#[test]
fn eight_processes_claim_each_of_two_hundred_issues_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join(".baton");
    let (store, _) = Store::open_or_create(&root, Options::default()).expect("a store");
    store
        .transact(at(), &by(), |tx| {
            for n in 0..ISSUES {
                let (key, issue) = issue(n);
                tx.put(&Work::new(key, issue.identifier, issue.id))?;
            }
            tx.event("issues.seen", None, None, json!({}));
            Ok::<_, crate::store::StoreError>(())
        })
        .expect("a transaction");
    let program = std::env::current_exe().expect("this program");
    let start = |_| {
        Command::new(&program)
            .args(["--ignored", "--exact", "queue::race::child"])
            .env(ROOT, &root)
            .stdout(Stdio::null())
            .spawn()
            .expect("a child")
    };
    for mut child in (0..PROCESSES).map(start).collect::<Vec<_>>() {
        assert!(child.wait().expect("an end").success());
    }
    let snapshot = store.snapshot(&[Kind::Work, Kind::Claims, Kind::Runs]).expect("a snapshot");
    assert_eq!(snapshot.names(Kind::Claims).count(), ISSUES as usize);
    let mut runs: Vec<RunId> = snapshot.names(Kind::Runs).map(|name| name.parse().expect("a run")).collect();
    runs.sort_by_key(ToString::to_string);
    assert!(runs.iter().all(|run| run.number == 1), "nobody tried twice");
    assert_eq!(runs.len(), ISSUES as usize);
    let events = store.events(0, usize::MAX).expect("events");
    assert_eq!(events.iter().filter(|event| event.kind == "run.claimed").count(), ISSUES as usize);
    assert!(snapshot.all::<Work>().iter().all(|work| work.claim().is_some() && work.last_run == 1));
}
