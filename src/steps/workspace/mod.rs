//! The steps over workspaces: make one, look at them, judge their health.

mod ensure;
mod look;
mod shell;
#[cfg(test)]
mod tests;
mod verify;

pub use ensure::{EnsureReport, ensure, ensure_plan};
pub use look::{Look, StateCategory, WorkspaceView, workspace_of, workspaces};
pub use shell::shell;
pub use verify::{Verified, VerifyReport, verify, verify_all};
pub(super) use verify::{directories_of_nobody, record_health};

use crate::error::{Error, Exit};

/// The error for an issue without a workspace.
pub(super) fn no_workspace(identifier: &str) -> Error {
    Error::new(Exit::NotFound, "no_workspace", format!("{identifier} has no workspace"))
        .hint(format!("`baton workspace ensure {identifier}` makes it"))
}
