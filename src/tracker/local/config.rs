//! `tracker.provider` of `local`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::seams::Environment;
use crate::tracker::TrackerError;
use crate::workflow::config::TrackerConfig;

const PATH: &str = "tracker.provider.path";
const PREFIX: &str = "tracker.provider.prefix";

/// Every key that it knows.
pub(super) const KEYS: &[&str] = &[PATH, PREFIX];

/// What `local` is told by WORKFLOW.md. Keys that it does not know are left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Provider {
    /// The directory of issues, absolute; default `issues` beside WORKFLOW.md.
    pub(super) directory: PathBuf,
    /// What new identifiers begin with; default `TASK`.
    pub(super) prefix: String,
    /// The state of a new issue: the first of `tracker.active_states`.
    pub(super) first_state: Option<String>,
}

impl Provider {
    /// Validates and resolves the keys.
    pub(super) fn resolve(config: &TrackerConfig, base: &Path, env: &Environment) -> Result<Self, TrackerError> {
        let directory = directory(text(config, PATH, "path")?.unwrap_or("issues"), env)?;
        let prefix = text(config, PREFIX, "prefix")?.unwrap_or("TASK");
        let legal = prefix.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && prefix.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            && !prefix.contains("..")
            && prefix.len() <= 60;
        if !legal {
            let message =
                format!("`{prefix}` cannot begin an identifier; use letters, digits, `_`, `-` and single dots");
            return Err(TrackerError::InvalidConfig { key: PREFIX, message });
        }
        Ok(Self {
            directory: base.join(directory),
            prefix: prefix.to_owned(),
            first_state: config.active_states.first().cloned(),
        })
    }
}

fn text<'a>(config: &'a TrackerConfig, key: &'static str, name: &str) -> Result<Option<&'a str>, TrackerError> {
    match config.provider.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim())),
        Some(other) => {
            Err(TrackerError::InvalidConfig { key, message: format!("`{other}` is no text, or an empty one") })
        }
    }
}

/// `~` and a leading `$VAR`, as for every path of WORKFLOW.md (SPEC 6.1).
fn directory(text: &str, env: &Environment) -> Result<PathBuf, TrackerError> {
    let (variable, rest) = match (text.strip_prefix('$'), text.strip_prefix('~')) {
        (Some(name), _) => name.split_at(name.find('/').unwrap_or(name.len())),
        (None, Some(rest)) if rest.is_empty() || rest.starts_with('/') => ("HOME", rest),
        (None, _) => return Ok(PathBuf::from(text)),
    };
    let Some(start) = env.path(variable) else {
        let message = format!("`{text}`: environment variable {variable} is not set");
        return Err(TrackerError::InvalidConfig { key: PATH, message });
    };
    Ok(start.join(rest.trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolve(provider: &Value) -> Result<Provider, TrackerError> {
        let env = [("HOME", "/home/ann"), ("WHERE", "/data")].into_iter().collect();
        Provider::resolve(&crate::tracker::local::tests::config(provider), Path::new("/project"), &env)
    }

    #[test]
    fn paths_are_relative_to_the_workflow_file() {
        for (path, expected) in [
            (json!({}), "/project/issues"),
            (json!({"path": null, "unknown": 1}), "/project/issues"),
            (json!({"path": "a/b"}), "/project/a/b"),
            (json!({"path": "/abs"}), "/abs"),
            (json!({"path": "~/x"}), "/home/ann/x"),
            (json!({"path": "~ann"}), "/project/~ann"),
            (json!({"path": "$WHERE/x"}), "/data/x"),
        ] {
            assert_eq!(resolve(&path).expect("valid").directory, Path::new(expected));
        }
    }

    #[test]
    fn what_is_invalid_names_its_key() {
        for (provider, key) in [
            (json!({"path": 1}), PATH),
            (json!({"path": " "}), PATH),
            (json!({"path": "$NOWHERE"}), PATH),
            (json!({"prefix": ["A"]}), PREFIX),
            (json!({"prefix": "a/b"}), PREFIX),
            (json!({"prefix": "-a"}), PREFIX),
            (json!({"prefix": "a..b"}), PREFIX),
        ] {
            let error = resolve(&provider).expect_err("invalid");
            assert_eq!(error.code(), "invalid_tracker_config", "{provider}");
            assert!(error.to_string().starts_with(key), "{provider}: {error}");
        }
    }
}
