//! Reads typed fields from the front matter, and keeps for each what it is and where it came from.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::{At, WorkflowError};
use super::lines::Lines;
use super::secrets::hide;
use super::values::{self, MAX_MS};
use crate::seams::Environment;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// Nobody said; this is Baton's default.
    Default,
    /// WORKFLOW.md says so.
    File {
        /// The line, where it is known.
        line: Option<usize>,
    },
    /// WORKFLOW.md names an environment variable.
    Environment {
        /// Its name.
        name: String,
    },
    /// The tracker's documented default.
    Profile {
        /// `tracker.kind`.
        kind: String,
    },
}

/// One key with its value in effect, as `config show --origin` shows it. Secrets are hidden.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct Effective {
    /// The dotted key.
    pub key: String,
    /// Its value; null where there is none.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// A front matter being read.
pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    pub(super) base: &'a Path,
    pub(super) env: &'a Environment,
    root: &'a Map<String, Value>,
    lines: &'a Lines,
    effective: Vec<Effective>,
}

impl<'a> Reader<'a> {
    /// Of `root`, the front matter of `path`.
    pub(super) fn new(path: &'a Path, root: &'a Map<String, Value>, lines: &'a Lines, env: &'a Environment) -> Self {
        let base = path.parent().unwrap_or(Path::new("/"));
        Self { path, base, env, root, lines, effective: Vec::new() }
    }

    /// What was read, in the order of reading.
    pub(super) fn finish(self) -> Vec<Effective> {
        self.effective
    }

    /// The place of a key.
    pub(super) fn at(&self, key: &str) -> At {
        At::new(self.path, self.lines.of(key))
    }

    /// Says that the key's value is wrong.
    pub(super) fn invalid(&self, key: &str, expected: impl Into<String>) -> WorkflowError {
        self.invalid_near(key, key, expected)
    }

    /// The same at the place of another key, which asks for this one.
    pub(super) fn invalid_near(&self, near: &str, key: &str, expected: impl Into<String>) -> WorkflowError {
        let found = self.written(key).map_or_else(|| "missing".into(), |value| shown(key, value));
        WorkflowError::InvalidConfig { at: self.at(near), key: key.into(), found, expected: expected.into() }
    }

    /// Keeps the key's value in effect.
    pub(super) fn note(&mut self, key: &str, value: impl Into<Value>, origin: Origin) {
        let value = hide(key, &value.into());
        self.effective.push(Effective { key: key.into(), value, origin });
    }

    /// [`Origin::File`] where the key is written, else [`Origin::Default`].
    pub(super) fn origin(&self, key: &str) -> Origin {
        if self.written(key).is_some() { Origin::File { line: self.lines.of(key) } } else { Origin::Default }
    }

    /// The value as written; an empty one counts as not written.
    pub(super) fn written(&self, key: &str) -> Option<&'a Value> {
        look_up(self.root, key).filter(|value| !value.is_null())
    }

    /// Whether the front matter has the section, be it empty.
    pub(super) fn has_section(&self, section: &str) -> bool {
        self.root.contains_key(section)
    }

    /// A map; empty where it is not written.
    pub(super) fn map(&self, key: &str) -> Result<Map<String, Value>, WorkflowError> {
        match self.written(key) {
            None => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map.clone()),
            Some(_) => Err(self.invalid(key, "a map")),
        }
    }

    /// A whole number of at least `min`.
    pub(super) fn whole<T>(&mut self, key: &str, default: T, min: u64) -> Result<T, WorkflowError>
    where
        T: TryFrom<u64> + Into<Value> + Copy,
    {
        let number = match self.written(key) {
            None => default,
            Some(value) => {
                let number = values::whole(value)
                    .filter(|number| *number >= i128::from(min))
                    .ok_or_else(|| self.invalid(key, format!("a whole number of at least {min}")))?;
                let fits = u64::try_from(number).ok().and_then(|number| T::try_from(number).ok());
                fits.ok_or_else(|| self.invalid(key, "a smaller whole number"))?
            }
        };
        self.note(key, number, self.origin(key));
        Ok(number)
    }

    /// A time in milliseconds of at least `min`.
    pub(super) fn millis(&mut self, key: &str, default: u64, min: u64) -> Result<u64, WorkflowError> {
        let ms = self.whole(key, default, min)?;
        if ms > MAX_MS { Err(self.invalid(key, format!("at most {MAX_MS} milliseconds"))) } else { Ok(ms) }
    }

    /// A time in milliseconds; zero and less turn it off (0).
    pub(super) fn millis_or_off(&mut self, key: &str, default: u64) -> Result<u64, WorkflowError> {
        if self.written(key).and_then(values::whole).is_some_and(|number| number < 0) {
            self.note(key, 0, self.origin(key));
            return Ok(0);
        }
        self.millis(key, default, 0)
    }

    /// A time with a unit.
    pub(super) fn duration(&mut self, key: &str, default: u64) -> Result<u64, WorkflowError> {
        let ms = match self.written(key) {
            None => default,
            Some(value) => values::duration_ms(value)
                .ok_or_else(|| self.invalid(key, "a time such as 14d, 12h, 30m, or milliseconds"))?,
        };
        self.note(key, ms, self.origin(key));
        Ok(ms)
    }

    /// A text that is not blank, trimmed; a blank one counts as not written.
    pub(super) fn name(&mut self, key: &str) -> Result<Option<String>, WorkflowError> {
        let name = self.text_value(key)?.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        self.note(key, name.clone(), self.origin(key));
        Ok(name)
    }

    /// A script, as written; a blank one counts as not written.
    pub(super) fn script(&mut self, key: &str) -> Result<Option<String>, WorkflowError> {
        let script = self.text_value(key)?.filter(|text| !text.trim().is_empty());
        self.note(key, script.clone(), self.origin(key));
        Ok(script)
    }

    fn text_value(&self, key: &str) -> Result<Option<String>, WorkflowError> {
        match self.written(key) {
            None => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => Err(self.invalid(key, "a text without NUL")),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.invalid(key, "a text")),
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str) -> Result<bool, WorkflowError> {
        let flag = match self.written(key) {
            None => false,
            Some(value) => value.as_bool().ok_or_else(|| self.invalid(key, "true or false"))?,
        };
        self.note(key, flag, self.origin(key));
        Ok(flag)
    }

    /// A list of texts, trimmed; numbers count as text.
    pub(super) fn list(&mut self, key: &str) -> Result<Option<Vec<String>>, WorkflowError> {
        let Some(value) = self.written(key) else { return Ok(None) };
        let text = |item: &Value| match item {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let items = value.as_array().and_then(|items| items.iter().map(text).collect::<Option<Vec<_>>>());
        items.map(Some).ok_or_else(|| self.invalid(key, "a list of texts"))
    }

    /// One of the given words.
    pub(super) fn one_of<T>(&mut self, key: &str, words: &[(&str, T)], default: T) -> Result<T, WorkflowError>
    where
        T: Serialize + Copy,
    {
        let choice = match self.written(key) {
            None => default,
            Some(value) => {
                let word = value.as_str().map(str::trim).unwrap_or_default();
                let known = words.iter().find(|(known, _)| *known == word).map(|(_, choice)| *choice);
                known.ok_or_else(|| {
                    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                    self.invalid(key, format!("one of {}", words.join(", ")))
                })?
            }
        };
        self.note(key, serde_json::to_value(choice).unwrap_or_default(), self.origin(key));
        Ok(choice)
    }

    /// A path, absolute (SPEC 6.1).
    pub(super) fn path(&mut self, key: &str) -> Result<Option<PathBuf>, WorkflowError> {
        let Some(written) = self.text_value(key)? else {
            self.note(key, Value::Null, Origin::Default);
            return Ok(None);
        };
        let resolved = values::path(&written, self.base, self.env).map_err(|expected| self.invalid(key, expected))?;
        let origin = resolved.variable.map_or_else(|| self.origin(key), |name| Origin::Environment { name });
        self.note(key, resolved.path.to_string_lossy(), origin);
        Ok(Some(resolved.path))
    }
}

/// The value at a dotted key; a name may itself hold dots.
fn look_up<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    map.get(key).or_else(|| {
        key.match_indices('.').find_map(|(at, _)| look_up(map.get(&key[..at])?.as_object()?, &key[at + 1..]))
    })
}

/// A value as an error shows it: on one line, short, secrets hidden.
pub(super) fn shown(key: &str, value: &Value) -> String {
    const MOST: usize = 60;
    let name = key.rsplit('.').next().unwrap_or(key);
    let text = hide(name, value).to_string();
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST - 1).chain(['…']).collect() }
}
