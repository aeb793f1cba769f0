//! What OpenSymphony keeps of a workspace, in it: whose it is, its last run, its conversation, and `after_create`'s
//! receipt. Read as far as it is used; one file that cannot be read spoils no other.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::model::{HookReceipt, Timestamp};

/// The folder in which it is kept.
const FOLDER: &str = ".opensymphony";
/// Beside the folder, because the hook may make or empty that.
const AFTER_CREATE: &str = ".opensymphony.after_create.json";
/// So much of a hook's output is kept, from its end.
const OUTPUT: usize = 4096;

/// `issue.json`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct IssueManifest {
    pub(super) issue_id: String,
    pub(super) identifier: String,
    pub(super) title: String,
    pub(super) current_state: String,
    pub(super) workspace_path: PathBuf,
}

/// `run.json`: the last run.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RunManifest {
    #[serde(default)]
    pub(super) run_id: Option<String>,
    /// From 1.
    #[serde(default)]
    pub(super) attempt: u32,
    pub(super) status: String,
    #[serde(default)]
    pub(super) status_detail: Option<String>,
}

impl RunManifest {
    /// Whether the old tool says that it goes on.
    pub(super) fn is_in_flight(&self) -> bool {
        ["preparing", "prepared", "running"].contains(&self.status.as_str())
    }
}

/// `conversation.json`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ConversationManifest {
    pub(super) conversation_id: String,
}

/// A hook's receipt.
#[derive(Debug, Deserialize)]
struct Receipt {
    status: String,
    started_at: Timestamp,
    duration_ms: u64,
    #[serde(default)]
    exit_code: Option<i32>,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

/// What is known of a directory.
pub(super) enum Found<T> {
    /// This.
    Manifest(T),
    /// There is no such file.
    Nothing,
    /// There is one that says nothing, or something of another directory.
    Invalid,
}

impl<T> Found<T> {
    pub(super) fn ok(self) -> Option<T> {
        match self {
            Self::Manifest(manifest) => Some(manifest),
            Self::Nothing | Self::Invalid => None,
        }
    }
}

/// The manifest of a workspace; one that was copied from elsewhere is not its own.
pub(super) fn issue_of(path: &Path) -> Found<IssueManifest> {
    match read::<IssueManifest>(&path.join(FOLDER).join("issue.json")) {
        Found::Manifest(it) if it.workspace_path.file_name() != path.file_name() => Found::Invalid,
        Found::Manifest(it) if it.identifier.trim().is_empty() => Found::Invalid,
        other => other,
    }
}

pub(super) fn run_of(path: &Path) -> Option<RunManifest> {
    read(&path.join(FOLDER).join("run.json")).ok()
}

pub(super) fn conversation_of(path: &Path) -> Found<ConversationManifest> {
    read(&path.join(FOLDER).join("conversation.json"))
}

pub(super) fn after_create_of(path: &Path) -> Option<HookReceipt> {
    let receipt: Receipt = read(&path.join(AFTER_CREATE)).ok()?;
    let mut output = receipt.stdout + &receipt.stderr;
    let last = (output.len().saturating_sub(OUTPUT)..).find(|at| output.is_char_boundary(*at)).unwrap_or(0);
    output.drain(..last);
    Some(HookReceipt {
        hook: "after_create".to_owned(),
        started_at: receipt.started_at,
        duration_ms: receipt.duration_ms,
        exit_code: receipt.exit_code,
        timed_out: receipt.status == "timed_out",
        ok: receipt.status == "succeeded",
        output,
    })
}

fn read<T: DeserializeOwned>(path: &Path) -> Found<T> {
    let Ok(text) = fs::read_to_string(path) else { return Found::Nothing };
    serde_json::from_str(&text).map_or(Found::Invalid, Found::Manifest)
}
