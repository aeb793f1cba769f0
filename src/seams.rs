//! What the library may not take from the world directly: the clock, ids and the environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::SubsecRound;

use crate::model::Timestamp;

/// The wall clock and the monotonic clock.
pub trait Clock: Send + Sync {
    /// Now, to the millisecond, for people and for due times.
    fn now(&self) -> Timestamp;
    /// Milliseconds on CLOCK_MONOTONIC, which stands still while the machine sleeps; comparable between processes of one boot.
    fn monotonic_ms(&self) -> u64;
}

/// The system's clocks; [`SystemClock::shifted`] moves the wall clock for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock {
    shift_ms: i64,
}

impl SystemClock {
    /// A wall clock that runs `shift_ms` ahead of the system's.
    #[must_use]
    pub fn shifted(shift_ms: i64) -> Self {
        Self { shift_ms }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        (chrono::Utc::now() + chrono::TimeDelta::milliseconds(self.shift_ms)).trunc_subsecs(3)
    }

    fn monotonic_ms(&self) -> u64 {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        u64::try_from(now.tv_sec).unwrap_or(0) * 1000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000
    }
}

/// The process's environment as it was at the start. Children are given one that is made from it, never the process's own.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// This process's.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// A variable as text; unset, empty and not UTF-8 are all `None`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_os(name).and_then(OsStr::to_str)
    }

    /// A variable; unset and empty are both `None`.
    #[must_use]
    pub fn get_os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// A variable as a path.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get_os(name).map(PathBuf::from)
    }

    /// Sets a variable in this copy.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Removes a variable from this copy.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(OsStr::new(name));
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// The seams together; cheap to clone.
#[derive(Clone)]
pub struct Seams {
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// The environment.
    pub env: Environment,
}

impl Seams {
    /// The real world. `BATON_CLOCK_SHIFT_MS` moves the wall clock (for tests of waiting and of clocks that jump).
    #[must_use]
    pub fn of_process() -> Self {
        let env = Environment::of_process();
        let shift_ms = env.get("BATON_CLOCK_SHIFT_MS").and_then(|text| text.parse().ok()).unwrap_or(0);
        Self { clock: Arc::new(SystemClock::shifted(shift_ms)), env }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
