//! Whether a request is sent again: only one that may be, only where it may help, twice at most.

use std::time::Duration;

use reqwest::StatusCode;

/// Pauses before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(1000)];

/// The how-manieth attempt it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    repeatable: bool,
    done: usize,
}

/// What an attempt brought.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seen {
    Status(StatusCode),
    /// The time was up. Asking again would take as long.
    Timeout,
    /// No connection, or one that broke.
    Transport,
    /// Something that asking again does not change.
    Final,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// What it brought is the result.
    Accept,
    /// Another attempt, after a pause.
    After(Duration),
}

impl Attempt {
    pub(super) fn first(repeatable: bool) -> Self {
        Self { repeatable, done: 0 }
    }

    pub(super) fn again(self) -> Self {
        Self { done: self.done + 1, ..self }
    }

    pub(super) fn next(self, seen: Seen) -> Next {
        let may_help = match seen {
            Seen::Status(status) => matches!(status.as_u16(), 408 | 500 | 502 | 503 | 504),
            Seen::Transport => true,
            Seen::Timeout | Seen::Final => false,
        };
        match PAUSES.get(self.done) {
            Some(pause) if may_help && self.repeatable => Next::After(*pause),
            Some(_) | None => Next::Accept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_repeated_is_and_only_where_it_may_help() {
        let status = |code| Seen::Status(StatusCode::from_u16(code).expect("a status"));
        for (repeatable, seen, expected) in [
            (true, status(503), Next::After(PAUSES[0])),
            (true, Seen::Transport, Next::After(PAUSES[0])),
            (true, Seen::Timeout, Next::Accept),
            (true, Seen::Final, Next::Accept),
            (true, status(200), Next::Accept),
            (true, status(404), Next::Accept),
            (true, status(429), Next::Accept),
            (false, status(503), Next::Accept),
            (false, Seen::Transport, Next::Accept),
        ] {
            assert_eq!(Attempt::first(repeatable).next(seen), expected, "{repeatable} {seen:?}");
        }
        let third = Attempt::first(true).again().again();
        assert_eq!(third.next(Seen::Transport), Next::Accept, "three are enough");
    }
}
