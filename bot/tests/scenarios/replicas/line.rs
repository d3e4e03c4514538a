//! A line to Redis that can be cut: what is sent goes nowhere, and nobody is told, as when a switch between two machines fails.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// One process's line to a server of this machine.
pub(super) struct Line {
    port: u16,
    cut: watch::Sender<bool>,
}

impl Line {
    /// To the server at this port.
    pub(super) async fn to(server: u16) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = watch::Sender::new(false);
        let state = cut.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connection(near, SocketAddr::from(([127, 0, 0, 1], server)), state.clone()));
            }
        });
        Line { port, cut }
    }

    /// Where it begins.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Nothing goes through any more; connections stay as they are.
    pub(super) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// New connections go through. Those that stood while it was cut break: what was on its way is lost.
    pub(super) fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn connection(near: TcpStream, server: SocketAddr, mut cut: watch::Receiver<bool>) {
    if *cut.borrow() {
        let _ = cut.wait_for(|cut| !*cut).await;
        return;
    }
    let Ok(far) = TcpStream::connect(server).await else { return };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pass(near_in, far_out, cut.clone()) => {}
        () = pass(far_in, near_out, cut) => {}
    }
}

/// Passes on what comes until an end closes, or the line was cut and mended.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut cut: watch::Receiver<bool>) {
    let mut bytes = vec![0; 16 << 10];
    loop {
        let read = tokio::select! {
            biased;
            _ = cut.wait_for(|cut| *cut) => break,
            read = from.read(&mut bytes) => read.unwrap_or(0),
        };
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
    let _ = cut.wait_for(|cut| !*cut).await;
}
