//! Front matter as it nearly always is: each key at the left margin with one plain value or a short list behind it.
//!
//! A YAML parser takes most of the time of reading a thousand issues, and these lines do not need it. Whatever is not
//! plain beyond doubt is left to the parser: [`read`] answers only what that would answer.

use serde_yaml::Value;

/// What stands behind a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain<'a> {
    /// Nothing.
    Empty,
    /// One value.
    One(&'a str),
    /// A list.
    List(Vec<&'a str>),
}

impl Plain<'_> {
    /// As YAML types it.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Empty => Value::Null,
            Self::One(text) => typed(text),
            Self::List(items) => Value::Sequence(items.iter().map(|item| typed(item)).collect()),
        }
    }
}

/// The keys of a front matter with their values; `None` where a YAML parser has to look. `front` begins with the line
/// `---`.
pub(super) fn read(front: &str) -> Option<Vec<(&str, Plain<'_>)>> {
    let mut keys: Vec<(&str, Plain<'_>)> = Vec::with_capacity(12);
    for line in front.strip_prefix("---\n")?.split('\n').filter(|line| !line.is_empty()) {
        let (key, rest) = line.split_once(':')?;
        let is_key = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !key.is_empty();
        if !is_key || is_word(key) || keys.iter().any(|(other, _)| *other == key) {
            return None;
        }
        keys.push((key, value(rest)?));
    }
    (!keys.is_empty()).then_some(keys)
}

fn value(rest: &str) -> Option<Plain<'_>> {
    let text = rest.trim_matches(' ');
    if text.is_empty() {
        return Some(Plain::Empty);
    }
    if !rest.starts_with(' ') {
        return None;
    }
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(items) if items.trim_matches(' ').is_empty() => Some(Plain::List(Vec::new())),
        Some(items) => items.split(',').map(item).collect::<Option<Vec<_>>>().map(Plain::List),
        None => (is_integer(text) || is_instant(text) || is_text(text)).then_some(Plain::One(text)),
    }
}

fn item(text: &str) -> Option<&str> {
    let text = text.trim_matches(' ');
    let is_simple = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./ ".contains(&byte);
    (is_integer(text) || is_text(text) && text.bytes().all(is_simple)).then_some(text)
}

/// A text that YAML takes for nothing else, and that needs no quotes.
fn is_text(text: &str) -> bool {
    let is_plain = |c: char| c == ' ' || c.is_ascii_graphic() || !c.is_ascii() && c.is_alphanumeric();
    let bytes = text.as_bytes();
    let is_syntax = |(at, byte): (usize, &u8)| match byte {
        b':' => matches!(bytes.get(at + 1), None | Some(b' ')),
        b'#' => at > 0 && bytes[at - 1] == b' ',
        _ => false,
    };
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && text.chars().all(is_plain)
        && !bytes.iter().enumerate().any(is_syntax)
        && !is_word(text)
}

/// The words that are, or once were, something else than text.
fn is_word(text: &str) -> bool {
    text.len() <= 5
        && ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// A date and a time, which are text.
fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 10
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[10] == b'T'
        && bytes.iter().all(|byte| byte.is_ascii_digit() || b"-:.+TZ".contains(byte))
        && !text.ends_with(':')
}

fn is_integer(text: &str) -> bool {
    (1..=18).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

fn typed(text: &str) -> Value {
    match text.parse::<u64>() {
        Ok(number) if is_integer(text) => Value::Number(number.into()),
        Ok(_) | Err(_) => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_yaml::Mapping;

    use super::*;

    fn as_mapping(keys: &[(&str, Plain<'_>)]) -> Mapping {
        keys.iter().map(|(key, value)| (Value::String((*key).to_owned()), value.value())).collect()
    }

    #[test]
    fn what_baton_and_people_write_is_plain() {
        let front = "---\nid: TASK-1\ntitle: Greet people, by name (again)\nstate: In Progress\npriority: 2\n\
                     labels: [bug, ui 2]\nblocked_by: []\nparent:\nassignee: ann@example.org\n\
                     created_at: 2026-01-02T03:04:05Z\nupdated_at: 2026-01-02T03:04:05.123+02:00\n";
        let keys = read(front).expect("plain");
        assert_eq!(as_mapping(&keys), serde_yaml::from_str::<Mapping>(front).expect("YAML"));
        assert_eq!(keys.len(), 10);
    }

    #[test]
    fn everything_else_is_the_parser_s() {
        for line in [
            "title: \"quoted\"",
            "title: a: b",
            "title: a #b",
            "title: 1.10",
            "id: 007",
            "title: ~",
            "title: No",
            "labels: [a, [b]]",
            "labels: [a",
            "labels: [a, 'b']",
            "- a",
            "? a",
            "title: |",
            "title: > folded",
            "title: &anchor a",
            "title: !tag a",
            "title: *alias",
            "# comment",
            "  title: indented",
            "Title: a",
            "title:a",
            "title: a\tb",
            "on: push",
            "title: a\r",
            "id: 1e5",
            "id: 0x10",
            "id: 12:30:45",
            "...",
            "---",
        ] {
            assert_eq!(read(&format!("---\nstate: Todo\n{line}\n")), None, "{line:?}");
        }
        assert_eq!(read("---\ntitle: a\n  b\n"), None, "a text over two lines");
        assert_eq!(read("---\ntitle: a\ntitle: b\n"), None, "a key twice");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn it_says_what_the_parser_says(
            lines in prop::collection::vec("([a-z_]{1,5}: ?)?[ -~\u{e9}\u{2028}\t\r]{0,12}|[a-z]{1,3}: (\\[[a-z0-9, .:-]{0,9}\\]|[a-zA-Z0-9:.T-]{1,12}|2026-0[0-9]-[0-9]{2}T[0-9:Z+-]{0,6})", 1..4)
        ) {
            let front = format!("---\n{}\n", lines.join("\n"));
            if let Some(keys) = read(&front) {
                let parsed = serde_yaml::from_str::<Mapping>(&front);
                prop_assert_eq!(Some(as_mapping(&keys)), parsed.ok(), "{:?}", front);
            }
        }
    }
}
