//! The tables of the pages say what the program says.

use std::process::Command;

use baton::error::Exit;

use crate::{pages, read};

/// What `baton ARGS` prints.
fn baton(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_baton")).args(args).output().expect("baton");
    assert!(output.status.success(), "baton {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The subcommands that a help lists.
fn listed(args: &[&str]) -> Vec<String> {
    let help = baton(args);
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| line.starts_with("  "));
    list.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn the_readme_lists_every_subcommand() {
    let readme = read("README.md");
    let table: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `baton ")).collect();
    for name in listed(&["-h"]) {
        let row = table.iter().find(|row| row.contains(&format!("`baton {name}")));
        let row = row.unwrap_or_else(|| panic!("README.md does not list baton {name}"));
        let below = if row.contains(&format!("`baton {name} ")) { listed(&[&name, "-h"]) } else { Vec::new() };
        for nested in below {
            let named = [format!("`baton {name} {nested}`"), format!(", `{nested}`")];
            assert!(named.iter().any(|it| row.contains(it)), "README.md does not list baton {name} {nested}");
        }
    }
}

#[test]
fn the_tables_of_exit_codes_are_the_programs() {
    let mut tables = 0;
    for page in pages() {
        let text = read(&page);
        let Some(at) = text.find("| exit | meaning |") else { continue };
        let rows: Vec<String> =
            text[at..].lines().skip(2).take_while(|line| line.starts_with('|')).map(str::to_owned).collect();
        let exits: Vec<String> =
            Exit::ALL.iter().map(|exit| format!("| {} | {} |", exit.code(), exit.meaning())).collect();
        assert_eq!(rows, exits, "{page}");
        tables += 1;
    }
    assert_eq!(tables, 1, "docs/scripting.md has the table");
}
