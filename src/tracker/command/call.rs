//! One call of the program: what it is given, and what its end means.

use std::io::{self, Seek, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;

use super::Command;
use super::config::Config;
use crate::model::Timestamp;
use crate::process::{Bounds, Captured, Ended, Shell, quoted, run_captured};
use crate::seams::Seams;
use crate::tracker::{Memory, TrackerError, Traffic};

/// No answer is larger than this, in bytes.
const LARGEST: usize = 32 * 1024 * 1024;
/// How much of the end of stderr is read, in bytes.
const WORDS: usize = 4096;
/// How much of its last line errors show, in characters.
const SHOWN: usize = 500;
/// For how long a program that wants to be left alone is, when it does not say.
const DEFAULT_WAIT_S: i64 = 60;
/// No program is left alone for longer.
const LONGEST_WAIT_S: i64 = 24 * 3600;

/// What a program is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    States,
    Ids,
    All,
    Comments,
    State,
    Comment,
}

impl Verb {
    /// Its first argument.
    fn word(self) -> &'static str {
        match self {
            Self::States => "states",
            Self::Ids => "ids",
            Self::All => "all",
            Self::Comments => "comments",
            Self::State => "state",
            Self::Comment => "comment",
        }
    }

    /// What a program that does not know it cannot do.
    fn operation(self) -> &'static str {
        match self {
            Self::States => "list issues by their states",
            Self::Ids => "look issues up by their ids",
            Self::All => "list issues of every state",
            Self::Comments => "tell comments",
            Self::State => "change an issue's state",
            Self::Comment => "add a comment",
        }
    }

    /// Whether its first argument is an issue that must be there.
    fn needs_its_issue(self) -> bool {
        matches!(self, Self::Comments | Self::State | Self::Comment)
    }
}

/// What is known of all calls.
pub(super) struct Calls {
    seams: Seams,
    memory: Arc<dyn Memory>,
    count: AtomicU64,
}

impl Calls {
    pub(super) fn new(seams: Seams, memory: Arc<dyn Memory>) -> Self {
        Self { seams, memory, count: AtomicU64::new(0) }
    }

    /// How often the program was called, and before when it will not be.
    pub(super) fn traffic(&self, config: &Config) -> Traffic {
        let next_poll_at = self.closed_until(config, self.seams.now());
        Traffic { requests: self.count.load(Ordering::Relaxed), next_poll_at, ..Traffic::default() }
    }

    /// Until when the program wants to be left alone.
    fn closed_until(&self, config: &Config, now: Timestamp) -> Option<Timestamp> {
        let until = self.memory.closed_until(&bucket(config))?;
        (until > now && until - now <= TimeDelta::seconds(LONGEST_WAIT_S)).then_some(until)
    }
}

/// How the project remembers that a program wants to be left alone.
fn bucket(config: &Config) -> String {
    format!("program {}", config.name)
}

impl Command {
    /// Calls the program; what it wrote to stdout.
    pub(super) async fn call(
        &self,
        verb: Verb,
        arguments: &[String],
        stdin: Option<&str>,
    ) -> Result<Vec<u8>, TrackerError> {
        let (config, now) = (&self.config, self.calls.seams.now());
        if let Some(until) = self.calls.closed_until(config, now) {
            return Err(limited(config, until, now));
        }
        let what = format!("`{} {}`", config.name, verb.word());
        let unreachable = |cause: io::Error| TrackerError::Request { what: what.clone(), cause: cause.into() };
        let words = std::iter::once(verb.word()).chain(arguments.iter().map(String::as_str));
        let script = words.fold(config.script.clone(), |script, word| format!("{script} {}", quoted(word)));
        let shell =
            Shell { script, cwd: config.cwd.clone(), env: config.env.clone(), unset: Vec::new(), lifeline: None };
        let stdin = stdin.map_or_else(|| Ok(Stdio::null()), readable).map_err(unreachable)?;
        let bounds = Bounds { timeout: config.timeout, stdout: LARGEST, stderr: WORDS };
        self.calls.count.fetch_add(1, Ordering::Relaxed);
        // Of a missing shell or directory nobody is to think that it is the directory of issues.
        let captured =
            run_captured(shell, stdin, bounds).await.map_err(|error| unreachable(io::Error::other(error)))?;
        let why = match captured.ended {
            Ended::Exited(0) => return Ok(captured.stdout),
            Ended::Exited(code) => return Err(self.refusal(verb, arguments, what, code, &captured)),
            Ended::Signaled(signal) => format!("ended by signal {signal}"),
            Ended::TimedOut => format!("no answer within {} ms, so it was ended", config.timeout.as_millis()),
            Ended::TooMuch => {
                return Err(TrackerError::Response(format!("{what}: the answer is larger than {LARGEST} bytes")));
            }
        };
        Err(unreachable(io::Error::other(why)))
    }

    /// What an exit status means: those of `sysexits.h`, as far as they fit.
    fn refusal(&self, verb: Verb, arguments: &[String], what: String, code: i32, captured: &Captured) -> TrackerError {
        let said = self.config.redactor.redact(&captured.stderr.last_line(SHOWN).unwrap_or_default()).into_owned();
        let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match code {
            64 if matches!(verb, Verb::States | Verb::Ids) => {
                TrackerError::Response(format!("{what}: {}", or(said, "the program does not know it")))
            }
            64 => TrackerError::Unsupported { kind: self.kind, operation: verb.operation() },
            65 => TrackerError::Response(format!("{what}: {}", or(said, "the answer makes no sense"))),
            66 if verb.needs_its_issue() => TrackerError::IssueNotFound(arguments.first().cloned().unwrap_or_default()),
            69 => {
                let cause = io::Error::other(or(said, "not available")).into();
                TrackerError::Request { what, cause }
            }
            75 => {
                let now = self.calls.seams.now();
                let until = now + TimeDelta::seconds(wait_of(captured));
                self.calls.memory.close(&bucket(&self.config), until);
                limited(&self.config, until, now)
            }
            78 => TrackerError::InvalidConfig {
                key: "tracker.provider",
                message: format!("{what}: {}", or(said, "the program takes no such configuration")),
            },
            code => TrackerError::Status { what, status: u16::try_from(code).unwrap_or(u16::MAX), said },
        }
    }
}

fn or(said: String, otherwise: &str) -> String {
    if said.is_empty() { otherwise.to_owned() } else { said }
}

/// Something that can be read without anybody who writes.
fn readable(text: &str) -> io::Result<Stdio> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file.into())
}

/// The seconds of a line `retry-after: N` in what the program said.
fn wait_of(captured: &Captured) -> i64 {
    let text = captured.stderr.text();
    let said = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .rfind(|(name, _)| name.trim().eq_ignore_ascii_case("retry-after"));
    said.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(DEFAULT_WAIT_S).clamp(1, LONGEST_WAIT_S)
}

fn limited(config: &Config, until: Timestamp, now: Timestamp) -> TrackerError {
    let retry_after_ms = u64::try_from((until - now).num_milliseconds()).ok();
    let until = until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    TrackerError::RateLimited { what: format!("no call of `{}` before {until}", config.name), retry_after_ms }
}
