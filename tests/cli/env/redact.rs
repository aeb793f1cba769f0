//! What differs from run to run is replaced in snapshots.

use std::path::Path;

use insta::Settings;
use insta::internals::SettingsBindDropGuard;

/// Replaces paths, times, process ids, store ids and commit hashes in the snapshots of this thread, until it is dropped.
pub(super) fn bind(root: &Path) -> SettingsBindDropGuard {
    let mut settings = Settings::clone_current();
    let root = root.to_str().expect("text").replace(['.', '+'], ".");
    let baton = Path::new(env!("CARGO_BIN_EXE_baton")).display().to_string().replace(['.', '+'], ".");
    for (pattern, replacement) in [
        (root.as_str(), "<root>"),
        (baton.as_str(), "<baton>"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "<time>"),
        (r#""(pid|[a-z]+_pid)":\d+"#, r#""$1":<pid>"#),
        (r#""([a-z_]*)(duration_ms|seconds_running)":[\d.]+"#, r#""$1$2":<duration>"#),
        (r"\b(in|after) \d+ ms\b", "$1 <duration>"),
        (r"\b(process|pid) \d+", "$1 <pid>"),
        (r"\bbyte \d+: its sum is [0-9a-f]+, and it says [0-9a-f]+", "byte <n>: its sum is <sum>, and it says <sum>"),
        (r"\b\d+(\.\d+)? [KM]?i?B\b", "<size>"),
        (r"\b\d+s\b", "<age>"),
        (r"duration_ms=\d+", "duration_ms=<duration>"),
        (r"worker  \d+ \(", "worker  <pid> ("),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"\b[0-9a-f]{8}:(\d+)\b", "<store>:$1"),
        (r"\b[0-9a-f]{40}\b", "<commit>"),
    ] {
        settings.add_filter(pattern, replacement);
    }
    settings.bind_to_scope()
}
