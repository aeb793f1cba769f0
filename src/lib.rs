//! Baton gets issues worked on by coding agents: a tracker says what work exists, every issue gets its own workspace,
//! an agent runs in it, and the circle goes on until the tracker says that the issue is done.
//!
//! ```text
//! tracker ──poll──▶ issues ──dispatch──▶ claim ──▶ workspace ──▶ worker ──▶ agent
//!                     ▲                                             │
//!                     └───── retry / release ◀── outcome ◀──────────┘
//!                 recover and reconcile put this circle right after a crash or a change in the tracker
//! ```
//!
//! There is no daemon. Each step is a subcommand that reads and writes one store on disk; [`steps::run`] loops the very
//! functions that the subcommands call. Every step reads the same way: open the store, take a snapshot, do what is slow;
//! then, in one transaction, decide with a pure function on the state read under the lock, and commit; then the side
//! effect; then commit its result. Any process may be killed in between: what it left is found by what it can prove.
//!
//! From the top down; a module uses only what stands below it:
//!
//! | module | what it is |
//! |---|---|
//! | [`cli`] | arguments, wiring, rendering: one file per subcommand |
//! | [`steps`] | what a subcommand does: poll, dispatch, reconcile, status, the loop |
//! | [`worker`] | running it: launch, supervise, control |
//! | [`recovery`] | what a crash left behind: find, take over, settle |
//! | [`project`], [`place`], [`error`] | an opened project, where it lies, and the one error with its exit codes |
//! | [`tool_server`] | the tracker's tools for agents that speak the Model Context Protocol |
//! | [`agent`], [`workspace`], [`tracker`] | who works, where, and on what: the boundaries to the outside |
//! | [`queue`] | what may run now: eligibility, order, slots, claim and release |
//! | [`run_folder`] | what a run leaves on disk for people and for recovery |
//! | [`workflow`] | WORKFLOW.md: typed configuration and strict prompt |
//! | [`process`] | identity, lifelines, scripts and trees of processes |
//! | [`outcome`], [`retry`] | what happened, and what next: two pure functions |
//! | [`store`] | the journal and its manifests |
//! | [`seams`], [`model`], [`crash`] | clock and environment; the nouns that all share; crash points for tests |

pub mod agent;
mod chain;
pub mod cli;
mod crash;
pub mod error;
mod join;
pub mod model;
pub mod outcome;
pub mod place;
pub mod process;
pub mod project;
pub mod queue;
pub mod recovery;
pub mod retry;
pub mod run_folder;
pub mod seams;
pub mod steps;
pub mod store;
pub mod tool_server;
pub mod tracker;
pub mod worker;
pub mod workflow;
pub mod workspace;
