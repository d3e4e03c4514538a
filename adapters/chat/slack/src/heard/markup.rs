//! Slack's markup taken off: what a person typed, or what a program meant to show.
//!
//! Pure. The rules are Slack's: <https://docs.slack.dev/messaging/formatting-message-text>. Start at [`typed`] and [`shown`].

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// `<...>`: a mention, a link, a date. Slack escapes every other angle bracket.
static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<([^<>|]*)(?:\|([^<>]*))?>").ok());

/// The words as a person typed them: links that Slack made of host names are names again, mentions of `me` are gone.
pub(crate) fn typed(text: &str, me: Option<&str>) -> String {
    let words = tags(text, |what, label| match (what.split_at_checked(1), label) {
        (Some(("@", user)), _) if Some(user) == me => String::new(),
        (_, Some(label)) => label.to_owned(),
        (_, None) => what.strip_prefix("mailto:").unwrap_or(what).to_owned(),
    });
    unescaped(&words).trim().to_owned()
}

/// The text as a program meant to show it: a link keeps its address behind its words.
pub(crate) fn shown(text: &str) -> String {
    let words = tags(text, |what, label| match (what.split_at_checked(1), label) {
        (Some(("@" | "#" | "!", _)), Some(label)) => label.to_owned(),
        (Some(("@" | "#" | "!", name)), None) => name.to_owned(),
        (_, Some(label)) if label != what => format!("{label} ({what})"),
        _ => what.to_owned(),
    });
    unescaped(&words)
}

fn tags(text: &str, say: impl Fn(&str, Option<&str>) -> String) -> String {
    let Some(tag) = TAG.as_ref() else { return text.to_owned() };
    let said = |found: &Captures<'_>| say(found.get(1).map_or("", |m| m.as_str()), found.get(2).map(|m| m.as_str()));
    tag.replace_all(text, said).into_owned()
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back() {
        for (sent, expected) in [
            ("<@U1> investigate checkout", "investigate checkout"),
            (
                "hey <@U1>, investigate <http://checkout.shop|checkout.shop> -n shop",
                "hey , investigate checkout.shop -n shop",
            ),
            ("why does <https://shop.example.com/pay> fail?", "why does https://shop.example.com/pay fail?"),
            ("ask <@U2> in <#C1|general> and <!subteam^S1|@sre>", "ask @U2 in general and @sre"),
            ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
            ("mail <mailto:a@b.c|a@b.c>", "mail a@b.c"),
            ("<", "<"),
            ("", ""),
        ] {
            assert_eq!(typed(sent, Some("U1")), expected, "{sent}");
        }
    }

    #[test]
    fn what_was_shown_keeps_its_links() {
        for (sent, expected) in [
            ("<http://am/#/alerts|Alert>: fires &gt; 5", "Alert (http://am/#/alerts): fires > 5"),
            ("<http://am>", "http://am"),
            ("<!here> *bold*", "here *bold*"),
            ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ] {
            assert_eq!(shown(sent), expected, "{sent}");
        }
    }
}
