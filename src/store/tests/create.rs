//! Making and opening a store.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn code(result: Result<Store, StoreError>) -> &'static str {
    match result {
        Ok(_) => "opened",
        Err(error) => error.code(),
    }
}

#[test]
fn a_new_store_is_private_and_complete() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    store.touch_polled(at()).expect("touched");
    for entry in walkdir::WalkDir::new(fixture.root()) {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, if entry.file_type().is_dir() { 0o700 } else { 0o600 }, "{}", entry.path().display());
    }
    assert_eq!(std::fs::read_to_string(fixture.path(".gitignore")).expect("a file"), "*\n");
    let format: serde_json::Value =
        serde_json::from_slice(&std::fs::read(fixture.path("FORMAT")).expect("a file")).expect("JSON");
    assert_eq!(format, json!({"store": store.id(), "format": {"major": 1, "minor": 0}}));
    let (again, made) = Store::open_or_create(&fixture.root(), Options::default()).expect("a store");
    assert_eq!((again.id(), made), (store.id(), false));
}

#[test]
fn what_is_no_store_is_not_made_one() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let root = dir.path().join("x");
    assert_eq!(code(Store::open(&root, Options::default())), "not_found");
    assert!(!root.exists());
    std::fs::create_dir(&root).expect("made");
    assert_eq!(code(Store::open(&root, Options::default())), "not_found", "an empty directory");
    std::fs::write(root.join("thesis.txt"), "mine").expect("written");
    assert_eq!(code(Store::open_or_create(&root, Options::default()).map(|(store, _)| store)), "not_a_store");
    assert_eq!(std::fs::read_dir(&root).expect("a directory").count(), 1);
    std::fs::remove_file(root.join("thesis.txt")).expect("removed");
    assert_eq!(code(Store::open_or_create(&root, Options::default()).map(|(store, _)| store)), "opened");
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("written");
    assert_eq!(code(Store::open_or_create(&file, Options::default()).map(|(store, _)| store)), "not_a_store");
}

#[test]
fn formats_that_are_not_ours_are_refused() {
    let fixture = Fixture::new();
    let open = || code(Store::open(&fixture.root(), Options::default()));
    for (format, expected) in [
        (r#"{"store":"x","format":{"major":2,"minor":0}}"#, "store_newer"),
        (r#"{"store":"x","format":{"major":0,"minor":9}}"#, "store_older"),
        (r#"{"store":"x","format":{"major":1,"minor":7},"more":1}"#, "opened"),
        ("", "store_damaged"),
    ] {
        std::fs::write(fixture.path("FORMAT"), format).expect("written");
        assert_eq!(open(), expected, "{format}");
    }
    std::fs::remove_file(fixture.path("FORMAT")).expect("removed");
    assert_eq!(open(), "store_damaged", "a journal without FORMAT");
    assert_eq!(
        code(Store::open_or_create(&fixture.root(), Options::default()).map(|(store, _)| store)),
        "store_damaged"
    );
}

#[test]
fn a_store_that_changes_its_format_under_us_is_left_alone() {
    let fixture = Fixture::new();
    let store = fixture.open();
    put(&store, "ABC-1", 1);
    std::fs::write(fixture.path("FORMAT"), r#"{"store":"x","format":{"major":2,"minor":0}}"#).expect("written");
    let refused = store.transact(at(), &by(), |_| Ok::<_, StoreError>(())).expect_err("refused");
    assert_eq!(refused.code(), "store_newer");
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn only_the_owner_writes() {
    let fixture = Fixture::new();
    put(&fixture.open(), "ABC-1", 1);
    if std::os::unix::fs::chown(fixture.root(), Some(12345), None).is_err() {
        eprintln!("SKIPPED: only root can give a directory away");
        return;
    }
    let store = fixture.open();
    assert_eq!(last_run(&store, "ABC-1"), Some(1), "reading is allowed");
    let refused = store.transact(at(), &by(), |_| Ok::<_, StoreError>(())).expect_err("refused");
    assert!(matches!(refused, StoreError::WrongOwner { owner: 12345, .. }));
    assert_eq!(store.touch_polled(at()).expect_err("refused").code(), "wrong_owner");
}

#[test]
fn many_creators_make_one_store() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let root = dir.path().join(".baton");
    let made: Vec<(String, bool)> = std::thread::scope(|scope| {
        let creators: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let (store, made) = Store::open_or_create(&root, Options::default()).expect("a store");
                    (store.id().to_owned(), made)
                })
            })
            .collect();
        creators.into_iter().map(|creator| creator.join().expect("no panic")).collect()
    });
    assert_eq!(made.iter().filter(|(_, made)| *made).count(), 1);
    assert!(made.iter().all(|(id, _)| *id == made[0].0));
    assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 1, "nothing is left beside it");
}
