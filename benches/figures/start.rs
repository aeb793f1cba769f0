//! What every command costs before it does anything.

use anyhow::Result;

use crate::project::{Project, Settings};
use crate::table::Figure;
use crate::timing::{in_turns, time};

const ROUNDS: usize = 60;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let project = Project::new(&Settings::default())?;
    let repository = project.path().join("repository");
    time(project.git().args(["init", "--quiet"]).arg(&repository))?;
    let [baton, git, status, git_status] = in_turns(
        ROUNDS,
        [
            &mut || time(project.baton().arg("--version")),
            &mut || time(project.command("git").arg("--version")),
            &mut || time(project.baton().arg("status")),
            &mut || time(project.command("git").arg("status").current_dir(&repository)),
        ],
    )?;
    Ok(vec![
        Figure::times("baton --version", baton, "git --version", git).reach("2×"),
        Figure::times("baton status, empty store", status, "git status, empty repository", git_status).reach("3×"),
    ])
}
