//! `tracker.provider` of `jira`.

use reqwest::Url;
use reqwest::header::HeaderName;

use crate::tracker::TrackerError;
use crate::tracker::http::{address, basic, bearer};
use crate::tracker::remote::{Keys, Scope, Secret, TIMEOUT, invalid};

use super::jql;

const BASE_URL: &str = "tracker.provider.base_url";
const DEPLOYMENT: &str = "tracker.provider.deployment";
const EMAIL: &str = "tracker.provider.email";
const API_TOKEN: &str = "tracker.provider.api_token";
pub(super) const PROJECT_KEY: &str = "tracker.provider.project_key";
const ISSUE_TYPE: &str = "tracker.provider.issue_type";
const QUERY: &str = "tracker.provider.query";
const PRIORITIES: &str = "tracker.provider.priorities";
const TOOL_SCOPE: &str = "tracker.provider.tool_scope";

/// Every key that it knows.
pub(super) const KEYS: &[&str] =
    &[BASE_URL, DEPLOYMENT, EMAIL, API_TOKEN, PROJECT_KEY, ISSUE_TYPE, QUERY, PRIORITIES, TOOL_SCOPE, TIMEOUT];

/// What `jira` is told by WORKFLOW.md.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) base: Url,
    pub(super) deployment: Deployment,
    pub(super) project: String,
    /// What new issues are.
    pub(super) issue_type: String,
    /// JQL beside Baton's own.
    pub(super) query: Option<String>,
    /// Names of priorities, the most urgent first.
    pub(super) priorities: Vec<String>,
    pub(super) scope: Scope,
}

/// Which Jira it is: the two have different interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deployment {
    /// Atlassian's own: version 3, texts are documents.
    Cloud,
    /// One's own Server or Data Center: version 2, texts are texts.
    Server,
}

/// What a request proves itself with: the header, and the secret in it.
pub(super) struct Credential {
    pub(super) header: (HeaderName, String),
    pub(super) secret: Secret,
}

impl Config {
    /// Validates and resolves the keys.
    pub(super) fn read(keys: Keys<'_>) -> Result<(Self, Credential), TrackerError> {
        let base = address(BASE_URL, &keys.required(BASE_URL, Some("JIRA_BASE_URL"))?)?;
        let deployment = keys.choice(DEPLOYMENT, &[("cloud", Deployment::Cloud), ("server", Deployment::Server)])?;
        let header = match deployment {
            Deployment::Cloud => {
                let email = keys.required(EMAIL, Some("JIRA_EMAIL"))?;
                let secret = keys.secret(API_TOKEN, &["JIRA_API_TOKEN"])?;
                Credential { header: basic(&email, &secret.value), secret }
            }
            Deployment::Server => {
                let secret = keys.secret(API_TOKEN, &["JIRA_API_TOKEN"])?;
                Credential { header: bearer(&secret.value), secret }
            }
        };
        let query = keys.text(QUERY, None)?;
        if let Some(query) = &query {
            jql::check(query).map_err(|why| invalid(QUERY, format!("`{query}`: {why}")))?;
        }
        let mut priorities = keys.texts(PRIORITIES)?;
        if priorities.is_empty() {
            priorities = ["Highest", "High", "Medium", "Low", "Lowest"].map(str::to_owned).to_vec();
        }
        let config = Self {
            base,
            deployment,
            project: project(&keys.required(PROJECT_KEY, None)?)?,
            issue_type: keys.text(ISSUE_TYPE, None)?.unwrap_or_else(|| "Task".to_owned()),
            query,
            priorities,
            scope: keys.choice(TOOL_SCOPE, &[("project", Scope::Project), ("token", Scope::Token)])?,
        };
        Ok((config, header))
    }

    /// What every path of the interface begins with.
    pub(super) fn api(&self) -> &'static str {
        match self.deployment {
            Deployment::Cloud => "/rest/api/3/",
            Deployment::Server => "/rest/api/2/",
        }
    }
}

/// A project's key, in the upper case that Jira gives it.
fn project(text: &str) -> Result<String, TrackerError> {
    let is_key = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_key { Ok(text.to_uppercase()) } else { Err(invalid(PROJECT_KEY, format!("`{text}` is no key of a project"))) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tracker::testing::{config, with_setting};

    const ENV: [(&str, &str); 3] =
        [("JIRA_BASE_URL", "https://acme.atlassian.net/"), ("JIRA_EMAIL", "a@b.c"), ("JIRA_API_TOKEN", "token")];

    fn read(provider: &Value, env: &[(&str, &str)]) -> Result<(Config, Credential), TrackerError> {
        with_setting(&config("jira", provider), env, |setting| Config::read(Keys(setting)))
    }

    #[test]
    fn what_is_not_written_comes_from_the_environment() {
        let (config, credential) = read(&json!({ "project_key": "sym" }), &ENV).expect("valid");
        assert_eq!((config.base.as_str(), config.project.as_str()), ("https://acme.atlassian.net/", "SYM"));
        // a@b.c:token
        assert_eq!(credential.header.1, "Basic YUBiLmM6dG9rZW4=");
        assert_eq!(credential.secret.names, ["JIRA_API_TOKEN"]);
        let named = json!({ "project_key": "SYM", "base_url": "$MY_JIRA", "api_token": "$MY_TOKEN" });
        let env = [("MY_JIRA", "https://jira.example/jira"), ("MY_TOKEN", "t"), ("JIRA_EMAIL", "a@b.c")];
        let (config, credential) = read(&named, &env).expect("valid");
        assert_eq!(config.base.as_str(), "https://jira.example/jira");
        assert_eq!(credential.secret.names, ["JIRA_API_TOKEN", "MY_TOKEN"]);
    }

    #[test]
    fn a_server_of_ones_own_takes_a_token_alone() {
        let provider = json!({ "project_key": "SYM", "deployment": "server" });
        let (config, credential) = read(&provider, &[ENV[0], ENV[2]]).expect("valid");
        assert_eq!((config.api(), credential.header.1.as_str()), ("/rest/api/2/", "Bearer token"));
    }

    #[test]
    fn what_is_invalid_has_its_code() {
        for (provider, env, code) in [
            (json!({ "project_key": "SYM" }), &ENV[..2], "missing_tracker_secret"),
            (json!({ "project_key": "SYM" }), &ENV[1..], "invalid_tracker_config"),
            (json!({ "project_key": "SYM", "email": "" }), &ENV, "invalid_tracker_config"),
            (json!({}), &ENV, "invalid_tracker_config"),
            (json!({ "project_key": "SY M" }), &ENV, "invalid_tracker_config"),
            (json!({ "project_key": "../x" }), &ENV, "invalid_tracker_config"),
            (json!({ "project_key": "SYM", "query": "a = 1) OR (b = 2" }), &ENV, "invalid_tracker_config"),
            (json!({ "project_key": "SYM", "priorities": "High" }), &ENV, "invalid_tracker_config"),
            (json!({ "project_key": "SYM", "deployment": "elsewhere" }), &ENV, "invalid_tracker_config"),
            (json!({ "project_key": "SYM", "base_url": "http://acme.atlassian.net" }), &ENV, "invalid_tracker_config"),
        ] {
            assert_eq!(read(&provider, env).map(drop).expect_err("invalid").code(), code, "{provider}");
        }
    }
}
