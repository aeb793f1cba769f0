//! Redmine: the issues of the project `shop` and of others, as far as the real one (redmine_real.rs) has been seen to
//! answer so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Behaviour, Call, Fake, Profile, Reply};

const KEY: &str = "a-key-that-nobody-may-see";
const STATUSES: [(u64, &str, bool); 4] =
    [(1, "New", false), (2, "In Progress", false), (3, "Resolved", false), (5, "Closed", true)];

/// What it holds.
#[derive(Default)]
pub(crate) struct Redmine {
    issues: BTreeMap<u64, Value>,
    /// Which issue blocks which.
    relations: Vec<(u64, u64)>,
    notes: Vec<(u64, String)>,
}

impl Redmine {
    /// A server without issues.
    pub(crate) fn start() -> Fake<Self> {
        Fake::start(Self::default())
    }

    /// Adds a new issue.
    pub(crate) fn add(&mut self, id: u64) {
        let record = json!({
            "id": id, "project": { "id": 1, "name": "Shop", "identifier": "shop" }, "tracker": { "id": 1, "name": "Bug" },
            "status": status(1), "priority": { "id": 2, "name": "Normal" }, "subject": format!("Issue {id}"),
            "description": format!("One\r\nof {id}\r\n"), "created_on": "2026-01-01T00:00:00Z", "updated_on": "2026-01-01T00:00:00Z",
        });
        self.issues.insert(id, record);
    }

    /// Sets a field of an issue.
    pub(crate) fn set(&mut self, id: u64, field: &str, value: Value) {
        self.issues.get_mut(&id).expect("an issue")[field] = value;
    }

    /// Gives an issue this status.
    pub(crate) fn set_status(&mut self, id: u64, number: u64) {
        self.set(id, "status", status(number));
    }

    /// Makes `id` wait for another one.
    pub(crate) fn block(&mut self, id: u64, blocker: u64) {
        self.relations.push((blocker, id));
    }

    /// Deletes an issue.
    pub(crate) fn delete(&mut self, id: u64) {
        self.issues.remove(&id);
    }

    /// An issue's field.
    pub(crate) fn field(&self, id: u64, field: &str) -> Value {
        self.issues[&id].pointer(field).cloned().unwrap_or_default()
    }

    fn list(&self, call: &Call) -> Reply {
        let limit: usize = call.parameter("limit").map_or(25, |text| text.parse().expect("a number"));
        let passes = |record: &Value| {
            let is_in = |name: &str, value: &Value| match call.parameter(name) {
                None | Some("*") => true,
                Some(text) => match text.strip_prefix(">=") {
                    Some(least) => value.as_u64() >= least.parse().ok(),
                    None => text.split([',', '|']).any(|wanted| value.as_u64() == wanted.parse().ok()),
                },
            };
            is_in("issue_id", &record["id"])
                && is_in("status_id", &record["status"]["id"])
                && (call.parameter("parent_id").is_none() || is_in("parent_id", &record["parent"]["id"]))
                && is_in("tracker_id", &record["tracker"]["id"])
                && call.parameter("project_id").is_none_or(|project| record["project"]["identifier"] == project)
        };
        let shown: Vec<Value> = self
            .issues
            .values()
            .filter(|record| passes(record))
            .take(limit.min(100))
            .map(|record| self.with_relations(record, call.parameter("include") == Some("relations")))
            .collect();
        Reply::json(200, &json!({ "issues": shown, "offset": 0, "limit": limit })).tagged(call)
    }

    fn with_relations(&self, record: &Value, with: bool) -> Value {
        let mut record = record.clone();
        if with {
            let id = record["id"].as_u64().unwrap_or_default();
            record["relations"] = self.relations_of(id);
        }
        record
    }

    fn relations_of(&self, id: u64) -> Value {
        let all = self.relations.iter().enumerate().filter(|(_, (from, to))| *from == id || *to == id);
        let shown = all.map(|(number, (from, to))| {
            json!({ "id": number + 1, "issue_id": from, "issue_to_id": to, "relation_type": "blocks", "delay": null })
        });
        shown.collect()
    }

    fn write(&mut self, id: u64, fields: &Value) {
        for (name, value) in fields.as_object().expect("fields") {
            match name.as_str() {
                "status_id" => self.set_status(id, value.as_u64().expect("a status")),
                "priority_id" => self.set(id, "priority", json!({ "id": value, "name": "Urgent" })),
                "assigned_to_id" if value == "" => self.set(id, "assigned_to", Value::Null),
                "assigned_to_id" => self.set(id, "assigned_to", json!({ "id": value, "name": "Ann Lee" })),
                "parent_issue_id" if value == "" => self.set(id, "parent", Value::Null),
                "parent_issue_id" => self.set(id, "parent", json!({ "id": value })),
                "notes" => self.notes.push((id, value.as_str().expect("a text").to_owned())),
                "project_id" => {}
                name => self.set(id, name, value.clone()),
            }
        }
    }

    fn issue(&mut self, id: u64, call: &Call) -> Reply {
        let Some(record) = self.issues.get(&id) else { return Reply::text(404, "") };
        if call.method == "PUT" {
            self.write(id, &call.body["issue"]);
            return Reply::text(204, "");
        }
        let mut record = record.clone();
        let changed = json!({ "user": { "name": "Ann Lee" }, "notes": "", "created_on": "2026-01-01T00:00:00Z" });
        let notes = (1_u64..).zip(&self.notes).filter(|(_, (of, _))| *of == id);
        let said = notes.map(|(number, (_, text))| {
            json!({ "id": number, "user": { "name": "Ann Lee" }, "notes": text, "created_on": "2026-01-02T00:00:00Z" })
        });
        record["journals"] = std::iter::once(changed).chain(said).collect();
        Reply::json(200, &json!({ "issue": record }))
    }

    fn relate(&mut self, id: u64, call: &Call) -> Reply {
        if call.method == "GET" {
            return Reply::json(200, &json!({ "relations": self.relations_of(id) }));
        }
        let relation = &call.body["relation"];
        assert_eq!(relation["relation_type"], "blocked");
        self.block(id, relation["issue_to_id"].as_u64().expect("an issue"));
        Reply::json(201, &json!({ "relation": relation }))
    }
}

fn status(number: u64) -> Value {
    let (id, name, is_closed) = STATUSES.into_iter().find(|(id, ..)| *id == number).expect("a status");
    json!({ "id": id, "name": name, "is_closed": is_closed })
}

impl Profile for Redmine {
    const KIND: &'static str = "redmine";

    fn keys(url: &str) -> Vec<String> {
        vec![format!("url: {url}"), "project: shop".to_owned(), format!("api_key: {KEY}")]
    }
}

impl Behaviour for Redmine {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.header("x-redmine-api-key") != Some(KEY) {
            return Reply::text(401, "");
        }
        let parts: Vec<&str> = call.path.trim_start_matches('/').trim_end_matches(".json").split('/').collect();
        let number = |text: &str| text.parse::<u64>().expect("a number");
        match (call.method.as_str(), parts.as_slice()) {
            ("GET", ["users", "current"]) => {
                Reply::json(200, &json!({ "user": { "id": 5, "login": "ann", "api_key": KEY } }))
            }
            ("GET", ["issue_statuses"]) => {
                let all: Vec<Value> = STATUSES.iter().map(|(id, ..)| status(*id)).collect();
                Reply::json(200, &json!({ "issue_statuses": all }))
            }
            ("GET", ["enumerations", "issue_priorities"]) => Reply::json(
                200,
                &json!({ "issue_priorities": [{ "id": 2, "name": "Normal" }, { "id": 4, "name": "Urgent" }] }),
            ),
            ("GET", ["projects", "shop", "memberships"]) => Reply::json(
                200,
                &json!({ "memberships": [{ "group": { "id": 9 } }, { "user": { "id": 5, "name": "Ann Lee" } }] }),
            ),
            ("GET", ["issues"]) => self.list(call),
            ("POST", ["issues"]) => {
                let id = self.issues.keys().max().map_or(1, |last| last + 1);
                self.add(id);
                // A new issue is new, whatever is asked for.
                let mut fields = call.body["issue"].clone();
                fields.as_object_mut().expect("fields").remove("status_id");
                self.write(id, &fields);
                Reply::json(201, &json!({ "issue": self.issues[&id] }))
            }
            ("PUT", ["journals", id]) => {
                let place = usize::try_from(number(id) - 1).expect("a number");
                self.notes[place].1 = call.body["journal"]["notes"].as_str().expect("a text").to_owned();
                Reply::text(204, "")
            }
            (_, ["issues", id]) => self.issue(number(id), call),
            (_, ["issues", id, "relations"]) => self.relate(number(id), call),
            ("DELETE", ["relations", id]) => {
                self.relations.remove(usize::try_from(number(id) - 1).expect("a number"));
                Reply::text(204, "")
            }
            _ => Reply::text(404, ""),
        }
    }
}
