//! Answers of GraphQL servers: data and errors side by side, mostly with status 200.

use serde_json::Value;

use super::{Answer, TrackerError};

/// A GraphQL answer.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// What was asked for, as far as there is any.
    pub(crate) data: Value,
    /// What went wrong.
    pub(crate) errors: Vec<GraphqlError>,
}

/// One of its errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphqlError {
    /// `extensions.code`, else `type`, else empty.
    pub(crate) code: String,
    /// Its words, those for programs and those for people.
    pub(crate) message: String,
    /// The names and places that lead to where it belongs.
    pub(crate) path: Vec<String>,
}

impl GraphqlError {
    /// Whether the server's schema does not know what was asked for: `undefinedField`, `undefinedType`.
    pub(crate) fn is_undefined(&self) -> bool {
        self.code.starts_with("undefined")
    }
}

impl Reply {
    /// Reads an answer. A failure with errors in its body is told by these.
    pub(crate) fn read(answer: &Answer) -> Result<Self, TrackerError> {
        answer.success()?;
        let mut body = answer.body();
        let errors = body["errors"].as_array().into_iter().flatten().map(error);
        let errors: Vec<GraphqlError> =
            errors.map(|error| GraphqlError { message: answer.words(&error.message), ..error }).collect();
        if !body.is_object() {
            return Err(answer.no_json("no JSON object"));
        }
        let data = body["data"].take();
        if data.is_null() && errors.is_empty() {
            return Err(answer.nonsense("neither data nor errors"));
        }
        Ok(Self { data, errors })
    }

    /// Reads an answer in which any error means that it is incomplete, and so of no use.
    pub(crate) fn complete(answer: &Answer) -> Result<Value, TrackerError> {
        let reply = Self::read(answer)?;
        match reply.errors.first() {
            None => Ok(reply.data),
            Some(error) => Err(reply.failure(answer, error)),
        }
    }

    /// The tracker's failure for one of the errors.
    pub(crate) fn failure(&self, answer: &Answer, error: &GraphqlError) -> TrackerError {
        let more = self.errors.len() - 1;
        let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        answer.nonsense(&format!("{}{more}", error.message))
    }
}

/// Whether the body says that there were too many requests.
pub(super) fn is_rate_limited(body: &[u8]) -> bool {
    let names = [&b"RATELIMITED"[..], b"RATE_LIMITED"];
    if !names.iter().any(|name| body.windows(name.len()).any(|window| window == *name)) {
        return false;
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
    let errors = body["errors"].as_array().into_iter().flatten().map(error);
    errors.into_iter().any(|error| matches!(error.code.as_str(), "RATELIMITED" | "RATE_LIMITED"))
}

fn error(value: &Value) -> GraphqlError {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let path = value["path"].as_array().into_iter().flatten();
    let message = text(&value["message"]).unwrap_or_else(|| "an error without a message".to_owned());
    let to_people = text(&value["extensions"]["userPresentableMessage"]).filter(|words| !message.contains(words));
    GraphqlError {
        code: text(&value["extensions"]["code"]).or_else(|| text(&value["type"])).unwrap_or_default(),
        message: to_people.map_or(message.clone(), |words| format!("{message}: {words}")),
        path: path.map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned)).collect(),
    }
}
