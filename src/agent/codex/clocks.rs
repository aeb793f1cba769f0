//! How long a turn may be silent (SPEC 10.6). Codex never gives a dead model up, so there are three limits of our own:
//! for the answer to `turn/start`, for silence, and for a time in which nothing gets on though something is said.

use std::time::Duration;

use tokio::time::Instant;

use crate::agent::{Failure, FailureCode, TurnEnd};
use crate::workflow::config::Timeouts;

/// Signs of life since the clocks were set last.
#[derive(Debug, Default)]
pub(super) struct Signs {
    came: bool,
    got_on: bool,
    taken: bool,
    /// Why Codex does not get on, in its own words.
    retrying: Option<String>,
    /// Bytes of the protocol that were not counted yet.
    pub(super) bytes: usize,
}

impl Signs {
    /// So many bytes of the protocol came.
    pub(super) fn came(&mut self, bytes: usize) {
        self.came = true;
        self.bytes += bytes;
    }

    /// Codex got on.
    pub(super) fn got_on(&mut self) {
        self.got_on = true;
        self.retrying = None;
    }

    /// Whether it got on.
    pub(super) fn has_got_on(&self) -> bool {
        self.got_on
    }

    /// Codex took the turn.
    pub(super) fn taken(&mut self) {
        self.taken = true;
    }

    /// Codex tries again, and is not getting on.
    pub(super) fn retrying(&mut self, why: String) {
        self.retrying = Some(why);
    }
}

/// The clocks of a turn.
#[derive(Debug)]
pub(super) struct Clocks {
    limits: Timeouts,
    /// When the answer to `turn/start` is due; `None` once it is there.
    answer_due: Option<Instant>,
    silent_since: Instant,
    stuck_since: Instant,
    retrying: Option<String>,
}

impl Clocks {
    /// From `now` on.
    pub(super) fn start(limits: Timeouts, now: Instant) -> Self {
        let answer_due = Some(after(now, limits.read_timeout_ms));
        Self { limits, answer_due, silent_since: now, stuck_since: now, retrying: None }
    }

    /// Takes notice of signs.
    pub(super) fn note(&mut self, signs: &mut Signs, now: Instant) {
        if std::mem::take(&mut signs.came) {
            self.silent_since = now;
        }
        if std::mem::take(&mut signs.got_on) {
            self.stuck_since = now;
            self.retrying = None;
        }
        if signs.taken {
            self.answer_due = None;
        }
        if let Some(why) = signs.retrying.take() {
            self.retrying = Some(why);
        }
    }

    /// When the first of them runs out.
    pub(super) fn next(&self) -> Instant {
        let times = [self.answer_due, Some(self.silent_until()), self.stuck_until()];
        times.into_iter().flatten().min().unwrap_or_else(|| self.silent_until())
    }

    /// What it means that one of them has run out.
    pub(super) fn over(&self) -> TurnEnd {
        let Timeouts { turn_timeout_ms, read_timeout_ms, stall_timeout_ms } = self.limits;
        let next = self.next();
        if self.answer_due == Some(next) {
            let error = format!("no answer to `turn/start` within codex.read_timeout_ms ({read_timeout_ms} ms)");
            return Failure::new(FailureCode::ResponseTimeout, error).into();
        }
        if self.stuck_until() == Some(next) {
            let why = self.retrying.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            let error = format!("Codex did not get on for codex.stall_timeout_ms ({stall_timeout_ms} ms){why}");
            return TurnEnd::Stalled { error };
        }
        let error = format!("Codex was silent for codex.turn_timeout_ms ({turn_timeout_ms} ms)");
        TurnEnd::TimedOut { error }
    }

    fn silent_until(&self) -> Instant {
        after(self.silent_since, self.limits.turn_timeout_ms)
    }

    fn stuck_until(&self) -> Option<Instant> {
        let limit = self.limits.stall_timeout_ms;
        (limit > 0).then(|| after(self.stuck_since, limit))
    }
}

fn after(instant: Instant, milliseconds: u64) -> Instant {
    /// What no clock can add is as good as never.
    const NEVER: Duration = Duration::from_secs(365 * 86_400);
    instant.checked_add(Duration::from_millis(milliseconds)).unwrap_or(instant + NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Timeouts = Timeouts { turn_timeout_ms: 100, read_timeout_ms: 10, stall_timeout_ms: 50 };

    #[test]
    fn each_silence_has_its_own_end() {
        let begin = Instant::now();
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        let mut clocks = Clocks::start(LIMITS, begin);
        assert_eq!(clocks.next(), at(10));
        assert!(matches!(clocks.over(), TurnEnd::Failed(Failure { code: FailureCode::ResponseTimeout, .. })));

        let mut signs = Signs::default();
        signs.taken();
        clocks.note(&mut signs, at(5));
        assert_eq!(clocks.next(), at(50));

        // What Codex says of its tries is heard, but it gets nothing on.
        signs.came(1);
        signs.retrying("no network".into());
        clocks.note(&mut signs, at(30));
        assert_eq!(clocks.next(), at(50));
        let error = "Codex did not get on for codex.stall_timeout_ms (50 ms): no network".to_owned();
        assert_eq!(clocks.over(), TurnEnd::Stalled { error });

        signs.got_on();
        clocks.note(&mut signs, at(40));
        assert_eq!(clocks.next(), at(90));
        let error = "Codex did not get on for codex.stall_timeout_ms (50 ms)".to_owned();
        assert_eq!(clocks.over(), TurnEnd::Stalled { error });

        let mut clocks = Clocks::start(Timeouts { stall_timeout_ms: 0, ..LIMITS }, begin);
        signs.came(1);
        clocks.note(&mut signs, at(30));
        assert_eq!(clocks.next(), at(130));
        assert_eq!(
            clocks.over(),
            TurnEnd::TimedOut { error: "Codex was silent for codex.turn_timeout_ms (100 ms)".into() }
        );
        let never = Clocks::start(Timeouts { turn_timeout_ms: u64::MAX, stall_timeout_ms: 0, ..LIMITS }, begin);
        assert!(never.silent_until() > at(1_000_000));
    }
}
