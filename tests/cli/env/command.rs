//! Commands, run to their end or started, in a cleared environment.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{TestEnv, patiently, schema};

const BATON: &str = env!("CARGO_BIN_EXE_baton");

/// A command line: words in one string, or one by one.
pub(crate) trait Args {
    /// The words.
    fn words(&self) -> Vec<OsString>;
}

impl Args for &str {
    fn words(&self) -> Vec<OsString> {
        self.split_whitespace().map(OsString::from).collect()
    }
}

impl<const N: usize> Args for [&str; N] {
    fn words(&self) -> Vec<OsString> {
        self.iter().map(OsString::from).collect()
    }
}

impl Args for Vec<&str> {
    fn words(&self) -> Vec<OsString> {
        self.iter().map(OsString::from).collect()
    }
}

/// A command that is about to be run.
pub(crate) struct Cmd<'e> {
    env: &'e TestEnv,
    command: Command,
    stdin: Option<String>,
}

impl TestEnv {
    /// `baton ARGS`.
    pub(crate) fn command(&self, args: impl Args) -> Cmd<'_> {
        self.program(BATON, &args.words())
    }

    /// Runs `baton ARGS` to its end.
    pub(crate) fn baton(&self, args: impl Args) -> Done {
        self.command(args).run()
    }

    /// Starts `baton ARGS`.
    pub(crate) fn start(&self, args: impl Args) -> Started {
        self.command(args).start()
    }

    /// Runs a shell script, in which `baton` is on PATH, to its end.
    pub(crate) fn bash(&self, script: &str) -> Done {
        self.script(script).run()
    }

    /// A shell script that is about to be run.
    pub(crate) fn script(&self, script: &str) -> Cmd<'_> {
        self.program("bash", &["-euo", "pipefail", "-c", script].map(OsString::from))
    }

    /// Any program in the test's environment.
    fn program(&self, program: &str, args: &[OsString]) -> Cmd<'_> {
        let mut command = Command::new(program);
        let who = |role: &str| [(format!("GIT_{role}_NAME"), "Ann"), (format!("GIT_{role}_EMAIL"), "ann@example.com")];
        let date = |role: &str| (format!("GIT_{role}_DATE"), "2026-01-02T03:04:05Z");
        command
            .args(args)
            .current_dir(self.path("p"))
            .env_clear()
            .env("PATH", search_path(&self.path("bin")))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("TEST_ROOT", &self.root)
            .envs(who("AUTHOR"))
            .envs(who("COMMITTER"))
            .envs([date("AUTHOR"), date("COMMITTER")]);
        Cmd { env: self, command, stdin: None }
    }
}

/// The test's own directory, Baton's, and those of the programs that the tests use.
fn search_path(own: &Path) -> OsString {
    static TOOLS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let tools = TOOLS.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "where this machine has git, bash and the like")]
        let path = std::env::var_os("PATH").expect("PATH");
        let entries: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let mut found: Vec<PathBuf> = Vec::new();
        for tool in ["git", "bash", "jq", "sleep", "setsid", "xargs", "flock"] {
            let entry = entries.iter().find(|entry| entry.join(tool).is_file());
            let entry = entry.unwrap_or_else(|| panic!("the tests need {tool} on PATH"));
            if !found.contains(entry) {
                found.push(entry.clone());
            }
        }
        found
    });
    let baton = Path::new(BATON).parent().expect("a directory");
    std::env::join_paths([own, baton].into_iter().chain(tools.iter().map(PathBuf::as_path))).expect("a search path")
}

impl Cmd<'_> {
    /// With this variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// In this directory.
    pub(crate) fn here(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// As if it were so much later.
    pub(crate) fn later(self, milliseconds: i64) -> Self {
        self.env("BATON_CLOCK_SHIFT_MS", milliseconds.to_string())
    }

    /// With this on standard input, which is empty otherwise.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Done {
        self.start().wait()
    }

    /// Starts it. Its output goes to files, so that nobody who inherits it can hold the test up.
    pub(crate) fn start(mut self) -> Started {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let [stdout, stderr] = ["out", "err"].map(|name| self.env.path(format!("tmp/.{number}.{name}")));
        let file = |path: &Path| File::create(path).expect("a file");
        self.command.stdout(file(&stdout)).stderr(file(&stderr));
        self.command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        let name = format!("{:?}", self.command);
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Some(text) = self.stdin {
            child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
        }
        Started { child, stdout, stderr, name }
    }
}

/// A command that runs.
pub(crate) struct Started {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    name: String,
}

impl Started {
    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("signalled");
    }

    /// Kills it on the spot, as `kill -9` does.
    pub(crate) fn kill(self) -> Done {
        self.signal(Signal::KILL);
        self.wait()
    }

    /// What it wrote to stdout so far.
    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(&self.stdout).expect("text")
    }

    /// What it wrote to stderr so far.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).expect("text")
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("waited").is_some()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Done {
        let what = format!("the end of {}", self.name);
        let status = patiently(&what, || self.child.try_wait().expect("waited"));
        Done { stdout: self.stdout(), stderr: self.stderr(), status, name: self.name }
    }
}

/// A command that has ended. As text, which is what snapshots hold: stdout, stderr and exit status.
pub(crate) struct Done {
    /// What it wrote to stdout.
    pub(crate) stdout: String,
    /// What it wrote to stderr.
    pub(crate) stderr: String,
    status: ExitStatus,
    name: String,
}

impl Done {
    /// Its exit status, as a shell shows it.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().or_else(|| self.status.signal().map(|signal| 128 + signal)).expect("a status")
    }

    /// Asserts its exit status.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{}\n{self}", self.name);
        self
    }

    /// Asserts that it succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.exits(0)
    }

    /// The first line of stdout.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.stdout.lines().next().unwrap_or_else(|| panic!("{} printed nothing:\n{self}", self.name)).to_owned()
    }

    /// The data of the one JSON document that it printed, having succeeded.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        self.ok().any_json()
    }

    /// The data of the one JSON document that it printed, whatever its exit status.
    #[track_caller]
    pub(crate) fn any_json(&self) -> Value {
        let mut document = schema::parse(&self.stdout);
        assert_eq!(document["schema_version"], 1, "{}\n{self}", self.name);
        document["data"].take()
    }

    /// The JSON objects that it printed, one on each line.
    #[track_caller]
    pub(crate) fn ndjson(&self) -> Vec<Value> {
        self.stdout.lines().map(schema::parse).collect()
    }

    /// The error object that ends stderr, which says the exit status that it has.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_else(|| panic!("{} said nothing:\n{self}", self.name));
        let error = schema::parse(line);
        assert_eq!((&error["type"], &error["exit"]), (&"error".into(), &self.code().into()), "{self}");
        error
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "------- stderr -------\n{}", self.stderr)?;
        }
        write!(f, "[exit status: {}]", self.code())
    }
}
