//! From Redmine's record to an issue.

use serde_json::{Value, json};

use super::Redmine;
use crate::model::{Issue, IssueRef};
use crate::tracker::remote::{Malformed, date, labels, reference, required, text};

/// What people call an issue.
pub(super) fn identifier(id: u64) -> String {
    format!("RM-{id}")
}

/// The number of what people call so: `RM-7`, `#7`, `7`.
pub(super) fn number(name: &str) -> Option<u64> {
    let name = name.trim();
    let prefixed = name.get(..3).filter(|start| start.eq_ignore_ascii_case("RM-")).map(|_| &name[3..]);
    let digits = prefixed.or_else(|| name.strip_prefix('#')).unwrap_or(name);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Another issue, without its state.
pub(super) fn other(id: u64) -> IssueRef {
    reference(id.to_string(), identifier(id), None)
}

impl Redmine {
    /// The issue.
    pub(super) fn issue(&self, record: &Value) -> Result<Issue, Malformed> {
        let id = record["id"].as_u64().filter(|id| *id > 0).ok_or_else(|| Malformed {
            source: text(&record["subject"]).unwrap_or_else(|| "a record without a name".to_owned()),
            message: "the record has no `id`".to_owned(),
        })?;
        let source = identifier(id);
        let (title, state) = (required(record, "subject", &source)?, required(record, "status/name", &source)?);
        let relations = record["relations"].as_array().into_iter().flatten();
        let blocks =
            relations.filter(|relation| relation["relation_type"] == "blocks" && relation["issue_to_id"] == id);
        let user = &record["assigned_to"];
        Ok(Issue {
            description: text(&record["description"]).map(|text| text.replace("\r\n", "\n").trim().to_owned()),
            priority: self.priority(&record["priority"]["name"]),
            url: Some(format!("{}/issues/{id}", self.config.url.as_str().trim_end_matches('/'))),
            assignee_id: user["id"].as_u64().map(|id| id.to_string()),
            labels: labels([&record["tracker"], &record["category"]]),
            blocked_by: blocks.filter_map(|relation| relation["issue_id"].as_u64()).map(other).collect(),
            parent: record["parent"]["id"].as_u64().map(other),
            native_ref: Some(json!({
                "id": id, "project_id": record["project"]["id"], "tracker_id": record["tracker"]["id"],
            })),
            created_at: date(&record["created_on"]),
            updated_at: date(&record["updated_on"]),
            ..Issue::blank(&id.to_string(), &source, &title, &state)
        })
    }

    /// The place of a priority's name, from 1.
    fn priority(&self, name: &Value) -> Option<i64> {
        let name = name.as_str()?;
        let place = self.config.priorities.iter().position(|known| known.trim().eq_ignore_ascii_case(name.trim()))?;
        i64::try_from(place + 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_has_a_name_and_a_number() {
        for (name, expected) in [
            ("RM-7", Some(7)),
            ("rm-7", Some(7)),
            (" #7 ", Some(7)),
            ("7", Some(7)),
            ("RM-", None),
            ("RM-+7", None),
            ("GH-7", None),
            ("ä", None),
            ("", None),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
    }
}
