//! What the outside may ask of a live worker: requests left in its claim, signals, and the loss of its claim.

use std::rc::Rc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::WorkerError;
use super::patience::{ANOTHER_STORE, refusal};
use super::spec::Spec;
use crate::model::{ClaimRecord, Request};
use crate::process::{self, EndSignal, Signals};
use crate::project::Project;
use crate::run_folder::{ActivityFile, RunFolder};
use crate::store::StoreError;

/// How often the worker looks by itself, nudged or not.
const LOOK: Duration = Duration::from_secs(2);
/// Looks between two rounds of reaping.
const REAP_EVERY: u32 = 15;

/// Why a worker stops what it does.
#[derive(Debug)]
pub(super) enum Interruption {
    /// A command asked for it.
    Requested(Request),
    /// A signal did.
    Signal(EndSignal),
    /// The claim, the run's folder or the store is no longer its own: it may change nothing any more.
    Lost(String),
}

/// At this look the agent has been started, and there is little to do but to wait.
const STARTED: u32 = 2;

/// Listens for all of them.
pub(super) struct Watch<'p> {
    project: &'p Project,
    spec: &'p Spec,
    folder: &'p RunFolder,
    nudges: Signal,
    signals: Signals,
    looks: Interval,
    looked: u32,
    seq: Option<u64>,
    activity: Rc<ActivityFile>,
}

impl<'p> Watch<'p> {
    /// From now on signals no longer end the process by themselves.
    pub(super) fn begin(
        project: &'p Project,
        spec: &'p Spec,
        folder: &'p RunFolder,
        activity: Rc<ActivityFile>,
    ) -> Result<Self, WorkerError> {
        let cannot = |source| WorkerError::io("listen for signals of", folder.path(), source);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (nudges, signals) = (process::nudges().map_err(cannot)?, Signals::listen().map_err(cannot)?);
        Ok(Self { project, spec, folder, nudges, signals, looks, looked: 0, seq: None, activity })
    }

    /// The next interruption.
    pub(super) async fn next(&mut self) -> Interruption {
        loop {
            tokio::select! {
                signal = self.signals.next() => return Interruption::Signal(signal),
                Some(()) = self.nudges.recv() => {}
                _ = self.looks.tick() => self.tick(),
            }
            if let Some(interruption) = self.look() {
                return interruption;
            }
        }
    }

    /// The next signal; whatever else happens no longer matters.
    pub(super) async fn signal(&mut self) -> EndSignal {
        loop {
            tokio::select! {
                signal = self.signals.next() => return signal,
                _ = self.looks.tick() => self.tick(),
            }
        }
    }

    fn tick(&mut self) {
        self.activity.note_own(self.project.seams.clock.monotonic_ms());
        self.looked += 1;
        if self.looked.is_multiple_of(REAP_EVERY) {
            process::reap_adopted();
        }
        if self.looked == STARTED {
            process::give_back_text();
        }
    }

    /// Reads the claim, if the journal went on since the last look.
    fn look(&mut self) -> Option<Interruption> {
        for warning in self.project.store.take_warnings() {
            tracing::warn!(warning, "store");
        }
        if !self.folder.exists() {
            return Some(Interruption::Lost("its run folder is gone".to_owned()));
        }
        match self.read() {
            Ok(interruption) => interruption,
            Err(error) => refusal(&error).map(Interruption::Lost).or_else(|| {
                tracing::warn!(%error, "requests not read");
                None
            }),
        }
    }

    fn read(&mut self) -> Result<Option<Interruption>, StoreError> {
        if !self.project.store.is_unchanged()? {
            return Ok(Some(Interruption::Lost(ANOTHER_STORE.to_owned())));
        }
        let seq = self.project.store.last_seq()?;
        if self.seq == Some(seq) {
            return Ok(None);
        }
        let claim: Option<ClaimRecord> = self.project.store.get(self.spec.key.as_str())?;
        self.seq = Some(seq);
        Ok(match claim {
            Some(record) if record.claim.run == self.spec.run && record.claim.fence == self.spec.fence => {
                record.request.map(Interruption::Requested)
            }
            Some(_) | None => Some(Interruption::Lost("its claim was taken over".to_owned())),
        })
    }
}
