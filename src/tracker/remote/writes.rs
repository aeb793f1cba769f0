//! Writes: look, change, look again.

use super::{Provider, Remote};
use crate::model::{Issue, normal_state};
use crate::tracker::{BoxFuture, IssueEdit, NewIssue, Tracker, TrackerError, Writer};

impl<P: Provider> Remote<P> {
    async fn require(&self, id: &str) -> Result<Issue, TrackerError> {
        let found = self.fetch_issues_by_ids(&[id.to_owned()]).await?.pop();
        found.ok_or_else(|| TrackerError::IssueNotFound(id.to_owned()))
    }
}

impl<P: Provider> Writer for Remote<P> {
    fn create<'a>(&'a self, new: &'a NewIssue) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move {
            if new.title.trim().is_empty() || new.title.contains('\n') {
                return Err(TrackerError::InvalidIssue("a title is one line that is not blank".to_owned()));
            }
            let id = self.provider.create(&self.http, new).await?;
            self.require(&id).await
        })
    }

    fn edit<'a>(&'a self, id: &'a str, edit: &'a IssueEdit) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move {
            let issue = self.require(id).await?;
            if edit.title.as_deref().is_some_and(|title| title.trim().is_empty() || title.contains('\n')) {
                return Err(TrackerError::InvalidIssue("a title is one line that is not blank".to_owned()));
            }
            let change = needed(edit, &issue);
            if change == IssueEdit::default() {
                return Ok(issue);
            }
            self.provider.edit(&self.http, &issue, &change).await?;
            let after = self.require(id).await?;
            match &change.state {
                Some(state) if normal_state(state) != normal_state(&after.state) => {
                    let name = &after.identifier;
                    let message = format!("{name} was to be set to `{state}`, and is in `{}`", after.state);
                    Err(TrackerError::Response(message))
                }
                Some(_) | None => Ok(after),
            }
        })
    }

    fn comment<'a>(&'a self, id: &'a str, text: &'a str) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move {
            if text.trim().is_empty() {
                return Err(TrackerError::InvalidIssue("a comment is not blank".to_owned()));
            }
            let issue = self.require(id).await?;
            self.provider.comment(&self.http, id, text).await?;
            Ok(issue)
        })
    }
}

/// What of the change is one: an edit that changes nothing writes nothing.
fn needed(edit: &IssueEdit, issue: &Issue) -> IssueEdit {
    let has = |label: &String| issue.labels.contains(&label.trim().to_lowercase());
    let mut change = edit.clone();
    change.title = change.title.filter(|title| *title != issue.title);
    change.description = change.description.filter(|text| Some(text) != issue.description.as_ref());
    change.state = change.state.filter(|state| normal_state(state) != normal_state(&issue.state));
    change.priority = change.priority.filter(|priority| *priority != issue.priority);
    change.assignee = change.assignee.filter(|assignee| *assignee != issue.assignee_id);
    change.add_labels.retain(|label| !has(label));
    change.remove_labels.retain(has);
    change
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracker::remote::Blank;

    #[test]
    fn only_what_differs_is_changed() {
        let issue = Issue { labels: vec!["bug".into()], ..Issue::blank("1", "GH-1", "Title", "Todo") };
        let same = IssueEdit {
            title: Some("Title".into()),
            state: Some(" todo".into()),
            add_labels: vec!["Bug".into()],
            remove_labels: vec!["other".into()],
            ..IssueEdit::default()
        };
        assert_eq!(needed(&same, &issue), IssueEdit::default());
        let other = IssueEdit { state: Some("Done".into()), remove_labels: vec!["bug".into()], ..same };
        let expected =
            IssueEdit { state: Some("Done".into()), remove_labels: vec!["bug".into()], ..IssueEdit::default() };
        assert_eq!(needed(&other, &issue), expected);
    }
}
