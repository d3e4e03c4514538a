//! A message of another program, from Discord's message to a [`Post`].
//!
//! Pure. Start at [`post`].

use midwatch_conversation::posted::{Post, Section};
use serenity::model::channel::{Embed, Message};

use super::markup::shown;

/// Embeds that are read of one message; Discord allows 10:
/// <https://docs.discord.com/developers/resources/message#create-message>.
const EMBEDS: usize = 10;

/// The flag of a message that is built of components alone, which has neither content nor embeds:
/// <https://docs.discord.com/developers/resources/message#message-object-message-flags>.
const IS_COMPONENTS_V2: u64 = 1 << 15;

/// What a message of a program is.
#[derive(Debug, PartialEq)]
pub(crate) enum Read {
    /// It says something.
    Post(Box<Post>),
    /// Not a word can be read, for this reason.
    Not(&'static str),
}

/// Reads a message.
pub(crate) fn read(message: &Message) -> Read {
    let post = Post {
        author: Some(message.author.name.clone()).filter(|name| !name.is_empty()),
        text: shown(&message.content),
        sections: message.embeds.iter().take(EMBEDS).map(section).filter(|section| !is_empty(section)).collect(),
    };
    if !post.text.trim().is_empty() || !post.sections.is_empty() {
        return Read::Post(Box::new(post));
    }
    Read::Not(why(message))
}

fn why(message: &Message) -> &'static str {
    let of_components = message.flags.is_some_and(|flags| flags.bits() & IS_COMPONENTS_V2 != 0);
    let holds_nothing = message.embeds.is_empty() && message.attachments.is_empty() && message.components.is_empty();
    match (of_components, holds_nothing) {
        (true, _) => "it is made of components alone, which are not read; have the program post text or an embed",
        (false, true) => {
            "Discord delivers it empty, because the bot may not read what messages say: switch on Message Content Intent \
             on the Bot page of the application in Discord's developer portal"
        }
        (false, false) => "it holds nothing that can be read",
    }
}

/// An embed: <https://docs.discord.com/developers/resources/message#embed-object>.
fn section(embed: &Embed) -> Section {
    let text = |text: Option<&String>| text.map(|text| shown(text)).unwrap_or_default();
    Section {
        pretext: text(embed.author.as_ref().map(|author| &author.name)),
        title: text(embed.title.as_ref()),
        link: embed.url.clone(),
        text: text(embed.description.as_ref()),
        fields: embed.fields.iter().map(|field| (shown(&field.name), shown(&field.value))).collect(),
        footer: embed.footer.as_ref().map(|footer| footer.text.clone()).unwrap_or_default(),
        colour: embed.colour.map(|colour| format!("{:06x}", colour.0)),
        fallback: String::new(),
    }
}

fn is_empty(section: &Section) -> bool {
    let Section { pretext, title, link: _, text, fields, footer, colour: _, fallback } = section;
    [pretext, title, text, footer, fallback].into_iter().all(|text| text.trim().is_empty()) && fields.is_empty()
}
