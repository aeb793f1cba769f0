//! Codex, as the tests install it: an app-server of our own that does what its script says, or the real program.

use std::fs;

use serde_json::Value;

use super::TestEnv;

/// The front matter that makes the fake the agent. Its answers may take as long as a busy machine needs.
pub(crate) const FAKE_CODEX: &str =
    "codex:\n  command: exec \"$TEST_ROOT/bin/codex\" app-server\n  read_timeout_ms: 60000\n";

impl TestEnv {
    /// Local issues and the fake app-server as the agent, with this front matter beside.
    pub(crate) fn fake_codex(&self, front_matter: &str) {
        let this = std::env::current_exe().expect("this program");
        // Descriptor 3 is the protocol: on standard output the test program greets.
        let program = format!(
            "#!/bin/sh\nexec 3>&1 >/dev/null\nexec '{}' --exact fake_codex::app_server --ignored --nocapture\n",
            this.display()
        );
        self.program_on_path("codex", &program);
        fs::create_dir_all(self.path("codex")).expect("a directory");
        self.workflow(&format!("{front_matter}{FAKE_CODEX}"));
    }

    /// What the fake does in the turns of an issue, one after the other; the last script is for all turns that follow.
    /// Each is a list of actions: see `fake_codex`.
    pub(crate) fn codex_turns(&self, issue: &str, turns: &Value) {
        fs::write(self.path(format!("codex/{issue}")), turns.to_string()).expect("a script");
    }

    /// The messages that the fake was sent for an issue, of this method.
    pub(crate) fn codex_heard(&self, issue: &str, method: &str) -> Vec<Value> {
        let lines = self.said_lines(&format!("{issue}.heard"));
        let messages = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        messages.filter(|message| message["method"] == method).collect()
    }

    /// The texts that turns of an issue began with.
    pub(crate) fn codex_prompts(&self, issue: &str) -> Vec<String> {
        let starts = self.codex_heard(issue, "turn/start");
        starts.iter().map(|start| start["params"]["input"][0]["text"].as_str().expect("text").to_owned()).collect()
    }

    /// The answers that the fake was given for an issue: results and errors.
    pub(crate) fn codex_answers(&self, issue: &str) -> Vec<Value> {
        let lines = self.said_lines(&format!("{issue}.heard"));
        let messages = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        messages
            .filter(|message| message.get("method").is_none())
            .map(|mut message| match message.get("result") {
                Some(_) => message["result"].take(),
                None => message["error"].take(),
            })
            .collect()
    }

    /// The events of a run, of this type.
    pub(crate) fn run_events(&self, run: &str, kind: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.store(format!("runs/{run}/events.jsonl"))).expect("events");
        let events = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event"));
        events.filter(|event| event["type"] == kind).map(|mut event| event["data"].take()).collect()
    }
}
