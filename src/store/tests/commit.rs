//! Transactions: what they write, what they refuse, and what they leave alone.

use serde_json::json;

use super::*;
use crate::model::{Claim, ClaimRecord, RunId};

#[test]
fn what_is_committed_is_read_by_everybody() {
    let fixture = Fixture::new();
    let (one, two) = (fixture.open(), fixture.open());
    assert_eq!(last_run(&two, "ABC-1"), None);
    assert_eq!(put(&one, "ABC-1", 1), 1);
    assert_eq!(put(&two, "ABC-1", 2), 2);
    assert_eq!(put(&one, "ABC-2", 7), 3);
    assert_eq!((last_run(&one, "ABC-1"), last_run(&two, "ABC-2")), (Some(2), Some(7)));
    let snapshot = fixture.open().snapshot(&[Kind::Work, Kind::Claims]).expect("a snapshot");
    assert_eq!(snapshot.as_of(), 3);
    assert_eq!(snapshot.all::<Work>().iter().map(|work| work.last_run).collect::<Vec<_>>(), [2, 7]);
    assert!(snapshot.damaged().is_empty());
}

#[test]
fn a_worker_whose_claim_was_taken_over_is_refused() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let run = |n| RunId { key: key("ABC-1"), number: n };
    let claim = |n| {
        store.transact(at(), &by(), |tx| {
            let seq = tx.event("run.claimed", Some("ABC-1"), Some(&run(n)), json!({}));
            let claim = Claim { run: run(n), fence: seq, at: at() };
            tx.put(&ClaimRecord { key: key("ABC-1"), claim, launcher: None, supervisor: None, request: None })?;
            Ok::<_, StoreError>(seq)
        })
    };
    let first = claim(1).expect("a claim");
    let fenced = |seq, n| By { fence: Some(Fence { run: run(n), seq }), ..by() };
    store.transact(at(), &fenced(first, 1), |_| Ok::<_, StoreError>(())).expect("the live one may write");
    let second = claim(2).expect("a claim");
    let refused = store.transact(at(), &fenced(first, 1), |_| Ok::<_, StoreError>(())).expect_err("refused");
    assert_eq!(refused.code(), "stale_fence");
    assert!(matches!(refused, StoreError::StaleFence { current: Some(fence), .. } if fence.seq == second));
}

#[test]
fn nothing_to_say_writes_nothing() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    let before = fixture.files();
    settle(&store);
    let same = |tx: &mut Transaction<'_>| {
        tx.put(&Work { last_run: 9, ..work("ABC-1") })?;
        tx.put(&Work { last_run: 1, ..work("ABC-1") })?;
        tx.delete(DocId::new(Kind::Work, "ABC-2"));
        Ok::<_, StoreError>(())
    };
    store.transact(at(), &by(), same).expect("a transaction");
    let refused = store.transact(at(), &by(), |tx| {
        tx.put(&work("ABC-3"))?;
        tx.event("x", None, None, json!({}));
        Err::<(), _>(StoreError::NotFound { root: "wanted".into() })
    });
    assert_eq!(refused.expect_err("the caller's own error").code(), "not_found");
    assert_eq!(fixture.files(), before);
}

#[test]
fn events_alone_are_written() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let log = |tx: &mut Transaction<'_>| {
        Ok::<_, StoreError>([tx.event("a", None, None, json!(1)), tx.event("b", None, None, json!(2))])
    };
    assert_eq!(store.transact(at(), &by(), log).expect("a transaction"), [1, 2]);
    assert_eq!(store.last_seq().expect("a number"), 2);
}

#[test]
fn a_change_without_event_and_one_that_is_too_large_are_refused() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    let before = fixture.files();
    let silent = store.transact(at(), &by(), |tx| tx.put(&work("ABC-2")));
    assert_eq!(silent.expect_err("refused").code(), "change_without_event");
    let large = store.transact(at(), &by(), |tx| {
        tx.event("x", None, None, json!("x".repeat(1024 * 1024)));
        Ok::<_, StoreError>(())
    });
    assert_eq!(large.expect_err("refused").code(), "transaction_too_large");
    assert_eq!(fixture.files(), before);
}

#[test]
fn a_transaction_sees_its_own_writes() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    put(&store, "ABC-2", 2);
    let seen = store.transact(at(), &by(), |tx| {
        tx.delete(DocId::new(Kind::Work, "ABC-1"));
        tx.put(&work("ABC-3"))?;
        tx.event("x", None, None, json!({}));
        Ok::<_, StoreError>((tx.names(Kind::Work)?, tx.get::<Work>("ABC-1")?.is_none()))
    });
    assert_eq!(seen.expect("a transaction"), (vec!["ABC-2".to_owned(), "ABC-3".to_owned()], true));
    let snapshot = fixture.open().snapshot(&[Kind::Work]).expect("a snapshot");
    assert_eq!(snapshot.names(Kind::Work).collect::<Vec<_>>(), ["ABC-2", "ABC-3"]);
}

#[test]
fn no_secret_reaches_the_disk() {
    let fixture = Fixture::new();
    let options = Options { secrets: vec!["hunter22\"quoted".to_owned()], ..Options::default() };
    let store = Store::open(&fixture.root(), options).expect("a store");
    store
        .transact(at(), &by(), |tx| {
            tx.put(&Work { last_error: Some("with hunter22\"quoted".to_owned()), ..work("ABC-1") })?;
            tx.event(
                "x",
                Some("hunter22\"quoted"),
                None,
                json!({"url": "https://u:hunter22@host/", "h": "Bearer abc123"}),
            );
            Ok::<_, StoreError>(())
        })
        .expect("a transaction");
    for (name, bytes) in fixture.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("hunter22") && !text.contains("abc123"), "{name}: {text}");
    }
    let error = store.get::<Work>("ABC-1").expect("a document").and_then(|work| work.last_error);
    assert_eq!(error.as_deref(), Some("with [redacted]"));
}

#[test]
fn a_secret_in_a_name_is_refused_and_not_written_unreadably() {
    let fixture = Fixture::new();
    let options = Options { secrets: vec!["ABC-1".to_owned()], ..Options::default() };
    let store = Store::open(&fixture.root(), options).expect("a store");
    let refused = store.transact(at(), &by(), |tx| tx.put(&work("ABC-1")));
    assert_eq!(refused.expect_err("refused").code(), "unwritable");
}

#[test]
fn the_last_poll_is_a_modification_time() {
    let fixture = Fixture::new();
    let store = fixture.open();
    assert_eq!(store.polled_at(), None);
    store.touch_polled(at()).expect("touched");
    assert_eq!(fixture.open().polled_at(), Some(at()));
    assert_eq!(std::fs::read(fixture.path("polled")).expect("a file"), b"");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    /// The store against a plain map, with handles that come and go, hints that get lost and segments that get full.
    #[test]
    fn it_is_a_map(steps in proptest::collection::vec((0..5u8, 0..5u8, 0..3u32), 1..24)) {
        let fixture = Fixture::new();
        let mut store = fixture.open();
        let mut model = std::collections::BTreeMap::new();
        let mut changes = 0;
        for (step, name, value) in steps {
            let name = format!("ABC-{name}");
            match step {
                0 => {
                    store
                        .transact(at(), &by(), |tx| {
                            tx.delete(DocId::new(Kind::Work, name.clone()));
                            tx.event("deleted", None, None, json!({}));
                            Ok::<_, StoreError>(())
                        })
                        .expect("a transaction");
                    changes += 1;
                    model.remove(&name);
                }
                1 => store = fixture.open(),
                3 => store = fixture.open_on(crash::Faulty::none(), 1),
                2 => std::fs::write(fixture.path("applied"), b"").expect("written"),
                _ => {
                    put(&store, &name, value);
                    changes += 1;
                    model.insert(name, value);
                }
            }
            let snapshot = fixture.open().snapshot(&[Kind::Work]).expect("a snapshot");
            let all: std::collections::BTreeMap<_, _> =
                snapshot.all::<Work>().into_iter().map(|work| (work.identifier, work.last_run)).collect();
            proptest::prop_assert_eq!(&all, &model);
            proptest::prop_assert_eq!(snapshot.as_of(), changes);
        }
    }
}
