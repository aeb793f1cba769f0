//! What `baton run` shows while it goes: one line for everything that happens, and on a terminal a line that moves for
//! every live run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::Value;

use super::Ui;
use super::render::escape;
use crate::model::{Disposition, RunId};
use crate::process::EndSignal;
use crate::steps::{Cleaned, RunNews};
use crate::store::{Event, IssueRecord, Store};

/// The display.
pub(super) struct Progress<'u> {
    ui: &'u Ui,
    store: Arc<Store>,
    bars: Option<MultiProgress>,
    runs: BTreeMap<RunId, ProgressBar>,
    titles: BTreeMap<String, String>,
    done: Vec<String>,
}

const TICK: Duration = Duration::from_millis(120);

impl<'u> Progress<'u> {
    pub(super) fn new(ui: &'u Ui, store: Arc<Store>) -> Self {
        Self {
            ui,
            store,
            bars: ui.progress().then(MultiProgress::new),
            runs: BTreeMap::new(),
            titles: BTreeMap::new(),
            done: Vec::new(),
        }
    }

    pub(super) fn tell(&mut self, news: &RunNews<'_>) {
        match news {
            RunNews::Event(event) => self.event(event),
            RunNews::Cleaned(cleaned) => self.cleaned(cleaned),
            RunNews::Settled(settled) => self.say("Recovered", &format!("{}: {}", settled.identifier, settled.message)),
            RunNews::Repaired(done) => {
                let whose = done.identifier.as_deref().unwrap_or_default();
                self.say("Recovered", &format!("{whose}: {}", done.message));
            }
            RunNews::NotEnded(failure) => {
                self.above(|ui| ui.warn(&format!("run {} was not ended: {}", failure.run, failure.message)));
            }
            RunNews::Reloaded => self.say("Reloaded", "WORKFLOW.md"),
            RunNews::Trouble(error) => self.above(|ui| ui.warn(&error.line())),
            RunNews::Ending(signal) => {
                let name = match signal {
                    EndSignal::Interrupt => "SIGINT",
                    EndSignal::Terminate => "SIGTERM",
                };
                self.above(|ui| ui.note(&format!("{name}: dispatching nothing more; once again ends this at once")));
            }
        }
    }

    /// Takes the moving lines away.
    pub(super) fn finish(&mut self) {
        for (_, bar) in std::mem::take(&mut self.runs) {
            bar.finish_and_clear();
        }
    }

    /// Identifiers and titles of the issues that were finished meanwhile.
    pub(super) fn done(&self) -> Vec<(String, String)> {
        self.done.iter().map(|issue| (issue.clone(), self.titles.get(issue).cloned().unwrap_or_default())).collect()
    }

    fn event(&mut self, event: &Event) {
        if self.ui.json() {
            self.ui.line(event);
            return;
        }
        let issue = event.issue.as_deref().unwrap_or_default();
        let text = |name: &str| event.data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.learn_title(event, issue);
        match event.kind.as_str() {
            "issue.seen" => {
                self.titles.insert(issue.to_owned(), text("title"));
            }
            "run.started" => self.started(event, issue),
            "run.finished" => {
                if let Some(bar) = event.run.as_ref().and_then(|run| self.runs.remove(run)) {
                    bar.finish_and_clear();
                }
                let error = event.data.get("error").and_then(Value::as_str).map(|error| format!(": {error}"));
                let run = event.run.as_ref().map(ToString::to_string).unwrap_or_default();
                self.say("Finished", &format!("{run} {}{}", text("outcome"), error.unwrap_or_default()));
            }
            "issue.done" => {
                self.done.push(issue.to_owned());
                self.say("Done", &self.named(issue));
            }
            "issue.blocked" => {
                let reasons = event.data.get("reasons").and_then(Value::as_array).cloned().unwrap_or_default();
                let reasons: Vec<_> = reasons.iter().filter_map(|reason| reason.get("message")?.as_str()).collect();
                self.say("Blocked", &format!("{issue}: {}", reasons.join("; ")));
            }
            "issue.released" => self.say("Released", &self.named(issue)),
            _ => {}
        }
    }

    /// The title of an issue that was known before this began.
    fn learn_title(&mut self, event: &Event, issue: &str) {
        let Some(run) = event.run.as_ref().filter(|_| !self.titles.contains_key(issue)) else { return };
        if let Ok(Some(record)) = self.store.get::<IssueRecord>(run.key.as_str()) {
            self.titles.insert(issue.to_owned(), record.issue.title);
        }
    }

    fn started(&mut self, event: &Event, issue: &str) {
        let Some(run) = &event.run else { return };
        let text = format!("{run} {}", self.titles.get(issue).map(String::as_str).unwrap_or_default());
        self.say("Started", text.trim_end());
        if let Some(bars) = &self.bars {
            let style = ProgressStyle::with_template("{spinner:>12} {msg} {elapsed:.dim}");
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.set_message(escape(&text));
            bar.enable_steady_tick(TICK);
            self.runs.insert(run.clone(), bar);
        }
    }

    fn cleaned(&mut self, cleaned: &Cleaned) {
        let path = cleaned.path.display();
        match (&cleaned.error, cleaned.disposition) {
            (Some(error), _) => self.above(|ui| ui.warn(&format!("{}: {error}", cleaned.identifier))),
            (None, Some(Disposition::Removed)) => self.say("Removed", &format!("workspace {path}")),
            (None, Some(Disposition::Archived)) => {
                let now = cleaned.archived_path.as_ref().map(|now| format!(", kept as {}", now.display()));
                self.say("Archived", &format!("workspace {path}{}", now.unwrap_or_default()));
            }
            (None, Some(Disposition::Kept) | None) => {}
        }
    }

    fn named(&self, issue: &str) -> String {
        format!("{issue} {}", self.titles.get(issue).map(String::as_str).unwrap_or_default()).trim_end().to_owned()
    }

    fn say(&self, verb: &str, object: &str) {
        self.above(|ui| ui.verb(verb, object));
    }

    /// Prints above the moving lines.
    fn above(&self, print: impl FnOnce(&Ui)) {
        match &self.bars {
            Some(bars) => bars.suspend(|| print(self.ui)),
            None => print(self.ui),
        }
    }
}
