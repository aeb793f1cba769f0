//! `tracker.kind: linear`: the issues of one project (docs/trackers.md has the profile). GraphQL alone; [`queries`] are
//! checked against Linear's schema by a test.

mod config;
mod queries;
mod record;
mod tool;
mod writes;

use std::sync::OnceLock;

use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use self::config::{Assignee, Config};
use self::tool::GraphqlTool;
use super::http::graphql::{GraphqlError, Reply};
use super::http::{Answer, Request};
use super::remote::{Comments, Found, Keys, Malformed, Page, Provider, ProviderTool, Remote, Scope, date, text};
use super::{Adapter, IssueComment, Setting, Tracker, TrackerError};

/// `linear`, as the factory knows it.
pub(super) const ADAPTER: Adapter = Adapter {
    kind: "linear",
    active: &["Todo", "In Progress"],
    terminal: &["Closed", "Cancelled", "Canceled", "Duplicate", "Done"],
    secrets: &["LINEAR_API_KEY"],
    keys: Some(config::KEYS),
    build,
};

/// Issues in one page, and in one refresh.
const PAGE: usize = 50;

fn build(setting: Setting<'_>) -> Result<Box<dyn Tracker>, TrackerError> {
    let (config, key) = Config::read(Keys(setting))?;
    let http = Keys(setting).client(config.endpoint.clone(), (AUTHORIZATION, key.value.clone()), &key, &[])?;
    Ok(Box::new(Remote::new(Linear { config, viewer: OnceLock::new() }, http, key.names)))
}

/// The mapping.
pub(in crate::tracker) struct Linear {
    config: Config,
    /// Who `assignee: me` is, once that is known.
    viewer: OnceLock<String>,
}

impl Linear {
    fn ask(&self, tag: &'static str, document: &str, variables: Value) -> Request {
        Request::graphql(&self.config.endpoint, document, variables).tagged(tag)
    }

    /// The issues of the project that pass `filter`, `first` of them at once, for Linear counts what there could be;
    /// archived ones as well where they are asked for one by one.
    fn issues(&self, filter: Value, first: usize, with_archived: bool) -> Request {
        let mut whole = json!({ "project": { "slugId": { "eq": self.config.project } } });
        if let (Value::Object(whole), Value::Object(filter)) = (&mut whole, filter) {
            whole.extend(filter);
        }
        if let Some(query) = &self.config.query {
            whole["and"] = json!([query]);
        }
        let variables = json!({ "filter": whole, "archived": with_archived, "first": first, "after": null });
        self.ask("issues", &queries::issues(), variables)
    }

    /// The next page of a connection, after the same question.
    fn next(&self, request: &Request, answer: &Answer, connection: &Value) -> Result<Option<Request>, TrackerError> {
        let info = &connection["pageInfo"];
        match info["hasNextPage"].as_bool() {
            None => Err(answer.nonsense("a page that does not say whether it is the last one")),
            Some(false) => Ok(None),
            Some(true) => {
                let cursor = text(&info["endCursor"]).ok_or_else(|| answer.bad_page("a next page without a cursor"))?;
                let body = request.body().cloned().unwrap_or_default();
                let mut variables = body["variables"].clone();
                variables["after"] = cursor.into();
                Ok(Some(self.ask(request.tag(), body["query"].as_str().unwrap_or_default(), variables)))
            }
        }
    }

    /// Whether the issue is for whom this project works.
    fn is_assigned(&self, assignee: Option<&str>) -> bool {
        match &self.config.assignee {
            None => true,
            Some(Assignee::Id(id)) => assignee == Some(id),
            Some(Assignee::Me) => assignee.is_some() && assignee == self.viewer.get().map(String::as_str),
        }
    }
}

impl Provider for Linear {
    const KIND: &'static str = ADAPTER.kind;

    fn preparation(&self) -> Option<Request> {
        let is_needed = matches!(self.config.assignee, Some(Assignee::Me)) && self.viewer.get().is_none();
        is_needed.then(|| self.ask("viewer", queries::VIEWER, json!({})))
    }

    fn prepared(&self, answer: &Answer) -> Result<(), TrackerError> {
        let data = Reply::complete(answer)?;
        let id = text(&data["viewer"]["id"]).ok_or_else(|| answer.nonsense("Linear does not say who `me` is"))?;
        self.viewer.get_or_init(|| id);
        Ok(())
    }

    fn list(&self, states: Option<&[String]>) -> Vec<Request> {
        let filter = match states {
            None => json!({}),
            Some(states) => {
                let names: Vec<Value> =
                    states.iter().map(|state| json!({ "name": { "eqIgnoreCase": state.trim() } })).collect();
                json!({ "state": { "or": names } })
            }
        };
        vec![self.issues(filter, PAGE, false)]
    }

    fn lookup(&self, ids: &[String]) -> Vec<Request> {
        let ids: Vec<&String> = ids.iter().filter(|id| uuid::Uuid::parse_str(id).is_ok()).collect();
        ids.chunks(PAGE).map(|ids| self.issues(json!({ "id": { "in": ids } }), ids.len(), true)).collect()
    }

    fn named(&self, identifier: &str) -> Option<Request> {
        let (team, number) = identifier.rsplit_once('-')?;
        let number: u32 = number.parse().ok()?;
        let team = json!({ "key": { "eqIgnoreCase": team } });
        Some(self.issues(json!({ "number": { "eq": number }, "team": team }), 1, true))
    }

    /// An error that belongs to an issue makes that one unusable; any other makes the answer incomplete.
    fn page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        let reply = Reply::read(answer)?;
        let issues = &reply.data["issues"];
        let records = issues["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_of_none = |error: &&GraphqlError| place(error).is_none_or(|place| place >= records.len());
        if let Some(error) = reply.errors.iter().find(is_of_none) {
            return Err(reply.failure(answer, error));
        }
        if !issues["nodes"].is_array() {
            return Err(answer.nonsense("no list of issues"));
        }
        let mut page = Page { next: self.next(request, answer, issues)?, ..Page::default() };
        for (at, record) in records.iter().enumerate().filter(|(_, record)| record["trashed"] != true) {
            if let Some(error) = reply.errors.iter().find(|error| place(error) == Some(at)) {
                let (source, message) = (record::source(record), error.message.clone());
                page.records.push(Err(Malformed { source, message }));
                continue;
            }
            page.records.push(self.issue(record));
            page.more.extend(self.further(record));
        }
        Ok(page)
    }

    fn supplement(&self, request: &Request, answer: &Answer, found: &mut Found) -> Result<Vec<Request>, TrackerError> {
        let data = Reply::complete(answer)?;
        let connection = &data["issue"][request.tag()];
        let id = data["issue"]["id"].as_str().unwrap_or_default();
        if let Some(issue) = found.get_mut(id) {
            if request.body().is_some_and(|body| body["variables"]["after"].is_null()) {
                record::clear(issue, request.tag());
            }
            record::extend(issue, request.tag(), connection);
        }
        Ok(self.next(request, answer, connection)?.into_iter().collect())
    }

    fn comments(&self, id: &str) -> Request {
        self.ask("comments", queries::COMMENTS, json!({ "id": id, "after": null }))
    }

    fn comment_page(&self, request: &Request, answer: &Answer) -> Result<Comments, TrackerError> {
        let data = Reply::complete(answer)?;
        let connection = &data["issue"]["comments"];
        let records = connection["nodes"].as_array().ok_or_else(|| answer.nonsense("no list of comments"))?;
        let comment = |record: &Value| IssueComment {
            id: text(&record["id"]),
            author: text(&record["user"]["displayName"]),
            created_at: date(&record["createdAt"]),
            body: record["body"].as_str().unwrap_or_default().to_owned(),
            resolved: !record["resolvedAt"].is_null(),
        };
        let comments = records.iter().map(comment).collect();
        Ok(Comments { comments, next: self.next(request, answer, connection)? })
    }

    fn has_narrow_tools(&self) -> bool {
        self.config.scope == Scope::Project
    }

    fn tool(&self) -> impl ProviderTool {
        GraphqlTool { endpoint: self.config.endpoint.clone() }
    }
}

/// The place in the page of the issue that an error belongs to.
fn place(error: &GraphqlError) -> Option<usize> {
    match error.path.as_slice() {
        [field, list, place, ..] if field == "issues" && list == "nodes" => place.parse().ok(),
        _ => None,
    }
}
