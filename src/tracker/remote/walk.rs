//! Following pages to their end. The result is complete, or there is none.

use super::{Found, Malformed, Provider, Remote};
use crate::model::Issue;
use crate::tracker::http::Request;
use crate::tracker::{Fetched, Problem, TrackerError};

/// Nobody has so many pages; a tracker that does is walking in a circle.
const MOST_PAGES: usize = 2_000;

/// The pages of a list so far.
#[derive(Debug, Default)]
pub(crate) struct Pages(usize);

impl Pages {
    /// The page after one that was read; fails where there is no end to them. What was read so far is not all.
    pub(crate) fn turn(&mut self, read: &Request, next: Option<Request>) -> Result<Option<Request>, TrackerError> {
        self.0 += 1;
        if next.as_ref() == Some(read) || (next.is_some() && self.0 >= MOST_PAGES) {
            return Err(TrackerError::Pagination(format!("{read}: its pages have no end")));
        }
        Ok(next)
    }
}

/// What a walk brought.
#[derive(Debug, Default)]
pub(super) struct Walked {
    found: Found,
    malformed: Vec<Malformed>,
}

impl<P: Provider> Remote<P> {
    /// Asks what the provider has to know before it can ask or write anything else, one thing after the other.
    pub(super) async fn prepare(&self) -> Result<(), TrackerError> {
        while let Some(request) = self.provider.preparation() {
            self.provider.prepared(&self.http.send(&request).await?)?;
        }
        Ok(())
    }

    /// Sends the requests, follows their pages, and asks what else must be asked about the issues that they bring.
    pub(super) async fn walk(&self, requests: impl FnOnce(&P) -> Vec<Request>) -> Result<Walked, TrackerError> {
        self.prepare().await?;
        let mut walked = Walked::default();
        let mut more = Vec::new();
        for first in requests(&self.provider) {
            let mut next = Some(first);
            let mut pages = Pages::default();
            while let Some(request) = next {
                let answer = self.http.send(&request).await?;
                let page = self.provider.page(&request, &answer).map_err(|error| self.http.heed(&request, error))?;
                for record in page.records {
                    match record {
                        Ok(issue) => walked.found.add(issue),
                        Err(malformed) => walked.malformed.push(malformed),
                    }
                }
                more.extend(page.more);
                next = pages.turn(&request, page.next)?;
            }
        }
        self.supplement(more, &mut walked.found).await?;
        Ok(walked)
    }

    async fn supplement(&self, mut more: Vec<Request>, found: &mut Found) -> Result<(), TrackerError> {
        let mut asked = 0;
        while let Some(request) = more.pop() {
            asked += 1;
            if asked > MOST_PAGES {
                return Err(TrackerError::Pagination(format!("{request}: its pages have no end")));
            }
            let answer = self.http.send(&request).await?;
            let further = self.provider.supplement(&request, &answer, found);
            more.extend(further.map_err(|error| self.http.heed(&request, error))?);
        }
        Ok(())
    }
}

impl Walked {
    /// The issues, and the rest as problems.
    pub(super) fn into_fetched(self) -> Fetched {
        let problems = self.malformed.into_iter().map(|malformed| Problem {
            source: malformed.source,
            code: "malformed_record".to_owned(),
            message: malformed.message,
        });
        Fetched { issues: self.found.into_issues(), problems: problems.collect() }
    }

    /// The issues, where there is nothing else (SPEC 11.1: a refresh fails rather than leave one out).
    pub(super) fn into_complete(self) -> Result<Vec<Issue>, TrackerError> {
        match self.malformed.into_iter().next() {
            None => Ok(self.found.into_issues()),
            Some(Malformed { source, message }) => Err(TrackerError::Response(format!("{source}: {message}"))),
        }
    }
}
