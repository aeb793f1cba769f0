//! A hundred workers at once, whose agents sleep: what each keeps in memory, and what it costs that they are there.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::memory::{pss_mib, with_supervisors};
use crate::table::Figure;

const NUMBER: usize = 100;
const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let (memory, hour) = with_supervisors(NUMBER, |pids| {
        let memory = pids.iter().map(|pid| pss_mib(*pid)).collect::<Result<Vec<_>>>()?;
        let before = pids.iter().map(|pid| processor_time(*pid)).sum::<Result<Duration>>()?;
        std::thread::sleep(MINUTE);
        let after = pids.iter().map(|pid| processor_time(*pid)).sum::<Result<Duration>>()?;
        Ok((memory, (after - before) * 60))
    })?;
    let most = memory.iter().copied().fold(0.0, f64::max);
    let mean = memory.iter().sum::<f64>() / f64::from(u32::try_from(memory.len())?);
    Ok(vec![
        Figure::of("100 workers: memory of each", format!("{mean:.2} MiB"))
            .against(format!("{most:.2} MiB the largest")),
        Figure::of("100 workers: processor time of an idle hour", format!("{:.1} s", hour.as_secs_f64()))
            .against("from a minute, all together"),
    ])
}

/// What a process has used so far, in user mode and in the kernel.
fn processor_time(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/schedstat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let nanoseconds = text.split_whitespace().next().context("an empty schedstat")?.parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}
