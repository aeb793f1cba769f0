//! The file's two halves: YAML front matter and prompt (SPEC 5.2).

use std::path::Path;

use serde_json::{Map, Number, Value};

use super::error::{At, WorkflowError};

/// A WORKFLOW.md in its two halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Halves<'a> {
    /// The YAML between the `---` lines; `None` where the file does not begin with one.
    pub yaml: Option<&'a str>,
    /// What follows, untrimmed.
    pub body: &'a str,
    /// The body's first line in the file, from 1.
    pub body_line: usize,
}

/// Splits the file. A `---` line may end in white space; a byte order mark before it is ignored.
pub(super) fn split<'a>(path: &Path, text: &'a str) -> Result<Halves<'a>, WorkflowError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| is_fence(line)) else {
        return Ok(Halves { yaml: None, body: text, body_line: 1 });
    };
    let mut end = first.len();
    for (count, line) in lines.enumerate() {
        if is_fence(line) {
            let yaml = Some(&text[first.len()..end]);
            return Ok(Halves { yaml, body: &text[end + line.len()..], body_line: count + 3 });
        }
        end += line.len();
    }
    Err(WorkflowError::Parse {
        at: At::new(path, Some(1)),
        message: "the front matter begins with `---`, but no second `---` line ends it".into(),
    })
}

fn is_fence(line: &str) -> bool {
    line.trim_end() == "---"
}

/// Reads the front matter. Nothing, or nothing but comments, is an empty map.
pub(super) fn parse(path: &Path, yaml: &str) -> Result<Map<String, Value>, WorkflowError> {
    // The empty first line stands for the `---`, so that the parser's line numbers are the file's.
    let parsed = serde_yaml::from_str::<serde_yaml::Value>(&format!("\n{yaml}")).and_then(|mut value| {
        value.apply_merge()?;
        Ok(value)
    });
    let value = parsed.map_err(|error| invalid(path, yaml, &error))?;
    match json(path, value)? {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        other => Err(WorkflowError::NotAMap { at: At::new(path, Some(2)), found: kind_of(&other) }),
    }
}

/// What is wrong with the YAML. Of two things the parser says less than it could: a key that is there twice it places
/// at the beginning of its map, and a number that no type holds it calls one of a wrong type.
fn invalid(path: &Path, yaml: &str, error: &serde_yaml::Error) -> WorkflowError {
    let said = error.to_string();
    let line = error.location().map(|location| location.line());
    let quoted = |before: &str, quote: char| Some(said.split_once(before)?.1.split_once(quote)?.0);
    let (line, what) = if let Some(key) = quoted("duplicate entry with key \"", '"') {
        (second(yaml, line.unwrap_or(2), key).or(line), format!("the key `{key}` is there twice"))
    } else if let (Some(number), true) = (quoted("invalid type: integer `", '`'), said.contains("any YAML value")) {
        let key = said.split_once(": ").map_or("", |(key, _)| key);
        (line, format!("{key} is {number}, which is too large a number"))
    } else {
        (line, said)
    };
    WorkflowError::Parse { at: At::new(path, line), message: format!("the front matter is not valid YAML: {what}") }
}

/// The file's line on which `key` comes for the second time in the map that begins at line `from`.
fn second(yaml: &str, from: usize, key: &str) -> Option<usize> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_key = |line: &str| {
        let name = line.trim_start().split_once(':').map(|(name, _)| name.trim_matches(['"', '\'', ' ']));
        name == Some(key)
    };
    // The file's line 2 is the front matter's first.
    let mut found = yaml.lines().zip(2..).skip(from.saturating_sub(2)).filter(|(line, _)| is_key(line));
    let (first, _) = found.next()?;
    found.find(|(line, _)| indent(line) == indent(first)).map(|(_, number)| number)
}

/// A JSON value's type in words.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// YAML as JSON: tags are dropped, keys that are numbers, booleans or null become text (`null` is a word of Linear's
/// filters).
fn json(path: &Path, value: serde_yaml::Value) -> Result<Value, WorkflowError> {
    use serde_yaml::Value as Yaml;
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => number
            .as_i64()
            .map(Number::from)
            .or_else(|| number.as_u64().map(Number::from))
            .or_else(|| number.as_f64().and_then(Number::from_f64))
            .map_or_else(|| Value::String(number.to_string()), Value::Number),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => {
            Value::Array(items.into_iter().map(|item| json(path, item)).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| Ok((key_text(path, key)?, json(path, value)?)))
                .collect::<Result<_, _>>()?,
        ),
        Yaml::Tagged(tagged) => json(path, tagged.value)?,
    })
}

fn key_text(path: &Path, key: serde_yaml::Value) -> Result<String, WorkflowError> {
    use serde_yaml::Value as Yaml;
    match key {
        Yaml::String(text) => Ok(text),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(flag) => Ok(flag.to_string()),
        Yaml::Null => Ok("null".to_owned()),
        Yaml::Tagged(tagged) => key_text(path, tagged.value),
        Yaml::Sequence(_) | Yaml::Mapping(_) => Err(WorkflowError::Parse {
            at: At::new(path, None),
            message: "the front matter is not valid YAML: a key is not a text".into(),
        }),
    }
}
