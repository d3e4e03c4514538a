//! What happens inside a job: page by page, and followed live.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use jiff::Timestamp;
use midwatch_redact::Redactor;
use midwatch_service::event::{JobEvent, Level};
use midwatch_service::id::JobId;
use midwatch_service::policy::Verb;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::{PATIENCE, Setup, World, json, problem, rule, send};

/// Places for those who follow.
const PLACES: usize = 64;

async fn asked(world: &World) -> JobId {
    let (_, job) = json(world.post("/api/v1/analyze", &json!({"text": "checkout", "namespace": "shop"}))).await;
    job["id"].as_str().unwrap().parse().unwrap()
}

async fn say(world: &World, job: JobId, text: &str) {
    let (at, step) = (Timestamp::now(), Some(midwatch_agent::request::Step::Logs));
    let event = JobEvent { at, attempt: 1, level: Level::Warn, step, text: text.to_owned() };
    world.events.append(job, Redactor::default().seal(event)).await.unwrap();
    world.events.flush().await.unwrap();
}

fn texts(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|event| event["text"].as_str().unwrap()).collect()
}

/// One who follows.
struct Stream {
    response: Response,
    came: String,
}

impl Stream {
    async fn open(request: RequestBuilder) -> Self {
        let response = send(request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, came: String::new() }
    }

    /// The next event: its name, id and data. None when the stream ended.
    async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            if let Some((event, rest)) = self.came.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.came = rest;
                let field = |name: &str| {
                    let value = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    value.unwrap_or_default().to_owned()
                };
                if event.starts_with(':') {
                    continue;
                }
                let data = serde_json::from_str(&field("data")).unwrap();
                return Some((field("event"), field("id"), data));
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.unwrap();
            self.came.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    /// The text of the next line, and its id.
    async fn line(&mut self) -> (String, String) {
        let (name, id, data) = self.next().await.unwrap();
        assert_eq!((name.as_str(), data["cursor"].as_str()), ("line", Some(id.as_str())));
        (data["text"].as_str().unwrap().to_owned(), id)
    }
}

#[tokio::test]
async fn lines_are_read_in_pages() {
    let world = World::new().await;
    let job = asked(&world).await;
    for text in ["one", "two", "three"] {
        say(&world, job, text).await;
    }
    let path = format!("/api/v1/jobs/{job}/events");
    let (_, page) = json(world.get(&format!("{path}?limit=2"))).await;
    assert_eq!(texts(&page), ["one", "two"]);
    let first = &page["events"][0];
    assert_eq!((&first["attempt"], &first["level"], &first["step"]), (&json!(1), &json!("warn"), &json!("logs")));
    let (_, page) = json(world.get(page["next"].as_str().unwrap())).await;
    assert_eq!((texts(&page), &page["next"]), (vec!["three"], &Value::Null));
    for bad in ["limit=0", "limit=501", "after=", "after=a%0ab", "after=%26limit=1", "before=1"] {
        assert_eq!(problem(world.get(&format!("{path}?{bad}"))).await.0, 400, "{bad}");
    }
    assert_eq!(problem(world.get(&format!("/api/v1/jobs/{}/events", JobId::new()))).await.0, 404);
}

#[tokio::test]
async fn who_follows_sees_each_line_once_and_the_end() {
    let world = World::new().await;
    let job = asked(&world).await;
    say(&world, job, "before").await;
    let path = format!("/api/v1/jobs/{job}/events/stream");
    let mut stream = Stream::open(world.get(&path)).await;
    let (text, before) = stream.line().await;
    assert_eq!(text, "before");
    say(&world, job, "while").await;
    assert_eq!(stream.line().await.0, "while");
    // Another comes back to where it was.
    let mut second = Stream::open(world.get(&path).header("Last-Event-ID", &before)).await;
    assert_eq!(second.line().await.0, "while");
    let mut third = Stream::open(world.get(&format!("{path}?after={before}"))).await;
    assert_eq!(third.line().await.0, "while");
    let leased = world.claim().await;
    world.report(leased).await;
    // Written after the end is known.
    say(&world, job, "after").await;
    for stream in [&mut stream, &mut second, &mut third] {
        assert_eq!(stream.line().await.0, "after");
        let (name, _, data) = stream.next().await.unwrap();
        assert_eq!((name.as_str(), data), ("end", json!({"state": "completed"})));
        assert_eq!(stream.next().await, None);
    }
    let mut late = Stream::open(world.get(&path)).await;
    for text in ["before", "while", "after"] {
        assert_eq!(late.line().await.0, text);
    }
    assert_eq!(late.next().await.unwrap().0, "end");
}

#[tokio::test]
async fn a_stop_of_the_server_sends_followers_away() {
    let world = World::new().await;
    let job = asked(&world).await;
    say(&world, job, "one").await;
    let mut stream = Stream::open(world.get(&format!("/api/v1/jobs/{job}/events/stream"))).await;
    stream.line().await;
    world.stop.cancel();
    assert_eq!(stream.next().await, None, "without `end`: the job goes on");
    tokio::time::timeout(PATIENCE, world.served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn so_many_follow_and_no_more() {
    let world = World::new().await;
    let job = asked(&world).await;
    let path = format!("/api/v1/jobs/{job}/events/stream");
    let mut streams = Vec::new();
    for _ in 0..PLACES {
        streams.push(Stream::open(world.get(&path)).await);
    }
    assert_eq!(problem(world.get(&path)).await.0, 503);
    drop(streams.pop());
    // The place is free again once the server has noticed.
    say(&world, job, "line").await;
    let again = async {
        while send(world.get(&path)).await.status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn lines_are_seen_by_those_who_see_the_job() {
    let setup = Setup {
        rules: vec![rule("shop", &Verb::ALL, &["shop"]), rule("other", &Verb::ALL, &["other"])],
        ..Setup::default().key("shop", "key-of-shop").key("other", "key-of-other")
    };
    let world = World::with(setup).await;
    let body = json!({"text": "checkout", "namespace": "shop"});
    let (_, job) = json(world.post("/api/v1/analyze", &body).bearer_auth("key-of-shop")).await;
    let id: JobId = job["id"].as_str().unwrap().parse().unwrap();
    say(&world, id, "one").await;
    for path in ["events", "events/stream"] {
        let get = || world.get(&format!("/api/v1/jobs/{id}/{path}"));
        assert_eq!(send(get().bearer_auth("key-of-shop")).await.status(), 200);
        assert_eq!(problem(get().bearer_auth("key-of-other")).await.0, 403);
        assert_eq!(problem(get()).await.0, 401);
    }
}
