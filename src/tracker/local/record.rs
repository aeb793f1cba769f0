//! One issue file, read: a [`Record`], or what is wrong with it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use serde_yaml::Value;

use super::document::{Document, Uncut, trim_blank_lines};
use super::plain::{self, Plain};
use super::value::{instant, integer, labels, optional, scalar, texts};
use crate::model::Timestamp;

/// An issue as its own file has it; references are not resolved yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Record {
    pub(super) path: PathBuf,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) state: String,
    pub(super) description: Option<String>,
    pub(super) priority: Option<i64>,
    pub(super) labels: Vec<String>,
    pub(super) blocked_by: Vec<String>,
    pub(super) parent: Option<String>,
    pub(super) assignee: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    /// Optional values that had to be ignored, one sentence each.
    pub(super) ignored: Vec<String>,
}

/// A file that is no usable issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) path: PathBuf,
    /// A stable word.
    pub(super) code: &'static str,
    /// One sentence, with the line where it is known.
    pub(super) message: String,
    /// Which issue it would be; `None` where that cannot be told, so that it may be any.
    pub(super) id: Option<String>,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

/// The front matter as YAML types it. What is required is text or an error; what is optional is looked at afterwards.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(expecting = "keys with values")]
struct Front {
    #[serde(default, deserialize_with = "present")]
    id: Field,
    #[serde(default, deserialize_with = "present")]
    title: Field,
    #[serde(default, deserialize_with = "present")]
    state: Field,
    #[serde(default)]
    priority: Value,
    #[serde(default)]
    labels: Value,
    #[serde(default)]
    blocked_by: Value,
    #[serde(default)]
    parent: Value,
    #[serde(default)]
    assignee: Value,
    #[serde(default)]
    created_at: Value,
    #[serde(default)]
    updated_at: Value,
}

impl Front {
    /// Reads it; what is plain needs no YAML parser.
    fn read(text: &str) -> Result<Self, serde_yaml::Error> {
        match plain::read(text).and_then(Self::of_plain) {
            Some(front) => Ok(front),
            None => serde_yaml::from_str(text),
        }
    }

    /// `None` where a required text is a list, which the parser has the words for.
    fn of_plain(keys: Vec<(&str, Plain<'_>)>) -> Option<Self> {
        let mut front = Self::default();
        for (key, value) in keys {
            match key {
                "id" => front.id = Field::of_plain(&value)?,
                "title" => front.title = Field::of_plain(&value)?,
                "state" => front.state = Field::of_plain(&value)?,
                "priority" => front.priority = value.value(),
                "labels" => front.labels = value.value(),
                "blocked_by" => front.blocked_by = value.value(),
                "parent" => front.parent = value.value(),
                "assignee" => front.assignee = value.value(),
                "created_at" => front.created_at = value.value(),
                "updated_at" => front.updated_at = value.value(),
                _ => {}
            }
        }
        Some(front)
    }
}

/// A required text: absent, there without a value, or as written.
#[derive(Debug, Default, PartialEq)]
enum Field {
    #[default]
    Absent,
    Empty,
    Text(String),
}

impl Field {
    fn of_plain(value: &Plain<'_>) -> Option<Self> {
        match value {
            Plain::Empty => Some(Self::Empty),
            Plain::One(text) => Some(Self::Text((*text).to_owned())),
            Plain::List(_) => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Empty => None,
        }
    }
}

/// Plain scalars such as `12` or `1.10` come as they are written, not as numbers.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Field, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(text.map_or(Field::Empty, Field::Text))
}

impl Record {
    /// Reads one file's bytes, as [`Record::parse`] does its text.
    pub(super) fn parse_bytes(
        path: &Path,
        bytes: &[u8],
        wanted: impl FnOnce(&str, &str) -> bool,
    ) -> Result<Self, Box<Malformed>> {
        let text = str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            Box::new(Malformed {
                path: path.to_owned(),
                code: "not_utf8",
                message: format!("line {line}: this is not UTF-8"),
                id: id_line(&String::from_utf8_lossy(bytes)),
            })
        })?;
        Self::parse(path, text, wanted)
    }

    /// Reads one file's text. `wanted` (id, state) says whether it is needed as a whole; else it has what others refer
    /// to, id, title, state and parent, and nothing more.
    pub(super) fn parse(
        path: &Path,
        text: &str,
        wanted: impl FnOnce(&str, &str) -> bool,
    ) -> Result<Self, Box<Malformed>> {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let malformed = |code, message: String, id: Option<String>| {
            Box::new(Malformed { path: path.to_owned(), code, message, id })
        };
        let document = Document::cut(text).map_err(|uncut| match uncut {
            // An empty file may be one that is just being written, by whatever name.
            Uncut::NoFrontMatter if text.trim().is_empty() => malformed("empty_file", "the file is empty".into(), None),
            Uncut::NoFrontMatter => malformed(
                "no_front_matter",
                "line 1: an issue begins with front matter between two lines `---`".into(),
                stem.map(str::to_owned),
            ),
            Uncut::Unclosed => malformed(
                "front_matter_unclosed",
                "line 1: the line `---` that ends the front matter is missing".into(),
                id_line(text),
            ),
        })?;
        let is_bad = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
        if let Some(at) = document.front.find(is_bad) {
            let line = document.front[..at].matches('\n').count() + 1;
            let message = format!("line {line}: this holds a control character");
            return Err(malformed("control_character", message, id_line(document.front)));
        }
        let front = Front::read(document.front)
            .map_err(|error| malformed("invalid_front_matter", sentence(&error), id_line(document.front)))?;
        let id = match front.id {
            Field::Text(id) => id,
            Field::Empty => return Err(malformed("empty_id", "`id` is empty".into(), stem.map(str::to_owned))),
            Field::Absent => match stem {
                Some(stem) if !stem.trim().is_empty() => stem.trim().to_owned(),
                _ => return Err(malformed("no_id", "there is no `id`, and the file's name is not text".into(), None)),
            },
        };
        let one_line = |name: &str, text: String| match text.chars().find(|c| c.is_control()) {
            Some(bad) => {
                let message = format!("`{name}` holds the control character U+{:04X}", u32::from(bad));
                Err(malformed("control_character", message, Some(id.clone())))
            }
            None => Ok(text),
        };
        let required = |name: &str, code, text: Option<String>| {
            text.ok_or_else(|| malformed(code, format!("`{name}` is missing or empty"), Some(id.clone())))
        };
        one_line("id", id.clone())?;
        let title = front.title.text().map(|title| title.replace(char::is_control, " ").trim().to_owned());
        let title = required("title", "no_title", title.filter(|title| !title.is_empty()))?;
        let state = one_line("state", required("state", "no_state", front.state.text())?)?;
        let mut ignored = Vec::new();
        let parent = texts("parent", &front.parent, &mut ignored).into_iter().next();
        if !wanted(&id, &state) {
            return Ok(Self { path: path.to_owned(), id, title, state, parent, ..Self::default() });
        }
        let description = Some(trim_blank_lines(document.description)).filter(|text| !text.is_empty());
        Ok(Self {
            path: path.to_owned(),
            title,
            state,
            description: description.map(|text| text.replace("\r\n", "\n")),
            priority: integer("priority", &front.priority, &mut ignored),
            labels: labels(texts("labels", &front.labels, &mut ignored)),
            blocked_by: texts("blocked_by", &front.blocked_by, &mut ignored),
            parent,
            assignee: optional("assignee", &front.assignee, &mut ignored),
            created_at: instant("created_at", &front.created_at, &mut ignored),
            updated_at: instant("updated_at", &front.updated_at, &mut ignored),
            ignored,
            id,
        })
    }
}

/// The parser's message, with the line first.
fn sentence(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    match error.location() {
        Some(at) => {
            let place = format!(" at line {} column {}", at.line(), at.column());
            format!("line {}: {}", at.line(), text.replacen(&place, "", 1))
        }
        None => text,
    }
}

/// The id in a front matter that is no YAML, as far as a line of it says so.
fn id_line(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("id:"))?;
    let value: Value = serde_yaml::from_str(value).ok()?;
    scalar(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Record, Box<Malformed>> {
        Record::parse(Path::new("/issues/stem.md"), text, |_, _| true)
    }

    #[test]
    fn plain_front_matter_is_what_yaml_says_it_is() {
        for front in [
            "---\nid: 12\ntitle: A b\nstate: Todo\npriority: 2\nlabels: [a, b]\nblocked_by: [A-1, 7]\nown: kept\n",
            "---\nid:\ntitle:\nstate:\nparent: A-0\nassignee: ann\ncreated_at: 2026-01-02T03:04:05Z\nupdated_at:\n",
            "---\ntitle: [a]\nstate: s\n",
        ] {
            let parsed = serde_yaml::from_str::<Front>(front).map_err(|error| error.to_string());
            assert_eq!(Front::read(front).map_err(|error| error.to_string()), parsed, "{front}");
        }
        assert!(plain::read("---\nid: 12\ntitle: A b\n").and_then(Front::of_plain).is_some());
    }

    #[test]
    fn every_field_is_read() {
        let record = parse(
            "---\nid: ABC-1\ntitle: \"A: b\"\nstate: In Progress\npriority: 2\nlabels: [Bug, ' ui ', bug, '']\nblocked_by:\n- ABC-2\n- 7\nparent: ABC-0\nassignee: ann\ncreated_at: 2026-01-02T03:04:05Z\nupdated_at: 2026-01-02T05:04:05+02:00\nown: [kept]\n---\n\nWhat to do.\n\n## Comments\n\nnot this\n",
        )
        .expect("an issue");
        assert_eq!(
            (record.id.as_str(), record.title.as_str(), record.state.as_str()),
            ("ABC-1", "A: b", "In Progress")
        );
        assert_eq!(record.description.as_deref(), Some("What to do."));
        assert_eq!(record.priority, Some(2));
        assert_eq!(record.labels, ["bug", "ui"]);
        assert_eq!(record.blocked_by, ["ABC-2", "7"]);
        assert_eq!((record.parent.as_deref(), record.assignee.as_deref()), (Some("ABC-0"), Some("ann")));
        assert_eq!(record.created_at.expect("a time").timestamp(), 1_767_323_045);
        assert_eq!(record.updated_at, record.created_at);
        assert!(record.ignored.is_empty(), "{:?}", record.ignored);
    }

    #[test]
    fn the_name_of_the_file_stands_in_for_an_absent_id() {
        let record = parse("---\ntitle: 12\nstate: yes\n---\n").expect("an issue");
        assert_eq!((record.id.as_str(), record.title.as_str(), record.state.as_str()), ("stem", "12", "yes"));
        assert_eq!(record.description, None);
    }

    #[test]
    fn a_plain_scalar_is_an_id_as_it_is_written() {
        for id in ["12", "1.10", "007", "ABC/1", "a b", "../x"] {
            assert_eq!(parse(&format!("---\nid: {id}\ntitle: t\nstate: s\n---\n")).expect(id).id, id);
        }
    }

    #[test]
    fn unusable_optional_values_do_not_hide_the_issue() {
        let record = parse(
            "---\ntitle: t\nstate: s\npriority: high\nlabels: {a: b}\nblocked_by: [{id: X}]\nassignee: [a]\ncreated_at: today\n---\n",
        )
        .expect("an issue");
        assert_eq!((record.priority, record.created_at, record.assignee), (None, None, None));
        assert!(record.labels.is_empty());
        assert_eq!(record.blocked_by, ["id: X"], "it waits, visibly");
        assert_eq!(record.ignored.len(), 5, "{:?}", record.ignored);
    }

    #[test]
    fn a_malformed_file_says_what_and_where_and_which_issue_it_would_be() {
        for (text, code, line, id) in [
            ("", "empty_file", "", None),
            ("# Notes\n", "no_front_matter", "line 1", Some("stem")),
            ("---\nid: A-1\n", "front_matter_unclosed", "line 1", Some("A-1")),
            ("---\ntitle: t\n", "front_matter_unclosed", "line 1", None),
            ("---\nid: A-1\ntitle: t\nlabels: [a\nstate: s\n---\n", "invalid_front_matter", "line 5", Some("A-1")),
            ("---\nid: A-1\nid: A-2\ntitle: t\nstate: s\n---\n", "invalid_front_matter", "line ", Some("A-1")),
            ("---\nid: A-1\nstate: [a]\ntitle: t\n---\n", "invalid_front_matter", "line 3", Some("A-1")),
            ("---\n- a\n---\n", "invalid_front_matter", "line 2", None),
            ("---\nid:\ntitle: t\nstate: s\n---\n", "empty_id", "", Some("stem")),
            ("---\nid: ' '\ntitle: t\nstate: s\n---\n", "empty_id", "", Some("stem")),
            ("---\nid: \"A\\e\"\ntitle: t\nstate: s\n---\n", "control_character", "", Some("A\u{1b}")),
            ("---\nid: A-1\ntitle: \u{7}\nstate: s\n---\n", "control_character", "line 3", Some("A-1")),
            ("---\nid: A-1\ntitle: t\n---\n", "no_state", "", Some("A-1")),
            ("---\nid: A-1\ntitle: t\nstate: ''\n---\n", "no_state", "", Some("A-1")),
            ("---\nid: A-1\nstate: s\n---\n", "no_title", "", Some("A-1")),
            ("---\nid: A-1\nstate: s\ntitle: \"\\e\"\n---\n", "no_title", "", Some("A-1")),
        ] {
            let malformed = parse(text).expect_err(text);
            assert_eq!(malformed.code, code, "{text:?}");
            assert!(malformed.message.starts_with(line), "{text:?}: {}", malformed.message);
            assert_eq!(malformed.id.as_deref(), id, "{text:?}");
        }
    }

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(parse("---\ntitle: \"a\\nb\"\nstate: s\n---\n").expect("an issue").title, "a b");
    }
}
