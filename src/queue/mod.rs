//! What may run now: eligibility, order, slots and the claim (SPEC 8.2, 8.3; DESIGN §4).
//!
//! [`eligibility`], [`order`], [`slots`] and [`status`] are pure decisions over values. [`claim`] and [`finish()`] apply
//! them inside one transaction each: taking the right to run, and giving it back together with what comes next.

pub mod claim;
mod eligibility;
mod finish;
mod hold;
mod new_run;
mod once;
mod order;
mod plan;
#[cfg(test)]
mod race;
mod slots;
mod status;

pub use claim::{Asked, ClaimError, Claimed, Override, Taken, take, take_once};
pub use eligibility::{Policy, reasons};
pub use finish::{event_of, finish, in_use, started, what_follows};
pub use hold::{HOLDER, hold};
pub use once::{KeyReused, Once};
pub use order::dispatch_order;
pub use plan::{Plan, Waiting, plan};
pub use slots::Slots;
pub use status::{Seen, enter, observe, without_block};

#[cfg(test)]
pub(crate) use eligibility::tests as testing;
