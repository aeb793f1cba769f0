//! What an adapter asks.

use std::fmt;

use reqwest::Url;
use serde_json::Value;

use super::TrackerError;

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum To {
    /// Below the client's base: begins with `/`, or is empty.
    Path(String),
    /// Elsewhere on the same server.
    Url(Url),
}

/// One request. As text: its method and path, without the query, which may hold what people wrote.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(super) method: Method,
    to: To,
    query: Vec<(String, String)>,
    pub(super) body: Option<Value>,
    /// Whether sending it twice does what sending it once does.
    pub(super) repeatable: bool,
    /// The part of the server that is limited as one.
    pub(super) bucket: &'static str,
    conditional: bool,
    tag: &'static str,
}

impl Request {
    /// A request to a path below the client's base.
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self::to(method, To::Path(path.into()))
    }

    /// `GET` of a path below the client's base. An answer that has not changed is not transferred again.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { conditional: true, ..Self::new(Method::Get, path) }
    }

    /// `GET` of an address that an answer gave, on the same server.
    pub(crate) fn follow(url: Url) -> Self {
        Self { conditional: true, ..Self::to(Method::Get, To::Url(url)) }
    }

    /// `POST` of a path below the client's base.
    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::Post, path).json(body)
    }

    /// A GraphQL query or mutation at `url`; a query may be sent twice.
    pub(crate) fn graphql(url: &Url, document: &str, variables: Value) -> Self {
        let repeatable = !document.trim_start().starts_with("mutation");
        let body = [("query".to_owned(), document.into()), ("variables".to_owned(), variables)];
        Self { repeatable, bucket: "graphql", ..Self::to(Method::Post, To::Url(url.clone())) }
            .json(Value::Object(body.into_iter().collect()))
    }

    fn to(method: Method, to: To) -> Self {
        let repeatable = method == Method::Get;
        Self { method, to, query: Vec::new(), body: None, repeatable, bucket: "api", conditional: false, tag: "" }
    }

    /// With a parameter.
    pub(crate) fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// With this value of a parameter, and no other.
    pub(crate) fn set_query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.retain(|(known, _)| known != name);
        self.query(name, value)
    }

    /// With a body.
    pub(crate) fn json(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// One that may be sent twice, though its method does not say so: it reads, or names the result.
    pub(crate) fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }

    /// One that is sent once, whatever it seems to be.
    pub(crate) fn once(self) -> Self {
        Self { repeatable: false, ..self }
    }

    /// With the adapter's own word for what it asks.
    pub(crate) fn tagged(self, tag: &'static str) -> Self {
        Self { tag, ..self }
    }

    /// One that is counted apart from the rest of the server.
    pub(crate) fn in_bucket(self, bucket: &'static str) -> Self {
        Self { bucket, ..self }
    }

    /// The adapter's own word for what it asks.
    pub(crate) fn tag(&self) -> &'static str {
        self.tag
    }

    /// The path that it was made with, for those who made it.
    pub(crate) fn path(&self) -> &str {
        match &self.to {
            To::Path(path) => path,
            To::Url(url) => url.path(),
        }
    }

    /// The body.
    pub(crate) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// The parameters.
    #[cfg(test)]
    pub(crate) fn parameters(&self) -> &[(String, String)] {
        &self.query
    }

    /// The part of the server that is limited as one.
    #[cfg(test)]
    pub(crate) fn bucket(&self) -> &'static str {
        self.bucket
    }

    pub(super) fn is_conditional(&self) -> bool {
        self.conditional
    }

    pub(super) fn follows_redirects(&self) -> bool {
        self.method == Method::Get
    }

    /// The whole address.
    pub(super) fn url(&self, base: &Url) -> Result<Url, TrackerError> {
        let mut url = match &self.to {
            To::Path(path) => Url::parse(&format!("{}{path}", base.as_str().trim_end_matches('/')))
                .map_err(|error| TrackerError::Response(format!("{self}: no address: {error}")))?,
            To::Url(url) => url.clone(),
        };
        if url.origin() != base.origin() {
            return Err(TrackerError::Response(format!("{self}: on another server, which gets no credential")));
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.name(), self.path())
    }
}
