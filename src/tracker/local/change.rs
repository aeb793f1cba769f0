//! What a write makes of an issue file's text. Pure: text and request in, text out.

use serde_yaml::{Mapping, Value};

use super::comments;
use super::document::{COMMENTS, Document, comments_at, trim_blank_lines};
use super::front::{self, New};
use super::once;
use super::record::Record;
use super::scan::Scan;
use super::value::{labels, scalar_list};
use crate::tracker::{IssueEdit, NewIssue, TrackerError};

/// A change to an issue that is there: fields, a comment, or both in one write.
pub(super) struct Change<'a> {
    /// Fields and description.
    pub(super) edit: Option<&'a IssueEdit>,
    /// One more comment, or another text of one that is there.
    pub(super) comment: Option<Comment<'a>>,
}

/// A comment to be written.
pub(super) struct Comment<'a> {
    /// Markdown.
    pub(super) text: &'a str,
    /// Which.
    pub(super) which: Which<'a>,
}

/// Which comment is written.
pub(super) enum Which<'a> {
    /// One more, by this author.
    New {
        /// Who says it.
        author: &'a str,
    },
    /// The one with this id.
    Known {
        /// Its id.
        id: &'a str,
    },
}

impl Change<'_> {
    /// The file's new text; `None` where nothing changes. `now` is the new `updated_at`.
    pub(super) fn apply(
        &self,
        document: &Document<'_>,
        record: &Record,
        now: &str,
        scan: &Scan,
    ) -> Result<Option<String>, TrackerError> {
        let eol = document.line_ending();
        let mut changes = self.edit.map(|edit| fields(edit, document, record, scan)).transpose()?.unwrap_or_default();
        let new = self.edit.and_then(|edit| edit.description.as_deref());
        let new = new.map(|new| description(new, document, record)).transpose()?.flatten();
        if changes.is_empty() && new.is_none() && self.comment.is_none() {
            return Ok(None);
        }
        changes.push(("updated_at", New::One(Value::from(now))));
        let front = front::edit(document.front, &changes, eol)
            .map_err(|error| TrackerError::InvalidIssue(format!("{}: {error}", record.path.display())))?;
        let mut text = [document.mark, &front, document.fence].concat();
        let mut body = new.unwrap_or_else(|| document.description.to_owned());
        match &self.comment {
            None => body.push_str(document.comments),
            Some(Comment { text, which: Which::New { author } }) => {
                body.push_str(document.comments);
                append_comment(&mut body, document.comments.is_empty(), &comment_text(text)?, (now, author), eol);
            }
            Some(Comment { text, which: Which::Known { id } }) => {
                let mut lines = String::new();
                push_lines(&mut lines, &comment_text(text)?, eol);
                let comments = comments::replace(document.comments, id, &lines, eol);
                let none = || TrackerError::InvalidIssue(format!("{} has no comment `{id}`", record.id));
                body.push_str(&comments.ok_or_else(none)?);
            }
        }
        if !body.is_empty() && !text.ends_with('\n') {
            text.push_str(eol);
        }
        text.push_str(&body);
        Ok(Some(text))
    }
}

/// A comment's text as it is written.
fn comment_text(text: &str) -> Result<String, TrackerError> {
    let text = markdown("comment", text)?;
    match trim_blank_lines(&text) {
        "" => Err(TrackerError::InvalidIssue("the comment is empty".into())),
        text => Ok(text.to_owned()),
    }
}

/// Appends a comment to what stands below the front matter; `first` begins the comments' section.
fn append_comment(body: &mut String, first: bool, text: &str, (at, author): (&str, &str), eol: &str) {
    if !body.is_empty() && !body.ends_with('\n') {
        body.push_str(eol);
    }
    if first {
        body.push_str(&format!("{eol}{COMMENTS}{eol}"));
    }
    let author: String = author.chars().filter(|c| !c.is_control()).collect();
    body.push_str(&format!("{eol}### {at} · {author}{eol}{eol}"));
    push_lines(body, text, eol);
}

fn push_lines(text: &mut String, lines: &str, eol: &str) {
    for line in lines.lines() {
        text.push_str(line);
        text.push_str(eol);
    }
}

/// The keys that change, with their new values.
fn fields(
    edit: &IssueEdit,
    document: &Document<'_>,
    record: &Record,
    scan: &Scan,
) -> Result<Vec<(&'static str, New)>, TrackerError> {
    let mut changes = Vec::new();
    let mut text = |key, old: Option<&str>, new: Option<String>| {
        if old != new.as_deref() {
            changes.push((key, New::One(new.map_or(Value::Null, Value::from))));
        }
    };
    if let Some(title) = &edit.title {
        text("title", Some(&record.title), Some(one_line("title", title)?));
    }
    if let Some(state) = &edit.state {
        text("state", Some(&record.state), Some(one_line("state", state)?));
    }
    if let Some(assignee) = &edit.assignee {
        let assignee = assignee.as_ref().map(|assignee| one_line("assignee", assignee)).transpose()?;
        text("assignee", record.assignee.as_deref(), assignee);
    }
    if let Some(parent) = &edit.parent {
        let parent = parent.as_ref().map(|parent| known("parent", parent, &record.id, scan)).transpose()?;
        text("parent", record.parent.as_deref(), parent);
    }
    if let Some(priority) = edit.priority
        && priority != record.priority
    {
        changes.push(("priority", New::One(priority.map_or(Value::Null, Value::from))));
    }
    let written: Mapping = serde_yaml::from_str(document.front).unwrap_or_default();
    let normal = |label: &str| label.trim().to_lowercase();
    let added = labels(each("label", &edit.add_labels)?);
    if let Some(list) = list(written.get("labels"), added, &edit.remove_labels, normal) {
        changes.push(("labels", list));
    }
    let added = blockers(&edit.add_blocked_by, &record.id, scan)?;
    if let Some(list) = list(written.get("blocked_by"), added, &edit.remove_blocked_by, |id| id.trim().to_owned()) {
        changes.push(("blocked_by", list));
    }
    Ok(changes)
}

/// A list without `remove` and with `add`, entries compared through `normal`; `None` where it stays as it is.
fn list(written: Option<&Value>, add: Vec<String>, remove: &[String], normal: impl Fn(&str) -> String) -> Option<New> {
    let old = written.map(scalar_list).unwrap_or_default();
    let mut list = old.clone();
    list.retain(|entry| !remove.iter().any(|removed| normal(removed) == normal(entry)));
    for entry in add {
        if !list.iter().any(|known| normal(known) == normal(&entry)) {
            list.push(entry);
        }
    }
    (list != old).then_some(New::List(list))
}

/// The new text between front matter and comments; `None` where it stays.
fn description(new: &str, document: &Document<'_>, record: &Record) -> Result<Option<String>, TrackerError> {
    let new = new_description(new)?;
    if record.description.as_deref().unwrap_or_default() == new {
        return Ok(None);
    }
    let eol = document.line_ending();
    let mut text = String::new();
    if !new.is_empty() {
        text.push_str(eol);
        push_lines(&mut text, &new, eol);
    }
    if !document.comments.is_empty() {
        text.push_str(eol);
    }
    Ok(Some(text))
}

/// A description without blank lines around it; one that would be read back as comments is refused.
fn new_description(text: &str) -> Result<String, TrackerError> {
    let text = markdown("description", text)?;
    let text = trim_blank_lines(&text);
    if comments_at(text) < text.len() {
        let message = format!("the description holds a line `{COMMENTS}`, where comments begin");
        return Err(TrackerError::InvalidIssue(message));
    }
    Ok(text.to_owned())
}

/// The text of a new issue's file.
pub(super) fn new_file(
    id: &str,
    new: &NewIssue,
    first_state: Option<&str>,
    now: &str,
    scan: &Scan,
) -> Result<String, TrackerError> {
    let state =
        new.state.as_deref().or(first_state).ok_or_else(|| {
            TrackerError::InvalidIssue("no state is given, and tracker.active_states is empty".into())
        })?;
    let one = |text: String| New::One(Value::from(text));
    let mut fields = vec![
        ("id", one(id.to_owned())),
        ("title", one(one_line("title", &new.title)?)),
        ("state", one(one_line("state", state)?)),
    ];
    fields.extend(new.priority.map(|priority| ("priority", New::One(Value::from(priority)))));
    let lists = [("labels", labels(each("label", &new.labels)?)), ("blocked_by", blockers(&new.blocked_by, id, scan)?)];
    fields.extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| (key, New::List(list))));
    if let Some(parent) = &new.parent {
        fields.push(("parent", one(known("parent", parent, id, scan)?)));
    }
    if let Some(assignee) = &new.assignee {
        fields.push(("assignee", one(one_line("assignee", assignee)?)));
    }
    fields.push(("created_at", one(now.to_owned())));
    fields.push(("updated_at", one(now.to_owned())));
    if let Some(mark) = &new.mark {
        fields.push((once::FIELD, one(format!("{}-{}", mark.key, mark.request))));
    }
    let mut text: String = fields.iter().map(|(key, value)| format!("{key}: {}\n", front::inline(value))).collect();
    text = format!("---\n{text}---\n");
    let description = new_description(new.description.as_deref().unwrap_or_default())?;
    if !description.is_empty() {
        text.push_str(&format!("\n{description}\n"));
    }
    Ok(text)
}

/// A text of one line, trimmed.
fn one_line(name: &str, text: &str) -> Result<String, TrackerError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TrackerError::InvalidIssue(format!("the {name} is empty")));
    }
    match text.chars().find(|c| c.is_control()) {
        Some(bad) => {
            Err(TrackerError::InvalidIssue(format!("the {name} holds the control character U+{:04X}", u32::from(bad))))
        }
        None => Ok(text.to_owned()),
    }
}

fn each(name: &str, texts: &[String]) -> Result<Vec<String>, TrackerError> {
    texts.iter().map(|text| one_line(name, text)).collect()
}

/// Markdown with `\n` at the ends of its lines.
fn markdown(name: &str, text: &str) -> Result<String, TrackerError> {
    if text.contains('\0') {
        return Err(TrackerError::InvalidIssue(format!("the {name} holds the control character U+0000")));
    }
    Ok(text.replace("\r\n", "\n"))
}

fn blockers(ids: &[String], own: &str, scan: &Scan) -> Result<Vec<String>, TrackerError> {
    ids.iter().map(|id| known("blocker", id, own, scan)).collect()
}

/// Another issue's id. One that is not there would hold this one back for ever.
fn known(name: &str, id: &str, own: &str, scan: &Scan) -> Result<String, TrackerError> {
    let id = one_line(name, id)?;
    if id == own {
        return Err(TrackerError::InvalidIssue(format!("`{id}` cannot be its own {name}")));
    }
    if scan.knows(&id) { Ok(id) } else { Err(TrackerError::InvalidIssue(format!("{name}: there is no issue `{id}`"))) }
}
