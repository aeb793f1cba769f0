//! What a tracker says about how often it may be asked: how much is left, and whether it wants to be left alone.
//!
//! Trackers say it in much the same words: `Retry-After`, and triples of headers that end in `-limit`, `-remaining` and
//! `-reset`, the last one in seconds or milliseconds since 1970, in seconds from now, or as a date. Times are taken
//! relative to the tracker's own `Date`, so that a clock that is wrong here makes no wait longer.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, graphql};
use crate::model::Timestamp;

/// What headers that tell of a limit begin with.
const FAMILIES: [&str; 4] = ["x-ratelimit", "ratelimit", "x-ratelimit-requests", "x-ratelimit-complexity"];
/// For how long a tracker that refuses is left alone when it does not say.
const DEFAULT_WAIT: TimeDelta = TimeDelta::seconds(60);
/// Nobody is left alone for longer: clocks and headers are wrong at times.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// What all processes of a project know of a tracker: its limits, and what it answered last.
pub trait Memory: Send + Sync {
    /// Until when nothing is to be sent there.
    fn closed_until(&self, bucket: &str) -> Option<Timestamp>;
    /// Nothing is to be sent there until then.
    fn close(&self, bucket: &str, until: Timestamp);
    /// Answers that a process kept for the next one, a line of JSON each.
    fn answers(&self) -> Vec<String> {
        Vec::new()
    }
    /// Keeps answers, as far as there is room for them and they hold no secret.
    fn keep_answers(&self, _lines: &[String]) {}
}

/// How much may still be asked.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Quota {
    /// Of how many, where the tracker says so.
    pub limit: Option<u64>,
    /// How many are left.
    pub remaining: u64,
    /// When there will be all of them again.
    pub reset_at: Option<Timestamp>,
}

/// What one answer says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Limits {
    /// The tightest limit.
    pub(super) quota: Option<Quota>,
    /// For how long nothing more is to be sent.
    pub(super) stay_away: Option<TimeDelta>,
    /// Whether that goes for the whole server: it gave a time, or none at all, rather than an exhausted quota.
    pub(super) everywhere: bool,
    /// Whether this very request was refused for it.
    pub(super) refused: bool,
}

/// Reads the limits of an answer that came `now`.
pub(super) fn read(answer: &Answer, now: Timestamp) -> Limits {
    let there = answer.header("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    let there = there.map_or(now, |date| date.with_timezone(&Utc));
    let delay = |until: Timestamp| (until - there).max(TimeDelta::zero());
    let known: Vec<(Quota, Option<TimeDelta>)> = FAMILIES
        .iter()
        .filter_map(|family| quota(answer, family, there))
        .map(|quota| {
            (Quota { reset_at: quota.reset_at.map(|at| now + delay(at)), ..quota.clone() }, quota.reset_at.map(delay))
        })
        .collect();
    let tightest = known.into_iter().min_by_key(|(quota, _)| quota.remaining);
    let retry_after = answer.header("retry-after").and_then(|text| moment(text, there)).map(delay);
    let exhausted = tightest.as_ref().is_some_and(|(quota, _)| quota.remaining == 0);
    let refused = match answer.status() {
        429 => true,
        403 => exhausted || retry_after.is_some() || answer.said.to_lowercase().contains("rate limit"),
        503 => retry_after.is_some(),
        200 | 400 => graphql::is_rate_limited(&answer.body),
        _ => false,
    };
    let reset = tightest.as_ref().filter(|(quota, _)| quota.remaining == 0).and_then(|(_, delay)| *delay);
    let stay_away =
        if refused { Some(wait(retry_after.or(reset))) } else { reset.filter(|delay| *delay > TimeDelta::zero()) };
    Limits {
        quota: tightest.map(|(quota, _)| quota),
        stay_away: stay_away.map(|delay| delay.min(LONGEST_WAIT)),
        everywhere: refused && (retry_after.is_some() || reset.is_none()),
        refused,
    }
}

/// For how long a tracker that refuses is left alone, where it asks for so long.
pub(super) fn wait(asked: Option<TimeDelta>) -> TimeDelta {
    asked.unwrap_or(DEFAULT_WAIT).clamp(TimeDelta::seconds(1), LONGEST_WAIT)
}

/// Whether a remembered time still counts.
pub(super) fn is_ahead(until: Timestamp, now: Timestamp) -> bool {
    until > now && until - now <= LONGEST_WAIT
}

fn quota(answer: &Answer, family: &str, there: Timestamp) -> Option<Quota> {
    let header = |end: &str| answer.header(&format!("{family}-{end}"));
    Some(Quota {
        limit: header("limit").and_then(|text| text.parse().ok()),
        remaining: header("remaining")?.parse().ok()?,
        reset_at: header("reset").and_then(|text| moment(text, there)),
    })
}

/// A time as headers write it.
fn moment(text: &str, there: Timestamp) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<f64>() {
        return match number {
            n if n < 0.0 || !n.is_finite() => None,
            n if n < 1e9 => there.checked_add_signed(TimeDelta::milliseconds((n * 1000.0) as i64)),
            n if n < 1e11 => DateTime::from_timestamp_millis((n * 1000.0) as i64),
            n => DateTime::from_timestamp_millis(n as i64),
        };
    }
    let date = DateTime::parse_from_rfc2822(text).or_else(|_| DateTime::parse_from_rfc3339(text));
    date.ok().map(|date| date.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    /// 2026-01-01T00:00:00Z.
    const NOW: i64 = 1_767_225_600;

    fn limits(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Limits {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).expect("a status");
        let redactor = std::sync::Arc::default();
        let said = super::super::answer::said(status, body.as_bytes(), &redactor);
        let answer = Answer { what: "GET /x".into(), status, headers, body: body.as_bytes().into(), said, redactor };
        read(&answer, DateTime::from_timestamp(NOW, 0).expect("a time"))
    }

    /// How long the answer asks to be left alone, in seconds, and whether it refused.
    fn wait(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> (Option<i64>, bool) {
        let limits = limits(status, headers, body);
        (limits.stay_away.map(|delay| delay.num_seconds()), limits.refused)
    }

    #[test]
    fn every_way_to_say_stay_away_is_understood() {
        const LINEAR: &str = r#"{"errors":[{"message":"slow","extensions":{"code":"RATELIMITED"}}]}"#;
        const GITHUB: &str = r#"{"errors":[{"type":"RATE_LIMITED","message":"slow"}]}"#;
        for (status, headers, body, expected) in [
            (429, &[("retry-after", "7")][..], "", (Some(7), true)),
            (429, &[("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT")], "", (Some(60), true)),
            (429, &[("retry-after", "999999")], "", (Some(24 * 3600), true)),
            (429, &[("retry-after", "0")], "", (Some(1), true)),
            (429, &[], "", (Some(60), true)),
            (403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1767225630")], "", (Some(30), true)),
            (403, &[("x-ratelimit-remaining", "10")], "{}", (None, false)),
            (403, &[], r#"{"message":"You have exceeded a secondary rate limit"}"#, (Some(60), true)),
            (503, &[("retry-after", "5")], "", (Some(5), true)),
            (503, &[], "", (None, false)),
            (
                400,
                &[("x-ratelimit-requests-remaining", "0"), ("x-ratelimit-requests-reset", "1767225690000")],
                LINEAR,
                (Some(90), true),
            ),
            (200, &[], GITHUB, (Some(60), true)),
            (200, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1767225605")], "[]", (Some(5), false)),
            (200, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1767225500")], "[]", (None, false)),
            (200, &[("ratelimit-remaining", "9")], "[]", (None, false)),
            (
                429,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2026-01-01T00:00:12Z")],
                "",
                (Some(12), true),
            ),
            (200, &[("ratelimit-remaining", "x"), ("ratelimit-reset", "-1")], "[]", (None, false)),
        ] {
            assert_eq!(wait(status, headers, body), expected, "{status} {headers:?} {body}");
        }
    }

    #[test]
    fn times_are_those_of_the_trackers_clock() {
        let headers = [
            ("date", "Thu, 01 Jan 2026 01:00:00 GMT"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1767229210"),
        ];
        assert_eq!(wait(403, &headers, ""), (Some(10), true), "its clock is an hour ahead of ours");
    }

    #[test]
    fn the_tightest_limit_is_told() {
        let headers = [
            ("x-ratelimit-requests-limit", "5000"),
            ("x-ratelimit-requests-remaining", "4000"),
            ("x-ratelimit-complexity-limit", "250000"),
            ("x-ratelimit-complexity-remaining", "300"),
        ];
        let expected = Quota { limit: Some(250_000), remaining: 300, reset_at: None };
        assert_eq!(limits(200, &headers, "{}").quota, Some(expected));
    }
}
