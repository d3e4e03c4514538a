//! What people do on Discord, from end to end: they type, press, fill in, post, and set something up wrongly.

use midwatch_doubles::discord::{Answered, Discord, Message, Options, Shown, permissions as allowed};
use midwatch_doubles::programs::until;
use serde_json::{Value, json};

use crate::chat::{self, By, POD};
use crate::guild::{
    self, ALERTS, ANN, AWAY, BOB, EVE, FORUM, Guild, OPS, is_report, posted, posted_about, refused, section, tag,
    thread,
};
use crate::support::{CASE, Place, Server, alert, webhook};

/// The case's namespace and its workload, as they are filled in.
const WORKLOAD: [(&str, &str); 2] = [("target-or-question", "payments-api"), ("namespace", "inc-crashloop")];
/// May investigate, by a role that the configuration names by its id.
const DAN: &str = "700000000000000004";
/// Another channel where alerts are posted.
const MORE: &str = "800000000000000005";

/// A guild and a server's files; nothing is registered yet.
async fn ways(by: By, options: Options, rules: &str, extra: &str) -> Guild {
    let alerts = [ALERTS.to_owned(), MORE.to_owned()];
    let discord = guild::guild(options, &alerts).await;
    discord.add_user(DAN, "dan");
    discord.add_role(ON_CALL, "on call", &[DAN]);
    let place = Place::new(CASE, &format!("{}{rules}{extra}", section(&discord, by, &[OPS.to_owned()], &alerts))).await;
    Guild { discord, place }
}

/// Dan's role.
const ON_CALL: &str = "600000000000000002";

/// One role by its name, and one by its id.
fn by_roles() -> String {
    format!(
        "permissions: {{rules: [{{who: {{platform: webhook}}, verbs: [investigate]}}, {{who: {{platform: api}}}}, \
         {{who: {{platform: discord, group: sre}}}}, {{who: {{platform: discord, group: \"{ON_CALL}\"}}, verbs: [investigate]}}]}}\n"
    )
}

fn people() -> String {
    chat::permissions(&[("discord", ANN), ("discord", BOB)])
}

async fn start(guild: &Guild, settings: &[(&str, &str)]) -> Server {
    let mut server = guild.place.start_with(settings);
    server.ready().await;
    guild.discord.wait_for("a session", |discord| (discord.identified() > 0).then_some(())).await;
    server
}

/// What only the person who did something reads as the answer, once it reads like this.
async fn answer(discord: &Discord, to: &Answered, like: &str) -> Shown {
    let look = |discord: &Discord| {
        discord.original(&to.interaction).filter(|shown| !shown.thinking && shown.message.reads().contains(like))
    };
    let shown = discord.wait_for(&format!("a private answer with `{like}`"), look).await;
    assert!(shown.private, "{shown:?}");
    shown
}

fn offered(answered: &Answered) -> Vec<String> {
    assert_eq!(answered.kind, 8, "{answered:?}");
    let choices = answered.data["choices"].as_array().unwrap();
    choices.iter().map(|choice| choice["value"].as_str().unwrap().to_owned()).collect()
}

fn button(message: &Message, action: &str) -> String {
    let buttons = message.buttons();
    let found = buttons.iter().find(|button| button.starts_with(&format!("mw1:{action}:")));
    found.unwrap_or_else(|| panic!("no {action} among {buttons:?}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_buttons_and_the_window_are_answered_where_they_were_used() {
    let guild = ways(By::Sockets, Options::default(), &by_roles(), "").await;
    set_up(&guild).await;
    let server = start(&guild, &[]).await;
    names_are_offered(&guild).await;
    let (root, report) = investigated(&guild).await;
    asked_in_the_thread(&guild, &root, &report).await;
    private(&guild, &root, &report).await;
    let own = guild.discord.own(OPS);
    assert!(own.iter().all(|m| tag(m).is_some() && (m.id == root || m.channel == root)), "{}", guild.discord.told());
    assert!(refused(&guild.discord).is_empty(), "{:?}", refused(&guild.discord));
    assert!(server.terminate().success());
}

/// The doctor names what is missing, the commands are registered once, and the doctor is content.
async fn set_up(guild: &Guild) {
    let (code, out, err) = guild.place.run(&["doctor"], &[]).await;
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("run `midwatch discord register`"), "{out}");
    let (code, out, err) = guild.place.run(&["discord", "invite"], &[]).await;
    assert!(code == Some(0) && out.starts_with("https://discord.com/oauth2/authorize?client_id="), "{out}{err}");
    let (code, out, err) = guild.place.run(&["discord", "register"], &[]).await;
    assert!(code == Some(0) && out.contains("added    /midwatch investigate"), "{out}{err}");
    let registered = guild.discord.commands();
    let (code, out, err) = guild.place.run(&["discord", "register"], &[]).await;
    assert!(code == Some(0) && out.contains("nothing was changed"), "{out}{err}");
    assert_eq!(guild.discord.commands(), registered);
    let (_, out, err) = guild.place.run(&["doctor"], &[]).await;
    let discord: Vec<&str> = out.lines().filter(|line| line.contains("discord")).collect();
    assert!(discord.len() > 7 && discord.iter().all(|line| line.trim().starts_with("ok")), "{out}{err}");
}

/// Who may ask is offered what there is; who may not, nothing.
async fn names_are_offered(guild: &Guild) {
    let ask = async |user, options: &[(&str, &str)], focused| {
        let answered = guild.discord.autocomplete(user, OPS, "investigate", options, focused).await;
        offered(&answered.expect("acknowledged"))
    };
    // The names are read from the cluster beside the start.
    until("the names are read", async || (!ask(ANN, &[], ("namespace", "inc-crash")).await.is_empty()).then_some(()))
        .await;
    assert_eq!(ask(ANN, &[], ("namespace", "inc-crash")).await, ["inc-crashloop"]);
    assert_eq!(ask(DAN, &WORKLOAD[1..], ("target-or-question", "pay")).await, ["deploy/payments-api"]);
    assert_eq!(ask(ANN, &[], ("target-or-question", "paym")).await, ["inc-crashloop/payments-api"]);
    assert_eq!(ask(EVE, &[], ("namespace", "inc-crash")).await, Vec::<String>::new());
    assert_eq!(ask(EVE, &WORKLOAD[1..], ("target-or-question", "")).await, Vec::<String>::new());
}

/// A command opens a message with a thread, in which the report comes; who gave it reads where.
async fn investigated(guild: &Guild) -> (String, Message) {
    let given = guild.discord.slash(ANN, OPS, "investigate", &WORKLOAD).await.expect("acknowledged");
    assert_eq!((given.kind, &given.data["flags"]), (5, &json!(64)), "it thinks, for Ann alone");
    answer(&guild.discord, &given, "On it").await;
    let opened = |discord: &Discord| discord.own(OPS).into_iter().find(|m| m.channel == OPS);
    let root = guild.discord.wait_for("an opening", opened).await.id;
    let report = guild.report(OPS, &root).await;
    assert!(report.reads().contains("CAUSE") && report.reads().contains("DATABASE_URL"), "{}", report.reads());
    let ended = |m: &Message| m.buttons().is_empty() && m.id != report.id && m.reads().contains("CAUSE");
    let living = guild.reply(OPS, &root, ended).await;
    assert!(living.id < report.id);
    let threads = guild.discord.threads(OPS);
    assert!(threads.len() == 1 && threads[0].0 == root && threads[0].1.contains("payments-api"), "{threads:?}");
    (root, report)
}

/// By command, in words, and in the window that a button opens; each is answered in the thread.
async fn asked_in_the_thread(guild: &Guild, root: &str, report: &Message) {
    let discord = &guild.discord;
    let logs = [("question", "logs --previous")];
    let given = discord.slash(BOB, root, "ask", &logs).await.expect("acknowledged");
    assert_eq!(given.kind, 5, "{given:?}");
    let before = given.interaction.clone();
    let after = |id: &str, m: &Message| m.id.parse::<u64>().unwrap() > id.parse::<u64>().unwrap() && !is_report(m);
    let told = guild.reply(OPS, root, |m| after(&before, m) && m.reads().contains("DATABASE_URL")).await;
    let said = discord.say(BOB, root, "why?");
    guild.reply(OPS, root, |m| after(&said, m) && m.reads().contains("DATABASE_URL")).await;
    let window = discord.press(BOB, root, &report.id, &button(report, "ask")).await.expect("acknowledged");
    assert_eq!(window.kind, 9, "{window:?}");
    // What stands in the window is a question, though it begins as a verb does.
    let sent = discord.submit(&window, &[("question", "status")]).await.expect("acknowledged");
    let shown = guild.reply(OPS, root, |m| after(&sent.interaction, m)).await;
    assert!(told.channel == root && shown.channel == root, "{}", discord.told());
}

/// Evidence is for who asked for it; who may not is told so alone.
async fn private(guild: &Guild, root: &str, report: &Message) {
    let discord = &guild.discord;
    let before = discord.own(OPS).len();
    let pressed = discord.press(BOB, root, &report.id, &button(report, "evidence")).await.expect("acknowledged");
    answer(discord, &pressed, "e1").await;
    let given = discord.slash(EVE, OPS, "investigate", &WORKLOAD).await.expect("acknowledged");
    answer(discord, &given, "may not").await;
    let given = discord.slash(DAN, OPS, "list", &[]).await.expect("acknowledged");
    answer(discord, &given, "may not").await;
    let pressed = discord.press(EVE, root, &report.id, &button(report, "deeper")).await.expect("acknowledged");
    answer(discord, &pressed, "may not").await;
    let given = discord.slash(ANN, OPS, "list", &[("what", "jobs")]).await.expect("acknowledged");
    answer(discord, &given, "payments-api").await;
    let given = discord.slash(ANN, OPS, "help", &[]).await.expect("acknowledged");
    answer(discord, &given, "investigate").await;
    let given = discord.slash(ANN, AWAY, "investigate", &WORKLOAD).await.expect("acknowledged");
    answer(discord, &given, "View Channel").await;
    assert_eq!(discord.own(OPS).len(), before, "nobody else saw any of it: {}", discord.told());
}

fn crash_loop(status: &str) -> Value {
    let labels = json!({"alertname": "KubePodCrashLooping", "container": "api", "namespace": "inc-crashloop", "pod": POD,
        "severity": "critical"});
    webhook("{}:{}", status, &[alert("KubePodCrashLooping", status, &labels)])
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_have_their_threads_by_post_and_by_webhook_in_a_channel_and_in_a_forum() {
    let guild = ways(By::Sockets, Options::default(), &people(), "").await;
    let server = start(&guild, &[("discord__channel", OPS)]).await;
    let root = guild.discord.post_as_webhook(ALERTS, &posted("FIRING:1", "KubePodCrashLooping"));
    guild.report(ALERTS, &root).await;
    assert_eq!(server.post("/webhook/alertmanager", &crash_loop("firing")).await.unwrap().0, 200);
    let second = guild.discord.post_as_webhook(MORE, &posted_about("HighLatency", "payments-api"));
    guild.report(MORE, &second).await;
    server.idle().await;
    // After a day without a word Discord archives a thread; what changes there reopens it.
    guild.discord.archive(&root);
    guild.discord.edit_as_webhook(ALERTS, &root, &posted("RESOLVED", "KubePodCrashLooping"));
    let flipped = |m: &Message| !m.before.is_empty() && m.reads().to_uppercase().contains("RESOLVED");
    guild.reply(ALERTS, &root, flipped).await;
    assert_eq!(guild.discord.own(ALERTS).iter().filter(|m| is_report(m)).count(), 1, "{}", guild.discord.told());
    assert!(guild.discord.own(OPS).is_empty(), "the webhook joined: {}", guild.discord.told());
    let by_webhook = |discord: &Discord| discord.own(OPS).into_iter().find(|m| m.channel == OPS);
    // Another incident: each name of an alert about a service is one.
    let labels = json!({"namespace": "inc-crashloop", "service": "payments-api"});
    let other = webhook("{}:{other}", "firing", &[alert("ManyErrors", "firing", &labels)]);
    assert_eq!(server.post("/webhook/alertmanager", &other).await.unwrap().0, 200);
    let opening = guild.discord.wait_for("an opening in a channel", by_webhook).await;
    guild.report(OPS, &opening.id).await;
    server.idle().await;
    assert!(server.terminate().success());
    let server = start(&guild, &[("discord__channel", FORUM)]).await;
    for name in ["FewReplicas", "SlowAnswers"] {
        let body = webhook(&format!("{{}}:{{{name}}}"), "firing", &[alert(name, "firing", &labels)]);
        assert_eq!(server.post("/webhook/alertmanager", &body).await.unwrap().0, 200);
    }
    in_the_forum(&guild).await;
    let mut refused = refused(&guild.discord);
    // That a forum has no messages of its own is learnt by asking for them.
    refused.retain(|call| !(call.route == "GET /channels/{channel}/messages" && call.path.contains(FORUM)));
    assert!(refused.is_empty(), "{refused:?}");
    health(&server, "\"up\"").await;
    assert!(server.terminate().success());
}

/// A post for each incident, with its report.
async fn in_the_forum(guild: &Guild) {
    let posts = |discord: &Discord| Some(discord.threads(FORUM)).filter(|posts| posts.len() == 2);
    for (id, name, archived) in guild.discord.wait_for("two posts", posts).await {
        guild.report(FORUM, &id).await;
        assert!((name.contains("FewReplicas") || name.contains("SlowAnswers")) && !archived, "{name}");
        assert_eq!(thread(&guild.discord, FORUM, &id).iter().filter(|m| is_report(m)).count(), 1);
    }
}

async fn health(server: &Server, like: &str) -> Value {
    let what = format!("health with `{like}`");
    until(&what, async || {
        let (_, part) = server.get("/health/discord").await;
        part.to_string().contains(like).then_some(part)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_up_wrongly_is_told_with_what_to_do() {
    let guild = ways(By::Sockets, Options { message_content: false, ..Options::default() }, &people(), "").await;
    let server = start(&guild, &[]).await;
    health(&server, "Message Content Intent").await;
    let (code, out, _) = guild.place.run(&["doctor"], &[]).await;
    assert!(code == Some(1) && out.contains("switch on Message Content Intent"), "{out}");
    guild.discord.post_as_webhook(ALERTS, &posted("FIRING:1", "KubePodCrashLooping"));
    let (status, inbox) = until("the post that was not taken", async || {
        let (status, part) = server.get("/health/alert%20posts").await;
        part.to_string().contains("was not taken").then_some((status, part))
    })
    .await;
    assert!(status == 200 && inbox.to_string().contains(ALERTS), "{inbox}");
    assert!(guild.place.logged().contains("switch on Message Content Intent"), "{}", guild.place.logged());
    // Who names the bot is heard all the same.
    let root = guild.discord.mention(ANN, OPS, chat::ASK);
    guild.report(OPS, &root).await;
    assert!(server.terminate().success());

    guild.discord.grant_message_content(true);
    for (code, like) in [(4004, "reset it on the Bot page"), (4014, "switch on Message Content Intent")] {
        let server = start(&guild, &[]).await;
        health(&server, "\"up\"").await;
        guild.discord.close_sockets(code);
        let part = health(&server, like).await;
        assert!(part.to_string().contains(&code.to_string()), "{part}");
        server.kill();
    }
    without_permissions(&guild).await;
}

/// A channel in which the bot may not do all: the doctor says so, and who asks there.
async fn without_permissions(guild: &Guild) {
    guild.discord.deny(OPS, allowed::CREATE_PUBLIC_THREADS | allowed::SEND_MESSAGES_IN_THREADS);
    let (_, out, _) = guild.place.run(&["doctor"], &[]).await;
    let line = out.lines().find(|line| line.contains(&format!("discord: channel {OPS}"))).unwrap();
    assert!(line.contains("Create Public Threads, Send Messages in Threads"), "{out}");
    let server = start(guild, &[]).await;
    guild.discord.mention(ANN, OPS, chat::ASK);
    let told = |discord: &Discord| {
        discord.privately(ANN).into_iter().find(|shown| shown.message.reads().contains("Create Public Threads"))
    };
    guild.discord.wait_for("a word to who asked", told).await;
    assert!(server.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_and_discord_are_served_by_one_process_and_interactions_by_signed_http() {
    let slack = chat::workspace(midwatch_doubles::slack::Options::default(), &[]).await;
    let rules = chat::permissions(&[("discord", ANN), ("discord", BOB), ("slack", chat::ANN)]);
    let extra = chat::section(&slack, By::Sockets, &[]);
    let guild = ways(By::SignedHttp, Options::default(), &rules, &extra).await;
    let server = start(&guild, &[]).await;
    let endpoint = format!("{}/discord/interactions", server.url);
    // Discord saves no address that takes a bad signature.
    guild.discord.deliver_interactions_to(&endpoint).await.unwrap();
    slack.wait_for("a socket", |slack| (slack.sockets() > 0).then_some(())).await;
    let asked = slack.mention(chat::ANN, chat::OPS, None, chat::ASK);
    let root = guild.discord.post_as_webhook(ALERTS, &posted("FIRING:1", "KubePodCrashLooping"));
    let report = guild.report(ALERTS, &root).await;
    assert_eq!(server.post("/webhook/alertmanager", &crash_loop("firing")).await.unwrap().0, 200);
    let own = |slack: &midwatch_doubles::slack::Slack| {
        slack.thread(chat::OPS, &asked).into_iter().find(|m| m.is_own() && chat::is_report(m))
    };
    slack.wait_for("the report on Slack", own).await;
    let pressed =
        guild.discord.press(BOB, &root, &report.id, &button(&report, "evidence")).await.expect("acknowledged");
    answer(&guild.discord, &pressed, "e1").await;
    let given = guild.discord.slash(ANN, OPS, "investigate", &WORKLOAD).await.expect("acknowledged");
    answer(&guild.discord, &given, "On it").await;
    badly_signed(&guild.discord, &endpoint).await;
    server.idle().await;
    assert!(slack.refusals().is_empty() && refused(&guild.discord).is_empty());
    assert!(slack.own(chat::OPS).iter().all(|m| m.thread_ts.as_deref() == Some(asked.as_str())), "{}", slack.told());
    assert!(server.terminate().success());
}

/// A command with another body's signature is refused.
async fn badly_signed(discord: &Discord, endpoint: &str) {
    let body = json!({"type": 2, "id": "1", "token": "t"}).to_string();
    let mut request = reqwest::Client::new().post(endpoint).body(body);
    for (name, value) in discord.sign(jiff::Timestamp::now().as_second(), "another body") {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), 401);
}
