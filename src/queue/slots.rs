//! How many more may run (SPEC 8.3).

use std::collections::BTreeMap;

use super::Policy;
use crate::model::{Reason, ReasonCode, normal_state};

/// Free slots: global, per state, and the one of a shared workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Slots<'p> {
    policy: &'p Policy,
    taken: u32,
    by_state: BTreeMap<String, u32>,
}

impl<'p> Slots<'p> {
    /// The slots that are left beside issues which run now, given by their current tracker states.
    pub fn new<S: AsRef<str>>(policy: &'p Policy, running_states: impl IntoIterator<Item = S>) -> Self {
        let mut slots = Self { policy, taken: 0, by_state: BTreeMap::new() };
        for state in running_states {
            slots.occupy(state.as_ref());
        }
        slots
    }

    /// Takes a slot for an issue in `state`, or says why there is none.
    pub fn take(&mut self, state: &str) -> Result<(), Reason> {
        if self.policy.shared_workspace && self.taken > 0 {
            return Err(Reason::new(ReasonCode::WorkspaceBusy, "the shared workspace is in use"));
        }
        let max = self.policy.max_concurrent;
        if self.taken >= max {
            return Err(Reason::new(ReasonCode::NoSlot, format!("all {max} slots are taken")));
        }
        let normal = normal_state(state);
        if let Some(max) = self.policy.by_state.get(&normal)
            && self.by_state.get(&normal).is_some_and(|taken| taken >= max)
        {
            return Err(Reason::new(ReasonCode::StateSlots, format!("all {max} slots of state `{state}` are taken")));
        }
        self.occupy(state);
        Ok(())
    }

    fn occupy(&mut self, state: &str) {
        self.taken += 1;
        *self.by_state.entry(normal_state(state)).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::eligibility::tests::policy;

    fn code(result: &Result<(), Reason>) -> Option<ReasonCode> {
        result.as_ref().err().map(|reason| reason.code)
    }

    #[test]
    fn the_global_limit_holds() {
        let policy = policy();
        let mut slots = Slots::new(&policy, ["Todo"]);
        assert_eq!(code(&slots.take("Todo")), None);
        assert_eq!(code(&slots.take("Todo")), Some(ReasonCode::NoSlot));
    }

    #[test]
    fn a_state_has_its_own_limit_and_others_the_global_one() {
        let mut policy = policy();
        policy.max_concurrent = 10;
        policy.by_state.insert("todo".to_owned(), 1);
        let mut slots = Slots::new(&policy, [" TODO"]);
        assert_eq!(code(&slots.take("Todo")), Some(ReasonCode::StateSlots));
        assert_eq!(code(&slots.take("In Progress")), None);
    }

    #[test]
    fn a_lowered_limit_leaves_no_slot() {
        let policy = policy();
        assert_eq!(code(&Slots::new(&policy, ["Todo"; 5]).take("Todo")), Some(ReasonCode::NoSlot));
    }

    #[test]
    fn a_shared_workspace_has_one() {
        let policy = Policy { shared_workspace: true, ..policy() };
        let mut slots = Slots::new(&policy, std::iter::empty::<&str>());
        assert_eq!(code(&slots.take("Todo")), None);
        assert_eq!(code(&slots.take("Todo")), Some(ReasonCode::WorkspaceBusy));
    }
}
