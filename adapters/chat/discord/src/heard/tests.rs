use std::collections::BTreeSet;

use midwatch_conversation::posted::{self, PostedAlerts};
use midwatch_service::id::JobId;
use serde_json::{Value, json};
use serenity::model::application::Interaction;

use super::*;

const ME: &str = "900";

fn me() -> Me {
    Me { user: ME.to_owned(), application: "901".to_owned(), may_read: true }
}

fn listening() -> Listening {
    Listening { guild: "5".to_owned(), alert_channels: ["1".to_owned()].into(), channels: BTreeSet::new() }
}

fn user(id: &str, is_bot: bool) -> Value {
    json!({"id": id, "username": format!("user{id}"), "discriminator": "0", "avatar": null, "bot": is_bot})
}

/// A message with these fields, as the gateway delivers it.
fn message(fields: Value) -> Message {
    let mut whole = json!({
        "id": "70", "channel_id": "2", "guild_id": "5", "author": user("30", false), "content": "",
        "timestamp": "2026-11-22T10:00:00Z", "edited_timestamp": null, "tts": false, "mention_everyone": false,
        "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 0,
        "member": {"roles": ["81", "82"], "joined_at": "2026-01-01T00:00:00Z", "deaf": false, "mute": false, "flags": 0}
    });
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn hear(fields: Value, parent: Option<&str>) -> Option<Heard> {
    listening().message(&Delivered::new(message(fields)), parent, &me(), Timestamp::UNIX_EPOCH)
}

fn post(fields: Value) -> Option<Heard> {
    let mut whole = json!({
        "id": "71", "channel_id": "1", "webhook_id": "60", "author": user("60", true),
        "embeds": [{"type": "rich", "title": "[FIRING:1] X"}], "member": null
    });
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    hear(whole, None)
}

#[test]
fn a_message_that_names_us_is_a_mention_without_the_name() {
    let heard = hear(json!({"content": "<@900> investigate checkout", "mentions": [user(ME, true)]}), None).unwrap();
    assert_eq!(heard.said, Said::Mention { text: "investigate checkout".into() });
    assert_eq!((heard.id.as_str(), heard.waits), ("discord:2:70", false));
    assert_eq!((heard.place.root.clone(), heard.place.message.clone()), (None, Some(MessageId("70".into()))));
    let actor = heard.origin.actor;
    assert_eq!(
        (actor.platform.as_str(), actor.workspace.as_deref(), actor.user.as_str()),
        ("discord", Some("5"), "30")
    );
    assert_eq!((actor.groups, actor.channel.as_deref()), (vec!["81".to_owned(), "82".to_owned()], Some("2")));
}

#[test]
fn a_reply_to_us_belongs_to_the_thread_of_what_it_answers() {
    let of = |author: &str| message(json!({"id": "69", "author": user(author, author == ME)}));
    let reply = |content: &str, to: Option<Message>, reference: Value| {
        json!({
            "content": content, "type": 19, "mentions": [user(ME, true)], "referenced_message": to,
            "message_reference": reference
        })
    };
    let known = json!({"message_id": "69", "channel_id": "2", "guild_id": "5"});
    let root = |id: &str| Some(MessageId(id.into()));
    let thanks = hear(reply("thanks!", Some(of(ME)), known.clone()), None).unwrap();
    assert_eq!((thanks.said, thanks.place.root), (Said::Message { text: "thanks!".into() }, root("69")));
    let asked = hear(reply("<@900> and why?", Some(of(ME)), known.clone()), None).unwrap();
    assert_eq!((asked.said, asked.place.root), (Said::Mention { text: "and why?".into() }, root("69")));
    let unknown = json!({"channel_id": "2", "guild_id": "5"});
    assert_eq!(hear(reply("thanks!", None, unknown), None), None, "nobody knows what it answers");
    assert_eq!(hear(reply("", Some(of(ME)), known.clone()), None), None, "a picture");
    let of_others = hear(reply("<@900> look at this", Some(of("30")), known.clone()), None).unwrap();
    assert_eq!((of_others.said, of_others.place.root), (Said::Mention { text: "look at this".into() }, None));
    let mut in_a_thread = reply("and why?", Some(of(ME)), known);
    in_a_thread["channel_id"] = "44".into();
    let in_a_thread = hear(in_a_thread, Some("2")).unwrap();
    assert_eq!((in_a_thread.said, in_a_thread.place.root), (Said::Mention { text: "and why?".into() }, root("44")));
}

#[test]
fn only_what_was_read_needs_no_guild() {
    let direct = message(json!({"guild_id": null, "content": "<@900> list"}));
    let hear = |delivered| listening().message(&delivered, None, &me(), Timestamp::UNIX_EPOCH);
    assert_eq!(hear(Delivered::new(direct.clone())), None, "a direct message");
    assert!(hear(Delivered::read(direct, false)).is_some(), "read in a channel of the guild");
    let elsewhere = message(json!({"guild_id": "6", "content": "<@900> list"}));
    assert_eq!(hear(Delivered::read(elsewhere, false)), None);
}

#[test]
fn words_in_a_thread_are_heard_and_words_at_the_top_are_not() {
    let words = |channel: &str| json!({"channel_id": channel, "content": "why not the node?"});
    let heard = hear(words("44"), Some("2")).unwrap();
    assert_eq!(heard.said, Said::Message { text: "why not the node?".into() });
    assert_eq!((heard.place.channel.as_str(), heard.place.root.clone()), ("2", Some(MessageId("44".into()))));
    assert_eq!(heard.origin.actor.channel.as_deref(), Some("2"));
    assert_eq!(hear(words("2"), None), None);
    assert_eq!(hear(json!({"channel_id": "44", "content": ""}), Some("2")), None, "without the right to read");
}

#[test]
fn a_new_post_of_a_forum_stands_at_the_top() {
    let first = json!({"id": "44", "channel_id": "44", "content": "<@900> help", "mentions": [user(ME, true)]});
    let heard = hear(first, Some("2")).unwrap();
    assert_eq!((heard.place.root, heard.place.message), (None, Some(MessageId("44".into()))));
    assert_eq!(heard.place.channel, "2");
}

#[test]
fn posts_of_programs_are_heard_where_alerts_are_bound_and_our_own_never() {
    let heard = post(json!({})).unwrap();
    assert!(matches!(&heard.said, Said::Post { edited: false, .. }), "{heard:?}");
    assert_eq!((heard.origin.actor.platform.as_str(), heard.origin.actor.user.as_str()), ("webhook", "discord"));
    assert_eq!(heard.id, "discord:1:71:post");
    assert!(post(json!({"webhook_id": null})).is_some(), "a bot");
    assert_eq!(post(json!({"channel_id": "2"})), None);
    assert_eq!(post(json!({"guild_id": "6"})), None, "another guild");
    assert_eq!(post(json!({"author": user(ME, true), "webhook_id": null})), None);
    assert_eq!(post(json!({"application_id": "901"})), None);
    assert_eq!(post(json!({"type": 18})), None, "Discord's own note that a thread was begun");
    let fields = json!({"channel_id": "44", "author": user("60", true), "webhook_id": "60", "content": "[FIRING:1] X"});
    assert_eq!(hear(fields, Some("1")), None, "a reply in a thread");
    let posted = json!({"id": "44", "channel_id": "44", "author": user("60", true), "content": "[FIRING:1] X"});
    assert!(hear(posted, Some("1")).is_some(), "a post of a forum");
}

#[test]
fn a_post_that_cannot_be_read_is_reported_with_the_reason() {
    let image = json!({"embeds": [{"type": "image", "url": "http://x/y.png"}]});
    let components = json!({"embeds": [], "flags": 1 << 15, "components": [{"type": 17, "components": []}]});
    let empty = json!({"embeds": []});
    for (fields, may_read, expected) in [
        (&empty, false, "Message Content Intent"),
        (&empty, true, "no text and no embed"),
        (&components, true, "components are not read"),
        (&image, false, "no text and no embed"),
    ] {
        let mut whole = json!({"id": "71", "channel_id": "1", "webhook_id": "60", "author": user("60", true)});
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let (delivered, me) = (Delivered::new(message(whole)), Me { may_read, ..me() });
        let heard = listening().message(&delivered, None, &me, Timestamp::UNIX_EPOCH);
        let Some(Heard { said: Said::Unreadable { why }, .. }) = heard else { panic!("{fields}") };
        assert!(why.contains(expected) && why.contains("71"), "{why}");
    }
}

#[test]
fn an_edit_is_heard_when_someone_edited() {
    let edit = |fields: Value| {
        let mut whole = json!({
            "id": "71", "channel_id": "1", "guild_id": "5", "author": user("60", true), "webhook_id": "60", "type": 0,
            "content": "[RESOLVED] X", "edited_timestamp": "2026-11-22T10:05:00Z", "tts": false, "pinned": false,
            "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [], "embeds": []
        });
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let event: MessageUpdateEvent = serde_json::from_value(whole).unwrap();
        let delivered = Delivered::edit(&event)?;
        listening().message(&delivered, None, &me(), Timestamp::UNIX_EPOCH)
    };
    let (first, second) =
        (edit(json!({})).unwrap(), edit(json!({"edited_timestamp": "2026-11-22T10:06:00Z"})).unwrap());
    assert!(matches!(first.said, Said::Post { edited: true, .. }));
    assert_eq!(first.place, second.place);
    assert_ne!(first.id, second.id);
    assert_eq!(edit(json!({"edited_timestamp": null})), None, "a link was unfurled");
    let person = json!({"author": user("30", false), "webhook_id": null, "content": "<@900> stop"});
    assert_eq!(edit(person), None);
}

#[test]
fn an_embed_is_read_whole() {
    let embed = json!({
        "type": "rich", "title": "**[FIRING:1] X**", "url": "http://am", "description": "see [here](http://x)",
        "color": 0x00ff_0a0b, "author": {"name": "Grafana"}, "footer": {"text": "v1"},
        "fields": [{"name": "**Severity**", "value": "`critical`", "inline": true}]
    });
    let Some(Heard { said: Said::Post { post, .. }, .. }) = post(json!({"embeds": [embed], "content": "*now*"})) else {
        panic!("no post");
    };
    assert_eq!((post.author.as_deref(), post.text.as_str()), (Some("user60"), "now"));
    let [section] = &post.sections[..] else { panic!("{post:?}") };
    assert_eq!((section.title.as_str(), section.link.as_deref()), ("[FIRING:1] X", Some("http://am")));
    assert_eq!((section.text.as_str(), section.colour.as_deref()), ("see here (http://x)", Some("ff0a0b")));
    assert_eq!((section.pretext.as_str(), section.footer.as_str()), ("Grafana", "v1"));
    assert_eq!(section.fields, [("Severity".to_owned(), "critical".to_owned())]);
}

/// The alerts of a post as Alertmanager sends it, all the way through.
fn told(sample: &str) -> PostedAlerts {
    let Some(Heard { said: Said::Post { post, .. }, .. }) = post(serde_json::from_str(sample).unwrap()) else {
        panic!("no post");
    };
    posted::read(&post).unwrap()
}

#[test]
fn alertmanagers_posts_tell_their_alerts_with_their_labels() {
    let two = told(include_str!("../../tests/posts/firing-two-pods.json"));
    assert_eq!((two.source.as_str(), two.count, two.alerts.len()), ("alertmanager", Some(2), 2));
    for (alert, pod) in two.alerts.iter().zip(["checkout-765c7c474c-8vsxh", "checkout-765c7c474c-97sqt"]) {
        assert_eq!((alert.name.as_str(), alert.firing), ("KubePodCrashLooping", true));
        let label = |name: &str| alert.labels.get(name).map(String::as_str);
        assert_eq!((label("pod"), label("namespace"), label("cluster")), (Some(pod), Some("shop"), Some("prod-eu")));
        assert_eq!((label("prometheus"), label("severity")), (Some("monitoring/k8s"), Some("warning")));
        assert!(alert.annotations["runbook_url"].ends_with("/kubepodcrashlooping"), "{alert:?}");
        assert!(alert.link.as_deref().is_some_and(|link| link.ends_with("&g0.tab=1")), "{alert:?}");
    }
    let ended = told(include_str!("../../tests/posts/resolved-two-pods.json"));
    assert_eq!(ended.alerts.iter().map(|alert| alert.firing).collect::<Vec<_>>(), [false, false]);
    assert_eq!(ended.alerts[0].labels, two.alerts[0].labels);
    let redis = told(include_str!("../../tests/posts/firing-redis.json"));
    assert_eq!(redis.alerts[0].labels["instance"], "redis-cart.shop:6379");
    let disk = told(include_str!("../../tests/posts/firing-node-filesystem.json"));
    assert_eq!(disk.alerts[0].labels["mountpoint"], "/var/lib/containerd");
    assert_eq!(disk.alerts[0].labels["device"], "/dev/nvme0n1p1");
}

/// An interaction of this type in a thread of channel 2.
fn interaction(kind: u8, fields: Value) -> Interaction {
    let mut whole = json!({
        "id": "77", "application_id": "901", "type": kind, "token": "tok", "version": 1, "guild_id": "5",
        "channel_id": "44", "channel": {"id": "44", "type": 11, "parent_id": "2"},
        "member": {
            "user": user("30", false), "roles": ["81"], "joined_at": "2026-01-01T00:00:00Z", "deaf": false, "mute": false,
            "flags": 0, "permissions": "0"
        },
        "app_permissions": "0", "locale": "en-US", "entitlements": [], "authorizing_integration_owners": {},
        "context": 0, "attachment_size_limit": 1
    });
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

/// A report of ours in that thread.
fn report() -> Value {
    serde_json::to_value(message(json!({"id": "72", "channel_id": "44", "author": user(ME, true)}))).unwrap()
}

#[test]
fn a_pressed_button_carries_its_place_and_the_handle_of_its_answer() {
    let data = json!({"custom_id": "mw1:stop:0", "component_type": 2});
    let Interaction::Component(pressed) = interaction(3, json!({"data": data, "message": report()})) else { panic!() };
    let heard = interaction::press(&pressed, None, Timestamp::UNIX_EPOCH);
    assert_eq!(heard.said, Said::Press { button: "mw1:stop:0".into() });
    assert_eq!((heard.id.as_str(), heard.reply.as_deref(), heard.waits), ("discord:interaction:77", Some("tok"), true));
    assert_eq!((heard.place.channel.as_str(), heard.place.root), ("2", Some(MessageId("44".into()))));
    assert_eq!(heard.place.message, Some(MessageId("72".into())));
    let actor = heard.origin.actor;
    assert_eq!(
        (actor.user.as_str(), &actor.groups[..], actor.channel.as_deref()),
        ("30", &["81".to_owned()][..], Some("2"))
    );
}

#[test]
fn a_button_below_a_message_at_the_top_belongs_to_that_message() {
    let at_the_top = json!({
        "channel_id": "2", "channel": {"id": "2", "type": 0, "parent_id": "3"}, "message": report(),
        "data": {"custom_id": "mw1:stop:0", "component_type": 2}
    });
    let Interaction::Component(pressed) = interaction(3, at_the_top) else { panic!() };
    let heard = interaction::press(&pressed, None, Timestamp::UNIX_EPOCH);
    assert_eq!((heard.place.channel.as_str(), heard.place.root), ("2", Some(MessageId("72".into()))));
}

#[test]
fn ids_tell_how_old_an_interaction_is() {
    // Discord's own example: https://docs.discord.com/developers/reference#snowflakes
    let at: Timestamp = "2016-04-30T11:18:25.796Z".parse().unwrap();
    let age = |now: Timestamp| crate::snowflake::age(175_928_847_299_117_063, now).as_millis();
    assert_eq!(age(at), 0);
    assert_eq!(age(Timestamp::from_millisecond(at.as_millisecond() + 5_001).unwrap()), 5_001);
    assert_eq!(age(Timestamp::UNIX_EPOCH), 0, "our clock is behind");
}

#[test]
fn a_channel_that_tells_too_little_is_asked_for() {
    let data = json!({"id": "9", "name": "midwatch", "type": 1, "options": []});
    let given = |channel: Value| interaction(2, json!({"channel": channel, "data": data}));
    assert_eq!(interaction::unplaced(&given(json!({"id": "44", "type": 11, "parent_id": "2"}))), None);
    assert_eq!(interaction::unplaced(&given(json!({"id": "44", "type": 0}))), None);
    for little in [json!(null), json!({"id": "44", "type": 11})] {
        let given = given(little);
        assert_eq!(interaction::unplaced(&given).map(|id| id.to_string()).as_deref(), Some("44"));
        let Interaction::Command(given) = given else { panic!() };
        let heard = interaction::command(&given, Some("2"), Timestamp::UNIX_EPOCH);
        assert_eq!((heard.place.channel.as_str(), heard.place.root), ("2", Some(MessageId("44".into()))));
        assert_eq!(interaction::typist(&given, Some("2")).channel.as_deref(), Some("2"));
    }
}

#[test]
fn the_words_of_a_form_are_a_question_whatever_they_are() {
    use midwatch_conversation::command::{Command, Parsed, Spot, parse};
    let job = JobId::new();
    for words in ["why not the node?", "stop", "help", "--of x --help", "mute it for 2h\nplease"] {
        let input = json!({"type": 4, "custom_id": "question", "value": words});
        let data = json!({
            "custom_id": format!("mw1:ask:{job}"), "components": [{"type": 1, "components": [input]}]
        });
        let Interaction::Modal(sent) = interaction(5, json!({"data": data, "message": report()})) else { panic!() };
        let heard = interaction::form(&sent, None, Timestamp::UNIX_EPOCH).unwrap();
        let Said::Command { text } = &heard.said else { panic!("{heard:?}") };
        let parsed = parse(text, Spot::Thread).unwrap();
        let Parsed::Command(Command::Ask(ask)) = &parsed else { panic!("{words}: {parsed:?}") };
        assert_eq!((ask.words.join(" "), &ask.of), (words.replace('\n', " "), &Some(job.to_string())));
        assert_eq!((heard.place.root, heard.waits), (Some(MessageId("44".into())), true));
    }
}

#[test]
fn only_our_forms_are_taken() {
    let data = json!({"custom_id": "mw1:ask:none", "components": []});
    let Interaction::Modal(sent) = interaction(5, json!({"data": data})) else { panic!() };
    assert_eq!(interaction::form(&sent, None, Timestamp::UNIX_EPOCH), None);
    let job = JobId::new();
    assert_eq!(interaction::asked_about(&format!("mw1:ask:{job}")), Some(job));
    assert_eq!(interaction::asked_about(&format!("mw1:stop:{job}")), None);
    let form = interaction::blank_form(job);
    assert_eq!(form["custom_id"], format!("mw1:ask:{job}"));
    assert!(form["title"].as_str().is_some_and(|title| title.chars().count() <= 45), "{form}");
}
