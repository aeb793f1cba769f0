//! The comments of an issue file, read back as they were appended.

use std::path::Path;

use super::document::{COMMENTS, Document, trim_blank_lines};
use super::scan;
use crate::model::Timestamp;
use crate::tracker::{IssueComment, TrackerError};

/// The comments' section without its heading.
pub(super) fn section(path: &Path) -> Result<Option<String>, TrackerError> {
    let bytes = scan::read(path).map_err(|cause| TrackerError::Request {
        what: format!("cannot read {}", path.display()),
        cause: cause.into(),
    })?;
    let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
    let comments = Document::cut(&text).map(|document| document.comments).unwrap_or_default();
    let comments = comments.strip_prefix(COMMENTS).unwrap_or_default().trim();
    Ok((!comments.is_empty()).then(|| comments.replace("\r\n", "\n")))
}

/// Cuts a section at the headings that comments are written with. What a person wrote above the first one is a comment
/// of nobody.
pub(super) fn parse(section: &str) -> Vec<IssueComment> {
    let mut comments = Vec::new();
    let mut current = IssueComment::default();
    for line in section.lines() {
        if let Some(heading) = Heading::read(line) {
            let (id, created_at) = (Some(heading.id.to_owned()), Some(heading.at));
            let next = IssueComment { id, author: heading.author, created_at, ..IssueComment::default() };
            comments.push(std::mem::replace(&mut current, next));
        } else {
            current.body.push_str(line);
            current.body.push('\n');
        }
    }
    comments.push(current);
    for comment in &mut comments {
        comment.body = trim_blank_lines(&comment.body).to_owned();
    }
    comments.retain(|comment| comment.created_at.is_some() || !comment.body.is_empty());
    comments
}

/// The comments' section with other lines below the heading of the comment `id`; `None` where there is no such comment.
pub(super) fn replace(section: &str, id: &str, lines: &str, eol: &str) -> Option<String> {
    let (mut edited, mut is_found, mut is_skipped) = (String::new(), false, false);
    for line in section.split_inclusive('\n') {
        match Heading::read(line.trim_end()) {
            Some(heading) if heading.id == id && !is_found => {
                (is_found, is_skipped) = (true, true);
                edited.push_str(&format!("{}{eol}{eol}{lines}", line.trim_end()));
            }
            Some(_) => {
                if std::mem::take(&mut is_skipped) {
                    edited.push_str(eol);
                }
                edited.push_str(line);
            }
            None if is_skipped => {}
            None => edited.push_str(line),
        }
    }
    is_found.then_some(edited)
}

/// `### <time> · <author>`.
struct Heading<'a> {
    /// The time as it is written: no two comments have the same.
    id: &'a str,
    at: Timestamp,
    author: Option<String>,
}

impl<'a> Heading<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (at, author) = line.strip_prefix("### ")?.split_once(" · ")?;
        let (id, author) = (at.trim(), author.trim());
        let at = Timestamp::from(chrono::DateTime::parse_from_rfc3339(id).ok()?);
        Some(Self { id, at, author: Some(author.to_owned()).filter(|author| !author.is_empty()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_cut_at_its_own_headings_alone() {
        let section = "by hand\n\n### 2026-01-02T03:04:05.678Z · A-1.2\n\nfirst\n\n### Heading\n\n  code\n\n\
                       ### 2026-01-02T03:04:06+01:00 · \n\nsecond\n";
        let comments = parse(section);
        let parts: Vec<_> = comments
            .iter()
            .map(|c| (c.author.as_deref(), c.created_at.map(|at| at.to_rfc3339()), c.body.as_str()))
            .collect();
        assert_eq!(
            parts,
            [
                (None, None, "by hand"),
                (Some("A-1.2"), Some("2026-01-02T03:04:05.678+00:00".into()), "first\n\n### Heading\n\n  code"),
                (None, Some("2026-01-02T02:04:06+00:00".into()), "second"),
            ]
        );
        assert_eq!(parse(""), []);
    }

    #[test]
    fn one_comment_is_written_over_and_the_others_stay_as_they_are() {
        let (one, two) = ("### 2026-01-02T03:04:05.678Z · A-1.2", "### 2026-01-02T03:04:06Z · ann");
        let section = format!("## Comments\n\n{one}\n\nfirst\nmore\n\n{two}\n\nsecond\n");
        let replaced = |id, lines| replace(&section, id, lines, "\n");
        assert_eq!(
            replaced("2026-01-02T03:04:05.678Z", "new\n").expect("there"),
            format!("## Comments\n\n{one}\n\nnew\n\n{two}\n\nsecond\n")
        );
        assert_eq!(
            replaced("2026-01-02T03:04:06Z", "new\n").expect("there"),
            format!("## Comments\n\n{one}\n\nfirst\nmore\n\n{two}\n\nnew\n")
        );
        assert_eq!(replaced("2026-01-02T03:04:07Z", "new\n"), None);
    }
}
