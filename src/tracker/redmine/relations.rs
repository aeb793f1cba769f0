//! Blockers and sub-issues: a list tells the numbers of the first and nothing of the second. Both may be in another
//! project.

use std::collections::HashMap;

use serde_json::Value;

use super::{BATCH, Redmine, after, record};
use crate::model::{Issue, IssueRef};
use crate::tracker::TrackerError;
use crate::tracker::http::{Answer, Request};
use crate::tracker::remote::{Found, reference, text};

const BLOCKERS: &str = "blockers";
const CHILDREN: &str = "children";

impl Redmine {
    /// What must be asked about issues that are not over.
    pub(super) fn relations<'i>(&self, issues: impl Iterator<Item = &'i Issue>) -> Vec<Request> {
        let is_over = |issue: &Issue| self.statuses.get().is_some_and(|statuses| statuses.is_closed(&issue.state));
        let waiting: Vec<&Issue> = issues.filter(|issue| !is_over(issue)).collect();
        let mut blockers: Vec<&str> = Vec::new();
        for id in waiting.iter().flat_map(|issue| &issue.blocked_by).filter_map(|blocker| blocker.id.as_deref()) {
            if !blockers.contains(&id) {
                blockers.push(id);
            }
        }
        let ask = |tag, filter: &str, ids: &[&str]| {
            Self::any().query("status_id", "*").query(filter, ids.join(",")).tagged(tag)
        };
        let parents: Vec<&str> = waiting.iter().map(|issue| issue.id.as_str()).collect();
        let children = parents.chunks(BATCH).map(|ids| ask(CHILDREN, "parent_id", ids));
        children.chain(blockers.chunks(BATCH).map(|ids| ask(BLOCKERS, "issue_id", ids))).collect()
    }

    /// Takes up the answer to one of these. A blocker that is not there keeps no state, which holds its issue back.
    pub(super) fn take_up(request: &Request, answer: &Answer, found: &mut Found) -> Result<Vec<Request>, TrackerError> {
        let body = answer.json()?;
        let records = body["issues"].as_array().ok_or_else(|| answer.nonsense("no list of `issues`"))?;
        let others: Option<Vec<IssueRef>> = records.iter().map(known).collect();
        let others = others.ok_or_else(|| answer.nonsense("an issue without `id` or `status`"))?;
        if request.tag() == CHILDREN {
            for (record, child) in records.iter().zip(others) {
                let parent = record["parent"]["id"].as_u64().and_then(|id| found.get_mut(&id.to_string()));
                if let Some(parent) = parent {
                    parent.sub_issues.push(child);
                }
            }
            return Ok(after(request, records).into_iter().collect());
        }
        let states: HashMap<_, _> = others.into_iter().map(|other| (other.id, other.state)).collect();
        for blocker in found.iter_mut().flat_map(|issue| &mut issue.blocked_by) {
            if let Some(state) = states.get(&blocker.id) {
                blocker.state.clone_from(state);
            }
        }
        Ok(Vec::new())
    }
}

/// Another issue with its state.
fn known(found: &Value) -> Option<IssueRef> {
    let id = found["id"].as_u64()?;
    Some(reference(id.to_string(), record::identifier(id), Some(text(&found["status"]["name"])?)))
}
