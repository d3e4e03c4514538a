//! Messages on their way: new ones at the top, in a thread or as a forum's post, and edits.
//!
//! Every new message has its tag as its nonce, so that the same within minutes is the same message; a forum's post has none.
//! Must never notify anybody by what a message says. Start at [`Inner::post`].

use midwatch_redact::Redacted;
use midwatch_service::id::MessageId;
use midwatch_service::living;
use midwatch_service::post::{PostBody, Urgency};
use midwatch_service::thread::Thread;
use serde_json::Value;

use super::Inner;
use super::files::files;
use crate::embeds::{self, Message};
use crate::fault::{Fault, code};
use crate::key::Tag;
use crate::route::Route;
use crate::threads::{self, Threads};

impl Inner {
    /// Sends a message. One whose words change, and that was in doubt, is brought to this form afterwards: the nonce may have
    /// given back the one that landed before.
    pub(super) async fn post(&self, thread: &Thread, tag: &Tag, body: &Redacted<PostBody>) -> Result<MessageId, Fault> {
        let message = shown(body, tag);
        let name = body.map(threads::name).into_inner();
        let sent = match &thread.root {
            Some(root) => {
                self.threads.open(&thread.channel, &root.0, &name).await?;
                match self.say(&root.0, tag, &message).await {
                    // Somebody removed the thread; its first message may still be there.
                    Err(fault) if fault.is_gone() => {
                        self.threads.note(&root.0, false).await;
                        self.threads.open(&thread.channel, &root.0, &name).await?;
                        self.say(&root.0, tag, &message).await?
                    }
                    said => said?,
                }
            }
            None if self.threads.is_forum(&thread.channel).await? => {
                self.open_post(&thread.channel, &name, &message).await?
            }
            None => {
                let sent = self.say(&thread.channel, tag, &message).await?;
                self.threads.note(&sent.0, false).await;
                sent
            }
        };
        let was_doubtful = self.doubts.remove(tag.as_str()).await.is_some();
        if was_doubtful && is_edited(body.as_ref()) {
            let brought = self.bring(thread, &sent, &message, false).await;
            brought.map_err(|fault| Fault::Unknown(format!("sent, but maybe as it was before: {}", fault.words())))?;
        }
        Ok(sent)
    }

    pub(super) async fn edit(
        &self,
        thread: &Thread,
        tag: &Tag,
        message: &MessageId,
        body: &Redacted<PostBody>,
    ) -> Result<(), Fault> {
        // Progress leaves one edit of those that are left to the verdict that may follow.
        let yields = is_edited(body.as_ref()) && living::urgency(body.as_ref()) == Urgency::Progress;
        self.bring(thread, message, &shown(body, tag), yields).await
    }

    /// A message in a channel or thread that is there.
    pub(super) async fn say(&self, channel: &str, tag: &Tag, message: &Message) -> Result<MessageId, Fault> {
        let mut args = message.body();
        args["nonce"] = Value::from(tag.as_str());
        args["enforce_nonce"] = Value::from(true);
        let say = || self.client.send(Route::Messages(channel), &args, &message.files);
        let sent = match say().await {
            Err(fault) if fault.code() == Some(code::THREAD_ARCHIVED) => {
                self.threads.reopen(channel).await?;
                say().await?
            }
            sent => sent?,
        };
        id(&sent)
    }

    async fn open_post(&self, forum: &str, name: &str, message: &Message) -> Result<MessageId, Fault> {
        let args = Threads::forum_post(name, &message.body());
        let sent = self.client.send(Route::StartForumPost(forum), &args, &message.files).await?;
        let root = id(&sent)?;
        self.threads.note(&root.0, true).await;
        Ok(root)
    }

    /// Edits a message; its files stay as they are.
    async fn bring(&self, thread: &Thread, message: &MessageId, shown: &Message, yields: bool) -> Result<(), Fault> {
        let channel = match &thread.root {
            Some(root) if root != message => &root.0,
            // The first message of a forum's post is in the thread of the same id, that of a channel's thread is above it.
            _ if self.threads.is_forum(&thread.channel).await? => &message.0,
            _ => &thread.channel,
        };
        let args = shown.body();
        if yields {
            self.client.gives_way(&Route::Message { channel, message: &message.0 })?;
        }
        let edit = || self.client.call(Route::Message { channel, message: &message.0 }, Some(&args));
        match edit().await {
            Err(fault) if fault.code() == Some(code::THREAD_ARCHIVED) => {
                self.threads.reopen(channel).await?;
                edit().await.map(drop)
            }
            edited => edited.map(drop),
        }
    }
}

/// Whether its words change while it stands.
fn is_edited(body: &PostBody) -> bool {
    matches!(body, PostBody::Living(_) | PostBody::Storm(_))
}

/// A message as it looks, with all its files.
pub(super) fn shown(body: &Redacted<PostBody>, tag: &Tag) -> Message {
    let mut message = embeds::render(body.as_ref(), tag.as_str());
    message.files = files(std::mem::take(&mut message.files), message.wants_page, body);
    message
}

fn id(sent: &Value) -> Result<MessageId, Fault> {
    let id = sent["id"].as_str().map(|id| MessageId(id.to_owned()));
    id.ok_or_else(|| Fault::Unknown("the answer names no message".to_owned()))
}
