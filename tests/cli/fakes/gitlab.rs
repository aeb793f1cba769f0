//! GitLab: the issues of `group/project` by REST, and their relations by GraphQL.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::described::{Described, GITLAB};
use super::{Behaviour, Call, Fake, Profile, Reply};

pub(crate) const TOKEN: &str = "glpat-a-token-that-nobody-may-see";
const PROJECT: &str = "/api/v4/projects/group%2Fproject";

/// What the project holds.
#[derive(Default)]
pub(crate) struct Gitlab {
    issues: BTreeMap<u64, Held>,
    notes: Vec<(u64, String)>,
    /// Notes that somebody has settled, by their place.
    pub(crate) resolved: Vec<usize>,
    /// Whether GraphQL knows no work items.
    pub(crate) has_no_relations: bool,
}

struct Held {
    record: Value,
    blockers: Vec<u64>,
    children: Vec<u64>,
}

impl Gitlab {
    /// A server without issues.
    pub(crate) fn start() -> Fake<Self> {
        Fake::start(Self::default())
    }

    /// Adds an opened issue with these labels.
    pub(crate) fn add(&mut self, iid: u64, labels: &[&str]) {
        let record = json!({
            "id": 9000 + iid, "iid": iid, "project_id": 3, "title": format!("Issue {iid}"),
            "description": format!(" Body {iid}\n"), "state": "opened", "labels": labels,
            "assignees": [], "assignee": null, "web_url": format!("https://gitlab.example/group/project/-/issues/{iid}"),
            "references": { "full": format!("group/project#{iid}") },
            "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z",
        });
        self.issues.insert(iid, Held { record, blockers: vec![], children: vec![] });
    }

    /// Sets a field of an issue.
    pub(crate) fn set(&mut self, iid: u64, field: &str, value: Value) {
        self.held(iid).record[field] = value;
    }

    /// Makes `iid` wait for others.
    pub(crate) fn block(&mut self, iid: u64, blockers: &[u64]) {
        self.held(iid).blockers = blockers.to_vec();
    }

    /// Makes others children of `iid`.
    pub(crate) fn parts(&mut self, iid: u64, parts: &[u64]) {
        self.held(iid).children = parts.to_vec();
    }

    /// Deletes an issue.
    pub(crate) fn delete(&mut self, iid: u64) {
        self.issues.remove(&iid);
    }

    /// An issue's field.
    pub(crate) fn field(&self, iid: u64, field: &str) -> Value {
        self.issues[&iid].record[field].clone()
    }

    fn held(&mut self, iid: u64) -> &mut Held {
        self.issues.get_mut(&iid).expect("an issue")
    }

    fn list(&self, call: &Call) -> Reply {
        let state = call.parameter("state").unwrap_or("all");
        let iids: Vec<u64> = call
            .query
            .iter()
            .filter(|(name, _)| name == "iids[]")
            .map(|(_, iid)| iid.parse().expect("a number"))
            .collect();
        let number =
            |name: &str, default: usize| call.parameter(name).map_or(default, |text| text.parse().expect("a number"));
        let (page, size) = (number("page", 1), number("per_page", 20));
        let chosen = self.issues.iter().filter(|(iid, held)| {
            let labels = held.record["labels"].as_array().expect("a list");
            (state == "all" || held.record["state"] == state)
                && (iids.is_empty() || iids.contains(iid))
                && call.parameter("labels").is_none_or(|label| labels.contains(&label.into()))
        });
        let all: Vec<&Value> = chosen.map(|(_, held)| &held.record).collect();
        let shown: Vec<&Value> = all.iter().skip((page - 1) * size).take(size).copied().collect();
        let reply = Reply::json(200, &json!(shown));
        if page * size >= all.len() {
            return reply.tagged(call);
        }
        let kept = call.query.iter().filter(|(name, _)| name != "page").map(|(name, value)| format!("{name}={value}"));
        let host = call.header("host").expect("a host");
        let query = kept.collect::<Vec<_>>().join("&");
        let next = format!("<http://{host}{}?{query}&page={}>; rel=\"next\"", call.path, page + 1);
        reply.header("link", format!("<http://{host}/x>; rel=\"first\", {next}")).tagged(call)
    }

    fn graphql(&mut self, call: &Call) -> Reply {
        if self.has_no_relations {
            let error = json!({ "message": "Field 'workItems' doesn't exist on type 'Project'", "extensions": { "code": "undefinedField" } });
            return Reply::json(200, &json!({ "errors": [error] }));
        }
        let variables = &call.body["variables"];
        let document = call.body["query"].as_str().expect("a query");
        if document.starts_with("mutation") {
            assert!(document.contains("workItemUpdate(input:$input){errors}"), "{document}");
            return self.set_parent(&variables["input"]);
        }
        if document.contains("nodes{id}") {
            let iids = variables["iids"].as_array().expect("a list").iter();
            let known = iids.filter(|iid| iid.as_str().is_some_and(|iid| self.issues.contains_key(&number(iid))));
            let nodes: Vec<Value> =
                known.map(|iid| json!({ "id": global(number(iid.as_str().expect("a text"))) })).collect();
            let project = (variables["path"] == "group/project").then(|| json!({ "workItems": { "nodes": nodes } }));
            return Reply::json(200, &json!({ "data": { "project": project } }));
        }
        let from = variables["after"].as_str().map_or(0, |cursor| cursor.parse().expect("a cursor"));
        let wants = |widget: &str| document.contains(widget);
        let nodes: Vec<Value> = variables["iids"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|iid| Some((iid, self.issues.get(&iid.as_str()?.parse().ok()?)?)))
            .map(|(iid, held)| {
                let child = |iid: &u64| self.item(*iid);
                let link = |kind: &str, iid: &u64| json!({ "linkType": kind, "workItem": self.item(*iid) });
                let mut widgets = vec![json!({})];
                if wants("WorkItemWidgetHierarchy") {
                    let own: u64 = iid.as_str().and_then(|iid| iid.parse().ok()).expect("a number");
                    let parent = self.issues.iter().find(|(_, other)| other.children.contains(&own));
                    let parent = parent.map_or(Value::Null, |(parent, _)| self.item(*parent));
                    widgets.push(
                        json!({ "parent": parent, "children": page(held.children.iter().map(child).collect(), from) }),
                    );
                }
                if wants("WorkItemWidgetLinkedItems") {
                    let related = held.children.iter().map(|iid| link("relates_to", iid));
                    let blockers = held.blockers.iter().map(|iid| link("is_blocked_by", iid));
                    widgets.push(json!({ "linkedItems": page(related.chain(blockers).collect(), from) }));
                }
                json!({ "iid": iid, "widgets": widgets })
            })
            .collect();
        Reply::json(200, &json!({ "data": { "project": { "workItems": { "nodes": nodes } } } }))
    }

    /// A part of a part is what this GitLab refuses: a task may have an issue for its parent, an issue none.
    fn set_parent(&mut self, input: &Value) -> Reply {
        let iid = |id: &Value| id.as_str().and_then(|id| id.strip_prefix(GLOBAL)).map(|id| number(id) - 9000);
        let child = iid(&input["id"]).expect("a work item");
        let parent = input["hierarchyWidget"].get("parentId").expect("a parent, or null");
        let parent = (!parent.is_null()).then(|| iid(parent).expect("a work item"));
        let is_part = |iid: &u64| self.issues.values().any(|held| held.children.contains(iid));
        let errors = match parent {
            Some(parent) if is_part(&parent) => {
                vec![format!("#{child} cannot be added: it's not allowed to add this type of parent item")]
            }
            _ => vec![],
        };
        if errors.is_empty() {
            self.issues.values_mut().for_each(|held| held.children.retain(|known| *known != child));
            if let Some(parent) = parent {
                self.held(parent).children.push(child);
            }
        }
        Reply::json(200, &json!({ "data": { "workItemUpdate": { "errors": errors } } }))
    }

    fn item(&self, iid: u64) -> Value {
        let state = if self.issues[&iid].record["state"] == "opened" { "OPEN" } else { "CLOSED" };
        json!({ "iid": iid.to_string(), "state": state, "namespace": { "fullPath": "group/project" } })
    }

    fn change(&mut self, iid: u64, body: &Value) -> Reply {
        let Some(held) = self.issues.get_mut(&iid) else { return not_found() };
        let record = &mut held.record;
        for (field, value) in body.as_object().expect("an object") {
            let names = || value.as_str().unwrap_or_default().split(',').filter(|name| !name.is_empty());
            match field.as_str() {
                "state_event" => record["state"] = if value == "close" { "closed" } else { "opened" }.into(),
                "add_labels" => record["labels"].as_array_mut().expect("a list").extend(names().map(Value::from)),
                "remove_labels" => {
                    record["labels"].as_array_mut().expect("a list").retain(|label| names().all(|name| label != name));
                }
                "labels" => record["labels"] = names().collect(),
                "assignee_ids" => {
                    record["assignees"] =
                        value.as_array().expect("a list").iter().map(|id| json!({ "id": id })).collect();
                }
                _ => record[field] = value.clone(),
            }
        }
        Reply::json(200, record)
    }

    fn route(&mut self, call: &Call) -> Reply {
        if call.line() == "POST /api/graphql" {
            return self.graphql(call).only_asked(call);
        }
        if call.line() == "GET /api/v4/users" {
            return Reply::json(200, &json!([{ "id": 77, "username": call.parameter("username") }]));
        }
        let Some(rest) = call.path.strip_prefix(PROJECT) else { return not_found() };
        let parts: Vec<&str> = rest.trim_matches('/').split('/').collect();
        let iid = parts.get(1).map(|text| text.parse::<u64>().expect("a number"));
        match (call.method.as_str(), parts.as_slice(), iid) {
            ("GET", ["issues"], _) => self.list(call),
            ("POST", ["issues"], _) => {
                let iid = self.issues.keys().max().unwrap_or(&0) + 1;
                self.add(iid, &[]);
                self.change(iid, &call.body)
            }
            ("GET", ["issues", _], Some(iid)) => match self.issues.get(&iid) {
                Some(held) => Reply::json(200, &held.record),
                None => not_found(),
            },
            ("PUT", ["issues", _], Some(iid)) => self.change(iid, &call.body),
            ("GET", ["issues", _, "links"], Some(iid)) => {
                let link = |iid: &u64| json!({ "iid": iid, "issue_link_id": 500 + iid, "link_type": "is_blocked_by", "references": { "full": format!("group/project#{iid}") } });
                Reply::json(200, &self.held(iid).blockers.iter().map(link).collect())
            }
            ("POST", ["issues", _, "links"], Some(iid)) => {
                let (project, kind) = (&call.body["target_project_id"], &call.body["link_type"]);
                assert_eq!((project, kind), (&json!("group/project"), &json!("is_blocked_by")));
                let blocker = call.body["target_issue_iid"].as_u64().expect("a number");
                if !self.issues.contains_key(&blocker) {
                    return not_found();
                }
                self.held(iid).blockers.push(blocker);
                Reply::json(201, &json!({}))
            }
            ("DELETE", ["issues", _, "links", link], Some(iid)) => {
                let gone = link.parse::<u64>().expect("a number") - 500;
                self.held(iid).blockers.retain(|blocker| *blocker != gone);
                Reply::json(200, &json!({}))
            }
            ("GET", ["issues", _, "notes"], Some(iid)) => {
                let said = self.notes.iter().enumerate().filter(|(_, (of, _))| *of == iid);
                let mut notes = vec![json!({ "id": 99, "system": true, "body": "assigned to @ann" })];
                notes.extend(said.map(|(at, (_, text))| {
                    json!({ "id": at, "system": false, "body": text, "author": { "username": "ann" }, "resolved": self.resolved.contains(&at) })
                }));
                Reply::json(200, &json!(notes))
            }
            ("PUT", ["issues", _, "notes", at], Some(_)) => {
                let at: usize = at.parse().expect("a number");
                self.notes[at].1 = call.body["body"].as_str().expect("a text").to_owned();
                Reply::json(200, &json!({ "id": at }))
            }
            ("POST", ["issues", _, "notes"], Some(iid)) => {
                self.notes.push((iid, call.body["body"].as_str().expect("a text").to_owned()));
                Reply::json(201, &json!({ "id": 1 }))
            }
            _ => not_found(),
        }
    }
}

impl Profile for Gitlab {
    const KIND: &'static str = "gitlab";

    fn keys(url: &str) -> Vec<String> {
        vec!["project_path: group/project".into(), format!("api_key: {TOKEN}"), format!("api_url: {url}/api/v4")]
    }
}

impl Behaviour for Gitlab {
    fn described(&self) -> Option<&'static Described> {
        Some(&GITLAB)
    }

    fn answer(&mut self, call: &Call) -> Reply {
        if call.header("private-token") != Some(TOKEN) {
            return Reply::json(401, &json!({ "message": "401 Unauthorized" }));
        }
        self.route(call).header("ratelimit-limit", 600).header("ratelimit-remaining", 599)
    }
}

/// What the global id of a work item begins with.
const GLOBAL: &str = "gid://gitlab/WorkItem/";

fn global(iid: u64) -> String {
    format!("{GLOBAL}{}", 9000 + iid)
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn page(nodes: Vec<Value>, from: usize) -> Value {
    let all = nodes.len();
    let shown: Vec<Value> = nodes.into_iter().skip(from).take(100).collect();
    let end = from + shown.len();
    json!({ "nodes": shown, "pageInfo": { "hasNextPage": end < all, "endCursor": end.to_string() } })
}

fn not_found() -> Reply {
    Reply::json(404, &json!({ "message": "404 Not found" }))
}
