//! Links inside the package lead somewhere.

use crate::{pages, read, root};

#[test]
fn every_link_leads_somewhere() {
    for page in pages().into_iter().chain(["CHANGELOG.md".to_owned()]) {
        let text = read(&page);
        let folder = root().join(&page).parent().expect("a folder").to_owned();
        for target in targets(&text) {
            let path = target.split('#').next().unwrap_or_default();
            let leads = if path.is_empty() { true } else { folder.join(path).exists() };
            assert!(leads, "{page} links to {target}, which is not there");
            if let Some((_, anchor)) = target.split_once('#') {
                let of = if path.is_empty() {
                    text.clone()
                } else {
                    std::fs::read_to_string(folder.join(path)).expect("a page")
                };
                assert!(anchors(&of).iter().any(|it| it == anchor), "{page} links to {target}: no such heading");
            }
        }
    }
}

/// What the links of a page point at, but for other sites.
fn targets(text: &str) -> Vec<&str> {
    let ends = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
    ends.filter_map(|rest| rest.split(')').next()).filter(|target| !target.contains("://")).collect()
}

/// The headings of a page as GitHub names them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| -> String {
        let kept = heading.to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(anchor).collect()
}
