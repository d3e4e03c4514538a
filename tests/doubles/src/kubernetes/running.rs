//! A server that listens: counts what it is asked, takes faults, and stops when it is dropped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::faults::{Fault, Faults};
use super::rbac::Rbac;
use super::serve;
use super::world::World;

/// What requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) world: World,
    pub(super) rbac: Rbac,
    pub(super) faults: Faults,
    pub(super) active: AtomicUsize,
    pub(super) most: AtomicUsize,
    pub(super) asked: Mutex<BTreeMap<String, usize>>,
}

/// A listening server.
#[derive(Debug)]
pub struct Running {
    url: String,
    shared: Arc<Shared>,
    _task: AbortOnDropHandle<()>,
}

/// Counts a request from its head to the end of its answer.
#[derive(Debug)]
pub(super) struct Active(Arc<Shared>);

impl Active {
    pub(super) fn begin(shared: &Arc<Shared>) -> Self {
        let now = shared.active.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(shared))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) async fn start(world: World, rbac: Rbac) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let shared = Arc::new(Shared {
        world,
        rbac,
        faults: Faults::default(),
        active: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        asked: Mutex::default(),
    });
    let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
    let task = tokio::spawn(async move {
        // It ends with the test.
        let _ = axum::serve(listener, router).await;
    });
    Running { url, shared, _task: AbortOnDropHandle::new(task) }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    serve::answer(shared, request).await
}

impl Running {
    /// Its address: `http://127.0.0.1:41234`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Writes a kubeconfig for this server into a directory: the context `double` without a token, which is the current
    /// one, and one for each token, named like it. The namespace of all is `default`.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn kubeconfig(&self, dir: &Path) -> PathBuf {
        let mut users = "- name: double\n  user: {}\n".to_owned();
        let mut contexts = "- name: double\n  context: {cluster: double, user: double}\n".to_owned();
        for token in self.shared.rbac.tokens() {
            users.push_str(&format!("- name: {token}\n  user: {{token: {token}}}\n"));
            contexts.push_str(&format!("- name: {token}\n  context: {{cluster: double, user: {token}}}\n"));
        }
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: double\nclusters:\n- name: double\n  cluster: {{server: \"{}\"}}\n\
             users:\n{users}contexts:\n{contexts}",
            self.url
        );
        let path = dir.join("kubeconfig");
        std::fs::write(&path, text).expect("a kubeconfig");
        path
    }

    /// Lets the next `times` requests go wrong whose path and query contain `path`. Faults come in the order of these calls.
    pub fn fault(&self, path: &str, fault: Fault, times: usize) {
        self.shared.faults.add(path, fault, times);
    }

    /// Lets everything go well from now on.
    pub fn heal(&self) {
        self.shared.faults.clear();
    }

    /// The most requests that were under way at once.
    pub fn max_concurrent(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// How often each path was asked for, without queries.
    pub fn requests(&self) -> BTreeMap<String, usize> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
