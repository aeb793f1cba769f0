//! What the tests of agents share: a real tracker of local files, and an issue in it.

use std::path::Path;

use crate::model::Issue;
use crate::seams::{Environment, Seams};
use crate::tracker::Tracker;
use crate::workflow::Workflow;

/// A tracker of the files in `<root>/issues`, with the issue `ABC-1`.
pub(crate) fn tracker(root: &Path) -> Box<dyn Tracker> {
    let text = "---\ntracker:\n  kind: local\n---\n";
    let workflow =
        Workflow::from_text(&root.join("WORKFLOW.md"), text, &Environment::default(), &crate::tracker::profile);
    std::fs::create_dir_all(root.join("issues")).expect("made");
    std::fs::write(root.join("issues/ABC-1.md"), "---\nid: ABC-1\ntitle: t\nstate: Todo\n---\n").expect("an issue");
    let config = workflow.expect("valid").config;
    crate::tracker::build(&config.tracker, root, root, &Seams::of_process(), &crate::tracker::testing::memory())
        .expect("a tracker")
}

/// The issue.
pub(crate) fn issue() -> Issue {
    Issue::blank("ABC-1", "ABC-1", "t", "Todo")
}
