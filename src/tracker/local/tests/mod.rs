//! `local` over real files.

mod reads;
mod tools;
mod writes;

use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::seams::Seams;
use crate::tracker::{build, testing};
use crate::workflow::config::TrackerConfig;

/// `local` never waits for anybody but the file system: its futures are ready at once, without a runtime.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future is not ready"),
    }
}

pub(super) fn config(provider: &Value) -> TrackerConfig {
    testing::config("local", provider)
}

/// A project with an empty `issues/` and a store.
pub(super) struct Project {
    pub(super) root: TempDir,
}

impl Project {
    pub(super) fn new() -> Self {
        let root = TempDir::new().expect("a directory");
        fs::create_dir(root.path().join("issues")).expect("issues");
        fs::create_dir(root.path().join(".baton")).expect("a store");
        Self { root }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("issues").join(name)
    }

    pub(super) fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect(name);
    }

    pub(super) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    /// A file with this front matter.
    pub(super) fn issue(&self, name: &str, front: &str) {
        self.put(name, &format!("---\n{front}\n---\n"));
    }

    pub(super) fn tracker(&self) -> Box<dyn Tracker> {
        self.tracker_at(self.root.path())
    }

    fn tracker_at(&self, base: &Path) -> Box<dyn Tracker> {
        let env = [("BATON_RUN", "A.7"), ("USER", "ann")].into_iter().collect();
        let seams = Seams { env, ..Seams::of_process() };
        let store = self.root.path().join(".baton");
        build(&config(&serde_json::json!({})), base, &store, &seams, &testing::memory()).expect("a tracker")
    }

    fn states(&self, states: &[&str]) -> Fetched {
        ready(self.tracker().fetch_issues_by_states(&owned(states))).expect("issues")
    }

    fn ids(&self, ids: &[&str]) -> Result<Vec<Issue>, TrackerError> {
        ready(self.tracker().fetch_issues_by_ids(&owned(ids)))
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
