//! The one thread that writes, and group commit: whatever waits is written in one transaction and made durable by one
//! flush, so that the number of flushes does not grow with the number of callers.
//!
//! Must never answer before the commit is durable, and never let one caller's failure undo another's work: each piece has
//! its own savepoint, and when the transaction as a whole fails, each piece is tried in one of its own.
//! Start at [`Writer::run`].

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use midwatch_service::port::store::{CommitError, StoreError};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::fault::{Fault, storage};

/// Pieces that wait at most; the next caller waits for room, within its deadline.
const QUEUE: usize = 1024;

/// Pieces in one commit at most: bounds how long the first waits for the last.
const GROUP: usize = 256;

/// A piece that was not begun by then is refused: nobody waits for ever behind a slow disk.
const DEADLINE: Duration = Duration::from_secs(10);

/// How much longer a caller waits for a piece that was begun. Its outcome is not known then.
const STALL: Duration = Duration::from_secs(50);

/// What will become of a piece of work.
pub(crate) type Answer<T> = oneshot::Receiver<Result<T, CommitError>>;

/// The way to the thread. Dropping it lets the thread finish what waits, close the file, and end.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Piece>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on its connection.
    pub(crate) fn start(db: Connection) -> std::io::Result<Self> {
        let (queue, pieces) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || work(&db, pieces))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Does a piece of work in a transaction, and waits until it is durable. The work may be run more than once, each time
    /// on a state in which it has not happened.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, CommitError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        answered(self.hand_over(work).await?).await
    }

    /// Hands a piece of work to the thread; what becomes of it is [`answered`], whether or not this is still there then.
    pub(crate) async fn hand_over<T, F>(&self, work: F) -> Result<Answer<T>, CommitError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let piece = Box::new(Asked { work, until: Instant::now() + DEADLINE, result: None, reply });
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        match tokio::time::timeout(DEADLINE, queue.send(piece)).await {
            Ok(Ok(())) => Ok(answer),
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(late()),
        }
    }
}

/// Waits for what became of a piece of work.
pub(crate) async fn answered<T>(answer: Answer<T>) -> Result<T, CommitError> {
    match tokio::time::timeout(DEADLINE + STALL, answer).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(closed()),
        Err(silent) => Err(CommitError::Storage(StoreError::Other {
            what: "the disk does not answer; whether this was written is not known".to_owned(),
            source: silent.into(),
        })),
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer ended by a panic");
        }
    }
}

fn closed() -> CommitError {
    CommitError::Storage(StoreError::Busy("it is closed".to_owned()))
}

fn late() -> CommitError {
    let seconds = DEADLINE.as_secs();
    CommitError::Storage(StoreError::Busy(format!("earlier writes took longer than {seconds} s; nothing was written")))
}

/// A piece of work of any type.
trait Piece: Send {
    /// Whether someone still waits for it; if not, it must not happen.
    fn wanted(&self, now: Instant) -> bool;
    /// Does it; whether its writes are to be kept.
    fn attempt(&mut self, db: &Connection) -> bool;
    /// Tells the caller, once it is durable or failed.
    fn answer(self: Box<Self>, failure: Option<&Arc<rusqlite::Error>>);
    /// Tells the caller that it came too late.
    fn refuse(self: Box<Self>);
}

struct Asked<T, F> {
    work: F,
    until: Instant,
    result: Option<Result<T, Fault>>,
    reply: oneshot::Sender<Result<T, CommitError>>,
}

impl<T, F> Piece for Asked<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T, Fault> + Send,
{
    fn wanted(&self, now: Instant) -> bool {
        now < self.until && !self.reply.is_closed()
    }

    fn attempt(&mut self, db: &Connection) -> bool {
        let result = (self.work)(db);
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, failure: Option<&Arc<rusqlite::Error>>) {
        let result = match (self.result, failure) {
            (Some(Err(own)), _) => Err(own.into_commit()),
            (_, Some(failure)) => Err(CommitError::Storage(storage(failure))),
            (Some(Ok(value)), None) => Ok(value),
            (None, None) => Err(closed()),
        };
        // Whoever went away does not want to know.
        let _ = self.reply.send(result);
    }

    fn refuse(self: Box<Self>) {
        let _ = self.reply.send(Err(late()));
    }
}

fn work(db: &Connection, mut pieces: mpsc::Receiver<Box<dyn Piece>>) {
    let mut group = Vec::with_capacity(GROUP);
    while pieces.blocking_recv_many(&mut group, GROUP) > 0 {
        let now = Instant::now();
        let (wanted, late): (Vec<_>, Vec<_>) = group.drain(..).partition(|piece| piece.wanted(now));
        late.into_iter().for_each(Piece::refuse);
        serve(db, wanted);
    }
}

/// Writes a group in one transaction; when that fails, each piece in its own, so that it fails for its own reason only.
fn serve(db: &Connection, mut group: Vec<Box<dyn Piece>>) {
    match together(db, &mut group) {
        Ok(()) => group.into_iter().for_each(|piece| piece.answer(None)),
        Err(error) => {
            undo(db);
            if group.len() > 1 {
                tracing::warn!(%error, pieces = group.len(), "a commit failed; its pieces are tried one by one");
                for piece in group {
                    serve(db, vec![piece]);
                }
            } else {
                let error = Arc::new(error);
                for piece in group {
                    piece.answer(Some(&error));
                }
            }
        }
    }
}

fn together(db: &Connection, group: &mut [Box<dyn Piece>]) -> rusqlite::Result<()> {
    if group.is_empty() {
        return Ok(());
    }
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    for piece in group {
        db.prepare_cached("SAVEPOINT piece")?.execute([])?;
        if !piece.attempt(db) {
            // Fails when SQLite undid the whole transaction by itself, as it does when the disk is full.
            db.prepare_cached("ROLLBACK TO piece")?.execute([])?;
        }
        db.prepare_cached("RELEASE piece")?.execute([])?;
    }
    db.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

fn undo(db: &Connection) {
    if !db.is_autocommit()
        && let Err(error) = db.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a failed transaction could not be undone");
    }
}
