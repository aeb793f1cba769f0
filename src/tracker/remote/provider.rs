//! What an adapter is: requests, and what their answers mean.

use std::future::Future;

use serde_json::Value;

use super::Found;
use crate::model::Issue;
use crate::tracker::http::{Answer, Http, Request};
use crate::tracker::{IssueComment, IssueEdit, NewIssue, ToolResult, ToolSpec, TrackerError};

/// A provider of issues over HTTP. Reads are pure: they make requests and map answers. Only [`Writes`], which may need to
/// look something up first, are given the client.
pub(crate) trait Provider: Writes {
    /// `tracker.kind`.
    const KIND: &'static str;

    /// What must be asked next before the first read; none once all is known.
    fn preparation(&self) -> Option<Request> {
        None
    }

    /// Takes up the answer to [`Provider::preparation`].
    fn prepared(&self, _answer: &Answer) -> Result<(), TrackerError> {
        Ok(())
    }

    /// The first page of each list that together hold the issues in these states (compared without case), or all
    /// issues. They may hold more. None where no issue can be in any of these states.
    fn list(&self, states: Option<&[String]>) -> Vec<Request>;

    /// Requests that together bring these issues, in as large batches as the provider takes. An id that can be none of
    /// this provider's is left out.
    fn lookup(&self, ids: &[String]) -> Vec<Request>;

    /// A request that brings the issue that people call so; none where nothing can have that name.
    fn named(&self, identifier: &str) -> Option<Request>;

    /// Reads the answer to any of these. What is not there (deleted, moved, invisible) is no record.
    fn page(&self, request: &Request, answer: &Answer) -> Result<Page, TrackerError>;

    /// Takes up the answer to one of [`Page::more`]; may ask for more still.
    fn supplement(
        &self,
        _request: &Request,
        _answer: &Answer,
        _found: &mut Found,
    ) -> Result<Vec<Request>, TrackerError> {
        Ok(Vec::new())
    }

    /// The first page of an issue's comments.
    fn comments(&self, id: &str) -> Request;

    /// Reads a page of comments.
    fn comment_page(&self, request: &Request, answer: &Answer) -> Result<Comments, TrackerError>;

    /// Whether the agent gets the tools `issue_read` and `issue_update` instead of the provider's own.
    fn has_narrow_tools(&self) -> bool {
        false
    }

    /// The agent's tool.
    fn tool(&self) -> impl ProviderTool;
}

/// What can be written.
pub(crate) trait Writes: Send + Sync {
    /// Whether issues have labels that can be set. Where not, a change of them is refused before anything is sent.
    const HAS_LABELS: bool = true;

    /// The labels that stand for priorities, the most urgent first, where the provider has no priorities of its own.
    fn ranks(&self) -> Option<&[String]> {
        None
    }

    /// Makes an issue; its id.
    fn create(&self, http: &Http, new: &NewIssue) -> impl Future<Output = Result<String, TrackerError>> + Send;

    /// Makes a change that is one, to the issue as it is now.
    fn edit(
        &self,
        http: &Http,
        issue: &Issue,
        edit: &IssueEdit,
    ) -> impl Future<Output = Result<(), TrackerError>> + Send;

    /// Adds a comment.
    fn comment(&self, http: &Http, id: &str, text: &str) -> impl Future<Output = Result<(), TrackerError>> + Send;

    /// The request that writes over the text of an issue's comment, where there is one.
    fn comment_edit(&self, _id: &str, _comment: &str, _text: &str) -> Option<Request> {
        None
    }

    /// Fails where the answer to that says that it was not done.
    fn comment_edited(&self, answer: &Answer) -> Result<(), TrackerError> {
        answer.success().map(|_| ())
    }
}

/// A tool that lets the agent call the provider's own interface with the adapter's credential, which the agent never sees
/// (SPEC 10.5).
pub(crate) trait ProviderTool: Send + Sync {
    /// As it is advertised.
    fn spec(&self) -> ToolSpec;

    /// The request that these arguments ask for, or why there is none.
    fn request(&self, arguments: &Value) -> Result<Request, ToolResult>;

    /// What the tool says about the answer.
    fn result(&self, answer: &Answer) -> ToolResult;
}

/// What one answer held.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Its records, usable or not.
    pub(crate) records: Vec<Result<Issue, Malformed>>,
    /// The next page.
    pub(crate) next: Option<Request>,
    /// What else must be asked about these issues.
    pub(crate) more: Vec<Request>,
}

/// A record that is no issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// What it is called, as far as it says so.
    pub(crate) source: String,
    /// What is wrong with it.
    pub(crate) message: String,
}

/// A page of comments.
#[derive(Debug, Default)]
pub(crate) struct Comments {
    /// The comments.
    pub(crate) comments: Vec<IssueComment>,
    /// The next page.
    pub(crate) next: Option<Request>,
}
