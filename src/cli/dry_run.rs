//! `--dry-run`, alike for every command that changes something.

use super::{Ctx, Ui};
use crate::error::{Exit, Result};
use crate::project::Project;

/// What is only to be said, not done.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(in crate::cli) struct DryRun {
    /// Print what would be done, and do nothing
    #[arg(long = "dry-run")]
    asked: bool,
    /// With --dry-run: exit with 3 when something would change
    #[arg(long, requires = "asked")]
    exit_code: bool,
}

impl DryRun {
    /// Where `--exit-code` says something else.
    pub(super) fn without_exit_code(asked: bool) -> Self {
        Self { asked, exit_code: false }
    }

    /// Whether nothing is to be done.
    pub(super) fn is_asked(self) -> bool {
        self.asked
    }

    /// The project for a step that needs a valid configuration; for a dry run, without making or writing anything.
    pub(super) fn project(self, cx: &Ctx, command: &str, ui: &mut Ui) -> Result<Project> {
        if !self.asked {
            return cx.project(command, ui);
        }
        let project = cx.project_as_it_is(command)?;
        project.store.check_owner()?;
        Ok(project)
    }

    /// The same for a step that gets on with the last good configuration.
    pub(super) fn project_or_last_good(self, cx: &Ctx, command: &str, ui: &mut Ui) -> Result<Project> {
        if !self.asked {
            return cx.project_or_last_good(command, ui);
        }
        match self.project(cx, command, ui) {
            Err(error) if error.exit == Exit::Config => cx.reading(command, ui)?.ok_or(error)?.project,
            project => project,
        }
    }

    /// How a dry run ends that found something to do, or nothing.
    pub(super) fn exit(self, changes: bool) -> Exit {
        if self.exit_code && changes { Exit::No } else { Exit::Done }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use crate::cli::Cli;

    /// Commands that change nothing of a project: they read, print, or write only where they are told to.
    const READERS: [&str; 18] = [
        "baton status",
        "baton events",
        "baton config show",
        "baton issue list",
        "baton issue show",
        "baton worker wait",
        "baton worker list",
        "baton worker show",
        "baton worker logs",
        "baton tool-server",
        "baton workspace path",
        "baton workspace list",
        "baton workspace show",
        "baton schema",
        "baton man",
        "baton completions",
        "baton help",
        "baton",
    ];

    fn leaves(command: &Command, name: &str, visit: &mut dyn FnMut(&str, &Command)) {
        visit(name, command);
        for below in command.get_subcommands() {
            leaves(below, &format!("{name} {}", below.get_name()), visit);
        }
    }

    #[test]
    fn every_command_that_changes_something_can_be_asked_what_it_would_do() {
        let mut whole = Cli::command();
        whole.build();
        let mut wrong = Vec::new();
        leaves(&whole, "baton", &mut |name, command| {
            let has = command.get_arguments().any(|argument| argument.get_long() == Some("dry-run"));
            let reads = READERS.contains(&name) || name.contains(" help");
            if !command.has_subcommands() && has == reads {
                wrong.push(name.to_owned());
            }
        });
        assert!(wrong.is_empty(), "a dry run, or a place among the readers: {wrong:?}");
    }
}
