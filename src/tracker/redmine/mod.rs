//! `tracker.kind: redmine`: the issues of one project (docs/trackers.md has the profile). A page begins after the last
//! id of the page before, so that an issue that leaves the list meanwhile shifts no other out of sight.

mod config;
mod record;
mod relations;
mod statuses;
mod writes;

use std::sync::OnceLock;

use reqwest::header::HeaderName;
use serde_json::Value;

use self::config::Config;
use self::statuses::Statuses;
use super::http::{Answer, Method, Request};
use super::remote::{Comments, Found, Keys, Page, Provider, ProviderTool, Remote, RestTool, Scope, date, text};
use super::{Adapter, IssueComment, Setting, Tracker, TrackerError};

/// `redmine`, as the factory knows it: the states of an English installation.
pub(super) const ADAPTER: Adapter = Adapter {
    kind: "redmine",
    active: &["New", "In Progress"],
    terminal: &["Closed", "Rejected"],
    secrets: &["REDMINE_API_KEY"],
    keys: Some(config::KEYS),
    build,
};

/// Issues in one request, which is what Redmine gives at most.
const BATCH: usize = 100;
/// A list that may have further pages.
const LIST: &str = "list";
/// Issues that were asked for by their ids.
const LOOKUP: &str = "lookup";

fn build(setting: Setting<'_>) -> Result<Box<dyn Tracker>, TrackerError> {
    let (config, key) = Config::read(Keys(setting))?;
    let credential = (HeaderName::from_static("x-redmine-api-key"), key.value.clone());
    let http = Keys(setting).client(config.url.clone(), credential, &key, &[("accept", "application/json")])?;
    let redmine = Redmine { config, key_is_good: OnceLock::new(), statuses: OnceLock::new() };
    Ok(Box::new(Remote::new(redmine, http, key.names)))
}

/// The mapping.
pub(in crate::tracker) struct Redmine {
    config: Config,
    /// Whether the server knows the key. With a wrong one it would show everybody what is public, and take no write.
    key_is_good: OnceLock<()>,
    /// What states there are, once that is known.
    statuses: OnceLock<Statuses>,
}

impl Redmine {
    /// Issues of every project, whatever their status.
    fn any() -> Request {
        // Nobody's saved filter is to narrow it.
        Request::get("/issues.json").query("set_filter", "1").query("sort", "id").query("limit", BATCH.to_string())
    }

    /// Issues of the project, with the configured filter.
    fn issues(&self, tag: &'static str, status: &str) -> Request {
        let start = Self::any().query("project_id", &self.config.project).query("status_id", status);
        let filtered = self.config.query.iter().fold(start, |request, (name, value)| request.query(name, value));
        filtered.query("subproject_id", "!*").query("include", "relations").tagged(tag)
    }
}

impl Provider for Redmine {
    const KIND: &'static str = ADAPTER.kind;

    fn preparation(&self) -> Option<Request> {
        match (self.key_is_good.get(), self.statuses.get()) {
            // Its answer holds the key itself, and is not to be kept.
            (None, _) => Some(Request::new(Method::Get, "/users/current.json")),
            (Some(()), None) => Some(Request::get("/issue_statuses.json")),
            (Some(()), Some(_)) => None,
        }
    }

    fn prepared(&self, answer: &Answer) -> Result<(), TrackerError> {
        let body = answer.json()?;
        if self.key_is_good.get().is_none() {
            let user = &body["user"]["id"];
            user.as_u64().ok_or_else(|| answer.nonsense("no `user`; is this a Redmine?"))?;
            // Somebody else may have been here in the meantime, with the same result.
            let _ = self.key_is_good.set(());
            return Ok(());
        }
        let statuses = Statuses::read(&body).ok_or_else(|| answer.nonsense("no `issue_statuses`"))?;
        statuses.check(&self.config)?;
        let _ = self.statuses.set(statuses);
        Ok(())
    }

    fn list(&self, states: Option<&[String]>) -> Vec<Request> {
        let Some(states) = states else { return vec![self.issues(LIST, "*")] };
        let ids = self.statuses.get().map(|statuses| statuses.ids(states)).unwrap_or_default();
        if ids.is_empty() { Vec::new() } else { vec![self.issues(LIST, &ids.join("|"))] }
    }

    fn lookup(&self, ids: &[String]) -> Vec<Request> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).filter(|id| id.parse::<u64>().is_ok()).collect();
        ids.chunks(BATCH).map(|ids| self.issues(LOOKUP, "*").query("issue_id", ids.join(","))).collect()
    }

    fn named(&self, identifier: &str) -> Option<Request> {
        self.lookup(&[record::number(identifier)?.to_string()]).pop()
    }

    fn page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        let body = answer.json()?;
        let records = body["issues"].as_array().ok_or_else(|| answer.nonsense("no list of `issues`"))?;
        let next = (request.tag() == LIST).then(|| after(request, records)).flatten();
        let records: Vec<_> = records.iter().map(|record| self.issue(record)).collect();
        let more = self.relations(records.iter().flatten());
        Ok(Page { records, next, more })
    }

    fn supplement(&self, request: &Request, answer: &Answer, found: &mut Found) -> Result<Vec<Request>, TrackerError> {
        Self::take_up(request, answer, found)
    }

    fn comments(&self, id: &str) -> Request {
        Request::get(format!("/issues/{id}.json")).query("include", "journals")
    }

    fn comment_page(&self, _request: &Request, answer: &Answer) -> Result<Comments, TrackerError> {
        let body = answer.json()?;
        // What changed is a journal as well, without a text.
        let said = body["issue"]["journals"].as_array().into_iter().flatten().filter_map(|journal: &Value| {
            Some(IssueComment {
                id: journal["id"].as_u64().map(|id| id.to_string()),
                author: text(&journal["user"]["name"]),
                created_at: date(&journal["created_on"]),
                body: text(&journal["notes"])?.replace("\r\n", "\n"),
                resolved: false,
            })
        });
        Ok(Comments { comments: said.collect(), next: None })
    }

    fn has_narrow_tools(&self) -> bool {
        self.config.scope == Scope::Project
    }

    fn tool(&self) -> impl ProviderTool {
        RestTool {
            name: "redmine_api",
            description: "Calls Redmine's REST interface with Baton's credential: /issues/7.json, notes, relations, time.",
            methods: &[Method::Get, Method::Post, Method::Put, Method::Delete],
            parameters: "query",
            prefix: "/",
            project: Vec::new(),
            scope: Scope::Token,
            apart: None,
        }
    }
}

/// The page that follows a full one.
fn after(request: &Request, records: &[Value]) -> Option<Request> {
    let last = records.iter().filter_map(|record| record["id"].as_u64()).max()?;
    (records.len() >= BATCH).then(|| request.clone().set_query("issue_id", format!(">={}", last + 1)))
}
