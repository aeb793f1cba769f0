//! The GraphQL that is sent.
//!
//! Linear counts the complexity of a query by what it could return, whether or not it does: a tenth of a point for a
//! field, one for an object, and a connection as many times its content as it may bring. So little of what an issue has
//! many of comes with it, without a word on whether there is more; where it is full, all of it is asked for by itself.

/// What an issue has many of, and how much of it comes with the issue.
pub(super) const CONNECTIONS: [(&str, usize); 3] = [("labels", 10), ("children", 5), ("inverseRelations", 5)];

/// Issues that pass a filter.
pub(super) fn issues() -> String {
    let connections = CONNECTIONS.map(|(name, size)| format!("{name}(first:{size}){{nodes{{{}}}}}", fields(name)));
    format!(
        "query BatonIssues($filter:IssueFilter!,$archived:Boolean!,$first:Int!,$after:String){{\
         issues(filter:$filter,includeArchived:$archived,first:$first,after:$after){{\
         nodes{{...Whole}} pageInfo{{hasNextPage endCursor}}}}}} \
         fragment Whole on Issue{{id identifier title description priority state{{name}} branchName url trashed \
         assignee{{id}} parent{{id identifier}} createdAt updatedAt {}}}",
        connections.join(" ")
    )
}

/// A page of all of an issue's labels, sub-issues or relations.
pub(super) fn further(name: &str) -> String {
    format!(
        "query BatonFurther($id:String!,$after:String){{issue(id:$id){{id \
         {name}(first:100,after:$after){{nodes{{{}}} pageInfo{{hasNextPage endCursor}}}}}}}}",
        fields(name)
    )
}

fn fields(connection: &str) -> &'static str {
    match connection {
        "labels" => "name",
        "inverseRelations" => "type issue{id identifier trashed state{name}}",
        _ => "id identifier trashed state{name}",
    }
}

/// Whom the credential belongs to.
pub(super) const VIEWER: &str = "query BatonViewer{viewer{id}}";

/// What was said about an issue.
pub(super) const COMMENTS: &str = "query BatonComments($id:String!,$after:String){issue(id:$id){\
    comments(first:100,after:$after){nodes{id body createdAt resolvedAt user{displayName}} pageInfo{hasNextPage endCursor}}}}";

/// The state that an issue's team calls so.
pub(super) const STATE: &str = "query BatonState($id:String!,$name:String!){issue(id:$id){team{\
    states(filter:{name:{eqIgnoreCase:$name}}){nodes{id name}}}}}";

/// The labels that are called so.
pub(super) const LABELS: &str = "query BatonLabels($filter:IssueLabelFilter!){\
    issueLabels(filter:$filter,first:100){nodes{id name team{id}}}}";

/// An issue's own labels, and its team.
pub(super) const OWN_LABELS: &str = "query BatonOwnLabels($id:String!){issue(id:$id){team{id} \
    labels(first:100){nodes{id name}}}}";

/// Where a new issue goes.
pub(super) const PROJECT: &str = "query BatonProject($slug:String!,$state:String!){\
    projects(filter:{slugId:{eq:$slug}},first:1){nodes{id teams(first:1){nodes{id \
    states(filter:{name:{eqIgnoreCase:$state}}){nodes{id}}}}}}}";

/// Makes an issue.
pub(super) const CREATE: &str =
    "mutation BatonCreate($input:IssueCreateInput!){issueCreate(input:$input){success issue{id}}}";

/// Changes an issue.
pub(super) const UPDATE: &str =
    "mutation BatonUpdate($id:String!,$input:IssueUpdateInput!){issueUpdate(id:$id,input:$input){success}}";

/// Makes a label of a team.
pub(super) const CREATE_LABEL: &str =
    "mutation BatonCreateLabel($input:IssueLabelCreateInput!){issueLabelCreate(input:$input){success issueLabel{id}}}";

/// Makes one issue wait for another.
pub(super) const BLOCK: &str =
    "mutation BatonBlock($input:IssueRelationCreateInput!){issueRelationCreate(input:$input){success}}";

/// The relations by which others block an issue.
pub(super) const BLOCKERS: &str = "query BatonBlockers($id:String!,$after:String){issue(id:$id){\
    inverseRelations(first:100,after:$after){nodes{id type issue{id identifier}} pageInfo{hasNextPage endCursor}}}}";

/// Ends a relation.
pub(super) const UNBLOCK: &str = "mutation BatonUnblock($id:String!){issueRelationDelete(id:$id){success}}";

/// Comments on an issue.
pub(super) const COMMENT: &str =
    "mutation BatonComment($input:CommentCreateInput!){commentCreate(input:$input){success}}";

/// Writes over a comment.
pub(super) const EDIT_COMMENT: &str =
    "mutation BatonEditComment($id:String!,$input:CommentUpdateInput!){commentUpdate(id:$id,input:$input){success}}";

#[cfg(test)]
mod tests;
