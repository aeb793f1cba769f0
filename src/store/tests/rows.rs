//! Rows say what the manifests say, and where they cannot, the manifests are read.

use super::crash::Faulty;
use super::*;
use crate::model::{Issue, Status};

/// Enough for a file of rows.
const MANY: u32 = 600;

pub(super) fn issue(name: &str, state: &str) -> IssueRecord {
    let issue: Issue = serde_json::from_value(json!({
        "id": format!("id-{name}"), "identifier": name, "title": format!("the title of {name}"), "state": state,
        "labels": [], "blocked_by": [], "dispatchable": true
    }))
    .expect("an issue");
    IssueRecord { key: key(name), asked_at: 0, issue }
}

/// Puts both documents of an issue.
fn see(tx: &mut Transaction<'_>, name: &str, state: &str, runtime_ms: u64) -> Result<(), StoreError> {
    tx.put(&issue(name, state))?;
    tx.put(&Work { runtime_ms, ..work(name) })?;
    tx.event("issue.seen", Some(name), None, json!({}));
    Ok(())
}

fn many() -> (Fixture, Store) {
    let fixture = Fixture::new();
    let store = fixture.open_on(Faulty::none(), 8 << 20);
    for batch in (1..=MANY).collect::<Vec<_>>().chunks(50) {
        let seen = |tx: &mut Transaction<'_>| batch.iter().try_for_each(|n| see(tx, &format!("ABC-{n}"), "Todo", 1));
        store.transact(at(), &by(), seen).expect("a transaction");
    }
    keep(&store);
    (fixture, store)
}

fn keep(store: &Store) {
    store.keep_rows(&store.rows().expect("rows"));
    assert!(store.take_warnings().is_empty());
}

/// What the rows say, and that they say what the manifests do.
fn checked(store: &Store, fixture: &Fixture) -> Vec<Row> {
    let rows = store.rows().expect("rows");
    let hidden = fixture.path("hidden");
    let there = std::fs::rename(fixture.path("rows"), &hidden).is_ok();
    let without = store.rows().expect("rows");
    if there {
        std::fs::rename(hidden, fixture.path("rows")).expect("renamed back");
    }
    assert_eq!((rows.as_of(), &rows.rows, &rows.damaged), (without.as_of(), &without.rows, &without.damaged));
    rows.rows
}

#[test]
fn rows_follow_the_journal() {
    let (fixture, store) = many();
    assert_eq!(checked(&store, &fixture).len(), MANY as usize);
    let before = std::fs::read(fixture.path("rows")).expect("rows");
    store
        .transact(at(), &by(), |tx| {
            see(tx, "ABC-1", "Done", 7)?;
            see(tx, "NEW-1", "Todo", 8)?;
            tx.put(&Work { status: Status::Paused, ..work("ABC-2") })?;
            tx.delete(DocId::new(Kind::Work, "ABC-3"));
            tx.delete(DocId::new(Kind::Issues, "ABC-3"));
            tx.delete(DocId::new(Kind::Issues, "ABC-4"));
            Ok::<_, StoreError>(())
        })
        .expect("a transaction");
    let rows = checked(&store, &fixture);
    let row = |name: &str| rows.iter().find(|row| row.identifier == name);
    assert_eq!(
        row("ABC-1").map(|row| (row.issue.clone().expect("an issue").state, row.runtime_ms)),
        Some(("Done".into(), 7))
    );
    assert_eq!(row("NEW-1").map(|row| row.runtime_ms), Some(8));
    assert_eq!(row("ABC-2").map(|row| row.status.clone()), Some(Status::Paused));
    assert_eq!(row("ABC-3"), None);
    assert_eq!(row("ABC-4").map(|row| row.issue.is_none()), Some(true));
    keep(&store);
    assert_eq!(std::fs::read(fixture.path("rows")).expect("rows"), before, "a short tail is not worth a file");
}

#[test]
fn rows_are_used_where_they_are_good_and_only_there() {
    let (fixture, store) = many();
    let good = std::fs::read_to_string(fixture.path("rows")).expect("rows");
    let lie = |text: &str| {
        let body = text.replace("the title of ABC-5\"", "a lie\"");
        let body = &body[9..body.len() - 1];
        format!("{}\n{body}\n", line::sum(body.as_bytes()))
    };
    let lies = |store: &Store| {
        let rows = store.rows().expect("rows").rows;
        rows.iter().any(|row| row.issue.as_ref().is_some_and(|issue| issue.title == "a lie"))
    };
    let write = |text: &str| std::fs::write(fixture.path("rows"), text).expect("written");
    write(&lie(&good));
    assert!(lies(&store), "so that what follows means something");
    write(&good.replace("the title of ABC-5\"", "a lie\""));
    assert!(!lies(&store), "the sum is wrong");
    write(&lie(&good)[..good.len() / 2]);
    assert!(!lies(&store), "half a file");
    write(&lie(&good.replace(store.id(), "another")));
    assert!(!lies(&store), "another store's");
    write(&lie(&good.replace("{\"v\":4,", "{\"v\":5,")));
    assert!(!lies(&store), "another Baton's");
    write(&lie(&good.replace("\"offset\":", "\"offset\":9")));
    assert!(!lies(&store), "of another journal");
    write(&lie(&good));
    assert!(!lies(&fixture.open_on(Faulty::none().next_boot(), 1)), "after a boot the manifests are looked at");
    std::fs::copy(fixture.path("work/ABC-1.json"), fixture.path("work/FOREIGN.json")).expect("copied");
    assert!(!lies(&store), "a manifest that the rows do not know");
    assert_eq!(store.rows().expect("rows").damaged.len(), 1);
    std::fs::remove_file(fixture.path("work/FOREIGN.json")).expect("removed");
    assert!(lies(&store));
    std::fs::remove_file(fixture.path("issues/ABC-1.json")).expect("removed");
    assert!(!lies(&store), "a manifest that is not there");
}

#[test]
fn rows_survive_rotation_and_are_written_anew_when_they_are_old() {
    let (fixture, store) = many();
    let before = std::fs::read(fixture.path("rows")).expect("rows");
    let rotating = fixture.open_on(Faulty::none(), 1 << 10);
    while fixture.segments().len() < 4 {
        for n in 1..80 {
            put(
                &rotating,
                &format!("ABC-{n}"),
                n + u32::try_from(rotating.last_seq().expect("a number")).expect("small"),
            );
        }
    }
    assert_eq!(checked(&store, &fixture).len(), MANY as usize);
    keep(&store);
    assert_ne!(std::fs::read(fixture.path("rows")).expect("rows"), before);
    assert_eq!(checked(&store, &fixture).len(), MANY as usize);
}

#[test]
fn few_issues_and_damaged_ones_leave_no_rows() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    keep(&store);
    assert!(!fixture.path("rows").exists());
    let (fixture, store) = many();
    std::fs::remove_file(fixture.path("rows")).expect("removed");
    std::fs::write(fixture.path("work/ABC-1.json"), "scribble").expect("written");
    keep(&store);
    assert!(!fixture.path("rows").exists(), "damage stays in sight");
    assert_eq!(store.rows().expect("rows").damaged.len(), 1);
}
