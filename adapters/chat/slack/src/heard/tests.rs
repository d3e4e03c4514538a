use serde_json::json;

use super::*;

fn listening() -> Listening {
    Listening { alert_channels: ["C1".to_owned()].into() }
}

/// An event around this, as Slack wraps it.
fn hear(event: Value) -> Option<Heard> {
    let payload = json!({
        "type": "event_callback", "event_id": "Ev1", "team_id": "T1", "api_app_id": "A1",
        "authorizations": [{"team_id": "T1", "user_id": "UME", "is_bot": true}], "event": event
    });
    listening().event(&payload, Timestamp::UNIX_EPOCH)
}

#[test]
fn a_mention_is_heard_once_whichever_event_tells_of_it() {
    let text = "<@UME> investigate <http://checkout.shop|checkout.shop>";
    let mention =
        hear(json!({"type": "app_mention", "channel": "C2", "user": "U1", "ts": "1.2", "text": text})).unwrap();
    let message = hear(json!({"type": "message", "channel": "C2", "user": "U1", "ts": "1.2", "text": text})).unwrap();
    assert_eq!(mention, message);
    assert_eq!(mention.said, Said::Mention { text: "investigate checkout.shop".into() });
    assert_eq!((mention.place.root, mention.place.message), (None, Some(MessageId("1.2".into()))));
    let actor = mention.origin.actor;
    assert_eq!((actor.platform.as_str(), actor.workspace.as_deref(), actor.user.as_str()), ("slack", Some("T1"), "U1"));
}

#[test]
fn words_in_a_thread_are_heard_and_words_at_the_top_are_not() {
    let reply =
        json!({"type": "message", "channel": "C2", "user": "U1", "ts": "2.0", "thread_ts": "1.0", "text": "why?"});
    let heard = hear(reply).unwrap();
    assert_eq!(heard.said, Said::Message { text: "why?".into() });
    assert_eq!(heard.place.root, Some(MessageId("1.0".into())));
    assert_eq!(hear(json!({"type": "message", "channel": "C1", "user": "U1", "ts": "2.0", "text": "firing?"})), None);
    let direct =
        json!({"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "ts": "2.0", "text": "help"});
    assert!(matches!(
        hear(direct).unwrap(),
        Heard { said: Said::Mention { .. }, place: Place { direct: true, .. }, .. }
    ));
}

#[test]
fn posts_of_programs_are_heard_where_alerts_are_bound_and_our_own_never() {
    let post = |channel: &str, more: Value| {
        let mut event = json!({"type": "message", "subtype": "bot_message", "bot_id": "B9", "channel": channel, "ts": "3.0",
            "text": "", "attachments": [{"fallback": "[FIRING:1] X"}]});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hear(event)
    };
    let heard = post("C1", json!({})).unwrap();
    assert!(matches!(&heard.said, Said::Post { edited: false, .. }), "{heard:?}");
    assert_eq!((heard.origin.actor.platform.as_str(), heard.origin.actor.user.as_str()), ("webhook", "slack"));
    assert_eq!(post("C2", json!({})), None);
    assert_eq!(post("C1", json!({"app_id": "A1"})), None);
    assert_eq!(post("C1", json!({"user": "UME"})), None);
    assert_eq!(post("C1", json!({"thread_ts": "1.0"})), None);
    assert!(post("C1", json!({"app_id": "A2", "user": "U7"})).is_some());
    let empty = post("C1", json!({"attachments": [{"image_url": "x"}]})).unwrap();
    assert!(matches!(empty.said, Said::Unreadable { .. }));
}

#[test]
fn an_edit_of_a_post_is_heard_as_often_as_it_says_something_new() {
    let edit = |before: &str, after: &str, at: &str, bot: &str| {
        hear(json!({"type": "message", "subtype": "message_changed", "channel": "C1", "event_ts": at, "ts": at,
            "message": {"type": "message", "bot_id": bot, "ts": "3.0", "text": after},
            "previous_message": {"type": "message", "bot_id": bot, "ts": "3.0", "text": before}}))
    };
    let (first, second) =
        (edit("[FIRING] X", "[RESOLVED] X", "4.0", "B9").unwrap(), edit("a", "b", "5.0", "B9").unwrap());
    assert!(matches!(first.said, Said::Post { edited: true, .. }));
    assert_eq!(first.place, second.place);
    assert_ne!(first.id, second.id);
    assert_eq!(edit("same", "same", "4.0", "B9"), None);
    let person = json!({"type": "message", "subtype": "message_changed", "channel": "C1", "event_ts": "4.0",
        "message": {"user": "U1", "ts": "3.0", "text": "x"}});
    assert_eq!(hear(person), None);
}

#[test]
fn commands_and_buttons_carry_their_reply() {
    let payload = json!({"command": "/midwatch", "text": "status  “x”", "channel_id": "C1", "user_id": "U1", "team_id": "T1",
        "trigger_id": "9.8", "response_url": "https://hooks/1"});
    let heard = command(&payload, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(heard.said, Said::Command { text: "status  “x”".into() });
    assert_eq!((heard.id.as_str(), heard.reply.as_deref()), ("slack:command:9.8", Some("https://hooks/1")));
    let pressed = json!({"type": "block_actions", "trigger_id": "7.7", "user": {"id": "U1"}, "team": {"id": "T1"},
        "channel": {"id": "C1"}, "container": {"message_ts": "5.0", "channel_id": "C1"},
        "message": {"ts": "5.0", "thread_ts": "1.0"}, "response_url": "https://hooks/2",
        "actions": [{"action_id": "midwatch:stop", "value": "mw1:stop:0", "type": "button"}]});
    let heard = interaction(&pressed, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(heard.said, Said::Press { button: "mw1:stop:0".into() });
    assert_eq!((heard.place.root, heard.place.message), (Some(MessageId("1.0".into())), Some(MessageId("5.0".into()))));
    assert_eq!(interaction(&json!({"type": "view_submission"}), Timestamp::UNIX_EPOCH), None);
}

#[test]
fn odd_payloads_are_nothing() {
    for odd in [
        json!(null),
        json!([]),
        json!({"event": 5}),
        json!({"event": {"type": 7}}),
        json!({"event": {"type": "message"}}),
    ] {
        assert_eq!(listening().event(&odd, Timestamp::UNIX_EPOCH), None, "{odd}");
        assert_eq!(command(&odd, Timestamp::UNIX_EPOCH), None);
        assert_eq!(interaction(&odd, Timestamp::UNIX_EPOCH), None);
    }
}
