//! What `ensure` would do, without doing it: the same look and the same decision.

use super::ensure::Survey;
use super::plan::{Plan, plan};
use super::{Ensured, WorkspaceError, Workspaces, worktree};
use crate::model::{Health, Key, Mode, Work, WorkspaceRecord};

impl Workspaces<'_> {
    /// The record as [`Workspaces::ensure`] would leave it, and whether it would make the workspace; fails as that would,
    /// but for what only hooks, git and the file system can tell. Makes nothing and takes no lease.
    pub async fn ensure_plan(&self, key: &Key) -> Result<Ensured, WorkspaceError> {
        let work: Option<Work> = self.store.get(key.as_str())?;
        let record = work.and_then(|work| work.workspace);
        let survey = self.survey(key, record.as_ref()).await?;
        let Some(found) = survey.found.clone() else { return self.shared_plan(record) };
        let record = record.filter(|record| record.path == survey.path);
        let (record, created_now) = match plan(found, record.as_ref(), self.hook_configured("after_create")) {
            Plan::Refuse(why) => return Err(WorkspaceError::Conflict { path: survey.path, why }),
            Plan::Reuse(record) => (WorkspaceRecord { health: self.health(&record), ..*record }, false),
            Plan::Adopt => {
                let found = self.blank(survey.mode, survey.path.clone());
                (WorkspaceRecord { health: self.health(&found), ..self.on_branch(found, key, &survey)? }, false)
            }
            Plan::Make | Plan::MakeAnew => {
                let made = self.blank(survey.mode, survey.path.clone());
                let base_commit = record.and_then(|record| record.base_commit);
                let made = WorkspaceRecord { base_commit, created: true, health: Health::Missing, ..made };
                (self.on_branch(made, key, &survey)?, true)
            }
        };
        Ok(Ensured { record, created_now, hooks: Vec::new() })
    }

    fn shared_plan(&self, known: Option<WorkspaceRecord>) -> Result<Ensured, WorkspaceError> {
        let path = self.shared_path()?;
        let known = known.filter(|known| known.mode == Mode::Shared && known.path == path);
        let record = known.unwrap_or_else(|| self.blank(Mode::Shared, path));
        let health = self.health(&record);
        Ok(Ensured { record: WorkspaceRecord { health, ..record }, created_now: false, hooks: Vec::new() })
    }

    /// The record with its branch, and with the commit that the branch starts at or forked from.
    fn on_branch(
        &self,
        record: WorkspaceRecord,
        key: &Key,
        survey: &Survey,
    ) -> Result<WorkspaceRecord, WorkspaceError> {
        let Some(repository) = &survey.repository else { return Ok(record) };
        let (git, branch, base) = (self.git(), worktree::branch(key), self.config.workspace.base.as_deref());
        let tip = repository.commit_of(&git, &format!("refs/heads/{branch}"))?;
        let base_commit = match (record.base_commit.clone(), tip) {
            (Some(known), Some(_)) => known,
            (None, Some(tip)) => worktree::fork_point(&git, repository, &tip, base)?,
            (_, None) => worktree::start(&git, repository, base)?,
        };
        Ok(WorkspaceRecord { branch: Some(branch), base_commit: Some(base_commit), ..record })
    }
}
