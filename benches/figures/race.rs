//! Eight processes that claim the same four hundred issues.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::claim::with_issues;
use crate::helper::RACE;
use crate::project::Project;
use crate::table::Figure;
use crate::timing::median;

const ISSUES: u32 = 400;
const PROCESSES: u32 = 8;
const ROUNDS: usize = 3;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(race(1)?);
        together.push(race(PROCESSES)?);
    }
    let rate = |time: Duration| f64::from(ISSUES) / time.as_secs_f64();
    let (alone, together) = (rate(median(alone)), rate(median(together)));
    Ok(vec![
        Figure::of("8 processes claim 400 issues, each exactly once", format!("{together:.0} claims/s"))
            .against(format!("{alone:.0} claims/s in one process"))
            .ratio(together, alone)
            .reach("≥ 0.7"),
    ])
}

/// How long so many processes take; fails where an issue was not claimed exactly once.
fn race(processes: u32) -> Result<Duration> {
    let project = with_issues(ISSUES)?;
    let mut racers =
        (0..processes).map(|number| Racer::start(&project, number * ISSUES / processes)).collect::<Result<Vec<_>>>()?;
    let began = Instant::now();
    for racer in &mut racers {
        racer.go()?;
    }
    let mut runs = Vec::new();
    for racer in &mut racers {
        runs.extend(racer.runs()?);
    }
    let took = began.elapsed();
    let distinct: BTreeSet<&String> = runs.iter().collect();
    let expected = usize::try_from(ISSUES)?;
    ensure!(
        runs.len() == expected && distinct.len() == expected && runs.iter().all(|run| run.ends_with(".1")),
        "{} claims of {} runs",
        runs.len(),
        distinct.len()
    );
    Ok(took)
}

struct Racer {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Racer {
    fn start(project: &Project, from: u32) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(RACE).arg(project.path()).arg(from.to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        ensure!(line == "ready\n", "a process is not ready");
        Ok(Self { child, output })
    }

    fn go(&mut self) -> Result<()> {
        Ok(self.child.stdin.take().context("no input")?.write_all(b"\n")?)
    }

    fn runs(&mut self) -> Result<Vec<String>> {
        let mut text = String::new();
        self.output.read_to_string(&mut text)?;
        ensure!(self.child.wait()?.success(), "a process failed");
        Ok(text.lines().map(str::to_owned).collect())
    }
}
