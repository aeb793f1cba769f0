//! Making an issue under an idempotency key: the same request, however often, makes one.
//!
//! A tracker that keeps a mark beside what it makes (`local`) finds it again by itself. For any other the receipt is kept
//! before the request, without an answer. Whoever finds it so, and has the turn, knows that the one who left it is gone:
//! killed between the tracker's answer and the receipt, or left without an answer. It looks for the issue by what it says,
//! and makes it only where there is none.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use super::IssueView;
use super::issue::{view, writer};
use super::once::replay;
use crate::error::{Error, Exit, Result};
use crate::model::{Issue, Receipt, Timestamp};
use crate::project::Project;
use crate::queue::Once;
use crate::store::Kind;
use crate::tracker::{IssueEdit, NewIssue, TrackerError, Write, Writer, made_since};

/// What of an issue is kept in a receipt at most, in bytes: its description may be long.
const MAX_ANSWER: usize = 32 << 10;

/// How long another request under a key is waited for. Each of its own is bounded by the tracker's timeout.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes an issue under an idempotency key.
pub async fn create_once(project: &Project, new: &NewIssue, once: &Once) -> Result<IssueView> {
    if let Some(receipt) = replay(project, once)? {
        return answered(&receipt);
    }
    let writer = writer(project)?;
    if writer.keeps_marks() {
        let made = writer.create(&NewIssue { mark: Some(once.mark()), ..new.clone() }).await?;
        return answer(project, once, made, false);
    }
    // What cannot be leaves the key free.
    writer.foresee(Write::Create(new)).await?;
    let _turn = Turn::take(project)?;
    if let Some(before) = begin(project, new, once)? {
        if before.answer.is_some() {
            return answered(&before);
        }
        if let Some(found) = look(project, new, before.at).await? {
            return answer(project, once, completed(writer, found, new).await?, true);
        }
    }
    let begun = project.seams.now();
    match writer.create(new).await {
        Ok(made) => answer(project, once, made, false),
        Err(error) => {
            // It may have refused a part of it, and made the rest.
            if is_refusal(&error) && matches!(look(project, new, begun).await, Ok(None)) {
                withdraw(project, new, once)?;
            }
            Err(error.into())
        }
    }
}

/// The issue that the request made before, if it did. Only looks: what a dry run says.
pub fn created_before(project: &Project, once: &Once) -> Result<Option<IssueView>> {
    once.replay(once.look(&project.store)?)?.map(|receipt| answered(&receipt)).transpose()
}

fn answered(receipt: &Receipt) -> Result<IssueView> {
    let damaged = |error: serde_json::Error| {
        Error::new(Exit::Store, "document_damaged", format!("receipts/{}: {error}", receipt.name))
    };
    let answer = receipt.answer.as_ref().unwrap_or(&Value::Null);
    let key = serde_json::from_value(answer["key"].clone()).map_err(damaged)?;
    let issue = serde_json::from_value(answer["issue"].clone()).map_err(damaged)?;
    Ok(IssueView { key, issue, comments: None, replayed: Some(true) })
}

/// Keeps the answer, unless somebody else has meanwhile.
fn answer(project: &Project, once: &Once, issue: Issue, is_found: bool) -> Result<IssueView> {
    let made = view(project, issue);
    let mut answer = json!({ "key": made.key, "issue": made.issue });
    if answer.to_string().len() > MAX_ANSWER {
        answer["issue"]["description"] = Value::Null;
    }
    let now = project.seams.now();
    let before = project.store.transact(now, &project.by(None), |tx| {
        if let Some(receipt) = once.replay(once.receipt(tx)?)? {
            return Ok(Some(receipt));
        }
        tx.event("issue.created", Some(&made.issue.identifier), None, json!({ "title": made.issue.title }));
        once.answer(tx, answer, now)?;
        Ok::<_, Error>(None)
    })?;
    before.map_or(Ok(IssueView { replayed: Some(is_found), ..made }), |receipt| answered(&receipt))
}

/// Keeps that it is about to be done, unless there is a receipt already, which is returned. One without an answer is of
/// somebody who is gone.
fn begin(project: &Project, new: &NewIssue, once: &Once) -> Result<Option<Receipt>> {
    let now = project.seams.now();
    project.store.transact(now, &project.by(None), |tx| {
        let before = once.same(once.receipt(tx)?)?;
        if before.is_none() {
            tx.event("issue.creating", None, None, json!({ "title": new.title }));
            once.begin(tx, now)?;
        }
        Ok::<_, Error>(before)
    })
}

fn withdraw(project: &Project, new: &NewIssue, once: &Once) -> Result<()> {
    project.store.transact(project.seams.now(), &project.by(None), |tx| {
        tx.event("issue.not_created", None, None, json!({ "title": new.title }));
        once.withdraw(tx);
        Ok::<_, Error>(())
    })
}

/// The issue that the request made since then, if it did. What answered other keys is none.
async fn look(project: &Project, new: &NewIssue, since: Timestamp) -> Result<Option<Issue>> {
    let fetched = project.tracker.fetch_all_issues().await?;
    let receipts = project.store.snapshot(&[Kind::Receipts])?.all::<Receipt>();
    let answers = receipts.iter().filter_map(|receipt| receipt.answer.as_ref()?["issue"]["id"].as_str());
    let known: BTreeSet<String> = answers.map(str::to_owned).collect();
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

/// Whether the tracker has said that it will not, so that a repetition would hear the same.
fn is_refusal(error: &TrackerError) -> bool {
    let is_answer = !matches!(error, TrackerError::Response(_));
    is_answer && !error.retryable()
}

/// The right to be the one that makes issues under keys, until it is dropped, or its process is gone.
struct Turn(#[expect(dead_code, reason = "closed, and thereby unlocked, when it is dropped")] File);

impl Turn {
    fn take(project: &Project) -> Result<Self> {
        let path = project.store.layout().root.join("making.lock");
        let failed = |source: std::io::Error| {
            Error::new(Exit::Failed, "io", format!("cannot lock {}", path.display())).because(source)
        };
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => return Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Blocks in flock, which is fair, on a thread of its own, which gives back what it gets too late.
        let (give, take) = mpsc::sync_channel(0);
        std::thread::spawn(move || drop(give.send(file.lock().map(|()| file))));
        match take.recv_timeout(PATIENCE) {
            Ok(locked) => Ok(Self(locked.map_err(failed)?)),
            Err(_) => {
                let message = format!("{}: another request under an idempotency key has taken 60 s", path.display());
                Err(Error::new(Exit::LockBusy, "lock_busy", message).hint("try again").retryable())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_be_refused_again_frees_the_key() {
        let status = |status| TrackerError::Status { what: "POST /issues".into(), status, said: String::new() };
        let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        for (error, expected) in [
            (status(422), true),
            (status(401), true),
            (status(502), false),
            (TrackerError::InvalidIssue("no such user".into()), true),
            (TrackerError::Request { what: "POST /issues".into(), cause: lost.into() }, false),
            (TrackerError::Response("half an answer".into()), false),
            (TrackerError::RateLimited { what: "POST /issues".into(), retry_after_ms: None }, false),
        ] {
            assert_eq!(is_refusal(&error), expected, "{error}");
        }
    }
}
