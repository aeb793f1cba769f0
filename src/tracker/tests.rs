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
