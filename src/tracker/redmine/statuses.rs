//! The states that a Redmine has.

use serde_json::Value;

use super::config::Config;
use crate::model::{is_same_state, normal_state};
use crate::tracker::TrackerError;
use crate::tracker::remote::{invalid, text};

/// All of them.
#[derive(Debug)]
pub(super) struct Statuses(Vec<Status>);

#[derive(Debug)]
struct Status {
    id: u64,
    name: String,
    is_closed: bool,
}

impl Statuses {
    /// Of the answer that lists them.
    pub(super) fn read(body: &Value) -> Option<Self> {
        let status = |record: &Value| {
            let (id, name) = (record["id"].as_u64()?, text(&record["name"])?);
            Some(Status { id, name, is_closed: record["is_closed"] == true })
        };
        body["issue_statuses"].as_array()?.iter().map(status).collect::<Option<Vec<_>>>().map(Self)
    }

    /// The ids of those with these names.
    pub(super) fn ids(&self, names: &[String]) -> Vec<String> {
        let wanted: Vec<String> = names.iter().map(|name| normal_state(name)).collect();
        let found = self.0.iter().filter(|status| wanted.contains(&normal_state(&status.name)));
        found.map(|status| status.id.to_string()).collect()
    }

    /// The id of the one with this name.
    pub(super) fn id(&self, name: &str) -> Option<u64> {
        self.0.iter().find(|status| is_same_state(&status.name, name)).map(|status| status.id)
    }

    /// Whether an issue with this status is over for Redmine.
    pub(super) fn is_closed(&self, name: &str) -> bool {
        self.0.iter().any(|status| status.is_closed && is_same_state(&status.name, name))
    }

    /// What they are called.
    pub(super) fn names(&self) -> String {
        self.0.iter().map(|status| status.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Fails where no issue could ever be picked up, or none handed over.
    pub(super) fn check(&self, config: &Config) -> Result<(), TrackerError> {
        let has = self.names();
        if self.ids(&config.active_states).is_empty() {
            let names = config.active_states.join(", ");
            return Err(invalid("tracker.active_states", format!("none of {names} is a status here, which are {has}")));
        }
        match &config.handoff_state {
            Some(state) if self.id(state).is_none() => {
                Err(invalid("tracker.handoff_state", format!("`{state}` is no status here, which are {has}")))
            }
            Some(_) | None => Ok(()),
        }
    }
}
