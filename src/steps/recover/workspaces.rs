//! The workspaces' part of `recover`: look at each by what is on record and in its place, decide by the table, carry it
//! out under its lease.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{FailedRepair, RecoverOptions, RecoverReport, Recovered};
use crate::error::{Error, Result};
use crate::model::{Disposition, Health, Key, Reason, ReasonCode, Status, Work, WorkspaceRecord, WorkspaceState};
use crate::project::Project;
use crate::queue;
use crate::recovery::{Action, Found, Standing, WorkspaceSeen, of_workspace};
use crate::steps::clean::{CleanOptions, clean_issue};
use crate::steps::workspace::{directories_of_nobody, record_health};
use crate::store::{DocId, IssueRecord, Kind, Row, RowWorkspace, Rows, StoreError};
use crate::workspace::{LeaseSeen, Workspaces};

/// Somebody who is in a workspace is not waited for: what he has needs no repair.
const NO_WAIT: Option<Duration> = Some(Duration::ZERO);

/// A workspace that a crash left.
struct Finding {
    work: Work,
    record: WorkspaceRecord,
    found: Found,
    action: Action,
    evidence: Value,
}

/// Puts right what is wrong with the workspaces, and adds it to the report. `foreseen`: what a dry run expects issues to
/// become before that.
pub(in crate::steps) async fn repair(
    project: &Project,
    foreseen: &BTreeMap<Key, Status>,
    dry_run: bool,
    report: &mut RecoverReport,
) -> Result<()> {
    let by = project.by(None);
    let workspaces = project.workspaces(&by);
    let findings: Vec<Finding> = with_workspaces(project, &workspaces)?
        .into_iter()
        .map(|work| match foreseen.get(&work.key) {
            Some(status) => Work { status: status.clone(), ..work },
            None => work,
        })
        .filter_map(|work| look(&workspaces, work))
        // Settling a run gives its workspace back.
        .filter(|finding| finding.found != Found::LeaseLeft || !foreseen.contains_key(&finding.work.key))
        .collect();
    for mut finding in findings {
        let done =
            if dry_run { Ok(finding.plan(project).await) } else { finding.carry_out(project, &workspaces).await };
        match done {
            Ok(true) => report.actions.push(finding.into()),
            Ok(false) => {}
            // Somebody has it by now.
            Err(error) if matches!(error.code, "lease_conflict" | "already_claimed" | "held") => {}
            Err(error) => report.failed.push(failure(Some(finding.work.identifier), &error)),
        }
    }
    Ok(())
}

/// The issues whose workspaces something may be wrong with: that are there, or that somebody seems to be in.
fn with_workspaces(project: &Project, workspaces: &Workspaces<'_>) -> Result<Vec<Work>> {
    let is_one = |row: &&Row| match row.workspace {
        Some(RowWorkspace::There | RowWorkspace::Kept) => true,
        Some(RowWorkspace::Gone) => workspaces.lease_seen(&row.key).0 == LeaseSeen::Left,
        None => false,
    };
    let rows = project.store.rows()?.rows;
    let docs = rows.iter().filter(is_one).map(|row| DocId::new(Kind::Work, row.key.as_str())).collect();
    Ok(project.store.snapshot_with(&[], &docs)?.all())
}

/// Lists the directories that no issue claims, or archives them.
pub(super) async fn orphans(
    project: &Project,
    rows: &Rows,
    options: RecoverOptions,
    report: &mut RecoverReport,
) -> Result<()> {
    let by = project.by(None);
    let workspaces = project.workspaces(&by);
    let orphans = directories_of_nobody(project, rows)?;
    if !options.orphans {
        report.orphans = orphans;
        return Ok(());
    }
    for path in orphans {
        let put_away = if options.dry_run { Ok(Some(path.clone())) } else { workspaces.put_away(&path).await };
        match put_away {
            Ok(Some(archived)) => report.actions.push(Recovered {
                identifier: None,
                run: None,
                found: Found::WorkspaceOrphaned,
                action: Action::Archived,
                message: format!("{} belongs to no issue: archived", path.display()),
                evidence: json!({ "path": path, "archived_path": (!options.dry_run).then_some(archived) }),
            }),
            Ok(None) => {}
            Err(error) => report.failed.push(failure(None, &Error::from(error))),
        }
    }
    Ok(())
}

fn failure(identifier: Option<String>, error: &Error) -> FailedRepair {
    FailedRepair { identifier, code: error.code.to_owned(), message: error.line() }
}

fn look(workspaces: &Workspaces<'_>, work: Work) -> Option<Finding> {
    let record = work.workspace.clone()?;
    let standing = Standing::of(&work.status);
    if standing == Standing::Claimed {
        return None;
    }
    let (lease, holder) = workspaces.lease_seen(&work.key);
    let seen = WorkspaceSeen {
        state: record.state,
        mode: record.mode,
        place: workspaces.place(&record),
        lease,
        standing,
        kept: record.cleanup_result == Some(Disposition::Kept),
        noted: record.health == Health::Missing,
    };
    let (found, action) = of_workspace(&seen)?;
    let evidence =
        json!({ "path": record.path, "state": record.state, "holder": holder, "status": work.status.as_str() });
    Some(Finding { work, record, found, action, evidence })
}

impl Finding {
    /// Adds to the evidence what can be told beforehand.
    async fn plan(&mut self, project: &Project) -> bool {
        if self.action == Action::Cleaned {
            let options = CleanOptions { policy: None, patience: NO_WAIT, dry_run: true };
            let planned = clean_issue(project, &self.work.key, options).await;
            self.evidence["disposition"] = json!(planned.ok().and_then(|cleaned| cleaned.disposition));
        }
        true
    }

    /// Does it; `false` where there is nothing to be done any more.
    async fn carry_out(&mut self, project: &Project, workspaces: &Workspaces<'_>) -> Result<bool> {
        let key = self.work.key.clone();
        match self.action {
            Action::Cleaned => {
                let options = CleanOptions { policy: None, patience: NO_WAIT, dry_run: false };
                let cleaned = clean_issue(project, &key, options).await?;
                self.evidence["disposition"] = json!(cleaned.disposition);
                self.evidence["archived_path"] = json!(cleaned.archived_path);
                Ok(true)
            }
            Action::Recreated => {
                let Some(known) = project.store.get::<IssueRecord>(key.as_str())? else { return Ok(false) };
                let lease = workspaces.lease(&key, NO_WAIT)?;
                // Whoever launches it meanwhile waits for the lease, and finds a workspace.
                if project.store.get::<Work>(key.as_str())?.as_ref() != Some(&self.work) {
                    return Ok(false);
                }
                workspaces.ensure(&lease, &known.issue, &key, None).await?;
                Ok(true)
            }
            Action::LeaseReleased => {
                let lease = workspaces.lease(&key, NO_WAIT)?;
                self.set_free(project)?;
                drop(lease);
                Ok(true)
            }
            Action::Noted => {
                record_health(project, &[(key, self.record.clone(), Health::Missing)])?;
                Ok(true)
            }
            Action::Blocked => self.block(project),
            Action::Unblocked => self.unblock(project),
            Action::OutcomeCommitted
            | Action::ResumeScheduled
            | Action::RetryScheduled
            | Action::Released
            | Action::Archived
            | Action::Resumed
            | Action::Restarted
            | Action::Acknowledged => Ok(false),
        }
    }

    /// A record that says that somebody is in it, and nobody is.
    fn set_free(&self, project: &Project) -> Result<()> {
        if self.record.state != WorkspaceState::InUse {
            return Ok(());
        }
        self.change(project, |work| {
            let record = work.workspace.as_mut()?;
            record.state = WorkspaceState::Ready;
            Some(("workspace.released", json!({ "path": record.path })))
        })?;
        Ok(())
    }

    fn block(&self, project: &Project) -> Result<bool> {
        let health = if self.found == Found::WorkspaceMissing { Health::Missing } else { Health::Drifted };
        let reason = Reason::new(ReasonCode::WorkspaceDrifted, self.trouble());
        self.change(project, |work| {
            let mut reasons = match &work.status {
                Status::Blocked { reasons } => reasons.clone(),
                _ => Vec::new(),
            };
            reasons.push(reason);
            let status = Status::Blocked { reasons };
            *work = queue::enter(work, status.clone());
            work.workspace.as_mut()?.health = health;
            Some(("issue.blocked", serde_json::to_value(&status).ok()?))
        })
    }

    fn unblock(&self, project: &Project) -> Result<bool> {
        self.change(project, |work| {
            *work = queue::without_block(work, ReasonCode::WorkspaceDrifted)?;
            work.workspace.as_mut()?.health = Health::Unknown;
            Some((queue::event_of(&work.status), serde_json::to_value(&work.status).ok()?))
        })
    }

    /// One transaction on the work as it is under the lock, unless it is not what was looked at any more.
    fn change(
        &self,
        project: &Project,
        change: impl FnOnce(&mut Work) -> Option<(&'static str, Value)>,
    ) -> Result<bool> {
        let changed = project.store.transact(project.seams.now(), &project.by(None), |tx| {
            let known = tx.get::<Work>(self.work.key.as_str())?;
            let Some(mut work) = known.filter(|work| *work == self.work) else { return Ok(false) };
            let Some((event, data)) = change(&mut work) else { return Ok(false) };
            tx.event(event, Some(&work.identifier), None, data);
            tx.put(&work)?;
            Ok::<_, StoreError>(true)
        })?;
        Ok(changed)
    }

    fn trouble(&self) -> String {
        let path = self.record.path.display();
        match self.found {
            Found::WorkspaceMissing => format!("the shared workspace {path} is gone"),
            _ => format!("{path} is not the workspace that was made any more"),
        }
    }
}

impl From<Finding> for Recovered {
    fn from(finding: Finding) -> Self {
        let path = finding.record.path.display();
        let disposition = match finding.evidence["disposition"].as_str() {
            Some("archived") => "archived",
            Some("removed") => "removed",
            _ => "kept",
        };
        let message = match (finding.found, finding.action) {
            (Found::WorkspaceMissing, Action::Recreated) => format!("its workspace {path} was gone: made anew"),
            (Found::WorkspaceMissing, Action::Noted) => format!("its workspace {path} is gone; the next run makes it"),
            (Found::WorkspaceHalfMade, _) => format!("its workspace {path} was half made: made anew"),
            (Found::CleanupHalfDone, _) => format!("the cleaning of {path} was cut short: {disposition}"),
            (Found::WorkspaceLeft, _) => format!("it is over, and its workspace {path} was left: {disposition}"),
            (Found::WorkspaceBack, _) => format!("its workspace {path} is back: no longer blocked for it"),
            (Found::LeaseLeft, _) => format!("nobody is in its workspace {path} any more: released"),
            _ => format!("blocked, {}", finding.trouble()),
        };
        Self {
            identifier: Some(finding.work.identifier),
            run: None,
            found: finding.found,
            action: finding.action,
            message,
            evidence: finding.evidence,
        }
    }
}
