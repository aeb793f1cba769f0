//! An app-server that speaks Codex's protocol and does what the test's script says. It is this very test program,
//! started again by `TestEnv::fake_codex`.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, StdinLock, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// The program; nothing where it was not started as one.
#[test]
#[ignore = "the app-server that the other tests start"]
#[expect(clippy::disallowed_methods, reason = "it is a program of its own here")]
fn app_server() {
    if let (Some(root), Ok(issue)) = (std::env::var_os("TEST_ROOT"), std::env::var("BATON_ISSUE")) {
        Fake::new(Path::new(&root), issue).serve();
    }
}

struct Fake {
    root: PathBuf,
    issue: String,
    input: StdinLock<'static>,
    output: File,
    heard: File,
    requests: u64,
    thread: String,
    turn: String,
}

/// Why a turn's script does not go on.
enum Break {
    /// The turn has ended.
    Ended,
    /// Nobody talks to it any more.
    Left,
}

impl Fake {
    fn new(root: &Path, issue: String) -> Self {
        let append = |path: PathBuf| OpenOptions::new().append(true).create(true).open(path).expect("a file");
        Self {
            output: append("/dev/fd/3".into()),
            heard: append(root.join(format!("said/{issue}.heard"))),
            input: std::io::stdin().lock(),
            root: root.to_owned(),
            issue,
            requests: 0,
            thread: String::new(),
            turn: String::new(),
        }
    }

    fn serve(mut self) {
        while let Some(message) = self.read() {
            if self.take(&message).is_err() {
                return;
            }
        }
    }

    fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.input.read_line(&mut line).expect("a line");
        if line.is_empty() {
            return None;
        }
        self.heard.write_all(line.as_bytes()).expect("noted");
        Some(serde_json::from_str(&line).expect("JSON"))
    }

    fn send(&mut self, message: &Value) {
        // Who does not listen any more has been told enough.
        let _ = self.output.write_all(format!("{message}\n").as_bytes());
    }

    fn tell(&mut self, method: &str, mut params: Value) {
        params["threadId"] = self.thread.as_str().into();
        self.send(&json!({ "method": method, "params": params, "emittedAtMs": 1 }));
    }

    fn reply(&mut self, message: &Value, result: &Value) {
        self.send(&json!({ "id": message["id"], "result": result }));
    }

    fn refuse(&mut self, message: &Value, text: &str) {
        self.send(&json!({ "id": message["id"], "error": { "code": -32600, "message": text } }));
    }

    fn take(&mut self, message: &Value) -> Result<(), Break> {
        match message["method"].as_str().unwrap_or_default() {
            "initialize" => self.reply(message, &json!({ "userAgent": "fake/1" })),
            "thread/start" => {
                let number = self.counted("threads");
                self.thread = format!("thread-{}-{number}", self.issue);
                self.reply(message, &json!({ "thread": { "id": self.thread } }));
            }
            "thread/resume" => self.resume(message),
            "thread/name/set" => self.reply(message, &json!({})),
            "turn/start" => return self.turn(message),
            "turn/interrupt" => self.refuse(message, "no active turn to interrupt"),
            "initialized" => {}
            other => self.refuse(message, &format!("unknown variant `{other}`")),
        }
        Ok(())
    }

    /// A thread that had a turn can be resumed, unless the test says what Codex says instead.
    fn resume(&mut self, message: &Value) {
        let thread = message["params"]["threadId"].as_str().expect("a thread").to_owned();
        if let Ok(text) = fs::read_to_string(self.root.join("codex/resume")) {
            self.refuse(message, text.trim());
        } else if self.root.join("said").join(&thread).exists() {
            self.thread = thread;
            self.reply(message, &json!({ "thread": { "id": self.thread } }));
        } else {
            self.refuse(message, &format!("no rollout found for thread id {thread}"));
        }
    }

    fn counted(&self, what: &str) -> usize {
        let path = self.root.join(format!("said/{}.{what}", self.issue));
        let number = fs::read_to_string(&path).unwrap_or_default().len() + 1;
        fs::write(path, "x".repeat(number)).expect("counted");
        number
    }

    fn turn(&mut self, message: &Value) -> Result<(), Break> {
        let number = self.counted("turns");
        let script = fs::read(self.root.join("codex").join(&self.issue)).expect("a script");
        let turns: Vec<Vec<Value>> = serde_json::from_slice(&script).expect("turns of actions");
        let actions = turns[(number - 1).min(turns.len() - 1)].clone();
        fs::write(self.root.join("said").join(&self.thread), "").expect("noted");
        self.turn = format!("turn-{number}");
        if actions.first().is_some_and(|action| action.get("refuse").is_some()) {
            self.refuse(message, actions[0]["refuse"].as_str().expect("text"));
            return Ok(());
        }
        if actions.first() != Some(&json!("unanswered")) {
            self.reply(message, &json!({ "turn": { "id": self.turn, "status": "inProgress" } }));
        }
        for action in &actions {
            match self.act(action) {
                Ok(()) => {}
                Err(Break::Ended) => return Ok(()),
                Err(Break::Left) => return Err(Break::Left),
            }
        }
        self.end(json!({ "status": "completed" }));
        Ok(())
    }

    fn end(&mut self, mut turn: Value) {
        turn["id"] = self.turn.as_str().into();
        self.tell("turn/completed", json!({ "turn": turn }));
    }

    /// One action of a script: a word, or an object of one field.
    fn act(&mut self, action: &Value) -> Result<(), Break> {
        let (name, about) = match action {
            Value::String(name) => (name.as_str(), &Value::Null),
            Value::Object(fields) => {
                fields.iter().next().map(|(name, about)| (name.as_str(), about)).expect("an action")
            }
            other => panic!("no action: {other}"),
        };
        let text = || about.as_str().expect("text");
        match name {
            // Says a message, in two pieces and then as a whole.
            "say" => {
                let (id, text) = (format!("m{}", self.counted("messages")), text());
                let (one, two) = text.split_at(text.len() / 2);
                for piece in [one, two] {
                    self.tell("item/agentMessage/delta", json!({ "itemId": id, "delta": piece }));
                }
                self.tell("item/completed", json!({ "item": { "type": "agentMessage", "id": id, "text": text } }));
            }
            "deltas" => {
                for _ in 0..about.as_u64().expect("a number") {
                    self.tell("item/agentMessage/delta", json!({ "itemId": "d", "delta": "word " }));
                }
            }
            "item" => {
                self.tell("item/started", json!({ "item": about }));
                self.tell("item/completed", json!({ "item": about }));
            }
            // The thread's totals, as they are afterwards.
            "usage" => {
                let total = about.as_u64().expect("a number");
                let totals =
                    json!({ "totalTokens": total, "inputTokens": total - total / 10, "outputTokens": total / 10 });
                self.tell(
                    "thread/tokenUsage/updated",
                    json!({ "turnId": self.turn, "tokenUsage": { "total": totals, "last": totals } }),
                );
            }
            "limits" => {
                self.send(&json!({ "method": "account/rateLimits/updated", "params": { "rateLimits": about } }));
            }
            "retrying" => {
                let error = json!({ "message": text(), "codexErrorInfo": { "responseStreamDisconnected": { "httpStatusCode": null } } });
                self.tell("error", json!({ "error": error, "willRetry": true, "turnId": self.turn }));
            }
            "raw" => {
                let _ = self.output.write_all(format!("{}\n", text()).as_bytes());
            }
            "flood" => {
                let _ = self.output.write_all(&vec![b'x'; 12 << 20]).and_then(|()| self.output.write_all(b"\n"));
            }
            "stderr" => std::io::stderr().write_all(format!("{}\n", text()).as_bytes()).expect("said"),
            // In the workspace, with the environment that it was given.
            "sh" => {
                let status = Command::new("bash").args(["-c", text()]).stdout(std::io::stderr()).status();
                assert!(status.expect("bash").success(), "{}", text());
            }
            // Asks, and waits for the answer.
            "ask" => {
                let id = self.requests;
                self.requests += 1;
                let mut params = about[1].clone();
                params["threadId"] = self.thread.as_str().into();
                params["turnId"] = self.turn.as_str().into();
                self.send(&json!({ "id": id, "method": about[0], "params": params }));
                return self.wait(|message| message["id"] == id && message.get("method").is_none());
            }
            // Waits for what never comes.
            "wait" => return self.wait(|_| false),
            "end" => {
                self.end(about.clone());
                return Err(Break::Ended);
            }
            "exit" => std::process::exit(i32::try_from(about.as_i64().expect("a status")).expect("a status")),
            "refuse" | "unanswered" => {}
            other => panic!("no action `{other}`"),
        }
        Ok(())
    }

    /// Reads until `is_it`; an interruption ends the turn.
    fn wait(&mut self, is_it: impl Fn(&Value) -> bool) -> Result<(), Break> {
        while let Some(message) = self.read() {
            if message["method"] == "turn/interrupt" {
                self.reply(&message, &json!({}));
                self.end(json!({ "status": "interrupted" }));
                return Err(Break::Ended);
            }
            if is_it(&message) {
                return Ok(());
            }
            if message.get("method").is_some() {
                self.take(&message)?;
            }
        }
        Err(Break::Left)
    }
}
