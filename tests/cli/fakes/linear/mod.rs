//! Linear: a workspace whose project `shop-1a2b3c` holds the issues. What arrives is executed as GraphQL against Linear's
//! own schema, by the names and types that it has there; nothing knows Baton's queries. A field, filter or mutation that
//! is not made here fails the request.

mod complexity;
mod connection;
mod errors;
mod execute;
mod filter;
mod model;
mod mutations;
mod records;
mod resolve;
mod schema;

use std::cell::RefCell;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use serde_json::{Value, json};

use self::model::Record;
use self::records::Workspace;
use super::{Behaviour, Call, Fake, Profile, Reply};

pub(crate) const KEY: &str = "lin_api_a-key-that-nobody-may-see";
/// Whom the key belongs to.
pub(crate) const ME: &str = "u-me";
const TEAM: &str = "T";
const STATES: [&str; 6] = ["Todo", "Backlog", "In Progress", "Human Review", "Done", "Canceled"];

/// What the workspace holds, and the schema by which it is asked for.
pub(crate) struct Linear {
    workspace: RefCell<Workspace>,
    schema: &'static Valid<Schema>,
    /// What each query has cost, by Linear's count of complexity.
    pub(crate) points: Vec<f64>,
}

/// The id of issue `number`.
pub(crate) fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// The id of a state.
pub(crate) fn state_id(name: &str) -> String {
    format!("S-{name}")
}

impl Linear {
    /// A server without issues; none, and the test says so, where Linear's schema could not be had.
    pub(crate) fn start() -> Option<Fake<Self>> {
        let mut linear = Self { workspace: RefCell::default(), schema: schema::schema()?, points: Vec::new() };
        for (kind, record) in [
            ("Team", json!({ "id": TEAM, "name": "Shop", "key": "LIN" })),
            ("Project", json!({ "id": "P", "name": "Shop", "slugId": "shop-1a2b3c", "teamIds": [TEAM] })),
            ("Project", json!({ "id": "P-other", "name": "Other", "slugId": "other", "teamIds": [TEAM] })),
            ("User", json!({ "id": ME, "name": "Ann", "displayName": "ann", "isMe": true })),
            ("User", json!({ "id": "u-other", "name": "Bob", "displayName": "bob" })),
        ] {
            linear.insert(kind, record);
        }
        STATES.iter().for_each(|name| drop(linear.state_called(name)));
        Some(Fake::start(linear))
    }

    /// Adds `LIN-number` in this state.
    pub(crate) fn add(&mut self, number: u32, state: &str) {
        let record = json!({
            "number": f64::from(number), "title": format!("Issue {number}"), "description": format!("Body {number}"),
            "priority": 2.0, "stateId": self.state_called(state), "teamId": TEAM, "projectId": "P",
        });
        let made = mutations::new_issue(self.workspace.get_mut(), fields(record));
        assert!(made.is_ok_and(|made| made == id(number)), "issue {number}");
    }

    /// Sets a field of an issue, as the schema has it.
    pub(crate) fn set(&mut self, number: u32, field: &str, value: Value) {
        let known = self.issue_mut(number).insert(field.to_owned(), value);
        assert!(known.is_some(), "an issue has no {field}");
    }

    /// Moves it to this state.
    pub(crate) fn move_to(&mut self, number: u32, state: &str) {
        let state = self.state_called(state);
        self.set(number, "stateId", state.into());
    }

    /// Gives it these labels, and no other.
    pub(crate) fn label(&mut self, number: u32, names: &[&str]) {
        let ids: Value = names.iter().map(|name| self.label_called(name)).collect();
        self.set(number, "labelIds", ids);
    }

    /// Makes `number` wait for others.
    pub(crate) fn block(&mut self, number: u32, blockers: &[u32]) {
        for blocker in blockers {
            self.relate(*blocker, "blocks", number);
        }
    }

    /// `number` blocks, duplicates, … another.
    pub(crate) fn relate(&mut self, number: u32, kind: &str, other: u32) {
        self.insert("IssueRelation", json!({ "type": kind, "issueId": id(number), "relatedIssueId": id(other) }));
    }

    /// Makes others parts of `number`.
    pub(crate) fn parts(&mut self, number: u32, parts: &[u32]) {
        parts.iter().for_each(|part| self.set(*part, "parentId", id(number).into()));
    }

    /// Moves it to another project.
    pub(crate) fn transfer(&mut self, number: u32) {
        self.set(number, "projectId", "P-other".into());
    }

    /// Archives it, as Linear does with what has been finished for long.
    pub(crate) fn archive(&mut self, number: u32) {
        self.set(number, "archivedAt", "2026-02-01T00:00:00.000Z".into());
    }

    /// Settles a comment, by its place among all.
    pub(crate) fn resolve(&mut self, place: usize) {
        let workspace = self.workspace.get_mut();
        let id = workspace.all("Comment")[place]["id"].as_str().expect("an id").to_owned();
        let comment = workspace.find_mut("Comment", &id).expect("a comment");
        comment.insert("resolvedAt".to_owned(), "2026-02-01T00:00:00.000Z".into());
    }

    /// From now on Linear fails to read this field of the issue.
    pub(crate) fn breaks(&mut self, number: u32, field: &'static str) {
        self.workspace.get_mut().broken.push((id(number), field));
    }

    /// From now on Linear says of every mutation that it was not done.
    pub(crate) fn freeze(&mut self) {
        self.workspace.get_mut().is_frozen = true;
    }

    /// An issue's state.
    pub(crate) fn state(&self, number: u32) -> String {
        let workspace = self.workspace.borrow();
        let issue = workspace.find("Issue", &id(number)).expect("an issue");
        let state = workspace.find("WorkflowState", issue["stateId"].as_str().unwrap_or_default());
        state.expect("a state")["name"].as_str().expect("a name").to_owned()
    }

    /// What was said about it.
    pub(crate) fn comments(&self, number: u32) -> Vec<String> {
        let workspace = self.workspace.borrow();
        let comments = workspace.all("Comment").iter().filter(|comment| comment["issueId"] == id(number));
        comments.filter_map(|comment| comment["body"].as_str().map(str::to_owned)).collect()
    }

    fn issue_mut(&mut self, number: u32) -> &mut Record {
        self.workspace.get_mut().find_mut("Issue", &id(number)).expect("an issue")
    }

    /// The state's id; it is made where there is none.
    fn state_called(&mut self, name: &str) -> String {
        let id = state_id(name);
        if self.workspace.get_mut().find("WorkflowState", &id).is_some() {
            return id;
        }
        self.insert("WorkflowState", json!({ "id": id, "name": name, "teamId": TEAM }))
    }

    fn label_called(&mut self, name: &str) -> String {
        let known = self.workspace.get_mut().having("IssueLabel", "name", &name.into());
        match known.and_then(|label| label["id"].as_str()) {
            Some(id) => id.to_owned(),
            None => self.insert("IssueLabel", json!({ "name": name })),
        }
    }

    fn insert(&mut self, kind: &'static str, record: Value) -> String {
        self.workspace.get_mut().insert(kind, fields(record))
    }
}

impl Profile for Linear {
    const KIND: &'static str = "linear";

    fn keys(url: &str) -> Vec<String> {
        vec!["project_slug: shop-1a2b3c".into(), format!("api_key: {KEY}"), format!("endpoint: {url}/graphql")]
    }
}

impl Behaviour for Linear {
    fn answer(&mut self, call: &Call) -> Reply {
        if call.header("authorization") != Some(KEY) {
            let error =
                json!({ "message": "Authentication required", "extensions": { "code": "AUTHENTICATION_ERROR" } });
            return Reply::json(401, &json!({ "errors": [error] }));
        }
        let (reply, points) = execute::execute(self.schema, &self.workspace, &call.body);
        self.points.push(points);
        reply
            .header("x-complexity", points)
            .header("x-ratelimit-requests-limit", 5000)
            .header("x-ratelimit-requests-remaining", 4999)
    }
}

/// The name of a call's query.
pub(crate) fn operation(call: &Call) -> String {
    let document = call.body["query"].as_str().expect("a query");
    let name = document.split_whitespace().nth(1).unwrap_or_default();
    name.split(['(', '{']).next().unwrap_or_default().to_owned()
}

fn fields(record: Value) -> Record {
    match record {
        Value::Object(fields) => fields,
        other => panic!("no object: {other}"),
    }
}
