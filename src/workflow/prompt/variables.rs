//! What a template may use: `issue` and `attempt` (SPEC 5.4), and `workpad`.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use liquid::model::Value;

use super::node::Node;
use super::rewrite;
use crate::model::{Issue, IssueRef, Timestamp};

/// The name of the issue's workpad.
pub(super) const WORKPAD: &str = "workpad";

/// The variables of one rendering.
pub(super) fn variables(issue: &Issue, attempt: Option<u32>, workpad: Option<&str>) -> BTreeMap<String, Node> {
    let attempt = attempt.map_or(Node::Absent, |attempt| Node::Plain(Value::scalar(i64::from(attempt))));
    let mut complete = issue.clone();
    complete.parent.get_or_insert(IssueRef { id: None, identifier: None, state: None });
    object([
        ("issue", of_issue(issue)),
        ("attempt", attempt),
        (WORKPAD, workpad.map_or(Node::Absent, text)),
        (rewrite::FILLED, rewrite::filled(of_issue(&complete))),
    ])
}

fn object<const N: usize>(fields: [(&str, Node); N]) -> BTreeMap<String, Node> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn of_issue(issue: &Issue) -> Node {
    // Taken apart, so that a new field cannot be forgotten here.
    let Issue {
        id,
        identifier,
        title,
        description,
        priority,
        state,
        branch_name,
        url,
        assignee_id,
        labels,
        blocked_by,
        parent,
        sub_issues,
        dispatchable,
        native_ref,
        created_at,
        updated_at,
    } = issue;
    Node::Object(object([
        ("id", text(id)),
        ("identifier", text(identifier)),
        ("title", text(title)),
        ("description", maybe(description.as_ref())),
        ("priority", priority.map_or(Node::Absent, |priority| Node::Plain(Value::scalar(priority)))),
        ("state", text(state)),
        ("branch_name", maybe(branch_name.as_ref())),
        ("url", maybe(url.as_ref())),
        ("assignee_id", maybe(assignee_id.as_ref())),
        ("labels", Node::List(labels.iter().map(|label| text(label)).collect())),
        ("blocked_by", Node::List(blocked_by.iter().map(of_reference).collect())),
        ("parent", parent.as_ref().map_or(Node::Absent, of_reference)),
        ("sub_issues", Node::List(sub_issues.iter().map(of_reference).collect())),
        ("dispatchable", Node::Plain(Value::scalar(*dispatchable))),
        ("native_ref", native_ref.as_ref().map_or(Node::Absent, of_json)),
        ("created_at", time(created_at.as_ref())),
        ("updated_at", time(updated_at.as_ref())),
    ]))
}

/// A text.
pub(super) fn text(text: &str) -> Node {
    Node::Plain(Value::scalar(text.to_owned()))
}

fn maybe(value: Option<&String>) -> Node {
    value.map_or(Node::Absent, |value| text(value))
}

fn time(at: Option<&Timestamp>) -> Node {
    at.map_or(Node::Absent, |at| text(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
}

fn of_reference(other: &IssueRef) -> Node {
    let IssueRef { id, identifier, state } = other;
    Node::Object(object([
        ("id", maybe(id.as_ref())),
        ("identifier", maybe(identifier.as_ref())),
        ("state", maybe(state.as_ref())),
    ]))
}

fn of_json(value: &serde_json::Value) -> Node {
    use serde_json::Value as Json;
    match value {
        Json::Null => Node::Absent,
        Json::Bool(flag) => Node::Plain(Value::scalar(*flag)),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Node::Plain(Value::scalar(whole)),
            (None, Some(float)) => Node::Plain(Value::scalar(float)),
            (None, None) => text(&number.to_string()),
        },
        Json::String(written) => text(written),
        Json::Array(items) => Node::List(items.iter().map(of_json).collect()),
        Json::Object(map) => Node::Object(map.iter().map(|(name, value)| (name.clone(), of_json(value))).collect()),
    }
}
