//! The dispatch order with what has a slot, and for everything else why not.

use super::{Policy, Slots, dispatch_order, reasons};
use crate::model::{Issue, Reason, Timestamp, Work};

/// What would be launched now, in order, and what waits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan<'i> {
    /// Eligible, and has a slot.
    pub queue: Vec<(&'i Issue, &'i Work)>,
    /// The others, in the same order.
    pub waiting: Vec<Waiting<'i>>,
}

/// An issue that may not run now.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting<'i> {
    /// Which.
    pub issue: &'i Issue,
    /// Its work.
    pub work: &'i Work,
    /// Why; never empty.
    pub reasons: Vec<Reason>,
}

/// Sorts the issues into those that run now and those that wait.
pub fn plan<'i>(
    issues: impl IntoIterator<Item = (&'i Issue, &'i Work)>,
    mut slots: Slots<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Plan<'i> {
    let mut issues: Vec<_> = issues.into_iter().collect();
    issues.sort_by(|(a, _), (b, _)| dispatch_order(a, b));
    let mut plan = Plan::default();
    for (issue, work) in issues {
        let mut reasons = reasons(issue, Some(work), policy, now);
        if reasons.is_empty() {
            reasons.extend(slots.take(&issue.state).err());
        }
        if reasons.is_empty() {
            plan.queue.push((issue, work));
        } else {
            plan.waiting.push(Waiting { issue, work, reasons });
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ReasonCode, Status};
    use crate::queue::eligibility::tests::{issue, now, policy, work};

    #[test]
    fn slots_go_to_the_first_in_order_and_a_full_state_does_not_hold_up_another() {
        let mut policy = policy();
        policy.by_state.insert("todo".to_owned(), 1);
        let all: Vec<_> = [("A", "Todo"), ("B", "Todo"), ("C", "In Progress"), ("D", "In Progress")]
            .map(|(name, state)| (issue(name, state), work(name, Status::Idle)))
            .into();
        let slots = Slots::new(&policy, std::iter::empty::<&str>());
        let plan = plan(all.iter().map(|(issue, work)| (issue, work)), slots, &policy, now());
        let queue: Vec<_> = plan.queue.iter().map(|(issue, _)| issue.identifier.as_str()).collect();
        let waiting: Vec<_> = plan.waiting.iter().map(|w| (w.issue.identifier.as_str(), w.reasons[0].code)).collect();
        assert_eq!(queue, ["A", "C"]);
        assert_eq!(waiting, [("B", ReasonCode::StateSlots), ("D", ReasonCode::NoSlot)]);
    }
}
