//! Redmine: the issues of the project `shop` and of others, as far as the real one (redmine_real.rs) has been seen to
//! answer so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::described::{Described, REDMINE};
use super::{Behaviour, Call, Fake, Profile, Reply};

/// Its user's key.
pub(crate) const KEY: &str = "a-key-that-nobody-may-see";
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
            "id": id, "project": { "id": 1, "name": "Shop" }, "tracker": { "id": 1, "name": "Bug" },
            "author": { "id": 5, "name": "Ann Lee" }, "start_date": null, "due_date": null, "done_ratio": 0,
            "is_private": false, "estimated_hours": null, "total_estimated_hours": null, "closed_on": null,
            "status": status(1), "priority": { "id": 2, "name": "Normal" }, "subject": format!("Issue {id}"),
            "description": format!("One\r\nof {id}\r\n"), "created_on": "2026-01-01T00:00:00Z", "updated_on": "2026-01-01T00:00:00Z",
        });
        self.issues.insert(id, record);
    }

    /// Sets a field of an issue.
    pub(crate) fn set(&mut self, id: u64, field: &str, value: Value) {
        self.issues.get_mut(&id).expect("an issue")[field] = value;
    }

    fn unset(&mut self, id: u64, field: &str) {
        self.issues.get_mut(&id).and_then(Value::as_object_mut).expect("an issue").remove(field);
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
                && call.parameter("project_id").is_none_or(|project| project == "shop" && record["project"]["id"] == 1)
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
                "assigned_to_id" if value == "" => self.unset(id, "assigned_to"),
                "assigned_to_id" => self.set(id, "assigned_to", json!({ "id": value, "name": "Ann Lee" })),
                "parent_issue_id" if value == "" => self.unset(id, "parent"),
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
        let journal = |number: u64, text: &str| {
            json!({
                "id": number, "user": { "id": 5, "name": "Ann Lee" }, "notes": text, "private_notes": false,
                "created_on": "2026-01-01T00:00:00Z", "details": [],
            })
        };
        let notes = (1_u64..).zip(&self.notes).filter(|(_, (of, _))| *of == id);
        let said = notes.map(|(number, (_, text))| journal(number, text));
        record["journals"] = std::iter::once(journal(99, "")).chain(said).collect();
        Reply::json(200, &json!({ "issue": record }))
    }

    fn relate(&mut self, id: u64, call: &Call) -> Reply {
        if call.method == "GET" {
            return Reply::json(200, &json!({ "relations": self.relations_of(id) }));
        }
        let relation = &call.body["relation"];
        assert_eq!(relation["relation_type"], "blocked");
        self.block(id, relation["issue_to_id"].as_u64().expect("an issue"));
        let all = self.relations_of(id);
        Reply::json(201, &json!({ "relation": all.as_array().and_then(|all| all.last()) }))
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
    fn described(&self) -> Option<&'static Described> {
        Some(&REDMINE)
    }

    fn answer(&mut self, call: &Call) -> Reply {
        if call.header("x-redmine-api-key") != Some(KEY) {
            return Reply::text(401, "");
        }
        let parts: Vec<&str> = call.path.trim_start_matches('/').trim_end_matches(".json").split('/').collect();
        let number = |text: &str| text.parse::<u64>().expect("a number");
        match (call.method.as_str(), parts.as_slice()) {
            ("GET", ["users", "current"]) => {
                let user = json!({
                    "id": 5, "login": "ann", "admin": false, "firstname": "Ann", "lastname": "Lee", "status": 1,
                    "mail": "ann@example.com", "created_on": "2026-01-01T00:00:00Z", "updated_on": "2026-01-01T00:00:00Z",
                    "last_login_on": null, "passwd_changed_on": null, "twofa_scheme": null, "api_key": KEY,
                });
                Reply::json(200, &json!({ "user": user }))
            }
            ("GET", ["issue_statuses"]) => {
                let all: Vec<Value> = STATUSES.iter().map(|(id, ..)| status(*id)).collect();
                Reply::json(200, &json!({ "issue_statuses": all }))
            }
            ("GET", ["enumerations", "issue_priorities"]) => {
                let priority =
                    |(id, name): (u64, &str)| json!({ "id": id, "name": name, "is_default": id == 2, "active": true });
                let all = [(2, "Normal"), (4, "Urgent")].map(priority);
                Reply::json(200, &json!({ "issue_priorities": all }))
            }
            ("GET", ["projects", "shop", "memberships"]) => {
                let member = |id: u64, kind: &str, who: u64, name: &str| {
                    let roles = json!([{ "id": 4, "name": "Developer" }]);
                    let project = json!({ "id": 1, "name": "Shop" });
                    json!({ "id": id, "project": project, kind: { "id": who, "name": name }, "roles": roles })
                };
                let all = [member(1, "group", 9, "Everybody"), member(2, "user", 5, "Ann Lee")];
                Reply::json(200, &json!({ "memberships": all }))
            }
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
