//! Making a workspace, or finding it (SPEC 9.2; DESIGN §7), under the lease: look, decide by [`plan`], carry it out,
//! commit the record.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::plan::{Found, Plan, after_failure, describes, plan};
use super::repository::Repository;
use super::worktree::Made;
use super::{Ensured, Lease, RunContext, WorkspaceError, Workspaces, aside, clone, hooks, path, worktree};
use crate::model::{Health, HookReceipt, Issue, Key, Mode, Work, WorkspaceRecord, WorkspaceState};

/// What an ensure works on.
struct Site<'a> {
    lease: &'a Lease,
    issue: &'a Issue,
    key: &'a Key,
    run: Option<&'a RunContext>,
    root: PathBuf,
    path: PathBuf,
    mode: Mode,
    record: Option<WorkspaceRecord>,
    repository: Option<Repository>,
}

/// What an ensure finds.
pub(super) struct Survey {
    root: PathBuf,
    pub(super) path: PathBuf,
    pub(super) mode: Mode,
    pub(super) found: Option<Found>,
    pub(super) repository: Option<Repository>,
}

impl Workspaces<'_> {
    /// Makes the workspace if it is not there (SPEC 9.2), under the lease; commits the record. `after_create` runs once.
    /// Where nothing changed, nothing is written. Why it could not be made is also in the record.
    pub async fn ensure(
        &self,
        lease: &Lease,
        issue: &Issue,
        key: &Key,
        run: Option<&RunContext>,
    ) -> Result<Ensured, WorkspaceError> {
        let work: Option<Work> = self.store.get(key.as_str())?;
        let record = work.and_then(|work| work.workspace);
        let ended = self.ensure_unrecorded(lease, issue, key, run, record).await;
        if let Err(error) = &ended {
            self.record_failure(issue, key, run, error)?;
        }
        ended
    }

    async fn ensure_unrecorded(
        &self,
        lease: &Lease,
        issue: &Issue,
        key: &Key,
        run: Option<&RunContext>,
        record: Option<WorkspaceRecord>,
    ) -> Result<Ensured, WorkspaceError> {
        let Survey { root, path, mode, found, repository } = self.survey(key, record.as_ref()).await?;
        let Some(found) = found else { return self.ensure_shared(issue, key, run, record) };
        let record = record.filter(|record| record.path == path);
        let plan = plan(found, record.as_ref(), self.hook_configured("after_create"));
        let site = Site { lease, issue, key, run, root, path, mode, record, repository };
        match plan {
            Plan::Refuse(why) => Err(WorkspaceError::Conflict { path: site.path, why }),
            Plan::Reuse(mut record) => {
                if record.health == Health::Missing || record.health == Health::Drifted {
                    record.health = self.health(&record);
                }
                self.settle(issue, key, run, *record)
            }
            Plan::Adopt => {
                let record = self.adopted(&site)?;
                self.settle(issue, key, run, record)
            }
            Plan::Make => self.make(site).await,
            Plan::MakeAnew => {
                self.put_aside(&site).await?;
                self.make(site).await
            }
        }
    }

    /// Looks at the place where the workspace should be. What is there in mode `shared` does not matter: `None`.
    pub(super) async fn survey(&self, key: &Key, record: Option<&WorkspaceRecord>) -> Result<Survey, WorkspaceError> {
        let root = path::canonical_root(&self.root())?;
        // A record may give a workspace of this root another name: one that was taken over from elsewhere keeps its own.
        let path = match record.filter(|record| describes(record) && record.path.parent() == Some(&root)) {
            Some(record) => record.path.clone(),
            None => path::contained(&root, key)?,
        };
        let there = path::exists(&path)?;
        if there && self.config.workspace.mode != Mode::Shared {
            self.require_ours(&path)?;
        }
        let own = record.filter(|record| record.path == path);
        let mode = match own.filter(|record| there && describes(record)) {
            Some(record) => record.mode,
            None => self.config.workspace.mode,
        };
        let (found, repository) = match mode {
            Mode::Directory => (Some(if there { Found::There } else { Found::Nothing }), None),
            Mode::Worktree => {
                let repository = Repository::discover(&self.git(), self.base)?;
                (Some(worktree::look_twice(&repository, &path).await?), Some(repository))
            }
            Mode::Clone => {
                let repository = Repository::discover(&self.git(), self.base)?;
                let found = if there { clone::look(&path, own.is_some_and(describes)) } else { Found::Nothing };
                (Some(found), Some(repository))
            }
            Mode::Shared => (None, None),
        };
        Ok(Survey { root, path, mode, found, repository })
    }

    /// The record of what was found.
    fn adopted(&self, site: &Site<'_>) -> Result<WorkspaceRecord, WorkspaceError> {
        let mut record = self.fresh(site);
        if let Some(repository) = &site.repository {
            let (git, branch) = (self.git(), worktree::branch(site.key));
            let tip = repository.commit_of(&git, &format!("refs/heads/{branch}"))?;
            let base = self.config.workspace.base.as_deref();
            record.base_commit = tip.map(|tip| worktree::fork_point(&git, repository, &tip, base)).transpose()?;
            record.branch = Some(branch);
        }
        record.health = self.health(&record);
        Ok(record)
    }

    /// Takes what is there as it is: reuse is not reset.
    pub(super) fn settle(
        &self,
        issue: &Issue,
        key: &Key,
        run: Option<&RunContext>,
        mut record: WorkspaceRecord,
    ) -> Result<Ensured, WorkspaceError> {
        if record.state != WorkspaceState::InUse {
            record.state = WorkspaceState::Ready;
        }
        // What an earlier cleaning decided does not hold for the next one.
        record.cleanup_result = None;
        record.archived_path = None;
        record.failure = None;
        self.commit(issue, key, run, "workspace.ready", &record, None)?;
        Ok(Ensured { record, created_now: false, hooks: Vec::new() })
    }

    /// What was never through goes to the archive, unless there is nothing of its own in it.
    async fn put_aside(&self, site: &Site<'_>) -> Result<(), WorkspaceError> {
        let spent = match &site.repository {
            None => fs::read_dir(&site.path).map_err(WorkspaceError::io("read", &site.path))?.next().is_none(),
            Some(_) => self.health(&self.fresh(site)) == Health::Clean,
        };
        if !spent {
            let target = aside::archive(&site.root, site.key)?;
            aside::rename(&site.path, &target)?;
            let registration = site.repository.as_ref().and_then(|repository| repository.registration(&site.path));
            return registration.map_or(Ok(()), |registration| Repository::untie(&target, &registration));
        }
        let trash = aside::trash(&site.root, site.key)?;
        aside::rename(&site.path, &trash)?;
        aside::delete(trash).await
    }

    async fn make(&self, site: Site<'_>) -> Result<Ensured, WorkspaceError> {
        let mut record = self.fresh(&site);
        record.created = true;
        // A clone is told from a stranger's directory by its record alone.
        if self.hook_configured("after_create") || site.mode == Mode::Clone {
            record.state = WorkspaceState::Provisioning;
            self.commit(site.issue, site.key, site.run, "workspace.provisioning", &record, None)?;
        }
        if let Some(made) = self.populate(&site).await? {
            record.branch = Some(made.branch);
            record.base_commit = Some(made.base_commit);
        }
        let mut hooks = Vec::new();
        if let Some(receipt) = self.hook("after_create", site.issue, site.key, &site.path, site.run).await? {
            record.after_create = Some(hooks::for_the_record(&receipt));
            if !receipt.ok {
                let error = WorkspaceError::HookFailed { path: site.path, receipt: Box::new(receipt) };
                record.state = WorkspaceState::Failed;
                record.failure = Some(error.text());
                self.commit(site.issue, site.key, site.run, "workspace.failed", &record, None)?;
                return Err(error);
            }
            hooks.push(receipt);
        }
        record.state = WorkspaceState::Ready;
        self.commit(site.issue, site.key, site.run, "workspace.ready", &record, None)?;
        Ok(Ensured { record, created_now: true, hooks })
    }

    /// Makes the directory with what its mode puts into it.
    async fn populate(&self, site: &Site<'_>) -> Result<Option<Made>, WorkspaceError> {
        let base = self.config.workspace.base.as_deref();
        let Some(repository) = &site.repository else {
            crate::crash::point();
            fs::create_dir(&site.path).map_err(WorkspaceError::io("create", &site.path))?;
            return Ok(None);
        };
        let git = self.git();
        let made = if site.mode == Mode::Clone {
            let staging = aside::trash(&site.root, site.key)?;
            clone::make(&git, repository, (&staging, &site.path), site.key, base, site.lease.lend()).await
        } else {
            let known = site.record.as_ref().and_then(|record| record.base_commit.as_deref());
            worktree::make(&git, repository, &site.path, site.key, base, known).await
        };
        made.map(Some)
    }

    /// The record of a workspace that was just made or found.
    fn fresh(&self, site: &Site<'_>) -> WorkspaceRecord {
        let base_commit = site.record.as_ref().and_then(|record| record.base_commit.clone());
        WorkspaceRecord { base_commit, ..self.blank(site.mode, site.path.clone()) }
    }

    /// A record that says nothing yet.
    pub(super) fn blank(&self, mode: Mode, path: PathBuf) -> WorkspaceRecord {
        WorkspaceRecord {
            mode,
            path,
            branch: None,
            base_commit: None,
            state: WorkspaceState::Requested,
            health: Health::Clean,
            after_create: None,
            created: false,
            created_at: self.seams.now(),
            archived_path: None,
            cleanup_result: None,
            head: None,
            failure: None,
        }
    }

    /// What could not be made or cleaned says why on its record, so that a person finds it there.
    pub(super) fn record_failure(
        &self,
        issue: &Issue,
        key: &Key,
        run: Option<&RunContext>,
        error: &WorkspaceError,
    ) -> Result<(), WorkspaceError> {
        if let WorkspaceError::Store(_) = error {
            return Ok(());
        }
        let work: Option<Work> = self.store.get(key.as_str())?;
        let known = work.and_then(|work| work.workspace);
        let mut record = known.unwrap_or_else(|| self.blank(self.config.workspace.mode, self.path(key)));
        record.state = after_failure(record.state);
        record.health = self.health(&record);
        record.failure = Some(error.text());
        self.commit(issue, key, run, "workspace.failed", &record, None)
    }

    /// Puts the record into `work/<key>`; writes nothing where it is there already.
    pub(super) fn commit(
        &self,
        issue: &Issue,
        key: &Key,
        run: Option<&RunContext>,
        event: &str,
        record: &WorkspaceRecord,
        hook: Option<&HookReceipt>,
    ) -> Result<(), WorkspaceError> {
        // Under the lease nobody else writes this record, so that looking needs no lock.
        let known: Option<Work> = self.store.get(key.as_str())?;
        if known.is_some_and(|work| work.workspace.as_ref() == Some(record)) {
            return Ok(());
        }
        self.store.transact(self.seams.now(), self.by, |transaction| {
            let known: Option<Work> = transaction.get(key.as_str())?;
            let mut work = known.unwrap_or_else(|| Work::new(key.clone(), issue.identifier.clone(), issue.id.clone()));
            work.workspace = Some(record.clone());
            transaction.put(&work)?;
            let data = json!({"path": record.path, "state": record.state, "failure": record.failure, "hook": hook});
            transaction.event(event, Some(&issue.identifier), run.map(|context| &context.run), data);
            Ok(())
        })
    }
}
