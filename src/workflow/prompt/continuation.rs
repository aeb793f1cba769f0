//! What later turns are told (SPEC 7.1).

/// Guidance for turn `turn` of at most `max_turns`. It does not repeat the prompt: that stands above it, in the agent's
/// conversation, or in the same message for an agent that has none.
#[must_use]
pub fn continuation_prompt(turn: u32, max_turns: u32) -> String {
    format!(
        "Continue with this issue. The previous turn ended normally, but the tracker still lists the issue as active.\n\
         \n\
         - This is turn {turn} of at most {max_turns} in this run.\n\
         - The task stands above, and your work so far is in the workspace. Go on from there; do not start over.\n\
         - When the work is done, change the issue's state as the task says. If something that only a person can give is \
         missing, say exactly what."
    )
}
