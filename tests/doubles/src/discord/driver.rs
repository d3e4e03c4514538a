//! Setting up a guild, and making things go wrong in it.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::Discord;
use super::faults::{DeliveryFault, Fault};
use super::limits::Limits;
use super::options::{APPLICATION, BOT_ROLE, BOT_TOKEN, BOT_USER, GUILD, Options};
use super::people::place;
use super::permissions::{Overwrite, VIEW_CHANNEL};
use super::sessions::Order;
use super::state::{Outcome, Shared, State};
use super::world::{Channel, ChannelKind};
use super::{server, signed};
use crate::rules::Rule;

impl Discord {
    /// A guild on a free port of 127.0.0.1, with the bot in it.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::new(State::new(options, format!("http://{address}"))));
        shared.spawn(server::serve(listener, Arc::clone(&shared)));
        shared.spawn(signed::run(Arc::clone(&shared)));
        let stop = shared.stop.clone().drop_guard();
        Self { shared, _stop: stop }
    }

    /// What the client is pointed at: `http://127.0.0.1:1234/api`.
    pub fn api_url(&self) -> String {
        self.shared.read(|state| format!("{}/api", state.origin))
    }

    /// The bot's token.
    pub fn bot_token(&self) -> &'static str {
        BOT_TOKEN
    }

    /// The application.
    pub fn application_id(&self) -> &'static str {
        APPLICATION
    }

    /// The user that the application is: what a mention names.
    pub fn bot_user(&self) -> &'static str {
        BOT_USER
    }

    /// The role that Discord made for the bot.
    pub fn bot_role(&self) -> &'static str {
        BOT_ROLE
    }

    /// The guild; its role `@everyone` has the same id.
    pub fn guild(&self) -> &'static str {
        GUILD
    }

    /// Adds a member of the guild. The id is a number; see [`Discord::id`].
    pub fn add_user(&self, id: &str, name: &str) {
        self.shared.change(|state| state.world.add_user(id, name, &[]));
    }

    /// Adds a role, which these members have from now on. The id is a number.
    pub fn add_role(&self, id: &str, name: &str, members: &[&str]) {
        self.shared.change(|state| {
            state.world.add_role(id, name, 0, false);
            for &member in members {
                let user = state.world.users.get_mut(member).expect("a user that was added");
                user.roles.push(id.to_owned());
            }
        });
    }

    /// Adds a text channel, in which everyone may do the usual. The id is a number.
    pub fn add_channel(&self, id: &str, name: &str) {
        self.add(id, name, ChannelKind::Text);
    }

    /// Adds a forum. The id is a number.
    pub fn add_forum(&self, id: &str, name: &str) {
        self.add(id, name, ChannelKind::Forum);
    }

    fn add(&self, id: &str, name: &str, kind: ChannelKind) {
        assert!(id.parse::<u64>().is_ok_and(|id| id > 0), "ids are numbers: {id}");
        self.shared.change(|state| {
            let channel = Channel::new(id, name, kind);
            state.world.channels.insert(id.to_owned(), channel.clone());
            state.tell_channel("CHANNEL_CREATE", &channel);
        });
    }

    /// An id that was not given before.
    pub fn id(&self) -> String {
        self.shared.change(State::snowflake)
    }

    /// Takes a channel from the bot: it does not see it any more.
    pub fn kick(&self, channel: &str) {
        self.deny(channel, VIEW_CHANNEL);
    }

    /// Gives back to the bot everything that was taken in a channel.
    pub fn invite(&self, channel: &str) {
        self.overwrite(channel, |overwrites| overwrites.retain(|one| one.id != BOT_USER));
        self.shared.change(|state| {
            let id = place(state, channel);
            state.tell_threads(&id);
        });
    }

    /// Takes permissions from the bot in a channel; see the constants of [`permissions`](super::permissions).
    pub fn deny(&self, channel: &str, permissions: u64) {
        self.overwrite(channel, |overwrites| {
            let before = overwrites.iter().find(|one| one.id == BOT_USER).map_or(0, |one| one.deny);
            overwrites.retain(|one| one.id != BOT_USER);
            let deny = before | permissions;
            overwrites.push(Overwrite { id: BOT_USER.to_owned(), member: true, allow: 0, deny });
        });
    }

    fn overwrite(&self, channel: &str, change: impl FnOnce(&mut Vec<Overwrite>)) {
        self.shared.change(|state| {
            let id = place(state, channel);
            let channel = state.world.channels.get_mut(&id).expect("it is there");
            change(&mut channel.overwrites);
            let channel = channel.clone();
            state.tell_channel("CHANNEL_UPDATE", &channel);
        });
    }

    /// Takes permissions from the bot in the whole guild, or gives them back: those that everyone has.
    pub fn everyone(&self, permissions: u64) {
        self.shared.change(|state| {
            if let Some(role) = state.world.roles.get_mut(GUILD) {
                role.permissions = permissions;
            }
        });
    }

    /// Whether a person takes messages from the bot.
    pub fn take_messages(&self, user: &str, takes: bool) {
        self.shared.change(|state| state.world.users.get_mut(user).expect("a user that was added").closed = !takes);
    }

    /// Whether the privileged intent for the content of messages is granted from now on.
    pub fn grant_message_content(&self, granted: bool) {
        self.shared.change(|state| state.options.message_content = granted);
    }

    /// The limits from now on.
    pub fn limit(&self, limits: Limits) {
        self.shared.change(|state| state.options.limits = limits);
    }

    /// How long nonces are known from now on.
    pub fn keep_nonces(&self, lives: Duration) {
        self.shared.change(|state| state.nonces_live = lives);
    }

    /// The time in which nonces are known is over.
    pub fn forget_nonces(&self) {
        self.shared.change(|state| state.nonces.clear());
    }

    /// Plans a fault of the REST API.
    pub fn fault(&self, rule: Rule<Fault>) {
        self.shared.change(|state| state.faults.add(rule));
    }

    /// Plans a fault on the way to the app.
    pub fn delivery_fault(&self, rule: Rule<DeliveryFault>) {
        self.shared.change(|state| state.delivery_faults.add(rule));
    }

    /// Of a hundred calls of each route so many meet one of these faults; the same ones for the same seed.
    pub fn chaos(&self, seed: u64, percent: u64, faults: Vec<Fault>) {
        self.shared.change(|state| state.faults.chaos(seed, percent, faults));
    }

    /// Of a hundred deliveries of each type so many meet one of these faults; the same ones for the same seed.
    pub fn delivery_chaos(&self, seed: u64, percent: u64, faults: Vec<DeliveryFault>) {
        self.shared.change(|state| state.delivery_faults.chaos(seed, percent, faults));
    }

    /// No more faults, planned or drawn.
    pub fn calm(&self) {
        self.shared.change(|state| {
            state.faults.clear();
            state.delivery_faults.clear();
            state.release();
        });
    }

    /// Lets calls that met [`Fault::Stuck`] take effect; how many.
    pub fn land(&self) -> usize {
        self.shared.change(|state| {
            let stuck = std::mem::take(&mut state.stuck);
            let landed = stuck.len();
            for (at, act) in stuck {
                server::act_on(state, at, act, Some(Outcome::Faulted { fault: Fault::Stuck, landed: true }));
            }
            landed
        })
    }

    /// Sends what met [`DeliveryFault::AfterNext`] and found none.
    pub fn release(&self) {
        self.shared.change(State::release);
    }

    /// Asks every client of the gateway to connect anew (op 7).
    pub fn ask_to_reconnect(&self) {
        self.shared.change(|state| state.sessions.command(Order::Reconnect));
    }

    /// Tells every client of the gateway that its session is invalid (op 9), and whether it can be resumed.
    pub fn invalidate_sessions(&self, resumable: bool) {
        self.shared.change(|state| state.sessions.command(Order::Invalid(resumable)));
    }

    /// Closes every connection of the gateway with this code.
    pub fn close_sockets(&self, code: u16) {
        self.shared.change(|state| state.sessions.command(Order::Close(code)));
    }

    /// Breaks every connection of the gateway, without a word.
    pub fn drop_sockets(&self) {
        self.shared.change(|state| state.sessions.command(Order::Drop));
    }
}
