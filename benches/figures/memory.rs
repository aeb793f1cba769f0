//! What a supervisor keeps in memory while its agent works: its proportional share (PSS), so that what all of them share
//! is counted once.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use baton::model::{ClaimRecord, RunRecord};
use baton::store::Kind;

use crate::project::{FIRST_LINE, Project, Settings};
use crate::table::Figure;
use crate::timing::time;

/// Longer than the supervisor's own interval of looking around, so that it has looked once.
const IDLE: Duration = Duration::from_secs(5);

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let alone = supervisors(1)?;
    let together = supervisors(20)?;
    let most = |memory: &[f64]| memory.iter().copied().fold(0.0, f64::max);
    let mean = together.iter().sum::<f64>() / f64::from(u32::try_from(together.len())?);
    Ok(vec![
        Figure::of("a supervisor's memory, 20 at once", format!("{mean:.2} MiB"))
            .against(format!("{:.2} MiB the largest", most(&together)))
            .reach("< 1.5 MiB"),
        Figure::of("a supervisor's memory, alone", format!("{:.2} MiB", most(&alone))).reach("< 6 MiB"),
    ])
}

/// PSS of each supervisor in MiB, while so many are there.
fn supervisors(number: usize) -> Result<Vec<f64>> {
    with_supervisors(number, |pids| pids.iter().map(|pid| pss_mib(*pid)).collect())
}

/// Looks at so many supervisors, by process id, while their agents sleep.
pub(crate) fn with_supervisors<T>(number: usize, look: impl FnOnce(&[u32]) -> Result<T>) -> Result<T> {
    let agent = format!("{FIRST_LINE}; sleep 600");
    let project = Project::new(&Settings { agent: &agent, ..Settings::default() })?;
    let issues: Vec<String> = (1..=number).map(|number| format!("ISSUE-{number}")).collect();
    for issue in &issues {
        project.issue(issue, "Todo")?;
    }
    time(project.baton().args(["dispatch"]))?;
    for issue in &issues {
        project.first_line_us(issue)?;
    }
    std::thread::sleep(IDLE);
    let seen = pids(&project).and_then(|pids| {
        ensure!(pids.len() == number, "{} supervisors of {number}", pids.len());
        look(&pids)
    });
    time(project.baton().args(["worker", "stop", "--all"]))?;
    seen
}

fn pids(project: &Project) -> Result<Vec<u32>> {
    let store = project.store()?;
    let mut pids = Vec::new();
    for claim in store.snapshot(&[Kind::Claims])?.all::<ClaimRecord>() {
        let run: Option<RunRecord> = store.get(&claim.claim.run.to_string())?;
        pids.push(run.and_then(|run| run.supervisor).context("a run without a supervisor")?.pid);
    }
    Ok(pids)
}

pub(crate) fn pss_mib(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let rollup = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
