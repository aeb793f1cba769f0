//! `baton schema`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::env::{TestEnv, texts};

#[test]
fn every_kind_has_a_schema_that_is_one_and_needs_no_project() {
    let env = TestEnv::empty();
    let kinds = env.baton("schema --json").json();
    let kinds = texts(&kinds["kinds"], "kind");
    assert!(kinds.contains(&"poll") && kinds.contains(&"event"), "{kinds:?}");
    for kind in kinds {
        let printed = env.baton(["schema", kind]).ok().stdout;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{kind}.json"));
        assert_eq!(printed, fs::read_to_string(path).expect("a schema"));
        let schema: Value = serde_json::from_str(&printed).expect("JSON");
        assert!(jsonschema::meta::is_valid(&schema), "{kind}");
    }
}

#[test]
fn another_kind_is_refused() {
    let env = TestEnv::empty();
    let refused = env.baton("schema pull").exits(2);
    assert!(refused.stderr.contains("poll"), "{refused}");
}
