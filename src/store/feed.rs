//! The journal as a feed.

use std::borrow::Cow;
use std::io;
use std::sync::PoisonError;

use super::Store;
use super::applied::{self, Applied};
use super::error::{At as _, StoreError};
use super::events::Event;
use super::journal::{Go, Position};
use super::line::RecordedEvent;
use crate::model::Timestamp;

impl Store {
    /// Events after number `after`, at most `limit`, without a lock. In the boot of the last writer they end where the
    /// manifests do, so that nothing is shown which a failed flush takes back. `cursor_expired` where they are no longer kept.
    pub fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let last = self.applied()?.map_or(u64::MAX, |applied| applied.committed);
        let mut events = Vec::new();
        if after >= last || limit == 0 {
            return Ok(events);
        }
        let mut stopped = self.feed_from(after)?;
        let replayed = self.journal().replay(stopped, &mut |record, position| {
            if record.seq > last {
                return Ok(Go::Stop);
            }
            let path = self.layout.segment(position.segment);
            for event in &record.events {
                if event.seq > after && events.len() < limit {
                    let event = read(event, record.at).map_err(io::Error::other).at("read an event of", &path)?;
                    events.push(event);
                }
            }
            if events.last().is_none_or(|event| event.seq == record.seq) {
                stopped = position;
            }
            Ok(if events.len() < limit && record.seq < last { Go::On } else { Go::Stop })
        });
        if let Err(error) = replayed {
            // A reader that slept may find its segment gone, and then its cursor has expired.
            return self.feed_from(after).and(Err(error));
        }
        *self.feed.lock().unwrap_or_else(PoisonError::into_inner) = Some(stopped);
        Ok(events)
    }

    /// The number behind which the events begin that are kept: 0 in a store whose journal is whole.
    pub fn first_cursor(&self) -> Result<u64, StoreError> {
        Ok(self.journal().segments()?.first().map_or(0, |first| first - 1))
    }

    /// Number of the last event (no lock).
    pub fn last_seq(&self) -> Result<u64, StoreError> {
        self.unless_rotated(|applied| {
            let from = self.read_from(applied)?;
            Ok(self.journal().replay(from, &mut |_, _| Ok(Go::On))?.position.seq)
        })
    }

    /// Where a reader begins: behind what the manifests hold, else with what the last checkpoint does not.
    pub(super) fn read_from(&self, applied: Option<Applied>) -> Result<Position, StoreError> {
        applied.map_or_else(|| self.journal().last_start(), |applied| Ok(applied.position))
    }

    /// Reads again if so many rotations went by that the segment where it began is no longer kept.
    pub(super) fn unless_rotated<T>(
        &self,
        read: impl Fn(Option<Applied>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            let applied = self.applied()?;
            let result = read(applied);
            let from = applied.map(|applied| applied.position.segment);
            let rotated = || self.applied().is_ok_and(|now| now.map(|now| now.position.segment) != from);
            match result {
                Err(StoreError::Damaged { .. }) if rotated() => {}
                other => return other,
            }
        }
    }

    /// Where to begin reading for the events after `after`: where the last call stopped, else the start of their segment.
    fn feed_from(&self, after: u64) -> Result<Position, StoreError> {
        let known = *self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(position) = known.filter(|position| position.seq <= after)
            && self.fs.stat(&self.layout.segment(position.segment)).is_ok()
        {
            return Ok(position);
        }
        let segments = self.journal().segments()?;
        let first = segments.first().copied().unwrap_or(1);
        match segments.iter().rev().find(|segment| **segment <= after + 1) {
            Some(segment) => Ok(Position::start_of(*segment)),
            None => Err(StoreError::CursorExpired { after, first }),
        }
    }

    /// Up to where the manifests hold what the journal says, if that is known.
    pub(super) fn applied(&self) -> Result<Option<Applied>, StoreError> {
        let path = self.layout.applied();
        // It is overwritten in place, so a reader may meet it half written; another look then finds it whole.
        for _ in 0..3 {
            let bytes = match self.fs.read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                other => other.at("read", &path)?,
            };
            if bytes.is_empty() {
                return Ok(None);
            }
            let applied = applied::decode(&bytes, self.boot_id(), &self.journal().directory()?);
            if applied.is_some() {
                return Ok(applied);
            }
        }
        Ok(None)
    }
}

fn read(event: &RecordedEvent<'_>, at: Timestamp) -> Result<Event, serde_json::Error> {
    Ok(Event {
        seq: event.seq,
        at,
        kind: event.kind.clone().into_owned(),
        issue: event.issue.clone().map(Cow::into_owned),
        run: event.run.clone().map(Cow::into_owned),
        data: serde_json::from_str(event.data.get())?,
    })
}
