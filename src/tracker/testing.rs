//! What tests of adapters need: a configuration, and a memory of limits that lives as long as the test.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{Memory, Setting, TrackerError, profile};
use crate::model::Timestamp;
use crate::seams::{Environment, Seams};
use crate::workflow::config::TrackerConfig;

/// Limits in memory.
#[derive(Default)]
pub(crate) struct Limits(Mutex<BTreeMap<String, Timestamp>>);

impl Memory for Limits {
    fn closed_until(&self, bucket: &str) -> Option<Timestamp> {
        self.0.lock().expect("no test panicked").get(bucket).copied()
    }

    fn close(&self, bucket: &str, until: Timestamp) {
        self.0.lock().expect("no test panicked").insert(bucket.to_owned(), until);
    }
}

/// A memory of limits.
pub(crate) fn memory() -> Arc<dyn Memory> {
    Arc::new(Limits::default())
}

/// `tracker` with this `provider`, and the states of its kind.
pub(super) fn config(kind: &str, provider: &Value) -> TrackerConfig {
    let states = profile(kind, &Environment::default()).expect("a kind");
    TrackerConfig {
        kind: kind.into(),
        provider: provider.as_object().expect("a map").clone(),
        required_labels: Vec::new(),
        active_states: states.active,
        terminal_states: states.terminal,
        handoff_state: None,
    }
}

/// Reads a configuration as an adapter does, with these variables in the environment.
pub(super) fn with_setting<T>(
    config: &TrackerConfig,
    env: &[(&str, &str)],
    read: impl FnOnce(Setting<'_>) -> Result<T, TrackerError>,
) -> Result<T, TrackerError> {
    let seams = Seams { env: env.iter().copied().collect(), ..Seams::of_process() };
    let (base, store) = (Path::new("/project"), Path::new("/project/.baton"));
    read(Setting { config, base, store, seams: &seams, memory: &memory() })
}
