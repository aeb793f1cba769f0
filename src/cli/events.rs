//! `baton events`.

mod stream;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::ui::Line;
use super::values::at_least_one;
use super::{Ctx, Ui};
use crate::error::{Error, Exit, Result};
use crate::steps::{self, Target};
use crate::store::{Event, Store};

/// Print the journal as a feed
///
/// One JSON object per line, oldest first, without gaps; the last line is a cursor, from which the next call goes on.
/// `--after` takes the number or the cursor. With filters, what is left out does not count against --limit, so that a page is
/// empty only when there is no more. A cursor of another store is refused, and so is one whose events are no longer kept.
///
/// With --run and --stream it prints what the agent said and did in that run instead, numbered from 1.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton events --limit 100
  baton events --after 41 --follow
  baton events --run TASK-1.1 --stream --output
  baton events --issue TASK-1 | jq -c .type")]
pub struct Args {
    /// Start behind this number or cursor; without it, with the first event that is kept
    #[arg(long, allow_hyphen_values = true, value_name = "CURSOR")]
    after: Option<String>,
    /// Print at most N, and never more than 500: the cursor leads on [default: 500; with --follow, all]
    #[arg(long, allow_hyphen_values = true, value_name = "N", value_parser = at_least_one)]
    limit: Option<usize>,
    /// Go on as new events come
    #[arg(long)]
    follow: bool,
    /// Only the events of this issue: identifier, key, id, or `.` in a workspace
    #[arg(long, value_name = "ISSUE")]
    issue: Option<String>,
    /// Only the events of this run
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// The run's own stream instead of the journal: what its agent said and did
    #[arg(long, requires = "run")]
    stream: bool,
    /// Of the stream only what was said, what tools and hooks did, and how it ended
    #[arg(long, requires = "stream")]
    output: bool,
}

impl Args {
    /// How many lines to print.
    fn most(&self) -> usize {
        let most = if self.follow { usize::MAX } else { MOST };
        self.limit.map_or(most, |limit| limit.min(most))
    }
}

/// Where the next call goes on: the last line of the feed.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(tag = "type", rename = "cursor")]
pub(super) struct Cursor {
    /// The number of the last event that was looked at.
    after: u64,
    /// The same, bound to its store; `0` where there is none yet.
    cursor: String,
}

impl Line for Event {
    const KIND: &'static str = "event";
}

impl Line for Cursor {
    const KIND: &'static str = "cursor";
}

/// How long a follower sleeps between looks at the journal's end.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(200);
const START_AGAIN: &str = "it may be of a store that is gone; `--after 0` starts again";
/// Events read at a time, and the most that one call prints which does not follow.
const MOST: usize = 500;

pub(super) fn run(args: &Args, cx: &Ctx, ui: &mut Ui) -> Result<Exit> {
    if let (true, Some(of)) = (args.stream, &args.run) {
        return stream::run(of, args, cx, ui);
    }
    let Some(store) = cx.store_to_read()? else {
        check_cursor(args.after.as_deref().map(|cursor| parse_cursor(cursor, "")).transpose()?.unwrap_or(0), 0)?;
        ui.line(&Cursor { after: 0, cursor: "0".to_owned() });
        return Ok(Exit::Done);
    };
    let mut after = match &args.after {
        Some(cursor) => parse_cursor(cursor, store.id())?,
        None => store.first_cursor()?,
    };
    check_cursor(after, store.last_seq()?)?;
    let wanted = Wanted::new(args, cx, &store)?;
    let mut left = args.most();
    loop {
        let page = store.events(after, MOST)?;
        for event in &page {
            if left == 0 {
                break;
            }
            after = event.seq;
            if wanted.holds(event) {
                ui.line(event);
                left -= 1;
            }
        }
        if left == 0 || (page.is_empty() && !args.follow) {
            break;
        }
        if page.is_empty() {
            std::thread::sleep(FOLLOW_INTERVAL);
        }
    }
    ui.line(&Cursor { after, cursor: cursor(&store, after) });
    Ok(Exit::Done)
}

/// Which events are printed.
struct Wanted {
    /// Of the issue with this identifier.
    issue: Option<String>,
    run: Option<String>,
}

impl Wanted {
    /// Events outlive what the store knows of an issue: what it does not know is taken for an identifier.
    fn new(args: &Args, cx: &Ctx, store: &Store) -> Result<Self> {
        let identifier = |text: &String| -> Result<String> {
            let target = cx.target(text);
            match (steps::find_known(store, &target)?, &target) {
                (Some(found), _) => Ok(found.work.identifier),
                (None, Target::Named(name)) => Ok(name.clone()),
                (None, Target::Here(_)) => Err(steps::unknown(&target)),
            }
        };
        let run = args.run.as_deref().map(|run| run.strip_prefix("run:").unwrap_or(run).to_owned());
        Ok(Self { issue: args.issue.as_ref().map(identifier).transpose()?, run })
    }

    fn holds(&self, event: &Event) -> bool {
        let issue = self.issue.as_ref().is_none_or(|issue| event.issue.as_ref() == Some(issue));
        let run = self.run.as_ref().is_none_or(|run| event.run.as_ref().is_some_and(|of| of.to_string() == *run));
        issue && run
    }
}

fn cursor(store: &Store, after: u64) -> String {
    format!("{}:{after}", short(store.id()))
}

fn short(id: &str) -> &str {
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}

fn check_cursor(after: u64, last: u64) -> Result<()> {
    if after <= last {
        return Ok(());
    }
    let message = format!("cursor {after} is ahead of the journal, which ends at {last}");
    Err(Error::new(Exit::WrongState, "cursor_ahead", message).hint(START_AGAIN))
}

fn parse_cursor(text: &str, store: &str) -> Result<u64> {
    let bad = || bad_cursor(text);
    match text.split_once(':') {
        None => text.parse().map_err(|_| bad()),
        Some((of, number)) => {
            let number = number.parse().map_err(|_| bad())?;
            if of == short(store) {
                Ok(number)
            } else {
                let message = format!("cursor `{text}` belongs to another store");
                Err(Error::new(Exit::WrongState, "wrong_store", message).hint(START_AGAIN))
            }
        }
    }
}

fn bad_cursor(text: &str) -> Error {
    Error::new(Exit::Usage, "bad_cursor", format!("`{text}` is no cursor"))
        .hint("a number, or the `cursor` of an earlier call")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_bound_to_their_store() {
        let store = "019a0000-0000-7000-8000-0123456789ab";
        assert_eq!(parse_cursor("41", store).ok(), Some(41));
        assert_eq!(parse_cursor("456789ab:41", store).ok(), Some(41));
        assert_eq!(parse_cursor("ffffffff:41", store).err().map(|error| error.code), Some("wrong_store"));
        for bad in ["", "x", "-1", "456789ab:x"] {
            assert_eq!(parse_cursor(bad, store).err().map(|error| error.code), Some("bad_cursor"), "{bad}");
        }
    }
}
