//! The store against a plain map: whatever is done, in whatever order, by whichever handle, both say the same.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::kinds::scratch;
use super::recorded::{Boot, Recorded};
use super::*;

/// What may be done.
#[derive(Debug, Clone)]
enum Do {
    /// A transaction of puts (with a value) and deletions, which is then taken back or not.
    Transact { changes: Vec<(u8, Option<u32>)>, fails: bool },
    /// Another process goes on.
    Reopen,
    /// The power goes: hints count no more.
    Reboot,
    /// The hint is lost.
    LoseHint,
    /// A manifest comes back empty, as one that was not flushed may, and the power was gone.
    Empty(u8),
}

fn anything() -> impl Strategy<Value = Do> {
    let changes = proptest::collection::vec((0..6_u8, proptest::option::weighted(0.7, 0..100_u32)), 0..5);
    prop_oneof![
        8 => (changes, proptest::bool::weighted(0.2)).prop_map(|(changes, fails)| Do::Transact { changes, fails }),
        1 => Just(Do::Reopen),
        1 => Just(Do::Reboot),
        1 => Just(Do::LoseHint),
        1 => (0..6_u8).prop_map(Do::Empty),
    ]
}

struct Both {
    dir: tempfile::TempDir,
    boot: Boot,
    segment_bytes: u64,
    store: Store,
    map: BTreeMap<String, u32>,
    seq: u64,
}

impl Both {
    fn new(segment_bytes: u64) -> Self {
        let (dir, boot) = (scratch(), Boot::FIRST);
        let fs = Arc::new(Recorded::not_at_all(boot));
        let made = Store::open_or_create_on(fs, &dir.path().join(".baton"), Options::default()).expect("a store");
        let mut both = Self { dir, boot, segment_bytes, store: made.0, map: BTreeMap::new(), seq: 0 };
        both.store = both.open();
        both
    }

    fn open(&self) -> Store {
        let options = Options { segment_bytes: self.segment_bytes, ..Options::default() };
        let fs = Arc::new(Recorded::not_at_all(self.boot));
        Store::open_on(fs, &self.dir.path().join(".baton"), options).expect("a store")
    }

    fn carry_out(&mut self, what: &Do) {
        match what {
            Do::Transact { changes, fails } => self.transact(changes, *fails),
            Do::Reopen => self.store = self.open(),
            Do::Reboot => {
                self.boot = self.boot.next();
                self.store = self.open();
            }
            Do::LoseHint => std::fs::write(self.dir.path().join(".baton/applied"), b"").expect("written"),
            Do::Empty(n) => {
                let path = self.dir.path().join(format!(".baton/work/ABC-{n}.json"));
                if self.is_unflushed(&path) {
                    std::fs::write(path, b"").expect("written");
                }
                self.carry_out(&Do::Reboot);
                settle(&self.store);
            }
        }
    }

    /// Whether a manifest was written since the last rotation.
    fn is_unflushed(&self, manifest: &std::path::Path) -> bool {
        let Ok(manifest) = std::fs::read(manifest) else { return false };
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("a manifest");
        let segments = self.store.journal().segments().expect("segments");
        manifest["seq"].as_u64() >= segments.last().copied()
    }

    fn transact(&mut self, changes: &[(u8, Option<u32>)], fails: bool) {
        let mut map = self.map.clone();
        let result = self.store.transact(at(), &by(), |tx| {
            for (n, value) in changes {
                let name = format!("ABC-{n}");
                match value {
                    Some(last_run) => {
                        tx.put(&Work { last_run: *last_run, ..work(&name) })?;
                        map.insert(name.clone(), *last_run);
                    }
                    None => {
                        tx.delete(DocId::new(Kind::Work, name.as_str()));
                        map.remove(&name);
                    }
                }
                assert_eq!(tx.get::<Work>(&name)?.map(|work| work.last_run), *value, "a transaction sees its own");
            }
            assert_eq!(tx.names(Kind::Work)?, map.keys().cloned().collect::<Vec<_>>());
            tx.event("changed", None, None, json!({}));
            if fails { Err(StoreError::damaged(PathBuf::new(), "as told")) } else { Ok(()) }
        });
        assert_eq!(result.is_err(), fails);
        if !fails {
            (self.map, self.seq) = (map, self.seq + 1);
        }
    }

    fn compare(&self) {
        for store in [&self.store, &self.open()] {
            let snapshot = store.snapshot(&[Kind::Work]).expect("a snapshot");
            assert!(snapshot.damaged().is_empty(), "{:?}", snapshot.damaged());
            let works = snapshot.all::<Work>().into_iter().map(|work| (work.identifier, work.last_run));
            assert_eq!((works.collect::<BTreeMap<_, _>>(), snapshot.as_of()), (self.map.clone(), self.seq));
            for n in 0..6 {
                let name = format!("ABC-{n}");
                assert_eq!(last_run(store, &name), self.map.get(&name).copied());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_store_says_what_a_map_would(segment_bytes in prop_oneof![Just(1_u64), Just(700), Just(1 << 20)],
                                       all in proptest::collection::vec(anything(), 1..30)) {
        let mut both = Both::new(segment_bytes);
        for what in &all {
            both.carry_out(what);
            both.compare();
        }
    }
}
