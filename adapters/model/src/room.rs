//! A thread of its own for what genai does.
//!
//! genai reads an event of a stream in one piece, and while it does, it gives the thread back only when no byte is there
//! yet. A server that sends bytes without end, and never a whole event, would so hold a thread of the bot for ever, and no
//! time limit would be heard. On a thread that the connection shares, bytes come only when it gives the thread back: then
//! the time limit holds. Must never do anything but that. Start at [`Room::run`].

use std::future::Future;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The thread; it ends when this is dropped.
pub(crate) struct Room {
    runtime: Handle,
    _open: oneshot::Sender<()>,
}

impl Room {
    /// Starts it.
    pub(crate) fn open() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (open, closed) = oneshot::channel::<()>();
        let run = move || {
            // An error says that the room was dropped: that is the end.
            let _ = runtime.block_on(closed);
        };
        std::thread::Builder::new().name("model".to_owned()).spawn(run)?;
        Ok(Self { runtime: handle, _open: open })
    }

    /// Does it there; dropped, it ends there as well.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Running<T> {
        Running(self.runtime.spawn(work))
    }
}

/// What is being done; ended when dropped.
pub(crate) struct Running<T>(JoinHandle<T>);

impl<T> Running<T> {
    /// What came of it; none when it panicked or the room is closed.
    pub(crate) async fn done(&mut self) -> Option<T> {
        (&mut self.0).await.ok()
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
