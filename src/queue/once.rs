//! Doing a thing once: a request under an idempotency key is carried out the first time, and answered alike ever after
//! (FEATURES A08).

use std::fmt::Write;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{Extra, Mark, Receipt, Timestamp};
use crate::store::{DocId, Kind, Store, StoreError, Transaction};

/// A request under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    name: String,
    action: &'static str,
    request: String,
}

/// The key was used for another request before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency key was used for another request before: `{action}`")]
pub struct KeyReused {
    /// What that was.
    pub action: String,
}

impl Once {
    /// The request `action` with these `parameters`, under `key`. Parameters that do not change what is done (how long
    /// is waited for it, what is printed) do not belong to it.
    #[must_use]
    pub fn new(key: &str, action: &'static str, parameters: &Value) -> Self {
        Self { name: digest(key), action, request: digest(&format!("{action}\n{parameters}")) }
    }

    /// The request for places that can keep it beside what it makes.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { key: self.name.clone(), request: self.request.clone() }
    }

    /// The receipt of the key, if it was used before for this very request.
    pub fn same(&self, receipt: Option<Receipt>) -> Result<Option<Receipt>, KeyReused> {
        match receipt {
            Some(receipt) if receipt.request != self.request => Err(KeyReused { action: receipt.action }),
            receipt => Ok(receipt),
        }
    }

    /// The same, if it was answered.
    pub fn replay(&self, receipt: Option<Receipt>) -> Result<Option<Receipt>, KeyReused> {
        Ok(self.same(receipt)?.filter(|receipt| receipt.answer.is_some()))
    }

    /// The receipt of the key, without the store's lock.
    pub fn look(&self, store: &Store) -> Result<Option<Receipt>, StoreError> {
        store.get(&self.name)
    }

    /// The receipt of the key, under the lock. Whoever answers by it flushes first: its giver may have died before that.
    pub fn receipt(&self, tx: &mut Transaction<'_>) -> Result<Option<Receipt>, StoreError> {
        let receipt = tx.get(&self.name)?;
        if receipt.is_some() {
            tx.flush_before_answer();
        }
        Ok(receipt)
    }

    /// Keeps the answer, in the transaction that makes it true.
    pub fn answer(&self, tx: &mut Transaction<'_>, answer: Value, at: Timestamp) -> Result<(), StoreError> {
        tx.put(&self.receipt_of(Some(answer), at))
    }

    /// Keeps that it is about to be done, before it is.
    pub fn begin(&self, tx: &mut Transaction<'_>, at: Timestamp) -> Result<(), StoreError> {
        tx.put(&self.receipt_of(None, at))
    }

    /// Frees the key of a request of which nothing came.
    pub fn withdraw(&self, tx: &mut Transaction<'_>) {
        tx.delete(DocId::new(Kind::Receipts, &self.name));
    }

    fn receipt_of(&self, answer: Option<Value>, at: Timestamp) -> Receipt {
        let (action, request) = (self.action.to_owned(), self.request.clone());
        Receipt { name: self.name.clone(), action, request, answer, at, extra: Extra::new() }
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_belongs_to_one_request() {
        let once = Once::new("k", "worker launch", &json!({ "issue": "A" }));
        let receipt = |once: &Once| once.receipt_of(Some(json!({ "run": "A.1" })), Timestamp::UNIX_EPOCH);
        let begun = once.receipt_of(None, Timestamp::UNIX_EPOCH);
        assert_eq!(once.replay(None), Ok(None));
        assert_eq!((once.same(Some(begun.clone())), once.replay(Some(begun.clone()))), (Ok(Some(begun)), Ok(None)));
        assert_eq!(once.replay(Some(receipt(&once))), Ok(Some(receipt(&once))));
        for other in [
            Once::new("k", "worker launch", &json!({ "issue": "B" })),
            Once::new("k", "issue create", &json!({ "issue": "A" })),
        ] {
            assert_eq!(other.name, once.name);
            assert_eq!(other.replay(Some(receipt(&once))), Err(KeyReused { action: "worker launch".into() }));
        }
        assert!(!receipt(&once).name.contains('k'), "the key itself is not kept");
    }
}
