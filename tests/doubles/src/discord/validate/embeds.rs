//! Embeds and their limits. <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>

use serde_json::{Map, Value};

use super::check::{Check, below};

/// Embeds of a message.
const EMBEDS: usize = 10;
/// Characters of all embeds of a message.
const TOGETHER: usize = 6_000;
const TITLE: usize = 256;
const DESCRIPTION: usize = 4_096;
const FIELD_COUNT: usize = 25;
const FIELD_NAME: usize = 256;
const FIELD_VALUE: usize = 1_024;
const FOOTER: usize = 2_048;
const AUTHOR: usize = 256;
const COLOUR: u64 = 0x00ff_ffff;

const KNOWN: &[&str] = &[
    "title",
    "type",
    "description",
    "url",
    "timestamp",
    "color",
    "footer",
    "image",
    "thumbnail",
    "video",
    "provider",
    "author",
    "fields",
];

/// The embeds of a message.
pub(super) fn all(check: &mut Check, map: &Map<String, Value>, at: &str) {
    let list = check.list(map, "embeds", at, EMBEDS);
    let at = below(at, "embeds");
    for (number, embed) in list.iter().enumerate() {
        one(check, embed, &format!("{at}/{number}"));
    }
    if list.iter().map(size).sum::<usize>() > TOGETHER {
        let words = format!("Embed size exceeds maximum size of {TOGETHER}");
        check.problem(&at, "MAX_EMBED_SIZE_EXCEEDED", &words);
    }
}

fn one(check: &mut Check, embed: &Value, at: &str) {
    let Some(map) = check.object(embed, at, KNOWN) else { return };
    check.string(map, "title", at, (0, TITLE));
    check.string(map, "description", at, (0, DESCRIPTION));
    check.address(map, "url", at);
    if let Some(time) = map.get("timestamp").filter(|time| !time.is_null())
        && time.as_str().is_none_or(|time| time.parse::<jiff::Timestamp>().is_err())
    {
        check.problem(&below(at, "timestamp"), "DATETIME_TYPE_CONVERT", "Could not parse. Should be ISO8601.");
    }
    if map.get("color").is_some_and(|colour| colour.as_u64().is_none_or(|colour| colour > COLOUR)) {
        let words = "int value should be between 0 and 16777215.";
        check.problem(&below(at, "color"), "NUMBER_TYPE_MAX", words);
    }
    let parts = [("footer", "text", FOOTER), ("author", "name", AUTHOR)];
    for (part, name, most) in parts {
        let Some(inner) = map.get(part).filter(|inner| !inner.is_null()) else { continue };
        let at = below(at, part);
        if let Some(inner) = check.object(inner, &at, &[name, "url", "icon_url"]) {
            check.must(inner, &[name], &at);
            check.string(inner, name, &at, (1, most));
            check.address(inner, "url", &at);
            check.address(inner, "icon_url", &at);
        }
    }
    for (number, field) in check.list(map, "fields", at, FIELD_COUNT).iter().enumerate() {
        let at = format!("{at}/fields/{number}");
        let Some(map) = check.object(field, &at, &["name", "value", "inline"]) else { continue };
        check.must(map, &["name", "value"], &at);
        check.string(map, "name", &at, (1, FIELD_NAME));
        check.string(map, "value", &at, (1, FIELD_VALUE));
    }
}

/// The characters that count together.
fn size(embed: &Value) -> usize {
    let length = |value: &Value| value.as_str().map_or(0, |text| text.trim().chars().count());
    let fields = embed["fields"].as_array().into_iter().flatten();
    let fields: usize = fields.map(|field| length(&field["name"]) + length(&field["value"])).sum();
    let parts = [&embed["title"], &embed["description"], &embed["footer"]["text"], &embed["author"]["name"]];
    fields + parts.into_iter().map(length).sum::<usize>()
}
