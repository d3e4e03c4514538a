//! Answers for one person: by the handle that came with what they did, or as a direct message.
//!
//! The handle is an interaction's token, good for 15 minutes:
//! <https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages>. What it shows replaces
//! what it showed before, so a repetition does no harm. No follow-up is ever made: that would be a second message.
//! Start at [`Inner::whisper`].

use std::time::{Duration, Instant};

use midwatch_redact::Redacted;
use midwatch_service::id::MessageId;
use midwatch_service::port::chat::SendFailure;
use midwatch_service::post::{PostBody, Private};
use serde_json::json;

use super::Inner;
use super::send::shown;
use crate::fault::Fault;
use crate::key::{Tag, short_hash};
use crate::route::Route;
use crate::threads::nothing_sent;

/// What a private answer is called: nothing refers to it any more.
const PRIVATE: &str = "private";

/// Until an interaction's answer is known to Discord: its acknowledgement takes 3 s at most, and some time to get around.
const YOUNG: Duration = Duration::from_secs(5);

/// When to look whether it is known by then.
const SOON: Duration = Duration::from_millis(500);

impl Inner {
    pub(super) async fn whisper(
        &self,
        private: &Private,
        tag: &Tag,
        body: &Redacted<PostBody>,
    ) -> Result<MessageId, SendFailure> {
        match &private.reply {
            Some(token) => self.reply(token, tag, body).await?,
            None => self.direct(&private.to, tag, body).await.map_err(Fault::into_failure)?,
        }
        Ok(MessageId(PRIVATE.to_owned()))
    }

    async fn reply(&self, token: &str, tag: &Tag, body: &Redacted<PostBody>) -> Result<(), SendFailure> {
        let application = self.application().await.map_err(|fault| nothing_sent(fault).into_failure())?;
        let first = self.replies.get_with(short_hash(token, 12), async { Instant::now() }).await;
        let route = Route::Original { application: &application.id, token };
        let message = shown(body, tag);
        match self.client.send(route, &message.body(), &message.files).await {
            Ok(_) => Ok(()),
            Err(fault) if is_not_known(&fault) && first.elapsed() < YOUNG => {
                Err(SendFailure::Retry { why: fault.words(), after: Some(SOON), hold: None })
            }
            Err(fault) => Err(fault.into_failure()),
        }
    }

    async fn direct(&self, user: &str, tag: &Tag, body: &Redacted<PostBody>) -> Result<(), Fault> {
        let opened = async {
            let channel = self.client.call(Route::DirectMessage, Some(&json!({"recipient_id": user}))).await?;
            let id = channel["id"].as_str().map(str::to_owned);
            id.ok_or_else(|| Fault::Unknown("the answer names no channel".to_owned()))
        };
        let opened = self.directs.try_get_with(user.to_owned(), opened).await;
        let channel = opened.map_err(|fault| nothing_sent((*fault).clone()))?;
        self.say(&channel, tag, &shown(body, tag)).await.map(drop)
    }
}

/// Discord does not know the answer: not yet, or no more.
fn is_not_known(fault: &Fault) -> bool {
    fault.is_gone()
}
