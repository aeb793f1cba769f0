//! `baton events --run RUN --stream`: what the agent said and did, from the run's own folder.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use super::{Args, Cursor, FOLLOW_INTERVAL};
use crate::cli::worker::find_run;
use crate::cli::{Ctx, Ui};
use crate::error::{Error, Exit, Result};
use crate::model::RunRecord;
use crate::process::{self, Lifeline};
use crate::run_folder::{RunEvent, RunFolder};
use crate::steps;
use crate::store::Event;

/// What a person wants to see of a run: what was said, what tools did, and how it ended.
const OUTPUT: [&str; 5] = ["message", "tool_call_completed", "hook_completed", "startup_failed", "outcome"];

pub(super) fn run(of: &str, args: &Args, cx: &Ctx, ui: &Ui) -> Result<Exit> {
    let target = cx.target(of);
    let store = cx.store_to_read()?.ok_or_else(|| steps::unknown(&target))?;
    let record = find_run(of, cx, &store)?;
    let folder = RunFolder::of(store.layout(), &record.run);
    let mut after = args.after.as_deref().map_or(Ok(0), |cursor| parse(cursor, &record))?;
    let mut lines = Lines { file: folder.events(), offset: 0 };
    let mut left = args.most();
    loop {
        // Asked before the last look: what a run wrote before it ended is read.
        let lives = process::probe_lifeline(&folder.lifeline(), Duration::ZERO) == Lifeline::Held;
        while left > 0
            && let Some(event) = lines.next(&record)?
        {
            if event.seq <= after {
                continue;
            }
            after = event.seq;
            if !args.output || OUTPUT.contains(&event.kind.as_str()) {
                ui.line(&of_run(event, &record));
                left -= 1;
            }
        }
        if left == 0 || !args.follow || !lives {
            break;
        }
        std::thread::sleep(FOLLOW_INTERVAL);
    }
    ui.line(&Cursor { after, cursor: format!("{}:{after}", record.run) });
    Ok(Exit::Done)
}

/// In the form of the journal's events: of this run, and said to be the agent's.
fn of_run(event: RunEvent, run: &RunRecord) -> Event {
    Event {
        seq: event.seq,
        at: event.at,
        kind: format!("agent.{}", event.kind),
        issue: Some(run.identifier.clone()),
        run: Some(run.run.clone()),
        data: event.data,
    }
}

fn parse(cursor: &str, run: &RunRecord) -> Result<u64> {
    let (of, number) = match cursor.rsplit_once(':') {
        Some((of, number)) => (Some(of), number),
        None => (None, cursor),
    };
    let number = number.parse().map_err(|_| super::bad_cursor(cursor))?;
    if of.is_none_or(|of| of == run.run.to_string()) {
        return Ok(number);
    }
    let message = format!("cursor `{cursor}` does not belong to run {}", run.run);
    Err(Error::new(Exit::WrongState, "wrong_run", message).hint("`--after 0` starts again"))
}

/// The whole lines of the file, as far as they were read.
struct Lines {
    file: PathBuf,
    offset: u64,
}

impl Lines {
    /// The next event; `None` where there is none yet. What a kill left of the last line is no event.
    fn next(&mut self, run: &RunRecord) -> Result<Option<RunEvent>> {
        let failed = |error: std::io::Error| {
            Error::new(Exit::Failed, "io", format!("cannot read the events of run {}", run.run)).because(error)
        };
        let mut file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        file.seek(SeekFrom::Start(self.offset)).map_err(failed)?;
        let mut reader = BufReader::new(file);
        loop {
            let mut line = Vec::new();
            let read = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if line.last() != Some(&b'\n') {
                return Ok(None);
            }
            self.offset += read as u64;
            if let Ok(event) = serde_json::from_slice(&line) {
                return Ok(Some(event));
            }
        }
    }
}
