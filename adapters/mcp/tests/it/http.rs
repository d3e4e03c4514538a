//! Servers that speak streamable HTTP.

use std::net::SocketAddr;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use midwatch_mcp::client::{ConnectFailure, check};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::stranger::Stranger;
use super::*;

struct Server {
    address: SocketAddr,
    stop: DropGuard,
}

/// Only who knows the key gets in.
async fn keyed(request: Request, next: Next) -> Response {
    let key = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if key == Some("Bearer hunter2secret") {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer")]).into_response()
}

async fn start(address: &str) -> Server {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let mut config = StreamableHttpServerConfig::default();
    config.cancellation_token = stop.child_token();
    let stranger = Stranger::new(false);
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(stranger.clone()), sessions, config);
    let router = axum::Router::new().nest_service("/mcp", service).layer(middleware::from_fn(keyed));
    let ended = stop.clone().cancelled_owned();
    tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(ended).await });
    Server { address, stop: stop.drop_guard() }
}

fn at(server: &Server, key: &str) -> Transport {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("http://{}/mcp?token=hunter3secret", server.address).parse().unwrap();
    Transport::Http { url, headers: vec![("Authorization".to_owned(), SecretString::from(format!("Bearer {key}")))] }
}

#[tokio::test]
async fn its_tools_answer() {
    let server = start("127.0.0.1:0").await;
    let connected = connected(options(at(&server, "hunter2secret"), &["*"])).await;
    behaves(&connected).await;
    call(&connected, "hub_grow", json!({})).await.unwrap();
    until(async || tool(&connected, "hub_late")).await;
    connected.close().await;
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_called_off() {
    let server = start("127.0.0.1:0").await;
    let mut options = options(at(&server, "hunter2secret"), &["slow", "again"]);
    options.call_timeout = Duration::from_millis(300);
    let connected = connected(options).await;
    let late = call(&connected, "hub_slow", json!({})).await.unwrap_err();
    assert!(matches!(late, ToolError::TimedOut(_)), "{late}");
    until(async || {
        let told = call(&connected, "hub_again", json!({})).await.ok()?;
        (told.text == "cancelled: 1").then_some(())
    })
    .await;
    connected.close().await;
}

#[tokio::test]
async fn one_that_restarts_is_found_again() {
    let server = start("127.0.0.1:0").await;
    let connected = connected(options(at(&server, "hunter2secret"), &["echo"])).await;
    call(&connected, "hub_echo", json!({})).await.unwrap();
    let address = server.address.to_string();
    drop(server);
    until(async || call(&connected, "hub_echo", json!({})).await.err()).await;
    assert_eq!(connected.tools().len(), 1, "its tools stay known");
    let server = until(async || {
        let free = TcpListener::bind(&address).await.is_ok();
        if free { Some(start(&address).await) } else { None }
    })
    .await;
    until(async || call(&connected, "hub_echo", json!({})).await.ok()).await;
    connected.close().await;
    drop(server.stop);
}

#[tokio::test]
async fn a_wrong_key_is_told_and_never_shown() {
    let server = start("127.0.0.1:0").await;
    let refused = check(&options(at(&server, "wrongsecret"), &["*"]), &Redactor::default()).await.unwrap_err();
    assert!(matches!(refused.failure, ConnectFailure::Unauthorised(_)), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("secret"), "{refused:?}");
}

#[tokio::test]
async fn nobody_there_is_told_without_the_secrets_of_the_address() {
    let server = start("127.0.0.1:0").await;
    let transport = at(&server, "hunter2secret");
    drop(server);
    let address = until(async || check(&options(transport.clone(), &["*"]), &Redactor::default()).await.err()).await;
    assert!(!format!("{address} {address:?}").contains("secret"), "{address:?}");
}
