//! Setting up a workspace, and making things go wrong in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::Slack;
use super::connections::Disconnect;
use super::faults::{DeliveryFault, Fault};
use super::limits::Limits;
use super::options::{APP_TOKEN, BOT, BOT_TOKEN, BOT_USER, Options, SIGNING_SECRET, Targets};
use super::shared::Shared;
use super::state::{Outcome, State};
use super::world::{Channel, ChannelKind, Group};
use super::{server, signed};
use crate::rules::Rule;

impl Slack {
    /// A workspace on a free port of 127.0.0.1. The app is installed, and in no channel yet.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut state = State::new(options, format!("http://{address}"));
        state.world.users.insert(BOT_USER.to_owned(), "midwatch".to_owned());
        let shared = Arc::new(Shared::new(state));
        shared.spawn(server::serve(listener, Arc::clone(&shared)));
        shared.spawn(signed::events(Arc::clone(&shared)));
        shared.spawn(signed::answered(Arc::clone(&shared)));
        let stop = shared.stop.clone().drop_guard();
        Self { shared, _stop: stop }
    }

    /// What the client is pointed at: `http://127.0.0.1:1234/api`.
    pub fn api_url(&self) -> String {
        self.shared.read(|state| format!("{}/api", state.origin))
    }

    /// The bot's token, for the Web API.
    pub fn bot_token(&self) -> &'static str {
        BOT_TOKEN
    }

    /// The app's token, for Socket Mode.
    pub fn app_token(&self) -> &'static str {
        APP_TOKEN
    }

    /// What signed requests are signed with.
    pub fn signing_secret(&self) -> &'static str {
        SIGNING_SECRET
    }

    /// The user that the app is: what a mention names.
    pub fn bot_user(&self) -> &'static str {
        BOT_USER
    }

    /// The bot that the app's messages carry.
    pub fn bot_id(&self) -> &'static str {
        BOT
    }

    /// Adds a person. The id begins with `U`.
    pub fn add_user(&self, id: &str, name: &str) {
        self.shared.change(|state| state.world.users.insert(id.to_owned(), name.to_owned()));
    }

    /// Adds a group of users. The id begins with `S`.
    pub fn add_group(&self, id: &str, handle: &str, users: &[&str]) {
        let users = users.iter().map(|&u| u.to_owned()).collect();
        let group = Group { id: id.to_owned(), handle: handle.to_owned(), users };
        self.shared.change(|state| state.world.groups.push(group));
    }

    /// Adds a public channel with these people and the app in it. The id begins with `C`.
    pub fn add_channel(&self, id: &str, name: &str, members: &[&str]) {
        self.add(id, name, ChannelKind::Public, members);
        self.invite(id);
    }

    /// Adds a private channel with these people in it, without the app. The id begins with `G` or `C`.
    pub fn add_private_channel(&self, id: &str, name: &str, members: &[&str]) {
        self.add(id, name, ChannelKind::Private, members);
    }

    fn add(&self, id: &str, name: &str, kind: ChannelKind, members: &[&str]) {
        let members = members.iter().map(|&m| m.to_owned()).collect();
        let (id, name) = (id.to_owned(), name.to_owned());
        let channel = Channel { id: id.clone(), name, kind, members, archived: false, messages: [].into() };
        self.shared.change(|state| state.world.channels.insert(id, channel));
    }

    /// Brings the app into a channel; the app is not told.
    pub fn invite(&self, channel: &str) {
        self.with_members(channel, |members| members.insert(BOT_USER.to_owned()));
    }

    /// Takes the app out of a channel.
    pub fn kick(&self, channel: &str) {
        self.with_members(channel, |members| members.remove(BOT_USER));
    }

    fn with_members(&self, channel: &str, act: impl FnOnce(&mut BTreeSet<String>) -> bool) {
        self.shared.change(|state| {
            let id = state.world.channel(channel).expect("a channel that was added").id.clone();
            act(&mut state.world.channels.get_mut(&id).expect("it is there").members);
        });
    }

    /// From now on everything is sent as signed requests, not over sockets.
    pub fn deliver_to(&self, targets: Targets) {
        self.shared.change(|state| state.targets = Some(targets));
    }

    /// From now on everything is sent over sockets.
    pub fn deliver_over_sockets(&self) {
        self.shared.change(|state| state.targets = None);
    }

    /// What the bot token may do from now on.
    pub fn grant(&self, scopes: &[&str]) {
        self.shared.change(|state| state.options.scopes = scopes.iter().map(|&s| s.to_owned()).collect());
    }

    /// The limits from now on.
    pub fn limit(&self, limits: Limits) {
        self.shared.change(|state| state.options.limits = limits);
    }

    /// Plans a fault of the Web API; also of `upload` and `response_url`.
    pub fn fault(&self, rule: Rule<Fault>) {
        self.shared.change(|state| state.faults.add(rule));
    }

    /// Plans a fault on the way to the app.
    pub fn delivery_fault(&self, rule: Rule<DeliveryFault>) {
        self.shared.change(|state| state.delivery_faults.add(rule));
    }

    /// Of a hundred calls of each method so many meet one of these faults; the same ones for the same seed.
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
                let outcome = Outcome::Faulted { fault: format!("{:?}", Fault::Stuck), landed: true };
                server::act_on(state, at, act, Some(outcome));
            }
            landed
        })
    }

    /// Sends what met [`DeliveryFault::AfterNext`] and found none.
    pub fn release(&self) {
        self.shared.change(State::release);
    }

    /// Asks the app to replace every connection.
    pub fn ask_to_reconnect(&self, why: Disconnect) {
        self.shared.change(|state| state.connections.ask(why));
    }

    /// Breaks every connection of Socket Mode, without a word.
    pub fn drop_sockets(&self) {
        self.shared.change(|state| state.connections.drop_all());
    }
}
