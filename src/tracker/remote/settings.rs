//! Reading `tracker.provider`, as all adapters over HTTP do.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderName;
use serde_json::Value;

use crate::tracker::http::{self, Http, Settings};
use crate::tracker::{Setting, TrackerError};
use crate::workflow::secrets::variable;

/// A key that every tracker over HTTP has.
pub(crate) const TIMEOUT: &str = "tracker.provider.timeout_ms";

/// The keys of `tracker.provider`. Names are written in full, `tracker.provider.repo`, as errors tell them.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a>(pub(crate) Setting<'a>);

impl<'a> Keys<'a> {
    /// The value as written; `null` counts as absent.
    pub(crate) fn value(self, key: &'static str) -> Option<&'a Value> {
        let name = key.rsplit('.').next().unwrap_or(key);
        self.0.config.provider.get(name).filter(|value| !value.is_null())
    }

    /// A text, trimmed. `$NAME` is that variable, or the fallback where it is unset; without the key, the fallback. An
    /// empty one is none.
    pub(crate) fn text(self, key: &'static str, fallback: Option<&str>) -> Result<Option<String>, TrackerError> {
        let env = &self.0.seams.env;
        let of_env = |name: &str| env.get(name).map(|value| value.trim().to_owned());
        let found = match self.value(key) {
            None => fallback.and_then(of_env),
            Some(Value::String(text)) => match text.trim() {
                text if !text.starts_with('$') => Some(text.to_owned()),
                text => variable(text).and_then(|name| {
                    let is_set = env.iter().any(|(known, _)| known == name);
                    if is_set { of_env(name) } else { fallback.and_then(of_env) }
                }),
            },
            Some(other) => return Err(invalid(key, format!("`{other}` is no text"))),
        };
        Ok(found.filter(|text| !text.is_empty()))
    }

    /// A text that must be there.
    pub(crate) fn required(self, key: &'static str, fallback: Option<&str>) -> Result<String, TrackerError> {
        self.text(key, fallback)?.ok_or_else(|| {
            let or = fallback.map(|name| format!(", and environment variable {name} is not set")).unwrap_or_default();
            invalid(key, format!("no value{or}"))
        })
    }

    /// A credential. `variables` are the environment variables that hold it by custom; the first one is the fallback.
    pub(crate) fn secret(self, key: &'static str, variables: &[&str]) -> Result<Secret, TrackerError> {
        let fallback = variables.first().copied();
        let named = self.value(key).and_then(Value::as_str).and_then(|text| variable(text.trim()));
        let Some(value) = self.text(key, fallback)? else {
            let variable = named.or(fallback).unwrap_or_default().to_owned();
            return Err(TrackerError::MissingSecret { key, variable });
        };
        if !value.chars().all(|c| (' '..='~').contains(&c)) {
            return Err(invalid(key, "it has a line break or another character that no header can carry"));
        }
        let mut names: Vec<String> = variables.iter().map(|&name| name.to_owned()).collect();
        names.extend(named.filter(|name| !variables.contains(name)).map(str::to_owned));
        Ok(Secret { value, names })
    }

    /// An address as it is written.
    pub(crate) fn address(self, key: &'static str, default: &str) -> Result<Url, TrackerError> {
        match self.value(key) {
            None => http::address(key, default),
            Some(Value::String(text)) => http::address(key, text),
            Some(other) => Err(invalid(key, format!("`{other}` is no text"))),
        }
    }

    /// One of a few words; the first one where the key is absent.
    pub(crate) fn choice<T: Copy>(self, key: &'static str, words: &[(&str, T)]) -> Result<T, TrackerError> {
        let text = self.text(key, None)?;
        let found = match &text {
            None => words.first(),
            Some(text) => words.iter().find(|(word, _)| word == text),
        };
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            invalid(key, format!("`{}` is none of {}", text.unwrap_or_default(), words.join(", ")))
        })
    }

    /// A list of texts; empty where the key is absent.
    pub(crate) fn texts(self, key: &'static str) -> Result<Vec<String>, TrackerError> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let texts = value.as_array().map(|items| items.iter().map(super::text).collect::<Option<Vec<String>>>());
        texts.flatten().ok_or_else(|| invalid(key, format!("`{value}` is no list of texts")))
    }

    /// A whole number of at least 1.
    pub(crate) fn number(self, key: &'static str) -> Result<Option<u64>, TrackerError> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) if number > 0 => Ok(Some(number)),
                Some(_) | None => Err(invalid(key, format!("`{value}` is no whole number above 0"))),
            },
        }
    }

    /// A client of the server at `base`.
    pub(crate) fn client(
        self,
        base: Url,
        credential: (HeaderName, String),
        secret: &Secret,
        headers: &'static [(&'static str, &'static str)],
    ) -> Result<Http, TrackerError> {
        let timeout = Duration::from_millis(self.number(TIMEOUT)?.unwrap_or(30_000));
        let (seams, memory) = (self.0.seams.clone(), Arc::clone(self.0.memory));
        Ok(Http::new(Settings { base, credential, secret: secret.value.clone(), headers, timeout, seams, memory }))
    }
}

/// A credential, and the environment variables that hold it.
pub(crate) struct Secret {
    /// The credential itself.
    pub(crate) value: String,
    /// Names that children do not inherit.
    pub(crate) names: Vec<String>,
}

/// The error for a key.
pub(crate) fn invalid(key: &'static str, message: impl Into<String>) -> TrackerError {
    TrackerError::InvalidConfig { key, message: message.into() }
}
