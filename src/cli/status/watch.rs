//! `baton status --watch`: the same again, each second.

use std::time::Duration;

use super::{Args, Shown, look, summary};
use crate::cli::ui::View;
use crate::cli::{Ctx, Ui};
use crate::error::{Exit, Result};

const INTERVAL: Duration = Duration::from_secs(1);

/// On a terminal draws each second; elsewhere prints what changed. Ends with the reader of its output.
pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    let mut last: Option<Shown> = None;
    loop {
        let shown = look(args, cx, ui)?;
        if ui.json() || !ui.is_terminal() {
            if last.as_ref().is_none_or(|last| still(last) != still(&shown)) {
                if ui.json() {
                    ui.line(&shown);
                } else {
                    ui.data(&text(args, &shown, ui));
                }
            }
        } else {
            ui.draw(&text(args, &shown, ui));
        }
        last = Some(shown);
        if ui.is_abandoned_within(INTERVAL) {
            return Ok(Exit::Done);
        }
    }
}

fn text(args: &Args, shown: &Shown, ui: &Ui) -> String {
    let style = ui.style();
    match shown {
        Shown::All(report) if args.summary => summary(report),
        Shown::All(report) => report.text(style),
        Shown::Issue(status) => status.text(style),
    }
}

/// Without what changes with the time alone.
fn still(shown: &Shown) -> Shown {
    let mut shown = shown.clone();
    if let Shown::All(report) = &mut shown {
        report.generated_at = crate::model::Timestamp::UNIX_EPOCH;
        report.codex_totals.seconds_running = 0.0;
        report.last_poll.at = report.last_poll.at.map(|_| crate::model::Timestamp::UNIX_EPOCH);
    }
    shown
}
