//! What Discord knows of channels and people: whether the bot may speak in a channel, and which roles somebody has.
//!
//! Only reads. Must never assume a role or a permission that was not read. Start at [`DiscordPlatform`]'s `Directory`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use midwatch_service::port::chat::{Directory, Membership};
use moka::future::Cache;
use serde_json::Value;

use crate::fault::{Fault, code};
use crate::permissions::{self, Guild, Member, Permissions};
use crate::platform::{DiscordPlatform, Inner};
use crate::route::Route;
use crate::threads::is_forum;

/// How long roles and members are kept: every command wants to know, and a right that was taken is gone soon.
const FRESH: Duration = Duration::from_mins(1);

/// Members that are kept.
const KEPT: u64 = 1_024;

/// The guild's roles and members, as they were read last.
pub(crate) struct Known {
    roles: Cache<(), Arc<Value>>,
    members: Cache<String, Arc<Value>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            roles: Cache::builder().max_capacity(1).time_to_live(FRESH).build(),
            members: Cache::builder().max_capacity(KEPT).time_to_live(FRESH).build(),
        }
    }
}

/// How the bot stands in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The channel is not there, not in this guild, or not seen by the bot.
    Unseen,
    /// It is seen, and these permissions are missing; none: everything is there.
    Lacks(Permissions),
}

#[async_trait]
impl Directory for DiscordPlatform {
    async fn membership(&self, channel: &str) -> Result<Membership, String> {
        match self.inner.standing(channel).await {
            Ok(Standing::Lacks(missing)) if !missing.intersects(permissions::needed()) => Ok(Membership::Member),
            Ok(_) => Ok(Membership::NotMember),
            Err(fault) => Err(fault.words()),
        }
    }

    async fn groups(&self, user: &str) -> Result<Vec<String>, String> {
        self.inner.roles_of(user).await.map_err(|fault| fault.words())
    }

    fn invitation(&self) -> String {
        let names = permissions::names(permissions::needed());
        format!("Ask somebody who manages this channel to give the bot these permissions in it: {names}.")
    }
}

impl DiscordPlatform {
    /// What roles are called, as far as that is known within this time.
    pub(crate) async fn role_names(&self, ids: &[String], within: Duration) -> Vec<String> {
        match tokio::time::timeout(within, self.inner.roles()).await {
            Ok(Ok(roles)) => {
                let all = roles.as_array().into_iter().flatten();
                let theirs = all.filter(|role| ids.iter().any(|id| role["id"] == id.as_str()));
                theirs.filter_map(|role| role["name"].as_str()).map(str::to_owned).collect()
            }
            Ok(Err(_)) | Err(_) => Vec::new(),
        }
    }
}

impl Inner {
    /// How the bot stands in a channel now.
    pub(crate) async fn standing(&self, channel: &str) -> Result<Standing, Fault> {
        let told = match self.client.read_patiently(Route::Channel(channel), &[]).await {
            Ok(told) => told,
            Err(fault) if matches!(fault.code(), Some(code::UNKNOWN_CHANNEL | code::MISSING_ACCESS)) => {
                return Ok(Standing::Unseen);
            }
            Err(fault) => return Err(fault),
        };
        if told["guild_id"] != self.guild.as_str() {
            return Ok(Standing::Unseen);
        }
        let bot = &self.application().await?.bot;
        let (roles, member) = (self.roles().await?, self.member(bot).await?);
        let guild = Guild::new(&self.guild, &roles);
        let member = Member { id: bot.clone(), roles: texts(&member["roles"]).map(str::to_owned).collect() };
        let allowed = permissions::in_channel(&guild, &member, &told["permission_overwrites"]);
        if !allowed.contains(Permissions::VIEW_CHANNEL) {
            return Ok(Standing::Unseen);
        }
        // A post of a forum is its own thread.
        let forum = if is_forum(&told) { Permissions::CREATE_PUBLIC_THREADS } else { Permissions::empty() };
        Ok(Standing::Lacks(permissions::used() - forum - allowed))
    }

    /// A person's roles, by name and by id.
    async fn roles_of(&self, user: &str) -> Result<Vec<String>, Fault> {
        let member = match self.member(user).await {
            Ok(member) => member,
            // Who is not in the guild has none.
            Err(fault) if matches!(fault.code(), Some(code::UNKNOWN_MEMBER | code::UNKNOWN_USER)) => {
                return Ok(Vec::new());
            }
            Err(fault) => return Err(fault),
        };
        let roles = self.roles().await?;
        let all: Vec<&Value> = roles.as_array().into_iter().flatten().collect();
        let named = |id: &str| all.iter().find(|role| role["id"] == id).and_then(|role| role["name"].as_str());
        Ok(texts(&member["roles"]).flat_map(|id| named(id).into_iter().chain([id])).map(str::to_owned).collect())
    }

    async fn roles(&self) -> Result<Arc<Value>, Fault> {
        let asked = async { self.client.read_patiently(Route::Roles(&self.guild), &[]).await.map(Arc::new) };
        self.known.roles.try_get_with((), asked).await.map_err(|fault: Arc<Fault>| (*fault).clone())
    }

    async fn member(&self, user: &str) -> Result<Arc<Value>, Fault> {
        let route = Route::Member { guild: &self.guild, user };
        let asked = async { self.client.read_patiently(route, &[]).await.map(Arc::new) };
        self.known.members.try_get_with(user.to_owned(), asked).await.map_err(|fault: Arc<Fault>| (*fault).clone())
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
