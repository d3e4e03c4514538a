//! Writes parts of a commit: posts, memory, audit. Everything it writes is redacted.
//!
//! Must never write a text that did not pass the redactor. Start at [`Pen`].

use jiff::Timestamp;
use midwatch_redact::Redactor;

use super::Hang;
use crate::audit;
use crate::id::{JobId, PostKey, ThreadId};
use crate::job::Origin;
use crate::port::store::Write;
use crate::post::{NewPost, Opening, PostBody, Urgency};
use crate::thread::{Entry, NewEntry, Speaker, Thread};

/// Who writes, when, through which redactor.
#[derive(Clone, Copy)]
pub(crate) struct Pen<'a> {
    pub(crate) redactor: &'a Redactor,
    pub(crate) origin: &'a Origin,
    pub(crate) now: Timestamp,
}

impl Pen<'_> {
    pub(crate) fn open_thread(&self, id: ThreadId, platform: &str, channel: &str) -> Write {
        let (platform, channel) = (platform.to_owned(), channel.to_owned());
        Write::OpenThread(Thread { id, platform, channel, root: None, opened_at: self.now })
    }

    /// A thread below a message of another.
    pub(crate) fn hang_thread(&self, id: ThreadId, hang: &Hang) -> Write {
        let Hang { platform, channel, root } = hang.clone();
        Write::OpenThread(Thread { id, platform, channel, root: Some(root), opened_at: self.now })
    }

    /// The first message of a thread.
    pub(crate) fn opening(&self, thread: ThreadId, opening: Opening) -> Write {
        self.post(PostKey(format!("thread:{thread}:opening")), thread, Urgency::Opening, PostBody::Opening(opening))
    }

    /// A line of the program's own. `what` tells it apart from the thread's other lines, and is the same when it is
    /// written twice.
    pub(crate) fn notice(&self, thread: ThreadId, what: &str, text: String) -> Write {
        let key = PostKey(format!("thread:{thread}:{what}"));
        self.post(key, thread, Urgency::Notice, PostBody::Notice { text })
    }

    pub(crate) fn post(&self, key: PostKey, thread: ThreadId, urgency: Urgency, body: PostBody) -> Write {
        Write::Post(NewPost { key, thread, urgency, body: self.redactor.seal(body) })
    }

    pub(crate) fn remember(&self, thread: ThreadId, speaker: Speaker, text: String, job: Option<JobId>) -> Write {
        let entry = self.redactor.seal(Entry { at: self.now, speaker, text, job });
        Write::Remember(NewEntry { thread, entry })
    }

    pub(crate) fn audit(&self, action: &str, subject: String, details: String) -> Write {
        Write::Audit(audit::Entry {
            at: self.now,
            actor: Some(self.origin.actor.clone()),
            action: action.to_owned(),
            subject: self.redactor.redact_text(&subject).into_inner(),
            details: self.redactor.redact_text(&details).into_inner(),
            request_id: self.origin.request_id.clone(),
        })
    }
}
