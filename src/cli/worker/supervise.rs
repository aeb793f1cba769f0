//! `baton worker supervise --store DIR RUN`: the process that owns one run, in the very words in which a launch starts it.
//!
//! It is no subcommand. A supervisor lives as long as its agent, many at once, and what it never calls (the parser of the
//! command line above all) is never in its memory.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::crash;
use crate::model::RunId;
use crate::seams::Seams;
use crate::worker;

/// What a launch asks of the process that it starts.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct Supervisor {
    store: PathBuf,
    run: RunId,
}

impl Supervisor {
    /// What the process's arguments ask for; `None` for every other command.
    pub(in crate::cli) fn asked(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let arguments: [OsString; 6] = arguments.collect::<Vec<_>>().try_into().ok()?;
        let [_, noun, verb, option, store, run] = arguments;
        let are_its_words = noun == "worker" && verb == "supervise" && option == "--store";
        let run = run.to_str().filter(|_| are_its_words)?.parse().ok()?;
        Some(Self { store: store.into(), run })
    }

    /// Supervises the run to its end.
    pub(in crate::cli) fn main(self) -> ExitCode {
        let seams = Seams::of_process();
        crash::arm(&seams.env, true);
        worker::supervise_main(self.store, self.run, seams).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<Supervisor> {
        Supervisor::asked(line.split(' ').map(OsString::from))
    }

    #[test]
    fn only_a_launch_s_own_words_ask_for_it() {
        let run = RunId { key: "A".parse().expect("a key"), number: 1 };
        assert_eq!(asked("x worker supervise --store /s A.1"), Some(Supervisor { store: "/s".into(), run }));
        for other in
            ["x worker show --store /s A.1", "x worker supervise --store /s", "x worker supervise --store /s A", "x"]
        {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
