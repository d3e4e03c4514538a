//! Something to scrape, whose metrics the test sets.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::task::AbortHandle;

/// A server of `/metrics`, ended when dropped.
pub struct Target {
    text: Arc<Mutex<String>>,
    host: String,
    serving: AbortHandle,
}

impl Target {
    /// Starts it with this text, in the exposition format: `queue_depth{pod="api-0"} 7`, one to a line.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(text: &str) -> Target {
        let text = Arc::new(Mutex::new(text.to_owned()));
        let shown = Arc::clone(&text);
        let metrics = move || async move {
            let text = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
            // A last line without its end is an error to Prometheus.
            ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text + "\n")
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let router = Router::new().route("/metrics", get(metrics));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Target { text, host, serving }
    }

    /// Sets what the next scrape sees.
    pub fn set(&self, text: &str) {
        text.clone_into(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Its address as Prometheus takes it: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.host.clone()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
