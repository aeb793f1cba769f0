//! Waiting for conditions.

use std::time::{Duration, Instant};

/// Long enough for a machine that is busy with other things; a test that gets here has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits until `look` finds something.
#[track_caller]
pub(crate) fn patiently<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for: {what}");
        std::thread::sleep(INTERVAL);
    }
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    patiently(what, || condition().then_some(()));
}
