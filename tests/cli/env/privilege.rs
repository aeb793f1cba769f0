//! What some tests need and not every machine gives.

use super::TestEnv;
use super::command::Done;

/// Whether the tests run as root, who may give files away and mount file systems.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Says that a test, or a part of it, was skipped, and why.
pub(crate) fn skip(why: &str) {
    let thread = std::thread::current();
    eprintln!("SKIPPED: {}: {why}", thread.name().unwrap_or("a test"));
}

impl TestEnv {
    /// Runs a shell script that may mount file systems, which nobody else sees and which go when it ends. `None`, with
    /// the reason, where that is not possible.
    pub(crate) fn in_own_mounts(&self, script: &str) -> Option<Done> {
        if !is_root() {
            skip("only root can mount file systems");
            return None;
        }
        let probe = self.bash("unshare --mount mount -t tmpfs tmpfs \"$TMPDIR\"");
        if probe.code() != 0 {
            skip(&format!("no mount namespaces here: {}", probe.stderr.trim()));
            return None;
        }
        let run = self.script("exec unshare --mount bash -euo pipefail -c \"$IN_OWN_MOUNTS\"");
        Some(run.env("IN_OWN_MOUNTS", script).run())
    }
}
