//! `tracker.provider` of `asana`.

use reqwest::Url;

use crate::model::{is_same_state, normal_state};
use crate::tracker::TrackerError;
use crate::tracker::remote::{Keys, Scope, Secret, TIMEOUT, invalid};

const PROJECT_GID: &str = "tracker.provider.project_gid";
const API_KEY: &str = "tracker.provider.api_key";
const ENDPOINT: &str = "tracker.provider.endpoint";
const PRIORITY_LABELS: &str = "tracker.provider.priority_labels";
/// What other trackers have. Asana's search is no list: it is for paying workspaces, has no pages, and lags behind.
const QUERY: &str = "tracker.provider.query";
const TOOL_SCOPE: &str = "tracker.provider.tool_scope";

/// Every key that it knows.
pub(super) const KEYS: &[&str] = &[PROJECT_GID, API_KEY, ENDPOINT, PRIORITY_LABELS, TOOL_SCOPE, TIMEOUT];

/// What `asana` is told by WORKFLOW.md.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) endpoint: Url,
    pub(super) project: String,
    pub(super) priority_labels: Vec<String>,
    pub(super) scope: Scope,
    /// `tracker.active_states`, as they are compared.
    active: Vec<String>,
    /// `tracker.terminal_states`.
    terminal: Vec<String>,
}

impl Config {
    /// Validates and resolves the keys.
    pub(super) fn read(keys: Keys<'_>) -> Result<(Self, Secret), TrackerError> {
        let project = keys.required(PROJECT_GID, None)?;
        if !is_gid(&project) {
            return Err(invalid(PROJECT_GID, format!("`{project}` is no gid; the project's address has it")));
        }
        if keys.value(QUERY).is_some() {
            let message =
                "Asana's list of a project's tasks takes no filter; `tracker.required_labels` narrows by tags";
            return Err(invalid(QUERY, message));
        }
        let key = keys.secret(API_KEY, &["ASANA_PAT"])?;
        let tracker = keys.0.config;
        let config = Self {
            endpoint: keys.address(ENDPOINT, "https://app.asana.com/api/1.0")?,
            project,
            priority_labels: keys.texts(PRIORITY_LABELS)?,
            scope: keys.choice(TOOL_SCOPE, &[("token", Scope::Token), ("project", Scope::Project)])?,
            active: tracker.active_states.iter().map(|state| normal_state(state)).collect(),
            terminal: tracker.terminal_states.clone(),
        };
        Ok((config, key))
    }

    pub(super) fn is_active(&self, state: &str) -> bool {
        self.active.contains(&normal_state(state))
    }

    /// Where new tasks go.
    pub(super) fn first_active(&self) -> Option<&str> {
        self.active.first().map(String::as_str)
    }

    pub(super) fn is_terminal(&self, state: &str) -> bool {
        self.terminal.iter().any(|terminal| is_same_state(terminal, state))
    }

    /// The state of a task that is completed where its section does not say so.
    pub(super) fn completed(&self) -> &str {
        self.terminal.first().map_or("Completed", String::as_str)
    }
}

/// What an id of Asana's looks like: it becomes a part of paths.
pub(super) fn is_gid(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tracker::testing::{config, with_setting};

    fn read(provider: &Value, env: &[(&str, &str)]) -> Result<(Config, Secret), TrackerError> {
        with_setting(&config("asana", provider), env, |setting| Config::read(Keys(setting)))
    }

    #[test]
    fn what_is_not_written_comes_from_the_environment() {
        let (config, key) = read(&json!({ "project_gid": "120" }), &[("ASANA_PAT", "pat")]).expect("valid");
        assert_eq!(config.endpoint.as_str(), "https://app.asana.com/api/1.0");
        assert_eq!((key.value.as_str(), key.names), ("pat", vec!["ASANA_PAT".to_owned()]));
        let provider = json!({ "project_gid": "120", "api_key": "$MINE" });
        let (_, key) = read(&provider, &[("MINE", "pat")]).expect("valid");
        assert_eq!(key.names, ["ASANA_PAT", "MINE"]);
    }

    #[test]
    fn what_is_invalid_has_its_code() {
        let env = [("ASANA_PAT", "pat")];
        for (provider, env, code) in [
            (json!({ "project_gid": "120" }), &[][..], "missing_tracker_secret"),
            (json!({}), &env, "invalid_tracker_config"),
            (json!({ "project_gid": 120 }), &env, "invalid_tracker_config"),
            (json!({ "project_gid": "120/../x" }), &env, "invalid_tracker_config"),
            (json!({ "project_gid": "120", "endpoint": "http://app.asana.com" }), &env, "invalid_tracker_config"),
            (json!({ "project_gid": "120", "tool_scope": "all" }), &env, "invalid_tracker_config"),
            (json!({ "project_gid": "120", "query": "tag:agent" }), &env, "invalid_tracker_config"),
        ] {
            assert_eq!(read(&provider, env).map(drop).expect_err("invalid").code(), code, "{provider}");
        }
    }
}
