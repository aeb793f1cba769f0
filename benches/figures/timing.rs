//! Medians of repetitions that are taken in turns, so that what disturbs the machine disturbs all alike.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};

/// What is measured: does it once and says how long that took.
pub(crate) type Subject<'a> = &'a mut dyn FnMut() -> Result<Duration>;

/// The median time of each subject over `rounds` in which each has its turn. A first round warms up.
pub(crate) fn in_turns<const N: usize>(rounds: usize, mut subjects: [Subject<'_>; N]) -> Result<[Duration; N]> {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..=rounds {
        for (subject, times) in subjects.iter_mut().zip(&mut times) {
            let took = subject()?;
            if round > 0 {
                times.push(took);
            }
        }
    }
    Ok(times.map(median))
}

/// The middle one; of an even number the lower.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// How long a command takes from its start to its end. It must succeed.
pub(crate) fn time(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let began = Instant::now();
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let took = began.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} ended with {}: {}", output.status, said.trim());
    Ok(took)
}

/// Microseconds since 1970, as bash's `EPOCHREALTIME` has them.
pub(crate) fn epoch_us() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros()
}
