//! `--idempotency-key`: the same request is carried out once.

use std::fs;

use serde_json::Value;

use crate::env::TestEnv;

fn issue_files(env: &TestEnv) -> usize {
    let files = fs::read_dir(env.path("p/issues")).expect("issues").flatten();
    files.filter(|entry| entry.path().extension().is_some_and(|ext| ext == "md")).count()
}

fn receipts(env: &TestEnv) -> usize {
    fs::read_dir(env.store("receipts")).map_or(0, Iterator::count)
}

#[test]
fn a_launch_is_answered_alike_for_good() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    env.issue("B", "");
    let first = env.baton("worker launch A --idempotency-key k --json").ok().any_json();
    assert_eq!((&first["run"], &first["replayed"]), (&"A.1".into(), &false.into()));
    env.agent_holds("A");
    let again = env.baton("worker launch A --idempotency-key k --json").ok().any_json();
    assert_eq!((&again["run"], &again["replayed"]), (&"A.1".into(), &true.into()));
    assert_eq!(
        (&again["identifier"], &again["attempt"], &again["pid"]),
        (&first["identifier"], &first["attempt"], &first["pid"])
    );
    assert_eq!(env.baton("worker launch A --idempotency-key k").ok().stdout, "A.1\n");
    insta::assert_snapshot!(env.baton("worker launch B --idempotency-key k"), @"
    ------- stderr -------
    error: the idempotency key was used for another request before, a `worker launch`
    hint: take another key for another request; a key belongs to its first one for good
    [exit status: 6]
    ");
    assert_eq!(
        env.baton("worker launch A --now --idempotency-key k --json").exits(6).error()["code"],
        "idempotency_key_reused"
    );

    // Also when the run has ended, the issue is over, and its file is gone.
    env.go_on("A");
    assert_eq!(env.outcome("A.1"), "succeeded");
    env.baton("poll").ok();
    assert_eq!(env.status_word("A"), "done");
    fs::remove_file(env.path("p/issues/A.md")).expect("removed");
    let replayed = env.baton("worker launch A --wait --idempotency-key k --json").ok().any_json();
    assert_eq!(
        (&replayed["run"], &replayed["outcome"], &replayed["replayed"]),
        (&"A.1".into(), &"succeeded".into(), &true.into())
    );
    assert_eq!(env.baton("worker launch B --idempotency-key k").exits(6).stdout, "");
    assert_eq!((env.runs_begun(), receipts(&env)), (vec!["A.1".to_owned()], 1));
    let text =
        fs::read_to_string(fs::read_dir(env.store("receipts")).expect("there").flatten().next().expect("one").path());
    assert!(!text.expect("text").contains("\"k\""), "the key itself is not kept");
}

#[test]
fn a_launch_that_is_refused_leaves_its_key_free() {
    let env = TestEnv::new();
    env.issue("A", "blocked_by: [B]");
    env.issue("B", "");
    assert_eq!(env.baton("worker launch A --idempotency-key k --json").exits(5).error()["code"], "not_eligible");
    assert_eq!(receipts(&env), 0);
    env.set_state("B", "Done");
    assert_eq!(env.baton("worker launch A --wait --idempotency-key k").ok().stdout, "A.1\n");
}

#[test]
fn of_launches_that_race_under_one_key_one_launches() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    env.baton("poll").ok();
    let racing: Vec<_> = (0..6).map(|_| env.start("worker launch A --idempotency-key k --json")).collect();
    let answers: Vec<Value> = racing.into_iter().map(|one| one.wait().ok().any_json()).collect();
    assert!(answers.iter().all(|answer| answer["run"] == "A.1"), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer["replayed"] == false).count(), 1);
    env.agent_holds("A");
    env.go_on("A");
    assert_eq!(env.outcome("A.1"), "succeeded");
    assert_eq!(env.runs_begun(), ["A.1"]);
}

#[test]
fn an_issue_is_made_once_and_another_request_is_a_conflict() {
    let env = TestEnv::new();
    let create = ["issue", "create", "Audit", "--idempotency-key", "night", "--json"];
    let first = env.baton(create).ok().any_json();
    assert_eq!((&first["identifier"], &first["replayed"]), (&"TASK-1".into(), &false.into()));
    let again = env.baton(create).ok().any_json();
    assert_eq!(
        (&again["identifier"], &again["title"], &again["replayed"]),
        (&"TASK-1".into(), &"Audit".into(), &true.into())
    );
    assert_eq!(env.baton(["issue", "create", "Audit", "--idempotency-key", "night"]).ok().stdout, "TASK-1\n");
    for other in [
        vec!["issue", "create", "Another", "--idempotency-key", "night", "--json"],
        vec!["issue", "create", "Audit", "--priority", "1", "--idempotency-key", "night", "--json"],
    ] {
        assert_eq!(env.baton(other).exits(6).error()["code"], "idempotency_key_reused");
    }
    assert_eq!(
        env.baton("worker launch TASK-1 --idempotency-key night --json").exits(6).error()["code"],
        "idempotency_key_reused"
    );
    // For good: also when the issue is gone.
    fs::remove_file(env.path("p/issues/TASK-1.md")).expect("removed");
    assert_eq!(env.baton(create).ok().any_json()["identifier"], "TASK-1");
    assert_eq!(issue_files(&env), 0);
}

#[test]
fn of_requests_that_race_under_one_key_one_makes_an_issue() {
    let env = TestEnv::new();
    let create = ["issue", "create", "Audit", "--idempotency-key", "night", "--json"];
    let racing: Vec<_> = (0..6).map(|_| env.start(create)).collect();
    let answers: Vec<Value> = racing.into_iter().map(|one| one.wait().ok().any_json()).collect();
    assert!(answers.iter().all(|answer| answer["identifier"] == "TASK-1"), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer["replayed"] == false).count(), 1);
    assert_eq!((issue_files(&env), receipts(&env)), (1, 1));
}

#[test]
fn one_who_died_before_the_receipt_is_found_by_the_mark_on_the_issue() {
    let env = TestEnv::new();
    env.baton("poll").ok();
    let create = ["issue", "create", "Audit", "--idempotency-key", "night", "--json"];
    // The store cannot be written while its lock is held: the issue's file is there, its receipt is not.
    let holder = env.hold_lock();
    let first =
        env.start(["--lock-timeout", "10m", "issue", "create", "Audit", "--idempotency-key", "night", "--json"]);
    crate::env::wait_until("the issue is made", || issue_files(&env) == 1);
    first.kill();
    holder.kill();
    assert_eq!(receipts(&env), 0);
    let other = env.baton(["issue", "create", "Another", "--idempotency-key", "night", "--json"]);
    assert_eq!(other.exits(6).error()["code"], "idempotency_key_reused");
    let again = env.baton(create).ok().any_json();
    assert_eq!(again["identifier"], "TASK-1");
    assert_eq!((issue_files(&env), receipts(&env)), (1, 1));
}
