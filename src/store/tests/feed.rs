//! Events.

use super::*;

#[test]
fn events_are_numbered_without_gaps() {
    let fixture = Fixture::new();
    let store = fixture.open();
    for n in 0..5 {
        put(&store, "ABC-1", n);
    }
    let reader = fixture.open();
    let all: Vec<u64> = reader.events(0, 100).expect("events").iter().map(|event| event.seq).collect();
    assert_eq!(all, [1, 2, 3, 4, 5]);
    let mut paged = Vec::new();
    while let Some(event) = reader.events(paged.len() as u64, 1).expect("events").pop() {
        paged.push(event.seq);
    }
    assert_eq!(paged, all);
    assert_eq!(reader.last_seq().expect("a number"), 5);
}

/// Six transactions in three segments.
fn segments() -> Fixture {
    let fixture = Fixture::new();
    for n in 1..=6 {
        let segment_bytes = if n == 2 || n == 5 { 1 } else { 1 << 20 };
        put(&fixture.open_on(crash::Faulty::none(), segment_bytes), "ABC-1", n);
    }
    assert_eq!(fixture.segments(), [1, 3, 6]);
    fixture
}

fn numbers(store: &Store, after: u64, limit: usize) -> Vec<u64> {
    store.events(after, limit).expect("events").iter().map(|event| event.seq).collect()
}

#[test]
fn several_segments_are_one_journal() {
    let fixture = segments();
    let store = fixture.open();
    assert_eq!(numbers(&store, 0, 100), [1, 2, 3, 4, 5, 6]);
    assert_eq!(numbers(&store, 4, 100), [5, 6]);
    assert_eq!(numbers(&store, 1, 3), [2, 3, 4]);
    assert_eq!(last_run(&store, "ABC-1"), Some(6));
    assert_eq!(put(&store, "ABC-1", 7), 7);
    assert_eq!(numbers(&store, 5, 100), [6, 7]);
    assert_eq!(
        std::fs::read_to_string(fixture.segment(6)).expect("a segment").lines().count(),
        3,
        "its checkpoint and two transactions"
    );
}

#[test]
fn a_segment_that_is_missing_between_others_is_damage() {
    let fixture = segments();
    std::fs::remove_file(fixture.segment(3)).expect("removed");
    let store = fixture.open();
    assert_eq!(store.events(0, 10).expect_err("damage").code(), "store_damaged");
    assert_eq!(numbers(&store, 5, 10), [6]);
    assert_eq!(last_run(&store, "ABC-1"), Some(6), "which harms nobody else");
}

#[test]
fn a_bad_line_at_the_end_of_a_segment_that_is_followed_is_damage_and_stays() {
    let fixture = segments();
    let path = fixture.segment(3);
    let text = std::fs::read_to_string(&path).expect("a segment");
    std::fs::write(&path, &text[..text.len() - 9]).expect("written");
    let store = fixture.open();
    let refused = store.events(0, 100).expect_err("damage");
    assert!(matches!(&refused, StoreError::Damaged { line: Some(4), file, .. } if *file == path), "{refused}");
    assert_eq!(put(&store, "ABC-1", 7), 7, "which is history, and holds up nobody");
    assert_eq!(std::fs::metadata(&path).expect("a segment").len(), text.len() as u64 - 9, "nothing is cut");
}

#[test]
fn events_end_where_the_manifests_do() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    let applied = std::fs::read(fixture.path("applied")).expect("a hint");
    put(&store, "ABC-1", 2);
    std::fs::write(fixture.path("applied"), applied).expect("written");
    let reader = fixture.open();
    assert_eq!(numbers(&reader, 0, 10), [1], "the second may still be in its writer's hands");
    assert_eq!(reader.last_seq().expect("a number"), 2);
    settle(&store);
    assert_eq!(numbers(&reader, 1, 10), [2]);
}
