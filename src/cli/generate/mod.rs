//! `baton completions` and `baton man`: what is checked in under `completions/` and `man/` is made by these.

mod man;
#[cfg(test)]
mod reference;
mod tables;

use std::path::PathBuf;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Ui};
use crate::error::{Error, Exit, Result};

/// Print a shell's completion script
///
/// For bash, zsh, fish, elvish and powershell. The package's `completions/` holds what this prints.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton completions bash > ~/.local/share/bash-completion/completions/baton
  baton completions zsh > ~/.zfunc/_baton
  baton completions fish > ~/.config/fish/completions/baton.fish")]
pub struct Completions {
    /// The shell: bash, zsh, fish, elvish or powershell
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

/// Write the manual pages
///
/// One page per subcommand, `baton.1`, `baton-poll.1`, …, over what is there. The package's `man/` holds what this writes.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton man ~/.local/share/man/man1
  man baton-worker-launch")]
pub struct Man {
    /// Where to write them; it must exist
    #[arg(value_name = "DIR")]
    into: PathBuf,
}

pub(super) fn completions(args: &Completions, ui: &mut Ui) -> Result<Exit> {
    ui.data(&script(args.shell));
    Ok(Exit::Done)
}

pub(super) fn man(args: &Man, _: &mut Ui) -> Result<Exit> {
    for page in man::pages(&command()) {
        let path = args.into.join(&page.name);
        std::fs::write(&path, page.text).map_err(|error| {
            Error::new(Exit::Failed, "io", format!("cannot write {}", path.display())).because(error)
        })?;
    }
    Ok(Exit::Done)
}

/// What the long help of `baton` ends with.
pub(super) fn top_help() -> String {
    let exits = Exit::ALL.map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()));
    format!(
        "Examples:
  baton demo
  baton init
  baton issue create \"Reject empty passwords\"
  baton run

Exit status:
{}",
        exits.join("\n")
    )
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "baton", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The whole command line, without what is hidden.
fn command() -> Command {
    let mut whole = Cli::command().disable_help_subcommand(true);
    whole.build();
    visible(&whole).disable_help_subcommand(false)
}

/// The generators of completions list hidden commands as well, and clap cannot take a subcommand away: what contains a
/// hidden one is made anew without it. What clap adds to every command by itself, it adds again.
fn visible(command: &Command) -> Command {
    fn hides(command: &Command) -> bool {
        command.get_subcommands().any(|below| below.is_hide_set() || hides(below))
    }
    if !hides(command) {
        return command.clone();
    }
    let added = |argument: &&clap::Arg| matches!(argument.get_id().as_str(), "help" | "version");
    let arguments = command.get_arguments().filter(|argument| !added(argument)).cloned();
    let subcommands = command.get_subcommands().filter(|below| !below.is_hide_set()).map(visible);
    // clap wants names that live for ever; this runs once.
    let forever = |text: &str| -> &'static str { text.to_owned().leak() };
    let mut copy = Command::new(forever(command.get_name()))
        .about(command.get_about().cloned().unwrap_or_default())
        .subcommand_required(command.is_subcommand_required_set())
        .disable_help_subcommand(true)
        .args(arguments)
        .subcommands(subcommands);
    if let Some(version) = command.get_version() {
        copy = copy.version(forever(version));
    }
    if let Some(about) = command.get_long_about() {
        copy = copy.long_about(about.clone());
    }
    if let Some(help) = command.get_after_long_help() {
        copy = copy.after_long_help(help.clone());
    }
    copy
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use clap::Parser;
    use clap::ValueEnum;

    use super::*;

    /// What is checked in, by path; `UPDATE_GENERATED=1 cargo test generate` writes it anew.
    fn generated() -> BTreeMap<PathBuf, String> {
        let shell = |shell: &Shell| {
            let name = match shell {
                Shell::Zsh => "_baton".to_owned(),
                other => format!("baton.{other}"),
            };
            (Path::new("completions").join(name), script(*shell))
        };
        let page = |page: man::Page| (Path::new("man").join(page.name), page.text);
        Shell::value_variants().iter().map(shell).chain(man::pages(&command()).into_iter().map(page)).collect()
    }

    #[test]
    fn what_is_checked_in_is_what_is_generated() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let update = crate::seams::Environment::of_process().get("UPDATE_GENERATED").is_some();
        let generated = generated();
        for (path, text) in &generated {
            if update {
                std::fs::write(root.join(path), text).expect("written");
            }
            let there = std::fs::read_to_string(root.join(path)).unwrap_or_default();
            assert!(there == *text, "{} is not what is generated; UPDATE_GENERATED=1 writes it", path.display());
        }
        for directory in ["completions", "man"] {
            for entry in std::fs::read_dir(root.join(directory)).expect("a directory") {
                let path = Path::new(directory).join(entry.expect("an entry").file_name());
                assert!(generated.contains_key(&path), "{} is no longer generated: delete it", path.display());
            }
        }
    }

    #[test]
    fn the_visible_commands_are_the_programs() {
        fn names(command: &Command) -> Vec<String> {
            let seen = |below: &&Command| !below.is_hide_set() && below.get_name() != "help";
            let below = command.get_subcommands().filter(seen).flat_map(names);
            std::iter::once(command.get_name().to_owned()).chain(below).collect()
        }
        let mut whole = Cli::command();
        whole.build();
        assert_eq!(names(&command()), names(&whole));
    }

    #[test]
    fn every_example_is_a_valid_command_line() {
        let mut tried = 0;
        for (name, command) in man::commands(&command()) {
            for line in man::examples(&command) {
                for call in calls(&line) {
                    let parsed = Cli::try_parse_from(&call);
                    assert!(parsed.is_ok(), "an example of `{name}`: {line}\n{}", parsed.unwrap_err());
                    tried += 1;
                }
            }
        }
        assert!(tried > 20, "{tried}");
    }

    /// The calls of `baton` in a line of shell, as words.
    fn calls(line: &str) -> Vec<Vec<String>> {
        let mut rest = line;
        let mut calls = Vec::new();
        while let Some(start) = rest.find("baton ") {
            let boundary = rest[..start].chars().next_back().is_none_or(|before| " (".contains(before));
            let (mut words, end) = words(&rest[start..]);
            if rest[..start].contains("xargs") {
                words.push("TASK-1".to_owned());
            }
            if boundary {
                calls.push(words);
            }
            rest = &rest[start + end..];
        }
        calls
    }

    /// The words of one simple command, and where it ends.
    fn words(text: &str) -> (Vec<String>, usize) {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        for (at, c) in text.char_indices() {
            match (quote, c) {
                (Some(open), _) if c == open => quote = None,
                (Some(_), _) => word.get_or_insert_default().push(c),
                (None, '"' | '\'') => {
                    // The quote around a `$(…)` that this command stands in.
                    if word.is_none() && text[at + 1..].chars().next().is_none_or(|next| ")|".contains(next)) {
                        return (words, at);
                    }
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (None, '|' | ')' | '&' | ';' | '>' | '<' | '#') => {
                    words.extend(word.take());
                    return (words, at);
                }
                (None, ' ') => words.extend(word.take()),
                (None, _) => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        (words, text.len())
    }
}
