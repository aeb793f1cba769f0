//! One claim, from lock to unlock: a thousand in a row in one process.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::helper::{CLAIMS, Claims};
use crate::project::{Project, Settings};
use crate::strace::{self, Call};
use crate::table::Figure;

const NUMBER: u32 = 1000;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let output = helper(&with_issues(NUMBER)?)?.output()?;
    let claims: Claims = serde_json::from_slice(&output.stdout).context("no claims")?;
    let each = Duration::from_micros(claims.elapsed_us) / NUMBER;
    let bytes = usize::try_from(claims.first_bytes)?;
    let append = append_and_flush(bytes)?;
    let mut figures = vec![
        Figure::of("one claim: bytes for the 1,000th", claims.last_bytes)
            .against(format!("{bytes} for the first"))
            .ratio(f64::from(u32::try_from(claims.last_bytes)?), f64::from(u32::try_from(bytes)?))
            .reach("1.1×"),
        Figure::times("one claim: time", each, "the same bytes appended, one fdatasync", append),
    ];
    if strace::is_there() {
        let (_, calls) = strace::trace(&helper(&with_issues(NUMBER)?)?, &[])?;
        let claims: Vec<&[Call]> = calls.split_inclusive(is_unlock).filter_map(from_lock).collect();
        let middle = |count: fn(&[Call]) -> usize| {
            let mut counts: Vec<usize> = claims.iter().map(|claim| count(claim)).collect();
            counts.sort_unstable();
            (counts.get(counts.len() / 2).copied().unwrap_or(0), counts.last().copied().unwrap_or(0))
        };
        let (flushes, most_flushes) = middle(|claim| claim.iter().filter(|call| call.name.contains("sync")).count());
        let (calls, most_calls) = middle(<[Call]>::len);
        figures.extend([
            Figure::of("one claim: flushes", flushes).against(format!("at most {most_flushes}")).reach(1),
            Figure::of("one claim: system calls", calls).against(format!("at most {most_calls}")).reach("≤ 40"),
        ]);
    } else {
        figures.push(Figure::of("one claim: flushes, system calls", strace::MISSING).reach("1, ≤ 40"));
    }
    Ok(figures)
}

/// A project whose store knows so many issues that may run.
pub(crate) fn with_issues(number: u32) -> Result<Project> {
    let project = Project::new(&Settings::default())?;
    for number in 0..number {
        project.issue(&format!("ISSUE-{number}"), "Todo")?;
    }
    crate::timing::time(project.baton().arg("poll"))?;
    Ok(project)
}

fn helper(project: &Project) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CLAIMS).arg(project.path()).arg(NUMBER.to_string());
    Ok(command)
}

fn is_unlock(call: &Call) -> bool {
    call.name == "flock" && call.rest.contains("LOCK_UN")
}

/// A claim's calls: from the store's lock, the first that is taken, to its unlocking, which comes last.
fn from_lock(calls: &[Call]) -> Option<&[Call]> {
    let lock = calls.iter().position(|call| call.name == "flock" && call.rest.contains("LOCK_EX"))?;
    calls.last().is_some_and(is_unlock).then(|| &calls[lock..])
}

/// What no journal can go below: the same bytes appended to one file, and flushed.
fn append_and_flush(bytes: usize) -> Result<Duration> {
    let mut file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR"))?;
    let line = vec![b'x'; bytes];
    let began = Instant::now();
    for _ in 0..NUMBER {
        file.write_all(&line)?;
        file.sync_data()?;
    }
    Ok(began.elapsed() / NUMBER)
}
