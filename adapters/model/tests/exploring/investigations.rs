//! Explorations that end with a conclusion.

use std::sync::Arc;

use async_trait::async_trait;
use midwatch_doubles::model::{Chosen, ModelServer, Refusal, Said, Script, Tokens, Turn};
use midwatch_explore::model::Fallback;
use midwatch_explore::port::{Price, ToolSpec};
use midwatch_explore::tool::{Tool, ToolError, ToolResult};
use midwatch_model::{Provider, open};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{CAUSE, Case, PRICE, about, cause, concludes, conclusion, explained, options, patient, said};

#[rstest]
#[tokio::test]
async fn calls_at_once_are_answered_in_their_order_and_all_is_counted(
    #[values(Provider::OpenAi, Provider::Anthropic, Provider::Gemini)] provider: Provider,
) {
    let first = Tokens { input: 5_000, cached: 0, cache_write: 0, output: 40 };
    let second = Tokens { input: 8_000, cached: 4_000, cache_write: 0, output: 60 };
    let plan = json!({"tasks": [{"task": "read the log", "state": "doing"}]});
    let previous = json!({"object": "deployment/points-api", "namespace": "loyalty", "previous": true});
    let turns = [
        Turn::call("plan", &plan).and_call("describe_object", &about()).and_call("read_log", &previous).tokens(first),
        concludes().tokens(second),
    ];
    let (explained, asked) = explained(provider, turns).await;
    assert_eq!((cause(&explained), said(&explained).cut_short.as_deref()), (Some(CAUSE), None));
    assert_eq!(said(&explained).root_entities[0].to_string(), "Deployment loyalty/points-api");

    assert!(["conclude", "plan", "read_evidence", "read_log"].iter().all(|tool| asked[0].offers(tool)));
    assert_eq!(asked[0].choice, Chosen::Free);
    let results = asked[1].results();
    let names: Vec<&str> = results.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["plan", "describe_object", "read_log"]);
    assert!(results[1].1.contains("<data id=\"e") && results[1].1.contains("points-api"), "{}", results[1].1);
    assert!(results[2].1.contains("8080"), "{}", results[2].1);
    assert_eq!(asked[0].system, asked[1].system, "the beginning is found in the provider's cache");

    let used = explained.spent.used;
    assert_eq!((used.requests, used.calls), (2, 2));
    assert_eq!((used.input, used.cached, used.output), (13_000, 4_000, 100));
    // 9,000 at 1 $, 4,000 at 0.1 $, 100 at 2 $ a million.
    assert_eq!(used.micro_usd, Some(9_000 + 400 + 200));
    let outcomes: Vec<&str> = explained.spent.sent.iter().map(|sent| sent.outcome.as_str()).collect();
    assert_eq!(outcomes, ["5,000 tokens in, 40 out", "8,000 tokens in, 60 out"]);
    assert!(explained.spent.read.namespaces.contains("loyalty"), "{}", *explained.spent.read);
}

#[rstest]
#[tokio::test]
async fn a_model_without_calls_explores_in_words(#[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider) {
    let block = |tool: &str, arguments: &Value| {
        Turn::text(format!("I look.\n```tool_calls\n[{{\"tool\": \"{tool}\", \"arguments\": {arguments}}}]\n```"))
    };
    let server = ModelServer::start([block("describe_object", &about()), block("conclude", &conclusion())]).await;
    let mut options = options(provider, &server);
    options.calls_tools = false;
    let explained = Case::open().await.explain(patient(&options), Vec::new()).await;
    assert_eq!((cause(&explained), explained.spent.used.calls), (Some(CAUSE), 1));
    let asked = server.requests();
    assert!(asked.iter().all(|asked| asked.tools.is_empty()), "no tool is on the wire");
    assert!(asked[1].last_user().starts_with("Result of the tool describe_object:\n<data id="));
}

#[rstest]
#[tokio::test]
async fn what_a_stand_in_took_costs_its_own_price(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
    #[values(None, Some(Price { input: 7_000_000, ..PRICE }))] price: Option<Price>,
) {
    let first = ModelServer::start(Script::always(Turn::refused(Refusal::Unauthorised))).await;
    let tokens = Tokens { input: 1_000, cached: 0, cache_write: 0, output: 10 };
    let second = ModelServer::start(concludes().tokens(tokens)).await;
    let mut other = options(provider, &second);
    other.price = price;
    let both = Fallback::new(open(&options(provider, &first)).unwrap(), vec![open(&other).unwrap()]);
    let explained = Case::open().await.explain(Arc::new(both), Vec::new()).await;
    assert_eq!(cause(&explained), Some(CAUSE));
    // Of a model without a price the cost is not known; that of the one that failed is not in its place.
    assert_eq!(explained.spent.used.micro_usd, price.map(|_| 7_000 + 20));
}

/// About half a million tokens.
const LARGE: usize = 2_000_000;

/// A tool of another program that gives far too much.
struct Flood;

#[async_trait]
impl Tool for Flood {
    fn spec(&self) -> ToolSpec {
        let schema = json!({"type": "object", "properties": {}});
        ToolSpec { name: "read_all".into(), description: "Reads all there is.".into(), schema }
    }

    fn toolset(&self) -> &'static str {
        "mcp.flood"
    }

    async fn call(&self, _: Value) -> Result<ToolResult, ToolError> {
        let line = "request 17 was refused by the upstream after 3 tries\n";
        let mut text = line.repeat(LARGE / line.len() / 2);
        text.push_str("the needle is here: disk sdb is full\n");
        text.push_str(&line.repeat(LARGE / line.len() / 2));
        Ok(ToolResult { summary: "All lines".into(), text, ..ToolResult::default() })
    }
}

#[rstest]
#[tokio::test]
async fn half_a_million_tokens_of_a_tool_are_read_piece_by_piece(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
) {
    let server = ModelServer::start(Script::by(|asked| match asked.number {
        0 => Turn::call("read_all", &json!({})),
        1 => {
            let (_, shown) = asked.results()[0];
            let id = shown.split('"').nth(1).unwrap_or_default();
            Turn::call("read_evidence", &json!({"id": id, "grep": "needle"}))
        }
        _ => concludes(),
    }))
    .await;
    let explained = Case::open().await.explain(patient(&options(provider, &server)), vec![Arc::new(Flood)]).await;
    assert_eq!(cause(&explained), Some(CAUSE));
    let asked = server.requests();
    assert!(asked[1].results()[0].1.contains("lines left out here"), "{}", asked[1].results()[0].1);
    assert!(asked[2].results()[0].1.contains("the needle is here: disk sdb is full"));
    assert!(asked.iter().all(|asked| asked.raw.len() < LARGE / 20), "no request has the whole of it");
}

#[rstest]
#[tokio::test]
async fn half_a_million_tokens_of_words_are_not_sent_back(
    #[values(Provider::OpenAi, Provider::Anthropic)] provider: Provider,
) {
    let (explained, asked) = explained(provider, [Turn::giant(LARGE), concludes()]).await;
    assert_eq!(cause(&explained), Some(CAUSE));
    assert!(matches!(&asked[1].messages[..], [Said::User(_), Said::Assistant { .. }, Said::User(_)]));
    assert!(asked[1].raw.len() < LARGE / 20, "{} bytes", asked[1].raw.len());
}
