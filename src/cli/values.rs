//! Values as they are typed.

use std::time::Duration;

/// A duration as it is typed: `500ms`, `5s`, `2m`, `1h`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| format!("`{text}` is no duration (try `5s`)"))?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => return Err(format!("`{unit}` is no unit of time (ms, s, m, h)")),
    };
    milliseconds.map(Duration::from_millis).ok_or_else(|| format!("`{text}` is too long"))
}

/// An age as it is typed: `14d`, `12h`, and all that is a [`duration`], but for a bare number, which somebody may have
/// meant as days.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let wrong = || format!("`{text}` is no age (try `14d`, or `12h`)");
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    match &text[digits..] {
        "d" => {
            let seconds = number.checked_mul(86_400).ok_or_else(|| format!("`{text}` is too long"))?;
            Ok(Duration::from_secs(seconds))
        }
        "" if number > 0 => Err(format!("`{text}` has no unit of time (try `{text}d`, or `{text}h`)")),
        "" | "ms" | "s" | "m" | "h" => duration(text),
        _ => Err(wrong()),
    }
}

/// A count of at least one.
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("must be a whole number from 1 to {}", usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_typed() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(age("14d"), Ok(Duration::from_secs(14 * 86_400)));
        assert_eq!((age("12h"), age("0")), (duration("12h"), duration("0")));
        for bad in ["d", "-1", "1d2h", "5", "99999999999999999999d", "18446744073709551615d"] {
            assert!(age(bad).is_err(), "{bad}");
        }
        for bad in ["", "x", "5d", "-1s", "1.5s", "99999999999999999999s", "18446744073709551615h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
