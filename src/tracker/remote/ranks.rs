//! Priorities where labels stand for them: the ranks, the most urgent first. The first that an issue has is its priority;
//! to set one is to exchange labels.

use crate::model::is_same_state;
use crate::tracker::{IssueEdit, TrackerError};

/// The priority that the first of `ranks` among the labels stands for: 1 for the first rank, 2 for the second, …
pub(crate) fn priority_of_labels(labels: &[String], ranks: &[String]) -> Option<i64> {
    let place = ranks.iter().position(|rank| labels.contains(&rank.trim().to_lowercase()))?;
    i64::try_from(place + 1).ok()
}

/// The label that stands for a priority.
pub(super) fn label_of(priority: i64, ranks: &[String]) -> Result<&str, TrackerError> {
    let place = usize::try_from(priority).ok().and_then(|priority| priority.checked_sub(1));
    place.and_then(|place| ranks.get(place)).map(|rank| rank.trim()).ok_or_else(|| {
        let (most, names) = (ranks.len(), ranks.join(", "));
        TrackerError::InvalidIssue(format!("`{priority}` is no priority here, which are 1 to {most} ({names})"))
    })
}

/// The same change with the priority as labels: its own is added, the others are taken away.
pub(super) fn as_labels(edit: &IssueEdit, ranks: &[String]) -> Result<IssueEdit, TrackerError> {
    let mut change = edit.clone();
    let Some(priority) = change.priority.take() else { return Ok(change) };
    let own = priority.map(|priority| label_of(priority, ranks)).transpose()?;
    let is_own = |label: &str| own.is_some_and(|own| is_same_state(own, label));
    let is_other_rank = |label: &String| !is_own(label) && ranks.iter().any(|rank| is_same_state(rank, label));
    let against = change.add_labels.iter().find(|label| is_other_rank(label));
    if let Some(label) = against.or_else(|| change.remove_labels.iter().find(|label| is_own(label))) {
        let message = format!("label `{label}` stands for a priority, and the same change says another one");
        return Err(TrackerError::InvalidIssue(message));
    }
    change.remove_labels.retain(|label| !is_other_rank(label));
    change.remove_labels.extend(ranks.iter().filter(|rank| !is_own(rank)).cloned());
    change.add_labels.retain(|label| !is_own(label));
    change.add_labels.extend(own.map(str::to_owned));
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|&label| label.to_owned()).collect()
    }

    #[test]
    fn a_label_may_be_a_priority() {
        let ranks = owned(&["Urgent", "high"]);
        for (labels, expected) in [(&["bug", "high"][..], Some(2)), (&["high", "urgent"], Some(1)), (&["low"], None)] {
            assert_eq!(priority_of_labels(&owned(labels), &ranks), expected, "{labels:?}");
        }
    }

    #[test]
    fn a_priority_is_set_by_exchanging_labels() {
        let ranks = owned(&["Urgent", "high", "low"]);
        let changed = |priority: Option<Option<i64>>, add: &[&str], remove: &[&str]| {
            let edit = IssueEdit {
                title: Some("Title".to_owned()),
                priority,
                add_labels: owned(add),
                remove_labels: owned(remove),
                ..IssueEdit::default()
            };
            as_labels(&edit, &ranks).map(|change| {
                assert_eq!((change.title, change.priority), (edit.title, None), "all else stays");
                (change.add_labels, change.remove_labels)
            })
        };
        for (priority, (add, remove), (added, removed)) in [
            (None, (&["x"][..], &["high"][..]), (&["x"][..], &["high"][..])),
            (Some(Some(1)), (&[], &[]), (&["Urgent"], &["high", "low"])),
            (Some(Some(3)), (&[], &[]), (&["low"], &["Urgent", "high"])),
            (Some(None), (&[], &[]), (&[], &["Urgent", "high", "low"])),
            (Some(Some(2)), (&["x", "HIGH"], &["y", "low"]), (&["x", "high"], &["y", "Urgent", "low"])),
            (Some(None), (&["x"], &["urgent"]), (&["x"], &["Urgent", "high", "low"])),
        ] {
            let expected = (owned(added), owned(removed));
            assert_eq!(changed(priority, add, remove).expect("valid"), expected, "{priority:?} {add:?} {remove:?}");
        }
        for (priority, add, remove, words) in [
            (Some(Some(4)), &[][..], &[][..], "1 to 3 (Urgent, high, low)"),
            (Some(Some(0)), &[], &[], "`0` is no priority"),
            (Some(Some(-1)), &[], &[], "`-1` is no priority"),
            (Some(Some(1)), &["Low"], &[], "`Low`"),
            (Some(Some(1)), &[], &["urgent"], "`urgent`"),
            (Some(None), &["high"], &[], "`high`"),
        ] {
            let error = changed(priority, add, remove).expect_err("invalid");
            assert_eq!(error.code(), "invalid_issue", "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
