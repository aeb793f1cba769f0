//! What a worker does about a store that cannot be written just now. A full disk or a busy lock passes; meanwhile the
//! claim is held, and nothing that was worked out is lost.

use std::time::Duration;

use tokio::time::sleep;

use super::state::{Step, Stop};
use crate::chain::chain;
use crate::store::StoreError;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The pauses between two tries.
#[derive(Debug)]
pub(super) struct Patience {
    pause: Duration,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { pause: FIRST_PAUSE }
    }

    /// Waits until it is worth trying again; the run is lost where it never will be.
    pub(super) async fn bear(&mut self, error: &StoreError) -> Step<()> {
        if let Some(reason) = refusal(error) {
            return Err(Stop::Lost(reason));
        }
        tracing::warn!(error = chain(error), "store failed; trying again while the claim is held");
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

/// Tries until it is done.
pub(super) async fn insist<T>(mut attempt: impl FnMut() -> Result<T, StoreError>) -> Step<T> {
    let mut patience = Patience::new();
    loop {
        match attempt() {
            Ok(done) => return Ok(done),
            Err(error) => patience.bear(&error).await?,
        }
    }
}

/// Whether the store says that this worker has no business in it any more, or that trying again is of no use. Anything
/// else may pass.
pub(super) fn refusal(error: &StoreError) -> Option<String> {
    match error {
        StoreError::StaleFence { .. }
        | StoreError::NotFound { .. }
        | StoreError::NotAStore { .. }
        | StoreError::WrongOwner { .. }
        | StoreError::Newer { .. }
        | StoreError::Older { .. }
        | StoreError::TransactionTooLarge { .. }
        | StoreError::CursorExpired { .. }
        | StoreError::ChangeWithoutEvent { .. }
        | StoreError::BadName { .. }
        | StoreError::Unwritable { .. } => Some(chain(error)),
        StoreError::LockBusy { .. }
        | StoreError::Damaged { .. }
        | StoreError::LostTail { .. }
        | StoreError::DamagedDocument { .. }
        | StoreError::NetworkFs { .. }
        | StoreError::Io { .. } => None,
    }
}
