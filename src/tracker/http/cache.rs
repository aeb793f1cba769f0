//! Answers that are asked for again with `If-None-Match`: what has not changed is not transferred, and with most trackers
//! not counted either.

use std::collections::HashMap;
use std::sync::Arc;

use reqwest::{StatusCode, Url};

use super::Answer;

/// Bytes of bodies that are kept.
const LARGEST: usize = 64 * 1024 * 1024;

/// An answer with its tag.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) etag: String,
    pub(super) answer: Answer,
}

/// Answers by address, for as long as the process lives.
#[derive(Debug, Default)]
pub(super) struct Cache {
    known: HashMap<String, Arc<Known>>,
    bytes: usize,
}

impl Cache {
    pub(super) fn get(&self, url: &Url) -> Option<Arc<Known>> {
        self.known.get(url.as_str()).cloned()
    }

    /// Keeps a success that has a tag. What is too much goes altogether: it costs one full read.
    pub(super) fn keep(&mut self, url: &Url, answer: &Answer) {
        if let Some(old) = self.known.remove(url.as_str()) {
            self.bytes -= old.answer.body.len();
        }
        let Some(etag) = answer.header("etag").filter(|_| answer.status == StatusCode::OK) else { return };
        let bytes = answer.body.len();
        if self.bytes + bytes > LARGEST {
            self.known.clear();
            self.bytes = 0;
        }
        if bytes <= LARGEST {
            let known = Known { etag: etag.to_owned(), answer: answer.clone() };
            self.known.insert(url.as_str().to_owned(), Arc::new(known));
            self.bytes += bytes;
        }
    }
}
