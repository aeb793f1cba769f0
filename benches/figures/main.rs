//! How fast Baton is: each figure beside a reference that is measured in the same run, in turns with it, because
//! machines are noisy and their disks differ. Nothing here passes or fails.
//!
//! ```text
//! cargo bench                     all figures, about ten minutes
//! cargo bench -- start poll       only these groups
//! ```
//!
//! Groups: `start claim race launch codex history memory poll remote scale recover crowd size`. Everything happens in
//! `target/tmp`, so that flushes go to a real disk, with real processes: the `baton` program as `cargo bench` builds it, git and bash. System calls are
//! counted where `strace` is installed; the table says so where it is not.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark prints, reads the real clock, and hands its environment to children"
)]

mod claim;
mod codex;
mod crowd;
mod helper;
mod history;
mod launch;
mod memory;
mod poll;
mod project;
mod race;
mod recover;
mod remote;
mod scale;
mod size;
mod start;
mod strace;
mod table;
mod timing;

use anyhow::{Result, bail};
use table::Figure;

/// A group of figures that share their preparation.
struct Group {
    name: &'static str,
    measure: fn() -> Result<Vec<Figure>>,
}

const GROUPS: [Group; 13] = [
    Group { name: "start", measure: start::measure },
    Group { name: "claim", measure: claim::measure },
    Group { name: "race", measure: race::measure },
    Group { name: "launch", measure: launch::measure },
    Group { name: "codex", measure: codex::measure },
    Group { name: "history", measure: history::measure },
    Group { name: "memory", measure: memory::measure },
    Group { name: "poll", measure: poll::measure },
    Group { name: "remote", measure: remote::measure },
    Group { name: "scale", measure: scale::measure },
    Group { name: "recover", measure: recover::measure },
    Group { name: "crowd", measure: crowd::measure },
    Group { name: "size", measure: size::measure },
];

fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(helper) = helper::asked(&arguments) {
        return helper();
    }
    // What cargo adds.
    arguments.retain(|argument| argument != "--bench");
    if let Some(unknown) = arguments.iter().find(|name| GROUPS.iter().all(|group| group.name != **name)) {
        bail!("no group `{unknown}`; there are: {}", GROUPS.map(|group| group.name).join(" "));
    }
    let mut figures = Vec::new();
    for group in GROUPS.iter().filter(|group| arguments.is_empty() || arguments.iter().any(|name| name == group.name)) {
        eprintln!("measuring {} …", group.name);
        match (group.measure)() {
            Ok(measured) => figures.extend(measured),
            Err(error) => figures.push(Figure::failed(group.name, &error)),
        }
    }
    print!("{}", table::render(&figures));
    Ok(())
}
