//! `tracker.provider` of `linear`.

use reqwest::Url;
use serde_json::Value;

use crate::tracker::TrackerError;
use crate::tracker::remote::{Keys, Scope, Secret, TIMEOUT, invalid};

const ENDPOINT: &str = "tracker.provider.endpoint";
const API_KEY: &str = "tracker.provider.api_key";
const PROJECT_SLUG: &str = "tracker.provider.project_slug";
const ASSIGNEE: &str = "tracker.provider.assignee";
const QUERY: &str = "tracker.provider.query";
const TOOL_SCOPE: &str = "tracker.provider.tool_scope";

/// Every key that it knows.
pub(super) const KEYS: &[&str] = &[ENDPOINT, API_KEY, PROJECT_SLUG, ASSIGNEE, QUERY, TOOL_SCOPE, TIMEOUT];

/// What `linear` is told by WORKFLOW.md.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) endpoint: Url,
    /// The project's `slugId`.
    pub(super) project: String,
    pub(super) assignee: Option<Assignee>,
    /// An `IssueFilter` beside Baton's own.
    pub(super) query: Option<Value>,
    pub(super) scope: Scope,
}

/// Whose issues are worked on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Assignee {
    /// Whom the credential belongs to.
    Me,
    /// A user's id.
    Id(String),
}

impl Config {
    /// Validates and resolves the keys.
    pub(super) fn read(keys: Keys<'_>) -> Result<(Self, Secret), TrackerError> {
        let key = keys.secret(API_KEY, &["LINEAR_API_KEY"])?;
        let query = keys.value(QUERY).cloned();
        if let Some(other) = query.as_ref().filter(|query| !query.is_object()) {
            return Err(invalid(QUERY, format!("`{other}` is no mapping; it is an `IssueFilter`")));
        }
        if keys.value(ASSIGNEE).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
            return Err(invalid(ASSIGNEE, "a blank text; `me`, or a user's id"));
        }
        let assignee = keys.text(ASSIGNEE, Some("LINEAR_ASSIGNEE"))?;
        let config = Self {
            endpoint: keys.address(ENDPOINT, "https://api.linear.app/graphql")?,
            project: keys.required(PROJECT_SLUG, None)?,
            assignee: assignee.map(|text| if text == "me" { Assignee::Me } else { Assignee::Id(text) }),
            query,
            scope: keys.choice(TOOL_SCOPE, &[("token", Scope::Token), ("project", Scope::Project)])?,
        };
        Ok((config, key))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tracker::testing::{config, with_setting};

    fn read(provider: &Value, env: &[(&str, &str)]) -> Result<Config, TrackerError> {
        with_setting(&config("linear", provider), env, |setting| Ok(Config::read(Keys(setting))?.0))
    }

    #[test]
    fn the_assignee_may_come_from_the_environment() {
        let env = [("LINEAR_API_KEY", "key"), ("LINEAR_ASSIGNEE", "me")];
        for (assignee, expected) in [
            (json!(null), Some(Assignee::Me)),
            (json!("u-1"), Some(Assignee::Id("u-1".into()))),
            (json!("$LINEAR_ASSIGNEE"), Some(Assignee::Me)),
        ] {
            let provider = json!({ "project_slug": "abc", "assignee": assignee });
            assert_eq!(read(&provider, &env).expect("valid").assignee, expected, "{provider}");
        }
        assert_eq!(read(&json!({ "project_slug": "abc" }), &env[..1]).expect("valid").assignee, None);
    }

    #[test]
    fn what_is_invalid_has_its_code() {
        let env = [("LINEAR_API_KEY", "key")];
        for (provider, env, code) in [
            (json!({ "project_slug": "abc" }), &[][..], "missing_tracker_secret"),
            (json!({}), &env, "invalid_tracker_config"),
            (json!({ "project_slug": "abc", "assignee": " " }), &env, "invalid_tracker_config"),
            (json!({ "project_slug": "abc", "assignee": 5 }), &env, "invalid_tracker_config"),
            (json!({ "project_slug": "abc", "query": "x" }), &env, "invalid_tracker_config"),
            (json!({ "project_slug": "abc", "endpoint": "http://api.linear.app" }), &env, "invalid_tracker_config"),
        ] {
            assert_eq!(read(&provider, env).expect_err("invalid").code(), code, "{provider}");
        }
    }
}
