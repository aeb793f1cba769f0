//! `tracker.kind: asana`: the tasks of one project; its sections are their states (docs/trackers.md has the profile).

mod batch;
mod config;
mod record;
mod writes;

use serde_json::Value;

use self::config::{Config, is_gid};
use super::http::{Answer, Method, Request, bearer};
use super::remote::{Comments, Found, Keys, Page, Provider, ProviderTool, Remote, RestTool, Scope, date, text};
use super::{Adapter, IssueComment, Setting, Tracker, TrackerError};

/// `asana`, as the factory knows it.
pub(super) const ADAPTER: Adapter = Adapter {
    kind: "asana",
    active: &["To do", "Doing"],
    terminal: &["Done"],
    secrets: &["ASANA_PAT"],
    keys: Some(config::KEYS),
    build,
};

/// The tag of a list of all tasks.
const ALL: &str = "all";
/// The tag of a list of those that are not completed.
const OPEN: &str = "open";

fn build(setting: Setting<'_>) -> Result<Box<dyn Tracker>, TrackerError> {
    let (config, key) = Config::read(Keys(setting))?;
    let headers = &[("accept", "application/json")];
    let http = Keys(setting).client(config.endpoint.clone(), bearer(&key.value), &key, headers)?;
    Ok(Box::new(Remote::new(Asana { config }, http, key.names)))
}

/// The mapping.
pub(in crate::tracker) struct Asana {
    config: Config,
}

impl Asana {
    /// The first page of the project's tasks.
    fn tasks_of_project(&self, tag: &'static str) -> Request {
        let request = Request::get(format!("/projects/{}/tasks", self.config.project));
        let request = request.query("limit", "100").query("opt_fields", record::FIELDS.join(","));
        // "Or completed since": nothing is completed later than now.
        let request = if tag == OPEN { request.query("completed_since", "now") } else { request };
        request.tagged(tag)
    }

    fn list_page(&self, tag: &'static str, answer: &Answer) -> Result<Page, TrackerError> {
        let body = answer.json()?;
        let found = body["data"].as_array().ok_or_else(|| answer.nonsense("no list of tasks"))?;
        let records: Vec<_> = found.iter().filter_map(|record| self.issue(record)).collect();
        // What cannot be launched anyway waits for nobody.
        let is_candidate = |gid: &Value| {
            let mut issues = records.iter().flatten();
            issues.any(|issue| *gid == issue.id && issue.dispatchable && self.config.is_active(&issue.state))
        };
        let more = batch::relations(found.iter().filter(|record| is_candidate(&record["gid"])));
        let next = batch::offset(&body, answer)?.map(|offset| self.tasks_of_project(tag).query("offset", offset));
        Ok(Page { next, more, records })
    }
}

impl Provider for Asana {
    const KIND: &'static str = ADAPTER.kind;

    fn list(&self, states: Option<&[String]>) -> Vec<Request> {
        let with_completed = states.is_none_or(|states| states.iter().any(|state| self.config.is_terminal(state)));
        vec![self.tasks_of_project(if with_completed { ALL } else { OPEN })]
    }

    fn lookup(&self, ids: &[String]) -> Vec<Request> {
        let gids: Vec<&str> = ids.iter().map(String::as_str).filter(|id| is_gid(id)).collect();
        batch::tasks(&gids)
    }

    fn named(&self, identifier: &str) -> Option<Request> {
        let gid = record::gid(identifier);
        if gid != identifier && is_gid(gid) { batch::tasks(&[gid]).pop() } else { None }
    }

    fn page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        match request.tag() {
            batch::TASKS => self.tasks_page(request, answer),
            tag => self.list_page(tag, answer),
        }
    }

    fn supplement(&self, request: &Request, answer: &Answer, found: &mut Found) -> Result<Vec<Request>, TrackerError> {
        self.take_up(request, answer, found)
    }

    fn comments(&self, id: &str) -> Request {
        let request = Request::get(format!("/tasks/{id}/stories")).query("limit", "100");
        request.query("opt_fields", "type,text,created_at,created_by.name")
    }

    fn comment_page(&self, request: &Request, answer: &Answer) -> Result<Comments, TrackerError> {
        let body = answer.json()?;
        let records = body["data"].as_array().ok_or_else(|| answer.nonsense("no list of comments"))?;
        let comment = |record: &Value| IssueComment {
            id: text(&record["gid"]),
            resolved: false,
            author: text(&record["created_by"]["name"]),
            created_at: date(&record["created_at"]),
            body: record["text"].as_str().unwrap_or_default().to_owned(),
        };
        // The rest is what Asana says itself.
        let said = records.iter().filter(|record| record["type"] == "comment");
        let id = request.path().split('/').nth(2).unwrap_or_default();
        let next = batch::offset(&body, answer)?.map(|offset| self.comments(id).query("offset", offset));
        Ok(Comments { comments: said.map(comment).collect(), next })
    }

    fn has_narrow_tools(&self) -> bool {
        self.config.scope == Scope::Project
    }

    fn tool(&self) -> impl ProviderTool {
        RestTool {
            name: "asana_api",
            description: "Calls Asana's REST interface with Baton's credential: tasks, stories, sections, tags.",
            methods: &[Method::Get, Method::Post, Method::Put, Method::Delete],
            parameters: "query",
            prefix: "/",
            project: vec![format!("/projects/{}", self.config.project)],
            scope: self.config.scope,
            apart: None,
        }
    }
}
