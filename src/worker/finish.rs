//! The end of a run: the agent and its tree, `after_run`, the outcome (DESIGN §5).

use std::time::Duration;

use serde_json::json;

use super::attempt::{Attempt, failure};
use super::patience::Patience;
use super::report::Report;
use super::state::{Asked, State, Stop};
use crate::model::{ClaimRecord, Outcome, Phase, Request, RunRecord, StateRecord};
use crate::outcome::{End, classify};
use crate::process;
use crate::project::STATE;
use crate::queue::{self, Seen};
use crate::recovery::run_mark;
use crate::store::{DocId, Redactor, StoreError, Transaction};

/// What a tree is given to end by itself.
const GRACE: Duration = Duration::from_secs(5);
/// What it is given after the first SIGKILL.
const LIMIT: Duration = Duration::from_secs(10);

impl Attempt<'_> {
    /// Ends everything that the run started, runs `after_run`, and commits the outcome.
    pub(super) async fn finish(&mut self, end: End) -> Result<Outcome, String> {
        // Whoever slept through a take-over has nothing more to say.
        if let Err(Stop::Lost(reason)) = self.state.still_ours() {
            self.end_agent().await;
            return Err(reason);
        }
        self.state.phase(Phase::Finishing);
        // The turn may have been cut short.
        self.state.activity.set_in_turn(false);
        let mut end = self.end_agent().await.map_or(end, End::Unkillable);
        self.state.after_run().await;
        if let Some(left) = end_tree(&self.state).await {
            end = End::Unkillable(left);
        }
        // Nothing of the run is in the workspace any more: whoever sees the outcome may clean it at once.
        self.state.lease = None;
        self.state.commit(end).await.map_err(|error| match error {
            Stop::Lost(reason) => reason,
            Stop::End(_) => "its outcome was refused".to_owned(),
        })
    }

    /// Ends the agent and its tree; says what could not be ended.
    pub(super) async fn end_agent(&mut self) -> Option<String> {
        self.desk = None;
        if let Some(mut agent) = self.agent.take() {
            agent.stop().await;
        }
        end_tree(&self.state).await
    }
}

async fn end_tree(state: &State<'_>) -> Option<String> {
    let mark = run_mark(&state.project.store, &state.spec.run);
    process::end_descendants(&mark, GRACE, LIMIT).await.err().map(|unkillable| unkillable.to_string())
}

fn redacted(redactor: &Redactor, outcome: Outcome) -> Outcome {
    Outcome {
        summary: redactor.redact(&outcome.summary).into_owned(),
        error: outcome.error.map(|error| redactor.redact(&error).into_owned()),
        ..outcome
    }
}

/// Why a commit did not take place.
enum Refused {
    /// An operator asked for something else meanwhile.
    Superseded(Request),
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Whether the end stands although an operator asked for this: it is what was asked for, or names processes that live.
fn overrules(end: &End, request: &Request) -> bool {
    matches!(end, End::Unkillable(_)) || matches!(end, End::Requested(kind, _) if *kind == request.kind)
}

impl State<'_> {
    /// Best effort: what goes wrong is noted, and changes nothing (SPEC 9.4).
    async fn after_run(&mut self) {
        match self.run_hook("after_run").await {
            Ok(Some(receipt)) => {
                if !receipt.ok {
                    tracing::warn!(reason = failure(&receipt), "after_run failed");
                }
                if let Err(error) = self.folder.write_after_run(&receipt) {
                    tracing::warn!(%error, "receipt of after_run not written");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "after_run failed"),
        }
    }

    /// Leaves the outcome in the run's folder, then commits it, however long the store cannot be written.
    async fn commit(&mut self, mut end: End) -> Result<Outcome, Stop> {
        let mut patience = Patience::new(&self.project.store);
        loop {
            let redactor = self.project.store.redactor();
            let outcome = redacted(redactor, classify(&end, self.tally.clone(), self.project.seams.now()));
            self.still_ours()?;
            if let Err(error) = self.folder.write_outcome(&outcome) {
                tracing::warn!(%error, "outcome not left in the run's folder");
            }
            match self.transact(&outcome, &end) {
                Ok(()) => {
                    self.conclude(&outcome);
                    return Ok(outcome);
                }
                Err(Refused::Superseded(request)) => end = End::Requested(request.kind, request.reason),
                Err(Refused::Store(error)) => patience.bear(&error).await?,
            }
        }
    }

    fn transact(&self, outcome: &Outcome, end: &End) -> Result<(), Refused> {
        let now = self.project.seams.now();
        self.project.store.transact(now, &self.by, |tx| {
            let claim: Option<ClaimRecord> = tx.get(self.spec.key.as_str())?;
            if let Some(request) = claim.as_ref().and_then(ClaimRecord::operator_request)
                && !overrules(end, request)
            {
                return Err(Refused::Superseded(request.clone()));
            }
            let seen = match self.asked {
                Asked::Never => None,
                Asked::Invisible => Some(Seen::Invisible),
                Asked::Visible { asked_at } => {
                    queue::claim::refresh(tx, &self.spec.key, &self.issue, asked_at)?;
                    Some(Seen::Issue(&self.issue))
                }
            };
            if let Some(record) = tx.get::<RunRecord>(&self.spec.run.to_string())? {
                tx.put(&self.recorded(record))?;
            }
            if let Some(limits) = &self.rate_limits {
                let state: StateRecord = tx.get(STATE)?.unwrap_or_default();
                tx.put(&StateRecord { rate_limits: Some(limits.clone()), ..state })?;
            }
            self.keep_session(tx)?;
            queue::finish(tx, &self.spec.run, outcome, seen, &self.policy, now)?;
            Ok(())
        })
    }

    /// The conversation as it is now; one that cannot be gone on with is forgotten, so that the next run begins anew.
    fn keep_session(&self, tx: &mut Transaction<'_>) -> Result<(), StoreError> {
        let Some(session) = self.session_record() else { return Ok(()) };
        let Some(reason) = &self.session.ended else { return tx.put(&session) };
        let data = json!({ "thread_id": session.thread_id, "reason": reason });
        tx.event("session.ended", Some(&self.issue.identifier), Some(&self.spec.run), data);
        tx.delete(DocId::of(&session));
        Ok(())
    }

    fn conclude(&mut self, outcome: &Outcome) {
        self.event("outcome", serde_json::to_value(outcome).unwrap_or_default());
        self.events.sync();
        let code = super::code_of(outcome);
        let (name, error) = (outcome.outcome.as_str(), outcome.error.as_deref());
        tracing::info!(
            session_id = self.session.id(),
            outcome = name,
            code,
            error,
            turns = outcome.turns,
            "run finished"
        );
        let message = error.unwrap_or(&outcome.summary).to_owned();
        self.reporter.conclude(&Report::Failed { code, message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RequestKind, Timestamp};

    #[test]
    fn an_operator_s_word_goes_before_every_end_but_one_that_names_live_processes() {
        let asked = |kind| Request { kind, reason: String::new(), at: Timestamp::UNIX_EPOCH };
        for (end, stands) in [
            (End::Completed, false),
            (End::Requested(RequestKind::IssueTerminal, String::new()), false),
            (End::Requested(RequestKind::StopRequeue, String::new()), false),
            (End::Requested(RequestKind::Stop, String::new()), true),
            (End::Unkillable("could not end process 7".to_owned()), true),
        ] {
            assert_eq!(overrules(&end, &asked(RequestKind::Stop)), stands, "{end:?}");
        }
    }
}
