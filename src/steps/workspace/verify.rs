//! `workspace verify`: what is really there, kept on record where it changed (DESIGN §4).

use std::collections::HashSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::error::Result;
use crate::model::{Health, Key, Mode, Work, WorkspaceRecord};
use crate::project::Project;
use crate::store::{DocId, Kind, Row, RowWorkspace, Rows, StoreError};

/// Records that one transaction changes: well under its size limit.
const BATCH: usize = 50;

/// The health of workspaces.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct VerifyReport {
    /// How many records do not say what was found; they do now, unless nothing was to be written.
    pub changed: usize,
    /// Each of them.
    pub workspaces: Vec<Verified>,
}

/// The health of one workspace.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Verified {
    /// Whose; absent where no issue claims it.
    pub identifier: Option<String>,
    /// Its issue's key.
    pub key: Option<Key>,
    /// Where.
    pub path: PathBuf,
    /// How it is made.
    pub mode: Option<Mode>,
    /// What was found.
    pub health: Health,
    /// What the record said before.
    pub recorded: Option<Health>,
}

impl VerifyReport {
    /// Whether every workspace is clean.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.workspaces.iter().all(|found| found.health == Health::Clean)
    }
}

/// Looks at one issue's workspace.
pub fn verify(project: &Project, work: Work, dry_run: bool) -> Result<VerifyReport> {
    if work.workspace.is_none() {
        return Err(super::no_workspace(&work.identifier));
    }
    look(project, vec![work], dry_run)
}

/// Looks at every workspace that should be there, and at what lies beside them and belongs to no issue.
pub fn verify_all(project: &Project, dry_run: bool) -> Result<VerifyReport> {
    let rows = project.store.rows()?;
    let orphans = directories_of_nobody(project, &rows)?;
    let is_expected = |row: &&Row| row.workspace.is_some_and(|workspace| workspace != RowWorkspace::Gone);
    let docs = rows.rows.iter().filter(is_expected).map(|row| DocId::new(Kind::Work, row.key.as_str())).collect();
    let mut report = look(project, project.store.snapshot_with(&[], &docs)?.all(), dry_run)?;
    report.workspaces.extend(orphans.into_iter().map(|path| Verified {
        identifier: None,
        key: None,
        path,
        mode: None,
        health: Health::Orphaned,
        recorded: None,
    }));
    Ok(report)
}

fn look(project: &Project, works: Vec<Work>, dry_run: bool) -> Result<VerifyReport> {
    let by = project.by(None);
    let workspaces = project.workspaces(&by);
    let mut found = Vec::new();
    let mut news = Vec::new();
    for work in works {
        let Some(record) = work.workspace else { continue };
        let health = workspaces.health(&record);
        found.push(Verified {
            identifier: Some(work.identifier),
            key: Some(work.key.clone()),
            path: record.path.clone(),
            mode: Some(record.mode),
            health,
            recorded: Some(record.health),
        });
        if health != record.health {
            news.push((work.key, record, health));
        }
    }
    if !dry_run {
        for batch in news.chunks(BATCH) {
            record_health(project, batch)?;
        }
    }
    Ok(VerifyReport { changed: news.len(), workspaces: found })
}

/// No lease is taken, so that a workspace in use can be looked at; a record that changed meanwhile is left to whoever
/// changed it.
pub(in crate::steps) fn record_health(project: &Project, news: &[(Key, WorkspaceRecord, Health)]) -> Result<()> {
    project.store.transact(project.seams.now(), &project.by(None), |tx| {
        for (key, seen, health) in news {
            let Some(mut work) = tx.get::<Work>(key.as_str())? else { continue };
            let Some(record) = work.workspace.as_mut().filter(|record| *record == seen) else { continue };
            record.health = *health;
            let data = json!({ "path": record.path, "health": health, "was": seen.health });
            tx.event("workspace.verified", Some(&work.identifier), None, data);
            tx.put(&work)?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

/// Directories in the root that no issue claims. One that bears the name of an issue, also of one whose manifest is
/// damaged, is that issue's: it would adopt it.
pub(in crate::steps) fn directories_of_nobody(project: &Project, rows: &Rows) -> Result<Vec<PathBuf>> {
    let by = project.by(None);
    let mut orphans = project.workspaces(&by).directories()?;
    let damaged = rows.damaged.iter().map(|(doc, _)| doc.name.as_str());
    let names: HashSet<&str> = rows.rows.iter().map(|row| row.key.as_str()).chain(damaged).collect();
    orphans.retain(|path| path.file_name().and_then(|name| name.to_str()).is_none_or(|name| !names.contains(name)));
    if !orphans.is_empty() {
        // An issue's workspace may also lie there under another name.
        let works = project.store.snapshot(&[Kind::Work])?.all::<Work>();
        let paths: HashSet<PathBuf> = works.into_iter().filter_map(|work| Some(work.workspace?.path)).collect();
        orphans.retain(|path| !paths.contains(path));
    }
    Ok(orphans)
}
