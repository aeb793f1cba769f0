//! `tracker.provider` of a program.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::process::quoted;
use crate::seams::Environment;
use crate::store::Redactor;
use crate::tracker::TrackerError;
use crate::tracker::remote::{Keys, invalid};
use crate::workflow::config::TrackerConfig;
use crate::workflow::secrets::{self, is_secret_field};

const COMMAND: &str = "tracker.provider.command";
const SECRETS: &str = "tracker.provider.secrets";
const TIMEOUT: &str = "tracker.provider.timeout_ms";
/// How much of a command errors show.
const SHOWN: usize = 60;

/// What is run, and how.
pub(super) struct Config {
    /// What people are told is run.
    pub(super) name: String,
    /// The shell's text, to which verb and arguments are added.
    pub(super) script: String,
    /// Where it runs.
    pub(super) cwd: PathBuf,
    /// Its environment.
    pub(super) env: Environment,
    /// How long it may take.
    pub(super) timeout: Duration,
    /// The variables that hold its credentials.
    pub(super) secrets: Vec<String>,
    /// Without which it is told.
    pub(super) redactor: Redactor,
}

impl Config {
    /// Of `provider.command`.
    pub(super) fn of_command(keys: Keys<'_>) -> Result<Self, TrackerError> {
        let command = match keys.value(COMMAND) {
            Some(Value::String(text)) if !text.trim().is_empty() => text.trim(),
            Some(other) => return Err(invalid(COMMAND, format!("`{other}` is no command"))),
            None => return Err(invalid(COMMAND, "no value: what program is the tracker?")),
        };
        let first = command.lines().next().unwrap_or_default();
        let mut name: String = first.chars().take(SHOWN).collect();
        if name.len() < command.len() {
            name.push('…');
        }
        Self::read(keys, name, command.to_owned())
    }

    /// Of a program that was found.
    pub(super) fn of_program(keys: Keys<'_>, program: &Path) -> Result<Self, TrackerError> {
        let path = program.to_string_lossy();
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self::read(keys, name, format!("exec {}", quoted(&path)))
    }

    fn read(keys: Keys<'_>, name: String, script: String) -> Result<Self, TrackerError> {
        let setting = keys.0;
        if let Some(bad) = keys.texts(SECRETS)?.iter().find(|name| !secrets::is_name(name)) {
            return Err(invalid(SECRETS, format!("`{bad}` is no name of an environment variable")));
        }
        let mut env = setting.seams.env.clone();
        let provider = Value::Object(setting.config.provider.clone());
        env.set("BATON_STORE", setting.store);
        env.set("BATON_TRACKER_KIND", &setting.config.kind);
        env.set("BATON_TRACKER_PROVIDER", secrets::hide("", &provider).to_string());
        let secrets = secret_names(setting.config);
        let literal = setting.config.provider.iter().filter(|(name, _)| is_secret_field(name));
        let literal = literal.filter_map(|(_, value)| value.as_str());
        let values =
            secrets.iter().filter_map(|name| env.get(name)).chain(literal.filter(|text| !text.starts_with('$')));
        Ok(Self {
            name,
            script,
            cwd: setting.base.to_owned(),
            timeout: Duration::from_millis(keys.number(TIMEOUT)?.unwrap_or(30_000)),
            redactor: Redactor::new(values),
            secrets,
            env,
        })
    }
}

/// The variables that hold a program's credentials: those that `provider.secrets` lists, and those that are the value
/// of a field that is a secret by its name.
pub(in crate::tracker) fn secret_names(config: &TrackerConfig) -> Vec<String> {
    let listed = config.provider.get("secrets").and_then(Value::as_array).into_iter().flatten();
    let mut names: Vec<String> = listed.filter_map(Value::as_str).map(str::to_owned).collect();
    secrets::variables_in(&config.provider, &mut names);
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tracker::testing::{config, with_setting};

    fn read(provider: &Value) -> Result<Config, TrackerError> {
        with_setting(&config("command", provider), &[("A", "s3cret-a"), ("B", "s3cret-b")], |setting| {
            Config::of_command(Keys(setting))
        })
    }

    #[test]
    fn a_program_is_told_its_configuration_and_its_secrets_by_name_alone() {
        let provider =
            json!({ "command": " x \n", "secrets": ["A"], "token": "$B", "password": "literal", "project": "p" });
        let config = read(&provider).expect("valid");
        assert_eq!((config.script.as_str(), config.secrets.join(" ")), ("x", "A B".to_owned()));
        let told = config.env.get("BATON_TRACKER_PROVIDER").expect("told");
        assert!(told.contains(r#""token":"$B""#) && told.contains(r#""project":"p""#), "{told}");
        assert!(!told.contains("literal"), "{told}");
        assert_eq!(config.redactor.redact("s3cret-a s3cret-b literal"), "[redacted] [redacted] [redacted]");
    }

    #[test]
    fn what_is_no_command_names_its_key() {
        for (provider, key) in [
            (json!({}), COMMAND),
            (json!({ "command": " " }), COMMAND),
            (json!({ "command": ["x"] }), COMMAND),
            (json!({ "command": "x", "secrets": "A" }), SECRETS),
            (json!({ "command": "x", "secrets": ["$A"] }), SECRETS),
            (json!({ "command": "x", "timeout_ms": 0 }), TIMEOUT),
        ] {
            let error = read(&provider).map(drop).expect_err("invalid");
            assert!(error.to_string().starts_with(key), "{provider}: {error}");
        }
    }
}
