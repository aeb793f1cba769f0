//! What a worker does about a store that cannot be written just now. A full disk or a busy lock passes; meanwhile the
//! claim is held, and nothing that was worked out is lost.

use std::time::Duration;

use tokio::time::sleep;

use super::state::{Step, Stop};
use crate::chain::chain;
use crate::store::{Store, StoreError};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Why a run is lost whose store was replaced.
pub(super) const ANOTHER_STORE: &str = "another store is in the place of its own";

/// The pauses between two tries.
pub(super) struct Patience<'s> {
    store: &'s Store,
    pause: Duration,
}

impl<'s> Patience<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        Self { store, pause: FIRST_PAUSE }
    }

    /// Waits until it is worth trying again; the run is lost where it never will be.
    pub(super) async fn bear(&mut self, error: &StoreError) -> Step<()> {
        if let Some(reason) = refusal(error) {
            return Err(Stop::Lost(reason));
        }
        // What is not there any more fails like a broken disk; only the store's own file tells them apart.
        match self.store.is_unchanged() {
            Ok(true) => {}
            Ok(false) => return Err(Stop::Lost(ANOTHER_STORE.to_owned())),
            Err(error) => refusal(&error).map_or(Ok(()), |reason| Err(Stop::Lost(reason)))?,
        }
        tracing::warn!(error = chain(error), "store failed; trying again while the claim is held");
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

/// Tries until it is done.
pub(super) async fn insist<T>(store: &Store, mut attempt: impl FnMut() -> Result<T, StoreError>) -> Step<T> {
    let mut patience = Patience::new(store);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Options;

    fn failure() -> StoreError {
        StoreError::Io { operation: "write", path: "/x".into(), source: std::io::ErrorKind::StorageFull.into() }
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_written_is_waited_for_and_one_that_is_gone_is_not() {
        let place = tempfile::tempdir().expect("a directory");
        let (store, _) = Store::open_or_create(&place.path().join(".baton"), Options::default()).expect("a store");
        let mut patience = Patience::new(&store);
        assert!(patience.bear(&failure()).await.is_ok());
        std::fs::remove_dir_all(place.path().join(".baton")).expect("removed");
        assert!(matches!(patience.bear(&failure()).await, Err(Stop::Lost(_))));
    }
}
