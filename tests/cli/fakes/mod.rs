//! Trackers that are real servers on loopback: what they hold, what they were asked, and what they are told to answer
//! instead.

pub(crate) mod asana;
mod described;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod jira;
pub(crate) mod linear;
mod project;
pub(crate) mod redmine;
mod selection;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use described::Described;
use serde_json::Value;
use tokio::sync::oneshot;

pub(crate) use project::{Profile, identifiers, reasons, successes, tool_call};

/// What a provider answers.
pub(crate) trait Behaviour: Send + 'static {
    /// The answer to a request.
    fn answer(&mut self, call: &Call) -> Reply;

    /// What its provider publishes of its requests and answers.
    fn described(&self) -> Option<&'static Described> {
        None
    }

    /// What a request and its answer are made of, where that is described: themselves, and those that they carry.
    fn parts(&self, call: &Call, reply: &Reply) -> Vec<(Call, Reply)> {
        vec![(call.clone(), reply.clone())]
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// `GET`, …
    pub(crate) method: String,
    /// Without the parameters, still encoded.
    pub(crate) path: String,
    /// The parameters, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body, where it is JSON.
    pub(crate) body: Value,
}

impl Call {
    /// A parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// `GET /path`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    /// JSON with this status.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string()).header("content-type", "application/json")
    }

    /// Any text.
    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// With a tag; "not modified" where the request has it already.
    pub(crate) fn tagged(self, call: &Call) -> Self {
        let tag = format!("\"{:x}\"", crc32fast::hash(&self.body));
        if call.header("if-none-match") == Some(tag.as_str()) {
            return Self { status: 304, body: Vec::new(), ..self }.header("etag", tag);
        }
        self.header("etag", tag)
    }
}

struct Inner<B> {
    behaviour: B,
    calls: Vec<Call>,
    /// What the next request whose line begins so is answered instead.
    script: VecDeque<(String, Reply)>,
    /// How the lines of requests begin that are not Baton's own, and are not checked.
    foreign: Vec<String>,
    /// Whether its records are wrong on purpose, so that answers are not checked.
    is_corrupt: bool,
    /// What does not keep to the provider's description.
    wrong: Vec<String>,
}

impl<B: Behaviour> Inner<B> {
    /// Notes what is wrong with a request, and with its answer if nobody has told what to answer.
    fn check(&mut self, call: &Call, reply: &Reply, is_scripted: bool) {
        let Some(described) = self.behaviour.described() else { return };
        for (call, reply) in self.behaviour.parts(call, reply) {
            let line = call.line();
            if self.foreign.iter().any(|start| line.starts_with(start)) {
                continue;
            }
            let mut wrong = described.request(&call);
            if wrong.is_empty() && !is_scripted && !self.is_corrupt {
                wrong = described.answer(&call, &reply);
            }
            self.wrong.extend(wrong.into_iter().map(|what| format!("{line}: {what}")));
        }
    }
}

/// A running server.
pub(crate) struct Fake<B> {
    inner: Arc<Mutex<Inner<B>>>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl<B: Behaviour> Fake<B> {
    /// Starts one.
    pub(crate) fn start(behaviour: B) -> Self {
        let inner = Arc::new(Mutex::new(Inner {
            behaviour,
            calls: Vec::new(),
            script: VecDeque::new(),
            foreign: Vec::new(),
            is_corrupt: false,
            wrong: Vec::new(),
        }));
        let state = Arc::clone(&inner);
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
                tell.send(listener.local_addr().expect("an address")).expect("told");
                let app = axum::Router::new().fallback(handle::<B>).with_state(state);
                tokio::select! {
                    served = axum::serve(listener, app) => served.expect("served"),
                    _ = stopped => {}
                }
            });
        });
        let address = told.recv().expect("an address");
        Self { inner, address, stop: Some(stop), thread: Some(thread) }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what it holds.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut B) -> T) -> T {
        change(&mut self.lock().behaviour)
    }

    /// Changes what it holds to what the provider would not have.
    pub(crate) fn corrupt<T>(&self, change: impl FnOnce(&mut B) -> T) -> T {
        let mut inner = self.lock();
        inner.is_corrupt = true;
        change(&mut inner.behaviour)
    }

    /// Expects requests whose line begins so from somebody else than Baton: an agent may ask for anything.
    pub(crate) fn expect_foreign(&self, line: &str) {
        self.lock().foreign.push(line.to_owned());
    }

    /// What it was asked since the last look.
    pub(crate) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.lock().calls)
    }

    /// The lines of what it was asked since the last look.
    pub(crate) fn take_lines(&self) -> Vec<String> {
        self.take_calls().iter().map(Call::line).collect()
    }

    /// Answers the next request whose line begins so with this.
    pub(crate) fn script(&self, line: &str, reply: Reply) {
        self.lock().script.push_back((line.to_owned(), reply));
    }

    /// Goes away, connections and all.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server ended well");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<B>> {
        self.inner.lock().expect("no test panicked in it")
    }
}

impl<B> Drop for Fake<B> {
    fn drop(&mut self) {
        drop(self.stop.take());
        let wrong = std::mem::take(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner).wrong);
        if !thread::panicking() {
            assert!(wrong.is_empty(), "this does not keep to what the provider publishes: {wrong:#?}");
        }
    }
}

/// The time as trackers write it, in whole seconds.
#[expect(clippy::disallowed_methods, reason = "a tracker has a clock of its own")]
pub(crate) fn now() -> String {
    chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).format("%FT%TZ").to_string()
}

async fn handle<B: Behaviour>(
    State(inner): State<Arc<Mutex<Inner<B>>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let url = reqwest::Url::parse(&format!("http://fake{uri}")).expect("an address");
    let call = Call {
        method: method.to_string(),
        path: url.path().to_owned(),
        query: url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let mut inner = inner.lock().expect("no test panicked in it");
    inner.calls.push(call.clone());
    let line = call.line();
    let scripted = inner.script.iter().position(|(start, _)| line.starts_with(start.as_str()));
    let scripted = scripted.and_then(|at| inner.script.remove(at));
    let is_scripted = scripted.is_some();
    let reply = scripted.map_or_else(|| inner.behaviour.answer(&call), |(_, reply)| reply);
    inner.check(&call, &reply, is_scripted);
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).expect("an answer")
}
