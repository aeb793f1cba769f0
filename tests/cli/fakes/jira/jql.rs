//! As much JQL as Baton writes, and as its users write in the tests.

use super::{Held, Jira};

/// What a query asks for, or Jira's words about what is wrong with it.
pub(super) fn find(jira: &Jira, jql: &str, is_checked: bool) -> Result<Vec<u64>, String> {
    let (conditions, _) = jql.split_once(" ORDER BY ").unwrap_or((jql, ""));
    let mut found: Vec<u64> = jira.issues.keys().copied().collect();
    for condition in split(conditions, " AND ") {
        let (field, rest) = condition.trim_matches(['(', ')']).split_once(' ').unwrap_or((&condition, ""));
        let (operator, values) = rest.split_once(' ').unwrap_or((rest, ""));
        let values = split(values.trim().trim_start_matches('(').trim_end_matches(')'), ",");
        let values: Vec<String> = values.iter().map(|value| unquoted(value)).collect();
        match (field, operator) {
            ("project", "=") => found.retain(|id| jira.issues[id].field("project")["key"] == values[0]),
            ("labels", "=") => {
                found.retain(|id| {
                    jira.issues[id]
                        .field("labels")
                        .as_array()
                        .is_some_and(|all| all.contains(&values[0].clone().into()))
                });
            }
            ("status", "IN") => {
                if let Some(unknown) = values.iter().find(|value| !jira.knows_status(value)) {
                    return Err(format!("The value '{unknown}' does not exist for the field 'status'."));
                }
                found.retain(|id| values.iter().any(|value| jira.issues[id].is_in(value)));
            }
            ("issue", "IN") => {
                let is_there = |name: &String| jira.issues.iter().any(|(id, held)| held.is_called(*id, name));
                if is_checked && let Some(unknown) = values.iter().find(|name| !is_there(name)) {
                    return Err(format!("Issue {unknown} does not exist or you do not have permission to see it."));
                }
                found.retain(|id| values.iter().any(|name| jira.issues[id].is_called(*id, name)));
            }
            _ => return Err(format!("Error in the JQL Query: {condition}")),
        }
    }
    Ok(found)
}

impl Held {
    fn is_in(&self, state: &str) -> bool {
        self.field("status")["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(state))
    }

    pub(super) fn is_called(&self, id: u64, name: &str) -> bool {
        self.key.eq_ignore_ascii_case(name) || id.to_string() == name
    }
}

/// Splits outside of texts.
fn split(text: &str, separator: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut is_text, mut is_escaped) = (false, false);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if !is_text && rest.starts_with(separator) {
            parts.push(String::new());
            rest = &rest[separator.len()..];
            continue;
        }
        is_text ^= character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        parts.last_mut().expect("a part").push(character);
        rest = &rest[character.len_utf8()..];
    }
    parts
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    let text = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    text.map_or_else(|| value.to_owned(), |text| text.replace("\\\"", "\"").replace("\\\\", "\\"))
}
