//! From Linear's record to an issue.

use serde_json::{Value, json};

use super::Linear;
use super::queries::{self, CONNECTIONS};
use crate::model::{Issue, IssueRef};
use crate::tracker::http::Request;
use crate::tracker::remote::{Malformed, date, labels, required, text};

impl Linear {
    /// The issue.
    pub(super) fn issue(&self, record: &Value) -> Result<Issue, Malformed> {
        let source = source(record);
        let field = |name| required(record, name, &source);
        let (id, identifier, title, state) =
            (field("id")?, field("identifier")?, field("title")?, field("state/name")?);
        let assignee_id = text(&record["assignee"]["id"]);
        let mut issue = Issue {
            description: text(&record["description"]),
            priority: priority(&record["priority"]),
            branch_name: text(&record["branchName"]),
            url: text(&record["url"]),
            dispatchable: self.is_assigned(assignee_id.as_deref()),
            assignee_id,
            parent: reference(&record["parent"]),
            created_at: date(&record["createdAt"]),
            updated_at: date(&record["updatedAt"]),
            ..Issue::blank(&id, &identifier, &title, &state)
        };
        for (name, _) in CONNECTIONS {
            extend(&mut issue, name, &record[name]);
        }
        Ok(issue)
    }

    /// Requests for all of the record's labels, sub-issues and relations, where there may be more than it holds.
    pub(super) fn further(&self, record: &Value) -> Vec<Request> {
        let Some(id) = record["id"].as_str() else { return Vec::new() };
        let is_full = |(name, size): &(&str, usize)| nodes(&record[*name]).len() >= *size;
        let further = |(name, _)| self.ask(name, &queries::further(name), json!({ "id": id, "after": null }));
        CONNECTIONS.into_iter().filter(is_full).map(further).collect()
    }
}

/// What a record is called, as far as it says so.
pub(super) fn source(record: &Value) -> String {
    let names = ["identifier", "id", "url", "title"];
    let name = names.iter().find_map(|field| text(&record[*field]));
    name.unwrap_or_else(|| "a record without a name".to_owned())
}

/// Forgets what came with the issue, before all of it is taken up.
pub(super) fn clear(issue: &mut Issue, name: &str) {
    match name {
        "labels" => issue.labels.clear(),
        "children" => issue.sub_issues.clear(),
        _ => issue.blocked_by.clear(),
    }
}

/// Adds a page of labels, sub-issues or relations.
pub(super) fn extend(issue: &mut Issue, name: &str, connection: &Value) {
    let nodes = nodes(connection);
    match name {
        "labels" => {
            let known = issue.labels.iter().cloned().map(Value::from);
            let all: Vec<Value> = known.chain(nodes.iter().cloned()).collect();
            issue.labels = labels(&all);
        }
        "children" => issue.sub_issues.extend(nodes.iter().filter_map(reference)),
        _ => {
            let blockers = nodes
                .iter()
                .filter(|relation| is_blocking(relation))
                .filter_map(|relation| reference(&relation["issue"]));
            issue.blocked_by.extend(blockers);
        }
    }
}

fn nodes(connection: &Value) -> &[Value] {
    connection["nodes"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether a relation means that its issue blocks the related one.
pub(super) fn is_blocking(relation: &Value) -> bool {
    relation["type"].as_str().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("blocks"))
}

/// Another issue; its parts may be unknown, but not all of them. What is in the trash is none.
fn reference(record: &Value) -> Option<IssueRef> {
    if record["trashed"] == true {
        return None;
    }
    let (id, identifier) = (text(&record["id"]), text(&record["identifier"]));
    let state = text(&record["state"]["name"]);
    (id.is_some() || identifier.is_some()).then_some(IssueRef { id, identifier, state })
}

/// 1 to 4; Linear's 0 is "no priority". It writes whole numbers with and without a point.
fn priority(value: &Value) -> Option<i64> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e9)?;
    Some(number as i64).filter(|number| *number != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_whole_numbers_and_zero_is_none() {
        for (value, expected) in [
            (json!(2), Some(2)),
            (json!(2.0), Some(2)),
            (json!(0), None),
            (json!(1.5), None),
            (json!("1"), None),
            (json!(null), None),
        ] {
            assert_eq!(priority(&value), expected, "{value}");
        }
    }

    #[test]
    fn only_what_blocks_is_a_blocker_and_a_bad_one_hides_no_other() {
        let mut issue = Issue::blank("1", "A-1", "Title", "Todo");
        let relation = |kind: &str, id: Value| json!({ "type": kind, "issue": { "id": id, "state": null } });
        let nodes = [
            relation(" Blocks ", json!("2")),
            relation("related", json!("3")),
            relation("blocks", json!(null)),
            json!(null),
            json!({ "type": "blocks" }),
            json!({ "type": "blocks", "issue": { "id": "4", "trashed": true } }),
        ];
        extend(&mut issue, "inverseRelations", &json!({ "nodes": nodes }));
        let expected = IssueRef { id: Some("2".into()), identifier: None, state: None };
        assert_eq!(issue.blocked_by, [expected]);
    }
}
