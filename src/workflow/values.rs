//! What a written value means: paths with `~` and `$VAR`, durations with a unit (SPEC 6.1).

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::secrets::is_name;
use crate::seams::Environment;

/// The longest time that may be configured: ten years. Sums of times stay far from overflow.
pub(super) const MAX_MS: u64 = 10 * 365 * 24 * 3_600_000;

/// A path as it was resolved, and the variable it came from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub path: PathBuf,
    pub variable: Option<String>,
}

/// Resolves `~`, `~/…`, `$VAR` and `$VAR/…`; what is relative is taken from `base`. `.` and `..` are removed without a
/// look at the file system.
///
/// # Errors
/// What would be right, in words.
pub(super) fn path(written: &str, base: &Path, env: &Environment) -> Result<Resolved, String> {
    let written = written.trim();
    if written.is_empty() || written.contains('\0') {
        return Err("a path".into());
    }
    let (head, rest) = written.split_once('/').map_or((written, None), |(head, rest)| (head, Some(rest)));
    let mut variable = None;
    let start = if head == "~" {
        env.path("HOME").ok_or("a path without `~`, because HOME is not set")?
    } else if head.starts_with('~') {
        return Err("a path that begins with `~/`, `$VAR`, `/` or a name".into());
    } else if let Some(name) = head.strip_prefix('$') {
        if !is_name(name) {
            return Err("a path, or `$NAME` with the name of an environment variable".into());
        }
        variable = Some(name.to_owned());
        env.path(name).ok_or_else(|| format!("the environment variable {name} to be set"))?
    } else {
        return Ok(Resolved { path: normal(&base.join(written)), variable });
    };
    Ok(Resolved { path: normal(&base.join(start).join(rest.unwrap_or("").trim_start_matches('/'))), variable })
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut made = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                made.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => made.push(part),
        }
    }
    made
}

/// A whole number, written as a number or as text.
pub(super) fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)),
        Value::String(text) => {
            let text = text.trim();
            let digits = text.strip_prefix('-').unwrap_or(text);
            let plain = !digits.is_empty() && digits.len() < 30 && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse().ok()).flatten()
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A time in milliseconds: `14d`, `12h`, `30m`, `90s`, `500ms`, or milliseconds without a unit.
pub(super) fn duration_ms(value: &Value) -> Option<u64> {
    let number = whole(value).or_else(|| {
        let text = value.as_str()?.trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        whole(&Value::String(digits.into()))?.checked_mul(unit)
    })?;
    u64::try_from(number).ok().filter(|ms| *ms <= MAX_MS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_resolved_from_the_files_directory() {
        let env: Environment = [("HOME", "/home/ann"), ("ROOT", "/srv/ws"), ("REL", "ws")].into_iter().collect();
        for (written, path_, variable) in [
            ("ws", "/repo/ws", None),
            ("./a/../b", "/repo/b", None),
            ("../b", "/b", None),
            ("/abs/./x", "/abs/x", None),
            ("~", "/home/ann", None),
            ("~/ws", "/home/ann/ws", None),
            ("$ROOT", "/srv/ws", Some("ROOT")),
            ("$ROOT/a", "/srv/ws/a", Some("ROOT")),
            ("$REL/a", "/repo/ws/a", Some("REL")),
            ("a/$ROOT/~", "/repo/a/$ROOT/~", None),
        ] {
            let resolved = path(written, Path::new("/repo"), &env);
            let expected = Resolved { path: path_.into(), variable: variable.map(Into::into) };
            assert_eq!(resolved, Ok(expected), "{written}");
        }
        for (written, expected) in [
            ("", "a path"),
            ("~bob/x", "a path that begins with `~/`, `$VAR`, `/` or a name"),
            ("$NOPE/x", "the environment variable NOPE to be set"),
            ("$1", "a path, or `$NAME` with the name of an environment variable"),
        ] {
            assert_eq!(path(written, Path::new("/repo"), &env), Err(expected.into()), "{written}");
        }
    }

    #[test]
    fn durations_have_units() {
        for (value, ms) in [
            (json!("14d"), Some(1_209_600_000)),
            (json!("12h"), Some(43_200_000)),
            (json!("30m"), Some(1_800_000)),
            (json!("90s"), Some(90_000)),
            (json!("5ms"), Some(5)),
            (json!(7), Some(7)),
            (json!(" 7 "), Some(7)),
            (json!(-1), None),
            (json!("1w"), None),
            (json!("d"), None),
            (json!("1.5h"), None),
            (json!("99999999999999999999999999999999d"), None),
            (json!("3651d"), None),
            (json!(true), None),
        ] {
            assert_eq!(duration_ms(&value), ms, "{value}");
        }
    }
}
