//! From Asana's record to an issue. A task's state is the section of the project that it is in, and whether it is
//! completed.

use serde_json::{Value, json};

use super::Asana;
use crate::model::{Issue, IssueRef};
use crate::tracker::remote::{Malformed, date, labels, priority_of_labels, required, text};

/// What is asked for of each task.
pub(super) const FIELDS: [&str; 16] = [
    "gid",
    "name",
    "notes",
    "completed",
    "resource_subtype",
    "assignee.gid",
    "tags.name",
    "memberships.project.gid",
    "memberships.section.gid",
    "memberships.section.name",
    "permalink_url",
    "created_at",
    "modified_at",
    "parent.gid",
    "dependencies",
    "num_subtasks",
];

/// What is asked for of a task that another one names.
pub(super) const OTHER_FIELDS: [&str; 4] = ["gid", "completed", "memberships.project.gid", "memberships.section.name"];

impl Asana {
    /// The issue; none where it is not in the project, or is a heading and no task.
    pub(super) fn issue(&self, record: &Value) -> Option<Result<Issue, Malformed>> {
        let source = text(&record["gid"]).map(|gid| identifier(&gid));
        let source = source.unwrap_or_else(|| "a record without a gid".to_owned());
        if record["resource_subtype"] == "section" {
            return None;
        }
        if record["memberships"].is_array() && self.membership(record).is_none() {
            return None;
        }
        Some(self.task(record, &source))
    }

    fn task(&self, record: &Value, source: &str) -> Result<Issue, Malformed> {
        let malformed = |message: &str| Malformed { source: source.to_owned(), message: message.to_owned() };
        let (gid, title) = (required(record, "gid", source)?, required(record, "name", source)?);
        let is_completed = record["completed"]
            .as_bool()
            .ok_or_else(|| malformed("the record does not say whether it is completed"))?;
        let state = self.state(record).ok_or_else(|| malformed("the record has no section"))?;
        let labels = labels(record["tags"].as_array().into_iter().flatten());
        let section = self.membership(record).map(|membership| membership["section"]["gid"].clone());
        Ok(Issue {
            description: text(&record["notes"]).map(|text| text.trim().to_owned()),
            priority: priority_of_labels(&labels, &self.config.priority_labels),
            url: text(&record["permalink_url"]),
            assignee_id: text(&record["assignee"]["gid"]),
            labels,
            parent: text(&record["parent"]["gid"]).map(|gid| IssueRef {
                identifier: Some(identifier(&gid)),
                id: Some(gid),
                state: None,
            }),
            dispatchable: !is_completed,
            native_ref: Some(json!({ "task_gid": gid, "project_gid": self.config.project, "section_gid": section })),
            created_at: date(&record["created_at"]),
            updated_at: date(&record["modified_at"]),
            ..Issue::blank(&gid, source, &title, &state)
        })
    }

    /// A task that another one names.
    pub(super) fn other(&self, record: &Value) -> Option<IssueRef> {
        let gid = text(&record["gid"])?;
        Some(IssueRef { identifier: Some(identifier(&gid)), id: Some(gid), state: self.state(record) })
    }

    /// The section that the task is in; where that is no terminal state and the task is completed, the first terminal
    /// state. None for a task outside of the project that is not completed.
    fn state(&self, record: &Value) -> Option<String> {
        let section = self.membership(record).and_then(|membership| text(&membership["section"]["name"]));
        let section = section.map(|name| name.trim().to_owned());
        if record["completed"] == true {
            let terminal = section.filter(|name| self.config.is_terminal(name));
            return Some(terminal.unwrap_or_else(|| self.config.completed().to_owned()));
        }
        section
    }

    /// Where in the project it is.
    fn membership<'r>(&self, record: &'r Value) -> Option<&'r Value> {
        let mut memberships = record["memberships"].as_array()?.iter();
        memberships.find(|membership| membership["project"]["gid"] == self.config.project.as_str())
    }
}

/// What people call a task.
fn identifier(gid: &str) -> String {
    format!("ASANA-{gid}")
}

/// The gid of a task, by gid or identifier.
pub(super) fn gid(name: &str) -> &str {
    let name = name.trim();
    match name.split_at_checked(6) {
        Some((start, gid)) if start.eq_ignore_ascii_case("ASANA-") => gid,
        Some(_) | None => name,
    }
}
