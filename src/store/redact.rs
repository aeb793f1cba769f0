//! Secrets are taken out of everything before it is written: manifests, the journal, logs and run events.

use std::borrow::Cow;
use std::fmt;
use std::ops::BitOr;

use serde_json::Value;

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Shorter values are words, not secrets; taking them out would make the rest unreadable.
const SHORTEST: usize = 4;

/// Takes out the values of known secrets, bearer tokens, and the userinfo of URLs.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("secrets", &self.secrets.len()).finish()
    }
}

impl Redactor {
    /// One that knows these secrets. Values of less than four bytes are left alone; of one with several lines, each
    /// line of at least twelve bytes is a secret as well, since logs are written line by line.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut known: Vec<String> = Vec::new();
        for secret in secrets {
            let secret = secret.as_ref().trim();
            known.push(secret.to_owned());
            if secret.contains('\n') {
                known.extend(secret.lines().map(str::trim).filter(|line| line.len() >= 12).map(str::to_owned));
            }
        }
        known.retain(|secret| secret.len() >= SHORTEST);
        // The longest first: one secret may be a part of another.
        known.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        known.dedup();
        Self { secrets: known }
    }

    /// The text without secrets; borrowed where there was none.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = self.redact_known(text);
        for find in [bearer_token, userinfo] {
            if let Some(clean) = replace_all(&text, find) {
                text = Cow::Owned(clean);
            }
        }
        text
    }

    /// The text without the secrets that it knows. What only looks like one stays: somebody may write the text back.
    fn redact_known<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), REDACTED));
            }
        }
        text
    }

    /// Takes secrets out of every string in `value`, the names of fields excepted. Whether there was one.
    pub fn redact_value(&self, value: &mut Value) -> bool {
        change_texts(value, &|text| self.redact(text))
    }

    /// The same with the secrets that it knows alone.
    pub fn redact_known_value(&self, value: &mut Value) -> bool {
        change_texts(value, &|text| self.redact_known(text))
    }
}

/// Exchanges every string in `value` for what `change` makes of it. Whether one became another.
fn change_texts(value: &mut Value, change: &dyn Fn(&str) -> Cow<'_, str>) -> bool {
    match value {
        Value::String(text) => {
            let Cow::Owned(changed) = change(text) else { return false };
            *text = changed;
            true
        }
        Value::Array(items) => items.iter_mut().map(|item| change_texts(item, change)).fold(false, BitOr::bitor),
        Value::Object(fields) => fields.values_mut().map(|field| change_texts(field, change)).fold(false, BitOr::bitor),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Replaces each range that `find` finds at or after an offset; `None` where there is none.
fn replace_all(text: &str, find: fn(&str, usize) -> Option<(usize, usize)>) -> Option<String> {
    let mut clean = String::new();
    let mut done = 0;
    while let Some((start, end)) = find(text, done) {
        clean.push_str(&text[done..start]);
        clean.push_str(REDACTED);
        done = end;
    }
    (done > 0).then(|| clean + &text[done..])
}

/// The token after the word `bearer`.
fn bearer_token(text: &str, from: usize) -> Option<(usize, usize)> {
    const WORD: &[u8] = b"bearer";
    let bytes = text.as_bytes();
    // Nearly every byte is none of these, and every text is looked through.
    let starts = bytes.iter().enumerate().skip(from).filter(|(_, byte)| matches!(byte, b'b' | b'B'));
    starts.map(|(at, _)| at).find_map(|at| {
        if !bytes.get(at..at + WORD.len())?.eq_ignore_ascii_case(WORD) {
            return None;
        }
        let blank = bytes[at + WORD.len()..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let start = at + WORD.len() + blank;
        let len = bytes[start..].iter().take_while(|b| b.is_ascii_alphanumeric() || b"._~+/=-".contains(b)).count();
        let token = text.get(start..start + len)?.trim_end_matches('.');
        let header =
            text[..at].trim_end_matches([' ', ':', '=', '"', '\'']).to_ascii_lowercase().ends_with("authorization");
        (blank > 0 && !token.is_empty() && (header || looks_like_token(token))).then_some((start, start + token.len()))
    })
}

/// Whether it is no word of a sentence about bearer tokens.
fn looks_like_token(text: &str) -> bool {
    text.len() >= 20
        || text.bytes().any(|b| b.is_ascii_digit() || b"._~+/=-".contains(&b))
        || text.bytes().skip(1).any(|b| b.is_ascii_uppercase())
}

/// `user:password` of `scheme://user:password@host`. A mere user name before an ssh host is none.
fn userinfo(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut search = from;
    loop {
        let scheme_end = search + text.get(search..)?.find("://")?;
        let start = scheme_end + 3;
        let authority = text[start..]
            .find(|c: char| c.is_whitespace() || c.is_control() || "/?#\"'<>`\\".contains(c))
            .map_or(&text[start..], |len| &text[start..start + len]);
        search = start;
        let Some(at) = authority.rfind('@') else { continue };
        let user = &authority[..at];
        let scheme = &text.as_bytes()[..scheme_end];
        let ssh = scheme.ends_with(b"ssh") && !user.contains(':');
        if !ssh && !user.is_empty() && user != REDACTED {
            return Some((start, start + at));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_secrets_tokens_and_userinfo_go() {
        let redactor = Redactor::new(["hunter22", "hunter22-long", "ab", "line one of a key\nline two of a key"]);
        for (text, clean) in [
            ("plain", "plain"),
            ("a hunter22 b hunter22-long", "a [redacted] b [redacted]"),
            ("abab", "abab"),
            ("> line two of a key", "> [redacted]"),
            ("Authorization: Bearer topsecret", "Authorization: Bearer [redacted]"),
            ("{\"authorization\":\"bearer topsecret\"}", "{\"authorization\":\"bearer [redacted]\"}"),
            ("Bearer abc123.", "Bearer [redacted]."),
            ("BEARER sk-x, Bearer eyJhbGciOi", "BEARER [redacted], Bearer [redacted]"),
            ("use a bearer token here", "use a bearer token here"),
            ("the bearer", "the bearer"),
            ("https://u:p@h/x http://t0ken@h", "https://[redacted]@h/x http://[redacted]@h"),
            ("postgres://u:p@ss@h/db?x=a@b", "postgres://[redacted]@h/db?x=a@b"),
            ("ssh://git@h/x ssh://git:pw@h/x", "ssh://git@h/x ssh://[redacted]@h/x"),
            ("https://h/@x mail a@b.c ä://ö@ü", "https://h/@x mail a@b.c ä://[redacted]@ü"),
        ] {
            assert_eq!(redactor.redact(text), clean);
            assert_eq!(redactor.redact(clean), clean, "redacting again changes nothing");
        }
    }

    #[test]
    fn strings_in_json_are_cleaned_and_names_kept() {
        let redactor = Redactor::new(["hunter22"]);
        let mut value = json!({"hunter22": ["x hunter22", 1, null, {"a": "https://u:p@h"}]});
        assert!(redactor.redact_value(&mut value));
        assert_eq!(value, json!({"hunter22": ["x [redacted]", 1, null, {"a": "https://[redacted]@h"}]}));
        assert!(!redactor.redact_value(&mut value));
    }

    #[test]
    fn what_only_looks_like_a_secret_stays_where_known_ones_go() {
        let redactor = Redactor::new(["hunter22"]);
        let mut value = json!({ "body": ["see https://u:p@h and Bearer abc123", "hunter22"] });
        assert!(redactor.redact_known_value(&mut value));
        assert_eq!(value, json!({ "body": ["see https://u:p@h and Bearer abc123", "[redacted]"] }));
    }

    proptest::proptest! {
        #[test]
        fn no_secret_is_left_and_twice_is_once(before in ".*", after in ".*", secret in "[A-Z0-9]{4,20}") {
            let redactor = Redactor::new([&secret]);
            let clean = redactor.redact(&format!("{before}{secret}{after}")).into_owned();
            proptest::prop_assert!(!clean.contains(&secret), "{clean}");
            proptest::prop_assert_eq!(redactor.redact(&clean), clean.as_str());
        }
    }
}
