//! Rotation: nothing is lost, nothing is read twice, and what a checkpoint lists is missed.

use std::sync::atomic::{AtomicBool, Ordering};

use super::crash::{Fault, Faulty};
use super::*;

/// A handle that rotates after every transaction.
fn rotating(fixture: &Fixture) -> Store {
    fixture.open_on(Faulty::none(), 1)
}

/// `count` transactions, each of which changes ABC-0 and one other document.
fn fill(store: &Store, count: u32) {
    for n in 1..=count {
        store
            .transact(at(), &by(), |tx| {
                tx.put(&Work { last_run: n, ..work("ABC-0") })?;
                tx.put(&Work { last_run: n, ..work(&format!("ABC-{n}")) })?;
                tx.event("filled", None, None, json!({}));
                Ok::<_, StoreError>(())
            })
            .expect("a transaction");
    }
}

fn numbers(store: &Store, after: u64) -> Vec<u64> {
    store.events(after, usize::MAX).expect("events").iter().map(|event| event.seq).collect()
}

fn works(store: &Store) -> Vec<(String, u32)> {
    let snapshot = store.snapshot(&[Kind::Work]).expect("a snapshot");
    assert!(snapshot.damaged().is_empty(), "{:?}", snapshot.damaged());
    snapshot.all::<Work>().into_iter().map(|work| (work.identifier, work.last_run)).collect()
}

/// Handles of this boot and of the next, on a system that syncs whole file systems and on one that does not.
fn everywhere() -> [fn() -> Faulty; 3] {
    [Faulty::none, || Faulty::none().next_boot(), || Faulty::none().next_boot().syncing_files()]
}

#[test]
fn a_segment_begins_with_what_is_there_and_the_last_eight_are_kept() {
    let fixture = Fixture::new();
    let store = Store::open(&fixture.root(), Options { segment_bytes: 1, ..Options::default() }).expect("a store");
    fill(&store, 10);
    store
        .transact(at(), &by(), |tx| {
            tx.delete(DocId::new(Kind::Work, "ABC-3"));
            tx.event("deleted", None, None, json!("long enough for the next segment".repeat(100)));
            Ok::<_, StoreError>(())
        })
        .expect("a transaction");
    assert_eq!(fixture.segments(), (5..=12).collect::<Vec<_>>());
    assert!(store.take_warnings().is_empty());
    let line = std::fs::read_to_string(fixture.segment(12)).expect("a segment");
    let line: serde_json::Value = serde_json::from_str(&line).expect("one line");
    let listed = line["rec"]["checkpoint"].as_object().expect("a checkpoint");
    assert_eq!(listed.len(), 10, "ABC-0 to ABC-10, without ABC-3");
    for (name, listed) in listed {
        let manifest = std::fs::read(fixture.path(&format!("{name}.json"))).expect("a manifest");
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
        assert_eq!(*listed, json!([manifest["seq"], manifest["sum"]]), "{name}");
    }
    for handle in everywhere() {
        let store = fixture.open_on(handle(), 1 << 20);
        assert_eq!(store.last_seq().expect("a number"), 11);
        assert_eq!(works(&store).len(), 10);
        settle(&store);
        assert!(store.take_warnings().is_empty());
        assert_eq!(numbers(&store, 4), (5..=11).collect::<Vec<_>>());
    }
    assert_eq!(put(&fixture.open(), "ABC-3", 1), 12, "the numbers go on");
}

#[test]
fn a_cursor_older_than_what_is_kept_has_expired() {
    let fixture = Fixture::new();
    let store = rotating(&fixture);
    fill(&store, 9);
    assert_eq!(fixture.segments(), (3..=10).collect::<Vec<_>>());
    let reader = fixture.open();
    assert!(matches!(reader.events(1, 10), Err(StoreError::CursorExpired { after: 1, first: 3 })));
    assert_eq!(reader.first_cursor().expect("a number"), 2);
    assert_eq!(numbers(&reader, 2), (3..=9).collect::<Vec<_>>());
    assert_eq!(reader.events(4, 3).expect("events").len(), 3);
    assert_eq!(numbers(&reader, 9), Vec::<u64>::new());
    fill(&store, 12);
    assert_eq!(reader.events(9, 10).expect_err("it was too slow").code(), "cursor_expired");
}

#[test]
fn a_rotation_reaches_the_disk_in_order() {
    for (handle, synced) in [(Faulty::none(), vec!["sync all .baton"]), (Faulty::none().syncing_files(), Vec::new())] {
        let fixture = Fixture::new();
        fill(&rotating(&fixture), 8);
        let log = Arc::clone(&handle.log);
        let store = fixture.open_on(handle, 1);
        store
            .transact(at(), &by(), |tx| {
                tx.put(&Work { last_run: 9, ..work("ABC-1") })?;
                tx.delete(DocId::new(Kind::Work, "ABC-2"));
                tx.event("changed", None, None, json!({}));
                Ok::<_, StoreError>(())
            })
            .expect("a transaction");
        let log: Vec<String> = log.lock().expect("no panic").iter().map(|(what, on)| format!("{what} {on}")).collect();
        let mut expected = vec!["write store", "rename ABC-1.json", "remove ABC-2.json"];
        if synced.is_empty() {
            // ABC-2 is gone, so that its folder alone says so.
            expected.extend(["sync ABC-1.json", "sync ABC-2.json", "sync archive", "sync work"]);
        }
        expected.extend(synced);
        expected.extend(["write segment", "sync segment", "rename 00000000000010.jsonl", "sync journal"]);
        expected.push("remove 00000000000002.jsonl");
        assert_eq!(log, expected);
    }
}

/// A store in its eighth segment, on which a transaction that rotates meets the fault. `None`: it was done before.
fn struck(fault: Fault, at: u64) -> Option<(Fixture, Store, bool)> {
    let fixture = Fixture::new();
    fill(&rotating(&fixture), 8);
    let faulty = Faulty::new(fault, at);
    let done = Arc::clone(&faulty.done);
    let store = fixture.open_on(faulty, 1);
    let result = store.transact(super::at(), &by(), |tx| {
        tx.put(&Work { last_run: 9, ..work("ABC-0") })?;
        tx.event("struck", None, None, json!({}));
        Ok::<_, StoreError>(())
    });
    (done.load(Ordering::Relaxed) > at).then_some((fixture, store, result.is_ok()))
}

#[test]
fn a_rotation_killed_before_any_operation_is_as_if_it_had_not_begun_or_had_been_done() {
    for handle in everywhere() {
        let mut operation = 0;
        while let Some((fixture, _, acknowledged)) = struck(Fault::Killed, operation) {
            let expected = if acknowledged { 9 } else { 8 };
            let reader = fixture.open_on(handle(), 1);
            let seen = reader.get::<Work>("ABC-0").expect("readable").map_or(0, |work| u64::from(work.last_run));
            // What was appended and not flushed may be there or not, until somebody writes.
            assert!(seen == expected || (operation == 1 && seen == 9), "operation {operation}: {seen}");
            assert_eq!(reader.last_seq().expect("a number"), seen);
            let store = fixture.open_on(handle(), 1);
            settle(&store);
            let files = fixture.files();
            settle(&fixture.open_on(handle(), 1));
            assert_eq!(fixture.files(), files, "operation {operation}: settled twice is settled once");
            assert_eq!(put(&store, "ABC-99", 1), seen + 1, "operation {operation}");
            assert!(store.take_warnings().is_empty());
            assert_eq!(fixture.segments().len(), 8, "operation {operation}");
            assert_eq!(fixture.segments().last(), Some(&(seen + 2)));
            let first = store.first_cursor().expect("a number");
            assert_eq!(numbers(&store, first), (first + 1..=seen + 1).collect::<Vec<_>>());
            assert_eq!(works(&fixture.open_on(handle(), 1)).len(), 10);
            operation += 1;
        }
        assert_eq!(operation, 12, "a transaction of five, its rotation of seven");
    }
}

#[test]
fn a_rotation_of_which_one_operation_fails_is_a_warning_and_done_by_the_next() {
    let mut operation = 2;
    while let Some((fixture, store, acknowledged)) = struck(Fault::Once, operation) {
        assert!(acknowledged, "operation {operation}");
        assert_eq!(store.take_warnings().len(), 1, "operation {operation}");
        let rotated = fixture.segments().last() == Some(&10);
        assert_eq!(rotated, operation == 4 || operation > 8, "operation {operation}: not while a manifest lacks");
        assert_eq!(put(&store, "ABC-99", 1), 10);
        assert!(store.take_warnings().is_empty());
        assert_eq!((fixture.segments().len(), fixture.segments().last()), (8, Some(&11)));
        assert_eq!(works(&fixture.open_on(Faulty::none().next_boot(), 1)).len(), 10);
        operation += 1;
    }
    assert_eq!(operation, 12);
}

#[test]
fn a_follower_misses_nothing_while_segments_come_and_go() {
    const TRANSACTIONS: u64 = 120;
    let fixture = Fixture::new();
    let (started, writer) = (AtomicBool::new(false), fixture.open_on(Faulty::none(), 4000));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !started.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            for n in 0..TRANSACTIONS {
                put(&writer, "ABC-1", u32::try_from(n).expect("small"));
            }
        });
        let follower = fixture.open();
        let mut seen = Vec::new();
        while seen.len() < usize::try_from(TRANSACTIONS).expect("small") {
            let after = seen.last().copied().unwrap_or(0);
            seen.extend(follower.events(after, 7).expect("events").iter().map(|event| event.seq));
            started.store(true, Ordering::Relaxed);
        }
        assert_eq!(seen, (1..=TRANSACTIONS).collect::<Vec<_>>());
    });
    assert!(fixture.segments().len() > 5);
}

#[test]
fn a_manifest_that_somebody_removed_is_missed_and_written_again() {
    for handle in everywhere() {
        let fixture = Fixture::new();
        fill(&rotating(&fixture), 5);
        std::fs::remove_file(fixture.path("work/ABC-3.json")).expect("removed");
        let store = fixture.open_on(handle(), 1 << 20);
        let snapshot = store.snapshot(&[Kind::Work]).expect("a snapshot");
        assert_eq!(snapshot.damaged().iter().map(|(doc, _)| doc.to_string()).collect::<Vec<_>>(), ["work/ABC-3"]);
        assert_eq!(store.get::<Work>("ABC-3").expect_err("missed").code(), "document_damaged");
        assert_eq!(store.get::<Work>("ABC-77").expect("no damage"), None, "which never was");
        let read = |tx: &mut Transaction<'_>| tx.get::<Work>("ABC-3");
        let healed = store.transact(at(), &by(), read).expect("a transaction").expect("a document");
        assert_eq!(healed.last_run, 3);
        assert_eq!(store.take_warnings().len(), 1, "said once");
        assert_eq!(works(&fixture.open()).len(), 6);
        settle(&store);
        assert!(store.take_warnings().is_empty());
    }
}

#[test]
fn a_manifest_that_nobody_has_any_more_is_damaged_and_never_new() {
    for handle in everywhere() {
        for left in [None, Some("older"), Some("scribble")] {
            let fixture = Fixture::new();
            let store = rotating(&fixture);
            fill(&store, 2);
            let old = std::fs::read(fixture.path("work/ABC-0.json")).expect("a manifest");
            for n in 3..12 {
                put(&store, "ABC-9", n);
            }
            put(&store, "ABC-0", 20);
            for n in 13..22 {
                put(&store, "ABC-9", n);
            }
            let path = fixture.path("work/ABC-0.json");
            match left {
                None => std::fs::remove_file(&path).expect("removed"),
                Some("older") => std::fs::write(&path, &old).expect("written"),
                Some(text) => std::fs::write(&path, text).expect("written"),
            }
            let store = fixture.open_on(handle(), 1 << 20);
            settle(&store);
            // In the same boot an older state is not told from the newest, which is why nobody should edit there.
            if left == Some("older") && store.boot_id() != "the next" {
                continue;
            }
            for store in [&store, &fixture.open_on(handle(), 1)] {
                assert_eq!(store.get::<Work>("ABC-0").expect_err("damage").code(), "document_damaged");
                let damaged = store.snapshot(&[Kind::Work]).expect("a snapshot").damaged().len();
                assert_eq!(damaged, 1, "{left:?}");
                let refused = store.transact(at(), &by(), |tx| tx.put(&work("ABC-0"))).expect_err("not replaced");
                assert_eq!(refused.code(), "document_damaged");
                put(store, "ABC-1", 30);
            }
            let kept = std::fs::read_dir(fixture.path("damaged")).expect("a directory").count();
            assert_eq!(kept, usize::from(left.is_some() && store.boot_id() == "the next"));
        }
    }
}

#[test]
fn what_a_power_cut_left_of_the_last_segment_is_redone_from_its_checkpoint() {
    let fixture = Fixture::new();
    fill(&rotating(&fixture), 5);
    let store = fixture.open();
    let old = std::fs::read(fixture.path("work/ABC-0.json")).expect("a manifest");
    put(&store, "ABC-0", 6);
    put(&store, "ABC-2", 7);
    std::fs::write(fixture.path("work/ABC-0.json"), old).expect("written");
    std::fs::write(fixture.path("work/ABC-2.json"), b"").expect("written");
    let store = fixture.open_on(Faulty::none().next_boot(), 1 << 20);
    assert_eq!((last_run(&store, "ABC-0"), last_run(&store, "ABC-2")), (Some(6), Some(7)));
    settle(&store);
    assert!(store.take_warnings().is_empty());
    assert_eq!(works(&store).len(), 6);
}

#[test]
fn a_segment_without_its_checkpoint_is_damage() {
    for content in ["", "{\"sum\":\"00000000\",\"rec\":{\"v\":1,\"checkpoint\":{}}}\n", "{\"sum\""] {
        let fixture = Fixture::new();
        fill(&rotating(&fixture), 3);
        std::fs::write(fixture.segment(4), content).expect("written");
        std::fs::write(fixture.path("applied"), b"").expect("written");
        let store = fixture.open();
        let files = fixture.files();
        for error in [
            store.last_seq().expect_err("damage"),
            store.snapshot(&[Kind::Work]).map(drop).expect_err("damage"),
            store.transact(at(), &by(), |_| Ok::<_, StoreError>(())).expect_err("damage"),
        ] {
            assert_eq!(error.code(), "store_damaged", "{content:?}: {error}");
        }
        assert_eq!(fixture.files(), files);
    }
}
