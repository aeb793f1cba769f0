//! What a launch would do now, without doing it: what `--dry-run` of `worker launch` and `dispatch` say.

use std::path::PathBuf;

use super::dispatch::{DispatchReport, LaunchedRun, Wanted, preflight};
use super::lookup::fetch;
use super::poll::running_states;
use super::{Found, poll};
use crate::error::Result;
use crate::model::{Key, Reason, ReasonCode, RunId, Work};
use crate::project::Project;
use crate::queue::{self, ClaimError, Override, Slots};
use crate::recovery;
use crate::store::{Kind, Snapshot};

/// A launch that would be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchPlan {
    /// The issue.
    pub identifier: String,
    /// The number that its run would have.
    pub run: RunId,
    /// Its `attempt`.
    pub attempt: Option<u32>,
    /// Where it would work.
    pub workspace: PathBuf,
}

/// What a launch of one issue would begin; fails where the launch would be refused. A claim whose worker is dead is
/// seen as settled, which a launch begins with.
pub async fn preview_launch(project: &Project, found: &Found, overriding: Override) -> Result<LaunchPlan> {
    preflight(project)?;
    let issue = fetch(project, found).await?.issue;
    let dead: Vec<RunId> = recovery::plan(project)?.into_iter().map(|settled| settled.run).collect();
    let policy = project.policy();
    let identifier = found.work.identifier.clone();
    let refused = |reasons| ClaimError::NotEligible { identifier: identifier.clone(), reasons };
    let work = match found.work.claim() {
        Some(claim) if dead.contains(&claim.run) && overriding == Override::Nothing => {
            let message = format!("run {} has lost its worker, and its retry is to be scheduled first", claim.run);
            return Err(refused(vec![Reason::new(ReasonCode::RetryWait, message)]).into());
        }
        Some(claim) if dead.contains(&claim.run) => found.work.requeued(),
        Some(_) | None => queue::claim::overridden(&found.work, overriding),
    };
    ClaimError::unless_free(&work)?;
    let snapshot = project.store.snapshot(&[Kind::Claims, Kind::Work, Kind::Issues])?;
    let mut reasons = queue::reasons(&issue, Some(&work), &policy, project.seams.now());
    if reasons.is_empty() {
        let running = running_states(&snapshot, &policy, &dead);
        reasons.extend(Slots::new(&policy, running).take(&issue.state).err());
    }
    if !reasons.is_empty() {
        return Err(refused(reasons).into());
    }
    let by = project.by(None);
    Ok(LaunchPlan {
        identifier,
        run: next_run(project, &work),
        attempt: (work.attempts > 0).then_some(work.attempts),
        workspace: project.workspaces(&by).path(&found.key),
    })
}

/// What a dispatch would launch now. A dead worker takes no slot: a dispatch begins by settling it.
pub async fn preview_dispatch(project: &Project, wanted: &Wanted) -> Result<DispatchReport> {
    preflight(project)?;
    let mut poll = poll(project, true).await?;
    let chosen = |key: &Key| wanted.keys.is_empty() || wanted.keys.contains(key);
    poll.waiting.retain(|entry| chosen(&entry.key));
    let snapshot = project.store.snapshot(&[Kind::Work])?;
    let launched = poll.queue.into_iter().filter(|entry| chosen(&entry.key)).map(|entry| {
        let run = next_run(project, &work_of(&snapshot, &entry.key, &entry.identifier));
        LaunchedRun { identifier: entry.identifier, run, pid: None }
    });
    let launched = launched.take(wanted.limit.unwrap_or(usize::MAX)).collect();
    Ok(DispatchReport { launched, waiting: poll.waiting, dry_run: true, ..DispatchReport::default() })
}

fn work_of(snapshot: &Snapshot, key: &Key, identifier: &str) -> Work {
    let known = snapshot.get(key.as_str()).ok().flatten();
    known.unwrap_or_else(|| Work::new(key.clone(), identifier.to_owned(), identifier.to_owned()))
}

/// The first number behind the last run's that no folder has.
fn next_run(project: &Project, work: &Work) -> RunId {
    let id = |number| RunId { key: work.key.clone(), number };
    let is_taken = |run: &RunId| project.store.layout().run(run).exists();
    (work.last_run + 1..).map(id).find(|run| !is_taken(run)).unwrap_or_else(|| id(u32::MAX))
}
