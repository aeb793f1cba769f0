//! `tracker.kind: local`: every issue is a Markdown file with YAML front matter in one directory (DESIGN §7).
//!
//! The files are read anew for each call, so that an edit by hand counts at once. `id` and `identifier` are the same:
//! the file's `id`, or its name without `.md`. A file that is no usable issue is named as a problem and hides no other.

mod change;
mod comments;
mod config;
mod document;
mod foresee;
mod front;
mod known;
mod lock;
mod once;
mod order;
mod plain;
mod record;
mod scan;
pub(super) mod tools;
mod value;
mod write;

use std::collections::HashSet;
use std::path::PathBuf;

use serde_json::Value;

use self::config::Provider;
use self::scan::{Scan, scan};
use super::{
    Adapter, BoxFuture, Fetched, IssueComment, Setting, ToolContext, ToolResult, ToolSpec, Tracker, TrackerError,
    Writer,
};
use crate::model::{Issue, is_same_state};
use crate::seams::Seams;

/// `local`, as the factory knows it.
pub(super) const ADAPTER: Adapter = Adapter {
    kind: "local",
    active: &["Todo", "In Progress"],
    terminal: &["Done", "Closed", "Cancelled", "Canceled", "Duplicate"],
    secrets: &[],
    keys: Some(config::KEYS),
    build: |setting| Ok(Box::new(Local::new(setting)?)),
};

/// The tracker that is a directory.
struct Local {
    provider: Provider,
    /// Holds `tracker.lock`.
    store: PathBuf,
    seams: Seams,
}

impl Local {
    fn new(setting: Setting<'_>) -> Result<Self, TrackerError> {
        let provider = Provider::resolve(setting.config, setting.base, &setting.seams.env)?;
        Ok(Self { provider, store: setting.store.to_owned(), seams: setting.seams.clone() })
    }

    fn scan(&self, wanted: impl Fn(&str, &str) -> bool) -> Result<Scan, TrackerError> {
        scan(&self.provider.directory, &self.store, self.seams.now(), wanted)
    }

    /// Every issue whose state passes.
    fn select(&self, passes: impl Fn(&str) -> bool) -> Result<Fetched, TrackerError> {
        let scan = self.scan(|_, state| passes(state))?;
        let index = scan.index();
        let mut selected: Vec<_> = scan.records.iter().filter(|record| passes(&record.state)).collect();
        selected.sort_by(|a, b| order::natural(&a.id, &b.id));
        Ok(Fetched {
            issues: selected.iter().map(|record| index.issue(record)).collect(),
            problems: scan.problems(selected),
        })
    }

    fn by_ids(&self, ids: &[String]) -> Result<Vec<Issue>, TrackerError> {
        let wanted: HashSet<&str> = ids.iter().map(String::as_str).collect();
        let scan = self.scan(|id, _| wanted.contains(id))?;
        let index = scan.index();
        let missing = wanted.iter().filter(|id| index.get(id).is_none());
        if let Some((id, malformed)) = missing.copied().find_map(|id| Some((id, scan.malformed_as(id)?))) {
            if malformed.id.is_none() {
                return Err(TrackerError::Response(format!("{malformed}; it may be `{id}`")));
            }
            return Err(TrackerError::Response(malformed.to_string()));
        }
        Ok(scan
            .records
            .iter()
            .filter(|record| wanted.contains(record.id.as_str()))
            .map(|record| index.issue(record))
            .collect())
    }
}

impl Tracker for Local {
    fn kind(&self) -> &'static str {
        ADAPTER.kind
    }

    fn fetch_issues_by_states<'a>(&'a self, states: &'a [String]) -> BoxFuture<'a, Result<Fetched, TrackerError>> {
        Box::pin(async move {
            if states.is_empty() {
                return Ok(Fetched::default());
            }
            self.select(|state| states.iter().any(|wanted| is_same_state(wanted, state)))
        })
    }

    fn fetch_issues_by_ids<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<Issue>, TrackerError>> {
        Box::pin(async move { if ids.is_empty() { Ok(Vec::new()) } else { self.by_ids(ids) } })
    }

    fn fetch_issue_by_identifier<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<Issue>, TrackerError>> {
        Box::pin(async move { Ok(self.by_ids(&[identifier.to_owned()])?.pop()) })
    }

    fn fetch_all_issues(&self) -> BoxFuture<'_, Result<Fetched, TrackerError>> {
        Box::pin(async move { self.select(|_| true) })
    }

    fn fetch_comments<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<IssueComment>>, TrackerError>> {
        Box::pin(async move {
            let scan = self.scan(|_, _| false)?;
            let section = comments::section(&scan.require(id)?.path)?;
            Ok(Some(comments::parse(section.as_deref().unwrap_or_default())))
        })
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
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
        Box::pin(async move { self.execute(name, arguments, context) })
    }
}

#[cfg(test)]
mod tests;
