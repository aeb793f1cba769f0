//! The issues that a walk has found so far, each once.

use std::collections::{HashMap, HashSet};

use crate::model::{Issue, IssueRef};

/// Issues in the order in which they came, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Found {
    issues: Vec<Issue>,
    places: HashMap<String, usize>,
}

impl Found {
    /// Adds an issue. One that is there already is left as it is: pages shift while issues change, and lists overlap.
    pub(super) fn add(&mut self, issue: Issue) {
        if !self.places.contains_key(&issue.id) {
            self.places.insert(issue.id.clone(), self.issues.len());
            self.issues.push(issue);
        }
    }

    /// The issue with this id.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Issue> {
        self.places.get(id).map(|place| &mut self.issues[*place])
    }

    /// All of them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Issue> {
        self.issues.iter_mut()
    }

    /// All of them, each with every blocker and part once: where an issue was on two pages, what it is related to came
    /// twice.
    pub(super) fn into_issues(mut self) -> Vec<Issue> {
        for issue in &mut self.issues {
            keep_once(&mut issue.blocked_by);
            keep_once(&mut issue.sub_issues);
        }
        self.issues
    }
}

fn keep_once(references: &mut Vec<IssueRef>) {
    let mut seen = HashSet::new();
    references.retain(|other| seen.insert((other.id.clone(), other.identifier.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_is_there_once_and_so_is_what_it_is_related_to() {
        let issue = |id: &str, title: &str| Issue::blank(id, id, title, "Todo");
        let other = |id: &str| IssueRef { id: Some(id.into()), identifier: Some(id.into()), state: None };
        let mut found = Found::default();
        for new in [issue("1", "first"), issue("2", "second"), issue("1", "again")] {
            found.add(new);
        }
        for id in ["1", "1"] {
            let issue = found.get_mut(id).expect("there");
            issue.blocked_by.extend([other("3"), other("4")]);
            issue.sub_issues.push(other("5"));
        }
        assert!(found.get_mut("3").is_none());
        let issues = found.into_issues();
        assert_eq!(issues.iter().map(|issue| issue.title.as_str()).collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!((&issues[0].blocked_by, &issues[0].sub_issues), (&vec![other("3"), other("4")], &vec![other("5")]));
    }
}
