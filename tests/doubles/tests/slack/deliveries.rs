//! What the app is told: over sockets and as signed requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use midwatch_doubles::slack::{
    DeliveryFault, Disconnect, Kind, Limits, NotAcknowledged, Options, Rule, Slack, Targets,
};
use serde_json::{Value, json};
use slack_morphism::prelude::*;
use slack_morphism::signature_verifier::SlackEventSignatureVerifier;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::support::{client, with, workspace};

/// An app that writes down what it app.
struct App(UnboundedSender<Value>);

type Told = UnboundedReceiver<Value>;

async fn pushed(
    event: SlackPushEventCallback,
    _: Arc<SlackHyperClient>,
    state: SlackClientEventsUserState,
) -> UserCallbackResult<()> {
    let state = state.read().await;
    state.get_user_state::<App>().unwrap().0.send(serde_json::to_value(event).unwrap())?;
    Ok(())
}

async fn commanded(
    event: SlackCommandEvent,
    _: Arc<SlackHyperClient>,
    _: SlackClientEventsUserState,
) -> UserCallbackResult<SlackCommandEventResponse> {
    let text = format!("heard: {}", event.text.unwrap_or_default());
    Ok(SlackCommandEventResponse::new(SlackMessageContent::new().with_text(text)))
}

async fn pressed(
    event: SlackInteractionEvent,
    client: Arc<SlackHyperClient>,
    state: SlackClientEventsUserState,
) -> UserCallbackResult<()> {
    let SlackInteractionEvent::BlockActions(event) = event else { return Ok(()) };
    let said = SlackMessageContent::new().with_text("stopped".into());
    client
        .respond_to_event(&event.response_url.clone().unwrap(), &SlackApiPostWebhookMessageRequest::new(said))
        .await?;
    let state = state.read().await;
    state.get_user_state::<App>().unwrap().0.send(serde_json::to_value(event).unwrap())?;
    Ok(())
}

/// Connects so many sockets of the client library.
async fn connect(slack: &Slack, count: u32) -> (SlackClientSocketModeListener<SlackClientHyperHttpsConnector>, Told) {
    let (tell, told) = mpsc::unbounded_channel();
    let environment = SlackClientEventsListenerEnvironment::new(Arc::new(client(slack))).with_user_state(App(tell));
    let callbacks = SlackSocketModeListenerCallbacks::new()
        .with_push_events(pushed)
        .with_command_events(commanded)
        .with_interaction_events(pressed);
    let config = SlackClientSocketModeConfig::new()
        .with_max_connections_count(count)
        .with_initial_backoff_in_seconds(0)
        .with_reconnect_timeout_in_seconds(1);
    let listener = SlackClientSocketModeListener::new(&config, Arc::new(environment), callbacks);
    listener.listen_for(&SlackApiToken::new(slack.app_token().into())).await.unwrap();
    listener.start().await;
    slack.wait_for("the sockets", |s| (s.sockets() == count as usize).then_some(())).await;
    (listener, told)
}

fn texts(event: &Value) -> (&str, &str) {
    (event["event"]["type"].as_str().unwrap(), event["event"]["text"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_mention_comes_as_a_message_and_as_a_mention() {
    let slack = workspace().await;
    let (_listener, mut told) = connect(&slack, 1).await;
    slack.mention("U1", "C1", None, "investigate checkout");

    let (one, two) = (told.recv().await.unwrap(), told.recv().await.unwrap());

    let said = format!("<@{}> investigate checkout", slack.bot_user());
    assert_eq!((texts(&one), texts(&two)), (("message", said.as_str()), ("app_mention", said.as_str())));
    assert_ne!(one["event_id"], two["event_id"]);
    assert_eq!(one["event"]["ts"], two["event"]["ts"]);
    slack.wait_for("the acknowledgements", |s| (s.acknowledgement_times().len() == 2).then_some(())).await;
}

#[tokio::test]
async fn a_command_and_a_button_are_answered() {
    let slack = workspace().await;
    let (_listener, mut told) = connect(&slack, 1).await;
    let label = json!({"type": "plain_text", "text": "Stop"});
    let button = json!({"type": "button", "action_id": "stop", "text": label, "value": "job-1"});
    let body = json!({"channel": "C1", "text": "looking", "blocks": [{"type": "actions", "elements": [button]}]});
    let posted = crate::support::post(&slack, "chat.postMessage", &body).await.unwrap();
    told.recv().await.unwrap();

    let answered = slack.slash("U1", "alerts", "help").await.unwrap();
    slack.press("U1", "C1", posted["ts"].as_str().unwrap(), "stop").await.unwrap();

    assert_eq!(answered.payload.unwrap()["text"], "heard: help");
    let shown: Vec<String> = slack.ephemerals("U1").iter().map(midwatch_doubles::slack::Ephemeral::reads).collect();
    assert_eq!(shown, ["heard: help", "stopped"]);
    let event = told.recv().await.unwrap();
    assert_eq!(event["actions"][0]["value"], "job-1");
}

#[tokio::test]
async fn posts_of_programs_and_of_the_app_itself_are_told_with_their_edits() {
    let slack = workspace().await;
    let (_listener, mut told) = connect(&slack, 1).await;
    let ts = slack.post_as_app(
        "C1",
        &json!({"username": "Alertmanager", "attachments": [{"title": "[FIRING:1]", "color": "danger"}]}),
    );
    slack.edit_as_app("C1", &ts, &json!({"attachments": [{"title": "[RESOLVED]", "color": "good"}]}));
    crate::support::post(&slack, "chat.postMessage", &json!({"channel": "C1", "text": "own"})).await.unwrap();

    let (fired, resolved, own) = (told.recv().await.unwrap(), told.recv().await.unwrap(), told.recv().await.unwrap());

    assert_eq!(fired["event"]["subtype"], "bot_message");
    assert_eq!(fired["event"]["attachments"][0]["color"], "a30200");
    assert_eq!(resolved["event"]["subtype"], "message_changed");
    assert_eq!(resolved["event"]["message"]["attachments"][0]["title"], "[RESOLVED]");
    assert_eq!(own["event"]["bot_id"], slack.bot_id());
}

#[tokio::test]
async fn channels_without_the_app_are_silent() {
    let slack = workspace().await;
    slack.kick("C1");
    slack.say("U1", "C1", None, "hello");
    assert_eq!(slack.unsent(), 0);
}

#[tokio::test]
async fn nothing_is_lost_when_sockets_break_or_are_replaced() {
    let slack = workspace().await;
    let (_listener, mut told) = connect(&slack, 1).await;
    slack.delivery_fault(Rule::on("message", DeliveryFault::DropBefore));
    slack.delivery_fault(Rule::on("message", DeliveryFault::DropAfter).nth(2));
    for n in 0..4 {
        slack.say("U1", "C1", None, &format!("{n}"));
    }
    let mut heard = std::collections::BTreeSet::new();
    while heard.len() < 4 {
        let event = told.recv().await.unwrap();
        heard.insert(event["event"]["text"].as_str().unwrap().to_owned());
    }
    let opened = slack.sockets_opened();
    assert!(opened >= 3, "two sockets broke: {opened}");

    slack.wait_for("a socket", |s| (s.sockets() == 1).then_some(())).await;
    slack.ask_to_reconnect(Disconnect::RefreshRequested);
    slack.wait_for("a new socket", |s| (s.sockets_opened() > opened).then_some(())).await;
    slack.say("U1", "C1", None, "after");
    loop {
        if texts(&told.recv().await.unwrap()).1 == "after" {
            return;
        }
    }
}

#[tokio::test]
async fn events_are_doubled_and_reordered_when_told() {
    let slack = workspace().await;
    slack.delivery_fault(Rule::on("message", DeliveryFault::AfterNext));
    slack.delivery_fault(Rule::on("message", DeliveryFault::Twice).nth(3));
    for n in 0..3 {
        slack.say("U1", "C1", None, &format!("{n}"));
    }
    let (_listener, mut told) = connect(&slack, 1).await;

    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.push(told.recv().await.unwrap());
    }

    let order: Vec<&str> = heard.iter().map(|e| texts(e).1).collect();
    assert_eq!(order, ["1", "0", "2", "2"]);
    assert_eq!(heard[2]["event_id"], heard[3]["event_id"]);
}

#[tokio::test]
async fn each_event_goes_to_one_of_several_sockets() {
    let slack = workspace().await;
    let (_listener, mut told) = connect(&slack, 2).await;
    for n in 0..20 {
        slack.say("U1", "C1", None, &format!("{n}"));
    }
    slack.wait_for("the acknowledgements", |s| (s.acknowledgement_times().len() == 20).then_some(())).await;
    let mut heard = 0;
    while told.try_recv().is_ok() {
        heard += 1;
    }
    assert_eq!(heard, 20);
}

/// An app behind a URL, that checks signatures with the library's own verifier.
struct Behind {
    verifier: SlackEventSignatureVerifier,
    heard: UnboundedSender<(HeaderMap, String)>,
    refuse: std::sync::atomic::AtomicUsize,
}

async fn receive(State(app): State<Arc<Behind>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let header = |name| headers.get(name).unwrap().to_str().unwrap().to_owned();
    let (hash, time) = (header("x-slack-signature"), header("x-slack-request-timestamp"));
    if app.verifier.verify(&hash, &text, &time).is_err() {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    let _ = app.heard.send((headers, text.clone()));
    let left = std::sync::atomic::Ordering::SeqCst;
    if app.refuse.fetch_update(left, left, |n| n.checked_sub(1)).is_ok() {
        return (StatusCode::INTERNAL_SERVER_ERROR, String::new());
    }
    let said: Value = serde_json::from_str(&text).unwrap_or_default();
    let answer = if text.contains("command=") { "{\"text\": \"on it\"}".to_owned() } else { String::new() };
    (StatusCode::OK, said["challenge"].as_str().map_or(answer, str::to_owned))
}

async fn behind_a_url(slack: &Slack, refuse: usize) -> (Targets, UnboundedReceiver<(HeaderMap, String)>) {
    let (heard, told) = mpsc::unbounded_channel();
    let verifier = SlackEventSignatureVerifier::new(&slack.signing_secret().into());
    let app = Arc::new(Behind { verifier, heard, refuse: refuse.into() });
    let router = Router::new().route("/slack/{kind}", post(receive)).with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let targets = Targets::under(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    slack.deliver_to(targets.clone());
    (targets, told)
}

#[tokio::test]
async fn signed_requests_are_verified_and_events_are_sent_again_after_a_failure() {
    let slack = workspace().await;
    let (targets, mut told) = behind_a_url(&slack, 1).await;
    slack.say("U1", "C1", None, "hello");

    let (first, second) = (told.recv().await.unwrap(), told.recv().await.unwrap());

    assert!(!first.0.contains_key("x-slack-retry-num"));
    assert_eq!(
        (&second.0["x-slack-retry-num"], &second.0["x-slack-retry-reason"]),
        (&"1".parse().unwrap(), &"http_error".parse().unwrap())
    );
    assert_eq!(first.1, second.1, "the same event");
    assert!(slack.challenge(&targets).await);
}

#[tokio::test]
async fn commands_and_buttons_come_as_forms() {
    let slack = workspace().await;
    let (_, mut told) = behind_a_url(&slack, 0).await;

    let answered = slack.slash("U1", "C1", "investigate 'a b' & more").await.unwrap();

    assert_eq!(answered.payload.unwrap()["text"], "on it");
    let (_, form) = told.recv().await.unwrap();
    let fields: std::collections::BTreeMap<String, String> =
        url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    assert_eq!(fields["text"], "investigate 'a b' & more");
    assert_eq!(fields["command"], "/midwatch");
}

#[tokio::test]
async fn an_app_that_does_not_answer_in_time_has_failed() {
    let options =
        Options { limits: Limits::none(), acknowledge_within: Duration::from_millis(50), ..Options::default() };
    let slack = with(options).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    slack.deliver_to(Targets::under(&format!("http://{}", silent.local_addr().unwrap())));
    slack.say("U1", "C1", None, "hello");

    assert_eq!(slack.slash("U1", "C1", "help").await, Err(NotAcknowledged::Late));

    // An event is sent four times; the command once.
    let late = slack.wait_for("every attempt", |s| (s.receipts().len() == 5).then(|| s.receipts())).await;
    assert!(late.iter().all(|r| r.elapsed.is_none()));
    assert_eq!(late.iter().filter(|r| r.kind == Kind::Event).map(|r| r.attempt).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_response_url_is_good_for_five_answers() {
    let slack = workspace().await;
    let (_, mut told) = behind_a_url(&slack, 0).await;
    slack.slash("U1", "C1", "help").await.unwrap();
    let (_, form) = told.recv().await.unwrap();
    let url = url::form_urlencoded::parse(form.as_bytes()).find(|(n, _)| n == "response_url").unwrap().1.into_owned();
    let client = client(&slack);
    let url: SlackResponseUrl = SlackResponseUrl(url.parse().unwrap());
    let said = SlackApiPostWebhookMessageRequest::new(SlackMessageContent::new().with_text("more".into()));

    for _ in 0..5 {
        client.respond_to_event(&url, &said).await.unwrap();
    }

    client.respond_to_event(&url, &said).await.unwrap_err();
    assert_eq!(slack.ephemerals("U1").len(), 6, "the acknowledgement and five answers");
}
