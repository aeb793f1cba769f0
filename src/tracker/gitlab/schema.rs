//! What is asked of GitLab's GraphQL, against its own schema, where that could be had: `.ci/run schemas` fetches it.

use std::path::Path;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};

use super::{parent, relations};

#[test]
fn gitlab_would_take_every_query() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/schemas/gitlab.graphql");
    let Ok(text) = std::fs::read_to_string(&path) else {
        #[expect(clippy::print_stderr, reason = "a test says that it was skipped")]
        {
            eprintln!("SKIPPED: {} is not there; `.ci/run schemas` makes it", path.display());
        }
        return;
    };
    let schema = Schema::parse(text, "gitlab.graphql").unwrap_or_else(|found| found.partial);
    let schema = Valid::assume_valid(schema);
    let documents = relations::documents().into_iter().chain([parent::FIND, parent::SET].map(str::to_owned));
    for document in documents {
        let checked = ExecutableDocument::parse_and_validate(&schema, &document, "query.graphql");
        assert!(checked.is_ok(), "{document}\n{}", checked.expect_err("invalid").errors);
    }
    let wrong = parent::SET.replace("errors", "mistakes");
    assert!(ExecutableDocument::parse_and_validate(&schema, wrong, "query.graphql").is_err(), "the check checks");
}
