//! Damage is found, located, limited, and never replaced silently.

use super::*;

fn three() -> (Fixture, String) {
    let fixture = Fixture::new();
    let store = fixture.open();
    for n in 1..=3 {
        put(&store, &format!("ABC-{n}"), n);
    }
    let journal = std::fs::read_to_string(fixture.journal()).expect("a journal");
    (fixture, journal)
}

#[test]
fn a_bad_line_before_a_good_one_is_named_and_left_alone() {
    let (fixture, journal) = three();
    let bad = journal.replacen("\"last_run\":2", "\"last_run\":9", 1);
    std::fs::write(fixture.journal(), &bad).expect("written");
    std::fs::write(fixture.path("applied"), b"").expect("written");
    let start = journal.find('\n').expect("a line") as u64 + 1;
    let store = fixture.open();
    let before = fixture.files();
    for error in [
        store.last_seq().expect_err("damage"),
        store.get::<Work>("ABC-1").expect_err("damage"),
        store.transact(at(), &by(), |_| Ok::<_, StoreError>(())).expect_err("damage"),
    ] {
        assert_eq!(error.code(), "store_damaged");
        assert!(
            matches!(&error, StoreError::Damaged { file, line: Some(2), byte: Some(byte), .. }
                if *byte == start && file.ends_with("journal/00000000000001.jsonl")),
            "{error}"
        );
    }
    assert_eq!(fixture.files(), before);
}

#[test]
fn a_number_out_of_order_is_damage() {
    let (fixture, journal) = three();
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    std::fs::write(fixture.journal(), [lines[0], lines[2]].concat()).expect("written");
    std::fs::write(fixture.path("applied"), b"").expect("written");
    let error = fixture.open().last_seq().expect_err("damage");
    assert!(matches!(error, StoreError::Damaged { line: Some(2), .. }), "{error}");
}

#[test]
fn a_journal_that_lost_its_tail_is_noticed() {
    let (fixture, journal) = three();
    let cut = journal.trim_end().rfind('\n').expect("lines") + 1;
    std::fs::write(fixture.journal(), &journal[..cut]).expect("written");
    let store = fixture.open();
    let lost = |error: StoreError| {
        assert!(matches!(&error, StoreError::LostTail { seq: 3, line: 2, byte, .. } if *byte == cut as u64), "{error}");
    };
    lost(store.get::<Work>("ABC-1").expect_err("`applied` is ahead"));
    lost(store.transact(at(), &by(), |_| Ok::<_, StoreError>(())).expect_err("`applied` is ahead"));
    std::fs::write(fixture.path("applied"), b"").expect("written");
    lost(store.get::<Work>("ABC-3").expect_err("the manifest is ahead"));
    lost(store.snapshot(&[Kind::Work]).map(drop).expect_err("the manifest is ahead"));
    lost(store.transact(at(), &by(), |tx| tx.get::<Work>("ABC-3").map(drop)).expect_err("the manifest is ahead"));
}

#[test]
fn a_damaged_manifest_harms_nobody_else() {
    for damage in ["", "{", "null", "{\"seq\":1,\"sum\":\"00000000\",\"data\":{}}\n"] {
        let (fixture, _) = three();
        std::fs::write(fixture.path("work/ABC-1.json"), damage).expect("written");
        let store = fixture.open();
        let error = store.get::<Work>("ABC-1").expect_err("damage");
        assert_eq!(error.code(), "document_damaged");
        assert!(error.to_string().contains("work/ABC-1.json"), "{error}");
        let snapshot = store.snapshot(&[Kind::Work]).expect("a snapshot");
        assert_eq!(snapshot.all::<Work>().len(), 2);
        assert_eq!(snapshot.damaged().iter().map(|(doc, _)| doc.to_string()).collect::<Vec<_>>(), ["work/ABC-1"]);
        put(&store, "ABC-2", 7);
        assert_eq!(std::fs::read_to_string(fixture.path("work/ABC-1.json")).expect("a file"), damage);
        put(&store, "ABC-1", 8);
        assert_eq!(last_run(&store, "ABC-1"), Some(8));
        assert_eq!(store.take_warnings().len(), 1, "replaced, and not silently: the journal had its last state");
        let kept = std::fs::read_dir(fixture.path("damaged")).expect("a directory").flatten().next();
        let kept = kept.map(|kept| std::fs::read_to_string(kept.path()).expect("bytes")).unwrap_or_default();
        assert_eq!(kept, damage);
    }
}

#[test]
fn a_manifest_that_the_journal_does_not_know_is_not_replaced() {
    let (fixture, _) = three();
    std::fs::write(fixture.path("work/ABC-9.json"), "scribble").expect("written");
    let store = fixture.open();
    let refused = store.transact(at(), &by(), |tx| tx.put(&work("ABC-9"))).expect_err("not replaced silently");
    assert_eq!(refused.code(), "document_damaged");
    assert_eq!(std::fs::read_to_string(fixture.path("work/ABC-9.json")).expect("a file"), "scribble");
}

#[test]
fn a_manifest_under_another_name_is_damaged() {
    let (fixture, _) = three();
    std::fs::copy(fixture.path("work/ABC-1.json"), fixture.path("work/ABC-7.json")).expect("copied");
    let snapshot = fixture.open().snapshot(&[Kind::Work]).expect("a snapshot");
    assert_eq!(snapshot.all::<Work>().len(), 3);
    let [(doc, reason)] = snapshot.damaged() else { panic!("one is damaged") };
    assert_eq!((doc.to_string().as_str(), reason.as_str()), ("work/ABC-7", "holds work/ABC-1"));
}

#[test]
fn a_damaged_manifest_is_restored_when_the_journal_is_redone_and_its_bytes_are_kept() {
    let (fixture, _) = three();
    std::fs::write(fixture.path("work/ABC-1.json"), "scribble").expect("written");
    std::fs::write(fixture.path("applied"), b"").expect("written");
    let store = fixture.open();
    settle(&store);
    assert_eq!(last_run(&store, "ABC-1"), Some(1));
    assert_eq!(store.take_warnings().len(), 1);
    let kept = std::fs::read_dir(fixture.path("damaged")).expect("a directory").flatten().next().expect("a file");
    assert_eq!(std::fs::read(kept.path()).expect("bytes"), b"scribble");
}

#[test]
fn a_manifest_that_cannot_be_written_holds_up_nobody_else() {
    let (fixture, _) = three();
    let store = fixture.open();
    std::fs::remove_file(fixture.path("work/ABC-1.json")).expect("removed");
    std::fs::create_dir(fixture.path("work/ABC-1.json")).expect("made");
    std::fs::write(fixture.path("applied"), b"").expect("written");
    put(&store, "ABC-2", 8);
    put(&store, "ABC-3", 9);
    assert_eq!((last_run(&store, "ABC-2"), last_run(&store, "ABC-3")), (Some(8), Some(9)));
    assert_eq!(last_run(&store, "ABC-1"), Some(1), "the journal still has it");
    assert_eq!(store.take_warnings().len(), 2, "said by each writer that tried");
    assert_eq!(store.events(0, 100).expect("events").len(), 5, "the feed goes on");
    std::fs::remove_dir(fixture.path("work/ABC-1.json")).expect("removed");
    settle(&store);
    assert!(fixture.path("work/ABC-1.json").is_file(), "and it heals");
    assert!(store.take_warnings().is_empty());
}
