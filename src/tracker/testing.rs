//! What tests of adapters need: a configuration, and a memory of limits that lives as long as the test.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
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

/// The GraphQL schema that `.ci/run schemas` made of what the provider publishes; where it could not, that is said.
pub(super) fn schema_text(file: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/schemas").join(file);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        #[expect(clippy::print_stderr, reason = "a test says that it was skipped")]
        {
            eprintln!("SKIPPED: {} is not there; `.ci/run schemas` makes it", path.display());
        }
    }
    text
}

/// Asserts that a provider with this schema takes all these documents, and that it would not take a wrong one.
pub(super) fn assert_taken(schema: &Valid<Schema>, documents: impl IntoIterator<Item = String>, wrong: &str) {
    for document in documents {
        let checked = ExecutableDocument::parse_and_validate(schema, &document, "query.graphql");
        assert!(checked.is_ok(), "{document}\n{}", checked.expect_err("invalid").errors);
    }
    assert!(ExecutableDocument::parse_and_validate(schema, wrong, "query.graphql").is_err(), "the check checks");
}
