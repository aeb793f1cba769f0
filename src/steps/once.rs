//! Requests under an idempotency key: the answer to the first one is the answer to all.

use serde_json::{Value, json};

use super::{Target, find_known};
use crate::error::{Error, Result};
use crate::model::{Issue, Key, Receipt, RunId};
use crate::project::Project;
use crate::queue::{self, Asked, Claimed, Once, Override, Taken};

/// A launch that was asked for before, by its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchedBefore {
    /// The issue.
    pub identifier: String,
    /// The run that came of it.
    pub run: RunId,
    /// Its `attempt`.
    pub attempt: Option<u32>,
}

/// The request to launch an issue under `key`. An issue that has left the store is named as it is written.
pub fn launch_request(project: &Project, key: &str, target: &Target, overriding: Override) -> Result<Once> {
    let known = find_known(&project.store, target)?.map(|found| found.key);
    let issue = match (known, target) {
        (Some(key), _) => key,
        (None, Target::Named(name)) => Key::for_identifier(name, |_| false),
        (None, Target::Here(_)) => return Err(super::unknown(target)),
    };
    let parameters = json!({ "issue": issue, "now": overriding == Override::RetryNow });
    Ok(Once::new(key, "worker launch", &parameters))
}

/// The launch that the request led to before, if it did. Only looks: what a dry run says.
pub fn launched_before(project: &Project, once: &Once) -> Result<Option<LaunchedBefore>> {
    once.replay(once.look(&project.store)?)?.map(|receipt| before(&receipt)).transpose()
}

/// The same, to be answered; asked first, so that it is answered also when the issue is over.
pub fn launched_again(project: &Project, once: &Once) -> Result<Option<LaunchedBefore>> {
    replay(project, once)?.map(|receipt| before(&receipt)).transpose()
}

/// Takes the claim, unless the same request has led to one meanwhile.
pub fn claim_once(
    project: &Project,
    key: &Key,
    (issue, asked_at): (&Issue, u64),
    overriding: Override,
    once: &Once,
) -> Result<std::result::Result<Claimed, LaunchedBefore>> {
    let agent = project.workflow.config.agent.kind.as_str();
    let asked = Asked { key, issue, asked_at, agent, overriding };
    let (by, now) = (project.by(None), project.seams.now());
    Ok(match queue::take_once(&project.store, &by, &asked, once, &project.policy(), now)? {
        Taken::Claimed(claimed) => Ok(claimed),
        Taken::Replayed(receipt) => Err(before(&receipt)?),
    })
}

/// What was answered before; another request under the same key is a conflict.
pub(super) fn replay(project: &Project, once: &Once) -> Result<Option<Receipt>> {
    if once.look(&project.store)?.is_none() {
        return Ok(None);
    }
    let by = project.by(None);
    let receipt = project.store.transact(project.seams.now(), &by, |tx| once.receipt(tx))?;
    Ok(once.replay(receipt)?)
}

fn before(receipt: &Receipt) -> Result<LaunchedBefore> {
    let answer = receipt.answer.as_ref().unwrap_or(&Value::Null);
    let field = |name: &str| answer[name].clone();
    let read = |error: serde_json::Error| {
        Error::new(crate::error::Exit::Store, "document_damaged", format!("receipts/{}: {error}", receipt.name))
    };
    Ok(LaunchedBefore {
        identifier: serde_json::from_value(field("identifier")).map_err(read)?,
        run: serde_json::from_value(field("run")).map_err(read)?,
        attempt: serde_json::from_value(field("attempt")).map_err(read)?,
    })
}
