//! Jira: the issues of project `SYM`, as the cloud (version 3) or a server of one's own (version 2) gives them.

mod jql;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::described::{Described, JIRA, JIRA_SERVER};
use super::{Behaviour, Call, Fake, Profile, Reply};

pub(crate) const EMAIL: &str = "ann@acme.example";
pub(crate) const TOKEN: &str = "a-jira-token-that-nobody-may-see";
/// `EMAIL:TOKEN`, in base64.
const BASIC: &str = "Basic YW5uQGFjbWUuZXhhbXBsZTphLWppcmEtdG9rZW4tdGhhdC1ub2JvZHktbWF5LXNlZQ==";

const STATUSES: [&str; 6] = ["To Do", "In Progress", "In Review", "Done", "Backlog", r#"Say "when", \now"#];

/// What the site holds.
#[derive(Default)]
pub(crate) struct Jira {
    issues: BTreeMap<u64, Held>,
    links: Vec<Link>,
    comments: Vec<(u64, Value)>,
    /// Whether it is a server of one's own.
    pub(crate) is_server: bool,
    /// Whether everybody is taken for a stranger, who sees nothing.
    pub(crate) knows_nobody: bool,
    /// What the transitions of every issue lead to; all statuses where it is empty.
    pub(crate) transitions: Vec<&'static str>,
    /// How many issues it puts on a page at most, where that is less than a hundred.
    pub(crate) page: Option<u64>,
    /// Ids of issues that cannot be given at the moment.
    pub(crate) failing: Vec<u64>,
}

struct Held {
    key: String,
    fields: Map<String, Value>,
}

impl Held {
    fn field(&self, name: &str) -> &Value {
        self.fields.get(name).unwrap_or(&Value::Null)
    }
}

struct Link {
    id: u64,
    blocker: u64,
    blocked: u64,
}

impl Jira {
    /// A site without issues.
    pub(crate) fn start() -> Fake<Self> {
        Fake::start(Self::default())
    }

    /// The same as a server of one's own.
    pub(crate) fn start_server() -> Fake<Self> {
        Fake::start(Self { is_server: true, ..Self::default() })
    }

    /// Adds an issue.
    pub(crate) fn add(&mut self, number: u64, status: &str) {
        let text = format!("Body {number}");
        let fields = json!({
            "summary": format!("Issue {number}"),
            "description": if self.is_server { json!(text) } else { document(&text) },
            "status": { "name": status },
            "priority": { "name": "Medium" },
            "labels": [],
            "assignee": null,
            "created": format!("2026-01-01T00:{:02}:00.000+0000", number % 60),
            "updated": "2026-01-01T01:00:00.000+0100",
            "project": { "key": "SYM" },
        });
        let Value::Object(fields) = fields else { unreachable!("it is an object") };
        self.issues.insert(id(number), Held { key: format!("SYM-{number}"), fields });
    }

    /// Sets a field.
    pub(crate) fn set(&mut self, number: u64, field: &str, value: Value) {
        self.held(number).fields.insert(field.to_owned(), value);
    }

    /// A field.
    pub(crate) fn field(&self, number: u64, field: &str) -> Value {
        self.issues[&id(number)].field(field).clone()
    }

    /// The name of its status.
    pub(crate) fn status(&self, number: u64) -> String {
        self.field(number, "status")["name"].as_str().expect("a name").to_owned()
    }

    /// Makes `blocked` wait for `blocker`.
    pub(crate) fn block(&mut self, blocked: u64, blocker: u64) {
        let link = self.links.iter().map(|link| link.id).max().unwrap_or(0) + 1;
        self.links.push(Link { id: link, blocker: id(blocker), blocked: id(blocked) });
    }

    /// Deletes an issue.
    pub(crate) fn delete(&mut self, number: u64) {
        self.issues.remove(&id(number));
    }

    /// Moves it to another project, where it has another key.
    pub(crate) fn transfer(&mut self, number: u64) {
        let held = self.held(number);
        held.key = format!("OTHER-{number}");
        held.fields.insert("project".to_owned(), json!({ "key": "OTHER" }));
    }

    /// What was said about it.
    pub(crate) fn comments(&self, number: u64) -> Vec<Value> {
        self.comments.iter().filter(|(of, _)| *of == id(number)).map(|(_, body)| body.clone()).collect()
    }

    fn held(&mut self, number: u64) -> &mut Held {
        self.issues.get_mut(&id(number)).expect("an issue")
    }

    fn knows_status(&self, name: &str) -> bool {
        STATUSES.iter().any(|status| status.eq_ignore_ascii_case(name))
    }

    fn called(&self, name: &str) -> Option<u64> {
        self.issues.iter().find(|(id, held)| held.is_called(**id, name)).map(|(id, _)| *id)
    }

    /// The record with the fields that were asked for, and no other.
    fn record(&self, id: u64, asked: &Value) -> Value {
        let held = &self.issues[&id];
        let other = |id: u64| {
            let other = &self.issues[&id];
            json!({ "id": id.to_string(), "key": other.key, "fields": { "status": other.field("status") } })
        };
        let asked: Vec<&str> = asked.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut fields: Map<String, Value> = held
            .fields
            .iter()
            .filter(|(name, _)| asked.contains(&name.as_str()))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        let kind = json!({ "name": "Blocks", "inward": "is blocked by", "outward": "blocks" });
        let links = self.links.iter().filter_map(|link| {
            let (name, of) =
                if link.blocked == id { ("inwardIssue", link.blocker) } else { ("outwardIssue", link.blocked) };
            let is_own = link.blocked == id || link.blocker == id;
            is_own.then(|| json!({ "id": link.id.to_string(), "type": kind, name: other(of) }))
        });
        if asked.contains(&"issuelinks") {
            fields.insert("issuelinks".to_owned(), links.collect());
        }
        if asked.contains(&"parent") && held.field("parent").is_object() {
            let parent = held.field("parent")["key"].as_str().and_then(|key| self.called(key)).expect("a parent");
            fields.insert("parent".to_owned(), other(parent));
        }
        if asked.contains(&"subtasks") {
            let parts = self.issues.iter().filter(|(_, part)| part.field("parent")["key"] == held.key.as_str());
            fields.insert("subtasks".to_owned(), parts.map(|(id, _)| other(*id)).collect());
        }
        json!({ "id": id.to_string(), "key": held.key, "fields": fields })
    }

    fn search(&self, body: &Value) -> Reply {
        let jql = body["jql"].as_str().expect("JQL");
        let found = match jql::find(self, jql, body["validateQuery"] != false) {
            Ok(found) => found,
            Err(message) => return refusal(400, &message),
        };
        let token = body["nextPageToken"].as_str().map(|token| token.trim_start_matches("after-").parse::<usize>());
        let from = token.map_or(body["startAt"].as_u64().unwrap_or(0) as usize, |from| from.expect("a token"));
        let size = body["maxResults"].as_u64().expect("a number").min(self.page.unwrap_or(100)) as usize;
        let shown: Vec<Value> =
            found.iter().skip(from).take(size).map(|id| self.record(*id, &body["fields"])).collect();
        let end = from + shown.len();
        Reply::json(
            200,
            &match (self.is_server, end < found.len()) {
                (true, _) => json!({ "startAt": from, "maxResults": size, "total": found.len(), "issues": shown }),
                (false, true) => json!({ "issues": shown, "isLast": false, "nextPageToken": format!("after-{end}") }),
                (false, false) => json!({ "issues": shown, "isLast": true }),
            },
        )
    }

    fn bulk(&self, body: &Value) -> Reply {
        let asked = body["issueIdsOrKeys"].as_array().expect("a list");
        assert!(asked.len() <= 100, "Jira takes a hundred");
        let ids = asked.iter().filter_map(|name| self.called(name.as_str().expect("a text")));
        let (failed, given): (Vec<u64>, Vec<u64>) = ids.partition(|id| self.failing.contains(id));
        let given: Vec<Value> = given.into_iter().map(|id| self.record(id, &body["fields"])).collect();
        let failed = failed.iter().map(|id| json!({ "id": id.to_string(), "errorMessage": "Try again." }));
        Reply::json(200, &json!({ "issues": given, "issueErrors": failed.collect::<Vec<_>>() }))
    }

    fn create(&mut self, body: &Value) -> Reply {
        let number = self.issues.len() as u64 + 1;
        self.add(number, "Backlog");
        self.change(id(number), body);
        Reply::json(201, &json!({ "id": id(number).to_string(), "key": format!("SYM-{number}") }))
    }

    fn change(&mut self, id: u64, body: &Value) -> Reply {
        let fields = &mut self.issues.get_mut(&id).expect("an issue").fields;
        for (name, value) in body["fields"].as_object().into_iter().flatten() {
            fields.insert(name.clone(), value.clone());
        }
        for change in body["update"]["labels"].as_array().into_iter().flatten() {
            let labels = fields["labels"].as_array_mut().expect("a list");
            labels.retain(|label| *label != change["remove"]);
            labels.extend(change.get("add").cloned());
        }
        Reply::text(204, "")
    }

    fn offered(&self) -> Value {
        let names = if self.transitions.is_empty() { STATUSES.to_vec() } else { self.transitions.clone() };
        let one = |(at, name): (usize, &&str)| json!({ "id": at.to_string(), "name": format!("go {at}"), "to": { "name": name } });
        names.iter().enumerate().map(one).collect()
    }

    fn move_on(&mut self, id: u64, body: &Value) -> Reply {
        let offered = self.offered();
        let all = offered.as_array().expect("a list");
        match all.iter().find(|one| one["id"] == body["transition"]["id"]) {
            Some(one) => {
                self.issues.get_mut(&id).expect("an issue").fields.insert("status".to_owned(), one["to"].clone());
                Reply::text(204, "")
            }
            None => refusal(400, "It seems that you have tried to perform an illegal workflow operation."),
        }
    }

    fn said(&self, id: u64, call: &Call) -> Reply {
        let from: usize = call.parameter("startAt").map_or(0, |text| text.parse().expect("a number"));
        let all = self.comments.iter().enumerate().filter(|(_, (of, _))| *of == id);
        let all: Vec<Value> = all
            .map(|(at, (_, body))| {
                let author = json!({ "displayName": "Ann" });
                json!({ "id": at.to_string(), "body": body, "author": author, "created": "2026-01-01T00:00:00.000+0000" })
            })
            .collect();
        let shown: Vec<&Value> = all.iter().skip(from).take(2).collect();
        Reply::json(200, &json!({ "startAt": from, "maxResults": 2, "total": all.len(), "comments": shown }))
    }

    fn link(&mut self, body: &Value) -> Reply {
        let of = |name: &str| {
            let names = ["id", "key"].map(|field| body[name][field].as_str().unwrap_or_default().to_owned());
            names.iter().find_map(|name| self.called(name))
        };
        let (Some(blocker), Some(blocked)) = (of("inwardIssue"), of("outwardIssue")) else {
            return refusal(404, "Issue does not exist or you do not have permission to see it.");
        };
        let link = self.links.iter().map(|link| link.id).max().unwrap_or(0) + 1;
        self.links.push(Link { id: link, blocker, blocked });
        Reply::text(201, "")
    }

    fn route(&mut self, call: &Call) -> Reply {
        let api = if self.is_server { "/rest/api/2/" } else { "/rest/api/3/" };
        let Some(rest) = call.path.strip_prefix(api) else { return refusal(404, "null for uri") };
        let parts: Vec<&str> = rest.split('/').collect();
        let issue = parts.get(1).and_then(|name| self.called(name));
        match (call.method.as_str(), parts.as_slice(), issue) {
            ("POST", ["search", "jql"], _) if !self.is_server => self.search(&call.body),
            ("POST", ["search"], _) if self.is_server => self.search(&call.body),
            ("POST", ["issue", "bulkfetch"], _) if !self.is_server => self.bulk(&call.body),
            ("POST", ["issue"], _) => self.create(&call.body),
            ("POST", ["issueLink"], _) => self.link(&call.body),
            ("DELETE", ["issueLink", id], _) => {
                self.links.retain(|link| link.id.to_string() != *id);
                Reply::text(204, "")
            }
            ("GET", ["user", "assignable", "search"], _) => {
                let users = [json!({ "accountId": "712020:ann", "displayName": "Ann Ames" })];
                let name = call.parameter("query").expect("a name").to_lowercase();
                let found = users.iter().filter(|user| {
                    user["displayName"].as_str().is_some_and(|known| known.to_lowercase().contains(&name))
                });
                Reply::json(200, &found.cloned().collect())
            }
            ("GET", ["issue", _], Some(id)) => {
                Reply::json(200, &self.record(id, &json!([call.parameter("fields").expect("fields")])))
            }
            ("PUT", ["issue", _], Some(id)) => self.change(id, &call.body),
            ("GET", ["issue", _, "transitions"], Some(_)) => {
                Reply::json(200, &json!({ "transitions": self.offered() }))
            }
            ("POST", ["issue", _, "transitions"], Some(id)) => self.move_on(id, &call.body),
            ("GET", ["issue", _, "comment"], Some(id)) => self.said(id, call),
            ("PUT", ["issue", _, "comment", comment], Some(_)) => {
                let at: usize = comment.parse().expect("a comment");
                self.comments[at].1 = call.body["body"].clone();
                Reply::json(200, &json!({ "id": comment }))
            }
            ("POST", ["issue", _, "comment"], Some(id)) => {
                self.comments.push((id, call.body["body"].clone()));
                Reply::json(201, &json!({ "id": "1" }))
            }
            _ => refusal(404, "Issue does not exist or you do not have permission to see it."),
        }
    }
}

impl Profile for Jira {
    const KIND: &'static str = "jira";

    fn keys(url: &str) -> Vec<String> {
        let keys = [("base_url", url), ("email", EMAIL), ("api_token", TOKEN), ("project_key", "SYM")];
        keys.map(|(key, value)| format!("{key}: {value}")).to_vec()
    }
}

impl Behaviour for Jira {
    fn described(&self) -> Option<&'static Described> {
        Some(if self.is_server { &JIRA_SERVER } else { &JIRA })
    }

    fn answer(&mut self, call: &Call) -> Reply {
        if self.knows_nobody {
            let nothing = match call.path.rsplit('/').next() {
                Some("bulkfetch") => json!({ "issues": [], "issueErrors": [] }),
                Some("jql") => json!({ "issues": [], "isLast": true }),
                _ => json!({ "issues": [], "startAt": 0, "maxResults": 100, "total": 0 }),
            };
            let header = if self.is_server {
                ("x-ausername", "anonymous")
            } else {
                ("x-seraph-loginreason", "AUTHENTICATED_FAILED")
            };
            return Reply::json(200, &nothing).header(header.0, header.1);
        }
        let expected = if self.is_server { format!("Bearer {TOKEN}") } else { BASIC.to_owned() };
        if call.header("authorization") != Some(expected.as_str()) {
            return refusal(401, "Client must be authenticated to access this resource.");
        }
        self.route(call)
    }
}

/// The id of an issue's number.
pub(crate) fn id(number: u64) -> u64 {
    10_000 + number
}

fn document(text: &str) -> Value {
    let content = json!([{ "type": "text", "text": text }]);
    json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": content }] })
}

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "errorMessages": [message], "errors": {} }))
}
