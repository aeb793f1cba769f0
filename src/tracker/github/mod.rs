//! `tracker.kind: github`: the issues of one repository (docs/trackers.md has the profile).
//!
//! Candidates come by REST, page by page and with tags, so that nothing is transferred while nothing changes. Refreshes
//! by id, sub-issues, dependencies and projects come by GraphQL, many issues in one request; the queries name their
//! fields as REST does, so that [`record`] maps both. What is in a state depends on `provider.state_from`: [`states`].

mod config;
mod links;
mod name;
mod project;
mod queries;
mod record;
mod relations;
mod states;
mod writes;

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use self::config::Config;
use self::name::Name;
use self::states::StateFrom;
use super::http::graphql::Reply;
use super::http::{Answer, Method, Request};
use super::remote::{Comments, Found, Keys, Page, Provider, ProviderTool, Remote, RestTool, date, id, text};
use super::{Adapter, IssueComment, Setting, Tracker, TrackerError};

/// `github`, as the factory knows it.
pub(super) const ADAPTER: Adapter = Adapter {
    kind: "github",
    active: &["open"],
    terminal: &["closed"],
    secrets: &["GITHUB_TOKEN"],
    keys: Some(config::KEYS),
    build,
};

/// Issues in one GraphQL request.
const BATCH: usize = 50;

fn build(setting: Setting<'_>) -> Result<Box<dyn Tracker>, TrackerError> {
    let (config, token) = Config::read(Keys(setting))?;
    let headers = &[("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")];
    let credential = super::http::bearer(&token.value);
    let http = Keys(setting).client(config.api.clone(), credential, &token, headers)?;
    let name = Name::new(config.full_name());
    Ok(Box::new(Remote::new(Github { config, name, without_dependencies: AtomicBool::new(false) }, http, token.names)))
}

/// The mapping.
pub(in crate::tracker) struct Github {
    config: Config,
    name: Name,
    /// Whether this server has no issue dependencies (older GitHub Enterprise).
    without_dependencies: AtomicBool,
}

impl Github {
    fn graphql(&self, tag: &'static str, document: &str, variables: Value) -> Request {
        Request::graphql(&self.config.graphql, document, variables).tagged(tag)
    }

    /// The details of issues of this repository, by number.
    fn details(&self, tag: &'static str, numbers: &[u64]) -> Vec<Request> {
        let with_dependencies = !self.without_dependencies.load(Ordering::Relaxed);
        let batches = numbers.chunks(BATCH);
        batches
            .map(|numbers| {
                let document = queries::details(numbers, &self.config.states, with_dependencies);
                self.graphql(tag, &document, self.variables(json!({ "numbers": numbers })))
            })
            .collect()
    }

    /// The variables that all queries share, and `more`.
    fn variables(&self, more: Value) -> Value {
        let mut variables = json!({ "owner": self.config.owner, "name": self.config.repo });
        if let (Value::Object(into), Value::Object(more)) = (&mut variables, more) {
            // `numbers` is for the one who asks: the query names them itself.
            into.extend(more.into_iter().filter(|(name, _)| name != "numbers"));
        }
        if let StateFrom::Project(project) = &self.config.states.from {
            variables["field"] = json!(project.field);
        }
        variables
    }

    fn issues_path(&self) -> String {
        format!("{}/issues", self.config.repo_path())
    }

    /// A list by REST.
    fn rest_list(&self, state: &str, label: Option<&str>) -> Request {
        let request = match &self.config.query {
            None => Request::get(self.issues_path()).query("state", state).query("sort", "created"),
            Some(query) => {
                let state = if state == "all" { String::new() } else { format!(" state:{state}") };
                let label = label.map(|label| format!(" label:\"{label}\"")).unwrap_or_default();
                let whole = format!("repo:{} is:issue{state}{label} {query}", self.config.full_name());
                Request::get("/search/issues").in_bucket("search").query("q", whole).query("sort", "created")
            }
        };
        let request = match label {
            Some(label) if self.config.query.is_none() => request.query("labels", label),
            Some(_) | None => request,
        };
        let direction = if self.config.query.is_none() { "direction" } else { "order" };
        request.query(direction, "asc").query("per_page", "100").tagged("list")
    }

    fn rest_page(&self, answer: &Answer) -> Result<Page, TrackerError> {
        let body = answer.json()?;
        let records = match &body {
            Value::Array(records) => records,
            Value::Object(found) => self.found(answer, found)?,
            _ => return Err(answer.nonsense("no list of issues")),
        };
        records.iter().take(1).for_each(|record| self.name.learn(record));
        let issues = || records.iter().filter(|record| record.get("pull_request").is_none_or(Value::is_null));
        let related: Vec<u64> =
            issues().filter(|record| relations::has_any(record)).filter_map(record::number).collect();
        Ok(Page {
            records: issues().filter_map(|record| self.issue(record).transpose()).collect(),
            next: answer.next_link()?.map(|url| Request::follow(url).tagged("list")),
            more: self.details("relations", &related),
        })
    }

    /// The records that a search found; it must have found all.
    fn found<'v>(
        &self,
        answer: &Answer,
        found: &'v serde_json::Map<String, Value>,
    ) -> Result<&'v Vec<Value>, TrackerError> {
        if found.get("incomplete_results") == Some(&Value::Bool(true)) {
            return Err(answer.bad_page("the search gave up before its end"));
        }
        if found.get("total_count").and_then(Value::as_u64).is_some_and(|count| count > 1000) {
            return Err(answer.nonsense("the search finds more than the 1000 issues that GitHub shows; narrow it"));
        }
        found.get("items").and_then(Value::as_array).ok_or_else(|| answer.nonsense("no list of issues"))
    }

    fn details_page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        let reply = Reply::read(answer)?;
        if let Some(plainer) = self.plainer(request, &reply) {
            return Ok(Page { next: Some(plainer), ..Page::default() });
        }
        // An issue that was deleted, moved away, or is a pull request.
        if let Some(error) = reply.errors.iter().find(|error| error.code != "NOT_FOUND" || error.path.len() < 2) {
            return Err(reply.failure(answer, error));
        }
        self.name.learn(&reply.data["repository"]);
        let found = reply.data["repository"].as_object().ok_or_else(|| answer.nonsense("no repository"))?;
        let records: Vec<&Value> = found.values().filter(|record| record.is_object() && self.is_ours(record)).collect();
        Ok(Page {
            more: records.iter().flat_map(|record| self.further_relations(record)).collect(),
            records: records.iter().filter_map(|record| self.issue(record).transpose()).collect(),
            next: None,
        })
    }

    /// The same question for a server that has no issue dependencies.
    fn plainer(&self, request: &Request, reply: &Reply) -> Option<Request> {
        let unknown = |message: &str| message.contains("blockedBy");
        let undefined = reply.errors.iter().any(|error| error.code == "undefinedField" && unknown(&error.message));
        if !undefined {
            return None;
        }
        self.without_dependencies.store(true, Ordering::Relaxed);
        let body = request.body()?;
        let document = body["query"].as_str()?;
        // Several questions may have been made before the first was answered.
        let plainer = queries::without_dependencies(document);
        (plainer != document).then(|| self.graphql(request.tag(), &plainer, body["variables"].clone()))
    }

    /// Whether a record belongs to this repository: one that was moved away answers from its new place.
    fn is_ours(&self, record: &Value) -> bool {
        let name = record.pointer("/repository/nameWithOwner").and_then(Value::as_str);
        name.is_none_or(|name| self.name.is(name))
    }
}

impl Provider for Github {
    const KIND: &'static str = ADAPTER.kind;

    fn list(&self, states: Option<&[String]>) -> Vec<Request> {
        if let StateFrom::Project(project) = &self.config.states.from {
            let document = queries::project(&self.config.states, !self.without_dependencies.load(Ordering::Relaxed));
            let variables = self.variables(json!({ "login": project.owner, "number": project.number }));
            return vec![self.graphql("project", &document, variables)];
        }
        let lists = self.config.states.lists(states);
        lists.into_iter().map(|(state, label)| self.rest_list(state, label.as_deref())).collect()
    }

    fn lookup(&self, ids: &[String]) -> Vec<Request> {
        // GraphQL refuses a whole document for one number that is no `Int`.
        let is_number = |number: &u64| (1..=i32::MAX as u64).contains(number);
        let numbers: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).filter(is_number).collect();
        self.details("details", &numbers)
    }

    fn named(&self, identifier: &str) -> Option<Request> {
        let number = identifier.get(..3).filter(|start| start.eq_ignore_ascii_case("GH-")).map(|_| &identifier[3..])?;
        self.lookup(&[number.to_owned()]).pop()
    }

    fn page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError> {
        match request.tag() {
            "list" => self.rest_page(answer),
            "project" => self.project_page(request, answer),
            _ => self.details_page(request, answer),
        }
    }

    fn supplement(&self, request: &Request, answer: &Answer, found: &mut Found) -> Result<Vec<Request>, TrackerError> {
        self.take_up(request, answer, found)
    }

    fn comments(&self, id: &str) -> Request {
        Request::get(format!("{}/{id}/comments", self.issues_path())).query("per_page", "100")
    }

    fn comment_page(&self, _request: &Request, answer: &Answer) -> Result<Comments, TrackerError> {
        let body = answer.json()?;
        let records = body.as_array().ok_or_else(|| answer.nonsense("no list of comments"))?;
        let comment = |record: &Value| IssueComment {
            id: id(&record["id"]),
            author: text(&record["user"]["login"]),
            created_at: date(&record["created_at"]),
            body: record["body"].as_str().unwrap_or_default().to_owned(),
            resolved: false,
        };
        let next = answer.next_link()?.map(Request::follow);
        Ok(Comments { comments: records.iter().map(comment).collect(), next })
    }

    fn tool(&self) -> impl ProviderTool {
        RestTool {
            name: "github_api",
            description: "Calls GitHub's REST interface with Baton's credential: issues, comments, labels, pull requests.",
            methods: &[Method::Get, Method::Post, Method::Patch, Method::Put, Method::Delete],
            parameters: "params",
            prefix: "/",
            project: vec![self.config.repo_path()],
            scope: self.config.scope,
            apart: Some(("/search/", "search")),
        }
    }
}
