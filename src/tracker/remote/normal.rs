//! What all adapters normalise in the same way (SPEC 11.3).

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Malformed;
use crate::model::{IssueRef, Timestamp};

/// A text that is not blank.
pub(crate) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// An id, which some providers write as a number.
pub(crate) fn id(value: &Value) -> Option<String> {
    text(value).or_else(|| value.as_u64().map(|number| number.to_string()))
}

/// A text without which the record is no issue.
pub(crate) fn required(record: &Value, field: &str, source: &str) -> Result<String, Malformed> {
    let pointer = format!("/{field}");
    record
        .pointer(&pointer)
        .and_then(text)
        .map(|text| text.trim().to_owned())
        .ok_or_else(|| Malformed { source: source.to_owned(), message: format!("the record has no `{field}`") })
}

/// Labels from texts or from objects with a `name`: trimmed, lower-cased, without blank and repeated ones.
pub(crate) fn labels<'v>(values: impl IntoIterator<Item = &'v Value>) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for value in values {
        let name = value.as_str().or_else(|| value["name"].as_str()).unwrap_or_default().trim().to_lowercase();
        if !name.is_empty() && !labels.contains(&name) {
            labels.push(name);
        }
    }
    labels
}

/// An RFC 3339 time, also one whose offset has no colon (`+0000`); anything else is none.
pub(crate) fn date(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    let date = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    date.ok().map(|date| date.with_timezone(&Utc))
}

/// The reference to another issue.
pub(crate) fn reference(id: String, identifier: String, state: Option<String>) -> IssueRef {
    IssueRef { id: Some(id), identifier: Some(identifier), state }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_trimmed_lowered_and_once() {
        let values = [json!(" Bug "), json!({"name": "bug"}), json!({"name": "Platform"}), json!("  "), json!(7)];
        assert_eq!(labels(&values), ["bug", "platform"]);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000+0000", " 2026-01-01T00:00:00Z "] {
            assert_eq!(date(&json!(text)).map(|at| at.timestamp()), Some(1_767_225_600), "{text}");
        }
        for value in [json!("yesterday"), json!(5), json!(null), json!("2026-01-01")] {
            assert_eq!(date(&value), None, "{value}");
        }
    }
}
