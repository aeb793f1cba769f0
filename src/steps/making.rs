//! Making an issue, or commenting on one, under an idempotency key: the same request, however often, does it once.
//!
//! A tracker that keeps a mark beside the issue that it makes (`local`) finds it again by itself. Anything else is an
//! [`Act`]: where one was begun by somebody who is gone, it is looked for by what it says, and done only where it is not
//! there.

use std::collections::BTreeSet;

use serde_json::json;

use super::IssueView;
use super::act::{Act, answered, is_refusal, take_turn};
use super::issue::{find, writer};
use super::once::replay;
use crate::error::Result;
use crate::model::{Issue, Receipt, Timestamp};
use crate::project::Project;
use crate::queue::Once;
use crate::store::Kind;
use crate::tracker::{IssueEdit, NewIssue, Write, Writer, made_since, said_since};

/// The action of requests to make an issue.
pub const CREATE: &str = "issue create";

/// Makes an issue under an idempotency key.
pub async fn create_once(project: &Project, new: &NewIssue, once: &Once) -> Result<IssueView> {
    if let Some(receipt) = replay(project, once)? {
        return answered(&receipt);
    }
    let (beginning, done, refused) = ("issue.creating", "issue.created", "issue.not_created");
    let act = Act { project, once, beginning, done, refused, data: json!({ "title": new.title }) };
    let writer = writer(project)?;
    if writer.keeps_marks() {
        let made = writer.create(&NewIssue { mark: Some(once.mark()), ..new.clone() }).await?;
        return act.answer(made, false);
    }
    // What cannot be leaves the key free.
    writer.foresee(Write::Create(new)).await?;
    let _turn = take_turn(project)?;
    if let Some(before) = act.begin()? {
        if before.answer.is_some() {
            return answered(&before);
        }
        if let Some(found) = look(project, new, before.at).await? {
            return act.answer(completed(writer, found, new).await?, true);
        }
    }
    let begun = project.seams.now();
    match writer.create(new).await {
        Ok(made) => act.answer(made, false),
        Err(error) => {
            // It may have refused a part of it, and made the rest.
            if is_refusal(&error) && matches!(look(project, new, begun).await, Ok(None)) {
                act.withdraw()?;
            }
            Err(error.into())
        }
    }
}

/// Adds a comment under an idempotency key.
pub async fn comment_once(project: &Project, identifier: &str, text: &str, once: &Once) -> Result<IssueView> {
    if let Some(receipt) = replay(project, once)? {
        return answered(&receipt);
    }
    let writer = writer(project)?;
    let issue = find(project, identifier).await?.issue;
    writer.foresee(Write::Comment { id: &issue.id, text }).await?;
    let (beginning, done, refused) = ("issue.commenting", "issue.commented", "issue.not_commented");
    let act = Act { project, once, beginning, done, refused, data: json!({ "identifier": issue.identifier }) };
    let _turn = take_turn(project)?;
    if let Some(before) = act.begin()? {
        if before.answer.is_some() {
            return answered(&before);
        }
        let comments = project.tracker.fetch_comments(&issue.id).await?.unwrap_or_default();
        if said_since(&comments, text, before.at) {
            return act.answer(issue, true);
        }
    }
    match writer.comment(&issue.id, text).await {
        Ok(commented) => act.answer(commented, false),
        Err(error) => {
            if is_refusal(&error) {
                act.withdraw()?;
            }
            Err(error.into())
        }
    }
}

/// What the request led to before, if it was answered. Only looks: what a dry run says.
pub fn done_before(project: &Project, once: &Once) -> Result<Option<IssueView>> {
    once.replay(once.look(&project.store)?)?.map(|receipt| answered(&receipt)).transpose()
}

/// The issue that the request made since then, if it did. What answered other keys is none.
async fn look(project: &Project, new: &NewIssue, since: Timestamp) -> Result<Option<Issue>> {
    let fetched = project.tracker.fetch_all_issues().await?;
    let receipts = project.store.snapshot(&[Kind::Receipts])?.all::<Receipt>();
    let answers = receipts.iter().filter(|receipt| receipt.action == CREATE);
    let known = answers.filter_map(|receipt| receipt.answer.as_ref()?["issue"]["id"].as_str());
    let known: BTreeSet<String> = known.map(str::to_owned).collect();
    Ok(made_since(&fetched.issues, new, since, &known).cloned())
}

/// The issue with what else was asked for, as far as trackers take it by further requests. Its state stays: it may be at
/// work by now.
async fn completed(writer: &dyn Writer, found: Issue, new: &NewIssue) -> Result<Issue> {
    let edit = IssueEdit {
        add_blocked_by: new.blocked_by.clone(),
        parent: new.parent.clone().map(Some),
        ..IssueEdit::default()
    };
    if edit == IssueEdit::default() { Ok(found) } else { Ok(writer.edit(&found.id, &edit).await?) }
}
