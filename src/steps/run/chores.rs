//! What the loop does besides: settling the dead, ending the unwanted, cleaning the terminal. Side by side with the
//! ticks, so that one slow hook or one stubborn worker delays nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use tokio::task::JoinSet;

use super::RunNews;
use crate::error::Result;
use crate::model::RunId;
use crate::project::Project;
use crate::recovery::{self, RecoveryError, Settled};
use crate::steps::reconcile::{NotEnded, Unwanted, end};
use crate::steps::recover::repair;
use crate::steps::{Cleaned, RecoverReport, clean_terminal};

/// The chores that are under way.
#[derive(Default)]
pub(super) struct Chores {
    running: JoinSet<Chore>,
    settling: bool,
    cleaning: bool,
    /// Something may have become terminal since the cleaning that is under way began.
    clean_again: Option<Rc<Project>>,
    ending: BTreeSet<RunId>,
}

/// A chore that is done.
enum Chore {
    Settled(std::result::Result<Vec<Settled>, RecoveryError>),
    Ended(RunId, std::result::Result<(), NotEnded>),
    Cleaned(Result<Vec<Cleaned>>),
    Repaired(Result<RecoverReport>),
}

impl Chores {
    /// Settles dead workers, unless that is under way.
    pub(super) fn settle(&mut self, project: &Rc<Project>) {
        if std::mem::replace(&mut self.settling, true) {
            return;
        }
        let project = Rc::clone(project);
        self.running.spawn_local(async move { Chore::Settled(recovery::settle(&project, None).await) });
    }

    /// Puts right what a crash left of the workspaces.
    pub(super) fn repair(&mut self, project: &Rc<Project>) {
        let project = Rc::clone(project);
        self.running.spawn_local(async move {
            let mut report = RecoverReport::default();
            let repaired = repair(&project, &BTreeMap::new(), false, &mut report).await;
            Chore::Repaired(repaired.map(|()| report))
        });
    }

    /// Ends a worker, unless that is under way.
    pub(super) fn end(&mut self, project: &Rc<Project>, worker: Unwanted) {
        if self.ending.insert(worker.run().clone()) {
            let project = Rc::clone(project);
            let ended = async move { Chore::Ended(worker.run().clone(), end(&project, &worker).await.map(drop)) };
            self.running.spawn_local(ended);
        }
    }

    /// Cleans the workspaces of terminal issues; once more where that is under way.
    pub(super) fn clean(&mut self, project: &Rc<Project>) {
        if std::mem::replace(&mut self.cleaning, true) {
            self.clean_again = Some(Rc::clone(project));
            return;
        }
        let project = Rc::clone(project);
        self.running.spawn_local(async move { Chore::Cleaned(clean_terminal(&project, false).await) });
    }

    /// Whether workers are being settled or ended: there is something left to wait for.
    pub(super) fn are_pending(&self) -> bool {
        self.settling || !self.ending.is_empty()
    }

    /// Waits for the next chore to be done, and tells of it; for ever where there is none.
    pub(super) async fn next(&mut self, tell: &mut dyn FnMut(RunNews<'_>)) {
        match self.running.join_next().await {
            Some(Ok(chore)) => self.done(chore, tell),
            Some(Err(error)) => tracing::error!(%error, "a chore broke off"),
            None => std::future::pending().await,
        }
    }

    /// Waits for all of them.
    pub(super) async fn finish(&mut self, tell: &mut dyn FnMut(RunNews<'_>)) {
        while !self.running.is_empty() {
            self.next(tell).await;
        }
    }

    fn done(&mut self, chore: Chore, tell: &mut dyn FnMut(RunNews<'_>)) {
        match chore {
            Chore::Settled(settled) => {
                self.settling = false;
                match settled {
                    Ok(settled) => settled.iter().for_each(|settled| tell(RunNews::Settled(settled))),
                    Err(error) => tell(RunNews::Trouble(&error.into())),
                }
            }
            Chore::Repaired(Ok(report)) => {
                report.actions.iter().for_each(|done| tell(RunNews::Repaired(done)));
                for failed in report.failed {
                    tracing::warn!(issue_identifier = failed.identifier, failed.message, "workspace not put right");
                }
            }
            Chore::Repaired(Err(error)) => tell(RunNews::Trouble(&error)),
            Chore::Ended(run, ended) => {
                self.ending.remove(&run);
                if let Err(failure) = ended {
                    tell(RunNews::NotEnded(&failure));
                }
            }
            Chore::Cleaned(cleaned) => {
                self.cleaning = false;
                match cleaned {
                    Ok(cleaned) => cleaned.iter().for_each(|cleaned| tell(RunNews::Cleaned(cleaned))),
                    Err(error) => tell(RunNews::Trouble(&error)),
                }
                if let Some(project) = self.clean_again.take() {
                    self.clean(&project);
                }
            }
        }
    }
}
