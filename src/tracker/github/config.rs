//! `tracker.provider` of `github`.

use reqwest::Url;

use super::states::{Project, StateFrom, States};
use crate::tracker::TrackerError;
use crate::tracker::remote::{Keys, Scope, Secret, TIMEOUT, invalid};

const REPO: &str = "tracker.provider.repo";
const TOKEN: &str = "tracker.provider.token";
const API_URL: &str = "tracker.provider.api_url";
const STATE_FROM: &str = "tracker.provider.state_from";
const PROJECT: &str = "tracker.provider.project";
const PROJECT_OWNER: &str = "tracker.provider.project_owner";
const STATUS_FIELD: &str = "tracker.provider.status_field";
const QUERY: &str = "tracker.provider.query";
const PRIORITY_LABELS: &str = "tracker.provider.priority_labels";
const TOOL_SCOPE: &str = "tracker.provider.tool_scope";

/// Every key that it knows.
pub(super) const KEYS: &[&str] = &[
    REPO,
    TOKEN,
    API_URL,
    STATE_FROM,
    PROJECT,
    PROJECT_OWNER,
    STATUS_FIELD,
    QUERY,
    PRIORITY_LABELS,
    TOOL_SCOPE,
    TIMEOUT,
];

/// What `github` is told by WORKFLOW.md.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) owner: String,
    pub(super) repo: String,
    pub(super) api: Url,
    pub(super) graphql: Url,
    pub(super) states: States,
    pub(super) query: Option<String>,
    pub(super) priority_labels: Vec<String>,
    pub(super) scope: Scope,
}

#[derive(Clone, Copy)]
enum Source {
    Issue,
    Label,
    Project,
}

impl Config {
    /// Validates and resolves the keys.
    pub(super) fn read(keys: Keys<'_>) -> Result<(Self, Secret), TrackerError> {
        let (owner, repo) = repository(&keys.required(REPO, Some("GITHUB_REPO"))?)?;
        let token = keys.secret(TOKEN, &["GITHUB_TOKEN"])?;
        let api = keys.address(API_URL, "https://api.github.com")?;
        let source = keys
            .choice(STATE_FROM, &[("issue", Source::Issue), ("label", Source::Label), ("project", Source::Project)])?;
        let from = match source {
            Source::Issue => StateFrom::Issue,
            Source::Label => StateFrom::Label,
            Source::Project => StateFrom::Project(Project {
                owner: keys.text(PROJECT_OWNER, None)?.unwrap_or_else(|| owner.clone()),
                number: keys
                    .number(PROJECT)?
                    .ok_or_else(|| invalid(PROJECT, "no value; it is the project's number"))?,
                field: keys.text(STATUS_FIELD, None)?.unwrap_or_else(|| "Status".to_owned()),
            }),
        };
        let query = keys.text(QUERY, None)?;
        if query.is_some() && matches!(from, StateFrom::Project(_)) {
            return Err(invalid(QUERY, "a search does not go together with `state_from: project`"));
        }
        let config = Self {
            graphql: graphql(&api)?,
            states: States::new(from, keys.0.config)?,
            query,
            priority_labels: keys.texts(PRIORITY_LABELS)?,
            scope: keys.choice(TOOL_SCOPE, &[("project", Scope::Project), ("token", Scope::Token)])?,
            owner,
            repo,
            api,
        };
        Ok((config, token))
    }

    /// `owner/name`.
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.repo)
    }

    /// Where it is in REST.
    pub(super) fn repo_path(&self) -> String {
        format!("/repos/{}/{}", self.owner, self.repo)
    }
}

fn repository(text: &str) -> Result<(String, String), TrackerError> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name != "."
            && name != ".."
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match text.split_once('/') {
        Some((owner, name)) if is_name(owner) && is_name(name) => Ok((owner.to_owned(), name.to_owned())),
        Some(_) | None => Err(invalid(REPO, format!("`{text}` is no `owner/name`"))),
    }
}

/// GraphQL lies beside REST: `/graphql` on github.com, `/api/graphql` where REST is at `/api/v3`.
fn graphql(api: &Url) -> Result<Url, TrackerError> {
    let base = api.as_str().trim_end_matches('/');
    let base = base.strip_suffix("/v3").unwrap_or(base);
    Url::parse(&format!("{base}/graphql")).map_err(|_| invalid(API_URL, "no address for GraphQL beside it"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tracker::testing::{config, with_setting};

    fn read(provider: &Value, env: &[(&str, &str)]) -> Result<(Config, Secret), TrackerError> {
        with_setting(&config("github", provider), env, |setting| Config::read(Keys(setting)))
    }

    #[test]
    fn what_is_not_written_comes_from_the_environment() {
        let env = [("GITHUB_REPO", " o/r "), ("GITHUB_TOKEN", "usual"), ("MINE", "mine"), ("EMPTY", "")];
        for (provider, token) in [
            (json!({}), Some("usual")),
            (json!({"token": "$MINE"}), Some("mine")),
            (json!({"token": "$UNSET"}), Some("usual")),
            (json!({"token": "$EMPTY"}), None),
            (json!({"token": "$not-a-name"}), None),
            (json!({"token": " literal "}), Some("literal")),
            (json!({"token": "  "}), None),
        ] {
            match (read(&provider, &env), token) {
                (Ok((config, secret)), Some(token)) => {
                    assert_eq!((config.full_name().as_str(), secret.value.as_str()), ("o/r", token), "{provider}");
                }
                (Err(error), None) => assert_eq!(error.code(), "missing_tracker_secret", "{provider}"),
                (other, _) => panic!("{provider}: {:?}", other.map(|(config, _)| config)),
            }
        }
        let (_, secret) = read(&json!({"token": "$MINE"}), &env).expect("valid");
        assert_eq!(secret.names, ["GITHUB_TOKEN", "MINE"]);
        assert_eq!(read(&json!({"token": "x"}), &[]).map(drop).expect_err("no repo").code(), "invalid_tracker_config");
    }

    #[test]
    fn a_repository_is_owner_and_name() {
        assert_eq!(repository("o/r.s_t-1").expect("valid"), ("o".into(), "r.s_t-1".into()));
        for text in ["", "o", "o/", "/r", "o/r/s", "o r/s", "o/..", "../r", "o/r?x", "https://github.com/o/r"] {
            assert!(repository(text).is_err(), "{text}");
        }
    }

    #[test]
    fn graphql_lies_beside_rest() {
        for (api, expected) in [
            ("https://api.github.com", "https://api.github.com/graphql"),
            ("https://ghe.example.com/api/v3", "https://ghe.example.com/api/graphql"),
        ] {
            assert_eq!(graphql(&Url::parse(api).expect("a URL")).expect("valid").as_str(), expected);
        }
    }
}
