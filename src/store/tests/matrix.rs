//! The crash matrix: every kind of transaction, cut off at every point, with every loss that a power cut may add.
//!
//! Whatever is left is opened, read, written and written again, and has to keep the promises P1 to P5 of
//! `docs/store.md`. `BATON_TEST_DEPTH=N` tries N times as many of the losses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::disk::{Change, Disk, unflushed};
use super::kinds::{KINDS, State, scratch};
use super::recorded::{Boot, Recorded};
use super::*;

/// How many sets of lost changes are tried at each point; where there are fewer, all.
const LOSSES: usize = 16;

/// At how many bytes an append is torn; where it has fewer, at each.
const BYTES: usize = 400;

/// What the next writer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Next {
    /// Nothing but its own.
    GoesOn,
    /// Took a line that was not whole out of the journal.
    Cuts,
    /// Wrote manifests that were behind.
    RollsForward,
}

/// What was left, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Verdict {
    /// Whether the transaction is there.
    pub(super) done: bool,
    pub(super) next: Next,
}

/// Numbers that are the same in every run.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Sets of `pending` that may be lost together: all subsets where they are few, else none, all, each of the newest
/// alone, all but each of the newest, and some by lot.
fn losses(pending: &[usize], seeded: &mut Seeded, most: usize) -> BTreeSet<Vec<usize>> {
    let n = pending.len();
    if n < 16 && 1 << n <= most {
        let subset =
            |bits: usize| pending.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, it)| *it).collect();
        return (0..1 << n).map(subset).collect();
    }
    let mut sets = BTreeSet::from([Vec::new(), pending.to_vec()]);
    for newest in pending.iter().rev().take(most / 4) {
        sets.insert(vec![*newest]);
        sets.insert(pending.iter().filter(|it| *it != newest).copied().collect());
    }
    while sets.len() < most {
        let bits = seeded.next();
        sets.insert(
            pending.iter().enumerate().filter(|(at, _)| bits >> (at % 64) & 1 == 1).map(|(_, it)| *it).collect(),
        );
    }
    sets
}

/// The disk after these changes, without those that were lost.
fn disk(start: &Disk, log: &[Change], lost: &[usize]) -> Disk {
    let mut disk = start.clone();
    for (at, change) in log.iter().enumerate() {
        if !lost.contains(&at) {
            disk.apply(change);
        }
    }
    disk
}

/// The points at which a recording may be cut off, from its step `from` on, each with what may be lost: what is left on
/// the disk, the boot in which it is found, and how many changes there had been.
pub(super) fn for_each_crash(recorded: &Recorded, from: usize, visit: &mut dyn FnMut(&Disk, Boot, usize)) {
    let (this, next) = (recorded.boot, recorded.boot.next());
    let tape = recorded.tape();
    let log: Vec<Change> = tape.log.iter().map(|(_, change)| change.clone()).collect();
    let first = tape.log.iter().position(|(step, _)| *step >= from).unwrap_or(log.len());
    let most = LOSSES * depth();
    let mut seeded = Seeded(from as u64);
    for at in first..=log.len() {
        let before = &log[..at];
        visit(&disk(&tape.start, before, &[]), this, at);
        let mut seen = BTreeSet::new();
        for lost in losses(&unflushed(before), &mut seeded, most) {
            let left = disk(&tape.start, before, &lost);
            if seen.insert(left.visible()) {
                visit(&left, next, at);
            }
        }
        // An append that was torn: killed within its write, or power cut before its flush.
        let Some(Change::Write { node, at: offset, bytes }) = log.get(at) else { continue };
        if !tape.steps[tape.log[at].0].starts_with("append") {
            continue;
        }
        for taken in (1..bytes.len()).step_by(bytes.len().div_ceil(BYTES * depth())) {
            let mut torn = before.to_vec();
            torn.push(Change::Write { node: *node, at: *offset, bytes: bytes[..taken].to_vec() });
            visit(&disk(&tape.start, &torn, &[]), this, at);
            visit(&disk(&tape.start, &torn, &unflushed(before)), next, at);
            // A file that grew before its content came.
            let zeros = Change::Write { node: *node, at: *offset + taken, bytes: vec![0; bytes.len() - taken] };
            torn.push(zeros);
            visit(&disk(&tape.start, &torn, &[]), next, at);
        }
    }
}

fn depth() -> usize {
    let env = crate::seams::Environment::of_process();
    env.get("BATON_TEST_DEPTH").and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn open(dir: &Path, boot: Boot) -> Store {
    Store::open_on(Arc::new(Recorded::not_at_all(boot)), &dir.join(".baton"), Options::default())
        .expect("the store opens")
}

fn manifests(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let names = ["work", "issues"].map(|kind| dir.join(".baton").join(kind));
    let mut all: Vec<_> = names
        .iter()
        .flat_map(|dir| std::fs::read_dir(dir).expect("a directory").flatten())
        .map(|entry| (entry.path(), std::fs::read(entry.path()).expect("a file")))
        .collect();
    all.sort();
    all
}

fn kept_bytes(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir.join(".baton/damaged")).expect("a directory").flatten();
    names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn everything(dir: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut all = Disk::of(dir).expect("readable").0.visible();
    all.remove(Path::new(".baton/lock"));
    all
}

/// Opens what is left, which has to be one of `allowed`, and goes on with it.
pub(super) fn check(dir: &Path, boot: Boot, allowed: &[&State], what: &str) -> Verdict {
    // P2: a whole state. P1: one of those that may be.
    let seen = State::of(&open(dir, boot));
    let Some(at) = allowed.iter().position(|state| **state == seen) else {
        panic!("{what}: {seen:?} is none of {allowed:?}");
    };
    let (before, kept) = (manifests(dir), kept_bytes(dir).len());
    // P4: a writer needs no help, and agrees with the reader before it.
    let writer = open(dir, boot);
    settle(&writer);
    assert_eq!(State::of(&writer), seen, "{what}");
    let next = match (kept_bytes(dir).len() > kept, manifests(dir) == before) {
        (true, _) => Next::Cuts,
        (false, true) => Next::GoesOn,
        (false, false) => Next::RollsForward,
    };
    // P5: nothing but the torn end of the journal was taken out of anything.
    let kept = kept_bytes(dir);
    assert!(kept.iter().all(|name| name.starts_with("journal-")), "{what}: {kept:?}");
    // Recovering twice is recovering once.
    let once = everything(dir);
    settle(&open(dir, boot));
    assert!(everything(dir) == once, "{what}: a second writer changed something");
    // The feed has no gap, and the numbers go on.
    let first = writer.first_cursor().expect("a number");
    let events: Vec<u64> = writer.events(first, usize::MAX).expect("events").iter().map(|event| event.seq).collect();
    assert_eq!(events, (first + 1..=seen.seq).collect::<Vec<_>>(), "{what}");
    assert_eq!(put(&writer, "ABC-99", 1), seen.seq + 1, "{what}");
    assert_eq!(last_run(&open(dir, boot), "ABC-99"), Some(1), "{what}");
    Verdict { done: at + 1 == allowed.len(), next }
}

/// Makes the disk again and looks at it.
pub(super) fn check_disk(disk: &Disk, boot: Boot, allowed: &[&State], what: &str) -> Verdict {
    let dir = scratch();
    disk.write_to(dir.path()).expect("written");
    check(dir.path(), boot, allowed, what)
}

#[test]
fn every_kind_flushes_the_journal_once() {
    for kind in &KINDS {
        let done = kind.run(None);
        let tape = done.recorded.tape();
        let appended = tape.steps.iter().rposition(|step| step.starts_with("append")).expect("an append");
        let segment = tape.steps[appended].trim_start_matches("append to ");
        let flushes = tape.steps[appended..].iter().filter(|step| **step == format!("flush {segment}")).count();
        assert_eq!(flushes, 1, "{}: {:?}", kind.name, &tape.steps[appended..]);
    }
}

#[test]
fn a_recovery_that_is_itself_cut_off_anywhere_keeps_the_promises() {
    let mut recoveries = 0;
    for kind in [&KINDS[0], &KINDS[3]] {
        let done = kind.run(None);
        let all: Vec<&State> = done.states.iter().collect();
        let mut seen = BTreeSet::new();
        for_each_crash(&done.recorded, done.from, &mut |left, boot, at| {
            let left_visible = left.visible();
            // A few of the crashes of the first kind, and then every crash of what follows them.
            if boot == Boot::FIRST || at % 7 != 0 || seen.len() > 12 || !seen.insert(left_visible) {
                return;
            }
            let dir = scratch();
            left.write_to(dir.path()).expect("written");
            let recorded = Recorded::below(dir.path(), boot);
            let store = Store::open_on(Arc::new(recorded.clone()), &dir.path().join(".baton"), Options::default());
            settle(&store.expect("the store opens"));
            for_each_crash(&recorded, 0, &mut |left, boot, again| {
                recoveries += 1;
                check_disk(left, boot, &all, &format!("{}, {at} changes, then {again}", kind.name));
            });
        });
    }
    assert!(recoveries > 200, "{recoveries}");
}

#[test]
fn a_creation_cut_off_anywhere_can_be_begun_again() {
    let dir = scratch();
    let recorded = Recorded::below(dir.path(), Boot::FIRST);
    let store = Store::open_or_create_on(Arc::new(recorded.clone()), &dir.path().join("a/.baton"), Options::default());
    drop(store.expect("a store"));
    let made = recorded.tape().log.len();
    let mut crashes = 0;
    for_each_crash(&recorded, 0, &mut |left, boot, at| {
        crashes += 1;
        let dir = scratch();
        left.write_to(dir.path()).expect("written");
        let root = dir.path().join("a/.baton");
        let there = Store::open_on(Arc::new(Recorded::not_at_all(boot)), &root, Options::default());
        match &there {
            Ok(store) => assert_eq!(State::of(store).seq, 0),
            Err(error) => assert_eq!(error.code(), "not_found", "after {at} changes: {error}"),
        }
        assert!(at < made || there.is_ok(), "what was made is there");
        drop(there);
        let (store, _) =
            Store::open_or_create_on(Arc::new(Recorded::not_at_all(boot)), &root, Options::default()).expect("a store");
        assert_eq!(put(&store, "ABC-1", 1), 1, "after {at} changes");
    });
    assert!(crashes > 200, "{crashes}");
}
