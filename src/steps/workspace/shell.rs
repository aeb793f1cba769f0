//! `workspace shell`: a person works in an issue's workspace, and nobody else does meanwhile (DESIGN §6).

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Exit, Result};
use crate::model::{ClaimRecord, Issue, Key, Outcome, RunId};
use crate::outcome::{End, Tally, classify};
use crate::process::{self, RUN_MARK, nudges};
use crate::project::Project;
use crate::queue;
use crate::recovery::{self, run_mark};
use crate::steps::{Found, Target, unknown};
use crate::store::{By, Fence, IssueRecord, StoreError};

/// Where nobody says which shell.
const DEFAULT_SHELL: &str = "/bin/sh";

/// Holds the issue, ensures its workspace, and runs `command` (default: the person's shell) in it with the environment
/// of an agent; answers with its exit status, 128 + n where signal n ended it. `enter` is told where, before it starts.
/// Whatever happens, the hold ends with this, and the issue is what it was before.
pub async fn shell(
    project: &Project,
    found: &Found,
    command: &[OsString],
    patience: Option<Duration>,
    enter: impl FnOnce(&Path, &RunId),
) -> Result<u8> {
    let key = &found.key;
    recovery::settle(project, Some(key)).await?;
    let known: Option<IssueRecord> = project.store.get(key.as_str())?;
    let issue = known.ok_or_else(|| unknown(&Target::Named(key.to_string())))?.issue;
    let held = queue::hold(&project.store, &project.by(None), key, project.seams.now())?;
    let inside = Inside {
        project,
        key,
        issue: &issue,
        by: project.by(Some(Fence { run: held.run.clone(), seq: held.fence })),
        run: held.run,
    };
    let ended = inside.run(command, patience, enter).await;
    inside.leave(&ended)?;
    drop(held.lifeline);
    ended
}

/// A hold that was taken.
struct Inside<'p> {
    project: &'p Project,
    key: &'p Key,
    issue: &'p Issue,
    run: RunId,
    by: By,
}

impl Inside<'_> {
    async fn run(
        &self,
        command: &[OsString],
        patience: Option<Duration>,
        enter: impl FnOnce(&Path, &RunId),
    ) -> Result<u8> {
        let store = &self.project.store;
        let workspaces = self.project.workspaces(&self.by);
        let lease = workspaces.lease(self.key, patience)?;
        let path = workspaces.ensure(&lease, self.issue, self.key, None).await?.record.path;
        workspaces.check_cwd(&path, &path)?;
        let (mut env, mut withheld) = workspaces.child_environment(self.issue, self.key, &path, None);
        workspaces.add_agent_env(&mut env, &mut withheld);
        // By this its processes are found when this one was killed.
        env.set(RUN_MARK, run_mark(store, &self.run));
        let shell = env.get_os("SHELL").map_or_else(|| DEFAULT_SHELL.into(), OsString::from);
        let words = if command.is_empty() { vec![shell] } else { command.to_vec() };
        let cannot = |error| {
            let program = Path::new(&words[0]).display();
            Error::new(Exit::Failed, "io", format!("cannot run {program} in {}", path.display())).because(error)
        };
        let mut nudges = nudges().map_err(cannot)?;
        let asked_to_leave = async {
            loop {
                let claim = store.get::<ClaimRecord>(self.key.as_str()).ok().flatten();
                if claim.is_some_and(|claim| claim.claim.run == self.run && claim.request.is_some()) {
                    return;
                }
                nudges.recv().await;
            }
        };
        enter(&path, &self.run);
        let status = process::run_foreground(&words, &path, &env, asked_to_leave).await.map_err(cannot)?;
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
        Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    }

    /// Ends the hold.
    fn leave(&self, ended: &Result<u8>) -> Result<()> {
        let now = self.project.seams.now();
        let outcome = match ended {
            Ok(code) => {
                let summary = format!("the shell ended with exit status {code}");
                Outcome { summary, ..classify(&End::Completed, Tally::default(), now) }
            }
            Err(error) => classify(&End::Workspace(error.to_string()), Tally::default(), now),
        };
        self.project.store.transact(now, &self.by, |tx| {
            queue::finish(tx, &self.run, &outcome, None, &self.project.policy(), now)?;
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
