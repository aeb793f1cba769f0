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
    let mut current = IssueComment { author: None, created_at: None, body: String::new() };
    for line in section.lines() {
        if let Some((at, author)) = heading(line) {
            let next = IssueComment { author, created_at: Some(at), body: String::new() };
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

/// `### <time> · <author>`.
fn heading(line: &str) -> Option<(Timestamp, Option<String>)> {
    let (at, author) = line.strip_prefix("### ")?.split_once(" · ")?;
    let at = Timestamp::from(chrono::DateTime::parse_from_rfc3339(at.trim()).ok()?);
    Some((at, Some(author.trim().to_owned()).filter(|author| !author.is_empty())))
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
}
