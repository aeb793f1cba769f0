//! Front matter, edited as text: the lines of the keys that change, and no other byte.
//!
//! Whatever the lines looked like, the result is read again before it counts: the keys that were to change have their
//! new values, and all others have the values they had.

use serde_yaml::{Mapping, Value};

use super::value::scalar;

/// A key's new value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum New {
    /// One value.
    One(Value),
    /// A list of texts.
    List(Vec<String>),
}

impl New {
    /// Whether this is what a parser reads. A list may keep `7` where the text `7` is meant.
    fn is(&self, read: &Value) -> bool {
        match self {
            Self::One(value) => value == read,
            Self::List(texts) => read
                .as_sequence()
                .is_some_and(|items| items.iter().map(scalar).eq(texts.iter().map(|text| Some(text.clone())))),
        }
    }
}

/// Why a front matter was left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "its front matter is written in a way that cannot be edited line by line; put `{0}:` on a line of its own at the left margin"
)]
pub(super) struct Uneditable(pub(super) &'static str);

/// Gives keys new values. `front` begins with the line `---` and ends before the one that closes it.
pub(super) fn edit(front: &str, changes: &[(&'static str, New)], eol: &str) -> Result<String, Uneditable> {
    let mut text = front.to_owned();
    for (key, new) in changes {
        let edited = set(&text, key, new, eol);
        if !holds(&text, &edited, key, new) {
            return Err(Uneditable(key));
        }
        text = edited;
    }
    Ok(text)
}

/// Whether `after` is `before` with exactly this change.
fn holds(before: &str, after: &str, key: &str, new: &New) -> bool {
    let read = |text: &str| serde_yaml::from_str::<Mapping>(text).ok();
    let (Some(mut before), Some(mut after)) = (read(before), read(after)) else { return false };
    before.remove(key);
    after.remove(key).is_some_and(|value| new.is(&value)) && before == after
}

fn set(front: &str, key: &str, new: &New, eol: &str) -> String {
    let lines: Vec<&str> = front.split_inclusive('\n').collect();
    let Some((first, end)) = find(&lines, key) else {
        return format!("{front}{key}: {}{eol}", inline(new));
    };
    let old = &lines[first..end];
    let edited = match new {
        New::One(_) => one(old, &inline(new), eol),
        New::List(texts) => block(old, texts, eol).unwrap_or_else(|| one(old, &inline(new), eol)),
    };
    [lines[..first].concat(), edited, lines[end..].concat()].concat()
}

/// The lines of a key of the outermost mapping: from the one that names it to the last that belongs to its value.
fn find(lines: &[&str], key: &str) -> Option<(usize, usize)> {
    let first = lines.iter().position(|line| after_key(line, key).is_some())?;
    let mut end = first + 1;
    for (at, line) in lines.iter().enumerate().skip(end) {
        if line.starts_with([' ', '\t', '-']) && !line.trim().is_empty() {
            end = at + 1;
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            break;
        }
    }
    Some((first, end))
}

/// What follows `key:` on its line.
fn after_key<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = [key.to_owned(), format!("\"{key}\""), format!("'{key}'")]
        .iter()
        .find_map(|spelling| line.strip_prefix(spelling.as_str()))?;
    rest.trim_start_matches([' ', '\t'])
        .strip_prefix(':')
        .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// The key's first line with another value; a comment behind a value of one line stays.
fn one(old: &[&str], value: &str, eol: &str) -> String {
    let colon = old[0].find(':').map_or(old[0].len(), |at| at + 1);
    let (name, rest) = old[0].split_at(colon);
    let comment = if old.len() == 1 { comment(rest) } else { "" };
    format!("{name} {value}{comment}{eol}")
}

/// The comment behind a value, with the white space before it.
fn comment(rest: &str) -> &str {
    let rest = rest.trim_end();
    let value = rest.trim_start();
    let skipped = match value.chars().next() {
        Some('"') => closing(value, '"', '\\'),
        Some('\'') => closing(value, '\'', '\''),
        Some('[') => value.find(']').unwrap_or(0),
        Some(_) | None => 0,
    };
    let from = rest.len() - value.len() + skipped;
    let found = rest[from..].match_indices('#').find(|(at, _)| rest[..from + at].ends_with([' ', '\t']));
    found.map_or("", |(at, _)| &rest[rest[..from + at].trim_end().len()..])
}

/// Where the quote that opens `value` is closed. In single quotes a doubled quote is one of the text's own.
fn closing(value: &str, quote: char, escape: char) -> usize {
    let mut characters = value.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        let escaped = c == escape && (c != quote || characters.peek().is_some_and(|(_, next)| *next == quote));
        if escaped {
            characters.next();
        } else if c == quote {
            return at;
        }
    }
    value.len()
}

/// A list of one item per line, where it is one: items that stay keep their lines, new ones come after the last.
fn block(old: &[&str], texts: &[String], eol: &str) -> Option<String> {
    if texts.is_empty() || old.len() < 2 {
        return None;
    }
    let mut edited = old[0].to_owned();
    let mut indent = "";
    let mut missing: Vec<&String> = texts.iter().collect();
    for line in &old[1..] {
        let item = line.trim_start();
        if item.is_empty() || item.starts_with('#') {
            edited.push_str(line);
            continue;
        }
        let value: Value = serde_yaml::from_str(item.strip_prefix("- ")?).ok()?;
        indent = &line[..line.len() - item.len()];
        let text = scalar(&value)?;
        if let Some(at) = missing.iter().position(|wanted| **wanted == text) {
            missing.remove(at);
            edited.push_str(line);
        }
    }
    for text in missing {
        edited.push_str(&format!("{indent}- {}{eol}", quoted(text, "")));
    }
    Some(edited)
}

/// A value on one line.
pub(super) fn inline(new: &New) -> String {
    match new {
        New::One(Value::String(text)) => quoted(text, ":"),
        New::One(value) => serde_yaml::to_string(value).unwrap_or_default().trim_end().to_owned(),
        New::List(texts) => format!("[{}]", texts.iter().map(|text| quoted(text, "")).collect::<Vec<_>>().join(", ")),
    }
}

/// A text as a YAML scalar that reads back as this text: plain where that is safe, `also` naming characters that are so
/// outside of brackets.
fn quoted(text: &str, also: &str) -> String {
    let plain = text.starts_with(char::is_alphanumeric)
        && text.chars().all(|c| c.is_alphanumeric() || " ._-/+()".contains(c) || also.contains(c))
        && serde_yaml::from_str::<Value>(text).is_ok_and(|value| value.as_str() == Some(text));
    // JSON's strings are YAML's double-quoted ones; what YAML cannot print must be escaped for it.
    if plain { text.to_owned() } else { escape_unprintable(&Value::from(text)) }
}

fn escape_unprintable(text: &Value) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one_of(key: &'static str, value: &str) -> (&'static str, New) {
        (key, New::One(Value::from(value)))
    }

    fn list_of(key: &'static str, texts: &[&str]) -> (&'static str, New) {
        (key, New::List(texts.iter().map(|text| (*text).to_owned()).collect()))
    }

    #[test]
    fn only_the_lines_of_the_changed_keys_change() {
        for (before, after) in [
            ("---\na: 1\nstate: Todo\nb: 2\n", "---\na: 1\nstate: Done\nb: 2\n"),
            ("---\nstate:   Todo   # why\n", "---\nstate: Done   # why\n"),
            ("---\nstate: # empty\n", "---\nstate: Done # empty\n"),
            ("---\nstate: 'it''s # x' # y\n", "---\nstate: Done # y\n"),
            ("---\nstate: \"a \\\" # x\" # y\n", "---\nstate: Done # y\n"),
            ("---\nstate: a#b\n", "---\nstate: Done\n"),
            ("---\n\"state\": Todo\n", "---\n\"state\": Done\n"),
            ("---\nstate: >\n  To\n\n  do\n# next\nb: 2\n", "---\nstate: Done\n# next\nb: 2\n"),
            ("---\nb:\n  state: Todo\n", "---\nb:\n  state: Todo\nstate: Done\n"),
            ("---\nstate_of: x\n", "---\nstate_of: x\nstate: Done\n"),
        ] {
            assert_eq!(edit(before, &[one_of("state", "Done")], "\n").as_deref(), Ok(after), "{before}");
        }
        let result = edit("---\r\na: 1\r\nstate: Todo\r\n", &[one_of("state", "Done"), one_of("x", "y")], "\r\n");
        assert_eq!(result.as_deref(), Ok("---\r\na: 1\r\nstate: Done\r\nx: y\r\n"));
    }

    #[test]
    fn lists_keep_their_shape() {
        for (before, texts, after) in [
            ("labels: [A, b] # c", &["A", "b", "c d"][..], "labels: [A, b, c d] # c"),
            ("labels:\n- a # first\n- b", &["a", "c"], "labels:\n- a # first\n- c"),
            ("labels:\n  # mine\n  - a\n  - 7", &["7", "x: y"], "labels:\n  # mine\n  - 7\n  - \"x: y\""),
            ("labels:\n- a", &[], "labels: []"),
            ("labels: [a,\n  b]", &["a"], "labels: [a]"),
            ("labels: a", &["a", "b"], "labels: [a, b]"),
            ("labels:", &["a,b", "#c"], "labels: [\"a,b\", \"#c\"]"),
        ] {
            let (before, after) = (format!("---\n{before}\nz: 1\n"), format!("---\n{after}\nz: 1\n"));
            assert_eq!(edit(&before, &[list_of("labels", texts)], "\n"), Ok(after), "{before}");
        }
    }

    #[test]
    fn what_cannot_be_edited_safely_is_left_alone() {
        for before in [
            "---\n{id: A, state: Todo}\n",
            "---\nstate:# no comment\n",
            "---\nstate: &s Todo\nb: *s\n",
            "---\na: \"\nstate: x\n\"\nstate: y\n",
        ] {
            assert_eq!(edit(before, &[one_of("state", "Done")], "\n"), Err(Uneditable("state")), "{before}");
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in "\\PC{1,12}|[a-z:#,\\[\\]{}&*!|>'\"%@`? -]{1,8}", other in "\\PC{0,8}") {
            let text = text.trim().to_owned();
            prop_assume!(!text.is_empty());
            let front = format!("---\nother: {}\nlabels: [x]\n", quoted(&other, ""));
            let list = vec![text.clone(), "x".to_owned()];
            let edited = edit(&front, &[one_of("title", &text), ("labels", New::List(list))], "\n");
            let edited: Mapping = serde_yaml::from_str(&edited.expect("editable")).expect("YAML");
            prop_assert_eq!(edited.get("title"), Some(&Value::from(text.as_str())));
            prop_assert_eq!(edited.get("labels").and_then(|list| list.get(0)), Some(&Value::from(text.as_str())));
            prop_assert_eq!(edited.get("other"), Some(&Value::from(other.as_str())));
        }
    }
}
