//! A message of another program, from Slack's own JSON to a [`Post`].
//!
//! Reads whatever is there and asks for nothing: a field of an odd type costs that field, never the message. Must never
//! go through typed structs, which lose the whole message over one field. Start at [`post`].

use midwatch_conversation::posted::{Post, Section};
use serde_json::Value;

use super::markup::shown;

/// Attachments and block groups that are read of one message; Slack allows 100.
const SECTIONS: usize = 100;

/// How deep blocks are followed.
const DEPTH: usize = 8;

/// The message as a post; none when there is not a word in it.
pub(crate) fn post(message: &Value) -> Option<Post> {
    let attachments = message.get("attachments").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut sections: Vec<Section> = Vec::new();
    let blocks = of_blocks(message.get("blocks"));
    sections.extend(blocks.filter(|section| !section.text.is_empty() || !section.fields.is_empty()));
    sections.extend(attachments.iter().take(SECTIONS).flat_map(attachment));
    let post = Post { author: author(message), text: text(message, "text"), sections };
    let empty = post.text.trim().is_empty() && post.sections.iter().all(is_empty);
    (!empty).then_some(post)
}

fn author(message: &Value) -> Option<String> {
    let profile = message.get("bot_profile");
    [message.get("username"), profile.and_then(|profile| profile.get("name"))]
        .into_iter()
        .flatten()
        .find_map(Value::as_str)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

fn is_empty(section: &Section) -> bool {
    let Section { pretext, title, link: _, text, fields, footer, colour: _, fallback } = section;
    [pretext, title, text, footer, fallback].into_iter().all(|text| text.trim().is_empty()) && fields.is_empty()
}

/// An attachment, and what stands in blocks inside it.
fn attachment(value: &Value) -> Vec<Section> {
    let section = Section {
        pretext: text(value, "pretext"),
        title: text(value, "title"),
        link: value.get("title_link").and_then(Value::as_str).map(str::to_owned),
        text: text(value, "text"),
        fields: fields(value),
        footer: text(value, "footer"),
        colour: value.get("color").and_then(Value::as_str).map(|colour| colour.trim_start_matches('#').to_lowercase()),
        fallback: text(value, "fallback"),
    };
    let colour = section.colour.clone();
    let blocks = of_blocks(value.get("blocks")).map(|inner| Section { colour: colour.clone(), ..inner });
    std::iter::once(section).chain(blocks).filter(|section| !is_empty(section)).collect()
}

fn fields(attachment: &Value) -> Vec<(String, String)> {
    let fields = attachment.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    fields.iter().take(SECTIONS).map(|field| (text(field, "title"), text(field, "value"))).collect()
}

/// A text, or what else stands there, as it is written.
fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => shown(text),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(flag)) => flag.to_string(),
        _ => String::new(),
    }
}

/// Blocks as one section: a header is its title, fields are its fields, all other words are its text.
fn of_blocks(blocks: Option<&Value>) -> impl Iterator<Item = Section> + use<> {
    let blocks = blocks.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut section = Section::default();
    for block in blocks.iter().take(SECTIONS) {
        let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
        if kind == "header" && section.title.is_empty() {
            section.title = words(block.get("text"), 0);
            continue;
        }
        let cells = block.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        section.fields.extend(cells.iter().map(|cell| split_cell(&words(Some(cell), 0))));
        let said = words(Some(block), 0);
        if !said.is_empty() {
            section.text += if section.text.is_empty() { "" } else { "\n" };
            section.text += &said;
        }
    }
    (!is_empty(&section)).then_some(section).into_iter()
}

/// `*Severity:*\ncritical` is a field with its name.
fn split_cell(cell: &str) -> (String, String) {
    let bold = cell.strip_prefix('*').and_then(|rest| rest.split_once('*'));
    match bold.or_else(|| cell.split_once('\n')).or_else(|| cell.split_once(": ")) {
        Some((name, value)) => {
            (name.trim().trim_end_matches(':').to_owned(), value.trim_start_matches(':').trim().to_owned())
        }
        None => (String::new(), cell.to_owned()),
    }
}

/// Every word inside a block, in order, whatever its type. Fields are read apart.
fn words(value: Option<&Value>, depth: usize) -> String {
    let Some(value) = value.filter(|_| depth < DEPTH) else { return String::new() };
    match value {
        Value::String(text) => shown(text),
        Value::Array(all) => joined(all.iter().map(|one| words(Some(one), depth + 1)), inline(all)),
        Value::Object(object) => {
            let link = object.get("url").and_then(Value::as_str);
            let mut said = words(object.get("text"), depth + 1);
            if let Some(link) = link.filter(|_| object.get("type").and_then(Value::as_str) == Some("link")) {
                said = if said.is_empty() { link.to_owned() } else { format!("{said} ({link})") };
            }
            let parts = ["elements", "rows", "tasks", "title"].iter().map(|name| words(object.get(*name), depth + 1));
            joined(std::iter::once(said).chain(parts), false)
        }
        _ => String::new(),
    }
}

/// Pieces of one line of rich text stand beside each other; everything else stands below each other.
fn inline(all: &[Value]) -> bool {
    let piece = |one: &Value| {
        let kind = one.get("type").and_then(Value::as_str);
        matches!(kind, Some("text" | "link" | "emoji" | "user" | "channel" | "usergroup"))
    };
    all.iter().all(piece)
}

fn joined(parts: impl Iterator<Item = String>, inline: bool) -> String {
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(if inline { "" } else { "\n" })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attachments_are_read_whatever_their_fields_are() {
        let message = json!({
            "text": "", "username": "Alertmanager",
            "attachments": [{
                "title": "[FIRING:2] KubePodCrashLooping shop", "title_link": "http://am/#/alerts", "color": "#A30200",
                "text": "*Alert:* crash &gt; 5", "fallback": 7, "footer": null, "pretext": ["odd"],
                "fields": [{"title": "Severity", "value": 3, "short": "true"}]
            }]
        });
        let post = post(&message).unwrap();
        assert_eq!(post.author.as_deref(), Some("Alertmanager"));
        let [section] = &post.sections[..] else { panic!("{post:?}") };
        assert_eq!(section.title, "[FIRING:2] KubePodCrashLooping shop");
        assert_eq!((section.colour.as_deref(), section.text.as_str()), (Some("a30200"), "*Alert:* crash > 5"));
        assert_eq!(section.fields, [("Severity".to_owned(), "3".to_owned())]);
        assert_eq!((section.fallback.as_str(), section.pretext.as_str()), ("7", ""));
    }

    #[test]
    fn blocks_are_read_whatever_their_type_is() {
        let message = json!({"bot_profile": {"name": "Grafana"}, "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "[FIRING:1] HighLatency"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "Value: <http://g/x|22>"},
             "fields": [{"type": "mrkdwn", "text": "*Severity:*\ncritical"}, {"type": "mrkdwn", "text": "plain"}]},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "see "}, {"type": "link", "url": "http://g", "text": "panel"}]}]},
            {"type": "not_known_yet", "elements": [{"text": {"text": "deep"}}]}
        ]});
        let post = post(&message).unwrap();
        let [section] = &post.sections[..] else { panic!("{post:?}") };
        assert_eq!(section.title, "[FIRING:1] HighLatency");
        assert_eq!(section.text, "Value: 22 (http://g/x)\nsee panel (http://g)\ndeep");
        let fields = [("Severity", "critical"), ("", "plain")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(section.fields, fields);
    }

    #[test]
    fn a_message_without_a_word_is_no_post() {
        for odd in [json!({}), json!({"text": " "}), json!({"attachments": [{}]}), json!({"blocks": "x"}), json!(null)]
        {
            assert_eq!(post(&odd), None, "{odd}");
        }
    }
}
