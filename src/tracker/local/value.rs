//! The optional values of a front matter as what they mean; one that makes no sense is ignored, with a sentence that says
//! so.

use serde_yaml::Value;

use crate::model::Timestamp;

/// Labels as they are compared: trimmed, lower-cased, each once, in their order (SPEC 11.3).
pub(super) fn labels(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for text in texts {
        let label = text.trim().to_lowercase();
        if !label.is_empty() && !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// A scalar as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A list of texts, or one. An entry that is none stays as its YAML: a blocker that cannot be read must not be lost.
pub(super) fn texts(name: &str, value: &Value, ignored: &mut Vec<String>) -> Vec<String> {
    let entries = match value {
        Value::Null => return Vec::new(),
        Value::Sequence(entries) => entries.as_slice(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Mapping(_) | Value::Tagged(_) => {
            std::slice::from_ref(value)
        }
    };
    let mut texts: Vec<String> = Vec::new();
    for entry in entries {
        let text = scalar(entry).or_else(|| {
            if entry.is_null() || entry.as_str().is_some() {
                return None;
            }
            let yaml =
                serde_yaml::to_string(entry).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            ignored.push(format!("`{name}`: `{yaml}` is no text"));
            (name != "labels").then_some(yaml)
        });
        texts.extend(text.filter(|text| !texts.contains(text)));
    }
    texts
}

/// A list's entries as texts, in their own spelling.
pub(super) fn scalar_list(value: &Value) -> Vec<String> {
    texts("", value, &mut Vec::new())
}

/// One text.
pub(super) fn optional(name: &str, value: &Value, ignored: &mut Vec<String>) -> Option<String> {
    let text = scalar(value);
    if text.is_none() && !value.is_null() && value.as_str().is_none() {
        ignored.push(format!("`{name}` is no text"));
    }
    text
}

/// An integer, or a text that is one.
pub(super) fn integer(name: &str, value: &Value, ignored: &mut Vec<String>) -> Option<i64> {
    let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    if number.is_none() && !value.is_null() {
        ignored.push(format!("`{name}` is no integer"));
    }
    number
}

/// An instant (RFC 3339).
pub(super) fn instant(name: &str, value: &Value, ignored: &mut Vec<String>) -> Option<Timestamp> {
    let instant = value.as_str().and_then(|text| chrono::DateTime::parse_from_rfc3339(text.trim()).ok());
    if instant.is_none() && !value.is_null() {
        ignored.push(format!("`{name}` is no RFC 3339 instant"));
    }
    instant.map(|instant| instant.to_utc())
}
