//! Slack as a chat platform: messages are sent, edited and looked up.
//!
//! Must never send anything but what the outbox hands in, nor wait for a limit: it says how long, and the sender waits. What
//! is doubtful when a call broke off is looked up by its key ([`crate::find`]), files and all ([`crate::files`]).
//! Start at [`SlackPlatform`].

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use midwatch_agent::render;
use midwatch_conversation::answer::File;
use midwatch_diagnosis::report::Report;
use midwatch_redact::Redacted;
use midwatch_service::id::{MessageId, PostKey};
use midwatch_service::port::chat::{Call, ChatPlatform, Found, Limit, Scope, SendFailure};
use midwatch_service::post::{PostBody, Private};
use midwatch_service::thread::Thread;
use serde_json::{Value, json};
use url::Url;

use crate::blocks::{self, Look, Message};
use crate::client::{Answer, Client};
use crate::directory::Groups;
use crate::fault::Fault;
use crate::files::{Files, Spot};
use crate::find::{self, Bounds};
use crate::key::Tag;
use crate::method::Method;
use crate::options::{SlackError, SlackOptions};
use crate::status::Status;

/// What a private answer is called: nothing refers to it any more.
const PRIVATE: &str = "private";

/// A Slack workspace. Cheap to clone; clones are the same workspace.
#[derive(Clone)]
pub struct SlackPlatform {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) client: Arc<Client>,
    pub(crate) groups: Groups,
    pub(crate) user_groups: bool,
    pub(crate) name: std::sync::OnceLock<String>,
    status: Status,
    files: Files,
    takes: Takes,
    broadcast_verdict: bool,
}

/// What of a message's look the workspace takes, as far as it is known.
struct Takes {
    plan: AtomicBool,
    table: AtomicBool,
}

impl SlackPlatform {
    /// With these options; nothing is asked yet.
    ///
    /// # Errors
    /// When the address of the Web API is none, or the HTTP client cannot be made.
    pub fn new(options: &SlackOptions) -> Result<Self, SlackError> {
        let client = Arc::new(Client::new(options)?);
        let inner = Inner {
            groups: Groups::default(),
            user_groups: options.user_groups,
            name: std::sync::OnceLock::new(),
            status: Status::new(Arc::clone(&client)),
            files: Files::default(),
            takes: Takes { plan: AtomicBool::new(Look::FULL.plan), table: AtomicBool::new(Look::FULL.table) },
            broadcast_verdict: options.broadcast_verdict,
            client,
        };
        Ok(Self { inner: Arc::new(inner) })
    }
}

#[async_trait]
impl ChatPlatform for SlackPlatform {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn limits(&self) -> Vec<Limit> {
        limits().into()
    }

    async fn post(&self, thread: &Thread, key: &PostKey, body: &Redacted<PostBody>) -> Result<MessageId, SendFailure> {
        let sent = match body.as_ref() {
            PostBody::Private(private) => self.inner.whisper(thread, private, body).await,
            _ => self.inner.post(thread, key, body).await,
        };
        let message = sent.map_err(|(method, fault)| fault.into_failure(method))?;
        self.inner.tell_status(thread, thread.root.as_ref().unwrap_or(&message), body);
        Ok(message)
    }

    async fn edit(
        &self,
        thread: &Thread,
        key: &PostKey,
        message: &MessageId,
        body: &Redacted<PostBody>,
    ) -> Result<(), SendFailure> {
        let args = json!({"channel": thread.channel, "ts": message.0, "metadata": Tag::of(key).metadata()});
        let edited = self.inner.shown(Method::ChatUpdate, args, body, None).await;
        edited.map_err(|(method, fault)| fault.into_failure(method))?;
        self.inner.tell_status(thread, thread.root.as_ref().unwrap_or(message), body);
        Ok(())
    }

    async fn find(&self, thread: &Thread, key: &PostKey) -> Result<Found, SendFailure> {
        let tag = Tag::of(key);
        let seen = find::look(&self.inner.client, thread, &tag, Bounds::USUAL).await;
        let seen = seen.map_err(|(method, fault)| fault.into_failure(method))?;
        // The same sender sends what is missing right after this.
        if !seen.files.is_empty() {
            self.inner.files.note(&tag, seen.files);
        }
        Ok(seen.found)
    }
}

impl Inner {
    async fn post(
        &self,
        thread: &Thread,
        key: &PostKey,
        body: &Redacted<PostBody>,
    ) -> Result<MessageId, (Method, Fault)> {
        let tag = Tag::of(key);
        let mut args = json!({
            "channel": thread.channel,
            "metadata": tag.metadata(),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        in_thread(&mut args, thread);
        let spot = |root| Spot { channel: &thread.channel, root };
        let root = thread.root.as_ref().map(|root| root.0.as_str());
        if root.is_some() && self.broadcast_verdict && matches!(body.as_ref(), PostBody::Report { .. }) {
            args["reply_broadcast"] = Value::from(true);
        }
        let (sent, files) =
            self.shown(Method::ChatPostMessage, args, body, root.map(|root| (spot(root), &tag))).await?;
        let Some(ts) = sent.text("/ts") else {
            return Err((Method::ChatPostMessage, Fault::Unknown("the answer names no message".to_owned())));
        };
        if root.is_none() {
            self.follow(spot(ts), &tag, &files).await;
        }
        self.files.forget(&tag);
        Ok(MessageId(ts.to_owned()))
    }

    /// Files of a message that is the root of its thread: it is there, so they can only fail by themselves.
    async fn follow(&self, spot: Spot<'_>, tag: &Tag, files: &[File]) {
        if let Err((method, fault)) = self.files.send(&self.client, spot, tag, files).await {
            tracing::warn!("a file beside a message is missing: {}: {}", method.name(), fault.words());
        }
    }

    /// An answer for one person: by the handle that came with what they did, as long as it is good.
    async fn whisper(
        &self,
        thread: &Thread,
        private: &Private,
        body: &Redacted<PostBody>,
    ) -> Result<MessageId, (Method, Fault)> {
        let handle = private.reply.as_ref().and_then(|url| Url::parse(url).ok()).filter(|url| self.client.trusts(url));
        if let Some(url) = handle {
            let shown = body.map_with(self.look(), blocks::render);
            let mut message = json!({
                "response_type": "ephemeral",
                "replace_original": false,
                "text": shown.text,
                "blocks": shown.wire(),
            });
            in_thread(&mut message, thread);
            match self.client.reply(&url, &message).await {
                Ok(()) => return Ok(MessageId(PRIVATE.to_owned())),
                // Used up, or too old: <https://docs.slack.dev/interactivity/handling-user-interaction#message_responses>.
                Err(Fault::Refused { .. }) => {}
                Err(fault) => return Err((Method::ChatPostEphemeral, fault)),
            }
        }
        let mut args = json!({"channel": thread.channel, "user": private.to});
        in_thread(&mut args, thread);
        self.shown(Method::ChatPostEphemeral, args, body, None).await?;
        Ok(MessageId(PRIVATE.to_owned()))
    }

    /// Sends a message in the best look that the workspace takes, its files before it where there is a thread for them. A look
    /// that is refused is left once a plainer one passed: a refusal was not sent, so another try doubles nothing. Gives the
    /// answer, and the message's files.
    async fn shown(
        &self,
        method: Method,
        mut args: Value,
        body: &Redacted<PostBody>,
        spot: Option<(Spot<'_>, &Tag)>,
    ) -> Result<(Answer, Vec<File>), (Method, Fault)> {
        // No name and no address in the line for notifications is made a mention or a link.
        args["parse"] = Value::from("none");
        args["link_names"] = Value::from(false);
        let mut look = self.look();
        loop {
            let shown = body.map_with(look, blocks::render).into_inner();
            let used = shown.uses();
            args["text"] = Value::from(shown.text.as_str());
            args["blocks"] = shown.wire();
            let files = files(shown, body);
            if let Some((spot, tag)) = spot {
                self.files.send(&self.client, spot, tag, &files).await?;
            }
            let refused = match self.client.write(method, &args).await {
                Err(fault) if is_about_blocks(&fault) => fault,
                Err(fault) => return Err((method, fault)),
                Ok(answer) => {
                    self.takes.plan.fetch_and(look.plan, Ordering::Relaxed);
                    self.takes.table.fetch_and(look.table, Ordering::Relaxed);
                    return Ok((answer, files));
                }
            };
            match (used.plan, used.table) {
                (true, _) => look.plan = false,
                (false, true) => look.table = false,
                (false, false) => return Err((method, refused)),
            }
        }
    }

    fn look(&self) -> Look {
        Look { plan: self.takes.plan.load(Ordering::Relaxed), table: self.takes.table.load(Ordering::Relaxed) }
    }

    fn tell_status(&self, thread: &Thread, root: &MessageId, body: &Redacted<PostBody>) {
        if let PostBody::Living(living) = body.as_ref() {
            self.status.tell(&thread.channel, &root.0, living);
        }
    }
}

/// A reply where the thread has a root.
fn in_thread(args: &mut Value, thread: &Thread) {
    if let Some(root) = &thread.root {
        args["thread_ts"] = Value::from(root.0.as_str());
    }
}

fn is_about_blocks(fault: &Fault) -> bool {
    matches!(
        fault.code(),
        Some("invalid_blocks" | "invalid_blocks_format" | "invalid_attachments" | "unsupported_block_type")
    )
}

/// The files beside a message: its own, and the whole page of a report that does not fit.
fn files(message: Message, body: &Redacted<PostBody>) -> Vec<File> {
    let report = body.map(page_of).transpose().filter(|_| message.wants_page);
    let page = report.map(|report| render::markdown(&report).into_inner());
    let page = page.map(|text| File { name: "report.md".to_owned(), title: "The whole report".to_owned(), text });
    message.files.into_iter().chain(page).collect()
}

fn page_of(body: &PostBody) -> Option<Report> {
    if let PostBody::Report { report, .. } = body { Some((**report).clone()) } else { None }
}

/// Slack's limits: <https://docs.slack.dev/apis/web-api/rate-limits>.
///
/// Messages: one in a second and channel, and several hundred in a minute and workspace. Edits: tier 3, 50 in a minute and
/// workspace. What may come at once is taken off the rate, so that no window of a minute holds more than Slack allows.
fn limits() -> [Limit; 3] {
    const fn count(n: u32) -> NonZeroU32 {
        match NonZeroU32::new(n) {
            Some(n) => n,
            None => NonZeroU32::MIN,
        }
    }
    let minute = Duration::from_mins(1);
    let second = Duration::from_secs(1);
    [
        Limit { call: Some(Call::Post), scope: Scope::Channel, calls: count(1), every: second, burst: count(1) },
        Limit { call: Some(Call::Post), scope: Scope::Method, calls: count(180), every: minute, burst: count(20) },
        Limit { call: Some(Call::Edit), scope: Scope::Method, calls: count(40), every: minute, burst: count(10) },
    ]
}
