//! What people do with the app: commands, buttons, modals; and what they see of its answers.

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Discord;
use super::interaction::{Answered, Done, NotAcknowledged, Shows};
use super::message::{EPHEMERAL, LOADING, Message};
use super::people::place;
use super::state::State;
use super::typed;

/// What a person sees as the answer to what they did.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Who did it.
    pub user: String,
    /// Where, a channel or a thread.
    pub channel: String,
    /// What they did; none for a message to them alone.
    pub interaction: Option<String>,
    /// Whether they see that the app thinks.
    pub thinking: bool,
    /// Whether only they see it.
    pub private: bool,
    /// What they see.
    pub message: Message,
}

impl Discord {
    /// A person gives `/midwatch` with a subcommand and options by name; the answer on the spot. A subcommand of a group is
    /// named with it: `pack list`. When no command is registered, anything can be given, as by a client that knows old ones.
    ///
    /// # Errors
    /// When the app did not answer in time: the person sees that it failed.
    ///
    /// # Panics
    /// When there is no such channel, or Discord would not let the person send this.
    pub async fn slash(
        &self,
        user: &str,
        channel: &str,
        subcommand: &str,
        options: &[(&str, &str)],
    ) -> Result<Answered, NotAcknowledged> {
        self.command(user, channel, |state| typed::command(state, subcommand, options, None), 2).await
    }

    /// A person types a whole line after `/midwatch`: the subcommand, then its options as `name:value`. Words without a name
    /// go to the first option that has none of its own.
    ///
    /// # Errors
    /// When the app did not answer in time.
    ///
    /// # Panics
    /// When there is no such channel, or Discord would not let the person send this.
    pub async fn slash_line(&self, user: &str, channel: &str, line: &str) -> Result<Answered, NotAcknowledged> {
        self.command(user, channel, |state| typed::line(state, line), 2).await
    }

    /// A person types into an option, and is offered what it may be.
    ///
    /// # Errors
    /// When the app did not answer in time: the person is offered nothing.
    ///
    /// # Panics
    /// When there is no such channel, or no such option that offers anything.
    pub async fn autocomplete(
        &self,
        user: &str,
        channel: &str,
        subcommand: &str,
        options: &[(&str, &str)],
        focused: (&str, &str),
    ) -> Result<Answered, NotAcknowledged> {
        self.command(user, channel, |state| typed::command(state, subcommand, options, Some(focused)), 4).await
    }

    async fn command(
        &self,
        user: &str,
        channel: &str,
        data: impl FnOnce(&State) -> Value,
        kind: u8,
    ) -> Result<Answered, NotAcknowledged> {
        let data = self.shared.read(data);
        self.does(user, channel, kind, typed::COMMAND.to_owned(), data, None).await
    }

    /// A person presses the button with this `custom_id` on a message, in a channel or thread, also of an earlier look of it.
    ///
    /// # Errors
    /// When the app did not answer in time.
    ///
    /// # Panics
    /// When the message never had such a button.
    pub async fn press(
        &self,
        user: &str,
        channel: &str,
        message: &str,
        custom_id: &str,
    ) -> Result<Answered, NotAcknowledged> {
        let found = self.shared.read(|state| {
            let channel = &state.world.channels[&place(state, channel)];
            channel.message(message).cloned()
        });
        let found = found.expect("a message that is there");
        let mut looks = found.before.iter().chain([&found.look]);
        assert!(
            looks.any(|look| look.buttons().iter().any(|id| id == custom_id)),
            "no button {custom_id} in {:#?}",
            found.look
        );
        let data = json!({"component_type": 2, "custom_id": custom_id, "id": 2});
        let of = Some((found.channel.clone(), found.id.clone()));
        self.does(user, &found.channel, 3, custom_id.to_owned(), data, of).await
    }

    /// A person sends the modal that an answer opened, with these words in its inputs.
    ///
    /// # Errors
    /// When the app did not answer in time.
    ///
    /// # Panics
    /// When the answer opened no modal, or the modal has no such input.
    pub async fn submit(&self, modal: &Answered, inputs: &[(&str, &str)]) -> Result<Answered, NotAcknowledged> {
        assert_eq!(modal.kind, 9, "a modal: {modal:?}");
        let rows = modal.data["components"].as_array().into_iter().flatten();
        let known: Vec<&Value> = rows.flat_map(|row| row["components"].as_array().into_iter().flatten()).collect();
        for (name, _) in inputs {
            assert!(known.iter().any(|input| input["custom_id"] == *name), "no input {name} in {known:?}");
        }
        let given = |input: &&Value| {
            let typed = inputs.iter().find(|(name, _)| input["custom_id"] == *name);
            let value = typed.map_or_else(|| input["value"].as_str().unwrap_or_default(), |(_, value)| value);
            json!({"type": 1, "components": [{"type": 4, "custom_id": input["custom_id"], "value": value}]})
        };
        let custom_id = modal.data["custom_id"].as_str().unwrap_or_default().to_owned();
        let data = json!({"custom_id": custom_id, "components": known.iter().map(given).collect::<Vec<_>>()});
        let (user, channel, of) = self.shared.read(|state| {
            let from = &state.interactions[&modal.interaction];
            (from.user.clone(), from.channel.clone(), from.message.clone())
        });
        self.does(&user, &channel, 5, custom_id, data, of).await
    }

    async fn does(
        &self,
        user: &str,
        channel: &str,
        kind: u8,
        what: String,
        data: Value,
        message: Option<(String, String)>,
    ) -> Result<Answered, NotAcknowledged> {
        let (done, ending) = oneshot::channel();
        let id = self.shared.change(|state| {
            let channel = place(state, channel);
            state.interact(Done { user, channel: &channel, kind, what, data, message }, done)
        });
        let within = self.shared.read(|state| state.options.acknowledge_within);
        if let Ok(end) = tokio::time::timeout(within, ending).await {
            return end.unwrap_or(Err(NotAcknowledged::Failed));
        }
        self.shared.change(|state| {
            // It may have been answered in this very moment.
            let answered = state.interactions.get(&id).and_then(|known| known.answered.clone());
            if answered.is_none() {
                state.ended(&id, Err(NotAcknowledged::Late));
            }
            answered.ok_or(NotAcknowledged::Late)
        })
    }

    /// What the person sees now as the answer; none when there is nothing to see, or the app did not respond.
    ///
    /// # Panics
    /// When there was no such interaction.
    pub fn original(&self, interaction: &str) -> Option<Shown> {
        self.shared.read(|state| shown(state, interaction))
    }

    /// What only this person was told, in order: private answers, also those that are still thinking, and direct messages.
    pub fn privately(&self, user: &str) -> Vec<Shown> {
        self.shared.read(|state| {
            let own = state.interactions.values().filter(|interaction| interaction.user == user);
            let mut all: Vec<Shown> =
                own.filter_map(|own| shown(state, &own.id)).filter(|shown| shown.private).collect();
            let direct = state.world.channels.values().filter(|channel| channel.recipient.as_deref() == Some(user));
            let messages = direct.flat_map(|channel| channel.messages.values()).filter(|message| message.is_own());
            all.extend(messages.map(|message| Shown {
                user: user.to_owned(),
                channel: message.channel.clone(),
                interaction: None,
                thinking: false,
                private: true,
                message: message.clone(),
            }));
            all.sort_by_key(|shown| shown.message.id.parse::<u64>().unwrap_or(0));
            all
        })
    }
}

fn shown(state: &State, interaction: &str) -> Option<Shown> {
    let interaction = &state.interactions[interaction];
    let message = match &interaction.shows {
        Shows::Nothing => return None,
        Shows::Private(message) => message.as_ref().clone(),
        Shows::Public(channel, id) => state.world.channels.get(channel)?.message(id)?.clone(),
    };
    Some(Shown {
        user: interaction.user.clone(),
        channel: interaction.channel.clone(),
        interaction: Some(interaction.id.clone()),
        thinking: message.flags & LOADING != 0,
        private: message.flags & EPHEMERAL != 0,
        message,
    })
}
