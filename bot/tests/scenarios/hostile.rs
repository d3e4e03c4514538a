//! What comes from outside is hostile: bodies without end, slow clients, forged fields, wrong keys, poisoned logs.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::support::{CASE, Place, Server, alert, webhook};

/// It still does its work.
async fn works(server: &Server, name: &str) {
    let labels = json!({"namespace": "inc-crashloop", "service": name});
    let body = webhook(name, "firing", &[alert(name, "firing", &labels)]);
    assert_eq!(server.post("/webhook/alertmanager", &body).await.unwrap().0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_without_end_and_slow_clients_cost_little() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    let before = server.memory("VmRSS");
    let address = server.url.trim_start_matches("http://").to_owned();
    let feed = tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(&address).unwrap();
        socket.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        let head = format!(
            "POST /webhook/alertmanager HTTP/1.1\r\nHost: {address}\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).unwrap();
        let chunk = format!("10000\r\n{}\r\n", "[".repeat(0x1_0000));
        let mut sent = 0_usize;
        // A gigabyte, as far as it is taken.
        while sent < 1 << 30 && socket.write_all(chunk.as_bytes()).is_ok() {
            sent += 0x1_0000;
        }
        sent
    });
    let sent = feed.await.unwrap();
    assert!(sent < 1 << 28, "{sent} bytes were taken");
    let grown = server.memory("VmHWM").saturating_sub(before);
    assert!(grown < 100 * 1024, "{grown} KiB more");

    let address = server.url.trim_start_matches("http://").to_owned();
    let mut idle: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(&address).unwrap()).collect();
    for socket in &mut idle {
        socket.write_all(b"POST /webhook/alertmanager HTTP/1.1\r\nHost: x\r\nContent-").unwrap();
    }
    works(&server, "WhileOthersTrickle").await;
    drop(idle);
    server.idle().await;
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_fields_stay_data() {
    let place = Place::new(CASE, "").await;
    let mut server = place.start();
    server.ready().await;
    let forged = "x\"}\n{\"level\":\"ERROR\",\"message\":\"forged\"}\u{1b}[2J\u{202e}";
    let labels = json!({"namespace": "inc-crashloop", "service": "shop", "note": forged, forged: "v"});
    let body = webhook(forged, "firing", &[alert(forged, "firing", &labels)]);
    assert_eq!(server.post("/webhook/alertmanager", &body).await.unwrap().0, 200);
    let raw = format!(
        "GET /api/v1/jobs/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-ID: a b\tc\r\nConnection: close\r\n\r\n",
        "%0a%0d%1b"
    );
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    socket.write_all(raw.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(!answer.to_lowercase().contains("x-request-id: a b"), "{answer}");
    server.idle().await;
    assert!(server.terminate().success());
    for line in place.logged().lines() {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
        let parsed = parsed.unwrap_or_else(|e| panic!("not a line of JSON ({e}): {line}"));
        assert_ne!(parsed["message"], "forged");
    }
    assert!(!place.printed().contains("\u{1b}[2J") && !place.printed().contains('\u{202e}'), "{}", place.printed());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_key_nothing_is_told() {
    let key = "correct-horse-battery-staple-0001";
    let hash = {
        let output =
            std::process::Command::new("sh").args(["-c", &format!("printf %s {key} | sha256sum")]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
    };
    let place = Place::new(CASE, "").await;
    let keys = format!("[{{name: ci, sha256: {hash}}}]");
    let mut server =
        place.start_with(&[("server__api_keys", &keys), ("server__webhook_token", "hook-secret-hook-secret")]);
    server.ready().await;
    let client = reqwest::Client::new();
    for path in ["/api/v1/jobs", "/api/v1/alerts", "/api/v1/health"] {
        let url = format!("{}{path}", server.url);
        assert_eq!(client.get(&url).send().await.unwrap().status(), 401, "{path}");
        for wrong in ["", "x", "correct-horse-battery-staple-0002", &hash] {
            assert_eq!(client.get(&url).bearer_auth(wrong).send().await.unwrap().status(), 401, "{path} {wrong}");
        }
        assert_eq!(client.get(&url).bearer_auth(key).send().await.unwrap().status(), 200, "{path}");
    }
    let url = format!("{}/webhook/alertmanager", server.url);
    let body = webhook("keyed", "firing", &[alert("Keyed", "firing", &json!({"namespace": "inc-crashloop"}))]);
    assert_eq!(client.post(&url).json(&body).send().await.unwrap().status(), 401);
    assert_eq!(
        client.post(&url).bearer_auth(key).json(&body).send().await.unwrap().status(),
        401,
        "an API key is no webhook's"
    );
    assert_eq!(
        client.post(&url).bearer_auth("hook-secret-hook-secret").json(&body).send().await.unwrap().status(),
        200
    );
    assert!(server.terminate().success());
    for secret in [key, "hook-secret-hook-secret"] {
        assert!(!place.logged().contains(secret) && !place.printed().contains(secret));
    }
}
