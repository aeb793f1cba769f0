//! An issue that was made under an idempotency key carries its mark in its file, so that whoever asks again finds it also
//! when the first one died before it could keep its receipt.

use super::scan::{self, Scan};
use crate::model::Mark;
use crate::tracker::TrackerError;

/// The field that holds the mark.
pub(super) const FIELD: &str = "idempotency";

/// The id of the issue that the same request made; an error where another request under the same key made one.
pub(super) fn made_before(scan: &Scan, mark: &Mark) -> Result<Option<String>, TrackerError> {
    for record in &scan.records {
        // One that cannot be read now was made by nobody who answers for it.
        let Ok(Some(bytes)) = scan::read(&record.path) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let front = text.lines().skip(1).take_while(|line| line.trim_end() != "---");
        let found = front.filter_map(|line| line.strip_prefix(FIELD)?.strip_prefix(": ")?.trim().split_once('-'));
        let request = found.filter(|(key, _)| *key == mark.key).map(|(_, request)| request == mark.request).last();
        match request {
            Some(true) => return Ok(Some(record.id.clone())),
            Some(false) => return Err(TrackerError::KeyReused(record.id.clone())),
            None => {}
        }
    }
    Ok(None)
}
