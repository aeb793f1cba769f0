//! Which types the fake holds, which of their fields, and how they hang together. What is not here it does not know.

use serde_json::{Map, Value, json};

/// The fields of an object. Beside those of the schema there are the ids behind its links: `state` is found by
/// `stateId`.
pub(super) type Record = Map<String, Value>;

/// What an object has many of.
pub(super) enum Many {
    /// All that there are.
    All,
    /// Those whose field holds the object's id.
    Pointing(&'static str),
    /// Those whose ids the object's field lists.
    Listed(&'static str),
}

/// A type's fields, empty. Linear's whole numbers are floats.
pub(super) fn blank(kind: &str) -> Option<Record> {
    let own = match kind {
        "Issue" => json!({
            "identifier": "", "number": 0.0, "title": "", "description": null, "priority": 0.0, "branchName": "",
            "url": "", "trashed": null, "stateId": "", "teamId": "", "projectId": null, "assigneeId": null,
            "parentId": null, "labelIds": [],
        }),
        "Project" => json!({ "name": "", "slugId": "", "teamIds": [] }),
        "Team" => json!({ "name": "", "key": "" }),
        "WorkflowState" => json!({ "name": "", "type": "unstarted", "teamId": "" }),
        "IssueLabel" => json!({ "name": "", "teamId": null }),
        "User" => json!({ "name": "", "displayName": "", "email": "", "isMe": false }),
        "Comment" => json!({ "body": "", "issueId": null, "userId": null, "resolvedAt": null }),
        "IssueRelation" => json!({ "type": "", "issueId": "", "relatedIssueId": "" }),
        _ => return None,
    };
    let every = json!({ "id": "", "createdAt": "", "updatedAt": "", "archivedAt": null });
    match (every, own) {
        (Value::Object(mut every), Value::Object(own)) => {
            every.extend(own);
            Some(every)
        }
        _ => None,
    }
}

/// What the id in a field is the id of, or the ids.
pub(super) fn target(id_field: &str) -> Option<&'static str> {
    Some(match id_field {
        "stateId" => "WorkflowState",
        "teamId" => "Team",
        "projectId" => "Project",
        "assigneeId" | "userId" => "User",
        "parentId" | "issueId" | "relatedIssueId" => "Issue",
        "labelIds" | "addedLabelIds" | "removedLabelIds" => "IssueLabel",
        _ => return None,
    })
}

/// The one object that a field leads to: its type, and the field with its id.
pub(super) fn link(kind: &str, field: &str) -> Option<(&'static str, String)> {
    let id_field = format!("{field}Id");
    let is_known = blank(kind)?.contains_key(&id_field);
    is_known.then(|| target(&id_field)).flatten().map(|target| (target, id_field))
}

/// The many objects that a field leads to.
pub(super) fn many(kind: &str, field: &str) -> Option<(&'static str, Many)> {
    Some(match (kind, field) {
        ("Query", "issues") => ("Issue", Many::All),
        ("Query", "projects") => ("Project", Many::All),
        ("Query", "teams") => ("Team", Many::All),
        ("Query", "workflowStates") => ("WorkflowState", Many::All),
        ("Query", "issueLabels") => ("IssueLabel", Many::All),
        ("Query", "users") => ("User", Many::All),
        ("Query", "comments") => ("Comment", Many::All),
        ("Query", "issueRelations") => ("IssueRelation", Many::All),
        ("Project", "issues") => ("Issue", Many::Pointing("projectId")),
        ("Project", "teams") => ("Team", Many::Listed("teamIds")),
        ("Team", "issues") => ("Issue", Many::Pointing("teamId")),
        ("Team", "states") => ("WorkflowState", Many::Pointing("teamId")),
        ("Team", "labels") => ("IssueLabel", Many::Pointing("teamId")),
        ("Issue", "labels") => ("IssueLabel", Many::Listed("labelIds")),
        ("Issue", "children") => ("Issue", Many::Pointing("parentId")),
        ("Issue", "comments") => ("Comment", Many::Pointing("issueId")),
        ("Issue", "relations") => ("IssueRelation", Many::Pointing("issueId")),
        ("Issue", "inverseRelations") => ("IssueRelation", Many::Pointing("relatedIssueId")),
        _ => return None,
    })
}
