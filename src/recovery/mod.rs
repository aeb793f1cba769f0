//! What a crash left behind: find it, and put it right (DESIGN §5, "No orphans"; SPEC 14.2, 14.3).
//!
//! [`dead_claims`] finds claims whose worker is provably dead, by observing lifelines; [`settle()`] takes each over, ends
//! what it left running, runs `after_run` if that has not run, and commits the outcome: the one that the worker left, or
//! `interrupted`. What follows is decided by the one retry function. Nothing is launched here, a live worker is left
//! alone, and settling twice changes nothing the second time.

mod decide;
mod error;
mod find;
mod plan;
mod remains;
mod settle;
mod take_over;
#[cfg(test)]
mod tests;

pub use decide::{Action, Found, RunSeen, Standing, WorkspaceSeen, action_after, of_run, of_workspace};
pub use error::RecoveryError;
pub use find::{DeadClaim, Proof, dead_claims, is_dead};
pub use plan::plan;
pub use settle::{Settled, settle, settle_as};

use crate::model::RunId;
use crate::store::Store;

/// The mark that every process below a run's supervisor carries ([`crate::process::RUN_MARK`]).
#[must_use]
pub fn run_mark(store: &Store, run: &RunId) -> String {
    store.layout().root.join(run.to_string()).display().to_string()
}
