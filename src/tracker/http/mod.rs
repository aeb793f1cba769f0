//! The one HTTP client under all adapters. An adapter says which [`Request`]s there are and what their [`Answer`]s mean;
//! here they are sent, within bounds:
//!
//! - a credential goes to the configured server alone, over `https://`, or `http://` on loopback ([`mod@address`]);
//! - each request has a timeout, each answer a largest size; what can be repeated is, where that may help ([`attempts`]);
//! - what the tracker says about its limits is obeyed by every process of the project ([`limits`], [`Memory`]);
//! - what has not changed is not transferred again ([`cache`]);
//! - no text of an error holds the credential.

mod address;
mod answer;
mod attempts;
mod cache;
pub(crate) mod graphql;
mod limits;
mod request;
mod traffic;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;

pub(crate) use address::address;
pub(crate) use answer::Answer;
pub use limits::{Memory, Quota};
pub(crate) use request::{Method, Request};
pub use traffic::Traffic;

use self::attempts::{Attempt, Next};
use self::cache::{Cache, Known};
use self::traffic::Meter;
use super::TrackerError;
use crate::chain::innermost;
use crate::model::Timestamp;
use crate::seams::Seams;
use crate::store::Redactor;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// No answer is larger than this, in bytes.
const LARGEST: usize = 32 * 1024 * 1024;
/// Redirects that a request follows, within the same server.
const REDIRECTS: u8 = 3;

/// What a client is made of.
pub(crate) struct Settings {
    /// What the paths of requests follow, without a slash at its end.
    pub(crate) base: Url,
    /// The name of the header that carries the credential, and its whole value.
    pub(crate) credential: (HeaderName, String),
    /// What no text may hold.
    pub(crate) secret: String,
    /// Headers of every request.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// How long one request may take, its answer included.
    pub(crate) timeout: Duration,
    /// The clock.
    pub(crate) seams: Seams,
    /// What all processes know of the tracker's limits.
    pub(crate) memory: Arc<dyn Memory>,
}

/// A client of one server with one credential.
pub(crate) struct Http {
    settings: Settings,
    redactor: Arc<Redactor>,
    client: OnceLock<Client>,
    cache: Mutex<Cache>,
    /// Whether the cache has what another process kept.
    taken_up: OnceLock<()>,
    meter: Mutex<Meter>,
}

impl Http {
    /// A client; sends nothing yet.
    pub(crate) fn new(settings: Settings) -> Self {
        let redactor = Arc::new(Redactor::new([&settings.secret, &settings.credential.1]));
        Self {
            settings,
            redactor,
            client: OnceLock::new(),
            cache: Mutex::default(),
            taken_up: OnceLock::new(),
            meter: Mutex::default(),
        }
    }

    /// Sends a request and returns the answer, whatever its status; being asked to stay away is an error.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer, TrackerError> {
        let mut url = request.url(&self.settings.base)?;
        let mut redirects = 0;
        loop {
            let answer = self.insist(request, &url).await?;
            match self.redirect(request, &url, &answer)? {
                Some(to) if redirects < REDIRECTS => (url, redirects) = (to, redirects + 1),
                Some(_) => return Err(TrackerError::Response(format!("{request}: redirected too often"))),
                None => return Ok(answer),
            }
        }
    }

    /// What was sent since this client was made, and what the tracker said about its limits.
    pub(crate) fn traffic(&self) -> Traffic {
        let now = self.settings.seams.now();
        let buckets = self.meter().buckets();
        let closed = buckets.iter().filter_map(|bucket| self.closed_until(bucket, now)).max();
        self.meter().traffic(closed, now)
    }

    /// Takes the credential out of what is told to an agent: some trackers show everybody their own key.
    pub(crate) fn hide_credential(&self, told: &mut Value) {
        self.redactor.redact_known_value(told);
    }

    /// Keeps what was answered since the last time for the next process, where it is not what is kept already.
    pub(crate) fn keep_answers(&self) {
        let lines = self.cache().leave();
        if let Some(lines) = lines {
            self.settings.memory.keep_answers(&lines);
        }
    }

    /// The answer that is known from before, by this process or another one.
    fn known(&self, url: &Url) -> Option<Arc<Known>> {
        self.taken_up.get_or_init(|| {
            let lines = self.settings.memory.answers();
            self.cache().take_up(&lines);
        });
        self.cache().get(url)
    }

    /// Sends a request as often as may help.
    async fn insist(&self, request: &Request, url: &Url) -> Result<Answer, TrackerError> {
        let mut attempt = Attempt::first(request.repeatable);
        loop {
            self.check_open(request)?;
            let result = self.once(request, url).await;
            let seen = match &result {
                Ok(answer) => attempts::Seen::Status(answer.status),
                Err(Failure::Timeout(_)) => attempts::Seen::Timeout,
                Err(Failure::Transport(_)) => attempts::Seen::Transport,
                Err(Failure::Final(_)) => attempts::Seen::Final,
            };
            match (attempt.next(seen), result) {
                (Next::After(pause), _) => {
                    tokio::time::sleep(pause).await;
                    attempt = attempt.again();
                }
                (Next::Accept, Ok(answer)) => return Ok(answer),
                (Next::Accept, Err(failure)) => return Err(failure.into_error(request, &self.server())),
            }
        }
    }

    /// Sends a request once, and remembers what the answer says about limits.
    async fn once(&self, request: &Request, url: &Url) -> Result<Answer, Failure> {
        let known = if request.is_conditional() { self.known(url) } else { None };
        let mut call = self.client()?.request(request.method.into(), url.clone()).headers(self.headers()?);
        if let Some(known) = &known {
            call = call.header(IF_NONE_MATCH, &known.etag);
        }
        if let Some(body) = &request.body {
            call = call.header(reqwest::header::CONTENT_TYPE, "application/json").body(body.to_string());
        }
        self.meter().sent(self.bucket(request));
        let answer = self.receive(request, call.send().await?).await?;
        self.note_limits(request, &answer)?;
        if answer.status == StatusCode::NOT_MODIFIED
            && let Some(known) = known
        {
            self.meter().unchanged();
            let (what, redactor) = (request.to_string(), Arc::clone(&self.redactor));
            return Ok(Answer { what, redactor, ..known.answer.clone() });
        }
        if request.is_conditional() {
            self.cache().keep(url, &answer);
        }
        Ok(answer)
    }

    /// Reads an answer up to the largest size.
    async fn receive(&self, request: &Request, mut response: reqwest::Response) -> Result<Answer, Failure> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LARGEST {
                let message = format!("{request}: the answer is larger than {LARGEST} bytes");
                return Err(Failure::Final(TrackerError::Response(message)));
            }
            body.extend_from_slice(&chunk);
        }
        let said = answer::said(status, &body, &self.redactor);
        let redactor = Arc::clone(&self.redactor);
        Ok(Answer { what: request.to_string(), status, headers, body: body.into(), said, redactor })
    }

    /// Remembers the quota, and fails where the tracker asks to be left alone.
    fn note_limits(&self, request: &Request, answer: &Answer) -> Result<(), Failure> {
        let now = self.settings.seams.now();
        let limits = limits::read(answer, now);
        self.meter().quota(self.bucket(request), limits.quota.clone());
        let Some(delay) = limits.stay_away else { return Ok(()) };
        let until = now + delay;
        let bucket = if limits.everywhere { self.server() } else { self.bucket(request) };
        self.settings.memory.close(&bucket, until);
        if limits.refused { Err(Failure::Final(self.limited(request, until, now))) } else { Ok(()) }
    }

    /// Remembers a limit that only the adapter saw, for it was told within an answer.
    pub(crate) fn heed(&self, request: &Request, error: TrackerError) -> TrackerError {
        let TrackerError::RateLimited { retry_after_ms, .. } = &error else { return error };
        let asked = retry_after_ms.and_then(|wait| i64::try_from(wait).ok()).and_then(TimeDelta::try_milliseconds);
        let now = self.settings.seams.now();
        let until = now + limits::wait(asked);
        self.settings.memory.close(&self.server(), until);
        self.limited(request, until, now)
    }

    /// Fails where the tracker asked to be left alone for longer than until now.
    fn check_open(&self, request: &Request) -> Result<(), TrackerError> {
        let now = self.settings.seams.now();
        match self.closed_until(&self.bucket(request), now) {
            Some(until) => Err(self.limited(request, until, now)),
            None => Ok(()),
        }
    }

    fn closed_until(&self, bucket: &str, now: Timestamp) -> Option<Timestamp> {
        let known = [bucket, &self.server()].map(|name| self.settings.memory.closed_until(name));
        known.into_iter().flatten().filter(|until| limits::is_ahead(*until, now)).max()
    }

    fn limited(&self, request: &Request, until: Timestamp, now: Timestamp) -> TrackerError {
        let wait = u64::try_from((until - now).num_milliseconds()).unwrap_or(0);
        let until = until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let what = format!("no request to {} before {until}", self.bucket(request));
        TrackerError::RateLimited { what, retry_after_ms: Some(wait) }
    }

    /// The server, as limits name it.
    fn server(&self) -> String {
        self.settings.base.origin().ascii_serialization()
    }

    /// The part of the server that is limited as one.
    fn bucket(&self, request: &Request) -> String {
        format!("{} {}", self.server(), request.bucket)
    }

    /// Where an answer sends the request instead; never to another server. What is not a plain read is not sent twice.
    fn redirect(&self, request: &Request, url: &Url, answer: &Answer) -> Result<Option<Url>, TrackerError> {
        let is_redirect = matches!(answer.status.as_u16(), 301 | 302 | 307 | 308);
        let Some(to) = answer.header("location").filter(|_| is_redirect && request.follows_redirects()) else {
            return Ok(None);
        };
        match url.join(to) {
            Ok(to) if to.origin() == self.settings.base.origin() => Ok(Some(to)),
            Ok(_) | Err(_) => {
                let message = format!("{request}: redirected to another server, which gets no credential");
                Err(TrackerError::Response(message))
            }
        }
    }

    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // The program has one provider of cryptography; a second call finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("baton/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT.min(self.settings.timeout))
            .timeout(self.settings.timeout)
            .redirect(reqwest::redirect::Policy::none());
        // `HTTP_PROXY` would take the credential off this machine, in the clear.
        let is_plain = self.settings.base.scheme() == "http";
        let client = if is_plain { client.no_proxy() } else { client }.build()?;
        Ok(self.client.get_or_init(|| client))
    }

    fn headers(&self) -> Result<HeaderMap, Failure> {
        let (name, credential) = &self.settings.credential;
        let mut value = HeaderValue::from_str(credential).map_err(|_| {
            let message = "the credential holds characters that no header can carry".to_owned();
            Failure::Final(TrackerError::Response(message))
        })?;
        value.set_sensitive(true);
        let mut headers: HeaderMap = self
            .settings
            .headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        headers.insert(name, value);
        Ok(headers)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meter(&self) -> std::sync::MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `Authorization: Bearer TOKEN`.
pub(crate) fn bearer(token: &str) -> (HeaderName, String) {
    (AUTHORIZATION, format!("Bearer {token}"))
}

/// `Authorization: Basic …` (RFC 7617).
pub(crate) fn basic(user: &str, password: &str) -> (HeaderName, String) {
    (AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}

/// Why one attempt brought no answer.
enum Failure {
    Timeout(reqwest::Error),
    Transport(reqwest::Error),
    Final(TrackerError),
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        // The address is said once, and without its query.
        let error = error.without_url();
        if error.is_timeout() { Self::Timeout(error) } else { Self::Transport(error) }
    }
}

impl Failure {
    /// Names the server, and of the layers of causes the innermost, which says what happened.
    fn into_error(self, request: &Request, origin: &str) -> TrackerError {
        match self {
            Self::Timeout(cause) | Self::Transport(cause) => {
                let what = format!("no answer from {origin} ({request})");
                TrackerError::Request { what, cause: innermost(&cause).into() }
            }
            Self::Final(error) => error,
        }
    }
}

#[cfg(test)]
mod tests;
