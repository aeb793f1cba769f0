//! What templates render, and the exact text of their errors.

use super::super::tests::{issue, parse};
use super::super::*;

/// The template begins on line 6 of the file.
pub(super) fn workflow(body: &str) -> Workflow {
    parse(&format!("---\ntracker:\n  kind: local\n---\n\n{body}\n")).expect("a valid file")
}

fn rendered(body: &str) -> String {
    match workflow(body).render_prompt(&issue(), None, None) {
        Ok(prompt) => prompt,
        Err(error) => panic!("{body}: {error}"),
    }
}

#[test]
fn every_field_of_an_issue_can_be_used() {
    for (body, expected) in [
        ("{{ issue.id }} {{ issue.identifier }} {{ issue.title }}", "id-1 ABC-1 Fix the door"),
        ("{{ issue.state }} {{ issue.priority }} {{ issue.url }}", "Todo 2 https://example.org/1"),
        ("{{ issue.labels | join: ', ' }}", "bug, home"),
        ("{% for b in issue.blocked_by %}{{ b.identifier }}:{{ b.state }} {% endfor %}", "ABC-2:Done ABC-3:Todo "),
        ("{% for s in issue.sub_issues %}{{ s.id }}{% endfor %}", "id-ABC-4"),
        ("{{ issue.created_at }}", "2026-01-02T03:04:05Z"),
        ("{{ issue.dispatchable }} {{ issue.native_ref.number }}", "true 7"),
        ("{{ issue['title'] }} {{ issue.labels[0] }} {{ issue.labels.size }}", "Fix the door bug 2"),
        ("{% for l in issue.labels %}{{ forloop.index }}{{ l }}{% endfor %}", "1bug2home"),
    ] {
        assert_eq!(rendered(body), expected, "{body}");
    }
}

#[test]
fn a_known_variable_without_a_value_is_nil() {
    for (body, expected) in [
        ("[{{ attempt }}{{ issue.description }}{{ issue.parent.identifier }}{{ issue.updated_at }}]", "[]"),
        ("{% if attempt %}again{% else %}first{% endif %}", "first"),
        ("{% unless issue.description %}none{% endunless %}", "none"),
        ("{% if issue.description contains 'x' %}yes{% else %}no{% endif %}", "no"),
        ("{% if issue.parent.identifier contains 'x' or issue.title contains 'door' %}yes{% endif %}", "yes"),
        ("{% for issue in issue.sub_issues %}{% if issue.id contains '4' %}yes{% endif %}{% endfor %}", "yes"),
        (
            "{% if issue.description == nil %}nil{% endif %}{% if issue.description == blank %}blank{% endif %}",
            "nilblank",
        ),
        ("{{ issue.description | default: 'nothing' }}", "nothing"),
        ("{% if issue.parent %}part{% endif %}{% if issue.parent.state == 'Todo' %}waits{% endif %}", ""),
        ("{% for p in issue.parent %}x{% else %}none{% endfor %}", "none"),
        ("[{{ issue.labels[9] }}{{ issue.blocked_by[9].state }}]", "[]"),
        ("{% case attempt %}{% when 1 %}one{% else %}other{% endcase %}", "other"),
    ] {
        assert_eq!(rendered(&format!("{body}.")), format!("{expected}."), "{body}");
    }
}

#[test]
fn attempt_is_a_number_on_later_runs() {
    let prompt =
        workflow("{% if attempt > 1 %}Attempt {{ attempt }}{% endif %}").render_prompt(&issue(), Some(3), None);
    assert_eq!(prompt.expect("rendered"), "Attempt 3");
}

#[test]
fn variables_of_the_template_itself_are_known() {
    for (body, expected) in [
        ("{% assign n = issue.labels.size %}{% if n > 1 %}{{ n }}{% endif %}", "2"),
        ("{% capture c %}{{ issue.id }}!{% endcapture %}{{ c }}", "id-1!"),
        ("{% increment i %}{% increment i %}{{ i }}", "012"),
        ("{% assign b = issue.blocked_by | where: 'state', 'Todo' %}{{ b[0].identifier }}", "ABC-3"),
        ("{% assign b = issue.blocked_by | first %}{{ b.identifier }}", "ABC-2"),
        ("{% for x in (1..3) reversed %}{{ x }}{% cycle 'a', 'b' %}{% endfor %}", "3a2b1a"),
        (
            "{% for x in issue.labels limit: 1 %}{% for y in issue.labels %}{{ forloop.parentloop.index }}{% endfor %}{% endfor %}",
            "11",
        ),
        (
            "{% tablerow l in issue.labels cols: 2 %}{{ tablerow.col }}{% endtablerow %}",
            "<tr class=\"row1\"><td class=\"col1\">1</td><td class=\"col2\">2</td></tr>",
        ),
        ("{% comment %}{{ nope }} {% if nope %}{% endif %} {% what %}{% endcomment %}ok", "ok"),
        (
            "{% comment %}{% if x %}{%{% comment %}{% raw %}{% endcomment %}{% endraw %}{% endcomment %}{% endcomment %}ok",
            "ok",
        ),
        ("{% raw %}{{ nope }} {% if %} {{{% endraw %}", "{{ nope }} {% if %} {{"),
        ("a {{- issue.id -}} b", "aid-1b"),
        ("{ } {x} %} }} text", "{ } {x} %} }} text"),
    ] {
        assert_eq!(rendered(body), expected, "{body}");
    }
}

#[test]
fn an_empty_body_is_the_default_prompt() {
    let workflow = parse("---\ntracker: {kind: local}\n---\n \n\t\n").expect("a valid file");
    assert_eq!(workflow.render_prompt(&issue(), None, None).expect("rendered"), DEFAULT_PROMPT);
}

pub(super) const FIELDS: &str = "id, identifier, title, description, priority, state, branch_name, url, assignee_id, labels, \
                      blocked_by, parent, sub_issues, dispatchable, native_ref, created_at, updated_at";

#[test]
fn unknown_variables_and_filters_fail_wherever_they_stand() {
    let nope = format!("unknown variable `issue.nope`: there are {FIELDS}");
    let top = "unknown variable `nope`: there are issue, attempt, workpad";
    for (body, line, message) in [
        ("{{ nope }}", 6, top),
        ("a\n\n{{ issue.nope }}", 8, &nope),
        ("a\n{% if issue.nope %}{% endif %}", 7, &nope),
        ("{% if attempt %}{% elsif issue.nope == 1 %}{% endif %}", 6, &nope),
        ("{% if attempt and issue.nope %}{% endif %}", 6, &nope),
        ("{% if 'x' contains issue.nope %}{% endif %}", 6, &nope),
        ("{% unless issue.nope %}{% endunless %}", 6, &nope),
        ("{% case issue.nope %}{% endcase %}", 6, &nope),
        ("{% case issue.id %}{% when 'a' or issue.nope %}{% endcase %}", 6, &nope),
        ("{% for x in issue.nope %}{% endfor %}", 6, &nope),
        ("{% for x in issue.labels limit: issue.nope %}{% endfor %}", 6, &nope),
        ("{% for x in (1..issue.nope) %}{% endfor %}", 6, &nope),
        ("{% assign x = issue.nope %}", 6, &nope),
        ("{% cycle issue.nope, 'a' %}", 6, &nope),
        ("{{ issue.id | append: issue.nope }}", 6, &nope),
        ("{{ issue.labels[issue.nope] }}", 6, &nope),
        ("{% if false %}{{ issue.nope }}{% endif %}", 6, &nope),
        (
            "{% for b in issue.blocked_by %}\n{% if b.nope %}{% endif %}{% endfor %}",
            7,
            "unknown variable `b.nope`: there are id, identifier, state",
        ),
        (
            "{% if issue.parent.nope %}{% endif %}",
            6,
            "unknown variable `issue.parent.nope`: there are id, identifier, state",
        ),
        (
            "{% if issue.title.nope %}{% endif %}",
            6,
            "unknown variable `issue.title.nope`: there is nothing but `size` in a single value",
        ),
        (
            "{% if issue.labels.nope %}{% endif %}",
            6,
            "unknown variable `issue.labels.nope`: there are a number in brackets, `first`, `last` and `size`",
        ),
        (
            "{% for x in issue.labels %}{% endfor %}{{ x }}",
            6,
            "unknown variable `x`: there are issue, attempt, workpad",
        ),
        ("{% if forloop.first %}{% endif %}", 6, "unknown variable `forloop.first`: there are issue, attempt, workpad"),
        (
            "{% for x in issue.labels %}{{ forloop.nope }}{% endfor %}",
            6,
            "unknown variable `forloop.nope`: there are length, parentloop, index0, index, rindex0, rindex, first, last",
        ),
        ("{% for x in issue.title %}{% endfor %}", 6, "`issue.title` is not a list"),
        ("{{ issue.id }}\n{{ issue.id | shout }}", 7, "unknown filter `shout`"),
        ("{% assign x = issue.id | shout %}", 6, "unknown filter `shout`"),
        ("{{ issue.native_ref.nope }}", 6, "unknown variable `issue.native_ref.nope`"),
        (
            "a\n{{ issue.priority | divided_by: 0 }}",
            7,
            "invalid argument: cause `Can't divide by zero`, filter `divided_by : 0`",
        ),
        ("{% for x in (1..99999) %}{% endfor %}", 6, "the range to 99999 is too long"),
        (
            "{% tablerow x in issue.labels cols: 0 %}{% endtablerow %}",
            6,
            "`cols` of `tablerow` is a number of at least 1",
        ),
    ] {
        let error = workflow(body).render_prompt(&issue(), None, None).expect_err(body);
        assert_eq!(error.to_string(), format!("/repo/WORKFLOW.md:{line}: {message}"), "{body}");
        assert_eq!(error.code(), "template_render_error", "{body}");
    }
}

#[test]
fn broken_templates_name_the_line_and_the_tag() {
    for (body, line, message) in [
        ("a\n{{ issue.id", 7, "`{{ issue.id` is not Liquid"),
        ("{{ issue id }}", 6, "`{{ issue id }}` is not Liquid"),
        ("{{}}", 6, "`{{}}` is not Liquid"),
        ("{%%}", 6, "`{%%}` is not Liquid"),
        ("a\n{% if issue.id %}\nb", 7, "`{% if %}` is not closed by `{% endif %}`"),
        ("{% if issue.id %}{% endfor %}{% endif %}", 6, "`{% endfor %}` stands where `{% endif %}` is due"),
        ("a\n\n{% endif %}", 8, "`{% endif %}` closes nothing"),
        ("{% nope %}", 6, "unknown tag `nope`"),
        ("{% include 'x' %}", 6, "unknown tag `include`"),
        ("{% else %}", 6, "unknown tag `else`"),
        ("a\n{% if %}{% endif %}", 7, "`{% if %}`: Value expected"),
        ("{% for x issue.labels %}{% endfor %}", 6, "`{% for x issue.labels %}`: \"in\" expected"),
        (
            "{{ issue.id | upcase: 3 }}",
            6,
            "invalid number of positional arguments: cause `expected at most 0 positional arguments`, filter `upcase: 3`",
        ),
        ("{{ 99999999999999999999 }}", 6, "the number 99999999999999999999 is too large"),
        ("{% comment %}{% comment %}{% endcomment %}", 6, "`{% comment %}` is not closed by `{% endcomment %}`"),
        ("{% if attempt %}{% elsif attempt %}", 6, "`{% if %}` is not closed by `{% endif %}`"),
        ("{% raw x %}{% endraw %}", 6, "`{% raw %}` takes nothing behind its name"),
    ] {
        let error = workflow(body).check_prompt().expect_err(body);
        assert_eq!(error.to_string(), format!("/repo/WORKFLOW.md:{line}: {message}"), "{body}");
        assert_eq!(error.code(), "template_parse_error", "{body}");
    }
    let deep = "{% if attempt %}".repeat(100) + &"{% endif %}".repeat(100);
    assert!(workflow(&deep).check_prompt().is_err_and(|error| error.to_string().ends_with("nested too deeply")));
    let brackets = format!("{{{{ issue{}1{} }}}}", "[a".repeat(100_000), "]".repeat(100_000));
    assert!(workflow(&brackets).check_prompt().is_err());
}

#[test]
fn lines_are_counted_in_files_with_other_line_ends_and_blank_lines() {
    let error = |text: &str| {
        let workflow = parse(text).expect("a valid file");
        workflow.check_prompt().expect_err("an unknown variable").to_string()
    };
    let commented =
        "---\ntracker: {kind: local}\n---\n{% comment %}\n{% if %}\n{% endcomment %}\n{% if %}{% endif %}\n";
    assert!(error(commented).starts_with("/repo/WORKFLOW.md:7: "), "{}", error(commented));
    let front = "---\ntracker: {kind: local}\n---\n\n\n\nA\n{{ nope }}\n";
    assert!(error(front).starts_with("/repo/WORKFLOW.md:8: "));
    assert!(error(&front.replace('\n', "\r\n")).starts_with("/repo/WORKFLOW.md:8: "));
    assert!(error(&format!("\u{feff}{front}")).starts_with("/repo/WORKFLOW.md:8: "));
}

#[test]
fn later_turns_are_guided_without_the_prompt() {
    let guidance = continuation_prompt(2, 20);
    assert!(guidance.contains("turn 2 of at most 20"), "{guidance}");
}

#[test]
fn the_workpad_is_there_where_there_is_one_and_asked_for_where_it_is_used() {
    let body = "{% if workpad %}So far:\n{{ workpad }}{% else %}Nothing yet{% endif %}";
    let workflow = workflow(body);
    assert!(workflow.uses_workpad());
    let rendered = |workpad| workflow.render_prompt(&issue(), None, workpad).expect("rendered");
    assert_eq!(rendered(Some("## Workpad\n\nplan")), "So far:\n## Workpad\n\nplan");
    assert_eq!(rendered(None), "Nothing yet");
    for (body, uses) in [
        ("{{ issue.title }}", false),
        ("workpad", false),
        ("{% comment %}{{ workpad }}{% endcomment %}", false),
        ("{% assign workpad = issue.title %}{{ workpad }}", false),
        ("{{ workpad | append: issue.title }}", true),
        ("{% for l in issue.labels %}{{ workpad }}{% endfor %}", true),
    ] {
        assert_eq!(super::tests::workflow(body).uses_workpad(), uses, "{body}");
    }
}
