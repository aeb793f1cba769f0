//! A project whose tracker is a fake, and what its polls say.

use serde_json::{Value, json};

use super::{Behaviour, Fake};
use crate::env::{TestEnv, codes, texts};

/// What WORKFLOW.md says about a provider.
pub(crate) trait Profile: Behaviour {
    /// `tracker.kind`.
    const KIND: &'static str;

    /// The keys of `tracker.provider` that lead to the server at `url`, with its credential: `key: value`.
    fn keys(url: &str) -> Vec<String>;
}

impl<B: Profile> Fake<B> {
    /// A front matter with this tracker. `provider` and `more` are further lines, indented; a key of `provider` wins
    /// over the usual one.
    pub(crate) fn front_matter(&self, provider: &str, more: &str) -> String {
        let is_given = |line: &String| {
            let key = line.split(':').next().unwrap_or_default();
            provider.lines().any(|given| given.trim_start().starts_with(&format!("{key}:")))
        };
        let usual = B::keys(&self.url()).into_iter().filter(|line| !is_given(line)).map(|line| format!("    {line}\n"));
        format!("tracker:\n  kind: {}\n  provider:\n{}{provider}{more}", B::KIND, usual.collect::<String>())
    }

    /// A project with this front matter.
    pub(crate) fn project(&self, provider: &str, more: &str) -> TestEnv {
        let env = TestEnv::new();
        env.workflow(&self.front_matter(provider, more));
        env
    }
}

/// What a poll would launch, in order.
pub(crate) fn identifiers(poll: &Value) -> Vec<&str> {
    texts(&poll["queue"], "identifier")
}

/// Why it would not launch this one.
pub(crate) fn reasons<'p>(poll: &'p Value, identifier: &str) -> Vec<&'p str> {
    let waiting = poll["waiting"].as_array().expect("a list");
    let entry = waiting.iter().find(|entry| entry["identifier"] == identifier);
    codes(&entry.unwrap_or_else(|| panic!("{identifier} does not wait: {poll}"))["reasons"])
}

/// A call of a tool by the fake Codex.
pub(crate) fn tool_call(tool: &str, arguments: Value) -> Value {
    json!({ "ask": ["item/tool/call", { "callId": "c", "tool": tool, "arguments": arguments }] })
}

/// Whether each call of a tool succeeded.
pub(crate) fn successes(answers: &[Value]) -> Vec<bool> {
    answers.iter().filter_map(|answer| answer["success"].as_bool()).collect()
}
