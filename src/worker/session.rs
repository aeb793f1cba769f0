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
    /// The agent's own id of its last turn.
    pub(super) turn_id: Option<String>,
    /// Why it cannot be gone on with.
    pub(super) ended: Option<String>,
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

    /// `<thread>-<turn>`, by the agent's own ids (SPEC 4.2).
    pub(super) fn id(&self) -> Option<String> {
        Some(format!("{}-{}", self.thread_id.as_ref()?, self.turn_id.as_ref()?))
    }

    /// Counts what a run that died used of the conversation before this one: its supervisor did not live to say so.
    pub(super) fn add_unsaid(&mut self, thread_id: &str, totals: Tokens) {
        if let Some(before) = self.before.as_mut().filter(|before| before.thread_id == thread_id) {
            before.tokens = highest(before.tokens, totals);
        }
    }

    /// What the run used, from absolute totals of the conversation: only what is beyond its high-water mark is new
    /// (SPEC 13.5).
    pub(super) fn count(&mut self, totals: Tokens) -> Tokens {
        self.totals = highest(self.totals, totals);
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

fn highest(one: Tokens, other: Tokens) -> Tokens {
    Tokens {
        input_tokens: one.input_tokens.max(other.input_tokens),
        output_tokens: one.output_tokens.max(other.output_tokens),
        total_tokens: one.total_tokens.max(other.total_tokens),
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
            run: None,
            version: 1,
            updated_at: Timestamp::UNIX_EPOCH,
            extra: Extra::new(),
        };
        let mut session = Session { before: Some(before), ..Session::default() };
        session.add_unsaid("t", tokens(110));
        session.add_unsaid("another", tokens(500));
        session.open(SessionStarted { thread_id: Some(now.into()), ..SessionStarted::default() });
        session
    }

    #[test]
    fn a_conversation_that_goes_on_is_not_counted_again() {
        let mut session = opened("t", "t");
        assert_eq!(session.totals, tokens(110));
        for (totals, used) in [(90, 0), (130, 20), (120, 20), (150, 40)] {
            assert_eq!(session.count(tokens(totals)), tokens(used), "{totals}");
        }
    }

    #[test]
    fn its_id_is_made_of_the_agent_s_own() {
        let mut session = opened("t", "t");
        assert_eq!(session.id(), None);
        session.turn_id = Some("u".into());
        assert_eq!(session.id().as_deref(), Some("t-u"));
    }

    #[test]
    fn a_new_conversation_begins_at_nothing() {
        assert_eq!(opened("old", "new").count(tokens(30)), tokens(30));
    }
}
