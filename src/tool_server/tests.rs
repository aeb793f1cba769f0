//! A real client of the Model Context Protocol, a caller and a desk.

use std::path::{Path, PathBuf};

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::serve_client;
use rmcp::service::{RoleClient, RunningService};
use serde_json::{Value, json};

use super::{Caller, Desk, Waiting, serve};
use crate::model::RunId;
use crate::run_folder::RunFolder;
use crate::store::Layout;
use crate::tracker::{ToolResult, ToolSpec};

type Client = RunningService<RoleClient, ()>;

/// A store with the folder of one run.
struct Place {
    _dir: tempfile::TempDir,
    root: PathBuf,
    folder: RunFolder,
}

fn run() -> RunId {
    "A-1.1".parse().expect("a run")
}

impl Place {
    /// So many directories deep.
    fn new(depth: usize) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let root = (0..depth).fold(dir.path().to_owned(), |path, _| path.join("a-directory-with-a-name"));
        let folder = RunFolder::of(&Layout { root: root.clone() }, &run());
        folder.make_anew().expect("made");
        Self { _dir: dir, root, folder }
    }

    fn desk(&self) -> Desk {
        let input_schema = json!({ "type": "object", "properties": { "issue": { "type": "string" } } });
        Desk::open(&self.folder, &[ToolSpec { name: "issue_read", description: "Reads.", input_schema }]).expect("open")
    }

    /// A client, and its tool server.
    async fn client(&self) -> Client {
        let ((there, to_server), (to_client, here)) = (tokio::io::duplex(1 << 16), tokio::io::duplex(1 << 16));
        tokio::spawn(serve(Caller::new(run(), &self.folder), there, here));
        serve_client((), (to_client, to_server)).await.expect("introduced")
    }
}

async fn call(client: &Client, name: &'static str, arguments: Value) -> CallToolResult {
    let arguments = arguments.as_object().expect("an object").clone();
    let called = client.call_tool(CallToolRequestParams::new(name).with_arguments(arguments)).await;
    called.expect("an answer")
}

/// Whether a call was done, and the JSON that it was answered with.
fn read(result: &CallToolResult) -> (bool, Value) {
    let text = result.content[0].as_text().expect("a text");
    (result.is_error != Some(true), serde_json::from_str(&text.text).expect("JSON"))
}

#[tokio::test]
async fn tools_are_listed_called_and_answered_in_the_order_asked() {
    let place = Place::new(0);
    let mut desk = place.desk();
    let client = place.client().await;
    let tools = client.list_all_tools().await.expect("tools");
    assert_eq!((tools.len(), tools[0].name.as_ref()), (1, "issue_read"));
    assert_eq!(tools[0].input_schema["properties"]["issue"]["type"], "string");

    let asked = async {
        let one = call(&client, "issue_read", json!({ "issue": "A-2" })).await;
        let two = call(&client, "no_such_tool", json!({})).await;
        (read(&one), read(&two))
    };
    let served = async {
        let one = desk.next().await;
        assert_eq!(
            (one.name.as_str(), &one.arguments, one.id.as_str()),
            ("issue_read", &json!({ "issue": "A-2" }), "tool-1")
        );
        one.answer(&ToolResult::Success(json!({ "title": "Two" })));
        let two = desk.next().await;
        assert_eq!((two.name.as_str(), two.id.as_str()), ("no_such_tool", "tool-2"));
        two.answer(&ToolResult::unsupported("no_such_tool"));
    };
    let ((one, two), ()) = tokio::join!(asked, served);
    assert_eq!(one, (true, json!({ "title": "Two" })));
    assert_eq!((two.0, &two.1["error"]["code"]), (false, &json!("unsupported_tool")));
}

#[tokio::test]
async fn a_path_that_is_too_long_for_a_socket_is_none() {
    let place = Place::new(8);
    assert!(place.root.as_os_str().len() > 108, "{}", place.root.display());
    let _desk = place.desk();
    assert_eq!(place.client().await.list_all_tools().await.expect("tools").len(), 1);
}

#[tokio::test]
async fn two_clients_at_once_get_their_own_answers() {
    let place = Place::new(0);
    let mut desk = place.desk();
    let (one, two) = (place.client().await, place.client().await);
    let asked = async {
        let asked = tokio::join!(
            call(&one, "issue_read", json!({ "issue": "one" })),
            call(&two, "issue_read", json!({ "issue": "two" })),
        );
        (read(&asked.0).1, read(&asked.1).1)
    };
    let served = async {
        // Both wait; the second is answered first.
        let (first, second) = (desk.next().await, desk.next().await);
        let answer = |waiting: Waiting| {
            let arguments = waiting.arguments.clone();
            waiting.answer(&ToolResult::Success(arguments));
        };
        answer(second);
        answer(first);
    };
    assert_eq!(tokio::join!(asked, served).0, (json!({ "issue": "one" }), json!({ "issue": "two" })));
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_is_not_carried_out() {
    let place = Place::new(0);
    let mut desk = place.desk();
    let caller = Caller::new(run(), &place.folder);
    let gone = tokio::spawn({
        let caller = caller.clone();
        async move { caller.call("gone".to_owned(), json!({})).await }
    });
    // Its line is with the desk, and it goes.
    while desk.calls.is_empty() {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.is_err());
    let (called, name) = tokio::join!(caller.call("stays".to_owned(), json!({})), async {
        let next = desk.next().await;
        let name = next.name.clone();
        next.answer(&ToolResult::Success(json!({})));
        name
    });
    assert_eq!((called.ok, name.as_str()), (true, "stays"));
}

#[tokio::test]
async fn when_the_run_is_over_every_call_says_so() {
    let place = Place::new(0);
    let client = place.client().await;
    let code = |result: &CallToolResult| (read(result).0, read(result).1["error"]["code"].clone());
    let over = call(&client, "issue_read", json!({})).await;
    assert_eq!(code(&over), (false, json!("run_over")), "no desk was ever there");

    let mut desk = place.desk();
    let (lost, ()) = tokio::join!(call(&client, "issue_read", json!({})), async {
        let _taken = desk.next().await;
        drop(desk);
    });
    assert_eq!(code(&lost), (false, json!("answer_lost")));
    assert_eq!(code(&call(&client, "issue_read", json!({})).await), (false, json!("run_over")));
    assert!(!place.folder.tool_socket().exists());

    // As a killed supervisor leaves it.
    drop(std::os::unix::net::UnixListener::bind(place.folder.tool_socket()).expect("bound"));
    assert_eq!(code(&call(&client, "issue_read", json!({})).await), (false, json!("run_over")));
    let error = client.list_all_tools().await.expect_err("nothing to list").to_string();
    assert!(error.contains("run A-1.1 is over"), "{error}");
}

#[tokio::test]
async fn nobody_but_the_owner_may_connect_and_nonsense_hurts_nobody() {
    use std::os::unix::fs::PermissionsExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let place = Place::new(0);
    let _desk = place.desk();
    let socket = place.folder.tool_socket();
    assert_eq!(std::fs::metadata(&socket).expect("there").permissions().mode() & 0o777, 0o600);
    for nonsense in ["", "{\"list\"", "\n", "{\"run\":\"rm\"}\n", "[]\n"] {
        let mut stream = tokio::net::UnixStream::connect(&socket).await.expect("connected");
        // Where the other side has closed already, that is its answer.
        let _ = stream.write_all(nonsense.as_bytes()).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{nonsense}");
    }
    assert_eq!(place.client().await.list_all_tools().await.expect("tools").len(), 1);
}

#[test]
fn the_configuration_is_what_agents_read() {
    let place = Place::new(0);
    super::McpConfig::new(Path::new("/usr/bin/baton"), Path::new("/p/.baton"), &run())
        .write(&place.folder)
        .expect("written");
    let config: Value = crate::run_folder::read_json(&place.folder.mcp_config()).expect("JSON");
    let expected = json!({ "mcpServers": { "baton": {
        "type": "stdio", "command": "/usr/bin/baton", "args": ["--store", "/p/.baton", "tool-server", "run:A-1.1"],
    } } });
    assert_eq!(config, expected);
}
