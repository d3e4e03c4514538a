//! The console as the chat platform of the standing watch: each thread is a file, and what happens is printed as it happens.
//!
//! The file is the platform: a message is sent when it stands there, so no post is ever doubled, whenever the process ends.
//! What is printed is a courtesy; a closed pipe fails nothing. Messages cannot be edited where many threads are interleaved,
//! so of a living message only what is news is printed; its whole stands in the file.
//!
//! Must never block the runtime: files are written on its blocking threads. Start at [`ConsolePlatform`].

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use midwatch_redact::Redacted;
use midwatch_service::id::{MessageId, PostKey, ThreadId};
use midwatch_service::port::chat::{ChatPlatform, Found, SendFailure};
use midwatch_service::post::PostBody;
use midwatch_service::thread::Thread;

use crate::look::Look;

mod body;
mod files;
mod rows;
mod storm;
#[cfg(test)]
mod tests;

use files::{FileError, Message, Threads};

/// How long a thread is kept after its last message.
const RETENTION: Duration = Duration::from_hours(30 * 24);

/// How often old threads are looked for.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// How long to wait before a file is tried again: a person has to make room, or mend it.
const TRY_AGAIN: Duration = Duration::from_secs(15);

/// Threads whose files are written at the same time, at most.
const LOCKS: usize = 16;

/// The directory of threads cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the directory of threads {dir} cannot be used; make it writable, or name another one")]
pub struct OpenError {
    dir: String,
    #[source]
    source: io::Error,
}

/// The console as a chat platform. Cheap to clone; clones are the same console.
#[derive(Clone)]
pub struct ConsolePlatform {
    inner: Arc<Inner>,
}

struct Inner {
    threads: Threads,
    /// One writer for each thread; a thread always has the same lock.
    locks: [Mutex<()>; LOCKS],
    /// None once its reader has gone.
    out: Mutex<Option<Box<dyn Write + Send>>>,
    swept: Mutex<Instant>,
    look: Look,
}

impl ConsolePlatform {
    /// Opens it: threads are kept in `dir`, and told on `out` as the look has it.
    ///
    /// # Errors
    /// When the directory cannot be made or read.
    pub fn open(dir: &Path, out: impl Write + Send + 'static, look: Look) -> Result<Self, OpenError> {
        let failed = |source| OpenError { dir: dir.display().to_string(), source };
        let threads = Threads::open(dir).map_err(failed)?;
        threads.sweep(RETENTION).map_err(failed)?;
        let inner = Inner {
            threads,
            locks: Default::default(),
            out: Mutex::new(Some(Box::new(out))),
            swept: Mutex::new(Instant::now()),
            look,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Runs a piece of work with files on a blocking thread. It ends even when nobody waits for it any more.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, FileError> + Send + 'static,
    ) -> Result<T, SendFailure> {
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error @ FileError::Full { .. })) => Err(SendFailure::Refused { why: error.to_string() }),
            Ok(Err(error)) => Err(SendFailure::Retry { why: error.to_string(), after: Some(TRY_AGAIN), hold: None }),
            Err(ended) => Err(SendFailure::Unknown { why: format!("the writer of threads ended: {ended}") }),
        }
    }
}

#[async_trait]
impl ChatPlatform for ConsolePlatform {
    fn name(&self) -> &'static str {
        "console"
    }

    async fn post(&self, thread: &Thread, key: &PostKey, body: &Redacted<PostBody>) -> Result<MessageId, SendFailure> {
        let (thread, key, body) = (thread.clone(), key.clone(), body.clone());
        self.blocking(move |inner| inner.write(&thread, &key, None, &body)).await
    }

    async fn edit(
        &self,
        thread: &Thread,
        key: &PostKey,
        message: &MessageId,
        body: &Redacted<PostBody>,
    ) -> Result<(), SendFailure> {
        let (thread, key, message, body) = (thread.clone(), key.clone(), message.clone(), body.clone());
        self.blocking(move |inner| inner.write(&thread, &key, Some(message), &body).map(drop)).await
    }

    async fn find(&self, thread: &Thread, key: &PostKey) -> Result<Found, SendFailure> {
        let (thread, key) = (thread.id, key.clone());
        self.blocking(move |inner| {
            let _one_writer = inner.lock(thread);
            let mut file = inner.threads.load(thread)?;
            Ok(file.find(&key).map_or(Found::NotSent, |message| Found::Sent(message.id.clone())))
        })
        .await
    }
}

impl Inner {
    /// Writes a message, or a newer revision of it, and then tells it. A key that stands in the thread is never added again.
    /// `known` names a message that was sent before; it is added where its file has gone in the meantime.
    fn write(
        &self,
        thread: &Thread,
        key: &PostKey,
        known: Option<MessageId>,
        body: &Redacted<PostBody>,
    ) -> Result<MessageId, FileError> {
        self.sweep();
        let _one_writer = self.lock(thread.id);
        let mut file = self.threads.load(thread.id)?;
        file.channel.clone_from(&thread.channel);
        let text = body.map_with(Look::PLAIN, body::render).into_inner();
        let told: Vec<String> = rows::news(self.look.motion, body).iter().map(rows::Row::told).collect();
        let next = file.next_id();
        let (id, before) = if let Some(message) = file.find(key) {
            message.edits += u64::from(message.text != text);
            message.text = text;
            (message.id.clone(), Some(std::mem::replace(&mut message.told, told)))
        } else {
            let id = known.unwrap_or(next);
            file.messages.push(Message { key: key.clone(), id: id.clone(), edits: 0, text, told });
            (id, None)
        };
        self.threads.save(thread.id, &mut file)?;
        self.tell(thread.id, before.as_deref(), body);
        Ok(id)
    }

    /// Prints a message that is new, or what is news of one that was edited.
    fn tell(&self, thread: ThreadId, before: Option<&[String]>, body: &Redacted<PostBody>) {
        let tag = tag(thread);
        let look = Look { width: self.look.width.saturating_sub(tag.len() + 1), ..self.look };
        let text = match (before, body.as_ref()) {
            (_, PostBody::Living(_)) | (Some(_), PostBody::Storm(_)) => {
                let mut news = rows::news(look.motion, body);
                news.retain(|row| !before.unwrap_or_default().contains(&row.told()));
                rows::page(look, &news)
            }
            (None, _) => body::render(look, body),
            // Other messages say the same in every revision that matters; the file has the newest.
            (Some(_), _) => return,
        };
        let mut lines = String::new();
        for line in text.lines() {
            lines.push_str(format!("{tag} {line}").trim_end());
            lines.push('\n');
        }
        let mut out = held(&self.out);
        if let Some(writer) = out.as_mut()
            && let Err(error) = writer.write_all(lines.as_bytes()).and_then(|()| writer.flush())
        {
            tracing::warn!("nothing more is printed: {error}; threads go on in their files");
            *out = None;
        }
    }

    fn lock(&self, thread: ThreadId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        thread.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or_default();
        held(self.locks.get(index).unwrap_or(&self.locks[0]))
    }

    /// Removes old threads, now and then.
    fn sweep(&self) {
        let mut swept = held(&self.swept);
        if swept.elapsed() < SWEEP_EVERY {
            return;
        }
        *swept = Instant::now();
        match self.threads.sweep(RETENTION) {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "old threads removed"),
            Err(error) => tracing::warn!("old threads cannot be removed: {error}"),
        }
    }
}

/// What tells interleaved threads apart: the end of the id, which is random.
fn tag(thread: ThreadId) -> String {
    let id = thread.to_string();
    format!("[{}]", id.get(id.len().saturating_sub(6)..).unwrap_or_default())
}

/// A writer that panicked left the old file or the new one: nothing half done.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
