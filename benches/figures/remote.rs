//! A poll of a tracker that is a server: what Baton adds to the time of its answers, and what it keeps in memory.
//!
//! The server is GitHub's list of issues, 100 a page, with bodies of a kilobyte, made before anything is measured. `curl`
//! fetches the same pages over one connection: that is the server's own time and the loopback's.

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;

use crate::project::{Project, Settings};
use crate::table::Figure;
use crate::timing::{in_turns, time};

const ROUNDS: usize = 10;
const A_PAGE: u32 = 100;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let thousand = Tracked::new(1000)?;
    let (mut whole, mut tagged, mut curl) =
        (|| thousand.poll_without_tags(), || thousand.poll(), || time(&mut thousand.curl()));
    let [whole, tagged, curl] = in_turns(ROUNDS, [&mut whole, &mut tagged, &mut curl])?;
    let (thousand, most) = (thousand.memory_mib()?, Tracked::new(10_000)?.memory_mib()?);
    Ok(vec![
        Figure::times("a poll of 1,000 issues of GitHub, all sent", whole, "curl, the same pages", curl),
        Figure::of("… beyond the server's own time", crate::table::ms(whole.saturating_sub(curl))),
        Figure::times("… not modified (ETag)", tagged, "curl, the same pages", curl),
        Figure::of("memory of a first poll of 10,000 issues of GitHub", format!("{most:.1} MiB"))
            .against(format!("{thousand:.1} MiB at 1,000")),
    ])
}

/// A project whose tracker is a server with so many open issues.
struct Tracked {
    project: Project,
    server: SocketAddr,
    issues: u32,
}

impl Tracked {
    fn new(issues: u32) -> Result<Self> {
        let project = Project::new(&Settings::default())?;
        let server = serve(issues)?;
        let text = format!(
            "---\ntracker:\n  kind: github\n  provider:\n    repo: shop/web\n    token: $GITHUB_TOKEN\n    \
             api_url: http://{server}\ncommand:\n  run: \"true\"\n---\nWork.\n"
        );
        fs::write(project.path().join("WORKFLOW.md"), text)?;
        Ok(Self { project, server, issues })
    }

    fn baton(&self) -> std::process::Command {
        let mut baton = self.project.baton();
        baton.args(["--quiet", "poll"]).env("GITHUB_TOKEN", "a-token");
        baton
    }

    fn poll(&self) -> Result<Duration> {
        time(&mut self.baton())
    }

    /// As if no answer had been kept.
    fn poll_without_tags(&self) -> Result<Duration> {
        let answers = self.project.path().join(".baton/answers");
        if answers.exists() {
            fs::remove_file(answers)?;
        }
        self.poll()
    }

    /// Asks for all pages, one after the other, over one connection.
    fn curl(&self) -> std::process::Command {
        let mut curl = self.project.command("curl");
        curl.args(["--silent", "--fail", "--output", "/dev/null"]);
        curl.arg(format!("http://{}/repos/shop/web/issues?page=[1-{}]", self.server, self.issues / A_PAGE));
        curl
    }

    /// The most that the first poll ever had in memory, in MiB.
    fn memory_mib(&self) -> Result<f64> {
        let _ = fs::remove_dir_all(self.project.path().join(".baton"));
        let mut poll = self.baton().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let status = format!("/proc/{}/status", poll.id());
        let mut most = 0.0;
        while poll.try_wait()?.is_none() {
            // It never sinks, so that the last look counts; who has ended has no such line.
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            most = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(most);
            thread::sleep(Duration::from_millis(1));
        }
        let output = poll.wait_with_output()?;
        ensure!(output.status.success(), "the poll failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(most / 1024.0)
    }
}

/// The pages, with their tags.
type Pages = Arc<Vec<(String, String)>>;

#[derive(Deserialize)]
struct Asked {
    page: Option<usize>,
}

/// A server with so many issues, which ends with this process.
fn serve(issues: u32) -> Result<SocketAddr> {
    let numbers: Vec<u32> = (1..=issues).collect();
    let page = |numbers: &[u32]| {
        let text = serde_json::to_string(&numbers.iter().map(|number| issue(*number)).collect::<Vec<_>>())?;
        Ok((format!("\"{:08x}\"", crc32fast::hash(text.as_bytes())), text))
    };
    let pages: Pages = Arc::new(numbers.chunks(A_PAGE as usize).map(page).collect::<Result<_>>()?);
    let (tell, told) = mpsc::channel();
    thread::spawn(move || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
            tell.send(listener.local_addr()?)?;
            Ok(axum::serve(listener, Router::new().fallback(answer).with_state(pages)).await?)
        })
    });
    told.recv().context("the server does not start")
}

async fn answer(State(pages): State<Pages>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let number = asked.page.unwrap_or(1);
    let Some((tag, text)) = number.checked_sub(1).and_then(|at| pages.get(at)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.clone())]).into_response();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let next = format!("<http://{host}/repos/shop/web/issues?page={}>; rel=\"next\"", number + 1);
    let link = if number < pages.len() { next } else { String::new() };
    let named = [
        (header::ETAG, tag.clone()),
        (header::LINK, link),
        (header::CONTENT_TYPE, "application/json; charset=utf-8".to_owned()),
    ];
    (named, text.clone()).into_response()
}

fn issue(number: u32) -> serde_json::Value {
    json!({
        "number": number, "id": 1_000_000 + number, "node_id": format!("I_{number}"), "title": format!("Issue {number}"),
        "body": "What is to be done, and why. ".repeat(36), "state": "open", "locked": false, "comments": 3,
        "html_url": format!("https://github.com/shop/web/issues/{number}"),
        "user": { "login": "ann", "id": 1 }, "assignee": null, "assignees": [],
        "labels": [{ "id": 1, "name": "backend", "color": "ededed" }, { "id": 2, "name": "bug", "color": "d73a4a" }],
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "closed_at": null,
        "sub_issues_summary": { "total": 0, "completed": 0, "percent_completed": 0 },
        "issue_dependencies_summary": { "blocked_by": 0, "total_blocked_by": 0, "blocking": 0, "total_blocking": 0 },
    })
}
