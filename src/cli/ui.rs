//! What a person and a program see: data on stdout, everything else on stderr. The only place that prints.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use clap::ColorChoice;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Global;
pub(super) use super::render::Style;
use crate::error::{Error, Exit, Result};

/// Version of the JSON documents; changes only when a field is taken away or renamed.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// A value that renders itself as text; as JSON it is what it serialises to. Each is listed in [`super::schema`].
pub trait View: JsonSchema + Serialize {
    /// `kind` of the JSON document.
    const KIND: &'static str;
    /// The text for people, with its last line feed; empty prints nothing.
    fn text(&self, style: Style) -> String;
}

/// A line of a stream; as JSON it is what it serialises to. Each is listed in [`super::schema`].
pub trait Line: JsonSchema + Serialize {
    /// Its kind: its `type`, unless that says more: of an event what happened, of a watch what is shown.
    const KIND: &'static str;
}

/// What happened that may need attention; a line on stderr.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(tag = "type", rename = "warning")]
pub(super) struct Warning<'t> {
    /// One sentence.
    message: &'t str,
}

impl Line for Warning<'_> {
    const KIND: &'static str = "warning";
}

/// Why the command failed; the last line on stderr.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(tag = "type", rename = "error")]
pub(super) struct Failure<'e> {
    /// A stable word.
    code: &'e str,
    /// The exit status.
    exit: u8,
    /// A lower-case fragment that names the path or identifier.
    message: &'e str,
    /// What lies behind it, outermost first.
    causes: Vec<String>,
    /// Whether the same command may succeed later by itself.
    retryable: bool,
    /// Safe next commands.
    hints: &'e [String],
}

impl Line for Failure<'_> {
    const KIND: &'static str = "error";
}

/// Where output goes, and how.
#[derive(Debug)]
pub struct Ui {
    json: bool,
    quiet: u8,
    style: Style,
    progress: bool,
    /// Why stdout took no more.
    lost: RefCell<Option<io::Error>>,
}

impl Ui {
    /// By the global options and what stdout and stderr are.
    #[must_use]
    pub fn new(global: &Global) -> Self {
        let env = crate::seams::Environment::of_process();
        let terminal = io::stdout().is_terminal();
        let color = match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && env.get("NO_COLOR").is_none() && env.get("TERM") != Some("dumb"),
        };
        let size = terminal.then(|| rustix::termios::tcgetwinsize(io::stdout()).ok()).flatten();
        // A terminal that does not know its width says 0.
        let columns = size.map(|size| size.ws_col).filter(|columns| *columns > 0);
        let progress = !global.no_progress && !global.json && global.quiet == 0 && io::stderr().is_terminal();
        Self {
            json: global.json,
            quiet: global.quiet,
            style: Style { color, columns },
            progress,
            lost: RefCell::default(),
        }
    }

    /// Whether JSON is wanted.
    #[must_use]
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether a progress display may be drawn.
    #[must_use]
    pub fn progress(&self) -> bool {
        self.progress
    }

    /// How to paint.
    #[must_use]
    pub fn style(&self) -> Style {
        self.style
    }

    /// Prints the value, as text or as one JSON document.
    pub fn show<V: View>(&self, view: &V) {
        if self.json {
            let document = json!({ "schema_version": SCHEMA_VERSION, "kind": V::KIND, "data": view });
            self.data(&format!("{document}\n"));
        } else {
            self.data(&view.text(self.style));
        }
    }

    /// Prints one line of a stream.
    pub fn line(&self, line: &impl Line) {
        self.data(&ndjson(line));
    }

    /// Writes to stdout. A closed stdout ends the output, not the step.
    pub fn data(&self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// The same for what may be no text.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
            self.lost.borrow_mut().get_or_insert(error);
        }
    }

    /// Whether data was lost on its way to stdout. A reader that went away does not want it; a disk that is full does not
    /// take it, and whoever reads that file later must not believe that it was all.
    pub fn check_output(&self) -> Result<()> {
        match self.lost.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let hint = "the step itself was carried out; only what it printed is incomplete";
                Err(Error::new(Exit::Failed, "output_lost", "cannot write to stdout").because(error).hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// Whether stdout is a terminal.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.style.columns.is_some()
    }

    /// Draws the text from the top of the terminal, as much of it as fits, in place of what was there.
    pub fn draw(&self, text: &str) {
        let rows = rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_row));
        self.data(&screen(text, if rows == 0 { usize::MAX } else { rows }));
    }

    /// Waits, and says whether whoever read stdout has gone meanwhile.
    #[must_use]
    pub fn is_abandoned_within(&self, time: Duration) -> bool {
        let stdout = io::stdout();
        let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
        let begun = Instant::now();
        while let Some(left) = time.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
            let Ok(timeout) = Timespec::try_from(left) else { return false };
            match poll(&mut fds, Some(&timeout)) {
                Ok(0) => return false,
                Ok(_) => return true,
                Err(Errno::INTR) => {}
                // What cannot be watched is not given up for that.
                Err(_) => std::thread::sleep(left),
            }
        }
        false
    }

    /// Tells what happened, unless `-q`.
    pub fn note(&self, text: &str) {
        if self.quiet == 0 && !self.json {
            err(&format!("{text}\n"));
        }
    }

    /// Tells what happened as a verb and its object, the verbs aligned.
    pub fn verb(&self, verb: &str, object: &str) {
        if self.quiet == 0 && !self.json {
            let object = super::render::escape(object);
            if self.style.color {
                err(&format!("\x1b[1;32m{verb:>12}\x1b[0m {object}\n"));
            } else {
                err(&format!("{verb:>12} {object}\n"));
            }
        }
    }

    /// Warns, unless `-qq`.
    pub fn warn(&self, text: &str) {
        if self.quiet < 2 {
            let text = super::render::escape(text);
            if self.json {
                err(&ndjson(&Warning { message: &text }));
            } else {
                err(&format!("warning: {text}\n"));
            }
        }
    }

    /// Reports a failure: message, cause chain, hints; one JSON object with `--json`.
    pub fn error(&self, error: &Error) {
        let causes: Vec<String> = error.causes().collect();
        if self.json {
            let Error { exit, code, message, cause: _, hints, retryable } = error;
            err(&ndjson(&Failure { code, exit: exit.code(), message, causes, retryable: *retryable, hints }));
            return;
        }
        let mut text = format!("error: {}\n", super::render::escape(&error.message));
        for cause in causes {
            text += &format!("caused by: {}\n", super::render::escape(&cause));
        }
        for hint in &error.hints {
            text += &format!("hint: {hint}\n");
        }
        err(&text);
    }
}

fn ndjson(line: &impl Line) -> String {
    serde_json::to_string(line).map(|text| format!("{text}\n")).unwrap_or_default()
}

/// The text as a screen of so many rows: each line is cleared to its end, and what is below the last one too.
fn screen(text: &str, rows: usize) -> String {
    let lines: Vec<&str> = text.lines().take(rows.saturating_sub(1).max(1)).collect();
    format!("\x1b[H{}\x1b[J", lines.iter().map(|line| format!("{line}\x1b[K\n")).collect::<String>())
}

fn err(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints clap's answer: help and version on stdout, usage errors on stderr.
pub(super) fn usage(error: &clap::Error, json: bool) -> Exit {
    if json && error.use_stderr() {
        let text = error.render().to_string();
        let mut parts = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
        let message = parts.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let hints: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        let object = json!({
            "type": "error", "code": "usage", "exit": Exit::Usage.code(), "message": message,
            "causes": [], "retryable": false, "hints": hints,
        });
        err(&format!("{object}\n"));
        return Exit::Usage;
    }
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// Starts the log on stderr: warnings always, more with `-v`.
pub(super) fn start_log(global: &Global) {
    use tracing_subscriber::filter::LevelFilter;
    let level = match (global.quiet, global.verbose) {
        (2.., _) => LevelFilter::OFF,
        // Details are for people.
        (_, _) if global.json => LevelFilter::WARN,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        (_, _) => LevelFilter::DEBUG,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(false)
        .event_format(LogLine { json: global.json })
        .finish();
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// What the library logs, as everything else on stderr is said: a word and a sentence, or with `--json` a line.
struct LogLine {
    json: bool,
}

impl<S, N> FormatEvent<S, N> for LogLine
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        cx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> std::fmt::Result {
        let mut text = String::new();
        cx.format_fields(Writer::new(&mut text), event)?;
        let text = super::render::escape(&text);
        if self.json {
            return writer.write_str(&ndjson(&Warning { message: &text }));
        }
        let word = match *event.metadata().level() {
            tracing::Level::ERROR | tracing::Level::WARN => "warning",
            tracing::Level::INFO => "info",
            tracing::Level::DEBUG | tracing::Level::TRACE => "debug",
        };
        writeln!(writer, "{word}: {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_never_taller_than_the_terminal() {
        assert_eq!(screen("a\nb\n", 24), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
        assert_eq!(screen("a\nb\nc\n", 3), screen("a\nb\n", 24));
        assert_eq!(screen("a\nb", 0), screen("a", 24));
    }
}
