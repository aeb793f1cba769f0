//! The workpad of an issue: one comment in which whoever works on it keeps the plan and what is done, found again by its
//! first line and written over in place.
//!
//! Nobody remembers which comment it is. A command that dies after it wrote one finds it the next time, and a text that
//! stands there already is not written again. What agents keep by themselves, in trackers that many tools know, is the
//! same comment: `## Codex Workpad`, `## Agent Harness Workpad`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{IssueComment, Tracker, TrackerError};

/// The first line of a workpad that Baton makes.
const MARK: &str = "## Workpad";

/// What keeping a workpad came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// There was none.
    Made,
    /// It was written over.
    Changed,
    /// It says so already.
    Unchanged,
}

/// What is to be done so that the workpad holds a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkpadPlan {
    /// What it comes to.
    pub kept: Kept,
    /// What the comment holds then.
    pub body: String,
    /// The comment that is there.
    comment: Option<String>,
}

/// The issue's workpad, where it has one.
pub async fn read(tracker: &dyn Tracker, id: &str) -> Result<Option<IssueComment>, TrackerError> {
    let operation = "read comments";
    let comments = tracker.fetch_comments(id).await?;
    let comments = comments.ok_or(TrackerError::Unsupported { kind: tracker.kind(), operation })?;
    Ok(find(comments))
}

/// What [`keep`] would do.
pub async fn plan(tracker: &dyn Tracker, id: &str, text: &str) -> Result<WorkpadPlan, TrackerError> {
    if text.trim().is_empty() {
        return Err(TrackerError::InvalidIssue("a workpad is not blank".to_owned()));
    }
    Ok(decide(read(tracker, id).await?, text))
}

/// Sees to it that the issue's workpad holds this text. Where the comment cannot be changed, a new one is written: the
/// newest counts.
pub async fn keep(tracker: &dyn Tracker, id: &str, text: &str) -> Result<WorkpadPlan, TrackerError> {
    let operation = "keep a workpad";
    let writer = tracker.writer().ok_or(TrackerError::ReadOnly { kind: tracker.kind(), operation })?;
    let plan = plan(tracker, id, text).await?;
    let is_written = match (plan.kept, &plan.comment) {
        (Kept::Unchanged, _) => true,
        (Kept::Changed, Some(comment)) => writer.edit_comment(id, comment, &plan.body).await?,
        (Kept::Changed | Kept::Made, _) => false,
    };
    if !is_written {
        writer.comment(id, &plan.body).await?;
    }
    Ok(plan)
}

/// The newest comment that is a workpad and not resolved; comments are oldest first.
fn find(comments: Vec<IssueComment>) -> Option<IssueComment> {
    comments.into_iter().rfind(|comment| !comment.resolved && mark(&comment.body).is_some())
}

fn decide(before: Option<IssueComment>, text: &str) -> WorkpadPlan {
    let text = text.trim().replace("\r\n", "\n");
    let known = before.as_ref().and_then(|before| mark(&before.body)).unwrap_or(MARK);
    let body = if mark(&text).is_some() { text } else { format!("{known}\n\n{text}") };
    match before {
        None => WorkpadPlan { kept: Kept::Made, body, comment: None },
        Some(before) if before.body.trim().replace("\r\n", "\n") == body => {
            WorkpadPlan { kept: Kept::Unchanged, body, comment: before.id }
        }
        Some(before) => WorkpadPlan { kept: Kept::Changed, body, comment: before.id },
    }
}

/// The line that makes a comment a workpad: its first one, a heading of the second level that ends in `Workpad`.
fn mark(body: &str) -> Option<&str> {
    let first = body.trim_start().lines().next()?.trim_end();
    let words = first.strip_prefix("## ")?.split_whitespace();
    words.last().is_some_and(|word| word.eq_ignore_ascii_case("workpad")).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(id: &str, body: &str) -> IssueComment {
        IssueComment { id: Some(id.into()), body: body.into(), ..IssueComment::default() }
    }

    #[test]
    fn a_workpad_is_known_by_its_first_line() {
        for (body, known) in [
            ("## Workpad\n\nplan", Some("## Workpad")),
            ("\n## Codex Workpad  \nplan", Some("## Codex Workpad")),
            ("## Agent Harness workpad", Some("## Agent Harness workpad")),
            ("# Workpad", None),
            ("### Workpad", None),
            ("##Workpad", None),
            ("## Workpad of mine", None),
            ("see the\n## Workpad", None),
            ("", None),
        ] {
            assert_eq!(mark(body), known, "{body:?}");
        }
    }

    #[test]
    fn the_newest_that_is_not_resolved_is_the_one() {
        let resolved = |id| IssueComment { resolved: true, ..comment(id, "## Workpad\nover") };
        let found = |comments: &[IssueComment]| find(comments.to_vec()).and_then(|comment| comment.id);
        let (one, two) = (comment("1", "## Workpad\none"), comment("2", "## Codex Workpad\ntwo"));
        assert_eq!(found(&[one.clone(), two, resolved("3"), comment("4", "said")]).as_deref(), Some("2"));
        assert_eq!(found(&[one, resolved("3")]).as_deref(), Some("1"));
        assert_eq!(found(&[resolved("3"), comment("4", "said")]), None);
    }

    #[test]
    fn it_is_written_over_in_place_and_only_where_it_differs() {
        let decided = |before: Option<&str>, text: &str| {
            let plan = decide(before.map(|body| comment("7", body)), text);
            (plan.kept, plan.body, plan.comment)
        };
        let id = || Some("7".to_owned());
        assert_eq!(decided(None, " plan\n"), (Kept::Made, "## Workpad\n\nplan".into(), None));
        assert_eq!(decided(None, "## My Workpad\nplan"), (Kept::Made, "## My Workpad\nplan".into(), None));
        let before = Some("## Codex Workpad\r\n\r\nplan\r\n");
        assert_eq!(decided(before, "plan"), (Kept::Unchanged, "## Codex Workpad\n\nplan".into(), id()));
        assert_eq!(decided(before, "done"), (Kept::Changed, "## Codex Workpad\n\ndone".into(), id()));
        assert_eq!(decided(before, "## Workpad\n\nplan"), (Kept::Changed, "## Workpad\n\nplan".into(), id()));
    }
}
