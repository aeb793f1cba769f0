//! What a store holds: documents, each of a kind and with a name.

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{ClaimRecord, Issue, Key, Receipt, RunRecord, SessionRecord, Work};

/// The kinds of manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `issues/<key>`: the tracker's part.
    Issues,
    /// `work/<key>`: Baton's part.
    Work,
    /// `claims/<key>`: exists as long as a claim is live.
    Claims,
    /// `runs/<run>`: a run's manifest (on disk `runs/<run>/run.json`).
    Runs,
    /// `sessions/<key>`.
    Sessions,
    /// `receipts/<name>`.
    Receipts,
    /// `readers/<name>`.
    Readers,
    /// `state` (one document, named `state`).
    State,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Issues,
        Self::Work,
        Self::Claims,
        Self::Runs,
        Self::Sessions,
        Self::Receipts,
        Self::Readers,
        Self::State,
    ];

    /// The word in the journal and on disk.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issues => "issues",
            Self::Work => "work",
            Self::Claims => "claims",
            Self::Runs => "runs",
            Self::Sessions => "sessions",
            Self::Receipts => "receipts",
            Self::Readers => "readers",
            Self::State => "state",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A manifest's name: its kind and its name in it; written `work/ABC-1`, and `state` for the one of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocId {
    /// The kind.
    pub kind: Kind,
    /// The name: a key, a run id, …
    pub name: String,
}

impl DocId {
    /// A document's name.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// The name of `doc`.
    pub fn of<D: Document>(doc: &D) -> Self {
        Self { kind: D::KIND, name: doc.name() }
    }

    /// Whether the name can stand as a file's name.
    pub(super) fn is_safe(&self) -> bool {
        is_safe(self.kind, &self.name)
    }
}

/// Whether a document's name can stand as a file's name: letters, digits, `.`, `_` and `-`, not hidden, no `..`.
pub(super) fn is_safe(kind: Kind, name: &str) -> bool {
    (kind != Kind::State || name == "state")
        && (1..=200).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !name.starts_with('.')
        && !name.contains("..")
}

impl fmt::Display for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::State => f.write_str("state"),
            Kind::Issues | Kind::Work | Kind::Claims | Kind::Runs | Kind::Sessions | Kind::Receipts | Kind::Readers => {
                write!(f, "{}/{}", self.kind, self.name)
            }
        }
    }
}

/// A text that names no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no document")]
pub struct DocIdError(pub String);

impl FromStr for DocId {
    type Err = DocIdError;

    fn from_str(text: &str) -> Result<Self, DocIdError> {
        let (kind, name) = text.split_once('/').unwrap_or((text, "state"));
        Kind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)
            .map(|kind| Self::new(kind, name))
            .filter(|doc| doc.is_safe() && doc.to_string() == text)
            .ok_or_else(|| DocIdError(text.to_owned()))
    }
}

/// A value that is kept as a manifest.
pub trait Document: Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: Kind;
    /// Its name.
    fn name(&self) -> String;
}

impl Document for Work {
    const KIND: Kind = Kind::Work;
    fn name(&self) -> String {
        self.key.to_string()
    }
}

impl Document for ClaimRecord {
    const KIND: Kind = Kind::Claims;
    fn name(&self) -> String {
        self.key.to_string()
    }
}

impl Document for RunRecord {
    const KIND: Kind = Kind::Runs;
    fn name(&self) -> String {
        self.run.to_string()
    }
}

impl Document for SessionRecord {
    const KIND: Kind = Kind::Sessions;
    fn name(&self) -> String {
        self.key.to_string()
    }
}

impl Document for Receipt {
    const KIND: Kind = Kind::Receipts;
    fn name(&self) -> String {
        self.name.clone()
    }
}

/// `issues/<key>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IssueRecord {
    /// The file-safe name.
    pub key: Key,
    /// The journal number at which the request that brought this snapshot began; an older one never replaces a newer one.
    pub asked_at: u64,
    /// The issue as last seen.
    pub issue: Issue,
}

impl Document for IssueRecord {
    const KIND: Kind = Kind::Issues;
    fn name(&self) -> String {
        self.key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for text in ["work/ABC-1", "runs/ABC-1.2", "state", "issues/a_b--0123456789abcdef"] {
            assert_eq!(text.parse::<DocId>().map(|doc| doc.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_name_never_leaves_its_directory() {
        for text in ["work/../x", "work/a/b", "work/.x", "work/", "state/state", "nothing/x", "work", ""] {
            assert!(text.parse::<DocId>().is_err(), "{text:?}");
        }
    }
}
