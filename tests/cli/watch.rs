//! `baton status --watch`.

use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use crate::env::{Started, TestEnv, skip, wait_until};

fn lines(watch: &Started) -> Vec<Value> {
    // What is not ended by a line feed is still being written.
    let text = watch.stdout();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

#[test]
fn each_change_is_one_line_and_what_only_ages_is_none() {
    let env = TestEnv::new();
    env.agent("hold; finish");
    env.issue("A", "");
    let watch = env.start("status --watch --json");
    wait_until("the first look", || lines(&watch).len() == 1);
    assert_eq!((&lines(&watch)[0]["type"], &lines(&watch)[0]["as_of"]), (&"status".into(), &0.into()));
    env.baton("poll").ok();
    wait_until("the issue", || lines(&watch).last().is_some_and(|line| line["counts"]["idle"] == 1));
    env.baton("worker launch A").ok();
    env.agent_holds("A");
    wait_until("its worker", || lines(&watch).last().is_some_and(|line| line["counts"]["running"] == 1));
    env.go_on("A");
    wait_until("its end", || lines(&watch).last().is_some_and(|line| line["counts"]["done"] == 1));
    let before = lines(&watch).len();
    // Another watch looks twice while nothing happens: had time alone been a change, the first one would say more.
    let other = env.start("status --watch --summary");
    wait_until("the other's first look", || !other.stdout().is_empty());
    other.signal(Signal::INT);
    other.wait().exits(130);
    let lines = lines(&watch);
    assert!(lines.len() <= before + 1, "{lines:#?}");
    let mut numbers: Vec<u64> = lines.iter().filter_map(|line| line["as_of"].as_u64()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    numbers.dedup();
    assert!(numbers.len() >= 4, "{numbers:?}");
    watch.signal(Signal::TERM);
    watch.wait().exits(143);
}

#[test]
fn one_issue_can_be_watched_and_the_watch_ends_with_its_reader() {
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    let first = env.bash("baton status A --watch --json | head -1").ok();
    let line: Value = serde_json::from_str(&first.stdout).expect("an object");
    assert_eq!((&line["type"], &line["identifier"]), (&"issue_status".into(), &"A".into()));
    let text = env.bash("baton status --watch --summary | head -1").ok();
    assert!(text.stdout.starts_with("0 running"), "{text}");
    env.baton("status B --watch").exits(4);
    env.baton("status --watch --check").exits(2);
}

#[test]
fn on_a_terminal_it_draws_in_place() {
    if !Path::new("/usr/bin/script").exists() {
        skip("there is no script(1) to make a terminal");
        return;
    }
    let env = TestEnv::new();
    env.issue("A", "");
    env.baton("poll").ok();
    // Its standard input stays open, as a person's does.
    let drawn = "sleep 1000 | /usr/bin/script -qfc 'stty cols 100 rows 30; baton status --watch' /dev/null";
    let watch = env.script(drawn).start();
    wait_until("it is drawn twice", || watch.stdout().matches("\x1b[H").count() >= 2);
    assert!(watch.stdout().contains("Title of A"), "{}", watch.stdout());
    watch.kill();
}
