//! Processes: who they are, how they are started, and how a whole tree of them is ended (DESIGN §5).
//!
//! - [`current`], [`liveness`]: a process that can be told from every other, also after its number was used again.
//! - [`create_lifeline`], [`probe_lifeline`]: a lock that lives exactly as long as its holder.
//! - [`lock_within`]: waiting for any other lock, for a while.
//! - [`spawn_supervisor`], [`Shell`], [`Running`]: children in a session of their own, with an environment of their own
//!   and nothing else inherited.
//! - [`run_foreground`]: a person's own program, with the terminal.
//! - [`Output`], [`Tail`]: what they write.
//! - [`run_script`]: a hook, from start to end. [`run_captured`]: a program whose answer is read.
//! - [`find_program`], [`quoted`]: a program on PATH, and its arguments in a script.
//! - [`end_descendants`], [`Tree`]: everything below a process, wherever it fled to.
//! - [`end_orphans`], [`end_processes`]: what a killed supervisor left.
//! - [`holders_of`]: who has a file open.
//! - [`Signals`], [`nudge`]: what the outside tells us, and what we tell others.
//!
//! Linux is where all of it holds. Elsewhere `/proc` finds nothing, so that a tree is its process group and doubt is
//! alive.

mod capture;
mod descendants;
mod flock;
mod foreground;
mod holders;
mod identity;
mod lifeline;
mod orphans;
mod output;
mod pages;
mod proc;
mod program;
mod rounds;
mod script;
mod shell;
mod signals;
mod spawn;
mod supervisor;
#[cfg(test)]
pub(crate) mod testing;
mod tree;

pub use capture::{Bounds, Captured, Ended, run_captured};
pub use descendants::{become_subreaper, end_descendants, reap_adopted};
pub use flock::{Locked, lock_within};
pub use foreground::run_foreground;
pub use holders::holders_of;
pub use identity::{Liveness, current, liveness, of_pid};
pub use lifeline::{Lifeline, create_lifeline, is_held_by, probe_lifeline};
pub use orphans::{end_orphans, end_processes, find_orphans};
pub use output::{Output, Tail};
pub use pages::give_back_text;
pub use program::{find_program, quoted};
pub use rounds::Unkillable;
pub use script::{Finished, run_script};
pub use shell::{OWN_PATH, Running, Shell};
pub use signals::{EndSignal, Signals, nudge, nudges};
pub use supervisor::{Inherited, SupervisorCommand, spawn_supervisor, take_inherited};
pub use tree::Tree;

/// The variable that every process below a supervisor carries: `<store root>/<run id>`. A supervisor carries its own.
pub const RUN_MARK: &str = "BATON_RUN_MARK";
