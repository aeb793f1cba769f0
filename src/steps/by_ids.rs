//! A refresh by id in which one bad record hides no other.

use crate::model::Issue;
use crate::tracker::{Tracker, TrackerError};

/// What a refresh brought.
#[derive(Debug, Default)]
pub(super) struct Refreshed {
    /// The issues that are visible.
    pub(super) issues: Vec<Issue>,
    /// Ids of which nothing could be learned, and why; unknown is not invisible.
    pub(super) unknown: Vec<(String, TrackerError)>,
}

impl Refreshed {
    /// Why nothing is known of `id`, if so.
    pub(super) fn is_unknown(&self, id: &str) -> bool {
        self.unknown.iter().any(|(unknown, _)| unknown == id)
    }
}

/// Fetches `ids` in one call. Where one bad record fails the whole call (SPEC 11.1), asks for each half, and so on down
/// to the record itself: one among a thousand costs twenty calls, not a thousand.
pub(super) async fn by_ids(tracker: &dyn Tracker, ids: &[String]) -> Result<Refreshed, TrackerError> {
    let mut refreshed = Refreshed::default();
    let mut parts = vec![ids];
    while let Some(part) = parts.pop() {
        match (tracker.fetch_issues_by_ids(part).await, part) {
            (Ok(issues), _) => refreshed.issues.extend(issues),
            (Err(error @ TrackerError::Response(_)), [id]) => refreshed.unknown.push((id.clone(), error)),
            (Err(TrackerError::Response(_)), [_, _, ..]) => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            (Err(error), _) => return Err(error),
        }
    }
    Ok(refreshed)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::tracker::{BoxFuture, Fetched};

    /// A tracker in which some records are no issues.
    struct Damaged {
        bad: &'static [&'static str],
        calls: AtomicU32,
    }

    impl Tracker for Damaged {
        fn kind(&self) -> &'static str {
            "damaged"
        }

        fn fetch_issues_by_states<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Result<Fetched, TrackerError>> {
            Box::pin(async { Ok(Fetched::default()) })
        }

        fn fetch_issues_by_ids<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<Issue>, TrackerError>> {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let issues = ids.iter().map(|id| match self.bad.contains(&id.as_str()) {
                true => Err(TrackerError::Response(format!("{id} has no title"))),
                false => Ok(Issue::blank(id, id, "Title", "Todo")),
            });
            let issues = issues.collect();
            Box::pin(async { issues })
        }

        fn fetch_issue_by_identifier<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Issue>, TrackerError>> {
            Box::pin(async { Ok(None) })
        }
    }

    #[tokio::test]
    async fn a_bad_record_among_a_thousand_costs_a_few_calls_and_hides_no_other() {
        let ids: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        for (bad, most) in [(&[][..], 1), (&["0"], 21), (&["999"], 21), (&["499", "500"], 41)] {
            let tracker = Damaged { bad, calls: AtomicU32::new(0) };
            let refreshed = by_ids(&tracker, &ids).await.expect("an answer");
            let unknown: Vec<&str> = refreshed.unknown.iter().map(|(id, _)| id.as_str()).collect();
            assert_eq!((unknown.as_slice(), refreshed.issues.len()), (bad, 1000 - bad.len()));
            let in_order = refreshed.issues.windows(2).all(|pair| pair[0].id.len() <= pair[1].id.len());
            assert!(in_order, "they come in the order in which they were asked for");
            assert!(tracker.calls.load(Ordering::Relaxed) <= most, "{bad:?}: {:?}", tracker.calls);
        }
    }
}
