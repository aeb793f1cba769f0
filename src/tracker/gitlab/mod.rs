//! `tracker.kind: gitlab`: the issues of one project (docs/trackers.md has the profile). Everything is REST, but for
//! blockers and child items, which only GraphQL brings for many issues at once.

mod config;
mod links;
mod parent;
mod record;
mod relations;
#[cfg(test)]
mod schema;
mod writes;

use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::header::HeaderName;
use serde_json::Value;

use self::config::Config;
use super::http::{Answer, Method, Request};
use super::remote::{Comments, Found, Keys, Page, Provider, ProviderTool, Remote, RestTool, date, id, text};
use super::{Adapter, IssueComment, Setting, Tracker, TrackerError};
use crate::model::normal_state;

/// `gitlab`, as the factory knows it.
pub(super) const ADAPTER: Adapter = Adapter {
    kind: "gitlab",
    active: &[OPENED],
    terminal: &[CLOSED],
    secrets: &["GITLAB_PAT", "GITLAB_ACCESS_TOKEN"],
    keys: Some(config::KEYS),
    build,
};

const OPENED: &str = "opened";
const CLOSED: &str = "closed";
/// Issues in one request, which is what GitLab gives at most.
const BATCH: usize = 100;

fn build(setting: Setting<'_>) -> Result<Box<dyn Tracker>, TrackerError> {
    let (config, token) = Config::read(Keys(setting))?;
    let credential = (HeaderName::from_static("private-token"), token.value.clone());
    let http = Keys(setting).client(config.api.clone(), credential, &token, &[("accept", "application/json")])?;
    Ok(Box::new(Remote::new(Gitlab { config, without_relations: AtomicBool::new(false) }, http, token.names)))
}

/// The mapping.
pub(in crate::tracker) struct Gitlab {
    config: Config,
    /// Whether this server's GraphQL knows no relations (older GitLab).
    without_relations: AtomicBool,
}

impl Gitlab {
    fn issues_path(&self) -> String {
        format!("{}/issues", self.config.project_path())
    }

    /// A list, with the configured filter.
    fn issues(&self, state: &str) -> Request {
        let start = Request::get(self.issues_path()).query("state", state);
        let filtered = self.config.query.iter().fold(start, |request, (name, value)| request.query(name, value));
        filtered.query("order_by", "created_at").query("sort", "asc").query("per_page", BATCH.to_string())
    }
}

impl Provider for Gitlab {
    const KIND: &'static str = ADAPTER.kind;

    fn list(&self, states: Option<&[String]>) -> Vec<Request> {
        let wants = |word| states.is_none_or(|states| states.iter().any(|state| normal_state(state) == word));
        match (wants(OPENED), wants(CLOSED)) {
            (true, true) => vec![self.issues("all")],
            (true, false) => vec![self.issues(OPENED)],
            (false, true) => vec![self.issues(CLOSED)],
            (false, false) => Vec::new(),
        }
    }

    fn lookup(&self, ids: &[String]) -> Vec<Request> {
        let iids: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).filter(|iid| *iid > 0).collect();
        let batch = |iids: &[u64]| {
            iids.iter().fold(self.issues("all"), |request, iid| request.query("iids[]", iid.to_string()))
        };
        iids.chunks(BATCH).map(batch).collect()
    }

    fn named(&self, identifier: &str) -> Option<Request> {
        let iid = identifier.get(..3).filter(|start| start.eq_ignore_ascii_case("GL-")).map(|_| &identifier[3..])?;
        self.lookup(&[iid.to_owned()]).pop()
    }

    fn page(&self, _request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        let body = answer.json()?;
        let records = body.as_array().ok_or_else(|| answer.nonsense("no list of issues"))?;
        let records: Vec<_> = records.iter().map(|record| self.issue(record)).collect();
        // What is closed waits for nobody.
        let opened = records.iter().flatten().filter(|issue| normal_state(&issue.state) == OPENED);
        let iids: Vec<&str> = opened.map(|issue| issue.id.as_str()).collect();
        let is_known = !iids.is_empty() && !self.without_relations.load(Ordering::Relaxed);
        Ok(Page {
            next: answer.next_link()?.map(Request::follow),
            more: if is_known { vec![self.relations(&iids)] } else { Vec::new() },
            records,
        })
    }

    fn supplement(&self, request: &Request, answer: &Answer, found: &mut Found) -> Result<Vec<Request>, TrackerError> {
        self.take_up(request, answer, found)
    }

    fn comments(&self, id: &str) -> Request {
        let request = Request::get(format!("{}/{id}/notes", self.issues_path()));
        request.query("sort", "asc").query("order_by", "created_at").query("per_page", "100")
    }

    fn comment_page(&self, _request: &Request, answer: &Answer) -> Result<Comments, TrackerError> {
        let body = answer.json()?;
        let records = body.as_array().ok_or_else(|| answer.nonsense("no list of comments"))?;
        let comment = |record: &Value| IssueComment {
            id: id(&record["id"]),
            author: text(&record["author"]["username"]),
            created_at: date(&record["created_at"]),
            body: record["body"].as_str().unwrap_or_default().to_owned(),
            resolved: record["resolved"] == true,
        };
        let said = records.iter().filter(|record| record["system"] != true);
        Ok(Comments { comments: said.map(comment).collect(), next: answer.next_link()?.map(Request::follow) })
    }

    fn tool(&self) -> impl ProviderTool {
        RestTool {
            name: "gitlab_api",
            description: "Calls GitLab's REST interface with Baton's credential: issues, notes, labels, merge requests.",
            methods: &[Method::Get, Method::Post, Method::Put, Method::Delete],
            parameters: "query",
            prefix: "/",
            project: vec![self.config.project_path()],
            scope: self.config.scope,
            apart: None,
        }
    }
}
