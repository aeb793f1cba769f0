//! The framing of the app-server protocol: one JSON object a line, both ways, without a `jsonrpc` member.
//!
//! The other side numbers its own requests from 0, so that its ids collide with ours: what carries a `method` is a
//! request or a notification, whatever its id. Ours are strings.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// A line of the other side's.
#[derive(Debug)]
pub(super) enum Incoming<'a> {
    /// The answer to one of our requests.
    Reply {
        /// The number of the request.
        id: u64,
        /// Its result, or why it was refused.
        answer: Result<&'a RawValue, String>,
    },
    /// It wants an answer.
    Request {
        /// Its id, to be given back as it is.
        id: &'a RawValue,
        /// What it wants.
        method: Cow<'a, str>,
        /// About what.
        params: Params<'a>,
    },
    /// It tells something.
    Notification {
        /// What.
        method: Cow<'a, str>,
        /// About what.
        params: Params<'a>,
    },
    /// Not of this protocol.
    Malformed,
}

/// What a message is about, not looked at yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Params<'a>(&'a str);

impl<'a> Params<'a> {
    /// Reads what is needed of it; `None` where it is something else.
    pub(super) fn read<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.0).ok()
    }

    /// All of it.
    pub(super) fn value(self) -> Value {
        self.read().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
}

/// What a line is.
pub(super) fn classify(line: &[u8]) -> Incoming<'_> {
    let Some(line) = std::str::from_utf8(line).ok().and_then(|text| serde_json::from_str::<Line<'_>>(text).ok()) else {
        return Incoming::Malformed;
    };
    let params = Params(line.params.map_or("null", RawValue::get));
    match (line.method, line.id) {
        (Some(method), Some(id)) => Incoming::Request { id, method, params },
        (Some(method), None) => Incoming::Notification { method, params },
        (None, Some(id)) => match own_number(id) {
            Some(id) => Incoming::Reply {
                id,
                answer: match line.error {
                    Some(refusal) => Err(refusal.message),
                    None => Ok(line.result.unwrap_or(RawValue::NULL)),
                },
            },
            None => Incoming::Malformed,
        },
        (None, None) => Incoming::Malformed,
    }
}

/// What our ids begin with.
const OWN: &str = "baton-";

fn own_number(id: &RawValue) -> Option<u64> {
    let text: String = read(id)?;
    text.strip_prefix(OWN)?.parse().ok()
}

/// Reads a raw value as what it is to be.
pub(super) fn read<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// A request of ours, by its number.
pub(super) fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({ "id": format!("{OWN}{id}"), "method": method, "params": params })
}

/// A notification of ours.
pub(super) fn notification(method: &str) -> Value {
    json!({ "method": method })
}

/// The answer to one of its requests.
pub(super) fn result(id: &RawValue, result: &Value) -> Value {
    json!({ "id": id, "result": result })
}

/// The answer to a request that we do not serve.
pub(super) fn refusal(id: &RawValue, message: &str) -> Value {
    json!({ "id": id, "error": { "code": -32601, "message": message } })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a line is, in a few words.
    fn shown(line: &str) -> String {
        match classify(line.as_bytes()) {
            Incoming::Reply { id, answer } => format!("reply {id} {:?}", answer.map(RawValue::get)),
            Incoming::Request { id, method, params } => format!("request {id} {method} {}", params.0),
            Incoming::Notification { method, params } => format!("notification {method} {}", params.0),
            Incoming::Malformed => "malformed".to_owned(),
        }
    }

    #[test]
    fn the_method_tells_requests_from_replies() {
        for (line, expected) in [
            (r#"{"id":"baton-3","result":{"a":1}}"#, r#"reply 3 Ok("{\"a\":1}")"#),
            (r#"{"id":"baton-3","result":null}"#, r#"reply 3 Ok("null")"#),
            (r#"{"error":{"code":-32600,"message":"no"},"id":"baton-12"}"#, r#"reply 12 Err("no")"#),
            (r#"{"id":0,"method":"item/tool/call","params":{}}"#, "request 0 item/tool/call {}"),
            (r#"{"id":"baton-1","method":"x/y"}"#, r#"request "baton-1" x/y null"#),
            (r#"{"method":"turn/started","params":{"t":1},"emittedAtMs":5}"#, r#"notification turn/started {"t":1}"#),
            (r#"{"jsonrpc":"2.0","method":"a","params":[]}"#, "notification a []"),
            (r#"{"method":"\u0061/b"}"#, "notification a/b null"),
            (r#"{"id":7,"result":{}}"#, "malformed"),
            (r#"{"id":"other-7","result":{}}"#, "malformed"),
            ("{}", "malformed"),
            ("not json", "malformed"),
            (r#"{"method":"a""#, "malformed"),
            (r#"[1]"#, "malformed"),
            ("", "malformed"),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
        assert!(matches!(classify(b"\xff{}"), Incoming::Malformed));
    }

    #[test]
    fn ids_go_back_as_they_came() {
        for id in ["0", "\"abc\"", "9007199254740993"] {
            let line = format!(r#"{{"id":{id},"method":"m"}}"#);
            let Incoming::Request { id: raw, .. } = classify(line.as_bytes()) else { panic!("{line}") };
            assert_eq!(result(raw, &json!({})).to_string(), format!(r#"{{"id":{id},"result":{{}}}}"#));
        }
        let sent = request(4, "turn/start", &json!({ "a": 1 })).to_string();
        assert_eq!(sent, r#"{"id":"baton-4","method":"turn/start","params":{"a":1}}"#);
    }
}
