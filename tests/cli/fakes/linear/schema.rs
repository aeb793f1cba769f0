//! Linear's own schema, which `.ci/run schemas` makes from the package that Linear publishes.

use std::path::Path;
use std::sync::LazyLock;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use crate::env::skip;

/// Read once: it takes a quarter of a second.
static SCHEMA: LazyLock<Option<Valid<Schema>>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/schemas/linear.graphql");
    let text = std::fs::read_to_string(path).ok()?;
    Some(Schema::parse_and_validate(text, "linear.graphql").expect("a schema"))
});

/// The schema; where it could not be had, the test says so.
pub(super) fn schema() -> Option<&'static Valid<Schema>> {
    let schema = SCHEMA.as_ref();
    if schema.is_none() {
        skip("target/schemas/linear.graphql is not there: `.ci/run schemas` makes it");
    }
    schema
}
