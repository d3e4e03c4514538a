//! Commands, buttons, modals: over the gateway and as signed requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post as post_route;
use midwatch_doubles::discord::{Discord, Limits, NotAcknowledged, Options};
use reqwest::Method;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use serenity::all::{Event, Interaction};
use tokio::net::TcpListener;

use crate::gateway::connect;
use crate::support::{ADA, ALERTS, Answer, Hand, call, get, guild, patch, post, send, with};

/// The next interaction that the app hears, as the library reads it: id and token.
async fn next(heard: &mut crate::gateway::Heard) -> (String, String) {
    let interaction = heard
        .next(|event| match event {
            Event::InteractionCreate(event) => Some(event.interaction.clone()),
            _ => None,
        })
        .await;
    let (id, token) = match &interaction {
        Interaction::Command(one) | Interaction::Autocomplete(one) => (one.id, &one.token),
        Interaction::Component(one) => (one.id, &one.token),
        Interaction::Modal(one) => (one.id, &one.token),
        other => panic!("{other:?}"),
    };
    (id.to_string(), token.clone())
}

async fn answer(discord: &Discord, (id, token): &(String, String), body: Value) -> Answer {
    post(discord, &format!("/interactions/{id}/{token}/callback"), &body).await
}

fn original(discord: &Discord, (_, token): &(String, String)) -> String {
    format!("/webhooks/{}/{token}/messages/@original", discord.application_id())
}

fn row() -> Value {
    json!({"type": 1, "components": [{"type": 2, "style": 1, "label": "Ask", "custom_id": "mw1:ask:1"}]})
}

#[tokio::test]
async fn a_deferred_answer_is_thinking_until_it_is_edited() {
    let clock = Hand::new();
    let discord = with(Options { clock: clock.clone(), limits: Limits::none(), ..Options::default() }).await;
    let mut heard = connect(&discord).await;
    let person = discord.slash(ADA, ALERTS, "investigate", &[("target", "checkout")]);
    let app = async {
        let which = next(&mut heard).await;
        let path = original(&discord, &which);
        assert_eq!(patch(&discord, &path, &json!({"content": "early"})).await.code(), (404, 10015));
        let deferred = json!({"type": 5, "data": {"flags": 64}});
        assert_eq!(answer(&discord, &which, deferred.clone()).await.status, 204);
        assert_eq!(answer(&discord, &which, deferred).await.code(), (400, 40060));
        path
    };
    let (answered, path) = tokio::join!(person, app);
    let answered = answered.unwrap();

    assert_eq!(answered.kind, 5);
    assert!(discord.original(&answered.interaction).unwrap().thinking);
    assert_eq!(patch(&discord, &path, &json!({"content": "found"})).await.status, 200);
    let shown = discord.original(&answered.interaction).unwrap();
    assert_eq!((shown.thinking, shown.private, shown.message.reads()), (false, true, "found".to_owned()));
    assert_eq!(discord.privately(ADA), [shown]);
    assert_eq!(get(&discord, &path).await.body["content"], "found");
    clock.advance(Duration::from_mins(15));
    assert_eq!(patch(&discord, &path, &json!({"content": "late"})).await.code(), (401, 50027));
    assert_eq!(discord.messages(ALERTS), []);
}

#[tokio::test]
async fn a_button_opens_a_modal_that_is_answered() {
    let discord = guild().await;
    let mut heard = connect(&discord).await;
    let sent = send(&discord, &json!({"content": "report", "components": [row()]})).await.id();
    patch(&discord, &format!("/channels/{ALERTS}/messages/{sent}"), &json!({"components": []})).await;
    let input = json!({"type": 4, "custom_id": "words", "style": 2, "label": "What else?"});
    let modal = json!({"custom_id": "mw1:ask:1", "title": "Ask", "components": [{"type": 1, "components": [input]}]});

    let pressed = discord.press(ADA, ALERTS, &sent, "mw1:ask:1");
    let app = async { answer(&discord, &next(&mut heard).await, json!({"type": 9, "data": modal})).await };
    let (pressed, opened) = tokio::join!(pressed, app);
    assert_eq!(opened.status, 204);
    let pressed = pressed.unwrap();
    let submitted = discord.submit(&pressed, &[("words", "why?")]);
    let said = json!({"type": 4, "data": {"content": "because", "flags": 64}});
    let app = async { answer(&discord, &next(&mut heard).await, said).await };
    let (submitted, _) = tokio::join!(submitted, app);

    assert_eq!(discord.original(&submitted.unwrap().interaction).unwrap().message.reads(), "because");
    assert_eq!(
        discord.receipts().iter().map(|one| (one.kind, one.what.as_str())).collect::<Vec<_>>(),
        [(3, "mw1:ask:1"), (5, "mw1:ask:1")]
    );
}

#[tokio::test]
async fn a_registered_command_is_typed_as_it_says() {
    let discord = guild().await;
    let options = json!([
        {"type": 3, "name": "target", "description": "what", "required": true, "autocomplete": true},
        {"type": 4, "name": "depth", "description": "how far"},
    ]);
    let sub = json!({"type": 1, "name": "investigate", "description": "looks", "options": options});
    let body = json!([{"name": "midwatch", "description": "SRE", "options": [sub]}]);
    let path = format!("/applications/{}/guilds/{}/commands", discord.application_id(), discord.guild());
    let put = async || call(&discord, Method::PUT, &path, Some(&body)).await.unwrap().body[0]["id"].clone();
    assert_eq!(put().await, put().await, "a command keeps its id");
    let mut heard = connect(&discord).await;

    let typing = discord.autocomplete(ADA, ALERTS, "investigate", &[], ("target", "che"));
    let choices = json!({"type": 8, "data": {"choices": [{"name": "checkout", "value": "checkout"}]}});
    let app = async { answer(&discord, &next(&mut heard).await, choices).await };
    let (offered, _) = tokio::join!(typing, app);
    assert_eq!(offered.unwrap().data["choices"][0]["value"], "checkout");

    let person = discord.slash_line(ADA, ALERTS, "investigate the checkout depth:3");
    let app = async {
        let interaction = heard
            .next(|event| match event {
                Event::InteractionCreate(event) => event.interaction.clone().into_command(),
                _ => None,
            })
            .await;
        let which = (interaction.id.to_string(), interaction.token.clone());
        answer(&discord, &which, json!({"type": 4, "data": {"content": "ok"}})).await;
        serde_json::to_value(&interaction.data.options).unwrap()
    };
    let (answered, options) = tokio::join!(person, app);
    assert_eq!(answered.unwrap().kind, 4);
    assert_eq!(options[0]["options"][0]["value"], "the checkout");
    assert_eq!(options[0]["options"][1]["value"], 3);
    assert_eq!(discord.own(ALERTS)[0].reads(), "ok", "an answer without the flag is for all");
}

#[tokio::test]
async fn who_does_not_answer_is_late() {
    let options =
        Options { acknowledge_within: Duration::from_millis(200), limits: Limits::none(), ..Options::default() };
    let discord = with(options).await;
    let mut heard = connect(&discord).await;
    let late = discord.slash(ADA, ALERTS, "status", &[]).await;
    let which = next(&mut heard).await;

    assert_eq!(late, Err(NotAcknowledged::Late));
    assert_eq!(answer(&discord, &which, json!({"type": 5})).await.code(), (404, 10062));
    assert_eq!(answer(&discord, &("1".to_owned(), "no".to_owned()), json!({"type": 5})).await.code(), (404, 10062));
}

/// An endpoint that looks at the signature, and answers everything alike.
async fn endpoint(State((key, said)): State<(Arc<Vec<u8>>, Value)>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let signed = [header("x-signature-timestamp").as_bytes(), &body].concat();
    let text = header("x-signature-ed25519");
    let bytes: Vec<u8> = (0..text.len() / 2).map(|at| u8::from_str_radix(&text[at * 2..][..2], 16).unwrap()).collect();
    if UnparsedPublicKey::new(&ED25519, key.as_slice()).verify(&signed, &bytes).is_err() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let told: Value = serde_json::from_slice(&body).unwrap();
    axum::Json(if told["type"] == 1 { json!({"type": 1}) } else { said }).into_response()
}

async fn serve(discord: &Discord, key: Vec<u8>, said: Value) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/discord", listener.local_addr().unwrap());
    let router = Router::new().route("/discord", post_route(endpoint)).with_state((Arc::new(key), said));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    discord.deliver_interactions_to(&url).await
}

fn public_key(discord: &Discord) -> Vec<u8> {
    let text = discord.public_key();
    (0..32).map(|at| u8::from_str_radix(&text[at * 2..][..2], 16).unwrap()).collect()
}

#[tokio::test]
async fn with_an_endpoint_interactions_come_only_there() {
    let discord = guild().await;
    let said = json!({"type": 4, "data": {"content": "heard", "flags": 64}});
    assert!(serve(&discord, vec![7; 32], said.clone()).await.is_err(), "another key");
    serve(&discord, public_key(&discord), said).await.unwrap();
    let answered = discord.slash(ADA, ALERTS, "status", &[]).await.unwrap();

    assert_eq!(discord.original(&answered.interaction).unwrap().message.reads(), "heard");
    assert_eq!(discord.unsent(), 0);
}

#[tokio::test]
async fn an_endpoint_that_answers_nonsense_has_failed() {
    let discord = guild().await;
    serve(&discord, public_key(&discord), json!({"type": 8})).await.unwrap();
    assert_eq!(discord.slash(ADA, ALERTS, "status", &[]).await, Err(NotAcknowledged::Failed));
    assert_eq!(discord.refusals().len(), 1, "what was wrong with it can be seen");
}
