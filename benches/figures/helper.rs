//! What this program does when it starts itself: steps in a process of their own.

use std::fs;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use baton::model::{Key, Work};
use baton::project::Project;
use baton::queue::{ClaimError, Override};
use baton::steps;
use baton::store::{IssueRecord, Kind};

use crate::codex;
use crate::project::open;

/// Claims the first so many issues one after the other.
pub(crate) const CLAIMS: &str = "helper-claims";
/// Claims what is free of all issues, beginning with one of them, beside others that do the same.
pub(crate) const RACE: &str = "helper-race";

/// The helper that the arguments ask for.
pub(crate) fn asked(arguments: &[String]) -> Option<Box<dyn FnOnce() -> Result<()>>> {
    let [mode, path, number] = arguments else { return None };
    let (path, number) = (path.clone(), number.parse::<usize>().ok()?);
    match mode.as_str() {
        CLAIMS => Some(Box::new(move || claims(Path::new(&path), number))),
        codex::APP_SERVER => Some(Box::new(move || codex::app_server(Path::new(&path), number))),
        RACE => Some(Box::new(move || race(Path::new(&path), number))),
        _ => None,
    }
}

/// What `claims` found: bytes written for the first and for the last claim, and the time for all.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Claims {
    pub(crate) first_bytes: u64,
    pub(crate) last_bytes: u64,
    pub(crate) elapsed_us: u64,
}

fn claims(path: &Path, number: usize) -> Result<()> {
    let (project, issues) = queue(path)?;
    let (mut first, mut last) = (0, 0);
    let began = Instant::now();
    for (index, issue) in issues.iter().take(number).enumerate() {
        let measured = index == 0 || index + 1 == number;
        let before = if measured { written()? } else { 0 };
        claim(&project, issue)?.context("an issue is not free")?;
        if measured {
            last = written()? - before;
        }
        if index == 0 {
            first = last;
        }
    }
    let elapsed_us = u64::try_from(began.elapsed().as_micros())?;
    println!("{}", serde_json::to_string(&Claims { first_bytes: first, last_bytes: last, elapsed_us })?);
    Ok(())
}

/// Says `ready`, waits for a line, claims, and prints the runs.
fn race(path: &Path, start: usize) -> Result<()> {
    let (project, mut issues) = queue(path)?;
    let issues_len = issues.len().max(1);
    issues.rotate_left(start % issues_len);
    println!("ready");
    std::io::stdin().lock().read_line(&mut String::new())?;
    let mut runs = String::new();
    for issue in &issues {
        let work: Option<Work> = project.store.get(issue.key.as_str())?;
        if work.is_some_and(|work| work.claim().is_some()) {
            continue;
        }
        if let Some(run) = claim(&project, issue)? {
            runs += &run;
            runs.push('\n');
        }
    }
    std::io::stdout().write_all(runs.as_bytes())?;
    Ok(())
}

fn queue(path: &Path) -> Result<(Project, Vec<IssueRecord>)> {
    let project = open(path)?;
    let issues = project.store.snapshot(&[Kind::Issues])?.all::<IssueRecord>();
    Ok((project, issues))
}

/// Takes the claim; `None` where somebody else has it.
fn claim(project: &Project, record: &IssueRecord) -> Result<Option<String>> {
    let key: &Key = &record.key;
    match steps::claim(project, key, &record.issue, record.asked_at, Override::Nothing) {
        Ok(claimed) => Ok(Some(claimed.run.to_string())),
        Err(ClaimError::Claimed { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Bytes that this process has given to write calls so far.
pub(crate) fn written() -> Result<u64> {
    let io = fs::read_to_string("/proc/self/io").context("cannot read /proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: ")).context("/proc/self/io has no wchar")?;
    Ok(line.trim().parse()?)
}
