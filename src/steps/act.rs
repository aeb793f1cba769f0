//! An act in the tracker under an idempotency key. The receipt is kept before it, without an answer, and gets the answer
//! afterwards. Whoever finds it without one, and has the turn, knows that the one who left it is gone: killed between the
//! tracker's answer and the receipt, or left without an answer. What he may have done is looked for then.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use serde_json::{Value, json};

use super::IssueView;
use super::issue::view;
use crate::error::{Error, Exit, Result};
use crate::model::{Issue, Receipt};
use crate::process::{Locked, lock_within};
use crate::project::Project;
use crate::queue::Once;
use crate::tracker::TrackerError;

/// What of an issue is kept in a receipt at most, in bytes: its description may be long.
const MAX_ANSWER: usize = 32 << 10;

/// How long another act is waited for. Each request of its own is bounded by the tracker's timeout.
const PATIENCE: Duration = Duration::from_secs(60);

/// An act, and how the journal calls it.
pub(super) struct Act<'a> {
    pub(super) project: &'a Project,
    pub(super) once: &'a Once,
    /// It is about to be done.
    pub(super) beginning: &'static str,
    /// It was done.
    pub(super) done: &'static str,
    /// The tracker refused it.
    pub(super) refused: &'static str,
    /// What these events say.
    pub(super) data: Value,
}

impl Act<'_> {
    /// Keeps that it is about to be done, unless there is a receipt already, which is returned.
    pub(super) fn begin(&self) -> Result<Option<Receipt>> {
        let now = self.project.seams.now();
        self.project.store.transact(now, &self.project.by(None), |tx| {
            let before = self.once.same(self.once.receipt(tx)?)?;
            if before.is_none() {
                tx.event(self.beginning, None, None, self.data.clone());
                self.once.begin(tx, now)?;
            }
            Ok::<_, Error>(before)
        })
    }

    /// Keeps the answer, unless somebody else has meanwhile. `is_found` where it was done by one who is gone.
    pub(super) fn answer(&self, issue: Issue, is_found: bool) -> Result<IssueView> {
        let made = view(self.project, issue);
        let mut answer = json!({ "key": made.key, "issue": made.issue });
        if answer.to_string().len() > MAX_ANSWER {
            answer["issue"]["description"] = Value::Null;
        }
        let now = self.project.seams.now();
        let before = self.project.store.transact(now, &self.project.by(None), |tx| {
            if let Some(receipt) = self.once.replay(self.once.receipt(tx)?)? {
                return Ok(Some(receipt));
            }
            tx.event(self.done, Some(&made.issue.identifier), None, self.data.clone());
            self.once.answer(tx, answer, now)?;
            Ok::<_, Error>(None)
        })?;
        before.map_or(Ok(IssueView { replayed: Some(is_found), ..made }), |receipt| answered(&receipt))
    }

    /// Frees the key: nothing came of it.
    pub(super) fn withdraw(&self) -> Result<()> {
        self.project.store.transact(self.project.seams.now(), &self.project.by(None), |tx| {
            tx.event(self.refused, None, None, self.data.clone());
            self.once.withdraw(tx);
            Ok::<_, Error>(())
        })
    }
}

/// The answer that a receipt holds.
pub(super) fn answered(receipt: &Receipt) -> Result<IssueView> {
    let damaged = |error: serde_json::Error| {
        Error::new(Exit::Store, "document_damaged", format!("receipts/{}: {error}", receipt.name))
    };
    let answer = receipt.answer.as_ref().unwrap_or(&Value::Null);
    let key = serde_json::from_value(answer["key"].clone()).map_err(damaged)?;
    let issue = serde_json::from_value(answer["issue"].clone()).map_err(damaged)?;
    Ok(IssueView { key, issue, comments: None, replayed: Some(true), dry_run: false })
}

/// Whether the tracker has said that it will not, so that a repetition would hear the same.
pub(super) fn is_refusal(error: &TrackerError) -> bool {
    !matches!(error, TrackerError::Response(_)) && !error.retryable()
}

/// The right to be the one that acts under a key, until it is dropped, or its process is gone.
pub(super) fn take_turn(project: &Project) -> Result<Locked> {
    let path = project.store.layout().root.join("act.lock");
    let failed = |source: std::io::Error| {
        Error::new(Exit::Failed, "io", format!("cannot lock {}", path.display())).because(source)
    };
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(failed)?;
    lock_within(file, Some(PATIENCE)).map_err(failed)?.ok_or_else(|| {
        let message = format!("{}: another request under an idempotency key has taken 60 s", path.display());
        Error::new(Exit::LockBusy, "lock_busy", message).hint("try again").retryable()
    })
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
