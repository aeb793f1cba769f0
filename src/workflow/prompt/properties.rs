//! Whatever a template holds, it renders or fails: it never panics, and never passes over an unknown field.

use proptest::prelude::*;

use super::super::tests::{issue, parse};
use super::tests::{FIELDS, workflow};

/// Pieces from which templates are made, right ones and wrong ones.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{",
        "}}",
        "{%",
        "%}",
        "{%-",
        "-%}",
        "{{-",
        "-}}",
        " ",
        "\n",
        "\t",
        "if",
        "endif",
        "elsif",
        "else",
        "unless",
        "endunless",
        "case",
        "when",
        "endcase",
        "for",
        "endfor",
        "in",
        "assign",
        "capture",
        "endcapture",
        "comment",
        "endcomment",
        "raw",
        "endraw",
        "tablerow",
        "endtablerow",
        "cols",
        "limit",
        "ifchanged",
        "endifchanged",
        "cycle",
        "increment",
        "break",
        "continue",
        "include",
        "render",
        "issue",
        "issue.labels",
        "issue.blocked_by",
        "issue.title",
        "attempt",
        "x",
        ".",
        "[",
        "]",
        "(1..3)",
        "(",
        ")",
        "..",
        "|",
        ":",
        ",",
        "=",
        "==",
        "contains",
        "and",
        "or",
        "'a'",
        "\"",
        "'",
        "0",
        "1",
        "-1",
        "9223372036854775807",
        "99999999999999999999",
        "1.5",
        "nil",
        "true",
        "size",
        "first",
        "upcase",
        "divided_by",
        "slice",
        "date",
        "truncate",
        "split",
        "é",
        "{% if issue %}",
        "{% endif %}",
        "{% comment %}",
        "{% endcomment %}",
        "{% for x in issue.labels %}",
        "{% endfor %}",
        "{{ issue.id }}",
        "{% raw %}",
        "{% endraw %}",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// The filters of Liquid.
const FILTERS: [&str; 48] = [
    "abs",
    "append",
    "at_least",
    "at_most",
    "capitalize",
    "ceil",
    "compact",
    "concat",
    "date",
    "default",
    "divided_by",
    "downcase",
    "escape",
    "escape_once",
    "first",
    "floor",
    "join",
    "last",
    "lstrip",
    "map",
    "minus",
    "modulo",
    "newline_to_br",
    "plus",
    "prepend",
    "remove",
    "remove_first",
    "replace",
    "replace_first",
    "reverse",
    "round",
    "rstrip",
    "size",
    "slice",
    "sort",
    "sort_natural",
    "split",
    "strip",
    "strip_html",
    "strip_newlines",
    "times",
    "truncate",
    "truncatewords",
    "uniq",
    "upcase",
    "url_decode",
    "url_encode",
    "where",
];

/// What filters are given, within and without reason.
fn argument() -> impl Strategy<Value = String> {
    let values = [
        "0",
        "1",
        "-1",
        "3",
        "-1000000000",
        "1000000000",
        "1.5",
        "-0.0",
        "''",
        "'é'",
        "'%Y-%m-%d %q %'",
        "'2026-01-02'",
        "'%zz'",
        "' '",
        "nil",
        "true",
        "issue.title",
        "issue.labels",
        "issue.blocked_by",
        "issue.description",
        "issue.created_at",
        "issue.parent",
        "issue.native_ref",
        "attempt",
        "'state'",
        "empty",
        "'now'",
        "'éßü日本'",
    ];
    prop::sample::select(values.to_vec()).prop_map(str::to_owned)
}

proptest! {
        #[test]
    fn no_template_panics(body in pieces()) {
        if let Ok(workflow) = parse(&format!("---\ntracker: {{kind: local}}\n---\n{body}")) {
            let _ = workflow.render_prompt(&issue(), None, None);
        }
    }

    #[test]
    fn no_filter_panics(
        value in argument(),
        filter in prop::sample::select(FILTERS.to_vec()),
        arguments in prop::collection::vec(argument(), 0..3),
        tag in 0..4_usize,
    ) {
        let arguments = arguments.join(", ");
        let chain = if arguments.is_empty() { format!("{value} | {filter}") } else { format!("{value} | {filter}: {arguments}") };
        let body = match tag {
            0 => format!("{{% assign x = {chain} %}}{{% for y in x %}}{{{{ y }}}}{{% endfor %}}{{{{ x.first }}}}"),
            1 => format!("{{% for y in issue.labels limit: {value} offset: {value} %}}{{{{ y }}}}{{% endfor %}}"),
            2 => format!("{{% if {value} < {arguments} %}}x{{% endif %}}{{% for y in ({value}..3) %}}.{{% endfor %}}"),
            _ => format!("{{{{ {chain} }}}}"),
        };
        let _ = workflow(&body).render_prompt(&issue(), None, None);
    }

    #[test]
    fn a_field_that_issues_do_not_have_never_renders(name in "[a-z_]{1,12}", place in 0..4_usize) {
        prop_assume!(!FIELDS.split(", ").any(|field| field == name) && name != "size");
        let body = [
            format!("{{{{ issue.{name} }}}}"),
            format!("{{% if attempt and issue.{name} %}}x{{% endif %}}"),
            format!("{{% for x in issue.labels %}}{{% unless issue.{name} %}}x{{% endunless %}}{{% endfor %}}"),
            format!("{{% if false %}}{{% case 1 %}}{{% when issue.{name} %}}x{{% endcase %}}{{% endif %}}"),
        ];
        prop_assert!(workflow(&body[place]).render_prompt(&issue(), None, None).is_err());
    }
}
