//! The queries against Linear's own schema, where it could be had: `.ci/run schemas` makes it from a package.

use apollo_compiler::Schema;

use super::*;
use crate::tracker::testing::{assert_taken, schema_text};

#[test]
fn linear_would_take_every_query() {
    let Some(text) = schema_text("linear.graphql") else { return };
    let schema = Schema::parse_and_validate(text, "linear.graphql").expect("a schema");
    let mut documents = vec![issues()];
    documents.extend(CONNECTIONS.map(|(name, _)| further(name)));
    let reads = [VIEWER, COMMENTS, STATE, LABELS, OWN_LABELS, BLOCKERS, PROJECT];
    let fixed = reads.into_iter().chain([CREATE, UPDATE, CREATE_LABEL, BLOCK, UNBLOCK, COMMENT, EDIT_COMMENT]);
    documents.extend(fixed.map(str::to_owned));
    let wrong = issues().replace("branchName", "branchNames");
    assert_taken(&schema, documents, &wrong);
}
