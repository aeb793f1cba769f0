//! The last good configuration as the store keeps it, while WORKFLOW.md is broken (SPEC 6.2). Secrets are kept by name
//! only: a literal one is left behind, and missing after the way back.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::secrets::{HIDDEN, hide};
use super::{Place, Profiles, Workflow, WorkflowError};
use crate::seams::Environment;

impl Workflow {
    /// The workflow as JSON, to be kept: `path`, `front_matter`, `prompt_template` and `prompt_line`. Literal secrets
    /// are replaced by [`HIDDEN`]; a `$NAME` stays.
    #[must_use]
    pub fn to_kept(&self) -> Value {
        json!({
            "path": self.path.to_string_lossy(),
            "front_matter": hide("", &Value::Object(self.front_matter.clone())),
            "prompt_template": self.prompt_template,
            "prompt_line": self.prompt_line,
        })
    }

    /// The way back. Values that hold [`HIDDEN`] count as not written.
    ///
    /// # Errors
    /// [`WorkflowError::Kept`] for what [`Workflow::to_kept`] did not make; else as [`Workflow::from_parts`].
    pub fn from_kept(kept: &Value, env: &Environment, profiles: Profiles<'_>) -> Result<Self, WorkflowError> {
        let path = kept.get("path").and_then(Value::as_str).ok_or(WorkflowError::Kept("path"))?;
        let front_matter = kept.get("front_matter").and_then(Value::as_object);
        let front_matter = known(front_matter.ok_or(WorkflowError::Kept("front_matter"))?);
        let prompt =
            kept.get("prompt_template").and_then(Value::as_str).ok_or(WorkflowError::Kept("prompt_template"))?;
        let prompt_line = kept.get("prompt_line").and_then(Value::as_u64).and_then(|line| usize::try_from(line).ok());
        let place = Place { prompt_line, ..Place::default() };
        Self::assemble(Path::new(path), front_matter, prompt.to_owned(), place, env, profiles)
    }
}

/// The map without what is hidden.
fn known(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter().filter_map(|(name, value)| Some((name.clone(), known_value(value)?))).collect()
}

fn known_value(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if text.contains(HIDDEN) => None,
        Value::Array(items) => Some(items.iter().filter_map(known_value).collect()),
        Value::Object(map) => Some(Value::Object(known(map))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{FILE, environment, issue, parse, profiles};
    use super::*;

    #[test]
    fn what_is_kept_comes_back_but_for_literal_secrets() {
        let text = "---\ntracker:\n  kind: local\n  api_key: lin_literal\n  provider:\n    token: $TOKEN_VAR\n    \
                    url: https://ann:pw@example.org/x\npolling:\n  interval_ms: '5000'\nextra: [1]\nhooks:\n  after_run: \
                    git push https://x:$TOKEN_VAR@example.org\n---\n\n{{ issue.identifier }}\n{{ issue.nope }}\n";
        let workflow = parse(text).expect("a valid file");
        let kept = workflow.to_kept();
        let written = kept.to_string();
        for secret in ["lin_literal", "ann:pw", "s3cret"] {
            assert!(!written.contains(secret), "{secret} in {written}");
        }
        let back = Workflow::from_kept(&kept, &environment(), &profiles).expect("what was kept");
        assert_eq!(back.path, workflow.path);
        assert_eq!(back.config.polling, workflow.config.polling);
        assert_eq!(back.config.hooks, workflow.config.hooks);
        assert_eq!(back.config.env.secrets, ["TOKEN_VAR"]);
        assert_eq!(back.config.tracker.provider.keys().collect::<Vec<_>>(), ["token"]);
        assert_eq!(back.front_matter.get("extra"), workflow.front_matter.get("extra"));
        let error = back.render_prompt(&issue(), None, None).expect_err("an unknown variable").to_string();
        assert!(error.starts_with(&format!("{FILE}:16: unknown variable `issue.nope`")), "{error}");
    }

    #[test]
    fn what_was_not_kept_by_baton_is_an_error() {
        for (kept, message) in [
            (json!(null), "the kept configuration has no path"),
            (json!({"path": "/x"}), "the kept configuration has no front_matter"),
            (json!({"path": "/x", "front_matter": {}}), "the kept configuration has no prompt_template"),
        ] {
            let error = Workflow::from_kept(&kept, &environment(), &profiles).expect_err("an error");
            assert_eq!((error.to_string().as_str(), error.code()), (message, "workflow_kept_invalid"));
        }
    }
}
