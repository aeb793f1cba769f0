//! A real Redmine, where `.ci/run redmine` has put one: a server of its own copy of the database, on a port of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{TestEnv, skip};

/// Rails takes seconds to begin, and minutes on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(600);

/// A server. Its script ends it when this process does, however that ends.
pub(crate) struct Redmine {
    dir: PathBuf,
    port: u16,
    key: String,
    script: Option<Child>,
}

impl Redmine {
    /// The one that all tests share. `None`, and said so, where Redmine is not installed.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Redmine>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::make("shared"));
        if shared.is_none() {
            skip("Redmine is not installed: `.ci/run redmine` does it");
        }
        shared.as_ref()
    }

    /// One that a test may stop and start. `None`, and said so, where Redmine is not installed.
    pub(crate) fn own() -> Option<Self> {
        let own = Self::make("own");
        if own.is_none() {
            skip("Redmine is not installed: `.ci/run redmine` does it");
        }
        own
    }

    fn make(name: &str) -> Option<Self> {
        let key = fs::read_to_string(root().join("target/tools/redmine/key")).ok()?;
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("redmine-{name}-{}", std::process::id()));
        let mut redmine = Self { dir, port: 0, key: key.trim().to_owned(), script: None };
        // The last who serves the shared one removes it.
        redmine.serve(if name == "shared" { "once" } else { "serve" });
        Some(redmine)
    }

    /// Serves again what was stopped, at the same address.
    pub(crate) fn start(&mut self) {
        self.serve("serve");
    }

    /// Stops the server, and waits until it has ended.
    pub(crate) fn stop(&mut self) {
        let mut script = self.script.take().expect("a server");
        drop(script.stdin.take());
        script.wait().expect("waited");
    }

    fn serve(&mut self, how: &str) {
        let port = self.dir.join("port");
        let mut script = Command::new("bash")
            .arg(root().join(".ci/redmine.sh"))
            .args([how.as_ref(), self.dir.as_os_str(), self.port.to_string().as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("bash");
        let deadline = Instant::now() + PATIENCE;
        // What was left there is removed before the server begins.
        self.port = loop {
            let ended = script.try_wait().expect("waited");
            assert!(ended.is_none() && Instant::now() < deadline, "Redmine does not start: {ended:?}");
            let written = fs::read_to_string(&port).ok().and_then(|text| text.trim().parse().ok());
            match written {
                Some(port) if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() => break port,
                Some(_) | None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        self.script = Some(script);
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The administrator's key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What the interface answers; null where it answers without a body.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (status, text) = runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let request = client.request(method.parse().expect("a method"), format!("{}{path}", self.url()));
            let request = request.header("x-redmine-api-key", &self.key).header("content-type", "application/json");
            let answer = request.body(body.to_string()).send().await.expect("an answer");
            (answer.status(), answer.text().await.expect("a text"))
        });
        assert!(status.is_success(), "{method} {path}: {status}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// A new project without issues; its identifier.
    pub(crate) fn new_project(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let name = format!("project-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let project = json!({ "name": name, "identifier": name, "enabled_module_names": ["issue_tracking"] });
        self.call("POST", "/projects.json", json!({ "project": project }));
        name
    }

    /// A new issue of a project; its number.
    pub(crate) fn new_issue(&self, project: &str, mut fields: Value) -> u64 {
        fields["project_id"] = project.into();
        let made = self.call("POST", "/issues.json", json!({ "issue": fields }));
        made["issue"]["id"].as_u64().expect("a number")
    }

    /// The name of an issue's status.
    pub(crate) fn status(&self, id: u64) -> String {
        let issue = self.call("GET", &format!("/issues/{id}.json"), Value::Null);
        issue["issue"]["status"]["name"].as_str().expect("a status").to_owned()
    }

    /// A place with a WORKFLOW.md for a project; `provider` and `more` are further lines, indented.
    pub(crate) fn env(&self, project: &str, provider: &str, more: &str) -> TestEnv {
        let env = TestEnv::new();
        env.workflow(&format!(
            "tracker:\n  kind: redmine\n  provider:\n    url: {}\n    project: {project}\n    api_key: {}\n    timeout_ms: 300000\n{provider}{more}",
            self.url(),
            self.key
        ));
        env
    }
}

impl Drop for Redmine {
    fn drop(&mut self) {
        if let Some(mut script) = self.script.take() {
            drop(script.stdin.take());
            let _ = script.wait();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
