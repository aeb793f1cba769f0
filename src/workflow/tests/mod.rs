//! What a user of WORKFLOW.md notices.

mod errors;
mod values;

use std::path::Path;

use serde_json::json;

use super::*;
use crate::model::IssueRef;

pub(in crate::workflow) const FILE: &str = "/repo/WORKFLOW.md";

pub(in crate::workflow) fn profiles(kind: &str, _: &Environment) -> Result<KindProfile, String> {
    let list = |states: &[&str]| states.iter().map(ToString::to_string).collect();
    match kind {
        "local" => {
            Ok(KindProfile { active: list(&["Todo", "In Progress"]), terminal: list(&["Done", "Closed"]), keys: None })
        }
        "bare" => {
            Ok(KindProfile { active: Vec::new(), terminal: Vec::new(), keys: Some(list(&["tracker.provider.path"])) })
        }
        _ => Err("there are local and bare".to_owned()),
    }
}

pub(in crate::workflow) fn environment() -> Environment {
    [("HOME", "/home/ann"), ("ROOT", "/srv/ws"), ("TOKEN_VAR", "s3cret")].into_iter().collect()
}

pub(in crate::workflow) fn parse(text: &str) -> Result<Workflow, WorkflowError> {
    Workflow::from_text(Path::new(FILE), text, &environment(), &profiles)
}

/// A file with this front matter below `tracker: {kind: local}` on line 2.
pub(in crate::workflow) fn with(yaml: &str) -> Result<Workflow, WorkflowError> {
    parse(&format!("---\ntracker: {{kind: local}}\n{yaml}\n---\nBody\n"))
}

pub(in crate::workflow) fn issue() -> Issue {
    let other = |name: &str, state: &str| IssueRef {
        id: Some(format!("id-{name}")),
        identifier: Some(name.into()),
        state: Some(state.into()),
    };
    Issue {
        priority: Some(2),
        url: Some("https://example.org/1".into()),
        labels: vec!["bug".into(), "home".into()],
        blocked_by: vec![other("ABC-2", "Done"), other("ABC-3", "Todo")],
        sub_issues: vec![other("ABC-4", "Todo")],
        native_ref: Some(json!({"number": 7, "tags": ["x"]})),
        created_at: "2026-01-02T03:04:05Z".parse().ok(),
        ..Issue::blank("id-1", "ABC-1", "Fix the door", "Todo")
    }
}
