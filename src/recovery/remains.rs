//! What a dead supervisor left undone: processes that still run, and `after_run`.

use std::path::Path;
use std::time::Duration;

use super::run_mark;
use super::take_over::Taken;
use crate::model::{HookReceipt, Issue, Process, Reason, ReasonCode, RunRecord};
use crate::process::{self, Lifeline};
use crate::project::Project;
use crate::run_folder::RunFolder;
use crate::store::IssueRecord;
use crate::workspace::{LeaseSeen, RunContext};

/// What a tree is given after the first SIGKILL.
const KILL_LIMIT: Duration = Duration::from_secs(10);
/// What the last holder of a lifeline is given to go.
const DYING: Duration = Duration::from_secs(1);
/// How long a workspace that somebody touches is waited for.
const LEASE_PATIENCE: Duration = Duration::from_secs(5);

/// What became of the processes of a dead run.
pub(super) struct Tree {
    /// Those that were found.
    pub(super) ended: Vec<u32>,
    /// Why the issue may not go on: some live.
    pub(super) block: Option<Reason>,
}

/// Ends what the dead supervisor left. Held with no holder to be found or ended is out of reach.
pub(super) async fn end_tree(project: &Project, taken: &Taken, folder: &RunFolder) -> Tree {
    let mark = run_mark(&project.store, &taken.run.run);
    let lifeline = folder.agent_lifeline();
    let leaders = leaders(&taken.run, folder);
    let looked = tokio::task::spawn_blocking(move || {
        let (ended, unkillable) = process::end_orphans(&mark, &leaders, Some(&lifeline), KILL_LIMIT);
        let block = match unkillable {
            Some(unkillable) => Some(Reason::new(ReasonCode::Unkillable, unkillable.to_string())),
            None => unreachable(&lifeline),
        };
        Tree { ended, block }
    });
    looked.await.unwrap_or_else(|error| Tree {
        ended: Vec::new(),
        block: Some(Reason::new(ReasonCode::OrphanUnreachable, error.to_string())),
    })
}

/// The processes that led the agent's sessions, as far as they are known.
pub(super) fn leaders(run: &RunRecord, folder: &RunFolder) -> Vec<Process> {
    run.agent_process.iter().cloned().chain(folder.read_agent()).collect()
}

/// Why an issue may not go on although none of its processes was found: somebody holds its agent's lifeline.
pub(super) fn unreachable(lifeline: &Path) -> Option<Reason> {
    match process::probe_lifeline(lifeline, DYING) {
        Lifeline::Held => {
            let text = "a process that cannot be found holds its agent's lifeline";
            Some(Reason::new(ReasonCode::OrphanUnreachable, text))
        }
        Lifeline::Free | Lifeline::Unknown => None,
    }
}

/// The lease of a dead worker's workspace went with it; the note in it, which names the dead, goes now.
pub(super) fn release_lease(project: &Project, taken: &Taken) {
    let workspaces = project.workspaces(&taken.by);
    let key = &taken.work.key;
    if workspaces.lease_seen(key).0 == LeaseSeen::Left {
        // Whoever has it by now has written a note of his own.
        let _ = workspaces.lease(key, Some(Duration::ZERO));
    }
}

/// Runs `after_run` where the run got to its workspace and the hook has not run yet; best effort.
pub(super) async fn after_run(project: &Project, taken: &Taken, folder: &RunFolder) -> Option<HookReceipt> {
    taken.run.supervisor.as_ref()?;
    let key = &taken.work.key;
    let path = taken.work.workspace.as_ref().map(|workspace| workspace.path.clone()).filter(|path| path.is_dir())?;
    if taken.work.is_held() || project.workflow.config.hooks.after_run.is_none() || folder.read_after_run().is_some() {
        return None;
    }
    let issue: Issue = project.store.get::<IssueRecord>(key.as_str()).ok().flatten()?.issue;
    let context = RunContext { run: taken.run.run.clone(), attempt: taken.run.attempt };
    let workspaces = project.workspaces(&taken.by);
    let ran = match workspaces.lease_within(key, LEASE_PATIENCE).await {
        Ok(_lease) => workspaces.hook("after_run", &issue, key, &path, Some(&context)).await,
        Err(error) => Err(error),
    };
    match ran {
        Ok(Some(receipt)) => {
            if let Err(error) = folder.write_after_run(&receipt) {
                tracing::warn!(run = %taken.run.run, %error, "receipt of after_run not written");
            }
            Some(receipt)
        }
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(run = %taken.run.run, %error, "after_run not run");
            None
        }
    }
}
