//! Finding what a request made whose answer was lost: killed, timed out, or cut off.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{IssueComment, NewIssue};
use crate::model::{Issue, Timestamp};

/// How far the tracker's clock may be behind ours.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// The first issue that says what `new` says and was made since then. `known` are the ids of issues that are known to have
/// come of other requests.
#[must_use]
pub fn made_since<'i>(
    issues: &'i [Issue],
    new: &NewIssue,
    since: Timestamp,
    known: &BTreeSet<String>,
) -> Option<&'i Issue> {
    let description = new.description.as_deref().unwrap_or_default();
    let is_it = |issue: &&Issue| {
        says(&issue.title, &new.title)
            && says(issue.description.as_deref().unwrap_or_default(), description)
            && issue.created_at.is_none_or(|at| at >= since - SKEW)
            && !known.contains(&issue.id)
    };
    issues.iter().filter(is_it).min_by_key(|issue| (issue.created_at.is_none(), issue.created_at))
}

/// Whether one of the comments says this, and was made since then.
#[must_use]
pub fn said_since(comments: &[IssueComment], text: &str, since: Timestamp) -> bool {
    let is_new = |comment: &&IssueComment| comment.created_at.is_none_or(|at| at >= since - SKEW);
    comments.iter().filter(is_new).any(|comment| says(&comment.body, text))
}

/// Whether two texts say the same; of those without a word every sign counts.
fn says(one: &str, other: &str) -> bool {
    let (these, those) = (words(one), words(other));
    these == those && (!these.is_empty() || one.trim() == other.trim())
}

/// A text without its markup and its white space, which trackers keep in their own way.
fn words(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::minutes(60 + minute)
    }

    fn issue(id: &str, title: &str, description: &str, minute: Option<i64>) -> Issue {
        let description = Some(description.to_owned()).filter(|text| !text.is_empty());
        Issue { description, created_at: minute.map(at), ..Issue::blank(id, id, title, "Todo") }
    }

    #[test]
    fn an_issue_that_says_the_same_and_is_not_older_is_the_one() {
        let found = |issues: &[Issue], description: &str| {
            let new =
                NewIssue { title: "Audit".into(), description: Some(description.to_owned()), ..NewIssue::default() };
            let known = BTreeSet::from(["known".to_owned()]);
            made_since(issues, &new, at(0), &known).map(|issue| issue.id.clone())
        };
        let text = "Look at:\n\n- the *door*";
        for (issues, expected) in [
            (vec![], None),
            (vec![issue("1", "Audit", text, Some(1))], Some("1")),
            (vec![issue("1", " Audit\n", "Look at:\r\n* the **door**\r\n", Some(1))], Some("1")),
            (vec![issue("1", "Audit", "Look at the window", Some(1))], None),
            (vec![issue("1", "Audit", "", Some(1))], None),
            (vec![issue("1", "Another", text, Some(1))], None),
            (vec![issue("1", "Audit", text, Some(-5))], Some("1")),
            (vec![issue("1", "Audit", text, Some(-6))], None),
            (vec![issue("1", "Audit", text, None)], Some("1")),
            (vec![issue("known", "Audit", text, Some(1))], None),
            (
                vec![
                    issue("1", "Audit", text, None),
                    issue("2", "Audit", text, Some(3)),
                    issue("3", "Audit", text, Some(2)),
                ],
                Some("3"),
            ),
        ] {
            assert_eq!(found(&issues, text).as_deref(), expected, "{issues:?}");
        }
        assert_eq!(found(&[issue("1", "Audit", "", Some(1))], " \n").as_deref(), Some("1"), "blank is none");
    }

    #[test]
    fn a_comment_that_says_the_same_and_is_not_older_is_the_one() {
        let comment = |body: &str, minute: Option<i64>| IssueComment {
            body: body.to_owned(),
            created_at: minute.map(at),
            ..IssueComment::default()
        };
        for (body, minute, text, expected) in [
            ("Done, *at last*.\r\n", Some(0), "Done, at last.", true),
            ("Done", None, "Done", true),
            ("Done", Some(-6), "Done", false),
            ("Done", Some(0), "Not done", false),
            (":+1:", Some(0), "🎉", false),
            ("🎉", Some(0), "🎉 ", true),
            ("🎉", Some(0), "😞", false),
        ] {
            assert_eq!(said_since(&[comment(body, minute)], text, at(0)), expected, "{body} {minute:?} {text}");
        }
    }
}
