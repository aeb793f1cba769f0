//! Which issue a person means: an identifier, a key, an id, or `.` (DESIGN §6).

use std::path::{Path, PathBuf};

use super::poll;
use super::poll::stand_in;
use crate::error::{Error, Exit, Result};
use crate::model::{Issue, Key, Work};
use crate::project::Project;
use crate::recovery;
use crate::store::{Kind, Store};

/// An issue as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Identifier, key or id.
    Named(String),
    /// `.` in the workspace at this path.
    Here(PathBuf),
}

impl Target {
    /// Reads the argument; `here` is the current directory.
    #[must_use]
    pub fn parse(text: &str, here: &Path) -> Self {
        if text == "." { Self::Here(here.to_owned()) } else { Self::Named(text.to_owned()) }
    }
}

/// An issue that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its key.
    pub key: Key,
    /// Its work.
    pub work: Work,
}

/// Finds an issue in the store alone.
pub fn find_known(store: &Store, target: &Target) -> Result<Option<Found>> {
    let found = match target {
        Target::Named(name) => by_name(store, name)?,
        Target::Here(path) => by_path(store, path)?,
    };
    Ok(found.map(|work| Found { key: work.key.clone(), work }))
}

/// Finds an issue; an unknown one costs one poll, then it is not found.
pub async fn find(project: &Project, target: &Target) -> Result<Found> {
    if let Some(found) = find_known(&project.store, target)? {
        return Ok(found);
    }
    let Target::Named(name) = target else { return Err(unknown(target)) };
    let report = poll(project, false).await?;
    if let Some(found) = find_known(&project.store, target)? {
        return Ok(found);
    }
    // The issue that is asked for may be one whose record cannot be used.
    let bad = report.problems.iter().filter(|problem| problem.source.contains(name) || problem.message.contains(name));
    Err(bad.fold(unknown(target), |error, problem| error.hint(format!("{}: {}", problem.source, problem.message))))
}

/// The same without a poll, for a dry run: one that the store does not know is asked for in the tracker alone.
pub async fn find_as_it_is(project: &Project, target: &Target) -> Result<Found> {
    if let Some(found) = find_known(&project.store, target)? {
        return Ok(found);
    }
    let Target::Named(name) = target else { return Err(unknown(target)) };
    let issue = super::issue::in_tracker(project, name).await?.ok_or_else(|| unknown(target))?;
    let work = stand_in(&issue);
    Ok(Found { key: work.key.clone(), work })
}

/// An issue as the tracker has it now.
#[derive(Debug, Clone, PartialEq)]
pub struct Fresh {
    /// The issue.
    pub issue: Issue,
    /// The journal number at which the request began.
    pub asked_at: u64,
}

/// Settles dead workers, which take no slot, and fetches the issue again: what goes before every launch.
pub async fn refetch(project: &Project, found: &Found) -> Result<Fresh> {
    recovery::settle(project, None).await?;
    fetch(project, found).await
}

/// Fetches the issue again.
pub(super) async fn fetch(project: &Project, found: &Found) -> Result<Fresh> {
    let asked_at = project.store.last_seq()?;
    let fetched = project.tracker.fetch_issues_by_ids(std::slice::from_ref(&found.work.issue_id)).await?;
    let issue = fetched.into_iter().next().ok_or_else(|| {
        let identifier = &found.work.identifier;
        Error::new(Exit::NotFound, "issue_invisible", format!("the tracker no longer shows {identifier}"))
    })?;
    Ok(Fresh { issue, asked_at })
}

/// The error for an issue that is not known.
#[must_use]
pub fn unknown(target: &Target) -> Error {
    let message = match target {
        Target::Named(name) => format!("no issue `{name}`"),
        Target::Here(path) => format!("{} is in no issue's workspace", path.display()),
    };
    Error::new(Exit::NotFound, "not_found", message).hint("`baton status` lists the issues that are known")
}

fn by_name(store: &Store, name: &str) -> Result<Option<Work>> {
    if let Ok(key) = name.parse::<Key>()
        && let Some(work) = store.get::<Work>(key.as_str())?
    {
        return Ok(Some(work));
    }
    let natural = Key::for_identifier(name, |_| false);
    if let Some(work) = store.get::<Work>(natural.as_str())?.filter(|work| work.identifier == name) {
        return Ok(Some(work));
    }
    let rows = store.rows()?.rows;
    let named = rows.iter().find(|row| row.identifier == name || row.issue_id == name);
    Ok(named.map(|row| store.get(row.key.as_str())).transpose()?.flatten())
}

fn by_path(store: &Store, path: &Path) -> Result<Option<Work>> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let all = store.snapshot(&[Kind::Work])?.all::<Work>();
    Ok(all.into_iter().find(|work| work.workspace.as_ref().is_some_and(|record| path.starts_with(&record.path))))
}
