//! The listener: connections within bounds, slow clients cut off, an end within a time.
//!
//! Must never let one client take what another needs: heads, stalls and numbers of connections are bounded here, bodies
//! where they are read. Start at [`serve`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::settings::Limits;
use crate::stall::Stall;

/// What is said to a connection too many, before it is closed.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n";

/// The pause after the system could not give another connection: it is out of descriptors, and asking again at once
/// would only burn the processor.
const PAUSE: Duration = Duration::from_millis(100);

/// Headers of one request at most, and bytes of its head (hyper's own bound on bytes is 400 KiB).
const HEADERS: usize = 100;
const HEAD_BYTES: usize = 64 << 10;

/// The connection a request came on.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    /// Says that the server stops: whoever waits answers with what there is.
    pub(crate) stop: CancellationToken,
}

/// Serves until `stop`, then lets what is under way end within [`Limits::drain`].
///
/// # Errors
/// When the listener does not know its address. What goes wrong on one connection ends that connection.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) -> io::Result<()> {
    let local = listener.local_addr()?;
    let slots = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = stop.cancelled() => break,
        };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            refuse(&stream);
            continue;
        };
        let connection = Connection { local: stream.local_addr().unwrap_or(local), remote, stop: stop.clone() };
        let served = graceful.watch(http(stream, router.clone(), connection, limits));
        connections.spawn(async move {
            // A client that went away or was cut off is no news.
            if let Err(error) = served.await {
                tracing::debug!(error = error.to_string().as_str(), "a connection ended early");
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests were cut off: they did not end in time");
    }
    connections.shutdown().await;
    Ok(())
}

fn http(
    stream: TcpStream,
    router: Router,
    connection: Connection,
    limits: Limits,
) -> impl GracefulConnection<Error = hyper::Error> {
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(connection.clone());
        request.map(axum::body::Body::new)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(Stall::new(stream, limits.stall)), TowerToHyperService::new(service))
}

/// Says so in one try, without waiting for the client.
fn refuse(stream: &TcpStream) {
    let _ = stream.try_write(FULL);
    tracing::debug!("a connection was refused: there are as many as may be");
}
