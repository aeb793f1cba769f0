//! What a thread used, and what is left of a subscription (SPEC 13.5). Pure.

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Timestamp, Tokens};

/// `thread/tokenUsage/updated`. Its `last` is a delta, and not looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Updated {
    thread_id: String,
    token_usage: Usage,
}

#[derive(Debug, Deserialize)]
struct Usage {
    total: Totals,
}

/// Cumulative for the thread, also after it was resumed; cached input is part of the input.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Totals {
    total_tokens: u64,
    input_tokens: u64,
    output_tokens: u64,
}

/// The absolute totals of `thread` that `thread/tokenUsage/updated` tells; `None` for another thread.
pub(super) fn totals(params: super::protocol::Params<'_>, thread: &str) -> Option<Tokens> {
    let Updated { thread_id, token_usage: Usage { total } } = params.read()?;
    let Totals { total_tokens, input_tokens, output_tokens } = total;
    (thread_id == thread).then_some(Tokens { input_tokens, output_tokens, total_tokens })
}

/// The limits as known so far. Updates are sparse: `null` and what is absent mean "nothing new".
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RateLimits(Value);

/// One of the two windows in which usage is counted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    used_percent: Option<f64>,
    resets_at: Option<i64>,
}

impl RateLimits {
    /// Takes `account/rateLimits/updated` in. The whole, where something in it is new.
    pub(super) fn merge(&mut self, update: &Value) -> Option<&Value> {
        let before = self.0.clone();
        merge(&mut self.0, update.get("rateLimits")?);
        (self.0 != before && tells_something(&self.0)).then_some(&self.0)
    }

    /// When a limit that is used up is lifted: when the last of the windows that are full is reset.
    pub(super) fn lifted_at(&self) -> Option<Timestamp> {
        let windows = ["primary", "secondary"].into_iter().filter_map(|name| Window::deserialize(&self.0[name]).ok());
        windows
            .filter(|window| window.used_percent.is_some_and(|used| used >= 100.0))
            .filter_map(|window| Timestamp::from_timestamp(window.resets_at?, 0))
            .max()
    }
}

fn merge(known: &mut Value, update: &Value) {
    match (known, update) {
        (_, Value::Null) => {}
        (Value::Object(known), Value::Object(update)) => {
            for (name, value) in update.iter().filter(|(_, value)| !value.is_null()) {
                merge(known.entry(name.as_str()).or_insert(Value::Null), value);
            }
        }
        (known, update) => *known = without_nulls(update),
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let told = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(told.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        other => other.clone(),
    }
}

/// Whether there is more in it than whose limits they are.
fn tells_something(limits: &Value) -> bool {
    limits.as_object().is_some_and(|fields| fields.keys().any(|name| name != "limitId" && name != "limitName"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).expect("a time")
    }

    #[test]
    fn sparse_updates_are_merged_and_only_news_are_told() {
        let mut limits = RateLimits::default();
        let empty = json!({ "rateLimits": { "limitId": "codex", "primary": null, "credits": null } });
        assert_eq!(limits.merge(&empty), None);
        let first = json!({ "rateLimits": { "limitId": "codex", "primary": { "usedPercent": 43, "resetsAt": 500, "windowDurationMins": null }, "secondary": null } });
        let told = json!({ "limitId": "codex", "primary": { "usedPercent": 43, "resetsAt": 500 } });
        assert_eq!(limits.merge(&first), Some(&told));
        assert_eq!(limits.merge(&first), None);
        assert_eq!(limits.merge(&empty), None, "what is not told stays as it was");
        let second = json!({ "rateLimits": { "primary": { "usedPercent": 50 }, "secondary": { "usedPercent": 7 } } });
        let told = json!({ "limitId": "codex", "primary": { "usedPercent": 50, "resetsAt": 500 }, "secondary": { "usedPercent": 7 } });
        assert_eq!(limits.merge(&second), Some(&told));
        assert_eq!(limits.merge(&json!({ "other": 1 })), None);
    }

    #[test]
    fn a_limit_is_lifted_when_the_last_full_window_is_reset() {
        for (limits, expected) in [
            (json!({}), None),
            (json!({ "primary": { "usedPercent": 99, "resetsAt": 500 } }), None),
            (json!({ "primary": { "usedPercent": 100, "resetsAt": 500 } }), Some(500)),
            (json!({ "primary": { "usedPercent": 100.0, "resetsAt": 90 } }), Some(90)),
            (json!({ "primary": { "usedPercent": 100 } }), None),
            (
                json!({ "primary": { "usedPercent": 100, "resetsAt": 500 }, "secondary": { "usedPercent": 7, "resetsAt": 900 } }),
                Some(500),
            ),
            (
                json!({ "primary": { "usedPercent": 100, "resetsAt": 500 }, "secondary": { "usedPercent": 101, "resetsAt": 900 } }),
                Some(900),
            ),
            (json!({ "primary": "odd" }), None),
        ] {
            assert_eq!(RateLimits(limits.clone()).lifted_at(), expected.map(at), "{limits}");
        }
    }
}
