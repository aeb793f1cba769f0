//! Answers that are asked for again with `If-None-Match`: what has not changed is not transferred, and with most trackers
//! not counted either. A poll leaves them for the next process.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use reqwest::header::{ETAG, HeaderMap, HeaderValue, LINK};
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};

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
    /// What was asked for since the last time that answers were left for the next process.
    asked: BTreeSet<String>,
    /// What was left there.
    left: BTreeSet<String>,
    /// Whether one of them is new.
    is_news: bool,
}

/// What of an answer another process needs: a line of JSON.
#[derive(Serialize, Deserialize)]
struct Line {
    url: String,
    etag: String,
    /// Where its next page is.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    body: String,
}

impl Cache {
    pub(super) fn get(&mut self, url: &Url) -> Option<Arc<Known>> {
        self.asked.insert(url.as_str().to_owned());
        self.known.get(url.as_str()).cloned()
    }

    /// Keeps a success that has a tag. What is too much goes altogether: it costs one full read.
    pub(super) fn keep(&mut self, url: &Url, answer: &Answer) {
        if let Some(old) = self.known.remove(url.as_str()) {
            self.bytes -= old.answer.body.len();
            self.is_news = true;
        }
        let Some(etag) = answer.header("etag").filter(|_| answer.status == StatusCode::OK) else { return };
        let bytes = answer.body.len();
        if self.bytes + bytes > LARGEST {
            self.known.clear();
            self.bytes = 0;
        }
        if bytes <= LARGEST {
            self.is_news = true;
            let known = Known { etag: etag.to_owned(), answer: answer.clone() };
            self.known.insert(url.as_str().to_owned(), Arc::new(known));
            self.bytes += bytes;
        }
    }

    /// Takes up what another process left. A line that makes no sense is none.
    pub(super) fn take_up(&mut self, lines: &[String]) {
        for line in lines {
            let Some((url, answer)) = serde_json::from_str::<Line>(line).ok().and_then(Line::read) else { continue };
            self.keep(&url, &answer);
            self.left.insert(url.into());
        }
        self.is_news = false;
    }

    /// What is to be left for the next process: the answers to what was asked for since this was last asked. `None` where
    /// that is there already.
    pub(super) fn leave(&mut self) -> Option<Vec<String>> {
        let asked = std::mem::take(&mut self.asked);
        let known: BTreeSet<String> = asked.into_iter().filter(|url| self.known.contains_key(url)).collect();
        if !std::mem::take(&mut self.is_news) && known == self.left {
            return None;
        }
        let lines = known.iter().filter_map(|url| Line::of(url, self.known.get(url)?)).collect();
        self.left = known;
        Some(lines)
    }
}

impl Line {
    fn of(url: &str, known: &Known) -> Option<String> {
        let body = String::from_utf8(known.answer.body.to_vec()).ok()?;
        let link = known.answer.links();
        serde_json::to_string(&Self { url: url.to_owned(), etag: known.etag.clone(), link, body }).ok()
    }

    fn read(self) -> Option<(Url, Answer)> {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, HeaderValue::from_str(&self.etag).ok()?);
        if let Some(link) = &self.link {
            headers.insert(LINK, HeaderValue::from_str(link).ok()?);
        }
        let url = Url::parse(&self.url).ok()?;
        let body = self.body.into_bytes().into();
        let (what, said, redactor) = (String::new(), String::new(), Arc::default());
        Some((url, Answer { what, status: StatusCode::OK, headers, body, said, redactor }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(page: u32) -> Url {
        Url::parse(&format!("https://h/issues?page={page}")).expect("an address")
    }

    fn answer(body: &str) -> Answer {
        let line = Line {
            url: url(1).into(),
            etag: format!("\"{body}\""),
            link: Some("<x>; rel=\"next\"".into()),
            body: body.into(),
        };
        line.read().expect("an answer").1
    }

    fn kept(cache: &mut Cache) -> Option<usize> {
        cache.leave().map(|lines| lines.len())
    }

    #[test]
    fn what_one_process_leaves_another_takes_up_and_leaves_alone_until_there_is_news() {
        let mut first = Cache::default();
        first.keep(&url(3), &Answer { headers: HeaderMap::new(), ..answer("untagged") });
        assert_eq!(kept(&mut first), None);
        for page in [1, 2] {
            assert!(first.get(&url(page)).is_none());
            first.keep(&url(page), &answer("body"));
        }
        let lines = first.leave().expect("news");
        let mut second = Cache::default();
        second.take_up(&[lines.as_slice(), &["no line".to_owned()]].concat());
        for page in [1, 2] {
            let known = second.get(&url(page)).expect("known");
            assert_eq!((known.etag.as_str(), &*known.answer.body), ("\"body\"", b"body".as_slice()));
            assert_eq!(known.answer.header("link"), Some("<x>; rel=\"next\""));
        }
        assert_eq!(kept(&mut second), None, "both are as they were");
        second.get(&url(1));
        second.get(&url(2));
        second.keep(&url(2), &answer("other"));
        assert_eq!(kept(&mut second), Some(2), "one is new");
        second.get(&url(1));
        assert_eq!(kept(&mut second), Some(1), "what is not asked for any more goes");
    }
}
