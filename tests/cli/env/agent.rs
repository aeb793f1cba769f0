//! The fake agent: a shell script that notes that it was there, then does what its issue's script says.

use std::fs;
use std::path::PathBuf;

use super::{TestEnv, patiently};

const AGENT: &str = r#"#!/usr/bin/env bash
set -eu
run=${BATON_RUN-by-hand}
cat > "$TEST_ROOT/said/$run-$BATON_TURN.prompt"
echo "$BATON_ISSUE $run $BATON_TURN ${BATON_ATTEMPT:-first}" >> "$TEST_ROOT/said/turns"
# Says in the tracker that the issue is done.
finish() { baton issue edit "$BATON_ISSUE" --state Done; }
# Leaves a file for the test to find, and goes on when the test says so.
hold() {
    echo $$ > "$TEST_ROOT/said/$BATON_ISSUE.holds"
    until [ -e "$TEST_ROOT/go/$BATON_ISSUE" ]; do sleep 0.02; done
}
script=$TEST_ROOT/agent/$BATON_ISSUE
[ -e "$script" ] || script=$TEST_ROOT/agent/default
. "$script"
"#;

impl TestEnv {
    pub(super) fn install_agent(&self) {
        fs::write(self.path("agent.sh"), AGENT).expect("the agent");
        self.agent("finish");
    }

    /// What the agent does for every issue that has no script of its own.
    pub(crate) fn agent(&self, script: &str) {
        self.agent_of("default", script);
    }

    /// What the agent does for one issue.
    pub(crate) fn agent_of(&self, issue: &str, script: &str) {
        fs::write(self.path(format!("agent/{issue}")), format!("{script}\n")).expect("a script");
    }

    /// Waits until the agent of an issue holds; its process id.
    pub(crate) fn agent_holds(&self, issue: &str) -> u32 {
        let path = self.said(&format!("{issue}.holds"));
        patiently(&format!("the agent of {issue} holds"), || fs::read_to_string(&path).ok()?.trim().parse().ok())
    }

    /// Lets the agent of an issue go on.
    pub(crate) fn go_on(&self, issue: &str) {
        fs::write(self.path(format!("go/{issue}")), "").expect("a file");
    }

    /// A file that agents and hooks leave for the test.
    pub(crate) fn said(&self, name: &str) -> PathBuf {
        self.path("said").join(name)
    }

    /// The lines of such a file; none where it is not there.
    pub(crate) fn said_lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.said(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The turns that agents began, in order: `ISSUE RUN TURN ATTEMPT`.
    pub(crate) fn turns(&self) -> Vec<String> {
        self.said_lines("turns")
    }

    /// The runs that agents began, sorted.
    pub(crate) fn runs_begun(&self) -> Vec<String> {
        let mut runs: Vec<String> =
            self.turns().iter().filter_map(|line| line.split(' ').nth(1).map(str::to_owned)).collect();
        runs.sort();
        runs.dedup();
        runs
    }

    /// The prompt that a turn was given.
    pub(crate) fn prompt(&self, run: &str, turn: u32) -> String {
        fs::read_to_string(self.said(&format!("{run}-{turn}.prompt"))).expect("a prompt")
    }
}
