//! The queries against Linear's own schema, where it could be had: `.ci/run schemas` makes it from a package.

use std::path::Path;

use apollo_compiler::{ExecutableDocument, Schema};

use super::*;

#[test]
fn linear_would_take_every_query() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/schemas/linear.graphql");
    let Ok(text) = std::fs::read_to_string(&path) else {
        #[expect(clippy::print_stderr, reason = "a test says that it was skipped")]
        {
            eprintln!("SKIPPED: {} is not there; `.ci/run schemas` makes it", path.display());
        }
        return;
    };
    let schema = Schema::parse_and_validate(text, "linear.graphql").expect("a schema");
    let mut documents = vec![issues()];
    documents.extend(CONNECTIONS.map(|(name, _)| further(name)));
    let reads = [VIEWER, COMMENTS, STATE, LABELS, OWN_LABELS, BLOCKERS, PROJECT];
    let fixed = reads.into_iter().chain([CREATE, UPDATE, CREATE_LABEL, BLOCK, UNBLOCK, COMMENT, EDIT_COMMENT]);
    documents.extend(fixed.map(str::to_owned));
    for document in documents {
        let checked = ExecutableDocument::parse_and_validate(&schema, &document, "query.graphql");
        assert!(checked.is_ok(), "{document}\n{}", checked.expect_err("invalid").errors);
    }
    let wrong = issues().replace("branchName", "branchNames");
    assert!(ExecutableDocument::parse_and_validate(&schema, wrong, "query.graphql").is_err(), "the check checks");
}
