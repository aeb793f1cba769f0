//! Where an issue's state comes from: GitHub's own `open` and `closed`, a label, or a field of a project. `open` and
//! `closed` alone are not enough to hand work over.

use serde_json::Value;

use crate::model::{is_same_state, normal_state};
use crate::tracker::TrackerError;
use crate::tracker::remote::invalid;
use crate::workflow::config::TrackerConfig;

/// Open, with no label or field that says more.
pub(super) const OPEN: &str = "open";
/// Closed, whatever its labels and fields say.
pub(super) const CLOSED: &str = "closed";
/// In the project, without a value in its field; GitHub's own words.
pub(super) const NO_STATUS: &str = "No Status";

/// `provider.state_from`.
#[derive(Debug, PartialEq)]
pub(super) enum StateFrom {
    Issue,
    Label,
    Project(Project),
}

/// A project of a user or an organisation, and its field.
#[derive(Debug, PartialEq)]
pub(super) struct Project {
    pub(super) owner: String,
    pub(super) number: u64,
    pub(super) field: String,
}

/// Where states come from, and which ones the configuration names.
#[derive(Debug)]
pub(super) struct States {
    pub(super) from: StateFrom,
    /// Those that a label may stand for, the finished ones first: an issue that has both `Todo` and `Done` is done.
    named: Vec<String>,
    /// Where new issues go.
    first_active: String,
}

impl States {
    /// Checks that the configured states can be.
    pub(super) fn new(from: StateFrom, config: &TrackerConfig) -> Result<Self, TrackerError> {
        const ACTIVE: &str = "tracker.active_states";
        const TERMINAL: &str = "tracker.terminal_states";
        const HANDOFF: &str = "tracker.handoff_state";
        let is = |state: &str, word: &str| normal_state(state) == word;
        match from {
            StateFrom::Issue => {
                if let Some(state) = config.active_states.iter().find(|state| !is(state, OPEN)) {
                    return Err(invalid(ACTIVE, needs_source(state)));
                }
                if let Some(state) = config.terminal_states.iter().find(|state| !is(state, CLOSED)) {
                    return Err(invalid(TERMINAL, needs_source(state)));
                }
                if let Some(state) = config.handoff_state.iter().find(|state| !is(state, CLOSED)) {
                    return Err(invalid(HANDOFF, needs_source(state)));
                }
            }
            StateFrom::Label | StateFrom::Project(_) => {
                if !config.terminal_states.iter().any(|state| is(state, CLOSED)) {
                    return Err(invalid(TERMINAL, "`closed` must be among them: a closed issue is finished"));
                }
                if config.active_states.iter().any(|state| is(state, CLOSED)) {
                    return Err(invalid(ACTIVE, "`closed` is a finished issue"));
                }
                let mut all = config.active_states.iter().chain(&config.terminal_states).chain(&config.handoff_state);
                if let Some(state) = all.find(|state| state.contains([',', '"']) && from == StateFrom::Label) {
                    return Err(invalid(ACTIVE, format!("`{state}` cannot be a label: it has a comma or a quote")));
                }
            }
        }
        let mut named: Vec<String> = Vec::new();
        for state in config.terminal_states.iter().chain(&config.handoff_state).chain(&config.active_states) {
            let known = named.iter().any(|other| is_same_state(other, state));
            if !known && !is(state, OPEN) && !is(state, CLOSED) {
                named.push(state.trim().to_owned());
            }
        }
        let first_active = config.active_states.first().map_or(OPEN, |state| state.trim()).to_owned();
        Ok(Self { from, named, first_active })
    }

    /// The state of a record; none where it is not in the project.
    pub(super) fn of(&self, record: &Value) -> Option<String> {
        let own = record["state"].as_str().unwrap_or_default().to_lowercase();
        match &self.from {
            StateFrom::Issue => Some(own),
            StateFrom::Project(project) => {
                let item = project.item(record)?;
                let status = item["fieldValueByName"]["name"].as_str().unwrap_or(NO_STATUS);
                Some(if own == OPEN { status.to_owned() } else { own })
            }
            StateFrom::Label if own == OPEN => {
                let labels = crate::tracker::remote::labels(nodes(&record["labels"]));
                let state = self.named.iter().find(|state| labels.contains(&normal_state(state)));
                Some(state.cloned().unwrap_or(own))
            }
            StateFrom::Label => Some(own),
        }
    }

    /// The lists that hold what is in these states: GitHub's own state, and a label.
    pub(super) fn lists(&self, states: Option<&[String]>) -> Vec<(&'static str, Option<String>)> {
        let Some(states) = states else { return vec![("all", None)] };
        let wants = |word: &str| states.iter().any(|state| normal_state(state) == word);
        let own = match (wants(OPEN), wants(CLOSED)) {
            (true, true) => Some("all"),
            (true, false) => Some("open"),
            (false, true) => Some("closed"),
            (false, false) => None,
        };
        // All open issues hold those with a label.
        let labels = self.named.iter().filter(|_| !wants(OPEN) && self.from == StateFrom::Label);
        let labels = labels.filter(|name| wants(&normal_state(name))).map(|name| ("open", Some(name.clone())));
        own.map(|state| (state, None)).into_iter().chain(labels).collect()
    }

    /// The state of a new issue that is given none.
    pub(super) fn first_active(&self) -> &str {
        &self.first_active
    }

    /// The labels that stand for a state.
    pub(super) fn labels(&self) -> &[String] {
        if self.from == StateFrom::Label { &self.named } else { &[] }
    }
}

impl Project {
    /// The record's item in this project.
    pub(super) fn item<'v>(&self, record: &'v Value) -> Option<&'v Value> {
        nodes(&record["projectItems"]).find(|item| {
            let owner = item["project"]["owner"]["login"].as_str();
            item["project"]["number"].as_u64() == Some(self.number)
                && owner.is_none_or(|owner| owner.eq_ignore_ascii_case(&self.owner))
        })
    }
}

/// The items of a list as REST has it, or of a connection as GraphQL has it.
pub(super) fn nodes(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().or_else(|| list["nodes"].as_array()).into_iter().flatten()
}

fn needs_source(state: &str) -> String {
    format!(
        "`{state}`: a GitHub issue is `open` (active) or `closed` (terminal); `provider.state_from: label` or `project` \
         makes other states"
    )
}
