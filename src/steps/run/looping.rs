//! The loop itself: what is under way right now, and when the next tick is due.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::agenda::Agenda;
use super::chores::Chores;
use super::{RunEnd, RunMode, RunNews, RunOptions, RunSummary};
use crate::error::{Error, Exit, Result};
use crate::model::Timestamp;
use crate::project::Project;
use crate::steps::WaitingEntry;
use crate::steps::dispatch::launch;
use crate::steps::tick::{TickLock, TickReport, tick};
use crate::worker::{LaunchReport, LaunchResult};
use crate::workflow::Watch;

/// How often the loop looks at the journal's end.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// Events read at a time.
const PAGE: usize = 500;

/// What is under way right now.
pub(super) struct Loop {
    project: Rc<Project>,
    options: RunOptions,
    launches: JoinSet<(String, LaunchReport)>,
    chores: Chores,
    agenda: Agenda,
    waiting: Vec<WaitingEntry>,
    /// The first thing that failed, where one tick was asked for.
    failure: Option<Error>,
    /// Whether the configuration allows new work.
    dispatching: bool,
}

impl Loop {
    pub(super) fn new(project: Project, options: RunOptions) -> Result<Self> {
        let agenda = Agenda::of(&project.store)?;
        Ok(Self {
            project: Rc::new(project),
            options,
            launches: JoinSet::new(),
            chores: Chores::default(),
            agenda,
            waiting: Vec::new(),
            failure: None,
            dispatching: true,
        })
    }

    /// Ticks until the mode says that it is over. What a crash left is settled first: a dead claim takes no slot.
    pub(super) async fn turn(&mut self, watch: &mut Watch, tell: &mut dyn FnMut(RunNews<'_>)) -> Result<RunEnd> {
        let once = match self.options.mode {
            RunMode::Once => Some(TickLock::try_take_once(&self.project)?),
            RunMode::UntilIdle | RunMode::Forever => None,
        };
        if let Some(None) = once {
            return Ok(RunEnd::Elsewhere);
        }
        self.chores.settle(&self.project);
        self.chores.finish(tell).await;
        self.chores.repair(&self.project);
        loop {
            self.reload(watch, tell);
            let began = self.project.seams.now();
            let next = Instant::now() + Duration::from_millis(self.project.workflow.config.polling.interval_ms);
            let ticked = match TickLock::try_take(&self.project)? {
                Some(_lock) => tick(&self.project, self.dispatching).await.map(Some),
                None if self.options.mode == RunMode::Once => return Ok(RunEnd::Elsewhere),
                None => Ok(None),
            };
            let quiet = match ticked {
                Ok(None) => false,
                Ok(Some(report)) => self.take_up(report, tell)?,
                Err(error) if self.options.mode == RunMode::Once || is_fatal(&error) => return Err(error),
                Err(error) => {
                    tell(RunNews::Trouble(&error));
                    false
                }
            };
            match self.options.mode {
                RunMode::Once => {
                    self.finish_launches(tell).await;
                    self.chores.finish(tell).await;
                    return Ok(self.failure.take().map_or(RunEnd::Once, RunEnd::Failed));
                }
                RunMode::UntilIdle if quiet => {
                    self.chores.finish(tell).await;
                    return Ok(RunEnd::Idle);
                }
                RunMode::UntilIdle | RunMode::Forever => {}
            }
            self.chores.settle(&self.project);
            self.wait(next, began, watch, tell).await?;
        }
    }

    /// Applies a changed WORKFLOW.md; a broken one stops dispatching and nothing else (SPEC 6.2). Says whether there was
    /// news.
    fn reload(&mut self, watch: &mut Watch, tell: &mut dyn FnMut(RunNews<'_>)) -> bool {
        let Some(changed) = watch.changed() else { return false };
        let reloaded = changed.map_err(Error::from).and_then(|workflow| {
            if workflow == self.project.workflow {
                return Ok(None);
            }
            let project = self.project.reloaded(workflow)?;
            project.remember_workflow()?;
            Ok(Some(project))
        });
        self.dispatching = reloaded.is_ok();
        match reloaded {
            Ok(None) => return false,
            Ok(Some(project)) => {
                self.project = Rc::new(project);
                tell(RunNews::Reloaded);
            }
            Err(error) => tell(RunNews::Trouble(&error)),
        }
        true
    }

    /// Starts what a tick calls for; says whether there is nothing left to wait for.
    fn take_up(&mut self, report: TickReport, tell: &mut dyn FnMut(RunNews<'_>)) -> Result<bool> {
        let TickReport { unwanted, claims, polled } = report;
        let nothing_new = polled && claims.to_launch.is_empty() && claims.failure.is_none();
        for claim in claims.to_launch {
            let (project, timeout) = (Rc::clone(&self.project), self.options.launch_timeout);
            self.launches.spawn_local(async move { launch(&project, claim, timeout).await });
        }
        for worker in unwanted {
            self.chores.end(&self.project, worker);
        }
        self.chores.clean(&self.project);
        if let Some(error) = claims.failure {
            self.failed(error, tell);
        }
        self.waiting = claims.waiting;
        self.tell_news(tell)?;
        let busy = !self.launches.is_empty() || self.chores.are_pending() || !self.agenda.is_empty();
        Ok(nothing_new && !busy)
    }

    /// Waits for the next tick: its time, a retry that is due, a run that ended, or a WORKFLOW.md that has changed, which
    /// the old interval does not hold up (SPEC 6.2).
    async fn wait(
        &mut self,
        next: Instant,
        began: Timestamp,
        watch: &mut Watch,
        tell: &mut dyn FnMut(RunNews<'_>),
    ) -> Result<()> {
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(next) => return Ok(()),
                () = tokio::time::sleep(LOOK_INTERVAL) => {}
                Some(Ok(launch)) = self.launches.join_next() => self.launched(&launch, tell),
                () = self.chores.next(tell) => {}
            }
            let ended = self.tell_news(tell)?;
            if self.reload(watch, tell) || ended || self.agenda.is_due(began, self.project.seams.now()) {
                return Ok(());
            }
        }
    }

    /// Tells what was committed since the last look; says whether a run ended.
    pub(super) fn tell_news(&mut self, tell: &mut dyn FnMut(RunNews<'_>)) -> Result<bool> {
        let mut ended = false;
        if self.project.store.last_seq()? == self.agenda.seen() {
            return Ok(false);
        }
        loop {
            let page = self.project.store.events(self.agenda.seen(), PAGE)?;
            for event in &page {
                ended |= self.agenda.note(event);
                tell(RunNews::Event(event));
            }
            if page.len() < PAGE {
                return Ok(ended);
            }
        }
    }

    /// Waits until every launch has reported.
    pub(super) async fn finish_launches(&mut self, tell: &mut dyn FnMut(RunNews<'_>)) {
        while let Some(launch) = self.launches.join_next().await {
            if let Ok(launch) = launch {
                self.launched(&launch, tell);
            }
        }
    }

    fn launched(&mut self, (identifier, launch): &(String, LaunchReport), tell: &mut dyn FnMut(RunNews<'_>)) {
        if let LaunchResult::Failed { code, message } = &launch.result {
            let text = format!("{identifier}: run {} could not be launched ({code}): {message}", launch.run);
            self.failed(Error::new(Exit::WorkerFailed, "launch_failed", text), tell);
        }
    }

    /// Tells a failure; one tick ends with its first one, which the caller tells.
    fn failed(&mut self, error: Error, tell: &mut dyn FnMut(RunNews<'_>)) {
        if self.options.mode == RunMode::Once && self.failure.is_none() {
            self.failure = Some(error);
        } else {
            tell(RunNews::Trouble(&error));
        }
    }

    pub(super) fn summary(self, end: RunEnd) -> RunSummary {
        RunSummary { end, waiting: self.waiting, running: self.agenda.running() }
    }
}

/// Whether the loop cannot go on: a store that is damaged as a whole, or not ours, does not mend itself.
fn is_fatal(error: &Error) -> bool {
    matches!(
        error.code,
        "store_damaged"
            | "journal_lost_tail"
            | "not_a_store"
            | "not_found"
            | "store_newer"
            | "store_older"
            | "wrong_owner"
    )
}
