//! From GitHub's record to an issue. GraphQL queries name their fields as REST does.

use serde_json::{Value, json};

use super::Github;
use super::relations::references;
use super::states::{StateFrom, nodes};
use crate::model::Issue;
use crate::tracker::remote::{Malformed, date, labels, priority_of_labels, reference, required, text};

/// The issue's number, which is its id.
pub(super) fn number(record: &Value) -> Option<u64> {
    record["number"].as_u64().filter(|number| *number > 0)
}

impl Github {
    /// The issue; none where the record is not in the configured project.
    pub(super) fn issue(&self, record: &Value) -> Result<Option<Issue>, Malformed> {
        let source = number(record).map_or_else(|| named(record), |number| format!("GH-{number}"));
        let malformed = |message: &str| Malformed { source: source.clone(), message: message.to_owned() };
        let number = number(record).ok_or_else(|| malformed("the record has no `number`"))?;
        let title = required(record, "title", &source)?;
        required(record, "state", &source)?;
        let Some(state) = self.config.states.of(record) else { return Ok(None) };
        if state.trim().is_empty() {
            return Err(malformed("the record's state is blank"));
        }
        // REST and GraphQL list labels in different orders.
        let mut labels = labels(nodes(&record["labels"]));
        labels.sort();
        let assignee = nodes(&record["assignees"]).next().unwrap_or(&record["assignee"]);
        Ok(Some(Issue {
            description: text(&record["body"]),
            priority: priority_of_labels(&labels, &self.config.priority_labels),
            url: text(&record["html_url"]),
            assignee_id: text(&assignee["login"]),
            labels,
            parent: self.parent(record),
            blocked_by: references(self, &record["blockedBy"]),
            sub_issues: references(self, &record["subIssues"]),
            native_ref: Some(self.native_ref(record, number)),
            created_at: date(&record["created_at"]),
            updated_at: date(&record["updated_at"]),
            ..Issue::blank(&number.to_string(), &source, &title, &state)
        }))
    }

    /// What GitHub's own tools need to find it again.
    fn native_ref(&self, record: &Value, number: u64) -> Value {
        let mut native = json!({ "number": number, "repo": self.config.full_name() });
        if let Some(id) = text(&record["node_id"]) {
            native["node_id"] = id.into();
        }
        if let StateFrom::Project(project) = &self.config.states.from
            && let Some(item) = project.item(record)
            && let (Some(item_id), Some(project_id)) = (text(&item["id"]), text(&item["project"]["id"]))
        {
            native["project_item_id"] = item_id.into();
            native["project_id"] = project_id.into();
        }
        native
    }

    /// The parent: REST gives an address, GraphQL a record. Its state is left out, which REST does not tell.
    fn parent(&self, record: &Value) -> Option<crate::model::IssueRef> {
        if let Some(address) = record["parent_issue_url"].as_str() {
            let mut parts = address.rsplit('/');
            let (number, _, repo, owner) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            return Some(self.reference(number.parse().ok()?, &format!("{owner}/{repo}"), None));
        }
        let parent = &record["parent"];
        let repository = parent["repository"]["nameWithOwner"].as_str().unwrap_or_default();
        Some(self.reference(number(parent)?, repository, None))
    }

    /// An issue by its number and repository.
    pub(super) fn reference(&self, number: u64, repository: &str, state: Option<String>) -> crate::model::IssueRef {
        if repository.is_empty() || self.name.is(repository) {
            return reference(number.to_string(), format!("GH-{number}"), state);
        }
        let name = format!("{repository}#{number}");
        reference(name.clone(), name, state)
    }
}

fn named(record: &Value) -> String {
    let name = ["html_url", "node_id", "id", "title"].iter().find_map(|field| match &record[*field] {
        Value::Number(number) => Some(number.to_string()),
        other => text(other),
    });
    name.unwrap_or_else(|| "a record without a name".to_owned())
}
