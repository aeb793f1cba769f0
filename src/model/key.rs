//! The issue's file-safe name, and the name of a run.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

/// The issue's file-safe name (SPEC 4.2, with Baton's stricter rule): the identifier itself where that is safe as a
/// file, branch and lock name, else a sanitised form with `--` and 16 hex digits of the identifier's SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema, Serialize)]
#[serde(transparent)]
pub struct Key(#[schemars(regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9._-]*$"))] String);

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key or a run id")]
pub struct KeyError(pub String);

const MAX: usize = 80;

impl Key {
    /// The key of `identifier`. Distinct identifiers have distinct keys, but for case: `taken` says whether another
    /// issue's key equals this one when case is ignored; then the suffix is taken too.
    #[must_use]
    pub fn for_identifier(identifier: &str, taken: impl FnOnce(&str) -> bool) -> Self {
        if is_natural(identifier) && !taken(identifier) {
            Self(identifier.to_owned())
        } else {
            Self::suffixed(identifier)
        }
    }

    fn suffixed(identifier: &str) -> Self {
        let mut text: String =
            identifier.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
        while let Some(at) = text.find("..") {
            text.replace_range(at..at + 2, "__");
        }
        if text.starts_with(['.', '-']) {
            text.replace_range(..1, "_");
        }
        text.truncate(MAX);
        let digest = Sha256::digest(identifier.as_bytes());
        let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{text}--{hex}"))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the identifier may stand as its own key.
fn is_natural(text: &str) -> bool {
    is_safe(text) && text.len() <= MAX && !ends_like_suffix(text)
}

/// `[A-Za-z0-9_][A-Za-z0-9._-]*`, no `..`, ending neither in `.` nor in `.lock`: what is safe as a file and as a branch.
fn is_safe(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && !text.contains("..")
        && !text.ends_with('.')
        && !text.ends_with(".lock")
}

fn ends_like_suffix(text: &str) -> bool {
    text.len() > 18
        && text.is_char_boundary(text.len() - 18)
        && text[text.len() - 18..]
            .strip_prefix("--")
            .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Key {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        let legal = is_safe(&text) && (text.len() <= MAX || (text.len() <= MAX + 18 && ends_like_suffix(&text)));
        if legal { Ok(Self(text)) } else { Err(KeyError(text)) }
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// One attempt at one issue: `<key>.<n>`, n = 1, 2, … never reused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId {
    /// Whose run it is.
    pub key: Key,
    /// Its number, from 1.
    pub number: u32,
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.number)
    }
}

impl FromStr for RunId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bad = || KeyError(text.to_owned());
        let (key, number) = text.rsplit_once('.').ok_or_else(bad)?;
        let number: u32 = number.parse().ok().filter(|n| *n > 0).ok_or_else(bad)?;
        let run = Self { key: key.parse()?, number };
        if run.to_string() == text { Ok(run) } else { Err(bad()) }
    }
}

impl JsonSchema for RunId {
    fn schema_name() -> Cow<'static, str> {
        "RunId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One attempt at one issue: `<key>.<n>`, n = 1, 2, … never reused.",
            "type": "string",
            "pattern": r"^[A-Za-z0-9_][A-Za-z0-9._-]*\.[1-9][0-9]*$",
        })
    }
}

impl Serialize for RunId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(identifier: &str) -> String {
        Key::for_identifier(identifier, |_| false).to_string()
    }

    #[test]
    fn a_safe_identifier_is_its_own_key() {
        for identifier in ["ABC-1", "_x", "a.b", "9", &"x".repeat(80)] {
            assert_eq!(key(identifier), identifier);
        }
    }

    #[test]
    fn everything_else_is_sanitised_and_suffixed() {
        for (identifier, start) in [
            ("a/b", "a_b--"),
            ("../../etc", "______etc--"),
            (".git", "_git--"),
            ("-rf", "_rf--"),
            ("a..b", "a__b--"),
            ("x.", "x.--"),
            ("x.lock", "x.lock--"),
            ("büro", "b_ro--"),
        ] {
            let made = key(identifier);
            assert!(made.starts_with(start), "{identifier:?} -> {made}");
            assert_eq!(made.rsplit_once("--").map(|(_, hex)| hex.len()), Some(16), "{identifier:?} -> {made}");
        }
        assert_eq!(key(&"x".repeat(300)).len(), 98);
    }

    #[test]
    fn a_key_equal_but_for_case_takes_the_suffix() {
        let made = Key::for_identifier("abc-1", |key| key.eq_ignore_ascii_case("ABC-1"));
        assert!(made.as_str().starts_with("abc-1--"));
    }

    #[test]
    fn run_ids_read_back() {
        let run: RunId = "ABC-1.12".parse().expect("a run id");
        assert_eq!((run.key.as_str(), run.number), ("ABC-1", 12));
        for bad in ["ABC-1", "ABC-1.0", "ABC-1.x", ".1", "ABC-1.01", "../x.1", "ABC-1.+1"] {
            assert!(bad.parse::<RunId>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_safe_and_distinct(a in ".+", b in ".+") {
            let (ka, kb) = (key(&a), key(&b));
            prop_assert!(ka.parse::<Key>().is_ok(), "{ka}");
            prop_assert!(a == b || ka != kb);
            prop_assert!(!ka.contains('/') && !ka.contains("..") && !ka.starts_with(['.', '-']));
        }
    }
}
