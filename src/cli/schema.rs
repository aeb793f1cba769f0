//! `baton schema`: what `--json` prints, as JSON schemas. The one table of the kinds; `docs/schema/` holds what it makes.

use clap::builder::PossibleValuesParser;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::render::table;
use super::run::{self, End};
use super::ui::{self, Line, SCHEMA_VERSION, Style, View};
use super::{Ui, config, demo, events, init, issue, status, worker, workspace};
use crate::error::{Exit, Result};
use crate::steps;
use crate::steps::doctor::DoctorReport;
use crate::steps::migrate::MigrateReport;
use crate::store::Event;

/// Print what --json prints, as JSON schemas
///
/// Without KIND, lists the kinds: the documents, each by its `kind`, and the lines of streams and of stderr. With KIND,
/// prints the schema of the whole document or line (JSON Schema 2020-12), with and without --json. The package's
/// `docs/schema/` holds them. Fields may be added within a `schema_version`, never renamed or taken away.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  baton schema
  baton schema poll > poll.schema.json")]
pub struct Args {
    /// One of those that `baton schema` lists
    #[arg(hide_possible_values = true, value_parser = PossibleValuesParser::new(KINDS.iter().map(|kind| kind.name)))]
    kind: Option<String>,
}

/// A kind of document or line.
struct Kind {
    name: &'static str,
    form: Form,
    printed_by: &'static str,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

/// How it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// As the one document on stdout, below `data`.
    Document,
    /// As a line on stdout.
    Line,
    /// As a line on stderr.
    Diagnostic,
}

const fn document<V: View>(printed_by: &'static str) -> Kind {
    Kind { name: V::KIND, form: Form::Document, printed_by, schema: V::json_schema }
}

const fn line<L: Line>(form: Form, printed_by: &'static str) -> Kind {
    Kind { name: L::KIND, form, printed_by, schema: L::json_schema }
}

const KINDS: [Kind; 34] = [
    document::<steps::Action>("retry, pause, resume"),
    document::<config::Report>("config show"),
    line::<events::Cursor>(Form::Line, "events"),
    document::<demo::Plan>("demo --dry-run"),
    document::<steps::DispatchReport>("dispatch"),
    document::<DoctorReport>("doctor"),
    line::<End<'_>>(Form::Line, "run"),
    line::<ui::Failure<'_>>(Form::Diagnostic, "all"),
    line::<Event>(Form::Line, "events, run"),
    document::<steps::GcReport>("gc"),
    document::<init::Report>("init"),
    document::<steps::IssueView>("issue show, issue create, issue edit, issue comment, comment"),
    document::<steps::IssueStatus>("status ISSUE"),
    document::<issue::Issues>("issue list"),
    document::<worker::Launched>("worker launch"),
    document::<MigrateReport>("migrate-store"),
    document::<worker::Ended>("worker wait"),
    document::<steps::PollReport>("poll"),
    document::<steps::ReconcileReport>("reconcile"),
    document::<steps::RecoverReport>("recover"),
    document::<worker::Shown>("worker show"),
    document::<run::Plan>("run --dry-run"),
    document::<Schemas>("schema"),
    document::<steps::StatusReport>("status"),
    document::<worker::Ending>("worker stop"),
    line::<ui::Warning<'_>>(Form::Diagnostic, "all"),
    line::<status::Shown>(Form::Line, "status --watch"),
    document::<worker::Workers>("worker list"),
    document::<steps::WorkpadView>("issue workpad"),
    document::<steps::WorkspaceView>("workspace show, workspace path"),
    document::<workspace::Cleaning>("workspace clean"),
    document::<steps::EnsureReport>("workspace ensure, workspace shell --dry-run"),
    document::<steps::VerifyReport>("workspace verify"),
    document::<workspace::Workspaces>("workspace list"),
];

/// The kinds.
#[derive(Debug, JsonSchema, Serialize)]
struct Schemas {
    /// By name.
    kinds: Vec<Row>,
}

/// A kind.
#[derive(Debug, JsonSchema, Serialize)]
struct Row {
    /// Its name.
    kind: &'static str,
    /// How it is printed.
    form: Form,
    /// The subcommands that print it.
    printed_by: &'static str,
}

pub(super) fn run(args: &Args, ui: &Ui) -> Result<Exit> {
    match &args.kind {
        None => {
            let row = |kind: &Kind| Row { kind: kind.name, form: kind.form, printed_by: kind.printed_by };
            ui.show(&Schemas { kinds: KINDS.iter().map(row).collect() });
        }
        Some(name) => KINDS.iter().filter(|kind| kind.name == name).for_each(|kind| ui.data(&kind.text())),
    }
    Ok(Exit::Done)
}

impl View for Schemas {
    const KIND: &'static str = "schemas";

    fn text(&self, style: Style) -> String {
        let form = |form| match form {
            Form::Document => "document",
            Form::Line => "line",
            Form::Diagnostic => "diagnostic",
        };
        let rows = self.kinds.iter().map(|row| [row.kind, form(row.form), row.printed_by].map(str::to_owned));
        table(style, ["KIND", "FORM", "PRINTED BY"], rows)
    }
}

impl Kind {
    /// The schema as it is printed.
    fn text(&self) -> String {
        format!("{:#}\n", Value::Object(self.schema()))
    }

    /// The schema of the whole document or line.
    fn schema(&self) -> Map<String, Value> {
        let plain = RecursiveTransform(plain);
        let mut generator = SchemaSettings::draft2020_12().for_serialize().with_transform(plain).into_generator();
        let mut schema = (self.schema)(&mut generator);
        for transform in generator.transforms_mut() {
            transform.transform(&mut schema);
        }
        let mut body = schema.ensure_object().clone();
        let mut whole = Map::new();
        whole.extend(generator.settings().meta_schema.as_ref().map(|uri| ("$schema".to_owned(), json!(uri))));
        whole.insert("title".to_owned(), json!(self.name));
        let about = body.shift_remove("description");
        let about = about.as_ref().and_then(Value::as_str).unwrap_or_default();
        whole.insert("description".to_owned(), json!(format!("{about}\n\nPrinted by: {}.", self.printed_by)));
        whole.extend(match self.form {
            Form::Document => envelope(self.name, &body),
            Form::Line | Form::Diagnostic => tagged(self.name, body),
        });
        let definitions = generator.take_definitions(true);
        if !definitions.is_empty() {
            whole.insert("$defs".to_owned(), Value::Object(definitions));
        }
        whole
    }
}

/// What is around the data of every document.
fn envelope(kind: &str, data: &Map<String, Value>) -> Map<String, Value> {
    let members = json!({ "schema_version": { "const": SCHEMA_VERSION }, "kind": { "const": kind }, "data": data });
    let whole =
        [("type", json!("object")), ("properties", members), ("required", json!(["schema_version", "kind", "data"]))];
    whole.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

/// A line whose `type` is serde's tag, of which schemars knows nothing on a struct.
fn tagged(kind: &str, mut line: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Object(fields)) = line.get_mut("properties")
        && !fields.contains_key("type")
    {
        fields.shift_insert(0, "type".to_owned(), json!({ "const": kind }));
        if let Some(Value::Array(required)) = line.get_mut("required") {
            required.insert(0, json!("type"));
        }
    }
    line
}

/// What is said of Rust is said of JSON: descriptions, which are the types' own documentation, without line breaks and
/// links; no defaults, since every field is there; no formats of numbers, which only `schemars` knows.
fn plain(schema: &mut Schema) {
    schema.remove("default");
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format != "date-time") {
        schema.remove("format");
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
        for (rust, text_of_it) in [("[`", "`"), ("`]", "`"), ("`None`", "null")] {
            *text = text.replace(rust, text_of_it);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::cli::checked_in::{assert_checked_in, assert_no_other};

    #[test]
    fn what_is_checked_in_is_what_is_generated() {
        let path = |kind: &Kind| Path::new("docs/schema").join(format!("{}.json", kind.name));
        let files: BTreeMap<PathBuf, String> = KINDS.iter().map(|kind| (path(kind), kind.text())).collect();
        assert_checked_in(&files);
        assert_no_other("docs/schema", &files);
    }

    /// Two values of one kind would be two documents under one schema.
    #[test]
    fn no_kind_is_missing_or_used_twice() {
        let mut named: Vec<String> = Vec::new();
        for entry in walkdir::WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let path = entry.expect("an entry").into_path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                let lines = text.lines().filter_map(|line| line.trim().strip_prefix("const KIND: &'static str = \""));
                named.extend(lines.map(|rest| rest.trim_end_matches("\";").to_owned()));
            }
        }
        named.sort();
        assert_eq!(named, KINDS.map(|kind| kind.name), "the table is sorted by name");
    }

    #[test]
    fn every_kind_says_which_commands_print_it() {
        use clap::CommandFactory;
        let mut whole = crate::cli::Cli::command();
        whole.build();
        for kind in &KINDS {
            for name in kind.printed_by.split(", ").filter(|name| *name != "all") {
                let mut words = name.split(' ').filter(|word| word.starts_with(char::is_lowercase));
                let found = words.try_fold(&whole, |command, word| command.find_subcommand(word));
                assert!(found.is_some_and(|command| !command.has_subcommands()), "{}: {name}", kind.name);
            }
        }
    }

    #[test]
    fn every_field_says_what_it_is() {
        fn look(schema: &Value, at: &str, silent: &mut BTreeSet<String>) {
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                if field.get("description").is_none() && field.get("const").is_none() && name != "data" {
                    silent.insert(format!("{at}.{name}"));
                }
                look(field, &format!("{at}.{name}"), silent);
            }
        }
        let mut silent = BTreeSet::new();
        for kind in &KINDS {
            let schema = Value::Object(kind.schema());
            look(&schema, kind.name, &mut silent);
            for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
                look(definition, name, &mut silent);
            }
        }
        assert!(silent.is_empty(), "{silent:#?}");
    }

    #[test]
    fn a_line_tells_its_kind_by_its_type() {
        let says_more = ["event", "watch"];
        for kind in KINDS.iter().filter(|kind| kind.form != Form::Document && !says_more.contains(&kind.name)) {
            assert_eq!(kind.schema()["properties"]["type"]["const"], kind.name);
        }
    }
}
