//! `tracker.provider` of `redmine`.

use reqwest::Url;
use serde_json::Value;

use crate::tracker::TrackerError;
use crate::tracker::http::address;
use crate::tracker::remote::{Keys, Scope, Secret, TIMEOUT, invalid};

const URL: &str = "tracker.provider.url";
const API_KEY: &str = "tracker.provider.api_key";
const PROJECT: &str = "tracker.provider.project";
const QUERY: &str = "tracker.provider.query";
const PRIORITIES: &str = "tracker.provider.priorities";
const TOOL_SCOPE: &str = "tracker.provider.tool_scope";

/// Every key that it knows.
pub(super) const KEYS: &[&str] = &[URL, API_KEY, PROJECT, QUERY, PRIORITIES, TOOL_SCOPE, TIMEOUT];

/// Those of an English installation, the most urgent first.
const USUAL_PRIORITIES: [&str; 5] = ["Immediate", "Urgent", "High", "Normal", "Low"];

/// What `redmine` is told by WORKFLOW.md.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) url: Url,
    /// Its identifier or number.
    pub(super) project: String,
    /// Parameters of every list.
    pub(super) query: Vec<(String, String)>,
    /// Names of priorities, the most urgent first.
    pub(super) priorities: Vec<String>,
    pub(super) scope: Scope,
    pub(super) active_states: Vec<String>,
    pub(super) handoff_state: Option<String>,
}

impl Config {
    /// Validates and resolves the keys.
    pub(super) fn read(keys: Keys<'_>) -> Result<(Self, Secret), TrackerError> {
        let url = address(URL, &keys.required(URL, Some("REDMINE_URL"))?)?;
        let project = keys.required(PROJECT, None)?;
        if !project.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
            return Err(invalid(PROJECT, format!("`{project}` is no identifier of a project")));
        }
        let key = keys.secret(API_KEY, &["REDMINE_API_KEY"])?;
        let mut priorities = keys.texts(PRIORITIES)?;
        if priorities.is_empty() {
            priorities = USUAL_PRIORITIES.map(str::to_owned).into();
        }
        let config = Self {
            url,
            project,
            query: keys.value(QUERY).map(parameters).transpose()?.unwrap_or_default(),
            priorities,
            scope: keys.choice(TOOL_SCOPE, &[("project", Scope::Project), ("token", Scope::Token)])?,
            active_states: keys.0.config.active_states.clone(),
            handoff_state: keys.0.config.handoff_state.clone(),
        };
        Ok((config, key))
    }
}

/// A mapping of filters, each with a value or a list of them, of which one must hold.
fn parameters(value: &Value) -> Result<Vec<(String, String)>, TrackerError> {
    const OWN: [&str; 11] = [
        "project_id",
        "subproject_id",
        "status_id",
        "issue_id",
        "include",
        "limit",
        "offset",
        "page",
        "sort",
        "set_filter",
        "key",
    ];
    let wrong = || invalid(QUERY, format!("`{value}` is no mapping of filters, such as `tracker_id: 2`"));
    let mut parameters = Vec::new();
    for (name, value) in value.as_object().ok_or_else(wrong)? {
        if OWN.contains(&name.as_str()) {
            return Err(invalid(QUERY, format!("`{name}` is Baton's own to set")));
        }
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let texts = values.iter().map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) => Some(value.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        });
        let texts: Vec<String> = texts.collect::<Option<_>>().ok_or_else(wrong)?;
        parameters.push((name.clone(), texts.join("|")));
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tracker::testing::{config, with_setting};

    fn read(provider: &Value, env: &[(&str, &str)]) -> Result<(Config, Secret), TrackerError> {
        with_setting(&config("redmine", provider), env, |setting| Config::read(Keys(setting)))
    }

    #[test]
    fn what_is_not_written_comes_from_the_environment() {
        let env = [("REDMINE_URL", "https://h/redmine/"), ("REDMINE_API_KEY", "k3y")];
        let (config, secret) = read(&json!({ "project": "shop" }), &env).expect("valid");
        assert_eq!((config.url.as_str().trim_end_matches('/'), config.priorities.len()), ("https://h/redmine", 5));
        assert_eq!((secret.value.as_str(), secret.names.join(" ")), ("k3y", "REDMINE_API_KEY".into()));
        let error = read(&json!({ "project": "shop" }), &env[..1]).map(drop).expect_err("no key");
        assert_eq!(error.code(), "missing_tracker_secret");
    }

    #[test]
    fn what_is_wrong_names_its_key() {
        let env = [("REDMINE_URL", "https://h"), ("REDMINE_API_KEY", "k3y")];
        for (provider, key) in [
            (json!({}), PROJECT),
            (json!({ "project": "a/b" }), PROJECT),
            (json!({ "project": "a", "url": "http://elsewhere.example" }), URL),
            (json!({ "project": "a", "query": "x" }), QUERY),
            (json!({ "project": "a", "query": { "status_id": 1 } }), QUERY),
            (json!({ "project": "a", "query": { "tracker_id": {} } }), QUERY),
            (json!({ "project": "a", "priorities": "High" }), PRIORITIES),
            (json!({ "project": "a", "tool_scope": "all" }), TOOL_SCOPE),
        ] {
            let error = read(&provider, &env).map(drop).expect_err("invalid");
            assert!(error.to_string().starts_with(key), "{provider}: {error}");
        }
    }

    #[test]
    fn a_query_is_a_mapping_of_filters() {
        let value = json!({ "tracker_id": [1, 2], "assigned_to_id": "me", "cf_5": "agent" });
        let all: Vec<String> =
            parameters(&value).expect("valid").iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(all, ["tracker_id=1|2", "assigned_to_id=me", "cf_5=agent"]);
    }
}
