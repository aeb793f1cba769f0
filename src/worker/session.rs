//! The agent's conversation, as a run carries it on.

use crate::agent::SessionStarted;
use crate::model::{Process, SessionRecord, Tokens};

/// The agent's conversation.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// What the store knows of an earlier one with the same kind of agent.
    pub(super) before: Option<SessionRecord>,
    /// The agent's own id of the one that is open.
    pub(super) thread_id: Option<String>,
    /// The agent's process.
    pub(super) process: Option<Process>,
    /// Highest totals seen.
    pub(super) totals: Tokens,
}

impl Session {
    /// What the agent opened. The totals of a conversation that goes on go on too.
    pub(super) fn open(&mut self, started: SessionStarted) {
        self.thread_id = started.thread_id;
        self.process = started.process;
        self.totals = self.base();
    }

    /// `<thread>-<turn>` (SPEC 4.2).
    pub(super) fn id(&self, turn: u32) -> Option<String> {
        self.thread_id.as_ref().map(|thread| format!("{thread}-{turn}"))
    }

    /// What the run used, from absolute totals of the conversation: only what is beyond its high-water mark is new
    /// (SPEC 13.5).
    pub(super) fn count(&mut self, totals: Tokens) -> Tokens {
        let high = &mut self.totals;
        high.input_tokens = high.input_tokens.max(totals.input_tokens);
        high.output_tokens = high.output_tokens.max(totals.output_tokens);
        high.total_tokens = high.total_tokens.max(totals.total_tokens);
        let (high, base) = (self.totals, self.base());
        Tokens {
            input_tokens: high.input_tokens.saturating_sub(base.input_tokens),
            output_tokens: high.output_tokens.saturating_sub(base.output_tokens),
            total_tokens: high.total_tokens.saturating_sub(base.total_tokens),
        }
    }

    /// Totals that this conversation had before the run.
    fn base(&self) -> Tokens {
        let same = self.before.as_ref().filter(|before| Some(&before.thread_id) == self.thread_id.as_ref());
        same.map_or_else(Tokens::default, |before| before.tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Extra, Timestamp};

    fn tokens(total_tokens: u64) -> Tokens {
        Tokens { total_tokens, ..Tokens::default() }
    }

    fn opened(before: &str, now: &str) -> Session {
        let before = SessionRecord {
            key: "A-1".parse().expect("a key"),
            agent: "codex".into(),
            thread_id: before.into(),
            turns: 2,
            tokens: tokens(100),
            version: 1,
            updated_at: Timestamp::UNIX_EPOCH,
            extra: Extra::new(),
        };
        let mut session = Session { before: Some(before), ..Session::default() };
        session.open(SessionStarted { thread_id: Some(now.into()), process: None });
        session
    }

    #[test]
    fn a_conversation_that_goes_on_is_not_counted_again() {
        let mut session = opened("t", "t");
        assert_eq!(session.totals, tokens(100));
        for (totals, used) in [(90, 0), (130, 30), (120, 30), (150, 50)] {
            assert_eq!(session.count(tokens(totals)), tokens(used), "{totals}");
        }
        assert_eq!(session.id(3).as_deref(), Some("t-3"));
    }

    #[test]
    fn a_new_conversation_begins_at_nothing() {
        assert_eq!(opened("old", "new").count(tokens(30)), tokens(30));
    }
}
