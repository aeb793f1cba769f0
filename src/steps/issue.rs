//! `issue …` and `comment`: the tracker's writes, and a reader's view on it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Exit, Result};
use crate::model::{Issue, Key, ReasonCode, Work};
use crate::project::Project;
use crate::queue;
use crate::store::StoreError;
use crate::tracker::workpad::{self, Kept};
use crate::tracker::{IssueComment, IssueEdit, NewIssue, Problem, Writer};

/// An issue with its key.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize)]
pub struct IssueView {
    /// The file-safe name.
    pub key: Key,
    /// The issue.
    #[serde(flatten)]
    pub issue: Issue,
    /// What was said about it, oldest first, where that was asked for and the tracker tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<Vec<IssueComment>>,
    /// Whether it was made by the same request before, where it was asked for under an idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<bool>,
    /// Whether nothing was written, and this is what would be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// Which issues are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Those in active states.
    Active,
    /// Those in these states.
    States(&'a [String]),
    /// All that the tracker shows.
    All,
}

/// The issues of a scope, in dispatch order, and the records that could not be used.
pub async fn issues(project: &Project, scope: Scope<'_>) -> Result<(Vec<IssueView>, Vec<Problem>)> {
    let tracker = &project.tracker;
    let fetched = match scope {
        Scope::Active => tracker.fetch_issues_by_states(&project.workflow.config.tracker.active_states).await?,
        Scope::States(states) => tracker.fetch_issues_by_states(states).await?,
        Scope::All => tracker.fetch_all_issues().await?,
    };
    let mut issues = fetched.issues;
    issues.sort_by(queue::dispatch_order);
    Ok((issues.into_iter().map(|issue| view(project, issue)).collect(), fetched.problems))
}

/// The issue that people call so, with its comments.
pub async fn show(project: &Project, identifier: &str) -> Result<IssueView> {
    let shown = find(project, identifier).await?;
    let comments = project.tracker.fetch_comments(&shown.issue.id).await?;
    Ok(IssueView { comments, ..shown })
}

/// The issue that the tracker knows by this identifier or id.
pub(super) async fn in_tracker(project: &Project, name: &str) -> Result<Option<Issue>> {
    if let Some(issue) = project.tracker.fetch_issue_by_identifier(name).await? {
        return Ok(Some(issue));
    }
    Ok(project.tracker.fetch_issues_by_ids(&[name.to_owned()]).await?.into_iter().next())
}

pub(super) async fn find(project: &Project, identifier: &str) -> Result<IssueView> {
    in_tracker(project, identifier).await?.map(|issue| view(project, issue)).ok_or_else(|| {
        Error::new(Exit::NotFound, "not_found", format!("no issue `{identifier}` in the tracker"))
            .hint("`baton issue list` shows the active ones")
    })
}

/// Makes an issue.
pub async fn create(project: &Project, new: &NewIssue) -> Result<IssueView> {
    Ok(view(project, writer(project)?.create(new).await?))
}

/// Changes an issue. A person who does so has seen what git did to its file (`tracker_reverted`).
pub async fn edit(project: &Project, identifier: &str, edit: &IssueEdit) -> Result<IssueView> {
    let issue = find(project, identifier).await?.issue;
    let edited = view(project, writer(project)?.edit(&issue.id, edit).await?);
    unblock(project, &edited, ReasonCode::TrackerReverted)?;
    Ok(edited)
}

/// Clears a reason for which the issue is blocked. Where there is none, not even the store's lock is taken.
fn unblock(project: &Project, edited: &IssueView, code: ReasonCode) -> Result<()> {
    let key = edited.key.as_str();
    let blocked = |work: &Work| work.issue_id == edited.issue.id && queue::without_block(work, code).is_some();
    if !project.store.get::<Work>(key)?.is_some_and(|work| blocked(&work)) {
        return Ok(());
    }
    project.store.transact(project.seams.now(), &project.by(None), |tx| {
        let work = tx.get::<Work>(key)?.filter(blocked);
        if let Some(work) = work.and_then(|work| queue::without_block(&work, code)) {
            let data = serde_json::to_value(&work.status).unwrap_or_default();
            tx.event(queue::event_of(&work.status), Some(&work.identifier), None, data);
            tx.put(&work)?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

/// Adds a comment.
pub async fn comment(project: &Project, identifier: &str, text: &str) -> Result<IssueView> {
    let issue = find(project, identifier).await?.issue;
    Ok(view(project, writer(project)?.comment(&issue.id, text).await?))
}

/// An issue's workpad, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct WorkpadView {
    /// What people call the issue.
    pub identifier: String,
    /// The file-safe name.
    pub key: Key,
    /// What keeping it came to, or would; `None` where it was only read.
    pub kept: Option<Kept>,
    /// What it holds, Markdown; `None` where the issue has none.
    pub body: Option<String>,
}

/// Reads an issue's workpad.
pub async fn workpad(project: &Project, identifier: &str) -> Result<WorkpadView> {
    let IssueView { issue, key, .. } = find(project, identifier).await?;
    let found = workpad::read(&*project.tracker, &issue.id).await?;
    Ok(WorkpadView { identifier: issue.identifier, key, kept: None, body: found.map(|comment| comment.body) })
}

/// Sees to it that an issue's workpad holds this text; only says what it would do where nothing is to be written.
pub async fn keep_workpad(project: &Project, identifier: &str, text: &str, dry_run: bool) -> Result<WorkpadView> {
    writer(project)?;
    let IssueView { issue, key, .. } = find(project, identifier).await?;
    let plan = if dry_run {
        workpad::plan(&*project.tracker, &issue.id, text).await?
    } else {
        workpad::keep(&*project.tracker, &issue.id, text).await?
    };
    Ok(WorkpadView { identifier: issue.identifier, key, kept: Some(plan.kept), body: Some(plan.body) })
}

pub(super) fn writer(project: &Project) -> Result<&dyn Writer> {
    // A lock file that another user made would shut the owner out.
    project.store.check_owner()?;
    project.tracker.writer().ok_or_else(|| {
        let kind = project.tracker.kind();
        Error::new(Exit::WrongState, "tracker_read_only", format!("tracker `{kind}` cannot be written to"))
    })
}

pub(super) fn view(project: &Project, issue: Issue) -> IssueView {
    let known = crate::steps::find_known(&project.store, &crate::steps::Target::Named(issue.id.clone())).ok().flatten();
    let key = known.map_or_else(|| Key::for_identifier(&issue.identifier, |_| false), |found| found.key);
    IssueView { key, issue, comments: None, replayed: None, dry_run: false }
}
