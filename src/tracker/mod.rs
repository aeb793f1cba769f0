//! What work exists: the boundary to the tracker (SPEC 11).
//!
//! [`Tracker`] is the small read kernel that scheduling needs; [`Writer`] is what some trackers can do beyond it. Each
//! adapter is a module of its own that ends in an `Adapter`, and `ADAPTERS` is the list of them: a new one is one line
//! here. `local` keeps issues as Markdown files and needs nobody else; `command` is any program. The others speak HTTP:
//! each is a mapping ([`remote`]) over the one client ([`http`]).

mod asana;
mod command;
mod error;
mod github;
mod gitlab;
mod http;
mod jira;
mod linear;
mod local;
mod made;
mod redmine;
mod remote;
#[cfg(test)]
pub(crate) mod testing;
mod tool;
pub mod workpad;
mod writer;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub use error::{Cause, TrackerError};
pub use http::{Memory, Quota, Traffic};
pub use made::{made_since, said_since};
pub use tool::{ToolContext, ToolResult, ToolSpec};
use writer::check_comment;
pub use writer::{IssueEdit, NewIssue, Write, Writer};

use crate::model::{Issue, Timestamp};
use crate::seams::{Environment, Seams};
use crate::workflow::KindProfile;
use crate::workflow::config::TrackerConfig;

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An issue tracker (SPEC 11.1). Implementations answer completely or fail: no page and no id is silently left out.
pub trait Tracker: Send + Sync {
    /// `tracker.kind`.
    fn kind(&self) -> &'static str;
    /// Issues in these states (SPEC 11.1.1). An empty list makes no request. A record that cannot be used is left out
    /// and named in [`Fetched::problems`].
    fn fetch_issues_by_states<'a>(&'a self, states: &'a [String]) -> BoxFuture<'a, Result<Fetched, TrackerError>>;
    /// These issues, each at most once; an id that is no longer visible is left out; a record that cannot be used fails
    /// the call (SPEC 11.1.2). An empty list makes no request.
    fn fetch_issues_by_ids<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<Issue>, TrackerError>>;
    /// The issue that people call so, if it is visible.
    fn fetch_issue_by_identifier<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<Issue>, TrackerError>>;
    /// Every issue in the scope, whatever its state: for people who list issues, not for scheduling.
    fn fetch_all_issues(&self) -> BoxFuture<'_, Result<Fetched, TrackerError>> {
        let kind = self.kind();
        Box::pin(async move { Err(TrackerError::Unsupported { kind, operation: "list issues of every state" }) })
    }
    /// The issue's comments, oldest first; `None` where the adapter does not read them.
    fn fetch_comments<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<Option<Vec<IssueComment>>, TrackerError>> {
        Box::pin(async { Ok(None) })
    }
    /// Environment variables that hold its credentials (SPEC 10.5); children do not inherit them.
    fn secret_environment_names(&self) -> Vec<String> {
        Vec::new()
    }
    /// The writes, where this tracker has them.
    fn writer(&self) -> Option<&dyn Writer> {
        None
    }
    /// What was sent so far by this process, and what the tracker said about its limits.
    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
    /// Keeps what it answered, so that the next process need not be told what has not changed.
    fn keep_answers(&self) {}
    /// The tools that it offers to the agent, advertised when a session starts (SPEC 10.5).
    fn agent_tool_specs(&self) -> Vec<ToolSpec> {
        Vec::new()
    }
    /// Runs one of them. A failure, an unknown name included, is an answer for the agent; the session goes on.
    fn execute_agent_tool<'a>(
        &'a self,
        name: &'a str,
        _arguments: &'a Value,
        _context: ToolContext<'a>,
    ) -> BoxFuture<'a, ToolResult> {
        Box::pin(async move { ToolResult::unsupported(name) })
    }
}

/// What somebody said about an issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct IssueComment {
    /// The tracker's id of it, by which it can be changed; `None` where it has none.
    pub id: Option<String>,
    /// Who, as far as the tracker says.
    pub author: Option<String>,
    /// When.
    pub created_at: Option<Timestamp>,
    /// Markdown.
    pub body: String,
    /// Whether somebody has declared it settled.
    pub resolved: bool,
}

/// What a read by states brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fetched {
    /// Usable issues.
    pub issues: Vec<Issue>,
    /// Records that are not, each by its source; and optional values of usable ones that had to be ignored.
    pub problems: Vec<Problem>,
}

/// A record, or an optional value of one, that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Problem {
    /// The file, or the provider's id.
    pub source: String,
    /// A stable word.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// What an adapter is made from.
#[derive(Clone, Copy)]
struct Setting<'a> {
    /// `tracker`.
    config: &'a TrackerConfig,
    /// The directory of the store's WORKFLOW.md, absolute.
    base: &'a Path,
    /// The store's directory.
    store: &'a Path,
    /// Clock and environment.
    seams: &'a Seams,
    /// What all processes of the project know of the tracker's limits.
    memory: &'a Arc<dyn Memory>,
}

/// A kind of tracker, as its file offers it.
struct Adapter {
    /// `tracker.kind`.
    kind: &'static str,
    /// Default of `tracker.active_states`.
    active: &'static [&'static str],
    /// Default of `tracker.terminal_states`.
    terminal: &'static [&'static str],
    /// Environment variables that hold its credentials by custom.
    secrets: &'static [&'static str],
    /// The keys of `tracker.provider` that it knows, in full; `None` where any may mean something.
    keys: Option<&'static [&'static str]>,
    /// Validates `tracker.provider` and makes the tracker; makes no request.
    build: fn(Setting<'_>) -> Result<Box<dyn Tracker>, TrackerError>,
}

/// Every kind that this build supports.
const ADAPTERS: &[Adapter] = &[
    asana::ADAPTER,
    command::ADAPTER,
    github::ADAPTER,
    gitlab::ADAPTER,
    jira::ADAPTER,
    linear::ADAPTER,
    local::ADAPTER,
    redmine::ADAPTER,
];

fn adapter(kind: &str) -> Option<&'static Adapter> {
    ADAPTERS.iter().find(|adapter| adapter.kind == kind)
}

/// What WORKFLOW.md has to know of a `tracker.kind`; where neither this build nor a program on PATH supports it, what they
/// do.
pub fn profile(kind: &str, env: &Environment) -> Result<KindProfile, String> {
    let owned = |states: &[&str]| states.iter().map(|state| (*state).to_owned()).collect();
    let external = || command::program(kind, env).map(|_| &command::ADAPTER);
    let adapter = adapter(kind).or_else(external).ok_or_else(|| supported(kind))?;
    let (active, terminal) = (owned(adapter.active), owned(adapter.terminal));
    Ok(KindProfile { active, terminal, keys: adapter.keys.map(owned) })
}

/// Which kinds there are, where this one is none.
fn supported(kind: &str) -> String {
    let kinds: Vec<&str> = ADAPTERS.iter().map(|adapter| adapter.kind).collect();
    let looked_for = match command::program_name(kind) {
        Some(name) => format!(", and no program `{name}` is on PATH"),
        None => String::new(),
    };
    format!("this build has {}{looked_for}", kinds.join(", "))
}

/// The environment variables that hold the tracker's credentials, whether it uses them or not: by custom, and what a
/// program is said to need.
#[must_use]
pub fn secret_names(config: &TrackerConfig) -> Vec<String> {
    match adapter(&config.kind) {
        Some(adapter) if adapter.kind != command::ADAPTER.kind => {
            adapter.secrets.iter().map(|&name| name.to_owned()).collect()
        }
        Some(_) | None => command::secret_names(config),
    }
}

/// Makes the tracker that the configuration names, without a request. `base` is the directory of the store's
/// WORKFLOW.md; `store` is the store's directory (for the tracker's own lock);
/// `memory` is what it shares with the project's other processes.
pub fn build(
    config: &TrackerConfig,
    base: &Path,
    store: &Path,
    seams: &Seams,
    memory: &Arc<dyn Memory>,
) -> Result<Box<dyn Tracker>, TrackerError> {
    let setting = Setting { config, base, store, seams, memory };
    if let Some(adapter) = adapter(&config.kind) {
        return (adapter.build)(setting);
    }
    match command::program(&config.kind, &seams.env) {
        Some(program) => command::build(setting, &program),
        None => Err(TrackerError::UnsupportedKind { kind: config.kind.clone(), supported: supported(&config.kind) }),
    }
}

#[cfg(test)]
mod tests;
