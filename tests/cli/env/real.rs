//! The real Codex, with only its model replaced.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::model::Model;
use super::{TestEnv, skip};

/// A place in which `codex` is the real program.
pub(crate) struct Real {
    pub(crate) env: TestEnv,
    pub(crate) model: Model,
}

/// The pinned program, where `.ci/run codex` has put it.
fn program() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("tools/codex/node_modules/@openai");
    let entries = |directory: &Path| fs::read_dir(directory).into_iter().flatten().map_while(Result::ok);
    let packages = entries(&tools).map(|entry| entry.path().join("vendor"));
    let platforms = packages.flat_map(|vendor| entries(&vendor).map(|entry| entry.path()).collect::<Vec<_>>());
    platforms.map(|platform| platform.join("bin/codex")).find(|program| program.is_file())
}

impl Real {
    /// A repository with a worktree for each issue, outside of every temporary directory: what lies in one can be
    /// written in every sandbox. `None`, and said so, where Codex is not installed.
    pub(crate) fn new() -> Option<Self> {
        let Some(program) = program() else {
            skip("the real Codex is not installed: `.ci/run codex` does it");
            return None;
        };
        let env = TestEnv::under(Path::new(env!("CARGO_TARGET_TMPDIR")));
        let model = Model::start();
        let home = env.path("codex-home");
        fs::create_dir(&home).expect("a directory");
        // An unknown model's tools are offered in the plain way; no feature asks the network.
        let config = format!(
            "model = \"scripted\"\nmodel_provider = \"scripted\"\n\
             [model_providers.scripted]\nname = \"Scripted\"\nbase_url = \"http://127.0.0.1:{}/v1\"\nwire_api = \"responses\"\n\
             request_max_retries = 1\nstream_max_retries = 1\nstream_idle_timeout_ms = 60000\n\
             [analytics]\nenabled = false\n[features]\nplugins = false\napps = false\n",
            model.port()
        );
        fs::write(home.join("config.toml"), config).expect("a configuration");
        symlink(&program, env.path("bin/real-codex")).expect("a link");
        let script = "#!/bin/sh\nenv > \"$TEST_ROOT/said/codex-environment\"\nCODEX_HOME=\"$TEST_ROOT/codex-home\" exec \"$TEST_ROOT/bin/real-codex\" \"$@\"\n";
        env.program_on_path("codex", script);
        fs::create_dir(env.path("p/issues")).expect("issues");
        let real = Self { env, model };
        real.workflow("workspace:\n  mode: worktree\n", "");
        real.env.make_repository();
        fs::write(real.env.path("p/.git/info/exclude"), "/WORKFLOW.md\n/issues/\n/.baton/\n").expect("exclude");
        Some(real)
    }

    /// This front matter, and Codex with further settings of its own.
    pub(crate) fn workflow(&self, front_matter: &str, codex: &str) {
        let command = "exec \"$TEST_ROOT/bin/codex\" app-server";
        self.workflow_of(front_matter, command, codex);
    }

    /// The same with another command.
    pub(crate) fn workflow_of(&self, front_matter: &str, command: &str, codex: &str) {
        let codex = format!("codex:\n  command: {command}\n  read_timeout_ms: 60000\n{codex}");
        self.env.workflow(&format!("{front_matter}{codex}"));
    }
}
