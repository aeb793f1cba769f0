//! A store that cannot be used: exit 7, 9, 5 or 1 with the file, and not a byte of it is changed or lost.
//!
//! | case | test |
//! |---|---|
//! | of a newer format | `errors::a_store_of_a_newer_format_is_left_alone` |
//! | damage in the middle of the journal | `errors::damage_in_the_middle_of_the_journal_is_located_and_nothing_is_changed` |
//! | a torn last line | `errors::a_torn_last_line_is_dropped_and_said_once` |
//! | a lock that somebody holds, while readers read | `status::it_reads_without_writing_beside_a_writer_that_hangs` |
//! | a due time after a clock that jumped | `turns::a_due_time_that_is_further_off_than_its_delay_is_due_now` |

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::chown;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::env::{Started, TestEnv, is_root, patiently, skip, texts, wait_until};

const DAY: i64 = 86_400_000;

/// With two issues that were polled.
pub(crate) fn polled() -> TestEnv {
    let env = TestEnv::new();
    env.issue("A", "");
    env.issue("B", "");
    env.baton("poll").ok();
    env
}

pub(crate) fn segment(env: &TestEnv) -> PathBuf {
    let mut entries = fs::read_dir(env.store("journal")).expect("a journal");
    entries.next().expect("a segment").expect("an entry").path()
}

#[test]
fn a_format_that_is_older_or_unreadable_or_gone_is_left_alone() {
    let env = polled();
    let format = fs::read_to_string(env.store("FORMAT")).expect("a file");
    let with = |text: Option<&str>| {
        match text {
            Some(text) => fs::write(env.store("FORMAT"), text).expect("written"),
            None => fs::remove_file(env.store("FORMAT")).expect("removed"),
        }
        env.writing_nothing(|| {
            for args in ["poll", "dispatch", "run --once", "events", "recover"] {
                env.baton(args).exits(7);
            }
            env.baton("status")
        })
    };
    insta::assert_snapshot!(with(Some(&format.replace("\"major\":1", "\"major\":0"))), @"
    ------- stderr -------
    error: <root>/p/.baton/FORMAT has the older format 0, and this program knows 1
    hint: `baton migrate-store --dry-run` shows what would be done
    [exit status: 7]
    ");
    insta::assert_snapshot!(with(Some("{")), @"
    ------- stderr -------
    error: <root>/p/.baton/FORMAT: is no format: EOF while parsing an object at line 1 column 1
    hint: nothing was changed; keep a copy of the directory before anything else
    [exit status: 7]
    ");
    insta::assert_snapshot!(with(Some("")), @"
    ------- stderr -------
    error: <root>/p/.baton/FORMAT: is no format: EOF while parsing a value at line 1 column 0
    hint: nothing was changed; keep a copy of the directory before anything else
    [exit status: 7]
    ");
    insta::assert_snapshot!(with(None), @"
    ------- stderr -------
    error: <root>/p/.baton/FORMAT: is missing, though there is a journal
    hint: nothing was changed; keep a copy of the directory before anything else
    [exit status: 7]
    ");
    fs::write(env.store("FORMAT"), format).expect("written");
    assert_eq!(texts(&env.baton("poll --json").json()["queue"], "identifier"), ["A", "B"]);
}

#[test]
fn what_is_no_store_is_not_made_one() {
    let env = TestEnv::new();
    env.issue("A", "");
    fs::write(env.path("p/.baton"), "precious").expect("a file");
    insta::assert_snapshot!(env.baton("poll"), @"
    ------- stderr -------
    error: <root>/p/.baton is there, and is no store
    hint: it was left as it is; name another place with `--store` or `store.path`
    [exit status: 7]
    ");
    assert_eq!(fs::read_to_string(env.path("p/.baton")).expect("a file"), "precious");
    fs::remove_file(env.path("p/.baton")).expect("removed");
    fs::create_dir(env.path("p/.baton")).expect("a directory");
    fs::write(env.store("notes"), "precious").expect("a file");
    env.writing_nothing(|| assert_eq!(env.baton("poll --json").exits(7).error()["code"], "not_a_store"));
    insta::assert_snapshot!(env.baton("poll --store WORKFLOW.md"), @"
    ------- stderr -------
    error: <root>/p/WORKFLOW.md is there, and is no store
    hint: it was left as it is; name another place with `--store` or `store.path`
    [exit status: 7]
    ");
}

#[test]
fn a_journal_that_lost_its_end_or_itself_is_damage_and_no_empty_state() {
    let env = polled();
    let (segment, all) = (segment(&env), fs::read(segment(&env)).expect("bytes"));
    fs::OpenOptions::new()
        .write(true)
        .open(&segment)
        .and_then(|file| file.set_len(all.len() as u64 - 20))
        .expect("cut");
    env.writing_nothing(|| {
        let poll = env.baton("poll").exits(7);
        let located = "/p/.baton/journal/00000000000001.jsonl ends with line 1, byte ";
        assert!(poll.stderr.contains("applied is at event 3, but ") && poll.stderr.contains(located), "{poll}");
        assert!(poll.stderr.contains("hint: nothing was changed; keep a copy of the directory"), "{poll}");
        for args in ["status", "events", "dispatch", "recover", "run --once", "worker launch A"] {
            env.baton(args).exits(7);
        }
    });
    fs::remove_file(&segment).expect("removed");
    insta::assert_snapshot!(env.baton("status"), @"
    ------- stderr -------
    error: <root>/p/.baton/journal/00000000000001.jsonl: the journal's segment is missing
    hint: nothing was changed; keep a copy of the directory before anything else
    [exit status: 7]
    ");
    env.baton("poll").exits(7);
    fs::remove_dir(env.store("journal")).expect("removed");
    insta::assert_snapshot!(env.baton("poll"), @"
    ------- stderr -------
    error: <root>/p/.baton/journal: the journal is missing
    hint: nothing was changed; keep a copy of the directory before anything else
    [exit status: 7]
    ");
    // What was taken away and comes back is all that it needs.
    fs::create_dir(env.store("journal")).expect("a directory");
    fs::write(&segment, all).expect("written");
    assert_eq!(texts(&env.baton("poll --json").json()["queue"], "identifier"), ["A", "B"]);
}

#[test]
fn a_damaged_manifest_costs_its_own_issue_alone() {
    let env = polled();
    env.baton("workspace ensure A").ok();
    fs::write(env.workspace("A").join("work"), "precious").expect("a file");
    let good = fs::read(env.store("work/A.json")).expect("bytes");
    fs::write(env.store("work/A.json"), "junk").expect("written");
    let shown = env.baton("status").ok().stdout;
    assert!(shown.starts_with("DAMAGED  WHY\nwork/A   is no manifest"), "{shown}");
    env.baton("status --check").exits(8);
    for args in ["status A", "worker launch A", "workspace ensure A", "retry A"] {
        let error = env.baton(format!("{args} --json").as_str()).exits(7).error();
        assert!(error["message"].as_str().expect("text").contains("work/A.json"), "{args}: {error}");
    }
    insta::assert_snapshot!(env.baton("worker launch A"), @"
    ------- stderr -------
    error: <root>/p/.baton/work/A.json: is no manifest: expected value at line 1 column 1
    hint: only this issue is affected; `baton status` lists what is damaged
    [exit status: 7]
    ");
    let poll = env.baton("poll --json").json();
    assert_eq!(texts(&poll["queue"], "identifier"), ["B"]);
    assert_eq!(env.baton("dispatch --wait").ok().stdout, "B.1\n");
    env.set_state("A", "Done");
    env.baton("poll").ok();
    env.baton("reconcile").ok();
    assert_eq!(fs::read_to_string(env.workspace("A").join("work")).expect("a file"), "precious");
    assert_eq!(fs::read_to_string(env.store("work/A.json")).expect("a file"), "junk");
    fs::write(env.store("work/A.json"), good).expect("written");
    env.baton("status A").ok();
}

#[test]
fn a_lock_file_that_is_gone_says_what_to_do() {
    let env = polled();
    fs::remove_file(env.store("lock")).expect("removed");
    env.issue("C", "");
    env.writing_nothing(|| {
        insta::assert_snapshot!(env.baton("poll"), @"
    ------- stderr -------
    error: <root>/p/.baton/lock: the lock file is missing; where no baton runs, an empty file in its place will do
    hint: nothing was changed; keep a copy of the directory before anything else
    [exit status: 7]
    ");
    });
    env.baton("status").ok();
    File::create(env.store("lock")).expect("a file");
    env.baton("poll").ok();
}

#[test]
fn a_store_of_somebody_else_is_read_and_never_written() {
    if !is_root() {
        return skip("only root can give a store to somebody else");
    }
    let env = polled();
    chown(env.store(""), Some(12_345), None).expect("given away");
    env.issue("C", "");
    for args in ["status", "events", "issue list", "workspace list"] {
        env.baton(args).ok();
    }
    env.writing_nothing(|| {
        insta::assert_snapshot!(env.baton("poll"), @"
        ------- stderr -------
        error: the store <root>/p/.baton belongs to user 12345, and this is user 0
        hint: run it as the user who owns the store
        [exit status: 5]
        ");
        for args in [
            "dispatch",
            "run --once",
            "run --until-idle",
            "worker launch A",
            "workspace ensure A",
            "retry A",
            "issue create new",
            "issue edit A --priority 1",
            "comment A hello",
        ] {
            assert_eq!(env.baton(format!("{args} --json").as_str()).exits(5).error()["code"], "wrong_owner", "{args}");
        }
    });
}

/// Stops a poll of many changed issues while it holds the store's lock.
fn stopped_in_its_transaction(env: &TestEnv) -> Started {
    let lock = File::open(env.store("lock")).expect("a lock");
    let is_held = || matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) || lock.unlock().is_err();
    for round in 0..50 {
        for number in 0..300 {
            env.issue(&format!("N-{number}"), &format!("priority: {}", round % 5));
        }
        let mut poll = env.start("poll -qq");
        while !poll.has_ended() {
            if !is_held() {
                continue;
            }
            poll.signal(Signal::STOP);
            let stat = format!("/proc/{}/stat", poll.pid());
            wait_until("it is stopped", || {
                fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T ")) || poll.has_ended()
            });
            // Just behind the lock its note is still the last holder's.
            let note = fs::read_to_string(env.store("lock")).unwrap_or_default();
            if is_held() && note.starts_with(&format!("pid {} ", poll.pid())) {
                return poll;
            }
            poll.signal(Signal::CONT);
        }
    }
    panic!("no poll was caught with the lock in its hands");
}

#[test]
fn a_stopped_process_that_holds_the_lock_is_named() {
    if !fs::exists("/proc/self/stat").unwrap_or(false) {
        return skip("without /proc it cannot be seen that a process is stopped");
    }
    let env = polled();
    let holder = stopped_in_its_transaction(&env);
    let refused = env.baton("workspace ensure A --lock-timeout 100ms").exits(9);
    let named = format!("p/.baton is locked by pid {} (baton poll) since ", holder.pid());
    assert!(refused.stderr.contains(&named) && refused.stderr.contains("kill -CONT"), "{refused}");
    let error = env.baton("poll --lock-timeout 0s --json").exits(9).error();
    assert_eq!((&error["code"], &error["retryable"]), (&"lock_busy".into(), &true.into()));
    env.baton("status").ok();
    holder.signal(Signal::CONT);
    holder.wait().ok();
    env.baton("workspace ensure A").ok();
}

#[test]
fn a_lock_that_another_program_holds_is_not_said_to_be_the_last_writer_s() {
    if !fs::exists("/proc/locks").unwrap_or(false) {
        return skip("the kernel does not say here who holds a lock");
    }
    let env = polled();
    let holder = env.hold_lock();
    let refused = env.baton("retry A --lock-timeout 50ms").exits(9);
    let named = format!("is locked by pid {} (sleep)", holder.pid());
    assert!(refused.stderr.contains(&named) || !refused.stderr.contains("(baton "), "{refused}");
    holder.kill();
}

#[test]
fn a_clock_that_jumps_back_a_day_holds_nothing_up() {
    let env = TestEnv::new();
    env.agent_of("RUNS", "hold; finish");
    env.agent_of("FAILS", "exit 1");
    env.issue("RUNS", "");
    env.issue("FAILS", "");
    env.command("worker launch RUNS").later(DAY).run().ok();
    env.command("worker launch FAILS --wait").later(DAY).run().exits(20);
    env.agent_holds("RUNS");
    let before = env.baton("events").ok().stdout.lines().count();
    // Nobody is stalled, stopped or taken for dead; what waits is due.
    assert_eq!(env.baton("reconcile --json").json()["stopped"], serde_json::json!([]));
    assert_eq!(env.baton("recover --json").json()["changed"], 0);
    assert_eq!((env.status_word("RUNS"), env.status_word("FAILS")), ("running".to_owned(), "retrying".to_owned()));
    let shown = env.baton("status").ok().stdout;
    let fields = |issue: &str| {
        let line = shown.lines().find(|line| line.starts_with(issue)).unwrap_or_else(|| panic!("no {issue}: {shown}"));
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(fields("RUNS")[3], "0s", "{shown}");
    assert_eq!(fields("FAILS")[2], "now", "{shown}");
    env.agent_of("FAILS", "finish");
    assert_eq!(env.baton("dispatch --wait").ok().stdout, "FAILS.2\n");
    env.go_on("RUNS");
    patiently("the end", || (env.outcome("RUNS.1") == "succeeded").then_some(()));
    assert!(env.baton("events").ok().stdout.lines().count() > before);
    assert!(env.baton("status --json").json()["codex_totals"]["seconds_running"].as_f64().is_some_and(|s| s >= 0.0));
}
