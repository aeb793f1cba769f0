//! The table of `docs/store.md`: each operation of each kind of transaction, what may befall it, and what the next
//! command finds and does. Made by doing it; `UPDATE_GENERATED=1` writes it.

use std::collections::BTreeSet;
use std::path::Path;

use super::kinds::{Done, KINDS, Kind, State};
use super::matrix::{Next, Verdict, check, check_disk, for_each_crash};
use super::recorded::Boot;

/// Around the table in the page.
const BEGIN: &str = "<!-- made by src/store/tests/table.rs: begin -->\n";
const END: &str = "<!-- end -->\n";

/// An operation, as the page names it. `next`: the one after it.
fn name_of(step: &str, next: Option<&String>) -> String {
    let (what, path) = step.split_once(".baton").unwrap_or((step, ""));
    let path = path.trim_start_matches('/');
    let folder = path.split('/').next().unwrap_or_default();
    let goes_to = next.and_then(|next| next.split_once(".baton/")).map_or("", |(_, to)| to);
    match (what.trim(), folder) {
        ("append to", _) => "append the line".to_owned(),
        ("flush", "journal") if path == "journal" => "flush `journal/`".to_owned(),
        ("flush", "journal") => "flush the segment".to_owned(),
        ("truncate", _) => "truncate the segment".to_owned(),
        ("flush", "tmp") => "flush it".to_owned(),
        ("flush everything below", _) => "flush the file system".to_owned(),
        ("write", "tmp") if path == "tmp/segment" => "write the next segment aside".to_owned(),
        ("write", "tmp") if goes_to.starts_with("damaged") => "write the torn bytes aside".to_owned(),
        ("write", "tmp") => "write a manifest aside".to_owned(),
        ("rename to", "journal") => "rename it into `journal/`".to_owned(),
        ("rename to", "damaged") => "rename them into `damaged/`".to_owned(),
        ("rename to", _) => "rename it into place".to_owned(),
        ("remove", "journal") => "remove the oldest segment".to_owned(),
        ("remove", _) => "remove a manifest".to_owned(),
        ("flush", "work") if path == "work" => "flush its folder".to_owned(),
        ("flush", "work") => "flush the manifest".to_owned(),
        (what, _) => format!("{what} `{path}`"),
    }
}

fn told(verdicts: &BTreeSet<Verdict>) -> String {
    let state = match (verdicts.iter().any(|it| it.done), verdicts.iter().any(|it| !it.done)) {
        (true, true) => "there or not",
        (true, false) => "there",
        (false, _) => "not there",
    };
    let next: BTreeSet<Next> = verdicts.iter().map(|verdict| verdict.next).collect();
    let next: Vec<&str> = next
        .into_iter()
        .filter_map(|next| match next {
            Next::GoesOn => None,
            Next::Cuts => Some("cuts"),
            Next::RollsForward => Some("redoes"),
        })
        .collect();
    if next.is_empty() { state.to_owned() } else { format!("{state}; {}", next.join(" or ")) }
}

/// Cuts one kind of transaction off everywhere, and looks at what is left: what is found when the process was killed, or
/// the power cut, before or in each step, and behind the last one.
fn cut_off(kind: &Kind, done: &Done, steps: usize) -> [Vec<BTreeSet<Verdict>>; 2] {
    let all: Vec<&State> = done.states.iter().collect();
    let [mut killed, mut cut] = [(); 2].map(|()| vec![BTreeSet::new(); steps + 1]);
    let step_at: Vec<usize> = done.recorded.tape().log.iter().map(|(step, _)| *step).collect();
    let (committed, mut crashes) = (done.committed_at(), 0);
    for_each_crash(&done.recorded, done.from, &mut |disk, boot, at| {
        crashes += 1;
        // P1: once its line is flushed it stays.
        let allowed = if at < committed { &all[..] } else { &all[all.len() - 1..] };
        let verdict = check_disk(disk, boot, allowed, &format!("{}, after {at} changes, in {boot}", kind.name));
        let list = if boot == Boot::FIRST { &mut killed } else { &mut cut };
        list[step_at.get(at).map_or(steps, |step| step - done.from)].insert(verdict);
    });
    assert!(crashes > 400, "{}: {crashes}", kind.name);
    [killed, cut]
}

fn failed(kind: &Kind, step: usize) -> String {
    let done = kind.run(Some(step));
    let all: Vec<&State> = done.states.iter().collect();
    let verdict = check(done.dir.path(), Boot::FIRST, &all, kind.name);
    let said = match (&done.result, done.warnings.is_empty()) {
        (Err(error), _) => format!("fails (`{}`)", error.code()),
        (Ok(()), false) => "warns".to_owned(),
        (Ok(()), true) => "succeeds".to_owned(),
    };
    format!("{said}: {}", told(&BTreeSet::from([verdict])))
}

fn rows(kind: &Kind) -> Vec<String> {
    let done = kind.run(None);
    done.result.as_ref().expect("a transaction");
    let steps = done.recorded.tape().steps[done.from..].to_vec();
    let [killed, cut] = cut_off(kind, &done, steps.len());
    let mut rows: Vec<String> = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        let row = [name_of(step, steps.get(n + 1)), told(&killed[n]), failed(kind, n), told(&cut[n])].join(" | ");
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows.push(["(acknowledged)", &told(&killed[steps.len()]), "", &told(&cut[steps.len()])].join(" | "));
    let first = |n| if n == 0 { kind.name } else { "" };
    rows.iter().enumerate().map(|(n, row)| format!("| {} | {row} |\n", first(n))).collect()
}

fn table() -> String {
    let head = "| transaction | operation | killed before or in it | it fails | power cut before or in it |\n";
    let rows: Vec<String> = std::thread::scope(|scope| {
        let kinds: Vec<_> = KINDS.iter().map(|kind| scope.spawn(|| rows(kind))).collect();
        kinds.into_iter().flat_map(|kind| kind.join().expect("the promises are kept")).collect()
    });
    format!("{head}|---|---|---|---|---|\n{}", rows.concat())
}

#[test]
fn a_transaction_cut_off_anywhere_keeps_the_promises_and_the_page_says_how() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/store.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("the table's begin");
    let (there, after) = rest.split_once(END).expect("the table's end");
    let table = table();
    if crate::seams::Environment::of_process().get("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, [before, BEGIN, &table, END, after].concat()).expect("written");
    } else {
        assert!(there == table, "docs/store.md has another table; UPDATE_GENERATED=1 writes this one:\n{table}");
    }
}
