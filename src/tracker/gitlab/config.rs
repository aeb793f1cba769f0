//! `tracker.provider` of `gitlab`.

use reqwest::Url;
use serde_json::Value;

use super::{CLOSED, OPENED};
use crate::model::normal_state;
use crate::tracker::TrackerError;
use crate::tracker::remote::{Keys, Scope, Secret, TIMEOUT, invalid};

const PROJECT_PATH: &str = "tracker.provider.project_path";
const API_KEY: &str = "tracker.provider.api_key";
const API_URL: &str = "tracker.provider.api_url";
const QUERY: &str = "tracker.provider.query";
const PRIORITY_LABELS: &str = "tracker.provider.priority_labels";
const TOOL_SCOPE: &str = "tracker.provider.tool_scope";

/// Every key that it knows.
pub(super) const KEYS: &[&str] = &[PROJECT_PATH, API_KEY, API_URL, QUERY, PRIORITY_LABELS, TOOL_SCOPE, TIMEOUT];

/// What `gitlab` is told by WORKFLOW.md.
#[derive(Debug)]
pub(super) struct Config {
    /// `group/project`.
    pub(super) project: String,
    pub(super) api: Url,
    pub(super) graphql: Url,
    /// Parameters of every list.
    pub(super) query: Vec<(String, String)>,
    pub(super) priority_labels: Vec<String>,
    pub(super) scope: Scope,
}

impl Config {
    /// Validates and resolves the keys.
    pub(super) fn read(keys: Keys<'_>) -> Result<(Self, Secret), TrackerError> {
        let project = project(&keys.required(PROJECT_PATH, Some("GITLAB_PROJECT_PATH"))?)?;
        let token = keys.secret(API_KEY, &["GITLAB_PAT", "GITLAB_ACCESS_TOKEN"])?;
        let api = keys.address(API_URL, "https://gitlab.com/api/v4")?;
        let tracker = keys.0.config;
        for (key, states, word) in [
            ("tracker.active_states", &tracker.active_states[..], OPENED),
            ("tracker.terminal_states", &tracker.terminal_states[..], CLOSED),
            ("tracker.handoff_state", tracker.handoff_state.as_slice(), CLOSED),
        ] {
            if let Some(state) = states.iter().find(|state| normal_state(state) != word) {
                let message = format!("`{state}`: a GitLab issue is `opened` (active) or `closed` (terminal)");
                return Err(invalid(key, message));
            }
        }
        let config = Self {
            project,
            graphql: graphql(&api)?,
            api,
            query: keys.value(QUERY).map(parameters).transpose()?.unwrap_or_default(),
            priority_labels: keys.texts(PRIORITY_LABELS)?,
            scope: keys.choice(TOOL_SCOPE, &[("project", Scope::Project), ("token", Scope::Token)])?,
        };
        Ok((config, token))
    }

    /// Where it is in REST: the whole path is one segment.
    pub(super) fn project_path(&self) -> String {
        format!("/projects/{}", self.project.replace('/', "%2F"))
    }
}

fn project(text: &str) -> Result<String, TrackerError> {
    let text = text.trim_matches('/');
    let is_name = |name: &str| {
        !name.is_empty()
            && !matches!(name, "." | "..")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if text.contains('/') && text.split('/').all(is_name) {
        return Ok(text.to_owned());
    }
    Err(invalid(PROJECT_PATH, format!("`{text}` is no `group/project`")))
}

/// GraphQL lies beside REST: `/api/graphql` where REST is at `/api/v4`.
fn graphql(api: &Url) -> Result<Url, TrackerError> {
    let base = api.as_str().trim_end_matches('/');
    let base = base.strip_suffix("/v4").unwrap_or(base);
    Url::parse(&format!("{base}/graphql")).map_err(|_| invalid(API_URL, "no address for GraphQL beside it"))
}

/// A mapping of parameters, each with a value or a list of them.
fn parameters(value: &Value) -> Result<Vec<(String, String)>, TrackerError> {
    const OWN: [&str; 8] = ["state", "iids", "iids[]", "page", "per_page", "order_by", "sort", "pagination"];
    let wrong = || invalid(QUERY, format!("`{value}` is no mapping of parameters, such as `labels: agent`"));
    let fields = value.as_object().ok_or_else(wrong)?;
    let mut parameters = Vec::new();
    for (name, value) in fields {
        if OWN.contains(&name.as_str()) {
            return Err(invalid(QUERY, format!("`{name}` is Baton's own to set")));
        }
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => return Err(wrong()),
            };
            parameters.push((name.clone(), text));
        }
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tracker::testing::{config, with_setting};

    fn read(provider: &Value, env: &[(&str, &str)]) -> Result<(Config, Secret), TrackerError> {
        with_setting(&config("gitlab", provider), env, |setting| Config::read(Keys(setting)))
    }

    #[test]
    fn a_project_is_a_path() {
        assert_eq!(project("/group/sub/p.x/").expect("valid"), "group/sub/p.x");
        for text in ["", "p", "g//p", "g/p q", "g/..", "../p", "g/p?x", "https://h/g/p", "g/\tp"] {
            assert!(project(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_written_comes_from_the_environment() {
        let env = [("GITLAB_PROJECT_PATH", "g/p"), ("GITLAB_PAT", "pat")];
        let (config, secret) = read(&json!({}), &env).expect("valid");
        assert_eq!(config.project_path(), "/projects/g%2Fp");
        assert_eq!(config.graphql.as_str(), "https://gitlab.com/api/graphql");
        assert_eq!((secret.value.as_str(), secret.names.join(" ")), ("pat", "GITLAB_PAT GITLAB_ACCESS_TOKEN".into()));
        assert_eq!(read(&json!({}), &env[..1]).map(drop).expect_err("no token").code(), "missing_tracker_secret");
        let broken = [("GITLAB_PROJECT_PATH", "g/p"), ("GITLAB_PAT", "glpat-a\nb")];
        let error = read(&json!({}), &broken).map(drop).expect_err("no header can carry it").to_string();
        assert!(error.starts_with("tracker.provider.api_key: ") && !error.contains("glpat"), "{error}");
    }

    #[test]
    fn a_query_is_a_mapping_of_parameters() {
        let value = json!({ "labels": "a,b", "confidential": false, "not[labels]": ["x", "y"], "weight": 2 });
        let all: Vec<String> =
            parameters(&value).expect("valid").iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(all, ["labels=a,b", "confidential=false", "not[labels]=x", "not[labels]=y", "weight=2"]);
        for value in [json!("labels=a"), json!({ "state": "all" }), json!({ "a": {} }), json!({ "a": null })] {
            assert!(parameters(&value).is_err(), "{value}");
        }
    }
}
