//! From `baton run --once` to the agent's first line.

use std::time::Duration;

use anyhow::Result;

use crate::project::{FIRST_LINE, Project, Settings};
use crate::table::{Figure, ms};
use crate::timing::{epoch_us, in_turns, time};

const ROUNDS: usize = 20;
const HOOK_ROUNDS: usize = 3;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let [first_line, shell] = in_turns(ROUNDS, [&mut || one(), &mut || shell()])?;
    let [four, hook] = in_turns(HOOK_ROUNDS, [&mut || four(), &mut || Ok(Duration::from_secs(2))])?;
    Ok(vec![
        Figure::of("run --once to the agent's first line", ms(first_line))
            .against(format!("{} bash -lc true", ms(shell)))
            .ratio(first_line.as_secs_f64(), shell.as_secs_f64()),
        Figure::of("… beyond the login shell", ms(first_line.saturating_sub(shell))).reach("< 20 ms"),
        Figure::times("four issues, after_create sleeps 2 s: all agents", four, "sleep", hook).reach("≤ 2.5 s"),
    ])
}

/// A new issue in a project whose store is there, in mode `directory`.
fn one() -> Result<Duration> {
    let project = Project::new(&Settings { agent: FIRST_LINE, ..Settings::default() })?;
    project.issue("ISSUE-1", "Todo")?;
    until_first_line(&project, &["run", "--once"], &["ISSUE-1"])
}

fn four() -> Result<Duration> {
    let project = Project::new(&Settings { agent: FIRST_LINE, after_create: Some("sleep 2"), ..Settings::default() })?;
    let issues = ["ISSUE-1", "ISSUE-2", "ISSUE-3", "ISSUE-4"];
    for issue in issues {
        project.issue(issue, "Todo")?;
    }
    until_first_line(&project, &["run", "--once"], &issues)
}

/// What a login shell costs by itself.
fn shell() -> Result<Duration> {
    let project = Project::new(&Settings::default())?;
    time(project.command("bash").args(["-lc", "true"]))
}

/// From the start of a command to the moment when the agents of all these issues have begun; waits for their workers.
pub(crate) fn until_first_line(project: &Project, command: &[&str], issues: &[&str]) -> Result<Duration> {
    let began = epoch_us();
    time(project.baton().args(command))?;
    let mut last = began;
    for issue in issues {
        last = last.max(project.first_line_us(issue)?);
    }
    project.settle()?;
    Ok(Duration::from_micros(u64::try_from(last - began)?))
}
