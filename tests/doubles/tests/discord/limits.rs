//! Windows of routes and the limit of all, in moved time.

use std::time::Duration;

use midwatch_doubles::discord::{Limits, Options, Rate};
use serde_json::json;

use crate::support::{ADA, ALERTS, Hand, get, patch, post, send, with};

#[tokio::test]
async fn a_channel_takes_five_messages_in_five_seconds() {
    let clock = Hand::new();
    let discord = with(Options { clock: clock.clone(), ..Options::default() }).await;
    discord.add_channel("203", "other");
    for left in (0..5).rev() {
        let sent = send(&discord, &json!({"content": "a"})).await;
        assert_eq!((sent.header("x-ratelimit-limit"), sent.header("x-ratelimit-remaining")), ("5", &*left.to_string()));
        clock.advance(Duration::from_millis(500));
    }

    let refused = send(&discord, &json!({"content": "a"})).await;
    assert_eq!(
        (refused.status, &refused.body["retry_after"], &refused.body["global"]),
        (429, &json!(2.5), &json!(false))
    );
    assert_eq!((refused.header("retry-after"), refused.header("x-ratelimit-reset-after")), ("3", "2.500"));
    assert_eq!(post(&discord, "/channels/203/messages", &json!({"content": "a"})).await.status, 200);
    clock.advance(Duration::from_millis(2_500));
    assert_eq!(send(&discord, &json!({"content": "a"})).await.status, 200);

    let violations = discord.violations();
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].major.as_str(), violations[0].global), (ALERTS, false));
    assert_eq!(discord.invalid_requests(), 1);
}

#[tokio::test]
async fn edits_have_a_window_of_their_own() {
    let discord = with(Options { clock: Hand::new(), ..Options::default() }).await;
    let sent = send(&discord, &json!({"content": "a"})).await;
    let path = format!("/channels/{ALERTS}/messages/{}", sent.id());
    let mut edits = 0;
    let refused = loop {
        let edited = patch(&discord, &path, &json!({"content": "b"})).await;
        if edited.status == 429 {
            break edited;
        }
        edits += 1;
    };

    assert_eq!(edits, 5);
    assert_ne!(refused.header("x-ratelimit-bucket"), sent.header("x-ratelimit-bucket"));
}

#[tokio::test]
async fn the_bot_has_a_limit_over_all_routes() {
    let limits = Limits { global: Rate::of(2, 1), ..Limits::none() };
    let discord = with(Options { limits, clock: Hand::new(), ..Options::default() }).await;
    get(&discord, "/users/@me").await;
    get(&discord, &format!("/users/{ADA}")).await;
    let refused = send(&discord, &json!({"content": "a"})).await;

    assert_eq!((refused.status, &refused.body["global"]), (429, &json!(true)));
    assert_eq!((refused.header("x-ratelimit-global"), refused.header("x-ratelimit-scope")), ("true", "global"));
    assert!(discord.violations()[0].global);
}
