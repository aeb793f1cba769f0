//! The queries against GitHub's own schema, where it could be had: `.ci/run schemas` fetches it.

use std::path::Path;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Value, json};

use super::*;
use crate::tracker::github::config::Config;
use crate::tracker::remote::Keys;
use crate::tracker::testing::{config, with_setting};

fn states(provider: &Value) -> States {
    let mut provider = provider.clone();
    provider["repo"] = "o/r".into();
    provider["token"] = "x".into();
    let read = with_setting(&config("github", &provider), &[], |setting| Config::read(Keys(setting)));
    read.expect("valid").0.states
}

#[test]
fn github_would_take_every_query() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/schemas/github.graphql");
    let Ok(text) = std::fs::read_to_string(&path) else {
        #[expect(clippy::print_stderr, reason = "a test says that it was skipped")]
        {
            eprintln!("SKIPPED: {} is not there; `.ci/run schemas` makes it", path.display());
        }
        return;
    };
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
    for document in documents {
        let checked = ExecutableDocument::parse_and_validate(&schema, &document, "query.graphql");
        assert!(checked.is_ok(), "{document}\n{}", checked.expect_err("invalid").errors);
    }
    let wrong = details(&[1], &plain[0], false).replace("nameWithOwner", "nameWithoutOwner");
    assert!(ExecutableDocument::parse_and_validate(&schema, wrong, "query.graphql").is_err(), "the check checks");
}
