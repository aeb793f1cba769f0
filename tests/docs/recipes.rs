//! The recipes for CI, systemd and make: what the page shows is taken from it, checked, and run as those who read it do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_yaml::Value;
use tempfile::TempDir;

use crate::read;

const PAGE: &str = "docs/scripting.md";

/// The block of the page that begins with this line.
fn shown(first: &str) -> String {
    let page = read(PAGE);
    let begin = page.find(&format!("```\n{first}\n").replace("```\n", "")).unwrap_or_else(|| panic!("no `{first}`"));
    let text = &page[begin..];
    text[..text.find("\n```").expect("its end") + 1].to_owned()
}

/// A home with a checkout `project` of a bare `origin`, with two issues: the agent of the second one fails.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::Builder::new().prefix("baton-recipes-").tempdir().expect("a directory"));
        let workflow = shown("# WORKFLOW.md, in part").replace("# WORKFLOW.md, in part\n", "");
        let agent = "command:\n  run: test \"$BATON_ISSUE\" = TASK-1 && date > made-at && git add -A && git commit -qm work && \
                     baton issue edit \"$BATON_ISSUE\" --state Done\n";
        let text = format!("---\n{workflow}{agent}---\nDo it.\n");
        fs::write(home.path("WORKFLOW.md"), text).expect("written");
        home.ok(
            "git config --global user.name Ann; git config --global user.email ann@localhost
             git init -q --bare origin; git clone -q origin project 2> clone; mkdir -p baton/issues .cargo/bin
             cd project; git checkout -q -b main; cp ../WORKFLOW.md .; git add -A; git commit -qm first; git push -q origin main
             baton issue create One -q; baton issue create Two -q; ln -s \"$(command -v baton)\" ~/.cargo/bin/baton",
        );
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a script as `bash -e` does, with the built `baton` on PATH.
    fn run(&self, at: &str, script: &str) -> Output {
        let baton = Path::new(env!("CARGO_BIN_EXE_baton")).parent().expect("a directory");
        Command::new("bash")
            .args(["-eo", "pipefail", "-c", script])
            .current_dir(self.path(at))
            .env_clear()
            .env("HOME", self.0.path())
            .env("TMPDIR", self.0.path())
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", baton.display()))
            .env("LANG", "C.UTF-8")
            .output()
            .expect("bash")
    }

    fn ok(&self, script: &str) -> String {
        let output = self.run(".", script);
        assert!(output.status.success(), "{script}\n{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn branches(&self) -> String {
        self.ok("git -C origin branch --format='%(refname:short)' | sort | tr '\\n' ' '")
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value:?}"))
}

#[test]
fn github_actions() {
    let home = Home::new();
    let file: Value = serde_yaml::from_str(&shown("# .github/workflows/agents.yml")).expect("YAML");
    assert_eq!(text(&file, "concurrency"), "agents", "one job at a time");
    let steps = file["jobs"]["agents"]["steps"].as_sequence().expect("steps");
    let scripts: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert_eq!(scripts.len(), steps.len() - 1, "one step is another's action");
    for round in ["the first job", "a job that finds little to do"] {
        for script in &scripts {
            let done = home.run("project", script);
            assert!(done.status.success(), "{round}: {script}: {done:?}");
        }
    }
    assert_eq!(home.branches(), "baton/TASK-1 baton/TASK-2 main ", "what was made is pushed");
    assert!(!home.path("project/.baton").exists(), "the checkout holds no store");
    assert!(home.path("baton/store/FORMAT").exists() && home.path("baton/workspaces").exists());
    // What the job makes of each exit code.
    let work = scripts.iter().find(|script| script.contains("case")).expect("a step that looks at the exit code");
    for (code, expected) in [(0, 0), (20, 0), (22, 0), (21, 21), (11, 11), (7, 7)] {
        let done = home.run("project", &format!("baton() {{ return {code}; }}\n{work}"));
        assert_eq!(done.status.code(), Some(expected), "{code}");
    }
}

#[test]
fn gitlab_ci() {
    let home = Home::new();
    let file: Value = serde_yaml::from_str(&shown("# .gitlab-ci.yml")).expect("YAML");
    let job = &file["agents"];
    assert_eq!(text(job, "resource_group"), "agents", "one job at a time");
    let lines = |name: &str| -> Vec<String> {
        let lines = job[name].as_sequence().expect(name);
        lines.iter().map(|line| line.as_str().expect("a line").to_owned()).collect()
    };
    let done = home.run("project", &lines("script").join("\n"));
    let allowed = job["allow_failure"]["exit_codes"].as_sequence().expect("codes");
    let allowed: Vec<i64> = allowed.iter().filter_map(Value::as_i64).collect();
    assert_eq!(allowed, [20, 22]);
    assert_eq!(done.status.code(), Some(20), "TASK-2 fails: {done:?}");
    let after = home.run("project", &lines("after_script").join("\n"));
    assert!(String::from_utf8_lossy(&after.stdout).contains("TASK-2"), "{after:?}");
    assert!(home.branches().contains("baton/TASK-1"));
}

#[test]
fn a_systemd_unit_and_its_timer() {
    let home = Home::new();
    let units = ["baton.service", "baton-tick.service", "baton-tick.timer"];
    let mut paths = Vec::new();
    for unit in units {
        let body = shown(&format!("# ~/.config/systemd/user/{unit}"));
        if unit.ends_with(".service") {
            assert!(body.lines().any(|line| line == "KillMode=process"), "{unit}: else systemd ends the workers");
            let exec = body.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
            let directory = body.lines().find_map(|line| line.strip_prefix("WorkingDirectory=")).expect("a directory");
            let [exec, directory] =
                [exec, directory].map(|text| text.replace("%h", home.0.path().to_str().expect("text")));
            home.ok(&format!("cd {directory} && {exec} --dry-run > /dev/null"));
            if body.contains("Type=oneshot") {
                home.ok(&format!("cd {directory} && {exec} && baton worker wait TASK-1"));
            }
        }
        let path = home.path(unit);
        fs::write(&path, body).expect("written");
        paths.push(path.display().to_string());
    }
    let verify = format!("systemd-analyze --user --man=no verify {}", paths.join(" "));
    if home.run(".", "command -v systemd-analyze").status.success()
        && home.run(".", "systemd-analyze --user --man=no verify --help").status.success()
    {
        let said = home.run(".", &format!("XDG_RUNTIME_DIR=$HOME {verify}"));
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let ours: Vec<&str> = said.lines().filter(|line| units.iter().any(|unit| line.contains(unit))).collect();
        assert!(ours.is_empty(), "{said}");
    } else {
        eprintln!("SKIPPED: systemd-analyze is not installed, so that the units are only read and run");
    }
}

#[test]
fn a_make_target() {
    let home = Home::new();
    fs::write(home.path("project/Makefile"), shown("# Makefile")).expect("written");
    if !home.run(".", "command -v make").status.success() {
        eprintln!("SKIPPED: make is not installed");
        return;
    }
    home.ok("cd baton/issues && sed -i 's/^state: .*/state: Done/' TASK-2.md");
    let made = home.run("project", "make agents");
    assert!(made.status.success(), "{made:?}");
    assert!(home.branches().contains("baton/TASK-1"));
}
