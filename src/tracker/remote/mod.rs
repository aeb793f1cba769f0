//! Trackers over HTTP. A [`Provider`] is a mapping: which requests there are, and what their answers mean. [`Remote`]
//! makes a [`Tracker`] of it: it sends, follows pages, asks in batches, and sees to it that an answer is complete and
//! that one bad record hides no other.

mod found;
mod narrow;
mod normal;
mod provider;
mod ranks;
mod rest_tool;
mod settings;
mod walk;
mod writes;

use serde_json::Value;

pub(crate) use found::Found;
pub(crate) use narrow::run_narrow_tool;
pub(crate) use normal::{date, id, labels, reference, required, text};
pub(crate) use provider::{Comments, Malformed, Page, Provider, ProviderTool, Writes};
pub(crate) use ranks::priority_of_labels;
pub(crate) use rest_tool::{RestTool, Scope};
pub(crate) use settings::{Keys, Secret, TIMEOUT, invalid};
pub(crate) use walk::Pages;

use super::http::{Http, Traffic};
use super::local;
use super::{BoxFuture, Fetched, IssueComment, ToolContext, ToolResult, ToolSpec, Tracker, TrackerError, Writer};
use crate::model::{Issue, normal_state};

/// A tracker over HTTP.
pub(crate) struct Remote<P> {
    provider: P,
    http: Http,
    secrets: Vec<String>,
}

impl<P: Provider> Remote<P> {
    /// A tracker; makes no request. `secrets` are the environment variables that hold its credentials.
    pub(crate) fn new(provider: P, http: Http, secrets: Vec<String>) -> Self {
        Self { provider, http, secrets }
    }

    async fn run_tool(&self, name: &str, arguments: &Value) -> ToolResult {
        let tool = self.provider.tool();
        if name != tool.spec().name {
            return ToolResult::unsupported(name);
        }
        let request = match tool.request(arguments) {
            Ok(request) => request,
            Err(refusal) => return refusal,
        };
        let mut result = match self.http.send(&request).await {
            Ok(answer) => tool.result(&answer),
            Err(error) => Err(error).into(),
        };
        if let ToolResult::Success(told) | ToolResult::Refused(told) = &mut result {
            self.http.hide_credential(told);
        }
        result
    }
}

impl<P: Provider> Tracker for Remote<P> {
    fn kind(&self) -> &'static str {
        P::KIND
    }

    fn fetch_issues_by_states<'a>(&'a self, states: &'a [String]) -> BoxFuture<'a, Result<Fetched, TrackerError>> {
        Box::pin(async move {
            if states.is_empty() {
                return Ok(Fetched::default());
            }
            let mut fetched = self.walk(|provider| provider.list(Some(states))).await?.into_fetched();
            let wanted: Vec<String> = states.iter().map(|state| normal_state(state)).collect();
            fetched.issues.retain(|issue| wanted.contains(&normal_state(&issue.state)));
            Ok(fetched)
        })
    }

    fn fetch_issues_by_ids<'a>(&'a self, ids: &'a [String]) -> BoxFuture<'a, Result<Vec<Issue>, TrackerError>> {
        Box::pin(async move {
            let mut wanted: Vec<String> = Vec::new();
            for id in ids.iter().filter(|id| !id.trim().is_empty()) {
                if !wanted.contains(id) {
                    wanted.push(id.clone());
                }
            }
            if wanted.is_empty() {
                return Ok(Vec::new());
            }
            let mut issues = self.walk(|provider| provider.lookup(&wanted)).await?.into_complete()?;
            issues.retain(|issue| wanted.contains(&issue.id));
            Ok(issues)
        })
    }

    fn fetch_issue_by_identifier<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<Issue>, TrackerError>> {
        Box::pin(async move {
            let walked = self.walk(|provider| provider.named(identifier).into_iter().collect()).await?;
            Ok(walked.into_complete()?.into_iter().find(|issue| issue.identifier.eq_ignore_ascii_case(identifier)))
        })
    }

    fn fetch_all_issues(&self) -> BoxFuture<'_, Result<Fetched, TrackerError>> {
        Box::pin(async move { Ok(self.walk(|provider| provider.list(None)).await?.into_fetched()) })
    }

    fn fetch_comments<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<IssueComment>>, TrackerError>> {
        Box::pin(async move {
            let (mut comments, mut pages) = (Vec::new(), Pages::default());
            let mut next = Some(self.provider.comments(id));
            while let Some(request) = next {
                let page = self.provider.comment_page(&request, &self.http.send(&request).await?)?;
                comments.extend(page.comments);
                next = pages.turn(&request, page.next)?;
            }
            // Not every provider has the oldest first.
            comments.sort_by_key(|comment: &IssueComment| comment.created_at);
            Ok(Some(comments))
        })
    }

    fn secret_environment_names(&self) -> Vec<String> {
        self.secrets.clone()
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }

    fn traffic(&self) -> Traffic {
        self.http.traffic()
    }

    fn keep_answers(&self) {
        self.http.keep_answers();
    }

    fn agent_tool_specs(&self) -> Vec<ToolSpec> {
        if self.provider.has_narrow_tools() { local::tools::specs() } else { vec![self.provider.tool().spec()] }
    }

    fn execute_agent_tool<'a>(
        &'a self,
        name: &'a str,
        arguments: &'a Value,
        context: ToolContext<'a>,
    ) -> BoxFuture<'a, ToolResult> {
        Box::pin(async move {
            if self.provider.has_narrow_tools() {
                run_narrow_tool(self, name, arguments, context).await
            } else {
                self.run_tool(name, arguments).await
            }
        })
    }
}
