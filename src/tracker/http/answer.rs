//! What a tracker answered.

use std::sync::Arc;

use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::TrackerError;
use crate::store::Redactor;

/// Characters of the tracker's own words that an error repeats.
const WORDS: usize = 300;

/// An answer, whatever its status. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The request, as errors name it.
    pub(super) what: String,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Arc<[u8]>,
    /// The tracker's own words about a failure, without credentials; often empty.
    pub(super) said: String,
    /// What no error may hold.
    pub(super) redactor: Arc<Redactor>,
}

impl Answer {
    /// Its status.
    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Whether it was done.
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Fails where the status says so.
    pub(crate) fn success(&self) -> Result<&Self, TrackerError> {
        if self.is_success() {
            return Ok(self);
        }
        let (what, status) = (self.what.clone(), self.status());
        let said = match self.header("location").filter(|_| self.status.is_redirection()) {
            Some(to) => self.words(&format!("it has moved to {to}")),
            None => self.said.clone(),
        };
        Err(TrackerError::Status { what, status, said })
    }

    /// The error for a failure that its status does not tell.
    pub(crate) fn failure(&self, status: u16, why: &str) -> TrackerError {
        TrackerError::Status { what: self.what.clone(), status, said: why.to_owned() }
    }

    /// Words of the tracker's own as an error may repeat them: without credentials, on one line, not too many.
    pub(crate) fn words(&self, text: &str) -> String {
        words(text, &self.redactor)
    }

    /// The body of a success as JSON.
    pub(crate) fn json(&self) -> Result<Value, TrackerError> {
        self.success()?;
        serde_json::from_slice(&self.body).map_err(|error| self.no_json(&format!("no JSON: {error}")))
    }

    /// The error for a body that is none of this API's. A page is what a proxy, a login or a wrong address answers with.
    pub(super) fn no_json(&self, why: &str) -> TrackerError {
        if self.body.trim_ascii_start().starts_with(b"<") {
            return self
                .nonsense("a page for people and no JSON; is the address in `tracker.provider` that of the API?");
        }
        self.nonsense(why)
    }

    /// The body as JSON, else as text, else null: for those who look at it themselves.
    pub(crate) fn body(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(_) if self.body.is_empty() => Value::Null,
            Err(_) => String::from_utf8_lossy(&self.body).into(),
        }
    }

    /// The error for an answer that makes no sense.
    pub(crate) fn nonsense(&self, why: &str) -> TrackerError {
        TrackerError::Response(format!("{}: {why}", self.what))
    }

    /// The error for pages that do not fit together.
    pub(crate) fn bad_page(&self, why: &str) -> TrackerError {
        TrackerError::Pagination(format!("{}: {why}", self.what))
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    }

    /// All its headers `Link` as one: a proxy may have added its own before the tracker's.
    pub(super) fn links(&self) -> Option<String> {
        let fields: Vec<&str> = self.headers.get_all("link").iter().filter_map(|field| field.to_str().ok()).collect();
        (!fields.is_empty()).then(|| fields.join(", "))
    }

    /// The next page, by the header `Link` (RFC 8288).
    pub(crate) fn next_link(&self) -> Result<Option<Url>, TrackerError> {
        let links = self.links().unwrap_or_default();
        match next_of(&links).map(Url::parse) {
            None => Ok(None),
            Some(Ok(url)) => Ok(Some(url)),
            Some(Err(_)) => Err(self.bad_page("the link to the next page is no address")),
        }
    }
}

/// The address of the link whose relation is `next`: `<address>; name=value; …, <address>…`. Addresses may have commas.
fn next_of(links: &str) -> Option<&str> {
    let mut rest = links;
    loop {
        let (address, after) = rest.split_once('<')?.1.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or_default();
        let is_next = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let mut relations = value.trim().trim_matches('"').split_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
        };
        if parameters.split([';', ',']).any(is_next) {
            return Some(address);
        }
        rest = after;
    }
}

/// What the body of a failure says to people: the usual fields of JSON, else nothing (a page of HTML helps nobody).
pub(super) fn said(status: StatusCode, body: &[u8], redactor: &Redactor) -> String {
    if status.is_success() || status.is_redirection() {
        return String::new();
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return String::new() };
    let mut said = Vec::new();
    for field in ["message", "error", "error_description", "errorMessages", "errors"] {
        collect(&body[field], &mut said);
    }
    words(&said.join("; "), redactor)
}

/// A part of a credential is none that a redactor knows: first what is secret goes, then what is too much.
fn words(text: &str, redactor: &Redactor) -> String {
    redactor.redact(text).chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS).collect()
}

fn collect(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.trim().is_empty() && !words.contains(text) => words.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Value::Object(fields) => match fields.get("message").or_else(|| fields.get("detail")) {
            Some(message) => {
                collect(message, words);
                // Linear says there what the message only hints at.
                collect(&value["extensions"]["userPresentableMessage"], words);
            }
            None => fields.values().filter(|value| value.is_string()).for_each(|value| collect(value, words)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_all_links() {
        for (links, expected) in [
            ("", None),
            ("<https://h/1>; rel=\"prev\"", None),
            ("<https://h/2>; rel=\"next\"", Some("https://h/2")),
            ("<https://h/1>; rel=\"first\", <https://h/2?labels=a,b>; rel=next", Some("https://h/2?labels=a,b")),
            ("</style.css>; rel=preload; as=style, <https://h/2>; title=\"x\"; REL=\"Next last\"", Some("https://h/2")),
            ("<https://h/next>; title=next; rel=last", None),
            ("nowhere; rel=next", None),
        ] {
            assert_eq!(next_of(links), expected, "{links}");
        }
    }

    #[test]
    fn a_credential_at_the_end_of_the_words_is_not_told_in_part() {
        let redactor = Redactor::new(["a-secret-of-some-length"]);
        let body = serde_json::json!({ "message": format!("{} a-secret-of-some-length", "x".repeat(WORDS - 10)) });
        let told = said(StatusCode::BAD_REQUEST, body.to_string().as_bytes(), &redactor);
        assert!(told.chars().count() <= WORDS && !told.contains("a-sec"), "{told}");
    }
}
