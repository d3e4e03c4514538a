//! What Discord refuses, and where it says that it is wrong.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{call, get, guild, send};

fn long(length: usize) -> String {
    "x".repeat(length)
}

fn row(buttons: usize) -> Value {
    let one = |n| json!({"type": 2, "style": 1, "label": "Stop", "custom_id": format!("mw1:stop:{n}")});
    json!({"type": 1, "components": (0..buttons).map(one).collect::<Vec<_>>()})
}

#[rstest]
#[case(json!({"content": long(2_001)}), "/content")]
#[case(json!({"content": "a", "nonce": long(26)}), "/nonce")]
#[case(json!({"embeds": vec![json!({"title": "a"}); 11]}), "/embeds")]
#[case(json!({"embeds": [{"title": long(257)}]}), "/embeds/0/title")]
#[case(json!({"embeds": [{"title": "a"}, {"description": long(4_097)}]}), "/embeds/1/description")]
#[case(json!({"embeds": [{"fields": vec![json!({"name": "a", "value": "b"}); 26]}]}), "/embeds/0/fields")]
#[case(json!({"embeds": [{"fields": [{"name": " ", "value": "b"}]}]}), "/embeds/0/fields/0/name")]
#[case(json!({"embeds": [{"fields": [{"name": "a", "value": long(1_025)}]}]}), "/embeds/0/fields/0/value")]
#[case(json!({"embeds": [{"footer": {"text": long(2_049)}}]}), "/embeds/0/footer/text")]
#[case(json!({"embeds": [{"title": "a", "url": "no address"}]}), "/embeds/0/url")]
#[case(json!({"embeds": [{"description": long(4_000)}, {"description": long(2_001)}]}), "/embeds")]
#[case(json!({"content": "a", "colour": 1}), "/colour")]
#[case(json!({"content": "a", "components": vec![row(1); 6]}), "/components")]
#[case(json!({"content": "a", "components": [row(6)]}), "/components/0/components")]
#[case(json!({"content": "a", "components": [row(1), row(1)]}), "/components/1/components/0/custom_id")]
#[tokio::test]
async fn a_message_is_refused(#[case] body: Value, #[case] at: &str) {
    let discord = guild().await;
    let refused = send(&discord, &body).await;

    assert_eq!(refused.code(), (400, 50035), "{refused:?}");
    let place = refused.body["errors"].pointer(at);
    assert!(place.is_some_and(|place| place["_errors"][0]["code"].is_string()), "{at} in {}", refused.body);
    assert_eq!(discord.refusals().len(), 1);
}

#[tokio::test]
async fn what_is_just_small_enough_is_taken() {
    let discord = guild().await;
    let embeds = json!([{"description": long(4_096)}, {"description": long(1_904)}]);
    let body = json!({"content": long(2_000), "embeds": embeds, "components": [row(5)]});
    assert_eq!(send(&discord, &body).await.status, 200);
    assert_eq!(send(&discord, &json!({"content": "  "})).await.code(), (400, 50006));
}

#[rstest]
#[case(json!([{"name": "Midwatch", "description": "a"}]), "/0/name")]
#[case(json!([{"name": "midwatch", "description": ""}]), "/0/description")]
#[case(json!([{"name": "midwatch", "description": "a", "options": [
    {"type": 3, "name": "one", "description": "a"}, {"type": 3, "name": "two", "description": "a", "required": true},
]}]), "/0/options/1")]
#[case(json!([{"name": "midwatch", "description": "a", "options": [
    {"type": 3, "name": "one", "description": "a", "autocomplete": true, "choices": [{"name": "a", "value": "a"}]},
]}]), "/0/options/0")]
#[tokio::test]
async fn commands_are_refused(#[case] body: Value, #[case] at: &str) {
    let discord = guild().await;
    let path = format!("/applications/{}/guilds/{}/commands", discord.application_id(), discord.guild());
    let refused = call(&discord, reqwest::Method::PUT, &path, Some(&body)).await.unwrap();

    assert_eq!(refused.code(), (400, 50035));
    assert!(refused.body["errors"].pointer(at).is_some(), "{at} in {}", refused.body);
    assert_eq!(get(&discord, &path).await.body, json!([]));
}
