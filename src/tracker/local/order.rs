//! The order of issues by name, and the numbers in their names.

use std::cmp::Ordering;

/// Orders names as people count: `TASK-2` before `TASK-10`. Total: names that differ only in leading zeros or in
/// nothing that is compared fall back to their bytes.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a, b);
    while let (Some(p), Some(q)) = (x.chars().next(), y.chars().next()) {
        let order = if p.is_ascii_digit() && q.is_ascii_digit() {
            let (m, n) = (digits(x), digits(y));
            (x, y) = (&x[m.len()..], &y[n.len()..]);
            let (m, n) = (m.trim_start_matches('0'), n.trim_start_matches('0'));
            m.len().cmp(&n.len()).then_with(|| m.cmp(n))
        } else {
            (x, y) = (&x[p.len_utf8()..], &y[q.len_utf8()..]);
            p.cmp(&q)
        };
        if order.is_ne() {
            return order;
        }
    }
    x.len().cmp(&y.len()).then_with(|| a.cmp(b))
}

fn digits(text: &str) -> &str {
    &text[..text.bytes().take_while(u8::is_ascii_digit).count()]
}

/// `n` where `name` is `<prefix>-<n>`, whatever the case.
pub(super) fn number(name: &str, prefix: &str) -> Option<u64> {
    let (head, tail) = name.split_at_checked(prefix.len())?;
    let number = tail.strip_prefix('-')?;
    let legal = head.eq_ignore_ascii_case(prefix) && number.bytes().all(|byte| byte.is_ascii_digit());
    legal.then(|| number.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_ordered_as_people_count() {
        let mut names = ["b-1", "a-10", "a-2", "a", "a-02", "a-2x", "é-1"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "a-02", "a-2", "a-2x", "a-10", "b-1", "é-1"]);
    }

    #[test]
    fn a_number_counts_whatever_the_case() {
        assert_eq!(number("task-12", "TASK"), Some(12));
        assert_eq!(number("TASK-007", "TASK"), Some(7));
        for other in ["TASK-", "TASK-1a", "TASKS-1", "TASK", "TASK--1", "TASK-+1", "TASK-99999999999999999999", "é"] {
            assert_eq!(number(other, "TASK"), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in "[a0-9]{0,5}", b in "[a0-9]{0,5}", c in "[a0-9]{0,5}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            prop_assert_eq!(natural(&a, &b).is_eq(), a == b);
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le(), "{} {} {}", a, b, c);
            }
        }
    }
}
