//! Finding the issue that a request made whose answer was lost: killed, timed out, or cut off.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::NewIssue;
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
        words(&issue.title) == words(&new.title)
            && words(issue.description.as_deref().unwrap_or_default()) == words(description)
            && issue.created_at.is_none_or(|at| at >= since - SKEW)
            && !known.contains(&issue.id)
    };
    issues.iter().filter(is_it).min_by_key(|issue| (issue.created_at.is_none(), issue.created_at))
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
}
