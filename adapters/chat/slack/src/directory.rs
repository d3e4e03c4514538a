//! What Slack knows of channels and people: whether the bot is in a channel, and who is in which user group.
//!
//! Only reads. Must never assume a group that was not read. Start at [`SlackPlatform`]'s `Directory`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use midwatch_service::port::chat::{Directory, Membership};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::fault::Fault;
use crate::method::Method;
use crate::platform::{Inner, SlackPlatform};

/// How long the groups are kept: they may be asked for 20 times in a minute, and every command wants to know.
const FRESH: Duration = Duration::from_mins(1);

/// The name that an app made from our manifest has.
const NAME: &str = "midwatch";

/// The user groups of the workspace, as they were read last.
#[derive(Default)]
pub(crate) struct Groups {
    read: Mutex<Option<(Instant, Vec<Group>)>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    id: String,
    handle: String,
    users: BTreeSet<String>,
}

#[async_trait]
impl Directory for SlackPlatform {
    async fn membership(&self, channel: &str) -> Result<Membership, String> {
        self.inner.learn_name().await;
        // A direct message is one only because the bot is in it.
        if channel.starts_with('D') {
            return Ok(Membership::Member);
        }
        self.inner
            .membership(channel)
            .await
            .map_err(|fault| format!("{}: {}", Method::ConversationsInfo.name(), fault.words()))
    }

    async fn groups(&self, user: &str) -> Result<Vec<String>, String> {
        if !self.inner.user_groups {
            return Ok(Vec::new());
        }
        let mut read = self.inner.groups.read.lock().await;
        if read.as_ref().is_none_or(|(at, _)| at.elapsed() >= FRESH) {
            *read = None;
            let asked = self.inner.client.read(Method::UsergroupsList, &[("include_users", "true")]).await;
            let answer = asked.map_err(|fault| format!("{}: {}", Method::UsergroupsList.name(), fault.words()))?;
            *read = Some((Instant::now(), groups(&answer.body)));
        }
        let all = read.iter().flat_map(|(_, groups)| groups);
        let of = all.filter(|group| group.users.contains(user));
        Ok(of.flat_map(|group| [group.handle.clone(), group.id.clone()]).collect())
    }

    fn invitation(&self) -> String {
        format!("/invite @{}", self.inner.name.get().map_or(NAME, String::as_str))
    }
}

impl Inner {
    pub(crate) async fn membership(&self, channel: &str) -> Result<Membership, Fault> {
        match self.client.read(Method::ConversationsInfo, &[("channel", channel)]).await {
            // Direct messages have two members and no such field.
            Ok(answer)
                if ["is_member", "is_im"].iter().any(|field| answer.body["channel"][field] == Value::Bool(true)) =>
            {
                Ok(Membership::Member)
            }
            Ok(_) => Ok(Membership::NotMember),
            // A private channel does not exist for those who are not in it.
            Err(fault) if fault.code() == Some("channel_not_found") => Ok(Membership::NotMember),
            Err(fault) => Err(fault),
        }
    }

    /// The bot's name, for the invitation; when it cannot be read now, another time will do.
    async fn learn_name(&self) {
        if self.name.get().is_none()
            && let Ok(answer) = self.client.read(Method::AuthTest, &[]).await
            && let Some(name) = answer.text("/user")
        {
            let _ = self.name.set(name.to_owned());
        }
    }
}

fn groups(body: &Value) -> Vec<Group> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let users = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
    let all = body["usergroups"].as_array().into_iter().flatten();
    all.map(|one| Group { id: text(&one["id"]), handle: text(&one["handle"]), users: users(&one["users"]) }).collect()
}
