//! From Jira's record to an issue.

use serde_json::Value;

use super::{Jira, document};
use crate::model::{Issue, IssueRef};
use crate::tracker::remote::{Malformed, date, labels, reference, required, text};

/// What is asked for of each issue.
pub(super) const FIELDS: [&str; 12] = [
    "summary",
    "description",
    "status",
    "priority",
    "labels",
    "assignee",
    "created",
    "updated",
    "project",
    "issuelinks",
    "parent",
    "subtasks",
];

impl Jira {
    /// The issue; none where it belongs to another project, to which it was moved.
    pub(super) fn issue(&self, record: &Value) -> Option<Result<Issue, Malformed>> {
        let source = text(&record["key"]).or_else(|| text(&record["id"]));
        let source = source.unwrap_or_else(|| "a record without a name".to_owned());
        match required(record, "fields/project/key", &source) {
            Ok(project) if project.eq_ignore_ascii_case(&self.config.project) => {}
            Ok(_) => return None,
            Err(malformed) => return Some(Err(malformed)),
        }
        Some(self.own_issue(record, &source))
    }

    fn own_issue(&self, record: &Value, source: &str) -> Result<Issue, Malformed> {
        let field = |name| required(record, name, source);
        let (id, key, title, state) =
            (field("id")?, field("key")?, field("fields/summary")?, field("fields/status/name")?);
        let fields = &record["fields"];
        let assignee = &fields["assignee"];
        Ok(Issue {
            description: document::read(&fields["description"]),
            priority: self.priority(&fields["priority"]),
            url: Some(format!("{}/browse/{key}", self.config.base.as_str().trim_end_matches('/'))),
            assignee_id: text(&assignee["accountId"]).or_else(|| text(&assignee["name"])),
            labels: labels(fields["labels"].as_array().into_iter().flatten()),
            blocked_by: links(fields).filter_map(|link| other(&link["inwardIssue"])).collect(),
            parent: other(&fields["parent"]).map(|parent| IssueRef { state: None, ..parent }),
            sub_issues: fields["subtasks"].as_array().into_iter().flatten().filter_map(other).collect(),
            created_at: date(&fields["created"]),
            updated_at: date(&fields["updated"]),
            ..Issue::blank(&id, &key, &title, &state)
        })
    }

    /// The place of a priority among those that the configuration names, from 1.
    fn priority(&self, priority: &Value) -> Option<i64> {
        let name = text(&priority["name"])?;
        let place = self.config.priorities.iter().position(|known| known.trim().eq_ignore_ascii_case(name.trim()))?;
        i64::try_from(place + 1).ok()
    }
}

/// The links that say what an issue waits for.
pub(super) fn links(fields: &Value) -> impl Iterator<Item = &Value> {
    let is_blocking = |link: &&Value| {
        let says = |name: &str, words: &str| {
            link["type"][name].as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case(words))
        };
        says("name", "blocks") || says("inward", "is blocked by")
    };
    let links = fields["issuelinks"].as_array().into_iter().flatten();
    links.filter(is_blocking).filter(|link| !link["inwardIssue"].is_null())
}

/// An issue that another one's record names.
fn other(record: &Value) -> Option<IssueRef> {
    Some(reference(text(&record["id"])?, text(&record["key"])?, text(&record["fields"]["status"]["name"])))
}
