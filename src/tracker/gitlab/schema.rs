//! What is asked of GitLab's GraphQL, against its own schema, where that could be had: `.ci/run schemas` fetches it.

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use super::{parent, relations};
use crate::tracker::testing::{assert_taken, schema_text};

#[test]
fn gitlab_would_take_every_query() {
    let Some(text) = schema_text("gitlab.graphql") else { return };
    let schema = Schema::parse(text, "gitlab.graphql").unwrap_or_else(|found| found.partial);
    let schema = Valid::assume_valid(schema);
    let documents = relations::documents().into_iter().chain([parent::FIND, parent::SET].map(str::to_owned));
    let wrong = parent::SET.replace("errors", "mistakes");
    assert_taken(&schema, documents, &wrong);
}
