//! Names that must not leave do not, in any byte of any request; the thread has them.

use midwatch_doubles::model::{Asked, ModelServer, Script, Turn};

use super::{NAMESPACE, answering, concluded, number, read_log, section, team};
use crate::chat::{ANN, ASK, BOB, OPS, POD, is_report};

/// Names of the case's cluster.
const NAMES: [&str; 5] = [POD, "payments-api", NAMESPACE, "rig-node-1", "payments"];

/// The placeholder of a kind in what the model was told.
fn placeholder(asked: &Asked, prefix: &str) -> String {
    let told = asked.text();
    let after = told.split(prefix).nth(1).unwrap_or_default();
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    format!("{prefix}{digits}")
}

/// Reads, then says what the log says of the workload by the name that it was told.
fn script(asked: &Asked) -> Turn {
    let (workload, namespace) = (placeholder(asked, "deploy-"), placeholder(asked, "ns-"));
    let Some((_, text)) = asked.results().into_iter().next().map(|(name, text)| (name.to_owned(), text.to_owned()))
    else {
        return if asked.offers("conclude") || asked.messages.len() < 3 {
            read_log(&format!("deployment/{workload}"), &namespace)
        } else {
            Turn::text("I cannot tell.")
        };
    };
    let id = number(&text);
    if asked.offers("conclude") {
        Turn::call("conclude", &concluded(id, &workload, &namespace))
    } else {
        answering(asked, |_| Turn::text(format!("The log is one of {workload} [{id}].")))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn masked_names_do_not_leave_and_are_restored_in_the_thread() {
    let model = ModelServer::start(Script::by(script)).await;
    let (team, server) = team(&section("openai", &model, ", mask_names: true")).await;
    let root = team.slack.mention(ANN, OPS, None, ASK);
    let report = team.reply(OPS, &root, |m| is_report(m) && m.reads().contains("Explained by")).await;
    assert!(report.reads().contains("Deployment inc-crashloop/payments-api"), "{}", report.reads());
    let question = "is that the only thing that payments-api in inc-crashloop misses on rig-node-1?";
    let asked = team.slack.mention(BOB, OPS, Some(&root), question);
    let answer = team.reply(OPS, &root, |m| m.ts > asked && m.reads().contains("The log is one of")).await;
    assert!(answer.reads().contains("The log is one of payments-api [e"), "{}", answer.reads());
    server.idle().await;
    assert!(server.terminate().success());
    let requests = model.requests();
    assert!(requests.len() >= 4, "{}", requests.len());
    for asked in &requests {
        for name in NAMES {
            let text = asked.text();
            let at =
                text.find(name).map(|at| text[text.floor_char_boundary(at.saturating_sub(200))..].chars().take(400));
            assert!(at.is_none(), "{name} left: {}", at.into_iter().flatten().collect::<String>());
        }
        assert!(asked.text().contains("DATABASE_URL"), "what is no name does leave");
    }
    for message in team.slack.own(OPS) {
        assert!(!message.reads().contains("deploy-1") && !message.reads().contains("ns-1"), "{}", message.reads());
    }
}
