//! Which values are secrets, and how they are shown and kept: never as they are (SPEC 15.3).

use serde_json::{Map, Value};

/// What stands for a literal secret in everything that Baton keeps or shows.
pub const HIDDEN: &str = "(hidden by baton)";

/// Whether a field of this name holds a secret: `api_key`, `token`, `api_token`, `personal_access_token`, `password`,
/// `secret`, and every name that ends in one of the words.
#[must_use]
pub fn is_secret_field(name: &str) -> bool {
    const ENDS: [&str; 9] =
        ["token", "api_key", "apikey", "secret", "password", "passwd", "private_key", "access_key", "authorization"];
    let name = name.to_ascii_lowercase().replace('-', "_");
    ENDS.iter().any(|end| name.ends_with(end))
}

/// The variable that a value names: `$NAME` and nothing else.
#[must_use]
pub fn variable(value: &str) -> Option<&str> {
    value.strip_prefix('$').filter(|name| is_name(name))
}

/// Whether the text is the name of an environment variable.
pub(crate) fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The names of the variables that secret fields in `map` refer to, at any depth.
pub(crate) fn variables_in(map: &Map<String, Value>, into: &mut Vec<String>) {
    for (key, value) in map {
        match value {
            Value::String(text) if is_secret_field(key) => {
                if let Some(name) = variable(text.trim()).filter(|name| !into.iter().any(|known| known == name)) {
                    into.push(name.to_owned());
                }
            }
            Value::Object(inner) => variables_in(inner, into),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {}
        }
    }
}

/// The value of field `name` with literal secrets replaced by [`HIDDEN`], at any depth, user information in URLs
/// included. A `$NAME` stays: it is no secret.
#[must_use]
pub fn hide(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let field = |key| if is_secret_field(name) { name } else { key };
            Value::Object(map.iter().map(|(key, value)| (key.clone(), hide(field(key.as_str()), value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| hide(name, item)).collect()),
        Value::String(text) if is_secret_field(name) && variable(text.trim()).is_none() => HIDDEN.into(),
        Value::String(text) => hide_userinfo(text).into(),
        Value::Number(_) if is_secret_field(name) => HIDDEN.into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// `https://user:password@host` without user and password. A `$NAME` among them stays, and so does a mere user name but
/// for HTTP, where it may be a token.
fn hide_userinfo(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?#'\"".contains(c)).unwrap_or(after.len());
        let is_http = before.ends_with("http://") || before.ends_with("https://");
        let userinfo = after[..end].rfind('@').map(|at| after.split_at(at));
        rest = match userinfo {
            Some((user, host)) if !user.contains('$') && (is_http || user.contains(':')) => {
                shown.push_str(HIDDEN);
                host
            }
            Some(_) | None => after,
        };
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literal_secrets_are_hidden_and_names_are_not() {
        let shown = |value: &Value| hide("", value).to_string().replace(HIDDEN, "#");
        for (value, expected) in [
            (json!({"api_key": "x"}), r##"{"api_key":"#"}"##),
            (json!({"api_key": "$NAME"}), r#"{"api_key":"$NAME"}"#),
            (json!({"API-Token": 5, "n": 5}), r##"{"API-Token":"#","n":5}"##),
            (json!({"a": {"password": ["x", "y"]}}), r##"{"a":{"password":["#","#"]}}"##),
            (json!({"secret": {"value": "x"}}), r##"{"secret":{"value":"#"}}"##),
            (json!({"max_tokens_per_issue": 5, "tokens": "x"}), r#"{"max_tokens_per_issue":5,"tokens":"x"}"#),
            (
                json!("see https://u:p@h/x and https://t@h, http://h/a@b"),
                r##""see https://#@h/x and https://#@h, http://h/a@b""##,
            ),
            (
                json!("ssh://git@h/x ssh://u:p@h https://x:$TOKEN@h"),
                r##""ssh://git@h/x ssh://#@h https://x:$TOKEN@h""##,
            ),
        ] {
            assert_eq!(shown(&value), expected, "{value}");
        }
    }

    #[test]
    fn a_variable_is_a_name_and_nothing_else() {
        for (value, expected) in [
            ("$A_1", Some("A_1")),
            ("$_", Some("_")),
            ("$1", None),
            ("$", None),
            ("$A-B", None),
            ("x$A", None),
            ("${A}", None),
        ] {
            assert_eq!(variable(value), expected, "{value}");
        }
    }
}
