//! One manual page per command: what clap knows of it, and the sections that a manual has besides.

use clap::Command;
use roff::{Inline, Roff, bold, italic, roman};

use super::tables;

/// A page.
pub(super) struct Page {
    /// Its file's name.
    pub(super) name: String,
    /// Its text, in roff.
    pub(super) text: String,
}

/// What `roff` puts before every text; once is enough.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// All pages.
pub(super) fn pages(command: &Command) -> Vec<Page> {
    commands(command).into_iter().map(|(name, command)| page(&name, &command)).collect()
}

/// The command and all below it, with their names as they are called: `baton`, `baton poll`, …
pub(super) fn commands(command: &Command) -> Vec<(String, Command)> {
    let mut command = command.clone().disable_help_subcommand(true);
    command.build();
    let mut all = Vec::new();
    collect(&command, "baton", &mut all);
    all
}

fn collect(command: &Command, name: &str, into: &mut Vec<(String, Command)>) {
    into.push((name.to_owned(), command.clone()));
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        collect(below, &format!("{name} {}", below.get_name()), into);
    }
}

fn page(name: &str, command: &Command) -> Page {
    let is_root = name == "baton";
    let title = name.replace(' ', "-");
    let shown = if is_root { command.clone() } else { without_global_options(command) };
    let has_options = shown.get_arguments().any(|argument| !argument.is_hide_set());
    let man =
        clap_mangen::Man::new(shown.display_name(title.clone())).title(title.clone()).source("Baton").manual("Baton");
    let mut text = Vec::new();
    // Writing to a vector cannot fail.
    let _ = man.render_title(&mut text);
    let _ = man.render_name_section(&mut text);
    let _ = synopsis(name, command).to_writer(&mut text);
    let _ = man.render_description_section(&mut text);
    if has_options {
        let _ = man.render_options_section(&mut text);
    }
    let _ = rest(name, command).to_writer(&mut text);
    let text = PREAMBLE.to_owned() + &String::from_utf8_lossy(&text).replace(PREAMBLE, "");
    Page { name: format!("{title}.1"), text }
}

/// They are told once, in baton(1).
pub(super) fn without_global_options(command: &Command) -> Command {
    command.clone().mut_args(|argument| if argument.is_global_set() { argument.hide(true) } else { argument })
}

fn synopsis(name: &str, command: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    let usage = command.clone().render_usage().to_string();
    let arguments = usage.trim_start_matches("Usage:").trim().trim_start_matches(name).trim().to_owned();
    roff.text([bold(name), roman(format!(" {arguments}"))]);
    roff
}

fn rest(name: &str, command: &Command) -> Roff {
    let mut roff = Roff::new();
    if command.has_subcommands() {
        roff.control("SH", ["SUBCOMMANDS"]);
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            let about = below.get_about().map(ToString::to_string).unwrap_or_default();
            term(&mut roff, reference(&format!("{name} {}", below.get_name())), &about);
        }
    }
    roff.control("SH", ["EXIT STATUS"]);
    let exits = tables::exits(name);
    if exits.is_empty() {
        roff.text([roman("Its subcommands' own.")]);
    }
    for exit in exits {
        term(&mut roff, vec![bold(exit.code().to_string())], exit.meaning());
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for variable in tables::environment(name) {
        term(&mut roff, vec![bold(variable.name)], variable.meaning);
    }
    roff.control("SH", ["FILES"]);
    for (file, meaning) in tables::FILES {
        term(&mut roff, vec![italic(file)], meaning);
    }
    let examples = examples(command);
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
        roff.control("nf", []);
        for example in examples {
            roff.text([roman(example)]);
        }
        roff.control("fi", []);
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text(see_also(name));
    roff
}

/// A tagged paragraph.
fn term(roff: &mut Roff, tag: Vec<Inline>, text: &str) {
    roff.control("TP", []);
    roff.text(tag);
    roff.text([roman(text)]);
}

fn reference(name: &str) -> Vec<Inline> {
    vec![bold(name.replace(' ', "-")), roman("(1)")]
}

/// The page above, for the top git.
fn see_also(name: &str) -> Vec<Inline> {
    match name.rsplit_once(' ') {
        Some((above, _)) if above != "baton" => {
            let mut text = reference(above);
            text.push(roman(", "));
            text.extend(reference("baton"));
            text
        }
        Some(_) => reference("baton"),
        None => reference("git"),
    }
}

/// The lines under `Examples:` in a command's long help.
pub(super) fn examples(command: &Command) -> Vec<String> {
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    lines.take_while(|line| line.starts_with("  ")).map(|line| line.trim().to_owned()).collect()
}
