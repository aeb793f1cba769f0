//! What the repository is called. GitHub goes on answering to the name that it had when it was written into WORKFLOW.md,
//! and calls it by its new one: its issues are not to be taken for those of another repository.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The repository's names, as `owner/name`.
#[derive(Debug)]
pub(super) struct Name {
    configured: String,
    current: Mutex<Option<String>>,
}

impl Name {
    pub(super) fn new(configured: String) -> Self {
        Self { configured, current: Mutex::default() }
    }

    /// Whether this is one of them.
    pub(super) fn is(&self, name: &str) -> bool {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        [Some(&self.configured), current.as_ref()].into_iter().flatten().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Takes up what an answer about the repository calls it: GraphQL by `nameWithOwner`, a record of REST by an address
    /// that ends in it.
    pub(super) fn learn(&self, about: &Value) {
        let of_address = |address: &str| {
            let mut parts = address.rsplit('/');
            let (name, owner) = (parts.next()?, parts.next()?);
            Some(format!("{owner}/{name}"))
        };
        let told = about["nameWithOwner"].as_str().map(str::to_owned);
        if let Some(name) = told.or_else(|| of_address(about["repository_url"].as_str()?)) {
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_renamed_repository_has_two_names() {
        let name = Name::new("o/old".to_owned());
        assert!(name.is("O/Old") && !name.is("o/new"));
        for about in [json!({ "nameWithOwner": "o/new" }), json!({ "repository_url": "https://h/api/v3/repos/o/new" })]
        {
            let name = Name::new("o/old".to_owned());
            name.learn(&about);
            name.learn(&json!({ "title": "without a name" }));
            assert!(name.is("o/new") && name.is("o/old") && !name.is("o/other"), "{about}");
        }
    }
}
