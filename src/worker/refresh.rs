//! What a worker asks of the tracker: the issue after each turn, and the state in which its work is handed over.

use std::future::Future;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::{Instant, sleep};

use super::patience::insist;
use super::state::{Asked, State, Step, Stop};
use crate::chain::chain;
use crate::model::is_same_state;
use crate::outcome::End;
use crate::tracker::{IssueEdit, TrackerError, workpad};

/// How long a tracker that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

impl State<'_> {
    /// Fetches the issue anew (SPEC 7.1). A tracker that does not answer is asked again for a minute.
    pub(super) async fn refresh(&mut self) -> Step<()> {
        let asked_at = insist(&self.project.store, || self.project.store.last_seq()).await?;
        let ids = [self.spec.issue.id.clone()];
        let fetched = patiently(PATIENCE, |_| true, || self.project.tracker.fetch_issues_by_ids(&ids)).await;
        let issues = fetched.map_err(|error| self.tracker_failed(&error))?;
        self.asked = match issues.into_iter().next() {
            Some(issue) => {
                self.issue = issue;
                Asked::Visible { asked_at }
            }
            None => Asked::Invisible,
        };
        Ok(())
    }

    /// What the issue's workpad holds. A tracker that does not answer is asked again for a minute.
    pub(super) async fn workpad(&self) -> Step<Option<String>> {
        let (tracker, id) = (&*self.project.tracker, &self.issue.id);
        let read = patiently(PATIENCE, TrackerError::retryable, || workpad::read(tracker, id)).await;
        let found = read.map_err(|error| self.tracker_failed(&error))?;
        Ok(found.map(|comment| comment.body))
    }

    /// The end of a run whose tracker does not answer. Where it wants to be left alone the run is not done again before.
    fn tracker_failed(&self, error: &TrackerError) -> Stop {
        let wait = error.retry_after_ms().and_then(|ms| TimeDelta::try_milliseconds(i64::try_from(ms).ok()?));
        let not_before = wait.and_then(|wait| self.project.seams.now().checked_add_signed(wait));
        Stop::End(End::TrackerRefresh { error: chain(error), not_before })
    }

    /// Sets `tracker.handoff_state` where the turns succeeded and the issue is still active. A tracker that refuses fails
    /// the run: else the same work would be done again and again. One that wants to be left alone has not refused.
    pub(super) async fn hand_off(&mut self) -> Step<()> {
        let Some(state) = self.policy.tracker.handoff_state.clone() else { return Ok(()) };
        if !self.is_wanted() || is_same_state(&state, &self.issue.state) {
            return Ok(());
        }
        let failed = |error: String| {
            let error = format!("{} could not be set to `{state}`: {error}", self.issue.identifier);
            Stop::End(End::Turn { error, not_before: None })
        };
        let Some(writer) = self.project.tracker.writer() else {
            return Err(failed(format!("tracker `{}` has no writes", self.project.tracker.kind())));
        };
        let asked_at = insist(&self.project.store, || self.project.store.last_seq()).await?;
        self.still_ours()?;
        let edit = IssueEdit { state: Some(state.clone()), ..IssueEdit::default() };
        let edited = patiently(PATIENCE, TrackerError::retryable, || writer.edit(&self.issue.id, &edit)).await;
        self.issue = edited.map_err(|error| match error {
            TrackerError::RateLimited { .. } => self.tracker_failed(&error),
            _ => failed(chain(&error)),
        })?;
        self.asked = Asked::Visible { asked_at };
        self.event("handed_off", serde_json::json!({ "state": self.issue.state }));
        tracing::info!(state = self.issue.state, "issue handed off");
        Ok(())
    }
}

/// Asks until there is an answer, the time is up, or asking again is of no use.
async fn patiently<T, F: Future<Output = Result<T, TrackerError>>>(
    patience: Duration,
    may_pass: impl Fn(&TrackerError) -> bool,
    mut ask: impl FnMut() -> F,
) -> Result<T, TrackerError> {
    let deadline = Instant::now() + patience;
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = pause_after(&error, pause);
        if !may_pass(&error) || wait >= left {
            return Err(error);
        }
        tracing::warn!(error = chain(&error), "tracker failed; asking again");
        sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// How long is waited before it is asked again: as long as it says, and never shorter than our own pause.
fn pause_after(error: &TrackerError, pause: Duration) -> Duration {
    error.retry_after_ms().map_or(pause, |asked| Duration::from_millis(asked).max(pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a tracker is asked that fails so many times first, and whether it answers in the end.
    async fn ask(patience: Duration, may_pass: bool, failures: u32) -> (u32, bool) {
        let mut asked = 0;
        let answer = patiently(
            patience,
            |_| may_pass,
            || {
                asked += 1;
                let now = asked;
                async move { if now > failures { Ok(()) } else { Err(TrackerError::Response("half a page".into())) } }
            },
        );
        let answered = answer.await.is_ok();
        (asked, answered)
    }

    #[tokio::test]
    async fn a_tracker_that_comes_back_is_heard_and_one_that_does_not_is_given_up() {
        assert_eq!(ask(PATIENCE, true, 1).await, (2, true));
        assert_eq!(ask(FIRST_PAUSE, true, 9).await, (1, false));
        assert_eq!(ask(PATIENCE, false, 9).await, (1, false));
    }

    #[test]
    fn one_that_wants_to_be_left_alone_is_asked_when_that_is_over() {
        let limited = |retry_after_ms| TrackerError::RateLimited { what: "GET".into(), retry_after_ms };
        for (error, expected) in [
            (limited(Some(20_000)), 20_000),
            (limited(Some(1)), 500),
            (limited(None), 500),
            (TrackerError::Response("half a page".into()), 500),
        ] {
            assert_eq!(pause_after(&error, FIRST_PAUSE), Duration::from_millis(expected), "{error}");
        }
    }

    #[tokio::test]
    async fn one_that_wants_to_be_left_alone_for_longer_is_not_waited_for() {
        let mut asked = 0;
        let answer: Result<(), _> = patiently(
            PATIENCE,
            |_| true,
            || {
                asked += 1;
                async { Err(TrackerError::RateLimited { what: "GET".into(), retry_after_ms: Some(3_600_000) }) }
            },
        )
        .await;
        assert_eq!((asked, answer.is_err()), (1, true));
    }
}
