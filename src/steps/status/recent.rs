//! What a run said last, read off the end of its events.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::model::{RunId, Timestamp};
use crate::run_folder::{self, RunEvent, RunFolder};
use crate::store::Store;

/// Events that are looked at.
const EVENTS: usize = 100;
/// Events that are shown.
const SHOWN: usize = 20;
/// Characters that are shown of what was said.
const LENGTH: usize = 500;

/// One event of a run (SPEC 13.7).
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct RecentEvent {
    /// When.
    pub at: Timestamp,
    /// Its type, by the names of SPEC 10.4.
    pub event: String,
    /// What it says, where it says something; of a long text the beginning.
    pub message: Option<String>,
}

/// A subscription's limits, as an agent told them.
pub(super) struct RateLimits {
    pub(super) at: Timestamp,
    pub(super) limits: Value,
}

/// The last events of a run, the newest first.
pub(super) struct Recent {
    pub(super) events: Vec<RunEvent>,
}

impl Recent {
    pub(super) fn of(store: &Store, run: &RunId) -> Self {
        let path = RunFolder::of(store.layout(), run).events();
        Self { events: run_folder::recent_events(&path, EVENTS) }
    }

    /// What was said last.
    pub(super) fn message(&self) -> Option<String> {
        self.events.iter().find_map(message)
    }

    /// What the agent last said of its limits.
    pub(super) fn rate_limits(&self) -> Option<RateLimits> {
        let said = self.events.iter().find(|event| event.kind == "rate_limits")?;
        Some(RateLimits { at: said.at, limits: said.data.clone() })
    }

    /// The last ones, oldest first.
    pub(super) fn shown(&self) -> Vec<RecentEvent> {
        let shown = self.events.iter().take(SHOWN).rev();
        shown.map(|event| RecentEvent { at: event.at, event: event.kind.clone(), message: message(event) }).collect()
    }
}

fn message(event: &RunEvent) -> Option<String> {
    event.message().map(|text| text.chars().take(LENGTH).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::StateRecord;
    use crate::project::STATE;
    use crate::run_folder::EventLog;
    use crate::steps;
    use crate::worker::testing::Bench;

    #[test]
    fn the_last_word_is_the_newest_that_says_something() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("events.jsonl");
        let mut log = EventLog::create(&path).expect("made");
        for (kind, data) in [
            ("rate_limits", json!({ "used": 1 })),
            ("rate_limits", json!({ "used": 2 })),
            ("message", json!({ "text": "é".repeat(LENGTH + 1) })),
            ("usage", json!({ "total_tokens": 3 })),
        ] {
            log.write(Timestamp::UNIX_EPOCH, kind, data);
        }
        let recent = Recent { events: run_folder::recent_events(&path, EVENTS) };
        assert_eq!(recent.message(), Some("é".repeat(LENGTH)));
        assert_eq!(recent.rate_limits().map(|limits| limits.limits), Some(json!({ "used": 2 })));
        let shown = recent.shown();
        let kinds: Vec<&str> = shown.iter().map(|event| event.event.as_str()).collect();
        assert_eq!(kinds, ["rate_limits", "rate_limits", "message", "usage"]);
    }

    #[test]
    fn the_limits_that_an_ended_run_left_are_shown() {
        let bench = Bench::new("true", "");
        let limits = json!({ "primary": { "used_percent": 80 } });
        let kept = bench.project.store.transact(bench.project.seams.now(), &bench.by(), |tx| {
            let state: StateRecord = tx.get(STATE)?.unwrap_or_default();
            tx.event("test", None, None, json!({}));
            tx.put(&StateRecord { rate_limits: Some(limits.clone()), ..state })
        });
        kept.expect("written");
        let report = steps::status(&bench.project.store, &bench.project.seams).expect("a report");
        assert_eq!(report.rate_limits, Some(limits));
    }
}
