//! What holds for every adapter.

use std::path::Path;

use super::*;
use crate::seams::Environment;
use crate::workflow::Workflow;

/// The worked examples of docs/trackers.md.
fn documented() -> Vec<&'static str> {
    let page = include_str!("../../docs/trackers.md");
    let examples = page.split("```yaml\n# WORKFLOW.md\n").skip(1);
    examples.map(|rest| rest.split("```").next().expect("an end")).collect()
}

/// An environment in which every variable that the text names is set.
fn environment(text: &str) -> Environment {
    let names = text.split('$').skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        (rest[..end].to_owned(), "https://tracker.example".to_owned())
    });
    names.filter(|(name, _)| !name.is_empty()).collect()
}

#[test]
fn every_adapter_has_a_worked_workflow_that_makes_its_tracker() {
    let mut kinds = Vec::new();
    for text in documented() {
        let env = environment(text);
        let workflow = Workflow::from_text(Path::new("/project/WORKFLOW.md"), text, &env, &profile);
        let workflow = workflow.unwrap_or_else(|error| panic!("{error}\n{text}"));
        let seams = Seams { env, ..Seams::of_process() };
        let tracker = build(
            &workflow.config.tracker,
            Path::new("/project"),
            Path::new("/project/.baton"),
            &seams,
            &testing::memory(),
        );
        kinds.push(tracker.unwrap_or_else(|error| panic!("{error}\n{text}")).kind());
    }
    for adapter in ADAPTERS {
        assert!(kinds.contains(&adapter.kind), "docs/trackers.md has no workflow for `{}`", adapter.kind);
    }
}

/// The part of docs/trackers.md that is about this kind.
fn section(kind: &str) -> &'static str {
    let page = include_str!("../../docs/trackers.md");
    let start = page.find(&format!("\n## `{kind}`")).expect("a section") + 1;
    page[start..].split("\n## `").next().expect("its text")
}

#[test]
fn every_key_of_a_provider_is_documented_and_every_documented_one_is_known() {
    for adapter in ADAPTERS {
        let Some(keys) = adapter.keys else { continue };
        let known: Vec<&str> = keys.iter().filter_map(|key| key.strip_prefix("tracker.provider.")).collect();
        assert_eq!(known.len(), keys.len(), "{}", adapter.kind);
        let text = section(adapter.kind);
        for key in known.iter().filter(|key| **key != "timeout_ms") {
            let names = [format!("`{key}`"), format!("`tracker.provider.{key}`")];
            assert!(names.iter().any(|name| text.contains(name)), "{}: {key}", adapter.kind);
        }
        let table = text.split("| key of `tracker.provider` |").nth(1).into_iter().flat_map(str::lines);
        for row in table.skip(2).take_while(|row| row.starts_with('|')) {
            let first = row.split('|').nth(1).expect("a first column");
            for key in first.split('`').skip(1).step_by(2) {
                assert!(known.contains(&key), "{}: `{key}` is documented and unknown", adapter.kind);
            }
        }
    }
}

#[test]
fn every_profile_names_its_secrets_and_its_tools() {
    let page = include_str!("../../docs/trackers.md");
    for text in documented() {
        let env = environment(text);
        let workflow = Workflow::from_text(Path::new("/project/WORKFLOW.md"), text, &env, &profile).expect("valid");
        let seams = Seams { env, ..Seams::of_process() };
        let (base, store) = (Path::new("/project"), Path::new("/project/.baton"));
        let tracker = build(&workflow.config.tracker, base, store, &seams, &testing::memory()).expect("a tracker");
        for name in tracker.secret_environment_names() {
            assert!(page.contains(&format!("`{name}`")), "{}: {name}", tracker.kind());
        }
        for tool in tracker.agent_tool_specs() {
            assert!(page.contains(&format!("`{}`", tool.name)), "{}: {}", tracker.kind(), tool.name);
        }
    }
}
