//! Every kind of transaction that there is, as a script of which each operation is recorded.

use super::disk::Change;
use super::recorded::{Boot, Recorded};
use super::*;

/// A kind of transaction.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Rotation after so many bytes.
    segment_bytes: u64,
    /// What was there when it began.
    before: fn(&Store, &Recorded),
    /// Whether a manifest is missing.
    missing: bool,
    /// The transaction.
    act: fn(&Store) -> Result<(), StoreError>,
}

/// All of them, but for the creation of a store.
pub(super) const KINDS: [Kind; 7] = [
    Kind {
        name: "plain: one document put",
        segment_bytes: LONG,
        before: two,
        missing: false,
        act: |store| counted(store, "ABC-1", 2),
    },
    Kind { name: "poll: many documents put", segment_bytes: LONG, before: two, missing: false, act: poll },
    Kind { name: "delete, with a put", segment_bytes: LONG, before: two, missing: false, act: delete },
    Kind {
        name: "rotation with a checkpoint",
        segment_bytes: 1,
        before: eight,
        missing: false,
        act: |store| counted(store, "ABC-1", 9),
    },
    Kind { name: "a manifest healed from the journal", segment_bytes: LONG, before: removed, missing: true, act: heal },
    Kind {
        name: "a torn tail cut off, then a put",
        segment_bytes: LONG,
        before: torn,
        missing: false,
        act: |store| counted(store, "ABC-1", 2),
    },
    Kind {
        name: "what a killed writer left, rolled forward",
        segment_bytes: LONG,
        before: behind,
        missing: false,
        act: |store| counted(store, "ABC-3", 2),
    },
];

const LONG: u64 = 1 << 20;

/// How many documents a poll puts.
const MANY: u32 = 6;

/// A kind of transaction, done on a store of its own.
pub(super) struct Done {
    pub(super) dir: tempfile::TempDir,
    pub(super) recorded: Recorded,
    /// The number of the transaction's first step.
    pub(super) from: usize,
    /// The states in which it may be found, the last one with the transaction.
    pub(super) states: Vec<State>,
    pub(super) result: Result<(), StoreError>,
    pub(super) warnings: Vec<String>,
}

/// An empty directory, in memory where there is such a place.
pub(super) fn scratch() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    dir.expect("a temporary directory")
}

/// What the documents say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) seq: u64,
    docs: Vec<String>,
}

impl State {
    /// As a reader sees it.
    pub(super) fn of(store: &Store) -> Self {
        let snapshot =
            store.snapshot(&[super::Kind::Work, super::Kind::Issues, super::Kind::Claims]).expect("a snapshot");
        assert!(snapshot.damaged().is_empty(), "{:?}", snapshot.damaged());
        let works =
            snapshot.all::<Work>().into_iter().map(|work| format!("work {} {}", work.identifier, work.last_run));
        let issues = snapshot.all::<IssueRecord>().into_iter().map(|it| format!("issue {} {}", it.key, it.issue.state));
        Self { seq: snapshot.as_of(), docs: works.chain(issues).collect() }
    }
}

impl Kind {
    /// Does it, with the step that fails, if one is to.
    pub(super) fn run(&self, fails: Option<usize>) -> Done {
        let dir = scratch();
        let root = dir.path().join(".baton");
        let mut recorded = Recorded::below(dir.path(), Boot::FIRST);
        let options = Options { segment_bytes: self.segment_bytes, ..Options::default() };
        let open =
            |on: &Recorded| Store::open_or_create_on(Arc::new(on.clone()), &root, options.clone()).expect("a store").0;
        (self.before)(&open(&recorded), &recorded);
        let from = recorded.tape().steps.len();
        let before = State::of(&open(&recorded));
        if let Some(step) = fails {
            recorded = recorded.failing_at(from + step);
        }
        let store = open(&recorded);
        let result = (self.act)(&store);
        if result.is_ok() {
            recorded.acknowledge();
        }
        let mut states = vec![before, State::of(&store)];
        if self.missing {
            // What a reader of whole kinds misses, the first writer finds, whatever else it does.
            let docs = states[1].docs.iter().map(|doc| doc.replace("ABC-1 2", "ABC-1 1")).collect();
            states.insert(1, State { seq: states[0].seq, docs });
        }
        Done { dir, from, states, result, warnings: store.take_warnings(), recorded }
    }
}

impl Done {
    /// How many of the recorded changes there were when the line was on the disk: the commit.
    pub(super) fn committed_at(&self) -> usize {
        let tape = self.recorded.tape();
        let mut appended = None;
        for (at, (step, change)) in tape.log.iter().enumerate() {
            match (change, appended) {
                (Change::Write { node, .. }, None) if *step >= self.from && tape.steps[*step].starts_with("append") => {
                    appended = Some(*node);
                }
                (Change::Flush(node), Some(journal)) if *node == journal => return at + 1,
                _ => {}
            }
        }
        panic!("no commit");
    }
}

fn counted(store: &Store, name: &str, last_run: u32) -> Result<(), StoreError> {
    store.transact(at(), &by(), |tx| {
        tx.put(&Work { last_run, ..work(name) })?;
        tx.event("counted", Some(name), None, json!({}));
        Ok(())
    })
}

fn two(store: &Store, recorded: &Recorded) {
    for name in ["ABC-1", "ABC-3"] {
        put(store, name, 1);
        recorded.acknowledge();
    }
}

fn eight(store: &Store, recorded: &Recorded) {
    for n in 1..=8 {
        put(store, &format!("ABC-{}", n % 3), n);
        recorded.acknowledge();
    }
}

fn poll(store: &Store) -> Result<(), StoreError> {
    store.transact(at(), &by(), |tx| {
        for n in 1..=MANY {
            let name = format!("ABC-{n}");
            tx.put(&rows::issue(&name, "Todo"))?;
            tx.put(&Work { last_run: 7, ..work(&name) })?;
            tx.event("issue.seen", Some(&name), None, json!({}));
        }
        Ok::<_, StoreError>(())
    })?;
    store.touch_polled(at())
}

fn delete(store: &Store) -> Result<(), StoreError> {
    store.transact(at(), &by(), |tx| {
        tx.delete(DocId::new(super::Kind::Work, "ABC-3"));
        tx.put(&Work { last_run: 2, ..work("ABC-1") })?;
        tx.event("deleted", None, None, json!({}));
        Ok(())
    })
}

/// A manifest is gone from a place where all was flushed.
fn removed(store: &Store, recorded: &Recorded) {
    use super::super::fs::Fs as _;
    two(store, recorded);
    let path = store.layout().root.join("work/ABC-3.json");
    recorded.remove(&path).expect("removed");
    recorded.sync_all(&path).expect("flushed");
}

fn heal(store: &Store) -> Result<(), StoreError> {
    store.transact(at(), &by(), |tx| {
        let there = tx.get::<Work>("ABC-3")?.map_or(0, |work| work.last_run);
        tx.put(&Work { last_run: there + 1, ..work("ABC-1") })?;
        tx.event("healed", None, None, json!({}));
        Ok(())
    })
}

/// A killed writer's append that is not whole.
fn torn(store: &Store, recorded: &Recorded) {
    use super::super::fs::{Access, Fs as _};
    two(store, recorded);
    let segment = recorded.open(&store.layout().segment(1), Access::Append).expect("a segment");
    segment.append(b"{\"sum\":\"0123abcd\",\"rec\":{\"v\":1,").expect("appended");
}

/// A killed writer's line that is whole and flushed, without what follows from it.
fn behind(store: &Store, recorded: &Recorded) {
    use super::super::fs::{Access, Fs as _};
    two(store, recorded);
    let layout = store.layout();
    let [manifest, applied] = ["work/ABC-1.json", "applied"].map(|name| layout.root.join(name));
    let old = [&manifest, &applied].map(|path| std::fs::read(path).expect("a file"));
    put(store, "ABC-1", 5);
    recorded.acknowledge();
    recorded.write(&manifest, &old[0]).expect("written");
    let file = recorded.open(&applied, Access::Overwrite).expect("a file");
    file.overwrite(&old[1]).expect("written");
}
