//! `tracker.kind: command`: any program is the tracker (docs/trackers.md has the protocol). It is called with a verb and
//! its arguments, and prints one issue on each line. A program `baton-tracker-NAME` on PATH is the tracker of
//! `tracker.kind: NAME`.

mod call;
mod config;
mod record;
mod writes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use self::call::{Calls, Verb};
use self::config::Config;
use self::record::{Answer, Index};
use super::local::tools;
use super::remote::{Keys, date, text};
use super::{Adapter, BoxFuture, Fetched, IssueComment, Setting, ToolContext, ToolResult, ToolSpec, Tracker};
use super::{TrackerError, Traffic, Writer};
use crate::model::{Issue, normal_state};
use crate::process::find_program;
use crate::seams::Environment;

pub(super) use config::secret_names;

/// `command`, as the factory knows it. What a program on PATH brings has the same states.
pub(super) const ADAPTER: Adapter = Adapter {
    kind: "command",
    active: &["Todo", "In Progress"],
    terminal: &["Done", "Closed", "Cancelled", "Canceled", "Duplicate"],
    secrets: &[],
    keys: None,
    build: |setting| Ok(Box::new(Command::new(ADAPTER.kind, Config::of_command(Keys(setting))?, setting))),
};

/// Ids in one call.
const BATCH: usize = 100;
/// Bytes of ids in one call; a kernel takes 128 KiB for one argument.
const BATCH_BYTES: usize = 32 * 1024;

/// What the program of a kind is called; none for what cannot be part of a program's name.
pub(super) fn program_name(kind: &str) -> Option<String> {
    let is_name = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    is_name.then(|| format!("baton-tracker-{kind}"))
}

/// The program that is the tracker of a kind.
pub(super) fn program(kind: &str, env: &Environment) -> Option<PathBuf> {
    find_program(&program_name(kind)?, env)
}

/// The tracker that this program is.
pub(super) fn build(setting: Setting<'_>, program: &Path) -> Result<Box<dyn Tracker>, TrackerError> {
    let config = Config::of_program(Keys(setting), program)?;
    Ok(Box::new(Command::new(kept(&setting.config.kind), config, setting)))
}

/// The name of a kind for as long as the process lives. There are as many as WORKFLOW.md ever named: one or two.
fn kept(kind: &str) -> &'static str {
    static KINDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut kinds = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kinds.get(kind) {
        return known;
    }
    let new: &'static str = kind.to_owned().leak();
    kinds.insert(new);
    new
}

/// The tracker.
struct Command {
    kind: &'static str,
    config: Config,
    calls: Calls,
    /// All states that the workflow names.
    states: Vec<String>,
}

impl Command {
    fn new(kind: &'static str, config: Config, setting: Setting<'_>) -> Self {
        let tracker = setting.config;
        let states = tracker.active_states.iter().chain(&tracker.terminal_states).chain(&tracker.handoff_state);
        let calls = Calls::new(setting.seams.clone(), Arc::clone(setting.memory));
        Self { kind, config, calls, states: states.cloned().collect() }
    }

    /// A read of issues; what blocks them is looked up where the program does not say its state.
    async fn read(&self, verb: Verb, arguments: &[String]) -> Result<Answer, TrackerError> {
        let mut answer = record::read(&self.call(verb, arguments, None).await?);
        let unknown = answer.unknown_references();
        if !unknown.is_empty() {
            let others = self.lookup(&unknown).await?;
            answer.complete_references(&Index::of(&others.issues));
        }
        Ok(answer)
    }

    /// The issues with these ids, in as few calls as can be.
    async fn lookup(&self, ids: &[String]) -> Result<Answer, TrackerError> {
        let mut all = Answer::default();
        for batch in batches(ids) {
            all.append(record::read(&self.call(Verb::Ids, batch, None).await?));
        }
        Ok(all)
    }

    async fn by_ids(&self, ids: &[String]) -> Result<Vec<Issue>, TrackerError> {
        let mut answer = Answer::default();
        for batch in batches(ids) {
            answer.append(self.read(Verb::Ids, batch).await?);
        }
        answer.into_complete()
    }
}

/// The ids in parts that a command line can hold.
fn batches(ids: &[String]) -> Vec<&[String]> {
    let mut parts = Vec::new();
    let mut rest = ids;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(BATCH).take_while(|id| {
            bytes += id.len();
            bytes <= BATCH_BYTES
        });
        let (part, others) = rest.split_at(fitting.count().max(1));
        parts.push(part);
        rest = others;
    }
    parts
}

impl Tracker for Command {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn fetch_issues_by_states<'a>(&'a self, states: &'a [String]) -> BoxFuture<'a, Result<Fetched, TrackerError>> {
        Box::pin(async move {
            if states.is_empty() {
                return Ok(Fetched::default());
            }
            let mut fetched = self.read(Verb::States, states).await?.into_fetched();
            let wanted: Vec<String> = states.iter().map(|state| normal_state(state)).collect();
            fetched.issues.retain(|issue| wanted.contains(&normal_state(&issue.state)));
            Ok(fetched)
        })
    }

    fn fetch_issues_by_ids<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<Issue>, TrackerError>> {
        Box::pin(async move {
            let mut wanted: Vec<String> = Vec::new();
            for id in ids.iter().filter(|id| record::is_name(id)) {
                if !wanted.contains(id) {
                    wanted.push(id.clone());
                }
            }
            let mut issues = self.by_ids(&wanted).await?;
            issues.retain(|issue| wanted.contains(&issue.id));
            Ok(issues)
        })
    }

    fn fetch_issue_by_identifier<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<Issue>, TrackerError>> {
        Box::pin(async move {
            if !record::is_name(identifier) {
                return Ok(None);
            }
            let is_it = |issue: &Issue| issue.identifier.eq_ignore_ascii_case(identifier);
            let found = self.by_ids(&[identifier.to_owned()]).await?.into_iter().find(is_it);
            if found.is_some() {
                return Ok(found);
            }
            // A program that knows its issues by their ids alone.
            Ok(self.fetch_issues_by_states(&self.states).await?.issues.into_iter().find(is_it))
        })
    }

    fn fetch_all_issues(&self) -> BoxFuture<'_, Result<Fetched, TrackerError>> {
        Box::pin(async move { Ok(self.read(Verb::All, &[]).await?.into_fetched()) })
    }

    fn fetch_comments<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<IssueComment>>, TrackerError>> {
        Box::pin(async move {
            match self.call(Verb::Comments, &[id.to_owned()], None).await {
                Ok(answer) => record::values(&answer).map(comment).collect::<Result<_, _>>().map(Some),
                Err(TrackerError::Unsupported { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn secret_environment_names(&self) -> Vec<String> {
        self.config.secrets.clone()
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }

    fn traffic(&self) -> Traffic {
        self.calls.traffic(&self.config)
    }

    fn agent_tool_specs(&self) -> Vec<ToolSpec> {
        tools::specs()
    }

    fn execute_agent_tool<'a>(
        &'a self,
        name: &'a str,
        arguments: &'a Value,
        context: ToolContext<'a>,
    ) -> BoxFuture<'a, ToolResult> {
        Box::pin(super::remote::run_narrow_tool(self, name, arguments, context))
    }
}

/// A comment as a program prints it.
fn comment((line, value): (usize, Result<Value, String>)) -> Result<IssueComment, TrackerError> {
    let value = value.map_err(|why| TrackerError::Response(format!("line {line}: {why}")))?;
    let body = text(&value["body"]).ok_or_else(|| TrackerError::Response(format!("line {line}: no `body`")))?;
    let (author, created_at) = (text(&value["author"]), date(&value["created_at"]));
    Ok(IssueComment { author, created_at, body, ..IssueComment::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_asked_for_in_parts_that_a_command_line_can_hold() {
        let sizes = |ids: &[String]| batches(ids).iter().map(|part| part.len()).collect::<Vec<_>>();
        let ids = |count: usize, bytes: usize| vec!["x".repeat(bytes); count];
        assert_eq!(sizes(&ids(0, 1)), [0; 0]);
        assert_eq!(sizes(&ids(250, 5)), [100, 100, 50]);
        assert_eq!(sizes(&ids(5, 15_000)), [2, 2, 1]);
        assert_eq!(sizes(&ids(2, 50_000)), [1, 1]);
    }

    #[test]
    fn a_kind_that_is_no_name_has_no_program() {
        assert_eq!(program_name("my-shop2").as_deref(), Some("baton-tracker-my-shop2"));
        for kind in ["", "a/b", "../x", "A", "a b", "ä"] {
            assert_eq!(program_name(kind), None, "{kind}");
        }
    }
}
