//! `answers`: what a tracker answered to the last poll, with the tags by which it can be asked whether that still holds, so
//! that a tick from cron costs what a tick of the loop costs. Derived and bounded: whoever finds nothing asks for all of
//! it, and what is wrong with it is nothing.

use serde_json::Value;

use super::error::{At as _, StoreError};
use super::line::sum;
use super::{Redactor, Store};

/// What the first line of the body says; another one is another Baton's.
const VERSION: &str = "answers 1";
/// Bytes of the file, at most.
const LARGEST: usize = 8 * 1024 * 1024;

impl Store {
    /// The lines that were kept, if they are whole.
    #[must_use]
    pub fn answers(&self) -> Vec<String> {
        let Some(bytes) = self.fs.read(&self.layout.answers()).ok().filter(|bytes| bytes.len() <= LARGEST) else {
            return Vec::new();
        };
        let Some((says, body)) = bytes.split_at_checked(8) else { return Vec::new() };
        let body = body.strip_prefix(b"\n").filter(|body| sum(body).as_bytes() == says);
        let text = body.and_then(|body| std::str::from_utf8(body).ok()).unwrap_or_default();
        let mut lines = text.lines();
        if lines.next() != Some(VERSION) {
            return Vec::new();
        }
        lines.map(str::to_owned).collect()
    }

    /// Keeps these lines of JSON instead, as many as there is room for. A line that holds a secret is left out: without
    /// it, it would not be what was answered. What cannot be written is a warning.
    pub fn keep_answers(&self, lines: &[String]) {
        let mut body = format!("{VERSION}\n");
        for line in lines.iter().filter(|line| !holds_secret(&self.redactor, line)) {
            if body.len() + line.len() + 16 <= LARGEST {
                body.push_str(line);
                body.push('\n');
            }
        }
        if let Err(error) = self.write_answers(&body) {
            self.warn(&format!("the tracker's answers are not kept: {}", crate::chain::chain(&error)));
        }
    }

    fn write_answers(&self, body: &str) -> Result<(), StoreError> {
        self.check_owner()?;
        let (tmp, path) = (self.layout.tmp().join("answers"), self.layout.answers());
        let bytes = [sum(body.as_bytes()).as_bytes(), b"\n", body.as_bytes()].concat();
        // Nobody syncs it, and two may write it at once: the sum tells what is whole.
        self.fs.write(&tmp, &bytes).and_then(|()| self.fs.rename(&tmp, &path)).at("write", &path)
    }
}

/// Whether a secret is in a JSON text: as it is written, or in a text within it, which may be JSON again.
fn holds_secret(redactor: &Redactor, text: &str) -> bool {
    fn in_value(redactor: &Redactor, value: &Value) -> bool {
        match value {
            Value::String(text) => holds_secret(redactor, text),
            Value::Array(items) => items.iter().any(|item| in_value(redactor, item)),
            Value::Object(fields) => fields.values().any(|field| in_value(redactor, field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    let is_json = text.starts_with(['{', '[']);
    redactor.redact(text) != text
        || (is_json && serde_json::from_str(text).is_ok_and(|value| in_value(redactor, &value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Options;

    #[test]
    fn answers_are_read_back_whole_and_without_what_is_secret() {
        let directory = tempfile::tempdir().expect("a directory");
        let options = Options { secrets: vec!["s3cret-\"token".to_owned()], ..Options::default() };
        let (store, _) = Store::open_or_create(&directory.path().join(".baton"), options).expect("a store");
        assert_eq!(store.answers(), Vec::<String>::new());
        let within = serde_json::json!({ "body": serde_json::json!([{ "text": "s3cret-\"token" }]).to_string() });
        let lines = ["one", "with s3cret-\"token in it", &within.to_string(), "two"].map(str::to_owned);
        store.keep_answers(&lines);
        assert_eq!(store.answers(), ["one", "two"]);
        let path = directory.path().join(".baton/answers");
        let whole = std::fs::read_to_string(&path).expect("readable");
        for broken in ["", "short", &whole[..whole.len() - 1], &whole.replace("one", "two"), "12345678\nnothing"] {
            std::fs::write(&path, broken).expect("written");
            assert_eq!(store.answers(), Vec::<String>::new(), "{broken:?}");
        }
        store.keep_answers(&["x".repeat(LARGEST), "small".to_owned()]);
        assert_eq!(store.answers(), ["small"], "what there is no room for is left out");
    }
}
