//! The normalised issue (SPEC 4.1.1, 11.3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Timestamp;

/// A tracker's work item, normalised (SPEC 4.1.1). Every field is present; what the tracker does not say is `None` or empty.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Issue {
    /// The tracker's stable, opaque id: the identity for dispatch and refresh.
    pub id: String,
    /// What people call it (`ABC-1`); unique within the tracker's scope.
    pub identifier: String,
    /// Title, one line.
    pub title: String,
    /// The body, if any.
    pub description: Option<String>,
    /// Lower is more urgent; 1 to 4 rank before everything else (SPEC 8.2).
    pub priority: Option<i64>,
    /// The tracker's own state name, in its own spelling; compare through [`normal_state`].
    pub state: String,
    /// The branch that the tracker proposes.
    pub branch_name: Option<String>,
    /// Where a person reads it.
    pub url: Option<String>,
    /// Whom the tracker assigned.
    pub assignee_id: Option<String>,
    /// Trimmed, lower-cased, without repetition.
    pub labels: Vec<String>,
    /// Issues that must be terminal before this one may run.
    pub blocked_by: Vec<IssueRef>,
    /// The issue that this one is a part of.
    #[serde(default)]
    pub parent: Option<IssueRef>,
    /// Its parts: a parent waits until they are terminal.
    #[serde(default)]
    pub sub_issues: Vec<IssueRef>,
    /// The adapter's own verdict on rules that the queue cannot know (SPEC 11.3).
    pub dispatchable: bool,
    /// Non-secret provider identifiers for the provider's own tools; opaque here.
    pub native_ref: Option<Value>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When the tracker last saw it change.
    pub updated_at: Option<Timestamp>,
}

impl Issue {
    /// An issue with nothing but id, identifier, title and state. It is dispatchable.
    #[must_use]
    pub fn blank(id: &str, identifier: &str, title: &str, state: &str) -> Self {
        Self {
            id: id.to_owned(),
            identifier: identifier.to_owned(),
            title: title.to_owned(),
            description: None,
            priority: None,
            state: state.to_owned(),
            branch_name: None,
            url: None,
            assignee_id: None,
            labels: Vec::new(),
            blocked_by: Vec::new(),
            parent: None,
            sub_issues: Vec::new(),
            dispatchable: true,
            native_ref: None,
            created_at: None,
            updated_at: None,
        }
    }
}

/// A reference from one issue to another, with the other's state as far as the tracker knows it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct IssueRef {
    /// The other's opaque id.
    pub id: Option<String>,
    /// The other's identifier.
    pub identifier: Option<String>,
    /// The other's state; `None` where it is unknown.
    pub state: Option<String>,
}

impl IssueRef {
    /// The name to show: identifier, else id, else `?`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.identifier.as_deref().or(self.id.as_deref()).unwrap_or("?")
    }
}

/// A state name as it is compared: trimmed and lower-cased (SPEC 4.2).
#[must_use]
pub fn normal_state(state: &str) -> String {
    state.trim().to_lowercase()
}

/// Whether two names are of the same state; of labels likewise.
#[must_use]
pub fn is_same_state(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    // `to_lowercase` looks at a letter's neighbours, which ASCII has no need of.
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
}
