//! Signals: those that end a command, and the nudge between Baton's own processes.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind};

use super::rounds::{self, Target};
use super::{Liveness, identity, liveness};
use crate::model::Process;

/// A signal that asks a command to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndSignal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// SIGINT and SIGTERM, as long as this exists and for good: once listened to, they no longer end the process by
/// themselves.
#[derive(Debug)]
pub struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
}

impl Signals {
    /// Listens from now on. Within a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next: the first asks to end in order, the second to end at once. Cancel-safe.
    pub async fn next(&mut self) -> EndSignal {
        tokio::select! {
            Some(()) = self.interrupt.recv() => EndSignal::Interrupt,
            Some(()) = self.terminate.recv() => EndSignal::Terminate,
            else => std::future::pending().await,
        }
    }
}

/// Nudges to this process: SIGURG, which is ignored by whoever does not listen. Several may arrive as one.
pub fn nudges() -> io::Result<unix::Signal> {
    unix::signal(SignalKind::from_raw(Signal::URG.as_raw()))
}

/// Tells a process that there is something to read in the store. `false`: it is gone, or out of reach.
#[must_use]
pub fn nudge(process: &Process) -> bool {
    identity::is_in_reach(process)
        && liveness(process) == Liveness::Alive
        && rounds::send(Target { pid: process.pid, started: process.started_ticks }, Signal::URG)
}

#[cfg(test)]
mod tests {
    use rustix::process::{getpid, kill_process};

    use super::*;
    use crate::process::testing::block_on;

    #[test]
    fn signals_are_told_apart_and_come_one_after_the_other() {
        block_on(async {
            let mut signals = Signals::listen().expect("listening");
            kill_process(getpid(), Signal::TERM).expect("sent");
            assert_eq!(signals.next().await, EndSignal::Terminate);
            kill_process(getpid(), Signal::INT).expect("sent");
            assert_eq!(signals.next().await, EndSignal::Interrupt);
        });
    }

    #[test]
    fn a_nudge_arrives_and_hurts_nobody_who_does_not_listen() {
        block_on(async {
            let mut child = std::process::Command::new("sleep").arg("600").spawn().expect("sleep");
            let process = identity::of_pid(child.id()).expect("it lives");
            assert!(nudge(&process));
            assert_eq!(liveness(&process), Liveness::Alive);
            child.kill().expect("killed");
            child.wait().expect("reaped");
            assert!(!nudge(&process));

            let mut nudges = nudges().expect("listening");
            if cfg!(target_os = "linux") {
                assert!(nudge(&identity::current()));
                assert_eq!(nudges.recv().await, Some(()));
            }
        });
    }
}
