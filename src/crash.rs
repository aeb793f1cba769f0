//! Crash points: a build for debugging kills itself before its Nth operation on files, if it is told to.
//!
//! `BATON_CRASH_AT=N` counts the operations of every command but the supervisor, `BATON_CRASH_AT=supervise:N` those of
//! supervisors. The tests of `tests/cli` are built with debug assertions, as the program beside them is, so that they
//! meet the very program that they test, without a second build of it; a release has none of this.

use crate::seams::Environment;

#[cfg(debug_assertions)]
mod armed {
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    /// How many operations are left, the last of which is not done; 0: all are.
    static LEFT: AtomicU64 = AtomicU64::new(0);

    pub(super) fn arm(wanted: &str, supervises: bool) {
        let number = match wanted.strip_prefix("supervise:") {
            Some(number) if supervises => number,
            None if !supervises => wanted,
            Some(_) | None => return,
        };
        LEFT.store(number.parse().unwrap_or(0), Ordering::Relaxed);
    }

    pub(super) fn point() {
        let left = LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left == Ok(1) {
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

/// Takes what `BATON_CRASH_AT` says, for a process that supervises a run or for any other.
pub(crate) fn arm(env: &Environment, supervises: bool) {
    #[cfg(debug_assertions)]
    armed::arm(env.get("BATON_CRASH_AT").unwrap_or_default(), supervises);
    #[cfg(not(debug_assertions))]
    let _ = (env, supervises);
}

/// An operation on files is about to be done.
pub(crate) fn point() {
    #[cfg(debug_assertions)]
    armed::point();
}
