//! The `tracker` section (SPEC 5.3.1).

use serde_json::{Map, Value};

use super::Profiles;
use super::config::TrackerConfig;
use super::error::WorkflowError;
use super::fields::{Origin, Reader};
use super::secrets::variable;
use crate::model::normal_state;

/// Keys that older files write under `tracker` itself.
const ALIASES: [&str; 4] = ["project_slug", "api_key", "endpoint", "assignee"];

/// Reads the section.
pub(super) fn tracker(reader: &mut Reader<'_>, profiles: Profiles<'_>) -> Result<TrackerConfig, WorkflowError> {
    let Some(kind) = reader.name("tracker.kind")? else {
        return Err(WorkflowError::MissingTrackerKind { at: reader.at("tracker") });
    };
    let defaults = match profiles(&kind, reader.env) {
        Ok(defaults) => defaults,
        Err(known) => {
            return Err(WorkflowError::UnsupportedTrackerKind { at: reader.at("tracker.kind"), kind, known });
        }
    };
    let provider = provider(reader)?;
    let required_labels = reader.list("tracker.required_labels")?.unwrap_or_default();
    let required_labels: Vec<String> = required_labels.iter().map(|label| label.to_lowercase()).collect();
    reader.note("tracker.required_labels", required_labels.clone(), reader.origin("tracker.required_labels"));
    let active_states = states(reader, "tracker.active_states", &kind, defaults.active)?;
    let terminal_states = states(reader, "tracker.terminal_states", &kind, defaults.terminal)?;
    let handoff_state = reader.name("tracker.handoff_state")?;
    let config = TrackerConfig { kind, provider, required_labels, active_states, terminal_states, handoff_state };
    match &config.handoff_state {
        Some(state) if config.is_active(state) => {
            Err(reader.invalid("tracker.handoff_state", "a state that is not one of tracker.active_states"))
        }
        _ => Ok(config),
    }
}

/// `tracker.provider`, with the flat aliases that it does not give itself.
fn provider(reader: &mut Reader<'_>) -> Result<Map<String, Value>, WorkflowError> {
    let mut provider = reader.map("tracker.provider")?;
    let mut origins: Vec<(String, String)> =
        provider.keys().map(|name| (name.clone(), format!("tracker.provider.{name}"))).collect();
    for alias in ALIASES {
        let key = format!("tracker.{alias}");
        if let Some(value) = reader.written(&key)
            && provider.get(alias).is_none_or(Value::is_null)
        {
            provider.insert(alias.into(), value.clone());
            origins.retain(|(name, _)| name != alias);
            origins.push((alias.into(), key));
        }
    }
    for (name, key) in origins {
        let value = provider.get(&name).cloned().unwrap_or_default();
        let origin = match value.as_str().map(str::trim).and_then(variable) {
            Some(name) => Origin::Environment { name: name.into() },
            None => reader.origin(&key),
        };
        reader.note(&format!("tracker.provider.{name}"), value, origin);
    }
    Ok(provider)
}

fn states(reader: &mut Reader<'_>, key: &str, kind: &str, default: Vec<String>) -> Result<Vec<String>, WorkflowError> {
    let (states, origin) = match reader.list(key)? {
        Some(states) => (states, reader.origin(key)),
        None if default.is_empty() => {
            return Err(reader.invalid(key, format!("a list of states, because `{kind}` has no defaults")));
        }
        None => (default, Origin::Profile { kind: kind.into() }),
    };
    if states.iter().any(|state| normal_state(state).is_empty()) {
        return Err(reader.invalid(key, "a list of states without a blank one"));
    }
    reader.note(key, states.clone(), origin);
    Ok(states)
}
