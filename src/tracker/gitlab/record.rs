//! From GitLab's record to an issue.

use serde_json::{Value, json};

use super::Gitlab;
use crate::model::Issue;
use crate::tracker::remote::{Malformed, date, labels, priority_of_labels, required, text};

impl Gitlab {
    /// The issue.
    pub(super) fn issue(&self, record: &Value) -> Result<Issue, Malformed> {
        let iid = record["iid"].as_u64().filter(|iid| *iid > 0);
        let source = iid.map(|iid| format!("GL-{iid}")).or_else(|| text(&record["web_url"]));
        let source = source.unwrap_or_else(|| "a record without a name".to_owned());
        let malformed = |message: &str| Malformed { source: source.clone(), message: message.to_owned() };
        let iid = iid.ok_or_else(|| malformed("the record has no `iid`"))?;
        let (title, state) = (required(record, "title", &source)?, required(record, "state", &source)?);
        let labels = labels(record["labels"].as_array().into_iter().flatten());
        let assignee = record["assignees"].as_array().and_then(|all| all.first()).unwrap_or(&record["assignee"]);
        let assignee_id = assignee["id"].as_u64().map(|id| id.to_string()).or_else(|| text(&assignee["username"]));
        Ok(Issue {
            description: text(&record["description"]).map(|text| text.trim().to_owned()),
            priority: priority_of_labels(&labels, &self.config.priority_labels),
            url: text(&record["web_url"]),
            assignee_id,
            labels,
            native_ref: Some(self.native_ref(record, iid)),
            created_at: date(&record["created_at"]),
            updated_at: date(&record["updated_at"]),
            ..Issue::blank(&iid.to_string(), &source, &title, &state)
        })
    }

    fn native_ref(&self, record: &Value, iid: u64) -> Value {
        let mut native = json!({ "iid": iid, "project_path": self.config.project });
        for field in ["id", "project_id", "references"] {
            if !record[field].is_null() {
                native[field] = record[field].clone();
            }
        }
        native
    }
}
