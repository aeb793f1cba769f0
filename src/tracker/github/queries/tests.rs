//! The queries against GitHub's own schema, where it could be had: `.ci/run schemas` fetches it.

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use serde_json::{Value, json};

use super::*;
use crate::tracker::github::config::Config;
use crate::tracker::remote::Keys;
use crate::tracker::testing::{assert_taken, config, schema_text, with_setting};

fn states(provider: &Value) -> States {
    let mut provider = provider.clone();
    provider["repo"] = "o/r".into();
    provider["token"] = "x".into();
    let read = with_setting(&config("github", &provider), &[], |setting| Config::read(Keys(setting)));
    read.expect("valid").0.states
}

#[test]
fn github_would_take_every_query() {
    let Some(text) = schema_text("github.graphql") else { return };
    // The package defines a field twice; what is there is enough to check queries against.
    let schema = Schema::parse(text, "github.graphql").unwrap_or_else(|found| found.partial);
    let schema = Valid::assume_valid(schema);
    let plain = [json!({}), json!({ "state_from": "label" })].map(|provider| states(&provider));
    let with_project = states(&json!({ "state_from": "project", "project": 7 }));
    let mut documents = [FIELD, SET_FIELD, PROJECT_ID, ADD_ITEM].map(str::to_owned).to_vec();
    documents.push(project(&with_project, true));
    for states in plain.iter().chain([&with_project]) {
        let whole = details(&[1, 42], states, true);
        documents.extend([without_dependencies(&whole), whole]);
        documents.extend(["subIssues", "blockedBy"].map(|connection| related(connection, states)));
    }
    let wrong = details(&[1], &plain[0], false).replace("nameWithOwner", "nameWithoutOwner");
    assert_taken(&schema, documents, &wrong);
}
