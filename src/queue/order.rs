//! The dispatch order (SPEC 8.2).

use std::cmp::Ordering;

use crate::model::Issue;

/// Priorities 1 to 4 first and ascending, then everything else; the oldest first, unknown age last; then by identifier.
#[must_use]
pub fn dispatch_order(a: &Issue, b: &Issue) -> Ordering {
    let rank = |issue: &Issue| issue.priority.filter(|priority| (1..=4).contains(priority)).unwrap_or(i64::MAX);
    let age = |issue: &Issue| (issue.created_at.is_none(), issue.created_at);
    rank(a).cmp(&rank(b)).then_with(|| age(a).cmp(&age(b))).then_with(|| a.identifier.cmp(&b.identifier))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::queue::eligibility::tests::issue;

    #[test]
    fn priority_then_age_then_name() {
        let make = |identifier: &str, priority, day: Option<i64>| Issue {
            priority,
            created_at: day.map(|day| Timestamp::UNIX_EPOCH + chrono::TimeDelta::days(day)),
            ..issue(identifier, "Todo")
        };
        let mut issues = [
            make("zero", Some(0), Some(1)),
            make("none", None, Some(2)),
            make("four", Some(4), Some(9)),
            make("two-young", Some(2), Some(9)),
            make("two-ageless", Some(2), None),
            make("two-old-b", Some(2), Some(1)),
            make("two-old-a", Some(2), Some(1)),
            make("five", Some(5), Some(0)),
        ];
        issues.sort_by(dispatch_order);
        let names: Vec<_> = issues.iter().map(|issue| issue.identifier.as_str()).collect();
        assert_eq!(names, ["two-old-a", "two-old-b", "two-young", "two-ageless", "four", "five", "zero", "none"]);
    }
}
