//! `docs/cli.md`: the long help of every subcommand on one page, so that a change of the command line is read as one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::man;
use crate::cli::checked_in::assert_checked_in;

const HEAD: &str = "# The command line

What `baton --help` and the `--help` of every subcommand print; made by the program, and kept equal by a test. The
global options, which every subcommand takes, stand under `baton` alone.
";

#[test]
fn what_is_checked_in_is_what_the_help_says() {
    let mut page = HEAD.to_owned();
    for (name, command) in man::commands(&super::command()) {
        let shown = if name == "baton" { command } else { man::without_global_options(&command) };
        let help = shown.term_width(100).render_long_help().to_string();
        let help: String = help.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        page += &format!("\n## {name}\n\n```text\n{help}```\n");
    }
    assert_checked_in(&BTreeMap::from([(PathBuf::from("docs/cli.md"), page)]));
}
