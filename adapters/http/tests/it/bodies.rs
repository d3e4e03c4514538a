//! Bodies too large, too slow, and from too many.

use std::io::ErrorKind;
use std::time::Duration;

use midwatch_http::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{PATIENCE, Setup, World, problem, send};

const HEAD: &str = "POST /webhook/alertmanager HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/// What comes back until the other side closes; a reset is an end, too.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes");
    if let Err(error) = read {
        assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

async fn connect(world: &World) -> TcpStream {
    TcpStream::connect(world.address).await.expect("a connection")
}

fn small(limits: &mut Limits) {
    limits.webhook_bytes = 64 << 10;
    limits.api_bytes = 1 << 10;
}

#[tokio::test]
async fn an_announced_gigabyte_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let mut stream = connect(&world).await;
    stream.write_all(format!("{HEAD}Content-Length: 1073741824\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_chunked_gigabyte_is_cut_off() {
    let world = World::with(Setup::default().limits(small)).await;
    let mut stream = connect(&world).await;
    stream.write_all(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
    let (chunk, mut sent) = (format!("10000\r\n{}\r\n", " ".repeat(0x1_0000)), 0_u64);
    // The server stops reading: the sender is stopped by the full socket or by the closed one.
    while sent < 1 << 30 {
        match tokio::time::timeout(Duration::from_millis(500), stream.write_all(chunk.as_bytes())).await {
            Ok(Ok(())) => sent += 0x1_0000,
            _ => break,
        }
    }
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    let world_answers = send(world.get("/health/live")).await.status();
    assert_eq!(world_answers.as_u16(), 200);
}

#[tokio::test]
async fn caps_are_told_with_their_size() {
    let world = World::with(Setup::default().limits(small)).await;
    let json = |path: &str, bytes: usize| {
        world.client.post(world.url(path)).header("Content-Type", "application/json").body(" ".repeat(bytes))
    };
    let (status, code, detail) = problem(json("/webhook/grafana", (64 << 10) + 1)).await;
    assert!(status == 413 && code == "E004" && detail.contains("64 KiB"), "{detail}");
    assert_eq!(problem(json("/webhook/grafana", 64 << 10)).await.0, 400);
    let (status, _, detail) = problem(json("/api/v1/analyze", 1025)).await;
    assert!(status == 413 && detail.contains("1 KiB"), "{detail}");
}

#[tokio::test]
async fn a_trickled_head_is_closed() {
    let world = World::with(Setup::default().limits(|l| l.head = Duration::from_millis(300))).await;
    let mut stream = connect(&world).await;
    let (mut reader, mut writer) = stream.split();
    let trickle = async {
        // One byte at a time never makes a head; the server has to end it.
        for byte in HEAD.bytes().cycle() {
            if writer.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let closed = async {
        let mut answer = Vec::new();
        let _ = reader.read_to_end(&mut answer).await;
        answer
    };
    tokio::select! {
        answer = closed => assert!(!answer.starts_with(b"HTTP/1.1 2"), "{answer:?}"),
        () = trickle => {}
        () = tokio::time::sleep(PATIENCE) => panic!("the connection was never closed"),
    }
}

#[tokio::test]
async fn a_trickled_body_is_408() {
    let world = World::with(Setup::default().limits(|l| l.body = Duration::from_millis(300))).await;
    let mut stream = connect(&world).await;
    stream.write_all(format!("{HEAD}Content-Length: 100000\r\n\r\n{{").as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("E003"), "{answer}");
}

#[tokio::test]
async fn bodies_together_have_a_budget() {
    let world = World::with(Setup::default().limits(|l| l.bodies_bytes = 64 << 10)).await;
    let mut slow = connect(&world).await;
    slow.write_all(format!("{HEAD}Content-Length: 65536\r\nExpect: 100-continue\r\n\r\n").as_bytes()).await.unwrap();
    let mut line = vec![0; 12];
    // The server asks for the body: so it holds the whole budget now.
    slow.read_exact(&mut line).await.unwrap();
    assert_eq!(line, b"HTTP/1.1 100");
    let (status, code, _) = problem(world.deliver("firing-RedisMemoryHigh-1.json")).await;
    assert_eq!((status, code.as_str()), (503, "E008"));
    drop(slow);
    let freed = async {
        while send(world.deliver("firing-RedisMemoryHigh-1.json")).await.status().as_u16() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.expect("the budget comes back");
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let world = World::with(Setup::default().limits(|l| l.stall = Duration::from_millis(300))).await;
    let mut stream = connect(&world).await;
    let request = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(64);
    // Requests are sent until the answers, which nobody reads, fill every buffer; then the server closes.
    let closed = async { while stream.write_all(&request).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, closed).await.expect("the server closes");
}

#[tokio::test]
async fn connections_have_a_bound() {
    let world = World::with(Setup::default().limits(|l| l.connections = 2)).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&world).await;
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut line = vec![0; 12];
        stream.read_exact(&mut line).await.unwrap();
        assert_eq!(line, b"HTTP/1.1 200");
        held.push(stream);
    }
    let mut third = connect(&world).await;
    assert!(rest(&mut third).await.starts_with("HTTP/1.1 503"));
    drop(held);
    let freed = async {
        while !world.get("/health/live").send().await.is_ok_and(|r| r.status().as_u16() == 200) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.expect("slots come back");
}

#[tokio::test]
async fn a_stop_answers_who_waits_and_ends_the_rest_in_time() {
    let world = World::with(Setup::default().limits(|l| l.drain = Duration::from_millis(300))).await;
    let mut stuck = connect(&world).await;
    stuck.write_all(format!("{HEAD}Content-Length: 100\r\n\r\n{{").as_bytes()).await.unwrap();
    let question = serde_json::json!({"text": "checkout", "wait": "2m"});
    let waiting = send(world.post("/api/v1/analyze", &question));
    let stop = async {
        // The job is there, so its caller waits.
        while world.store.load().await.unwrap().pending == 0 {
            tokio::task::yield_now().await;
        }
        world.stop.cancel();
    };
    let (answer, ()) = tokio::join!(waiting, stop);
    assert_eq!(answer.status().as_u16(), 202);
    tokio::time::timeout(PATIENCE, world.served).await.expect("the server ends").unwrap().unwrap();
    assert!(TcpStream::connect(world.address).await.is_err());
}
