//! The writes that a program may offer: a state, a comment.

use super::Command;
use super::call::Verb;
use crate::model::{Issue, is_same_state};
use crate::tracker::{BoxFuture, IssueEdit, NewIssue, Tracker, TrackerError, Write, Writer, check_comment};

impl Command {
    async fn require(&self, id: &str) -> Result<Issue, TrackerError> {
        let found = self.fetch_issues_by_ids(&[id.to_owned()]).await?.pop();
        found.ok_or_else(|| TrackerError::IssueNotFound(id.to_owned()))
    }

    fn makes_none(&self) -> TrackerError {
        TrackerError::Unsupported { kind: self.kind, operation: "make an issue" }
    }

    /// Fails where more is to be changed than a program is asked for.
    fn check(&self, edit: &IssueEdit) -> Result<(), TrackerError> {
        if *edit == (IssueEdit { state: edit.state.clone(), ..IssueEdit::default() }) {
            return Ok(());
        }
        let operation = "change more of an issue than its state";
        Err(TrackerError::Unsupported { kind: self.kind, operation })
    }
}

impl Writer for Command {
    fn create<'a>(&'a self, _new: &'a NewIssue) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move { Err(self.makes_none()) })
    }

    fn edit<'a>(&'a self, id: &'a str, edit: &'a IssueEdit) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move {
            self.check(edit)?;
            let issue = self.require(id).await?;
            let Some(state) = edit.state.as_ref().filter(|state| !is_same_state(state, &issue.state)) else {
                return Ok(issue);
            };
            self.call(Verb::State, &[id.to_owned(), state.clone()], None).await?;
            let after = self.require(id).await?;
            if is_same_state(state, &after.state) {
                return Ok(after);
            }
            let message = format!("{} was to be set to `{state}`, and is in `{}`", after.identifier, after.state);
            Err(TrackerError::Response(message))
        })
    }

    fn comment<'a>(&'a self, id: &'a str, text: &'a str) -> BoxFuture<'a, Result<Issue, TrackerError>> {
        Box::pin(async move {
            check_comment(text)?;
            let issue = self.require(id).await?;
            self.call(Verb::Comment, &[id.to_owned()], Some(text)).await?;
            Ok(issue)
        })
    }

    fn foresee<'a>(&'a self, write: Write<'a>) -> BoxFuture<'a, Result<Option<Issue>, TrackerError>> {
        Box::pin(async move {
            match write {
                Write::Create(_) => Err(self.makes_none()),
                Write::Edit { edit, .. } => self.check(edit).map(|()| None),
                Write::Comment { text, .. } => check_comment(text).map(|()| None),
            }
        })
    }
}
