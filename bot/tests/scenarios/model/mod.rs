//! A server of ours with a language model beside it: the real binary, a scripted provider, Slack or Discord.
//!
//! ```text
//! report     the rules' report first, the model's part in the same message
//! down       what the provider being down costs
//! answers    questions in free words, answered in one message that grows
//! books      what left, to whom, and what may be spent
//! masked     names that must not leave
//! command    `midwatch investigate` with a model
//! stopped    a person stops it, the process dies
//! ```

mod answers;
mod books;
mod command;
mod down;
mod masked;
mod report;
mod stopped;

use std::path::Path;

use midwatch_doubles::kubernetes::ApiServer;
use midwatch_doubles::model::{Asked, ModelServer, Turn};
use midwatch_doubles::slack::Options;
use serde_json::{Value, json};

use crate::chat::{self, ALERTS, ANN, BOB, By, Team, permissions};
use crate::support::{CASE, Place, Server};

/// Where the case's workload is.
const NAMESPACE: &str = "inc-crashloop";

/// What the model says of the case, and the log carries.
const TRUE: &str = "The program stops because 'required environment variable DATABASE_URL is not set'";

/// What the model says of it, and nothing carries.
const INVENTED: &str = "The container was OOMKilled 14 times before";

/// The provider's key.
const KEY: &str = "model-key-0123456789abcdef";

/// The model in the server's configuration; `more` is more of its section.
fn section(provider: &str, model: &ModelServer, more: &str) -> String {
    at(provider, model.url(), more)
}

/// The same at any address.
fn at(provider: &str, url: &str, more: &str) -> String {
    format!("model: {{provider: {provider}, name: scripted, key: {KEY}, url: \"{url}\"{more}}}\n")
}

/// A workspace with the case's cluster and a server on both; `extra` is more configuration.
async fn team(extra: &str) -> (Team, Server) {
    team_on(ApiServer::from_snapshot(&cluster()), extra).await
}

/// The same on any cluster.
async fn team_on(cluster: ApiServer, extra: &str) -> (Team, Server) {
    let alerts = [ALERTS.to_owned()];
    let slack = chat::workspace(Options::default(), &alerts).await;
    let rules = permissions(&[("slack", ANN), ("slack", BOB)]);
    let config = format!("{}{rules}{extra}", chat::section(&slack, By::Sockets, &alerts));
    let team = Team { slack, place: Place::with(cluster, &config).await };
    let mut server = team.place.start();
    server.ready().await;
    (team, server)
}

/// The recorded cluster of the case.
fn cluster() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus").join(CASE).join("cluster")
}

/// A model that reads the log of the run before, then says what `last` makes of the number of what it read.
fn reading(asked: &Asked, last: impl Fn(&str) -> Turn) -> Turn {
    match asked.results().first() {
        None => read_log("deployment/payments-api", NAMESPACE),
        Some((_, text)) => last(number(text)),
    }
}

fn read_log(object: &str, namespace: &str) -> Turn {
    Turn::call("read_log", &json!({"object": object, "namespace": namespace, "previous": true}))
}

/// The number under which something stands that a model was shown.
fn number(shown: &str) -> &str {
    let after = shown.split("<data id=\"").nth(1).unwrap_or_default();
    after.split('"').next().unwrap_or_default()
}

/// A conclusion that stands on this, with a sentence that stands on nothing.
fn conclusion(id: &str) -> Turn {
    Turn::call("conclude", &concluded(id, "payments-api", NAMESPACE))
}

fn concluded(id: &str, name: &str, namespace: &str) -> Value {
    let root = json!({"kind": "Deployment", "namespace": namespace, "name": name});
    let said = |text: &str| json!({"text": text, "evidence": [id]});
    json!({"verdict": "cause", "confidence": "high", "root_cause": said(TRUE), "root_entities": [root],
        "summary": [said(TRUE), said(INVENTED)]})
}

/// A model that has nothing to say of a report, and answers questions so.
fn answering(asked: &Asked, answer: impl Fn(&Asked) -> Turn) -> Turn {
    if asked.offers("conclude") { Turn::call("conclude", &json!({"verdict": "abstain"})) } else { answer(asked) }
}
