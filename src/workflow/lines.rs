//! Where in the file a key stands. The YAML library gives values without places; this finds the places of block
//! mappings by indentation. A key inside a `{flow: mapping}` takes the line of the nearest key around it.

use std::collections::BTreeMap;

/// The lines of the front matter's keys, by dotted path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// Finds the keys of `yaml`, whose first line is line `first` of the file.
    pub(super) fn scan(yaml: &str, first: usize) -> Self {
        let mut found = BTreeMap::new();
        let mut open: Vec<(usize, String)> = Vec::new();
        let mut skipped: Option<usize> = None;
        for (number, line) in yaml.lines().enumerate() {
            let text = line.trim_start_matches(' ');
            let indent = line.len() - text.len();
            if text.trim().is_empty() {
                continue;
            }
            if skipped.is_some_and(|outer| indent > outer) {
                continue;
            }
            skipped = None;
            if text.starts_with('#') {
                continue;
            }
            if text.starts_with("- ") {
                skipped = Some(indent);
                continue;
            }
            let Some((key, value)) = key_and_value(text) else { continue };
            open.retain(|(outer, _)| *outer < indent);
            let path = open.last().map_or_else(|| key.to_owned(), |(_, outer)| format!("{outer}.{key}"));
            if value.starts_with(['|', '>']) {
                skipped = Some(indent);
            }
            found.entry(path.clone()).or_insert(first + number);
            open.push((indent, path));
        }
        Self(found)
    }

    /// The line of the key, else of the nearest key around it.
    pub(super) fn of(&self, key: &str) -> Option<usize> {
        let mut key = key;
        loop {
            if let Some(line) = self.0.get(key) {
                return Some(*line);
            }
            key = key.rsplit_once('.')?.0;
        }
    }
}

/// `key: value`, `"key": value` or `key:`.
fn key_and_value(text: &str) -> Option<(&str, &str)> {
    let (key, rest) = match text.chars().next()? {
        quote @ ('"' | '\'') => text[1..].split_once(quote)?,
        _ => text.find(':').map(|at| text.split_at(at))?,
    };
    let value = rest.trim_start().strip_prefix(':')?;
    (value.is_empty() || value.starts_with([' ', '\t', '\r'])).then(|| (key.trim_end(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_indentation() {
        let yaml = "# a comment: here\na: 1\nb:\n  c: x\n  \"d e\": |\n    f: no key\n\n    g: no key\n  h:\n    - i: no key\n      \
                    j: no key\n    - k\n  l: {m: 1}\n'n':\n  c: >-\n    c: no key\n  o: http://x:1\nurl:x\n";
        let lines = Lines::scan(yaml, 2);
        let found: Vec<_> = lines.0.iter().map(|(key, line)| (key.as_str(), *line)).collect();
        let expected = [
            ("a", 3),
            ("b", 4),
            ("b.c", 5),
            ("b.d e", 6),
            ("b.h", 10),
            ("b.l", 14),
            ("n", 15),
            ("n.c", 16),
            ("n.o", 18),
        ];
        assert_eq!(found, expected);
        assert_eq!(lines.of("b.l.m"), Some(14), "the nearest key around it");
        assert_eq!(lines.of("z.y"), None);
    }
}
