//! From what a program prints to issues: one JSON object on each line. A line that is none hides no other.

use std::collections::HashMap;

use serde_json::Value;

use crate::model::{Issue, IssueRef};
use crate::tracker::remote::{date, labels, text};
use crate::tracker::{Fetched, Problem, TrackerError};

/// What one or more calls printed.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Usable issues, each once.
    pub(super) issues: Vec<Issue>,
    /// Lines that are no issue.
    malformed: Vec<Problem>,
    /// Optional values that are none.
    ignored: Vec<Problem>,
}

impl Answer {
    /// The issues, and the rest as problems.
    pub(super) fn into_fetched(self) -> Fetched {
        Fetched { issues: self.issues, problems: self.malformed.into_iter().chain(self.ignored).collect() }
    }

    /// The issues, where every line was one (SPEC 11.1: a refresh fails rather than leave one out).
    pub(super) fn into_complete(self) -> Result<Vec<Issue>, TrackerError> {
        match self.malformed.into_iter().next() {
            None => Ok(self.issues),
            Some(Problem { source, message, .. }) if message.starts_with(&source) => {
                Err(TrackerError::Response(message))
            }
            Some(Problem { source, message, .. }) => Err(TrackerError::Response(format!("{source}: {message}"))),
        }
    }

    /// Adds what another call printed.
    pub(super) fn append(&mut self, other: Self) {
        let is_new = |issue: &Issue| !self.issues.iter().any(|known| known.id == issue.id);
        let new: Vec<Issue> = other.issues.into_iter().filter(is_new).collect();
        self.issues.extend(new);
        self.malformed.extend(other.malformed);
        self.ignored.extend(other.ignored);
    }

    /// Says of other issues what this answer itself tells of them; the names of those that hold an issue back and are
    /// still without a state.
    pub(super) fn unknown_references(&mut self) -> Vec<String> {
        if self.issues.iter().flat_map(gates).all(|reference| reference.state.is_some()) {
            return Vec::new();
        }
        let known = Index::of(&self.issues);
        self.complete_references(&known);
        let mut names: Vec<String> = Vec::new();
        let unknown = self.issues.iter().flat_map(gates).filter(|reference| reference.state.is_none());
        for name in unknown.filter_map(|reference| reference.id.as_ref().or(reference.identifier.as_ref())) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Says of other issues what is known of them.
    pub(super) fn complete_references(&mut self, known: &Index) {
        for issue in &mut self.issues {
            let others = issue.blocked_by.iter_mut().chain(&mut issue.sub_issues).chain(&mut issue.parent);
            for reference in others.filter(|reference| reference.state.is_none()) {
                if let Some(found) = known.get(reference) {
                    *reference = found.clone();
                }
            }
        }
    }
}

/// Issues by their ids and their names.
pub(super) struct Index(HashMap<String, IssueRef>);

impl Index {
    /// Of these; an id counts before another issue's name.
    pub(super) fn of(issues: &[Issue]) -> Self {
        let mut index = HashMap::new();
        let reference = |issue: &Issue| IssueRef {
            id: Some(issue.id.clone()),
            identifier: Some(issue.identifier.clone()),
            state: Some(issue.state.clone()),
        };
        index.extend(issues.iter().map(|issue| (issue.identifier.clone(), reference(issue))));
        index.extend(issues.iter().map(|issue| (issue.id.clone(), reference(issue))));
        Self(index)
    }

    fn get(&self, reference: &IssueRef) -> Option<&IssueRef> {
        [&reference.id, &reference.identifier].into_iter().flatten().find_map(|name| self.0.get(name))
    }
}

/// What holds an issue back.
fn gates(issue: &Issue) -> impl Iterator<Item = &IssueRef> {
    issue.blocked_by.iter().chain(&issue.sub_issues)
}

/// The JSON values of an answer by their lines, which count from 1. Blank lines are none.
pub(super) fn values(stdout: &[u8]) -> impl Iterator<Item = (usize, Result<Value, String>)> + '_ {
    let lines = stdout.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty());
    lines.map(|(line, number)| {
        let value = serde_json::from_slice::<Value>(line).map_err(|error| format!("no JSON: {error}"));
        (number, value.and_then(|value| if value.is_object() { Ok(value) } else { Err("no JSON object".to_owned()) }))
    })
}

/// The issues of an answer.
pub(super) fn read(stdout: &[u8]) -> Answer {
    let mut answer = Answer::default();
    let mut lines: HashMap<String, usize> = HashMap::new();
    for (line, value) in values(stdout) {
        let problem = |source: String, code: &str, message: String| Problem {
            source,
            code: code.to_owned(),
            message: format!("line {line}: {message}"),
        };
        let source = |value: &Value| name(&value["identifier"]).or_else(|| name(&value["id"])).unwrap_or_default();
        let (source, made) = match &value {
            Ok(value) => (source(value), issue(value)),
            Err(why) => (String::new(), Err(why.clone())),
        };
        let source = if source.is_empty() { format!("line {line}") } else { source };
        match made {
            Err(why) => answer.malformed.push(problem(source, "malformed_record", why)),
            Ok((issue, ignored)) => match lines.get(&issue.id) {
                Some(first) => {
                    let message = format!("the id `{}` is on line {first} already", issue.id);
                    answer.malformed.push(problem(source, "duplicate_id", message));
                }
                None => {
                    lines.insert(issue.id.clone(), line);
                    let of = |field| format!("`{field}` cannot be used");
                    answer.ignored.extend(ignored.into_iter().map(|f| problem(source.clone(), "ignored_value", of(f))));
                    answer.issues.push(issue);
                }
            },
        }
    }
    answer
}

/// Whether a text can be the name of an issue.
pub(super) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// A name: a text, or a number as many trackers have it.
fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| is_name(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The issue, and the names of optional fields that cannot be used; or what is wrong.
fn issue(record: &Value) -> Result<(Issue, Vec<&'static str>), String> {
    let required = |field| name(&record[field]).ok_or_else(|| format!("the record has no `{field}`"));
    let id = required("id")?;
    let identifier = if record["identifier"].is_null() { id.clone() } else { required("identifier")? };
    let (title, state) = (required("title")?, required("state")?);
    let mut fields = Optional { record, ignored: Vec::new() };
    let issue = Issue {
        description: fields.get("description", text),
        priority: fields.get("priority", Value::as_i64),
        branch_name: fields.get("branch_name", text),
        url: fields.get("url", text),
        assignee_id: fields.get("assignee_id", name),
        labels: fields.get("labels", |value| value.as_array().map(labels)).unwrap_or_default(),
        blocked_by: fields.get("blocked_by", references).unwrap_or_default(),
        parent: fields.get("parent", reference),
        sub_issues: fields.get("sub_issues", references).unwrap_or_default(),
        dispatchable: fields.get("dispatchable", Value::as_bool).unwrap_or(true),
        native_ref: fields.get("native_ref", |value| Some(value.clone())),
        created_at: fields.get("created_at", date),
        updated_at: fields.get("updated_at", date),
        ..Issue::blank(&id, &identifier, &title, &state)
    };
    match fields.ignored.iter().find(|field| matches!(**field, "blocked_by" | "sub_issues" | "dispatchable")) {
        // What is to hold an issue back is not to be lost.
        Some(field) => Err(format!("`{field}` cannot be used")),
        None => Ok((issue, fields.ignored)),
    }
}

/// Fields that a record need not have.
struct Optional<'v> {
    record: &'v Value,
    ignored: Vec<&'static str>,
}

impl<'v> Optional<'v> {
    fn get<T>(&mut self, field: &'static str, read: impl Fn(&'v Value) -> Option<T>) -> Option<T> {
        let value = &self.record[field];
        let is_blank = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
        if is_blank {
            return None;
        }
        let read = read(value);
        if read.is_none() {
            self.ignored.push(field);
        }
        read
    }
}

/// Another issue: its name, or an object with its id, identifier and state.
fn reference(value: &Value) -> Option<IssueRef> {
    if let Some(name) = name(value) {
        return Some(IssueRef { id: Some(name.clone()), identifier: Some(name), state: None });
    }
    let (id, identifier) = (name(&value["id"]), name(&value["identifier"]));
    let state = text(&value["state"]);
    (id.is_some() || identifier.is_some()).then_some(IssueRef { id, identifier, state })
}

fn references(value: &Value) -> Option<Vec<IssueRef>> {
    value.as_array()?.iter().map(reference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_an_issue() {
        let line = r#"{"id":7,"identifier":" A-7 ","title":"T","state":"Todo","description":"D","priority":2,"labels":[" Bug ","bug",{"name":"x"}],
            "blocked_by":["5",{"id":6,"identifier":"A-6","state":"Done"}],"parent":"3","sub_issues":[],"assignee_id":9,"url":"https://t.example/7",
            "branch_name":"b","dispatchable":false,"native_ref":{"n":1},"created_at":"2026-01-02T03:04:05Z","updated_at":null,"more":1}"#;
        let answer = read(line.replace('\n', " ").as_bytes());
        let reference = |id: &str, name: &str, state: Option<&str>| IssueRef {
            id: Some(id.into()),
            identifier: Some(name.into()),
            state: state.map(str::to_owned),
        };
        let expected = Issue {
            description: Some("D".into()),
            priority: Some(2),
            labels: vec!["bug".into(), "x".into()],
            blocked_by: vec![reference("5", "5", None), reference("6", "A-6", Some("Done"))],
            parent: Some(reference("3", "3", None)),
            assignee_id: Some("9".into()),
            url: Some("https://t.example/7".into()),
            branch_name: Some("b".into()),
            dispatchable: false,
            native_ref: Some(serde_json::json!({ "n": 1 })),
            created_at: "2026-01-02T03:04:05Z".parse().ok(),
            ..Issue::blank("7", "A-7", "T", "Todo")
        };
        assert_eq!(answer.into_complete().expect("complete"), [expected]);
    }

    #[test]
    fn a_line_that_is_no_issue_is_named_and_hides_no_other() {
        let lines = [
            r#"{"id":"1","title":"T","state":"Todo"}"#,
            "",
            "no json",
            r#"["1"]"#,
            r#"{"id":"4","state":"Todo"}"#,
            r#"{"id":"5","identifier":"A-5","title":" ","state":"Todo"}"#,
            r#"{"id":"6\u0007","title":"T","state":"Todo"}"#,
            r#"{"id":"7","title":"T","state":"Todo","blocked_by":"8"}"#,
            r#"{"id":"1","title":"again","state":"Todo"}"#,
            r#"{"id":"9","title":"T","state":"Todo","priority":"high","updated_at":"now"}"#,
        ];
        let mut bytes = lines.join("\n").into_bytes();
        bytes.extend(b"\n\xff\n{\"id\":\"12\",\"title\":\"T\",\"state\":\"Todo\"}");
        let fetched = read(&bytes).into_fetched();
        assert_eq!(fetched.issues.iter().map(|issue| issue.id.as_str()).collect::<Vec<_>>(), ["1", "9", "12"]);
        let told: Vec<String> = fetched
            .problems
            .iter()
            .map(|Problem { source, code, message }| format!("{source} {code} {message}"))
            .map(|text| text.split(": expected").next().unwrap_or_default().to_owned())
            .collect();
        insta::assert_debug_snapshot!(told, @r#"
        [
            "line 3 malformed_record line 3: no JSON",
            "line 4 malformed_record line 4: no JSON object",
            "4 malformed_record line 5: the record has no `title`",
            "A-5 malformed_record line 6: the record has no `title`",
            "line 7 malformed_record line 7: the record has no `id`",
            "7 malformed_record line 8: `blocked_by` cannot be used",
            "1 duplicate_id line 9: the id `1` is on line 1 already",
            "line 11 malformed_record line 11: no JSON",
            "9 ignored_value line 10: `priority` cannot be used",
            "9 ignored_value line 10: `updated_at` cannot be used",
        ]
        "#);
        assert!(read(&bytes).into_complete().expect_err("incomplete").to_string().starts_with("line 3: no JSON"));
    }

    #[test]
    fn the_state_of_others_is_taken_from_where_it_is_said() {
        let mut answer = read(
            br#"{"id":"1","title":"T","state":"Todo","blocked_by":["A-2",{"id":"3","state":"Done"},"A-4"],"parent":"2"}
            {"id":"2","identifier":"A-2","title":"T","state":"Doing","sub_issues":["1"]}"#,
        );
        assert_eq!(answer.unknown_references(), ["A-4"]);
        answer.complete_references(&Index::of(&[Issue::blank("4", "A-4", "T", "Closed")]));
        let issues = answer.into_complete().expect("complete");
        let states: Vec<_> = gates(&issues[0]).map(|other| (other.id.as_deref(), other.state.as_deref())).collect();
        assert_eq!(states, [(Some("2"), Some("Doing")), (Some("3"), Some("Done")), (Some("4"), Some("Closed"))]);
        assert_eq!(issues[1].sub_issues[0].state.as_deref(), Some("Todo"));
    }
}
