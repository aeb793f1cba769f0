//! An issue file as text: front matter, description, comments. Cuts it, and knows nothing of what is in the parts.

/// The heading under which comments are appended; from its line to the end of the file is the comments' section.
pub(super) const COMMENTS: &str = "## Comments";

/// A file that has no front matter to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uncut {
    /// It does not begin with a line `---`.
    NoFrontMatter,
    /// The line `---` that ends it is missing.
    Unclosed,
}

/// The parts of an issue file; put one behind the other they are the file, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Document<'a> {
    /// A byte order mark, or nothing.
    pub(super) mark: &'a str,
    /// The line `---` and the YAML below it, so that a YAML parser counts lines as the file does.
    pub(super) front: &'a str,
    /// The line `---` that ends it.
    pub(super) fence: &'a str,
    /// Everything between it and the comments' section.
    pub(super) description: &'a str,
    /// The comments' section with its heading; empty where there is none.
    pub(super) comments: &'a str,
}

impl<'a> Document<'a> {
    /// Cuts a file.
    pub(super) fn cut(text: &'a str) -> Result<Self, Uncut> {
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mark = &text[..text.len() - rest.len()];
        let mut at = 0;
        let mut lines = rest.split_inclusive('\n');
        match lines.next() {
            Some(line) if line.trim_end() == "---" => at += line.len(),
            _ => return Err(Uncut::NoFrontMatter),
        }
        for line in lines {
            if line.trim_end() == "---" {
                let body = &rest[at + line.len()..];
                let (description, comments) = body.split_at(comments_at(body));
                return Ok(Self { mark, front: &rest[..at], fence: line, description, comments });
            }
            at += line.len();
        }
        Err(Uncut::Unclosed)
    }

    /// How the file ends its lines.
    pub(super) fn line_ending(&self) -> &'static str {
        let first = self.front.split('\n').next();
        if first.is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
    }
}

/// Markdown without the blank lines around it; the indentation of its first line stays.
pub(super) fn trim_blank_lines(text: &str) -> &str {
    let text = text.trim_end();
    let blank = text.len() - text.trim_start().len();
    &text[text[..blank].rfind('\n').map_or(0, |at| at + 1)..]
}

/// Where the comments' section begins; the length of `body` where there is none.
pub(super) fn comments_at(body: &str) -> usize {
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        if line.trim_end() == COMMENTS {
            return at;
        }
        at += line.len();
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_is_cut_at_its_fences_and_at_the_comments() {
        let text = "\u{feff}---\r\nid: A\r\n---\r\nbody\r\n## Comments\r\n## More\r\n";
        let document = Document::cut(text).expect("front matter");
        assert_eq!(document.front, "---\r\nid: A\r\n");
        assert_eq!(document.description, "body\r\n");
        assert_eq!(document.comments, "## Comments\r\n## More\r\n");
        assert_eq!(document.line_ending(), "\r\n");
    }

    #[test]
    fn a_file_without_front_matter_is_told_from_one_that_is_cut_short() {
        assert_eq!(Document::cut("# Notes\n"), Err(Uncut::NoFrontMatter));
        assert_eq!(Document::cut(""), Err(Uncut::NoFrontMatter));
        assert_eq!(Document::cut("---\nid: A\n"), Err(Uncut::Unclosed));
        assert!(Document::cut("---\n---").is_ok());
    }

    #[test]
    fn blank_lines_go_and_indentation_stays() {
        for (text, trimmed) in [("\n \n  code\n\n", "  code"), ("  a", "  a"), (" \n\t", ""), ("", "")] {
            assert_eq!(trim_blank_lines(text), trimmed, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_are_the_file(text in "(\u{feff})?---\r?\n(a: b\r?\n){0,3}---(\r?\n([a-z# \r\n]|## Comments\n){0,40})?") {
            let document = Document::cut(&text).expect("front matter");
            let Document { mark, front, fence, description, comments } = document;
            prop_assert_eq!([mark, front, fence, description, comments].concat(), text);
        }
    }
}
