//! Asana: the tasks of the project `120`, whose sections are their states.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use super::described::{ASANA, Described};
use super::{Behaviour, Call, Fake, Profile, Reply};

pub(crate) const TOKEN: &str = "an-asana-token-that-nobody-may-see";
const BASE: &str = "/api/1.0";
const PROJECT: &str = "120";
const SECTIONS: [&str; 5] = ["Backlog", "To do", "Doing", "Review", "Done"];

/// What the workspace holds.
#[derive(Default)]
pub(crate) struct Asana {
    tasks: BTreeMap<u64, Map<String, Value>>,
    dependencies: Vec<(u64, u64)>,
    tags: Vec<String>,
    stories: Vec<(u64, String)>,
    /// What reads of these tasks in a batch are answered.
    pub(crate) refusing: BTreeMap<u64, u16>,
}

impl Asana {
    /// A project without tasks.
    pub(crate) fn start() -> Fake<Self> {
        Fake::start(Self::default())
    }

    /// Adds a task in this section.
    pub(crate) fn add(&mut self, gid: u64, section: &str) {
        let task = json!({
            "gid": gid.to_string(), "name": format!("Task {gid}"), "notes": format!(" Notes {gid} "),
            "completed": false, "resource_subtype": "default_task", "assignee": null, "tags": [], "parent": null,
            "memberships": [
                { "project": { "gid": "other" }, "section": { "gid": "other", "name": "Elsewhere" } },
                membership(section),
            ],
            "permalink_url": format!("https://app.asana.example/0/120/{gid}"),
            "created_at": format!("2026-01-01T00:{:02}:00.000Z", gid % 60), "modified_at": "2026-01-01T00:00:00.000Z",
        });
        let Value::Object(task) = task else { unreachable!("it is an object") };
        self.tasks.insert(gid, task);
    }

    /// Sets a field.
    pub(crate) fn set(&mut self, gid: u64, field: &str, value: Value) {
        self.tasks.get_mut(&gid).expect("a task").insert(field.to_owned(), value);
    }

    /// A field.
    pub(crate) fn field(&self, gid: u64, field: &str) -> Value {
        self.tasks[&gid][field].clone()
    }

    /// The name of the section that it is in.
    pub(crate) fn section(&self, gid: u64) -> String {
        self.field(gid, "memberships")[1]["section"]["name"].as_str().expect("a name").to_owned()
    }

    /// Makes a task wait for others.
    pub(crate) fn block(&mut self, gid: u64, blockers: impl IntoIterator<Item = u64>) {
        self.dependencies.extend(blockers.into_iter().map(|blocker| (gid, blocker)));
    }

    /// Deletes a task.
    pub(crate) fn delete(&mut self, gid: u64) {
        self.tasks.remove(&gid);
    }

    /// Takes it out of the project.
    pub(crate) fn take_out(&mut self, gid: u64) {
        self.set(gid, "memberships", json!([]));
    }

    /// What was said about it.
    pub(crate) fn comments(&self, gid: u64) -> Vec<&str> {
        self.stories.iter().filter(|(of, _)| *of == gid).map(|(_, text)| text.as_str()).collect()
    }

    /// A task, with the fields that were asked for and no other.
    fn record(&self, gid: u64, fields: &[&str]) -> Value {
        let mut task = self.tasks[&gid].clone();
        let dependencies = self.blockers(gid).map(|blocker| json!({ "gid": blocker.to_string() }));
        task.insert("dependencies".to_owned(), dependencies.collect());
        task.insert("num_subtasks".to_owned(), self.parts(gid).count().into());
        let asked = |name: &str| fields.iter().any(|field| field.split('.').next() == Some(name));
        task.retain(|name, _| asked(name) || name == "gid");
        Value::Object(task)
    }

    fn blockers(&self, gid: u64) -> impl Iterator<Item = u64> {
        self.dependencies.iter().filter(move |(blocked, _)| *blocked == gid).map(|(_, blocker)| *blocker)
    }

    fn parts(&self, gid: u64) -> impl Iterator<Item = u64> {
        let gid = gid.to_string();
        self.tasks.iter().filter(move |(_, task)| task["parent"]["gid"] == gid.as_str()).map(|(gid, _)| *gid)
    }

    /// What is read at a path, with its status.
    fn read(&self, path: &str, fields: &[&str], query: &BTreeMap<String, String>) -> (u16, Value) {
        let limit: usize = query.get("limit").map_or(100, |text| text.parse().expect("a number"));
        let from: usize =
            query.get("offset").map_or(0, |text| text.trim_start_matches("from-").parse().expect("an offset"));
        let page = |all: Vec<Value>| {
            let shown: Vec<&Value> = all.iter().skip(from).take(limit).collect();
            let end = from + shown.len();
            let next = if end < all.len() { json!({ "offset": format!("from-{end}") }) } else { Value::Null };
            (200, json!({ "data": shown, "next_page": next }))
        };
        let records = |gids: Vec<u64>| page(gids.into_iter().map(|gid| self.record(gid, fields)).collect());
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let gid = parts.get(1).and_then(|gid| gid.parse().ok()).filter(|gid| self.tasks.contains_key(gid));
        match (parts.as_slice(), gid) {
            (["projects", PROJECT, "tasks"], _) => {
                let is_shown =
                    |gid: &u64| query.get("completed_since").is_none_or(|_| self.tasks[gid]["completed"] != true);
                let in_project =
                    |gid: &u64| self.tasks[gid]["memberships"].as_array().is_some_and(|all| !all.is_empty());
                records(self.tasks.keys().copied().filter(is_shown).filter(in_project).collect())
            }
            (["projects", PROJECT, "sections"], _) => {
                page(SECTIONS.iter().map(|name| json!({ "gid": format!("s-{name}"), "name": name })).collect())
            }
            (["projects", PROJECT], _) => (200, json!({ "data": { "gid": PROJECT, "workspace": { "gid": "w" } } })),
            (["workspaces", "w", "typeahead"], _) => {
                let found = self.tags.iter().filter(|tag| tag.contains(&query["query"]));
                (200, json!({ "data": found.map(|tag| tag_of(tag)).collect::<Vec<_>>() }))
            }
            (["tasks", _], Some(gid)) => (200, json!({ "data": self.record(gid, fields) })),
            (["tasks", _, "dependencies"], Some(gid)) => records(self.blockers(gid).collect()),
            (["tasks", _, "subtasks"], Some(gid)) => records(self.parts(gid).collect()),
            (["tasks", _, "stories"], Some(gid)) => {
                let mut stories = vec![json!({ "type": "system", "text": "ann added this" })];
                let said = self.stories.iter().enumerate().filter(|(_, (of, _))| *of == gid);
                stories.extend(said.map(|(at, (_, text))| {
                    json!({ "gid": format!("c-{at}"), "type": "comment", "text": text, "created_by": { "name": "Ann" } })
                }));
                page(stories)
            }
            _ => (404, errors("Not a recognized ID")),
        }
    }

    fn batch(&self, body: &Value) -> Reply {
        let actions = body["data"]["actions"].as_array().expect("a list");
        assert!(actions.len() <= 10, "Asana takes ten");
        let answers = actions.iter().map(|action| {
            let path = action["relative_path"].as_str().expect("a path");
            assert!(action["method"] == "get" && !path.contains('?'), "{action}");
            let fields: Vec<&str> =
                action["options"]["fields"].as_array().expect("fields").iter().filter_map(Value::as_str).collect();
            let limit = action["options"]["limit"].as_u64().unwrap_or(100).to_string();
            let refused = path.split('/').nth(2).and_then(|gid| self.refusing.get(&gid.parse().ok()?));
            let (status, body) = match refused {
                Some(status) => (*status, errors("Not now")),
                None => self.read(path, &fields, &BTreeMap::from([("limit".to_owned(), limit)])),
            };
            json!({ "status_code": status, "body": body, "headers": { "Retry-After": "3000" } })
        });
        Reply::json(200, &json!({ "data": answers.collect::<Vec<_>>() }))
    }

    fn write(&mut self, call: &Call) -> Reply {
        let data = &call.body["data"];
        let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        let gid: u64 = parts.get(1).and_then(|gid| gid.parse().ok()).unwrap_or_default();
        match (call.method.as_str(), parts.as_slice()) {
            ("POST", ["tasks"]) => {
                assert_eq!(data["projects"], json!([PROJECT]));
                let gid = self.tasks.keys().max().unwrap_or(&0) + 1;
                self.add(gid, "Backlog");
                let tags: Vec<Value> = data["tags"].as_array().into_iter().flatten().map(tag_of_gid).collect();
                self.set(gid, "tags", tags.into());
                self.update(gid, data);
                return Reply::json(201, &json!({ "data": { "gid": gid.to_string() } }));
            }
            ("PUT", ["tasks", _]) => self.update(gid, data),
            ("PUT", ["stories", story]) => {
                let at: usize = story.trim_start_matches("c-").parse().expect("a comment");
                data["text"].as_str().expect("a text").clone_into(&mut self.stories[at].1);
            }
            ("POST", ["tasks", _, "stories"]) => {
                self.stories.push((gid, data["text"].as_str().expect("a text").to_owned()));
                return Reply::json(201, &json!({ "data": { "gid": format!("c-{}", self.stories.len() - 1) } }));
            }
            ("POST", ["tasks", _, "setParent"]) => self.set_parent(gid, &data["parent"]),
            ("POST", ["tasks", _, "addTag"]) => {
                let tags = self.tasks.get_mut(&gid).expect("a task")["tags"].as_array_mut().expect("a list");
                tags.push(tag_of_gid(&data["tag"]));
            }
            ("POST", ["tasks", _, "removeTag"]) => {
                let tags = self.tasks.get_mut(&gid).expect("a task")["tags"].as_array_mut().expect("a list");
                tags.retain(|tag| tag["gid"] != data["tag"]);
            }
            ("POST", ["tasks", _, "addDependencies"]) => self.block(gid, numbers(data)),
            ("POST", ["tasks", _, "removeDependencies"]) => {
                self.dependencies.retain(|(blocked, blocker)| *blocked != gid || !numbers(data).contains(blocker));
            }
            ("POST", ["sections", section, "addTask"]) => {
                let gid = data["task"].as_str().and_then(|gid| gid.parse().ok()).expect("a task");
                let name = section.trim_start_matches("s-").replace("%20", " ");
                self.tasks.get_mut(&gid).expect("a task")["memberships"][1] = membership(&name);
            }
            ("POST", ["workspaces", "w", "tags"]) => {
                let name = data["name"].as_str().expect("a name").to_owned();
                self.tags.push(name.clone());
                return Reply::json(201, &json!({ "data": tag_of(&name) }));
            }
            _ => return Reply::json(404, &errors("Not a recognized ID")),
        }
        Reply::json(200, &json!({ "data": {} }))
    }

    fn update(&mut self, gid: u64, data: &Value) {
        for (name, value) in data.as_object().expect("an object") {
            match name.as_str() {
                "assignee" if value.is_string() => self.set(gid, name, json!({ "gid": value })),
                "parent" => self.set_parent(gid, value),
                "projects" | "tags" => {}
                _ => self.set(gid, name, value.clone()),
            }
        }
    }

    fn set_parent(&mut self, gid: u64, parent: &Value) {
        let parent = if parent.is_null() { Value::Null } else { json!({ "gid": parent }) };
        self.set(gid, "parent", parent);
    }
}

impl Profile for Asana {
    const KIND: &'static str = "asana";

    fn keys(url: &str) -> Vec<String> {
        vec![format!("project_gid: '{PROJECT}'"), format!("api_key: {TOKEN}"), format!("endpoint: {url}{BASE}")]
    }
}

impl Behaviour for Asana {
    fn described(&self) -> Option<&'static Described> {
        Some(&ASANA)
    }

    fn parts(&self, call: &Call, reply: &Reply) -> Vec<(Call, Reply)> {
        let mut parts = vec![(call.clone(), reply.clone())];
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let actions = call.body["data"]["actions"].as_array().into_iter().flatten();
        for (action, answer) in actions.zip(answer["data"].as_array().into_iter().flatten()) {
            parts.push(carried(action, answer));
        }
        parts
    }

    fn answer(&mut self, call: &Call) -> Reply {
        if call.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return Reply::json(401, &errors("Not Authorized"));
        }
        let mut call = call.clone();
        call.path = call.path.trim_start_matches(BASE).to_owned();
        match (call.method.as_str(), call.path.as_str()) {
            ("POST", "/batch") => self.batch(&call.body),
            ("GET", path) => {
                let fields: Vec<&str> = call.parameter("opt_fields").unwrap_or_default().split(',').collect();
                let (status, body) = self.read(path, &fields, &call.query.iter().cloned().collect());
                Reply::json(status, &body)
            }
            _ => self.write(&call),
        }
    }
}

/// The read that an action of a batch is, with its own answer.
fn carried(action: &Value, answer: &Value) -> (Call, Reply) {
    let options = &action["options"];
    let fields: Vec<&str> = options["fields"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut query = vec![("opt_fields".to_owned(), fields.join(","))];
    query.extend(options["limit"].as_u64().map(|limit| ("limit".to_owned(), limit.to_string())));
    let path = format!("{BASE}{}", action["relative_path"].as_str().expect("a path"));
    let method = action["method"].as_str().expect("a method").to_uppercase();
    let status = answer["status_code"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or_default();
    let call = Call { method, path, query, headers: HeaderMap::new(), body: Value::Null };
    (call, Reply::json(status, &answer["body"]))
}

fn membership(section: &str) -> Value {
    json!({ "project": { "gid": PROJECT }, "section": { "gid": format!("s-{section}"), "name": section } })
}

fn tag_of(name: &str) -> Value {
    json!({ "gid": format!("t-{name}"), "name": name })
}

fn tag_of_gid(gid: &Value) -> Value {
    tag_of(gid.as_str().expect("a gid").trim_start_matches("t-"))
}

fn numbers(data: &Value) -> Vec<u64> {
    let gids = data["dependencies"].as_array().expect("a list").iter();
    gids.map(|gid| gid.as_str().and_then(|gid| gid.parse().ok()).expect("a gid")).collect()
}

fn errors(message: &str) -> Value {
    json!({ "errors": [{ "message": message }] })
}
