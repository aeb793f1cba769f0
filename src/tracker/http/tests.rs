//! The client against a server on loopback.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, Uri};

use super::*;
use crate::tracker::testing::memory;

/// A client of a server that answers by path; the server lives as long as the runtime.
async fn client(timeout: Duration) -> Http {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let base = Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("a URL");
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await.expect("served") });
    let settings = Settings {
        base,
        credential: bearer("a-secret"),
        secret: "a-secret".to_owned(),
        headers: &[],
        timeout,
        seams: Seams::of_process(),
        memory: memory(),
    };
    Http::new(settings)
}

async fn answer(uri: Uri, headers: HeaderMap) -> Response<Body> {
    let redirect = |to: String| Response::builder().status(302).header("location", to).body(Body::empty());
    let host = headers["host"].to_str().expect("a host").to_owned();
    let response = match uri.path() {
        "/here" => redirect(format!("http://{host}/whoami")),
        "/relative" => redirect("/whoami".to_owned()),
        "/round" => redirect("/round".to_owned()),
        "/there" => redirect("http://127.0.0.1:1/whoami".to_owned()),
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Ok(Response::default())
        }
        "/large" => Ok(Response::new(vec![b' '; LARGEST + 1].into())),
        "/echo" => Response::builder().status(400).body(r#"{"message":"a-secret is wrong"}"#.into()),
        _ => Ok(Response::new(Body::from(format!("{:?}", headers["authorization"].to_str().expect("text"))))),
    };
    response.expect("an answer")
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn redirects_stay_with_the_server() {
    let http = client(LONG).await;
    for path in ["/whoami", "/here", "/relative"] {
        let answer = http.send(&Request::get(path)).await.expect("an answer");
        assert_eq!(answer.body(), serde_json::json!("Bearer a-secret"), "{path}");
    }
    for (path, text) in [("/there", "another server"), ("/round", "too often")] {
        let error = http.send(&Request::get(path)).await.expect_err("no answer");
        assert!(error.code() == "tracker_response" && error.to_string().contains(text), "{error}");
    }
    let sent = http.send(&Request::post("/here", serde_json::json!({}))).await.expect("an answer");
    assert_eq!(sent.status(), 302, "a write is not sent on");
    let elsewhere = Request::follow(Url::parse("http://127.0.0.1:1/x").expect("a URL"));
    assert_eq!(http.send(&elsewhere).await.expect_err("not sent").code(), "tracker_response");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let http = client(Duration::from_millis(200)).await;
    let error = http.send(&Request::get("/slow")).await.expect_err("no answer");
    assert_eq!((error.code(), error.retryable()), ("tracker_request", true));
    assert_eq!(http.traffic().requests, 1, "a timeout is not repeated");
}

#[tokio::test]
async fn an_answer_has_a_largest_size_and_no_credential_in_its_error() {
    let http = client(LONG).await;
    let error = http.send(&Request::get("/large")).await.expect_err("too much");
    assert!(error.code() == "tracker_response" && error.to_string().contains("larger"), "{error}");
    let answer = http.send(&Request::get("/echo")).await.expect("an answer");
    let error = answer.success().map(drop).expect_err("a failure").to_string();
    assert_eq!(error, "GET /echo: status 400: [redacted] is wrong");
}

#[tokio::test]
async fn a_closed_part_of_a_server_leaves_the_others_open() {
    let http = client(LONG).await;
    let later = http.settings.seams.now() + TimeDelta::hours(1);
    http.settings.memory.close(&http.bucket(&Request::get("/").in_bucket("search")), later);
    http.send(&Request::get("/whoami")).await.expect("open");
    let error = http.send(&Request::get("/whoami").in_bucket("search")).await.expect_err("closed");
    assert_eq!(error.code(), "tracker_rate_limited");
    assert!(error.retry_after_ms().is_some_and(|wait| wait > 3_500_000), "{error}");
    http.settings.memory.close(&http.server(), later);
    http.send(&Request::get("/whoami")).await.expect_err("closed");
}
