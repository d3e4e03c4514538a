//! A message of another program, from Discord's message to a [`Post`].
//!
//! Pure. Start at [`post`].

use midwatch_conversation::posted::{Post, Section};
use serenity::model::channel::{Embed, Message};

use super::markup::shown;

/// Embeds that are read of one message; Discord allows 10:
/// <https://docs.discord.com/developers/resources/message#create-message>.
const EMBEDS: usize = 10;

/// What a message of a program is.
#[derive(Debug, PartialEq)]
pub(crate) enum Read {
    /// It says something.
    Post(Box<Post>),
    /// Not a word can be read, for this reason.
    Not(&'static str),
}

/// Reads a message. `may_read` is whether the bot may read what messages say.
pub(crate) fn read(message: &Message, may_read: bool) -> Read {
    let post = Post {
        author: Some(message.author.name.clone()).filter(|name| !name.is_empty()),
        text: shown(&message.content),
        sections: message.embeds.iter().take(EMBEDS).map(section).filter(|section| !is_empty(section)).collect(),
    };
    if !post.text.trim().is_empty() || !post.sections.is_empty() {
        return Read::Post(Box::new(post));
    }
    Read::Not(why(message, may_read))
}

fn why(message: &Message, may_read: bool) -> &'static str {
    let holds_nothing = message.embeds.is_empty() && message.attachments.is_empty() && message.components.is_empty();
    if holds_nothing && !may_read {
        return "Discord delivers it empty, because the bot may not read what messages say: switch on Message Content Intent \
                on the Bot page of the application in Discord's developer portal, then restart Midwatch";
    }
    // Components of the second version are dropped by serenity, with the flag that tells of them.
    "there is no text and no embed with words in it, and pictures and components are not read; have the program post text or \
     an embed"
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
