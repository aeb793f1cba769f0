//! A model that says what its script says, in the Responses dialect: one HTTP server on loopback, one thread for each
//! request.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What the model says to one request after the other.
///
/// | step | what it does |
/// |---|---|
/// | `{"text": T}` | says it, word by word |
/// | `{"shell": C}` | has a shell command run |
/// | `{"tool": NAME, "arguments": {…}}` | calls a tool |
/// | `{"error": STATUS, "body": {…}}` | answers with an HTTP error |
/// | `{"failed": {"code": C, "message": M}}` | fails after it began |
/// | `{"dropped": true}` | hangs up in the middle |
/// | `{"silent": true}` | begins, then says nothing more |
///
/// Each may have `usage` (input and output tokens, 1,000 and 50 by default) and `headers`.
pub(crate) struct Model {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// Scripts by a text that the request holds.
    scripts: Vec<(String, VecDeque<Value>)>,
    requests: Vec<Value>,
    requested: usize,
}

impl Model {
    /// Starts it, on a port of its own.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = serving.clone();
                // Who hangs up has heard enough.
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        Self { port, shared }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it says to requests that hold `about`. When the script is used up, it says that it has nothing to say.
    pub(crate) fn script(&self, about: &str, steps: &Value) {
        let steps = steps.as_array().expect("steps").iter().cloned().collect();
        self.shared.lock().expect("alive").scripts.push((about.to_owned(), steps));
    }

    /// The requests so far, each as its body.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.shared.lock().expect("alive").requests.clone()
    }
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (path, body) = read_request(&mut reader)?;
    if !path.ends_with("/responses") {
        return answer(&stream, 404, "application/json", &[], "{\"error\":{\"message\":\"not here\"}}");
    }
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (number, step) = {
        let mut shared = shared.lock().expect("alive");
        shared.requested += 1;
        let text = String::from_utf8_lossy(&body);
        let script = shared.scripts.iter_mut().find(|(about, _)| text.contains(about.as_str()));
        let step = script.and_then(|(_, steps)| steps.pop_front());
        shared.requests.push(request.clone());
        (shared.requested, step.unwrap_or_else(|| json!({ "text": "nothing to say" })))
    };
    say(&stream, number, &step)
}

fn read_request(reader: &mut impl BufRead) -> io::Result<(String, Vec<u8>)> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((path, body))
}

fn answer(mut stream: &TcpStream, status: u16, kind: &str, headers: &[(String, String)], body: &str) -> io::Result<()> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} Scripted\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    )
}

fn say(stream: &TcpStream, number: usize, step: &Value) -> io::Result<()> {
    let headers: Vec<(String, String)> = step["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    if let Some(status) = step["error"].as_u64() {
        let body = step.get("body").cloned().unwrap_or_else(|| json!({ "error": { "message": "scripted" } }));
        return answer(
            stream,
            u16::try_from(status).expect("a status"),
            "application/json",
            &headers,
            &body.to_string(),
        );
    }
    let mut out = stream;
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    // Without a length the body ends with the connection.
    write!(out, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n{lines}\r\n")?;
    let mut event = |event: Value| {
        let name = event["type"].as_str().unwrap_or_default().to_owned();
        write!(out, "event: {name}\ndata: {event}\n\n")
    };
    let base = json!({ "id": format!("resp_{number}"), "object": "response", "created_at": 1, "status": "in_progress", "output": [] });
    let with = |name: &str, fields: Value| {
        let mut response = base.clone();
        for (field, value) in fields.as_object().expect("fields") {
            response[field.as_str()] = value.clone();
        }
        json!({ "type": name, "response": response })
    };
    event(with("response.created", json!({})))?;
    if step.get("silent").is_some() {
        // Until nobody listens any more.
        let mut nothing = [0; 1];
        let mut stream = stream;
        let _ = stream.read(&mut nothing);
        return Ok(());
    }
    if let Some(error) = step.get("failed") {
        return event(with("response.failed", json!({ "status": "failed", "error": error })));
    }
    let item = item(number, step);
    let mut begun = item.clone();
    begun["status"] = "in_progress".into();
    if item["type"] == "message" {
        begun["content"] = json!([]);
    }
    event(json!({ "type": "response.output_item.added", "output_index": 0, "item": begun }))?;
    for word in step["text"].as_str().unwrap_or_default().split_inclusive(' ') {
        event(
            json!({ "type": "response.output_text.delta", "item_id": item["id"], "output_index": 0, "content_index": 0, "delta": word }),
        )?;
    }
    if step.get("dropped").is_some() {
        return Ok(());
    }
    event(json!({ "type": "response.output_item.done", "output_index": 0, "item": item }))?;
    let [input, output] = [(0, 1000), (1, 50)].map(|(index, default)| step["usage"][index].as_u64().unwrap_or(default));
    let usage = json!({
        "input_tokens": input, "input_tokens_details": { "cached_tokens": 0 },
        "output_tokens": output, "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": input + output,
    });
    event(with("response.completed", json!({ "status": "completed", "output": [item], "usage": usage })))
}

fn item(number: usize, step: &Value) -> Value {
    let call = |name: &str, arguments: &Value| {
        json!({
            "type": "function_call", "id": format!("fc_{number}"), "call_id": format!("call_{number}"),
            "status": "completed", "name": name, "arguments": arguments.to_string(),
        })
    };
    match (step["shell"].as_str(), step["tool"].as_str()) {
        (Some(command), _) => call("exec_command", &json!({ "cmd": command })),
        (None, Some(name)) => call(name, &step["arguments"]),
        (None, None) => json!({
            "type": "message", "id": format!("msg_{number}"), "role": "assistant", "status": "completed",
            "content": [{ "type": "output_text", "text": step["text"].as_str().unwrap_or_default(), "annotations": [] }],
        }),
    }
}
