//! The GraphQL that is sent. Aliases give the fields the names that they have in REST.

use super::states::{StateFrom, States};

/// Sub-issues and blockers in the first answer; the rest is asked for page by page.
const RELATED: usize = 50;

/// These issues of the repository, in one query.
pub(super) fn details(numbers: &[u64], states: &States, with_dependencies: bool) -> String {
    let mut fields = String::new();
    for number in numbers {
        fields += &format!(" i{number}:issue(number:{number}){{...Whole}}");
    }
    let field = field_variable(states);
    format!(
        "query BatonIssues($owner:String!,$name:String!{field}){{repository(owner:$owner,name:$name){{nameWithOwner{fields}}}}} {}",
        fragments(states, with_dependencies)
    )
}

/// A page of the project's items.
pub(super) fn project(states: &States, with_dependencies: bool) -> String {
    format!(
        "query BatonProject($owner:String!,$name:String!,$login:String!,$number:Int!,$field:String!,$after:String){{\
         repository(owner:$owner,name:$name){{nameWithOwner}} repositoryOwner(login:$login){{\
         ...on ProjectV2Owner{{projectV2(number:$number){{items(first:50,after:$after){{\
         nodes{{content{{...Whole}}}} pageInfo{{hasNextPage endCursor}}}}}}}}}}}} {}",
        fragments(states, with_dependencies)
    )
}

/// A further page of an issue's blockers or sub-issues.
pub(super) fn related(connection: &str, states: &States) -> String {
    let field = field_variable(states);
    format!(
        "query BatonRelated($owner:String!,$name:String!,$issue:Int!,$after:String{field}){{\
         repository(owner:$owner,name:$name){{issue(number:$issue){{\
         {connection}(first:100,after:$after){{nodes{{...Other}} pageInfo{{hasNextPage endCursor}}}}}}}}}} {}",
        other(states)
    )
}

/// The project itself.
pub(super) const PROJECT_ID: &str = "query BatonProjectId($login:String!,$number:Int!){repositoryOwner(login:$login){\
    ...on ProjectV2Owner{projectV2(number:$number){id}}}}";

/// Puts an issue into the project.
pub(super) const ADD_ITEM: &str = "mutation BatonAddItem($input:AddProjectV2ItemByIdInput!){\
    addProjectV2ItemById(input:$input){item{id}}}";

/// The project's field and its options.
pub(super) const FIELD: &str = "query BatonField($project:ID!,$field:String!){node(id:$project){...on ProjectV2{\
    field(name:$field){...on ProjectV2SingleSelectField{id options{id name}}}}}}";

/// Sets the project's field of an item.
pub(super) const SET_FIELD: &str = "mutation BatonSetField($input:UpdateProjectV2ItemFieldValueInput!){\
    updateProjectV2ItemFieldValue(input:$input){projectV2Item{id}}}";

/// The query for a server that has no issue dependencies.
pub(super) fn without_dependencies(document: &str) -> String {
    document.replace(&dependencies(), "")
}

fn fragments(states: &States, with_dependencies: bool) -> String {
    let dependencies = if with_dependencies { dependencies() } else { String::new() };
    let items = items(states, 20);
    format!(
        "fragment Whole on Issue{{number node_id:id title body state html_url:url created_at:createdAt \
         updated_at:updatedAt repository{{nameWithOwner}} assignees(first:1){{nodes{{login}}}} \
         labels(first:100){{nodes{{name}}}} parent{{number repository{{nameWithOwner}}}} \
         subIssues(first:{RELATED}){{nodes{{...Other}} pageInfo{{hasNextPage endCursor}}}}{dependencies}{items}}} {}",
        other(states)
    )
}

/// What is asked about an issue that another one names: what its state is made of.
fn other(states: &States) -> String {
    let labels = if states.from == StateFrom::Label { " labels(first:30){nodes{name}}" } else { "" };
    let items = items(states, 5);
    format!("fragment Other on Issue{{number state repository{{nameWithOwner}}{labels}{items}}}")
}

fn dependencies() -> String {
    format!(" blockedBy(first:{RELATED}){{nodes{{...Other}} pageInfo{{hasNextPage endCursor}}}}")
}

fn items(states: &States, first: usize) -> String {
    if !matches!(states.from, StateFrom::Project(_)) {
        return String::new();
    }
    format!(
        " projectItems(first:{first}){{nodes{{id project{{id number owner{{...on Organization{{login}} ...on User{{login}}}}}} \
         fieldValueByName(name:$field){{...on ProjectV2ItemFieldSingleSelectValue{{name}}}}}}}}"
    )
}

fn field_variable(states: &States) -> &'static str {
    if matches!(states.from, StateFrom::Project(_)) { ",$field:String!" } else { "" }
}

#[cfg(test)]
mod tests;
