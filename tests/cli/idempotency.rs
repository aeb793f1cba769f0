//! `--idempotency-key`: the same request is carried out once, also where what it makes is made elsewhere.

use std::fs;

use serde_json::{Value, json};

use crate::env::{TestEnv, texts};
use crate::fakes::github::Github;
use crate::fakes::{Fake, Reply};

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
    error: the idempotency key was used for another request before: `worker launch`
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

/// A GitHub with an issue that says the same as the one that is to be made, and is older.
fn github() -> (Fake<Github>, TestEnv) {
    let fake = Github::start();
    fake.change(|github| {
        (1..=2).for_each(|number| github.add(number, &[]));
        github.set(2, "title", json!("Audit"));
        github.set(2, "body", json!("All doors."));
    });
    let env = fake.project("", "");
    (fake, env)
}

const AUDIT: [&str; 10] = [
    "issue",
    "create",
    "Audit",
    "--description",
    "All doors.",
    "--blocked-by",
    "GH-1",
    "--idempotency-key",
    "night",
    "--json",
];

#[test]
fn an_issue_is_made_elsewhere_once_wherever_the_first_command_is_killed() {
    if !cfg!(debug_assertions) {
        return crate::env::skip("the program has no crash points");
    }
    let mut found = 0;
    for n in 1.. {
        let (fake, env) = github();
        env.baton("poll").ok();
        let first = env.command(AUDIT).env("BATON_CRASH_AT", n.to_string()).run();
        let is_over = first.code() != 137;
        let was_made = fake.change(|github| github.count()) == 3;
        let again = env.baton(AUDIT).ok().any_json();
        let what = format!("killed before operation {n}");
        assert_eq!((&again["identifier"], fake.change(|github| github.count())), (&"GH-3".into(), 3), "{what}");
        assert_eq!(texts(&again["blocked_by"], "identifier"), ["GH-1"], "{what}");
        assert_eq!(again["replayed"], was_made, "{what}");
        assert_eq!(env.baton(AUDIT).ok().any_json()["replayed"], true, "{what}");
        found += u32::from(was_made && !is_over);
        if is_over {
            assert!(n > 3, "{n}");
            break;
        }
    }
    assert!(found > 0, "it was killed between the answer and the receipt");
}

#[test]
fn an_answer_that_is_lost_is_looked_for_and_what_is_half_made_is_completed() {
    let (fake, env) = github();
    // The issue is made, and what it waits for is refused by a server that has had enough.
    fake.script("POST /repos/o/r/issues/3/dependencies", Reply::text(500, ""));
    assert_eq!(env.baton(AUDIT).exits(11).error()["code"], "tracker_status");
    assert_eq!(fake.change(|github| github.count()), 3);
    let other = ["issue", "create", "Another", "--idempotency-key", "night", "--json"];
    assert_eq!(env.baton(other).exits(6).error()["code"], "idempotency_key_reused");
    let again = env.baton(AUDIT).ok().any_json();
    assert_eq!((&again["identifier"], &again["replayed"]), (&"GH-3".into(), &true.into()));
    assert_eq!(texts(&again["blocked_by"], "identifier"), ["GH-1"]);
    // The same words under another key are another issue, also when its answer is lost.
    let another = AUDIT.map(|word| if word == "night" { "day" } else { word });
    fake.script("POST /repos/o/r/issues", Reply::text(502, ""));
    env.baton(another).exits(11);
    assert_eq!(env.baton(another).ok().any_json()["identifier"], "GH-4");
    assert_eq!(fake.change(|github| github.count()), 4);
}

#[test]
fn what_a_tracker_refuses_leaves_the_key_free_unless_something_was_made() {
    let (fake, env) = github();
    let create = |title: &str| env.baton(["issue", "create", title, "--idempotency-key", "k", "--json"]);
    let refused = Reply::json(422, &json!({ "message": "Validation Failed" }));
    fake.script("POST /repos/o/r/issues", refused.clone());
    create("One").exits(11);
    assert_eq!(receipts(&env), 0);
    env.baton("issue create Two --priority 1 --idempotency-key k").exits(5);
    assert_eq!(create("Three").ok().any_json()["identifier"], "GH-3");
    assert_eq!(receipts(&env), 1);
    fake.script("POST /repos/o/r/issues/4/dependencies", refused);
    env.baton(["issue", "create", "Four", "--blocked-by", "GH-1", "--idempotency-key", "four"]).exits(11);
    assert_eq!(env.baton("issue create Five --idempotency-key four").code(), 6, "GH-4 was made under it");
}

#[test]
fn of_requests_that_race_under_one_key_one_makes_an_issue_elsewhere() {
    let (fake, env) = github();
    env.baton("poll").ok();
    let racing: Vec<_> = (0..6).map(|_| env.start(AUDIT)).collect();
    let answers: Vec<Value> = racing.into_iter().map(|one| one.wait().ok().any_json()).collect();
    assert!(answers.iter().all(|answer| answer["identifier"] == "GH-3"), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer["replayed"] == false).count(), 1);
    assert_eq!((fake.change(|github| github.count()), receipts(&env)), (3, 1));
}

#[test]
fn a_comment_is_said_once_wherever_the_first_command_is_killed() {
    if !cfg!(debug_assertions) {
        return crate::env::skip("the program has no crash points");
    }
    let comments = |env: &TestEnv, issue: &str| {
        let shown = env.baton(["issue", "show", issue, "--json"]).json();
        texts(&shown["comments"], "body").len()
    };
    let mut found = 0;
    for issue in ["A", "GH-1"] {
        let comment = ["comment", issue, "Done, *at last*.", "--idempotency-key", "k", "--json"];
        for n in 1.. {
            let (fake, mut env) = github();
            if issue == "A" {
                env = TestEnv::new();
                env.issue("A", "");
            }
            env.baton("poll").ok();
            let first = env.command(comment).env("BATON_CRASH_AT", n.to_string()).run();
            let is_over = first.code() != 137;
            let was_said = comments(&env, issue) == 1;
            found += u32::from(was_said && !is_over);
            let again = env.baton(comment).ok().any_json();
            let what = format!("{issue}, killed before operation {n}");
            assert_eq!((&again["replayed"], comments(&env, issue)), (&was_said.into(), 1), "{what}");
            drop(fake);
            if is_over {
                break;
            }
        }
    }
    assert!(found > 1, "it was killed between the comment and the receipt");
}

#[test]
fn a_comment_under_a_key_is_its_first_request() {
    let env = TestEnv::new();
    env.issue("A", "");
    let say = |text: &str| env.baton(["comment", "A", text, "--idempotency-key", "k", "--json"]);
    assert_eq!(say(" ").exits(5).error()["code"], "invalid_issue");
    assert_eq!(env.baton("comment B hello --idempotency-key k").code(), 4);
    assert_eq!(receipts(&env), 0, "what cannot be leaves the key free");
    env.baton("comment A one --idempotency-key k --dry-run --exit-code").exits(3);
    assert_eq!(say("one").ok().any_json()["replayed"], false);
    assert_eq!(say("one").ok().any_json()["replayed"], true);
    env.baton("comment A one --idempotency-key k --dry-run --exit-code").ok();
    assert_eq!(say("two").exits(6).error()["code"], "idempotency_key_reused");
    env.baton("comment A one --idempotency-key other").ok();
    assert_eq!(texts(&env.baton("issue show A --json").json()["comments"], "body"), ["one", "one"]);
}
