//! What the manual says of every command besides its options: exit codes, environment, files.

use crate::error::Exit;

/// An environment variable that Baton reads.
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    /// The commands that read it; empty: all.
    commands: &'static [&'static str],
}

const fn of_all(name: &'static str, meaning: &'static str) -> Variable {
    Variable { name, meaning, commands: &[] }
}

const VARIABLES: [Variable; 14] = [
    of_all("BATON_WORKFLOW", "The WORKFLOW.md to use, where neither --workflow nor --store is given."),
    of_all("BATON_STORE", "The store to use, where neither --workflow nor --store is given."),
    of_all(
        "BATON_RUN",
        "Set in hooks and agents to the id of their run. Where it is set, only commands that read, issue and comment \
         work, unless --allow-nested is given.",
    ),
    of_all("HOME", "What ~ stands for in WORKFLOW.md."),
    of_all("PATH", "Where git and bash are found, and baton-NAME for a subcommand NAME that Baton does not have."),
    of_all("NO_COLOR", "No colour, unless --color says otherwise."),
    of_all("TERM", "dumb: no colour, unless --color says otherwise."),
    Variable {
        name: "CI",
        meaning: "true: a launch that neither waits nor runs in the foreground warns that the worker may be ended with \
                  the job.",
        commands: &["baton dispatch", "baton worker launch"],
    },
    Variable {
        name: "USER",
        meaning: "The author of comments, in the tracker local.",
        commands: &["baton comment", "baton issue comment", "baton issue workpad"],
    },
    Variable {
        name: "LOGNAME",
        meaning: "The same, where USER is not set.",
        commands: &["baton comment", "baton issue comment", "baton issue workpad"],
    },
    Variable {
        name: "SHELL",
        meaning: "What is run, where no command is given; else /bin/sh.",
        commands: &["baton workspace shell"],
    },
    Variable { name: "TMPDIR", meaning: "Where the demo's repository is made.", commands: &["baton demo"] },
    of_all(
        "BATON_CRASH_AT",
        "For tests, in builds for debugging alone: the operation on files before which it kills itself.",
    ),
    of_all("BATON_CLOCK_SHIFT_MS", "For tests: milliseconds by which the wall clock is moved."),
];

/// The variables that `command` reads; all of them for `baton` itself.
pub(super) fn environment(command: &str) -> impl Iterator<Item = &'static Variable> {
    let is_root = command == "baton";
    VARIABLES.iter().filter(move |it| is_root || it.commands.is_empty() || it.commands.contains(&command))
}

/// Files, and what is in them.
pub(super) const FILES: [(&str, &str); 5] = [
    (
        "WORKFLOW.md",
        "Configuration and prompt; looked for in the current directory and above it, as git looks for .git.",
    ),
    (".baton/", "The store, beside WORKFLOW.md: the journal, and the manifests made from it."),
    (".baton/runs/RUN/", "What a run leaves: agent.log, supervisor.log, events.jsonl, prompt-N.md, rerun.sh."),
    (".baton/workspaces/KEY/", "The workspaces, unless workspace.root says otherwise."),
    ("issues/", "The issues of the tracker local, unless tracker.provider.path says otherwise."),
];

const NOTHING: &[Exit] = &[Exit::Done, Exit::Failed, Exit::Usage];
const READS: &[Exit] = &[Exit::Done, Exit::Failed, Exit::Usage, Exit::WrongState, Exit::Store, Exit::Config];
const WRITES: &[Exit] =
    &[Exit::Done, Exit::Failed, Exit::Usage, Exit::No, Exit::WrongState, Exit::Store, Exit::LockBusy, Exit::Config];
const OUTCOMES: &[Exit] = &[Exit::WorkerFailed, Exit::WorkerTimedOut, Exit::WorkerNeedsInput, Exit::WorkerCanceled];
const SIGNALS: &[Exit] = &[Exit::Interrupted, Exit::Terminated];

/// The codes that `command` ends with, by number; none for one that only holds others.
pub(super) fn exits(command: &str) -> Vec<Exit> {
    let lists: &[&[Exit]] = match command {
        "baton" => &[&Exit::ALL],
        "baton init" => &[WRITES],
        "baton poll" => &[WRITES, &[Exit::Tracker]],
        "baton dispatch" => &[WRITES, &[Exit::NotFound, Exit::Tracker], OUTCOMES],
        "baton reconcile" => &[WRITES, &[Exit::Person, Exit::Tracker, Exit::Workspace]],
        "baton recover" => &[WRITES, &[Exit::NotFound, Exit::Conflict, Exit::Person, Exit::Tracker, Exit::Workspace]],
        "baton gc" => &[WRITES],
        "baton run" => &[WRITES, &[Exit::Tracker, Exit::Workspace], OUTCOMES, SIGNALS],
        "baton demo" => &[WRITES, &[Exit::Workspace], OUTCOMES, SIGNALS],
        "baton status" => &[READS, &[Exit::NotFound, Exit::Person]],
        "baton doctor" => &[WRITES, &[Exit::Tracker, Exit::Workspace]],
        "baton migrate-store" => &[WRITES, &[Exit::NotFound, Exit::Conflict]],
        "baton events" => &[READS, &[Exit::NotFound]],
        "baton worker list" | "baton workspace list" => &[READS],
        "baton workspace path" | "baton workspace show" | "baton worker show" | "baton worker logs" => {
            &[READS, &[Exit::NotFound]]
        }
        "baton workspace verify" => &[WRITES, &[Exit::NotFound]],
        "baton workspace clean" => &[WRITES, &[Exit::NotFound, Exit::Conflict, Exit::Workspace]],
        "baton workspace ensure" | "baton workspace shell" => {
            &[WRITES, &[Exit::NotFound, Exit::Conflict, Exit::Tracker, Exit::Workspace]]
        }
        "baton worker launch" => &[WRITES, &[Exit::NotFound, Exit::Conflict, Exit::Tracker], OUTCOMES, SIGNALS],
        "baton worker wait" => &[READS, &[Exit::NotFound], OUTCOMES],
        "baton worker stop" => &[WRITES, &[Exit::NotFound, Exit::Person]],
        "baton pause" => &[WRITES, &[Exit::NotFound, Exit::Conflict, Exit::Person]],
        "baton resume" => &[WRITES, &[Exit::NotFound]],
        "baton retry" => &[WRITES, &[Exit::NotFound, Exit::Conflict, Exit::Tracker]],
        "baton issue list" | "baton issue show" => &[READS, &[Exit::NotFound, Exit::Tracker]],
        "baton comment" | "baton issue edit" | "baton issue comment" | "baton issue workpad" => {
            &[WRITES, &[Exit::NotFound, Exit::Tracker]]
        }
        "baton issue create" => &[WRITES, &[Exit::NotFound, Exit::Conflict, Exit::Tracker]],
        "baton tool-server" => &[READS, &[Exit::NotFound]],
        "baton config show" => &[NOTHING, &[Exit::WrongState, Exit::Config]],
        "baton completions" | "baton man" | "baton schema" => &[NOTHING],
        _ => &[],
    };
    let mut exits = lists.concat();
    exits.sort_unstable();
    exits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_command_has_its_exit_codes() {
        for (name, command) in super::super::man::commands(&super::super::command()) {
            let exits = exits(&name);
            assert_eq!(exits.is_empty(), command.has_subcommands() && name != "baton", "{name}");
            assert!(exits.windows(2).all(|pair| pair[0] < pair[1]), "{name} has a code twice");
        }
    }

    /// The names that the source asks the environment for.
    fn read_by_the_source() -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for entry in walkdir::WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let entry = entry.expect("an entry");
            let path = entry.path();
            let is_test = path.components().any(|part| {
                let part = part.as_os_str();
                part == "tests" || part == "tests.rs" || part == "testing.rs"
            });
            if is_test || path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(path).expect("a file");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for call in ["env.get(\"", "env.get_os(\"", "env.path(\"", "from_env(\""] {
                for (at, _) in code.match_indices(call) {
                    names.extend(code[at + call.len()..].split('"').next().map(ToOwned::to_owned));
                }
            }
        }
        names
    }

    #[test]
    fn the_manual_knows_every_variable_that_is_read() {
        // Read only to hand them on to children.
        let passed_on = ["BATON_EXE", "GIT_CEILING_DIRECTORIES"];
        let read: BTreeSet<String> =
            read_by_the_source().into_iter().filter(|name| !passed_on.contains(&name.as_str())).collect();
        let told: BTreeSet<String> = VARIABLES.iter().map(|variable| variable.name.to_owned()).collect();
        assert_eq!(read, told);
    }
}
