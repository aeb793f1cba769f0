//! Several writers and readers at once.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::*;

/// How many writers, and how many transactions each.
const WRITERS: u32 = 8;
const EACH: u32 = 25;
const ROOT: &str = "BATON_TEST_STORE";
const ACKNOWLEDGED: &str = "BATON_TEST_ACKNOWLEDGED";

fn increment(store: &Store) -> Result<(), StoreError> {
    store.transact(at(), &by(), |tx| {
        let before = tx.get::<Work>("ABC-1")?.map_or(0, |work| work.last_run);
        tx.put(&Work { last_run: before + 1, ..work("ABC-1") })?;
        tx.event("counted", None, None, json!({}));
        Ok(())
    })
}

fn check(fixture: &Fixture) {
    let total = WRITERS * EACH;
    let store = fixture.open();
    assert_eq!(last_run(&store, "ABC-1"), Some(total));
    let first = store.first_cursor().expect("a number");
    let events: Vec<u64> = store.events(first, usize::MAX).expect("events").iter().map(|event| event.seq).collect();
    assert_eq!(events, (first + 1..=u64::from(total)).collect::<Vec<_>>());
}

/// Not a test of its own: what the processes of the tests below run.
#[test]
#[ignore = "run by the tests below"]
#[expect(clippy::disallowed_methods, reason = "this process is a test's child and is told so")]
fn child() {
    let root = std::env::var_os(ROOT).expect("the parent names the store");
    let options = Options { lock_timeout: None, segment_bytes: 16 * 1024, ..Options::default() };
    let store = Store::open(root.as_ref(), options).expect("a store");
    let Some(acknowledged) = std::env::var_os(ACKNOWLEDGED) else {
        return (0..EACH).try_for_each(|_| increment(&store)).expect("every transaction");
    };
    let mut acknowledged = std::fs::OpenOptions::new().append(true).open(acknowledged).expect("a file");
    loop {
        increment(&store).expect("a transaction");
        acknowledged.write_all(b".").expect("written");
    }
}

fn start(fixture: &Fixture, acknowledged: Option<&Path>) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--ignored", "--exact", "store::tests::race::child"]).env(ROOT, fixture.root()).stdout(Stdio::null());
    if let Some(path) = acknowledged {
        command.env(ACKNOWLEDGED, path);
    }
    command.spawn().expect("a child")
}

#[test]
fn killed_processes_lose_nothing_that_they_acknowledged() {
    let fixture = Fixture::new();
    let path = fixture.dir.path().join("acknowledged");
    std::fs::write(&path, b"").expect("written");
    let acknowledged = || std::fs::metadata(&path).expect("a file").len();
    for round in 1..=8 {
        let mut children = [(); 3].map(|()| start(&fixture, Some(&path)));
        let enough = acknowledged() + 20 + round;
        while acknowledged() < enough {
            std::thread::yield_now();
        }
        for child in &mut children {
            child.kill().expect("killed");
            child.wait().expect("an end");
        }
        let store = fixture.open();
        let counted = u64::from(last_run(&store, "ABC-1").expect("a document"));
        // Each of the killed may have committed one more than it could say.
        let most = acknowledged() + 3 * round;
        assert!((acknowledged()..=most).contains(&counted), "{counted} of {}", acknowledged());
        assert_eq!(store.last_seq().expect("a number"), counted);
        settle(&store);
        let first = store.first_cursor().expect("a number");
        assert_eq!(store.events(first, usize::MAX).expect("events").len() as u64, counted - first);
    }
}

#[test]
fn processes_lose_nothing() {
    let fixture = Fixture::new();
    let children: Vec<_> = (0..WRITERS).map(|_| start(&fixture, None)).collect();
    for mut child in children {
        assert!(child.wait().expect("an end").success());
    }
    check(&fixture);
    assert!(fixture.segments().len() > 3, "they rotated");
}

#[test]
fn handles_of_one_process_lose_nothing_and_readers_see_whole_states() {
    let fixture = Fixture::new();
    let shared = fixture.open();
    std::thread::scope(|scope| {
        for n in 0..WRITERS {
            let (fixture, shared) = (&fixture, &shared);
            scope.spawn(move || {
                // Half of them share a handle, half have their own.
                let own = fixture.open();
                let store = if n % 2 == 0 { shared } else { &own };
                (0..EACH).try_for_each(|_| increment(store)).expect("every transaction");
            });
        }
        scope.spawn(|| {
            let reader = fixture.open();
            let mut last = 0;
            while last < u64::from(WRITERS * EACH) {
                let snapshot = reader.snapshot(&[Kind::Work]).expect("a snapshot");
                let counted =
                    snapshot.get::<Work>("ABC-1").expect("readable").map_or(0, |work| u64::from(work.last_run));
                assert_eq!(counted, snapshot.as_of(), "the state is that of the journal number");
                assert!(snapshot.as_of() >= last, "time does not go back");
                last = snapshot.as_of();
            }
        });
    });
    check(&fixture);
}

#[test]
fn a_lock_that_is_held_is_busy_and_names_its_holder() {
    let fixture = Fixture::new();
    let holder = fixture.open();
    let pid = std::process::id();
    let by_poll = By { command: "poll".to_owned(), pid, fence: None };
    let timeout = Duration::from_millis(30);
    let hasty =
        Store::open(&fixture.root(), Options { lock_timeout: Some(timeout), ..Options::default() }).expect("a store");
    holder
        .transact(at(), &by_poll, |_| {
            for _ in 0..3 {
                let started = Instant::now();
                let busy = hasty.transact(at(), &by(), |_| Ok::<_, StoreError>(())).expect_err("busy");
                assert_eq!(busy.code(), "lock_busy");
                assert!(busy.to_string().contains(&format!("pid {pid} (baton poll)")), "{busy}");
                assert!(started.elapsed() >= timeout);
            }
            assert_eq!(last_run(&hasty, "ABC-1"), None, "readers do not wait");
            Ok::<_, StoreError>(())
        })
        .expect("a transaction");
    // Whoever waited in vain lets go of the lock when it gets it.
    put(&fixture.open(), "ABC-1", 1);
    put(&hasty, "ABC-1", 2);
    put(&holder, "ABC-1", 3);
}

#[test]
fn who_waits_gets_the_lock_when_it_is_free() {
    for lock_timeout in [Some(Duration::from_secs(60)), None] {
        let fixture = Fixture::new();
        let holder = fixture.open();
        let waiting = Store::open(&fixture.root(), Options { lock_timeout, ..Options::default() }).expect("a store");
        std::thread::scope(|scope| {
            let waiter = holder
                .transact(at(), &by(), |tx| {
                    tx.event("first", None, None, json!({}));
                    Ok::<_, StoreError>(scope.spawn(|| put(&waiting, "ABC-1", 1)))
                })
                .expect("a transaction");
            assert_eq!(waiter.join().expect("no panic"), 2);
        });
    }
}
