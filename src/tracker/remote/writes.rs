//! Writes: look, change, look again.

use super::{Provider, Remote, ranks};
use crate::model::{Issue, IssueRef, is_same_state};
use crate::tracker::{BoxFuture, IssueEdit, NewIssue, Tracker, TrackerError, Write, Writer, check_comment};

impl<P: Provider> Remote<P> {
    async fn require(&self, id: &str) -> Result<Issue, TrackerError> {
        let found = self.fetch_issues_by_ids(&[id.to_owned()]).await?.pop();
        found.ok_or_else(|| TrackerError::IssueNotFound(id.to_owned()))
    }

    /// The issue to be made as the provider is told it. What cannot be fails before anything is sent.
    fn told_new(&self, new: &NewIssue) -> Result<NewIssue, TrackerError> {
        check_title(&new.title)?;
        let (priority, add_labels) = (new.priority.map(Some), new.labels.clone());
        let told = self.told_edit(&IssueEdit { priority, add_labels, ..IssueEdit::default() })?;
        Ok(NewIssue { priority: told.priority.flatten(), labels: told.add_labels, ..new.clone() })
    }

    /// The change as the provider is told it: with labels for the priority where they stand for it.
    fn told_edit(&self, edit: &IssueEdit) -> Result<IssueEdit, TrackerError> {
        edit.title.as_deref().map_or(Ok(()), check_title)?;
        let unsupported = |operation| Err(TrackerError::Unsupported { kind: P::KIND, operation });
        let relabels = !edit.add_labels.is_empty() || !edit.remove_labels.is_empty();
        if relabels && !P::HAS_LABELS {
            return unsupported("set labels");
        }
        match self.provider.ranks() {
            Some([]) if edit.priority.is_some() => {
                unsupported("set a priority before `provider.priority_labels` names the labels that stand for one")
            }
            Some(ranks) => ranks::as_labels(edit, ranks),
            None => Ok(edit.clone()),
        }
    }

    /// Fails where what was written is not what stands there. Some providers leave out without a word what a credential
    /// may not change.
    fn check_written(&self, edit: &IssueEdit, after: &Issue) -> Result<(), TrackerError> {
        let name = &after.identifier;
        if let Some(state) = edit.state.as_ref().filter(|state| !is_same_state(state, &after.state)) {
            let message = format!("{name} was to be set to `{state}`, and is in `{}`", after.state);
            return Err(TrackerError::Response(message));
        }
        if let Some(priority) = edit.priority.filter(|priority| *priority != after.priority)
            && self.provider.ranks().is_some()
        {
            let told = |priority: Option<i64>| priority.map_or("no priority".to_owned(), |n| format!("priority {n}"));
            let message = format!("{name} was to have {}, and has {}", told(priority), told(after.priority));
            return Err(TrackerError::Response(message));
        }
        Ok(())
    }
}

impl<P: Provider> Writer for Remote<P> {
    fn create<'a>(&'a self, new: &'a NewIssue) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move {
            let told = self.told_new(new)?;
            self.prepare().await?;
            let id = self.provider.create(&self.http, &told).await?;
            let made = self.fetch_issues_by_ids(std::slice::from_ref(&id)).await?.pop();
            made.ok_or_else(|| {
                let message = format!("it was made, with the id `{id}`, and is not what `tracker.provider` selects");
                TrackerError::Response(message)
            })
        })
    }

    fn edit<'a>(&'a self, id: &'a str, edit: &'a IssueEdit) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move {
            let issue = self.require(id).await?;
            let change = needed(&self.told_edit(edit)?, &issue);
            if change == IssueEdit::default() {
                return Ok(issue);
            }
            self.provider.edit(&self.http, &issue, &change).await?;
            let after = self.require(id).await?;
            self.check_written(edit, &after).map(|()| after)
        })
    }

    fn foresee<'a>(&'a self, write: Write<'a>) -> BoxFuture<'a, Result<Option<Issue>, TrackerError>> {
        Box::pin(async move {
            match write {
                Write::Create(new) => self.told_new(new).map(|_| None),
                Write::Edit { edit, .. } => self.told_edit(edit).map(|_| None),
                Write::Comment { text, .. } => check_comment(text).map(|()| None),
            }
        })
    }

    fn comment<'a>(&'a self, id: &'a str, text: &'a str) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move {
            check_comment(text)?;
            let issue = self.require(id).await?;
            self.provider.comment(&self.http, id, text).await?;
            Ok(issue)
        })
    }

    fn edit_comment<'a>(
        &'a self,
        id: &'a str,
        comment: &'a str,
        text: &'a str,
    ) -> BoxFuture<'a, Result<bool, TrackerError>> {
        Box::pin(async move {
            let Some(request) = self.provider.comment_edit(id, comment, text) else { return Ok(false) };
            let answer = self.http.send(&request).await?;
            // Gone meanwhile, somebody else's, or a server that is older than such changes.
            if matches!(answer.status(), 403 | 404 | 405 | 410) {
                return Ok(false);
            }
            self.provider.comment_edited(&answer)?;
            Ok(true)
        })
    }
}

fn check_title(title: &str) -> Result<(), TrackerError> {
    if title.trim().is_empty() || title.contains('\n') {
        return Err(TrackerError::InvalidIssue("a title is one line that is not blank".to_owned()));
    }
    Ok(())
}

/// What of the change is one: an edit that changes nothing writes nothing.
fn needed(edit: &IssueEdit, issue: &Issue) -> IssueEdit {
    let has = |label: &String| issue.labels.contains(&label.trim().to_lowercase());
    let waits_for = |name: &String| issue.blocked_by.iter().any(|blocker| is_called(blocker, name));
    let mut change = edit.clone();
    change.title = change.title.filter(|title| *title != issue.title);
    change.description = change.description.filter(|text| Some(text) != issue.description.as_ref());
    change.state = change.state.filter(|state| !is_same_state(state, &issue.state));
    change.priority = change.priority.filter(|priority| *priority != issue.priority);
    change.assignee = change.assignee.filter(|assignee| *assignee != issue.assignee_id);
    change.parent = change.parent.filter(|parent| match (parent, &issue.parent) {
        (Some(name), Some(parent)) => !is_called(parent, name),
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    });
    change.add_labels.retain(|label| !has(label));
    change.remove_labels.retain(has);
    change.add_blocked_by.retain(|name| !waits_for(name));
    change.remove_blocked_by.retain(waits_for);
    change
}

fn is_called(other: &IssueRef, name: &str) -> bool {
    let names = [&other.id, &other.identifier];
    names.into_iter().flatten().any(|known| known.eq_ignore_ascii_case(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn relations_that_are_there_are_not_made_again() {
        let other =
            |name: &str| IssueRef { id: Some(format!("id-{name}")), identifier: Some(name.into()), state: None };
        let issue = Issue {
            blocked_by: vec![other("A-2"), other("A-3")],
            parent: Some(other("A-9")),
            ..Issue::blank("id-A-1", "A-1", "Title", "Todo")
        };
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let edit = IssueEdit {
            add_blocked_by: names(&["a-2", "id-A-3", "A-4"]),
            remove_blocked_by: names(&["A-3", "A-5"]),
            parent: Some(Some("id-A-9".into())),
            ..IssueEdit::default()
        };
        let expected =
            IssueEdit { add_blocked_by: names(&["A-4"]), remove_blocked_by: names(&["A-3"]), ..IssueEdit::default() };
        assert_eq!(needed(&edit, &issue), expected);
        let cleared = IssueEdit { parent: Some(None), ..IssueEdit::default() };
        assert_eq!(needed(&cleared, &issue), cleared);
        assert_eq!(needed(&cleared, &Issue { parent: None, ..issue }), IssueEdit::default());
    }
}
