//! What was answered to a request that carried an idempotency key.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, Timestamp};

/// `receipts/<sha256>.json`: the answer to the first request under a key, never collected. The key itself is not kept.
/// Where what is asked for happens elsewhere, the receipt is there before it, without an answer: whoever finds it so looks
/// for what may have been done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// SHA-256 of the key, as hex digits.
    pub name: String,
    /// What was asked for: the command's words.
    pub action: String,
    /// SHA-256 of the whole request; another one under the same key is a conflict.
    pub request: String,
    /// What was answered; `None` as long as it is not known whether it was done.
    pub answer: Option<Value>,
    /// When it was answered, or begun.
    pub at: Timestamp,
    /// What a newer Baton wrote.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A request under an idempotency key: two digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Of the key.
    pub key: String,
    /// Of the request.
    pub request: String,
}
