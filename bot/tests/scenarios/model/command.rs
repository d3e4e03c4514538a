//! `midwatch investigate` with a model: shown before it leaves, left out, deep, and by another model.

use std::net::TcpListener;
use std::path::Path;

use midwatch_doubles::model::{Asked, ModelServer, Script, Turn};
use serde_json::Value;

use super::{INVENTED, KEY, TRUE, at, conclusion, reading, section};
use crate::support::{CASE, Place};

/// A recorded investigation, so that the same is found every time.
fn asked() -> Vec<String> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let path = |name: &str| demo.join(name).to_str().unwrap().to_owned();
    ["investigate", "--snapshot", &path("cluster"), "--alert", &path("alert.json")].map(str::to_owned).to_vec()
}

async fn run(place: &Place, more: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let asked = asked();
    let args: Vec<&str> = asked.iter().map(String::as_str).chain(more.iter().copied()).collect();
    place.run(&args, settings).await
}

async fn place(model: &ModelServer, more: &str) -> Place {
    Place::new(CASE, &section("openai", model, more)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_stands_beside_the_rules_in_every_form() {
    let model = ModelServer::start(Script::by(|asked| reading(asked, conclusion))).await;
    let place = place(&model, "").await;
    let (code, out, err) = run(&place, &[], &[]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("Explained by the model") && out.contains("model: 2 requests, 1 call, 220 tokens"), "{out}");
    assert!(!out.contains(INVENTED), "{out}");
    let (_, markdown, _) = run(&place, &["-o", "markdown"], &[]).await;
    assert!(markdown.contains("main (scripted)") && markdown.contains(TRUE), "{markdown}");
    let (_, json, _) = run(&place, &["-o", "json"], &[]).await;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["verdict"], "cause");
    assert!(report["model"].to_string().contains("DATABASE_URL"), "{}", report["model"]);
    assert!(!json.contains(KEY) && !err.contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_what_would_leave_and_sends_nothing() {
    let model = ModelServer::start(Script::by(|asked| reading(asked, conclusion))).await;
    let place = place(&model, "").await;
    let (code, out, err) = run(&place, &["--dry-run"], &[]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("nothing was sent") && err.contains("scripted"), "{err}");
    let request: Value = serde_json::from_str(&out).unwrap();
    assert!(request["messages"].to_string().contains("DATABASE_URL"), "{out}");
    assert!(request["tools"].to_string().contains("read_log"), "{out}");
    assert!(!out.contains(KEY));
    assert!(model.requests().is_empty(), "nothing was sent");
    run(&place, &[], &[]).await;
    let told = request["messages"][0]["text"].as_str().unwrap_or_default().to_owned();
    assert!(!told.is_empty() && model.requests()[0].last_user() == told, "what was shown is what leaves: {request}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_model_every_byte_is_as_if_none_were_configured() {
    let model = ModelServer::start(Script::by(|asked| reading(asked, conclusion))).await;
    let place = place(&model, "").await;
    for form in ["json", "markdown"] {
        let (code, without, err) = run(&place, &["--no-model", "-o", form], &[]).await;
        assert_eq!(code, Some(0), "{err}");
        let (_, off, _) = run(&place, &["-o", form], &[("model__provider", "off")]).await;
        assert_eq!(without, off);
        assert!(!without.contains("scripted"), "{without}");
    }
    assert!(model.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_look_has_three_views_that_become_one() {
    let model = ModelServer::start(Script::by(|asked| reading(asked, conclusion))).await;
    let place = place(&model, ", steps: 20").await;
    let (code, out, err) = run(&place, &["--depth", "deep"], &[]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("Explained by the model"), "{out}");
    let requests = model.requests();
    let part = |words: &str| requests.iter().filter(|asked: &&Asked| asked.last_user().contains(words)).count();
    for words in ["follow the leading hypothesis", "try to refute", "look beside"] {
        assert!(part(words) > 0, "{words}");
    }
    assert_eq!(part("Three colleagues"), 1, "their conclusions become one");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_answers_where_the_first_is_down() {
    let down = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let other = ModelServer::start(Script::by(|asked| reading(asked, conclusion))).await;
    let fallback = format!(", fallback: [{{id: spare, provider: anthropic, name: second, url: \"{}\"}}]", other.url());
    let place = Place::new(CASE, &at("openai", &down, &fallback)).await;
    let (code, out, err) = run(&place, &[], &[]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("Explained by the model") && out.contains("second"), "{out}");
    assert_eq!(other.requests().len(), 2);
    assert!(other.requests().iter().all(|asked| asked.header("x-api-key") != Some(KEY)), "the key is the first's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_costs_no_exit_code() {
    let model =
        ModelServer::start(Script::always(Turn::status(402, "{\"error\": {\"message\": \"add credits\"}}"))).await;
    let place = place(&model, "").await;
    let (code, out, err) = run(&place, &[], &[]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("Nothing from the model") && out.contains("add credits"), "{out}");
    assert!(out.contains("misses the setting DATABASE_URL"), "{out}");
}
