//! What a worker asks of the tracker: the issue after each turn, and the state in which its work is handed over.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::patience::insist;
use super::state::{Asked, State, Step, Stop};
use crate::chain::chain;
use crate::model::normal_state;
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
        let issues = fetched.map_err(|error| Stop::End(End::TrackerRefresh(chain(&error))))?;
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
        let found = read.map_err(|error| Stop::End(End::TrackerRefresh(chain(&error))))?;
        Ok(found.map(|comment| comment.body))
    }

    /// Sets `tracker.handoff_state` where the turns succeeded and the issue is still active. A tracker that refuses fails
    /// the run: else the same work would be done again and again.
    pub(super) async fn hand_off(&mut self) -> Step<()> {
        let Some(state) = self.policy.tracker.handoff_state.clone() else { return Ok(()) };
        if !self.is_wanted() || normal_state(&state) == normal_state(&self.issue.state) {
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
        self.issue = edited.map_err(|error| failed(chain(&error)))?;
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
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) if !may_pass(&error) || Instant::now() + pause >= deadline => return Err(error),
            Err(error) => tracing::warn!(error = chain(&error), "tracker failed; asking again"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
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
}
