//! What the end of a turn means: `turn.status` and `codexErrorInfo` (SPEC 10.3, 10.6). Pure.

use serde::Deserialize;
use serde_json::Value;

use super::usage::RateLimits;
use crate::agent::{Failure, FailureCode, TurnEnd};

/// A turn as `turn/start` and the notifications tell it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Turn {
    /// Codex's own id of it.
    pub(super) id: String,
    /// `completed`, `interrupted`, `failed` or `inProgress`; what is not told is completed.
    status: Option<String>,
    error: Option<TurnError>,
}

/// Why a turn failed, or why it has not got on yet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct TurnError {
    message: String,
    codex_error_info: Value,
    additional_details: Option<String>,
}

impl TurnError {
    /// In one line: what it says, and Codex's word for it.
    pub(super) fn line(&self) -> String {
        let mut text = self.message.clone();
        if let Some(details) = self.additional_details.as_deref().filter(|details| !details.is_empty()) {
            text = format!("{text}: {details}");
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match self.word() {
            Some((word, Some(status))) => format!("{text} ({word} {status})"),
            Some((word, None)) => format!("{text} ({word})"),
            None => text,
        }
    }

    /// `codexErrorInfo`: a word, or an object of one field named so, which may know an HTTP status.
    fn word(&self) -> Option<(&str, Option<u64>)> {
        match &self.codex_error_info {
            Value::String(word) => Some((word, None)),
            Value::Object(fields) => {
                let (word, about) = fields.iter().next()?;
                Some((word, about["httpStatusCode"].as_u64()))
            }
            _ => None,
        }
    }

    fn is(&self, word: &str) -> bool {
        self.word().is_some_and(|(known, _)| known == word)
    }
}

/// The end of a turn, whose last words were `message`.
pub(super) fn judge(turn: &Turn, message: Option<String>, limits: &RateLimits) -> TurnEnd {
    match turn.status.as_deref() {
        None | Some("completed") => TurnEnd::Completed { message },
        Some("interrupted") => {
            Failure::new(FailureCode::TurnCancelled, "Codex says that the turn was interrupted").into()
        }
        Some("failed") => failed(&turn.error.clone().unwrap_or_default(), limits).into(),
        Some(other) => {
            let error = format!("Codex says that the turn ended, with status `{other}`");
            Failure::new(FailureCode::TurnFailed, error).into()
        }
    }
}

fn failed(error: &TurnError, limits: &RateLimits) -> Failure {
    let line = error.line();
    let said = if line.is_empty() { "Codex does not say why the turn failed".to_owned() } else { line };
    Failure {
        not_before: if error.is("usageLimitExceeded") { limits.lifted_at() } else { None },
        ends_session: error.is("contextWindowExceeded"),
        ..Failure::new(FailureCode::TurnFailed, said)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Timestamp;

    fn end(turn: Value) -> TurnEnd {
        let mut limits = RateLimits::default();
        limits.merge(&json!({ "rateLimits": { "primary": { "usedPercent": 100, "resetsAt": 1_893_456_000 } } }));
        judge(&serde_json::from_value(turn).expect("a turn"), Some("bye".into()), &limits)
    }

    fn failure(error: &str) -> Failure {
        Failure::new(FailureCode::TurnFailed, error)
    }

    #[test]
    fn status_and_error_decide() {
        let completed = || TurnEnd::Completed { message: Some("bye".into()) };
        let failed = |message: &str, info: Value| json!({ "id": "u", "status": "failed", "error": { "message": message, "codexErrorInfo": info } });
        let reset = Timestamp::from_timestamp(1_893_456_000, 0);
        for (turn, expected) in [
            (json!({ "id": "u", "status": "completed", "error": null }), completed()),
            (json!({ "id": "u" }), completed()),
            (json!({ "id": "u", "status": null }), completed()),
            (
                json!({ "id": "u", "status": "interrupted" }),
                Failure::new(FailureCode::TurnCancelled, "Codex says that the turn was interrupted").into(),
            ),
            (
                json!({ "id": "u", "status": "inProgress" }),
                failure("Codex says that the turn ended, with status `inProgress`").into(),
            ),
            (json!({ "id": "u", "status": "failed" }), failure("Codex does not say why the turn failed").into()),
            (failed("no\nluck", json!("other")), failure("no luck (other)").into()),
            (failed("odd", json!(null)), failure("odd").into()),
            (
                failed("who", json!({ "httpConnectionFailed": { "httpStatusCode": 401 } })),
                failure("who (httpConnectionFailed 401)").into(),
            ),
            (failed("new", json!({ "notYetKnown": {} })), failure("new (notYetKnown)").into()),
            (
                failed("full", json!("contextWindowExceeded")),
                Failure { ends_session: true, ..failure("full (contextWindowExceeded)") }.into(),
            ),
            (
                failed("enough", json!("usageLimitExceeded")),
                Failure { not_before: reset, ..failure("enough (usageLimitExceeded)") }.into(),
            ),
        ] {
            assert_eq!(end(turn.clone()), expected, "{turn}");
        }
    }
}
