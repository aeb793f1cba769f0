//! GitHub: the issues of `o/r` by REST and by GraphQL, as much as Baton uses of both.

mod records;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::described::{Described, GITHUB};
use super::{Behaviour, Call, Fake, Profile, Reply, now};
use records::Said;
pub(crate) use records::user;

/// What GraphQL is asked for by the name that it has in REST.
const OF_REST: [&str; 8] = ["number", "node_id", "title", "body", "state", "html_url", "created_at", "updated_at"];

/// What the repository holds.
#[derive(Default)]
pub(crate) struct Github {
    issues: BTreeMap<u64, Held>,
    /// Its name, where that is not `o/r`.
    name: Option<&'static str>,
    comments: Vec<Said>,
    /// Whether GraphQL knows dependencies between issues.
    pub(crate) has_no_dependencies: bool,
    /// Requests that are left; none is unlimited.
    pub(crate) remaining: Option<u64>,
    /// The options of the project's field.
    pub(crate) options: Vec<&'static str>,
}

/// An issue, and what only GraphQL tells.
#[derive(Clone)]
struct Held {
    rest: Value,
    blocked_by: Vec<u64>,
    sub_issues: Vec<u64>,
    status: Option<String>,
    repository: &'static str,
}

pub(crate) const TOKEN: &str = "ghp_a-token-that-nobody-may-see";

impl Github {
    /// A server without issues.
    pub(crate) fn start() -> Fake<Self> {
        Fake::start(Self::default())
    }

    /// Adds an open issue with these labels.
    pub(crate) fn add(&mut self, number: u64, labels: &[&str]) {
        let rest = records::issue(number, labels);
        let held = Held { rest, blocked_by: vec![], sub_issues: vec![], status: None, repository: "o/r" };
        self.issues.insert(number, held);
    }

    /// Sets a field of an issue as REST has it.
    pub(crate) fn set(&mut self, number: u64, field: &str, value: Value) {
        self.held(number).rest[field] = value;
    }

    /// Makes `number` wait for others.
    pub(crate) fn block(&mut self, number: u64, blockers: &[u64]) {
        let held = self.held(number);
        held.blocked_by = blockers.to_vec();
        held.rest["issue_dependencies_summary"] = json!({
            "blocked_by": blockers.len(), "blocking": 0, "total_blocked_by": blockers.len(), "total_blocking": 0,
        });
    }

    /// Makes others parts of `number`.
    pub(crate) fn parts(&mut self, number: u64, parts: &[u64]) {
        let held = self.held(number);
        held.sub_issues = parts.to_vec();
        held.rest["sub_issues_summary"] = json!({ "total": parts.len(), "completed": 0, "percent_completed": 0 });
        for part in parts {
            self.set(*part, "parent_issue_url", json!(format!("https://x/repos/o/r/issues/{number}")));
        }
    }

    /// Puts an issue into the project, with this value of its field.
    pub(crate) fn status(&mut self, number: u64, status: &str) {
        self.held(number).status = Some(status.to_owned());
    }

    /// Moves an issue to another repository.
    pub(crate) fn transfer(&mut self, number: u64) {
        self.held(number).repository = "o/elsewhere";
    }

    /// Renames the repository. The old name leads to it still.
    pub(crate) fn rename(&mut self, name: &'static str) {
        self.name = Some(name);
        for held in self.issues.values_mut() {
            held.repository = name;
            held.rest["repository_url"] = json!(format!("https://api.github.com/repos/{name}"));
        }
    }

    fn name(&self) -> &'static str {
        self.name.unwrap_or("o/r")
    }

    /// Deletes an issue.
    pub(crate) fn delete(&mut self, number: u64) {
        self.issues.remove(&number);
    }

    /// How many issues there are.
    pub(crate) fn count(&self) -> usize {
        self.issues.len()
    }

    /// An issue's own state.
    pub(crate) fn state(&self, number: u64) -> &str {
        self.issues[&number].rest["state"].as_str().expect("a state")
    }

    /// An issue's labels.
    pub(crate) fn labels(&self, number: u64) -> Vec<&str> {
        let labels = self.issues[&number].rest["labels"].as_array().expect("a list");
        labels.iter().map(|label| label["name"].as_str().expect("a name")).collect()
    }

    /// The value of the project's field.
    pub(crate) fn status_of(&self, number: u64) -> Option<&str> {
        self.issues[&number].status.as_deref()
    }

    /// What was said about an issue.
    pub(crate) fn comments(&self, number: u64) -> Vec<&str> {
        self.comments.iter().filter(|said| said.issue == number).map(|said| said.text.as_str()).collect()
    }

    fn held(&mut self, number: u64) -> &mut Held {
        self.issues.get_mut(&number).expect("an issue")
    }

    fn list(&self, call: &Call) -> Reply {
        let state = call.parameter("state").unwrap_or("open");
        let label = call.parameter("labels").map(str::to_lowercase);
        let page: usize = call.parameter("page").map_or(1, |page| page.parse().expect("a number"));
        let size: usize = call.parameter("per_page").map_or(30, |size| size.parse().expect("a number"));
        let chosen = self.issues.iter().filter(|(number, held)| {
            let own = held.rest["state"].as_str();
            let has = |label: &str| self.labels(**number).iter().any(|name| name.trim().to_lowercase() == label);
            held.repository == self.name()
                && (state == "all" || own == Some(state) || own.is_none())
                && label.as_deref().is_none_or(has)
        });
        let all: Vec<&Value> = chosen.map(|(_, held)| &held.rest).collect();
        let shown: Vec<&Value> = all.iter().skip((page - 1) * size).take(size).copied().collect();
        let reply = Reply::json(200, &json!(shown));
        if page * size >= all.len() {
            return reply.tagged(call);
        }
        let query: Vec<String> =
            call.query.iter().filter(|(name, _)| name != "page").map(|(n, v)| format!("{n}={v}")).collect();
        let host = call.header("host").expect("a host");
        let next = format!("<http://{host}{}?{}&page={}>; rel=\"next\"", call.path, query.join("&"), page + 1);
        reply.header("link", next).tagged(call)
    }

    fn graphql(&mut self, call: &Call) -> Reply {
        let document = call.body["query"].as_str().expect("a query").to_owned();
        let variables = &call.body["variables"];
        if self.has_no_dependencies && document.contains("blockedBy") {
            let error = json!({
                "message": "Field 'blockedBy' doesn't exist on type 'Issue'",
                "path": ["fragment Whole", "blockedBy"], "extensions": { "code": "undefinedField" },
            });
            return Reply::json(200, &json!({ "errors": [error] }));
        }
        let data = if document.contains("BatonProject(") {
            let nodes: Vec<Value> = self
                .issues
                .iter()
                .filter(|(_, held)| held.status.is_some())
                .map(|(number, _)| json!({ "content": self.node(*number) }))
                .collect();
            let items = json!({ "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } });
            let repository = json!({ "nameWithOwner": self.name() });
            json!({ "repository": repository, "repositoryOwner": { "projectV2": { "items": items } } })
        } else if document.contains("BatonProjectId(") {
            assert_eq!((&variables["login"], &variables["number"]), (&json!("o"), &json!(7)));
            json!({ "repositoryOwner": { "projectV2": { "id": "P_1" } } })
        } else if document.contains("BatonAddItem(") {
            assert_eq!(variables["input"]["projectId"], "P_1");
            let node = variables["input"]["contentId"].as_str().expect("a node").trim_start_matches("I_");
            self.held(node.parse().expect("a number")).status = Some(String::new());
            json!({ "addProjectV2ItemById": { "item": { "id": format!("PI_{node}") } } })
        } else if document.contains("BatonField(") {
            let option = |name: &&str| json!({ "id": format!("opt-{name}"), "name": name });
            json!({ "node": { "field": { "id": "F_1", "options": self.options.iter().map(option).collect::<Vec<_>>() } } })
        } else if document.contains("BatonSetField(") {
            let input = &variables["input"];
            let item = input["itemId"].as_str().expect("an item").trim_start_matches("PI_");
            let option = input["value"]["singleSelectOptionId"].as_str().expect("an option");
            let status = option.trim_start_matches("opt-").to_owned();
            self.held(item.parse().expect("a number")).status = Some(status);
            json!({ "updateProjectV2ItemFieldValue": { "projectV2Item": { "id": input["itemId"] } } })
        } else if document.contains("BatonRelated(") {
            return self.related(&document, variables);
        } else {
            return self.details(&document);
        };
        Reply::json(200, &json!({ "data": data }))
    }

    fn details(&self, document: &str) -> Reply {
        let (mut found, mut errors) = (Map::new(), Vec::new());
        found.insert("nameWithOwner".to_owned(), self.name().into());
        for part in document.split(":issue(number:").skip(1) {
            let number: u64 = part.split(')').next().and_then(|text| text.parse().ok()).expect("a number");
            let alias = format!("i{number}");
            let issue = self.issues.get(&number).filter(|held| held.rest.get("pull_request").is_none());
            if issue.is_none() {
                errors.push(json!({ "type": "NOT_FOUND", "path": ["repository", alias], "message": "no such issue" }));
            }
            found.insert(alias, issue.map_or(Value::Null, |_| self.node(number)));
        }
        let data = json!({ "repository": found });
        Reply::json(
            200,
            &if errors.is_empty() { json!({ "data": data }) } else { json!({ "data": data, "errors": errors }) },
        )
    }

    /// Further pages: everything behind the first 50.
    fn related(&self, document: &str, variables: &Value) -> Reply {
        let held = &self.issues[&variables["issue"].as_u64().expect("a number")];
        let (name, others) = if document.contains("blockedBy(") {
            ("blockedBy", &held.blocked_by)
        } else {
            ("subIssues", &held.sub_issues)
        };
        let from: usize = variables["after"].as_str().and_then(|text| text.parse().ok()).expect("a cursor");
        let page = self.connection(others, from, 100);
        Reply::json(200, &json!({ "data": { "repository": { "issue": { name: page } } } }))
    }

    fn connection(&self, others: &[u64], from: usize, size: usize) -> Value {
        let nodes: Vec<Value> = others.iter().skip(from).take(size).map(|number| self.other(*number)).collect();
        let end = from + nodes.len();
        json!({ "nodes": nodes, "pageInfo": { "hasNextPage": end < others.len(), "endCursor": end.to_string() } })
    }

    fn other(&self, number: u64) -> Value {
        let held = &self.issues[&number];
        let state = held.rest["state"].as_str().unwrap_or_default().to_uppercase();
        json!({
            "number": number, "state": state, "repository": { "nameWithOwner": held.repository },
            "labels": { "nodes": held.rest["labels"] }, "projectItems": { "nodes": items(number, held) },
        })
    }

    fn node(&self, number: u64) -> Value {
        let held = &self.issues[&number];
        let mut node: Value = OF_REST.iter().map(|name| ((*name).to_owned(), held.rest[name].clone())).collect();
        node["state"] = match &held.rest["state"] {
            Value::String(state) => json!(state.to_uppercase()),
            other => other.clone(),
        };
        // Without a text it is null in REST, and empty here.
        node["body"] = held.rest["body"].as_str().unwrap_or_default().into();
        node["labels"] = json!({ "nodes": held.rest["labels"] });
        node["assignees"] = json!({ "nodes": held.rest["assignees"] });
        node["repository"] = json!({ "nameWithOwner": held.repository });
        node["blockedBy"] = self.connection(&held.blocked_by, 0, 50);
        node["subIssues"] = self.connection(&held.sub_issues, 0, 50);
        node["projectItems"] = json!({ "nodes": items(number, held) });
        let parent = self.issues.iter().find(|(_, other)| other.sub_issues.contains(&number));
        node["parent"] = parent.map_or(Value::Null, |(parent, _)| self.other(*parent));
        node
    }

    fn change(&mut self, number: u64, body: &Value) -> Reply {
        let Some(held) = self.issues.get_mut(&number) else { return records::not_found() };
        for (field, value) in body.as_object().expect("an object") {
            held.rest[field] = match (field.as_str(), value) {
                ("labels", Value::Array(names)) => names.iter().map(|name| json!({ "name": name })).collect(),
                ("assignees", Value::Array(names)) => {
                    names.iter().map(|name| user(name.as_str().expect("a login"))).collect()
                }
                (_, other) => other.clone(),
            };
        }
        Reply::json(200, &held.rest)
    }

    fn route(&mut self, call: &Call) -> Reply {
        let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        match (call.method.as_str(), parts.as_slice()) {
            ("POST", ["graphql"]) => self.graphql(call).only_asked(call),
            ("GET", ["repos", "o", "r", "issues"]) => self.list(call),
            ("POST", ["repos", "o", "r", "issues"]) => {
                let number = self.issues.keys().max().unwrap_or(&0) + 1;
                self.add(number, &[]);
                self.set(number, "body", Value::Null);
                self.set(number, "created_at", json!(now()));
                let reply = self.change(number, &call.body);
                Reply { status: 201, ..reply }
            }
            ("PATCH", ["repos", "o", "r", "issues", number]) => {
                self.change(number.parse().expect("a number"), &call.body)
            }
            ("GET", ["repos", "o", "r", "issues", number, "comments"]) => {
                let of: u64 = number.parse().expect("a number");
                let comments = self.comments.iter().enumerate().filter(|(_, said)| said.issue == of);
                Reply::json(200, &comments.map(|(at, said)| records::comment(at, said)).collect())
            }
            ("GET", ["repos", "o", "r", "issues", number]) => {
                let held = number.parse().ok().and_then(|number: u64| self.issues.get(&number));
                held.map_or_else(records::not_found, |held| Reply::json(200, &held.rest))
            }
            ("POST", ["repos", "o", "r", "issues", number, "dependencies", "blocked_by"]) => {
                let number = number.parse().expect("a number");
                let mut blockers = self.held(number).blocked_by.clone();
                blockers.push(number_of(&call.body["issue_id"]));
                self.block(number, &blockers);
                Reply::json(201, &self.held(number).rest)
            }
            ("DELETE", ["repos", "o", "r", "issues", number, "dependencies", "blocked_by", id]) => {
                let number = number.parse().expect("a number");
                let gone = number_of(&json!(id.parse::<u64>().expect("an id")));
                let mut blockers = self.held(number).blocked_by.clone();
                blockers.retain(|blocker| *blocker != gone);
                self.block(number, &blockers);
                Reply::json(200, &self.held(number).rest)
            }
            ("POST", ["repos", "o", "r", "issues", number, "sub_issues"]) => {
                assert_eq!(call.body["replace_parent"], true);
                let number = number.parse().expect("a number");
                let part = number_of(&call.body["sub_issue_id"]);
                self.issues.values_mut().for_each(|held| held.sub_issues.retain(|known| *known != part));
                self.parts(number, &[part]);
                Reply::json(201, &self.held(number).rest)
            }
            ("DELETE", ["repos", "o", "r", "issues", number, "sub_issue"]) => {
                let part = number_of(&call.body["sub_issue_id"]);
                let held = self.held(number.parse().expect("a number"));
                held.sub_issues.retain(|known| *known != part);
                Reply::json(200, &held.rest)
            }
            ("PATCH", ["repos", "o", "r", "issues", "comments", at]) => {
                let at: usize = at.parse().expect("a number");
                call.body["body"].as_str().expect("a text").clone_into(&mut self.comments[at].text);
                Reply::json(200, &records::comment(at, &self.comments[at]))
            }
            ("POST", ["repos", "o", "r", "issues", number, "comments"]) => {
                let text = call.body["body"].as_str().expect("a text").to_owned();
                self.comments.push(Said { issue: number.parse().expect("a number"), text, time: now() });
                let at = self.comments.len() - 1;
                Reply::json(201, &records::comment(at, &self.comments[at]))
            }
            _ => records::not_found(),
        }
    }
}

impl Profile for Github {
    const KIND: &'static str = "github";

    fn keys(url: &str) -> Vec<String> {
        vec!["repo: o/r".into(), format!("token: {TOKEN}"), format!("api_url: {url}")]
    }
}

impl Behaviour for Github {
    fn described(&self) -> Option<&'static Described> {
        Some(&GITHUB)
    }

    fn answer(&mut self, call: &Call) -> Reply {
        if call.header("authorization") != Some(format!("Bearer {TOKEN}").as_str()) {
            return Reply::json(401, &json!({ "message": "Bad credentials" }));
        }
        let reply = self.route(call);
        let Some(remaining) = &mut self.remaining else { return reply };
        // What has not changed is not counted.
        *remaining -= u64::from(reply.status != 304);
        reply.header("x-ratelimit-limit", 5000).header("x-ratelimit-remaining", *remaining)
    }
}

/// The number of the issue that REST calls so in links.
fn number_of(id: &Value) -> u64 {
    id.as_u64().expect("an id").checked_sub(1000).expect("the id of an issue")
}

fn items(number: u64, held: &Held) -> Vec<Value> {
    let item = |status: &String| {
        json!({
            "id": format!("PI_{number}"), "project": { "id": "P_1", "number": 7, "owner": { "login": "o" } },
            "fieldValueByName": if status.is_empty() { Value::Null } else { json!({ "name": status }) },
        })
    };
    held.status.iter().map(item).collect()
}
