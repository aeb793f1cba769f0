//! `tracker.kind: jira`: the issues of one project, on Atlassian's cloud or on a server of one's own (docs/trackers.md has
//! the profile).

mod config;
mod document;
mod jql;
mod record;
mod search;
mod writes;

use serde_json::Value;

use self::config::Config;
use super::http::{Answer, Method, Request};
use super::remote::{Comments, Keys, Page, Provider, ProviderTool, Remote, RestTool, date, id, text};
use super::{Adapter, IssueComment, Setting, Tracker, TrackerError};

/// `jira`, as the factory knows it.
pub(super) const ADAPTER: Adapter = Adapter {
    kind: "jira",
    active: &["To Do", "In Progress"],
    terminal: &["Done"],
    secrets: &["JIRA_API_TOKEN"],
    keys: Some(config::KEYS),
    build,
};

fn build(setting: Setting<'_>) -> Result<Box<dyn Tracker>, TrackerError> {
    let (config, credential) = Config::read(Keys(setting))?;
    let headers = &[("accept", "application/json")];
    let http = Keys(setting).client(config.base.clone(), credential.header, &credential.secret, headers)?;
    Ok(Box::new(Remote::new(Jira { config }, http, credential.secret.names)))
}

/// The mapping.
pub(in crate::tracker) struct Jira {
    config: Config,
}

impl Jira {
    fn path(&self, of: &str) -> String {
        format!("{}{of}", self.config.api())
    }

    fn issue_path(&self, id: &str) -> String {
        self.path(&format!("issue/{id}"))
    }
}

impl Provider for Jira {
    const KIND: &'static str = ADAPTER.kind;

    fn list(&self, states: Option<&[String]>) -> Vec<Request> {
        vec![self.search(&jql::issues(&self.config, states))]
    }

    fn lookup(&self, ids: &[String]) -> Vec<Request> {
        let is_id = |id: &&str| id.bytes().all(|byte| byte.is_ascii_digit());
        let ids: Vec<&str> = ids.iter().map(String::as_str).filter(is_id).collect();
        self.named_issues(&ids)
    }

    fn named(&self, identifier: &str) -> Option<Request> {
        let (project, number) = identifier.rsplit_once('-')?;
        let is_ours = project.eq_ignore_ascii_case(&self.config.project) && number.parse::<u64>().is_ok();
        if is_ours { self.named_issues(&[identifier]).pop() } else { None }
    }

    fn page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        check_login(answer)?;
        self.issue_page(request, answer)
    }

    fn comments(&self, id: &str) -> Request {
        let request = Request::get(format!("{}/comment", self.issue_path(id)));
        request.query("orderBy", "created").query("maxResults", "100")
    }

    fn comment_page(&self, request: &Request, answer: &Answer) -> Result<Comments, TrackerError> {
        check_login(answer)?;
        let body = answer.json()?;
        let records = body["comments"].as_array().ok_or_else(|| answer.nonsense("no list of comments"))?;
        let comment = |record: &Value| IssueComment {
            id: id(&record["id"]),
            author: text(&record["author"]["displayName"]),
            created_at: date(&record["created"]),
            body: document::read(&record["body"]).unwrap_or_default(),
            resolved: false,
        };
        let end = body["startAt"].as_u64().unwrap_or(0) + records.len() as u64;
        let has_more = !records.is_empty() && body["total"].as_u64().is_some_and(|total| end < total);
        let next = has_more.then(|| {
            let request = Request::get(request.path());
            request.query("orderBy", "created").query("maxResults", "100").query("startAt", end.to_string())
        });
        Ok(Comments { comments: records.iter().map(comment).collect(), next })
    }

    fn tool(&self) -> impl ProviderTool {
        RestTool {
            name: "jira_rest",
            description: "Calls Jira's REST interface with Baton's credential: issues, comments, transitions.",
            methods: &[Method::Get, Method::Post, Method::Put, Method::Delete],
            parameters: "query",
            prefix: self.config.api(),
            project: vec![
                self.path(&format!("issue/{}-#", self.config.project)),
                self.path(&format!("project/{}", self.config.project)),
            ],
            scope: self.config.scope,
            apart: None,
        }
    }
}

/// Fails where Jira took the request for nobody's: with a credential that it does not know, it answers as it answers
/// strangers, who see nothing. What is not seen would be taken for gone.
fn check_login(answer: &Answer) -> Result<(), TrackerError> {
    let reason = answer.header("x-seraph-loginreason").unwrap_or_default().to_ascii_uppercase();
    let is_refused = ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED", "AUTHORISATION_FAILED"];
    let is_stranger = answer.header("x-ausername").is_some_and(|name| name.eq_ignore_ascii_case("anonymous"));
    if is_stranger || is_refused.iter().any(|word| reason.contains(word)) {
        return Err(answer.failure(401, "Jira does not know the credential"));
    }
    Ok(())
}
